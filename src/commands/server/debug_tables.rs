//! Owns DEBUG HTSTATS and HTSTATS-KEY: what stands where Redis has hash tables.
//! Must not know: how buckets are found. Tests: `tests/commands/memory.rs`.

use super::ROW;
use super::debug::DEBUGGING;
use crate::command::{Args, Arity, CommandSpec, Ctx, Flags, Handler, KeyFlags, KeySpec, Outcome};
use crate::error::{CommandError, CommandResult, text};
use crate::resp::Reply;
use crate::session::Session;
use storage::View;
use storage::ops::{keyspace, size};

pub(super) static HTSTATS: CommandSpec = CommandSpec {
    name: "htstats",
    arity: Arity::at_least(3),
    extra: DEBUGGING,
    handler: Handler::Server(htstats),
    syntax: "db [FULL]",
    summary: "Returns how many keys a database has and how many of them expire.",
    ..ROW
};

fn htstats(session: &mut Session, args: &mut Args<'_>) -> CommandResult<Outcome> {
    const NO_DATABASE: &str = "ERR Out of range database";
    let services = &session.services;
    let databases = 0..services.config.databases.get();
    let db = args.next_i64()?;
    skip_full(args)?;
    if !databases.contains(&db) {
        return Err(NO_DATABASE.into());
    }
    let (keys, expires) = (
        services.store.database_size(db as u32),
        services.store.database_expires(db as u32),
    );
    let text = format!(
        "[Dictionary HT]\n number of elements: {keys}\n[Expires HT]\n number of elements: \
         {expires}\n"
    );
    Ok(Reply::text(text).into())
}

pub(super) static HTSTATS_KEY: CommandSpec = CommandSpec {
    name: "htstats-key",
    arity: Arity::at_least(3),
    keys: &[KeySpec::index(2, KeyFlags::RO)],
    extra: DEBUGGING.with(Flags::NO_TOUCH),
    handler: Handler::Read(htstats_key),
    syntax: "key [FULL]",
    summary: "Returns how many elements a large hash or set has, and over how many rows they are.",
    ..ROW
};

fn htstats_key(view: &View<'_>, args: &mut Args<'_>, _: &Ctx<'_>) -> CommandResult {
    const NO_TABLE: &str =
        "ERR The value stored at the specified key is not represented using an hash table";
    let key = args.next()?;
    skip_full(args)?;
    if !keyspace::exists(view, key)? {
        return Err(CommandError::Fixed(text::NO_SUCH_KEY));
    }
    let table = size::table(view, key)?.ok_or(CommandError::Fixed(NO_TABLE))?;
    Ok(Reply::text(format!(
        "Hash table 0 stats (main hash table):\n table size: {}\n number of elements: {}\n",
        table.buckets, table.elements
    )))
}

/// FULL asks Redis for the lengths of chains; here is nothing more to tell.
fn skip_full(args: &mut Args<'_>) -> CommandResult<()> {
    args.skip_word("FULL");
    args.finish()
}
