//! Owns COMMAND: what clients may know of the table.
//! `command` the rows and handlers, `info` and `docs` how a row is shown, `syntax` the argument
//! tree, `categories` ACL categories, `hints` tips and notes.
//! Invariants: all is derived from the rows. Must not know: any particular command, but in `hints`.
//! Tests: beside each file, `commands/tests.rs`, `tests/compat/command_info.rs`.

pub mod categories;
mod command;
mod docs;
pub mod hints;
mod info;
pub mod syntax;

use crate::command::CommandSpec;

/// The rows of this folder.
pub static COMMANDS: &[&CommandSpec] = &[&command::COMMAND];
