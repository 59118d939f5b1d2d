//! Owns the commands that set and delete fields and add to their numbers.
//! Must not know: sockets, where fields stand. Tests: `tests/commands/hash`, the oracle.

use crate::command::{Args, Ctx};
use crate::error::{CommandError, CommandResult, text};
use crate::resp::{Reply, Request};
use storage::encoding::long_double::LongDouble;
use storage::ops::hash::{self, ListpackLimits};
use storage::{Edit, StorageError};

const NOT_INTEGER: &str = "ERR hash value is not an integer";
const NOT_FLOAT: &str = "ERR hash value is not a float";
const INFINITE_STEP: &str = "ERR value is NaN or Infinity";
const INFINITE_SUM: &str = "ERR increment would produce NaN or Infinity";

pub fn hset(edit: &mut Edit<'_>, args: &mut Args<'_>, ctx: &Ctx<'_>) -> CommandResult {
    Ok(Reply::Int(set_pairs(edit, args, ctx)? as i64))
}

pub fn hmset(edit: &mut Edit<'_>, args: &mut Args<'_>, ctx: &Ctx<'_>) -> CommandResult {
    set_pairs(edit, args, ctx)?;
    Ok(Reply::ok())
}

fn set_pairs(edit: &mut Edit<'_>, args: &mut Args<'_>, ctx: &Ctx<'_>) -> CommandResult<u64> {
    let key = args.next()?;
    if !args.left().is_multiple_of(2) {
        return Err(CommandError::wrong_arity(ctx.command));
    }
    let pairs = pairs(args.request(), 2, args.left() / 2);
    Ok(hash::set(edit, key, pairs, limits(ctx))?)
}

/// `count` fields, each followed by its value, from an argument on.
pub(super) fn pairs<'a>(
    request: Request<'a>,
    first: usize,
    count: usize,
) -> impl Iterator<Item = (&'a [u8], &'a [u8])> + Clone {
    let argument = move |at: usize| request.get(at).unwrap_or_default();
    (0..count).map(move |index| {
        let at = first + index * 2;
        (argument(at), argument(at + 1))
    })
}

pub fn hsetnx(edit: &mut Edit<'_>, args: &mut Args<'_>, ctx: &Ctx<'_>) -> CommandResult {
    let key = args.next()?;
    let field = args.next()?;
    let done = hash::set_absent(edit, key, field, args.next()?, limits(ctx))?;
    Ok(Reply::Int(i64::from(done)))
}

pub fn hdel(edit: &mut Edit<'_>, args: &mut Args<'_>, _ctx: &Ctx<'_>) -> CommandResult {
    let key = args.next()?;
    let fields = std::iter::from_fn(|| args.next_or_none());
    Ok(Reply::Int(hash::delete(edit, key, fields)? as i64))
}

pub fn hincrby(edit: &mut Edit<'_>, args: &mut Args<'_>, ctx: &Ctx<'_>) -> CommandResult {
    let key = args.next()?;
    let field = args.next()?;
    let by = args.next_i64()?;
    match hash::increment(edit, key, field, by, limits(ctx)) {
        Err(StorageError::NotAnInteger) => Err(CommandError::Fixed(NOT_INTEGER)),
        sum => Ok(Reply::Int(sum?)),
    }
}

pub fn hincrbyfloat(edit: &mut Edit<'_>, args: &mut Args<'_>, ctx: &Ctx<'_>) -> CommandResult {
    let key = args.next()?;
    let field = args.next()?;
    let by = LongDouble::parse(args.next()?).ok_or(CommandError::Fixed(text::NOT_FLOAT))?;
    if by.is_infinite() {
        return Err(CommandError::Fixed(INFINITE_STEP));
    }
    match hash::increment_float(edit, key, field, by, limits(ctx)) {
        Err(StorageError::NotAFloat) => Err(CommandError::Fixed(NOT_FLOAT)),
        sum => sum?
            .map(Reply::bulk)
            .ok_or(CommandError::Fixed(INFINITE_SUM)),
    }
}

/// Up to where OBJECT ENCODING says `listpack`.
pub(in crate::commands) fn limits(ctx: &Ctx<'_>) -> ListpackLimits {
    ListpackLimits {
        fields: ctx.config.hash_max_listpack_entries.as_usize() as u64,
        bytes: ctx.config.hash_max_listpack_value.get(),
    }
}
