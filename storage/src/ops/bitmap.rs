//! Owns strings as arrays of bits: one bit, counting, searching, combining several into one.
//! Invariants: bit 0 is the most significant bit of byte 0; what lies behind a string's end is 0;
//! parts that are stored nowhere are never filled with zeros to be looked at.
//! Must not know: replies, options' spelling. Tests: below and `storage/tests/bitmaps.rs`.

use super::bits::{self, BitOp, Combination};
use super::bytes::{self, Fresh, Segment};
use crate::change::Event;
use crate::edit::Edit;
use crate::encoding::meta::{DataType, Header};
use crate::engine::Tier;
use crate::error::{Result, StorageError};
use crate::limits::{CHUNK_BYTES, INLINE_BYTES_MAX};
use crate::view::{KeyEntry, View};
use smallvec::SmallVec;
use std::ops::{ControlFlow, Range};

/// Most bytes that a memory-only view walks over; longer walks go where they stop nobody else.
const MEMORY_WALK_BYTES_MAX: u64 = 1024 * 1024;
/// Bytes of a result that are combined at a time.
const BLOCK_BYTES: usize = 32 * CHUNK_BYTES;

/// What the positions of a [`Span`] count.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unit {
    /// Bytes.
    Byte,
    /// Bits.
    Bit,
}

impl Unit {
    fn bits(self) -> u64 {
        match self {
            Unit::Byte => 8,
            Unit::Bit => 1,
        }
    }
}

/// A part of a string as users name it: first and last position, negative ones from the end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Span {
    /// First position.
    pub start: i64,
    /// Last position, included.
    pub end: i64,
    /// What both count.
    pub unit: Unit,
}

impl Span {
    /// The bits of a string of `len` bytes that it names.
    fn clip(self, len: u64) -> Range<u64> {
        let positions = i64::try_from(len * 8 / self.unit.bits()).unwrap_or(i64::MAX);
        let from_begin = |at: i64| if at < 0 { (at + positions).max(0) } else { at };
        let (start, end) = (from_begin(self.start), from_begin(self.end));
        let end = end.min(positions - 1);
        if start > end {
            return 0..0;
        }
        // Both lie within the string, so neither the sum nor the products overflow.
        let bits = self.unit.bits();
        start as u64 * bits..(end as u64 + 1) * bits
    }

    /// Whether both positions count from the end, the wrong way round.
    fn is_reversed_from_end(self) -> bool {
        self.start < 0 && self.end < 0 && self.start > self.end
    }
}

/// The bit at `at`.
pub fn get_bit(view: &View<'_>, key: &[u8], at: u64) -> Result<bool> {
    let entry = view.open_as(key, DataType::String)?;
    let byte = byte_at(view, &entry, at / 8)?;
    Ok(bits::field(&[byte], at % 8, 1) == 1)
}

/// Sets the bit at `at`, creating or growing the string; gives what it was.
///
/// # Errors
/// `StringTooLong` if the bit lies behind `bytes_max` bytes.
pub fn set_bit(
    edit: &mut Edit<'_>,
    key: &[u8],
    at: u64,
    bit: bool,
    bytes_max: u64,
) -> Result<bool> {
    let entry = edit.open_as(key, DataType::String)?;
    let offset = at / 8;
    let mut byte = [byte_at(edit, &entry, offset)?];
    let before = bits::field(&byte, at % 8, 1) == 1;
    if before != bit || offset >= bytes::len(&entry) {
        bits::put_field(&mut byte, at % 8, 1, u64::from(bit));
        bytes::write_range(edit, &entry, offset, &byte, bytes_max, &[Event::SetBit])?;
    }
    Ok(before)
}

/// The byte at `offset`, 0 behind the end.
fn byte_at(view: &View<'_>, entry: &KeyEntry<'_>, offset: u64) -> Result<u8> {
    let mut byte = 0;
    bytes::for_each_segment(view, entry, offset, offset + 1, |segment| {
        if let Segment::Bytes(&[stored, ..]) = segment {
            byte = stored;
        }
        ControlFlow::Break(())
    })?;
    Ok(byte)
}

/// Number of one bits in a part of a string, or in all of it.
pub fn count(view: &View<'_>, key: &[u8], span: Option<Span>) -> Result<u64> {
    let entry = view.open_as(key, DataType::String)?;
    let len = bytes::len(&entry);
    let range = match span {
        None => 0..len * 8,
        Some(span) if span.is_reversed_from_end() => return Ok(0),
        Some(span) => span.clip(len),
    };
    let (first, end) = (range.start / 8, range.end.div_ceil(8));
    may_walk(view, end - first)?;
    // Bits of the first and the last byte that are outside of the range.
    let before = !(u8::MAX >> (range.start % 8));
    let behind = match range.end % 8 {
        0 => 0,
        used => u8::MAX >> used,
    };
    let mut at = first;
    let mut ones = 0;
    bytes::for_each_segment(view, &entry, first, end, |segment| {
        let len = segment_len(segment);
        if let Segment::Bytes(part) = segment {
            ones += bits::count_ones(part);
            if let Some(byte) = part.first().filter(|_| at == first) {
                ones -= u64::from((byte & before).count_ones());
            }
            if let Some(byte) = part.last().filter(|_| at + len == end) {
                ones -= u64::from((byte & behind).count_ones());
            }
        }
        at += len;
        ControlFlow::Continue(())
    })?;
    Ok(ones)
}

/// Position of the first bit equal to `bit`, from the beginning of the string.
///
/// Without an end, a string is followed by zeros without end, unless `start` lies behind it; with
/// one, what is not between start and end is not found. A key that does not exist is all zeros.
pub fn position(
    view: &View<'_>,
    key: &[u8],
    bit: bool,
    start: i64,
    end: Option<(i64, Unit)>,
) -> Result<Option<u64>> {
    let entry = view.open_as(key, DataType::String)?;
    if !entry.exists() {
        return Ok((!bit).then_some(0));
    }
    let (last, unit) = end.unwrap_or((-1, Unit::Byte));
    let span = Span {
        start,
        end: last,
        unit,
    };
    let range = span.clip(bytes::len(&entry));
    if range.is_empty() {
        return Ok(None);
    }
    let found = find(view, &entry, bit, &range)?;
    let padding = (!bit && end.is_none()).then_some(range.end);
    Ok(found.or(padding))
}

fn find(
    view: &View<'_>,
    entry: &KeyEntry<'_>,
    bit: bool,
    range: &Range<u64>,
) -> Result<Option<u64>> {
    let (first, end) = (range.start / 8, range.end.div_ceil(8));
    may_walk(view, end - first)?;
    let mut at = first * 8;
    let mut found = None;
    bytes::for_each_segment(view, entry, first, end, |segment| {
        let from = range.start.saturating_sub(at);
        let here = match segment {
            Segment::Bytes(part) => bits::find(part, from, bit),
            Segment::Zeros(_) => (!bit).then_some(from),
        };
        found = here.map(|here| at + here);
        at += segment_len(segment) * 8;
        match found {
            Some(_) => ControlFlow::Break(()),
            None => ControlFlow::Continue(()),
        }
    })?;
    Ok(found.filter(|at| *at < range.end))
}

/// Combines strings into `target`, which loses its type and its expiry; gives the result's length
/// in bytes, that of the longest source. An empty result deletes the target.
pub fn combine(edit: &mut Edit<'_>, op: BitOp, target: &[u8], sources: &[&[u8]]) -> Result<u64> {
    let mut entries: SmallVec<[KeyEntry<'_>; 4]> = SmallVec::new();
    for source in sources {
        entries.push(edit.open_as(source, DataType::String)?);
    }
    let len = entries.iter().map(bytes::len).max().unwrap_or(0);
    may_walk(edit, entries.iter().map(bytes::len).sum())?;
    let entry = edit.open(target)?;
    if len == 0 {
        edit.remove(&entry, Event::Del)?;
        return Ok(0);
    }
    let mut header = Header::new(DataType::String);
    header.raw = true;
    let mut combination = Combination::new(op, BLOCK_BYTES.min(len as usize));
    if len <= INLINE_BYTES_MAX as u64 {
        let result = combine_block(edit, &mut combination, &entries, 0, len)?;
        edit.put(&entry, header, &[result], &[Event::Set])?;
        return Ok(len);
    }
    let mut fresh = Fresh::begin(edit, &entry, len);
    let mut start = 0;
    while start < len {
        let end = len.min(start + BLOCK_BYTES as u64);
        let result = combine_block(edit, &mut combination, &entries, start, end)?;
        for (index, chunk) in (start / CHUNK_BYTES as u64..).zip(result.chunks(CHUNK_BYTES)) {
            // An absent chunk reads as zeros.
            if bits::find(chunk, 0, true).is_some() {
                fresh.put(edit, index, &[chunk])?;
            }
        }
        start = end;
    }
    header.head = Some(fresh.finish(edit)?);
    edit.put(&entry, header, &[], &[Event::Set])?;
    Ok(len)
}

/// The bytes `start..end` of the result.
fn combine_block<'c>(
    view: &View<'_>,
    combination: &'c mut Combination,
    entries: &[KeyEntry<'_>],
    start: u64,
    end: u64,
) -> Result<&'c [u8]> {
    combination.block((end - start) as usize, entries.len(), |source, apply| {
        let Some(entry) = entries.get(source) else {
            return Ok(());
        };
        let mut at = 0;
        bytes::for_each_segment(view, entry, start, end, |segment| {
            if let Segment::Bytes(part) = segment {
                apply(at as usize, part);
            }
            at += segment_len(segment);
            ControlFlow::Continue(())
        })
    })
}

/// Refuses a walk over many rows on a thread that others wait for.
fn may_walk(view: &View<'_>, len: u64) -> Result<()> {
    if len > MEMORY_WALK_BYTES_MAX && view.tier() == Tier::Memory {
        Err(StorageError::NeedsDisk)
    } else {
        Ok(())
    }
}

fn segment_len(segment: Segment<'_>) -> u64 {
    match segment {
        Segment::Bytes(part) => part.len() as u64,
        Segment::Zeros(len) => len,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn clip(start: i64, end: i64, unit: Unit, len: u64) -> Range<u64> {
        Span { start, end, unit }.clip(len)
    }

    #[test]
    fn spans_are_clipped_as_redis_does() {
        assert_eq!(clip(0, -1, Unit::Byte, 3), 0..24);
        assert_eq!(clip(-1, -1, Unit::Byte, 3), 16..24);
        assert_eq!(clip(1, 1, Unit::Byte, 3), 8..16);
        assert_eq!(clip(5, 9, Unit::Bit, 3), 5..10);
        assert_eq!(clip(-5, 99, Unit::Bit, 3), 19..24);
        assert_eq!(clip(2, 1, Unit::Byte, 3), 0..0);
        assert_eq!(clip(3, 9, Unit::Byte, 3), 0..0);
        assert_eq!(clip(0, -1, Unit::Byte, 0), 0..0);
        assert_eq!(clip(i64::MIN, i64::MAX, Unit::Bit, 1), 0..8);
        assert_eq!(clip(i64::MAX, i64::MIN, Unit::Bit, 1), 0..0);
    }

    #[test]
    fn a_last_position_before_the_string_is_its_first() {
        assert_eq!(clip(0, -9, Unit::Byte, 3), 0..8);
        assert_eq!(clip(-5, -9, Unit::Byte, 3), 0..8);
    }
}
