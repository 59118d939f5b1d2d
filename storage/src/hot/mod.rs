//! Owns the hot table: the newest value of every row that is staged but not yet committed, and as
//! many committed rows as the byte budget allows. It is overlay and cache in one, so a commit has
//! nothing to copy or to invalidate.
//!
//! Invariants:
//! - Rows carry the *version* that made them true: the position of the staged row in the commit
//!   queue. A row is committed when its version is at most the queue's committed position.
//! - A staged row is put here before any reader can learn of it, and is never evicted before it is
//!   committed; so a reader that finds no row here may trust the engine.
//! - A row read from the engine is installed only if nothing was staged into its stripe since the
//!   reader looked (`Stripe::stamp`); so no fill overwrites a newer value, even one already gone.
//! - A failed group removes its rows; readers then see the engine again.
//!
//! Must not know: what rows mean, except which are those of keys; the engine, who reads.
//! Tests: below and `storage/tests`.

mod admission;
mod homes;
mod rows;
mod shard;
mod tally;

use crate::encoding::record::Record;
use homes::Homes;
use parking_lot::{Mutex, MutexGuard};
use rand::{Rng, RngExt};
pub use shard::FREQUENCY_NEW;
use shard::Shard;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};

/// Shards of the table; the lock of one is held for one probe.
const SHARDS: usize = 64;
/// Memory of one row beyond its bytes: table slot, allocation header, admission share.
pub const ROW_OVERHEAD_BYTES: usize = 96;

/// Where the coarse clock starts: a row may count as unused for longer than this process lives.
const CLOCK_START_S: u64 = 1 << 31;

/// What the table knows of a row.
#[derive(Debug, Clone)]
pub enum Found {
    /// The row exists.
    Row {
        /// Its bytes.
        record: Record,
        /// Version that made it true.
        version: u64,
    },
    /// The row is known not to exist.
    Absent {
        /// Version that made it so.
        version: u64,
    },
    /// Nothing is known: ask the engine, then offer what it says with this stamp.
    Unknown(Stamp),
}

/// Proof of when a reader looked; see [`HotTable::fill`].
#[derive(Debug, Clone, Copy)]
pub struct Stamp(u64);

/// Usage of a row since it is here, for OBJECT IDLETIME and OBJECT FREQ.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Usage {
    /// Seconds of the process clock at the last access.
    pub accessed_s: u32,
    /// Logarithmic access counter, 0..=255.
    pub frequency: u8,
}

/// A shard for all threads.
struct Shared {
    homes: Homes,
    shard: Mutex<Shard>,
}

impl Default for Shared {
    fn default() -> Shared {
        Shared {
            homes: Homes::default(),
            shard: Mutex::new(Shard::new()),
        }
    }
}

/// The table. All methods take `&self`; each locks one shard.
pub struct HotTable {
    shards: Box<[Shared]>,
    /// Byte budget of committed rows, over all shards.
    budget: AtomicUsize,
    /// One bit per shard: staging has taken it over its share of the budget. A commit looks for
    /// something to evict only there, so that most commits take no lock again for it.
    over: AtomicU64,
    /// Seconds since start, advanced by the store's ticker, so that reads need no clock.
    now_s: AtomicU64,
    hits: AtomicU64,
    misses: AtomicU64,
}

impl HotTable {
    /// A table that keeps about `budget` bytes of committed rows.
    pub fn new(budget: usize) -> HotTable {
        HotTable {
            shards: (0..SHARDS).map(|_| Shared::default()).collect(),
            budget: AtomicUsize::new(budget),
            over: AtomicU64::new(0),
            now_s: AtomicU64::new(CLOCK_START_S),
            hits: AtomicU64::new(0),
            misses: AtomicU64::new(0),
        }
    }

    /// Looks a row up and counts the access.
    #[inline]
    pub fn get(&self, hash: u64, key: &[u8]) -> Found {
        let now_s = self.now_s.load(Ordering::Relaxed) as u32;
        self.lock(hash).get(hash, key, now_s)
    }

    /// Fetches what lookups of these hashes will read into the processor's caches: first all table
    /// slots, then the rows in them, so that the waits overlap instead of adding up.
    pub fn prefetch(&self, hashes: &[u64]) {
        for &hash in hashes {
            self.shard(hash).homes.prefetch(hash);
        }
        for &hash in hashes {
            self.lock(hash).prefetch_record(hash);
        }
    }

    /// What `look` finds in the first row with this hash, which may be another key's: for hints.
    #[inline]
    pub fn glance<T>(&self, hash: u64, look: impl FnOnce(&Record) -> Option<T>) -> Option<T> {
        look(self.lock(hash).glance(hash)?)
    }

    /// Looks a row up without counting the access (client NO-TOUCH, OBJECT, sweeps).
    pub fn peek(&self, hash: u64, key: &[u8]) -> Found {
        self.lock(hash).peek(hash, key)
    }

    /// When and how often a row was used, if it is here.
    pub fn usage(&self, hash: u64, key: &[u8]) -> Option<Usage> {
        self.lock(hash).usage(hash, key)
    }

    /// Sets when and how often a row was used, if it is here.
    pub fn set_usage(&self, hash: u64, key: &[u8], usage: Usage) {
        self.lock(hash).set_usage(hash, key, usage);
    }

    /// Installs a staged row (`deleted` rows become known absences). Gives the version that stood
    /// here before, so that the queue can drop a row that this one supersedes in the same group.
    #[inline]
    pub fn stage(&self, hash: u64, record: &Record, deleted: bool, version: u64) -> Option<u64> {
        let now_s = self.now_s.load(Ordering::Relaxed) as u32;
        let budget = self.shard_budget();
        let (shared, mut shard) = (self.shard(hash), self.lock(hash));
        let before = shard.stage(hash, record, deleted, version, now_s);
        shared.homes.note(&shard);
        if shard.bytes() > budget {
            self.over.fetch_or(over_bit(hash), Ordering::Relaxed);
        }
        before
    }

    /// Offers a row (or its absence, as a record without value and `deleted`) read from the engine
    /// after [`Found::Unknown`] gave `stamp`. Refused when the stripe was written since, or when
    /// the table is full and the row was not asked for recently.
    pub fn fill(&self, hash: u64, record: Record, deleted: bool, stamp: Stamp, committed: u64) {
        let now_s = self.now_s.load(Ordering::Relaxed) as u32;
        let budget = self.shard_budget();
        let (shared, mut shard) = (self.shard(hash), self.lock(hash));
        shard.fill(hash, record, deleted, stamp, (committed, budget), now_s);
        shared.homes.note(&shard);
    }

    /// Evicts a little if the row's shard is over budget; called once per committed row.
    #[inline]
    pub fn trim(&self, hash: u64, committed: u64) {
        if self.over.load(Ordering::Relaxed) & over_bit(hash) == 0 {
            return;
        }
        let budget = self.shard_budget();
        let mut shard = self.lock(hash);
        if shard.bytes() > budget {
            shard.evict(committed, budget);
        }
        if shard.bytes() <= budget {
            // Under the shard's lock, as the bit was set: the two cannot cross.
            self.over.fetch_and(!over_bit(hash), Ordering::Relaxed);
        }
    }

    /// Removes the row if it still has this version: its group failed.
    pub fn withdraw(&self, hash: u64, key: &[u8], version: u64) {
        self.lock(hash).withdraw(hash, key, version);
    }

    /// Drops a row whose newer version goes to the engine past the table. Nobody may be reading it.
    pub fn forget(&self, hash: u64, key: &[u8]) {
        self.lock(hash).forget(hash, key);
    }

    /// The row of a key of a namespace with its version, each as likely as any other, provided that
    /// the table holds the rows of all its `keys`; otherwise `None`. Also `None` where rows of
    /// other kinds are so many that the draw met no key, whichever it was to be.
    pub fn draw_key(&self, ns: u32, keys: u64, random: &mut impl Rng) -> Option<(Record, u64)> {
        let mut held = [0; SHARDS];
        for (held, shard) in held.iter_mut().zip(&self.shards) {
            *held = shard.shard.lock().keys(ns);
        }
        if keys == 0 || held.iter().sum::<u64>() != keys {
            return None;
        }
        let mut rank = random.random_range(0..keys);
        for (held, shard) in held.iter().zip(&self.shards) {
            match rank.checked_sub(*held) {
                Some(rest) => rank = rest,
                None => return shard.shard.lock().draw_key(ns, random),
            }
        }
        None
    }

    /// Changes the budget and evicts down to it.
    pub fn set_budget(&self, budget: usize, committed: u64) {
        self.budget.store(budget, Ordering::Relaxed);
        let budget = budget / SHARDS;
        for (number, shared) in self.shards.iter().enumerate() {
            // The lock is let go between calls, so that no request waits for the whole of it.
            let steps_max = shared.shard.lock().steps_max();
            for _ in 0..steps_max {
                let mut shard = shared.shard.lock();
                if shard.bytes() <= budget {
                    break;
                }
                shard.evict(committed, budget);
            }
            let mut shard = shared.shard.lock();
            shard.shrink();
            shared.homes.note(&shard);
            if shard.bytes() > budget {
                // Rows that are staged and not committed: their commit finds the rest to evict.
                self.over.fetch_or(1 << number, Ordering::Relaxed);
            }
        }
    }

    /// Drops every committed row.
    pub fn clear_committed(&self, committed: u64) {
        let budget = self.budget.load(Ordering::Relaxed);
        self.set_budget(0, committed);
        self.budget.store(budget, Ordering::Relaxed);
    }

    /// Bytes held, by estimate: rows and their overhead.
    pub fn bytes(&self) -> usize {
        self.shards
            .iter()
            .map(|shard| shard.shard.lock().bytes())
            .sum()
    }

    /// Rows held.
    pub fn rows(&self) -> usize {
        self.shards
            .iter()
            .map(|shard| shard.shard.lock().rows())
            .sum()
    }

    /// The byte budget.
    pub fn budget(&self) -> usize {
        self.budget.load(Ordering::Relaxed)
    }

    /// (hits, misses) since start, as of the last [`HotTable::tick`].
    pub fn hits_and_misses(&self) -> (u64, u64) {
        (
            self.hits.load(Ordering::Relaxed),
            self.misses.load(Ordering::Relaxed),
        )
    }

    /// Advances the coarse clock to so many seconds since the start and sums the shards' counters.
    pub fn tick(&self, seconds: u64) {
        self.now_s.store(CLOCK_START_S + seconds, Ordering::Relaxed);
        let (mut hits, mut misses) = (0, 0);
        for shard in &self.shards {
            let (shard_hits, shard_misses) = shard.shard.lock().hits_and_misses();
            hits += shard_hits;
            misses += shard_misses;
        }
        self.hits.store(hits, Ordering::Relaxed);
        self.misses.store(misses, Ordering::Relaxed);
    }

    /// Seconds of the coarse clock that [`Usage::accessed_s`] counts.
    pub fn now_s(&self) -> u32 {
        self.now_s.load(Ordering::Relaxed) as u32
    }

    #[inline]
    fn lock(&self, hash: u64) -> MutexGuard<'_, Shard> {
        self.shard(hash).shard.lock()
    }

    #[inline]
    fn shard_budget(&self) -> usize {
        self.budget.load(Ordering::Relaxed) / SHARDS
    }

    #[inline]
    #[expect(
        clippy::indexing_slicing,
        reason = "the index is masked to the fixed shard count"
    )]
    fn shard(&self, hash: u64) -> &Shared {
        // The table inside takes its bucket from the low bits and its tag from the top seven.
        &self.shards[shard_of(hash)]
    }
}

#[inline]
fn shard_of(hash: u64) -> usize {
    (hash >> 40) as usize % SHARDS
}

/// The bit of a shard in `HotTable::over`.
#[inline]
fn over_bit(hash: u64) -> u64 {
    const _: () = assert!(SHARDS <= u64::BITS as usize);
    1 << shard_of(hash)
}

#[cfg(test)]
mod tests;
