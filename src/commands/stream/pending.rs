//! Owns the commands on pending entries: XACK, XPENDING, XCLAIM, XAUTOCLAIM, XACKDEL.
//! Must not know: sockets. Tests: `tests/commands/stream`, the oracle.

use super::entry::{self, Doomed, removals};
use super::id;
use crate::command::{Args, Ctx};
use crate::error::{CommandError, CommandResult, quoted, text};
use crate::resp::Reply;
use storage::encoding::number::parse_i64;
use storage::ops::stream::{
    self, AutoClaim, Claim, Claimed, PendingFilter, PendingInfo, PendingSummary, StreamId,
};
use storage::{Edit, View};

/// `NOGROUP No such key 'x' or consumer group 'y'`.
fn no_group(key: &[u8], group: &[u8]) -> CommandError {
    let all = usize::MAX;
    CommandError::Bytes(
        [
            b"NOGROUP No such key '",
            quoted(key, all),
            b"' or consumer group '",
            quoted(group, all),
            b"'",
        ]
        .concat(),
    )
}

pub fn xack(edit: &mut Edit<'_>, args: &mut Args<'_>, _: &Ctx<'_>) -> CommandResult {
    let (key, group) = (args.next()?, args.next()?);
    // Without a group no id is looked at, however it is written.
    let ids = match id::rest(args) {
        Ok(ids) => ids,
        Err(error) if stream::has_group(edit, key, group)? => return Err(error),
        Err(_) => return Ok(Reply::Int(0)),
    };
    Ok(Reply::Int(
        stream::acknowledge(edit, key, group, &ids)? as i64
    ))
}

pub fn xackdel(edit: &mut Edit<'_>, args: &mut Args<'_>, _: &Ctx<'_>) -> CommandResult {
    let (key, group) = (args.next()?, args.next()?);
    let has_group = stream::has_group(edit, key, group)?;
    let doomed = Doomed::parse(args)?;
    if !has_group {
        return Ok(doomed.none_found());
    }
    let (ids, references) = (doomed.ids()?, doomed.references);
    let done = stream::acknowledge_and_delete(edit, key, group, &ids, references)?;
    Ok(removals(done))
}

pub fn xpending(view: &View<'_>, args: &mut Args<'_>, _: &Ctx<'_>) -> CommandResult {
    let (key, group) = (args.next()?, args.next()?);
    if args.left() == 0 {
        let summary = stream::pending_summary(view, key, group)?;
        return summary
            .map(summary_reply)
            .ok_or_else(|| no_group(key, group));
    }
    if !(3..=6).contains(&args.left()) {
        return Err(CommandError::Fixed(text::SYNTAX));
    }
    let mut idle_min_ms = 0;
    if args.skip_word("IDLE") {
        idle_min_ms = args.next_i64()?.max(0) as u64;
        if args.left() < 3 {
            return Err(CommandError::Fixed(text::SYNTAX));
        }
    }
    let (start, end) = (args.next()?, args.next()?);
    let count = args.next_i64()?.max(0) as u64;
    let filter = PendingFilter {
        start: id::start(start)?,
        end: id::end(end)?,
        count,
        idle_min_ms,
        consumer: args.next_or_none(),
    };
    let found = stream::pending_range(view, key, group, &filter)?;
    let found = found.ok_or_else(|| no_group(key, group))?;
    let now_ms = view.now_ms();
    let one = |pending: PendingInfo| {
        Reply::Array(vec![
            id::reply(pending.id),
            Reply::from(pending.consumer),
            Reply::Int(now_ms.saturating_sub(pending.at_ms) as i64),
            Reply::Int(pending.deliveries as i64),
        ])
    };
    Ok(Reply::array(found.into_iter().map(one)))
}

fn summary_reply(summary: PendingSummary) -> Reply {
    let Some((first, last)) = summary.ends else {
        return Reply::Array(vec![Reply::Int(0), Reply::Nil, Reply::Nil, Reply::NilArray]);
    };
    let consumers = summary.consumers.into_iter();
    let consumers = consumers.map(|(name, pending)| {
        let pending = Reply::bulk_int(pending as i64);
        Reply::Array(vec![Reply::from(name), pending])
    });
    Reply::Array(vec![
        Reply::Int(summary.count as i64),
        id::reply(first),
        id::reply(last),
        Reply::array(consumers),
    ])
}

/// Claimed entries, or their ids.
fn claimed_reply(claimed: Vec<Claimed>) -> Reply {
    Reply::array(claimed.into_iter().map(|one| match one.entry {
        Some(found) => entry::reply(found),
        None => id::reply(one.id),
    }))
}

/// XCLAIM's options behind the ids.
struct ClaimOptions {
    at_ms: u64,
    deliveries: Option<u64>,
    force: bool,
    ids_only: bool,
    last: StreamId,
}

impl ClaimOptions {
    fn parse(args: &mut Args<'_>, now_ms: u64) -> CommandResult<ClaimOptions> {
        let mut options = ClaimOptions {
            at_ms: now_ms,
            deliveries: None,
            force: false,
            ids_only: false,
            last: StreamId::MIN,
        };
        let any = i64::MIN..=i64::MAX;
        // A time that makes no sense counts as now.
        let sane = |at: i64| u64::try_from(at).unwrap_or(now_ms).min(now_ms);
        while let Some(option) = args.peek(0) {
            let more = args.left() > 1;
            if args.skip_word("FORCE") {
                options.force = true;
            } else if args.skip_word("JUSTID") {
                options.ids_only = true;
            } else if more && args.skip_word("IDLE") {
                let idle =
                    args.next_in(any.clone(), "ERR Invalid IDLE option argument for XCLAIM")?;
                options.at_ms = sane((now_ms as i64).saturating_sub(idle));
            } else if more && args.skip_word("TIME") {
                let at =
                    args.next_in(any.clone(), "ERR Invalid TIME option argument for XCLAIM")?;
                options.at_ms = sane(at);
            } else if more && args.skip_word("RETRYCOUNT") {
                let error = "ERR Invalid RETRYCOUNT option argument for XCLAIM";
                options.deliveries = u64::try_from(args.next_in(any.clone(), error)?).ok();
            } else if more && args.skip_word("LASTID") {
                options.last = id::strict(args.next()?, 0)?;
            } else {
                let text: &[&[u8]] = &[
                    b"ERR Unrecognized XCLAIM option '",
                    quoted(option, usize::MAX),
                    b"'",
                ];
                return Err(CommandError::Bytes(text.concat()));
            }
        }
        Ok(options)
    }
}

pub fn xclaim(edit: &mut Edit<'_>, args: &mut Args<'_>, _: &Ctx<'_>) -> CommandResult {
    let (key, group, consumer) = (args.next()?, args.next()?, args.next()?);
    if !stream::has_group(edit, key, group)? {
        return Err(no_group(key, group));
    }
    let invalid = "ERR Invalid min-idle-time argument for XCLAIM";
    let idle = args.next_in(i64::MIN..=i64::MAX, invalid)?;
    let mut ids = Vec::with_capacity(args.left());
    // The first argument that is no id begins the options.
    while let Some(id) = args.peek(0).and_then(|arg| id::strict(arg, 0).ok()) {
        ids.push(id);
        args.next()?;
    }
    let options = ClaimOptions::parse(args, edit.now_ms())?;
    let what = Claim {
        group,
        consumer,
        idle_min_ms: idle.max(0) as u64,
        ids: &ids,
        at_ms: options.at_ms,
        deliveries: options.deliveries,
        force: options.force,
        ids_only: options.ids_only,
        last: options.last,
    };
    let claimed = stream::claim(edit, key, &what)?;
    let claimed = claimed.ok_or_else(|| no_group(key, group))?;
    Ok(claimed_reply(claimed))
}

/// Redis keeps ids and attempts in memory that it could not address beyond.
const AUTO_CLAIM_COUNT_MAX: i64 = i64::MAX / 16;

pub fn xautoclaim(edit: &mut Edit<'_>, args: &mut Args<'_>, _: &Ctx<'_>) -> CommandResult {
    let (key, group, consumer) = (args.next()?, args.next()?, args.next()?);
    let invalid = "ERR Invalid min-idle-time argument for XAUTOCLAIM";
    let idle = args.next_in(i64::MIN..=i64::MAX, invalid)?;
    let start = id::start(args.next()?)?;
    let (mut count, mut ids_only) = (100, false);
    while args.left() > 0 {
        if args.left() > 1 && args.skip_word("COUNT") {
            let given = args.next()?;
            let positive = |count: &i64| (1..=AUTO_CLAIM_COUNT_MAX).contains(count);
            let given = parse_i64(given).filter(positive);
            count = given.ok_or("ERR COUNT must be > 0")? as u64;
        } else if args.skip_word("JUSTID") {
            ids_only = true;
        } else {
            return Err(CommandError::Fixed(text::SYNTAX));
        }
    }
    let what = AutoClaim {
        group,
        consumer,
        idle_min_ms: idle.max(0) as u64,
        start,
        count,
        ids_only,
    };
    let found = stream::auto_claim(edit, key, &what)?;
    let found = found.ok_or_else(|| no_group(key, group))?;
    Ok(Reply::Array(vec![
        id::reply(found.next),
        claimed_reply(found.claimed),
        Reply::array(found.deleted.into_iter().map(id::reply)),
    ]))
}
