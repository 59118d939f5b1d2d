//! Owns reading of strings: whole, by range, or piece by piece without a copy.
//! Invariants: a string inside its meta row needs no latch and no other row; a chunked one needs
//! its latch and reads only the chunks it names. Must not know: writing.
//! Tests: `storage/tests/strings`.

use super::{chunk_bytes, chunk_row, chunk_row_in_passing, len};
use crate::encoding::meta::Head;
use crate::error::Result;
use crate::limits::{CHUNK_BYTES, PASSING_CHUNKS_MIN};
use crate::value::Value;
use crate::view::{KeyEntry, View};
use std::ops::{ControlFlow, Deref};

/// The bytes of a string, held in whatever way costs no copy.
#[derive(Debug, Clone)]
pub enum Content {
    /// Shared with the row that holds them.
    Shared(Value),
    /// Put together from chunks.
    Gathered(Vec<u8>),
}

impl Deref for Content {
    type Target = [u8];

    #[inline]
    fn deref(&self) -> &[u8] {
        match self {
            Content::Shared(value) => value,
            Content::Gathered(bytes) => bytes,
        }
    }
}

/// A piece of a string.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Segment<'a> {
    /// Stored bytes.
    Bytes(&'a [u8]),
    /// This many zeros that are stored nowhere.
    Zeros(u64),
}

/// The whole string; `None` if the key does not exist. The caller has checked the type.
#[inline]
pub fn read_value(view: &View<'_>, entry: &KeyEntry<'_>) -> Result<Option<Content>> {
    match entry.header() {
        None => Ok(None),
        Some(header) if header.head.is_none() => Ok(entry.payload_value().map(Content::Shared)),
        Some(_) => {
            read_range(view, entry, 0, len(entry)).map(|bytes| Some(Content::Gathered(bytes)))
        }
    }
}

/// The bytes `start..end`, clipped to the string.
pub fn read_range(view: &View<'_>, entry: &KeyEntry<'_>, start: u64, end: u64) -> Result<Vec<u8>> {
    let end = end.min(len(entry));
    let mut out = Vec::with_capacity(end.saturating_sub(start) as usize);
    for_each_segment(view, entry, start, end, |segment| {
        match segment {
            Segment::Bytes(bytes) => out.extend_from_slice(bytes),
            Segment::Zeros(count) => out.resize(out.len() + count as usize, 0),
        }
        ControlFlow::Continue(())
    })?;
    Ok(out)
}

/// Hands the bytes `start..end`, clipped to the string, to `visit` in order and in pieces, until it
/// breaks.
pub fn for_each_segment(
    view: &View<'_>,
    entry: &KeyEntry<'_>,
    start: u64,
    end: u64,
    mut visit: impl FnMut(Segment<'_>) -> ControlFlow<()>,
) -> Result<()> {
    let end = end.min(len(entry));
    if start >= end {
        return Ok(());
    }
    if let Some(head) = entry.header().and_then(|header| header.head) {
        return visit_chunks(view, head, start, end, visit);
    }
    let payload = entry.payload().unwrap_or_default();
    // The length was taken from this payload, so the range lies inside it.
    let bytes = payload.get(start as usize..end as usize);
    let _ = visit(Segment::Bytes(bytes.unwrap_or_default()));
    Ok(())
}

fn visit_chunks(
    view: &View<'_>,
    head: Head,
    start: u64,
    end: u64,
    mut visit: impl FnMut(Segment<'_>) -> ControlFlow<()>,
) -> Result<()> {
    view.need_latch()?;
    let chunk_len = CHUNK_BYTES as u64;
    let is_long = (end - start) / chunk_len >= PASSING_CHUNKS_MIN;
    let chunk_row = match is_long {
        true => chunk_row_in_passing,
        false => chunk_row,
    };
    let mut at = start;
    while at < end {
        let index = at / chunk_len;
        let chunk_start = index * chunk_len;
        let until = end.min(chunk_start + chunk_len);
        let (from, to) = ((at - chunk_start) as usize, (until - chunk_start) as usize);
        let row = chunk_row(view, head, index)?;
        let stored = row.as_ref().map(chunk_bytes).transpose()?;
        let stored = stored.unwrap_or_default();
        let present = stored.get(from..to.min(stored.len())).unwrap_or_default();
        if !present.is_empty() && visit(Segment::Bytes(present)).is_break() {
            return Ok(());
        }
        let missing = (to - from - present.len()) as u64;
        if missing > 0 && visit(Segment::Zeros(missing)).is_break() {
            return Ok(());
        }
        at = until;
    }
    Ok(())
}
