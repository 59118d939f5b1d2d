//! Owns the queue of staged edits: the group that is forming, and the order of everything.
//! Invariants: staging is atomic (an edit is in one group, in one place); what an edit changes in
//! memory (hot table, counts, database map, ids) changes here, under the queue's lock, in the same
//! order as on disk; everything here can be undone until the group is written.
//! Must not know: RocksDB. Tests: `storage/tests/commit.rs`.

use super::databases::LiveMap;
use super::failed::FailedRanges;
use super::waiters::Waiters;
use crate::change::Event;
use crate::encoding::meta::DataType;
use crate::encoding::record::Record;
use crate::engine::Family;
use crate::error::{Result, StorageError};
use crate::hot::{HotTable, ROW_OVERHEAD_BYTES};
use crate::limits::{COMMIT_BYTES_MAX, PENDING_BYTES_MAX};
use crate::registry::{CountChange, Counts, DatabaseMap, Ids};
use parking_lot::{Condvar, Mutex};
use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU8, AtomicU64, AtomicUsize, Ordering};

/// A place in the queue: rows staged since start. 0 is before everything.
pub type Position = u64;

/// A staged row.
#[derive(Debug, Clone)]
pub struct QueuedRow {
    /// Key and, unless deleted, value.
    pub record: Record,
    /// Where it lives.
    pub family: Family,
    /// The row is deleted.
    pub deleted: bool,
    /// With `deleted`: the key is the start and the value the end of a key range that is deleted.
    pub range: bool,
    /// Hash of the row in the hot table; `None` for rows that no reader looks up by key.
    pub hot_hash: Option<u64>,
    /// How many rows were staged into its group before it; gives its position and version.
    pub(super) offset: u32,
}

impl QueuedRow {
    /// A row that is to be staged.
    #[inline]
    pub fn new(record: Record, family: Family, deleted: bool, hot_hash: Option<u64>) -> QueuedRow {
        QueuedRow {
            record,
            family,
            deleted,
            range: false,
            hot_hash,
            offset: 0,
        }
    }

    /// The deletion of every row in `[start, end)`. For ranges that no reader looks into any more.
    pub fn range(start: &[u8], end: &[u8], family: Family) -> QueuedRow {
        QueuedRow {
            range: true,
            ..QueuedRow::new(Record::new(start, &[end]), family, true, None)
        }
    }

    /// The same row for a place where nobody can look for it yet, so the hot table need not know.
    pub fn unpublished(self) -> QueuedRow {
        QueuedRow {
            hot_hash: None,
            ..self
        }
    }
}

/// A staged change: `row` counts the rows staged by the edit, later those staged into the group.
#[derive(Debug, Clone, Copy)]
pub struct StagedChange {
    pub row: u32,
    pub db: u32,
    pub kind: DataType,
    pub event: Event,
}

/// What an edit hands over.
#[derive(Debug, Default)]
pub struct Staging {
    pub rows: Vec<QueuedRow>,
    pub changes: Vec<StagedChange>,
    /// What becomes of the numbers of keys.
    pub counts: Vec<CountChange>,
    /// (home slot, id) of values that this edit leaves behind.
    pub freed: Vec<(u16, u64)>,
    /// Namespaces that this edit leaves behind.
    pub freed_namespaces: Vec<u32>,
    /// Largest id taken by the edit, 0 for none.
    pub id_max: u64,
    /// Version of the database map that the edit resolved its namespace with.
    pub map_version: u64,
    /// New database map, for FLUSHDB, FLUSHALL and SWAPDB.
    pub new_map: Option<DatabaseMap>,
    pub bytes: usize,
    /// The edit only deletes what is dead or expired, so it passes below the free-disk reserve.
    pub frees_space: bool,
}

/// The group that forms while another is written.
#[derive(Default)]
pub(super) struct Forming {
    /// The last version of each row that was staged into the group. Earlier ones are gone, so that
    /// their memory serves the next edits while the processor's caches have it.
    pub rows: Vec<QueuedRow>,
    /// For each row that was staged, in this order, where the last version of it stands in `rows`.
    pub places: Vec<u32>,
    pub changes: Vec<StagedChange>,
    pub counts: Vec<CountChange>,
    pub freed: Vec<(u16, u64)>,
    pub freed_namespaces: Vec<u32>,
    /// Position before the first row.
    pub base: Position,
    pub bytes: usize,
    /// The database map as it was before this group changed it, to undo a failure.
    pub map_before: Option<DatabaseMap>,
}

impl Forming {
    /// Position of its last row.
    pub fn end(&self) -> Position {
        self.base + self.places.len() as u64
    }
}

/// What is staged and not taken by the leader.
#[derive(Default)]
struct Line {
    /// Groups that are full, oldest first.
    full: VecDeque<Forming>,
    forming: Forming,
}

/// Why writes are refused for want of space, as bits.
mod disk {
    /// The free-disk reserve is reached.
    pub const LOW: u8 = 1;
    /// A background job or the log found no space.
    pub const FULL: u8 = 2;
}

/// Staged edits and how far they are committed.
pub struct CommitQueue {
    line: Mutex<Line>,
    pub(super) committed: AtomicU64,
    pub(super) synced: AtomicU64,
    pub(super) staged: AtomicU64,
    pub(super) pending_bytes: AtomicUsize,
    pub(super) fsync: AtomicU8,
    pub(super) waiters: Waiters,
    pub(super) committer_work: Mutex<bool>,
    pub(super) committer_wake: Condvar,
    pub(super) poisoned: AtomicBool,
    pub(super) poison: Mutex<Option<StorageError>>,
    disk: AtomicU8,
    pub(super) failed: FailedRanges,
    map: LiveMap,
    pub(super) table: Arc<HotTable>,
    pub(super) counts: Arc<Counts>,
    pub(super) ids: Arc<Ids>,
}

impl CommitQueue {
    pub(crate) fn new(
        table: Arc<HotTable>,
        counts: Arc<Counts>,
        ids: Arc<Ids>,
        map: DatabaseMap,
    ) -> CommitQueue {
        CommitQueue {
            line: Mutex::default(),
            committed: AtomicU64::new(0),
            synced: AtomicU64::new(0),
            staged: AtomicU64::new(0),
            pending_bytes: AtomicUsize::new(0),
            fsync: AtomicU8::new(super::Fsync::EverySecond as u8),
            waiters: Waiters::default(),
            committer_work: Mutex::new(false),
            committer_wake: Condvar::new(),
            poisoned: AtomicBool::new(false),
            poison: Mutex::new(None),
            disk: AtomicU8::new(0),
            failed: FailedRanges::default(),
            map: LiveMap::new(map),
            table,
            counts,
            ids,
        }
    }

    /// Everything up to here is in the WAL.
    #[inline]
    pub fn committed(&self) -> Position {
        self.committed.load(Ordering::Acquire)
    }

    /// Everything up to here is fsynced.
    pub fn synced(&self) -> Position {
        self.synced.load(Ordering::Acquire)
    }

    /// The newest staged row.
    #[inline]
    pub fn staged(&self) -> Position {
        self.staged.load(Ordering::Acquire)
    }

    /// Bytes staged and not yet committed.
    pub fn pending_bytes(&self) -> usize {
        self.pending_bytes.load(Ordering::Relaxed)
    }

    /// Why writes are refused now, if they are.
    pub fn refusal(&self) -> Option<StorageError> {
        if let Some(poison) = self.poison() {
            return Some(poison);
        }
        match self.disk.load(Ordering::Relaxed) {
            0 => None,
            disk::LOW => Some(StorageError::DiskReserve),
            _ => Some(StorageError::DiskFull),
        }
    }

    /// The error that made the store read-only, if one did.
    pub fn poison(&self) -> Option<StorageError> {
        if !self.poisoned.load(Ordering::Acquire) {
            return None;
        }
        let poison = self.poison.lock().clone();
        Some(poison.unwrap_or(StorageError::Poisoned(String::new())))
    }

    /// Refuses writes (or allows them again) because of the free-disk reserve.
    pub fn set_disk_low(&self, low: bool) {
        if low {
            self.disk.fetch_or(disk::LOW, Ordering::Relaxed);
        } else {
            self.disk.fetch_and(!disk::LOW, Ordering::Relaxed);
        }
    }

    /// Whether writes are refused because a background job or the log found no space.
    pub fn is_disk_full(&self) -> bool {
        self.disk.load(Ordering::Relaxed) & disk::FULL != 0
    }

    /// Lets the next write find out whether RocksDB has recovered from the want of space.
    pub fn clear_disk_full(&self) {
        self.disk.fetch_and(!disk::FULL, Ordering::Relaxed);
    }

    /// Whether so much is staged that new edits should wait for the commit in progress.
    #[inline]
    pub fn is_full(&self) -> bool {
        self.pending_bytes.load(Ordering::Relaxed) > PENDING_BYTES_MAX
    }

    /// The namespace of a database, and the map's version for [`Staging::map_version`].
    #[inline]
    pub fn resolve(&self, db: u32) -> (u32, u64) {
        self.map.resolve(db)
    }

    /// The position whose commit makes true what [`CommitQueue::resolve`] said before: of the edit
    /// that last emptied or exchanged databases.
    #[inline]
    pub fn databases_changed(&self) -> Position {
        self.map.changed()
    }

    /// Number of keys of a namespace, and the position of the last edit that it counts.
    pub fn count_keys(&self, ns: u32) -> (u64, Position) {
        // Counts change before the position does; the lock makes the two one.
        let _line = self.line.lock();
        (self.counts.total(ns), self.staged())
    }

    /// A copy of the database map.
    pub fn database_map(&self) -> DatabaseMap {
        self.map.copy()
    }

    /// Puts an edit in line and makes it visible. Gives the position to wait for. `staging` is
    /// left empty, with its memory, for the next edit.
    pub fn stage(&self, staging: &mut Staging) -> Result<Position> {
        if staging.bytes > COMMIT_BYTES_MAX {
            return Err(StorageError::CommitTooLarge);
        }
        let mut line = self.line.lock();
        match self.refusal() {
            Some(StorageError::DiskReserve) if staging.frees_space => {}
            Some(refusal) => return Err(refusal),
            None => {}
        }
        if line.forming.bytes + staging.bytes > COMMIT_BYTES_MAX && !line.forming.rows.is_empty() {
            let full = self.take_forming(&mut line, Forming::default());
            line.full.push_back(full);
        }
        let forming = &mut line.forming;
        if let Some(map) = staging.new_map.take() {
            self.replace_map(map, staging.map_version, forming)?;
        } else if self.map.version() != staging.map_version {
            return Err(StorageError::NamespaceChanged);
        }
        if let Some(row) = self.ids.reserve_for(staging.id_max) {
            staging.rows.push(row);
        }
        let first = forming.places.len() as u32;
        let mut bytes = staging.bytes;
        for row in staging.rows.drain(..) {
            bytes -= self.push_row(row, forming).min(bytes);
        }
        let moved = staging.changes.drain(..);
        forming.changes.extend(moved.map(|mut change| {
            change.row += first;
            change
        }));
        for &change in &staging.counts {
            self.counts.add(change);
        }
        forming.counts.append(&mut staging.counts);
        forming.freed.append(&mut staging.freed);
        forming
            .freed_namespaces
            .append(&mut staging.freed_namespaces);
        forming.bytes += bytes;
        self.pending_bytes.fetch_add(bytes, Ordering::Relaxed);
        staging.bytes = 0;
        staging.id_max = 0;
        let position = forming.end();
        self.staged.store(position, Ordering::Release);
        Ok(position)
    }

    /// Adds a row to the group, in the place of an earlier version of it; gives the bytes that are
    /// superseded.
    #[inline]
    fn push_row(&self, mut row: QueuedRow, forming: &mut Forming) -> usize {
        row.offset = forming.places.len() as u32;
        let version = forming.end() + 1;
        if let Some(hash) = row.hot_hash {
            let before = self.table.stage(hash, &row.record, row.deleted, version);
            // Version v of this group was staged as its (v - base - 1)th row.
            let before = before.and_then(|before| before.checked_sub(forming.base + 1));
            let place = before.and_then(|offset| forming.places.get(offset as usize).copied());
            if let Some(place) = place
                && let Some(old) = forming.rows.get_mut(place as usize)
            {
                debug_assert_eq!(old.record.key(), row.record.key(), "another row's version");
                let superseded = old.record.len() + ROW_OVERHEAD_BYTES;
                *old = row;
                forming.places.push(place);
                return superseded;
            }
        }
        forming.places.push(forming.rows.len() as u32);
        forming.rows.push(row);
        0
    }

    /// Only the holder of the newest map may replace it; others must look again.
    fn replace_map(&self, map: DatabaseMap, seen: u64, forming: &mut Forming) -> Result<()> {
        let mut current = self.map.write();
        if current.version != seen {
            return Err(StorageError::NamespaceChanged);
        }
        let before = std::mem::replace(&mut *current, map);
        current.version = before.version + 1;
        // The first row of the edit is committed with the last.
        current.stands_at(forming.end() + 1);
        forming.map_before.get_or_insert(before);
        Ok(())
    }

    /// Takes the next group in line: one that is full, or the forming one.
    pub(super) fn close(&self, recycled: Forming) -> Option<Forming> {
        let mut line = self.line.lock();
        if let Some(full) = line.full.pop_front() {
            return Some(full);
        }
        if line.forming.rows.is_empty() {
            return None;
        }
        Some(self.take_forming(&mut line, recycled))
    }

    /// Takes the forming group; the next one forms behind it in `next`. Adds the absolute count
    /// rows, since only now, under the lock, do the counts in memory match the group's end.
    fn take_forming(&self, line: &mut Line, next: Forming) -> Forming {
        let mut group = std::mem::replace(&mut line.forming, next);
        line.forming.base = group.end();
        self.counts.absolute_rows(&group.counts, &mut group.rows);
        group
    }

    /// Undoes everything that is staged and not committed: the engine refused `group`. What stands
    /// behind it goes too, since it may have been made from what the group held. With
    /// `StorageError::Poisoned` nothing is taken any more, with `DiskFull` for a while.
    pub(super) fn undo(&self, group: Forming, error: StorageError) {
        let mut line = self.line.lock();
        if matches!(error, StorageError::DiskFull) {
            self.disk.fetch_or(disk::FULL, Ordering::Relaxed);
        } else {
            *self.poison.lock() = Some(error.clone());
            self.poisoned.store(true, Ordering::Release);
        }
        let base = line.forming.end();
        let next = Forming {
            base,
            ..Forming::default()
        };
        let last = std::mem::replace(&mut line.forming, next);
        let mut parts = vec![group];
        parts.extend(line.full.drain(..));
        parts.push(last);
        let map_before = parts.iter_mut().find_map(|part| part.map_before.take());
        for part in &parts {
            for row in &part.rows {
                let version = part.base + u64::from(row.offset) + 1;
                if let Some(hash) = row.hot_hash {
                    self.table.withdraw(hash, row.record.key(), version);
                }
            }
            for change in &part.counts {
                self.counts.add(change.undone());
            }
        }
        // The rows that reserved ids may be among those undone.
        self.ids.reserve_again();
        // Whoever is making an edit may have read what is gone now. A newer version of the map
        // makes them begin anew, after everything was withdrawn.
        let mut map = self.map.write();
        let version = map.version + 1;
        if let Some(before) = map_before {
            *map = before;
            map.stands_at(0);
        }
        map.version = version;
        drop(map);
        self.failed.add(self.committed(), base, error);
        // Nothing is pending any more: what only looks at the queue's end need not wait.
        self.staged.store(self.committed(), Ordering::Release);
        self.pending_bytes.store(0, Ordering::Relaxed);
    }
}
