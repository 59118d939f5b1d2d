//! Second looks: replies that are right in several ways are judged by asking further.
//! Invariants: a look leaves both servers with the same keys. Must not know: how commands are
//! drawn. Tests: exercised by every run; the parts that need no server carry their own.

pub mod dump;
pub mod encoding;
pub mod everything;
pub mod key;
pub mod random;
pub mod scan;
pub mod stream;

use super::pair::{Difference, Pair};

/// A key that no template names, for copies.
pub const COPY: &[u8] = b"copy of the oracle";

/// Makes `COPY` what `key` is on both servers, or nothing.
pub fn fresh_copy(pair: &mut Pair, key: &[u8]) -> Result<(), Difference> {
    drop_copy(pair);
    pair.exact(&words(&[b"COPY", key, COPY])).map(drop)
}

/// Removes `COPY` where it is.
pub fn drop_copy(pair: &mut Pair) {
    for side in [&mut pair.ours, &mut pair.theirs] {
        side.command(&words(&[b"DEL", COPY]));
    }
}

/// A command of these words.
pub fn words(words: &[&[u8]]) -> Vec<Vec<u8>> {
    words.iter().map(|word| word.to_vec()).collect()
}
