//! Owns the structures that collections too large for their meta record are made of: `buckets`
//! (hashes and sets), `tree` (lists, sorted sets, streams, and whatever else has an order) and
//! `place`, where their rows stand.
//! Invariants: rows are found by their keys alone, never by iteration, so every read sees what is
//! staged and not committed; whoever reads or writes here holds the key's latch.
//! Must not know: types, commands. Tests: beside each file, `storage/tests/collections`.

pub mod buckets;
pub mod map;
pub mod place;
pub mod tree;

pub use place::Place;
