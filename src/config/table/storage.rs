//! Directives of the data directory, durability and the storage engine.
//!
//! Owns: these rows. Invariants, and what rows must not know: `mod.rs`. Tests: `tests.rs`.

use crate::config::cell::Cell;
use crate::config::choice::{Choice, Compression, Fsync, WalRecovery};
use crate::config::directive::Directive;
use crate::config::kind::Kind;
use crate::config::value::Value;

const COMPRESSION: Kind = Kind::Choice(Compression::NAMES);
const MIB: u64 = 1 << 20;
/// As many as there are hash slots.
const PARTITIONS_MAX: i64 = storage::limits::PARTITIONS_MAX as i64;

fn power_of_two(value: &Value) -> Result<(), &'static str> {
    match value {
        Value::Int(number) if number.count_ones() != 1 => Err("argument must be a power of two"),
        _ => Ok(()),
    }
}

/// Least rate for RocksDB, which shares out what may be written in tenths of a second, and with
/// less than a byte for one divides by it.
const RATE_MIN: u64 = MIB;

fn no_rate_or_enough(value: &Value) -> Result<(), &'static str> {
    match value {
        Value::Memory(1..RATE_MIN) => Err("argument must be 0 or at least 1mb"),
        _ => Ok(()),
    }
}

pub(super) static ROWS: &[Directive] = &[
    Directive::new("dir", Kind::Directory, "./")
        .immutable()
        .protected()
        .slot(|c| Cell::Text(&c.dir))
        .doc(
            "Directory that holds the data; it must exist. Relative paths of other directives \
             start there. Unlike in Redis it cannot be changed while the server runs, since the \
             data cannot move under it.",
        ),
    Directive::new("appendfsync", Kind::Choice(Fsync::NAMES), "everysec")
        .slot(|c| Cell::from(&c.appendfsync))
        .doc(
            "When a write is forced to the disk: `always` before its reply, `everysec` once a \
             second, `no` when the kernel pleases. A kill of the server loses nothing in any \
             mode, a power cut at most what was not forced yet. Many clients share one sync.",
        ),
    Directive::new(
        "partitions",
        Kind::Int {
            min: 1,
            max: PARTITIONS_MAX,
        },
        "1",
    )
    .immutable()
    .check(power_of_two)
    .slot(|c| Cell::Number(&c.partitions))
    .doc(
        "Parts into which the hash slots are divided, a power of two, each with its own \
             write buffers and files. Fixed when the data directory is created; starting an \
             existing directory with another number is an error. More parts compact and scan in \
             parallel, fewer make writes cheaper.",
    ),
    Directive::new("read-pool-threads", Kind::Int { min: 1, max: 1024 }, "16")
        .immutable()
        .slot(|c| Cell::Number(&c.read_pool_threads))
        .doc(
            "Threads that wait for the disk, so that no client waits for the read of another. \
             It is also the number of reads under way at once: raise it for disks that serve \
             more in parallel.",
        ),
    Directive::new("direct-reads", Kind::Bool, "yes")
        .immutable()
        .slot(|c| Cell::Switch(&c.direct_reads))
        .doc(
            "Read data files past the page cache, where the file system can. The memory that \
             `maxmemory` allows is cache enough then, and a read from disk costs no copy and no \
             page that has to be made free first. Say `no` where `maxmemory` is small and the \
             rest of the machine's memory is meant to hold the files.",
        ),
    Directive::new("engine-statistics", Kind::Bool, "no")
        .immutable()
        .slot(|c| Cell::Switch(&c.engine_statistics))
        .doc(
            "Let the engine count the blocks that it reads from files, as `engine_blocks_read` \
             of INFO shows them. It makes every read of the engine a little dearer.",
        ),
    Directive::new("background-jobs", Kind::Int { min: 1, max: 128 }, "2")
        .immutable()
        .slot(|c| Cell::Number(&c.background_jobs))
        .doc("Flushes and compactions that may run at once; each uses a processor and the disk."),
    Directive::new("compaction-rate-limit-bytes", Kind::BYTES, "0")
        .immutable()
        .check(no_rate_or_enough)
        .slot(|c| Cell::Bytes(&c.compaction_rate_limit_bytes))
        .doc(
            "Bytes a second that flushes and compactions together may write, so that they leave \
             the disk to reads; 0 is no limit, 1mb the least. Too low a limit makes writes wait \
             for them.",
        ),
    Directive::new(
        "wal-total-bytes-max",
        Kind::Memory { min: MIB, max: MAX },
        "512mb",
    )
    .immutable()
    .slot(|c| Cell::Bytes(&c.wal_total_bytes_max))
    .doc(
        "Size of the write-ahead log beyond which the oldest write buffers are written out, \
             so that their part of it can go. It bounds the time that a start after a crash \
             takes.",
    ),
    Directive::new("wal-recovery", Kind::Choice(WalRecovery::NAMES), "strict")
        .immutable()
        .slot(|c| Cell::from(&c.wal_recovery))
        .doc(
            "What a start does with a write-ahead log that is damaged where a power cut cannot \
             have damaged it, with commits behind the damage: `strict` refuses to start and \
             changes nothing, `truncate` goes on without those commits. The torn end that a \
             power cut leaves is cut off in either mode.",
        ),
    Directive::new("compression-upper", COMPRESSION, "lz4")
        .immutable()
        .slot(|c| Cell::from(&c.compression_upper))
        .doc(
            "Compression of the levels between the newest two, which are never compressed, and \
             the last: none, lz4 or zstd. They are rewritten often, so speed counts.",
        ),
    Directive::new("compression-bottom", COMPRESSION, "zstd")
        .immutable()
        .slot(|c| Cell::from(&c.compression_bottom))
        .doc(
            "Compression of the last level, which holds about nine tenths of the data: none, \
             lz4 or zstd. It is rewritten rarely, so density counts.",
        ),
    Directive::new("disk-reserve-bytes", Kind::BYTES, "256mb")
        .slot(|c| Cell::Bytes(&c.disk_reserve_bytes))
        .doc(
            "Free disk space below which writes are refused with a MISCONF error while reads go \
             on. It keeps room for compaction, which gives space back, and for deleting; writes \
             are served again once there is space.",
        ),
    Directive::new(
        "sweep-rows-per-second",
        Kind::Int {
            min: 1,
            max: i64::MAX,
        },
        "20000",
    )
    .slot(|c| Cell::Number(&c.sweep_rows_per_second))
    .doc(
        "Rows of deleted keys that are swept in a second. Deleting itself is immediate; \
             this is how fast the disk space comes back, against how much the sweep disturbs.",
    ),
    Directive::new("verify-cache-reads", Kind::Bool, "no")
        .slot(|c| Cell::Switch(&c.verify_cache_reads))
        .doc(
            "Compare every cached read with the disk, to debug the server itself. Reads become \
             as slow as without a cache.",
        ),
    Directive::new("dbfilename", Kind::Text, "dump.rdb")
        .protected()
        .check(super::persistence::base_name_db)
        .slot(|c| Cell::Text(&c.dbfilename))
        .doc("Name of the snapshot files that Redis reads and writes, for the tools that ask."),
    Directive::new("save", Kind::Save, "3600 1 300 100 60 10000")
        .slot(|c| Cell::Save(&c.save))
        .doc(
            "Kept for the tools that read it: `save <seconds> <changes> ...`, or `save \"\"`. \
             Every write is on disk anyway, so no snapshots are taken in the background.",
        ),
];

const MAX: u64 = i64::MAX as u64;
