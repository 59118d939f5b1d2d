//! Owns SLOWLOG.
//! Invariants: an entry is shown as it was kept. Must not know: what is slow.
//! Tests: `tests/commands/server.rs`, `metrics/slowlog.rs`.

use super::{ANY_STATE, ROW};
use crate::command::{Args, Arity, CommandSpec, Flags, Handler, Outcome};
use crate::commands::help;
use crate::error::CommandResult;
use crate::metrics::slowlog::Entry;
use crate::resp::Reply;
use crate::session::Session;

/// Flags of all but HELP; scripts may read the log.
const READER: Flags = ANY_STATE.with(Flags::ADMIN);
const COUNT_DEFAULT: usize = 10;
const COUNT: &str = "ERR count should be greater than or equal to -1";

pub static SLOWLOG: CommandSpec = CommandSpec {
    name: "slowlog",
    since: "2.2.12",
    arity: Arity::at_least(2),
    summary: "A container for slow log commands.",
    complexity: "Depends on subcommand.",
    subcommands: &[&GET, &LEN, &RESET, &HELP],
    ..ROW
};

static GET: CommandSpec = CommandSpec {
    name: "get",
    since: "2.2.12",
    arity: Arity::at_least(2),
    extra: READER,
    handler: Handler::Server(get),
    syntax: "[count]",
    summary: "Returns the slow log's entries.",
    complexity: "O(N) where N is the number of entries returned",
    ..ROW
};

fn get(session: &mut Session, args: &mut Args<'_>) -> CommandResult<Outcome> {
    let count = match args.left() {
        0 => COUNT_DEFAULT,
        _ => usize::try_from(args.next_in(-1..=i64::MAX, COUNT)?).unwrap_or(usize::MAX),
    };
    let entries = session.services.metrics.slow_log.newest(count);
    Ok(Reply::array(entries.iter().map(|entry| describe(entry))).into())
}

fn describe(entry: &Entry) -> Reply {
    let args = entry.args.iter().cloned().map(Reply::bulk);
    Reply::array([
        Reply::Int(entry.id as i64),
        Reply::Int(entry.at_s as i64),
        Reply::Int(entry.microseconds as i64),
        Reply::array(args),
        Reply::bulk(entry.addr.clone()),
        Reply::bulk(entry.name.clone()),
    ])
}

static LEN: CommandSpec = CommandSpec {
    name: "len",
    since: "2.2.12",
    arity: Arity::exactly(2),
    extra: READER,
    handler: Handler::Server(|session, _| {
        let len = session.services.metrics.slow_log.len();
        Ok(Reply::Int(len as i64).into())
    }),
    summary: "Returns the number of entries in the slow log.",
    ..ROW
};

static RESET: CommandSpec = CommandSpec {
    name: "reset",
    since: "2.2.12",
    arity: Arity::exactly(2),
    extra: READER,
    handler: Handler::Server(|session, _| {
        session.services.metrics.slow_log.reset();
        Ok(Reply::ok().into())
    }),
    summary: "Clears all entries from the slow log.",
    complexity: "O(N) where N is the number of entries in the slowlog",
    ..ROW
};

static HELP: CommandSpec = CommandSpec {
    name: "help",
    since: "6.2.0",
    arity: Arity::exactly(2),
    extra: ANY_STATE,
    handler: Handler::Server(|_, _| Ok(help::lines(&SLOWLOG).into())),
    summary: "Returns helpful text about the different subcommands.",
    ..ROW
};
