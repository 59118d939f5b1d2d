//! Owns the number of keys per namespace and slot.
//! Invariants: the number on disk is absolute, so replaying a batch twice changes nothing; the
//! number in memory is that of all staged edits. Tests: below.

use crate::commit::QueuedRow;
use crate::encoding::key::count_key;
use crate::encoding::record::Record;
use crate::engine::Family;
use crate::limits::SLOTS;
use crate::partition::PartitionMap;
use parking_lot::RwLock;
use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

struct NamespaceCounts {
    total: AtomicI64,
    slots: Box<[AtomicI64]>,
}

impl NamespaceCounts {
    fn new() -> NamespaceCounts {
        let slots = (0..SLOTS).map(|_| AtomicI64::new(0)).collect();
        NamespaceCounts {
            total: AtomicI64::new(0),
            slots,
        }
    }

    fn add(&self, slot: u16, difference: i64) {
        self.total.fetch_add(difference, Ordering::Relaxed);
        if let Some(count) = self.slots.get(usize::from(slot)) {
            count.fetch_add(difference, Ordering::Relaxed);
        }
    }
}

/// All counts; reading takes a shared lock, changing happens under the commit queue's lock.
pub struct Counts {
    namespaces: RwLock<HashMap<u32, Arc<NamespaceCounts>>>,
    partitions: PartitionMap,
}

impl Counts {
    /// Counts for a directory with these partitions, all zero.
    pub fn new(partitions: PartitionMap) -> Counts {
        Counts {
            namespaces: RwLock::default(),
            partitions,
        }
    }

    /// Keys of a namespace.
    pub fn total(&self, ns: u32) -> u64 {
        let namespaces = self.namespaces.read();
        let total = namespaces
            .get(&ns)
            .map_or(0, |counts| counts.total.load(Ordering::Relaxed));
        u64::try_from(total).unwrap_or(0)
    }

    /// Keys of a slot in a namespace.
    pub fn slot(&self, ns: u32, slot: u16) -> u64 {
        let namespaces = self.namespaces.read();
        let count = namespaces
            .get(&ns)
            .and_then(|counts| counts.slots.get(usize::from(slot)));
        u64::try_from(count.map_or(0, |count| count.load(Ordering::Relaxed))).unwrap_or(0)
    }

    /// The slot in which the key of rank `rank` stands, counting slot by slot (`rank` < total).
    pub fn slot_of_rank(&self, ns: u32, mut rank: u64) -> Option<u16> {
        let namespace = Arc::clone(self.namespaces.read().get(&ns)?);
        for (slot, count) in namespace.slots.iter().enumerate() {
            let count = u64::try_from(count.load(Ordering::Relaxed)).unwrap_or(0);
            if rank < count {
                return Some(slot as u16);
            }
            rank -= count;
        }
        None
    }

    pub(crate) fn add(&self, ns: u32, slot: u16, difference: i64) {
        if let Some(namespace) = self.namespaces.read().get(&ns) {
            return namespace.add(slot, difference);
        }
        let mut namespaces = self.namespaces.write();
        let fresh = || Arc::new(NamespaceCounts::new());
        namespaces
            .entry(ns)
            .or_insert_with(fresh)
            .add(slot, difference);
    }

    /// Drops the counts of a namespace that is dead and swept.
    pub(crate) fn forget(&self, ns: u32) {
        self.namespaces.write().remove(&ns);
    }

    /// Appends one count row per touched (namespace, slot), with its number now.
    pub(crate) fn absolute_rows(&self, touched: &[(u32, u16, i64)], rows: &mut Vec<QueuedRow>) {
        if touched.is_empty() {
            return;
        }
        let mut pairs: Vec<(u32, u16)> = touched.iter().map(|&(ns, slot, _)| (ns, slot)).collect();
        pairs.sort_unstable();
        pairs.dedup();
        for (ns, slot) in pairs {
            let family = Family::Partition(self.partitions.of(slot));
            let key = count_key(ns, slot);
            let count = self.slot(ns, slot);
            let deleted = count == 0;
            let number = count.to_be_bytes();
            let value: &[&[u8]] = if deleted { &[] } else { &[&number] };
            rows.push(QueuedRow::new(
                Record::new(&key, value),
                family,
                deleted,
                None,
            ));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_add_up_and_are_written_absolute() {
        let counts = Counts::new(PartitionMap::new(1).unwrap());
        counts.add(1, 5, 2);
        counts.add(1, 9, 1);
        counts.add(2, 5, 1);
        assert_eq!(
            (counts.total(1), counts.slot(1, 5), counts.total(2)),
            (3, 2, 1)
        );
        assert_eq!(counts.slot_of_rank(1, 0), Some(5));
        assert_eq!(counts.slot_of_rank(1, 2), Some(9));
        assert_eq!(counts.slot_of_rank(1, 3), None);
        let mut rows = Vec::new();
        counts.add(2, 5, -1);
        counts.absolute_rows(&[(1, 5, 1), (2, 5, -1), (1, 5, 1)], &mut rows);
        assert_eq!(rows.len(), 2);
        assert_eq!(rows[0].record.value(), 2u64.to_be_bytes());
        assert!(rows[1].deleted);
        counts.forget(1);
        assert_eq!(counts.total(1), 0);
    }
}
