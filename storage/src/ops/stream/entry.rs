//! Owns the bytes of an entry: its fields and values, in the order in which they were given.
//! Invariants: decoding is total and copies nothing. Must not know: ids. Tests: below.
//!
//! ```text
//! entry   for each field and each value: length (varint) | bytes
//! ```

use super::StreamId;
use crate::encoding::varint;
use crate::error::{Result, StorageError};
use crate::value::Value;

/// An entry as it was read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// Its id.
    pub id: StreamId,
    /// Fields and values by turns; they share the row that the entry stands in.
    pub strings: Vec<Value>,
}

/// Writes an entry's fields and values.
pub(super) fn encode(strings: &[&[u8]], out: &mut Vec<u8>) {
    for string in strings {
        varint::push(string.len() as u32, out);
        out.extend_from_slice(string);
    }
}

impl Entry {
    /// Reads an entry.
    pub(super) fn decode(id: StreamId, bytes: &Value) -> Result<Entry> {
        let strings = decode(bytes);
        let strings = strings.ok_or_else(|| StorageError::Corrupted(format!("entry {id}")))?;
        Ok(Entry { id, strings })
    }
}

fn decode(bytes: &Value) -> Option<Vec<Value>> {
    let mut count = 0;
    let mut rest = &bytes[..];
    while !rest.is_empty() {
        let len = varint::take(&mut rest)? as usize;
        rest = rest.get(len..)?;
        count += 1;
    }
    let mut strings = Vec::with_capacity(count);
    rest = &bytes[..];
    while !rest.is_empty() {
        let len = varint::take(&mut rest)? as usize;
        let start = bytes.len() - rest.len();
        strings.push(bytes.part(start..start + len));
        rest = rest.get(len..)?;
    }
    Some(strings)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn entries_round_trip_and_cut_ones_are_damage() {
        let long = vec![b'x'; 300];
        let strings: [&[u8]; 4] = [b"field", b"", b"", &long];
        let mut bytes = Vec::new();
        encode(&strings, &mut bytes);
        let entry = Entry::decode(StreamId::MIN, &Value::from(&bytes[..])).unwrap();
        let read: Vec<&[u8]> = entry.strings.iter().map(|one| &one[..]).collect();
        assert_eq!(read, strings);
        bytes.pop();
        assert!(Entry::decode(StreamId::MIN, &Value::from(&bytes[..])).is_err());
    }
}
