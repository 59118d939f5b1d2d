//! Owns the rows that an edit has staged so far, and finding them again.
//! Invariants: a row that readers look up by key is there once, in its last version; a change names
//! its row wherever the row moves; `bytes` is the sum over the rows. Must not know: what rows mean.
//! Tests: `storage/tests/commit.rs`.

use crate::commit::{QueuedRow, StagedChange, Staging};
use crate::registry::DatabaseMap;
use hashbrown::HashTable;

/// Rows above which an edit looks its own rows up by hash instead of one after the other.
const LINEAR_ROWS_MAX: usize = 16;

/// Rows that an edit has room for from the first one on; few commands write more of one key.
const ROWS_USUAL: usize = 8;

/// The rows of an edit, each key once.
#[derive(Debug, Default)]
pub struct StagedRows {
    pub(crate) staging: Staging,
    index: HashTable<u32>,
    /// Rows below this one are in the index, if they have a hash.
    indexed: usize,
    /// How to get back to the savepoint, if there is one.
    undo: Option<Undo>,
}

/// What has happened since a savepoint.
#[derive(Debug)]
struct Undo {
    rows: usize,
    changes: usize,
    counts: usize,
    freed: usize,
    freed_namespaces: usize,
    bytes: usize,
    new_map: Option<DatabaseMap>,
    /// Rows from before the savepoint that were replaced: where, and what they were.
    replaced: Vec<(usize, QueuedRow)>,
}

impl StagedRows {
    /// The edit's own version of a row.
    #[inline]
    pub fn find(&self, hash: u64, row_key: &[u8]) -> Option<&QueuedRow> {
        self.staging.rows.get(self.position(hash, row_key)?)
    }

    #[inline]
    fn position(&self, hash: u64, row_key: &[u8]) -> Option<usize> {
        let rows = &self.staging.rows;
        let same = |row: &QueuedRow| row.hot_hash == Some(hash) && row.record.key() == row_key;
        if rows.len() <= LINEAR_ROWS_MAX {
            return rows.iter().position(same);
        }
        let found = self
            .index
            .find(hash, |&at| rows.get(at as usize).is_some_and(same));
        found.map(|&at| at as usize)
    }

    /// Adds a row or replaces the edit's earlier version of it; gives its index.
    pub(super) fn push(&mut self, row: QueuedRow) -> u32 {
        let bytes = row.record.len() + crate::hot::ROW_OVERHEAD_BYTES;
        let earlier = row
            .hot_hash
            .and_then(|hash| self.position(hash, row.record.key()));
        self.staging.bytes += bytes;
        if let Some(at) = earlier
            && let Some(earlier) = self.staging.rows.get_mut(at)
        {
            self.staging.bytes -= earlier.record.len() + crate::hot::ROW_OVERHEAD_BYTES;
            let before = std::mem::replace(earlier, row);
            if let Some(undo) = &mut self.undo
                && at < undo.rows
            {
                undo.replaced.push((at, before));
            }
            return at as u32;
        }
        if self.staging.rows.capacity() == 0 {
            self.staging.rows.reserve(ROWS_USUAL);
        }
        self.staging.rows.push(row);
        if self.staging.rows.len() > LINEAR_ROWS_MAX {
            self.index_rest();
        }
        (self.staging.rows.len() - 1) as u32
    }

    /// Whether there is a savepoint to get back to.
    pub(super) fn has_savepoint(&self) -> bool {
        self.undo.is_some()
    }

    /// Notes where things stand; replaces an earlier savepoint.
    pub(super) fn savepoint(&mut self) {
        let staging = &self.staging;
        self.undo = Some(Undo {
            rows: staging.rows.len(),
            changes: staging.changes.len(),
            counts: staging.counts.len(),
            freed: staging.freed.len(),
            freed_namespaces: staging.freed_namespaces.len(),
            bytes: staging.bytes,
            new_map: staging.new_map.clone(),
            replaced: Vec::new(),
        });
    }

    /// Goes on without a savepoint.
    pub(super) fn drop_savepoint(&mut self) {
        self.undo = None;
    }

    /// Takes back everything since the savepoint, which stays.
    pub(super) fn roll_back(&mut self) {
        let Some(undo) = &mut self.undo else { return };
        let staging = &mut self.staging;
        for (at, row) in undo.replaced.drain(..).rev() {
            if let Some(place) = staging.rows.get_mut(at) {
                *place = row;
            }
        }
        staging.rows.truncate(undo.rows);
        staging.changes.truncate(undo.changes);
        staging.counts.truncate(undo.counts);
        staging.freed.truncate(undo.freed);
        staging.freed_namespaces.truncate(undo.freed_namespaces);
        staging.bytes = undo.bytes;
        staging.new_map.clone_from(&undo.new_map);
        self.index.clear();
        self.indexed = 0;
        if self.staging.rows.len() > LINEAR_ROWS_MAX {
            self.index_rest();
        }
    }

    /// Brings the index up to the last row. Called for rows without a hash too: they count for the
    /// change from looking row by row to the index.
    fn index_rest(&mut self) {
        let rows = &self.staging.rows;
        let hash_at = |at: u32| {
            rows.get(at as usize)
                .and_then(|row| row.hot_hash)
                .unwrap_or(0)
        };
        for at in self.indexed..rows.len() {
            if rows.get(at).is_some_and(|row| row.hot_hash.is_some()) {
                self.index
                    .insert_unique(hash_at(at as u32), at as u32, |&at| hash_at(at));
            }
        }
        self.indexed = rows.len();
    }

    /// Takes out the rows that begin with `prefix`; the others move up, and the changes with them.
    pub(super) fn split_off(&mut self, prefix: &[u8]) -> Vec<QueuedRow> {
        let rows = std::mem::take(&mut self.staging.rows);
        let changes = std::mem::take(&mut self.staging.changes);
        self.index.clear();
        self.indexed = 0;
        self.staging.bytes = 0;
        let mut taken = Vec::new();
        let mut moved = Vec::with_capacity(rows.len());
        for row in rows {
            if row.record.key().starts_with(prefix) {
                moved.push(None);
                taken.push(row);
            } else {
                moved.push(Some(self.push(row)));
            }
        }
        // Changes name meta rows, which stay.
        self.staging.changes = changes
            .into_iter()
            .filter_map(|change| {
                let row = moved.get(change.row as usize).copied().flatten()?;
                Some(StagedChange { row, ..change })
            })
            .collect();
        taken
    }
}
