//! Owns HyperLogLogs: strings that hold a sketch of a set, and count it without its elements.
//! Invariants: the stored bytes equal Redis's after the same commands; an addition to a dense
//! sketch reads and writes the chunks of the registers it names and the header, nothing else; what
//! fails changes nothing. Must not know: replies, where a string's bytes stand.
//! Tests: `storage/tests/hyperloglogs.rs`, and beside a real Redis `tests/compat/hyperloglog.rs`.

pub mod self_test;
pub mod sketch;

use super::bytes::{self, Fresh, Segment};
use crate::change::Event;
use crate::edit::Edit;
use crate::encoding::meta::{DataType, Header};
use crate::error::{Result, StorageError};
use crate::limits::{CHUNK_BYTES, INLINE_BYTES_MAX};
use crate::view::{KeyEntry, View};
use sketch::{
    DENSE_BYTES, Encoding, HEADER_BYTES, Histogram, Malformed, Opcode, REGISTERS, Rank, Registers,
    SPARSE_BYTES_MAX, Sketch, SketchHeader, cardinality,
};
use smallvec::SmallVec;
use std::ops::{ControlFlow, Range};

/// Chunks that a dense sketch is stored in.
const DENSE_CHUNKS: usize = DENSE_BYTES.div_ceil(CHUNK_BYTES);
const _: () = assert!(DENSE_BYTES > INLINE_BYTES_MAX);

impl From<Malformed> for StorageError {
    fn from(_: Malformed) -> StorageError {
        StorageError::MalformedHyperLogLog
    }
}

/// Adds elements, creating the key; gives whether a register changed or the key is new. A sparse
/// sketch that would grow beyond `sparse_bytes_max` becomes dense.
pub fn add<'a>(
    edit: &mut Edit<'_>,
    key: &[u8],
    elements: impl Iterator<Item = &'a [u8]>,
    sparse_bytes_max: u64,
) -> Result<bool> {
    let entry = edit.open_as(key, DataType::String)?;
    let header = header(edit, &entry)?;
    if header.is_some_and(|header| header.encoding() == Encoding::Dense) {
        let ranks: SmallVec<[Rank; 8]> = elements.map(Rank::of).collect();
        return add_dense(edit, key, &entry, &ranks);
    }
    let (mut sketch, mut changed) = match load(edit, &entry)? {
        Some(sketch) => (sketch, false),
        None => (Sketch::empty(), true),
    };
    for element in elements {
        changed |= sketch.raise(Rank::of(element), sparse_bytes_max)?;
    }
    if changed {
        sketch.invalidate();
        store(edit, &entry, &sketch, &[Event::PfAdd])?;
    }
    Ok(changed)
}

/// Raises registers where they stand, reading no further than the last of them.
fn add_dense(
    edit: &mut Edit<'_>,
    key: &[u8],
    entry: &KeyEntry<'_>,
    ranks: &[Rank],
) -> Result<bool> {
    let last = |rank: &Rank| HEADER_BYTES + sketch::last_dense_byte(rank.register);
    let Some(last_byte) = ranks.iter().map(last).max() else {
        return Ok(false);
    };
    let mut stored = bytes::read_range(edit, entry, 0, last_byte as u64 + 1)?;
    let Some((first, packed)) = stored.split_first_chunk_mut::<HEADER_BYTES>() else {
        return Err(StorageError::NotAHyperLogLog);
    };
    let mut dirty: [Range<usize>; DENSE_CHUNKS] = std::array::from_fn(|_| 0..0);
    let mut mark = |at: usize| {
        if let Some(range) = dirty.get_mut(at / CHUNK_BYTES) {
            let untouched = range.start == range.end;
            range.start = if untouched { at } else { range.start.min(at) };
            range.end = range.end.max(at + 1);
        }
    };
    let mut changed = false;
    for rank in ranks {
        if sketch::raise_packed(packed, *rank) {
            changed = true;
            // A register has bits in one byte or two.
            let end = last(rank);
            mark(end - usize::from(rank.register % 4 != 0 && rank.register % 4 != 3));
            mark(end);
        }
    }
    let header = SketchHeader::parse(*first, DENSE_BYTES as u64);
    if let Some(mut header) = header.filter(|header| changed && header.cached().is_some()) {
        header.invalidate();
        *first = *header.as_bytes();
        mark(HEADER_BYTES - 1);
    }
    write_dirty(edit, key, &stored, &dirty)?;
    Ok(changed)
}

/// Writes the ranges that are not empty; the last one tells of the change.
fn write_dirty(
    edit: &mut Edit<'_>,
    key: &[u8],
    stored: &[u8],
    dirty: &[Range<usize>],
) -> Result<()> {
    let mut ranges = dirty.iter().filter(|range| !range.is_empty()).peekable();
    while let Some(range) = ranges.next() {
        let part = stored.get(range.clone()).unwrap_or_default();
        let events: &[Event] = match ranges.peek() {
            Some(_) => &[],
            None => &[Event::PfAdd],
        };
        // Each write changes the meta row that the next one goes by.
        let entry = edit.open(key)?;
        bytes::write_range(edit, &entry, range.start as u64, part, u64::MAX, events)?;
    }
    Ok(())
}

/// The cardinality that a key's header remembers, 0 if the key does not exist.
///
/// # Errors
/// `NeedsLatch` if it remembers none: [`count`] computes it, and has it remembered.
pub fn remembered(view: &View<'_>, key: &[u8]) -> Result<u64> {
    let entry = view.open_as(key, DataType::String)?;
    match header(view, &entry)? {
        None => Ok(0),
        Some(header) => header.cached().ok_or(StorageError::NeedsLatch),
    }
}

/// The cardinality of a key's set, 0 if the key does not exist. What has to be computed is
/// remembered in the header, which nobody is told of as a change.
pub fn count(edit: &mut Edit<'_>, key: &[u8]) -> Result<u64> {
    let entry = edit.open_as(key, DataType::String)?;
    let Some(mut header) = header(edit, &entry)? else {
        return Ok(0);
    };
    if let Some(cached) = header.cached() {
        return Ok(cached);
    }
    let Some(sketch) = load(edit, &entry)? else {
        return Ok(0);
    };
    let computed = cardinality(&sketch.histogram()?);
    header.cache(computed);
    bytes::write_range(edit, &entry, 0, header.as_bytes(), u64::MAX, &[])?;
    Ok(computed)
}

/// The cardinality of the union of sets; a key that does not exist is an empty set.
pub fn count_union<'a>(view: &View<'_>, keys: impl Iterator<Item = &'a [u8]>) -> Result<u64> {
    let mut registers = [0; REGISTERS];
    merge_keys(view, keys, &mut registers)?;
    Ok(cardinality(&Histogram::of(&registers)))
}

/// Raises `registers` to those of the keys; gives whether one of these is dense.
fn merge_keys<'a>(
    view: &View<'_>,
    keys: impl Iterator<Item = &'a [u8]>,
    registers: &mut Registers,
) -> Result<bool> {
    let mut dense = false;
    for key in keys {
        let entry = view.open_as(key, DataType::String)?;
        if let Some(sketch) = load(view, &entry)? {
            dense |= sketch.encoding() == Encoding::Dense;
            sketch.merge_into(registers)?;
        }
    }
    Ok(dense)
}

/// Makes `target`, which need not exist, the union of itself and `sources`; dense if one of them
/// is, or if it would be longer than `sparse_bytes_max`.
pub fn merge<'a>(
    edit: &mut Edit<'_>,
    target: &[u8],
    sources: impl Iterator<Item = &'a [u8]>,
    sparse_bytes_max: u64,
) -> Result<()> {
    let entry = edit.open_as(target, DataType::String)?;
    let mut sketch = load(edit, &entry)?.unwrap_or_else(Sketch::empty);
    let mut registers = [0; REGISTERS];
    sketch.merge_into(&mut registers)?;
    let dense = merge_keys(edit, sources, &mut registers)?;
    if dense || sketch.encoding() == Encoding::Dense {
        sketch.fill_dense(&registers);
    } else {
        for (register, &rank) in registers.iter().enumerate().filter(|(_, rank)| **rank > 0) {
            sketch.raise(Rank { register, rank }, sparse_bytes_max)?;
        }
    }
    sketch.invalidate();
    store(edit, &entry, &sketch, &[Event::PfAdd])
}

/// How a key's sketch is stored, if the key exists.
pub fn encoding(view: &View<'_>, key: &[u8]) -> Result<Option<Encoding>> {
    let entry = view.open_as(key, DataType::String)?;
    Ok(header(view, &entry)?.map(|header| header.encoding()))
}

/// Makes a key's sketch dense; gives whether it was not.
pub fn make_dense(edit: &mut Edit<'_>, key: &[u8]) -> Result<bool> {
    let entry = edit.open_as(key, DataType::String)?;
    let Some(mut sketch) = load(edit, &entry)? else {
        return Ok(false);
    };
    let converted = sketch.make_dense()?;
    if converted {
        store(edit, &entry, &sketch, &[])?;
    }
    Ok(converted)
}

/// All registers of a key's sketch; zeros if the key does not exist.
pub fn registers(view: &View<'_>, key: &[u8]) -> Result<Registers> {
    let mut registers = [0; REGISTERS];
    merge_keys(view, std::iter::once(key), &mut registers)?;
    Ok(registers)
}

/// The runs of a key's sparse sketch; `None` if it is dense or the key does not exist.
pub fn opcodes(view: &View<'_>, key: &[u8]) -> Result<Option<Vec<Opcode>>> {
    let entry = view.open_as(key, DataType::String)?;
    let opcodes = load(view, &entry)?.and_then(|sketch| sketch.opcodes());
    Ok(opcodes.transpose()?)
}

/// The first bytes of a key's sketch, if the key exists.
fn header(view: &View<'_>, entry: &KeyEntry<'_>) -> Result<Option<SketchHeader>> {
    if !entry.exists() {
        return Ok(None);
    }
    let mut first = [0; HEADER_BYTES];
    let mut rest = &mut first[..];
    bytes::for_each_segment(view, entry, 0, HEADER_BYTES as u64, |segment| {
        let skipped = match segment {
            Segment::Bytes(part) => {
                for (to, from) in rest.iter_mut().zip(part) {
                    *to = *from;
                }
                part.len()
            }
            Segment::Zeros(count) => count as usize,
        };
        rest = std::mem::take(&mut rest)
            .get_mut(skipped..)
            .unwrap_or_default();
        ControlFlow::Continue(())
    })?;
    let header = SketchHeader::parse(first, bytes::len(entry));
    header.map(Some).ok_or(StorageError::NotAHyperLogLog)
}

/// A key's whole sketch, if the key exists.
fn load(view: &View<'_>, entry: &KeyEntry<'_>) -> Result<Option<Sketch>> {
    if header(view, entry)?.is_none() {
        return Ok(None);
    }
    if bytes::len(entry) > SPARSE_BYTES_MAX.max(DENSE_BYTES) as u64 {
        return Err(StorageError::MalformedHyperLogLog);
    }
    let stored = bytes::read_value(view, entry)?;
    let sketch = stored.and_then(|stored| Sketch::parse(&stored));
    sketch.map(Some).ok_or(StorageError::NotAHyperLogLog)
}

/// Replaces a key's sketch, keeping its expiry.
fn store(
    edit: &mut Edit<'_>,
    entry: &KeyEntry<'_>,
    sketch: &Sketch,
    events: &[Event],
) -> Result<()> {
    let first = sketch.header().as_bytes();
    let len = first.len() + sketch.body().len();
    let mut header = entry
        .header()
        .cloned()
        .unwrap_or_else(|| Header::new(DataType::String));
    header.raw = true;
    header.text = false;
    if len <= INLINE_BYTES_MAX {
        header.head = None;
        return edit.put(entry, header, &[first, sketch.body()], events);
    }
    let whole = [first, sketch.body()].concat();
    if header.head.is_some() && bytes::len(entry) == len as u64 {
        bytes::write_range(edit, entry, 0, &whole, u64::MAX, events)?;
        return Ok(());
    }
    let mut fresh = Fresh::begin(edit, entry, len as u64);
    for (index, chunk) in whole.chunks(CHUNK_BYTES).enumerate() {
        fresh.put(edit, index as u64, &[chunk])?;
    }
    header.head = Some(fresh.finish(edit)?);
    edit.put(entry, header, &[], events)
}
