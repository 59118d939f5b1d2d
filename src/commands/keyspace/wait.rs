//! Owns the rows of WAIT and WAITAOF.
//! Must not know: how they are carried out. Tests: `tests/commands/wait.rs`.

use crate::command::{Arity, Category, CommandSpec, Control, Flags, Group, Handler};

pub static WAIT: CommandSpec = CommandSpec {
    name: "wait",
    group: Group::Generic,
    since: "3.0.0",
    arity: Arity::exactly(3),
    keys: &[],
    extra: Flags::NOSCRIPT,
    acl: &[Category::Connection],
    handler: Handler::Control(Control::Wait),
    syntax: "numreplicas timeout",
    summary: "Tells how many replicas have what was written: none, since nobody replicates.",
    complexity: "O(1)",
    subcommands: &[],
};

pub static WAITAOF: CommandSpec = CommandSpec {
    name: "waitaof",
    since: "7.2.0",
    arity: Arity::exactly(4),
    handler: Handler::Control(Control::WaitSynced),
    syntax: "numlocal numreplicas timeout",
    summary: "Makes what was written so far durable here; nobody replicates it.",
    complexity: "O(N) where N is the number of bytes that are not yet synced.",
    ..WAIT
};
