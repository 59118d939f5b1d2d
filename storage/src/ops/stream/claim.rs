//! Owns giving pending entries to another consumer: XCLAIM, XAUTOCLAIM, and CLAIM of XREADGROUP.
//! Invariants: a pending entry whose entry was deleted is dropped when it is met.
//! Must not know: replies. Tests: `storage/tests/streams.rs`, the oracle.

use super::DeliveredEntry;
use super::consumer::Consumer;
use super::group::Group;
use super::pending::Pending;
use super::{Entry, Stream, StreamId};
use crate::change::Event;
use crate::edit::Edit;
use crate::error::Result;

/// What XCLAIM asks for.
#[derive(Debug, Clone, Copy)]
pub struct Claim<'a> {
    /// The group.
    pub group: &'a [u8],
    /// Who gets the entries; made if need be.
    pub consumer: &'a [u8],
    /// Only entries delivered at least so long ago, ms.
    pub idle_min_ms: u64,
    /// The entries.
    pub ids: &'a [StreamId],
    /// When they count as delivered, ms.
    pub at_ms: u64,
    /// How often they count as delivered.
    pub deliveries: Option<u64>,
    /// Entries that are not pending become so.
    pub force: bool,
    /// The entries themselves are not asked for; deliveries do not go up.
    pub ids_only: bool,
    /// The group's last id is at least this one.
    pub last: StreamId,
}

/// A claimed entry; without its strings where ids were asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Claimed {
    /// Its id.
    pub id: StreamId,
    /// The entry.
    pub entry: Option<Entry>,
}

/// Claims pending entries; `None` without such a group.
pub fn claim(edit: &mut Edit<'_>, key: &[u8], what: &Claim<'_>) -> Result<Option<Vec<Claimed>>> {
    let mut stream = Stream::open(edit, key)?;
    let Some(mut group) = stream.group(edit, what.group)? else {
        return Ok(None);
    };
    group.last = group.last.max(what.last);
    let (mut consumer, made) = stream.claimer(edit, &mut group, what.consumer)?;
    let mut claimed = Vec::new();
    for &id in what.ids {
        let before = stream.pending(edit, &group, id)?;
        let Some(entry) = stream.find_entry(edit, id)? else {
            stream.drop_dead(edit, (&mut group, &mut consumer), id, before)?;
            continue;
        };
        let now_ms = edit.now_ms();
        let idle = before.map(|before| now_ms.saturating_sub(before.at_ms));
        let too_young = idle.is_some_and(|idle| idle < what.idle_min_ms);
        if too_young || (before.is_none() && !what.force) {
            continue;
        }
        let count = before.map_or(1, |before| before.deliveries);
        let pending = Pending {
            consumer: consumer.number,
            at_ms: what.at_ms,
            deliveries: what
                .deliveries
                .unwrap_or(count.saturating_add(u64::from(!what.ids_only))),
        };
        consumer.active_ms = Some(now_ms);
        let to = (&mut group, &mut consumer);
        stream.assign(edit, to, (id, before), &pending)?;
        let entry = (!what.ids_only).then_some(entry);
        claimed.push(Claimed { id, entry });
    }
    stream.finish_claim(edit, &group, &consumer, (made, Event::XClaim))?;
    Ok(Some(claimed))
}

/// What XAUTOCLAIM asks for.
#[derive(Debug, Clone, Copy)]
pub struct AutoClaim<'a> {
    /// The group.
    pub group: &'a [u8],
    /// Who gets the entries; made if need be.
    pub consumer: &'a [u8],
    /// Only entries delivered at least so long ago, ms.
    pub idle_min_ms: u64,
    /// From this id.
    pub start: StreamId,
    /// So many at most.
    pub count: u64,
    /// The entries themselves are not asked for; deliveries do not go up.
    pub ids_only: bool,
}

/// What [`auto_claim`] found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AutoClaimed {
    /// Where to go on; 0-0 at the end.
    pub next: StreamId,
    /// What was claimed.
    pub claimed: Vec<Claimed>,
    /// Pending ids whose entries were deleted; they are no longer pending.
    pub deleted: Vec<StreamId>,
}

/// Pending entries looked at for each one asked for.
const ATTEMPTS_PER_ENTRY: u64 = 10;

/// Claims pending entries from an id on; `None` without such a group.
pub fn auto_claim(
    edit: &mut Edit<'_>,
    key: &[u8],
    what: &AutoClaim<'_>,
) -> Result<Option<AutoClaimed>> {
    let mut stream = Stream::open(edit, key)?;
    let Some(mut group) = stream.group(edit, what.group)? else {
        return Ok(None);
    };
    let (mut consumer, made) = stream.claimer(edit, &mut group, what.consumer)?;
    let mut found = AutoClaimed {
        next: StreamId::MIN,
        claimed: Vec::new(),
        deleted: Vec::new(),
    };
    let (mut attempts, mut count) = (what.count.saturating_mul(ATTEMPTS_PER_ENTRY), what.count);
    let mut start = Some(what.start);
    while let Some(from) = start {
        let Some((id, before)) = stream.next_pending(edit, &group, from)? else {
            break;
        };
        if attempts == 0 || count == 0 {
            found.next = id;
            break;
        }
        attempts -= 1;
        start = id.next();
        let Some(entry) = stream.find_entry(edit, id)? else {
            stream.drop_dead(edit, (&mut group, &mut consumer), id, Some(before))?;
            found.deleted.push(id);
            count -= 1;
            continue;
        };
        let now_ms = edit.now_ms();
        if now_ms.saturating_sub(before.at_ms) < what.idle_min_ms {
            continue;
        }
        let more = u64::from(!what.ids_only);
        let pending = Pending {
            consumer: consumer.number,
            at_ms: now_ms,
            deliveries: before.deliveries.saturating_add(more),
        };
        consumer.active_ms = Some(now_ms);
        let to = (&mut group, &mut consumer);
        stream.assign(edit, to, (id, Some(before)), &pending)?;
        let entry = (!what.ids_only).then_some(entry);
        found.claimed.push(Claimed { id, entry });
        count -= 1;
    }
    stream.finish_claim(edit, &group, &consumer, (made, Event::XAutoClaim))?;
    Ok(Some(found))
}

/// What is claimed for a delivery, and if that is nothing, for how long it will be, ms.
type Redelivered = (Vec<DeliveredEntry>, Option<u64>);

impl Stream<'_> {
    /// Gives a consumer what was delivered at least so long ago, the longest first. It looks at all
    /// that is pending in the group.
    pub(super) fn claim_idle(
        &mut self,
        edit: &mut Edit<'_>,
        (group, consumer): (&mut Group, &mut Consumer),
        idle_min_ms: u64,
        count: Option<u64>,
    ) -> Result<Redelivered> {
        let now_ms = edit.now_ms();
        let (mut idle, mut young_idle_ms) = (Vec::new(), 0);
        let everything = (StreamId::MIN, StreamId::MAX);
        self.each_pending(edit, group, everything, &mut |id, pending| {
            let idle_ms = now_ms.saturating_sub(pending.at_ms);
            if idle_ms >= idle_min_ms {
                idle.push((pending.at_ms, id, pending));
            } else {
                young_idle_ms = young_idle_ms.max(idle_ms);
            }
            Ok(true)
        })?;
        idle.sort_unstable_by_key(|(at_ms, id, _)| (*at_ms, *id));
        let mut claimed = Vec::new();
        for (at_ms, id, before) in idle {
            if count == Some(claimed.len() as u64) {
                break;
            }
            let Some(entry) = self.find_entry(edit, id)? else {
                self.drop_dead(edit, (group, consumer), id, Some(before))?;
                continue;
            };
            let pending = Pending {
                consumer: consumer.number,
                at_ms: now_ms,
                deliveries: before.deliveries.saturating_add(1),
            };
            let to = (&mut *group, &mut *consumer);
            self.assign(edit, to, (id, Some(before)), &pending)?;
            claimed.push(DeliveredEntry {
                id,
                entry: Some(entry),
                idle_ms: now_ms.saturating_sub(at_ms),
                deliveries: before.deliveries,
            });
        }
        let again_ms = claimed.is_empty().then(|| idle_min_ms - young_idle_ms);
        Ok((claimed, again_ms))
    }

    /// The consumer that claims, and whether it was made for that.
    fn claimer(
        &mut self,
        edit: &mut Edit<'_>,
        group: &mut Group,
        name: &[u8],
    ) -> Result<(Consumer, bool)> {
        let (mut consumer, made) = match self.consumer(edit, group, name)? {
            Some(consumer) => (consumer, false),
            None => (self.make_consumer(edit, group, name)?, true),
        };
        consumer.seen_ms = edit.now_ms();
        Ok((consumer, made))
    }

    fn finish_claim(
        mut self,
        edit: &mut Edit<'_>,
        group: &Group,
        consumer: &Consumer,
        (made, event): (bool, Event),
    ) -> Result<()> {
        self.put_consumer(edit, consumer)?;
        self.put_group(edit, group)?;
        let events = [Event::XGroupCreateConsumer, event];
        self.write(edit, if made { &events } else { &events[1..] })
    }

    /// Forgets a pending entry whose entry was deleted. `consumer` is in hand, so its count is
    /// kept there.
    fn drop_dead(
        &mut self,
        edit: &mut Edit<'_>,
        (group, consumer): (&mut Group, &mut Consumer),
        id: StreamId,
        before: Option<Pending>,
    ) -> Result<()> {
        let Some(before) = before else { return Ok(()) };
        let own = before.consumer == consumer.number;
        if own {
            // What is in hand is written over what the tree holds; both must be the same.
            self.put_consumer(edit, consumer)?;
        }
        self.take_pending(edit, group, id)?;
        if own {
            consumer.pending = consumer.pending.saturating_sub(1);
        }
        Ok(())
    }

    /// The first pending entry at or behind an id.
    fn next_pending(
        &self,
        edit: &Edit<'_>,
        group: &Group,
        from: StreamId,
    ) -> Result<Option<(StreamId, Pending)>> {
        let mut found = None;
        self.each_pending(edit, group, (from, StreamId::MAX), &mut |id, pending| {
            found = Some((id, pending));
            Ok(false)
        })?;
        Ok(found)
    }
}
