//! Owns the commands on single members and on all of them.
//! Must not know: sockets. Tests: `tests/commands/set`, the oracle.

use super::thresholds;
use crate::command::{Args, Ctx};
use crate::commands::walk::{self, WalkOptions, Walked};
use crate::error::CommandResult;
use crate::resp::{Reply, Strings, StringsOf};
use storage::ops::set;
use storage::{Edit, View};

pub fn sadd(edit: &mut Edit<'_>, args: &mut Args<'_>, ctx: &Ctx<'_>) -> CommandResult {
    let key = args.next()?;
    let members = std::iter::from_fn(|| args.next_or_none());
    let added = set::add(edit, key, members, &thresholds(ctx))?;
    Ok(Reply::Int(added as i64))
}

pub fn srem(edit: &mut Edit<'_>, args: &mut Args<'_>, _ctx: &Ctx<'_>) -> CommandResult {
    let key = args.next()?;
    let members = std::iter::from_fn(|| args.next_or_none());
    Ok(Reply::Int(set::remove(edit, key, members)? as i64))
}

pub fn smove(edit: &mut Edit<'_>, args: &mut Args<'_>, ctx: &Ctx<'_>) -> CommandResult {
    let (from, to, member) = (args.next()?, args.next()?, args.next()?);
    let moved = set::move_member(edit, from, to, member, &thresholds(ctx))?;
    Ok(Reply::Int(i64::from(moved)))
}

pub fn scard(view: &View<'_>, args: &mut Args<'_>, _ctx: &Ctx<'_>) -> CommandResult {
    Ok(Reply::Int(set::len(view, args.next()?)? as i64))
}

pub fn sismember(view: &View<'_>, args: &mut Args<'_>, _ctx: &Ctx<'_>) -> CommandResult {
    let key = args.next()?;
    let is_member = set::contains_one(view, key, args.next()?)?;
    Ok(Reply::Int(i64::from(is_member)))
}

pub fn smismember(view: &View<'_>, args: &mut Args<'_>, _ctx: &Ctx<'_>) -> CommandResult {
    let key = args.next()?;
    let members = std::iter::from_fn(|| args.next_or_none());
    let found = set::contains(view, key, members)?;
    Ok(Reply::array_of_ints(found.into_iter().map(i64::from)))
}

pub fn smembers(view: &View<'_>, args: &mut Args<'_>, _ctx: &Ctx<'_>) -> CommandResult {
    let mut members = Strings::of(StringsOf::Set);
    set::for_each(view, args.next()?, |member| members.push(member))?;
    Ok(members.into())
}

pub fn sscan(view: &View<'_>, args: &mut Args<'_>, _ctx: &Ctx<'_>) -> CommandResult {
    let key = args.next()?;
    let cursor = walk::next_cursor(args)?;
    if !set::exists(view, key)? {
        // Redis does not look at the options of a walk over nothing.
        return Ok(walk::page(0, Vec::new()));
    }
    let options = WalkOptions::parse(args, Walked::Set)?;
    let (next, members) = set::page(view, key, cursor, options.count)?;
    let wanted = members.into_iter().filter(|member| options.wants(member));
    Ok(walk::page(next, wanted.map(Reply::from).collect()))
}
