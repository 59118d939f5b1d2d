//! Owns the one error type of the crate.
//! Invariants: every variant says when it happens; none carries wire text, which belongs to the
//! server's edge. Must not know: protocols, clients. Tests: each variant's producer tests it.

use std::path::PathBuf;

/// Why an operation of the storage crate did not happen.
#[derive(Debug, Clone, thiserror::Error)]
#[non_exhaustive]
pub enum StorageError {
    /// The key holds another data type than the operation needs.
    #[error("the key holds another data type")]
    WrongType,
    /// The string does not begin like a HyperLogLog, or is not as long as one.
    #[error("the string is not a HyperLogLog")]
    NotAHyperLogLog,
    /// The registers of a HyperLogLog make no sense.
    #[error("the HyperLogLog is malformed")]
    MalformedHyperLogLog,
    /// The stored or given bytes are not a 64-bit signed decimal integer.
    #[error("not an integer or out of range")]
    NotAnInteger,
    /// The stored or given bytes are not a finite decimal number.
    #[error("not a valid float")]
    NotAFloat,
    /// The given bytes are not as long as the digest of a string.
    #[error("a digest has 16 hexadecimal characters")]
    NotADigest,
    /// An increment would leave the range of a 64-bit signed integer.
    #[error("increment or decrement would overflow")]
    Overflow,
    /// A string would grow beyond the configured limit (`limits::STRING_BYTES_MAX` by default).
    #[error("the string would exceed its maximum length")]
    StringTooLong,
    /// The key is longer than `limits::KEY_BYTES_MAX`.
    #[error("the key is longer than {} bytes", crate::limits::KEY_BYTES_MAX)]
    KeyTooLong,
    /// An element, field or member is longer than `limits::ELEMENT_BYTES_MAX`.
    #[error(
        "the element is longer than {} bytes",
        crate::limits::ELEMENT_BYTES_MAX
    )]
    ElementTooLong,
    /// One edit holds more bytes than `limits::COMMIT_BYTES_MAX`.
    #[error("the change is larger than one commit may be")]
    CommitTooLarge,
    /// The database number is not below the configured count.
    #[error("database number out of range")]
    NoSuchDatabase,
    /// The row is neither in memory nor in the block cache: run the operation again on a thread
    /// that may block. Only views of tier `Tier::Memory` give it.
    #[error("the rows asked for are on disk only")]
    NeedsDisk,
    /// The operation reads several rows of a key, or keeps what it computed, and holds no latch on
    /// it: take one, run it again.
    #[error("the operation needs the key's latch")]
    NeedsLatch,
    /// A FLUSHDB, FLUSHALL or SWAPDB was staged after this edit began: run the operation again.
    #[error("the database was flushed or swapped meanwhile")]
    NamespaceChanged,
    /// A WAL write or fsync failed earlier; writes are refused until the next start.
    #[error("storage is read-only after a failed write: {0}")]
    Poisoned(String),
    /// The free-disk reserve is reached; writes are refused until space is free again.
    #[error("free disk space is below the reserve")]
    DiskReserve,
    /// A flush, a compaction or the WAL found no space on the disk, and RocksDB takes no writes
    /// until it has recovered from that; nobody will find anything of the refused edit.
    #[error("no space is left on the disk")]
    DiskFull,
    /// Rows on disk contradict the format; the text names the row and the contradiction.
    #[error("corrupted data: {0}")]
    Corrupted(String),
    /// The directory was written by a newer format, or with features this build does not know.
    #[error("{path}: data format {found} is newer than {known}, the newest this build reads")]
    FormatTooNew {
        /// The data directory.
        path: PathBuf,
        /// Version found (or, for unknown feature bits, the version with those bits).
        found: String,
        /// Newest version this build reads.
        known: u32,
    },
    /// Another process holds the directory.
    #[error("{0}: the data directory is in use by another process")]
    DirectoryInUse(PathBuf),
    /// The directory was created with another partition count, or cannot be used; the text says.
    #[error("{0}")]
    Directory(String),
    /// RocksDB or the operating system refused; the text is theirs.
    #[error("storage engine: {0}")]
    Engine(String),
}

/// The crate's result.
pub type Result<T> = std::result::Result<T, StorageError>;
