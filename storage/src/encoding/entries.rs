//! Owns a block of entries: fields with or without values, one after the other. It is what a packed
//! hash or set holds in its meta record, and what each bucket of a larger one holds.
//! Invariants: decoding is total; an entry never reaches beyond its block; a block has as many
//! entries as its count says. Must not know: rows, types. Tests: below.
//!
//! ```text
//! block = count u16 | entry ...
//! entry = flags u8 | field length varint | [value length varint] | [expire_ms u64] | field | value
//! ```

use crate::encoding::compare::same;
use crate::encoding::record::Record;
use crate::encoding::varint;
use crate::error::{Result, StorageError};
use crate::value::Value;
use smallvec::SmallVec;
use std::ops::Range;

/// Bytes in front of the first entry.
pub const COUNT_LEN: usize = 2;

mod flag {
    /// A value stands behind the field.
    pub const VALUE: u8 = 1;
    /// `expire_ms` follows the lengths.
    pub const EXPIRE: u8 = 2;
    /// The value is the number (u64) of the row that holds the true one.
    pub const BLOB: u8 = 4;
    pub const KNOWN: u8 = VALUE | EXPIRE | BLOB;
}

/// Where an entry and its parts stand in their block.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// Its first byte.
    pub start: usize,
    /// The field (the member of a set).
    pub field: Range<usize>,
    /// The value; ends the entry. Empty for a set's member.
    pub value: Range<usize>,
    /// When the field expires, ms since the epoch.
    pub expire_ms: Option<u64>,
    /// The value is the number of a row of its own.
    pub blob: bool,
}

impl Entry {
    /// Bytes of the entry.
    pub fn len(&self) -> usize {
        self.value.end - self.start
    }

    /// The entry, which stands in `block`, with another time.
    pub fn with_time<'a>(&self, block: &'a [u8], expire_ms: Option<u64>) -> NewEntry<'a> {
        let has_value = block.get(self.start).copied().unwrap_or(0) & flag::VALUE != 0;
        let value = block.get(self.value.clone()).unwrap_or_default();
        NewEntry {
            field: block.get(self.field.clone()).unwrap_or_default(),
            value: has_value.then_some(value),
            expire_ms,
            blob: self.blob,
        }
    }

    /// Never: an entry has at least its flags.
    pub fn is_empty(&self) -> bool {
        false
    }
}

/// An entry to be written.
#[derive(Debug, Clone, Copy)]
pub struct NewEntry<'a> {
    /// The field.
    pub field: &'a [u8],
    /// The value, for hashes.
    pub value: Option<&'a [u8]>,
    /// When it expires.
    pub expire_ms: Option<u64>,
    /// `value` is the number of a row.
    pub blob: bool,
}

/// The bytes in front of an entry's field: flags, two lengths, a time.
pub type EntryHead = SmallVec<[u8; 24]>;

impl NewEntry<'_> {
    /// What stands in front of field and value.
    pub fn head(&self) -> EntryHead {
        let mut head = EntryHead::new();
        let mut flags = 0;
        head.push(0);
        varint::push(self.field.len() as u32, &mut head);
        if let Some(value) = self.value {
            flags |= flag::VALUE;
            varint::push(value.len() as u32, &mut head);
        }
        if let Some(at) = self.expire_ms {
            flags |= flag::EXPIRE;
            head.extend_from_slice(&at.to_be_bytes());
        }
        if self.blob {
            flags |= flag::BLOB;
        }
        if let Some(first) = head.first_mut() {
            *first = flags;
        }
        head
    }

    /// Appends the whole entry.
    pub fn push(&self, block: &mut Vec<u8>) {
        block.extend_from_slice(&self.head());
        block.extend_from_slice(self.field);
        block.extend_from_slice(self.value.unwrap_or_default());
    }
}

/// Number of entries of a block.
#[inline]
pub fn count(block: &[u8]) -> usize {
    block
        .first_chunk::<COUNT_LEN>()
        .map_or(0, |count| usize::from(u16::from_be_bytes(*count)))
}

/// The entry at `at`, which is where the one before ended.
#[inline]
pub fn entry_at(block: &[u8], at: usize) -> Result<Entry> {
    decode(block, at)
        .ok_or_else(|| StorageError::Corrupted(format!("block of entries, at byte {at}")))
}

#[inline]
fn decode(block: &[u8], start: usize) -> Option<Entry> {
    let mut rest = block.get(start..)?;
    let (&flags, after) = rest.split_first()?;
    rest = after;
    if flags & !flag::KNOWN != 0 {
        return None;
    }
    let field_len = varint::take(&mut rest)? as usize;
    let value_len = match flags & flag::VALUE {
        0 => 0,
        _ => varint::take(&mut rest)? as usize,
    };
    let expire_ms = match flags & flag::EXPIRE {
        0 => None,
        _ => {
            let (at, after) = rest.split_first_chunk::<8>()?;
            rest = after;
            Some(u64::from_be_bytes(*at))
        }
    };
    let field_start = block.len() - rest.len();
    let field = field_start..field_start.checked_add(field_len)?;
    let value = field.end..field.end.checked_add(value_len)?;
    (value.end <= block.len()).then_some(Entry {
        start,
        field,
        value,
        expire_ms,
        blob: flags & flag::BLOB != 0,
    })
}

/// Walks the entries of a block.
pub fn iter(block: &[u8]) -> Iter<'_> {
    Iter {
        block,
        at: COUNT_LEN,
        left: count(block),
    }
}

/// See [`iter`].
#[derive(Debug, Clone)]
pub struct Iter<'a> {
    block: &'a [u8],
    at: usize,
    left: usize,
}

impl Iterator for Iter<'_> {
    type Item = Result<Entry>;

    #[inline]
    fn next(&mut self) -> Option<Result<Entry>> {
        if self.left == 0 {
            return None;
        }
        let entry = entry_at(self.block, self.at);
        match &entry {
            Ok(entry) => {
                self.at = entry.value.end;
                self.left -= 1;
            }
            Err(_) => self.left = 0,
        }
        Some(entry)
    }
}

/// The entry of a field.
#[inline]
pub fn find(block: &[u8], field: &[u8]) -> Result<Option<Entry>> {
    let mut at = COUNT_LEN;
    for _ in 0..count(block) {
        let (found, end) = match short_entry(block, at) {
            Some(found) => found,
            None => {
                let entry = entry_at(block, at)?;
                (block.get(entry.field).unwrap_or_default(), entry.value.end)
            }
        };
        if same(found, field) {
            return entry_at(block, at).map(Some);
        }
        at = end;
    }
    Ok(None)
}

/// The field of the entry at `at`, and where the entry ends, if it is one that never expires, its
/// value stands behind it and both are short: what most entries are. A block may hold it that
/// [`entry_at`] does not give here.
#[inline(always)]
fn short_entry(block: &[u8], at: usize) -> Option<(&[u8], usize)> {
    let &[flags, field_len, behind] = block.get(at..)?.first_chunk::<3>()?;
    let value_len = if flags == flag::VALUE { behind } else { 0 };
    if flags > flag::VALUE || !varint::is_short(field_len | value_len) {
        return None;
    }
    let start = at + 2 + usize::from(flags);
    let field_end = start + usize::from(field_len);
    let end = field_end + usize::from(value_len);
    let entry = block.get(start..end)?;
    Some((entry.get(..usize::from(field_len))?, end))
}

/// The pieces of a block in which `old` is replaced by `new`, or taken away, or, without `old`,
/// `new` is appended: count, bytes before, head, field, value, bytes behind.
pub struct Spliced<'a> {
    count: [u8; COUNT_LEN],
    before: &'a [u8],
    head: EntryHead,
    field: &'a [u8],
    value: &'a [u8],
    behind: &'a [u8],
}

impl<'a> Spliced<'a> {
    /// See the type.
    pub fn new(block: &'a [u8], old: Option<&Entry>, new: Option<&NewEntry<'a>>) -> Spliced<'a> {
        let count = count(block) + usize::from(new.is_some()) - usize::from(old.is_some());
        let (before, behind) = match old {
            Some(old) => (
                block.get(COUNT_LEN..old.start).unwrap_or_default(),
                block.get(old.value.end..).unwrap_or_default(),
            ),
            None => (block.get(COUNT_LEN..).unwrap_or_default(), &[][..]),
        };
        Spliced {
            count: (count as u16).to_be_bytes(),
            before,
            head: new.map(NewEntry::head).unwrap_or_default(),
            field: new.map_or(&[], |new| new.field),
            value: new.and_then(|new| new.value).unwrap_or_default(),
            behind,
        }
    }

    /// The pieces, in order.
    pub fn pieces(&self) -> [&[u8]; 6] {
        [
            &self.count,
            self.before,
            &self.head,
            self.field,
            self.value,
            self.behind,
        ]
    }

    /// The block that they make.
    pub fn block(&self) -> Value {
        Record::new(&[], &self.pieces()).value_from(0)
    }

    /// Number of entries.
    pub fn count(&self) -> usize {
        usize::from(u16::from_be_bytes(self.count))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn new<'a>(field: &'a [u8], value: Option<&'a [u8]>, expire_ms: Option<u64>) -> NewEntry<'a> {
        NewEntry {
            field,
            value,
            expire_ms,
            blob: false,
        }
    }

    fn put(block: &[u8], entry: &NewEntry<'_>) -> Vec<u8> {
        let old = find(block, entry.field).unwrap();
        Spliced::new(block, old.as_ref(), Some(entry))
            .pieces()
            .concat()
    }

    proptest! {
        #[test]
        fn blocks_behave_like_a_list_of_pairs(
            steps in proptest::collection::vec(
                (0u8..12, proptest::collection::vec(any::<u8>(), 0..200), any::<Option<u64>>()),
                0..60,
            ),
        ) {
            let mut block = vec![0, 0];
            let mut model: Vec<(Vec<u8>, Vec<u8>, Option<u64>)> = Vec::new();
            for (name, value, expire_ms) in steps {
                let field = vec![b'f'; usize::from(name)];
                if value.first().is_some_and(|first| first % 3 == 0) {
                    if let Some(old) = find(&block, &field).unwrap() {
                        block = Spliced::new(&block, Some(&old), None).pieces().concat();
                    }
                    model.retain(|(known, ..)| *known != field);
                    continue;
                }
                block = put(&block, &new(&field, Some(&value), expire_ms));
                match model.iter_mut().find(|(known, ..)| *known == field) {
                    Some(known) => *known = (field, value, expire_ms),
                    None => model.push((field, value, expire_ms)),
                }
            }
            let found: Vec<_> = iter(&block)
                .map(|entry| {
                    let entry = entry.unwrap();
                    let value = block[entry.value.clone()].to_vec();
                    (block[entry.field.clone()].to_vec(), value, entry.expire_ms)
                })
                .collect();
            prop_assert_eq!(count(&block), model.len());
            prop_assert_eq!(found, model);
        }

        #[test]
        fn any_bytes_are_read_or_refused(block in proptest::collection::vec(any::<u8>(), 0..80)) {
            for entry in iter(&block).flatten() {
                prop_assert!(entry.value.end <= block.len());
                prop_assert!(entry.start < entry.field.start);
            }
        }
    }

    #[test]
    fn fields_are_found_behind_long_and_timed_ones() {
        let long = [b'l'; 200];
        let entries = [
            new(b"", None, None),
            new(&long, Some(b"v"), None),
            new(b"a", Some(&long), None),
            new(b"timed", Some(b"v"), Some(7)),
            new(b"b", Some(b""), None),
            new(b"\0", None, None),
        ];
        let mut block = vec![0, entries.len() as u8];
        entries.iter().for_each(|entry| entry.push(&mut block));
        for entry in &entries {
            let found = find(&block, entry.field).unwrap().unwrap();
            assert_eq!(&block[found.field.clone()], entry.field);
            assert_eq!(&block[found.value], entry.value.unwrap_or_default());
            assert_eq!(found.expire_ms, entry.expire_ms);
        }
        assert_eq!(find(&block, b"c").unwrap(), None);
        assert!(find(&block[..block.len() - 1], b"c").is_err());
    }

    #[test]
    fn members_have_no_value_and_blobs_are_marked() {
        let block = put(&[0, 0], &new(b"member", None, None));
        assert_eq!(block.len(), COUNT_LEN + 2 + 6);
        let entry = find(&block, b"member").unwrap().unwrap();
        assert!(entry.value.is_empty() && !entry.blob);
        let blob = NewEntry {
            blob: true,
            ..new(b"member", Some(&[0; 8]), Some(9))
        };
        let block = put(&block, &blob);
        let entry = find(&block, b"member").unwrap().unwrap();
        assert!(entry.blob && entry.expire_ms == Some(9));
        assert_eq!(find(&block, b"other").unwrap(), None);
    }
}
