//! The command table: one row and one handler per command, a file per group.
//! Invariants: rows are data; everything else (lookup, COMMAND, latches, admission) is derived.
//! Must not know: sockets, who executes. Tests: `commands/tests.rs` quantifies over the rows.

pub mod string;

use crate::command::CommandSpec;

/// All commands, group by group.
pub static TABLE: &[&[&CommandSpec]] = &[string::COMMANDS];

/// All rows of the table, subcommands not included.
pub fn all() -> impl Iterator<Item = &'static CommandSpec> {
    TABLE.iter().flat_map(|group| group.iter().copied())
}
