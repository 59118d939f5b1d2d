//! Owns pending entries: delivered to a consumer and not acknowledged.
//! Invariants: each stands in its group's order and in its consumer's; counts agree with both.
//! Must not know: replies. Tests: `storage/tests/streams.rs`, the oracle.
//!
//! ```text
//! pending   consumer u32 | delivered u64 ms | deliveries u64
//! ```

use super::consumer::Consumer;
use super::group::{Group, numbered_ranks, remove_numbered};
use super::read::id_of;
use super::{Stream, StreamId};
use crate::change::Event;
use crate::edit::Edit;
use crate::error::{Result, StorageError};
use crate::value::Value;
use crate::view::View;
use std::collections::HashMap;

/// Bytes of a pending entry.
const PENDING_LEN: usize = 20;

/// A pending entry.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Pending {
    pub consumer: u32,
    /// When it was delivered last, ms.
    pub at_ms: u64,
    pub deliveries: u64,
}

impl Pending {
    pub fn decode(bytes: &[u8]) -> Result<Pending> {
        let read = || {
            let (consumer, rest) = bytes.split_first_chunk::<4>()?;
            let (at_ms, rest) = rest.split_first_chunk::<8>()?;
            Some(Pending {
                consumer: u32::from_be_bytes(*consumer),
                at_ms: u64::from_be_bytes(*at_ms),
                deliveries: u64::from_be_bytes(rest.try_into().ok()?),
            })
        };
        read().ok_or_else(|| StorageError::Corrupted("a pending entry".into()))
    }

    fn encode(&self) -> [u8; PENDING_LEN] {
        let mut out = [0; PENDING_LEN];
        out[..4].copy_from_slice(&self.consumer.to_be_bytes());
        out[4..12].copy_from_slice(&self.at_ms.to_be_bytes());
        out[12..].copy_from_slice(&self.deliveries.to_be_bytes());
        out
    }
}

/// The key of an id under a group or a consumer.
pub(super) fn numbered(number: u32, id: StreamId) -> [u8; 20] {
    let mut out = [0; 20];
    out[..4].copy_from_slice(&number.to_be_bytes());
    out[4..].copy_from_slice(&id.bytes());
    out
}

/// The id in such a key.
pub(super) fn numbered_id(key: &[u8]) -> Result<StreamId> {
    id_of(key.get(4..).unwrap_or_default())
}

/// Acknowledges entries; gives how many were pending.
pub fn acknowledge(edit: &mut Edit<'_>, key: &[u8], group: &[u8], ids: &[StreamId]) -> Result<u64> {
    let mut stream = Stream::open(edit, key)?;
    let Some(mut group) = stream.group(edit, group)? else {
        return Ok(0);
    };
    let mut count = 0;
    for &id in ids {
        count += u64::from(stream.take_pending(edit, &mut group, id)?);
    }
    if count > 0 {
        stream.put_group(edit, &group)?;
        stream.write(edit, &[Event::XAck])?;
    }
    Ok(count)
}

/// What is pending in a group, in short.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PendingSummary {
    /// How many entries.
    pub count: u64,
    /// The smallest and the greatest id.
    pub ends: Option<(StreamId, StreamId)>,
    /// Consumers that own any, by name, and how many.
    pub consumers: Vec<(Value, u64)>,
}

/// What is pending in a group, in short; `None` without such a group.
pub fn pending_summary(
    view: &View<'_>,
    key: &[u8],
    group: &[u8],
) -> Result<Option<PendingSummary>> {
    let stream = Stream::open(view, key)?;
    let Some(group) = stream.group(view, group)? else {
        return Ok(None);
    };
    let mut summary = PendingSummary {
        count: group.pending,
        ends: None,
        consumers: Vec::new(),
    };
    if let Some(trees) = stream.groups.as_deref().filter(|_| group.pending > 0) {
        let ranks = numbered_ranks(&trees.pending, view, &stream.place, group.number)?;
        let at = |rank| trees.pending.at(view, &stream.place, rank);
        if let Some((first, last)) = at(ranks.start)?.zip(at(ranks.end.saturating_sub(1))?) {
            summary.ends = Some((numbered_id(&first.key)?, numbered_id(&last.key)?));
        }
        let consumers = stream.consumers_of(view, &group)?.into_iter();
        let busy = consumers.filter(|consumer| consumer.pending > 0);
        summary.consumers = busy.map(|one| (one.name, one.pending)).collect();
    }
    Ok(Some(summary))
}

/// Which pending entries are listed.
#[derive(Debug, Clone, Copy)]
pub struct PendingFilter<'a> {
    /// From this id.
    pub start: StreamId,
    /// To this one, included.
    pub end: StreamId,
    /// So many at most.
    pub count: u64,
    /// Delivered at least so long ago, ms.
    pub idle_min_ms: u64,
    /// Owned by this consumer.
    pub consumer: Option<&'a [u8]>,
}

/// The pending entries of a group that pass a filter; `None` without such a group.
pub fn pending_range(
    view: &View<'_>,
    key: &[u8],
    group: &[u8],
    filter: &PendingFilter<'_>,
) -> Result<Option<Vec<super::PendingInfo>>> {
    let stream = Stream::open(view, key)?;
    let Some(group) = stream.group(view, group)? else {
        return Ok(None);
    };
    let mut names = HashMap::new();
    let owner = match filter.consumer {
        None => None,
        Some(name) => match stream.consumer(view, &group, name)? {
            Some(consumer) => Some(consumer),
            None => return Ok(Some(Vec::new())),
        },
    };
    let mut found = Vec::new();
    let mut see = |id: StreamId, pending: Pending| {
        let idle = view.now_ms().saturating_sub(pending.at_ms);
        if idle < filter.idle_min_ms {
            return Ok(true);
        }
        let consumer = match names.get(&pending.consumer) {
            Some(name) => Value::clone(name),
            None => {
                let consumer = stream.numbered_consumer(view, pending.consumer)?;
                names.insert(pending.consumer, consumer.name.clone());
                consumer.name
            }
        };
        found.push(super::PendingInfo {
            id,
            consumer,
            at_ms: pending.at_ms,
            deliveries: pending.deliveries,
        });
        Ok((found.len() as u64) < filter.count)
    };
    let span = (filter.start, filter.end);
    if filter.count > 0 {
        match owner {
            Some(owner) => stream.each_owned(view, &group, &owner, span, &mut see)?,
            None => stream.each_pending(view, &group, span, &mut see)?,
        }
    }
    Ok(Some(found))
}

/// Sees pending entries; says whether it wants more.
type Seer<'s> = dyn FnMut(StreamId, Pending) -> Result<bool> + 's;

impl Stream<'_> {
    /// Shows the pending entries of a group between two ids.
    pub(super) fn each_pending(
        &self,
        view: &View<'_>,
        group: &Group,
        (start, end): (StreamId, StreamId),
        see: &mut Seer<'_>,
    ) -> Result<()> {
        let Some(trees) = &self.groups else {
            return Ok(());
        };
        let from = numbered(group.number, start);
        let last = numbered(group.number, end);
        let mut cursor = trees.pending.cursor_at_key(view, &self.place, &from)?;
        while let Some(item) = cursor.item()? {
            if item.key[..] > last[..] {
                break;
            }
            let wanted = see(numbered_id(&item.key)?, Pending::decode(&item.value)?)?;
            if !wanted || !cursor.advance()? {
                break;
            }
        }
        Ok(())
    }

    /// Shows the pending entries of a consumer between two ids.
    pub(super) fn each_owned(
        &self,
        view: &View<'_>,
        group: &Group,
        owner: &Consumer,
        (start, end): (StreamId, StreamId),
        see: &mut Seer<'_>,
    ) -> Result<()> {
        let Some(trees) = &self.groups else {
            return Ok(());
        };
        let from = numbered(owner.number, start);
        let last = numbered(owner.number, end);
        let mut cursor = trees.owned.cursor_at_key(view, &self.place, &from)?;
        while let Some(key) = cursor.key().filter(|key| *key <= &last[..]) {
            let id = numbered_id(key)?;
            let pending = self.pending(view, group, id)?;
            let lost = || StorageError::Corrupted(format!("{id} is owned and not pending"));
            let wanted = see(id, pending.ok_or_else(lost)?)?;
            if !wanted || !cursor.advance()? {
                break;
            }
        }
        Ok(())
    }

    /// A pending entry of a group.
    pub(super) fn pending(
        &self,
        view: &View<'_>,
        group: &Group,
        id: StreamId,
    ) -> Result<Option<Pending>> {
        let Some(trees) = &self.groups else {
            return Ok(None);
        };
        let key = numbered(group.number, id);
        let found = trees.pending.find(view, &self.place, &key)?;
        found.map(|bytes| Pending::decode(&bytes)).transpose()
    }

    /// Writes a pending entry, which is its consumer's already.
    pub(super) fn put_pending(
        &mut self,
        edit: &mut Edit<'_>,
        group: &Group,
        id: StreamId,
        pending: &Pending,
    ) -> Result<()> {
        let (key, bytes) = (numbered(group.number, id), pending.encode());
        let place = &mut self.place;
        if let Some(trees) = &mut self.groups {
            trees.pending.insert(edit, place, &key, &bytes)?;
        }
        Ok(())
    }

    /// Makes an entry pending for a consumer, whoever had it before. The caller writes the
    /// consumer and the group, whose counts change.
    pub(super) fn assign(
        &mut self,
        edit: &mut Edit<'_>,
        (group, consumer): (&mut Group, &mut Consumer),
        (id, before): (StreamId, Option<Pending>),
        pending: &Pending,
    ) -> Result<()> {
        self.put_pending(edit, group, id, pending)?;
        match before {
            Some(before) if before.consumer == consumer.number => return Ok(()),
            Some(before) => self.disown(edit, before.consumer, id)?,
            None => group.pending = group.pending.saturating_add(1),
        }
        consumer.pending = consumer.pending.saturating_add(1);
        let key = numbered(consumer.number, id);
        let place = &mut self.place;
        if let Some(trees) = &mut self.groups {
            trees.owned.insert(edit, place, &key, &[])?;
        }
        Ok(())
    }

    /// Takes an entry from the consumer that owns it.
    fn disown(&mut self, edit: &mut Edit<'_>, number: u32, id: StreamId) -> Result<()> {
        let key = numbered(number, id);
        let place = &mut self.place;
        if let Some(trees) = &mut self.groups {
            trees.owned.remove(edit, place, &key)?;
        }
        let mut owner = self.numbered_consumer(edit, number)?;
        owner.pending = owner.pending.saturating_sub(1);
        self.put_consumer(edit, &owner)
    }

    /// Removes a pending entry from its group's order alone.
    pub(super) fn drop_pending(
        &mut self,
        edit: &mut Edit<'_>,
        group: &Group,
        id: StreamId,
    ) -> Result<Option<Pending>> {
        let key = numbered(group.number, id);
        let place = &mut self.place;
        let Some(trees) = &mut self.groups else {
            return Ok(None);
        };
        let gone = trees.pending.remove(edit, place, &key)?;
        gone.map(|bytes| Pending::decode(&bytes)).transpose()
    }

    /// As `drop_pending`, of all that a consumer owns.
    pub(super) fn drop_pending_of(
        &mut self,
        edit: &mut Edit<'_>,
        group: &Group,
        consumer: &Consumer,
    ) -> Result<()> {
        let place = &mut self.place;
        let Some(trees) = &mut self.groups else {
            return Ok(());
        };
        let all = numbered_ranks(&trees.pending, edit, place, group.number)?;
        let owned = numbered_ranks(&trees.owned, edit, place, consumer.number)?;
        if all.end - all.start == owned.end - owned.start {
            // Nobody else of the group owns any.
            return remove_numbered(&mut trees.pending, edit, place, group.number);
        }
        let mut keys = Vec::new();
        let mut cursor = trees.owned.cursor_at_rank(edit, place, owned.start)?;
        while let Some(key) = cursor.key().filter(|_| cursor.rank() < owned.end) {
            keys.push(numbered(group.number, numbered_id(key)?));
            if !cursor.advance()? {
                break;
            }
        }
        for key in keys {
            trees.pending.remove(edit, place, &key)?;
        }
        Ok(())
    }

    /// Takes a pending entry away; gives whether there was one. The caller writes the group.
    pub(super) fn take_pending(
        &mut self,
        edit: &mut Edit<'_>,
        group: &mut Group,
        id: StreamId,
    ) -> Result<bool> {
        let Some(pending) = self.drop_pending(edit, group, id)? else {
            return Ok(false);
        };
        group.pending = group.pending.saturating_sub(1);
        self.disown(edit, pending.consumer, id)?;
        Ok(true)
    }
}
