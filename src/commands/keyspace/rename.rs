//! Owns the commands that give a value another place: RENAME, RENAMENX, MOVE, COPY.
//! Must not know: where elements stand. Tests: `tests.rs`.

use super::database::{check_database, next_int};
use crate::command::{
    Args, Arity, Category, CommandSpec, Ctx, Flags, Group, Handler, KeyFlags, KeySpec,
};
use crate::error::{CommandError, CommandResult, text};
use crate::resp::Reply;
use storage::Edit;
use storage::ops::relocate::{self, Renamed};

const RENAMED: KeySpec = KeySpec::index(
    1,
    KeyFlags::RW.with(KeyFlags::ACCESS).with(KeyFlags::DELETE),
);

pub static RENAME: CommandSpec = CommandSpec {
    name: "rename",
    group: Group::Generic,
    since: "1.0.0",
    arity: Arity::exactly(3),
    keys: &[
        RENAMED,
        KeySpec::index(2, KeyFlags::OW.with(KeyFlags::UPDATE)),
    ],
    extra: Flags::NONE,
    acl: &[Category::Keyspace],
    handler: Handler::Write(rename),
    syntax: "key newkey",
    summary: "Renames a key; what had the new name is deleted.",
    complexity: "O(1)",
    subcommands: &[],
};

fn rename(edit: &mut Edit<'_>, args: &mut Args<'_>, _ctx: &Ctx<'_>) -> CommandResult {
    match relocate::rename(edit, args.next()?, args.next()?, true)? {
        Renamed::Done | Renamed::TargetExists => Ok(Reply::ok()),
        Renamed::NoSuchKey => Err(CommandError::Fixed(text::NO_SUCH_KEY)),
    }
}

pub static RENAMENX: CommandSpec = CommandSpec {
    name: "renamenx",
    group: Group::Generic,
    since: "1.0.0",
    arity: Arity::exactly(3),
    keys: &[
        RENAMED,
        KeySpec::index(2, KeyFlags::OW.with(KeyFlags::INSERT)),
    ],
    extra: Flags::FAST,
    acl: &[Category::Keyspace],
    handler: Handler::Write(renamenx),
    syntax: "key newkey",
    summary: "Renames a key if nothing has the new name.",
    complexity: "O(1)",
    subcommands: &[],
};

fn renamenx(edit: &mut Edit<'_>, args: &mut Args<'_>, _ctx: &Ctx<'_>) -> CommandResult {
    match relocate::rename(edit, args.next()?, args.next()?, false)? {
        Renamed::Done => Ok(Reply::Int(1)),
        Renamed::TargetExists => Ok(Reply::Int(0)),
        Renamed::NoSuchKey => Err(CommandError::Fixed(text::NO_SUCH_KEY)),
    }
}

pub static MOVE: CommandSpec = CommandSpec {
    name: "move",
    group: Group::Generic,
    since: "1.0.0",
    arity: Arity::exactly(3),
    keys: &[KeySpec::index(
        1,
        KeyFlags::RW.with(KeyFlags::ACCESS).with(KeyFlags::UPDATE),
    )],
    extra: Flags::FAST,
    acl: &[Category::Keyspace],
    handler: Handler::Write(move_key),
    syntax: "key db",
    summary: "Moves a key to another database.",
    complexity: "O(1)",
    subcommands: &[],
};

fn move_key(edit: &mut Edit<'_>, args: &mut Args<'_>, ctx: &Ctx<'_>) -> CommandResult {
    let key = args.next()?;
    let db = check_database(next_int(args)?, ctx.config)?;
    if db == edit.db() {
        return Err(CommandError::Fixed(text::SAME_OBJECT));
    }
    let moved = relocate::move_to(edit, key, db)?;
    Ok(Reply::Int(i64::from(moved)))
}

pub static COPY: CommandSpec = CommandSpec {
    name: "copy",
    group: Group::Generic,
    since: "6.2.0",
    arity: Arity::at_least(3),
    keys: &[
        KeySpec::index(1, KeyFlags::RO.with(KeyFlags::ACCESS)),
        KeySpec::index(2, KeyFlags::OW.with(KeyFlags::UPDATE)),
    ],
    extra: Flags::DENYOOM,
    acl: &[Category::Keyspace],
    handler: Handler::Write(copy),
    syntax: "source destination [DB destination-db] [REPLACE]",
    summary: "Copies the value of a key to another key.",
    complexity: "O(N) in the size of the value",
    subcommands: &[],
};

fn copy(edit: &mut Edit<'_>, args: &mut Args<'_>, ctx: &Ctx<'_>) -> CommandResult {
    let (from, to) = (args.next()?, args.next()?);
    let (mut db, mut replace) = (edit.db(), false);
    while args.left() > 0 {
        if args.skip_word("REPLACE") {
            replace = true;
        } else if args.left() > 1 && args.skip_word("DB") {
            db = check_database(next_int(args)?, ctx.config)?;
        } else {
            return Err(CommandError::Fixed(text::SYNTAX));
        }
    }
    if db == edit.db() && from == to {
        return Err(CommandError::Fixed(text::SAME_OBJECT));
    }
    let copied = relocate::copy(edit, from, to, db, replace)?;
    Ok(Reply::Int(i64::from(copied)))
}
