//! Owns the id counter of element rows.
//! Invariants: an id is used once in the life of a directory; ids that a crash may have used
//! without a trace lie below the reserved mark, and a start begins at the mark.
//! Tests: below.

use super::records;
use crate::commit::QueuedRow;
use crate::encoding::record::Record;
use crate::engine::Family;
use crate::limits::ID_BLOCK;
use std::sync::atomic::{AtomicU64, Ordering};

/// The counter.
pub struct Ids {
    next: AtomicU64,
    /// Ids below this mark may be in use; the mark on disk is never lower.
    reserved: AtomicU64,
}

impl Ids {
    /// A counter that starts at the mark found on disk (at least 1: 0 means no id).
    pub fn new(reserved: u64) -> Ids {
        let first = reserved.max(1);
        Ids {
            next: AtomicU64::new(first),
            reserved: AtomicU64::new(first),
        }
    }

    /// The next id.
    pub fn take(&self) -> u64 {
        self.next.fetch_add(1, Ordering::Relaxed)
    }

    /// The row that must go out with an edit using ids up to `id_max`, if the mark is not above
    /// them yet. Called under the commit queue's lock, so later edits stand behind the row.
    pub(crate) fn reserve_for(&self, id_max: u64) -> Option<QueuedRow> {
        if id_max < self.reserved.load(Ordering::Relaxed) || id_max == 0 {
            return None;
        }
        // Not below any mark given out before, which may stand on disk.
        let used = self.next.load(Ordering::Relaxed).saturating_sub(1);
        let mark = id_max.max(used) + ID_BLOCK;
        self.reserved.store(mark, Ordering::Relaxed);
        let record = Record::new(records::RESERVED_IDS, &[&mark.to_be_bytes()]);
        Some(QueuedRow::new(record, Family::Records, false, None))
    }

    /// Forgets that ids are reserved: the row that did so may not have been written.
    pub(crate) fn reserve_again(&self) {
        self.reserved.store(0, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_mark_is_written_before_ids_reach_it() {
        let ids = Ids::new(0);
        assert_eq!(ids.take(), 1);
        let row = ids.reserve_for(1).unwrap();
        let mark = u64::from_be_bytes(row.record.value().try_into().unwrap());
        assert_eq!(mark, 1 + ID_BLOCK);
        assert!(ids.reserve_for(0).is_none());
        assert!(ids.reserve_for(mark - 1).is_none());
        assert!(ids.reserve_for(mark).is_some());
        assert_eq!(Ids::new(mark).take(), mark);
    }

    #[test]
    fn a_mark_that_was_not_written_is_written_again_and_never_lower() {
        let ids = Ids::new(0);
        let first = (0..10).map(|_| ids.take()).max().unwrap();
        assert!(ids.reserve_for(first).is_some());
        ids.reserve_again();
        let row = ids.reserve_for(1).unwrap();
        let mark = u64::from_be_bytes(row.record.value().try_into().unwrap());
        assert_eq!(mark, first + ID_BLOCK);
        assert!(ids.reserve_for(first).is_none());
    }
}
