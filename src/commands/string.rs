//! Owns the string commands.
//! Must not know: sockets, chunks. Tests: below, `tests/commands/string.rs`, the oracle.

use crate::command::{
    Args, Arity, Category, CommandSpec, Ctx, Flags, Group, Handler, KeyFlags, KeySpec,
};
use crate::error::CommandResult;
use crate::resp::Reply;
use storage::ops::string;
use storage::{Edit, View};

/// The rows of this file.
pub static COMMANDS: &[&CommandSpec] = &[&GET, &SET];

pub static GET: CommandSpec = CommandSpec {
    name: "get",
    group: Group::String,
    since: "1.0.0",
    arity: Arity::exactly(2),
    keys: &[KeySpec::index(1, KeyFlags::RO.with(KeyFlags::ACCESS))],
    extra: Flags::FAST,
    acl: &[Category::String],
    handler: Handler::Read(get),
    syntax: "key",
    summary: "Returns the string value of a key.",
    complexity: "O(1)",
    subcommands: &[],
};

fn get(view: &View<'_>, args: &mut Args<'_>, _ctx: &Ctx<'_>) -> CommandResult {
    Ok(Reply::bulk_or_nil(string::get(view, args.next()?)?))
}

pub static SET: CommandSpec = CommandSpec {
    name: "set",
    group: Group::String,
    since: "1.0.0",
    arity: Arity::at_least(3),
    keys: &[KeySpec::index(
        1,
        KeyFlags::RW
            .with(KeyFlags::ACCESS)
            .with(KeyFlags::UPDATE)
            .with(KeyFlags::VARIABLE),
    )],
    extra: Flags::DENYOOM,
    acl: &[Category::String],
    handler: Handler::Write(set),
    syntax: "key value",
    summary: "Sets the string value of a key.",
    complexity: "O(1)",
    subcommands: &[],
};

fn set(edit: &mut Edit<'_>, args: &mut Args<'_>, _ctx: &Ctx<'_>) -> CommandResult {
    let key = args.next()?;
    string::set(edit, key, args.next()?, None)?;
    Ok(Reply::ok())
}
