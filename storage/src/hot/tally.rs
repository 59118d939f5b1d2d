//! Owns how many rows of keys a shard holds, by namespace.
//! Invariants: a number is that of the shard's rows that are meta rows of the namespace and no
//! known absences; a namespace without any has no entry. Must not know: keys, values.
//! Tests: `hot/tests.rs`.

use super::rows::Row;
use crate::encoding::key::namespace_of_meta;
use foldhash::fast::FixedState;
use std::collections::HashMap;

/// The numbers.
#[derive(Default)]
pub struct KeyTally {
    namespaces: HashMap<u32, u64, FixedState>,
}

impl KeyTally {
    /// Keys of a namespace.
    pub fn of(&self, ns: u32) -> u64 {
        self.namespaces.get(&ns).copied().unwrap_or(0)
    }

    /// Counts a row that is there from now on.
    #[inline]
    pub fn add(&mut self, row: &Row) {
        if let Some(ns) = namespace(row) {
            *self.namespaces.entry(ns).or_insert(0) += 1;
        }
    }

    /// Counts a row that goes, or that is about to be another.
    #[inline]
    pub fn take(&mut self, row: &Row) {
        let Some(ns) = namespace(row) else { return };
        if let Some(keys) = self.namespaces.get_mut(&ns) {
            *keys -= 1;
            if *keys == 0 {
                self.namespaces.remove(&ns);
            }
        }
    }
}

/// The namespace of the key whose row this is.
#[inline]
pub fn namespace(row: &Row) -> Option<u32> {
    if row.deleted {
        return None;
    }
    namespace_of_meta(row.record.key())
}
