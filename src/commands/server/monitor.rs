//! Owns MONITOR.
//! Must not know: how commands are told (`exec/notes`). Tests: `tests/commands/monitor.rs`.

use super::{OPERATOR, ROW};
use crate::command::{Args, Arity, CommandSpec, Flags, Handler, Outcome};
use crate::error::CommandResult;
use crate::resp::Reply;
use crate::session::Session;
use std::sync::Arc;

pub static MONITOR: CommandSpec = CommandSpec {
    name: "monitor",
    arity: Arity::exactly(1),
    extra: OPERATOR.with(Flags::UNORDERED),
    handler: Handler::Server(monitor),
    summary: "Tells the client of every command that others run, until it leaves or resets.",
    ..ROW
};

fn monitor(session: &mut Session, _: &mut Args<'_>) -> CommandResult<Outcome> {
    if session.monitor.is_none() {
        let client = Arc::clone(&session.client);
        session.monitor = Some(session.services.monitors.enter(client));
    }
    Ok(Reply::ok().into())
}
