//! Owns the commands that set, read and remove the times of fields.
//! Invariants: the key's type is checked before the arguments. Must not know: sockets, how times
//! are kept. Tests: `tests/commands/hash`.

use super::lifetime;
use crate::command::{Args, Ctx};
use crate::commands::time_form::TimeForm;
use crate::error::CommandResult;
use crate::resp::Reply;
use storage::ops::expire::Conditions;
use storage::ops::hash::{Changed, FieldTime, Hash};
use storage::{Edit, View};

/// What the commands that set times say of a number of fields that is none.
const NOT_POSITIVE: &str = "ERR Parameter `numFields` should be greater than 0";
/// What the others say.
pub(super) const BAD_COUNT: &str = "ERR Number of fields must be a positive integer";

pub fn hexpire(edit: &mut Edit<'_>, args: &mut Args<'_>, ctx: &Ctx<'_>) -> CommandResult {
    set(edit, args, ctx, TimeForm::Ex)
}

pub fn hpexpire(edit: &mut Edit<'_>, args: &mut Args<'_>, ctx: &Ctx<'_>) -> CommandResult {
    set(edit, args, ctx, TimeForm::Px)
}

pub fn hexpireat(edit: &mut Edit<'_>, args: &mut Args<'_>, ctx: &Ctx<'_>) -> CommandResult {
    set(edit, args, ctx, TimeForm::ExAt)
}

pub fn hpexpireat(edit: &mut Edit<'_>, args: &mut Args<'_>, ctx: &Ctx<'_>) -> CommandResult {
    set(edit, args, ctx, TimeForm::PxAt)
}

fn set(edit: &mut Edit<'_>, args: &mut Args<'_>, ctx: &Ctx<'_>, form: TimeForm) -> CommandResult {
    let hash = Hash::open(edit, args.next()?)?;
    let at_ms = lifetime::deadline(form, args.next()?, edit.now_ms(), ctx)?;
    let before = condition(args);
    let fields = lifetime::fields(args, NOT_POSITIVE, ctx)?;
    let conditions = before.or_else(|| condition(args)).unwrap_or_default();
    lifetime::end(args)?;
    let changes = hash.expire(edit, fields, at_ms, conditions)?;
    Ok(Reply::array_of_ints(changes.into_iter().map(
        |change| match change {
            Changed::Missing => -2,
            Changed::Unmet => 0,
            Changed::Done => 1,
            Changed::Deleted => 2,
        },
    )))
}

/// The condition that is the next argument, which may stand before the fields or behind them.
fn condition(args: &mut Args<'_>) -> Option<Conditions> {
    let mut conditions = Conditions::default();
    let words = [
        ("NX", &mut conditions.absent),
        ("XX", &mut conditions.present),
        ("GT", &mut conditions.later),
        ("LT", &mut conditions.earlier),
    ];
    let (_, asked) = words.into_iter().find(|(word, _)| args.skip_word(word))?;
    *asked = true;
    Some(conditions)
}

pub fn hpersist(edit: &mut Edit<'_>, args: &mut Args<'_>, ctx: &Ctx<'_>) -> CommandResult {
    let hash = Hash::open(edit, args.next()?)?;
    let fields = lifetime::fields(args, BAD_COUNT, ctx)?;
    lifetime::end(args)?;
    let changes = hash.persist(edit, fields)?;
    Ok(Reply::array_of_ints(changes.into_iter().map(
        |change| match change {
            Changed::Missing => -2,
            Changed::Unmet => -1,
            Changed::Done | Changed::Deleted => 1,
        },
    )))
}

pub fn httl(view: &View<'_>, args: &mut Args<'_>, ctx: &Ctx<'_>) -> CommandResult {
    times(view, args, ctx, |at_ms| {
        at_ms.saturating_sub(view.now_ms()).div_ceil(1000)
    })
}

pub fn hpttl(view: &View<'_>, args: &mut Args<'_>, ctx: &Ctx<'_>) -> CommandResult {
    times(view, args, ctx, |at_ms| at_ms.saturating_sub(view.now_ms()))
}

pub fn hexpiretime(view: &View<'_>, args: &mut Args<'_>, ctx: &Ctx<'_>) -> CommandResult {
    times(view, args, ctx, |at_ms| at_ms.div_ceil(1000))
}

pub fn hpexpiretime(view: &View<'_>, args: &mut Args<'_>, ctx: &Ctx<'_>) -> CommandResult {
    times(view, args, ctx, |at_ms| at_ms)
}

/// -2 for a missing field, -1 for one without a time, otherwise the time as `show` tells it.
fn times(
    view: &View<'_>,
    args: &mut Args<'_>,
    ctx: &Ctx<'_>,
    show: impl Fn(u64) -> u64,
) -> CommandResult {
    let hash = Hash::open(view, args.next()?)?;
    let mut replies = Vec::with_capacity(args.left());
    let fields = lifetime::fields(args, BAD_COUNT, ctx)?;
    lifetime::end(args)?;
    for field in fields {
        replies.push(Reply::Int(match hash.time(view, field)? {
            FieldTime::Missing => -2,
            FieldTime::Never => -1,
            FieldTime::At(at_ms) => show(at_ms) as i64,
        }));
    }
    Ok(Reply::Array(replies))
}
