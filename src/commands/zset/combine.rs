//! Owns the commands that make sorted sets from sets.
//! Must not know: sockets. Tests: `tests/commands/zset`, the oracle.

use super::parse::{self, next_f64};
use super::thresholds;
use crate::command::{Args, Ctx};
use crate::error::{CommandError, CommandResult, text};
use crate::resp::Reply;
use storage::change::Event;
use storage::ops::zset::{self, Aggregate, Algebra, Source};
use storage::{Edit, View};

/// What options a command takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Wanted {
    Members,
    Stored,
    Length,
}

/// Inputs and options of a command.
struct Asked<'a> {
    sources: Vec<Source<'a>>,
    aggregate: Aggregate,
    with_scores: bool,
    limit: u64,
}

impl<'a> Asked<'a> {
    /// Opens the inputs, then reads the options: in this order errors are told.
    fn parse(
        view: &View<'_>,
        args: &mut Args<'a>,
        ctx: &Ctx<'_>,
        algebra: Algebra,
        wanted: Wanted,
    ) -> CommandResult<Asked<'a>> {
        let mut asked = Asked {
            sources: next_sources(view, args, ctx)?,
            aggregate: Aggregate::Sum,
            with_scores: false,
            limit: 0,
        };
        let weighs = algebra != Algebra::Difference && wanted != Wanted::Length;
        while args.left() > 0 {
            if weighs && args.left() > asked.sources.len() && args.skip_word("WEIGHTS") {
                for source in &mut asked.sources {
                    source.set_weight(next_f64(args, "ERR weight value is not a float")?);
                }
            } else if weighs && args.left() > 1 && args.skip_word("AGGREGATE") {
                asked.aggregate = next_aggregate(args)?;
            } else if wanted == Wanted::Members && args.skip_word("WITHSCORES") {
                asked.with_scores = true;
            } else if wanted == Wanted::Length && args.left() > 1 && args.skip_word("LIMIT") {
                asked.limit = args.next_in(0..=i64::MAX, text::LIMIT_NEGATIVE)? as u64;
            } else {
                return Err(CommandError::Fixed(text::SYNTAX));
            }
        }
        Ok(asked)
    }
}

fn next_sources<'a>(
    view: &View<'_>,
    args: &mut Args<'a>,
    ctx: &Ctx<'_>,
) -> CommandResult<Vec<Source<'a>>> {
    let number = args.next_i64()?;
    if number < 1 {
        return Err(CommandError::Text(format!(
            "ERR at least 1 input key is needed for '{}' command",
            ctx.command
        )));
    }
    if number > args.left() as i64 {
        return Err(CommandError::Fixed(text::SYNTAX));
    }
    (0..number)
        .map(|_| Ok(Source::open(view, args.next()?)?))
        .collect()
}

fn next_aggregate(args: &mut Args<'_>) -> CommandResult<Aggregate> {
    if args.skip_word("SUM") {
        Ok(Aggregate::Sum)
    } else if args.skip_word("MIN") {
        Ok(Aggregate::Min)
    } else if args.skip_word("MAX") {
        Ok(Aggregate::Max)
    } else {
        Err(CommandError::Fixed(text::SYNTAX))
    }
}

pub fn zinter(view: &View<'_>, args: &mut Args<'_>, ctx: &Ctx<'_>) -> CommandResult {
    combine(view, args, ctx, Algebra::Intersection)
}

pub fn zunion(view: &View<'_>, args: &mut Args<'_>, ctx: &Ctx<'_>) -> CommandResult {
    combine(view, args, ctx, Algebra::Union)
}

pub fn zdiff(view: &View<'_>, args: &mut Args<'_>, ctx: &Ctx<'_>) -> CommandResult {
    combine(view, args, ctx, Algebra::Difference)
}

fn combine(view: &View<'_>, args: &mut Args<'_>, ctx: &Ctx<'_>, algebra: Algebra) -> CommandResult {
    let asked = Asked::parse(view, args, ctx, algebra, Wanted::Members)?;
    let found = zset::combine(view, asked.sources, algebra, asked.aggregate)?;
    Ok(match asked.with_scores {
        true => parse::scored(found, ctx.resp),
        false => parse::members(found),
    })
}

pub fn zinterstore(edit: &mut Edit<'_>, args: &mut Args<'_>, ctx: &Ctx<'_>) -> CommandResult {
    store(edit, args, ctx, Algebra::Intersection)
}

pub fn zunionstore(edit: &mut Edit<'_>, args: &mut Args<'_>, ctx: &Ctx<'_>) -> CommandResult {
    store(edit, args, ctx, Algebra::Union)
}

pub fn zdiffstore(edit: &mut Edit<'_>, args: &mut Args<'_>, ctx: &Ctx<'_>) -> CommandResult {
    store(edit, args, ctx, Algebra::Difference)
}

fn store(
    edit: &mut Edit<'_>,
    args: &mut Args<'_>,
    ctx: &Ctx<'_>,
    algebra: Algebra,
) -> CommandResult {
    let target = args.next()?;
    let asked = Asked::parse(edit, args, ctx, algebra, Wanted::Stored)?;
    let found = zset::combine(edit, asked.sources, algebra, asked.aggregate)?;
    let event = match algebra {
        Algebra::Intersection => Event::ZInterStore,
        Algebra::Union => Event::ZUnionStore,
        Algebra::Difference => Event::ZDiffStore,
    };
    let len = zset::store(edit, target, &found, event, &thresholds(ctx))?;
    Ok(Reply::Int(len as i64))
}

pub fn zintercard(view: &View<'_>, args: &mut Args<'_>, ctx: &Ctx<'_>) -> CommandResult {
    let asked = Asked::parse(view, args, ctx, Algebra::Intersection, Wanted::Length)?;
    let len = zset::intersection_len(view, asked.sources, asked.limit)?;
    Ok(Reply::Int(len as i64))
}
