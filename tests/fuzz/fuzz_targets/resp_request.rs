//! The request parser against any bytes in any pieces.
//!
//! The input's first byte chooses the limits, its second how many of the bytes after it are
//! lengths of pieces; the rest is what a client sends. What must hold is stated in
//! `src/resp/parser/chunking.rs`, which the unit tests run too.
#![no_main]

use libfuzzer_sys::fuzz_target;

/// The parser's files, compiled here instead of linked: the server's crate brings RocksDB along,
/// which would be built with the sanitizer for the sake of nothing.
#[path = "../../../src/resp"]
#[expect(
    dead_code,
    unused_imports,
    reason = "only a part of the parser's surface is used"
)]
mod resp {
    #[path = "parser/chunking.rs"]
    pub mod chunking;
    mod inline;
    #[path = "../../storage/src/encoding/number.rs"]
    mod number;
    mod limits;
    mod parser;
    mod request;

    pub use number::parse_i64;
    pub use limits::*;
    pub use parser::{Parsed, ProtocolError, RequestParser};
    pub use request::{ArgRange, OwnedRequest, Request};
}

fuzz_target!(|data: &[u8]| {
    let [selector, pieces_len, rest @ ..] = data else {
        return;
    };
    let pieces_len = usize::from(pieces_len % 8).min(rest.len());
    let (pieces, bytes) = rest.split_at(pieces_len);
    let pieces: Vec<usize> = pieces.iter().map(|&len| usize::from(len)).collect();
    resp::chunking::check(bytes, &pieces, &resp::chunking::limits_of(*selector));
});
