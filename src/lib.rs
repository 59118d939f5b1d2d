//! The Ferrock server: protocol, command table, execution and assembly over the `storage` crate.
//! Each stands in a layer, L1 the lowest. A module may use those of lower layers, and of its own
//! layer those that `tests/tidy.rs` lists before it.

/// L3: the vocabulary of the command table.
pub mod command;
/// L4: one row and one handler per command.
pub mod commands;
/// L1: directives, the command line, the configuration file.
pub mod config;
/// L1: every error text that goes over the wire.
pub mod error;
/// L5: the choke point: the only caller of handlers.
pub mod exec;
/// L1: glob patterns as Redis matches them.
pub mod glob;
/// L1: the log, in Redis's line shape.
pub mod log;
/// L1: counters.
pub mod metrics;
/// L6: sockets.
pub mod net;
/// L1: values in Redis's serialised form.
pub mod rdb;
/// L1: requests and replies as bytes.
pub mod resp;
/// L7: assembly and lifecycle.
pub mod server;
/// L2: connections' state, connected clients.
pub mod session;
/// L1: SHA-1.
pub mod sha1;
/// L2: clients that wait for keys.
pub mod wait;
/// L2: WATCH.
pub mod watch;
