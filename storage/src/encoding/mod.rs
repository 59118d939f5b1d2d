//! Owns the bytes on disk: keys, headers, numbers. `storage/README.md` has the same as a table.
//! Invariants: big-endian and fixed width; every decoder is total (any bytes give a value or
//! `Corrupted`). Must not know: the engine. Tests: beside each file.

pub(crate) mod compare;
pub mod count;
pub mod entries;
pub mod key;
pub mod long_double;
pub mod meta;
pub mod number;
pub mod record;
pub mod score;
pub mod shape;
pub(crate) mod short;
mod sip;
pub mod varint;
