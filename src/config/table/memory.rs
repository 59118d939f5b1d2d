//! Directives of the memory budget.
//!
//! Owns: these rows. Invariants, and what rows must not know: `mod.rs`. Tests: `tests.rs`.

use crate::config::cell::Cell;
use crate::config::choice::{Choice, MaxmemoryPolicy};
use crate::config::directive::Directive;
use crate::config::kind::Kind;

const NO_EVICTION: &str = "keys are never evicted: the disk holds what memory cannot";
const NO_DEFRAG: &str = "the allocator returns memory by itself";
const MIB: u64 = 1 << 20;
const PERCENT: Kind = Kind::Int { min: 1, max: 99 };
const FRAGMENTATION: Kind = Kind::Int { min: 0, max: 1000 };
const POSITIVE: Kind = Kind::Int {
    min: 1,
    max: i64::MAX,
};

pub(super) static ROWS: &[Directive] = &[
    Directive::new(
        "maxmemory",
        Kind::Memory {
            min: 0,
            max: u64::MAX,
        },
        "0",
    )
    .slot(|c| Cell::Bytes(&c.maxmemory))
    .doc(
        "Target for the resident memory of the whole process: caches, write buffers, client \
             buffers, everything. It does not limit the data, which lives on disk: a smaller \
             budget only makes more reads go there. When even empty caches leave too little, \
             writes are refused with an OOM error. 0 takes half of the machine's memory, or of \
             the memory limit of the control group around the server.",
    ),
    Directive::new(
        "maxmemory-policy",
        Kind::Choice(MaxmemoryPolicy::NAMES),
        "noeviction",
    )
    .slot(|c| Cell::from(&c.maxmemory_policy))
    .doc(
        "Kept for the tools that read it. Keys are never evicted, since the disk holds what \
             memory cannot; the policy only decides whether OBJECT FREQ (an lfu policy) or \
             OBJECT IDLETIME answers.",
    ),
    Directive::new(
        "block-cache-share-percent",
        Kind::Int { min: 5, max: 90 },
        "40",
    )
    .slot(|c| Cell::Number(&c.block_cache_share_percent))
    .doc(
        "Share of `maxmemory` that caches blocks of files, with their indexes and filters; \
             the other caches hold decoded keys and values. More of it favours scans and data \
             far larger than memory, less of it favours a hot set that fits.",
    ),
    Directive::new(
        "memtable-bytes",
        Kind::Memory {
            min: MIB,
            max: i64::MAX as u64,
        },
        "4mb",
    )
    .immutable()
    .slot(|c| Cell::Bytes(&c.memtable_bytes))
    .doc(
        "Size of one write buffer of one partition. A small one stays in the processor's \
             cache and makes writes cheaper; reads of rows that no cache holds ask more of them.",
    ),
    Directive::new("memtable-number-max", Kind::Int { min: 2, max: 64 }, "32")
        .immutable()
        .slot(|c| Cell::Number(&c.memtable_number_max))
        .doc(
            "Write buffers that one partition may hold, the active one and those waiting to be \
             written to disk. Half of them are written as one file; when all are full, writes \
             wait.",
        ),
    Directive::new(
        "memtables-total-bytes",
        Kind::Memory {
            min: 2 * MIB,
            max: i64::MAX as u64,
        },
        "128mb",
    )
    .immutable()
    .slot(|c| Cell::Bytes(&c.memtables_total_bytes))
    .doc(
        "Write buffers of all partitions together; beyond it the largest is written to disk \
         early. It counts towards `maxmemory`.",
    ),
    Directive::new(
        "maxmemory-samples",
        Kind::Int {
            min: 1,
            max: i32::MAX as i64,
        },
        "5",
    )
    .ignored(NO_EVICTION),
    Directive::new(
        "maxmemory-eviction-tenacity",
        Kind::Int { min: 0, max: 100 },
        "10",
    )
    .ignored(NO_EVICTION),
    Directive::new("lfu-log-factor", Kind::INT, "10").ignored(NO_EVICTION),
    Directive::new("lfu-decay-time", Kind::INT, "1").ignored(NO_EVICTION),
    Directive::new("lazyfree-lazy-eviction", Kind::Bool, "no").ignored(NO_EVICTION),
    Directive::new("lazyfree-lazy-expire", Kind::Bool, "no").ignored(ALWAYS_LAZY),
    Directive::new("lazyfree-lazy-server-del", Kind::Bool, "no").ignored(ALWAYS_LAZY),
    Directive::new("lazyfree-lazy-user-del", Kind::Bool, "no").ignored(ALWAYS_LAZY),
    Directive::new("lazyfree-lazy-user-flush", Kind::Bool, "no").ignored(ALWAYS_LAZY),
    Directive::new("lazyexpire-nested-arbitrary-keys", Kind::Bool, "yes").ignored(ALWAYS_LAZY),
    Directive::new("activerehashing", Kind::Bool, "yes").ignored("there is no main hash table"),
    Directive::new("activedefrag", Kind::Bool, "no").ignored(NO_DEFRAG),
    Directive::new(
        "active-defrag-ignore-bytes",
        Kind::Memory { min: 1, max: MAX },
        "100mb",
    )
    .ignored(NO_DEFRAG),
    Directive::new("active-defrag-threshold-lower", FRAGMENTATION, "10").ignored(NO_DEFRAG),
    Directive::new("active-defrag-threshold-upper", FRAGMENTATION, "100").ignored(NO_DEFRAG),
    Directive::new("active-defrag-cycle-min", PERCENT, "1").ignored(NO_DEFRAG),
    Directive::new("active-defrag-cycle-max", PERCENT, "25").ignored(NO_DEFRAG),
    Directive::new(
        "active-defrag-cycle-us",
        Kind::Int {
            min: 0,
            max: 100_000,
        },
        "500",
    )
    .ignored(NO_DEFRAG),
    Directive::new("active-defrag-max-scan-fields", POSITIVE, "1000").ignored(NO_DEFRAG),
    Directive::new("jemalloc-bg-thread", Kind::Bool, "yes").ignored(NO_DEFRAG),
    Directive::new("key-memory-histograms", Kind::Bool, "no").ignored("sizes are on disk"),
];

const MAX: u64 = i64::MAX as u64;
const ALWAYS_LAZY: &str = "deleting is always lazy: the disk space is swept in the background";
