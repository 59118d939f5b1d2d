//! Lengths, strings and numbers read from serialised bytes.
//!
//! Owns [`Reader`], a place in the bytes, and [`Budget`], the memory that what is read may take.
//! Invariants: nothing is read behind the end; nothing is reserved for an announced length that
//! the bytes left cannot hold; plain strings are slices of the input, not copies.
//! Must not know: which value the parts belong to.
//! Tests: at the end of this file.

use bytes::Bytes;

use super::error::DecodeError;
use super::lzf;

/// The forms of a length, by the two high bits of its first byte.
pub const LENGTH_6_BITS: u8 = 0;
pub const LENGTH_14_BITS: u8 = 1;
pub const LENGTH_32_BITS: u8 = 0x80;
pub const LENGTH_64_BITS: u8 = 0x81;
pub const LENGTH_SPECIAL: u8 = 3;

/// Special strings, by the six low bits.
pub const STRING_INT8: u8 = 0;
pub const STRING_INT16: u8 = 1;
pub const STRING_INT32: u8 = 2;
pub const STRING_LZF: u8 = 3;

/// Scores in text that have no digits, by the byte that stands for the text's length.
const SCORE_NAN: u8 = 253;
const SCORE_INFINITE: u8 = 254;
const SCORE_MINUS_INFINITE: u8 = 255;

/// The memory that a value may take, in bytes, beyond the payload itself.
#[derive(Clone, Copy, Debug)]
pub struct Budget {
    left: usize,
}

impl Budget {
    #[must_use]
    pub fn new(memory_max: usize) -> Budget {
        Budget { left: memory_max }
    }

    /// Takes `bytes` out of it.
    pub fn charge(&mut self, bytes: usize) -> Result<(), DecodeError> {
        self.left = self.left.checked_sub(bytes).ok_or(DecodeError::Memory)?;
        Ok(())
    }

    /// Takes the size of `count` values of a type out of it.
    pub fn charge_for<T>(&mut self, count: usize) -> Result<(), DecodeError> {
        self.charge(count.saturating_mul(size_of::<T>()))
    }
}

/// A place in serialised bytes.
#[derive(Debug)]
pub struct Reader {
    rest: Bytes,
    budget: Budget,
}

/// A length, or the number of a special string.
enum Length {
    Plain(u64),
    Special(u8),
}

impl Reader {
    /// The beginning of `bytes`; what is decoded may take `memory_max` bytes beside them.
    #[must_use]
    pub fn new(bytes: Bytes, memory_max: usize) -> Reader {
        Reader {
            rest: bytes,
            budget: Budget::new(memory_max),
        }
    }

    /// How many bytes are left.
    #[must_use]
    pub fn remaining(&self) -> usize {
        self.rest.len()
    }

    /// What is left of the memory that may be taken.
    pub fn budget(&mut self) -> &mut Budget {
        &mut self.budget
    }

    pub fn byte(&mut self) -> Result<u8, DecodeError> {
        let [byte] = self.array()?;
        Ok(byte)
    }

    /// The next `N` bytes.
    pub fn array<const N: usize>(&mut self) -> Result<[u8; N], DecodeError> {
        let array = *self.rest.first_chunk().ok_or(DecodeError::Truncated)?;
        let _ = self.rest.split_to(N);
        Ok(array)
    }

    /// The next `len` bytes, uncopied.
    pub fn take(&mut self, len: u64) -> Result<Bytes, DecodeError> {
        match usize::try_from(len) {
            Ok(len) if len <= self.rest.len() => Ok(self.rest.split_to(len)),
            _ => Err(DecodeError::Truncated),
        }
    }

    /// A length, which is also the form of most integers.
    pub fn length(&mut self) -> Result<u64, DecodeError> {
        match self.length_or_special()? {
            Length::Plain(length) => Ok(length),
            Length::Special(_) => Err(DecodeError::Length),
        }
    }

    /// The number of elements that follow, each of at least `element_len_min` bytes, to be kept
    /// as values of type `T`. Reserving room for all of them is safe.
    pub fn count<T>(&mut self, element_len_min: usize) -> Result<usize, DecodeError> {
        let count = self.length()?;
        let count = usize::try_from(count).map_err(|_| DecodeError::Truncated)?;
        if count > self.remaining() / element_len_min.max(1) {
            return Err(DecodeError::Truncated);
        }
        self.budget.charge_for::<T>(count)?;
        Ok(count)
    }

    /// A string in any of its forms.
    pub fn string(&mut self) -> Result<Bytes, DecodeError> {
        let number = match self.length_or_special()? {
            Length::Plain(len) => return self.take(len),
            Length::Special(STRING_INT8) => i64::from(i8::from_le_bytes(self.array()?)),
            Length::Special(STRING_INT16) => i64::from(i16::from_le_bytes(self.array()?)),
            Length::Special(STRING_INT32) => i64::from(i32::from_le_bytes(self.array()?)),
            Length::Special(STRING_LZF) => return self.compressed_string(),
            Length::Special(form) => return Err(DecodeError::StringForm(form)),
        };
        number_text(number, &mut self.budget)
    }

    fn compressed_string(&mut self) -> Result<Bytes, DecodeError> {
        let packed_len = self.length()?;
        let len = self.length()?;
        let packed = self.take(packed_len)?;
        let len = usize::try_from(len).map_err(|_| DecodeError::Lzf)?;
        self.budget.charge(len)?;
        let unpacked = lzf::decompress(&packed, len).ok_or(DecodeError::Lzf)?;
        Ok(Bytes::from(unpacked))
    }

    /// A time in milliseconds since 1970, or another signed number of 64 bits.
    pub fn millis(&mut self) -> Result<i64, DecodeError> {
        Ok(i64::from_le_bytes(self.array()?))
    }

    /// A score in eight bytes; never NaN.
    pub fn binary_score(&mut self) -> Result<f64, DecodeError> {
        let score = f64::from_le_bytes(self.array()?);
        if score.is_nan() {
            return Err(DecodeError::Score);
        }
        Ok(score)
    }

    /// A score as text with its length in one byte; never NaN.
    pub fn text_score(&mut self) -> Result<f64, DecodeError> {
        match self.byte()? {
            SCORE_NAN => Err(DecodeError::Score),
            SCORE_INFINITE => Ok(f64::INFINITY),
            SCORE_MINUS_INFINITE => Ok(f64::NEG_INFINITY),
            len => parse_score(&self.take(u64::from(len))?),
        }
    }

    fn length_or_special(&mut self) -> Result<Length, DecodeError> {
        let first = self.byte()?;
        let low = first & 0x3f;
        let length = match (first >> 6, first) {
            (LENGTH_6_BITS, _) => u64::from(low),
            (LENGTH_14_BITS, _) => u64::from(u16::from_be_bytes([low, self.byte()?])),
            (LENGTH_SPECIAL, _) => return Ok(Length::Special(low)),
            (_, LENGTH_32_BITS) => u64::from(u32::from_be_bytes(self.array()?)),
            (_, LENGTH_64_BITS) => u64::from_be_bytes(self.array()?),
            _ => return Err(DecodeError::Length),
        };
        Ok(Length::Plain(length))
    }
}

/// A number as the text that it stands for.
pub fn number_text(number: i64, budget: &mut Budget) -> Result<Bytes, DecodeError> {
    let mut buffer = itoa::Buffer::new();
    let text = buffer.format(number).as_bytes();
    budget.charge(text.len())?;
    Ok(Bytes::copy_from_slice(text))
}

/// A score from its text; never NaN.
pub fn parse_score(text: &[u8]) -> Result<f64, DecodeError> {
    let text = std::str::from_utf8(text).map_err(|_| DecodeError::Score)?;
    match text.parse::<f64>() {
        Ok(score) if !score.is_nan() => Ok(score),
        _ => Err(DecodeError::Score),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reader(bytes: &[u8]) -> Reader {
        Reader::new(Bytes::copy_from_slice(bytes), 1000)
    }

    #[test]
    fn lengths_are_read_in_each_form() {
        let length = |bytes: &[u8]| reader(bytes).length();
        assert_eq!(length(&[0x3f]), Ok(63));
        assert_eq!(length(&[0x7f, 0xff]), Ok(16383));
        assert_eq!(length(&[0x80, 0, 1, 0, 0]), Ok(65536));
        assert_eq!(length(&[0x81, 1, 0, 0, 0, 0, 0, 0, 2]), Ok((1 << 56) + 2));
        assert_eq!(length(&[0x82, 0, 0, 0, 0]), Err(DecodeError::Length));
        assert_eq!(length(&[0xc0, 0]), Err(DecodeError::Length));
        assert_eq!(length(&[0x80, 0, 1]), Err(DecodeError::Truncated));
        assert_eq!(length(&[]), Err(DecodeError::Truncated));
    }

    #[test]
    fn strings_are_read_in_each_form() {
        let string = |bytes: &[u8]| reader(bytes).string().map(|text| text.to_vec());
        assert_eq!(string(b"\x03abc"), Ok(b"abc".to_vec()));
        assert_eq!(string(b"\x00"), Ok(Vec::new()));
        assert_eq!(string(&[0xc0, 0x80]), Ok(b"-128".to_vec()));
        assert_eq!(string(&[0xc1, 0x39, 0x30]), Ok(b"12345".to_vec()));
        assert_eq!(
            string(&[0xc2, 0, 0, 0, 0x80]),
            Ok(i32::MIN.to_string().into_bytes())
        );
        let packed = [0xc3, 5, 10, 0x00, b'a', 0xe0, 0x00, 0x00];
        assert_eq!(string(&packed), Ok(vec![b'a'; 10]));
        assert_eq!(string(&[0xc4]), Err(DecodeError::StringForm(4)));
        assert_eq!(string(b"\x04abc"), Err(DecodeError::Truncated));
        assert_eq!(string(&[0xc1, 0x39]), Err(DecodeError::Truncated));
    }

    #[test]
    fn a_count_is_believed_only_if_the_bytes_can_hold_it() {
        let count = |bytes: &[u8], len_min| reader(bytes).count::<u8>(len_min);
        assert_eq!(count(&[2, 0, 0, 0, 0], 2), Ok(2));
        assert_eq!(count(&[3, 0, 0, 0, 0], 2), Err(DecodeError::Truncated));
        assert_eq!(
            count(&[0x81, 255, 255, 255, 255, 255, 255, 255, 255], 1),
            Err(DecodeError::Truncated)
        );
    }

    #[test]
    fn memory_is_limited() {
        let packed = [0xc3, 5, 10, 0x00, b'a', 0xe0, 0x00, 0x00];
        let mut small = Reader::new(Bytes::copy_from_slice(&packed), 9);
        assert_eq!(small.string(), Err(DecodeError::Memory));
        let mut small = Reader::new(Bytes::from_static(&[3, 0, 0, 0]), 23);
        assert_eq!(small.count::<u64>(1), Err(DecodeError::Memory));
    }

    #[test]
    fn scores_are_numbers() {
        let score = |bytes: &[u8]| reader(bytes).text_score();
        assert_eq!(score(b"\x031.5"), Ok(1.5));
        assert_eq!(score(b"\x061e+100"), Ok(1e100));
        assert_eq!(score(&[254]), Ok(f64::INFINITY));
        assert_eq!(score(&[255]), Ok(f64::NEG_INFINITY));
        assert_eq!(score(&[253]), Err(DecodeError::Score));
        assert_eq!(score(b"\x03nan"), Err(DecodeError::Score));
        assert_eq!(score(b"\x00"), Err(DecodeError::Score));
        assert_eq!(
            score(b"\x031.5x"[..3].as_ref()),
            Err(DecodeError::Truncated)
        );
        let nan = reader(&f64::NAN.to_le_bytes()).binary_score();
        assert_eq!(nan, Err(DecodeError::Score));
        assert_eq!(reader(&(-2.5_f64).to_le_bytes()).binary_score(), Ok(-2.5));
    }
}
