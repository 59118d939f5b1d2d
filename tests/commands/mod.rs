//! The behaviour of every command, as clients see it; mirrors `src/commands` file by file.
//! Invariants: each command of the server has a test bearing its name (checked below).
//! Must not know: how the server works. Tests: the files below.

mod bitmap;
mod bitop;
mod blocking;
mod client;
mod connection;
mod coverage;
mod dump;
mod expire;
mod geo;
mod hash;
mod hash_expiry;
mod hll;
mod keyspace;
mod list;
mod memory;
mod migrate;
mod monitor;
mod scan;
mod server;
mod set;
mod sort;
mod stream;
mod string;
mod transaction;
mod uniform;
mod wait;
mod zset;
