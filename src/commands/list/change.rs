//! Owns the commands that put elements into lists, replace and remove them.
//! Must not know: sockets. Tests: `tests/commands/list`, the oracle.

use super::threshold;
use crate::command::{Args, Ctx};
use crate::error::{CommandError, CommandResult, text};
use crate::resp::Reply;
use smallvec::SmallVec;
use storage::Edit;
use storage::ops::list::{self, Beside, End, Replaced};

pub fn lpush(edit: &mut Edit<'_>, args: &mut Args<'_>, ctx: &Ctx<'_>) -> CommandResult {
    push(edit, args, ctx, End::Front, false)
}

pub fn rpush(edit: &mut Edit<'_>, args: &mut Args<'_>, ctx: &Ctx<'_>) -> CommandResult {
    push(edit, args, ctx, End::Back, false)
}

pub fn lpushx(edit: &mut Edit<'_>, args: &mut Args<'_>, ctx: &Ctx<'_>) -> CommandResult {
    push(edit, args, ctx, End::Front, true)
}

pub fn rpushx(edit: &mut Edit<'_>, args: &mut Args<'_>, ctx: &Ctx<'_>) -> CommandResult {
    push(edit, args, ctx, End::Back, true)
}

fn push(
    edit: &mut Edit<'_>,
    args: &mut Args<'_>,
    ctx: &Ctx<'_>,
    end: End,
    must_exist: bool,
) -> CommandResult {
    let key = args.next()?;
    let elements: SmallVec<[&[u8]; 8]> = std::iter::from_fn(|| args.next_or_none()).collect();
    let elements = elements.iter().copied();
    let len = list::push(edit, key, elements, end, must_exist, threshold(ctx))?;
    Ok(Reply::Int(len as i64))
}

pub fn linsert(edit: &mut Edit<'_>, args: &mut Args<'_>, ctx: &Ctx<'_>) -> CommandResult {
    let key = args.next()?;
    let side = if args.skip_word("BEFORE") {
        Beside::Before
    } else if args.skip_word("AFTER") {
        Beside::After
    } else {
        return Err(CommandError::Fixed(text::SYNTAX));
    };
    let (pivot, element) = (args.next()?, args.next()?);
    let len = list::insert(edit, key, side, pivot, element, threshold(ctx))?;
    Ok(Reply::Int(len))
}

pub fn lset(edit: &mut Edit<'_>, args: &mut Args<'_>, ctx: &Ctx<'_>) -> CommandResult {
    let key = args.next()?;
    if !list::exists(edit, key)? {
        return Err(CommandError::Fixed(text::NO_SUCH_KEY));
    }
    let index = args.next_i64()?;
    match list::set(edit, key, index, args.next()?, threshold(ctx))? {
        Replaced::Done => Ok(Reply::ok()),
        Replaced::NoSuchKey => Err(CommandError::Fixed(text::NO_SUCH_KEY)),
        Replaced::NoSuchIndex => Err(CommandError::Fixed("ERR index out of range")),
    }
}

pub fn lrem(edit: &mut Edit<'_>, args: &mut Args<'_>, ctx: &Ctx<'_>) -> CommandResult {
    let key = args.next()?;
    let count = args.next_i64()?;
    let removed = list::remove_equal(edit, key, count, args.next()?, threshold(ctx))?;
    Ok(Reply::Int(removed as i64))
}

pub fn ltrim(edit: &mut Edit<'_>, args: &mut Args<'_>, ctx: &Ctx<'_>) -> CommandResult {
    let key = args.next()?;
    let (start, stop) = (args.next_i64()?, args.next_i64()?);
    list::trim(edit, key, start, stop, threshold(ctx))?;
    Ok(Reply::ok())
}
