//! Owns the writing of groups: who leads, how a group becomes a batch, what follows a commit.
//! Invariants: one leader at a time (the scratch's lock); a group that RocksDB would throttle is
//! written by the committer thread, and under `Fsync::Always` every group but the small ones of
//! callers that may wait for the disk; the observer is called in commit order.
//! Must not know: commands. Tests: below and `storage/tests/commit.rs`.

use super::Fsync;
use super::log::{self, LogHeader, LoggedChange};
use super::queue::{CommitQueue, Forming, Position};
use crate::change::{Change, CommitObserver};
use crate::clock::Clock;
use crate::encoding::key::parse_meta;
use crate::engine::{BatchBuilder, Engine, Family, Throttle, Written};
use crate::error::StorageError;
use crate::garbage::Garbage;
use crate::limits::COMMIT_BYTES_MAX;
use parking_lot::{Mutex, MutexGuard};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

/// What an attempt to lead came to.
pub(super) enum Led {
    /// A group was committed (or undone).
    Group,
    /// Another thread leads, or the committer thread was asked to.
    Busy,
    /// Nothing was staged.
    Nothing,
}

/// Who fsyncs a group under `Fsync::Always`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Fsyncs {
    /// The caller's thread, if the group is small.
    Here,
    /// The committer thread.
    Committer,
}

/// Larger groups are the committer's even where the caller may fsync: the next group is then
/// prepared while the disk writes, which is worth more than the hand-over costs. This is also about
/// the size up to which the log has room for a group, so that its fsync is short.
const SYNC_HERE_BYTES_MAX: usize = 32 << 10;

/// Buffers of the leader, reused from group to group.
#[derive(Default)]
struct Scratch {
    batch: BatchBuilder,
    log_data: Vec<u8>,
    changes: Vec<LoggedChange>,
    order: Vec<PlacedRow>,
    batch_index: Vec<u32>,
    recycled: Forming,
    /// A closed group that would have made its leader wait; the committer thread writes it first.
    stalled: Option<Forming>,
}

/// Everything a group passes through on its way to the disk.
pub struct Leader {
    queue: Arc<CommitQueue>,
    engine: Arc<Engine>,
    clock: Arc<Clock>,
    garbage: Arc<Garbage>,
    observer: Box<dyn CommitObserver>,
    scratch: Mutex<Scratch>,
    term: AtomicU64,
    epoch: AtomicU64,
    /// Groups written, and of them those that the committer thread wrote.
    groups: AtomicU64,
    stalls: AtomicU64,
}

impl Leader {
    pub(crate) fn new(
        queue: Arc<CommitQueue>,
        engine: Arc<Engine>,
        clock: Arc<Clock>,
        garbage: Arc<Garbage>,
        observer: Box<dyn CommitObserver>,
        term: u64,
    ) -> Leader {
        Leader {
            queue,
            engine,
            clock,
            garbage,
            observer,
            scratch: Mutex::default(),
            term: AtomicU64::new(term),
            epoch: AtomicU64::new(0),
            groups: AtomicU64::new(0),
            stalls: AtomicU64::new(0),
        }
    }

    /// The queue it serves.
    #[inline]
    pub fn queue(&self) -> &CommitQueue {
        &self.queue
    }

    /// The term that batches carry.
    pub fn term(&self) -> u64 {
        self.term.load(Ordering::Relaxed)
    }

    /// (groups written, groups that RocksDB would have throttled).
    pub fn groups_and_stalls(&self) -> (u64, u64) {
        (
            self.groups.load(Ordering::Relaxed),
            self.stalls.load(Ordering::Relaxed),
        )
    }

    /// The fsync mode.
    pub fn fsync(&self) -> Fsync {
        Fsync::from_u8(self.queue.fsync.load(Ordering::Relaxed))
    }

    /// Changes the fsync mode from the next group on.
    pub fn set_fsync(&self, fsync: Fsync) {
        self.queue.fsync.store(fsync as u8, Ordering::Relaxed);
    }

    /// Whether a group is fsynced before anybody is told. After `Fsync::Always` was left, the log
    /// may ask for that a little longer.
    fn syncs_groups(&self) -> bool {
        self.fsync() == Fsync::Always || self.engine.must_sync()
    }

    /// Commits what is staged, on this thread where `fsyncs` allows it.
    pub(super) fn try_lead(&self, fsyncs: Fsyncs) -> Led {
        let here = fsyncs == Fsyncs::Here && self.queue.pending_bytes() <= SYNC_HERE_BYTES_MAX;
        if self.syncs_groups() && !here {
            self.call_committer();
            return Led::Busy;
        }
        let Some(mut scratch) = self.scratch.try_lock() else {
            return Led::Busy;
        };
        if scratch.stalled.is_some() {
            return Led::Busy;
        }
        let recycled = std::mem::take(&mut scratch.recycled);
        let Some(group) = self.queue.close(recycled) else {
            return Led::Nothing;
        };
        // Asked again of a closed group: another may have been written since, and have left room in
        // the log, or the mode may have changed, and writes that were staged after that are in it.
        let sync = self.syncs_groups();
        if sync && !here {
            scratch.stalled = Some(group);
            self.call_committer();
            return Led::Busy;
        }
        let led = self.write_group(&mut scratch, group, Throttle::Refuse, sync);
        drop(scratch);
        self.queue.waiters.wake_all();
        led
    }

    /// One round of the committer thread: everything staged now, waiting as long as RocksDB asks.
    /// Under `Fsync::Always` the next group forms during the fsync; to wait for a fuller one would
    /// only leave the disk idle. Gives whether there was anything.
    pub(crate) fn committer_round(&self) -> bool {
        let mut scratch: MutexGuard<'_, Scratch> = self.scratch.lock();
        let group = match scratch.stalled.take() {
            Some(stalled) => stalled,
            None => {
                if self.queue.staged() == self.queue.committed() {
                    return false;
                }
                let recycled = std::mem::take(&mut scratch.recycled);
                match self.queue.close(recycled) {
                    Some(group) => group,
                    None => return false,
                }
            }
        };
        let sync = self.syncs_groups();
        self.write_group(&mut scratch, group, Throttle::Wait, sync);
        drop(scratch);
        self.queue.waiters.wake_all();
        true
    }

    /// Runs the committer thread until `stop` says so.
    pub(crate) fn run_committer(&self, stop: &std::sync::atomic::AtomicBool) {
        while !stop.load(Ordering::Acquire) {
            {
                let mut work = self.queue.committer_work.lock();
                if !*work {
                    self.queue
                        .committer_wake
                        .wait_for(&mut work, Duration::from_millis(100));
                }
                *work = false;
            }
            while self.committer_round() {}
        }
    }

    pub(crate) fn call_committer(&self) {
        *self.queue.committer_work.lock() = true;
        self.queue.committer_wake.notify_one();
    }

    fn write_group(
        &self,
        scratch: &mut Scratch,
        group: Forming,
        throttle: Throttle,
        sync: bool,
    ) -> Led {
        self.build(scratch, &group);
        self.prepare_log(scratch.batch.finish().len(), sync);
        match self.engine.write(scratch.batch.finish(), sync, throttle) {
            Ok(Written::Done) => self.publish(scratch, group, sync),
            Ok(Written::WouldStall) => {
                self.stalls.fetch_add(1, Ordering::Relaxed);
                scratch.stalled = Some(group);
                self.call_committer();
                return Led::Busy;
            }
            Ok(Written::NoSpace(cause)) => {
                tracing::warn!("writes are refused, the disk has no space left: {cause}");
                self.queue.undo(group, StorageError::DiskFull);
            }
            Err(error) => {
                tracing::error!("storage is read-only from now on, a write failed: {error}");
                self.queue
                    .undo(group, StorageError::Poisoned(error.to_string()));
            }
        }
        Led::Group
    }

    /// With `Fsync::Always` many small fsyncs are to come. Nothing unsynced may stand before the
    /// room that the log is given for them.
    fn prepare_log(&self, batch_bytes: usize, sync: bool) {
        let fsynced = self.queue.synced() == self.queue.committed();
        let small_fsyncs = sync && fsynced && self.fsync() == Fsync::Always;
        self.engine.prepare_log(batch_bytes, small_fsyncs);
    }

    fn build(&self, scratch: &mut Scratch, group: &Forming) {
        order_rows(group, &mut scratch.order);
        scratch.batch_index.clear();
        scratch.batch_index.resize(group.rows.len(), 0);
        for (index, placed) in scratch.order.iter().enumerate() {
            if let Some(slot) = scratch.batch_index.get_mut(placed.row as usize) {
                *slot = index as u32;
            }
        }
        scratch.changes.clear();
        for change in &group.changes {
            let place = group.places.get(change.row as usize);
            let row = place.and_then(|place| scratch.batch_index.get(*place as usize));
            scratch.changes.push(LoggedChange {
                row: row.copied().unwrap_or_default(),
                db: change.db,
                kind: change.kind,
                event: change.event,
            });
        }
        let header = LogHeader {
            term: self.term.load(Ordering::Relaxed),
            epoch: self.epoch.load(Ordering::Relaxed),
            stamp_ms: self.clock.now_ms(),
        };
        log::encode(header, &scratch.changes, &mut scratch.log_data);
        scratch.batch.begin(&scratch.log_data);
        let rows = scratch.order.iter();
        for row in rows.filter_map(|placed| group.rows.get(placed.row as usize)) {
            let family = self.engine.family_id(row.family);
            if row.range {
                let (start, end) = (row.record.key(), row.record.value());
                scratch.batch.delete_range(family, start, end);
            } else if row.deleted {
                scratch.batch.delete(family, row.record.key());
            } else {
                scratch
                    .batch
                    .put(family, row.record.key(), row.record.value());
            }
        }
    }

    fn publish(&self, scratch: &mut Scratch, mut group: Forming, sync: bool) {
        self.groups.fetch_add(1, Ordering::Relaxed);
        let end: Position = group.end();
        self.queue.committed.store(end, Ordering::Release);
        if sync {
            self.queue.synced.fetch_max(end, Ordering::Release);
        }
        self.queue
            .pending_bytes
            .fetch_sub(group.bytes, Ordering::Relaxed);
        self.garbage.add(group.freed.drain(..), end);
        for ns in group.freed_namespaces.drain(..) {
            self.garbage.add_namespace(ns, end);
        }
        if !group.changes.is_empty() {
            let mut changes = group.changes.iter().filter_map(|change| {
                let place = group.places.get(change.row as usize)?;
                let row = group.rows.get(*place as usize)?;
                let parts = parse_meta(row.record.key())?;
                let (db, kind, event) = (change.db, change.kind, change.event);
                Some(Change {
                    db,
                    key: parts.user_key,
                    kind,
                    event,
                })
            });
            self.observer.committed(&mut changes);
        }
        for row in &group.rows {
            if let Some(hash) = row.hot_hash {
                self.queue.table.trim(hash, end);
            }
        }
        scratch.batch.shrink(COMMIT_BYTES_MAX);
        if group.places.capacity() <= 1 << 16 {
            group.rows.clear();
            group.places.clear();
            group.changes.clear();
            group.counts.clear();
            scratch.recycled = Forming {
                bytes: 0,
                base: 0,
                map_before: None,
                ..group
            };
        }
    }

    /// Fsyncs what is committed, for `Fsync::EverySecond`, shutdown and the garbage rule.
    pub fn sync(&self) -> crate::Result<()> {
        // After a failed fsync the kernel may report success for pages it has dropped, so there is
        // no second attempt.
        if let Some(poison) = self.queue.poison() {
            return Err(poison);
        }
        let committed = self.queue.committed();
        if self.queue.synced() >= committed {
            return Ok(());
        }
        match self.engine.sync_wal() {
            Ok(()) => {
                self.queue.synced.fetch_max(committed, Ordering::Release);
                Ok(())
            }
            // The log could not grow. Whoever wrote then was told; what was committed before is
            // fsynced with the files that RocksDB makes of it when there is space.
            Err(error @ StorageError::DiskFull) => Err(error),
            Err(error) => {
                tracing::error!("storage is read-only from now on, an fsync failed: {error}");
                let poison = StorageError::Poisoned(error.to_string());
                // With the scratch held no group is on its way to the engine.
                let mut scratch = self.scratch.lock();
                let stalled = scratch.stalled.take().unwrap_or_default();
                self.queue.undo(stalled, poison.clone());
                drop(scratch);
                self.queue.waiters.wake_all();
                Err(poison)
            }
        }
    }
}

/// A row's place in key order; `row` is its index in the group.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct PlacedRow {
    family: Family,
    /// The first 16 bytes of the key: enough to tell most rows apart.
    prefix: u128,
    row: u32,
}

/// Puts the rows to be written in key order: the memtable then finds the place of each row near
/// that of the one before. Rows with the same prefix stay in staging order.
fn order_rows(group: &Forming, order: &mut Vec<PlacedRow>) {
    order.clear();
    for (index, row) in group.rows.iter().enumerate() {
        let key = row.record.key();
        let mut prefix = [0u8; 16];
        let len = key.len().min(prefix.len());
        if let (Some(to), Some(from)) = (prefix.get_mut(..len), key.get(..len)) {
            to.copy_from_slice(from);
        }
        let prefix = u128::from_be_bytes(prefix);
        order.push(PlacedRow {
            family: row.family,
            prefix,
            row: index as u32,
        });
    }
    order.sort_unstable();
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::change::{Event, NoObserver};
    use crate::commit::{QueuedRow, StagedChange, Staging};
    use crate::encoding::key::{HashSeed, KeyName};
    use crate::encoding::meta::DataType;
    use crate::encoding::record::Record;
    use crate::engine::{BatchEntry, BatchReader, EngineTuning};
    use crate::hot::HotTable;
    use crate::partition::PartitionMap;
    use crate::registry::{Counts, DatabaseMap, Ids};

    fn leader(directory: &tempfile::TempDir) -> Leader {
        let engine = Engine::open(directory.path(), 1, &EngineTuning::default()).unwrap();
        let queue = CommitQueue::new(
            Arc::new(HotTable::new(1 << 20)),
            Arc::new(Counts::new(PartitionMap::new(1).unwrap())),
            Arc::new(Ids::new(0)),
            DatabaseMap::default(),
        );
        let (queue, engine) = (Arc::new(queue), Arc::new(engine));
        let observer = Box::new(NoObserver);
        Leader::new(queue, engine, Arc::default(), Arc::default(), observer, 1)
    }

    fn stage(leader: &Leader, name: &KeyName<'_>) {
        let record = Record::new(&name.meta_key(0), &[b"value"]);
        let mut staging = Staging {
            bytes: record.len() + crate::hot::ROW_OVERHEAD_BYTES,
            ..Staging::default()
        };
        staging.rows.push(QueuedRow::new(
            record,
            Family::Partition(0),
            false,
            Some(name.hash),
        ));
        staging.changes.push(StagedChange {
            row: 0,
            db: 0,
            kind: DataType::String,
            event: Event::Set,
        });
        leader.queue.stage(&mut staging).unwrap();
    }

    #[test]
    fn a_batch_is_in_key_order_and_its_changes_name_their_own_rows() {
        let directory = tempfile::tempdir().unwrap();
        let leader = leader(&directory);
        let seed = HashSeed([7; 16]);
        // A key comes three times in the same group.
        let keys: [&[u8]; 7] = [b"one", b"two", b"three", b"one", b"four", b"five", b"one"];
        let names = keys.map(|key| KeyName::new(key, &seed));
        names.iter().for_each(|name| stage(&leader, name));
        let pending = leader.queue.pending_bytes();
        let group = leader.queue.close(Forming::default()).unwrap();
        // What is superseded is neither kept nor counted, but it has a position.
        assert_eq!((group.rows.len(), group.end()), (5, 7));
        let bytes = |row: &QueuedRow| row.record.len() + crate::hot::ROW_OVERHEAD_BYTES;
        assert_eq!(pending, group.rows.iter().map(bytes).sum::<usize>());
        assert_eq!(group.bytes, pending);
        let mut scratch = Scratch::default();
        leader.build(&mut scratch, &group);
        let mut reader = BatchReader::new(scratch.batch.finish()).unwrap();
        let Some(BatchEntry::LogData(log_data)) = reader.next_entry().unwrap() else {
            panic!("a batch begins with log data")
        };
        let (_, changes) = log::decode(log_data).unwrap();
        let mut rows = Vec::new();
        while let Some(entry) = reader.next_entry().unwrap() {
            let BatchEntry::Put { key, .. } = entry else {
                panic!("only rows were put: {entry:?}")
            };
            rows.push(key);
        }
        assert_eq!(rows.len(), 5);
        assert!(rows.is_sorted(), "{rows:02x?}");
        let named: Vec<_> = changes
            .iter()
            .map(|change| rows[change.row as usize])
            .collect();
        let staged: Vec<_> = names.iter().map(|name| name.meta_key(0)).collect();
        assert_eq!(named, staged.iter().map(|key| &key[..]).collect::<Vec<_>>());
    }
}
