//! Owns the commands that make sets from sets.
//! Must not know: sockets. Tests: `tests/commands/set`, the oracle.

use super::thresholds;
use crate::command::{Args, Ctx};
use crate::error::{CommandError, CommandResult, text};
use crate::resp::Reply;
use storage::ops::set::{self, Algebra};
use storage::{Edit, View};

pub fn sinter(view: &View<'_>, args: &mut Args<'_>, _ctx: &Ctx<'_>) -> CommandResult {
    combine(view, args, Algebra::Intersection)
}

pub fn sunion(view: &View<'_>, args: &mut Args<'_>, _ctx: &Ctx<'_>) -> CommandResult {
    combine(view, args, Algebra::Union)
}

pub fn sdiff(view: &View<'_>, args: &mut Args<'_>, _ctx: &Ctx<'_>) -> CommandResult {
    combine(view, args, Algebra::Difference)
}

fn combine(view: &View<'_>, args: &mut Args<'_>, algebra: Algebra) -> CommandResult {
    let keys = std::iter::from_fn(|| args.next_or_none());
    let members = set::combine(view, keys, algebra)?;
    Ok(Reply::Set(members.into_iter().map(Reply::from).collect()))
}

pub fn sinterstore(edit: &mut Edit<'_>, args: &mut Args<'_>, ctx: &Ctx<'_>) -> CommandResult {
    store(edit, args, ctx, Algebra::Intersection)
}

pub fn sunionstore(edit: &mut Edit<'_>, args: &mut Args<'_>, ctx: &Ctx<'_>) -> CommandResult {
    store(edit, args, ctx, Algebra::Union)
}

pub fn sdiffstore(edit: &mut Edit<'_>, args: &mut Args<'_>, ctx: &Ctx<'_>) -> CommandResult {
    store(edit, args, ctx, Algebra::Difference)
}

fn store(
    edit: &mut Edit<'_>,
    args: &mut Args<'_>,
    ctx: &Ctx<'_>,
    algebra: Algebra,
) -> CommandResult {
    let target = args.next()?;
    let keys = std::iter::from_fn(|| args.next_or_none());
    let members = set::combine(edit, keys, algebra)?;
    let len = set::store(edit, target, &members, algebra, &thresholds(ctx))?;
    Ok(Reply::Int(len as i64))
}

pub fn sintercard(view: &View<'_>, args: &mut Args<'_>, _ctx: &Ctx<'_>) -> CommandResult {
    let count = args.next_in(1..=i64::MAX, text::NUMKEYS_NOT_POSITIVE)?;
    if count > args.left() as i64 {
        return Err(CommandError::Fixed(text::NUMKEYS_TOO_LARGE));
    }
    let mut keys = Vec::with_capacity(count as usize);
    for _ in 0..count {
        keys.push(args.next()?);
    }
    let mut limit = 0;
    while args.left() > 0 {
        if args.left() > 1 && args.skip_word("LIMIT") {
            limit = args.next_in(0..=i64::MAX, text::LIMIT_NEGATIVE)?;
        } else {
            return Err(CommandError::Fixed(text::SYNTAX));
        }
    }
    let len = set::intersection_len(view, keys.into_iter(), limit as u64)?;
    Ok(Reply::Int(len as i64))
}
