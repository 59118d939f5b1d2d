//! Owns destroying dead namespaces: files a garbage row for every exploded value in them, then
//! deletes their meta and count rows by ranges.
//! Invariants: the row that declares a namespace dead is deleted in the commit that deletes its
//! rows, and files are dropped only when the garbage rows filed before are fsynced; a crash in
//! between repeats the walk, which changes nothing. Tests: `storage/tests/garbage.rs`.

use super::control::add;
use super::{commit, give_back, sweeping_edit};
use crate::commit::QueuedRow;
use crate::encoding::key::{
    META_PREFIX_LEN, RowKey, count_key, dead_namespace_key, meta_position, parse_meta, prefix_end,
};
use crate::encoding::meta::{Head, Header};
use crate::encoding::record::Record;
use crate::engine::{Bounds, Family};
use crate::error::Result;
use crate::garbage::DeadNamespace;
use crate::store::Store;

/// Bytes of `kind | ns`, the prefix of a namespace's meta and of its count rows.
const NAMESPACE_PREFIX_LEN: usize = 1 + 4;

/// Keys of a dead namespace that are read in the time that deleting one row takes: they stand in a
/// row, and most of them need nothing but to be read.
const KEYS_READ_PER_ROW: usize = 16;
/// Values whose elements are filed as garbage in one commit.
const HEADS_PER_EDIT: usize = 4096;
/// Small namespaces destroyed in one round, since each takes an fsync.
const DESTROYED_PER_ROUND: usize = 20;
/// Keys from which on a namespace is worth a compaction and a flush of its own; a round ends there.
const GIVE_BACK_KEYS_MIN: usize = 10_000;

const _: () = assert!(NAMESPACE_PREFIX_LEN < META_PREFIX_LEN);

/// The namespace that is being walked.
#[derive(Default)]
pub(super) struct NamespaceSweep {
    current: Option<Walk>,
}

struct Walk {
    dead: DeadNamespace,
    partition: u16,
    /// Keys read so far.
    keys: usize,
    cursor: RowKey,
}

impl NamespaceSweep {
    /// Does what costs as much as deleting up to about `budget` rows. Gives how many rows it read.
    pub(super) fn round(&mut self, store: &Store, budget: usize) -> Result<usize> {
        let (mut read, mut spent) = (0, 0);
        while spent < budget * KEYS_READ_PER_ROW {
            let walk = match &mut self.current {
                Some(walk) => walk,
                None => {
                    let safe = store.safe_position();
                    let Some(dead) = store.garbage().droppable_namespace(safe) else {
                        break;
                    };
                    self.current.insert(Walk {
                        dead,
                        partition: 0,
                        keys: 0,
                        cursor: meta_position(dead.ns, 0, 0),
                    })
                }
            };
            if walk.partition < store.partitions().count() {
                let (keys, heads) = walk.file_heads(store, budget * KEYS_READ_PER_ROW - spent)?;
                read += keys;
                spent += keys + heads * KEYS_READ_PER_ROW;
            } else {
                let large = walk.keys >= GIVE_BACK_KEYS_MIN;
                destroy(store, walk.dead.ns, large)?;
                self.current = None;
                read += 1;
                if large {
                    break;
                }
                spent += budget * KEYS_READ_PER_ROW / DESTROYED_PER_ROUND + 1;
            }
        }
        Ok(read)
    }
}

impl Walk {
    /// Reads up to `max` keys from the cursor on, for one edit at most. Gives how many it read, and
    /// of how many it filed the elements as garbage.
    fn file_heads(&mut self, store: &Store, max: usize) -> Result<(usize, usize)> {
        let prefix = namespace_prefix(&self.cursor);
        let Some(end) = prefix_end(prefix) else {
            return Ok((0, 0));
        };
        let bounds = Bounds::range(&self.cursor, &end);
        let mut rows = store
            .engine()
            .scan(Family::Partition(self.partition), bounds)?;
        rows.seek_first()?;
        let mut edit = sweeping_edit(store, 0)?;
        let mut cursor = self.cursor.clone();
        let (mut read, mut heads) = (0, 0);
        while let Some((row_key, value)) = rows.row() {
            if read >= max || heads >= HEADS_PER_EDIT {
                break;
            }
            read += 1;
            if let (Some(parts), Some(head)) = (parse_meta(row_key), head_of(value)) {
                edit.file_garbage(head, parts.slot);
                heads += 1;
            }
            cursor = RowKey::from_slice(row_key);
            cursor.push(0);
            rows.advance()?;
        }
        let at_end = rows.row().is_none();
        drop(rows);
        // A walk that was refused here is taken up from the same place.
        commit(store, edit)?;
        self.cursor = cursor;
        self.keys += read;
        if at_end {
            self.partition += 1;
            self.cursor = meta_position(self.dead.ns, 0, 0);
        }
        Ok((read, heads))
    }
}

/// Where a value's elements are. What cannot be read goes with its namespace; its elements, if it
/// has any, are what `check` reports.
fn head_of(value: &[u8]) -> Option<Head> {
    match Header::decode(value) {
        Ok((header, _)) => header.head,
        Err(error) => {
            tracing::warn!("a key of a flushed database cannot be read: {error}");
            None
        }
    }
}

fn destroy(store: &Store, ns: u32, large: bool) -> Result<()> {
    let meta = meta_position(ns, 0, 0);
    let counts = count_key(ns, 0);
    // Dropped files are gone at once; what was filed from them must be as durable.
    store.leader().sync()?;
    let mut edit = sweeping_edit(store, 0)?;
    for partition in 0..store.partitions().count() {
        let family = Family::Partition(partition);
        for row_key in [&meta, &counts] {
            let start = namespace_prefix(row_key);
            let Some(end) = prefix_end(start) else {
                continue;
            };
            store.engine().drop_files(family, start, &end)?;
            edit.push(QueuedRow::range(start, &end, family));
        }
    }
    let record = Record::new(&dead_namespace_key(ns), &[]);
    edit.push(QueuedRow::new(record, Family::Records, true, None));
    commit(store, edit)?;
    store.counts().forget(ns);
    add(&store.sweeps().dead_namespaces, 1);
    match large {
        true => give_back_namespace(store, &meta, &counts),
        false => Ok(()),
    }
}

/// Gives the space of every partition back, where the rows of the namespace stood.
fn give_back_namespace(store: &Store, meta: &RowKey, counts: &RowKey) -> Result<()> {
    let partitions = (0..store.partitions().count()).map(Family::Partition);
    let prefixes = [namespace_prefix(meta), namespace_prefix(counts)];
    give_back(
        store,
        partitions.flat_map(|family| prefixes.map(|prefix| (family, prefix))),
    )
}

fn namespace_prefix(row_key: &RowKey) -> &[u8] {
    row_key.get(..NAMESPACE_PREFIX_LEN).unwrap_or_default()
}
