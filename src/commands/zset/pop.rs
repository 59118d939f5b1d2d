//! Owns the commands that take members from the ends of sorted sets, waiting or not, and those that
//! draw them.
//! Must not know: sockets, how a client waits. Tests: `tests/commands/zset`, the oracle.

use super::parse;
use crate::command::{Args, Ctx};
use crate::commands::draw;
use crate::commands::multi_pop::MultiPop;
use crate::error::{CommandError, CommandResult, Park, text};
use crate::resp::{Reply, RespVersion};
use storage::ops::zset::{self, End};
use storage::{Edit, View};

pub fn zpopmin(edit: &mut Edit<'_>, args: &mut Args<'_>, ctx: &Ctx<'_>) -> CommandResult {
    pop(edit, args, ctx, End::Min)
}

pub fn zpopmax(edit: &mut Edit<'_>, args: &mut Args<'_>, ctx: &Ctx<'_>) -> CommandResult {
    pop(edit, args, ctx, End::Max)
}

fn pop(edit: &mut Edit<'_>, args: &mut Args<'_>, ctx: &Ctx<'_>, end: End) -> CommandResult {
    let key = args.next()?;
    if args.left() > 1 {
        return Err(CommandError::Fixed(text::SYNTAX));
    }
    let many = args.left() > 0;
    let count = match many {
        true => args.next_in(0..=i64::MAX, text::NOT_POSITIVE)?,
        false => 1,
    };
    let popped = zset::pop(edit, key, end, count as u64)?.unwrap_or_default();
    Ok(match (many, ctx.resp) {
        (true, RespVersion::Resp3) => parse::pairs(popped),
        _ => parse::flat(popped),
    })
}

fn next_end(args: &mut Args<'_>) -> CommandResult<End> {
    if args.skip_word("MIN") {
        Ok(End::Min)
    } else if args.skip_word("MAX") {
        Ok(End::Max)
    } else {
        Err(CommandError::Fixed(text::SYNTAX))
    }
}

/// Pops from the first key that has members; `None` if there is none.
fn pop_first(
    edit: &mut Edit<'_>,
    wanted: &MultiPop<'_, End>,
    ctx: &Ctx<'_>,
) -> CommandResult<Option<Reply>> {
    wanted.first(|key| {
        if !may_pop(edit, ctx, key)? {
            return Ok(None);
        }
        let popped = zset::pop(edit, key, wanted.end, wanted.count)?;
        Ok(popped.map(parse::pairs))
    })
}

pub fn zmpop(edit: &mut Edit<'_>, args: &mut Args<'_>, ctx: &Ctx<'_>) -> CommandResult {
    let wanted = MultiPop::parse(args, next_end)?;
    let popped = pop_first(edit, &wanted, ctx)?;
    Ok(popped.unwrap_or(Reply::NilArray))
}

pub fn bzmpop(edit: &mut Edit<'_>, args: &mut Args<'_>, ctx: &Ctx<'_>) -> CommandResult {
    // The time stands first and is judged last.
    let mut time = args.clone();
    args.next()?;
    let wanted = MultiPop::parse(args, next_end)?;
    let timeout_ms = time.next_timeout()?;
    let popped = pop_first(edit, &wanted, ctx)?;
    popped.ok_or_else(|| park(&wanted.keys, timeout_ms))
}

pub fn bzpopmin(edit: &mut Edit<'_>, args: &mut Args<'_>, ctx: &Ctx<'_>) -> CommandResult {
    pop_or_wait(edit, args, ctx, End::Min)
}

pub fn bzpopmax(edit: &mut Edit<'_>, args: &mut Args<'_>, ctx: &Ctx<'_>) -> CommandResult {
    pop_or_wait(edit, args, ctx, End::Max)
}

fn pop_or_wait(edit: &mut Edit<'_>, args: &mut Args<'_>, ctx: &Ctx<'_>, end: End) -> CommandResult {
    let mut keys = Vec::with_capacity(args.left());
    while args.left() > 1 {
        keys.push(args.next()?);
    }
    let timeout_ms = args.next_timeout()?;
    for key in &keys {
        if !may_pop(edit, ctx, key)? {
            continue;
        }
        let popped = zset::pop(edit, key, end, 1)?.unwrap_or_default();
        if let Some(one) = popped.into_iter().next() {
            let (member, score) = (Reply::from(one.member), Reply::Double(one.score));
            return Ok(Reply::array([Reply::bulk_bytes(key), member, score]));
        }
    }
    Err(park(&keys, timeout_ms))
}

/// Whether a key is looked at. While a command waits, a key of another type is as good as none.
fn may_pop(view: &View<'_>, ctx: &Ctx<'_>, key: &[u8]) -> CommandResult<bool> {
    Ok(ctx.looks_at(key) && (!ctx.has_waited() || zset::holds_zset(view, key)?))
}

fn park(keys: &[&[u8]], timeout_ms: Option<u64>) -> CommandError {
    CommandError::Park(Box::new(Park {
        keys: keys.iter().map(|key| key.to_vec()).collect(),
        timeout_ms,
        again_ms: None,
        nil: Reply::NilArray,
        takes: true,
        request: None,
    }))
}

pub fn zrandmember(view: &View<'_>, args: &mut Args<'_>, ctx: &Ctx<'_>) -> CommandResult {
    let key = args.next()?;
    if args.left() == 0 {
        let drawn = zset::random(view, key, &mut ctx.random())?;
        return Ok(Reply::bulk_or_nil(drawn.map(|one| one.member)));
    }
    let (count, with_scores) = draw::next_count_with(args, "WITHSCORES")?;
    let how = draw::how(count, || zset::exists(view, key))?;
    let drawn = zset::random_many(view, key, how, &mut ctx.random())?;
    Ok(match with_scores {
        true => parse::scored(drawn, ctx.resp),
        false => parse::members(drawn),
    })
}
