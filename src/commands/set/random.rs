//! Owns the commands that draw members at random.
//! Must not know: sockets, how a draw is made fair. Tests: `tests/commands/set`, the oracle.

use crate::command::{Args, Ctx};
use crate::commands::draw;
use crate::error::{CommandError, CommandResult, text};
use crate::resp::Reply;
use storage::ops::set;
use storage::{Edit, View};

pub fn spop(edit: &mut Edit<'_>, args: &mut Args<'_>, ctx: &Ctx<'_>) -> CommandResult {
    let key = args.next()?;
    if args.left() == 0 {
        return Ok(Reply::bulk_or_nil(set::pop(edit, key, &mut ctx.random())?));
    }
    if args.left() > 1 {
        return Err(CommandError::Fixed(text::SYNTAX));
    }
    let count = args.next_in(0..=i64::MAX, text::NOT_POSITIVE)?;
    let popped = set::pop_many(edit, key, count as u64, &mut ctx.random())?;
    Ok(Reply::Set(popped.into_iter().map(Reply::from).collect()))
}

pub fn srandmember(view: &View<'_>, args: &mut Args<'_>, ctx: &Ctx<'_>) -> CommandResult {
    let key = args.next()?;
    if args.left() == 0 {
        return Ok(Reply::bulk_or_nil(set::random(
            view,
            key,
            &mut ctx.random(),
        )?));
    }
    if args.left() > 1 {
        return Err(CommandError::Fixed(text::SYNTAX));
    }
    let count = draw::next_count(args)?;
    let how = draw::how(count, || Ok(set::len(view, key)? > 0))?;
    let drawn = set::random_many(view, key, how, &mut ctx.random())?;
    Ok(Reply::array(
        drawn.unwrap_or_default().into_iter().map(Reply::from),
    ))
}
