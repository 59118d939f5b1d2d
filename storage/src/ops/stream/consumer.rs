//! Owns the consumers of groups.
//! Invariants: a consumer is found by its name through its number; its count is that of the
//! pending entries that it owns. Must not know: replies. Tests: `storage/tests/streams.rs`.
//!
//! ```text
//! consumer   seen u64 ms | active u64 ms (all ones: never) | pending u64 | name
//! ```

use super::Stream;
use super::group::{Group, UNKNOWN, numbered_ranks, remove_numbered};
use super::trees::GroupTrees;
use crate::change::Event;
use crate::edit::Edit;
use crate::error::{Result, StorageError};
use crate::value::Value;
use crate::view::View;

/// Bytes before the name.
const FIXED_LEN: usize = 24;

/// A consumer, read from its tree.
#[derive(Debug, Clone)]
pub(super) struct Consumer {
    pub number: u32,
    pub name: Value,
    /// When it last asked, ms.
    pub seen_ms: u64,
    /// When it last got something, ms.
    pub active_ms: Option<u64>,
    pub pending: u64,
}

impl Consumer {
    fn decode(number: u32, bytes: &Value) -> Result<Consumer> {
        let field = |at: usize| {
            let bytes = bytes.get(at..)?.first_chunk::<8>()?;
            Some(u64::from_be_bytes(*bytes))
        };
        let read = || {
            let active = field(8)?;
            Some(Consumer {
                number,
                seen_ms: field(0)?,
                active_ms: (active != UNKNOWN).then_some(active),
                pending: field(16)?,
                name: bytes.part(FIXED_LEN..bytes.len()),
            })
        };
        read().ok_or_else(|| StorageError::Corrupted(format!("consumer {number}")))
    }

    fn encode(&self) -> Vec<u8> {
        let mut out = Vec::with_capacity(FIXED_LEN + self.name.len());
        let active = self.active_ms.unwrap_or(UNKNOWN);
        for number in [self.seen_ms, active, self.pending] {
            out.extend_from_slice(&number.to_be_bytes());
        }
        out.extend_from_slice(&self.name);
        out
    }
}

/// A number that no group or consumer of the stream has had.
pub(super) fn next_number(trees: &mut GroupTrees) -> Result<u32> {
    trees.take_number()
}

fn name_key(group: &Group, name: &[u8]) -> Vec<u8> {
    [&group.number.to_be_bytes(), name].concat()
}

/// Makes a consumer; gives whether there was none of that name, `None` without such a group.
pub fn create_consumer(
    edit: &mut Edit<'_>,
    key: &[u8],
    group: &[u8],
    name: &[u8],
) -> Result<Option<bool>> {
    let mut stream = Stream::open(edit, key)?;
    let Some(mut group) = stream.group(edit, group)? else {
        return Ok(None);
    };
    if stream.consumer(edit, &group, name)?.is_some() {
        return Ok(Some(false));
    }
    let consumer = stream.make_consumer(edit, &mut group, name)?;
    stream.put_consumer(edit, &consumer)?;
    stream.put_group(edit, &group)?;
    stream.write(edit, &[Event::XGroupCreateConsumer])?;
    Ok(Some(true))
}

/// Deletes a consumer and what is pending for it; gives how much that was, `None` without such a
/// group.
pub fn delete_consumer(
    edit: &mut Edit<'_>,
    key: &[u8],
    group: &[u8],
    name: &[u8],
) -> Result<Option<u64>> {
    let mut stream = Stream::open(edit, key)?;
    let Some(mut group) = stream.group(edit, group)? else {
        return Ok(None);
    };
    let Some(consumer) = stream.consumer(edit, &group, name)? else {
        return Ok(Some(0));
    };
    stream.drop_pending_of(edit, &group, &consumer)?;
    stream.remove_consumer(edit, &group, &consumer)?;
    group.pending = group.pending.saturating_sub(consumer.pending);
    group.consumers = group.consumers.saturating_sub(1);
    stream.put_group(edit, &group)?;
    stream.write(edit, &[Event::XGroupDelConsumer])?;
    Ok(Some(consumer.pending))
}

impl Stream<'_> {
    /// The consumer of a name.
    pub(super) fn consumer(
        &self,
        view: &View<'_>,
        group: &Group,
        name: &[u8],
    ) -> Result<Option<Consumer>> {
        let Some(trees) = &self.groups else {
            return Ok(None);
        };
        let name = name_key(group, name);
        let number = trees.names.find(view, &self.place, &name)?;
        number
            .map(|number| self.numbered_consumer(view, decode_number(&number)?))
            .transpose()
    }

    /// The consumer of a number that is in use.
    pub(super) fn numbered_consumer(&self, view: &View<'_>, number: u32) -> Result<Consumer> {
        let bytes = match &self.groups {
            Some(trees) => trees
                .consumers
                .find(view, &self.place, &number.to_be_bytes())?,
            None => None,
        };
        let lost = || StorageError::Corrupted(format!("no consumer {number}"));
        Consumer::decode(number, &bytes.ok_or_else(lost)?)
    }

    /// A group's consumers in the order of their names.
    pub(super) fn consumers_of(&self, view: &View<'_>, group: &Group) -> Result<Vec<Consumer>> {
        let mut found = Vec::new();
        let Some(trees) = &self.groups else {
            return Ok(found);
        };
        let ranks = numbered_ranks(&trees.names, view, &self.place, group.number)?;
        let mut cursor = trees.names.cursor_at_rank(view, &self.place, ranks.start)?;
        while cursor.rank() < ranks.end {
            let Some(item) = cursor.item()? else { break };
            found.push(self.numbered_consumer(view, decode_number(&item.value)?)?);
            if !cursor.advance()? {
                break;
            }
        }
        Ok(found)
    }

    /// A new consumer of a name that is free. The caller writes it, and the group.
    pub(super) fn make_consumer(
        &mut self,
        edit: &mut Edit<'_>,
        group: &mut Group,
        name: &[u8],
    ) -> Result<Consumer> {
        let place = &mut self.place;
        let Some(trees) = &mut self.groups else {
            return Err(StorageError::Corrupted("a stream without groups".into()));
        };
        let number = next_number(trees)?;
        let key = name_key(group, name);
        trees
            .names
            .insert(edit, place, &key, &number.to_be_bytes())?;
        group.consumers = group.consumers.saturating_add(1);
        Ok(Consumer {
            number,
            name: Value::from(name),
            seen_ms: edit.now_ms(),
            active_ms: None,
            pending: 0,
        })
    }

    pub(super) fn put_consumer(&mut self, edit: &mut Edit<'_>, consumer: &Consumer) -> Result<()> {
        let (key, bytes) = (consumer.number.to_be_bytes(), consumer.encode());
        let place = &mut self.place;
        if let Some(trees) = &mut self.groups {
            trees.consumers.insert(edit, place, &key, &bytes)?;
        }
        Ok(())
    }

    /// Removes a consumer and the list of what it owns; not those entries from its group's order,
    /// nor anything from the group's counts.
    pub(super) fn remove_consumer(
        &mut self,
        edit: &mut Edit<'_>,
        group: &Group,
        consumer: &Consumer,
    ) -> Result<()> {
        let place = &mut self.place;
        if let Some(trees) = &mut self.groups {
            let name = name_key(group, &consumer.name);
            trees.names.remove(edit, place, &name)?;
            let number = consumer.number.to_be_bytes();
            trees.consumers.remove(edit, place, &number)?;
            remove_numbered(&mut trees.owned, edit, place, consumer.number)?;
        }
        Ok(())
    }
}

fn decode_number(bytes: &[u8]) -> Result<u32> {
    let bytes: [u8; 4] = bytes
        .try_into()
        .map_err(|_| StorageError::Corrupted("the number of a consumer".into()))?;
    Ok(u32::from_be_bytes(bytes))
}
