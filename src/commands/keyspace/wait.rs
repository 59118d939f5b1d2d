//! Owns WAIT, and the row of WAITAOF.
//! Invariants: nothing here waits for replicas, since none can come. Must not know: how data
//! becomes durable. Tests: `tests/commands/wait.rs`.

use crate::command::{Args, Arity, Category, CommandSpec, Control, Flags, Group, Handler, Outcome};
use crate::error::CommandResult;
use crate::resp::Reply;
use crate::session::Session;

pub static WAIT: CommandSpec = CommandSpec {
    name: "wait",
    group: Group::Generic,
    since: "3.0.0",
    arity: Arity::exactly(3),
    keys: &[],
    extra: Flags::BLOCKING,
    acl: &[Category::Connection],
    handler: Handler::Server(wait),
    syntax: "numreplicas timeout",
    summary: "Tells how many replicas have what was written: none, since nobody replicates.",
    complexity: "O(1)",
    subcommands: &[],
};

fn wait(_: &mut Session, args: &mut Args<'_>) -> CommandResult<Outcome> {
    args.next_i64()?;
    args.next_timeout_ms()?;
    Ok(Reply::Int(0).into())
}

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
