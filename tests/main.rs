//! Ferrock from outside: the real binaries driven over sockets by real clients.
//! Invariants: imports no server code; each test has its own server, directory and port; no
//! sleep stands for a condition. Must not know: anything but what a user can see.
//!
//! The environment may say:
//! - `FERROCK_SERVER_BIN`: another server in Ferrock's place, such as Debian's `redis-server`;
//!   tests of what only Ferrock has skip themselves. It proves the tests themselves.
//! - `FERROCK_SEED`: the seed of every random test; each prints the one it uses.
//! - `FERROCK_ORACLE_SECONDS`: how long each run of the differential oracle draws anew; without
//!   it, the rounds are the same each time (`make oracle` draws).
//! - `FERROCK_CRASH_ROUNDS`: how often the crash test kills the server.

mod clients;
mod commands;
mod compat;
mod config;
mod crash;
mod harness;
mod protocol;
