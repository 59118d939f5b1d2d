//! The command table: one row and one handler per command, a file per group.
//! Invariants: rows are data; everything else (lookup, COMMAND, latches, admission) is derived.
//! Must not know: sockets, who executes. Tests: `commands/tests.rs` quantifies over the rows.

pub mod bitmap;
pub mod connection;
mod draw;
pub mod dump;
pub mod geo;
pub mod hash;
pub mod help;
pub mod hll;
pub mod introspect;
pub mod keyspace;
pub mod list;
mod multi_pop;
pub mod server;
pub mod set;
pub mod sort;
pub mod stream;
pub mod string;
mod time_form;
pub mod transaction;
pub mod walk;
pub mod zset;

use crate::command::CommandSpec;
use std::sync::LazyLock;

/// The version of Redis whose behaviour clients find: HELLO and INFO report it.
pub const REDIS_VERSION: &str = "8.4.0";

/// All commands, group by group.
pub static TABLE: &[&[&CommandSpec]] = &[
    string::COMMANDS,
    bitmap::COMMANDS,
    list::COMMANDS,
    hash::COMMANDS,
    set::COMMANDS,
    zset::COMMANDS,
    stream::COMMANDS,
    geo::COMMANDS,
    hll::COMMANDS,
    keyspace::COMMANDS,
    transaction::COMMANDS,
    sort::COMMANDS,
    dump::COMMANDS,
    connection::COMMANDS,
    server::COMMANDS,
    introspect::COMMANDS,
];

/// All rows of the table, subcommands not included.
pub fn all() -> impl Iterator<Item = &'static CommandSpec> {
    TABLE.iter().flat_map(|group| group.iter().copied())
}

/// A command or subcommand with its place in the numbering that counters use.
#[derive(Debug, Clone, Copy)]
pub struct NumberedCommand {
    /// The row.
    pub spec: &'static CommandSpec,
    /// Canonical name: `get`, `config|get`.
    pub full_name: &'static str,
    /// Words of the request that name it: 1, or 2 for a subcommand.
    pub words: usize,
}

/// Every command and subcommand, numbered.
static NUMBERED: LazyLock<Vec<NumberedCommand>> = LazyLock::new(|| {
    let mut numbered = Vec::new();
    for spec in all() {
        numbered.push(NumberedCommand {
            spec,
            full_name: spec.name,
            words: 1,
        });
        for subcommand in spec.subcommands {
            let full_name = format!("{}|{}", spec.name, subcommand.name);
            // The table lives as long as the process.
            let full_name = Box::leak(full_name.into_boxed_str());
            numbered.push(NumberedCommand {
                spec: subcommand,
                full_name,
                words: 2,
            });
        }
    }
    numbered
});

/// Every command and subcommand; the index is the command's number in `Metrics::per_command`.
pub fn numbered() -> &'static [NumberedCommand] {
    &NUMBERED
}

#[cfg(test)]
mod tests;
