//! Owns what the connections of this thread have sent of late: how much of it waited for a commit.
//! Invariants: old sendings count less and less. Must not know: what was asked. Tests: below.

use std::cell::Cell;

/// Sendings after which the older ones count half.
const SENDINGS: u32 = 128;
/// The thread mostly writes while at least so many sendings in four have waited for a commit.
const WRITES_IN_FOUR: u32 = 3;

/// Sendings of a thread.
#[derive(Debug, Clone, Copy, Default)]
pub struct Mix {
    all: u32,
    waited: u32,
}

thread_local! {
    static MIX: Cell<Mix> = const { Cell::new(Mix { all: 0, waited: 0 }) };
}

impl Mix {
    /// Counts a sending of this thread. Gives the mix that came to be.
    #[inline]
    pub fn note(waited: bool) -> Mix {
        let mix = MIX.get().with(waited);
        MIX.set(mix);
        mix
    }

    fn with(self, waited: bool) -> Mix {
        let kept = match self.all < SENDINGS {
            true => self,
            false => Mix {
                all: self.all / 2,
                waited: self.waited / 2,
            },
        };
        Mix {
            all: kept.all + 1,
            waited: kept.waited + u32::from(waited),
        }
    }

    /// Whether little else is held up if the thread waits for the disk.
    #[inline]
    pub fn mostly_writes(self) -> bool {
        self.waited * 4 >= self.all * WRITES_IN_FOUR
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_mix_follows_what_is_sent() {
        let after = |mix: Mix, writes: u32, of: u32| {
            (0..SENDINGS * 4).fold(mix, |mix, n| mix.with(n % of < writes))
        };
        let writing = after(Mix::default(), 1, 1);
        assert!(writing.mostly_writes());
        let reading = after(writing, 1, 2);
        assert!(!reading.mostly_writes());
        assert!(after(reading, 9, 10).mostly_writes());
        assert!(
            Mix::default().with(true).mostly_writes(),
            "the first write of a thread"
        );
        assert!(!Mix::default().with(false).mostly_writes());
    }
}
