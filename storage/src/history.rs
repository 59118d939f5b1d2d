//! Owns what the log says before RocksDB replays it: the time of its newest batch, and whether a
//! hole in it is one that a power cut explains.
//!
//! RocksDB ends the history at the first record it cannot read, whatever stands behind. That is
//! right for a log torn at its end, and for pages of a log that were never fsynced and reached the
//! disk in any order. It is wrong for a log that was fsynced and damaged later, which only an
//! operator can decide to give up.
//!
//! Invariants: nothing is changed here, but for the torn end of a log that RocksDB could not
//! recover with; batches of a newer term than those before a hole were written by a start that has
//! passed it before, so it is no hole any more.
//! Must not know: rows. Tests: below and `tests/crash/corruption.rs`.

use crate::commit::{Fsync, log};
use crate::engine::{BatchEntry, BatchReader, LogDamage, LogEntry, LogReader, log_files};
use crate::error::{Result, StorageError};
use std::path::{Path, PathBuf};

/// Log that may be unsynced when power fails, in ms of its batches' stamps. The fsync of `everysec`
/// may come late, and the kernel writes back on its own after half a minute.
const UNSYNCED_EVERYSEC_MS: u64 = 5_000;
const UNSYNCED_NO_MS: u64 = 60_000;

/// The fixed part of a batch that matters here.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Batch {
    sequence: u64,
    rows: u64,
    term: u64,
    stamp_ms: u64,
}

/// A place where history stops, and what stands behind it.
#[derive(Debug)]
struct Hole {
    file: PathBuf,
    offset: u64,
    /// Batches behind it, with the stamps of the first and the last.
    batches: u64,
    first_ms: u64,
    last_ms: u64,
}

/// What the logs of a closed directory say.
#[derive(Debug, Default)]
pub(crate) struct Logged {
    /// The newest stamp, ms; 0 if there is none.
    pub newest_ms: u64,
    /// File and offset of a record that is torn, with none behind it in any file.
    torn_end: Option<(PathBuf, u64)>,
}

/// Goes through the batches in the order of the log.
#[derive(Debug, Default)]
struct History {
    newest_ms: u64,
    last: Option<Batch>,
    hole: Option<Hole>,
}

impl History {
    fn damage(&mut self, file: &Path, offset: u64) {
        self.hole.get_or_insert_with(|| Hole {
            file: file.to_owned(),
            offset,
            batches: 0,
            first_ms: 0,
            last_ms: 0,
        });
    }

    fn batch(&mut self, batch: Batch, file: &Path) {
        self.newest_ms = self.newest_ms.max(batch.stamp_ms);
        let continues = self.last.is_some_and(|last| {
            batch.sequence <= last.sequence + last.rows || batch.term > last.term
        });
        if continues || (self.last.is_none() && self.hole.is_none()) {
            self.hole = None;
            self.last = Some(batch);
            return;
        }
        // A file that is gone, or ends early between two records, shows no damage of its own.
        self.damage(file, 0);
        if let Some(hole) = &mut self.hole {
            if hole.batches == 0 {
                hole.first_ms = batch.stamp_ms;
            }
            hole.batches += 1;
            hole.last_ms = batch.stamp_ms;
        }
    }

    /// The hole, unless a power cut explains it: it tears what was not fsynced, and no more.
    fn damaged(self, fsync: Fsync) -> Option<Hole> {
        let hole = self.hole.filter(|hole| hole.batches > 0)?;
        let unsynced_ms = match fsync {
            // Each batch waits for the fsync of the one before.
            Fsync::Always => return Some(hole),
            Fsync::EverySecond => UNSYNCED_EVERYSEC_MS,
            Fsync::No => UNSYNCED_NO_MS,
        };
        (hole.last_ms.saturating_sub(hole.first_ms) > unsynced_ms).then_some(hole)
    }
}

/// Reads the logs of a closed data directory. `Corrupted` for a hole that no power cut explains
/// under `fsync`, unless it is to be cut.
pub(crate) fn examine(data_dir: &Path, fsync: Fsync, damage: LogDamage) -> Result<Logged> {
    let mut history = History::default();
    for path in log_files(data_dir)? {
        let mut reader = LogReader::open(&path)?;
        while let Some(entry) = reader.next_entry()? {
            match entry {
                LogEntry::Damage(offset) => history.damage(&path, offset),
                LogEntry::Record(record) => {
                    if let Some(batch) = batch(record) {
                        history.batch(batch, &path);
                    }
                }
            }
        }
    }
    let end = history.hole.as_ref().filter(|hole| hole.batches == 0);
    let logged = Logged {
        newest_ms: history.newest_ms,
        torn_end: end.map(|hole| (hole.file.clone(), hole.offset)),
    };
    let Some(hole) = history.damaged(fsync) else {
        return Ok(logged);
    };
    let (file, offset) = (hole.file.display(), hole.offset);
    let behind = format!(
        "{file}: the write-ahead log is damaged at offset {offset}, and {} commits stand behind",
        hole.batches
    );
    if damage == LogDamage::Cut {
        tracing::warn!("{behind}; they are given up, as wal-recovery asks for");
        return Ok(logged);
    }
    Err(StorageError::Corrupted(format!(
        "{behind}; restore a backup, or start with 'wal-recovery truncate' to lose them"
    )))
}

impl Logged {
    /// Cuts the torn end off, if there is one. For a directory that no process has open.
    pub(crate) fn cut_torn_end(&self) -> Result<bool> {
        let Some((file, offset)) = &self.torn_end else {
            return Ok(false);
        };
        tracing::warn!("{}: cut at offset {offset}, a torn record", file.display());
        let log = std::fs::OpenOptions::new().write(true).open(file);
        let cut = log.and_then(|log| {
            log.set_len(*offset)?;
            log.sync_all()
        });
        cut.map_err(|error| {
            StorageError::Directory(format!("{}: cannot cut: {error}", file.display()))
        })?;
        Ok(true)
    }
}

/// Reads the head of a batch. A batch without log data of ours says nothing of time or term.
fn batch(record: &[u8]) -> Option<Batch> {
    let mut reader = BatchReader::new(record).ok()?;
    let (sequence, rows) = (reader.sequence(), u64::from(reader.rows()));
    let (mut term, mut stamp_ms) = (0, 0);
    if let Ok(Some(BatchEntry::LogData(log_data))) = reader.next_entry()
        && let Some(header) = log::decode_header(log_data)
    {
        (term, stamp_ms) = (header.term, header.stamp_ms);
    }
    Some(Batch {
        sequence,
        rows,
        term,
        stamp_ms,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const FILE: &str = "/d/000004.log";

    /// A history of one row a second; `holes` are told before the batches of these seconds, which
    /// are not there.
    fn history(seconds: u64, holes: std::ops::Range<u64>) -> History {
        let mut history = History::default();
        for second in 1..=seconds {
            if second == holes.start && !holes.is_empty() {
                history.damage(Path::new(FILE), second * 100);
            }
            if !holes.contains(&second) {
                history.batch(at(second, 1), Path::new(FILE));
            }
        }
        history
    }

    fn at(second: u64, term: u64) -> Batch {
        Batch {
            sequence: second,
            rows: 1,
            term,
            stamp_ms: second * 1000,
        }
    }

    #[test]
    fn a_torn_end_is_no_hole() {
        for fsync in [Fsync::Always, Fsync::EverySecond, Fsync::No] {
            assert!(history(100, 0..0).damaged(fsync).is_none());
            assert!(history(100, 100..101).damaged(fsync).is_none());
        }
    }

    #[test]
    fn a_hole_is_as_large_as_what_was_not_fsynced() {
        let damaged = |behind: u64, fsync| history(200, 100..201 - behind).damaged(fsync).is_some();
        assert!(damaged(1, Fsync::Always));
        assert!(!damaged(6, Fsync::EverySecond));
        assert!(damaged(7, Fsync::EverySecond));
        assert!(!damaged(61, Fsync::No));
        assert!(damaged(62, Fsync::No));
        let hole = history(200, 100..103).damaged(Fsync::EverySecond).unwrap();
        assert_eq!((hole.offset, hole.batches), (10_000, 98));
    }

    #[test]
    fn a_start_that_passed_a_hole_closes_it() {
        let mut passed = history(100, 90..101);
        passed.batch(at(90, 1), Path::new(FILE));
        assert!(passed.damaged(Fsync::Always).is_none(), "same sequence");
        let mut passed = history(100, 90..95);
        passed.batch(at(120, 2), Path::new(FILE));
        assert!(passed.damaged(Fsync::Always).is_none(), "newer term");
    }

    #[test]
    fn a_missing_file_is_a_hole() {
        let mut gap = history(10, 0..0);
        gap.batch(at(12, 1), Path::new(FILE));
        let hole = gap.damaged(Fsync::Always).unwrap();
        assert_eq!((hole.offset, hole.batches), (0, 1));
    }

    #[test]
    fn damage_at_the_very_beginning_is_a_hole() {
        let history = history(100, 1..3);
        assert_eq!(history.newest_ms, 100_000);
        assert_eq!(history.damaged(Fsync::No).unwrap().batches, 98);
    }
}
