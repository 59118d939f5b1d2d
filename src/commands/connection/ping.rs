//! Owns PING, ECHO, QUIT and RESET.
//! Must not know: authentication. Tests: `tests/commands/connection.rs`.

use super::{ANY_STATE, HANDSHAKE, ROW};
use crate::command::{Args, Arity, CommandSpec, Flags, Handler, Outcome};
use crate::error::{CommandError, CommandResult};
use crate::resp::Reply;
use crate::session::Session;

pub static PING: CommandSpec = CommandSpec {
    name: "ping",
    extra: Flags::FAST,
    handler: Handler::Server(ping),
    syntax: "[message]",
    summary: "Returns the server's liveliness response.",
    ..ROW
};

fn ping(_: &mut Session, args: &mut Args<'_>) -> CommandResult<Outcome> {
    match (args.next_or_none(), args.left()) {
        (None, _) => Ok(Reply::Simple("PONG").into()),
        (Some(message), 0) => Ok(Reply::bulk_bytes(message).into()),
        _ => Err(CommandError::wrong_arity("ping")),
    }
}

pub static ECHO: CommandSpec = CommandSpec {
    name: "echo",
    arity: Arity::exactly(2),
    extra: ANY_STATE.with(Flags::FAST),
    handler: Handler::Server(echo),
    syntax: "message",
    summary: "Returns the given string.",
    ..ROW
};

fn echo(_: &mut Session, args: &mut Args<'_>) -> CommandResult<Outcome> {
    Ok(Reply::bulk_bytes(args.next()?).into())
}

pub static QUIT: CommandSpec = CommandSpec {
    name: "quit",
    extra: HANDSHAKE.with(Flags::NEVER_QUEUED),
    handler: Handler::Server(quit),
    summary: "Closes the connection.",
    ..ROW
};

fn quit(_: &mut Session, _: &mut Args<'_>) -> CommandResult<Outcome> {
    Ok(Outcome::ReplyAndClose(Reply::ok()))
}

pub static RESET: CommandSpec = CommandSpec {
    name: "reset",
    since: "6.2.0",
    arity: Arity::exactly(1),
    extra: HANDSHAKE.with(Flags::NEVER_QUEUED),
    handler: Handler::Server(reset),
    summary: "Resets the connection to the state of a fresh one.",
    ..ROW
};

fn reset(session: &mut Session, _: &mut Args<'_>) -> CommandResult<Outcome> {
    session.reset();
    Ok(Reply::Simple("RESET").into())
}
