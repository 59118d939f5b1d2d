//! Owns every RocksDB option with its reason.
//! Invariants: bytewise comparator, no merge operator; the WAL is never disabled.
//! Must not know: directives' names. Tests: opening and writing in `engine` and `storage/tests`.

use crate::engine::dead_ids::{DeadIds, FilterFactory};
use rocksdb::statistics::StatsLevel;
use rocksdb::{
    BlockBasedOptions, Cache, DBCompressionType, DBRecoveryMode, DataBlockIndexType, Options,
    WriteBufferManager,
};
use std::sync::Arc;

/// Compression of one part of the tree.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Compression {
    /// Bytes as they are.
    None,
    /// Fast to write and to read.
    Lz4,
    /// Smaller; for the level that holds nearly all data.
    Zstd,
}

/// What an open does where the log has a hole that no power cut explains.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LogDamage {
    /// Gives an error; nothing is changed.
    Refuse,
    /// Ends the history before the hole: what stands behind it is lost.
    Cut,
}

/// What a caller may tune. Sizes in bytes.
#[derive(Debug, Clone)]
pub struct EngineTuning {
    /// Block cache at start; the memory controller moves it.
    pub block_cache_bytes: usize,
    /// All memtables of one partition are switched at this size.
    pub memtable_bytes: usize,
    /// Memtables of one partition, counting those being flushed.
    pub memtables_max: u16,
    /// Background flushes and compactions together.
    pub background_jobs: u16,
    /// Bytes per second that flushes and compactions may write; 0 leaves them unlimited.
    pub background_write_bytes_per_s: u64,
    /// WAL bytes above which the oldest memtables are flushed.
    pub wal_bytes_max: u64,
    /// Compression of the levels between the first two and the last.
    pub compression_upper: Compression,
    /// Compression of the last level.
    pub compression_bottom: Compression,
    /// Files kept open; -1 for all.
    pub open_files_max: i32,
    /// Files are read past the page cache, where the file system can.
    pub direct_reads: bool,
    /// RocksDB counts what it does; a few percent of the cost of a read.
    pub statistics: bool,
    /// What becomes of a damaged log.
    pub log_damage: LogDamage,
}

impl Default for EngineTuning {
    fn default() -> EngineTuning {
        EngineTuning {
            block_cache_bytes: 64 << 20,
            memtable_bytes: 4 << 20,
            memtables_max: 32,
            background_jobs: 2,
            background_write_bytes_per_s: 0,
            wal_bytes_max: 512 << 20,
            compression_upper: Compression::Lz4,
            compression_bottom: Compression::Zstd,
            open_files_max: 4096,
            direct_reads: true,
            statistics: false,
            log_damage: LogDamage::Refuse,
        }
    }
}

fn codec(compression: Compression) -> DBCompressionType {
    match compression {
        Compression::None => DBCompressionType::None,
        Compression::Lz4 => DBCompressionType::Lz4,
        Compression::Zstd => DBCompressionType::Zstd,
    }
}

/// Options of the whole database.
pub fn database(tuning: &EngineTuning, memtables: &WriteBufferManager) -> Options {
    let mut options = Options::default();
    options.create_if_missing(true);
    options.create_missing_column_families(true);
    // One leader writes at a time, so inserts need no compare-and-swap and no write-thread queue.
    options.set_allow_concurrent_memtable_write(false);
    options.set_enable_write_thread_adaptive_yield(false);
    options.set_write_buffer_manager(memtables);
    options.set_max_background_jobs(i32::from(tuning.background_jobs.max(2)));
    options.set_max_total_wal_size(tuning.wal_bytes_max);
    // After a power cut the log ends where the disk stopped; whatever stands before is applied, a
    // hole in the middle is not skipped over.
    options.set_wal_recovery_mode(DBRecoveryMode::PointInTime);
    // Pages go to the disk as they are written instead of in one burst at the fsync.
    options.set_wal_bytes_per_sync(1 << 20);
    options.set_bytes_per_sync(1 << 20);
    options.set_avoid_unnecessary_blocking_io(true);
    options.set_max_open_files(tuning.open_files_max);
    // Every input file of a compaction has a buffer of this size, and level 0 has many files.
    options.set_compaction_readahead_size(512 << 10);
    options.set_keep_log_file_num(4);
    options.set_max_log_file_size(16 << 20);
    options.set_stats_dump_period_sec(0);
    options.set_stats_persist_period_sec(0);
    if tuning.statistics {
        options.enable_statistics();
        options.set_statistics_level(StatsLevel::ExceptHistogramOrTimers);
    }
    if tuning.background_write_bytes_per_s > 0 {
        let rate = i64::try_from(tuning.background_write_bytes_per_s).unwrap_or(i64::MAX);
        // Auto-tuned: the limit falls to a fraction of the rate when little is to be compacted.
        options.set_auto_tuned_ratelimiter(rate, 100_000, 10);
    }
    options
}

/// Options of the `default` family, which holds a few server records.
pub fn records(cache: &Cache) -> Options {
    let mut options = Options::default();
    options.set_write_buffer_size(1 << 20);
    options.set_block_based_table_factory(&blocks(cache));
    options
}

/// Options of a partition.
pub fn partition(
    tuning: &EngineTuning,
    cache: &Cache,
    dead_ids: &Arc<DeadIds>,
) -> Result<Options, rocksdb::Error> {
    // Inserts begin at the place of the last insert of the same row kind; batches are in key order,
    // so that the place is near. Only this way of setting it is wrapped.
    let hint = "memtable_insert_with_hint_prefix_extractor=fixed:1";
    let mut options = Options::default().get_options_from_string(hint)?;
    options.set_block_based_table_factory(&blocks(cache));
    // Small memtables stay in the processor's cache, which is most of the cost of an insert. Half
    // of what may wait is merged per flush, so rows that are overwritten often reach the disk once;
    // the other half takes writes meanwhile.
    options.set_write_buffer_size(tuning.memtable_bytes);
    let memtables_max = i32::from(tuning.memtables_max.max(2));
    options.set_max_write_buffer_number(memtables_max);
    options.set_min_write_buffer_number_to_merge(memtables_max / 2);
    // Writes of fresh keys ask every memtable for a key that is in none of them.
    options.set_memtable_whole_key_filtering(true);
    options.set_memtable_prefix_bloom_ratio(0.02);
    options.set_level_compaction_dynamic_level_bytes(true);
    // Rows that are overwritten all the time are in every file of level 0, and a small data set is
    // rewritten as a whole with each compaction of it: with eight files half as often as with
    // four. A read asks a filter more per file.
    options.set_level_zero_file_num_compaction_trigger(8);
    options.set_level_zero_slowdown_writes_trigger(20);
    options.set_level_zero_stop_writes_trigger(36);
    options.set_target_file_size_base(32 << 20);
    options.set_max_bytes_for_level_base(256 << 20);
    options.set_compression_per_level(&[
        DBCompressionType::None,
        DBCompressionType::None,
        codec(tuning.compression_upper),
        codec(tuning.compression_upper),
        codec(tuning.compression_upper),
        codec(tuning.compression_upper),
        codec(tuning.compression_upper),
    ]);
    options.set_bottommost_compression_type(codec(tuning.compression_bottom));
    // Deletions in a row are what makes iterators slow; files dense in them are compacted early.
    options.add_compact_on_deletion_collector_factory(4096, 2048, 0.5);
    options.set_compaction_filter_factory(FilterFactory::new(Arc::clone(dead_ids)));
    Ok(options)
}

fn blocks(cache: &Cache) -> BlockBasedOptions {
    let mut table = BlockBasedOptions::default();
    table.set_block_cache(cache);
    // A block is closed by the row that reaches this size. With rows of 1 KiB it still lies within
    // eight sectors then, and so in one page of memory; nine took a disk a quarter longer.
    table.set_block_size(3 << 10);
    table.set_format_version(6);
    // Ten bits a key: one absent key in a hundred costs a block read.
    table.set_bloom_filter(10.0, false);
    table.set_optimize_filters_for_memory(true);
    // Everything that lives in memory is charged to the one cache, hence to `maxmemory`.
    table.set_cache_index_and_filter_blocks(true);
    table.set_pin_l0_filter_and_index_blocks_in_cache(true);
    table.set_index_type(rocksdb::BlockBasedIndexType::TwoLevelIndexSearch);
    table.set_partition_filters(true);
    // What is cached is kept by how often it is asked for, and a read of cold data brings a block
    // of it in: half as many parts of the index are asked for twice as often, and stay.
    table.set_metadata_block_size(8 << 10);
    // Keys of an index share long prefixes. Written once in so many, more of the index fits in what
    // small memory leaves for it.
    table.set_index_block_restart_interval(8);
    table.set_data_block_index_type(DataBlockIndexType::BinaryAndHash);
    table.set_data_block_hash_ratio(0.75);
    table
}
