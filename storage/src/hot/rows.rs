//! Owns the hash table inside a shard: rows in one array, a row as near behind its home slot as
//! there was room.
//!
//! A lookup that hits touches one stretch of memory, whose address follows from the hash alone: so
//! it can be fetched before it is needed. Tables that keep tags apart from rows need two.
//! Invariants: the array's length is a power of two, at most three quarters of it are taken;
//! between a row's home and the row there is no gap (a removal closes the one it makes).
//! Must not know: versions, budgets. Tests: below, against a map.

use crate::encoding::compare::same;
use crate::encoding::record::Record;

/// Slots of the smallest table that holds anything.
const SLOTS_MIN: usize = 8;

/// A row of the table and what the shard keeps beside it.
pub struct Row {
    pub hash: u64,
    pub record: Record,
    pub version: u64,
    pub accessed_s: u32,
    /// Redis's logarithmic counter, for OBJECT FREQ.
    pub frequency: u8,
    /// Passes of the clock hand the row survives.
    pub chances: u8,
    pub deleted: bool,
}

impl Row {
    #[inline]
    fn is(&self, hash: u64, key: &[u8]) -> bool {
        self.hash == hash && same(self.record.key(), key)
    }
}

/// The rows.
#[derive(Default)]
pub struct Rows {
    slots: Box<[Option<Row>]>,
    len: usize,
}

impl Rows {
    /// Rows held.
    pub fn len(&self) -> usize {
        self.len
    }

    /// Length of the array; places are below it.
    pub fn places(&self) -> usize {
        self.slots.len()
    }

    /// The row of a key.
    #[inline]
    pub fn find(&self, hash: u64, key: &[u8]) -> Option<&Row> {
        self.at(self.place_of(hash, key)?)
    }

    /// The row of a key, to be changed; not its hash.
    #[inline]
    pub fn find_mut(&mut self, hash: u64, key: &[u8]) -> Option<&mut Row> {
        let place = self.place_of(hash, key)?;
        self.at_mut(place)
    }

    /// Where the row of a key stands.
    #[inline]
    pub fn place_of(&self, hash: u64, key: &[u8]) -> Option<usize> {
        self.search(hash, |row| row.is(hash, key))
    }

    /// The row at a place, if one stands there.
    #[inline]
    pub fn at(&self, place: usize) -> Option<&Row> {
        self.slots.get(place)?.as_ref()
    }

    /// The same, to be changed; not its hash.
    #[inline]
    pub fn at_mut(&mut self, place: usize) -> Option<&mut Row> {
        self.slots.get_mut(place)?.as_mut()
    }

    /// Adds a row whose key is not here.
    pub fn insert(&mut self, row: Row) {
        debug_assert!(self.find(row.hash, row.record.key()).is_none());
        if (self.len + 1) * 4 > self.slots.len() * 3 {
            self.resize((self.slots.len() * 2).max(SLOTS_MIN));
        }
        self.place(row);
        self.len += 1;
    }

    /// Takes the row at a place out. Rows behind it may move up, into this place too.
    pub fn remove_at(&mut self, place: usize) -> Option<Row> {
        let removed = self.slots.get_mut(place)?.take()?;
        self.len -= 1;
        let mask = self.mask();
        let mut gap = place;
        let mut next = (gap + 1) & mask;
        while let Some(row) = self.at(next) {
            // The row may fill the gap unless its home lies behind the gap.
            let from_home = next.wrapping_sub(row.hash as usize) & mask;
            if from_home >= next.wrapping_sub(gap) & mask {
                self.slots.swap(gap, next);
                gap = next;
            }
            next = (next + 1) & mask;
        }
        Some(removed)
    }

    /// Gives memory back if a quarter of the array would do.
    pub fn shrink(&mut self) {
        let wanted = (self.len * 2).next_power_of_two().max(SLOTS_MIN);
        if self.slots.len() > wanted * 2 {
            self.resize(wanted);
        }
    }

    /// Where the array stands, and its length.
    #[inline]
    pub fn array(&self) -> (*const Option<Row>, usize) {
        (self.slots.as_ptr(), self.slots.len())
    }

    /// Asks for the bytes of the first row with this hash.
    #[inline]
    pub fn prefetch_record(&self, hash: u64) {
        if let Some(row) = self.first_of(hash) {
            row.record.prefetch();
        }
    }

    /// The first row with this hash.
    #[inline]
    pub fn first_of(&self, hash: u64) -> Option<&Row> {
        self.at(self.search(hash, |row| row.hash == hash)?)
    }

    #[inline]
    fn search(&self, hash: u64, found: impl Fn(&Row) -> bool) -> Option<usize> {
        let mask = self.mask();
        let mut place = hash as usize & mask;
        // There is always a free slot, except that an empty table has none at all.
        while let Some(row) = self.at(place) {
            if found(row) {
                return Some(place);
            }
            place = (place + 1) & mask;
        }
        None
    }

    #[inline]
    fn mask(&self) -> usize {
        self.slots.len().wrapping_sub(1)
    }

    fn place(&mut self, row: Row) {
        let mask = self.mask();
        let mut place = row.hash as usize & mask;
        while self.at(place).is_some() {
            place = (place + 1) & mask;
        }
        if let Some(slot) = self.slots.get_mut(place) {
            *slot = Some(row);
        }
    }

    fn resize(&mut self, slots: usize) {
        debug_assert!(slots.is_power_of_two() && self.len * 4 <= slots * 3);
        let fresh = (0..slots).map(|_| None).collect();
        let old = std::mem::replace(&mut self.slots, fresh);
        old.into_iter().flatten().for_each(|row| self.place(row));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::collections::HashMap;

    fn row(hash: u64, key: &[u8]) -> Row {
        Row {
            hash,
            record: Record::new(key, &[]),
            version: 0,
            accessed_s: 0,
            frequency: 0,
            chances: 0,
            deleted: false,
        }
    }

    #[test]
    fn an_empty_table_answers() {
        let mut rows = Rows::default();
        assert!(rows.find(7, b"a").is_none());
        assert!(rows.remove_at(0).is_none());
        rows.prefetch_record(7);
        rows.shrink();
        assert_eq!((rows.len(), rows.at(0).is_some()), (0, false));
    }

    #[test]
    fn a_row_is_no_larger_than_three_quarters_of_a_cache_line() {
        assert_eq!(size_of::<Option<Row>>(), 48);
    }

    proptest! {
        /// Hashes of a few bits make long runs that wrap around the array's end.
        #[test]
        fn rows_are_found_like_in_a_map(
            steps in proptest::collection::vec((0u8..10, any::<u8>()), 1..400),
        ) {
            let mut rows = Rows::default();
            let mut map = HashMap::new();
            for (version, (action, key)) in steps.into_iter().enumerate() {
                let hash = u64::from(key % 32).wrapping_sub(4);
                let name = [key];
                let place = rows.place_of(hash, &name);
                prop_assert_eq!(place.is_some(), map.contains_key(&key));
                match (action, place) {
                    (0..3, Some(place)) => {
                        let removed = rows.remove_at(place).map(|row| row.version);
                        prop_assert_eq!(removed, map.remove(&key));
                    }
                    (3, _) => rows.shrink(),
                    (_, Some(place)) => {
                        map.insert(key, version as u64);
                        rows.at_mut(place).unwrap().version = version as u64;
                    }
                    (_, None) => {
                        map.insert(key, version as u64);
                        let version = version as u64;
                        rows.insert(Row { version, ..row(hash, &name) });
                    }
                }
                prop_assert_eq!(rows.len(), map.len());
                prop_assert!(rows.len() * 4 <= rows.places() * 3);
                for (&key, &version) in &map {
                    let hash = u64::from(key % 32).wrapping_sub(4);
                    prop_assert_eq!(rows.find(hash, &[key]).map(|row| row.version), Some(version));
                }
            }
        }
    }
}
