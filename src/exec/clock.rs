//! Owns the clock of one pipeline: how long each command took, and that the store's newest time is
//! never much older than the command that looks at it.
//! Invariants: the clock is read once a command; the store is asked for the time again before
//! [`TOLD_FOR_NS`] has passed between two commands. Must not know: commands. Tests: below.

use storage::Store;

const NS_PER_S: u64 = 1_000_000_000;
/// How long the store's newest time is good for: a millisecond, the unit of every time it keeps.
const TOLD_FOR_NS: u64 = 1_000_000;

/// When the last command ended and when the store last told the time, ns of the monotonic clock.
#[derive(Debug)]
pub struct CommandClock {
    ended: u64,
    told: u64,
}

/// The monotonic clock in nanoseconds. The standard library's pairs of seconds and nanoseconds cost
/// more to subtract than the clock to read.
#[inline]
fn monotonic_ns() -> u64 {
    let mut now = libc::timespec {
        tv_sec: 0,
        tv_nsec: 0,
    };
    // SAFETY: the call writes into the place that it is given, which is ours. It cannot fail with
    // a clock that every Linux has.
    unsafe { libc::clock_gettime(libc::CLOCK_MONOTONIC, &mut now) };
    now.tv_sec as u64 * NS_PER_S + now.tv_nsec as u64
}

impl CommandClock {
    /// A clock that starts now.
    #[inline]
    pub fn start(store: &Store) -> CommandClock {
        store.now_ms();
        let now = monotonic_ns();
        CommandClock {
            ended: now,
            told: now,
        }
    }

    /// Ends a command; gives the nanoseconds since the one before ended.
    #[inline]
    pub fn lap(&mut self, store: &Store) -> u64 {
        let now = monotonic_ns();
        let spent = now.saturating_sub(self.ended);
        self.ended = now;
        if now.saturating_sub(self.told) >= TOLD_FOR_NS {
            store.now_ms();
            self.told = now;
        }
        spent
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use storage::Options;

    #[test]
    fn the_stores_newest_time_follows_the_commands() {
        let dir = tempfile::tempdir().unwrap();
        let store = Store::open(Options::new(dir.path().join("data"))).unwrap();
        store.clock().set_manual(5_000_000_000_000);
        let mut clock = CommandClock::start(&store);
        assert_eq!(store.clock().recent_ms(), 5_000_000_000_000);
        store.clock().set_manual(5_000_000_000_007);
        clock.told -= TOLD_FOR_NS;
        clock.lap(&store);
        assert_eq!(store.clock().recent_ms(), 5_000_000_000_007);
    }
}
