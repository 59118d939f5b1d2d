//! Owns the commands on ranges: reading, counting and removing them.
//! Must not know: sockets, how a range is found. Tests: `tests/commands/zset`, the oracle.

use super::parse::{self, By};
use super::thresholds;
use crate::command::{Args, Ctx};
use crate::error::{CommandError, CommandResult, text};
use crate::resp::{Reply, Strings, StringsOf};
use storage::change::Event;
use storage::ops::zset::{self, Limit, Range};
use storage::{Edit, View};

/// What a command's name says about its range; options say the rest.
#[derive(Debug, Clone, Copy)]
struct Named {
    by: Option<By>,
    reverse: Option<bool>,
    stores: bool,
}

/// A range as it was asked for.
struct Asked<'a> {
    range: Range<'a>,
    reverse: bool,
    /// `None` if nothing can be inside.
    limit: Option<Limit>,
    with_scores: bool,
}

impl<'a> Asked<'a> {
    /// Reads ends and options.
    fn parse(args: &mut Args<'a>, named: Named) -> CommandResult<Asked<'a>> {
        let (first, second) = (args.next()?, args.next()?);
        let Named {
            mut by,
            mut reverse,
            stores,
        } = named;
        let (mut offset, mut count, mut with_scores) = (0, -1, false);
        while args.left() > 0 {
            if !stores && args.skip_word("WITHSCORES") {
                with_scores = true;
            } else if args.left() > 2 && args.skip_word("LIMIT") {
                (offset, count) = (args.next_i64()?, args.next_i64()?);
            } else if reverse.is_none() && args.skip_word("REV") {
                reverse = Some(true);
            } else if by.is_none() && args.skip_word("BYLEX") {
                by = Some(By::Lex);
            } else if by.is_none() && args.skip_word("BYSCORE") {
                by = Some(By::Score);
            } else {
                return Err(CommandError::Fixed(text::SYNTAX));
            }
        }
        let (by, reverse) = (by.unwrap_or(By::Rank), reverse.unwrap_or(false));
        if count != -1 && by == By::Rank {
            let error = "ERR syntax error, LIMIT is only supported in combination with either \
                         BYSCORE or BYLEX";
            return Err(CommandError::Fixed(error));
        }
        if with_scores && by == By::Lex {
            let error = "ERR syntax error, WITHSCORES not supported in combination with BYLEX";
            return Err(CommandError::Fixed(error));
        }
        let range = match reverse && by != By::Rank {
            true => by.range(second, first)?,
            false => by.range(first, second)?,
        };
        let limit = match by {
            By::Rank => Some(Limit::NONE),
            // Any negative count means all, a negative offset is never reached.
            By::Score | By::Lex => u64::try_from(offset).ok().map(|offset| Limit {
                offset,
                count: u64::try_from(count).unwrap_or(u64::MAX),
            }),
        };
        Ok(Asked {
            range,
            reverse,
            limit,
            with_scores,
        })
    }

    fn find(&self, view: &View<'_>, key: &[u8]) -> CommandResult<Vec<zset::Scored>> {
        let limit = self.limit();
        Ok(zset::range(view, key, &self.range, self.reverse, limit)?)
    }

    fn limit(&self) -> Limit {
        self.limit.unwrap_or(Limit {
            offset: 0,
            count: 0,
        })
    }
}

fn read(view: &View<'_>, args: &mut Args<'_>, ctx: &Ctx<'_>, named: Named) -> CommandResult {
    let key = args.next()?;
    let asked = Asked::parse(args, named)?;
    if asked.with_scores {
        return Ok(parse::scored(asked.find(view, key)?, ctx.resp));
    }
    let mut members = Strings::of(StringsOf::List);
    let each = |member: &[u8]| members.push(member);
    zset::for_each(view, key, &asked.range, asked.reverse, asked.limit(), each)?;
    Ok(members.into())
}

const fn named(by: By, reverse: bool) -> Named {
    Named {
        by: Some(by),
        reverse: Some(reverse),
        stores: false,
    }
}

pub fn zrange(view: &View<'_>, args: &mut Args<'_>, ctx: &Ctx<'_>) -> CommandResult {
    let named = Named {
        by: None,
        reverse: None,
        stores: false,
    };
    read(view, args, ctx, named)
}

pub fn zrevrange(view: &View<'_>, args: &mut Args<'_>, ctx: &Ctx<'_>) -> CommandResult {
    read(view, args, ctx, named(By::Rank, true))
}

pub fn zrangebyscore(view: &View<'_>, args: &mut Args<'_>, ctx: &Ctx<'_>) -> CommandResult {
    read(view, args, ctx, named(By::Score, false))
}

pub fn zrevrangebyscore(view: &View<'_>, args: &mut Args<'_>, ctx: &Ctx<'_>) -> CommandResult {
    read(view, args, ctx, named(By::Score, true))
}

pub fn zrangebylex(view: &View<'_>, args: &mut Args<'_>, ctx: &Ctx<'_>) -> CommandResult {
    read(view, args, ctx, named(By::Lex, false))
}

pub fn zrevrangebylex(view: &View<'_>, args: &mut Args<'_>, ctx: &Ctx<'_>) -> CommandResult {
    read(view, args, ctx, named(By::Lex, true))
}

pub fn zrangestore(edit: &mut Edit<'_>, args: &mut Args<'_>, ctx: &Ctx<'_>) -> CommandResult {
    let (target, key) = (args.next()?, args.next()?);
    let named = Named {
        by: None,
        reverse: None,
        stores: true,
    };
    let found = Asked::parse(args, named)?.find(edit, key)?;
    let len = zset::store(edit, target, &found, Event::ZRangeStore, &thresholds(ctx))?;
    Ok(Reply::Int(len as i64))
}

pub fn zcount(view: &View<'_>, args: &mut Args<'_>, _ctx: &Ctx<'_>) -> CommandResult {
    count(view, args, By::Score)
}

pub fn zlexcount(view: &View<'_>, args: &mut Args<'_>, _ctx: &Ctx<'_>) -> CommandResult {
    count(view, args, By::Lex)
}

fn count(view: &View<'_>, args: &mut Args<'_>, by: By) -> CommandResult {
    let key = args.next()?;
    let range = by.range(args.next()?, args.next()?)?;
    Ok(Reply::Int(zset::count(view, key, &range)? as i64))
}

pub fn zremrangebyrank(edit: &mut Edit<'_>, args: &mut Args<'_>, _ctx: &Ctx<'_>) -> CommandResult {
    remove(edit, args, By::Rank)
}

pub fn zremrangebyscore(edit: &mut Edit<'_>, args: &mut Args<'_>, _ctx: &Ctx<'_>) -> CommandResult {
    remove(edit, args, By::Score)
}

pub fn zremrangebylex(edit: &mut Edit<'_>, args: &mut Args<'_>, _ctx: &Ctx<'_>) -> CommandResult {
    remove(edit, args, By::Lex)
}

fn remove(edit: &mut Edit<'_>, args: &mut Args<'_>, by: By) -> CommandResult {
    let key = args.next()?;
    let range = by.range(args.next()?, args.next()?)?;
    Ok(Reply::Int(zset::remove_range(edit, key, &range)? as i64))
}
