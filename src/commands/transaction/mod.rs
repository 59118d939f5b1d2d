//! Owns MULTI, EXEC, DISCARD, WATCH and UNWATCH: rows, and what concerns the session alone.
//! Must not know: how a transaction runs (`exec::transaction`). Tests:
//! `tests/commands/transaction.rs`.

use crate::command::{
    Args, Arity, Category, CommandSpec, Control, Flags, Group, Handler, KeyFlags, KeySpec, Outcome,
};
use crate::error::{CommandError, CommandResult};
use crate::resp::Reply;
use crate::session::Session;

/// The rows of this file.
pub static COMMANDS: &[&CommandSpec] = &[&DISCARD, &EXEC, &MULTI, &UNWATCH, &WATCH];

/// Flags that all of them have.
const COMMON: Flags = Flags::NOSCRIPT
    .with(Flags::LOADING)
    .with(Flags::STALE)
    .with(Flags::NEVER_QUEUED);

const ROW: CommandSpec = CommandSpec {
    name: "",
    group: Group::Transactions,
    since: "1.2.0",
    arity: Arity::exactly(1),
    keys: &[],
    extra: COMMON.with(Flags::FAST).with(Flags::ALLOW_BUSY),
    acl: &[Category::Transaction],
    handler: Handler::Container,
    syntax: "",
    summary: "",
    complexity: "O(1)",
    subcommands: &[],
};

pub static MULTI: CommandSpec = CommandSpec {
    name: "multi",
    handler: Handler::Server(multi),
    summary: "Starts a transaction: the commands that follow are queued.",
    ..ROW
};

fn multi(session: &mut Session, _: &mut Args<'_>) -> CommandResult<Outcome> {
    if session.multi.is_some() {
        return Err(CommandError::Fixed("ERR MULTI calls can not be nested"));
    }
    session.multi = Some(Box::default());
    session.show_transaction();
    Ok(Reply::ok().into())
}

pub static DISCARD: CommandSpec = CommandSpec {
    name: "discard",
    since: "2.0.0",
    handler: Handler::Server(discard),
    summary: "Discards a transaction.",
    complexity: "O(N) in the number of queued commands",
    ..ROW
};

fn discard(session: &mut Session, _: &mut Args<'_>) -> CommandResult<Outcome> {
    if session.multi.is_none() {
        return Err(CommandError::Fixed("ERR DISCARD without MULTI"));
    }
    session.end_transaction();
    Ok(Reply::ok().into())
}

pub static EXEC: CommandSpec = CommandSpec {
    name: "exec",
    extra: COMMON.with(Flags::SKIP_SLOWLOG),
    handler: Handler::Control(Control::Exec),
    summary: "Runs all commands of a transaction, nothing in between.",
    complexity: "Depends on the commands",
    ..ROW
};

pub static WATCH: CommandSpec = CommandSpec {
    name: "watch",
    since: "2.2.0",
    arity: Arity::at_least(2),
    keys: &[KeySpec::range(1, -1, 1, KeyFlags::RO)],
    handler: Handler::Control(Control::Watch),
    syntax: "key [key ...]",
    summary: "Lets the next transaction fail if any of the keys changes before it.",
    complexity: "O(1) for each key",
    ..ROW
};

pub static UNWATCH: CommandSpec = CommandSpec {
    name: "unwatch",
    since: "2.2.0",
    extra: Flags::NOSCRIPT
        .with(Flags::LOADING)
        .with(Flags::STALE)
        .with(Flags::FAST)
        .with(Flags::ALLOW_BUSY),
    handler: Handler::Server(unwatch),
    summary: "Forgets about watched keys.",
    ..ROW
};

fn unwatch(session: &mut Session, _: &mut Args<'_>) -> CommandResult<Outcome> {
    session.watched.clear();
    session.show_transaction();
    Ok(Reply::ok().into())
}
