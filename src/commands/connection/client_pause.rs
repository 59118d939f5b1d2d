//! Owns CLIENT PAUSE and CLIENT UNPAUSE.
//! Must not know: how clients are held (`session/pause`, `exec`). Tests:
//! `tests/commands/connection.rs`.

use super::ROW;
use super::client::OTHERS;
use crate::command::{Args, Arity, CommandSpec, Handler, Outcome};
use crate::error::{CommandError, CommandResult, text};
use crate::resp::Reply;
use crate::session::{Paused, Session};
use std::time::Duration;

pub(super) static PAUSE: CommandSpec = CommandSpec {
    name: "pause",
    since: "2.9.50",
    arity: Arity::at_least(3),
    extra: OTHERS,
    handler: Handler::Server(pause),
    syntax: "timeout [WRITE | ALL]",
    summary: "Holds commands back, those that write or all, until the time is over.",
    ..ROW
};

fn pause(session: &mut Session, args: &mut Args<'_>) -> CommandResult<Outcome> {
    let given = args.peek(0).and_then(storage::encoding::number::parse_i64);
    args.next()?;
    let what = match args.next_or_none() {
        None => Paused::All,
        Some(word) if word.eq_ignore_ascii_case(b"write") => Paused::Writes,
        Some(word) if word.eq_ignore_ascii_case(b"all") => Paused::All,
        Some(_) => return Err("ERR CLIENT PAUSE mode must be WRITE or ALL".into()),
    };
    args.finish()?;
    let ms = given.ok_or(CommandError::Fixed(text::TIMEOUT_NOT_INTEGER))?;
    let ms = u64::try_from(ms).map_err(|_| CommandError::Fixed(text::TIMEOUT_NEGATIVE))?;
    session
        .services
        .pause
        .begin(what, Duration::from_millis(ms));
    Ok(Reply::ok().into())
}

pub(super) static UNPAUSE: CommandSpec = CommandSpec {
    name: "unpause",
    since: "6.2.0",
    arity: Arity::exactly(2),
    extra: OTHERS,
    handler: Handler::Server(|session, _| {
        session.services.pause.end();
        Ok(Reply::ok().into())
    }),
    summary: "Lets commands go on that CLIENT PAUSE holds back.",
    complexity: "O(N) where N is the number of clients that are held back.",
    ..ROW
};
