//! The bytes of a value, shared by reference count with the record they stand in.
//!
//! Owns [`Value`], what reads hand out and what a reply keeps until it is encoded.
//! Invariant: `start <= end <= record.len() <= RECORD_LEN_MAX`, checked when a value is made, so
//! that reading one never fails. The bytes never change while a `Value` exists.
//! Must not know: what the bytes mean, where the record came from, who reads them.
//! Tests: at the end of this file.

use std::fmt;
use std::ops::Deref;
use std::sync::Arc;

/// Largest record in bytes that a [`Value`] can point into. Offsets are 32 bits wide because
/// values are held by the million in the hot table, where every word counts.
pub const RECORD_LEN_MAX: usize = u32::MAX as usize;

/// A refcounted slice of a stored record. Cloning one copies no bytes.
#[derive(Clone)]
pub struct Value {
    /// The whole record, header included, so that a cached record serves reads as it stands.
    record: Arc<[u8]>,
    /// Where the value begins in the record.
    start: u32,
    /// One past the value's last byte.
    end: u32,
}

impl Value {
    /// The bytes `start..end` of `record`.
    ///
    /// # Panics
    /// If the range is not inside the record, or the record is longer than [`RECORD_LEN_MAX`]:
    /// offsets come from a decoder that has checked them already.
    #[must_use]
    pub fn slice(record: Arc<[u8]>, start: usize, end: usize) -> Self {
        assert!(
            record.len() <= RECORD_LEN_MAX,
            "record of {} bytes is too long",
            record.len()
        );
        assert!(
            start <= end && end <= record.len(),
            "value {start}..{end} is outside its record of {} bytes",
            record.len()
        );
        // Neither cast can truncate: both are at most the length checked above.
        Self {
            record,
            start: start as u32,
            end: end as u32,
        }
    }

    /// A part of this value, sharing its record.
    ///
    /// # Panics
    /// If the range is not inside the value: offsets come from a decoder that has checked them.
    #[must_use]
    #[inline]
    pub fn part(&self, range: std::ops::Range<usize>) -> Self {
        let first = self.start as usize;
        assert!(range.end <= self.len(), "{range:?} is outside its value");
        Self::slice(
            Arc::clone(&self.record),
            first + range.start,
            first + range.end,
        )
    }

    /// The same for who needs the rest no longer.
    ///
    /// # Panics
    /// If the range is not inside the value.
    #[must_use]
    #[inline]
    pub fn into_part(self, range: std::ops::Range<usize>) -> Self {
        let first = self.start as usize;
        assert!(range.end <= self.len(), "{range:?} is outside its value");
        Self::slice(self.record, first + range.start, first + range.end)
    }

    /// The value's bytes.
    #[must_use]
    pub fn as_slice(&self) -> &[u8] {
        &self.record[self.start as usize..self.end as usize]
    }
}

impl Deref for Value {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        self.as_slice()
    }
}

impl AsRef<[u8]> for Value {
    fn as_ref(&self) -> &[u8] {
        self.as_slice()
    }
}

impl From<Arc<[u8]>> for Value {
    /// The whole record, without a copy.
    fn from(record: Arc<[u8]>) -> Self {
        let end = record.len();
        Self::slice(record, 0, end)
    }
}

impl From<&[u8]> for Value {
    fn from(bytes: &[u8]) -> Self {
        Self::from(Arc::<[u8]>::from(bytes))
    }
}

impl From<Vec<u8>> for Value {
    /// Copies once: a refcounted slice keeps its counts in front of the bytes.
    fn from(bytes: Vec<u8>) -> Self {
        Self::from(Arc::<[u8]>::from(bytes))
    }
}

impl PartialEq for Value {
    /// Equal bytes, wherever they stand.
    fn eq(&self, other: &Self) -> bool {
        self.as_slice() == other.as_slice()
    }
}

impl Eq for Value {}

impl fmt::Debug for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Value(\"{}\")", self.as_slice().escape_ascii())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slice_shows_its_part_of_the_record_and_shares_it() {
        let record: Arc<[u8]> = Arc::from(&b"header:payload"[..]);
        let value = Value::slice(Arc::clone(&record), 7, 14);
        assert_eq!(&*value, b"payload");
        assert_eq!(value.len(), 7);
        assert_eq!(&*value.part(1..3), b"ay");
        assert_eq!(&*value.clone().into_part(1..3), b"ay");
        let copy = value.clone();
        assert_eq!(Arc::strong_count(&record), 3);
        assert_eq!(copy.as_ptr(), value.as_ptr());
    }

    #[test]
    fn slice_may_be_empty_anywhere_in_the_record() {
        let record: Arc<[u8]> = Arc::from(&b"ab"[..]);
        for at in 0..=2 {
            assert!(Value::slice(Arc::clone(&record), at, at).is_empty());
        }
        assert!(Value::from(Vec::new()).is_empty());
    }

    #[test]
    fn equality_compares_bytes_not_places() {
        let whole = Value::from(&b"abcabc"[..]);
        let record: Arc<[u8]> = Arc::from(&b"xabcabcx"[..]);
        assert_eq!(whole, Value::slice(record, 1, 7));
        assert_ne!(whole, Value::from(b"abc".to_vec()));
    }

    #[test]
    fn debug_shows_bytes_that_are_not_text() {
        assert_eq!(
            format!("{:?}", Value::from(&b"a\0\xff"[..])),
            r#"Value("a\x00\xff")"#
        );
    }

    #[test]
    #[should_panic(expected = "outside its record")]
    fn slice_refuses_an_end_past_the_record() {
        let _ = Value::slice(Arc::from(&b"abc"[..]), 1, 4);
    }

    #[test]
    #[should_panic(expected = "outside its record")]
    fn slice_refuses_a_reversed_range() {
        let _ = Value::slice(Arc::from(&b"abc"[..]), 2, 1);
    }
}
