//! Owns what RocksDB tells about itself, for INFO and for the memory controller.
//! Invariants: reading these takes no lock that writers hold for long. Tests: `engine/tests.rs`.

use super::{Engine, Family, family_at};
use rocksdb::statistics::Ticker;

/// A reading of RocksDB's gauges, sums over all families; bytes unless the name says otherwise.
#[derive(Debug, Clone, Default)]
pub struct EngineStats {
    /// Block cache in use, with index and filter blocks and the memtables' charge.
    pub block_cache_used: u64,
    /// Block cache that cannot be evicted now.
    pub block_cache_pinned: u64,
    /// Memory of all memtables.
    pub memtables: u64,
    /// SST files of the newest version.
    pub sst_files: u64,
    /// Rows by RocksDB's estimate, including deletions and hints.
    pub rows_estimate: u64,
    /// Bytes that compactions would have to rewrite now.
    pub compaction_pending: u64,
    /// Compactions running.
    pub compactions_running: u64,
    /// Flushes running.
    pub flushes_running: u64,
    /// Writes are stopped.
    pub write_stopped: bool,
    /// Bytes per second allowed to writes while they are delayed; 0 when they are not.
    pub write_rate_delayed: u64,
    /// Errors of background jobs.
    pub background_errors: u64,
    /// SST files per level, all partitions.
    pub files_per_level: Vec<u64>,
}

impl Engine {
    /// Reads all gauges; some milliseconds, not for the request path.
    pub fn stats(&self) -> EngineStats {
        let mut stats = EngineStats {
            block_cache_used: self.block_cache.get_usage() as u64,
            block_cache_pinned: self.block_cache.get_pinned_usage() as u64,
            memtables: self.memtables.get_usage() as u64,
            compactions_running: self.gauge("rocksdb.num-running-compactions"),
            flushes_running: self.gauge("rocksdb.num-running-flushes"),
            write_stopped: self.gauge("rocksdb.is-write-stopped") != 0,
            write_rate_delayed: self.gauge("rocksdb.actual-delayed-write-rate"),
            background_errors: self.gauge("rocksdb.background-errors"),
            files_per_level: vec![0; 7],
            ..EngineStats::default()
        };
        for index in 0..self.family_names.len() {
            let family = family_at(index);
            stats.sst_files += self.family_gauge(family, "rocksdb.live-sst-files-size");
            stats.rows_estimate += self.family_gauge(family, "rocksdb.estimate-num-keys");
            stats.compaction_pending +=
                self.family_gauge(family, "rocksdb.estimate-pending-compaction-bytes");
            for (level, files) in stats.files_per_level.iter_mut().enumerate() {
                let name = format!("rocksdb.num-files-at-level{level}");
                *files += self.family_text(family, &name).parse::<u64>().unwrap_or(0);
            }
        }
        stats
    }

    /// Blocks that readers, not compactions, had to take from files; none unless it is counted.
    pub fn blocks_read(&self) -> Option<u64> {
        let statistics = self.statistics.as_ref()?;
        // A block that a reader brings from a file is put into the cache, once.
        Some(statistics.get_ticker_count(Ticker::BlockCacheAdd))
    }

    /// Bytes of the block cache and the memtables, the parts the memory controller steers.
    pub fn memory_used(&self) -> (usize, usize) {
        (self.block_cache.get_usage(), self.memtables.get_usage())
    }

    fn gauge(&self, name: &str) -> u64 {
        self.db.property_int_value(name).ok().flatten().unwrap_or(0)
    }

    fn family_gauge(&self, family: Family, name: &str) -> u64 {
        let Ok(handle) = self.family(family) else {
            return 0;
        };
        self.db
            .property_int_value_cf(handle, name)
            .ok()
            .flatten()
            .unwrap_or(0)
    }

    fn family_text(&self, family: Family, name: &str) -> String {
        let Ok(handle) = self.family(family) else {
            return String::new();
        };
        self.db
            .property_value_cf(handle, name)
            .ok()
            .flatten()
            .unwrap_or_default()
    }
}
