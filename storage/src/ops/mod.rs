//! Owns what can be done to values: operations on bytes that take a view or an edit and return
//! plain data. Must not know: replies, options' spelling. Tests: `storage/tests`.

pub mod bitfield;
pub mod bitmap;
pub mod bits;
pub mod bytes;
pub mod databases;
pub mod draw;
pub mod expire;
pub mod geo;
pub mod hash;
pub mod hll;
pub mod keyspace;
pub mod lcs;
pub mod list;
pub mod random_key;
pub mod relocate;
pub mod scan;
pub mod set;
pub mod size;
pub mod sort;
pub mod stream;
pub mod string;
pub mod zset;
