//! Owns guesses about one connection: whether its next read will need the disk, and whether it will
//! read several rows of its key.
//! Invariants: only a row of consecutive misses makes RocksDB's memory not worth asking, and every
//! few reads it is asked all the same, so the guess follows what the client does; a wrong guess
//! costs a thread switch or a second run, never an answer. Must not know: what is read.
//! Tests: below.
//!
//! To learn that RocksDB has a row only on disk costs a search in its index, which the thread that
//! goes to the disk repeats. A connection that reads more data than memory holds does that for
//! nearly every row.

/// Consecutive misses after which the next read goes to the disk unasked.
const MISSES: u8 = 16;
/// Reads that go to the disk unasked until one asks again.
const UNASKED: u8 = 16;

/// Where a read found its rows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Source {
    /// In the hot table, all of them; or it needed none.
    #[default]
    HotTable,
    /// In RocksDB's memory, at least one of them.
    Memory,
    /// One of them on the disk, for all that is known.
    Disk,
}

/// The guess.
#[derive(Debug, Default)]
pub struct Forecast {
    /// Misses in a row, counted round between `MISSES` and `MISSES + UNASKED`.
    misses: u8,
    /// The command that read several rows of its key when it was last run, by number.
    reads_rows: Option<usize>,
}

impl Forecast {
    /// Whether the next read should go to the disk for what the hot table does not know.
    #[inline]
    pub fn expects_disk(&self) -> bool {
        self.misses > MISSES
    }

    /// Learns from a read.
    #[inline]
    pub fn note(&mut self, source: Source) {
        self.misses = match source {
            Source::HotTable => self.misses,
            Source::Memory => 0,
            Source::Disk if self.misses == MISSES + UNASKED => MISSES,
            Source::Disk => self.misses + 1,
        };
    }

    /// Whether a command should hold its key's latch from the start, instead of learning on the
    /// way that it needs it and running again.
    #[inline]
    pub fn expects_rows(&self, command: usize) -> bool {
        self.reads_rows == Some(command)
    }

    /// Learns whether a command read several rows of its key.
    #[inline]
    pub fn note_rows(&mut self, command: usize, several: bool) {
        if several {
            self.reads_rows = Some(command);
        } else if self.expects_rows(command) {
            self.reads_rows = None;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Reads of which all or none are in RocksDB's memory; gives how many asked it.
    fn run(forecast: &mut Forecast, reads: usize, in_memory: bool) -> usize {
        let mut asked = 0;
        for _ in 0..reads {
            let asks = !forecast.expects_disk();
            asked += usize::from(asks);
            let found = asks && in_memory;
            forecast.note(if found { Source::Memory } else { Source::Disk });
        }
        asked
    }

    #[test]
    fn a_reader_of_cold_data_hardly_asks() {
        let mut forecast = Forecast::default();
        assert_eq!(run(&mut forecast, usize::from(MISSES), false), 16);
        let asked = run(&mut forecast, 1700, false);
        assert_eq!(asked, 100, "once in {} reads", UNASKED + 1);
    }

    #[test]
    fn a_reader_that_turns_to_warm_data_is_noticed() {
        let mut forecast = Forecast::default();
        run(&mut forecast, 1000, false);
        let asked = run(&mut forecast, 1000, true);
        assert!(asked >= 1000 - usize::from(UNASKED));
    }

    #[test]
    fn a_command_is_taken_for_what_it_was_last_time() {
        let mut forecast = Forecast::default();
        assert!(!forecast.expects_rows(0));
        forecast.note_rows(7, true);
        forecast.note_rows(3, false);
        assert!(forecast.expects_rows(7) && !forecast.expects_rows(3));
        forecast.note_rows(7, false);
        assert!(!forecast.expects_rows(7));
    }

    #[test]
    fn hot_rows_say_nothing_about_the_others() {
        let mut forecast = Forecast::default();
        run(&mut forecast, 17, false);
        assert!(forecast.expects_disk());
        (0..100).for_each(|_| forecast.note(Source::HotTable));
        assert!(forecast.expects_disk());
        let mut fresh = Forecast::default();
        (0..100).for_each(|_| fresh.note(Source::HotTable));
        assert!(!fresh.expects_disk());
    }
}
