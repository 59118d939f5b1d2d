//! Owns the set of ids whose element rows compactions may drop, and the filter that drops them.
//! Invariants: an id enters only when its garbage row is on disk by fsync and no view, export or
//! checkpoint is older than that row (the caller proves it); filters never decide by time; the set
//! is a bounded helper, correctness never depends on it. Tests: `storage/tests/garbage.rs`.

use crate::encoding::key::{kind, parse_slot_and_id};
use parking_lot::RwLock;
use rocksdb::compaction_filter::{CompactionFilter, Decision};
use rocksdb::compaction_filter_factory::{CompactionFilterContext, CompactionFilterFactory};
use std::collections::HashSet;
use std::ffi::CStr;
use std::sync::Arc;

/// Most ids the filter knows by name; the sweeper deals with the others.
pub const DEAD_IDS_MAX: usize = 65_536;

/// The shared set. Compactions take the state of their start.
#[derive(Debug, Default)]
pub struct DeadIds {
    droppable: RwLock<Arc<HashSet<u64>>>,
}

impl DeadIds {
    /// Adds ids, as many as fit.
    pub fn allow(&self, ids: impl IntoIterator<Item = u64>) {
        let mut guard = self.droppable.write();
        let droppable = Arc::make_mut(&mut guard);
        for id in ids {
            if droppable.len() >= DEAD_IDS_MAX {
                break;
            }
            droppable.insert(id);
        }
    }

    /// Forgets ids whose rows are gone.
    pub fn forget(&self, ids: impl IntoIterator<Item = u64>) {
        let mut guard = self.droppable.write();
        let droppable = Arc::make_mut(&mut guard);
        for id in ids {
            droppable.remove(&id);
        }
    }

    /// Whether rows of this id may be dropped now.
    pub fn contains(&self, id: u64) -> bool {
        self.droppable.read().contains(&id)
    }
}

/// Makes one filter per compaction.
pub struct FilterFactory {
    dead_ids: Arc<DeadIds>,
}

impl FilterFactory {
    pub fn new(dead_ids: Arc<DeadIds>) -> FilterFactory {
        FilterFactory { dead_ids }
    }
}

const NAME: &CStr = c"ferrock.dead-ids";

impl CompactionFilterFactory for FilterFactory {
    type Filter = Filter;

    fn create(&mut self, _context: CompactionFilterContext) -> Filter {
        Filter {
            droppable: Arc::clone(&self.dead_ids.droppable.read()),
        }
    }

    fn name(&self) -> &CStr {
        NAME
    }
}

/// Drops element rows of droppable ids, keeps everything else.
pub struct Filter {
    droppable: Arc<HashSet<u64>>,
}

impl CompactionFilter for Filter {
    fn filter(&mut self, _level: u32, key: &[u8], _value: &[u8]) -> Decision {
        if self.droppable.is_empty() {
            return Decision::Keep;
        }
        match parse_slot_and_id(key, kind::ELEMENT) {
            Some((_, id, _)) if self.droppable.contains(&id) => Decision::Remove,
            _ => Decision::Keep,
        }
    }

    fn name(&self) -> &CStr {
        NAME
    }
}
