//! Owns the clock of one pipeline: how long each command took, and that the store's newest time is
//! never much older than the command that looks at it.
//! Invariants: the clock is read once a command; the store is asked for the time again before
//! [`TOLD_FOR`] has passed between two commands. Must not know: commands. Tests: below.

use std::time::{Duration, Instant};
use storage::Store;

/// How long the store's newest time is good for, the resolution of every time that it keeps.
const TOLD_FOR: Duration = Duration::from_millis(1);

/// When the last command ended, and when the store last told the time.
#[derive(Debug)]
pub struct CommandClock {
    ended: Instant,
    told: Instant,
}

impl CommandClock {
    /// A clock that starts now.
    #[inline]
    pub fn start(store: &Store) -> CommandClock {
        store.now_ms();
        let now = Instant::now();
        CommandClock {
            ended: now,
            told: now,
        }
    }

    /// Ends a command; gives the nanoseconds since the one before ended.
    #[inline]
    pub fn lap(&mut self, store: &Store) -> u64 {
        let now = Instant::now();
        let spent = now.duration_since(self.ended).as_nanos() as u64;
        self.ended = now;
        if now.duration_since(self.told) >= TOLD_FOR {
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
    use storage::change::NoObserver;
    use storage::commit::Fsync;
    use storage::engine::EngineTuning;

    #[test]
    fn the_stores_newest_time_follows_the_commands() {
        let dir = tempfile::tempdir().unwrap();
        let store = Store::open(Options {
            path: dir.path().join("data"),
            partitions: Some(1),
            tuning: EngineTuning::default(),
            hot_table_bytes: 1 << 20,
            fsync: Fsync::No,
            observer: Box::new(NoObserver),
        });
        let store = store.unwrap();
        store.clock().set_manual(5_000_000_000_000);
        let mut clock = CommandClock::start(&store);
        assert_eq!(store.clock().recent_ms(), 5_000_000_000_000);
        store.clock().set_manual(5_000_000_000_007);
        clock.told -= TOLD_FOR;
        clock.lap(&store);
        assert_eq!(store.clock().recent_ms(), 5_000_000_000_007);
    }
}
