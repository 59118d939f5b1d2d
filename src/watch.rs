//! Owns WATCH: which connections look after which keys, and telling them of changes.
//! Invariants: a change of a watched key is noted while its writer still holds the key's latch, and
//! EXEC asks while it holds it itself, so none is missed; what empties or exchanges databases, and
//! keys whose time has come, are found by looking at EXEC, not by telling.
//! Must not know: commands, transactions. Tests: below, `tests/commands/transaction.rs`.

use parking_lot::Mutex;
use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

type Key = (u32, Vec<u8>);

/// All watched keys.
#[derive(Debug, Default)]
pub struct Watches {
    by_key: Mutex<HashMap<Key, Vec<Arc<AtomicBool>>>>,
    /// Watched keys, so that writers need not look while there are none.
    count: AtomicUsize,
}

/// A key as it was when WATCH was called.
#[derive(Debug, Clone)]
pub struct Watched {
    /// Its database.
    pub db: u32,
    /// The database's namespace.
    pub ns: u32,
    /// The key.
    pub key: Vec<u8>,
    /// Whether it existed.
    pub existed: bool,
    /// The earliest expiry among its fields, if it is a hash that has one, in ms.
    pub fields_ms: Option<u64>,
    /// Whether that lay in the future.
    pub fields_lived: bool,
}

/// What one connection watches. Dropping it ends that.
#[derive(Debug)]
pub struct WatchList {
    watches: Arc<Watches>,
    keys: Vec<Watched>,
    changed: Arc<AtomicBool>,
}

impl Watches {
    /// Whether any key is watched.
    #[inline]
    pub fn any(&self) -> bool {
        self.count.load(Ordering::Acquire) > 0
    }

    /// Tells those who watch a key that it has changed. The caller holds the key's latch.
    pub fn touch(&self, db: u32, key: &[u8]) {
        if let Some(watchers) = self.by_key.lock().get(&(db, key.to_vec())) {
            for changed in watchers {
                changed.store(true, Ordering::Release);
            }
        }
    }
}

impl WatchList {
    /// Nothing watched yet.
    pub fn new(watches: &Arc<Watches>) -> WatchList {
        WatchList {
            watches: Arc::clone(watches),
            keys: Vec::new(),
            changed: Arc::default(),
        }
    }

    /// Watches a key, once. The caller holds its latch.
    pub fn add(&mut self, watched: Watched) {
        let mut by_key = self.watches.by_key.lock();
        let key = (watched.db, watched.key.clone());
        let watchers = by_key.entry(key).or_default();
        let same = |known: &Watched| known.db == watched.db && known.key == watched.key;
        let is_own = |changed: &Arc<AtomicBool>| Arc::ptr_eq(changed, &self.changed);
        // Either list may be long: many keys of this connection, or many watchers of this key.
        let known = match self.keys.len() < watchers.len() {
            true => self.keys.iter().any(same),
            false => watchers.iter().any(is_own),
        };
        if known {
            return;
        }
        watchers.push(Arc::clone(&self.changed));
        self.watches.count.fetch_add(1, Ordering::AcqRel);
        self.keys.push(watched);
    }

    /// The watched keys.
    pub fn keys(&self) -> &[Watched] {
        &self.keys
    }

    /// Whether one of them was written to.
    pub fn is_changed(&self) -> bool {
        self.changed.load(Ordering::Acquire)
    }

    /// Watches nothing any more.
    pub fn clear(&mut self) {
        if self.keys.is_empty() {
            return;
        }
        let mut by_key = self.watches.by_key.lock();
        for watched in self.keys.drain(..) {
            let key = (watched.db, watched.key);
            if let Some(watchers) = by_key.get_mut(&key) {
                watchers.retain(|changed| !Arc::ptr_eq(changed, &self.changed));
                if watchers.is_empty() {
                    by_key.remove(&key);
                }
            }
            self.watches.count.fetch_sub(1, Ordering::AcqRel);
        }
        self.changed.store(false, Ordering::Release);
    }
}

impl Drop for WatchList {
    fn drop(&mut self) {
        self.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn watched(db: u32, key: &str) -> Watched {
        Watched {
            db,
            ns: db,
            key: key.as_bytes().to_vec(),
            existed: true,
            fields_ms: None,
            fields_lived: false,
        }
    }

    #[test]
    fn many_keys_are_watched_each_once() {
        let watches = Arc::new(Watches::default());
        let mut list = WatchList::new(&watches);
        for n in (0..20_000).chain(0..20_000) {
            list.add(watched(0, &n.to_string()));
        }
        assert_eq!(list.keys().len(), 20_000);
        assert_eq!(watches.count.load(Ordering::Relaxed), 20_000);
        drop(list);
        assert!(!watches.any() && watches.by_key.lock().is_empty());
    }

    #[test]
    fn a_key_of_many_watchers_is_watched_once_by_each() {
        let watches = Arc::new(Watches::default());
        let mut lists: Vec<_> = (0..100).map(|_| WatchList::new(&watches)).collect();
        for list in lists.iter_mut() {
            list.add(watched(0, "a"));
        }
        lists.iter_mut().for_each(|list| list.add(watched(0, "a")));
        assert_eq!(watches.count.load(Ordering::Relaxed), 100);
        watches.touch(0, b"a");
        assert!(lists.iter().all(WatchList::is_changed));
    }

    #[test]
    fn a_change_is_told_to_those_who_watch_the_key_in_that_database() {
        let watches = Arc::new(Watches::default());
        let (mut one, mut other) = (WatchList::new(&watches), WatchList::new(&watches));
        one.add(watched(0, "a"));
        one.add(watched(0, "a"));
        other.add(watched(1, "a"));
        assert_eq!(watches.count.load(Ordering::Relaxed), 2);
        watches.touch(0, b"b");
        assert!(!one.is_changed() && !other.is_changed());
        watches.touch(0, b"a");
        assert!(one.is_changed() && !other.is_changed());
        one.clear();
        assert!(!one.is_changed() && watches.any());
        drop(other);
        assert!(!watches.any() && watches.by_key.lock().is_empty());
    }
}
