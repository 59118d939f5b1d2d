//! The listpack: numbers and texts in a row, walked from either end.
//!
//! Owns [`Listpack`], the walk over one, and [`Builder`]. Layout: total bytes (u32), number of
//! elements (u16, 65535: unknown), elements, 0xff; integers little-endian. An element is its
//! form, its data, and the length of both, seven bits a byte, to be read from behind.
//! Invariant: what is built is what Redis would have built from the same elements.
//! Must not know: what the elements mean.
//! Tests: at the end of this file.

use bytes::Bytes;

use super::{Entries, Entry, signed_le};
use crate::rdb::error::DecodeError;
use crate::resp::parse_i64;

const HEADER_LEN: usize = 6;
const END: u8 = 0xff;
const COUNT_UNKNOWN: u16 = u16::MAX;
/// Bytes of a listpack without elements.
pub const EMPTY_LEN: usize = HEADER_LEN + 1;
/// Fewest bytes of an element: its form, and their number.
pub const ELEMENT_LEN_MIN: usize = 2;

const TEXT_12_BITS: u8 = 0xe0;
const TEXT_32_BITS: u8 = 0xf0;
const INT_13_BITS: u8 = 0xc0;
const INT_16_BITS: u8 = 0xf1;
const INT_24_BITS: u8 = 0xf2;
const INT_32_BITS: u8 = 0xf3;
const INT_64_BITS: u8 = 0xf4;
const TEXT_6_BITS: u8 = 0x80;

/// A walk over a listpack.
#[derive(Debug)]
pub struct Listpack {
    bytes: Bytes,
    at: usize,
    /// Elements that the header announces and that were not seen yet.
    expected: Option<usize>,
}

impl Listpack {
    /// The walk's beginning, if header and end are sound.
    pub fn open(bytes: Bytes) -> Result<Listpack, DecodeError> {
        let total = bytes.get(..4).and_then(|four| four.try_into().ok());
        let total = u32::from_le_bytes(total.ok_or(DecodeError::Listpack)?);
        let count = bytes.get(4..6).and_then(|two| two.try_into().ok());
        let count = u16::from_le_bytes(count.ok_or(DecodeError::Listpack)?);
        if bytes.len() < EMPTY_LEN || total as usize != bytes.len() || bytes.last() != Some(&END) {
            return Err(DecodeError::Listpack);
        }
        Ok(Listpack {
            bytes,
            at: HEADER_LEN,
            expected: (count != COUNT_UNKNOWN).then_some(usize::from(count)),
        })
    }

    /// The element at `at` and the bytes of its form and data.
    fn element(&self) -> Option<(Entry, usize)> {
        let (bytes, at) = (&self.bytes, self.at);
        let first = *bytes.get(at)?;
        let number = |number, len| Some((Entry::Number(number), len));
        match first {
            0..=0x7f => number(i64::from(first), 1),
            0x80..=0xbf => self.text(1, usize::from(first & 0x3f)),
            0xc0..=0xdf => {
                let high = i64::from(first & 0x1f) << 8;
                let value = high | i64::from(*bytes.get(at + 1)?);
                // Thirteen bits, the highest of which is the sign.
                number((value ^ 0x1000) - 0x1000, 2)
            }
            0xe0..=0xef => {
                let high = usize::from(first & 0x0f) << 8;
                self.text(2, high | usize::from(*bytes.get(at + 1)?))
            }
            TEXT_32_BITS => {
                let len = bytes.get(at + 1..at + 5)?.try_into().ok()?;
                self.text(5, u32::from_le_bytes(len) as usize)
            }
            INT_16_BITS => number(signed_le::<2>(bytes, at + 1)?, 3),
            INT_24_BITS => number(signed_le::<3>(bytes, at + 1)?, 4),
            INT_32_BITS => number(signed_le::<4>(bytes, at + 1)?, 5),
            INT_64_BITS => number(signed_le::<8>(bytes, at + 1)?, 9),
            _ => None,
        }
    }

    fn text(&self, form_len: usize, text_len: usize) -> Option<(Entry, usize)> {
        let start = self.at + form_len;
        let end = start.checked_add(text_len)?;
        // The last byte is the container's end.
        (end < self.bytes.len()).then(|| (Entry::Text(self.bytes.slice(start..end)), end - self.at))
    }

    fn step(&mut self) -> Option<Entry> {
        let (entry, len) = self.element()?;
        let mut back = [0; BACK_LEN_MAX];
        let back = back_len(len, &mut back);
        let end = self.at + len + back.len();
        let stored = self.bytes.get(self.at + len..end)?;
        if stored != back || end >= self.bytes.len() {
            return None;
        }
        self.at = end;
        Some(entry)
    }
}

impl Entries for Listpack {
    fn next(&mut self) -> Result<Option<Entry>, DecodeError> {
        if self.at + 1 == self.bytes.len() {
            let sound = matches!(self.expected, None | Some(0));
            return if sound {
                Ok(None)
            } else {
                Err(DecodeError::Listpack)
            };
        }
        if let Some(expected) = &mut self.expected {
            *expected = expected.checked_sub(1).ok_or(DecodeError::Listpack)?;
        }
        self.step().ok_or(DecodeError::Listpack).map(Some)
    }
}

const BACK_LEN_MAX: usize = 5;

/// The length of an element's form and data as it stands behind them.
fn back_len(len: usize, buffer: &mut [u8; BACK_LEN_MAX]) -> &[u8] {
    // The limits are Redis's: one below what the bytes could say, and so are they compared.
    let count = match len {
        0..=127 => 1,
        128..=16382 => 2,
        16383..=2_097_150 => 3,
        2_097_151..=268_435_454 => 4,
        _ => 5,
    };
    for (index, byte) in buffer.iter_mut().take(count).enumerate() {
        let low = (len >> (7 * (count - 1 - index))) & 0x7f;
        // All but the byte that stands first say that there are more.
        *byte = low as u8 | if index == 0 { 0 } else { 0x80 };
    }
    buffer.get(..count).unwrap_or_default()
}

/// The most bytes that a text of `text_len` bytes takes as an element.
#[must_use]
pub fn element_len_max(text_len: usize) -> usize {
    text_len.saturating_add(5 + BACK_LEN_MAX)
}

/// A listpack in the making; it can be used again after each one.
#[derive(Debug)]
pub struct Builder {
    bytes: Vec<u8>,
    count: usize,
}

impl Default for Builder {
    fn default() -> Self {
        Builder {
            bytes: vec![0; HEADER_LEN],
            count: 0,
        }
    }
}

impl Builder {
    /// Elements so far.
    #[must_use]
    pub fn count(&self) -> usize {
        self.count
    }

    /// Bytes of the listpack, if it ended here.
    #[must_use]
    pub fn byte_len(&self) -> usize {
        self.bytes.len() + 1
    }

    /// Appends an element in its shortest form: a text that is a number becomes one.
    pub fn push(&mut self, text: &[u8]) {
        if let Some(number) = parse_i64(text) {
            return self.push_number(number);
        }
        let start = self.bytes.len();
        // Each arm's range makes its casts exact; no caller has a text of more than 32 bits.
        match text.len() {
            len @ 0..=0x3f => self.bytes.push(TEXT_6_BITS | len as u8),
            len @ 0x40..=0xfff => {
                let form = u16::from(TEXT_12_BITS) << 8;
                self.bytes.extend((form | len as u16).to_be_bytes());
            }
            len => {
                debug_assert!(u32::try_from(len).is_ok());
                self.bytes.push(TEXT_32_BITS);
                self.bytes.extend((len as u32).to_le_bytes());
            }
        }
        self.bytes.extend_from_slice(text);
        self.end_element(start);
    }

    /// Appends a number.
    pub fn push_number(&mut self, number: i64) {
        let start = self.bytes.len();
        let wide = number.to_le_bytes();
        // Each arm's range makes its casts and cuts exact.
        let (form, len) = match number {
            0..=0x7f => (number as u8, 0),
            -0x1000..=0xfff => {
                let form = u16::from(INT_13_BITS) << 8;
                let bits = (number & 0x1fff) as u16;
                self.bytes.extend((form | bits).to_be_bytes());
                return self.end_element(start);
            }
            -0x8000..=0x7fff => (INT_16_BITS, 2),
            -0x80_0000..=0x7f_ffff => (INT_24_BITS, 3),
            -0x8000_0000..=0x7fff_ffff => (INT_32_BITS, 4),
            _ => (INT_64_BITS, 8),
        };
        self.bytes.push(form);
        self.bytes.extend(wide.iter().take(len));
        self.end_element(start);
    }

    fn end_element(&mut self, start: usize) {
        let mut back = [0; BACK_LEN_MAX];
        let back = back_len(self.bytes.len() - start, &mut back);
        self.bytes.extend_from_slice(back);
        self.count += 1;
    }

    /// Hands the finished listpack to `take` and begins the next one.
    pub fn finish<T>(&mut self, take: impl FnOnce(&[u8]) -> T) -> T {
        self.bytes.push(END);
        let total = u32::try_from(self.bytes.len()).unwrap_or(u32::MAX);
        debug_assert!(total < u32::MAX, "callers keep listpacks below 4 GiB");
        let count = u16::try_from(self.count).unwrap_or(COUNT_UNKNOWN);
        let header = total.to_le_bytes().into_iter().chain(count.to_le_bytes());
        for (place, byte) in self.bytes.iter_mut().zip(header) {
            *place = byte;
        }
        let taken = take(&self.bytes);
        self.bytes.truncate(HEADER_LEN);
        self.count = 0;
        taken
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn built(elements: &[&[u8]]) -> Bytes {
        let mut builder = Builder::default();
        for element in elements {
            builder.push(element);
        }
        let len = builder.byte_len();
        let bytes = builder.finish(Bytes::copy_from_slice);
        assert_eq!(bytes.len(), len);
        bytes
    }

    fn walk(bytes: Bytes) -> Result<Vec<Entry>, DecodeError> {
        let mut listpack = Listpack::open(bytes)?;
        let mut entries = Vec::new();
        while let Some(entry) = listpack.next()? {
            entries.push(entry);
        }
        Ok(entries)
    }

    #[test]
    fn bytes_are_as_redis_writes_them() {
        assert_eq!(built(&[])[..], [7, 0, 0, 0, 0, 0, END]);
        let header = [19, 0, 0, 0, 4, 0];
        let elements = [1, 1, 0x82, b'a', b'b', 3, 0xdf, 0xff, 2, 0xc4, 0, 2];
        let expected = [&header[..], &elements[..], &[END]].concat();
        assert_eq!(built(&[b"1", b"ab", b"-1", b"1024"])[..], expected);
    }

    #[test]
    fn numbers_keep_their_value_in_every_form() {
        let edges = [7, 12, 15, 16, 23, 24, 31, 32, 62];
        let mut numbers = vec![0, i64::MAX, i64::MIN];
        for edge in edges.map(|bits| 1_i64 << bits) {
            numbers.extend([edge - 1, edge, edge + 1, -edge - 1, -edge, -edge + 1]);
        }
        for number in numbers {
            let text = number.to_string();
            let entries = walk(built(&[text.as_bytes()]));
            assert_eq!(entries, Ok(vec![Entry::Number(number)]));
        }
    }

    #[test]
    fn texts_keep_their_bytes_in_every_form() {
        for len in [
            0, 1, 63, 64, 126, 4095, 4096, 16378, 16380, 2_097_146, 2_097_150,
        ] {
            let text = vec![b'x'; len];
            let entries = walk(built(&[&text, b"end"]));
            let expected = vec![
                Entry::Text(Bytes::from(text)),
                Entry::Text(Bytes::from_static(b"end")),
            ];
            assert!(entries == Ok(expected), "{len}");
        }
    }

    #[test]
    fn many_elements_are_counted_by_walking() {
        let elements = vec![&b"7"[..]; 70_000];
        assert_eq!(walk(built(&elements)).map(|all| all.len()), Ok(70_000));
    }

    #[test]
    fn every_damaged_part_is_noticed() {
        let good = built(&[b"abc", b"5"]);
        for (at, byte, part) in [
            (0, 99, "total"),
            (4, 1, "too few announced"),
            (4, 3, "too many announced"),
            (6, 0xf5, "form"),
            (6, 0xbf, "length of a text"),
            (10, 5, "length behind"),
            (good.len() - 1, 0, "end"),
        ] {
            let mut bad = good.to_vec();
            bad[at] = byte;
            assert_eq!(walk(Bytes::from(bad)), Err(DecodeError::Listpack), "{part}");
        }
        for len in 0..good.len() {
            assert_eq!(walk(good.slice(..len)), Err(DecodeError::Listpack));
        }
    }

    proptest! {
        #[test]
        fn any_bytes_are_walked_without_harm(
            body in proptest::collection::vec(any::<u8>(), 0..60),
            count in 0..8_u16,
        ) {
            let mut bytes = ((body.len() + EMPTY_LEN) as u32).to_le_bytes().to_vec();
            bytes.extend(count.to_le_bytes());
            bytes.extend(&body);
            bytes.push(END);
            if let Ok(entries) = walk(Bytes::from(bytes)) {
                prop_assert_eq!(entries.len(), usize::from(count));
            }
        }
    }
}
