//! Owns reading entries.
//! Must not know: replies. Tests: `storage/tests/streams.rs`, the oracle.

use super::{Entry, Stream, StreamId};
use crate::encoding::meta::DataType;
use crate::error::{Result, StorageError};
use crate::view::View;

/// Which entries are read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Span {
    /// From this id.
    pub start: StreamId,
    /// To this one, included.
    pub end: StreamId,
    /// So many at most; `None` for all.
    pub count: Option<u64>,
    /// From the greatest on.
    pub reverse: bool,
}

impl Span {
    /// Everything, or the first so many.
    pub const fn all(count: Option<u64>) -> Span {
        Span {
            start: StreamId::MIN,
            end: StreamId::MAX,
            count,
            reverse: false,
        }
    }
}

/// Number of entries; 0 if there is no such stream.
pub fn len(view: &View<'_>, key: &[u8]) -> Result<u64> {
    let entry = view.open_as(key, DataType::Stream)?;
    match entry.header().map(|header| header.head) {
        None => Ok(0),
        Some(Some(head)) => Ok(head.count),
        Some(None) => Ok(Stream::open(view, key)?.len()),
    }
}

/// Whether there is such a stream.
pub fn exists(view: &View<'_>, key: &[u8]) -> Result<bool> {
    Ok(view.open_as(key, DataType::Stream)?.exists())
}

/// Whether there is such a group, and such a stream.
pub fn has_group(view: &View<'_>, key: &[u8], group: &[u8]) -> Result<bool> {
    let stream = Stream::open(view, key)?;
    Ok(stream.group(view, group)?.is_some())
}

/// The entries of a span.
pub fn range(view: &View<'_>, key: &[u8], span: &Span) -> Result<Vec<Entry>> {
    Stream::open(view, key)?.range(view, span)
}

/// The entries behind an id, so many at most.
pub fn after(view: &View<'_>, key: &[u8], id: StreamId, count: Option<u64>) -> Result<Vec<Entry>> {
    Stream::open(view, key)?.after(view, id, count)
}

/// The greatest id ever given; 0-0 if there is no such stream.
pub fn last_id(view: &View<'_>, key: &[u8]) -> Result<StreamId> {
    Ok(Stream::open(view, key)?.last)
}

/// The id of the last entry; `None` without entries.
pub fn last_entry_id(view: &View<'_>, key: &[u8]) -> Result<Option<StreamId>> {
    Stream::open(view, key)?.last_entry_id(view)
}

/// The id in a tree's key.
pub(super) fn id_of(key: &[u8]) -> Result<StreamId> {
    StreamId::decode(key).ok_or_else(|| StorageError::Corrupted("the id of an entry".into()))
}

impl Stream<'_> {
    pub(super) fn range(&self, view: &View<'_>, span: &Span) -> Result<Vec<Entry>> {
        if self.entries.is_empty() || span.start > span.end || span.count == Some(0) {
            return Ok(Vec::new());
        }
        let count = span.count.unwrap_or(u64::MAX);
        let mut found = Vec::with_capacity(count.min(self.len()).min(16) as usize);
        let from = if span.reverse { span.end } else { span.start };
        let from = from.bytes();
        let mut cursor = self.entries.cursor_at_key(view, &self.place, &from)?;
        if span.reverse && cursor.key() != Some(&from[..]) && !cursor.retreat()? {
            return Ok(found);
        }
        while let Some(key) = cursor.key() {
            let id = id_of(key)?;
            if id < span.start || id > span.end {
                break;
            }
            if let Some(value) = cursor.value()? {
                found.push(Entry::decode(id, &value)?);
            }
            let more = match span.reverse {
                true => cursor.retreat()?,
                false => cursor.advance()?,
            };
            if found.len() as u64 == count || !more {
                break;
            }
        }
        Ok(found)
    }

    pub(super) fn after(
        &self,
        view: &View<'_>,
        id: StreamId,
        count: Option<u64>,
    ) -> Result<Vec<Entry>> {
        let Some(start) = id.next().filter(|start| *start <= self.last) else {
            return Ok(Vec::new());
        };
        let span = Span {
            start,
            ..Span::all(count)
        };
        self.range(view, &span)
    }

    /// The entry of an id.
    pub(super) fn find_entry(&self, view: &View<'_>, id: StreamId) -> Result<Option<Entry>> {
        let value = self.entries.find(view, &self.place, &id.bytes())?;
        value.map(|value| Entry::decode(id, &value)).transpose()
    }

    pub(super) fn has_entry(&self, view: &View<'_>, id: StreamId) -> Result<bool> {
        self.entries.contains(view, &self.place, &id.bytes())
    }

    pub(super) fn last_entry_id(&self, view: &View<'_>) -> Result<Option<StreamId>> {
        let last = self.entries.last(view, &self.place)?;
        last.map(|item| id_of(&item.key)).transpose()
    }

    pub(super) fn first_entry_id(&self, view: &View<'_>) -> Result<Option<StreamId>> {
        let first = self.entries.first(view, &self.place)?;
        first.map(|item| id_of(&item.key)).transpose()
    }
}
