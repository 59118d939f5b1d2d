//! Owns the subcommands of DEBUG that turn parts of Redis which do not exist here: quicklist nodes,
//! reply buffers that shrink, replication ids, scripts. Their arguments are checked as Redis does.
//! Must not know: other commands. Tests: `tests/commands/server.rs`.

use super::ROW;
use super::debug::DEBUGGING;
use crate::command::{Args, Arity, CommandSpec, Ctx, Flags, Handler, KeyFlags, KeySpec, Outcome};
use crate::config::units::parse_memory;
use crate::error::{CommandError, CommandResult, text};
use crate::resp::Reply;
use crate::session::Session;
use storage::View;
use storage::ops::keyspace;

pub(super) static CHANGE_REPL_ID: CommandSpec = CommandSpec {
    name: "change-repl-id",
    arity: Arity::exactly(2),
    extra: DEBUGGING,
    handler: Handler::Server(|_, _| Ok(Reply::ok().into())),
    summary: "Does nothing: there is no replication id.",
    ..ROW
};

pub(super) static LISTPACK: CommandSpec = CommandSpec {
    name: "listpack",
    arity: Arity::exactly(3),
    keys: &[KeySpec::index(2, KeyFlags::RO)],
    extra: DEBUGGING.with(Flags::NO_TOUCH),
    handler: Handler::Read(listpack),
    syntax: "key",
    summary: "Writes to the log how a small collection is kept.",
    ..ROW
};

fn listpack(view: &View<'_>, args: &mut Args<'_>, _: &Ctx<'_>) -> CommandResult {
    let key = args.next()?;
    let encoding = keyspace::encoding(view, key)?;
    if encoding.ok_or(CommandError::Fixed(text::NO_SUCH_KEY))? != "listpack" {
        return Err("ERR Not a listpack encoded object.".into());
    }
    let entry = view.open(key)?;
    let payload = entry.payload().unwrap_or_default().escape_ascii();
    tracing::info!("DEBUG LISTPACK {}: {payload}", key.escape_ascii());
    Ok(Reply::Simple("Listpack structure printed on stdout"))
}

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
