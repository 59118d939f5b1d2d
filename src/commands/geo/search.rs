//! Owns the commands that search for members inside a shape.
//! Must not know: sockets, cells. Tests: `tests/commands/geo.rs`, the oracle.

use super::options::{Asked, Order, Style};
use super::parse;
use crate::command::{Args, Ctx};
use crate::commands::zset::thresholds;
use crate::error::CommandResult;
use crate::resp::Reply;
use storage::change::Event;
use storage::ops::geo::{Found, Index};
use storage::ops::zset::{self, Scored};
use storage::{Edit, View};

pub fn georadius(edit: &mut Edit<'_>, args: &mut Args<'_>, ctx: &Ctx<'_>) -> CommandResult {
    search_or_store(edit, args, ctx, Style::Point { stores: true })
}

pub fn georadius_ro(view: &View<'_>, args: &mut Args<'_>, ctx: &Ctx<'_>) -> CommandResult {
    search(view, args, ctx, Style::Point { stores: false })
}

pub fn georadiusbymember(edit: &mut Edit<'_>, args: &mut Args<'_>, ctx: &Ctx<'_>) -> CommandResult {
    search_or_store(edit, args, ctx, Style::Member { stores: true })
}

pub fn georadiusbymember_ro(view: &View<'_>, args: &mut Args<'_>, ctx: &Ctx<'_>) -> CommandResult {
    search(view, args, ctx, Style::Member { stores: false })
}

pub fn geosearch(view: &View<'_>, args: &mut Args<'_>, ctx: &Ctx<'_>) -> CommandResult {
    search(view, args, ctx, Style::Search)
}

pub fn geosearchstore(edit: &mut Edit<'_>, args: &mut Args<'_>, ctx: &Ctx<'_>) -> CommandResult {
    let target = args.next()?;
    search_or_store(edit, args, ctx, Style::SearchStore { target })
}

fn search<'a>(
    view: &View<'_>,
    args: &mut Args<'a>,
    ctx: &Ctx<'_>,
    style: Style<'a>,
) -> CommandResult {
    let index = Index::open(view, args.next()?)?;
    let asked = Asked::parse(view, args, &index, style)?;
    let found = find(view, &index, &asked)?;
    Ok(Reply::array(
        found.into_iter().map(|one| reply(one, &asked, ctx)),
    ))
}

fn search_or_store<'a>(
    edit: &mut Edit<'_>,
    args: &mut Args<'a>,
    ctx: &Ctx<'_>,
    style: Style<'a>,
) -> CommandResult {
    let index = Index::open(edit, args.next()?)?;
    let asked = Asked::parse(edit, args, &index, style)?;
    let found = find(edit, &index, &asked)?;
    let Some(target) = asked.target else {
        return Ok(Reply::array(
            found.into_iter().map(|one| reply(one, &asked, ctx)),
        ));
    };
    let event = match style {
        Style::SearchStore { .. } => Event::GeoSearchStore,
        _ => Event::GeoRadiusStore,
    };
    let scored = |one: Found| Scored {
        member: one.member,
        score: match asked.stores_distance {
            true => one.distance / asked.unit,
            false => one.score,
        },
    };
    let members: Vec<Scored> = found.into_iter().map(scored).collect();
    let len = zset::store(edit, target, &members, event, &thresholds(ctx))?;
    Ok(Reply::Int(len as i64))
}

/// What is inside, in the order and number asked for.
fn find(view: &View<'_>, index: &Index<'_>, asked: &Asked<'_>) -> CommandResult<Vec<Found>> {
    let Some(shape) = asked.shape.as_ref().filter(|_| index.exists()) else {
        return Ok(Vec::new());
    };
    let limit = asked.count.filter(|_| asked.any);
    let mut found = index.search(view, shape, limit)?;
    match asked.order {
        Order::Any => {}
        Order::NearestFirst => found.sort_by(|a, b| a.distance.total_cmp(&b.distance)),
        Order::FarthestFirst => found.sort_by(|a, b| b.distance.total_cmp(&a.distance)),
    }
    if let Some(count) = asked.count {
        found.truncate(usize::try_from(count).unwrap_or(usize::MAX));
    }
    Ok(found)
}

fn reply(one: Found, asked: &Asked<'_>, ctx: &Ctx<'_>) -> Reply {
    let member = Reply::from(one.member);
    if !(asked.with_distance || asked.with_hash || asked.with_point) {
        return member;
    }
    let mut parts = vec![member];
    if asked.with_distance {
        parts.push(parse::distance(one.distance / asked.unit));
    }
    if asked.with_hash {
        parts.push(Reply::Int(one.score as i64));
    }
    if asked.with_point {
        parts.push(parse::point(one.point, ctx.resp));
    }
    Reply::Array(parts)
}
