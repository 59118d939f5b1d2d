//! Streams: nodes of entries in listpacks, counters, consumer groups.
//!
//! Owns the four encodings of streams. A node's key is the id of its first entry, its master;
//! its listpack begins with the number of live and of deleted entries and the master's fields,
//! and each entry tells how its id differs from the master's.
//! Invariants: ids ascend and are at most the last one; every pending entry has one consumer.
//! Deleted entries are passed over; counters that only inform are taken as they are.
//! Must not know: how streams are stored.
//! Tests: `tests/`.

use bytes::Bytes;

use super::check_distinct;
use crate::rdb::error::DecodeError;
use crate::rdb::kind::ObjectType;
use crate::rdb::packed::listpack::Listpack;
use crate::rdb::packed::{Entries, Entry};
use crate::rdb::reader::{Budget, Reader};
use crate::rdb::value::{Consumer, Group, PendingEntry, Stream, StreamEntry, StreamId};

/// Flags of an entry: it was deleted; its fields are the master's.
const ENTRY_DELETED: i64 = 1;
const ENTRY_SAME_FIELDS: i64 = 2;
/// Elements of an entry beside fields, values and their number: flags and the two halves of the
/// id. The last element of an entry, the number of the others, does not count itself.
const ENTRY_FIXED_ELEMENTS: i64 = 3;

/// Bytes of an id outside listpacks.
const ID_LEN: usize = 16;
/// Fewest bytes of a pending entry: id, time, count.
const PENDING_LEN_MIN: usize = ID_LEN + 8 + 1;
/// Fewest bytes of a group: name, id, three counts.
const GROUP_LEN_MIN: usize = 5;
/// Fewest bytes of a consumer: name, time, count.
const CONSUMER_LEN_MIN: usize = 10;

/// Reads a stream of one of the four encodings.
pub fn decode(kind: ObjectType, reader: &mut Reader) -> Result<Stream, DecodeError> {
    let mut stream = Stream {
        entries: entries(reader)?,
        ..Stream::default()
    };
    // Like all that follows from the entries, their number is read and counted anew.
    let announced_len = reader.length()?;
    stream.last_id = id_of_lengths(reader)?;
    if kind >= ObjectType::StreamListpacks2 {
        let _first_id = id_of_lengths(reader)?;
        stream.max_deleted_id = id_of_lengths(reader)?;
        stream.entries_added = reader.length()?;
    } else {
        stream.entries_added = stream.entries.len() as u64;
    }
    let newest = stream.entries.last().map(|entry| entry.id);
    let all_missing = announced_len > 0 && stream.entries.is_empty();
    if all_missing || newest.is_some_and(|newest| newest > stream.last_id) {
        return Err(DecodeError::Stream);
    }
    let count = reader.count::<Group>(GROUP_LEN_MIN)?;
    for _ in 0..count {
        let group = group(kind, &stream, reader)?;
        stream.groups.push(group);
    }
    check_distinct(
        stream.groups.iter().map(|group| &group.name),
        reader.budget(),
    )?;
    if kind >= ObjectType::StreamListpacks4 {
        pass_over_producers(reader)?;
    }
    Ok(stream)
}

/// How long and how many ids of messages are remembered, those of each producer with the ids of
/// their entries, and how many there ever were: no command here asks for them.
fn pass_over_producers(reader: &mut Reader) -> Result<(), DecodeError> {
    let (_duration, _ids_max) = (reader.length()?, reader.length()?);
    for _ in 0..reader.length()? {
        let _producer = reader.string()?;
        for _ in 0..reader.length()? {
            let _message = reader.string()?;
            id_of_lengths(reader)?;
        }
    }
    let (_added, _repeated) = (reader.length()?, reader.length()?);
    Ok(())
}

fn entries(reader: &mut Reader) -> Result<Vec<StreamEntry>, DecodeError> {
    // A node is a key, which takes no less than an id, and a listpack.
    let nodes = reader.count::<()>(ID_LEN + 1)?;
    let mut entries: Vec<StreamEntry> = Vec::new();
    for _ in 0..nodes {
        let key = reader.string()?;
        let master = <[u8; ID_LEN]>::try_from(&*key).map_err(|_| DecodeError::Stream)?;
        let listpack = Listpack::open(reader.string()?)?;
        append_node(id_of_bytes(master), listpack, reader.budget(), &mut entries)?;
    }
    if !entries.is_sorted_by(|a, b| a.id < b.id) {
        return Err(DecodeError::Stream);
    }
    Ok(entries)
}

fn append_node(
    master: StreamId,
    mut listpack: Listpack,
    budget: &mut Budget,
    entries: &mut Vec<StreamEntry>,
) -> Result<(), DecodeError> {
    let live = number(&mut listpack)?;
    let deleted = number(&mut listpack)?;
    let field_count = number(&mut listpack)?;
    let names = texts(&mut listpack, field_count, budget)?;
    let total = live.checked_add(deleted).ok_or(DecodeError::Stream)?;
    if number(&mut listpack)? != 0 || live < 0 || deleted < 0 {
        return Err(DecodeError::Stream);
    }
    let before = entries.len();
    for _ in 0..total {
        if let Some(entry) = entry(master, &names, &mut listpack, budget)? {
            budget.charge_for::<StreamEntry>(1)?;
            entries.push(entry);
        }
    }
    let counted = i64::try_from(entries.len() - before) == Ok(live);
    if !counted || listpack.next()?.is_some() {
        return Err(DecodeError::Stream);
    }
    Ok(())
}

/// The next entry; nothing if it was deleted.
fn entry(
    master: StreamId,
    master_names: &[Bytes],
    listpack: &mut Listpack,
    budget: &mut Budget,
) -> Result<Option<StreamEntry>, DecodeError> {
    let flags = number(listpack)?;
    let id = StreamId {
        ms: master.ms.wrapping_add_signed(number(listpack)?),
        seq: master.seq.wrapping_add_signed(number(listpack)?),
    };
    let same_fields = flags & ENTRY_SAME_FIELDS != 0;
    let (count, mut elements) = if same_fields {
        (master_names.len() as i64, ENTRY_FIXED_ELEMENTS)
    } else {
        (number(listpack)?, ENTRY_FIXED_ELEMENTS + 1)
    };
    let mut fields = Vec::new();
    for index in 0..count {
        let name = match master_names.get(index as usize) {
            Some(name) if same_fields => name.clone(),
            _ => text(listpack, budget)?,
        };
        budget.charge_for::<(Bytes, Bytes)>(1)?;
        fields.push((name, text(listpack, budget)?));
        elements += if same_fields { 1 } else { 2 };
    }
    if count < 0 || number(listpack)? != elements {
        return Err(DecodeError::Stream);
    }
    Ok((flags & ENTRY_DELETED == 0).then_some(StreamEntry { id, fields }))
}

fn element(listpack: &mut Listpack) -> Result<Entry, DecodeError> {
    listpack.next()?.ok_or(DecodeError::Stream)
}

fn number(listpack: &mut Listpack) -> Result<i64, DecodeError> {
    element(listpack)?.number().ok_or(DecodeError::Stream)
}

fn text(listpack: &mut Listpack, budget: &mut Budget) -> Result<Bytes, DecodeError> {
    element(listpack)?.into_bytes(budget)
}

fn texts(
    listpack: &mut Listpack,
    count: i64,
    budget: &mut Budget,
) -> Result<Vec<Bytes>, DecodeError> {
    let mut texts = Vec::new();
    for _ in 0..count {
        budget.charge_for::<Bytes>(1)?;
        texts.push(text(listpack, budget)?);
    }
    if count < 0 {
        return Err(DecodeError::Stream);
    }
    Ok(texts)
}

fn group(kind: ObjectType, stream: &Stream, reader: &mut Reader) -> Result<Group, DecodeError> {
    let name = reader.string()?;
    let last_id = id_of_lengths(reader)?;
    let entries_read = if kind >= ObjectType::StreamListpacks2 {
        // Unknown is written as -1.
        let read = reader.length()?;
        i64::try_from(read).is_ok().then_some(read)
    } else {
        stream.entries_up_to(last_id)
    };
    let pending = pending(reader)?;
    let count = reader.count::<Consumer>(CONSUMER_LEN_MIN)?;
    let mut consumers = Vec::with_capacity(count);
    for _ in 0..count {
        consumers.push(consumer(kind, reader)?);
    }
    check_distinct(
        consumers.iter().map(|consumer| &consumer.name),
        reader.budget(),
    )?;
    check_owners(&pending, &consumers, reader.budget())?;
    Ok(Group {
        name,
        last_id,
        entries_read,
        pending,
        consumers,
    })
}

fn pending(reader: &mut Reader) -> Result<Vec<PendingEntry>, DecodeError> {
    let count = reader.count::<PendingEntry>(PENDING_LEN_MIN)?;
    let mut pending = Vec::with_capacity(count);
    for _ in 0..count {
        pending.push(PendingEntry {
            id: id_of_bytes(reader.array()?),
            delivery_ms: time(reader)?.unwrap_or_default(),
            delivery_count: reader.length()?,
        });
    }
    pending.sort_unstable_by_key(|entry| entry.id);
    if !pending.is_sorted_by(|a, b| a.id < b.id) {
        return Err(DecodeError::Duplicate);
    }
    Ok(pending)
}

fn consumer(kind: ObjectType, reader: &mut Reader) -> Result<Consumer, DecodeError> {
    let name = reader.string()?;
    let seen_ms = time(reader)?.unwrap_or_default();
    let active_ms = if kind >= ObjectType::StreamListpacks3 {
        time(reader)?
    } else {
        // The best estimate there is, and Redis's.
        Some(seen_ms)
    };
    let count = reader.count::<StreamId>(ID_LEN)?;
    let mut pending = Vec::with_capacity(count);
    for _ in 0..count {
        pending.push(id_of_bytes(reader.array()?));
    }
    pending.sort_unstable();
    Ok(Consumer {
        name,
        seen_ms,
        active_ms,
        pending,
    })
}

/// Refuses a pending entry that has not exactly one consumer, or that the group does not know.
fn check_owners(
    pending: &[PendingEntry],
    consumers: &[Consumer],
    budget: &mut Budget,
) -> Result<(), DecodeError> {
    budget.charge_for::<StreamId>(pending.len())?;
    let mut owned = Vec::with_capacity(pending.len());
    for consumer in consumers {
        // More than there are cannot be right, and need not be collected.
        if consumer.pending.len() > pending.len() - owned.len() {
            return Err(DecodeError::Stream);
        }
        owned.extend_from_slice(&consumer.pending);
    }
    owned.sort_unstable();
    if !owned.iter().eq(pending.iter().map(|entry| &entry.id)) {
        return Err(DecodeError::Stream);
    }
    Ok(())
}

/// A time in milliseconds since 1970; what is before is no time.
fn time(reader: &mut Reader) -> Result<Option<u64>, DecodeError> {
    Ok(u64::try_from(reader.millis()?).ok())
}

fn id_of_lengths(reader: &mut Reader) -> Result<StreamId, DecodeError> {
    Ok(StreamId {
        ms: reader.length()?,
        seq: reader.length()?,
    })
}

fn id_of_bytes(bytes: [u8; ID_LEN]) -> StreamId {
    let both = u128::from_be_bytes(bytes);
    // The cast keeps the lower half.
    StreamId {
        ms: (both >> 64) as u64,
        seq: both as u64,
    }
}
