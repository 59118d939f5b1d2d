//! The Ferrock server: protocol, command table, execution and assembly over the `storage` crate.
//! Modules stand in layer order: a module may use those above it, never those below.

/// L3: the vocabulary of the command table.
pub mod command;
/// L4: one row and one handler per command.
pub mod commands;
/// L1: directives, the command line, the configuration file.
pub mod config;
/// L1: every error text that goes over the wire.
pub mod error;
/// L1: glob patterns as Redis matches them.
pub mod glob;
/// L1: counters.
pub mod metrics;
/// L1: requests and replies as bytes.
pub mod resp;
/// L2: connections' state, connected clients.
pub mod session;
