//! Owns the map of databases that is in force: every command asks it, few replace it.
//! Invariants: an answer is of one state of the map; who replaces it holds the lock meanwhile; who
//! has an answer finds the position of the change behind it, or of a later one.
//! Must not know: who asks, why it changes. Tests: below, and `storage/tests`.
//!
//! On the request path: to ask for one of the first databases takes no lock.

use super::queue::Position;
use crate::registry::DatabaseMap;
use parking_lot::{RwLock, RwLockWriteGuard};
use std::ops::{Deref, DerefMut};
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering, fence};

/// Databases whose namespaces can be read without the lock: as many as there are by default.
const FIRST: usize = 16;
/// In place of a version while the first namespaces are being written.
const CHANGING: u64 = u64::MAX;

/// The map.
pub struct LiveMap {
    map: RwLock<DatabaseMap>,
    /// Those of `map`, or [`CHANGING`]. Written with the lock only.
    version: AtomicU64,
    first: [AtomicU32; FIRST],
    /// Where the edit stands that made the map what it is; 0 where it is as it was found, or as it
    /// was before edits that failed. Written with the lock only.
    changed: AtomicU64,
}

impl LiveMap {
    pub fn new(map: DatabaseMap) -> LiveMap {
        let live = LiveMap {
            map: RwLock::new(map),
            version: AtomicU64::new(CHANGING),
            first: Default::default(),
            changed: AtomicU64::new(0),
        };
        // Dropping the guard publishes the map.
        drop(live.write());
        live
    }

    /// The namespace of a database, and the map's version.
    #[inline]
    pub fn resolve(&self, db: u32) -> (u32, u64) {
        let version = self.version.load(Ordering::Acquire);
        if let Some(ns) = self.first.get(db as usize)
            && version != CHANGING
        {
            let ns = ns.load(Ordering::Acquire);
            // A namespace of a later state was written behind `CHANGING`, which is seen here then.
            if self.version.load(Ordering::Relaxed) == version {
                return (ns, version);
            }
        }
        let map = self.map.read();
        (map.namespace(db), map.version)
    }

    /// The position whose commit makes true what was resolved before this call.
    #[inline]
    pub fn changed(&self) -> Position {
        self.changed.load(Ordering::Relaxed)
    }

    /// The newest version. To one who can keep others from replacing the map it is the version.
    #[inline]
    pub fn version(&self) -> u64 {
        match self.version.load(Ordering::Acquire) {
            CHANGING => self.map.read().version,
            version => version,
        }
    }

    /// A copy.
    pub fn copy(&self) -> DatabaseMap {
        self.map.read().clone()
    }

    /// The map, to be changed.
    pub fn write(&self) -> Change<'_> {
        Change {
            live: self,
            map: self.map.write(),
        }
    }
}

/// The right to change the map. What came of it is in force when it is dropped.
pub struct Change<'l> {
    live: &'l LiveMap,
    map: RwLockWriteGuard<'l, DatabaseMap>,
}

impl Change<'_> {
    /// Says where the edit stands that makes the map what it is from now on.
    pub fn stands_at(&self, position: Position) {
        // What the version publishes when this is dropped.
        self.live.changed.store(position, Ordering::Relaxed);
    }
}

impl Deref for Change<'_> {
    type Target = DatabaseMap;

    fn deref(&self) -> &DatabaseMap {
        &self.map
    }
}

impl DerefMut for Change<'_> {
    fn deref_mut(&mut self) -> &mut DatabaseMap {
        &mut self.map
    }
}

impl Drop for Change<'_> {
    fn drop(&mut self) {
        let live = self.live;
        live.version.store(CHANGING, Ordering::Relaxed);
        fence(Ordering::Release);
        for (ns, db) in live.first.iter().zip(0..) {
            ns.store(self.map.namespace(db), Ordering::Relaxed);
        }
        live.version.store(self.map.version, Ordering::Release);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::atomic::AtomicBool;

    /// A database that moves with every version, within the first ones or beyond.
    fn moving(db: u32) {
        const CHANGES: u64 = 20_000;
        let live = LiveMap::new(DatabaseMap::default());
        let (began, _) = live.resolve(db);
        assert_eq!(began, db);
        let mut map = DatabaseMap::default();
        map.renew(db).unwrap();
        let first_fresh = map.namespace(db);
        let done = AtomicBool::new(false);
        std::thread::scope(|scope| {
            scope.spawn(|| {
                while !done.load(Ordering::Relaxed) {
                    let (ns, version) = live.resolve(db);
                    match version {
                        0 => assert_eq!(ns, db),
                        _ => assert_eq!(u64::from(ns), u64::from(first_fresh) + version - 1),
                    }
                    assert!(live.version() >= version);
                }
            });
            for version in 1..=CHANGES {
                let mut map = live.write();
                map.renew(db).unwrap();
                map.version = version;
            }
            done.store(true, Ordering::Relaxed);
        });
        assert_eq!(live.version(), CHANGES);
        assert_eq!(live.copy().namespace(db), live.resolve(db).0);
    }

    #[test]
    fn an_answer_is_of_one_state() {
        moving(3);
    }

    #[test]
    fn databases_beyond_the_first_are_answered_for_too() {
        moving(FIRST as u32);
    }
}
