//! Owns the commands on whole databases: SELECT, SWAPDB, DBSIZE, FLUSHDB, FLUSHALL.
//! Invariants: no database number at or above the `databases` directive gets past this file.
//! Must not know: namespaces. Tests: `tests.rs`.

use crate::command::{Args, Arity, Category, CommandSpec, Ctx, Flags, Group, Handler, Outcome};
use crate::config::Config;
use crate::error::{CommandError, CommandResult, text};
use crate::resp::Reply;
use crate::session::Session;
use storage::limits::DATABASES_MAX;
use storage::ops::{databases, keyspace};
use storage::{Edit, View};

/// Databases that there are.
fn database_count(config: &Config) -> u32 {
    u32::try_from(config.databases.get()).unwrap_or(DATABASES_MAX)
}

/// The number as that of a database, or `ERR DB index is out of range`.
pub(super) fn check_database(number: i32, config: &Config) -> CommandResult<u32> {
    u32::try_from(number)
        .ok()
        .filter(|&db| db < database_count(config))
        .ok_or(CommandError::Fixed(text::DB_OUT_OF_RANGE))
}

/// The next argument as an `int` of C, with Redis's errors.
pub(super) fn next_int(args: &mut Args<'_>) -> CommandResult<i32> {
    i32::try_from(args.next_i64()?).map_err(|_| CommandError::Fixed(text::INT_OUT_OF_RANGE))
}

pub static SELECT: CommandSpec = CommandSpec {
    name: "select",
    group: Group::Connection,
    since: "1.0.0",
    arity: Arity::exactly(2),
    keys: &[],
    extra: Flags::LOADING.with(Flags::STALE).with(Flags::FAST),
    acl: &[Category::Connection],
    handler: Handler::Server(select),
    syntax: "index",
    summary: "Changes the database of this connection.",
    complexity: "O(1)",
    subcommands: &[],
};

fn select(session: &mut Session, args: &mut Args<'_>) -> CommandResult<Outcome> {
    let db = check_database(next_int(args)?, &session.services.config)?;
    session.select(db);
    Ok(Reply::ok().into())
}

pub static SWAPDB: CommandSpec = CommandSpec {
    name: "swapdb",
    group: Group::Server,
    since: "4.0.0",
    arity: Arity::exactly(3),
    keys: &[],
    extra: Flags::FAST,
    acl: &[Category::Keyspace, Category::Dangerous],
    handler: Handler::Write(swapdb),
    syntax: "index1 index2",
    summary: "Exchanges two databases.",
    complexity: "O(1)",
    subcommands: &[],
};

fn swapdb(edit: &mut Edit<'_>, args: &mut Args<'_>, ctx: &Ctx<'_>) -> CommandResult {
    let one = next_int(args).map_err(|_| CommandError::Fixed(text::INVALID_FIRST_DB))?;
    let other = next_int(args).map_err(|_| CommandError::Fixed(text::INVALID_SECOND_DB))?;
    let one = check_database(one, ctx.config)?;
    let other = check_database(other, ctx.config)?;
    databases::swap(edit, one, other);
    Ok(Reply::ok())
}

pub static DBSIZE: CommandSpec = CommandSpec {
    name: "dbsize",
    group: Group::Server,
    since: "1.0.0",
    arity: Arity::exactly(1),
    keys: &[],
    extra: Flags::FAST,
    acl: &[Category::Keyspace],
    handler: Handler::Read(dbsize),
    syntax: "",
    summary: "Returns the number of keys of the database.",
    complexity: "O(1)",
    subcommands: &[],
};

fn dbsize(view: &View<'_>, _args: &mut Args<'_>, _ctx: &Ctx<'_>) -> CommandResult {
    let count = keyspace::count(view);
    Ok(Reply::Int(i64::try_from(count).unwrap_or(i64::MAX)))
}

pub static FLUSHDB: CommandSpec = CommandSpec {
    name: "flushdb",
    group: Group::Server,
    since: "1.0.0",
    arity: Arity::at_least(1),
    keys: &[],
    extra: Flags::NONE,
    acl: &[Category::Keyspace, Category::Dangerous],
    handler: Handler::Write(flushdb),
    syntax: "[ASYNC | SYNC]",
    summary: "Empties the database.",
    complexity: "O(1); space is freed in the background",
    subcommands: &[],
};

fn flushdb(edit: &mut Edit<'_>, args: &mut Args<'_>, _ctx: &Ctx<'_>) -> CommandResult {
    read_flush_mode(args)?;
    let db = edit.db();
    databases::flush(edit, db..db + 1)?;
    Ok(Reply::ok())
}

pub static FLUSHALL: CommandSpec = CommandSpec {
    name: "flushall",
    group: Group::Server,
    since: "1.0.0",
    arity: Arity::at_least(1),
    keys: &[],
    extra: Flags::SAVES,
    acl: &[Category::Keyspace, Category::Dangerous],
    handler: Handler::Write(flushall),
    syntax: "[ASYNC | SYNC]",
    summary: "Empties all databases.",
    complexity: "O(1) for each database; space is freed in the background",
    subcommands: &[],
};

fn flushall(edit: &mut Edit<'_>, args: &mut Args<'_>, ctx: &Ctx<'_>) -> CommandResult {
    read_flush_mode(args)?;
    databases::flush(edit, 0..database_count(ctx.config))?;
    Ok(Reply::ok())
}

/// Both modes are one here: the databases are empty when the reply comes, their space is freed
/// later.
fn read_flush_mode(args: &mut Args<'_>) -> CommandResult<()> {
    let _ = args.skip_word("ASYNC") || args.skip_word("SYNC");
    args.finish()
}
