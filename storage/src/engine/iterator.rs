//! Owns iteration over rows in key order.
//! Invariants: a row is given only if it was read; an iterator of tier `Memory` that meets the
//! disk, or too many deleted rows in a row, ends with `NeedsDisk`, never with a silent end.
//! Tests: `engine/tests.rs`.

use super::engine_error;
use super::read_counters::ReadCounters;
use crate::error::Result;
use rocksdb::{DB, DBRawIteratorWithThreadMode, IterateBounds};

/// A half-open range of row keys.
#[derive(Debug, Clone)]
pub struct Bounds {
    /// First key, if bounded.
    pub start: Option<Vec<u8>>,
    /// First key beyond, if bounded.
    pub end: Option<Vec<u8>>,
}

impl Bounds {
    /// All keys.
    pub fn all() -> Bounds {
        Bounds {
            start: None,
            end: None,
        }
    }

    /// All keys that begin with `prefix`.
    pub fn prefix(prefix: &[u8]) -> Bounds {
        let end = crate::encoding::key::prefix_end(prefix).map(|end| end.to_vec());
        Bounds {
            start: Some(prefix.to_vec()),
            end,
        }
    }

    /// Keys in `[start, end)`.
    pub fn range(start: &[u8], end: &[u8]) -> Bounds {
        Bounds {
            start: Some(start.to_vec()),
            end: Some(end.to_vec()),
        }
    }
}

impl IterateBounds for Bounds {
    fn into_bounds(self) -> (Option<Vec<u8>>, Option<Vec<u8>>) {
        (self.start, self.end)
    }
}

/// Steps through rows; start with one of the `seek` calls.
pub struct RowIterator<'engine> {
    raw: DBRawIteratorWithThreadMode<'engine, DB>,
    counters: &'engine ReadCounters,
    seeks: u64,
    steps: u64,
}

impl Drop for RowIterator<'_> {
    fn drop(&mut self) {
        self.counters.count_iterator(self.seeks, self.steps);
    }
}

impl<'engine> RowIterator<'engine> {
    pub(super) fn new(
        raw: DBRawIteratorWithThreadMode<'engine, DB>,
        counters: &'engine ReadCounters,
    ) -> RowIterator<'engine> {
        RowIterator {
            raw,
            counters,
            seeks: 0,
            steps: 0,
        }
    }

    /// Goes to the first row within the bounds.
    pub fn seek_first(&mut self) -> Result<()> {
        self.seeks += 1;
        self.raw.seek_to_first();
        self.check()
    }

    /// Goes to the first row at or after `key`.
    pub fn seek(&mut self, key: &[u8]) -> Result<()> {
        self.seeks += 1;
        self.raw.seek(key);
        self.check()
    }

    /// Goes to the next row.
    pub fn advance(&mut self) -> Result<()> {
        self.steps += 1;
        self.raw.next();
        self.check()
    }

    /// The row it stands on: key and value.
    pub fn row(&self) -> Option<(&[u8], &[u8])> {
        self.raw.item()
    }

    fn check(&self) -> Result<()> {
        if self.raw.valid() {
            Ok(())
        } else {
            self.raw.status().map_err(engine_error)
        }
    }
}
