//! Owns what others may ask of the sweeper, and what it tells them.
//! Invariants: plain atomics; reading them costs nothing. Must not know: how rows are destroyed.
//! Tests: `storage/tests/garbage.rs`.

use serde::Serialize;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};

/// Expiry rows looked at per second unless the server says otherwise.
const EXPIRE_ROWS_PER_S: usize = 100_000;
/// Rows of dead ids and namespaces deleted per second.
const DEAD_ROWS_PER_S: usize = 200_000;

/// The sweeper's switches and counters.
pub struct SweepControl {
    active_expire: AtomicBool,
    expire_rows_per_s: AtomicUsize,
    dead_rows_per_s: AtomicUsize,
    pub(super) expired_keys: AtomicU64,
    pub(super) expired_fields: AtomicU64,
    pub(super) refiled_keys: AtomicU64,
    pub(super) dead_ids: AtomicU64,
    pub(super) dead_namespaces: AtomicU64,
    pub(super) rows: AtomicU64,
}

/// What was swept since start; what expired, since it was counted from zero again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct SweepCounts {
    /// Keys deleted because their time had come and nobody had asked for them.
    pub expired_keys: u64,
    /// Fields of hashes taken away because their time had come.
    pub expired_fields: u64,
    /// Keys whose expiry row moved to their later time.
    pub refiled_keys: u64,
    /// Ids whose element rows are gone.
    pub dead_ids: u64,
    /// Namespaces whose rows are gone.
    pub dead_namespaces: u64,
    /// Rows deleted for dead ids, one by one.
    pub rows: u64,
}

impl Default for SweepControl {
    fn default() -> SweepControl {
        SweepControl {
            active_expire: AtomicBool::new(true),
            expire_rows_per_s: AtomicUsize::new(EXPIRE_ROWS_PER_S),
            dead_rows_per_s: AtomicUsize::new(DEAD_ROWS_PER_S),
            expired_keys: AtomicU64::new(0),
            expired_fields: AtomicU64::new(0),
            refiled_keys: AtomicU64::new(0),
            dead_ids: AtomicU64::new(0),
            dead_namespaces: AtomicU64::new(0),
            rows: AtomicU64::new(0),
        }
    }
}

impl SweepControl {
    /// Whether expired keys are deleted before somebody asks for them.
    pub fn active_expire(&self) -> bool {
        self.active_expire.load(Ordering::Relaxed)
    }

    /// Switches it (DEBUG SET-ACTIVE-EXPIRE; replicas keep it off).
    pub fn set_active_expire(&self, active: bool) {
        self.active_expire.store(active, Ordering::Relaxed);
    }

    /// Most expiry rows looked at per second.
    pub fn expire_rows_per_s(&self) -> usize {
        self.expire_rows_per_s.load(Ordering::Relaxed)
    }

    /// Changes it.
    pub fn set_expire_rows_per_s(&self, rows: usize) {
        self.expire_rows_per_s.store(rows, Ordering::Relaxed);
    }

    /// Most rows deleted per second for dead ids and namespaces; reading a key costs a part of one.
    pub fn dead_rows_per_s(&self) -> usize {
        self.dead_rows_per_s.load(Ordering::Relaxed)
    }

    /// Changes it.
    pub fn set_dead_rows_per_s(&self, rows: usize) {
        self.dead_rows_per_s.store(rows, Ordering::Relaxed);
    }

    /// Counts what expired from zero again (CONFIG RESETSTAT).
    pub fn reset_expired(&self) {
        self.expired_keys.store(0, Ordering::Relaxed);
        self.expired_fields.store(0, Ordering::Relaxed);
    }

    /// What was swept since start.
    pub fn counts(&self) -> SweepCounts {
        SweepCounts {
            expired_keys: self.expired_keys.load(Ordering::Relaxed),
            expired_fields: self.expired_fields.load(Ordering::Relaxed),
            refiled_keys: self.refiled_keys.load(Ordering::Relaxed),
            dead_ids: self.dead_ids.load(Ordering::Relaxed),
            dead_namespaces: self.dead_namespaces.load(Ordering::Relaxed),
            rows: self.rows.load(Ordering::Relaxed),
        }
    }
}

/// Adds to a counter.
pub(super) fn add(counter: &AtomicU64, number: u64) {
    counter.fetch_add(number, Ordering::Relaxed);
}
