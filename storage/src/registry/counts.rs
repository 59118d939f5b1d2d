//! Owns the numbers of keys, and of keys with an expiry, per namespace and slot.
//! Invariants: the numbers on disk are absolute, so replaying a batch twice changes nothing; the
//! numbers in memory are those of all staged edits; a key that is stored counts, expired or not.
//! Must not know: who asks. Tests: below.

use crate::commit::QueuedRow;
use crate::encoding::count::KeyCounts;
use crate::encoding::key::count_key;
use crate::encoding::record::Record;
use crate::engine::Family;
use crate::limits::SLOTS;
use crate::partition::PartitionMap;
use parking_lot::RwLock;
use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};

/// What one change of a meta row does to the counts of its slot.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CountChange {
    /// Namespace of the key.
    pub ns: u32,
    /// Slot of the key.
    pub slot: u16,
    /// Difference in keys: -1, 0 or 1.
    pub keys: i8,
    /// Difference in keys with an expiry: -1, 0 or 1.
    pub expires: i8,
}

impl CountChange {
    /// The change that takes this one back.
    pub fn undone(self) -> CountChange {
        CountChange {
            keys: -self.keys,
            expires: -self.expires,
            ..self
        }
    }
}

/// Counts that change; both stand in one cache line.
#[derive(Default)]
struct Numbers {
    keys: AtomicI64,
    expires: AtomicI64,
}

impl Numbers {
    fn add(&self, keys: i64, expires: i64) {
        // Most changes are to one of the two; the other's atomic addition is saved.
        if keys != 0 {
            self.keys.fetch_add(keys, Ordering::Relaxed);
        }
        if expires != 0 {
            self.expires.fetch_add(expires, Ordering::Relaxed);
        }
    }

    fn keys(&self) -> u64 {
        u64::try_from(self.keys.load(Ordering::Relaxed)).unwrap_or(0)
    }

    fn expires(&self) -> u64 {
        u64::try_from(self.expires.load(Ordering::Relaxed)).unwrap_or(0)
    }
}

/// Slots whose numbers are summed: a total adds up as many sums as a sum has slots.
const SLOTS_PER_SUM: usize = 128;

struct NamespaceCounts {
    /// Of `SLOTS_PER_SUM` slots each.
    sums: Box<[Numbers]>,
    slots: Box<[Numbers]>,
    /// Average length of a key's row among those that were read for a sample, 0 before the first.
    row_bytes: AtomicU64,
}

impl NamespaceCounts {
    fn new() -> NamespaceCounts {
        let slots = usize::from(SLOTS);
        let zeros = |count| (0..count).map(|_| Numbers::default()).collect();
        NamespaceCounts {
            sums: zeros(slots.div_ceil(SLOTS_PER_SUM)),
            slots: zeros(slots),
            row_bytes: AtomicU64::new(0),
        }
    }

    fn add(&self, slot: u16, keys: i64, expires: i64) {
        let slot = usize::from(slot);
        if let Some(sum) = self.sums.get(slot / SLOTS_PER_SUM) {
            sum.add(keys, expires);
        }
        if let Some(numbers) = self.slots.get(slot) {
            numbers.add(keys, expires);
        }
    }

    /// The index of the first of `numbers` that the rank falls into, and the rank within it.
    fn find(numbers: &[Numbers], mut rank: u64) -> Option<(usize, u64)> {
        for (index, numbers) in numbers.iter().enumerate() {
            match rank.checked_sub(numbers.keys()) {
                Some(rest) => rank = rest,
                None => return Some((index, rank)),
            }
        }
        None
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
        let sums = namespaces.get(&ns).map(|counts| counts.sums.iter());
        sums.map_or(0, |sums| sums.map(Numbers::keys).sum())
    }

    /// Keys of a namespace that have an expiry.
    pub fn expires(&self, ns: u32) -> u64 {
        let namespaces = self.namespaces.read();
        let sums = namespaces.get(&ns).map(|counts| counts.sums.iter());
        sums.map_or(0, |sums| sums.map(Numbers::expires).sum())
    }

    /// Keys of a slot in a namespace.
    pub fn slot(&self, ns: u32, slot: u16) -> u64 {
        self.slot_counts(ns, slot).keys
    }

    fn slot_counts(&self, ns: u32, slot: u16) -> KeyCounts {
        let namespaces = self.namespaces.read();
        let numbers = namespaces
            .get(&ns)
            .and_then(|counts| counts.slots.get(usize::from(slot)));
        numbers.map_or(KeyCounts::default(), |numbers| KeyCounts {
            keys: numbers.keys(),
            expires: numbers.expires(),
        })
    }

    /// The slot in which the key of rank `rank` stands, counting slot by slot (`rank` < total).
    /// `None` too where counts change meanwhile.
    pub fn slot_of_rank(&self, ns: u32, rank: u64) -> Option<u16> {
        let namespace = Arc::clone(self.namespaces.read().get(&ns)?);
        let (sum, rank) = NamespaceCounts::find(&namespace.sums, rank)?;
        let slots = namespace.slots.chunks(SLOTS_PER_SUM).nth(sum)?;
        let (slot, _) = NamespaceCounts::find(slots, rank)?;
        Some((sum * SLOTS_PER_SUM + slot) as u16)
    }

    /// Average length in bytes of a key's row among those that samples have read; 0 for unknown.
    pub fn row_bytes(&self, ns: u32) -> u64 {
        let namespaces = self.namespaces.read();
        let namespace = namespaces.get(&ns);
        namespace.map_or(0, |namespace| namespace.row_bytes.load(Ordering::Relaxed))
    }

    /// Tells of the rows of a sample; the average moves a quarter of the way to theirs.
    pub fn note_row_bytes(&self, ns: u32, rows: u64, bytes: u64) {
        if let Some(namespace) = self.namespaces.read().get(&ns) {
            let before = namespace.row_bytes.load(Ordering::Relaxed);
            let average = bytes / rows.max(1);
            let after = if before == 0 {
                average
            } else {
                (before * 3 + average) / 4
            };
            namespace.row_bytes.store(after, Ordering::Relaxed);
        }
    }

    /// Adds what a count row says.
    pub(crate) fn load(&self, ns: u32, slot: u16, stored: KeyCounts) {
        // Both fit: `KeyCounts::decode` sees to it.
        self.add_both(ns, slot, stored.keys as i64, stored.expires as i64);
    }

    pub(crate) fn add(&self, change: CountChange) {
        let (keys, expires) = (i64::from(change.keys), i64::from(change.expires));
        self.add_both(change.ns, change.slot, keys, expires);
    }

    fn add_both(&self, ns: u32, slot: u16, keys: i64, expires: i64) {
        if let Some(namespace) = self.namespaces.read().get(&ns) {
            return namespace.add(slot, keys, expires);
        }
        let mut namespaces = self.namespaces.write();
        let fresh = || Arc::new(NamespaceCounts::new());
        namespaces
            .entry(ns)
            .or_insert_with(fresh)
            .add(slot, keys, expires);
    }

    /// Drops the counts of a namespace that is dead and swept.
    pub(crate) fn forget(&self, ns: u32) {
        self.namespaces.write().remove(&ns);
    }

    /// Appends one count row per touched (namespace, slot), with its numbers now.
    pub(crate) fn absolute_rows(&self, touched: &[CountChange], rows: &mut Vec<QueuedRow>) {
        if touched.is_empty() {
            return;
        }
        let places = touched.iter().map(|change| (change.ns, change.slot));
        let mut places: Vec<(u32, u16)> = places.collect();
        places.sort_unstable();
        places.dedup();
        for (ns, slot) in places {
            let family = Family::Partition(self.partitions.of(slot));
            let key = count_key(ns, slot);
            let counts = self.slot_counts(ns, slot);
            let deleted = counts == KeyCounts::default();
            let numbers = counts.encode();
            let value: &[&[u8]] = if deleted { &[] } else { &[&numbers] };
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

    fn change(ns: u32, slot: u16, keys: i8, expires: i8) -> CountChange {
        CountChange {
            ns,
            slot,
            keys,
            expires,
        }
    }

    #[test]
    fn counts_add_up_and_are_written_absolute() {
        let counts = Counts::new(PartitionMap::new(1).unwrap());
        let stored = KeyCounts {
            keys: 2,
            expires: 0,
        };
        counts.load(1, 5, stored);
        counts.add(change(1, 9, 1, 1));
        counts.add(change(2, 5, 1, 1));
        assert_eq!(
            (counts.total(1), counts.slot(1, 5), counts.total(2)),
            (3, 2, 1)
        );
        assert_eq!((counts.expires(1), counts.expires(2)), (1, 1));
        assert_eq!(counts.slot_of_rank(1, 0), Some(5));
        assert_eq!(counts.slot_of_rank(1, 2), Some(9));
        assert_eq!(counts.slot_of_rank(1, 3), None);
        let mut rows = Vec::new();
        // An expiry comes to a key that was there, a key goes with its expiry.
        let touched = [change(1, 5, 0, 1), change(2, 5, -1, -1)];
        touched.iter().for_each(|&change| counts.add(change));
        counts.absolute_rows(&[touched, touched].concat(), &mut rows);
        assert_eq!(rows.len(), 2);
        let written = KeyCounts {
            keys: 2,
            expires: 1,
        };
        assert_eq!(rows[0].record.value(), written.encode());
        assert!(rows[1].deleted);
        counts.forget(1);
        assert_eq!((counts.total(1), counts.expires(1)), (0, 0));
    }

    #[test]
    fn what_is_undone_leaves_no_trace() {
        let counts = Counts::new(PartitionMap::new(1).unwrap());
        for change in [change(0, 7, 1, 1), change(0, 7, 0, -1), change(0, 7, -1, 0)] {
            let before = counts.slot_counts(0, 7);
            counts.add(change);
            assert_ne!(counts.slot_counts(0, 7), before);
            counts.add(change.undone());
            assert_eq!(counts.slot_counts(0, 7), before);
            counts.add(change);
        }
        assert_eq!((counts.total(0), counts.expires(0)), (0, 0));
    }

    #[test]
    fn a_row_stays_until_both_numbers_are_gone() {
        let counts = Counts::new(PartitionMap::new(1).unwrap());
        // Only damage has an expiry without a key; the row is kept so that the fsck finds it.
        counts.add(change(0, 7, 0, 1));
        let mut rows = Vec::new();
        counts.absolute_rows(&[change(0, 7, 0, 1)], &mut rows);
        assert!(!rows[0].deleted);
        counts.add(change(0, 7, 0, -1));
        counts.absolute_rows(&[change(0, 7, 0, -1)], &mut rows);
        assert!(rows[1].deleted);
    }
}
