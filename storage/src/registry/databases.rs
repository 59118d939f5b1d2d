//! Owns the map from database numbers to namespaces.
//! Invariants: a namespace belongs to at most one database; namespaces are never reused; database
//! n begins in namespace n, so that an untouched directory needs no rows.
//! Tests: below and `storage/tests`.

use super::records;
use crate::commit::QueuedRow;
use crate::encoding::record::Record;
use crate::engine::Family;
use crate::error::{Result, StorageError};
use crate::limits::DATABASES_MAX;
use std::collections::BTreeMap;

/// A state of the map.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DatabaseMap {
    /// Grows with every change in this process.
    pub version: u64,
    moved: BTreeMap<u32, u32>,
    next_ns: u32,
}

impl Default for DatabaseMap {
    fn default() -> DatabaseMap {
        DatabaseMap {
            version: 0,
            moved: BTreeMap::new(),
            next_ns: DATABASES_MAX,
        }
    }
}

impl DatabaseMap {
    /// The map that these rows describe.
    pub fn from_rows(moved: BTreeMap<u32, u32>, next_ns: u32) -> DatabaseMap {
        DatabaseMap {
            version: 0,
            moved,
            next_ns: next_ns.max(DATABASES_MAX),
        }
    }

    /// The namespace of a database.
    #[inline]
    pub fn namespace(&self, db: u32) -> u32 {
        if self.moved.is_empty() {
            db
        } else {
            self.moved.get(&db).copied().unwrap_or(db)
        }
    }

    /// The database of a namespace, or `None` for one that is dead or was never given out.
    pub fn database_of(&self, ns: u32) -> Option<u32> {
        if ns < DATABASES_MAX && !self.moved.contains_key(&ns) {
            return Some(ns);
        }
        let found = self.moved.iter().find(|&(_, &other)| other == ns);
        found.map(|(&db, _)| db)
    }

    /// The databases whose namespace is not their own number.
    pub fn moved(&self) -> impl Iterator<Item = (u32, u32)> {
        self.moved.iter().map(|(&db, &ns)| (db, ns))
    }

    /// Gives a database a fresh namespace; returns the one it leaves.
    pub fn renew(&mut self, db: u32) -> Result<u32> {
        let old = self.namespace(db);
        let fresh = self.next_ns;
        self.next_ns = fresh
            .checked_add(1)
            .ok_or_else(|| StorageError::Directory("namespaces are used up".into()))?;
        self.moved.insert(db, fresh);
        Ok(old)
    }

    /// Exchanges two databases.
    pub fn swap(&mut self, one: u32, other: u32) {
        let (ns_one, ns_other) = (self.namespace(one), self.namespace(other));
        self.moved.insert(one, ns_other);
        self.moved.insert(other, ns_one);
    }

    /// The rows that bring the directory to this state for the given databases.
    pub fn rows(&self, dbs: &[u32]) -> Vec<QueuedRow> {
        let mut rows: Vec<QueuedRow> = dbs
            .iter()
            .map(|&db| {
                let ns = self.namespace(db).to_be_bytes();
                let record = Record::new(&records::database_key(db), &[&ns]);
                QueuedRow::new(record, Family::Records, false, None)
            })
            .collect();
        let next = Record::new(records::NEXT_NAMESPACE, &[&self.next_ns.to_be_bytes()]);
        rows.push(QueuedRow::new(next, Family::Records, false, None));
        rows
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn renewing_and_swapping_never_share_or_reuse_a_namespace() {
        let mut map = DatabaseMap::default();
        assert_eq!(map.namespace(3), 3);
        assert_eq!(map.renew(3).unwrap(), 3);
        let fresh = map.namespace(3);
        assert!(fresh >= DATABASES_MAX);
        map.swap(3, 4);
        assert_eq!((map.namespace(3), map.namespace(4)), (4, fresh));
        assert_eq!(map.renew(4).unwrap(), fresh);
        assert_ne!(map.namespace(4), fresh);
        assert_eq!((map.database_of(4), map.database_of(3)), (Some(3), None));
        assert_eq!(
            (map.database_of(fresh), map.database_of(9)),
            (None, Some(9))
        );
        map.swap(7, 7);
        assert_eq!(map.namespace(7), 7);
        assert_eq!(map.rows(&[3, 4]).len(), 3);
    }
}
