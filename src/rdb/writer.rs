//! Lengths, strings and numbers as serialised bytes.
//!
//! Owns [`Writer`].
//! Invariant: every number and string takes its shortest form, compression where allowed.
//! Must not know: which value the parts belong to.
//! Tests: at the end of this file.

use super::lzf::Compressor;
use super::reader::{
    LENGTH_14_BITS, LENGTH_32_BITS, LENGTH_64_BITS, LENGTH_SPECIAL, STRING_INT8, STRING_INT16,
    STRING_INT32, STRING_LZF,
};
use crate::resp::parse_i64;

/// Longest text that may be a number of 32 bits.
const NUMBER_TEXT_LEN_MAX: usize = 11;
/// Longest string that is never compressed: it could not become shorter.
const PLAIN_LEN_MAX: usize = 20;
/// What compression must save, in bytes, to be worth its header.
const SAVED_LEN_MIN: usize = 4;

/// Serialised bytes in the making.
#[derive(Debug)]
pub struct Writer {
    out: Vec<u8>,
    /// Present if strings are compressed.
    compressor: Option<Compressor>,
}

impl Writer {
    /// Appends to `out`.
    #[must_use]
    pub fn new(out: Vec<u8>, compress: bool) -> Writer {
        Writer {
            out,
            compressor: compress.then(Compressor::default),
        }
    }

    /// Everything that was written.
    #[must_use]
    pub fn into_bytes(self) -> Vec<u8> {
        self.out
    }

    pub fn byte(&mut self, byte: u8) {
        self.out.push(byte);
    }

    /// Bytes as they are, without a length.
    pub fn raw(&mut self, bytes: &[u8]) {
        self.out.extend_from_slice(bytes);
    }

    /// A length or another unsigned integer.
    pub fn length(&mut self, length: u64) {
        // Each arm's range makes its casts exact.
        match length {
            0..=0x3f => self.byte(length as u8),
            0x40..=0x3fff => {
                let form = u16::from(LENGTH_14_BITS) << 14;
                self.raw(&(form | length as u16).to_be_bytes());
            }
            0x4000..=0xffff_ffff => {
                self.byte(LENGTH_32_BITS);
                self.raw(&(length as u32).to_be_bytes());
            }
            _ => {
                self.byte(LENGTH_64_BITS);
                self.raw(&length.to_be_bytes());
            }
        }
    }

    /// How many bytes were written, as a place for [`Writer::insert_count`].
    #[must_use]
    pub fn place(&self) -> usize {
        self.out.len()
    }

    /// A number of elements that is known only now that they are written, in front of them.
    pub fn insert_count(&mut self, place: usize, count: usize) {
        let end = self.out.len();
        self.count(count);
        let count_len = self.out.len() - end;
        if let Some(elements) = self.out.get_mut(place..) {
            elements.rotate_right(count_len);
        }
    }

    /// A number of elements.
    pub fn count(&mut self, count: usize) {
        self.length(count as u64);
    }

    /// A string: as a number, compressed, or as it is.
    pub fn string(&mut self, text: &[u8]) {
        if text.len() <= NUMBER_TEXT_LEN_MAX
            && let Some(number) = parse_i64(text)
            && let Ok(number) = i32::try_from(number)
        {
            return self.number_string(number);
        }
        if text.len() > PLAIN_LEN_MAX && self.compressed_string(text) {
            return;
        }
        self.count(text.len());
        self.raw(text);
    }

    fn number_string(&mut self, number: i32) {
        let special = LENGTH_SPECIAL << 6;
        if let Ok(number) = i8::try_from(number) {
            self.byte(special | STRING_INT8);
            self.raw(&number.to_le_bytes());
        } else if let Ok(number) = i16::try_from(number) {
            self.byte(special | STRING_INT16);
            self.raw(&number.to_le_bytes());
        } else {
            self.byte(special | STRING_INT32);
            self.raw(&number.to_le_bytes());
        }
    }

    /// Writes `text` compressed if that is allowed and worth it; tells whether it did.
    fn compressed_string(&mut self, text: &[u8]) -> bool {
        let Some(mut compressor) = self.compressor.take() else {
            return false;
        };
        let packed = compressor.compress(text, text.len() - SAVED_LEN_MIN);
        if let Some(packed) = packed {
            self.byte(LENGTH_SPECIAL << 6 | STRING_LZF);
            self.count(packed.len());
            self.count(text.len());
            self.raw(packed);
        }
        let written = packed.is_some();
        self.compressor = Some(compressor);
        written
    }

    /// A time in milliseconds since 1970, or another signed number of 64 bits.
    pub fn millis(&mut self, millis: i64) {
        self.raw(&millis.to_le_bytes());
    }

    /// A score in eight bytes.
    pub fn binary_score(&mut self, score: f64) {
        self.raw(&score.to_le_bytes());
    }
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;
    use proptest::prelude::*;

    use super::super::reader::Reader;
    use super::*;

    fn written(write: impl FnOnce(&mut Writer)) -> Vec<u8> {
        let mut writer = Writer::new(Vec::new(), true);
        write(&mut writer);
        writer.into_bytes()
    }

    #[test]
    fn lengths_take_their_shortest_form() {
        let len = |length: u64| written(|writer| writer.length(length)).len();
        assert_eq!([len(0), len(63)], [1, 1]);
        assert_eq!([len(64), len(16383)], [2, 2]);
        assert_eq!([len(16384), len(0xffff_ffff)], [5, 5]);
        assert_eq!([len(1 << 32), len(u64::MAX)], [9, 9]);
    }

    #[test]
    fn only_canonical_numbers_become_numbers() {
        let bytes = |text: &[u8]| written(|writer| writer.string(text));
        assert_eq!(bytes(b"-128"), [0xc0, 0x80]);
        assert_eq!(bytes(b"12345"), [0xc1, 0x39, 0x30]);
        assert_eq!(bytes(b"-2147483648"), [0xc2, 0, 0, 0, 0x80]);
        assert_eq!(bytes(b"2147483648"), b"\x0a2147483648");
        assert_eq!(bytes(b"+1"), b"\x02+1");
        assert_eq!(bytes(b"007"), b"\x03007");
    }

    #[test]
    fn compression_begins_above_twenty_bytes_and_can_be_off() {
        let bytes = |len: usize| written(|writer| writer.string(&vec![b'a'; len]));
        assert_eq!(bytes(20).len(), 21);
        assert_eq!(bytes(21).first(), Some(&0xc3));
        let mut plain = Writer::new(Vec::new(), false);
        plain.string(&[b'a'; 30]);
        assert_eq!(plain.into_bytes().len(), 31);
    }

    proptest! {
        #[test]
        fn everything_reads_back(
            length: u64,
            number: i64,
            text in proptest::collection::vec(97..100_u8, 0..100),
            millis: i64,
            score in -1e300..1e300_f64,
        ) {
            let number = number.to_string();
            let bytes = written(|writer| {
                writer.length(length);
                writer.string(number.as_bytes());
                writer.string(&text);
                writer.millis(millis);
                writer.binary_score(score);
            });
            let mut reader = Reader::new(Bytes::from(bytes), 1000);
            prop_assert_eq!(reader.length(), Ok(length));
            prop_assert_eq!(reader.string(), Ok(Bytes::from(number)));
            prop_assert_eq!(reader.string(), Ok(Bytes::from(text)));
            prop_assert_eq!(reader.millis(), Ok(millis));
            prop_assert_eq!(reader.binary_score(), Ok(score));
            prop_assert_eq!(reader.remaining(), 0);
        }
    }
}
