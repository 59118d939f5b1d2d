//! Owns the commands on keys whatever their type, and on whole databases.
//! `mod` deletes, counts and names types; `expire` sets times; `rename` gives values another place;
//! `scan` walks; `wait` is for what is written to be elsewhere; `object` looks inside; `database`
//! selects, exchanges and empties databases.
//! Must not know: sockets, how values are stored. Tests: `tests.rs`, the oracle.

mod database;
mod expire;
mod object;
mod rename;
mod scan;
#[cfg(test)]
mod tests;
mod wait;

use crate::command::{
    Args, Arity, Category, CommandSpec, Ctx, Flags, Group, Handler, KeyFlags, KeySpec,
};
use crate::error::CommandResult;
use crate::resp::Reply;
use storage::ops::keyspace;
use storage::{Edit, View};

/// The rows of this folder.
pub static COMMANDS: &[&CommandSpec] = &[
    &DEL,
    &UNLINK,
    &EXISTS,
    &TOUCH,
    &TYPE,
    &expire::EXPIRE,
    &expire::PEXPIRE,
    &expire::EXPIREAT,
    &expire::PEXPIREAT,
    &expire::TTL,
    &expire::PTTL,
    &expire::EXPIRETIME,
    &expire::PEXPIRETIME,
    &expire::PERSIST,
    &rename::RENAME,
    &rename::RENAMENX,
    &rename::MOVE,
    &rename::COPY,
    &scan::SCAN,
    &scan::KEYS,
    &scan::RANDOMKEY,
    &object::OBJECT,
    &database::SELECT,
    &database::SWAPDB,
    &database::DBSIZE,
    &database::FLUSHDB,
    &database::FLUSHALL,
    &wait::WAIT,
    &wait::WAITAOF,
];

pub static DEL: CommandSpec = CommandSpec {
    name: "del",
    group: Group::Generic,
    since: "1.0.0",
    arity: Arity::at_least(2),
    keys: &[KeySpec::range(
        1,
        -1,
        1,
        KeyFlags::RM.with(KeyFlags::DELETE),
    )],
    extra: Flags::NONE,
    acl: &[Category::Keyspace],
    handler: Handler::Write(del),
    syntax: "key [key ...]",
    summary: "Deletes one or more keys.",
    complexity: "O(N) in the number of keys, whatever their size",
    subcommands: &[],
};

pub static UNLINK: CommandSpec = CommandSpec {
    name: "unlink",
    group: Group::Generic,
    since: "4.0.0",
    arity: Arity::at_least(2),
    keys: DEL.keys,
    extra: Flags::FAST,
    acl: &[Category::Keyspace],
    handler: Handler::Write(del),
    syntax: "key [key ...]",
    summary: "Deletes one or more keys; the same as DEL, which frees space in the background too.",
    complexity: "O(N) in the number of keys, whatever their size",
    subcommands: &[],
};

fn del(edit: &mut Edit<'_>, args: &mut Args<'_>, _ctx: &Ctx<'_>) -> CommandResult {
    let mut deleted = 0;
    while let Some(key) = args.next_or_none() {
        deleted += i64::from(keyspace::delete(edit, key)?);
    }
    Ok(Reply::Int(deleted))
}

pub static EXISTS: CommandSpec = CommandSpec {
    name: "exists",
    group: Group::Generic,
    since: "1.0.0",
    arity: Arity::at_least(2),
    keys: &[KeySpec::range(1, -1, 1, KeyFlags::RO)],
    extra: Flags::FAST.with(Flags::NO_TOUCH),
    acl: &[Category::Keyspace],
    handler: Handler::Read(count_existing),
    syntax: "key [key ...]",
    summary: "Counts those of the given keys that exist; one given twice counts twice.",
    complexity: "O(N) in the number of keys",
    subcommands: &[],
};

pub static TOUCH: CommandSpec = CommandSpec {
    name: "touch",
    group: Group::Generic,
    since: "3.2.1",
    arity: Arity::at_least(2),
    keys: &[KeySpec::range(1, -1, 1, KeyFlags::RO)],
    extra: Flags::FAST,
    acl: &[Category::Keyspace],
    handler: Handler::Read(count_existing),
    syntax: "key [key ...]",
    summary: "Counts those of the given keys that exist, and marks them as just used.",
    complexity: "O(N) in the number of keys",
    subcommands: &[],
};

fn count_existing(view: &View<'_>, args: &mut Args<'_>, _ctx: &Ctx<'_>) -> CommandResult {
    if args.left() > 1 {
        // A rename from one of the keys to another must not be seen half.
        view.need_latch()?;
    }
    let mut existing = 0;
    while let Some(key) = args.next_or_none() {
        existing += i64::from(keyspace::exists(view, key)?);
    }
    Ok(Reply::Int(existing))
}

pub static TYPE: CommandSpec = CommandSpec {
    name: "type",
    group: Group::Generic,
    since: "1.0.0",
    arity: Arity::exactly(2),
    keys: &[KeySpec::index(1, KeyFlags::RO)],
    extra: Flags::FAST.with(Flags::NO_TOUCH),
    acl: &[Category::Keyspace],
    handler: Handler::Read(data_type),
    syntax: "key",
    summary: "Returns the type of a key's value.",
    complexity: "O(1)",
    subcommands: &[],
};

fn data_type(view: &View<'_>, args: &mut Args<'_>, _ctx: &Ctx<'_>) -> CommandResult {
    let kind = keyspace::data_type(view, args.next()?)?;
    Ok(Reply::Simple(kind.map_or("none", |kind| kind.name())))
}
