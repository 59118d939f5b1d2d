//! Owns the subcommands of DEBUG that turn parts of Redis which do not exist here: quicklist nodes,
//! reply buffers that shrink, replication ids, scripts. Their arguments are checked as Redis does.
//! Must not know: other commands. Tests: `tests/commands/server.rs`.

use super::ROW;
use super::debug::DEBUGGING;
use crate::command::{Args, Arity, CommandSpec, Handler, Outcome};
use crate::config::units::parse_memory;
use crate::error::{CommandError, CommandResult, text};
use crate::resp::Reply;
use crate::session::Session;

pub(super) static CHANGE_REPL_ID: CommandSpec = CommandSpec {
    name: "change-repl-id",
    arity: Arity::exactly(2),
    extra: DEBUGGING,
    handler: Handler::Server(|_, _| Ok(Reply::ok().into())),
    summary: "Does nothing: there is no replication id.",
    ..ROW
};

pub(super) static DICT_RESIZING: CommandSpec = CommandSpec {
    name: "dict-resizing",
    arity: Arity::exactly(3),
    extra: DEBUGGING,
    handler: Handler::Server(|_, args| args.next_i64().map(|_| Reply::ok().into())),
    syntax: "<0 | 1>",
    summary: "Does nothing: no hash tables hold the keys.",
    ..ROW
};

pub(super) static QUICKLIST_PACKED_THRESHOLD: CommandSpec = CommandSpec {
    name: "quicklist-packed-threshold",
    arity: Arity::exactly(3),
    extra: DEBUGGING,
    handler: Handler::Server(quicklist_packed_threshold),
    syntax: "size",
    summary: "Does nothing: lists have no nodes of one element.",
    ..ROW
};

fn quicklist_packed_threshold(_: &mut Session, args: &mut Args<'_>) -> CommandResult<Outcome> {
    const REFUSED: &str = "ERR argument must be a memory value bigger than 1 and smaller than 4gb";
    let size = parse_memory(args.next()?);
    // Redis takes 0 for its default.
    let fits = size.is_some_and(|size| size < (1 << 32) - (1 << 20));
    match fits {
        true => Ok(Reply::ok().into()),
        false => Err(REFUSED.into()),
    }
}

pub(super) static REPLYBUFFER: CommandSpec = CommandSpec {
    name: "replybuffer",
    arity: Arity::exactly(4),
    extra: DEBUGGING,
    handler: Handler::Server(replybuffer),
    syntax: "<PEAK-RESET-TIME | RESIZING> value",
    summary: "Does nothing: reply buffers are as large as what they hold.",
    ..ROW
};

fn replybuffer(_: &mut Session, args: &mut Args<'_>) -> CommandResult<Outcome> {
    if args.skip_word("peak-reset-time") {
        if !args.skip_word("never") && !args.skip_word("reset") {
            args.next_i64()?;
        }
    } else if !args.skip_word("resizing") {
        return Err(CommandError::Fixed(text::SYNTAX));
    }
    Ok(Reply::ok().into())
}

pub(super) static SET_DISABLE_DENY_SCRIPTS: CommandSpec = CommandSpec {
    name: "set-disable-deny-scripts",
    arity: Arity::exactly(3),
    extra: DEBUGGING,
    handler: Handler::Server(|_, _| Ok(Reply::ok().into())),
    syntax: "<0 | 1>",
    summary: "Does nothing: there are no scripts.",
    ..ROW
};
