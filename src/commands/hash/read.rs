//! Owns the commands that read fields.
//! Must not know: sockets, where fields stand. Tests: `tests/commands/hash`, the oracle.

use crate::command::{Args, Ctx};
use crate::commands::walk::{self, WalkOptions, Walked};
use crate::error::CommandResult;
use crate::resp::{Reply, Strings, StringsOf};
use storage::View;
use storage::ops::hash::{self, Hash};

pub fn hget(view: &View<'_>, args: &mut Args<'_>, _ctx: &Ctx<'_>) -> CommandResult {
    let (key, field) = (args.next()?, args.next()?);
    Ok(Reply::bulk_or_nil(hash::get(view, key, field)?))
}

pub fn hmget(view: &View<'_>, args: &mut Args<'_>, _ctx: &Ctx<'_>) -> CommandResult {
    let hash = Hash::open(view, args.next()?)?;
    let mut values = Vec::with_capacity(args.left());
    while let Some(field) = args.next_or_none() {
        values.push(Reply::bulk_or_nil(hash.get(view, field)?));
    }
    Ok(Reply::Array(values))
}

pub fn hexists(view: &View<'_>, args: &mut Args<'_>, _ctx: &Ctx<'_>) -> CommandResult {
    let hash = Hash::open(view, args.next()?)?;
    let found = hash.contains(view, args.next()?)?;
    Ok(Reply::Int(i64::from(found)))
}

pub fn hstrlen(view: &View<'_>, args: &mut Args<'_>, _ctx: &Ctx<'_>) -> CommandResult {
    let hash = Hash::open(view, args.next()?)?;
    let value = hash.get(view, args.next()?)?;
    Ok(Reply::count(value.map_or(0, |value| value.len())))
}

pub fn hlen(view: &View<'_>, args: &mut Args<'_>, _ctx: &Ctx<'_>) -> CommandResult {
    let hash = Hash::open(view, args.next()?)?;
    Ok(Reply::count(hash.len() as usize))
}

pub fn hgetall(view: &View<'_>, args: &mut Args<'_>, _ctx: &Ctx<'_>) -> CommandResult {
    let hash = Hash::open(view, args.next()?)?;
    let mut pairs = Strings::of(StringsOf::Map);
    hash.visit(view, true, |field, value| {
        pairs.push(field);
        pairs.push(value);
    })?;
    Ok(pairs.into())
}

pub fn hkeys(view: &View<'_>, args: &mut Args<'_>, _ctx: &Ctx<'_>) -> CommandResult {
    let hash = Hash::open(view, args.next()?)?;
    let mut fields = Strings::of(StringsOf::List);
    hash.visit(view, false, |field, _| fields.push(field))?;
    Ok(fields.into())
}

pub fn hvals(view: &View<'_>, args: &mut Args<'_>, _ctx: &Ctx<'_>) -> CommandResult {
    let hash = Hash::open(view, args.next()?)?;
    let mut values = Strings::of(StringsOf::List);
    hash.visit(view, true, |_, value| values.push(value))?;
    Ok(values.into())
}

/// Redis looks at the options only if the key is there.
pub fn hscan(view: &View<'_>, args: &mut Args<'_>, _ctx: &Ctx<'_>) -> CommandResult {
    let key = args.next()?;
    let cursor = walk::next_cursor(args)?;
    let hash = Hash::open(view, key)?;
    if !hash.exists() {
        return Ok(walk::page(0, Vec::new()));
    }
    let options = WalkOptions::parse(args, Walked::Hash)?;
    let mut replies = Vec::new();
    let next = hash.page(view, cursor, options.count, |field, value| {
        if options.wants(&field) {
            replies.push(field.into());
            if !options.no_values {
                replies.push(value.into());
            }
        }
    })?;
    Ok(walk::page(next, replies))
}
