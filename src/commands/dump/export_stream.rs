//! Owns reading a stream, its groups and what is pending in them out of the database.
//! Must not know: serialised forms. Tests: `tests/compat/dump.rs`.

use super::export::bytes;
use crate::rdb::{Consumer, Group, PendingEntry, Stream, StreamEntry, StreamId};
use storage::ops::stream::{self, Entry, FullConsumer, FullGroup};
use storage::{Result, View};

/// The stream of a key, if there is one.
pub fn stream(view: &View<'_>, key: &[u8]) -> Result<Option<Stream>> {
    let Some(info) = stream::about(view, key, Some(0))? else {
        return Ok(None);
    };
    let groups = stream::full_groups(view, key, 0)?;
    Ok(Some(Stream {
        entries: info.entries.iter().map(entry).collect(),
        last_id: id(info.last),
        max_deleted_id: id(info.max_deleted),
        entries_added: info.added,
        groups: groups.iter().map(group).collect(),
    }))
}

fn entry(entry: &Entry) -> StreamEntry {
    let (pairs, _) = entry.strings.as_chunks::<2>();
    StreamEntry {
        id: id(entry.id),
        fields: pairs
            .iter()
            .map(|[field, value]| (bytes(field), bytes(value)))
            .collect(),
    }
}

fn group(group: &FullGroup) -> Group {
    let pending = group.pending.iter().map(|one| PendingEntry {
        id: id(one.id),
        delivery_ms: one.at_ms,
        delivery_count: one.deliveries,
    });
    Group {
        name: bytes(&group.info.name),
        last_id: id(group.info.last),
        entries_read: group.info.read,
        pending: pending.collect(),
        consumers: group.consumers.iter().map(consumer).collect(),
    }
}

fn consumer(consumer: &FullConsumer) -> Consumer {
    Consumer {
        name: bytes(&consumer.info.name),
        seen_ms: consumer.info.seen_ms,
        active_ms: consumer.info.active_ms,
        pending: consumer.pending.iter().map(|one| id(one.id)).collect(),
    }
}

fn id(id: stream::StreamId) -> StreamId {
    StreamId {
        ms: id.ms,
        seq: id.seq,
    }
}
