//! Owns MEMORY.
//! Invariants: USAGE counts stored bytes, wherever they are. Must not know: caches.
//! Tests: below the container in `tests/commands/server.rs`.

use super::{ANY_STATE, ROW};
use crate::command::{Args, Arity, CommandSpec, Ctx, Flags, Handler, KeyFlags, KeySpec};
use crate::commands::help;
use crate::error::{CommandError, CommandResult, text};
use crate::resp::Reply;
use storage::View;

/// Bytes of a meta record beside the user's: namespace, slot, hash and header.
const RECORD_OVERHEAD_BYTES: u64 = 48;
/// Bytes of one element row beside its value, spread over a value in 4 KiB rows.
const ROW_OVERHEAD_PER_KIB: u64 = 8;

pub static MEMORY: CommandSpec = CommandSpec {
    name: "memory",
    since: "4.0.0",
    arity: Arity::at_least(2),
    summary: "A container for memory diagnostics commands.",
    complexity: "Depends on subcommand.",
    subcommands: &[&USAGE, &HELP],
    ..ROW
};

static HELP: CommandSpec = CommandSpec {
    name: "help",
    since: "4.0.0",
    arity: Arity::exactly(2),
    extra: ANY_STATE,
    handler: Handler::Server(|_, _| Ok(help::lines(&MEMORY).into())),
    summary: "Returns helpful text about the different subcommands.",
    ..ROW
};

static USAGE: CommandSpec = CommandSpec {
    name: "usage",
    since: "4.0.0",
    arity: Arity::at_least(3),
    keys: &[KeySpec::index(2, KeyFlags::RO)],
    extra: Flags::NO_TOUCH,
    handler: Handler::Read(usage),
    syntax: "key [SAMPLES count]",
    summary: "Estimates the bytes that a key and its value take.",
    ..ROW
};

fn usage(view: &View<'_>, args: &mut Args<'_>, _: &Ctx<'_>) -> CommandResult {
    let key = args.next()?;
    if args.skip_word("samples") && args.next_i64()? < 0 {
        return Err(CommandError::Fixed(text::SYNTAX));
    }
    args.finish()?;
    let entry = view.open(key)?;
    let Some(header) = entry.header() else {
        return Ok(Reply::Nil);
    };
    let inline = entry.payload().map_or(0, |payload| payload.len() as u64);
    let exploded = header.head.map_or(0, |head| {
        head.count + head.count / 1024 * ROW_OVERHEAD_PER_KIB
    });
    let bytes = RECORD_OVERHEAD_BYTES + key.len() as u64 + inline + exploded;
    Ok(Reply::Int(bytes as i64))
}
