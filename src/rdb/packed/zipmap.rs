//! The zipmap, the form of small hashes until Redis 2.6.
//!
//! Owns the walk over one. Layout: number of pairs (u8, 254: unknown), pairs, 0xff. A pair is a
//! length and a field, a length, a number of unused bytes (u8), a value and the unused bytes. A
//! length is one byte below 254, or 254 and four bytes, little-endian.
//! Invariant: every field of the layout is checked.
//! Must not know: what fields and values mean.
//! Tests: at the end of this file, and `rdb/tests/old.rs`.

use bytes::Bytes;

use super::{Entries, Entry};
use crate::rdb::error::DecodeError;

const END: u8 = 0xff;
const COUNT_UNKNOWN: u8 = 0xfe;
/// Marks a length that takes four more bytes.
const LENGTH_LONG: u8 = 0xfe;

/// A walk over a zipmap: fields and values by turns.
#[derive(Debug)]
pub struct Zipmap {
    bytes: Bytes,
    at: usize,
    /// Entries, two a pair, that were walked over.
    seen: usize,
    /// Entries that the first byte announces.
    expected: Option<usize>,
}

impl Zipmap {
    /// The walk's beginning, if the end is sound.
    pub fn open(bytes: Bytes) -> Result<Zipmap, DecodeError> {
        let (Some(&count), Some(&END)) = (bytes.first(), bytes.get(1..).and_then(<[u8]>::last))
        else {
            return Err(DecodeError::Zipmap);
        };
        Ok(Zipmap {
            bytes,
            at: 1,
            seen: 0,
            expected: (count != COUNT_UNKNOWN).then_some(usize::from(count) * 2),
        })
    }

    fn step(&mut self) -> Option<Entry> {
        let (len, mut start) = match *self.bytes.get(self.at)? {
            LENGTH_LONG => {
                let len = self.bytes.get(self.at + 1..self.at + 5)?.try_into().ok()?;
                (u32::from_le_bytes(len) as usize, self.at + 5)
            }
            END => return None,
            len => (usize::from(len), self.at + 1),
        };
        let mut unused = 0;
        if self.seen % 2 == 1 {
            unused = usize::from(*self.bytes.get(start)?);
            start += 1;
        }
        let end = start.checked_add(len)?;
        let next = end.checked_add(unused)?;
        // The last byte is the container's end.
        if next >= self.bytes.len() {
            return None;
        }
        self.at = next;
        self.seen += 1;
        Some(Entry::Text(self.bytes.slice(start..end)))
    }
}

impl Entries for Zipmap {
    fn next(&mut self) -> Result<Option<Entry>, DecodeError> {
        if self.at + 1 == self.bytes.len() {
            let counted = self.expected.is_none_or(|expected| expected == self.seen);
            let sound = counted && self.seen.is_multiple_of(2);
            return if sound {
                Ok(None)
            } else {
                Err(DecodeError::Zipmap)
            };
        }
        self.step().ok_or(DecodeError::Zipmap).map(Some)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const GOOD: &[u8] = b"\x02\x03foo\x03\x02bar--\x05hello\xfe\x05\0\0\0\0world\xff";

    fn walk(bytes: &[u8]) -> Result<Vec<Bytes>, DecodeError> {
        let mut zipmap = Zipmap::open(Bytes::copy_from_slice(bytes))?;
        let mut texts = Vec::new();
        while let Some(entry) = zipmap.next()? {
            let Entry::Text(text) = entry else {
                panic!("a zipmap has no numbers");
            };
            texts.push(text);
        }
        Ok(texts)
    }

    #[test]
    fn pairs_are_read_in_order() {
        let expected = [&b"foo"[..], b"bar", b"hello", b"world"];
        assert_eq!(walk(GOOD).expect("sound"), expected);
        assert_eq!(walk(b"\x00\xff"), Ok(Vec::new()));
        assert!(walk(&[b"\xfe", &GOOD[1..]].concat()).is_ok());
    }

    #[test]
    fn every_damaged_part_is_noticed() {
        for (at, byte, part) in [
            (0, 3, "count"),
            (1, 200, "length of a field"),
            (1, 0xff, "length of a field"),
            (6, 200, "unused bytes"),
            (18, 1, "length of a value"),
            (GOOD.len() - 1, 0, "end"),
        ] {
            let mut bad = GOOD.to_vec();
            bad[at] = byte;
            assert_eq!(walk(&bad), Err(DecodeError::Zipmap), "{part}");
        }
        for len in 0..GOOD.len() {
            assert_eq!(walk(&GOOD[..len]), Err(DecodeError::Zipmap));
        }
        assert_eq!(
            walk(b"\xfe\x03foo\xff"),
            Err(DecodeError::Zipmap),
            "no value"
        );
    }

    proptest! {
        #[test]
        fn any_bytes_are_walked_without_harm(
            mut bytes in proptest::collection::vec(0..20_u8, 0..60),
        ) {
            bytes.insert(0, COUNT_UNKNOWN);
            bytes.push(END);
            if let Ok(texts) = walk(&bytes) {
                prop_assert!(texts.len() <= bytes.len());
            }
        }
    }
}
