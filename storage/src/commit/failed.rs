//! Owns which positions failed: those of groups that the engine refused, and of everything staged
//! behind them, which may have been made from what they held.
//! Invariants: a position is in a range before any later one is committed, so whoever reads the
//! committed position first and asks here second is not told that a failed position is committed;
//! asking for a position behind the last failure costs one load. Must not know: why a group failed.
//! Tests: below and `storage/src/commit/group.rs`.

use super::queue::Position;
use crate::error::StorageError;
use crate::limits::FAILED_RANGES_MAX;
use parking_lot::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};

/// The positions above `after`, up to `through`.
#[derive(Debug)]
struct Range {
    after: Position,
    through: Position,
    error: StorageError,
}

/// The ranges, in order.
#[derive(Debug, Default)]
pub(super) struct FailedRanges {
    /// The last position that failed, 0 for none.
    newest: AtomicU64,
    ranges: Mutex<Vec<Range>>,
}

impl FailedRanges {
    /// Everything above `after`, the committed position, up to `through` failed.
    pub fn add(&self, after: Position, through: Position, error: StorageError) {
        let mut ranges = self.ranges.lock();
        match ranges.last_mut() {
            // Nothing was committed since the last failure.
            Some(last) if last.after == after => last.through = through,
            _ => ranges.push(Range {
                after,
                through,
                error,
            }),
        }
        if ranges.len() > FAILED_RANGES_MAX {
            // Whoever still waits for a position between the two oldest is told that it failed,
            // though it may be committed: an error promises nothing.
            let oldest = ranges.remove(0);
            if let Some(first) = ranges.first_mut() {
                first.after = oldest.after;
            }
        }
        self.newest.store(through, Ordering::Release);
    }

    /// Whether anything failed since start.
    #[inline]
    pub fn any(&self) -> bool {
        self.newest.load(Ordering::Acquire) != 0
    }

    /// Why a position failed, if it did.
    #[inline]
    pub fn error(&self, position: Position) -> Option<StorageError> {
        if position > self.newest.load(Ordering::Acquire) {
            return None;
        }
        let ranges = self.ranges.lock();
        let first = ranges.partition_point(|range| range.through < position);
        let range = ranges.get(first)?;
        (position > range.after).then(|| range.error.clone())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn failed(ranges: &FailedRanges, position: Position) -> bool {
        ranges.error(position).is_some()
    }

    #[test]
    fn positions_between_failures_did_not_fail() {
        let ranges = FailedRanges::default();
        assert!(!ranges.any() && !failed(&ranges, 1));
        ranges.add(3, 7, StorageError::DiskFull);
        ranges.add(9, 10, StorageError::DiskFull);
        // Nothing was committed since: one range.
        ranges.add(9, 12, StorageError::DiskFull);
        let failing: Vec<_> = (0..15).filter(|&at| failed(&ranges, at)).collect();
        assert_eq!(failing, [4, 5, 6, 7, 10, 11, 12]);
        assert_eq!(ranges.ranges.lock().len(), 2);
    }

    #[test]
    fn the_list_is_bounded_and_forgets_no_failure() {
        let ranges = FailedRanges::default();
        let failures = FAILED_RANGES_MAX as u64 + 10;
        for n in 1..=failures {
            ranges.add(n * 10, n * 10 + 2, StorageError::DiskFull);
        }
        assert_eq!(ranges.ranges.lock().len(), FAILED_RANGES_MAX);
        assert!((1..=failures).all(|n| failed(&ranges, n * 10 + 1)));
        assert!(!failed(&ranges, failures * 10));
    }
}
