//! Owns the largest value that a figure has had, and when; and for how long one was too large.
//! Invariants: one thread at a time notes what it saw last. Must not know: what the figure is of.
//! Tests: below.

use super::Counter;
use std::sync::atomic::{AtomicU64, Ordering};

/// The largest value that was noted.
#[derive(Debug, Default)]
pub struct Peak {
    value: AtomicU64,
    at_s: AtomicU64,
}

impl Peak {
    /// Notes a value and the time in seconds; gives the largest one, and since when it is.
    pub fn note(&self, value: u64, now_s: u64) -> (u64, u64) {
        let before = self.value.fetch_max(value, Ordering::Relaxed);
        if value > before {
            self.at_s.store(now_s, Ordering::Relaxed);
        }
        (before.max(value), self.at_s.load(Ordering::Relaxed))
    }

    /// Forgets it.
    pub fn reset(&self) {
        self.value.store(0, Ordering::Relaxed);
    }
}

/// For how long something was the case, from one look to the next.
#[derive(Debug, Default)]
pub struct Spell {
    /// Since when it is the case, ms; 0 if it is not.
    since_ms: AtomicU64,
    /// How long earlier times of it took together, ms.
    total_ms: Counter,
}

impl Spell {
    /// Notes whether it is the case now.
    pub fn note(&self, is: bool, now_ms: u64) {
        let since = self.since_ms.load(Ordering::Relaxed);
        if is && since == 0 {
            self.since_ms.store(now_ms, Ordering::Relaxed);
        } else if !is && since > 0 {
            self.total_ms.add(now_ms.saturating_sub(since));
            self.since_ms.store(0, Ordering::Relaxed);
        }
    }

    /// How long it was the case in all, and how much of that is still going on, ms.
    pub fn total_and_current_ms(&self, now_ms: u64) -> (u64, u64) {
        let current = match self.since_ms.load(Ordering::Relaxed) {
            0 => 0,
            since => now_ms.saturating_sub(since),
        };
        (self.total_ms.get() + current, current)
    }

    /// Forgets what is over.
    pub fn reset(&self) {
        self.total_ms.reset();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_peak_keeps_its_time_until_it_is_passed() {
        let peak = Peak::default();
        assert_eq!(peak.note(5, 100), (5, 100));
        assert_eq!(peak.note(5, 101), (5, 100));
        assert_eq!(peak.note(3, 102), (5, 100));
        assert_eq!(peak.note(6, 103), (6, 103));
        peak.reset();
        assert_eq!(peak.note(1, 104), (1, 104));
    }

    #[test]
    fn a_spell_counts_while_it_lasts_and_after() {
        let spell = Spell::default();
        spell.note(false, 1000);
        assert_eq!(spell.total_and_current_ms(1100), (0, 0));
        spell.note(true, 1200);
        spell.note(true, 1300);
        assert_eq!(spell.total_and_current_ms(1350), (150, 150));
        spell.note(false, 1400);
        assert_eq!(spell.total_and_current_ms(1500), (200, 0));
        spell.note(true, 1600);
        assert_eq!(spell.total_and_current_ms(1610), (210, 10));
        spell.reset();
        assert_eq!(spell.total_and_current_ms(1620), (20, 20));
    }
}
