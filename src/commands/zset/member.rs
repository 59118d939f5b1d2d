//! Owns the commands on single members: adding, removing, scores and ranks, walking.
//! Must not know: sockets. Tests: `tests/commands/zset`, the oracle.

use super::parse::next_score;
use super::thresholds;
use crate::command::{Args, Ctx};
use crate::commands::walk::{self, WalkOptions, Walked};
use crate::error::{CommandError, CommandResult, text};
use crate::resp::Reply;
use smallvec::SmallVec;
use storage::ops::zset::{self, Condition};
use storage::{Edit, StorageError, View};

const NOT_A_NUMBER: &str = "ERR resulting score is not a number (NaN)";

pub fn zadd(edit: &mut Edit<'_>, args: &mut Args<'_>, ctx: &Ctx<'_>) -> CommandResult {
    add(edit, args, ctx, false)
}

pub fn zincrby(edit: &mut Edit<'_>, args: &mut Args<'_>, ctx: &Ctx<'_>) -> CommandResult {
    add(edit, args, ctx, true)
}

fn add(
    edit: &mut Edit<'_>,
    args: &mut Args<'_>,
    ctx: &Ctx<'_>,
    mut increments: bool,
) -> CommandResult {
    let key = args.next()?;
    let mut condition = Condition::default();
    let mut changed = false;
    loop {
        let flag = match args.peek(0).unwrap_or_default().len() {
            2 if args.skip_word("NX") => &mut condition.new,
            2 if args.skip_word("XX") => &mut condition.existing,
            2 if args.skip_word("GT") => &mut condition.greater,
            2 if args.skip_word("LT") => &mut condition.less,
            2 if args.skip_word("CH") => &mut changed,
            4 if args.skip_word("INCR") => &mut increments,
            _ => break,
        };
        *flag = true;
    }
    let left = args.left();
    if left == 0 || !left.is_multiple_of(2) {
        return Err(CommandError::Fixed(text::SYNTAX));
    }
    check_condition(condition)?;
    if increments && left > 2 {
        let error = "ERR INCR option supports a single increment-element pair";
        return Err(CommandError::Fixed(error));
    }
    let mut pairs: SmallVec<[(f64, &[u8]); 4]> = SmallVec::with_capacity(left / 2);
    while args.left() > 0 {
        pairs.push((next_score(args)?, args.next()?));
    }
    let thresholds = thresholds(ctx);
    if increments {
        let pair = pairs.first().copied().unwrap_or_default();
        return match zset::increment(edit, key, pair, condition, &thresholds) {
            Ok(score) => Ok(score.map_or(Reply::Nil, Reply::Double)),
            Err(StorageError::NotAFloat) => Err(CommandError::Fixed(NOT_A_NUMBER)),
            Err(error) => Err(error.into()),
        };
    }
    let done = zset::add(edit, key, &pairs, condition, &thresholds)?;
    let updated = if changed { done.updated } else { 0 };
    Ok(Reply::Int((done.added + updated) as i64))
}

fn check_condition(condition: Condition) -> CommandResult<()> {
    let Condition {
        new,
        existing,
        greater,
        less,
    } = condition;
    if new && existing {
        let error = "ERR XX and NX options at the same time are not compatible";
        return Err(CommandError::Fixed(error));
    }
    if [greater, less, new].iter().filter(|&&given| given).count() > 1 {
        let error = "ERR GT, LT, and/or NX options at the same time are not compatible";
        return Err(CommandError::Fixed(error));
    }
    Ok(())
}

pub fn zrem(edit: &mut Edit<'_>, args: &mut Args<'_>, _ctx: &Ctx<'_>) -> CommandResult {
    let key = args.next()?;
    let members = std::iter::from_fn(|| args.next_or_none());
    Ok(Reply::Int(zset::remove(edit, key, members)? as i64))
}

pub fn zcard(view: &View<'_>, args: &mut Args<'_>, _ctx: &Ctx<'_>) -> CommandResult {
    Ok(Reply::Int(zset::len(view, args.next()?)? as i64))
}

pub fn zscore(view: &View<'_>, args: &mut Args<'_>, _ctx: &Ctx<'_>) -> CommandResult {
    let key = args.next()?;
    let score = zset::score(view, key, args.next()?)?;
    Ok(score.map_or(Reply::Nil, Reply::Double))
}

pub fn zmscore(view: &View<'_>, args: &mut Args<'_>, _ctx: &Ctx<'_>) -> CommandResult {
    let key = args.next()?;
    let members = std::iter::from_fn(|| args.next_or_none());
    let scores = zset::scores(view, key, members)?;
    let scores = scores.into_iter();
    Ok(Reply::array(
        scores.map(|score| score.map_or(Reply::Nil, Reply::Double)),
    ))
}

pub fn zrank(view: &View<'_>, args: &mut Args<'_>, ctx: &Ctx<'_>) -> CommandResult {
    rank(view, args, ctx, false)
}

pub fn zrevrank(view: &View<'_>, args: &mut Args<'_>, ctx: &Ctx<'_>) -> CommandResult {
    rank(view, args, ctx, true)
}

fn rank(view: &View<'_>, args: &mut Args<'_>, ctx: &Ctx<'_>, reverse: bool) -> CommandResult {
    let (key, member) = (args.next()?, args.next()?);
    if args.left() > 1 {
        return Err(CommandError::wrong_arity(ctx.command));
    }
    let with_score = args.left() > 0;
    if with_score && !args.skip_word("WITHSCORE") {
        return Err(CommandError::Fixed(text::SYNTAX));
    }
    let found = zset::rank(view, key, member, reverse)?;
    Ok(match (found, with_score) {
        (None, false) => Reply::Nil,
        (None, true) => Reply::NilArray,
        (Some((rank, _)), false) => Reply::Int(rank as i64),
        (Some((rank, score)), true) => {
            Reply::Array(vec![Reply::Int(rank as i64), Reply::Double(score)])
        }
    })
}

pub fn zscan(view: &View<'_>, args: &mut Args<'_>, _ctx: &Ctx<'_>) -> CommandResult {
    let key = args.next()?;
    let cursor = walk::next_cursor(args)?;
    if !zset::exists(view, key)? {
        // Redis does not look at the options of a walk over nothing.
        return Ok(walk::page(0, Vec::new()));
    }
    let options = WalkOptions::parse(args, Walked::SortedSet)?;
    let (next, found) = zset::page(view, key, cursor, options.count)?;
    let mut replies = Vec::with_capacity(found.len() * 2);
    for one in found {
        if options.wants(&one.member) {
            replies.push(Reply::from(one.member));
            if !options.no_values {
                let score = crate::resp::format_double(one.score);
                replies.push(Reply::bulk_bytes(&score));
            }
        }
    }
    Ok(walk::page(next, replies))
}
