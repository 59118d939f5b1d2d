//! Owns trimming from the left, and setting a stream's ids.
//! Invariants: trimming by whole nodes takes those that a Redis of the same history would take;
//! what is taken goes as one range. Must not know: options' spelling.
//! Tests: `storage/tests/streams.rs`, the oracle.

use super::read::id_of;
use super::trees::GroupTrees;
use super::{References, Stream, StreamId};
use crate::change::Event;
use crate::collection::Place;
use crate::edit::Edit;
use crate::error::Result;
use crate::view::View;

/// What stays.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Bound {
    /// So many entries.
    Length(u64),
    /// Entries from this id on.
    Id(StreamId),
}

/// How a stream is trimmed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Trim {
    /// What stays.
    pub bound: Bound,
    /// Whole nodes only, so many entries at most (0: any number).
    pub nodes_only: Option<u64>,
    /// What becomes of pending entries.
    pub references: References,
}

/// Trims a stream; gives how many entries are gone.
pub fn trim(edit: &mut Edit<'_>, key: &[u8], trim: &Trim) -> Result<u64> {
    let Some(mut stream) = Stream::find(edit, key)? else {
        return Ok(0);
    };
    let trimmed = stream.trim(edit, trim)?;
    if trimmed > 0 {
        stream.write(edit, &[Event::XTrim])?;
    }
    Ok(trimmed)
}

impl Stream<'_> {
    pub(super) fn trim(&mut self, edit: &mut Edit<'_>, trim: &Trim) -> Result<u64> {
        let end = match trim.nodes_only {
            Some(limit) => self.end_of_nodes(edit, trim.bound, limit)?,
            None => self.end_of(edit, trim.bound)?,
        };
        if end == 0 {
            return Ok(0);
        }
        let acked = trim.references == References::Acknowledged;
        let taken = match acked && self.groups.is_some() {
            true => self.take_acknowledged(edit, end)?,
            false => {
                if trim.references == References::Delete && self.has_pending() {
                    for id in self.ids_before(edit, end)? {
                        self.forget_references(edit, id)?;
                    }
                }
                self.remove_first(edit, end)?
            }
        };
        self.after_removal(edit)?;
        Ok(taken)
    }

    /// Removes entries at the front; gives how many. What one commit cannot remove is left with the
    /// id: what stays, of all trees, is written under another.
    fn remove_first(&mut self, edit: &mut Edit<'_>, end: u64) -> Result<u64> {
        let (entries, place) = (self.entries.clone(), self.place);
        let mut gone = 0;
        let removed = edit.removes_in_one_commit(end, |edit| {
            gone = self.entries.remove_range(edit, &mut self.place, 0, end)?;
            Ok(())
        })?;
        if removed {
            return Ok(gone);
        }
        let len = entries.len();
        let mut to = Place {
            home_slot: self.entry.name.slot,
            id: None,
        };
        let spilled = &mut self.spilled;
        self.entries = entries.copy_ranks(edit, &place, &mut to, end..len, spilled)?;
        let groups = self.groups.as_deref_mut().map(GroupTrees::all_mut);
        for tree in groups.into_iter().flatten().chain([&mut self.nodes]) {
            *tree = tree.copy_ranks(edit, &place, &mut to, 0..tree.len(), spilled)?;
        }
        self.place = to;
        Ok(end.min(len))
    }

    /// Entries in front of the bound.
    fn end_of(&self, view: &View<'_>, bound: Bound) -> Result<u64> {
        match bound {
            Bound::Length(max) => Ok(self.len().saturating_sub(max)),
            Bound::Id(id) if id <= self.first => Ok(0),
            Bound::Id(id) => Ok(self.entries.rank(view, &self.place, &id.bytes())?.0),
        }
    }

    /// Entries of the nodes that are all in front of the bound.
    fn end_of_nodes(&self, view: &View<'_>, bound: Bound, limit: u64) -> Result<u64> {
        let exact = self.end_of(view, bound)?;
        if exact == 0 || self.nodes.is_empty() {
            return Ok(0);
        }
        let mut end = 0;
        let mut cursor = self.nodes.cursor_at_rank(view, &self.place, 0)?;
        loop {
            let more = cursor.advance()?;
            let next = match cursor.key().filter(|_| more) {
                Some(key) => self.entries.rank(view, &self.place, key)?.0,
                None => self.len(),
            };
            if next > exact || (limit > 0 && next > limit) {
                break;
            }
            end = next;
            if !more || end == exact {
                break;
            }
        }
        Ok(end)
    }

    fn ids_before(&self, view: &View<'_>, end: u64) -> Result<Vec<StreamId>> {
        let mut ids = Vec::new();
        let mut cursor = self.entries.cursor_at_rank(view, &self.place, 0)?;
        while let Some(key) = cursor.key().filter(|_| (ids.len() as u64) < end) {
            ids.push(id_of(key)?);
            if !cursor.advance()? {
                break;
            }
        }
        Ok(ids)
    }

    /// Takes those of the first entries that every group has read and acknowledged.
    fn take_acknowledged(&mut self, edit: &mut Edit<'_>, end: u64) -> Result<u64> {
        let mut taken = 0;
        for id in self.ids_before(edit, end)? {
            if !self.is_referenced(edit, id)? {
                let gone = self.entries.remove(edit, &mut self.place, &id.bytes())?;
                taken += u64::from(gone.is_some());
            }
        }
        Ok(taken)
    }

    /// Brings up to date what depends on which entry is the first, after entries at the front
    /// were taken away.
    pub(super) fn after_removal(&mut self, edit: &mut Edit<'_>) -> Result<()> {
        let first = self.first_entry_id(edit)?;
        self.first = first.unwrap_or(StreamId::MIN);
        let Some(first) = first else {
            self.nodes.clear(edit, &mut self.place)?;
            self.tail = super::node::Tail::default();
            return Ok(());
        };
        let (before, found) = self.nodes.rank(edit, &self.place, &first.bytes())?;
        let gone = (before + u64::from(found)).saturating_sub(1);
        if gone > 0 {
            self.nodes.remove_range(edit, &mut self.place, 0, gone)?;
        }
        Ok(())
    }
}

/// What XSETID sets.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SetId {
    /// The last id.
    pub last: StreamId,
    /// How many entries were ever added.
    pub added: Option<u64>,
    /// The greatest id deleted, unless it is 0-0.
    pub max_deleted: StreamId,
}

/// Why [`set_id`] refuses.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SetIdError {
    /// There is no such stream.
    NoSuchKey,
    /// The last id would be below the greatest id deleted.
    BelowDeleted,
    /// The last id would be below that of an entry.
    BelowLast,
    /// Fewer were added than there are.
    AddedTooFew,
}

/// Sets the ids and the count of a stream.
pub fn set_id(
    edit: &mut Edit<'_>,
    key: &[u8],
    set: &SetId,
) -> Result<std::result::Result<(), SetIdError>> {
    let Some(mut stream) = Stream::find(edit, key)? else {
        return Ok(Err(SetIdError::NoSuchKey));
    };
    if set.last < stream.max_deleted {
        return Ok(Err(SetIdError::BelowDeleted));
    }
    if let Some(last) = stream.last_entry_id(edit)? {
        if set.last < last {
            return Ok(Err(SetIdError::BelowLast));
        }
        if set.added.is_some_and(|added| added < stream.len()) {
            return Ok(Err(SetIdError::AddedTooFew));
        }
    }
    stream.last = set.last;
    stream.added = set.added.unwrap_or(stream.added);
    if set.max_deleted != StreamId::MIN {
        stream.max_deleted = set.max_deleted;
    }
    stream.write(edit, &[Event::XSetId])?;
    Ok(Ok(()))
}
