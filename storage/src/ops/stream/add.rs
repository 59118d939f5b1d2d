//! Owns adding entries.
//! Invariants: an id is above every id before it; an entry goes to the right edge of its tree.
//! Must not know: how users write ids. Tests: `storage/tests/streams.rs`, the oracle.

use super::{NodeLimits, Stream, StreamId, Trim, entry};
use crate::change::Event;
use crate::edit::Edit;
use crate::error::{Result, StorageError};
use crate::limits::ELEMENT_BYTES_MAX;

/// The id that an entry is to have.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NewId {
    /// The time, or the id after the last one if that is not above it.
    Auto,
    /// These milliseconds, and the first number that is free.
    Ms(u64),
    /// This one.
    Given(StreamId),
}

/// An entry to add.
#[derive(Debug, Clone, Copy)]
pub struct Add<'a> {
    /// Its id.
    pub id: NewId,
    /// Its fields and values, by turns.
    pub strings: &'a [&'a [u8]],
    /// A stream that does not exist is made.
    pub create: bool,
    /// What is trimmed afterwards.
    pub trim: Option<Trim>,
    /// The configuration of the moment.
    pub limits: NodeLimits,
}

/// What [`add`] came to. Only with `Id` anything was done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Added {
    /// The entry has this id.
    Id(StreamId),
    /// There is no such stream.
    NoStream,
    /// The last id is the greatest there is.
    Exhausted,
    /// The id is not above the last one.
    NotAbove,
}

/// Adds an entry at the end.
pub fn add(edit: &mut Edit<'_>, key: &[u8], what: &Add<'_>) -> Result<Added> {
    let mut stream = Stream::open(edit, key)?;
    if !what.create && !stream.entry.exists() {
        return Ok(Added::NoStream);
    }
    if stream.last == StreamId::MAX {
        return Ok(Added::Exhausted);
    }
    let Some(id) = stream.new_id(what.id, edit.now_ms()) else {
        return Ok(Added::NotAbove);
    };
    stream.append(edit, id, what.strings, what.limits)?;
    let trimmed = match &what.trim {
        Some(trim) => stream.trim(edit, trim)?,
        None => 0,
    };
    let events = [Event::XAdd, Event::XTrim];
    let told = if trimmed > 0 {
        &events[..]
    } else {
        &events[..1]
    };
    stream.write(edit, told)?;
    Ok(Added::Id(id))
}

impl Stream<'_> {
    /// The id that an entry gets, unless it would not be above the last one.
    fn new_id(&self, wanted: NewId, now_ms: u64) -> Option<StreamId> {
        let id = match wanted {
            NewId::Auto if now_ms > self.last.ms => StreamId::new(now_ms, 0),
            NewId::Auto => self.last.next()?,
            NewId::Ms(ms) if ms == self.last.ms => StreamId::new(ms, self.last.seq.checked_add(1)?),
            NewId::Ms(ms) => StreamId::new(ms, 0),
            NewId::Given(id) => id,
        };
        (id > self.last).then_some(id)
    }

    pub(super) fn append(
        &mut self,
        edit: &mut Edit<'_>,
        id: StreamId,
        strings: &[&[u8]],
        limits: NodeLimits,
    ) -> Result<()> {
        let len: usize = strings.iter().map(|string| string.len() + 5).sum();
        if len > ELEMENT_BYTES_MAX {
            return Err(StorageError::ElementTooLong);
        }
        let mut value = Vec::with_capacity(len);
        entry::encode(strings, &mut value);
        let id_bytes = id.bytes();
        self.entries
            .insert(edit, &mut self.place, &id_bytes, &value)?;
        if self.tail.add(id, strings, limits) {
            self.nodes.insert(edit, &mut self.place, &id_bytes, &[])?;
        }
        self.last = id;
        self.added = self.added.saturating_add(1);
        if self.len() == 1 {
            self.first = id;
        }
        Ok(())
    }
}
