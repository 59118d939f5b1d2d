//! Owns destroying the element rows of dead ids.
//! Invariants: an id is taken only below the safe position; its garbage row is deleted in the
//! commit that deletes its last rows; ids with many rows go by a range delete, a few a second,
//! because each one slows every later read of its neighbourhood; when no more large ids come, their
//! space is given back. Tests: `storage/tests/garbage.rs`.

use super::control::add;
use super::{ROUNDS_PER_S, commit, give_back, sweeping_edit};
use crate::commit::QueuedRow;
use crate::edit::Edit;
use crate::encoding::key::{element_prefix, garbage_key, prefix_end};
use crate::encoding::record::Record;
use crate::engine::Bounds;
use crate::error::Result;
use crate::garbage::DeadId;
use crate::store::Store;
use std::collections::VecDeque;

/// An id with more rows than this is large. Finding it out reads that many rows.
const POINT_ROWS_MAX: usize = 512;
/// Range deletes of large ids per second.
const RANGE_DELETES_PER_S: usize = 5;
/// Rows deleted in one commit.
const ROWS_PER_EDIT: usize = 2048;
/// Ids taken from the list at once.
const IDS_PER_LOOK: usize = 256;
/// Rounds without a range delete after which the space of large ids is given back. That writes
/// files, which is for nothing while others are written and compacted all the time.
const GIVE_BACK_ROUNDS: usize = 30 * ROUNDS_PER_S;
/// Large ids whose space is given back at a time. That of others comes back as files are compacted.
const GIVE_BACK_IDS_MAX: usize = 16;

/// Large ids that wait for their range delete.
#[derive(Default)]
pub(super) struct IdSweep {
    large: VecDeque<DeadId>,
    /// Large ids that are destroyed, whose space is not given back yet.
    destroyed: Vec<DeadId>,
    rounds: usize,
    /// The round of the last range delete.
    last_destroyed: usize,
}

impl IdSweep {
    /// Deletes up to about `budget` rows. Gives the number of rows and range deletes.
    pub(super) fn round(&mut self, store: &Store, budget: usize) -> Result<usize> {
        self.rounds += 1;
        let mut done = 0;
        if self
            .rounds
            .is_multiple_of(ROUNDS_PER_S / RANGE_DELETES_PER_S)
            && let Some(dead) = self.large.front().copied()
        {
            destroy_range(store, dead)?;
            self.large.pop_front();
            self.last_destroyed = self.rounds;
            if self.destroyed.len() < GIVE_BACK_IDS_MAX {
                self.destroyed.push(dead);
            }
            done += 1;
        }
        while done < budget {
            let dead = store
                .garbage()
                .droppable(store.safe_position(), IDS_PER_LOOK);
            if dead.is_empty() {
                break;
            }
            done += self.destroy_all(store, &dead).inspect_err(|_| {
                // Those already destroyed have no rows, and cost one look more.
                for &dead in dead.iter().rev() {
                    store.garbage().put_back(dead);
                }
            })?;
        }
        done += self.give_back_space(store)?;
        Ok(done + self.large.len())
    }

    /// Gives how many ids it gave the space back of.
    fn give_back_space(&mut self, store: &Store) -> Result<usize> {
        let early = self.rounds - self.last_destroyed < GIVE_BACK_ROUNDS;
        if self.destroyed.is_empty() || !self.large.is_empty() || early {
            return Ok(0);
        }
        let prefixes: Vec<_> = self
            .destroyed
            .drain(..)
            .map(|dead| (dead.home_slot, element_prefix(dead.home_slot, dead.id)))
            .collect();
        let prefixes = prefixes
            .iter()
            .map(|(slot, prefix)| (store.family(*slot), &prefix[..]));
        give_back(store, prefixes.clone())?;
        Ok(prefixes.len())
    }

    fn destroy_all(&mut self, store: &Store, dead: &[DeadId]) -> Result<usize> {
        let (mut rows, mut ids, mut staged) = (0, 0, 0);
        let mut large = Vec::new();
        let mut edit = sweeping_edit(store, 0)?;
        for &dead in dead {
            match rows_of(store, dead)? {
                None => {
                    store.engine().dead_ids().allow([dead.id]);
                    large.push(dead);
                }
                Some(found) => {
                    (rows, ids, staged) = (rows + found.len(), ids + 1, staged + found.len() + 1);
                    for row_key in found {
                        let record = Record::new(&row_key, &[]);
                        let family = store.family(dead.home_slot);
                        edit.push(QueuedRow::new(record, family, true, None));
                    }
                    delete_garbage_row(store, &mut edit, dead);
                }
            }
            if staged >= ROWS_PER_EDIT {
                let full = std::mem::replace(&mut edit, sweeping_edit(store, 0)?);
                commit(store, full)?;
                staged = 0;
            }
        }
        commit(store, edit)?;
        add(&store.sweeps().rows, rows as u64);
        add(&store.sweeps().dead_ids, ids);
        self.large.extend(large);
        Ok(rows + ids as usize)
    }
}

/// The element rows of an id, or `None` if there are too many to name.
fn rows_of(store: &Store, dead: DeadId) -> Result<Option<Vec<Vec<u8>>>> {
    let prefix = element_prefix(dead.home_slot, dead.id);
    let family = store.family(dead.home_slot);
    let mut rows = store.engine().scan(family, Bounds::prefix(&prefix))?;
    rows.seek_first()?;
    let mut found = Vec::new();
    while let Some((row_key, _)) = rows.row() {
        if found.len() >= POINT_ROWS_MAX {
            return Ok(None);
        }
        found.push(row_key.to_vec());
        rows.advance()?;
    }
    Ok(Some(found))
}

fn destroy_range(store: &Store, dead: DeadId) -> Result<()> {
    let family = store.family(dead.home_slot);
    let start = element_prefix(dead.home_slot, dead.id);
    let Some(end) = prefix_end(&start) else {
        return Ok(());
    };
    // Whole files go at once; the range delete is for what stands at their edges.
    store.engine().drop_files(family, &start, &end)?;
    let mut edit = sweeping_edit(store, 0)?;
    edit.push(QueuedRow::range(&start, &end, family));
    delete_garbage_row(store, &mut edit, dead);
    commit(store, edit)?;
    store.engine().dead_ids().forget([dead.id]);
    add(&store.sweeps().dead_ids, 1);
    Ok(())
}

fn delete_garbage_row(store: &Store, edit: &mut Edit<'_>, dead: DeadId) {
    let record = Record::new(&garbage_key(dead.home_slot, dead.id), &[]);
    let family = store.family(dead.home_slot);
    edit.push(QueuedRow::new(record, family, true, None));
}
