//! Owns the log data at the head of every batch.
//!
//! ```text
//! version u8 = 1 | term u64 | epoch u64 | stamp_ms u64 | fields
//! field  = tag u8 | length varint | bytes          unknown tags are skipped
//! tag 1  = changes: ( row varint | db varint | type u8 | event u8 ) ...
//! ```
//! `row` is the index of the change's meta row among the batch's rows, so keys are not repeated.
//! Invariants: total decoding; what replication and point-in-time restore need stands here from
//! the first batch on. Tests: below.

use crate::change::Event;
use crate::encoding::meta::DataType;
use crate::encoding::varint;

/// The only version so far.
const VERSION: u8 = 1;
const TAG_CHANGES: u8 = 1;

/// The fixed part.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LogHeader {
    /// Lineage of the writer.
    pub term: u64,
    /// Cluster epoch of the writer; 0 outside cluster mode.
    pub epoch: u64,
    /// Wall clock of the commit, ms.
    pub stamp_ms: u64,
}

/// One change as it stands in the log data.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LoggedChange {
    /// Index of the meta row among the rows of the batch.
    pub row: u32,
    /// Database number.
    pub db: u32,
    /// Type of the key.
    pub kind: DataType,
    /// What happened.
    pub event: Event,
}

/// Writes the log data of a batch into `out`, which is emptied first.
pub fn encode(header: LogHeader, changes: &[LoggedChange], out: &mut Vec<u8>) {
    out.clear();
    out.push(VERSION);
    out.extend_from_slice(&header.term.to_be_bytes());
    out.extend_from_slice(&header.epoch.to_be_bytes());
    out.extend_from_slice(&header.stamp_ms.to_be_bytes());
    if changes.is_empty() {
        return;
    }
    let len: usize = changes
        .iter()
        .map(|change| varint::len(change.row) + varint::len(change.db) + 2)
        .sum();
    out.push(TAG_CHANGES);
    varint::push(len as u32, out);
    for change in changes {
        varint::push(change.row, out);
        varint::push(change.db, out);
        out.extend_from_slice(&[change.kind as u8, change.event as u8]);
    }
}

/// Reads the fixed part of log data; `None` as for [`decode`].
pub fn decode_header(bytes: &[u8]) -> Option<LogHeader> {
    split_header(bytes).map(|(header, _)| header)
}

fn split_header(bytes: &[u8]) -> Option<(LogHeader, &[u8])> {
    let (&version, rest) = bytes.split_first()?;
    let (term, rest) = rest.split_first_chunk::<8>()?;
    let (epoch, rest) = rest.split_first_chunk::<8>()?;
    let (stamp_ms, fields) = rest.split_first_chunk::<8>()?;
    if version != VERSION {
        return None;
    }
    let header = LogHeader {
        term: u64::from_be_bytes(*term),
        epoch: u64::from_be_bytes(*epoch),
        stamp_ms: u64::from_be_bytes(*stamp_ms),
    };
    Some((header, fields))
}

/// Reads log data; `None` if the bytes are not of this shape or of a newer version.
pub fn decode(bytes: &[u8]) -> Option<(LogHeader, Vec<LoggedChange>)> {
    let (header, mut rest) = split_header(bytes)?;
    let mut changes = Vec::new();
    while let Some((&tag, after)) = rest.split_first() {
        let mut after = after;
        let len = varint::take(&mut after)? as usize;
        let (field, after) = after.split_at_checked(len)?;
        if tag == TAG_CHANGES {
            decode_changes(field, &mut changes)?;
        }
        rest = after;
    }
    Some((header, changes))
}

fn decode_changes(mut field: &[u8], changes: &mut Vec<LoggedChange>) -> Option<()> {
    while !field.is_empty() {
        let row = varint::take(&mut field)?;
        let db = varint::take(&mut field)?;
        let (&[kind, event], rest) = field.split_first_chunk::<2>()?;
        field = rest;
        let kind = DataType::from_u8(kind)?;
        changes.push(LoggedChange {
            row,
            db,
            kind,
            event: Event::from_u8(event)?,
        });
    }
    Some(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const HEADER: LogHeader = LogHeader {
        term: 3,
        epoch: 0,
        stamp_ms: 1_700_000_000_000,
    };

    proptest! {
        #[test]
        fn log_data_round_trips(
            rows in proptest::collection::vec((any::<u32>(), any::<u32>(), 1u8..=16), 0..30),
        ) {
            let changes: Vec<_> = rows.iter().map(|&(row, db, event)| LoggedChange {
                row, db, kind: DataType::String, event: Event::from_u8(event).unwrap(),
            }).collect();
            let mut bytes = vec![1, 2, 3];
            encode(HEADER, &changes, &mut bytes);
            prop_assert_eq!(decode(&bytes), Some((HEADER, changes)));
            let mut with_unknown_field = bytes.clone();
            with_unknown_field.extend_from_slice(&[99, 2, 0, 0]);
            prop_assert_eq!(decode(&with_unknown_field), decode(&bytes));
        }

        #[test]
        fn any_bytes_are_log_data_or_none(bytes in proptest::collection::vec(any::<u8>(), 0..80)) {
            let mut framed = vec![VERSION];
            framed.extend_from_slice(&bytes);
            decode(&framed);
            decode(&bytes);
        }
    }

    #[test]
    fn another_version_is_not_guessed_at() {
        let mut bytes = Vec::new();
        encode(HEADER, &[], &mut bytes);
        assert_eq!(decode(&bytes), Some((HEADER, Vec::new())));
        bytes[0] = 2;
        assert_eq!(decode(&bytes), None);
    }
}
