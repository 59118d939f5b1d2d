//! Owns RocksDB: the only folder that names it. One database, one WAL, one block cache; a column
//! family for server records (`default`) and one per partition.
//!
//! Invariants: writes come from `commit` only, as whole batches in RocksDB's own byte format; a
//! read of tier `Memory` never touches the disk. Must not know: what rows mean, who waits.
//! Tests: `engine/tests.rs`, `storage/tests`.

mod batch;
pub mod dead_ids;
mod direct;
mod iterator;
mod log_space;
pub mod options;
mod properties;
mod read_counters;
#[cfg(test)]
mod tests;
mod wal;

pub use batch::{BatchBuilder, BatchDecodeError, BatchEntry, BatchReader, FamilyId};
pub use iterator::{Bounds, RowIterator};
pub use options::{Compression, EngineTuning, LogDamage};
pub use read_counters::ReadCounters;
pub use wal::{LogEntry, LogReader, log_files};

use crate::error::{Result, StorageError};
use crate::limits::SKIPPED_ROWS_SERVING_MAX;
use dead_ids::DeadIds;
use log_space::LogSpace;
use rocksdb::{
    Cache, ColumnFamily, ColumnFamilyDescriptor, DB, ErrorKind, Options, ReadOptions, ReadTier,
    WriteBatch, WriteBufferManager, WriteOptions,
};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// How far a read may go.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tier {
    /// Memtables and block cache; anything else is `NeedsDisk`. For threads that must not block.
    Memory,
    /// The disk too.
    Disk,
}

/// Where a row lives.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Family {
    /// Server records.
    Records,
    /// Partition by number.
    Partition(u16),
}

/// Whether a write waits where RocksDB would throttle it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Throttle {
    /// Wait as long as it takes.
    Wait,
    /// Give `Written::WouldStall` instead of waiting.
    Refuse,
}

/// Outcome of a write that did not fail.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Written {
    /// The batch is in the WAL (fsynced if asked for) and readable.
    Done,
    /// Nothing was written: RocksDB would have made the caller wait.
    WouldStall,
    /// Nothing was written that a reader or a start will find: a flush, a compaction or the log
    /// found no space on the disk, and RocksDB takes no writes until it has recovered by itself.
    /// The text is RocksDB's.
    NoSpace(String),
}

/// Name of the directory of RocksDB's files inside the data directory.
const DATABASE_DIR: &str = "rocksdb";

/// An open database.
pub struct Engine {
    db: DB,
    family_names: Box<[String]>,
    family_ids: Box<[FamilyId]>,
    block_cache: Cache,
    memtables: WriteBufferManager,
    /// What all memtables together may hold by the tuning.
    memtables_bytes: usize,
    dead_ids: Arc<DeadIds>,
    read_memory: ReadOptions,
    read_disk: ReadOptions,
    /// As `read_disk`, keeping no blocks.
    read_passing: ReadOptions,
    reads: ReadCounters,
    /// The options of the database, which lead to RocksDB's own counters; none if it keeps none.
    statistics: Option<Options>,
    /// An append to the log failed for want of space, and no write has gone through since.
    log_broken: AtomicBool,
    log_space: LogSpace,
    path: PathBuf,
}

impl Engine {
    /// Whether a database exists in this data directory.
    pub fn exists(data_dir: &Path) -> bool {
        data_dir.join(DATABASE_DIR).join("CURRENT").exists()
    }

    /// Opens or creates the database of a data directory with this many partitions.
    pub fn open(data_dir: &Path, partitions: u16, tuning: &EngineTuning) -> Result<Engine> {
        let path = data_dir.join(DATABASE_DIR);
        refuse_without_current(&path)?;
        let block_cache = Cache::new_hyper_clock_cache(tuning.block_cache_bytes, 0);
        let memtables_bytes =
            tuning.memtable_bytes * usize::from(tuning.memtables_max) * usize::from(partitions);
        let memtables = WriteBufferManager::new_write_buffer_manager_with_cache(
            memtables_bytes.max(tuning.memtable_bytes),
            false,
            block_cache.clone(),
        );
        let dead_ids = Arc::new(DeadIds::default());
        let mut database = options::database(tuning, &memtables);
        if tuning.direct_reads && direct::supported(data_dir) {
            database.set_use_direct_reads(true);
        }
        let mut family_names = vec!["default".to_owned()];
        let mut families = vec![ColumnFamilyDescriptor::new(
            "default",
            options::records(&block_cache),
        )];
        for partition in 0..partitions {
            let name = format!("p{partition:03}");
            let options =
                options::partition(tuning, &block_cache, &dead_ids).map_err(engine_error)?;
            families.push(ColumnFamilyDescriptor::new(&name, options));
            family_names.push(name);
        }
        let db = DB::open_cf_descriptors(&database, &path, families)
            .map_err(|error| open_error(data_dir, &error))?;
        let mut engine = Engine {
            db,
            family_names: family_names.into_boxed_slice(),
            family_ids: Box::default(),
            block_cache,
            memtables,
            memtables_bytes,
            dead_ids,
            read_memory: read_options(Tier::Memory),
            read_disk: read_options(Tier::Disk),
            read_passing: passing_options(),
            reads: ReadCounters::default(),
            statistics: tuning.statistics.then_some(database),
            log_broken: AtomicBool::new(false),
            log_space: LogSpace::new(data_dir),
            path: data_dir.to_owned(),
        };
        engine.family_ids = engine.read_family_ids()?;
        Ok(engine)
    }

    /// Whether an open was refused because a family's files are newer than where the log ends.
    pub(crate) fn is_ahead_of_log(error: &StorageError) -> bool {
        let means = |text: &str| text.contains("beyond the point of corruption");
        matches!(error, StorageError::Corrupted(text) if means(text))
    }

    /// RocksDB does not show family ids; a batch that names a family does.
    fn read_family_ids(&self) -> Result<Box<[FamilyId]>> {
        self.family_names
            .iter()
            .map(|name| {
                let mut batch = WriteBatch::default();
                batch.put_cf(self.family_by_name(name)?, b"", b"");
                match BatchReader::new(batch.data()).and_then(|mut reader| reader.next_entry()) {
                    Ok(Some(BatchEntry::Put { family, .. })) => Ok(family),
                    other => Err(StorageError::Corrupted(format!(
                        "family of {name}: {other:?}"
                    ))),
                }
            })
            .collect()
    }

    fn family_by_name(&self, name: &str) -> Result<&ColumnFamily> {
        self.db
            .cf_handle(name)
            .ok_or_else(|| StorageError::Corrupted(format!("column family {name} is missing")))
    }

    fn family(&self, family: Family) -> Result<&ColumnFamily> {
        let index = family_index(family);
        let name = self
            .family_names
            .get(index)
            .map(String::as_str)
            .unwrap_or_default();
        self.family_by_name(name)
    }

    /// The number that batches use for a family.
    pub fn family_id(&self, family: Family) -> FamilyId {
        self.family_ids
            .get(family_index(family))
            .copied()
            .unwrap_or_default()
    }

    /// Number of partitions.
    pub fn partitions(&self) -> u16 {
        (self.family_names.len() - 1) as u16
    }

    /// The data directory.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Reads one row and hands its bytes to `use_bytes`.
    pub fn get<T>(
        &self,
        family: Family,
        key: &[u8],
        tier: Tier,
        use_bytes: impl FnOnce(&[u8]) -> T,
    ) -> Result<Option<T>> {
        let options = match tier {
            Tier::Memory => &self.read_memory,
            Tier::Disk => &self.read_disk,
        };
        self.get_with(options, family, key, use_bytes)
    }

    /// The same for a row that nobody will ask for again soon: its block is not kept.
    pub fn get_passing<T>(
        &self,
        family: Family,
        key: &[u8],
        tier: Tier,
        use_bytes: impl FnOnce(&[u8]) -> T,
    ) -> Result<Option<T>> {
        let options = match tier {
            Tier::Memory => &self.read_memory,
            Tier::Disk => &self.read_passing,
        };
        self.get_with(options, family, key, use_bytes)
    }

    #[inline]
    fn get_with<T>(
        &self,
        options: &ReadOptions,
        family: Family,
        key: &[u8],
        use_bytes: impl FnOnce(&[u8]) -> T,
    ) -> Result<Option<T>> {
        self.reads.count_get();
        let found = self
            .db
            .get_pinned_cf_opt(self.family(family)?, key, options);
        Ok(found.map_err(engine_error)?.map(|bytes| use_bytes(&bytes)))
    }

    /// Reads so far, for INFO and for measuring what a command reads.
    pub fn reads(&self) -> &ReadCounters {
        &self.reads
    }

    /// Iterates over the rows within `bounds`. The iterator sees the state of its making.
    pub fn iterate(&self, family: Family, bounds: Bounds, tier: Tier) -> Result<RowIterator<'_>> {
        self.iterate_ahead(family, bounds, tier, 0)
    }

    /// The same for one who will read about so many bytes from where it is placed: the disk gives
    /// them at once. With 0 RocksDB waits until blocks have been read in a row.
    pub fn iterate_ahead(
        &self,
        family: Family,
        bounds: Bounds,
        tier: Tier,
        bytes: usize,
    ) -> Result<RowIterator<'_>> {
        let mut options = read_options(tier);
        options.set_readahead_size(bytes);
        options.set_iterate_range(bounds);
        // Blocks of a long scan would only push hot blocks out.
        options.fill_cache(tier == Tier::Disk);
        if tier == Tier::Memory {
            options.set_max_skippable_internal_keys(SKIPPED_ROWS_SERVING_MAX);
        }
        let raw = self.db.raw_iterator_cf_opt(self.family(family)?, options);
        Ok(RowIterator::new(raw, &self.reads))
    }

    /// Iterates over rows nobody will ask for again soon: their blocks do not push hot ones out
    /// of the cache.
    pub fn scan(&self, family: Family, bounds: Bounds) -> Result<RowIterator<'_>> {
        let mut options = passing_options();
        options.set_iterate_range(bounds);
        let raw = self.db.raw_iterator_cf_opt(self.family(family)?, options);
        Ok(RowIterator::new(raw, &self.reads))
    }

    /// Writes a batch in RocksDB's byte format. The caller is the only writer at a time.
    pub fn write(&self, batch: &[u8], sync: bool, throttle: Throttle) -> Result<Written> {
        let mut options = WriteOptions::default();
        options.set_sync(sync);
        options.set_no_slowdown(throttle == Throttle::Refuse);
        match self.db.write_opt(WriteBatch::from_data(batch), &options) {
            Ok(()) => {
                if self.log_broken.load(Ordering::Relaxed) {
                    self.log_broken.store(false, Ordering::Release);
                }
                Ok(Written::Done)
            }
            Err(error) if error.kind() == ErrorKind::Incomplete && throttle == Throttle::Refuse => {
                Ok(Written::WouldStall)
            }
            Err(error) if is_want_of_space(error.as_ref()) => {
                let text = error.into_string();
                if names_log(&text) {
                    self.log_broken.store(true, Ordering::Release);
                }
                Ok(Written::NoSpace(text))
            }
            Err(error) => Err(engine_error(error)),
        }
    }

    /// Called before each batch of a commit, with its length: with `make` the log is prepared for
    /// fast fsyncs of small batches. The caller is the only writer.
    pub fn prepare_log(&self, bytes: usize, make: bool) {
        self.log_space.before_write(bytes, make);
    }

    /// Whether the next batch has to be fsynced in any mode, since the log was prepared so.
    pub fn must_sync(&self) -> bool {
        self.log_space.any()
    }

    /// Fsyncs the WAL. Everything written before the call is on disk after it. `DiskFull` where
    /// the log could not grow and RocksDB has not recovered from that yet: asked for an fsync of
    /// such a log, it would never recover.
    pub fn sync_wal(&self) -> Result<()> {
        if self.log_broken.load(Ordering::Acquire) {
            return Err(StorageError::DiskFull);
        }
        self.db.flush_wal(true).map_err(engine_error)
    }

    /// Sequence number of the newest row.
    pub fn last_sequence(&self) -> u64 {
        self.db.latest_sequence_number()
    }

    /// Writes all memtables to files.
    pub fn flush(&self) -> Result<()> {
        for index in 0..self.family_names.len() {
            let family = family_at(index);
            self.db
                .flush_cf(self.family(family)?)
                .map_err(engine_error)?;
        }
        Ok(())
    }

    /// Compacts a key range of a partition, all of it by default. Blocks for as long as it takes.
    pub fn compact(&self, family: Family, start: Option<&[u8]>, end: Option<&[u8]>) -> Result<()> {
        self.db.compact_range_cf(self.family(family)?, start, end);
        Ok(())
    }

    /// Unlinks files that lie wholly within a range. No view may be older than the range's death.
    pub fn drop_files(&self, family: Family, start: &[u8], end: &[u8]) -> Result<()> {
        self.db
            .delete_file_in_range_cf(self.family(family)?, start, end)
            .map_err(engine_error)
    }

    /// Ids that compactions may drop.
    pub fn dead_ids(&self) -> &DeadIds {
        &self.dead_ids
    }

    /// Resizes the block cache.
    pub fn set_block_cache_bytes(&self, bytes: usize) {
        let mut cache = self.block_cache.clone();
        cache.set_capacity(bytes);
    }

    /// Lets memtables hold at most this many bytes, and never more than the tuning says; beyond it
    /// the largest is flushed.
    pub fn limit_memtables(&self, bytes: usize) {
        const LEAST: usize = 2 << 20;
        let bytes = bytes.min(self.memtables_bytes).max(LEAST);
        self.memtables.set_buffer_size(bytes);
    }

    /// Stops background work; open iterators must be gone.
    pub fn stop(&self) {
        self.db.cancel_all_background_work(true);
    }
}

/// RocksDB takes a directory without the file CURRENT for an empty one, and deletes the files that
/// it does not know.
fn refuse_without_current(path: &Path) -> Result<()> {
    if path.join("CURRENT").exists() {
        return Ok(());
    }
    // What is not there, or cannot be read, RocksDB has to say.
    let entries = std::fs::read_dir(path).into_iter().flatten().flatten();
    let mut files = entries.map(|entry| entry.path());
    let data = files.find(|file| {
        file.extension()
            .is_some_and(|end| end == "sst" || end == "log")
    });
    match data {
        Some(file) => Err(StorageError::Corrupted(format!(
            "{}: the file CURRENT is missing, and there is data, such as {}; restore a backup",
            path.display(),
            file.display()
        ))),
        None => Ok(()),
    }
}

fn family_index(family: Family) -> usize {
    match family {
        Family::Records => 0,
        Family::Partition(partition) => usize::from(partition) + 1,
    }
}

fn family_at(index: usize) -> Family {
    match index.checked_sub(1) {
        None => Family::Records,
        Some(partition) => Family::Partition(partition as u16),
    }
}

/// Of reads whose blocks nobody will ask for again soon: they push no hot ones out of the cache.
fn passing_options() -> ReadOptions {
    let mut options = read_options(Tier::Disk);
    options.fill_cache(false);
    options
}

fn read_options(tier: Tier) -> ReadOptions {
    let mut options = ReadOptions::default();
    if tier == Tier::Memory {
        options.set_read_tier(ReadTier::BlockCache);
    }
    options
}

fn engine_error(error: rocksdb::Error) -> StorageError {
    match error.kind() {
        ErrorKind::Incomplete => StorageError::NeedsDisk,
        ErrorKind::Corruption => StorageError::Corrupted(error.into_string()),
        _ => StorageError::Engine(error.into_string()),
    }
}

/// Whether a write failed for want of space, in a way that RocksDB recovers from.
///
/// What a background job met is looked at before anything is appended. Where the log itself could
/// not grow, half a record may stand at its end: RocksDB appends nothing behind it, and when there
/// is space it writes all memtables to files and begins a new log. A start drops the torn end of a
/// log anyway. An fsync that finds no space is another matter: its pages may be dropped.
fn is_want_of_space(text: &str) -> bool {
    let recovers = !names_log(text) || text.contains("While appending to file");
    text.contains("No space left on device") && text.contains('/') && recovers
}

/// Whether the file that an error names is a write-ahead log.
fn names_log(text: &str) -> bool {
    text.rsplit('/').next().unwrap_or_default().contains(".log")
}

/// Turns what RocksDB says at open into one line an operator can act on.
fn open_error(data_dir: &Path, error: &rocksdb::Error) -> StorageError {
    let text = error.to_string();
    let directory = data_dir.display();
    if text.contains("lock hold by current process") || text.contains("While lock file") {
        return StorageError::DirectoryInUse(data_dir.to_owned());
    }
    if text.contains("Permission denied") || text.contains("Read-only file system") {
        return StorageError::Directory(format!(
            "{directory}: the data directory is not writable: {text}"
        ));
    }
    if error.kind() == ErrorKind::Corruption {
        return StorageError::Corrupted(format!("{directory}: {text}"));
    }
    StorageError::Directory(format!("{directory}: cannot open the database: {text}"))
}
