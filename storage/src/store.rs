//! Owns the facade: opening and closing a directory, views, edits, the background threads.
//! Invariants: at most one `Store` per directory in the world; a new term opens on every start that
//! was not a clean close. Must not know: protocols. Tests: `storage/tests`.

use crate::change::{CommitObserver, NoObserver};
use crate::clock::Clock;
use crate::collection::buckets;
use crate::commit::latch::LatchTable;
use crate::commit::{CommitQueue, Fsync, Leader, Position, QueuedRow};
use crate::disk::DiskReserve;
use crate::edit::Edit;
use crate::encoding::key::HashSeed;
use crate::encoding::record::Record;
use crate::engine::{Engine, EngineTuning, Family, Tier};
use crate::error::{Result, StorageError};
use crate::garbage::Garbage;
use crate::hot::{Found, HotTable};
use crate::lease::{Lease, Leases};
use crate::limits::{DATABASES_MAX, PREFETCH_KEYS_MAX};
use crate::open::Opened;
use crate::partition::PartitionMap;
use crate::registry::{Counts, Ids, records};
use crate::sweep::SweepControl;
use crate::view::{View, ViewOptions, element_hash, meta_hash};
use smallvec::SmallVec;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

/// How a directory is opened.
pub struct Options {
    /// The data directory; created if missing.
    pub path: PathBuf,
    /// Partitions of a new directory; an existing one keeps its own, and another number is refused.
    /// `None` takes what is there, or one.
    pub partitions: Option<u16>,
    /// RocksDB's part.
    pub tuning: EngineTuning,
    /// Bytes of the hot table at start; the memory controller moves it.
    pub hot_table_bytes: usize,
    /// When commits are fsynced.
    pub fsync: Fsync,
    /// Whoever listens to commits.
    pub observer: Box<dyn CommitObserver>,
}

impl Options {
    /// The directory at `path` with everything else at its least: a hot table of 1 MiB, no fsyncs,
    /// nobody who listens.
    pub fn new(path: impl Into<PathBuf>) -> Options {
        Options {
            path: path.into(),
            partitions: None,
            tuning: EngineTuning::default(),
            hot_table_bytes: 1 << 20,
            fsync: Fsync::No,
            observer: Box::new(NoObserver),
        }
    }
}

/// An open directory. Share it as `Arc<Store>`; every method takes `&self`.
pub struct Store {
    engine: Arc<Engine>,
    table: Arc<HotTable>,
    queue: Arc<CommitQueue>,
    leader: Arc<Leader>,
    latches: Arc<LatchTable>,
    leases: Leases,
    counts: Arc<Counts>,
    ids: Arc<Ids>,
    clock: Arc<Clock>,
    garbage: Arc<Garbage>,
    seed: HashSeed,
    partitions: PartitionMap,
    /// The earliest expiry row staged since the sweeper took this mark, ms.
    expiry_watermark_ms: AtomicU64,
    sweeps: SweepControl,
    disk_reserve: DiskReserve,
    verify_reads: AtomicBool,
    over_memory: AtomicBool,
}

impl Store {
    /// Opens (or creates) a directory and recovers what the last process left.
    pub fn open(options: Options) -> Result<Arc<Store>> {
        let Opened {
            engine,
            identity,
            counts,
            ids,
            map,
            garbage,
            term,
            floor_ms,
            partitions,
        } = Opened::recover(&options)?;
        let engine = Arc::new(engine);
        let table = Arc::new(HotTable::new(options.hot_table_bytes));
        let counts = Arc::new(counts);
        let ids = Arc::new(ids);
        let clock = Arc::new(Clock::system(floor_ms));
        let garbage = Arc::new(garbage);
        let queue = Arc::new(CommitQueue::new(
            Arc::clone(&table),
            Arc::clone(&counts),
            Arc::clone(&ids),
            map,
        ));
        let leader = Arc::new(Leader::new(
            Arc::clone(&queue),
            Arc::clone(&engine),
            Arc::clone(&clock),
            Arc::clone(&garbage),
            options.observer,
            term,
        ));
        leader.set_fsync(options.fsync);
        Ok(Arc::new(Store {
            engine,
            table,
            queue,
            leader,
            latches: Arc::default(),
            leases: Leases::default(),
            counts,
            ids,
            clock,
            garbage,
            seed: identity.seed,
            partitions,
            expiry_watermark_ms: AtomicU64::new(0),
            sweeps: SweepControl::default(),
            disk_reserve: DiskReserve::default(),
            verify_reads: AtomicBool::new(false),
            over_memory: AtomicBool::new(false),
        }))
    }

    /// A database for reading.
    #[inline]
    pub fn view(&self, db: u32, options: ViewOptions) -> Result<View<'_>> {
        check_database(db)?;
        Ok(View::new(self, db, options, false, self.now_ms()))
    }

    /// The same at the newest time that anybody was told: for a thread that asked for the time a
    /// moment ago.
    #[inline]
    pub fn recent_view(&self, db: u32, options: ViewOptions) -> Result<View<'_>> {
        check_database(db)?;
        Ok(View::new(self, db, options, false, self.clock.recent_ms()))
    }

    /// A database for changing. The caller holds exclusive latches on the keys it will change.
    #[inline]
    pub fn edit(&self, db: u32, options: ViewOptions) -> Result<Edit<'_>> {
        check_database(db)?;
        Ok(Edit::new(self, db, options))
    }

    /// Fetches what opening these keys of a database will read into the processor's caches, and
    /// with a member also the bucket in which a hash, set or sorted set has it. Only a hint, for
    /// callers that know several keys before they open the first; at most [`PREFETCH_KEYS_MAX`] of
    /// them are looked at. Gives how many.
    pub fn prefetch<'k>(
        &self,
        db: u32,
        keys: impl Iterator<Item = (&'k [u8], Option<&'k [u8]>)>,
    ) -> usize {
        let (ns, _) = self.queue.resolve(db);
        let mut hashes = [0; PREFETCH_KEYS_MAX];
        let mut members: SmallVec<[(u64, &[u8]); PREFETCH_KEYS_MAX]> = SmallVec::new();
        let mut count = 0;
        for (hash, (key, member)) in hashes.iter_mut().zip(keys) {
            *hash = meta_hash(self.seed.hash(key), ns);
            count += 1;
            members.extend(member.map(|member| (*hash, member)));
        }
        self.table.prefetch(hashes.get(..count).unwrap_or_default());
        if members.is_empty() {
            return count;
        }
        let buckets = members.iter().filter_map(|&(hash, member)| {
            let member_hash = self.seed.hash(member);
            let look = |meta: &Record| buckets::row_of(meta, member_hash);
            let row_key = self.table.glance(hash, look)?;
            Some(element_hash(&row_key))
        });
        let buckets: SmallVec<[u64; PREFETCH_KEYS_MAX]> = buckets.collect();
        self.table.prefetch(&buckets);
        count
    }

    /// Latches of all keys.
    #[inline]
    pub fn latches(&self) -> &Arc<LatchTable> {
        &self.latches
    }

    /// Commits: who waits for what.
    #[inline]
    pub fn leader(&self) -> &Arc<Leader> {
        &self.leader
    }

    /// How far edits are staged, committed, fsynced.
    #[inline]
    pub fn queue(&self) -> &CommitQueue {
        &self.queue
    }

    /// The hot table.
    #[inline]
    pub fn table(&self) -> &HotTable {
        &self.table
    }

    /// RocksDB.
    pub fn engine(&self) -> &Engine {
        &self.engine
    }

    /// What waits to be swept.
    pub fn garbage(&self) -> &Garbage {
        &self.garbage
    }

    /// The seed that orders keys.
    #[inline]
    pub fn seed(&self) -> &HashSeed {
        &self.seed
    }

    /// The partitions.
    #[inline]
    pub fn partitions(&self) -> PartitionMap {
        self.partitions
    }

    /// The family of a slot.
    #[inline]
    pub fn family(&self, slot: u16) -> Family {
        Family::Partition(self.partitions.of(slot))
    }

    /// The id counter.
    pub fn ids(&self) -> &Ids {
        &self.ids
    }

    /// Key counts by namespace.
    pub fn counts(&self) -> &Counts {
        &self.counts
    }

    /// Number of keys of a database, exact; expired keys count until they are swept.
    pub fn database_size(&self, db: u32) -> u64 {
        self.counts.total(self.queue.resolve(db).0)
    }

    /// Number of keys of a database that have an expiry, exact; expired keys count until they are
    /// swept.
    pub fn database_expires(&self, db: u32) -> u64 {
        self.counts.expires(self.queue.resolve(db).0)
    }

    /// Milliseconds since the epoch; never goes back.
    #[inline]
    pub fn now_ms(&self) -> u64 {
        self.clock.now_ms()
    }

    /// The clock.
    pub fn clock(&self) -> &Clock {
        &self.clock
    }

    #[inline]
    pub(crate) fn begin_lease(&self, committed: Position) -> Lease<'_> {
        self.leases.begin(committed)
    }

    /// What died at or before this position may be destroyed: it is fsynced, and nobody reads from
    /// before it.
    pub(crate) fn safe_position(&self) -> Position {
        self.queue.synced().min(self.leases.oldest())
    }

    /// The sweeper's switches and counters.
    pub fn sweeps(&self) -> &SweepControl {
        &self.sweeps
    }

    /// Whether expired keys are deleted before somebody asks for them (DEBUG SET-ACTIVE-EXPIRE).
    pub fn set_active_expire(&self, active: bool) {
        self.sweeps.set_active_expire(active);
    }

    /// The free-disk reserve.
    pub fn disk_reserve(&self) -> &DiskReserve {
        &self.disk_reserve
    }

    pub(crate) fn expiry_inserted(&self, at_ms: u64) {
        self.expiry_watermark_ms.fetch_min(at_ms, Ordering::AcqRel);
    }

    pub(crate) fn expiry_watermark(&self) -> &AtomicU64 {
        &self.expiry_watermark_ms
    }

    /// Compares every row served from the hot table with the engine (a debugging mode).
    pub fn set_verify_reads(&self, verify: bool) {
        self.verify_reads.store(verify, Ordering::Relaxed);
    }

    /// Whether memory is above its limit after all caches gave way.
    #[inline]
    pub fn is_over_memory(&self) -> bool {
        self.over_memory.load(Ordering::Relaxed)
    }

    /// Set by whoever controls memory.
    pub fn set_over_memory(&self, over: bool) {
        self.over_memory.store(over, Ordering::Relaxed);
    }

    #[inline]
    pub(crate) fn verifies_reads(&self) -> bool {
        self.verify_reads.load(Ordering::Relaxed)
    }

    pub(crate) fn verify(
        &self,
        family: Family,
        hash: u64,
        record: &Record,
        version: Position,
    ) -> Result<()> {
        if version > self.queue.committed() {
            return Ok(());
        }
        let staged = self.queue.staged();
        let stored = self
            .engine
            .get(family, record.key(), Tier::Disk, <[u8]>::to_vec)?;
        // A commit between the two reads explains any difference.
        if staged != self.queue.staged() || stored.as_deref() == Some(record.value()) {
            return Ok(());
        }
        let now = match self.table.peek(hash, record.key()) {
            Found::Row { version, .. } | Found::Absent { version } => version,
            Found::Unknown(_) => return Ok(()),
        };
        if now != version {
            return Ok(());
        }
        Err(StorageError::Corrupted(format!(
            "the hot table disagrees on {:02x?}",
            record.key()
        )))
    }

    /// Writes everything to files. The log begins anew with that, so the time goes into it.
    pub fn flush(&self) -> Result<()> {
        self.engine.flush()?;
        self.log_time()
    }

    /// Compacts a partition, which flushes it first. Blocks for as long as it takes.
    pub fn compact(&self, partition: u16) -> Result<()> {
        self.engine
            .compact(Family::Partition(partition), None, None)?;
        self.log_time()
    }

    /// A start takes the time below which the clock must not fall from the log.
    fn log_time(&self) -> Result<()> {
        let mut edit = self.edit(0, crate::sweep::SWEEPING)?;
        edit.frees_space();
        let stamp = self.now_ms().to_be_bytes();
        let record = Record::new(records::CLOCK, &[&stamp]);
        edit.push(QueuedRow::new(record, Family::Records, false, None));
        match edit.stage() {
            Ok(position) => self.leader.wait_blocking(position),
            // Whoever changed the databases meanwhile has logged the time.
            Err(StorageError::NamespaceChanged) => Ok(()),
            Err(error) => Err(error),
        }
    }

    /// Ends the process's use of the directory: commits and fsyncs what is staged, marks the close
    /// as clean. Nothing may be staged during or after it.
    pub fn close(&self) -> Result<()> {
        // The committer thread has ended by now; what it would have written is written here. A
        // command that the pool still runs may stage more; nobody is told that it was kept.
        let staged = self.queue.staged();
        while self.leader.committer_round() {}
        let committed = self.leader.wait_blocking(staged);
        // Whatever became of the last writes, those before them are fsynced.
        self.leader.sync()?;
        committed?;
        crate::open::mark_clean_close(&self.engine, self.leader.term(), self.now_ms())?;
        Ok(())
    }
}

#[inline]
fn check_database(db: u32) -> Result<()> {
    if db < DATABASES_MAX {
        Ok(())
    } else {
        Err(StorageError::NoSuchDatabase)
    }
}
