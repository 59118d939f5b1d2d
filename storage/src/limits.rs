//! Owns every maximum of the storage crate, units last in each name.
//! Invariants: relations between limits are checked at compile time below.
//! Must not know: configuration; what users may change arrives through `Options`.

/// Longest user key, in bytes. Keys are row-key suffixes, and RocksDB keeps whole keys in indexes.
pub const KEY_BYTES_MAX: usize = 64 * 1024;
/// Longest string value unless `Options::string_bytes_max` says otherwise (Redis's 512 MiB).
pub const STRING_BYTES_MAX: u64 = 512 * 1024 * 1024;
/// Strings up to this length live inside the meta record; longer ones are chunked.
pub const INLINE_BYTES_MAX: usize = 4 * 1024;
/// Payload bytes of one full chunk of a chunked string.
pub const CHUNK_BYTES: usize = 8 * 1024;
/// Chunks of one read from which on it passes the caches by: keeping them would drop everything
/// that is asked for more often.
pub const PASSING_CHUNKS_MIN: u64 = 1024;
/// Bytes of a collection that stand inside its meta record; a larger one is spread over rows.
pub const PACKED_BYTES_MAX: usize = 1024;
/// Longest leaf of a counted tree, unless one entry is longer.
pub const NODE_BYTES_MAX: usize = 1024;
/// Longest inner node of a counted tree, unless a few separators are longer.
pub const INNER_BYTES_MAX: usize = 1024;
/// Bytes of one bucket of a hash or set on average.
pub const BUCKET_BYTES: usize = 512;
/// Elements longer than this stand in a row of their own, so that nodes and buckets stay small.
pub const BLOB_BYTES_MIN: usize = 512;
/// Longest element, field or member of a collection, in bytes: it must fit in one commit.
pub const ELEMENT_BYTES_MAX: usize = 8 * 1024 * 1024;
/// Most bytes of one commit, so of one edit and of the edits that join one group; larger results go
/// out in several commits under an unpublished id.
pub const COMMIT_BYTES_MAX: usize = 16 * 1024 * 1024;
/// Longest record looked for in a log: a commit, its count rows and its log data, with room.
pub const LOG_RECORD_BYTES_MAX: usize = 4 * COMMIT_BYTES_MAX;
/// Bytes staged and not yet committed above which new edits wait for the commit in progress.
pub const PENDING_BYTES_MAX: usize = 64 * 1024 * 1024;
/// Most ranges of failed commits that are told apart; one is added each time the disk fills up.
pub const FAILED_RANGES_MAX: usize = 1024;
/// Most databases; database numbers are stored as u32 and listed in memory.
pub const DATABASES_MAX: u32 = 65_536;
/// Most partitions (column families): each one costs a memtable and files of its own.
pub const PARTITIONS_MAX: u16 = 256;
/// Hash slots of the Redis Cluster key space.
pub const SLOTS: u16 = 16_384;
/// Ids are reserved in blocks of this many, by one row per block.
pub const ID_BLOCK: u64 = 1 << 16;
/// Longest row the hot table keeps after its commit; longer ones are read from the engine.
pub const HOT_ROW_BYTES_MAX: usize = 64 * 1024;
/// Removing so many elements of a list or stream surely fits in one commit, two rows each.
pub const REMOVED_SURELY_MAX: u64 = 100_000;
/// Keys of one prefetch: what is asked for too early is gone again, and the processor keeps few
/// requests for memory at a time.
pub const PREFETCH_KEYS_MAX: usize = 16;
/// Most keys that one SCAN call looks at on a thread that serves connections; longer calls run on
/// the pool.
pub const SCAN_ROWS_SERVING_MAX: u64 = 1000;
/// Deleted and superseded rows that one step of an iterator passes on a thread that serves
/// connections: behind a mass deletion there may be millions. A longer step goes to the pool.
pub const SKIPPED_ROWS_SERVING_MAX: u64 = 1000;

const _: () = assert!(INLINE_BYTES_MAX < CHUNK_BYTES * 2);
const _: () = assert!(CHUNK_BYTES + KEY_BYTES_MAX < COMMIT_BYTES_MAX / 16);
const _: () = assert!(ELEMENT_BYTES_MAX * 2 <= COMMIT_BYTES_MAX);
const _: () = assert!(BLOB_BYTES_MIN <= PACKED_BYTES_MAX);
const _: () = assert!(BLOB_BYTES_MIN < NODE_BYTES_MAX);
const _: () = assert!(COMMIT_BYTES_MAX * 2 <= PENDING_BYTES_MAX);
const _: () = assert!(HOT_ROW_BYTES_MAX > INLINE_BYTES_MAX + 64);
const _: () = assert!(SLOTS.is_power_of_two());
const _: () = assert!(STRING_BYTES_MAX / (CHUNK_BYTES as u64) < u32::MAX as u64);
