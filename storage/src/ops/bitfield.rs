//! Owns integers of any width at any bit of a string: reading, setting, adding, overflow.
//! Invariants: operations take effect in their order; each stretch of the string that they name is
//! read once and written at most once. Must not know: replies, options' spelling.
//! Tests: `bitfield/tests.rs` and `storage/tests/bitmaps.rs`.

use super::bits::{self, FIELD_BYTES_MAX};
use super::bytes;
use crate::change::Event;
use crate::edit::Edit;
use crate::encoding::meta::DataType;
use crate::error::{Result, StorageError};
use crate::limits::{CHUNK_BYTES, COMMIT_BYTES_MAX};
use crate::view::{KeyEntry, View};
use smallvec::SmallVec;
use std::ops::Range;

/// Bytes between two fields that are rather read than told apart.
const JOINED_GAP_BYTES_MAX: u64 = 64;

/// Type of a field.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FieldType {
    signed: bool,
    width: u32,
}

impl FieldType {
    /// Signed fields have 1 to 64 bits, unsigned ones 1 to 63: their values fit in an i64.
    pub fn new(signed: bool, width: i64) -> Option<FieldType> {
        let widest = if signed { 64 } else { 63 };
        let width = u32::try_from(width).ok()?;
        (1..=widest)
            .contains(&width)
            .then_some(FieldType { signed, width })
    }

    /// Number of bits.
    pub fn width(self) -> u32 {
        self.width
    }

    fn min(self) -> i128 {
        if self.signed {
            -(1 << (self.width - 1))
        } else {
            0
        }
    }

    fn max(self) -> i128 {
        let value_bits = self.width - u32::from(self.signed);
        (1 << value_bits) - 1
    }

    /// The value of the low `width` bits of `raw`.
    fn decode(self, raw: u64) -> i64 {
        let unused = 64 - self.width;
        if self.signed {
            ((raw << unused) as i64) >> unused
        } else {
            (raw << unused >> unused) as i64
        }
    }

    /// The value that SET means by `value`.
    fn settable(self, value: i64, overflow: Overflow) -> i128 {
        if !self.signed {
            // A negative value is a large one to an unsigned field.
            return i128::from(value as u64);
        }
        // Redis takes the distance to the maximum in 64 bits: where it does not fit, a value far
        // below the minimum saturates to the maximum. The same commands must give the same bytes.
        let distance = self.max() - i128::from(value);
        if overflow == Overflow::Saturate && self.width < 64 && distance > i128::from(i64::MAX) {
            return self.max();
        }
        i128::from(value)
    }

    /// The value as the field can hold it; `None` if it cannot and shall not.
    fn fit(self, value: i128, overflow: Overflow) -> Option<i64> {
        if (self.min()..=self.max()).contains(&value) {
            return Some(value as i64);
        }
        match overflow {
            Overflow::Wrap => Some(self.decode(value as u64)),
            Overflow::Saturate => Some(value.clamp(self.min(), self.max()) as i64),
            Overflow::Fail => None,
        }
    }
}

/// What happens to a value that its field cannot hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Overflow {
    /// Its low bits are kept.
    Wrap,
    /// The nearest value that the field can hold is taken.
    Saturate,
    /// Nothing is written, and there is no result.
    Fail,
}

/// What is done to a field.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Action {
    /// Results in its value.
    Get,
    /// Overwrites it; results in the value before.
    Set(i64, Overflow),
    /// Adds to it; results in the value after.
    Add(i64, Overflow),
}

/// One operation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FieldOp {
    /// The field's type.
    pub kind: FieldType,
    /// Its first bit.
    pub at: u64,
    /// What is done.
    pub action: Action,
}

/// Operations of one command; most have few.
pub type FieldOps = SmallVec<[FieldOp; 4]>;
/// Their results; `None` where an overflow failed.
pub type FieldResults = SmallVec<[Option<i64>; 4]>;

impl FieldOp {
    fn writes(&self) -> bool {
        self.action != Action::Get
    }

    /// The bytes that the field touches.
    fn bytes(&self) -> Range<u64> {
        let end = self.at + u64::from(self.kind.width);
        self.at / 8..end.div_ceil(8)
    }

    /// Carries the operation out on bytes that begin at `start`; gives its result, and whether the
    /// bytes changed.
    fn carry_out(&self, bytes: &mut [u8], start: u64) -> (Option<i64>, bool) {
        let at = self.at - start * 8;
        let width = self.kind.width;
        let before = self.kind.decode(bits::field(bytes, at, width));
        let (after, result) = match self.action {
            Action::Get => return (Some(before), false),
            Action::Set(value, overflow) => {
                let after = self.kind.fit(self.kind.settable(value, overflow), overflow);
                (after, after.map(|_| before))
            }
            Action::Add(increment, overflow) => {
                let sum = i128::from(before) + i128::from(increment);
                let after = self.kind.fit(sum, overflow);
                (after, after)
            }
        };
        let changed = after.filter(|after| *after != before);
        if let Some(after) = changed {
            bits::put_field(bytes, at, width, after as u64);
        }
        (result, changed.is_some())
    }
}

/// Reads fields; operations that write are carried out on a copy and forgotten.
pub fn read(view: &View<'_>, key: &[u8], ops: &[FieldOp]) -> Result<FieldResults> {
    let entry = view.open_as(key, DataType::String)?;
    let mut windows = Windows::load(view, &entry, ops)?;
    Ok(ops.iter().map(|op| windows.carry_out(op)).collect())
}

/// Carries operations out. The string grows so that every field that is to be written fits, also
/// if an overflow prevents that.
///
/// # Errors
/// `StringTooLong` if a written field begins behind `bytes_max` bytes; it may end there.
pub fn apply(
    edit: &mut Edit<'_>,
    key: &[u8],
    ops: &[FieldOp],
    bytes_max: u64,
) -> Result<FieldResults> {
    let entry = edit.open_as(key, DataType::String)?;
    let mut windows = Windows::load(edit, &entry, ops)?;
    let results = ops.iter().map(|op| windows.carry_out(op)).collect();
    let written = ops.iter().filter(|op| op.writes());
    let end = written.map(|op| op.bytes().end).max().unwrap_or(0);
    if end > bytes::len(&entry) {
        windows.mark(end - 1..end);
    }
    let bytes_max = bytes_max.saturating_add(FIELD_BYTES_MAX as u64 - 1);
    windows.store(edit, key, bytes_max)?;
    Ok(results)
}

/// A stretch of the string under operation.
struct Window {
    start: u64,
    bytes: Vec<u8>,
    /// What must be written; empty if nothing.
    dirty: Range<u64>,
}

/// Every stretch that some operations name, in order, without overlaps.
struct Windows(SmallVec<[Window; 1]>);

impl Windows {
    fn load(view: &View<'_>, entry: &KeyEntry<'_>, ops: &[FieldOp]) -> Result<Windows> {
        let ranges = merge(ops);
        let total: u64 = ranges.iter().map(|range| range.end - range.start).sum();
        if total > COMMIT_BYTES_MAX as u64 && ops.iter().any(FieldOp::writes) {
            return Err(StorageError::CommitTooLarge);
        }
        let mut windows = SmallVec::new();
        for range in ranges {
            let len = (range.end - range.start) as usize;
            let mut bytes = bytes::read_range(view, entry, range.start, range.end)?;
            bytes.resize(len, 0);
            windows.push(Window {
                start: range.start,
                bytes,
                dirty: 0..0,
            });
        }
        Ok(Windows(windows))
    }

    /// The window that holds the byte `at`.
    fn holding(&mut self, at: u64) -> Option<&mut Window> {
        let behind = self.0.partition_point(|window| window.start <= at);
        self.0.get_mut(behind.checked_sub(1)?)
    }

    fn carry_out(&mut self, op: &FieldOp) -> Option<i64> {
        let range = op.bytes();
        let window = self.holding(range.start)?;
        let (result, changed) = op.carry_out(&mut window.bytes, window.start);
        if changed {
            self.mark(range);
        }
        result
    }

    /// Notes that these bytes, of one window, must be written.
    fn mark(&mut self, range: Range<u64>) {
        let Some(window) = self.holding(range.start) else {
            return;
        };
        window.dirty = if window.dirty.is_empty() {
            range
        } else {
            window.dirty.start.min(range.start)..window.dirty.end.max(range.end)
        };
    }

    fn store(&self, edit: &mut Edit<'_>, key: &[u8], bytes_max: u64) -> Result<()> {
        let dirty = || self.0.iter().filter(|window| !window.dirty.is_empty());
        let last = dirty().next_back().map(|window| window.start);
        for window in dirty() {
            let from = (window.dirty.start - window.start) as usize;
            let to = (window.dirty.end - window.start) as usize;
            let part = window.bytes.get(from..to).unwrap_or_default();
            let events: &[Event] = match last == Some(window.start) {
                true => &[Event::SetBit],
                false => &[],
            };
            // Each write changes the meta row that the next one goes by.
            let entry = edit.open(key)?;
            bytes::write_range(edit, &entry, window.dirty.start, part, bytes_max, events)?;
        }
        Ok(())
    }
}

/// The bytes that operations name, in order. Neighbours are joined, so that a row is not looked up
/// once per field, and all of a chunk if some are written, so that it is written once.
fn merge(ops: &[FieldOp]) -> SmallVec<[Range<u64>; 1]> {
    let mut ranges: SmallVec<[Range<u64>; 4]> = ops.iter().map(FieldOp::bytes).collect();
    ranges.sort_unstable_by_key(|range| range.start);
    let writes = ops.iter().any(FieldOp::writes);
    let chunk = |at: u64| at / CHUNK_BYTES as u64;
    let joined = |last: &Range<u64>, start: u64| {
        start <= last.end + JOINED_GAP_BYTES_MAX || (writes && chunk(start) == chunk(last.end - 1))
    };
    let mut merged: SmallVec<[Range<u64>; 1]> = SmallVec::new();
    for range in ranges {
        match merged.last_mut() {
            Some(last) if joined(last, range.start) => last.end = last.end.max(range.end),
            _ => merged.push(range),
        }
    }
    merged
}

#[cfg(test)]
mod tests;
