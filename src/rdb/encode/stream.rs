//! Streams: nodes of entries in listpacks, counters, consumer groups.
//!
//! Owns the two newest encodings of streams; `decode/stream.rs` describes them.
//! Invariants: a node's master is its first entry; the newer encoding differs only in telling
//! when a consumer was active.
//! Must not know: how streams are stored.
//! Tests: `tests/`.

use bytes::Bytes;

use super::signed;
use crate::rdb::error::EncodeError;
use crate::rdb::kind::{ObjectType, Version};
use crate::rdb::options::{EncodeOptions, LISTPACK_LEN_MAX};
use crate::rdb::packed::listpack::{Builder, ELEMENT_LEN_MIN};
use crate::rdb::value::{Consumer, Group, Stream, StreamEntry, StreamId};
use crate::rdb::writer::Writer;

/// The flag of an entry whose fields are its master's.
const ENTRY_SAME_FIELDS: i64 = 2;
/// Elements of an entry beside fields, values and their number.
const ENTRY_FIXED_ELEMENTS: usize = 3;
/// The most bytes of one entry, so that it and its master stay below the 4 GiB of a listpack.
const ENTRY_LEN_MAX: usize = LISTPACK_LEN_MAX;
/// The number of entries that a group has read, where it is unknown.
const UNKNOWN: u64 = u64::MAX;

/// Writes a stream.
pub fn encode(
    stream: &Stream,
    options: &EncodeOptions,
    writer: &mut Writer,
) -> Result<ObjectType, EncodeError> {
    let kind = if options.version >= Version::V11 {
        ObjectType::StreamListpacks3
    } else {
        ObjectType::StreamListpacks2
    };
    nodes(&stream.entries, options, writer)?;
    writer.count(stream.entries.len());
    id(stream.last_id, writer);
    id(stream.first_id(), writer);
    id(stream.max_deleted_id, writer);
    writer.length(stream.entries_added);
    writer.count(stream.groups.len());
    for group in &stream.groups {
        self::group(group, kind, writer);
    }
    Ok(kind)
}

fn nodes(
    entries: &[StreamEntry],
    options: &EncodeOptions,
    writer: &mut Writer,
) -> Result<(), EncodeError> {
    let place = writer.place();
    let mut count = 0;
    let mut builder = Builder::default();
    let mut rest = entries;
    while let Some(master) = rest.first() {
        let (node, behind) = rest.split_at(node_count(rest, options)?);
        writer.string(&id_bytes(master.id));
        fill(master, node, &mut builder);
        builder.finish(|bytes| writer.string(bytes));
        count += 1;
        rest = behind;
    }
    writer.insert_count(place, count);
    Ok(())
}

/// How many of `entries` go into one node; at least one.
fn node_count(entries: &[StreamEntry], options: &EncodeOptions) -> Result<usize, EncodeError> {
    let limit = |directive: usize, most: usize| match directive {
        0 => most,
        limit => limit.min(most),
    };
    let len_max = limit(options.stream_node_len, LISTPACK_LEN_MAX);
    let count_max = limit(options.stream_node_entries, usize::MAX);
    let mut len = entries.first().map_or(0, |master| {
        texts_len(master, true).saturating_sub(texts_len(master, false))
    });
    for (count, entry) in entries.iter().take(count_max).enumerate() {
        if texts_len(entry, true) > ENTRY_LEN_MAX {
            return Err(EncodeError::TooLarge);
        }
        let same_fields = entries
            .first()
            .is_some_and(|master| have_same_fields(master, entry));
        len = len.saturating_add(texts_len(entry, !same_fields));
        if count > 0 && len > len_max {
            return Ok(count);
        }
    }
    Ok(entries.len().min(count_max))
}

/// Bytes of an entry's texts, an empty one counted as two, with or without its fields' names.
fn texts_len(entry: &StreamEntry, with_names: bool) -> usize {
    let len = |text: &Bytes| text.len().saturating_add(ELEMENT_LEN_MIN);
    let lens = entry.fields.iter().map(|(name, value)| {
        let name_len = if with_names { len(name) } else { 0 };
        name_len.saturating_add(len(value))
    });
    lens.fold(0, usize::saturating_add)
}

fn have_same_fields(a: &StreamEntry, b: &StreamEntry) -> bool {
    let names = |entry: &'_ StreamEntry| entry.fields.len();
    names(a) == names(b) && a.fields.iter().zip(&b.fields).all(|(a, b)| a.0 == b.0)
}

fn fill(master: &StreamEntry, node: &[StreamEntry], builder: &mut Builder) {
    let names = |entry: &'_ StreamEntry| entry.fields.len();
    builder.push_number(node.len() as i64);
    builder.push_number(0);
    builder.push_number(names(master) as i64);
    for (name, _) in &master.fields {
        builder.push(name);
    }
    builder.push_number(0);
    for entry in node {
        let same_fields = have_same_fields(master, entry);
        builder.push_number(if same_fields { ENTRY_SAME_FIELDS } else { 0 });
        // The halves of an id wrap around separately, as do the readers.
        builder.push_number(entry.id.ms.wrapping_sub(master.id.ms) as i64);
        builder.push_number(entry.id.seq.wrapping_sub(master.id.seq) as i64);
        let mut elements = ENTRY_FIXED_ELEMENTS + names(entry);
        if !same_fields {
            builder.push_number(names(entry) as i64);
            elements += 1 + names(entry);
        }
        for (name, value) in &entry.fields {
            if !same_fields {
                builder.push(name);
            }
            builder.push(value);
        }
        builder.push_number(elements as i64);
    }
}

fn group(group: &Group, kind: ObjectType, writer: &mut Writer) {
    writer.string(&group.name);
    id(group.last_id, writer);
    writer.length(group.entries_read.unwrap_or(UNKNOWN));
    writer.count(group.pending.len());
    for entry in &group.pending {
        writer.raw(&id_bytes(entry.id));
        writer.millis(signed(entry.delivery_ms));
        writer.length(entry.delivery_count);
    }
    writer.count(group.consumers.len());
    for consumer in &group.consumers {
        self::consumer(consumer, kind, writer);
    }
}

fn consumer(consumer: &Consumer, kind: ObjectType, writer: &mut Writer) {
    writer.string(&consumer.name);
    writer.millis(signed(consumer.seen_ms));
    if kind >= ObjectType::StreamListpacks3 {
        writer.millis(consumer.active_ms.map_or(-1, signed));
    }
    writer.count(consumer.pending.len());
    for pending in &consumer.pending {
        writer.raw(&id_bytes(*pending));
    }
}

fn id(id: StreamId, writer: &mut Writer) {
    writer.length(id.ms);
    writer.length(id.seq);
}

fn id_bytes(id: StreamId) -> [u8; 16] {
    (u128::from(id.ms) << 64 | u128::from(id.seq)).to_be_bytes()
}
