//! Owns writing plain data into the database as the value of a key.
//! Invariants: the thresholds of the moment decide what OBJECT ENCODING answers; whatever the key
//! held goes. Must not know: serialised forms.
//! Tests: `tests/commands/dump.rs`, `tests/compat/dump.rs`.

use crate::command::Ctx;
use crate::commands::{hash, list as lists, set as sets, stream as streams, zset as zsets};
use crate::error::CommandResult;
use crate::rdb::{Group, PendingEntry, Stream, StreamId, Value};
use bytes::Bytes;
use std::collections::HashMap;
use storage::Edit;
use storage::change::Event;
use storage::ops::bytes::{Expiry, replace};
use storage::ops::stream::{self, Whole, WholeConsumer, WholeGroup};
use storage::ops::zset::{self, Scored};
use storage::ops::{hash as hashes, list, set};

/// Makes a value that of a key.
pub fn value(
    edit: &mut Edit<'_>,
    key: &[u8],
    value: &Value,
    event: Event,
    ctx: &Ctx<'_>,
) -> CommandResult<()> {
    match value {
        Value::String(text) => {
            let entry = edit.open(key)?;
            replace(edit, &entry, text, Expiry::Clear, &[event])?;
        }
        Value::List(elements) => {
            let elements = elements.iter().map(|one| &one[..]);
            list::replace(edit, key, elements, event, lists::threshold(ctx))?;
        }
        Value::Set(members) => {
            let members = members.iter().map(|one| &one[..]);
            set::replace(edit, key, members, event, &sets::thresholds(ctx))?;
        }
        Value::Hash(fields) => {
            let fields = fields
                .iter()
                .map(|field| (&field.name[..], &field.value[..], field.expire_ms));
            hashes::replace(edit, key, fields, event, hash::limits(ctx))?;
        }
        Value::ZSet(members) => {
            let scored = |(member, score): &(Bytes, f64)| Scored {
                member: member[..].into(),
                score: *score,
            };
            let members: Vec<Scored> = members.iter().map(scored).collect();
            zset::store(edit, key, &members, event, &zsets::thresholds(ctx))?;
        }
        Value::Stream(stream) => import_stream(edit, key, stream, event, ctx)?,
    }
    Ok(())
}

fn import_stream(
    edit: &mut Edit<'_>,
    key: &[u8],
    stream: &Stream,
    event: Event,
    ctx: &Ctx<'_>,
) -> CommandResult<()> {
    let entries = stream.entries.iter().map(|entry| {
        let pairs = entry.fields.iter();
        let strings = pairs.flat_map(|(field, value)| [&field[..], &value[..]]);
        (id(entry.id), strings.collect())
    });
    let whole = Whole {
        last: id(stream.last_id),
        max_deleted: id(stream.max_deleted_id),
        added: stream.entries_added,
        groups: stream.groups.iter().map(group).collect(),
    };
    stream::replace(edit, key, entries, &whole, event, streams::limits(ctx))?;
    Ok(())
}

fn group(group: &Group) -> WholeGroup<'_> {
    let pending: HashMap<StreamId, &PendingEntry> =
        group.pending.iter().map(|one| (one.id, one)).collect();
    let consumers = group.consumers.iter().map(|one| {
        let owned = one.pending.iter().filter_map(|at| pending.get(at));
        let owned = owned.map(|one| (id(one.id), one.delivery_ms, one.delivery_count));
        WholeConsumer {
            name: &one.name,
            seen_ms: one.seen_ms,
            active_ms: one.active_ms,
            pending: owned.collect(),
        }
    });
    WholeGroup {
        name: &group.name,
        last: id(group.last_id),
        read: group.entries_read,
        consumers: consumers.collect(),
    }
}

fn id(id: StreamId) -> stream::StreamId {
    stream::StreamId::new(id.ms, id.seq)
}
