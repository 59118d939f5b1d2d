//! Owns the commands that take elements from the ends of lists, waiting or not.
//! Must not know: sockets, how a client waits. Tests: `tests/commands/list`, the oracle.

use super::{next_end, threshold};
use crate::command::{Args, Ctx};
use crate::commands::multi_pop::MultiPop;
use crate::error::{CommandError, CommandResult, Park, text};
use crate::resp::Reply;
use storage::ops::list::{self, End};
use storage::{Edit, Value};

pub fn lpop(edit: &mut Edit<'_>, args: &mut Args<'_>, ctx: &Ctx<'_>) -> CommandResult {
    pop(edit, args, ctx, End::Front)
}

pub fn rpop(edit: &mut Edit<'_>, args: &mut Args<'_>, ctx: &Ctx<'_>) -> CommandResult {
    pop(edit, args, ctx, End::Back)
}

fn pop(edit: &mut Edit<'_>, args: &mut Args<'_>, ctx: &Ctx<'_>, end: End) -> CommandResult {
    let key = args.next()?;
    if args.left() == 0 {
        let element = list::pop(edit, key, end, threshold(ctx))?;
        return Ok(Reply::bulk_or_nil(element));
    }
    if args.left() > 1 {
        return Err(CommandError::wrong_arity(ctx.command));
    }
    let count = args.next_in(0..=i64::MAX, text::NOT_POSITIVE)?;
    let popped = list::pop_many(edit, key, end, count as u64, threshold(ctx))?;
    Ok(popped.map_or(Reply::NilArray, elements))
}

fn elements(elements: Vec<Value>) -> Reply {
    Reply::array(elements.into_iter().map(Reply::from))
}

pub fn lmove(edit: &mut Edit<'_>, args: &mut Args<'_>, ctx: &Ctx<'_>) -> CommandResult {
    let (from, to) = (args.next()?, args.next()?);
    let (from_end, to_end) = (next_end(args)?, next_end(args)?);
    let moved = list::move_element(edit, (from, from_end), (to, to_end), threshold(ctx))?;
    Ok(Reply::bulk_or_nil(moved))
}

pub fn rpoplpush(edit: &mut Edit<'_>, args: &mut Args<'_>, ctx: &Ctx<'_>) -> CommandResult {
    let (from, to) = ((args.next()?, End::Back), (args.next()?, End::Front));
    let moved = list::move_element(edit, from, to, threshold(ctx))?;
    Ok(Reply::bulk_or_nil(moved))
}

/// Pops from the first key that has elements; `None` if there is none.
fn pop_first(
    edit: &mut Edit<'_>,
    wanted: &MultiPop<'_, End>,
    ctx: &Ctx<'_>,
) -> CommandResult<Option<Reply>> {
    wanted.first(|key| {
        let popped = list::pop_many(edit, key, wanted.end, wanted.count, threshold(ctx));
        Ok(ctx.found(popped)?.map(elements))
    })
}

pub fn lmpop(edit: &mut Edit<'_>, args: &mut Args<'_>, ctx: &Ctx<'_>) -> CommandResult {
    let wanted = MultiPop::parse(args, next_end)?;
    let popped = pop_first(edit, &wanted, ctx)?;
    Ok(popped.unwrap_or(Reply::NilArray))
}

pub fn blmpop(edit: &mut Edit<'_>, args: &mut Args<'_>, ctx: &Ctx<'_>) -> CommandResult {
    // The time stands first and is judged last.
    let mut time = args.clone();
    args.next()?;
    let mut wanted = MultiPop::parse(args, next_end)?;
    let timeout_ms = time.next_timeout()?;
    let all = wanted.keys.clone();
    wanted.keys.retain(|&key| ctx.looks_at(key));
    let popped = pop_first(edit, &wanted, ctx)?;
    popped.ok_or_else(|| park(&all, timeout_ms, Reply::NilArray))
}

pub fn blpop(edit: &mut Edit<'_>, args: &mut Args<'_>, ctx: &Ctx<'_>) -> CommandResult {
    pop_or_wait(edit, args, ctx, End::Front)
}

pub fn brpop(edit: &mut Edit<'_>, args: &mut Args<'_>, ctx: &Ctx<'_>) -> CommandResult {
    pop_or_wait(edit, args, ctx, End::Back)
}

fn pop_or_wait(edit: &mut Edit<'_>, args: &mut Args<'_>, ctx: &Ctx<'_>, end: End) -> CommandResult {
    let mut keys = Vec::with_capacity(args.left());
    while args.left() > 1 {
        keys.push(args.next()?);
    }
    let timeout_ms = args.next_timeout()?;
    for key in keys.iter().filter(|&key| ctx.looks_at(key)) {
        let popped = list::pop(edit, key, end, threshold(ctx));
        if let Some(element) = ctx.found(popped)? {
            return Ok(Reply::array([Reply::bulk_bytes(key), Reply::from(element)]));
        }
    }
    Err(park(&keys, timeout_ms, Reply::NilArray))
}

pub fn blmove(edit: &mut Edit<'_>, args: &mut Args<'_>, ctx: &Ctx<'_>) -> CommandResult {
    let (from, to) = (args.next()?, args.next()?);
    let (from_end, to_end) = (next_end(args)?, next_end(args)?);
    let timeout_ms = args.next_timeout()?;
    move_or_wait(edit, ctx, (from, from_end), (to, to_end), timeout_ms)
}

pub fn brpoplpush(edit: &mut Edit<'_>, args: &mut Args<'_>, ctx: &Ctx<'_>) -> CommandResult {
    let (from, to) = ((args.next()?, End::Back), (args.next()?, End::Front));
    let timeout_ms = args.next_timeout()?;
    move_or_wait(edit, ctx, from, to, timeout_ms)
}

fn move_or_wait(
    edit: &mut Edit<'_>,
    ctx: &Ctx<'_>,
    from: (&[u8], End),
    to: (&[u8], End),
    timeout_ms: Option<u64>,
) -> CommandResult {
    let key = from.0;
    // A change of the target alone gives nothing to move, nor does a source of another type while
    // the command waits; a target of another type is an error even then.
    let may_move = ctx.looks_at(key) && (!ctx.has_waited() || list::holds_list(edit, key)?);
    if !may_move {
        return Err(park(&[key], timeout_ms, Reply::Nil));
    }
    match list::move_element(edit, from, to, threshold(ctx))? {
        Some(element) => Ok(Reply::from(element)),
        None => Err(park(&[key], timeout_ms, Reply::Nil)),
    }
}

fn park(keys: &[&[u8]], timeout_ms: Option<u64>, nil: Reply) -> CommandError {
    CommandError::Park(Box::new(Park {
        keys: keys.iter().map(|key| key.to_vec()).collect(),
        timeout_ms,
        again_ms: None,
        nil,
        takes: true,
        request: None,
    }))
}
