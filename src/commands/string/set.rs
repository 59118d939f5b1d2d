//! Owns the commands that write whole values: SET, its old variants, MSET and its variants.
//! Must not know: sockets, chunks. Tests: `tests/commands/string`, the oracle.

use super::options::{self, Dialect, Options};
use crate::command::{Args, Ctx};
use crate::commands::time_form::TimeForm;
use crate::error::{CommandError, CommandResult};
use crate::resp::{Reply, Request};
use storage::Edit;
use storage::encoding::number::parse_i64;
use storage::ops::bytes::Expiry;
use storage::ops::string::{self, Condition};

const BAD_NUMKEYS: &str = "ERR invalid numkeys value";
const BAD_PAIRS: &str = "ERR wrong number of key-value pairs";

pub fn set(edit: &mut Edit<'_>, args: &mut Args<'_>, ctx: &Ctx<'_>) -> CommandResult {
    let key = args.next()?;
    let value = args.next()?;
    let options = Options::parse(args, Dialect::Set)?;
    let expiry = options.expiry(edit.now_ms(), ctx)?;
    let give_old = options.give_old;
    let done = string::set(edit, key, value, options.condition, expiry, give_old)?;
    Ok(match (give_old, done.written) {
        (true, _) => Reply::bulk_or_nil(done.old),
        (false, true) => Reply::ok(),
        (false, false) => Reply::Nil,
    })
}

pub fn setnx(edit: &mut Edit<'_>, args: &mut Args<'_>, _ctx: &Ctx<'_>) -> CommandResult {
    let key = args.next()?;
    let value = args.next()?;
    let done = string::set(edit, key, value, Condition::Absent, Expiry::Clear, false)?;
    Ok(Reply::Int(i64::from(done.written)))
}

pub fn setex(edit: &mut Edit<'_>, args: &mut Args<'_>, ctx: &Ctx<'_>) -> CommandResult {
    set_with_time(edit, args, ctx, TimeForm::Ex)
}

pub fn psetex(edit: &mut Edit<'_>, args: &mut Args<'_>, ctx: &Ctx<'_>) -> CommandResult {
    set_with_time(edit, args, ctx, TimeForm::Px)
}

fn set_with_time(
    edit: &mut Edit<'_>,
    args: &mut Args<'_>,
    ctx: &Ctx<'_>,
    form: TimeForm,
) -> CommandResult {
    let key = args.next()?;
    let at = options::deadline(form, args.next()?, edit.now_ms(), ctx)?;
    let value = args.next()?;
    string::set(edit, key, value, Condition::Always, Expiry::At(at), false)?;
    Ok(Reply::ok())
}

pub fn getset(edit: &mut Edit<'_>, args: &mut Args<'_>, _ctx: &Ctx<'_>) -> CommandResult {
    let key = args.next()?;
    let value = args.next()?;
    let done = string::set(edit, key, value, Condition::Always, Expiry::Clear, true)?;
    Ok(Reply::bulk_or_nil(done.old))
}

pub fn mset(edit: &mut Edit<'_>, args: &mut Args<'_>, ctx: &Ctx<'_>) -> CommandResult {
    set_pairs(edit, args, ctx, Condition::Always)?;
    Ok(Reply::ok())
}

pub fn msetnx(edit: &mut Edit<'_>, args: &mut Args<'_>, ctx: &Ctx<'_>) -> CommandResult {
    let written = set_pairs(edit, args, ctx, Condition::Absent)?;
    Ok(Reply::Int(i64::from(written)))
}

fn set_pairs(
    edit: &mut Edit<'_>,
    args: &Args<'_>,
    ctx: &Ctx<'_>,
    condition: Condition<'_>,
) -> CommandResult<bool> {
    if !args.left().is_multiple_of(2) {
        return Err(CommandError::wrong_arity(ctx.command));
    }
    let pairs = pairs(args.request(), 1, args.left() / 2);
    Ok(string::set_many(edit, pairs, condition, Expiry::Clear)?)
}

pub fn msetex(edit: &mut Edit<'_>, args: &mut Args<'_>, ctx: &Ctx<'_>) -> CommandResult {
    let number =
        parse_i64(args.next()?).filter(|number| (1..=i64::from(i32::MAX)).contains(number));
    let count = number.ok_or(CommandError::Fixed(BAD_NUMKEYS))? as usize;
    if args.left() < count * 2 {
        return Err(CommandError::Fixed(BAD_PAIRS));
    }
    let request = args.request();
    let mut rest = Args::new(request, 2 + count * 2);
    let options = Options::parse(&mut rest, Dialect::MSetEx)?;
    let expiry = options.expiry(edit.now_ms(), ctx)?;
    let pairs = pairs(request, 2, count);
    let written = string::set_many(edit, pairs, options.condition, expiry)?;
    Ok(Reply::Int(i64::from(written)))
}

/// `count` keys, each followed by its value, from an argument on.
fn pairs<'a>(
    request: Request<'a>,
    first: usize,
    count: usize,
) -> impl Iterator<Item = (&'a [u8], &'a [u8])> + Clone {
    (0..count).filter_map(move |index| {
        let at = first + index * 2;
        Some((request.get(at)?, request.get(at + 1)?))
    })
}
