//! Owns DEBUG: what tests and support ask for.
//! Invariants: refused unless `enable-debug-command` permits it (`Flags::DEBUG`); nothing here can
//! lose data. Must not know: how sleeping and reloading are carried out.
//! Tests: `tests/commands/server.rs`.

use super::debug_absent::{
    CHANGE_REPL_ID, DICT_RESIZING, QUICKLIST_PACKED_THRESHOLD, REPLYBUFFER,
    SET_DISABLE_DENY_SCRIPTS,
};
use super::debug_form::{LISTPACK, OBJECT, QUICKLIST};
use super::debug_protocol::PROTOCOL;
use super::debug_tables::{HTSTATS, HTSTATS_KEY};
use super::{OPERATOR, ROW};
use crate::command::{
    Args, Arity, CommandSpec, Control, Ctx, Flags, Handler, KeyFlags, KeySpec, Outcome,
};
use crate::commands::dump::digest::Digest;
use crate::commands::dump::export;
use crate::commands::help;
use crate::error::{CommandError, CommandResult};
use crate::glob;
use crate::resp::Reply;
use crate::session::Session;
use std::sync::atomic::Ordering::Relaxed;
use storage::View;

pub static DEBUG: CommandSpec = CommandSpec {
    name: "debug",
    arity: Arity::at_least(2),
    extra: DEBUGGING,
    summary: "A container for debugging commands.",
    complexity: "Depends on subcommand.",
    subcommands: &[
        &CHANGE_REPL_ID,
        &DICT_RESIZING,
        &DIGEST,
        &DIGEST_VALUE,
        &ERROR,
        &HTSTATS,
        &HTSTATS_KEY,
        &LISTPACK,
        &LOADAOF,
        &LOG,
        &OBJECT,
        &PAUSE_CRON,
        &POPULATE,
        &PROTOCOL,
        &QUICKLIST,
        &QUICKLIST_PACKED_THRESHOLD,
        &RELOAD,
        &REPLYBUFFER,
        &SET_ACTIVE_EXPIRE,
        &SET_DISABLE_DENY_SCRIPTS,
        &SLEEP,
        &STRINGMATCH_LEN,
        &HELP,
    ],
    ..ROW
};

/// Flags of DEBUG and all its subcommands.
pub(super) const DEBUGGING: Flags = OPERATOR.with(Flags::DEBUG);

static HELP: CommandSpec = CommandSpec {
    name: "help",
    arity: Arity::exactly(2),
    extra: DEBUGGING,
    handler: Handler::Server(|_, _| Ok(help::lines(&DEBUG).into())),
    summary: "Returns helpful text about the different subcommands.",
    ..ROW
};

static SLEEP: CommandSpec = CommandSpec {
    name: "sleep",
    arity: Arity::exactly(3),
    extra: DEBUGGING,
    handler: Handler::Control(Control::Sleep),
    syntax: "seconds",
    summary: "Answers after this time; decimals are allowed. Other connections are served.",
    ..ROW
};

static RELOAD: CommandSpec = CommandSpec {
    name: "reload",
    arity: Arity::at_least(2),
    extra: DEBUGGING,
    handler: Handler::Control(Control::Reload),
    syntax: "[option ...]",
    summary: "Writes what is in memory to files, forgets it and reads it anew when asked for.",
    complexity: "O(N) where N is the number of bytes in memory.",
    ..ROW
};

static LOADAOF: CommandSpec = CommandSpec {
    name: "loadaof",
    arity: Arity::exactly(2),
    extra: DEBUGGING,
    handler: Handler::Control(Control::Reload),
    summary: "The same as RELOAD: there is one copy of the data on disk.",
    complexity: "O(N) where N is the number of bytes in memory.",
    ..ROW
};

static LOG: CommandSpec = CommandSpec {
    name: "log",
    arity: Arity::exactly(3),
    extra: DEBUGGING,
    handler: Handler::Server(log),
    syntax: "message",
    summary: "Writes the message to the server's log.",
    ..ROW
};

fn log(_: &mut Session, args: &mut Args<'_>) -> CommandResult<Outcome> {
    let message = String::from_utf8_lossy(args.next()?);
    tracing::info!("DEBUG LOG: {message}");
    Ok(Reply::ok().into())
}

static ERROR: CommandSpec = CommandSpec {
    name: "error",
    arity: Arity::exactly(3),
    extra: DEBUGGING,
    handler: Handler::Server(error),
    syntax: "message",
    summary: "Answers with the message as an error.",
    ..ROW
};

fn error(_: &mut Session, args: &mut Args<'_>) -> CommandResult<Outcome> {
    Err(CommandError::Bytes(args.next()?.to_vec()))
}

static PAUSE_CRON: CommandSpec = CommandSpec {
    name: "pause-cron",
    arity: Arity::exactly(3),
    extra: DEBUGGING,
    handler: Handler::Server(pause_cron),
    syntax: "<0 | 1>",
    summary: "Stops or resumes periodic work: samples of rates, the end of idle connections.",
    ..ROW
};

fn pause_cron(session: &mut Session, args: &mut Args<'_>) -> CommandResult<Outcome> {
    let paused = args.next_i64()? != 0;
    session.services.cron_paused.store(paused, Relaxed);
    Ok(Reply::ok().into())
}

static POPULATE: CommandSpec = CommandSpec {
    name: "populate",
    arity: Arity::at_least(3),
    extra: DEBUGGING,
    handler: Handler::Control(Control::Populate),
    syntax: "count [prefix] [size]",
    summary: "Creates strings <prefix>:<number> where there are none, of this size.",
    complexity: "O(N) in the number of keys.",
    ..ROW
};

static DIGEST: CommandSpec = CommandSpec {
    name: "digest",
    arity: Arity::exactly(2),
    extra: DEBUGGING,
    handler: Handler::Control(Control::Digest),
    summary: "Returns a digest of all keys and values, which equal data sets have in common.",
    complexity: "O(N) where N is the number of bytes of all values.",
    ..ROW
};

static DIGEST_VALUE: CommandSpec = CommandSpec {
    name: "digest-value",
    arity: Arity::at_least(2),
    keys: &[KeySpec::range(2, -1, 1, KeyFlags::RO)],
    extra: DEBUGGING.with(Flags::NO_TOUCH).with(Flags::LATCHED),
    handler: Handler::Read(digest_value),
    syntax: "[key ...]",
    summary: "Returns a digest of each key's value, which equal values have in common.",
    complexity: "O(N) where N is the number of bytes of the values.",
    ..ROW
};

fn digest_value(view: &View<'_>, args: &mut Args<'_>, _: &Ctx<'_>) -> CommandResult {
    let mut digests = Vec::with_capacity(args.left());
    while let Some(key) = args.next_or_none() {
        let mut digest = Digest::default();
        if let Some(value) = export::value(view, key)? {
            digest.append_value(&value, export::expires(view, key)?);
        }
        digests.push(Reply::Status(digest.hex()));
    }
    Ok(Reply::Array(digests))
}

static SET_ACTIVE_EXPIRE: CommandSpec = CommandSpec {
    name: "set-active-expire",
    arity: Arity::exactly(3),
    extra: DEBUGGING,
    handler: Handler::Server(set_active_expire),
    syntax: "<0 | 1>",
    summary: "Stops or resumes the deletion of expired keys that nobody asks for.",
    ..ROW
};

fn set_active_expire(session: &mut Session, args: &mut Args<'_>) -> CommandResult<Outcome> {
    let active = args.next_i64()? != 0;
    session.services.store.set_active_expire(active);
    Ok(Reply::ok().into())
}

static STRINGMATCH_LEN: CommandSpec = CommandSpec {
    name: "stringmatch-len",
    arity: Arity::exactly(4),
    extra: DEBUGGING,
    handler: Handler::Server(stringmatch_len),
    syntax: "pattern string",
    summary: "Tells whether the glob pattern matches the string.",
    ..ROW
};

fn stringmatch_len(_: &mut Session, args: &mut Args<'_>) -> CommandResult<Outcome> {
    let (pattern, string) = (args.next()?, args.next()?);
    Ok(Reply::Int(i64::from(glob::matches(pattern, string))).into())
}
