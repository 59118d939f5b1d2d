//! Compatibility with a real Redis: the same commands to ours and to Debian's `redis-server`.
//! Invariants: replies are compared as bytes; each difference that is meant stands, with its
//! reason, in `deviations.md`. Must not know: how either server works. Tests: the files below.

mod command_docs;
mod command_info;
mod dump;
mod hyperloglog;
mod long_double;
mod oracle;

use crate::harness::{Server, ask};
use std::collections::BTreeSet;

/// Names of the commands and subcommands that both servers list.
fn commands_of_both(ours: &Server, theirs: &Server) -> Vec<String> {
    let known: Vec<String> = ask(&mut theirs.client(), "COMMAND LIST");
    let known: BTreeSet<String> = known.into_iter().collect();
    let mut names: Vec<String> = ask(&mut ours.client(), "COMMAND LIST");
    names.retain(|name| known.contains(name));
    names
}
