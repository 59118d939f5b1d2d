//! Owns the counts of reads that reached RocksDB: what a command costs, whatever the machine.
//! Invariants: counts never fall; an iterator's steps are added when it ends, so that a scan
//! touches the shared counter once. Must not know: why anything is read.
//! Tests: `engine/tests.rs`.

use std::sync::atomic::{AtomicU64, Ordering};

/// Point reads, seeks and steps since the engine was opened.
#[derive(Debug, Default)]
pub struct ReadCounters {
    gets: AtomicU64,
    seeks: AtomicU64,
    steps: AtomicU64,
}

impl ReadCounters {
    #[inline]
    pub(super) fn count_get(&self) {
        self.gets.fetch_add(1, Ordering::Relaxed);
    }

    pub(super) fn count_iterator(&self, seeks: u64, steps: u64) {
        self.seeks.fetch_add(seeks, Ordering::Relaxed);
        self.steps.fetch_add(steps, Ordering::Relaxed);
    }

    /// Rows asked for by key.
    pub fn gets(&self) -> u64 {
        self.gets.load(Ordering::Relaxed)
    }

    /// Placements of iterators.
    pub fn seeks(&self) -> u64 {
        self.seeks.load(Ordering::Relaxed)
    }

    /// Moves of iterators from row to row.
    pub fn steps(&self) -> u64 {
        self.steps.load(Ordering::Relaxed)
    }
}
