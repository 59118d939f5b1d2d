//! The ziplist, the listpack's predecessor, which Redis wrote until 7.0.
//!
//! Owns the walk over one. Layout: total bytes (u32), offset of the last element (u32), number of
//! elements (u16, 65535: unknown), elements, 0xff; integers little-endian, lengths of texts
//! big-endian. An element is the length of the one before it, its form, its data.
//! Invariant: every field of the layout is checked, also those that the walk has no use for.
//! Must not know: what the elements mean.
//! Tests: at the end of this file, and `rdb/tests/old.rs`.

use bytes::Bytes;

use super::{Entries, Entry, signed_le};
use crate::rdb::error::DecodeError;

const HEADER_LEN: usize = 10;
const END: u8 = 0xff;
const COUNT_UNKNOWN: u16 = u16::MAX;
/// Marks a length of the element before that takes four more bytes.
const PREVIOUS_LONG: u8 = 0xfe;

/// A walk over a ziplist.
#[derive(Debug)]
pub struct Ziplist {
    bytes: Bytes,
    at: usize,
    /// Where the last element begins, as the header says.
    tail: usize,
    /// Bytes of the element before `at`.
    previous_len: usize,
    /// Elements that the header announces and that were not seen yet.
    expected: Option<usize>,
}

impl Ziplist {
    /// The walk's beginning, if header and end are sound.
    pub fn open(bytes: Bytes) -> Result<Ziplist, DecodeError> {
        Self::header(&bytes).ok_or(DecodeError::Ziplist)
    }

    fn header(bytes: &Bytes) -> Option<Ziplist> {
        let total = u32::from_le_bytes(bytes.get(..4)?.try_into().ok()?) as usize;
        let tail = u32::from_le_bytes(bytes.get(4..8)?.try_into().ok()?) as usize;
        let count = u16::from_le_bytes(bytes.get(8..HEADER_LEN)?.try_into().ok()?);
        let whole = bytes.len() > HEADER_LEN && total == bytes.len();
        if !whole || tail >= total || bytes.last() != Some(&END) {
            return None;
        }
        Some(Ziplist {
            bytes: bytes.clone(),
            at: HEADER_LEN,
            tail,
            previous_len: 0,
            expected: (count != COUNT_UNKNOWN).then_some(usize::from(count)),
        })
    }

    fn step(&mut self) -> Option<Entry> {
        let start = self.at;
        let (previous, form_at) = match *self.bytes.get(start)? {
            PREVIOUS_LONG => {
                let previous = self.bytes.get(start + 1..start + 5)?.try_into().ok()?;
                (u32::from_le_bytes(previous) as usize, start + 5)
            }
            previous => (usize::from(previous), start + 1),
        };
        if previous != self.previous_len {
            return None;
        }
        let (entry, end) = self.element(form_at)?;
        // The last byte is the container's end.
        if end >= self.bytes.len() {
            return None;
        }
        self.previous_len = end - start;
        self.at = end;
        Some(entry)
    }

    /// The element whose form is at `at`, and where it ends.
    fn element(&self, at: usize) -> Option<(Entry, usize)> {
        let bytes = &self.bytes;
        let first = *bytes.get(at)?;
        let number = |number, len| Some((Entry::Number(number), at + 1 + len));
        match first {
            0..=0x3f => self.text(at + 1, usize::from(first)),
            0x40..=0x7f => {
                let low = *bytes.get(at + 1)?;
                let len = u16::from_be_bytes([first & 0x3f, low]);
                self.text(at + 2, usize::from(len))
            }
            0x80..=0xbf => {
                let len = bytes.get(at + 1..at + 5)?.try_into().ok()?;
                self.text(at + 5, u32::from_be_bytes(len) as usize)
            }
            0xc0 => number(signed_le::<2>(bytes, at + 1)?, 2),
            0xd0 => number(signed_le::<4>(bytes, at + 1)?, 4),
            0xe0 => number(signed_le::<8>(bytes, at + 1)?, 8),
            0xf0 => number(signed_le::<3>(bytes, at + 1)?, 3),
            0xfe => number(signed_le::<1>(bytes, at + 1)?, 1),
            0xf1..=0xfd => number(i64::from(first & 0x0f) - 1, 0),
            _ => None,
        }
    }

    fn text(&self, start: usize, len: usize) -> Option<(Entry, usize)> {
        let end = start.checked_add(len)?;
        (end < self.bytes.len()).then(|| (Entry::Text(self.bytes.slice(start..end)), end))
    }
}

impl Entries for Ziplist {
    fn next(&mut self) -> Result<Option<Entry>, DecodeError> {
        if self.at + 1 == self.bytes.len() {
            let counted = matches!(self.expected, None | Some(0));
            let last = self.at - self.previous_len;
            // Without elements the header's offset of the last one says nothing.
            let sound = counted && (self.at == HEADER_LEN || last == self.tail);
            return if sound {
                Ok(None)
            } else {
                Err(DecodeError::Ziplist)
            };
        }
        if let Some(expected) = &mut self.expected {
            *expected = expected.checked_sub(1).ok_or(DecodeError::Ziplist)?;
        }
        self.step().ok_or(DecodeError::Ziplist).map(Some)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// The texts "2" and "5", then -129 and "abc".
    const GOOD: [u8; 24] = [
        24, 0, 0, 0, 18, 0, 0, 0, 4, 0, // header
        0, 0xf3, 2, 0xf6, 2, 0xc0, 0x7f, 0xff, // numbers
        4, 3, b'a', b'b', b'c', END,
    ];

    fn walk(bytes: &[u8]) -> Result<Vec<Entry>, DecodeError> {
        let mut ziplist = Ziplist::open(Bytes::copy_from_slice(bytes))?;
        let mut entries = Vec::new();
        while let Some(entry) = ziplist.next()? {
            entries.push(entry);
        }
        Ok(entries)
    }

    #[test]
    fn elements_are_read_in_order() {
        let expected = vec![
            Entry::Number(2),
            Entry::Number(5),
            Entry::Number(-129),
            Entry::Text(Bytes::from_static(b"abc")),
        ];
        assert_eq!(walk(&GOOD), Ok(expected));
    }

    #[test]
    fn every_damaged_part_is_noticed() {
        for (at, byte, part) in [
            (0, 23, "total"),
            (4, 14, "offset of the last element"),
            (8, 3, "too few announced"),
            (8, 5, "too many announced"),
            (12, 3, "length of the one before"),
            (13, 0xff, "form"),
            (15, 0xc1, "form"),
            (19, 4, "length of a text"),
            (19, 2, "bytes between elements"),
            (23, 0, "end"),
        ] {
            let mut bad = GOOD;
            bad[at] = byte;
            assert_eq!(walk(&bad), Err(DecodeError::Ziplist), "{part}");
        }
        for len in 0..GOOD.len() {
            assert_eq!(walk(&GOOD[..len]), Err(DecodeError::Ziplist));
        }
    }

    proptest! {
        #[test]
        fn any_bytes_are_walked_without_harm(
            body in proptest::collection::vec(any::<u8>(), 0..60),
            tail in 0..70_u32,
        ) {
            let mut bytes = ((body.len() + HEADER_LEN + 1) as u32).to_le_bytes().to_vec();
            bytes.extend(tail.to_le_bytes());
            bytes.extend(COUNT_UNKNOWN.to_le_bytes());
            bytes.extend(&body);
            bytes.push(END);
            if let Ok(entries) = walk(&bytes) {
                prop_assert!(entries.len() <= body.len());
            }
        }
    }
}
