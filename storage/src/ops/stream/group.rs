//! Owns consumer groups: making and destroying them, where they stand, who refers to an entry.
//! Invariants: a group's counts are those of its pending entries and consumers.
//! Must not know: replies. Tests: `storage/tests/streams.rs`, the oracle.
//!
//! ```text
//! group   number u32 | last delivered id | entries read u64 (all ones: unknown) | pending u64
//!         | consumers u32
//! ```

use super::consumer::next_number;
use super::{Stream, StreamId};
use crate::change::Event;
use crate::collection::Place;
use crate::collection::tree::Tree;
use crate::edit::Edit;
use crate::error::{Result, StorageError};
use crate::view::View;
use std::ops::Range;

/// Written for what is not known.
pub(super) const UNKNOWN: u64 = u64::MAX;
/// Bytes of a group.
const GROUP_LEN: usize = 4 + super::id::ID_LEN + 8 + 8 + 4;

/// A group, read from its tree.
#[derive(Debug, Clone)]
pub(super) struct Group {
    pub name: Vec<u8>,
    pub number: u32,
    /// The last id that was delivered.
    pub last: StreamId,
    /// How many of the entries ever added are at or before it.
    pub read: Option<u64>,
    pub pending: u64,
    pub consumers: u32,
}

impl Group {
    fn decode(name: &[u8], bytes: &[u8]) -> Result<Group> {
        decode(name, bytes).ok_or_else(|| StorageError::Corrupted("a consumer group".into()))
    }

    fn encode(&self) -> [u8; GROUP_LEN] {
        let mut out = [0; GROUP_LEN];
        out[..4].copy_from_slice(&self.number.to_be_bytes());
        out[4..20].copy_from_slice(&self.last.bytes());
        out[20..28].copy_from_slice(&self.read.unwrap_or(UNKNOWN).to_be_bytes());
        out[28..36].copy_from_slice(&self.pending.to_be_bytes());
        out[36..].copy_from_slice(&self.consumers.to_be_bytes());
        out
    }
}

fn decode(name: &[u8], bytes: &[u8]) -> Option<Group> {
    let bytes: &[u8; GROUP_LEN] = bytes.try_into().ok()?;
    let (number, rest) = bytes.split_first_chunk::<4>()?;
    let (last, rest) = rest.split_at_checked(super::id::ID_LEN)?;
    let (read, rest) = rest.split_first_chunk::<8>()?;
    let (pending, rest) = rest.split_first_chunk::<8>()?;
    let read = u64::from_be_bytes(*read);
    Some(Group {
        name: name.to_vec(),
        number: u32::from_be_bytes(*number),
        last: StreamId::decode(last)?,
        read: (read != UNKNOWN).then_some(read),
        pending: u64::from_be_bytes(*pending),
        consumers: u32::from_be_bytes(rest.try_into().ok()?),
    })
}

/// Where a group begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum GroupStart {
    /// Behind the last id of the stream.
    End,
    /// Behind this id.
    After(StreamId),
}

/// A group to make, or to move.
#[derive(Debug, Clone, Copy)]
pub struct CreateGroup<'a> {
    /// Its name.
    pub name: &'a [u8],
    /// Where it begins.
    pub start: GroupStart,
    /// How many entries it counts as having read; `None` if that is not known.
    pub read: Option<u64>,
    /// A stream that does not exist is made.
    pub create: bool,
}

/// What [`create_group`] and [`move_group`] came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Created {
    /// It is done.
    Done,
    /// There is no such stream.
    NoStream,
    /// There is such a group already, or, where it is moved, none.
    Refused,
}

/// Makes a group.
pub fn create_group(edit: &mut Edit<'_>, key: &[u8], what: &CreateGroup<'_>) -> Result<Created> {
    let mut stream = Stream::open(edit, key)?;
    if !stream.entry.exists() && !what.create {
        return Ok(Created::NoStream);
    }
    if stream.group(edit, what.name)?.is_some() {
        return Ok(Created::Refused);
    }
    let trees = stream.groups.get_or_insert_default();
    let mut group = Group {
        name: what.name.to_vec(),
        number: next_number(trees)?,
        last: StreamId::MIN,
        read: None,
        pending: 0,
        consumers: 0,
    };
    stream.start_group(&mut group, what);
    stream.put_group(edit, &group)?;
    stream.write(edit, &[Event::XGroupCreate])?;
    Ok(Created::Done)
}

/// Moves a group to another place.
pub fn move_group(edit: &mut Edit<'_>, key: &[u8], what: &CreateGroup<'_>) -> Result<Created> {
    let Some(mut stream) = Stream::find(edit, key)? else {
        return Ok(Created::NoStream);
    };
    let Some(mut group) = stream.group(edit, what.name)? else {
        return Ok(Created::Refused);
    };
    stream.start_group(&mut group, what);
    stream.put_group(edit, &group)?;
    stream.write(edit, &[Event::XGroupSetId])?;
    Ok(Created::Done)
}

/// Destroys a group; gives whether there was one, `None` if there is no such stream.
pub fn destroy_group(edit: &mut Edit<'_>, key: &[u8], name: &[u8]) -> Result<Option<bool>> {
    let Some(mut stream) = Stream::find(edit, key)? else {
        return Ok(None);
    };
    let Some(group) = stream.group(edit, name)? else {
        return Ok(Some(false));
    };
    for consumer in stream.consumers_of(edit, &group)? {
        stream.remove_consumer(edit, &group, &consumer)?;
    }
    let place = &mut stream.place;
    if let Some(trees) = &mut stream.groups {
        remove_numbered(&mut trees.pending, edit, place, group.number)?;
        trees.groups.remove(edit, place, name)?;
    }
    stream.write(edit, &[Event::XGroupDestroy])?;
    Ok(Some(true))
}

/// The ranks of the keys that begin with a number.
pub(super) fn numbered_ranks(
    tree: &Tree,
    view: &View<'_>,
    place: &Place,
    number: u32,
) -> Result<Range<u64>> {
    let (from, _) = tree.rank(view, place, &number.to_be_bytes())?;
    let to = match number.checked_add(1) {
        Some(next) => tree.rank(view, place, &next.to_be_bytes())?.0,
        None => tree.len(),
    };
    Ok(from..to)
}

/// Removes the keys that begin with a number: whole leaves, not one after the other.
pub(super) fn remove_numbered(
    tree: &mut Tree,
    edit: &mut Edit<'_>,
    place: &mut Place,
    number: u32,
) -> Result<()> {
    let ranks = numbered_ranks(tree, edit, place, number)?;
    tree.remove_range(edit, place, ranks.start, ranks.end)?;
    Ok(())
}

impl Stream<'_> {
    /// The group of a name.
    pub(super) fn group(&self, view: &View<'_>, name: &[u8]) -> Result<Option<Group>> {
        let Some(trees) = &self.groups else {
            return Ok(None);
        };
        let found = trees.groups.find(view, &self.place, name)?;
        found.map(|bytes| Group::decode(name, &bytes)).transpose()
    }

    /// All groups in the order of their names.
    pub(super) fn all_groups(&self, view: &View<'_>) -> Result<Vec<Group>> {
        let mut found = Vec::new();
        let Some(trees) = &self.groups else {
            return Ok(found);
        };
        let mut cursor = trees.groups.cursor_at_rank(view, &self.place, 0)?;
        while let Some(item) = cursor.item()? {
            found.push(Group::decode(&item.key, &item.value)?);
            if !cursor.advance()? {
                break;
            }
        }
        Ok(found)
    }

    pub(super) fn put_group(&mut self, edit: &mut Edit<'_>, group: &Group) -> Result<()> {
        let bytes = group.encode();
        if let Some(trees) = &mut self.groups {
            trees
                .groups
                .insert(edit, &mut self.place, &group.name, &bytes)?;
        }
        Ok(())
    }

    fn start_group(&self, group: &mut Group, what: &CreateGroup<'_>) {
        group.last = match what.start {
            GroupStart::End => self.last,
            GroupStart::After(id) => id,
        };
        group.read = what.read.map(|read| read.min(self.added));
    }

    /// Whether any group holds anything.
    pub(super) fn has_pending(&self) -> bool {
        let trees = self.groups.as_deref();
        trees.is_some_and(|trees| !trees.pending.is_empty())
    }

    /// Whether a group holds an entry, or may still deliver it.
    pub(super) fn is_referenced(&self, view: &View<'_>, id: StreamId) -> Result<bool> {
        for group in self.all_groups(view)? {
            if group.last < id || self.pending(view, &group, id)?.is_some() {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// Takes an entry from all groups that hold it; gives whether any did.
    pub(super) fn forget_references(&mut self, edit: &mut Edit<'_>, id: StreamId) -> Result<bool> {
        if !self.has_pending() {
            return Ok(false);
        }
        let mut any = false;
        for mut group in self.all_groups(edit)? {
            if self.take_pending(edit, &mut group, id)? {
                self.put_group(edit, &group)?;
                any = true;
            }
        }
        Ok(any)
    }

    /// Notes that a group is given an entry behind its last one.
    pub(super) fn note_delivery(&self, group: &mut Group, id: StreamId) {
        group.read = match group.read {
            Some(read) if group.last >= self.first && !self.tombstones_from(group.last) => {
                Some(read + 1)
            }
            _ if self.added > 0 => self.distance(id),
            read => read,
        };
        group.last = id;
    }

    /// Whether an entry at or behind `start` was deleted other than by trimming.
    fn tombstones_from(&self, start: StreamId) -> bool {
        self.len() > 0 && self.max_deleted != StreamId::MIN && start <= self.max_deleted
    }

    /// How many of the entries ever added are at or before an id, where that can be told.
    fn distance(&self, id: StreamId) -> Option<u64> {
        if self.added == 0 {
            return Some(0);
        }
        if id == self.last || (self.len() == 0 && id < self.last) {
            return Some(self.added);
        }
        if id > self.last || (self.max_deleted != StreamId::MIN && self.max_deleted >= self.first) {
            return None;
        }
        let before = self.added.saturating_sub(self.len());
        match id.cmp(&self.first) {
            std::cmp::Ordering::Less => Some(before),
            std::cmp::Ordering::Equal => Some(before + 1),
            std::cmp::Ordering::Greater => None,
        }
    }

    /// How many entries a group has yet to be given, where that can be told.
    pub(super) fn lag(&self, group: &Group) -> Option<u64> {
        if self.added == 0 || self.len() == 0 {
            return Some(0);
        }
        if group.last < self.first && self.max_deleted < self.first {
            return Some(self.len());
        }
        let read = match group.read {
            Some(read) if !self.tombstones_from(group.last) => read,
            _ => self.distance(group.last)?,
        };
        Some(self.added.saturating_sub(read))
    }
}
