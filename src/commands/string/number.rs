//! Owns the commands that add to numbers.
//! Must not know: sockets; how numbers are stored. Tests: `tests/commands/string`, the oracle.

use crate::command::{Args, Ctx};
use crate::error::{CommandError, CommandResult};
use crate::resp::Reply;
use storage::Edit;
use storage::ops::string;

const DECREMENT_OVERFLOW: &str = "ERR decrement would overflow";
const NOT_FINITE: &str = "ERR increment would produce NaN or Infinity";

pub fn incr(edit: &mut Edit<'_>, args: &mut Args<'_>, _ctx: &Ctx<'_>) -> CommandResult {
    add(edit, args.next()?, 1)
}

pub fn decr(edit: &mut Edit<'_>, args: &mut Args<'_>, _ctx: &Ctx<'_>) -> CommandResult {
    add(edit, args.next()?, -1)
}

pub fn incrby(edit: &mut Edit<'_>, args: &mut Args<'_>, _ctx: &Ctx<'_>) -> CommandResult {
    let key = args.next()?;
    add(edit, key, args.next_i64()?)
}

pub fn decrby(edit: &mut Edit<'_>, args: &mut Args<'_>, _ctx: &Ctx<'_>) -> CommandResult {
    let key = args.next()?;
    let by = args.next_i64()?.checked_neg();
    add(
        edit,
        key,
        by.ok_or(CommandError::Fixed(DECREMENT_OVERFLOW))?,
    )
}

fn add(edit: &mut Edit<'_>, key: &[u8], by: i64) -> CommandResult {
    Ok(Reply::Int(string::increment(edit, key, by)?))
}

pub fn incrbyfloat(edit: &mut Edit<'_>, args: &mut Args<'_>, _ctx: &Ctx<'_>) -> CommandResult {
    let key = args.next()?;
    let sum = string::increment_float(edit, key, args.next()?)?;
    sum.map(Reply::bulk).ok_or(CommandError::Fixed(NOT_FINITE))
}
