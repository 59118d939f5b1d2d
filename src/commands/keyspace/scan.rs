//! Owns the commands that walk over a database: SCAN, KEYS, RANDOMKEY.
//! Invariants: they see committed rows, so they are SETTLED; they may run twice, since a walk that
//! meets the disk starts anew on the pool. Must not know: how keys are ordered. Tests: `tests.rs`.

use crate::command::{Args, Arity, Category, CommandSpec, Ctx, Flags, Group, Handler};
use crate::commands::walk::{COUNT_DEFAULT, matches, next_cursor};
use crate::error::{CommandError, CommandResult, text};
use crate::resp::Reply;
use storage::View;
use storage::ops::{random_key, scan};

pub static SCAN: CommandSpec = CommandSpec {
    name: "scan",
    group: Group::Generic,
    since: "2.8.0",
    arity: Arity::at_least(2),
    keys: &[],
    extra: Flags::SETTLED.with(Flags::NO_TOUCH),
    acl: &[Category::Keyspace],
    handler: Handler::Read(scan_page),
    syntax: "cursor [MATCH pattern] [COUNT count] [TYPE type]",
    summary: "Walks over the keys of the database, page by page.",
    complexity: "O(COUNT) for every call, O(N) for a whole walk",
    subcommands: &[],
};

fn scan_page(view: &View<'_>, args: &mut Args<'_>, _ctx: &Ctx<'_>) -> CommandResult {
    let cursor = next_cursor(args)?;
    let (mut count, mut pattern, mut type_name) = (COUNT_DEFAULT, None, None);
    while args.left() > 0 {
        if args.left() > 1 && args.skip_word("COUNT") {
            count = u64::try_from(args.next_i64()?).unwrap_or(0);
            if count == 0 {
                return Err(CommandError::Fixed(text::SYNTAX));
            }
        } else if args.left() > 1 && args.skip_word("MATCH") {
            pattern = Some(args.next()?);
        } else if args.left() > 1 && args.skip_word("TYPE") {
            type_name = Some(args.next()?);
        } else {
            return Err(CommandError::Fixed(text::SYNTAX));
        }
    }
    let page = scan::page(view, cursor, count, |key, header| {
        type_name.is_none_or(|name| name.eq_ignore_ascii_case(header.kind.name().as_bytes()))
            && pattern.is_none_or(|pattern| matches(pattern, key))
    })?;
    let next = Reply::bulk(page.next.to_string());
    Ok(Reply::array([next, Reply::array_of_bulks(page.keys)]))
}

pub static KEYS: CommandSpec = CommandSpec {
    name: "keys",
    group: Group::Generic,
    since: "1.0.0",
    arity: Arity::exactly(2),
    keys: &[],
    extra: Flags::SETTLED.with(Flags::OFFLOAD).with(Flags::NO_TOUCH),
    acl: &[Category::Keyspace, Category::Dangerous],
    handler: Handler::Read(keys),
    syntax: "pattern",
    summary: "Returns all keys that match a pattern.",
    complexity: "O(N) in the number of keys of the database",
    subcommands: &[],
};

fn keys(view: &View<'_>, args: &mut Args<'_>, _ctx: &Ctx<'_>) -> CommandResult {
    let pattern = args.next()?;
    let keys = scan::all(view, |key, _| matches(pattern, key))?;
    Ok(Reply::array_of_bulks(keys))
}

pub static RANDOMKEY: CommandSpec = CommandSpec {
    name: "randomkey",
    group: Group::Generic,
    since: "1.0.0",
    arity: Arity::exactly(1),
    keys: &[],
    extra: Flags::SETTLED.with(Flags::NO_TOUCH),
    acl: &[Category::Keyspace],
    handler: Handler::Read(randomkey),
    syntax: "",
    summary: "Returns a key of the database; each is as likely as any other.",
    complexity: "O(1)",
    subcommands: &[],
};

fn randomkey(view: &View<'_>, _args: &mut Args<'_>, ctx: &Ctx<'_>) -> CommandResult {
    let key = random_key::random_key(view, &mut ctx.random())?;
    Ok(Reply::bulk_or_nil(key))
}
