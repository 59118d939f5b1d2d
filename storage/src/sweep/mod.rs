//! Owns destroying what is dead: expired keys, element rows of dead ids, dead namespaces.
//! Invariants: everything is deleted through the ordinary commit path, so replicas, events, counts
//! and the hot table see it; rows of a dead id or namespace go only below the safe position; the
//! row that declares them dead goes with the last of them; a round is bounded.
//! Must not know: commands. Tests: below, `storage/tests/garbage.rs`.

mod control;
mod expiry;
mod ids;
mod namespaces;

pub use control::{SweepControl, SweepCounts};

use crate::edit::Edit;
use crate::encoding::key::prefix_end;
use crate::engine::{Family, Tier};
use crate::error::{Result, StorageError};
use crate::store::Store;
use crate::view::ViewOptions;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

/// Rounds per second of the sweeping thread.
const ROUNDS_PER_S: usize = 10;

/// How the sweeper reads: from disk, without making anything look used.
pub(crate) const SWEEPING: ViewOptions = ViewOptions {
    tier: Tier::Disk,
    latched: true,
    touch: false,
};

/// Where the sweeps of a store stand.
pub struct Sweeper<'s> {
    store: &'s Store,
    expiry: expiry::ExpirySweep,
    ids: ids::IdSweep,
    namespaces: namespaces::NamespaceSweep,
}

impl<'s> Sweeper<'s> {
    /// A sweeper that knows nothing yet: it looks at every expiry row that is due once.
    pub fn new(store: &'s Store) -> Sweeper<'s> {
        Sweeper {
            store,
            expiry: expiry::ExpirySweep::new(store),
            ids: ids::IdSweep::default(),
            namespaces: namespaces::NamespaceSweep::default(),
        }
    }

    /// A bounded amount of work of each kind. Gives the number of rows dealt with; 0 means that
    /// nothing can be swept now. What fails in one kind does not hold up the others.
    pub fn round(&mut self) -> Result<usize> {
        let control = self.store.sweeps();
        let budget = (control.expire_rows_per_s() / ROUNDS_PER_S).max(1);
        let expired = match control.active_expire() {
            true => self.expiry.round(self.store, budget),
            false => Ok(0),
        };
        let budget = (control.dead_rows_per_s() / ROUNDS_PER_S).max(1);
        let namespaces = self.namespaces.round(self.store, budget);
        let ids = self.ids.round(self.store, budget);
        Ok(expired? + namespaces? + ids?)
    }
}

/// An edit that only deletes what is dead.
fn sweeping_edit(store: &Store, db: u32) -> Result<Edit<'_>> {
    let mut edit = store.edit(db, SWEEPING)?;
    edit.frees_space();
    Ok(edit)
}

/// Stages rows of no database and waits until they are committed, so that the sweeper never runs
/// ahead of the disk. It is not held up by who empties or exchanges databases all the time.
fn commit(store: &Store, mut edit: Edit<'_>) -> Result<u64> {
    edit.disown_databases();
    let position = edit.stage()?;
    store.leader().wait_blocking(position)?;
    Ok(position)
}

/// Gives back the space that dropping files has left to dead rows, by the prefixes of their keys:
/// files of the newest level and at the edges, which nothing would compact before others are
/// written, and the log. Blocks for as long as the compactions take.
fn give_back<'p>(
    store: &Store,
    prefixes: impl IntoIterator<Item = (Family, &'p [u8])>,
) -> Result<()> {
    for (family, prefix) in prefixes {
        let end = prefix_end(prefix);
        store
            .engine()
            .compact(family, Some(prefix), end.as_deref())?;
    }
    store.flush()
}

/// Body of the sweeping thread.
pub(crate) fn run(store: &Arc<Store>, stop: &AtomicBool) {
    let mut sweeper = Sweeper::new(store);
    let mut warned = false;
    while !stop.load(Ordering::Acquire) {
        std::thread::park_timeout(Duration::from_millis(1000 / ROUNDS_PER_S as u64));
        match sweeper.round() {
            Ok(_) => warned = false,
            Err(StorageError::NamespaceChanged) => {}
            // Nothing more can be deleted until the next start.
            Err(StorageError::Poisoned(_)) => return,
            Err(error) if !warned => {
                warned = true;
                tracing::warn!("sweeping what is dead does not go on: {error}");
            }
            Err(_) => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Options;
    use crate::commit::QueuedRow;
    use crate::encoding::key::garbage_key;
    use crate::encoding::record::Record;

    #[test]
    fn what_is_dead_is_destroyed_whatever_becomes_of_databases_meanwhile() {
        let directory = tempfile::tempdir().unwrap();
        let store = Store::open(Options::new(directory.path().join("data"))).unwrap();
        let mut edit = sweeping_edit(&store, 0).unwrap();
        let record = Record::new(&garbage_key(7, 9), &[]);
        edit.push(QueuedRow::new(record, store.family(7), true, None));
        let mut swap = store.edit(0, SWEEPING).unwrap();
        swap.swap_databases(0, 1);
        swap.stage().unwrap();
        assert!(commit(&store, edit).unwrap() > 0);
    }
}
