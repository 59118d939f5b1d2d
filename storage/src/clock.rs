//! Owns the wall clock of the store.
//! Invariants: `Clock::now_ms` never goes backwards within a process, and never below the stamp of
//! the last batch found at open, so that a key once seen expired stays expired.
//! Tests: below.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{SystemTime, UNIX_EPOCH};

/// Milliseconds since the Unix epoch, monotone; a test may drive it by hand.
#[derive(Debug, Default)]
pub struct Clock {
    floor_ms: AtomicU64,
    /// Non-zero replaces the system clock (tests only).
    manual_ms: AtomicU64,
}

impl Clock {
    /// A clock that follows the system, starting at `floor_ms` at the earliest.
    pub fn system(floor_ms: u64) -> Clock {
        Clock {
            floor_ms: AtomicU64::new(floor_ms),
            manual_ms: AtomicU64::new(0),
        }
    }

    /// The time now. Beyond reading the system clock it costs a look, and once a millisecond a
    /// relaxed read-modify-write.
    pub fn now_ms(&self) -> u64 {
        let manual = self.manual_ms.load(Ordering::Relaxed);
        let now = if manual != 0 { manual } else { system_ms() };
        let floor = self.floor_ms.load(Ordering::Relaxed);
        if now <= floor {
            return floor;
        }
        self.floor_ms.fetch_max(now, Ordering::Relaxed).max(now)
    }

    /// The newest time anybody was told: no system call, for threads that asked a moment ago.
    #[inline]
    pub fn recent_ms(&self) -> u64 {
        self.floor_ms.load(Ordering::Relaxed)
    }

    /// Stops following the system and stands at `ms` (or later, where the floor is).
    pub fn set_manual(&self, ms: u64) {
        self.manual_ms.store(ms, Ordering::Relaxed);
    }
}

/// The system's clock, ms since the Unix epoch; it may go back.
pub(crate) fn system_ms() -> u64 {
    SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .map_or(0, |since| since.as_millis() as u64)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn time_never_goes_back() {
        let clock = Clock::system(5);
        clock.set_manual(100);
        assert_eq!(clock.now_ms(), 100);
        clock.set_manual(50);
        assert_eq!(clock.now_ms(), 100);
    }
}
