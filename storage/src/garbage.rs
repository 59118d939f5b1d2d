//! Owns the list of what is dead and must be swept: ids left behind by DEL and overwrites, and
//! namespaces left behind by FLUSHDB and FLUSHALL.
//! Invariants: the `g` and `G` rows on disk are the truth, this list is a copy; an entry may be
//! destroyed only when it is fsynced and no reader is older (`Garbage::droppable`).
//! Must not know: how rows are destroyed (`sweep` does). Tests: `storage/tests/garbage.rs`.

use parking_lot::Mutex;
use std::collections::VecDeque;

/// An id whose element rows nobody refers to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DeadId {
    /// Slot of the element rows.
    pub home_slot: u16,
    /// The id.
    pub id: u64,
    /// Position of the group in which it died; 0 for what was found at open.
    pub position: u64,
}

/// A namespace no database refers to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DeadNamespace {
    /// The namespace.
    pub ns: u32,
    /// Position of the group in which it died; 0 for what was found at open.
    pub position: u64,
}

/// The list, in order of death.
#[derive(Default)]
pub struct Garbage {
    ids: Mutex<VecDeque<DeadId>>,
    namespaces: Mutex<VecDeque<DeadNamespace>>,
}

impl Garbage {
    /// Adds ids that died in the group that ends at `position`.
    pub fn add(&self, freed: impl Iterator<Item = (u16, u64)>, position: u64) {
        let mut freed = freed.peekable();
        if freed.peek().is_some() {
            let dead = freed.map(|(home_slot, id)| DeadId {
                home_slot,
                id,
                position,
            });
            self.ids.lock().extend(dead);
        }
    }

    /// Adds a namespace that died at `position`.
    pub fn add_namespace(&self, ns: u32, position: u64) {
        self.namespaces
            .lock()
            .push_back(DeadNamespace { ns, position });
    }

    /// Takes up to `max` ids that may be destroyed: dead at or before `safe`.
    pub fn droppable(&self, safe: u64, max: usize) -> Vec<DeadId> {
        let mut ids = self.ids.lock();
        let count = ids
            .iter()
            .take(max)
            .take_while(|dead| dead.position <= safe)
            .count();
        ids.drain(..count).collect()
    }

    /// Takes one namespace that may be destroyed.
    pub fn droppable_namespace(&self, safe: u64) -> Option<DeadNamespace> {
        let mut namespaces = self.namespaces.lock();
        namespaces
            .front()
            .is_some_and(|dead| dead.position <= safe)
            .then(|| namespaces.pop_front())?
    }

    /// Puts back what could not be destroyed now.
    pub fn put_back(&self, dead: DeadId) {
        self.ids.lock().push_front(dead);
    }

    /// Ids waiting to be swept.
    pub fn ids_waiting(&self) -> usize {
        self.ids.lock().len()
    }

    /// Namespaces waiting to be swept.
    pub fn namespaces_waiting(&self) -> usize {
        self.namespaces.lock().len()
    }
}
