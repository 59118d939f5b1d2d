//! Owns writing of strings: whole, and in place.
//! Invariants: a write in place stages the chunks it names and the meta row, nothing else, and
//! keeps expiry and extensions; what does not fit in one commit goes under a fresh id, chunks
//! first, so that a crash in between leaves the old string. Must not know: commands.
//! Tests: `storage/tests/strings`.

use super::{CHUNK_FLAGS, chunk_bytes, chunk_index, chunk_row, chunks_of, len};
use crate::change::Event;
use crate::edit::Edit;
use crate::encoding::key;
use crate::encoding::meta::{DataType, Head, Header};
use crate::error::{Result, StorageError};
use crate::limits::{CHUNK_BYTES, COMMIT_BYTES_MAX, INLINE_BYTES_MAX};
use crate::view::KeyEntry;
use smallvec::SmallVec;

/// Most bytes that a write in place stages; a longer one writes the string anew.
const IN_PLACE_BYTES_MAX: usize = COMMIT_BYTES_MAX / 2;
/// Chunk bytes between two looks at whether the edit must be spilled.
const SPILL_BYTES: usize = COMMIT_BYTES_MAX / 4;

const ZEROS_LEN: usize = if CHUNK_BYTES > INLINE_BYTES_MAX {
    CHUNK_BYTES
} else {
    INLINE_BYTES_MAX
};
/// What fills a gap before written bytes.
static ZEROS: [u8; ZEROS_LEN] = [0; ZEROS_LEN];

/// What becomes of a key's expiry when its value is replaced.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Expiry {
    /// There is none afterwards.
    Clear,
    /// It stays as it is.
    Keep,
    /// The key expires at this time, ms since the epoch.
    At(u64),
}

/// Replaces the whole value of a key, whatever type it had.
pub fn replace(
    edit: &mut Edit<'_>,
    entry: &KeyEntry<'_>,
    value: &[u8],
    expiry: Expiry,
    events: &[Event],
) -> Result<()> {
    let mut header = Header::new(DataType::String);
    header.expire_ms = match expiry {
        Expiry::Clear => None,
        Expiry::Keep => entry.header().and_then(|header| header.expire_ms),
        Expiry::At(at) => Some(at),
    };
    if value.len() <= INLINE_BYTES_MAX {
        return edit.put(entry, header, &[value], events);
    }
    let mut fresh = Fresh::begin(edit, entry, value.len() as u64);
    for (index, part) in value.chunks(CHUNK_BYTES).enumerate() {
        fresh.put(edit, index as u64, &[part])?;
    }
    header.head = Some(fresh.finish(edit)?);
    edit.put(entry, header, &[], events)
}

/// Writes `bytes` at `offset`, creating or growing the string; a gap before `offset` reads as
/// zeros. Gives the new length. Writing no bytes does nothing.
///
/// # Errors
/// `StringTooLong` if the string would end beyond `bytes_max`.
pub fn write_range(
    edit: &mut Edit<'_>,
    entry: &KeyEntry<'_>,
    offset: u64,
    bytes: &[u8],
    bytes_max: u64,
    events: &[Event],
) -> Result<u64> {
    let old_len = len(entry);
    if bytes.is_empty() {
        return Ok(old_len);
    }
    let patch = Patch { offset, bytes };
    let end = offset.checked_add(bytes.len() as u64);
    let end = end.filter(|&end| end <= bytes_max);
    let new_len = end.ok_or(StorageError::StringTooLong)?.max(old_len);
    let mut header = entry
        .header()
        .cloned()
        .unwrap_or_else(|| Header::new(DataType::String));
    header.raw = true;
    header.text = false;
    let head = match header.head {
        None if new_len <= INLINE_BYTES_MAX as u64 => {
            let payload = entry.payload().unwrap_or_default();
            let parts = patch.over(payload, 0, INLINE_BYTES_MAX);
            edit.put(entry, header, &parts, events)?;
            return Ok(new_len);
        }
        Some(head) if bytes.len() <= IN_PLACE_BYTES_MAX => {
            write_chunks(edit, head, &patch)?;
            head
        }
        _ => write_anew(edit, entry, &patch, new_len)?,
    };
    header.head = Some(Head {
        count: new_len,
        ..head
    });
    edit.put(entry, header, &[], events)?;
    Ok(new_len)
}

/// Bytes to be written over others.
struct Patch<'a> {
    offset: u64,
    bytes: &'a [u8],
}

impl<'a> Patch<'a> {
    /// Index of the first and of one past the last chunk it touches.
    fn chunks(&self) -> (u64, u64) {
        let end = self.offset + self.bytes.len() as u64;
        (self.offset / CHUNK_BYTES as u64, chunks_of(end))
    }

    /// The part that falls into a block, and where in the block it begins.
    fn part(&self, block_start: u64, block_len: usize) -> (usize, &'a [u8]) {
        let end = self.offset + self.bytes.len() as u64;
        let from = self.offset.max(block_start);
        let until = end.min(block_start + block_len as u64);
        if from >= until {
            return (0, &[]);
        }
        let range = (from - self.offset) as usize..(until - self.offset) as usize;
        let part = self.bytes.get(range).unwrap_or_default();
        ((from - block_start) as usize, part)
    }

    /// The pieces of a block, of at most `ZEROS_LEN` bytes, that held `base` before.
    fn over<'b>(&self, base: &'b [u8], block_start: u64, block_len: usize) -> [&'b [u8]; 4]
    where
        'a: 'b,
    {
        let (at, part) = self.part(block_start, block_len);
        if part.is_empty() {
            return [base, &[], &[], &[]];
        }
        let before = base.get(..at).unwrap_or(base);
        let gap = ZEROS.get(..at - before.len()).unwrap_or_default();
        let after = base.get(at + part.len()..).unwrap_or_default();
        [before, gap, part, after]
    }
}

/// Writes the chunks that `patch` touches, in place.
fn write_chunks(edit: &mut Edit<'_>, head: Head, patch: &Patch<'_>) -> Result<()> {
    edit.need_latch()?;
    let (first, end) = patch.chunks();
    for index in first..end {
        let chunk_start = index * CHUNK_BYTES as u64;
        let (at, part) = patch.part(chunk_start, CHUNK_BYTES);
        let present = head.count.saturating_sub(chunk_start);
        let covered = at == 0 && part.len() as u64 >= present.min(CHUNK_BYTES as u64);
        let row = match covered {
            true => None,
            false => chunk_row(edit, head, index)?,
        };
        let base = row.as_ref().map(chunk_bytes).transpose()?;
        let [before, gap, part, after] =
            patch.over(base.unwrap_or_default(), chunk_start, CHUNK_BYTES);
        let row_key = key::chunk_key(head.home_slot, head.id, chunk_index(index)?);
        let value = [&[CHUNK_FLAGS][..], before, gap, part, after];
        edit.put_element(head.home_slot, &row_key, &value);
    }
    Ok(())
}

/// Writes the whole string with `patch` over it under a fresh id. Blocks that nothing was ever
/// written to cost nothing.
fn write_anew(
    edit: &mut Edit<'_>,
    entry: &KeyEntry<'_>,
    patch: &Patch<'_>,
    new_len: u64,
) -> Result<Head> {
    let old = entry.header().and_then(|header| header.head);
    let payload = entry.payload().unwrap_or_default();
    let old_chunks = chunks_of(len(entry));
    let (first, end) = patch.chunks();
    let mut fresh = Fresh::begin(edit, entry, new_len);
    for index in (0..old_chunks).chain(first.max(old_chunks)..end) {
        let chunk_start = index * CHUNK_BYTES as u64;
        let row = match old {
            Some(head) if index < old_chunks => chunk_row(edit, head, index)?,
            _ => None,
        };
        let base = match &row {
            Some(row) => chunk_bytes(row)?,
            None => payload
                .chunks(CHUNK_BYTES)
                .nth(index as usize)
                .unwrap_or_default(),
        };
        let pieces = patch.over(base, chunk_start, CHUNK_BYTES);
        if pieces.iter().any(|piece| !piece.is_empty()) {
            fresh.put(edit, index, &pieces)?;
        }
    }
    fresh.finish(edit)
}

/// Chunks under an id that nobody knows yet: how a string that is too large for one commit, or for
/// memory, is written from its beginning to its end.
pub(crate) struct Fresh {
    head: Head,
    /// Bytes put since the last look at the size of the edit.
    unspilled: usize,
    spilled: bool,
}

impl Fresh {
    /// An id for a string of `count` bytes under the key of `entry`.
    pub(crate) fn begin(edit: &mut Edit<'_>, entry: &KeyEntry<'_>, count: u64) -> Fresh {
        let head = Head {
            id: edit.fresh_id(),
            home_slot: entry.name.slot,
            count,
        };
        Fresh {
            head,
            unspilled: 0,
            spilled: false,
        }
    }

    /// Writes a chunk that nothing reads before the head is published. A chunk that is never put
    /// reads as zeros.
    pub(crate) fn put(&mut self, edit: &mut Edit<'_>, index: u64, pieces: &[&[u8]]) -> Result<()> {
        let head = self.head;
        let row_key = key::chunk_key(head.home_slot, head.id, chunk_index(index)?);
        let mut value: SmallVec<[&[u8]; 5]> = SmallVec::new();
        value.push(&[CHUNK_FLAGS]);
        value.extend_from_slice(pieces);
        edit.put_element(head.home_slot, &row_key, &value);
        self.unspilled += pieces.iter().map(|piece| piece.len()).sum::<usize>();
        if self.unspilled >= SPILL_BYTES {
            self.unspilled = 0;
            edit.spill(head, &mut self.spilled)?;
        }
        Ok(())
    }

    /// Makes the id ready for its meta row.
    pub(crate) fn finish(mut self, edit: &mut Edit<'_>) -> Result<Head> {
        edit.spill(self.head, &mut self.spilled)?;
        edit.publish(self.head, self.spilled);
        Ok(self.head)
    }
}
