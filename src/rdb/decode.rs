//! From serialised bytes to a value, whatever encoding Redis chose for it.
//!
//! Owns [`decode`] and the encodings of all types but streams.
//! Invariants: what is returned keeps the promises of [`Value`]; an error leaves nothing behind.
//! Must not know: footers, keys.
//! Tests: `tests/`.

mod stream;

use std::collections::HashSet;

use bytes::Bytes;

use super::error::DecodeError;
use super::kind::ObjectType;
use super::packed::listpack::{EMPTY_LEN, Listpack};
use super::packed::ziplist::Ziplist;
use super::packed::zipmap::Zipmap;
use super::packed::{Entries, Entry, intset};
use super::reader::{Budget, Reader, number_text, parse_score};
use super::value::{FIELD_EXPIRE_MS_MAX, HashField, Value, by_score};

/// Fewest bytes of a string, and of a length.
const STRING_LEN_MIN: usize = 1;
/// Bytes of a binary score; a score as text takes one at least.
const SCORE_LEN: usize = 8;
/// What a set of slices takes for each of them, in bytes, spare room included.
const DISTINCT_LEN: usize = 40;

/// How a node of a list holds its elements.
const NODE_PLAIN: u64 = 1;
const NODE_PACKED: u64 = 2;

/// Reads the value of type number `kind` that begins at the reader's place.
pub fn decode(kind: u8, reader: &mut Reader) -> Result<Value, DecodeError> {
    let kind = ObjectType::of(kind).ok_or(DecodeError::UnknownType(kind))?;
    let value = match kind {
        ObjectType::String => Value::String(reader.string()?),
        ObjectType::List => Value::List(strings(reader)?),
        ObjectType::ListZiplist => Value::List(elements(ziplist(reader)?, reader.budget())?),
        ObjectType::ListQuicklist | ObjectType::ListQuicklist2 => list_of_nodes(kind, reader)?,
        ObjectType::Set => set(strings(reader)?, reader.budget())?,
        ObjectType::SetIntset => set_of_integers(reader)?,
        ObjectType::SetListpack => {
            let members = elements(listpack(reader)?, reader.budget())?;
            set(members, reader.budget())?
        }
        ObjectType::ZSet | ObjectType::ZSet2 => zset_plain(kind, reader)?,
        ObjectType::ZSetZiplist => zset_packed(ziplist(reader)?, reader.budget())?,
        ObjectType::ZSetListpack => zset_packed(listpack(reader)?, reader.budget())?,
        ObjectType::Hash => hash_plain(reader)?,
        ObjectType::HashZipmap => hash_packed(zipmap(reader)?, reader.budget())?,
        ObjectType::HashZiplist => hash_packed(ziplist(reader)?, reader.budget())?,
        ObjectType::HashListpack => hash_packed(listpack(reader)?, reader.budget())?,
        ObjectType::HashMetadata | ObjectType::HashMetadataPreGa => hash_expiring(kind, reader)?,
        ObjectType::HashListpackEx => {
            // The earliest expiry, for readers that do not look inside.
            reader.millis()?;
            hash_expiring_packed(listpack(reader)?, reader.budget())?
        }
        ObjectType::HashListpackExPreGa => {
            hash_expiring_packed(listpack(reader)?, reader.budget())?
        }
        ObjectType::StreamListpacks
        | ObjectType::StreamListpacks2
        | ObjectType::StreamListpacks3
        | ObjectType::StreamListpacks4 => Value::Stream(stream::decode(kind, reader)?),
        ObjectType::ModulePreGa | ObjectType::Module2 => return Err(DecodeError::Module),
    };
    if value.is_empty_collection() {
        return Err(DecodeError::Empty);
    }
    Ok(value)
}

fn listpack(reader: &mut Reader) -> Result<Listpack, DecodeError> {
    Listpack::open(reader.string()?)
}

fn ziplist(reader: &mut Reader) -> Result<Ziplist, DecodeError> {
    Ziplist::open(reader.string()?)
}

fn zipmap(reader: &mut Reader) -> Result<Zipmap, DecodeError> {
    Zipmap::open(reader.string()?)
}

/// A number of strings, one by one.
fn strings(reader: &mut Reader) -> Result<Vec<Bytes>, DecodeError> {
    let count = reader.count::<Bytes>(STRING_LEN_MIN)?;
    let mut strings = Vec::with_capacity(count);
    for _ in 0..count {
        strings.push(reader.string()?);
    }
    Ok(strings)
}

/// All elements of a container.
fn elements(entries: impl Entries, budget: &mut Budget) -> Result<Vec<Bytes>, DecodeError> {
    let mut elements = Vec::new();
    append_elements(entries, budget, &mut elements)?;
    Ok(elements)
}

fn append_elements(
    mut entries: impl Entries,
    budget: &mut Budget,
    elements: &mut Vec<Bytes>,
) -> Result<(), DecodeError> {
    while let Some(entry) = entries.next()? {
        budget.charge_for::<Bytes>(1)?;
        elements.push(entry.into_bytes(budget)?);
    }
    Ok(())
}

fn list_of_nodes(kind: ObjectType, reader: &mut Reader) -> Result<Value, DecodeError> {
    let nodes = reader.count::<()>(STRING_LEN_MIN)?;
    let mut items = Vec::new();
    for _ in 0..nodes {
        if kind == ObjectType::ListQuicklist {
            append_elements(ziplist(reader)?, reader.budget(), &mut items)?;
            continue;
        }
        let container = reader.length()?;
        let node = reader.string()?;
        match container {
            NODE_PLAIN if !node.is_empty() => {
                reader.budget().charge_for::<Bytes>(1)?;
                items.push(node);
            }
            NODE_PACKED if node.len() >= EMPTY_LEN => {
                append_elements(Listpack::open(node)?, reader.budget(), &mut items)?;
            }
            _ => return Err(DecodeError::ListNode),
        }
    }
    Ok(Value::List(items))
}

fn set(members: Vec<Bytes>, budget: &mut Budget) -> Result<Value, DecodeError> {
    check_distinct(members.iter(), budget)?;
    Ok(Value::Set(members))
}

fn set_of_integers(reader: &mut Reader) -> Result<Value, DecodeError> {
    let bytes = reader.string()?;
    let integers = intset::read(&bytes)?;
    reader.budget().charge_for::<Bytes>(integers.len())?;
    let mut members = Vec::with_capacity(integers.len());
    for integer in integers {
        members.push(number_text(integer, reader.budget())?);
    }
    Ok(Value::Set(members))
}

fn zset_plain(kind: ObjectType, reader: &mut Reader) -> Result<Value, DecodeError> {
    let binary = kind == ObjectType::ZSet2;
    let score_len_min = if binary { SCORE_LEN } else { 1 };
    let count = reader.count::<(Bytes, f64)>(STRING_LEN_MIN + score_len_min)?;
    let mut members = Vec::with_capacity(count);
    for _ in 0..count {
        let member = reader.string()?;
        let score = if binary {
            reader.binary_score()?
        } else {
            reader.text_score()?
        };
        members.push((member, score));
    }
    zset(members, reader.budget())
}

fn zset_packed(mut entries: impl Entries, budget: &mut Budget) -> Result<Value, DecodeError> {
    let mut members = Vec::new();
    while let Some(member) = entries.next()? {
        let score = match entries.next()?.ok_or(DecodeError::Truncated)? {
            Entry::Number(number) => number as f64,
            Entry::Text(text) => parse_score(&text)?,
        };
        budget.charge_for::<(Bytes, f64)>(1)?;
        members.push((member.into_bytes(budget)?, score));
    }
    zset(members, budget)
}

/// Puts members, which Redis writes in either direction, into ascending order.
fn zset(mut members: Vec<(Bytes, f64)>, budget: &mut Budget) -> Result<Value, DecodeError> {
    check_distinct(members.iter().map(|(member, _)| member), budget)?;
    members.sort_unstable_by(by_score);
    Ok(Value::ZSet(members))
}

fn hash_plain(reader: &mut Reader) -> Result<Value, DecodeError> {
    let count = reader.count::<HashField>(2 * STRING_LEN_MIN)?;
    let mut fields = Vec::with_capacity(count);
    for _ in 0..count {
        fields.push(HashField {
            name: reader.string()?,
            value: reader.string()?,
            expire_ms: None,
        });
    }
    hash(fields, reader.budget())
}

fn hash_packed(mut entries: impl Entries, budget: &mut Budget) -> Result<Value, DecodeError> {
    let mut fields = Vec::new();
    while let Some(name) = entries.next()? {
        let value = entries.next()?.ok_or(DecodeError::Truncated)?;
        budget.charge_for::<HashField>(1)?;
        fields.push(HashField {
            name: name.into_bytes(budget)?,
            value: value.into_bytes(budget)?,
            expire_ms: None,
        });
    }
    hash(fields, budget)
}

fn hash_expiring(kind: ObjectType, reader: &mut Reader) -> Result<Value, DecodeError> {
    let relative = kind == ObjectType::HashMetadata;
    let earliest = if relative { reader.millis()? as u64 } else { 0 };
    let count = reader.count::<HashField>(3 * STRING_LEN_MIN)?;
    let mut fields = Vec::with_capacity(count);
    for _ in 0..count {
        let time = match reader.length()? {
            0 => 0,
            // Counted from the earliest expiry, which itself is 1.
            distance if relative => (distance - 1)
                .checked_add(earliest)
                .ok_or(DecodeError::FieldExpiry)?,
            time => time,
        };
        fields.push(HashField {
            name: reader.string()?,
            value: reader.string()?,
            expire_ms: expiry(time)?,
        });
    }
    hash(fields, reader.budget())
}

fn hash_expiring_packed(mut entries: Listpack, budget: &mut Budget) -> Result<Value, DecodeError> {
    let mut fields = Vec::new();
    while let Some(name) = entries.next()? {
        let value = entries.next()?.ok_or(DecodeError::Truncated)?;
        let time = entries.next()?.ok_or(DecodeError::Truncated)?;
        let time = time.number().and_then(|time| u64::try_from(time).ok());
        budget.charge_for::<HashField>(1)?;
        fields.push(HashField {
            name: name.into_bytes(budget)?,
            value: value.into_bytes(budget)?,
            expire_ms: expiry(time.ok_or(DecodeError::FieldExpiry)?)?,
        });
    }
    hash(fields, budget)
}

/// A field's time of expiry; 0 stands for none.
fn expiry(time: u64) -> Result<Option<u64>, DecodeError> {
    match time {
        0 => Ok(None),
        1..=FIELD_EXPIRE_MS_MAX => Ok(Some(time)),
        _ => Err(DecodeError::FieldExpiry),
    }
}

fn hash(fields: Vec<HashField>, budget: &mut Budget) -> Result<Value, DecodeError> {
    check_distinct(fields.iter().map(|field| &field.name), budget)?;
    Ok(Value::Hash(fields))
}

/// Refuses elements that occur twice.
fn check_distinct<'a>(
    elements: impl ExactSizeIterator<Item = &'a Bytes>,
    budget: &mut Budget,
) -> Result<(), DecodeError> {
    budget.charge(elements.len().saturating_mul(DISTINCT_LEN))?;
    // The default hasher is keyed: elements chosen to collide would cost quadratic time.
    let mut seen: HashSet<&[u8]> = HashSet::with_capacity(elements.len());
    for element in elements {
        if !seen.insert(element) {
            return Err(DecodeError::Duplicate);
        }
    }
    Ok(())
}
