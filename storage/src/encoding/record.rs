//! Owns the in-memory form of a row: key and value in one allocation, shared by the pending edit,
//! the hot table and the replies that were cut from it.
//! Invariants: `key_len <= bytes.len()`. Must not know: what keys and values mean.
//! Tests: below.

use crate::prefetch::prefetch;
use std::sync::Arc;

/// Bytes of a row that are worth fetching ahead; the processor sees a longer run by itself.
const PREFETCH_BYTES_MAX: usize = 256;

/// One row, cheap to clone.
#[derive(Clone)]
pub struct Record {
    bytes: Arc<[u8]>,
    key_len: u32,
}

impl Record {
    /// A row made of a key and the parts of its value.
    #[inline]
    pub fn new(key: &[u8], value: &[&[u8]]) -> Record {
        let len = key.len() + value.iter().map(|part| part.len()).sum::<usize>();
        let mut bytes = Arc::new_uninit_slice(len);
        // Nobody else has it yet, so there is always a rest.
        let mut rest = Arc::get_mut(&mut bytes).unwrap_or_default();
        for part in std::iter::once(&key).chain(value) {
            let (to, after) = rest.split_at_mut(part.len());
            let (from, room) = (part.as_ptr(), to.as_mut_ptr().cast::<u8>());
            // SAFETY: `to` has room for exactly the part, and it is new, so the two are apart.
            unsafe { std::ptr::copy_nonoverlapping(from, room, part.len()) };
            rest = after;
        }
        assert!(rest.is_empty());
        // SAFETY: the parts were written from the first byte on, one behind the other, and nothing
        // is left behind the last.
        let bytes = unsafe { bytes.assume_init() };
        Record {
            bytes,
            key_len: key.len() as u32,
        }
    }

    /// Whether the row is made of this key and these parts of a value.
    pub fn is_made_of(&self, key: &[u8], value: &[&[u8]]) -> bool {
        let len = key.len() + value.iter().map(|part| part.len()).sum::<usize>();
        if len != self.bytes.len() || self.key() != key {
            return false;
        }
        let mut rest = self.value();
        value.iter().all(|part| {
            let (front, behind) = rest.split_at_checked(part.len()).unwrap_or_default();
            rest = behind;
            front == *part
        })
    }

    /// The row's key.
    #[inline]
    pub fn key(&self) -> &[u8] {
        self.bytes.get(..self.key_len as usize).unwrap_or_default()
    }

    /// The row's value (empty for a deletion).
    #[inline]
    pub fn value(&self) -> &[u8] {
        self.bytes.get(self.key_len as usize..).unwrap_or_default()
    }

    /// The part of the value from `start` on, sharing this allocation.
    #[inline]
    pub fn value_from(&self, start: usize) -> crate::Value {
        let first = (self.key_len as usize + start).min(self.bytes.len());
        crate::Value::slice(Arc::clone(&self.bytes), first, self.bytes.len())
    }

    /// The same for who needs the row no longer.
    #[inline]
    pub fn into_value_from(self, start: usize) -> crate::Value {
        let end = self.bytes.len();
        let first = (self.key_len as usize + start).min(end);
        crate::Value::slice(self.bytes, first, end)
    }

    /// A part of the value, sharing this allocation.
    ///
    /// # Panics
    /// If the range is not inside the value: offsets come from a decoder that has checked them.
    #[inline]
    pub fn value_part(&self, range: std::ops::Range<usize>) -> crate::Value {
        let first = self.key_len as usize;
        let bytes = Arc::clone(&self.bytes);
        crate::Value::slice(bytes, first + range.start, first + range.end)
    }

    /// The same for who needs the row no longer.
    ///
    /// # Panics
    /// If the range is not inside the value.
    #[inline]
    pub fn into_value_part(self, range: std::ops::Range<usize>) -> crate::Value {
        let first = self.key_len as usize;
        crate::Value::slice(self.bytes, first + range.start, first + range.end)
    }

    /// Asks for the beginning of the bytes, where a small row is wholly, and of the count of who
    /// shares them.
    #[inline]
    pub fn prefetch(&self) {
        const COUNTS_BYTES: usize = 2 * size_of::<usize>();
        let start = self.bytes.as_ptr().wrapping_sub(COUNTS_BYTES);
        prefetch(start, COUNTS_BYTES + self.len().min(PREFETCH_BYTES_MAX));
    }

    /// Bytes of key and value together.
    #[inline]
    pub fn len(&self) -> usize {
        self.bytes.len()
    }

    /// Whether key and value are both empty.
    pub fn is_empty(&self) -> bool {
        self.bytes.is_empty()
    }
}

impl std::fmt::Debug for Record {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(
            f,
            "Record({:?} -> {} bytes)",
            self.key(),
            self.value().len()
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn key_and_value_are_cut_from_one_allocation() {
        let record = Record::new(b"key", &[b"he", b"ader", b"payload"]);
        assert_eq!(record.key(), b"key");
        assert_eq!(record.value(), b"headerpayload");
        assert_eq!(&record.value_from(6)[..], b"payload");
        assert_eq!(&record.value_from(99)[..], b"");
        assert_eq!(&record.clone().into_value_from(6)[..], b"payload");
        assert_eq!(&record.clone().into_value_from(99)[..], b"");
        assert_eq!(&record.clone().into_value_part(2..6)[..], b"ader");
        assert_eq!(record.len(), 16);
    }

    #[test]
    fn a_row_knows_what_it_is_made_of() {
        let record = Record::new(b"key", &[b"va", b"lue"]);
        assert!(record.is_made_of(b"key", &[b"value"]));
        assert!(record.is_made_of(b"key", &[b"", b"v", b"alue"]));
        let others: [(&[u8], &[&[u8]]); 4] = [
            (b"key", &[b"valuf"]),
            (b"key", &[b"va", b"lu"]),
            (b"kez", &[b"value"]),
            (b"keyv", &[b"alue"]),
        ];
        for (key, value) in others {
            assert!(!record.is_made_of(key, value));
        }
    }
}
