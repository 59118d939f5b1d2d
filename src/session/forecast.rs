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

use super::Streak;

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
    /// Reads in a row that RocksDB's memory had no answer for.
    misses: Streak,
    /// The command that read several rows of its key when it was last run, by number.
    reads_rows: Option<usize>,
}

impl Forecast {
    /// Whether the next read should go to the disk for what the hot table does not know.
    #[inline]
    pub fn expects_disk(&self) -> bool {
        !self.misses.looks()
    }

    /// Learns from a read.
    #[inline]
    pub fn note(&mut self, source: Source) {
        match source {
            Source::HotTable => {}
            Source::Memory => self.misses.end(),
            Source::Disk => self.misses.grow(),
        }
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

    /// A connection that has missed RocksDB's memory often enough.
    fn cold() -> Forecast {
        let mut forecast = Forecast::default();
        (0..16).for_each(|_| forecast.note(Source::Disk));
        forecast
    }

    #[test]
    fn a_reader_of_cold_data_goes_to_the_disk_unasked() {
        assert!(!Forecast::default().expects_disk());
        let mut forecast = cold();
        assert!(forecast.expects_disk());
        (0..16).for_each(|_| forecast.note(Source::Disk));
        assert!(!forecast.expects_disk(), "asks now and then");
        forecast.note(Source::Memory);
        (0..15).for_each(|_| forecast.note(Source::Disk));
        assert!(!forecast.expects_disk(), "was answered");
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
        let mut forecast = cold();
        (0..100).for_each(|_| forecast.note(Source::HotTable));
        assert!(forecast.expects_disk());
        let mut fresh = Forecast::default();
        (0..100).for_each(|_| fresh.note(Source::HotTable));
        assert!(!fresh.expects_disk());
    }
}
