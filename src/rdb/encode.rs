//! From a value to serialised bytes, in the encoding that Redis would choose.
//!
//! Owns [`encode`] and the encodings of all types but streams.
//! Invariant: what is written, Redis of the written type's version loads under its strictest
//! checks, provided that the value keeps the promises of [`Value`].
//! Must not know: footers, keys.
//! Tests: `rdb/tests`, foremost `rdb/tests/redis/`.

mod stream;

use bytes::Bytes;

use super::error::EncodeError;
use super::kind::{ObjectType, Version};
use super::options::{EncodeOptions, LISTPACK_LEN_MAX, NodeSize};
use super::packed::{intset, listpack};
use super::value::{FIELD_EXPIRE_MS_MAX, HashField, Value, by_score};
use super::writer::Writer;
use crate::resp::{format_double, parse_i64};

/// How a node of a list holds its elements.
const NODE_PLAIN: u64 = 1;
const NODE_PACKED: u64 = 2;

/// Writes `value` and gives the type that must be announced in front of it.
pub fn encode(
    value: &Value,
    options: &EncodeOptions,
    writer: &mut Writer,
) -> Result<ObjectType, EncodeError> {
    if value.is_empty_collection() {
        return Err(EncodeError::Empty);
    }
    match value {
        Value::String(text) => {
            writer.string(text);
            Ok(ObjectType::String)
        }
        Value::List(items) => Ok(list(items, options.list_node, writer)),
        Value::Set(members) => Ok(set(members, options, writer)),
        Value::ZSet(members) => zset(members, options, writer),
        Value::Hash(fields) => hash(fields, options, writer),
        Value::Stream(stream) => stream::encode(stream, options, writer),
    }
}

fn list(items: &[Bytes], size: NodeSize, writer: &mut Writer) -> ObjectType {
    let place = writer.place();
    let mut nodes = 0;
    let mut builder = listpack::Builder::default();
    for item in items {
        let is_plain = item.len() > size.len_max;
        let len = builder.byte_len() + listpack::element_len_max(item.len());
        let is_full = builder.count() >= size.entries_max || len > size.len_max;
        if builder.count() > 0 && (is_plain || is_full) {
            packed_node(&mut builder, writer);
            nodes += 1;
        }
        if is_plain {
            writer.length(NODE_PLAIN);
            writer.string(item);
            nodes += 1;
        } else {
            builder.push(item);
        }
    }
    if builder.count() > 0 {
        packed_node(&mut builder, writer);
        nodes += 1;
    }
    writer.insert_count(place, nodes);
    ObjectType::ListQuicklist2
}

fn packed_node(builder: &mut listpack::Builder, writer: &mut Writer) {
    writer.length(NODE_PACKED);
    builder.finish(|bytes| writer.string(bytes));
}

/// Whether texts are few, short and together small enough for a listpack.
fn fits_listpack<'a>(
    texts: impl ExactSizeIterator<Item = &'a Bytes>,
    count_max: usize,
    len_max: usize,
) -> bool {
    let mut total: usize = 0;
    texts.len() <= count_max
        && texts.into_iter().all(|text| {
            total = total.saturating_add(listpack::element_len_max(text.len()));
            text.len() <= len_max && total <= LISTPACK_LEN_MAX
        })
}

fn set(members: &[Bytes], options: &EncodeOptions, writer: &mut Writer) -> ObjectType {
    if members.len() <= options.set_intset_entries {
        let integers: Option<Vec<i64>> = members.iter().map(|text| parse_i64(text)).collect();
        if let Some(mut integers) = integers {
            let mut bytes = Vec::new();
            intset::write(&mut integers, &mut bytes);
            writer.string(&bytes);
            return ObjectType::SetIntset;
        }
    }
    let (count_max, len_max) = (options.set_listpack_entries, options.set_listpack_value);
    if options.version >= Version::V11 && fits_listpack(members.iter(), count_max, len_max) {
        let mut builder = listpack::Builder::default();
        for member in members {
            builder.push(member);
        }
        builder.finish(|bytes| writer.string(bytes));
        return ObjectType::SetListpack;
    }
    writer.count(members.len());
    for member in members {
        writer.string(member);
    }
    ObjectType::Set
}

fn zset(
    members: &[(Bytes, f64)],
    options: &EncodeOptions,
    writer: &mut Writer,
) -> Result<ObjectType, EncodeError> {
    if members.iter().any(|(_, score)| score.is_nan()) {
        return Err(EncodeError::Score);
    }
    debug_assert!(members.is_sorted_by(|a, b| by_score(a, b).is_le()));
    let texts = members.iter().map(|(member, _)| member);
    let (count_max, len_max) = (options.zset_listpack_entries, options.zset_listpack_value);
    if fits_listpack(texts, count_max, len_max) {
        let mut builder = listpack::Builder::default();
        for (member, score) in members {
            builder.push(member);
            builder.push(&format_double(*score));
        }
        builder.finish(|bytes| writer.string(bytes));
        return Ok(ObjectType::ZSetListpack);
    }
    writer.count(members.len());
    // From the greatest down, as readers with a skiplist insert fastest.
    for (member, score) in members.iter().rev() {
        writer.string(member);
        writer.binary_score(*score);
    }
    Ok(ObjectType::ZSet2)
}

fn hash(
    fields: &[HashField],
    options: &EncodeOptions,
    writer: &mut Writer,
) -> Result<ObjectType, EncodeError> {
    let times = || fields.iter().filter_map(|field| field.expire_ms);
    if !times().all(|time| (1..=FIELD_EXPIRE_MS_MAX).contains(&time)) {
        return Err(EncodeError::FieldExpiry);
    }
    let (count_max, len_max) = (options.hash_listpack_entries, options.hash_listpack_value);
    let names = fields.iter().map(|field| &field.name);
    let values = fields.iter().map(|field| &field.value);
    let is_small =
        fits_listpack(names, count_max, len_max) && fits_listpack(values, count_max, len_max);
    Ok(match (times().min(), is_small) {
        (None, true) => hash_packed(fields, writer),
        (None, false) => hash_plain(fields, writer),
        (Some(earliest), true) => hash_expiring_packed(fields, earliest, writer),
        (Some(earliest), false) => hash_expiring(fields, earliest, writer),
    })
}

fn hash_plain(fields: &[HashField], writer: &mut Writer) -> ObjectType {
    writer.count(fields.len());
    for field in fields {
        writer.string(&field.name);
        writer.string(&field.value);
    }
    ObjectType::Hash
}

fn hash_packed(fields: &[HashField], writer: &mut Writer) -> ObjectType {
    let mut builder = listpack::Builder::default();
    for field in fields {
        builder.push(&field.name);
        builder.push(&field.value);
    }
    builder.finish(|bytes| writer.string(bytes));
    ObjectType::HashListpack
}

fn hash_expiring(fields: &[HashField], earliest: u64, writer: &mut Writer) -> ObjectType {
    writer.millis(signed(earliest));
    writer.count(fields.len());
    for field in fields {
        // Counted from the earliest expiry, which itself is 1; 0 is no expiry.
        let distance = field.expire_ms.map_or(0, |time| time - earliest + 1);
        writer.length(distance);
        writer.string(&field.name);
        writer.string(&field.value);
    }
    ObjectType::HashMetadata
}

/// Redis expects the fields in order of expiry, those that never expire behind the others.
fn hash_expiring_packed(fields: &[HashField], earliest: u64, writer: &mut Writer) -> ObjectType {
    let mut ordered: Vec<&HashField> = fields.iter().collect();
    ordered.sort_by_key(|field| field.expire_ms.unwrap_or(u64::MAX));
    let mut builder = listpack::Builder::default();
    for field in ordered {
        builder.push(&field.name);
        builder.push(&field.value);
        builder.push_number(signed(field.expire_ms.unwrap_or(0)));
    }
    writer.millis(signed(earliest));
    builder.finish(|bytes| writer.string(bytes));
    ObjectType::HashListpackEx
}

/// A time in the signed form that the format has for it.
fn signed(time: u64) -> i64 {
    i64::try_from(time).unwrap_or(i64::MAX)
}
