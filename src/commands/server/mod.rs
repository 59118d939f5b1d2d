//! Owns the commands of the operator: `info` INFO, `config` CONFIG, `lifecycle` SAVE, SHUTDOWN and
//! what is near them, `debug` DEBUG, `memory` MEMORY,
//! `slowlog` SLOWLOG, `latency` LATENCY.
//! Invariants: what an operator sets is what the server reports.
//! Must not know: sockets, RocksDB. Tests: `tests/commands/server.rs`.

pub mod config;
mod debug;
mod debug_absent;
mod debug_form;
mod debug_protocol;
mod debug_tables;
mod function;
mod info;
mod latency;
mod latency_report;
mod lifecycle;
mod lolwut;
mod memory;
mod module;
mod monitor;
mod slowlog;

use crate::command::{Arity, CommandSpec, Flags, Group, Handler};

/// The rows of this folder.
pub static COMMANDS: &[&CommandSpec] = &[
    &lifecycle::BGREWRITEAOF,
    &lifecycle::BGSAVE,
    &lifecycle::COMPACT,
    &config::CONFIG,
    &debug::DEBUG,
    &function::FUNCTION,
    &info::INFO,
    &lifecycle::LASTSAVE,
    &latency::LATENCY,
    &lolwut::LOLWUT,
    &memory::MEMORY,
    &module::MODULE,
    &monitor::MONITOR,
    &lifecycle::ROLE,
    &lifecycle::SAVE,
    &lifecycle::SHUTDOWN,
    &slowlog::SLOWLOG,
    &lifecycle::TIME,
];

/// What the rows of this folder have in common.
const ROW: CommandSpec = CommandSpec {
    name: "",
    group: Group::Server,
    since: "1.0.0",
    arity: Arity::at_least(1),
    keys: &[],
    extra: Flags::NONE,
    acl: &[],
    handler: Handler::Container,
    syntax: "",
    summary: "",
    complexity: "O(1)",
    subcommands: &[],
};

/// Flags of commands that work in any state of the server.
const ANY_STATE: Flags = Flags::LOADING.with(Flags::STALE);
/// Flags of what only an operator should do.
const OPERATOR: Flags = ANY_STATE.with(Flags::ADMIN).with(Flags::NOSCRIPT);
