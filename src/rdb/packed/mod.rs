//! The compact containers that small collections are kept and serialised in.
//!
//! Owns what they have in common: [`Entry`], a number or a text, and [`Entries`], which walks a
//! container and checks it on the way.
//! Invariant: a container whose walk ends without an error is sound in every part.
//! Must not know: what the entries mean.
//! Tests: beside each container.

pub mod intset;
pub mod listpack;
pub mod ziplist;
pub mod zipmap;

use bytes::Bytes;

use super::error::DecodeError;
use super::reader::{Budget, number_text};
use crate::resp::parse_i64;

/// One element of a container.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Entry {
    Number(i64),
    Text(Bytes),
}

impl Entry {
    /// The bytes that the element stands for.
    pub fn into_bytes(self, budget: &mut Budget) -> Result<Bytes, DecodeError> {
        match self {
            Entry::Number(number) => number_text(number, budget),
            Entry::Text(text) => Ok(text),
        }
    }

    /// The number that the element stands for, if it is one.
    #[must_use]
    pub fn number(&self) -> Option<i64> {
        match self {
            Entry::Number(number) => Some(*number),
            Entry::Text(text) => parse_i64(text),
        }
    }
}

/// A walk over a container from its first element on.
pub trait Entries {
    /// The next element; nothing at the sound end of the container.
    fn next(&mut self) -> Result<Option<Entry>, DecodeError>;
}

/// A number in `N` little-endian bytes at `at`, with the sign of its highest bit.
fn signed_le<const N: usize>(bytes: &[u8], at: usize) -> Option<i64> {
    const { assert!(N <= 8) };
    let source = bytes.get(at..at.checked_add(N)?)?;
    let mut wide = [0; 8];
    // Shifted down from the top, the sign spreads.
    wide.get_mut(8 - N..)?.copy_from_slice(source);
    Some(i64::from_le_bytes(wide) >> (8 * (8 - N)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn short_numbers_keep_their_sign() {
        assert_eq!(signed_le::<1>(&[0xff], 0), Some(-1));
        assert_eq!(signed_le::<3>(&[9, 0xff, 0xff, 0x7f], 1), Some(0x7f_ffff));
        assert_eq!(signed_le::<3>(&[0, 0, 0x80], 0), Some(-0x80_0000));
        assert_eq!(signed_le::<8>(&i64::MIN.to_le_bytes(), 0), Some(i64::MIN));
        assert_eq!(signed_le::<2>(&[1], 0), None);
        assert_eq!(signed_le::<2>(&[1, 2], usize::MAX), None);
    }

    #[test]
    fn a_text_of_digits_is_a_number_too() {
        assert_eq!(Entry::Number(-7).number(), Some(-7));
        assert_eq!(Entry::Text(Bytes::from_static(b"12")).number(), Some(12));
        assert_eq!(Entry::Text(Bytes::from_static(b"012")).number(), None);
        let mut budget = Budget::new(2);
        let text = Entry::Number(-7).into_bytes(&mut budget);
        assert_eq!(text.as_deref(), Ok(&b"-7"[..]));
        assert_eq!(
            Entry::Number(1).into_bytes(&mut budget),
            Err(DecodeError::Memory)
        );
    }
}
