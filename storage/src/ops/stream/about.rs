//! Owns what users may learn about a stream, its groups and their consumers.
//! Invariants: nothing is changed. Must not know: replies. Tests: `tests/commands/stream`.

use super::consumer::Consumer;
use super::group::Group;
use super::{Entry, Span, Stream, StreamId};
use crate::error::Result;
use crate::value::Value;
use crate::view::View;

/// A stream as a whole.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StreamInfo {
    /// Entries.
    pub len: u64,
    /// Nodes that a Redis would have.
    pub nodes: u64,
    /// The greatest id ever given.
    pub last: StreamId,
    /// The greatest id deleted other than by trimming.
    pub max_deleted: StreamId,
    /// Entries ever added.
    pub added: u64,
    /// The id of the first entry.
    pub first: StreamId,
    /// Groups.
    pub groups: u64,
    /// The first and the last entry, or the first so many.
    pub entries: Vec<Entry>,
}

/// A consumer group.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GroupInfo {
    /// Its name.
    pub name: Vec<u8>,
    /// Its consumers.
    pub consumers: u64,
    /// Its pending entries.
    pub pending: u64,
    /// The last id delivered.
    pub last: StreamId,
    /// Entries read, where that is known.
    pub read: Option<u64>,
    /// Entries yet to be delivered, where that is known.
    pub lag: Option<u64>,
}

/// A consumer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConsumerInfo {
    /// Its name.
    pub name: Value,
    /// Its pending entries.
    pub pending: u64,
    /// When it last asked, ms.
    pub seen_ms: u64,
    /// When it last got something, ms.
    pub active_ms: Option<u64>,
}

/// A pending entry.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PendingInfo {
    /// Its id.
    pub id: StreamId,
    /// The name of its consumer.
    pub consumer: Value,
    /// When it was delivered last, ms.
    pub at_ms: u64,
    /// How often it was delivered.
    pub deliveries: u64,
}

/// A group with what it holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FullGroup {
    /// The group.
    pub info: GroupInfo,
    /// Its first pending entries.
    pub pending: Vec<PendingInfo>,
    /// Its consumers.
    pub consumers: Vec<FullConsumer>,
}

/// A consumer with what it holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FullConsumer {
    /// The consumer.
    pub info: ConsumerInfo,
    /// Its first pending entries.
    pub pending: Vec<PendingInfo>,
}

/// About a stream; `entries` are the first `count` ones, or with `None` the first and the last.
/// `Some(0)` means all. `None` if there is no such stream.
pub fn about(view: &View<'_>, key: &[u8], count: Option<u64>) -> Result<Option<StreamInfo>> {
    let Some(stream) = Stream::find(view, key)? else {
        return Ok(None);
    };
    let entries = match count {
        Some(count) => stream.range(view, &Span::all((count > 0).then_some(count)))?,
        None => {
            let first = Span::all(Some(1));
            let last = Span {
                reverse: true,
                ..first
            };
            let mut entries = stream.range(view, &first)?;
            entries.extend(stream.range(view, &last)?);
            entries
        }
    };
    let groups = stream.groups.as_deref();
    Ok(Some(StreamInfo {
        len: stream.len(),
        nodes: stream.nodes.len(),
        last: stream.last,
        max_deleted: stream.max_deleted,
        added: stream.added,
        first: stream.first,
        groups: groups.map_or(0, |trees| trees.groups.len()),
        entries,
    }))
}

/// The groups of a stream; `None` if there is no such stream.
pub fn groups(view: &View<'_>, key: &[u8]) -> Result<Option<Vec<GroupInfo>>> {
    let Some(stream) = Stream::find(view, key)? else {
        return Ok(None);
    };
    let groups = stream.all_groups(view)?.into_iter();
    Ok(Some(groups.map(|group| stream.group_info(group)).collect()))
}

/// The consumers of a group; `Err` inside without such a group, `None` without such a stream.
pub fn consumers(
    view: &View<'_>,
    key: &[u8],
    group: &[u8],
) -> Result<Option<std::result::Result<Vec<ConsumerInfo>, ()>>> {
    let Some(stream) = Stream::find(view, key)? else {
        return Ok(None);
    };
    let Some(group) = stream.group(view, group)? else {
        return Ok(Some(Err(())));
    };
    let consumers = stream.consumers_of(view, &group)?.into_iter();
    Ok(Some(Ok(consumers.map(consumer_info).collect())))
}

/// The groups of a stream with their first pending entries (0: all) and their consumers.
pub fn full_groups(view: &View<'_>, key: &[u8], count: u64) -> Result<Vec<FullGroup>> {
    let stream = Stream::open(view, key)?;
    let groups = stream.all_groups(view)?.into_iter();
    groups
        .map(|group| stream.full_group(view, group, count))
        .collect()
}

fn consumer_info(consumer: Consumer) -> ConsumerInfo {
    ConsumerInfo {
        name: consumer.name,
        pending: consumer.pending,
        seen_ms: consumer.seen_ms,
        active_ms: consumer.active_ms,
    }
}

impl Stream<'_> {
    fn group_info(&self, group: Group) -> GroupInfo {
        GroupInfo {
            lag: self.lag(&group),
            name: group.name,
            consumers: u64::from(group.consumers),
            pending: group.pending,
            last: group.last,
            read: group.read,
        }
    }

    fn full_group(&self, view: &View<'_>, group: Group, count: u64) -> Result<FullGroup> {
        let everything = (StreamId::MIN, StreamId::MAX);
        let mut pending = Vec::new();
        self.each_pending(view, &group, everything, &mut |id, one| {
            pending.push(PendingInfo {
                id,
                consumer: self.numbered_consumer(view, one.consumer)?.name,
                at_ms: one.at_ms,
                deliveries: one.deliveries,
            });
            Ok(pending.len() as u64 != count)
        })?;
        let mut consumers = Vec::new();
        for consumer in self.consumers_of(view, &group)? {
            let mut owned = Vec::new();
            self.each_owned(view, &group, &consumer, everything, &mut |id, one| {
                owned.push(PendingInfo {
                    id,
                    consumer: consumer.name.clone(),
                    at_ms: one.at_ms,
                    deliveries: one.deliveries,
                });
                Ok(owned.len() as u64 != count)
            })?;
            consumers.push(FullConsumer {
                info: consumer_info(consumer),
                pending: owned,
            });
        }
        Ok(FullGroup {
            info: self.group_info(group),
            pending,
            consumers,
        })
    }
}
