//! Owns one shard: rows by hash, a clock hand for eviction, stamps against stale fills.
//! Invariants: `bytes` is the sum over rows of record length and overhead, `keys` counts those of
//! keys; rows above the committed version are never evicted. Forbidden here: any call that can
//! block.
//! Tests: `hot/tests.rs`.

use super::admission::Doorkeeper;
use super::rows::{Row, Rows};
use super::tally::{KeyTally, namespace};
use super::{Found, ROW_OVERHEAD_BYTES, Stamp, Usage};
use crate::encoding::record::Record;
use crate::limits::HOT_ROW_BYTES_MAX;
use rand::{Rng, RngExt};

/// Stripes per shard; a stripe's stamp is the newest version staged into it.
const STRIPES: usize = 1024;
/// Buckets one eviction call looks at, so that no request pays for a long scan.
const HAND_STEPS_MAX: usize = 256;
/// Second chances a row can collect by being read.
const CHANCES_MAX: u8 = 3;
/// Places that one draw looks at: enough unless rows of other kinds are a hundred times as many.
const DRAW_PLACES_MAX: usize = 512;

pub struct Shard {
    table: Rows,
    stamps: Box<[u64]>,
    doorkeeper: Doorkeeper,
    keys: KeyTally,
    bytes: usize,
    hand: usize,
    hits: u64,
    misses: u64,
}

impl Shard {
    pub fn new() -> Shard {
        Shard {
            table: Rows::default(),
            stamps: vec![0; STRIPES].into_boxed_slice(),
            doorkeeper: Doorkeeper::new(),
            keys: KeyTally::default(),
            bytes: 0,
            hand: 0,
            hits: 0,
            misses: 0,
        }
    }

    pub fn bytes(&self) -> usize {
        self.bytes
    }

    pub fn rows(&self) -> usize {
        self.table.len()
    }

    pub fn hits_and_misses(&self) -> (u64, u64) {
        (self.hits, self.misses)
    }

    /// Rows of a namespace's keys.
    pub fn keys(&self, ns: u32) -> u64 {
        self.keys.of(ns)
    }

    /// The row of a key of the namespace with its version, each as likely as any other; `None` if
    /// all places that were looked at hold something else.
    pub fn draw_key(&self, ns: u32, random: &mut impl Rng) -> Option<(Record, u64)> {
        let places = self.table.places();
        if places == 0 {
            return None;
        }
        let draws = (0..DRAW_PLACES_MAX).map(|_| random.random_range(0..places));
        let mut rows = draws.filter_map(|place| self.table.at(place));
        let row = rows.find(|row| namespace(row) == Some(ns))?;
        Some((row.record.clone(), row.version))
    }

    #[inline]
    pub fn get(&mut self, hash: u64, key: &[u8], now_s: u32) -> Found {
        match self.table.find_mut(hash, key) {
            Some(row) => {
                self.hits += 1;
                touch(row, now_s, self.hits);
                found(row)
            }
            None => {
                self.misses += 1;
                Found::Unknown(self.stamp(hash))
            }
        }
    }

    pub fn peek(&self, hash: u64, key: &[u8]) -> Found {
        match self.table.find(hash, key) {
            Some(row) => found(row),
            None => Found::Unknown(self.stamp(hash)),
        }
    }

    pub fn usage(&self, hash: u64, key: &[u8]) -> Option<Usage> {
        let row = self.table.find(hash, key)?;
        Some(Usage {
            accessed_s: row.accessed_s,
            frequency: row.frequency,
        })
    }

    /// See [`HotTable::set_usage`](super::HotTable::set_usage).
    pub fn set_usage(&mut self, hash: u64, key: &[u8], usage: Usage) {
        if let Some(row) = self.table.find_mut(hash, key) {
            row.accessed_s = usage.accessed_s;
            row.frequency = usage.frequency;
        }
    }

    #[inline]
    pub fn stage(
        &mut self,
        hash: u64,
        record: &Record,
        deleted: bool,
        version: u64,
        now_s: u32,
    ) -> Option<u64> {
        if let Some(stamp) = self.stamps.get_mut(stripe(hash)) {
            *stamp = version;
        }
        let dice = self.hits;
        match self.table.find_mut(hash, record.key()) {
            Some(row) => {
                let before = row.version;
                let old_len = row.record.len();
                row.record = record.clone();
                row.version = version;
                if row.deleted != deleted {
                    self.keys.take(row);
                    row.deleted = deleted;
                    self.keys.add(row);
                }
                touch(row, now_s, dice);
                self.bytes = self.bytes + record.len() - old_len;
                Some(before)
            }
            None => {
                let row = new_row(hash, record.clone(), deleted, version, now_s);
                self.keys.add(&row);
                self.table.insert(row);
                self.bytes += record.len() + ROW_OVERHEAD_BYTES;
                None
            }
        }
    }

    pub fn fill(
        &mut self,
        hash: u64,
        record: Record,
        deleted: bool,
        stamp: Stamp,
        (committed, budget): (u64, usize),
        now_s: u32,
    ) {
        if self.stamp(hash).0 != stamp.0 || record.len() > HOT_ROW_BYTES_MAX {
            return;
        }
        let len = record.len() + ROW_OVERHEAD_BYTES;
        if self.bytes + len > budget {
            if !self.doorkeeper.admits(hash) {
                return;
            }
            self.evict(committed, budget.saturating_sub(len));
            if self.bytes + len > budget {
                return;
            }
        }
        if self.table.find(hash, record.key()).is_none() {
            // Not the stamp: that may be the version of another row of the stripe, which is still
            // staged or has failed. What the engine gave is committed.
            let row = new_row(hash, record, deleted, committed, now_s);
            self.keys.add(&row);
            self.table.insert(row);
            self.bytes += len;
        }
    }

    /// Moves the clock hand until the shard is within `budget` or the step limit is reached.
    /// Gives whether anything was evicted.
    pub fn evict(&mut self, committed: u64, budget: usize) -> bool {
        let places = self.table.places();
        let mut evicted = false;
        for _ in 0..HAND_STEPS_MAX {
            if self.bytes <= budget || places == 0 {
                break;
            }
            self.hand = (self.hand + 1) & (places - 1);
            let Some(row) = self.table.at_mut(self.hand) else {
                continue;
            };
            if row.version > committed {
                continue;
            }
            if row.chances > 0 && budget > 0 {
                row.chances -= 1;
                continue;
            }
            self.remove_at(self.hand);
            // The row behind may stand here now.
            self.hand = (self.hand + places - 1) & (places - 1);
            evicted = true;
        }
        evicted
    }

    /// Steps that bring every row's turn, second chances included. An eviction is a step that does
    /// not move the hand.
    pub fn steps_max(&self) -> usize {
        let rounds = usize::from(CHANCES_MAX) + 1;
        (self.table.places() * rounds + self.rows()).div_ceil(HAND_STEPS_MAX)
    }

    pub fn forget(&mut self, hash: u64, key: &[u8]) {
        if let Some(place) = self.table.place_of(hash, key) {
            self.remove_at(place);
        }
    }

    pub fn withdraw(&mut self, hash: u64, key: &[u8], version: u64) {
        let found = self.table.find(hash, key);
        if found.is_some_and(|row| row.version == version) {
            self.forget(hash, key);
        }
    }

    fn remove_at(&mut self, place: usize) {
        if let Some(row) = self.table.remove_at(place) {
            self.keys.take(&row);
            self.bytes -= row.record.len() + ROW_OVERHEAD_BYTES;
        }
    }

    /// Where the array of rows stands, and its length.
    #[inline]
    pub fn array(&self) -> (*const Option<Row>, usize) {
        self.table.array()
    }

    /// Asks for the bytes of the row that a lookup of this hash will find.
    #[inline]
    pub fn prefetch_record(&self, hash: u64) {
        self.table.prefetch_record(hash);
    }

    /// The first row with this hash.
    #[inline]
    pub fn glance(&self, hash: u64) -> Option<&Record> {
        self.table.first_of(hash).map(|row| &row.record)
    }

    /// Gives table memory back after a large eviction.
    pub fn shrink(&mut self) {
        self.table.shrink();
    }

    fn stamp(&self, hash: u64) -> Stamp {
        Stamp(self.stamps.get(stripe(hash)).copied().unwrap_or(u64::MAX))
    }
}

fn new_row(hash: u64, record: Record, deleted: bool, version: u64, now_s: u32) -> Row {
    Row {
        hash,
        record,
        version,
        accessed_s: now_s,
        frequency: FREQUENCY_NEW,
        chances: 0,
        deleted,
    }
}

/// Redis's `LFU_INIT_VAL`: a new key is not the first to go.
pub const FREQUENCY_NEW: u8 = 5;
/// Redis's default `lfu-log-factor`.
const FREQUENCY_LOG_FACTOR: u64 = 10;

/// Counts an access. The frequency grows with probability 1 / (excess * factor + 1), as Redis's
/// does; the shard's hit counter serves as the dice, since hits interleave over many rows.
#[inline]
fn touch(row: &mut Row, now_s: u32, dice: u64) {
    row.accessed_s = now_s;
    let excess = u64::from(row.frequency.saturating_sub(FREQUENCY_NEW));
    if dice.is_multiple_of(excess * FREQUENCY_LOG_FACTOR + 1) {
        row.frequency = row.frequency.saturating_add(1);
    }
    row.chances = (row.chances + 1).min(CHANCES_MAX);
}

#[inline]
fn found(row: &Row) -> Found {
    if row.deleted {
        Found::Absent {
            version: row.version,
        }
    } else {
        Found::Row {
            record: row.record.clone(),
            version: row.version,
        }
    }
}

#[inline]
fn stripe(hash: u64) -> usize {
    (hash >> 46) as usize % STRIPES
}
