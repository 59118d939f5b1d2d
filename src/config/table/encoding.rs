//! Directives of the encodings of collections.
//!
//! Owns: these rows. Invariants, and what rows must not know: `mod.rs`. Tests: `tests.rs`.

use crate::config::cell::Cell;
use crate::config::directive::Directive;
use crate::config::kind::Kind;

const NOT_BUILT: &str = "what it tunes does not exist here";
const SIGNED: Kind = Kind::Int {
    min: i32::MIN as i64,
    max: i32::MAX as i64,
};

pub(super) static ROWS: &[Directive] = &[
    Directive::new("hash-max-listpack-entries", Kind::LONG, "512")
        .aliases(&["hash-max-ziplist-entries"])
        .slot(|c| Cell::Number(&c.hash_max_listpack_entries))
        .doc("Most fields of a hash that OBJECT ENCODING calls a listpack."),
    Directive::new("hash-max-listpack-value", Kind::BYTES, "64")
        .aliases(&["hash-max-ziplist-value"])
        .slot(|c| Cell::Bytes(&c.hash_max_listpack_value))
        .doc("Longest field or value of a hash that OBJECT ENCODING calls a listpack, in bytes."),
    Directive::new("list-max-listpack-size", SIGNED, "-2")
        .aliases(&["list-max-ziplist-size"])
        .slot(|c| Cell::Number(&c.list_max_listpack_size))
        .doc(
            "Up to where OBJECT ENCODING calls a list a listpack: a number of elements, or -1 to \
             -5 for 4, 8, 16, 32 or 64 KiB.",
        ),
    Directive::new("list-compress-depth", Kind::INT, "0")
        .ignored("files are compressed as a whole"),
    Directive::new("set-max-intset-entries", Kind::LONG, "512")
        .slot(|c| Cell::Number(&c.set_max_intset_entries))
        .doc("Most members of a set of integers that OBJECT ENCODING calls an intset."),
    Directive::new("set-max-listpack-entries", Kind::LONG, "128")
        .slot(|c| Cell::Number(&c.set_max_listpack_entries))
        .doc("Most members of a set that OBJECT ENCODING calls a listpack."),
    Directive::new("set-max-listpack-value", Kind::BYTES, "64")
        .slot(|c| Cell::Bytes(&c.set_max_listpack_value))
        .doc("Longest member of a set that OBJECT ENCODING calls a listpack, in bytes."),
    Directive::new("zset-max-listpack-entries", Kind::LONG, "128")
        .aliases(&["zset-max-ziplist-entries"])
        .slot(|c| Cell::Number(&c.zset_max_listpack_entries))
        .ignored(NOT_BUILT),
    Directive::new("zset-max-listpack-value", Kind::BYTES, "64")
        .aliases(&["zset-max-ziplist-value"])
        .slot(|c| Cell::Bytes(&c.zset_max_listpack_value))
        .ignored(NOT_BUILT),
    Directive::new("hll-sparse-max-bytes", Kind::BYTES, "3000")
        .slot(|c| Cell::Bytes(&c.hll_sparse_max_bytes))
        .doc(
            "Length of a HyperLogLog, header included, above which it is no longer run-length \
             encoded but has 12304 bytes. Longer ones save memory and make PFADD slower.",
        ),
    Directive::new("stream-node-max-bytes", Kind::BYTES, "4kb")
        .slot(|c| Cell::Bytes(&c.stream_node_max_bytes))
        .doc("Bytes of a node as a stream counts them: XTRIM with ~ removes whole nodes."),
    Directive::new("stream-node-max-entries", Kind::LONG, "100")
        .slot(|c| Cell::Number(&c.stream_node_max_entries))
        .doc("Entries of a node as a stream counts them: XTRIM with ~ removes whole nodes."),
    Directive::new("stream-idmp-duration", Kind::LONG, "100").ignored(NOT_BUILT),
    Directive::new("stream-idmp-maxsize", Kind::LONG, "100").ignored(NOT_BUILT),
    Directive::new("array-slice-size", Kind::LONG, "4096").ignored(NOT_BUILT),
    Directive::new("array-sparse-kmin", Kind::LONG, "5").ignored(NOT_BUILT),
    Directive::new("array-sparse-kmax", Kind::LONG, "10").ignored(NOT_BUILT),
];
