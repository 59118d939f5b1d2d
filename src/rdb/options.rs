//! What a writer may choose: the thresholds of Redis's directives, and which readers to serve.
//!
//! Owns [`EncodeOptions`].
//! Invariant: no option changes what a reader gets, except that [`Version::V10`] cannot say when
//! a stream's consumer was active.
//! Must not know: where the directives' values come from.
//! Tests: `rdb/tests/choices.rs`.

use super::kind::Version;

/// The largest listpack that is written, in bytes: Redis refuses to let one grow further.
pub const LISTPACK_LEN_MAX: usize = 1 << 30;
/// The size of a list's node, in bytes, when its directive limits the number of elements.
const COUNTED_NODE_LEN_MAX: usize = 8192;

/// How to write values. The default is Redis's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct EncodeOptions {
    /// The newest version to use where a value does not need a newer one.
    pub version: Version,
    /// `rdbcompression`: whether strings of more than 20 bytes are compressed.
    pub compress: bool,
    /// `list-max-listpack-size`.
    pub list_node: NodeSize,
    /// `set-max-intset-entries`.
    pub set_intset_entries: usize,
    /// `set-max-listpack-entries`, for versions from 11 on.
    pub set_listpack_entries: usize,
    /// `set-max-listpack-value`, in bytes.
    pub set_listpack_value: usize,
    /// `hash-max-listpack-entries`.
    pub hash_listpack_entries: usize,
    /// `hash-max-listpack-value`, in bytes.
    pub hash_listpack_value: usize,
    /// `zset-max-listpack-entries`.
    pub zset_listpack_entries: usize,
    /// `zset-max-listpack-value`, in bytes.
    pub zset_listpack_value: usize,
    /// `stream-node-max-bytes`; 0 is no limit.
    pub stream_node_len: usize,
    /// `stream-node-max-entries`; 0 is no limit.
    pub stream_node_entries: usize,
}

impl Default for EncodeOptions {
    fn default() -> Self {
        EncodeOptions {
            version: Version::V10,
            compress: true,
            list_node: NodeSize::of_directive(-2),
            set_intset_entries: 512,
            set_listpack_entries: 128,
            set_listpack_value: 64,
            hash_listpack_entries: 512,
            hash_listpack_value: 64,
            zset_listpack_entries: 128,
            zset_listpack_value: 64,
            stream_node_len: 4096,
            stream_node_entries: 100,
        }
    }
}

/// How much goes into one node of a list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NodeSize {
    /// Bytes of the listpack; a larger element is a node of its own.
    pub len_max: usize,
    /// Elements.
    pub entries_max: usize,
}

impl NodeSize {
    /// What `list-max-listpack-size` means: elements if positive, else one of five sizes.
    #[must_use]
    pub fn of_directive(value: i64) -> NodeSize {
        match value {
            ..=-1 => NodeSize {
                len_max: 4096 << (value.max(-5).unsigned_abs() - 1),
                entries_max: usize::MAX,
            },
            0.. => NodeSize {
                len_max: COUNTED_NODE_LEN_MAX,
                entries_max: usize::try_from(value).unwrap_or(usize::MAX).max(1),
            },
        }
    }
}
