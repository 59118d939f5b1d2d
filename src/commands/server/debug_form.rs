//! Owns the subcommands of DEBUG that show how one value is kept: OBJECT, LISTPACK, QUICKLIST.
//! Must not know: what the bytes of a form mean. Tests: `tests/commands/memory.rs`,
//! `tests/commands/server.rs`.

use super::ROW;
use super::debug::DEBUGGING;
use crate::command::{Args, Arity, CommandSpec, Ctx, Flags, Handler, KeyFlags, KeySpec};
use crate::error::{CommandError, CommandResult, text};
use crate::resp::Reply;
use storage::View;
use storage::ops::keyspace;

/// What the rows here have in common.
const FORM: CommandSpec = CommandSpec {
    arity: Arity::exactly(3),
    keys: &[KeySpec::index(2, KeyFlags::RO)],
    extra: DEBUGGING.with(Flags::NO_TOUCH),
    syntax: "key",
    ..ROW
};

pub(super) static OBJECT: CommandSpec = CommandSpec {
    name: "object",
    arity: Arity::at_least(3),
    handler: Handler::Read(object),
    syntax: "key [FAST]",
    summary: "Shows how a key's value is kept; FAST leaves its length out.",
    ..FORM
};

fn object(view: &View<'_>, args: &mut Args<'_>, _: &Ctx<'_>) -> CommandResult {
    let key = args.next()?;
    let fast = args.skip_word("FAST");
    args.finish()?;
    let encoding = encoding(view, key)?;
    let entry = view.open(key)?;
    let inline = entry.payload().map_or(0, |payload| payload.len() as u64);
    let head = entry.header().and_then(|header| header.head);
    let length = match fast {
        true => String::new(),
        false => format!(
            " serializedlength:{}",
            head.map_or(inline, |head| head.count)
        ),
    };
    let idle_s = keyspace::usage(view, key)?.map_or(0, |usage| usage.idle_s);
    // Values have no address; the slot and the hash place them instead.
    let name = view.name(key);
    let (slot, hash) = (name.slot, name.h48());
    Ok(Reply::Status(format!(
        "Value at:0x{slot:04x}{hash:012x} refcount:1 encoding:{encoding}{length} lru:0 \
         lru_seconds_idle:{idle_s}"
    )))
}

pub(super) static LISTPACK: CommandSpec = CommandSpec {
    name: "listpack",
    handler: Handler::Read(listpack),
    summary: "Writes to the log how a small collection is kept.",
    ..FORM
};

fn listpack(view: &View<'_>, args: &mut Args<'_>, _: &Ctx<'_>) -> CommandResult {
    let key = args.next()?;
    if !matches!(encoding(view, key)?, "listpack" | "listpackex") {
        return Err("ERR Not a listpack encoded object.".into());
    }
    log(view, "LISTPACK", key)?;
    Ok(Reply::Simple("Listpack structure printed on stdout"))
}

pub(super) static QUICKLIST: CommandSpec = CommandSpec {
    name: "quicklist",
    arity: Arity::at_least(3),
    handler: Handler::Read(quicklist),
    syntax: "key [0 | 1]",
    summary: "Writes to the log how a large list is kept; there is one level of detail.",
    ..FORM
};

fn quicklist(view: &View<'_>, args: &mut Args<'_>, _: &Ctx<'_>) -> CommandResult {
    let key = args.next()?;
    if args.left() > 0 {
        args.next_i64()?;
    }
    args.finish()?;
    if encoding(view, key)? != "quicklist" {
        return Err("ERR Not a quicklist encoded object.".into());
    }
    log(view, "QUICKLIST", key)?;
    Ok(Reply::Simple("Quicklist structure printed on stdout"))
}

fn encoding(view: &View<'_>, key: &[u8]) -> CommandResult<&'static str> {
    keyspace::encoding(view, key)?.ok_or(CommandError::Fixed(text::NO_SUCH_KEY))
}

/// Logs what the meta record of a key holds.
fn log(view: &View<'_>, what: &str, key: &[u8]) -> CommandResult<()> {
    let entry = view.open(key)?;
    let payload = entry.payload().unwrap_or_default().escape_ascii();
    tracing::info!("DEBUG {what} {}: {payload}", key.escape_ascii());
    Ok(())
}
