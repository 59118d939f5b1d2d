//! Owns the commands on single places: adding, telling, measuring.
//! Must not know: sockets. Tests: `tests/commands/geo.rs`, the oracle.

use super::parse;
use crate::command::{Args, Ctx};
use crate::commands::zset::thresholds;
use crate::error::{CommandError, CommandResult, text};
use crate::resp::Reply;
use smallvec::SmallVec;
use storage::ops::geo::{self, Index, Point};
use storage::ops::zset::{self, Condition};
use storage::{Edit, View};

pub fn geoadd(edit: &mut Edit<'_>, args: &mut Args<'_>, ctx: &Ctx<'_>) -> CommandResult {
    let key = args.next()?;
    let mut condition = Condition::default();
    let mut changed = false;
    loop {
        if args.skip_word("NX") {
            condition.new = true;
        } else if args.skip_word("XX") {
            condition.existing = true;
        } else if args.skip_word("CH") {
            changed = true;
        } else {
            break;
        }
    }
    let clash = condition.new && condition.existing;
    if args.left() == 0 || !args.left().is_multiple_of(3) || clash {
        return Err(CommandError::Fixed(text::SYNTAX));
    }
    let mut pairs: SmallVec<[(f64, &[u8]); 4]> = SmallVec::new();
    while args.left() > 0 {
        let score = geo::encode(parse::next_point(args)?);
        pairs.push((score, args.next()?));
    }
    let done = zset::add(edit, key, &pairs, condition, &thresholds(ctx))?;
    let updated = if changed { done.updated } else { 0 };
    Ok(Reply::Int((done.added + updated) as i64))
}

pub fn geodist(view: &View<'_>, args: &mut Args<'_>, _ctx: &Ctx<'_>) -> CommandResult {
    let (key, one, other) = (args.next()?, args.next()?, args.next()?);
    let metres = match args.left() {
        0 => 1.0,
        1 => parse::next_unit(args)?,
        _ => return Err(CommandError::Fixed(text::SYNTAX)),
    };
    let index = Index::open(view, key)?;
    let points = index.point(view, one)?.zip(index.point(view, other)?);
    Ok(points.map_or(Reply::Nil, |(one, other): (Point, Point)| {
        parse::distance(one.distance(other) / metres)
    }))
}

pub fn geohash(view: &View<'_>, args: &mut Args<'_>, _ctx: &Ctx<'_>) -> CommandResult {
    let text = |score: Option<f64>| match score {
        Some(score) => Reply::bulk_bytes(&geo::text(score)),
        None => Reply::Nil,
    };
    each_score(view, args, text)
}

pub fn geopos(view: &View<'_>, args: &mut Args<'_>, ctx: &Ctx<'_>) -> CommandResult {
    let place = |score: Option<f64>| match score {
        Some(score) => parse::point(geo::decode(score), ctx.resp),
        None => Reply::NilArray,
    };
    each_score(view, args, place)
}

fn each_score(
    view: &View<'_>,
    args: &mut Args<'_>,
    reply: impl Fn(Option<f64>) -> Reply,
) -> CommandResult {
    let key = args.next()?;
    let members = std::iter::from_fn(|| args.next_or_none());
    let scores = zset::scores(view, key, members)?;
    Ok(Reply::array(scores.into_iter().map(reply)))
}
