//! A value of any type, as plain owned data between the serialised forms and the store.
//!
//! Owns [`Value`] and the parts of a stream.
//! Invariants (of decoded values; encoding relies on them): collections other than streams are
//! not empty; members and fields are distinct; a sorted set ascends by score, then by member, and
//! has no NaN; stream entries and pending entries ascend by id.
//! Must not know: how values are serialised or stored.
//! Tests: at the end of this file.

use std::cmp::Ordering;

use bytes::Bytes;

/// Latest time at which a hash field can expire, in milliseconds since 1970.
pub const FIELD_EXPIRE_MS_MAX: u64 = (1 << 48) - 1;

/// A value of one of Redis's types.
#[derive(Clone, Debug, PartialEq)]
pub enum Value {
    String(Bytes),
    /// From head to tail.
    List(Vec<Bytes>),
    /// In no particular order.
    Set(Vec<Bytes>),
    /// In no particular order.
    Hash(Vec<HashField>),
    /// Members with their scores.
    ZSet(Vec<(Bytes, f64)>),
    Stream(Stream),
}

/// A field of a hash.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HashField {
    pub name: Bytes,
    pub value: Bytes,
    /// When the field expires, in milliseconds since 1970: `1..=FIELD_EXPIRE_MS_MAX`.
    pub expire_ms: Option<u64>,
}

/// The id of a stream's entry.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct StreamId {
    pub ms: u64,
    pub seq: u64,
}

/// A stream with its consumer groups.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Stream {
    /// What was neither trimmed nor deleted.
    pub entries: Vec<StreamEntry>,
    /// The newest id ever added, or set by XSETID; at least that of the last entry.
    pub last_id: StreamId,
    /// The newest id that was deleted; 0-0 if none was.
    pub max_deleted_id: StreamId,
    /// How many entries were ever added.
    pub entries_added: u64,
    pub groups: Vec<Group>,
}

/// One entry; a field may occur several times.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StreamEntry {
    pub id: StreamId,
    pub fields: Vec<(Bytes, Bytes)>,
}

/// A consumer group.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Group {
    pub name: Bytes,
    /// The last id that was delivered.
    pub last_id: StreamId,
    /// How many of the stream's entries were delivered, where that can be told.
    pub entries_read: Option<u64>,
    /// Delivered and not acknowledged. Each belongs to exactly one consumer.
    pub pending: Vec<PendingEntry>,
    pub consumers: Vec<Consumer>,
}

/// A delivery that waits for its acknowledgement; its entry may be deleted meanwhile.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PendingEntry {
    pub id: StreamId,
    /// When it was delivered last, in milliseconds since 1970.
    pub delivery_ms: u64,
    pub delivery_count: u64,
}

/// A consumer of a group.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Consumer {
    pub name: Bytes,
    /// When it last tried to read, in milliseconds since 1970.
    pub seen_ms: u64,
    /// When it last got something, in milliseconds since 1970.
    pub active_ms: Option<u64>,
    /// Which of the group's pending entries are its own.
    pub pending: Vec<StreamId>,
}

impl Value {
    /// Whether it is a collection without elements, which only a stream may be.
    #[must_use]
    pub fn is_empty_collection(&self) -> bool {
        match self {
            Value::List(items) | Value::Set(items) => items.is_empty(),
            Value::Hash(fields) => fields.is_empty(),
            Value::ZSet(members) => members.is_empty(),
            Value::String(_) | Value::Stream(_) => false,
        }
    }
}

impl Stream {
    /// The id of the first entry; 0-0 if there is none.
    #[must_use]
    pub fn first_id(&self) -> StreamId {
        self.entries
            .first()
            .map_or(StreamId::default(), |entry| entry.id)
    }

    /// How many entries were added up to `id`, for a stream that never lost one; `None` where
    /// that cannot be told without counting.
    #[must_use]
    pub fn entries_up_to(&self, id: StreamId) -> Option<u64> {
        let len = self.entries.len() as u64;
        match (id.cmp(&self.last_id), id.cmp(&self.first_id())) {
            _ if len == 0 => Some(0),
            (Ordering::Equal, _) => Some(len),
            (Ordering::Greater, _) => None,
            (Ordering::Less, Ordering::Less) => Some(0),
            (Ordering::Less, Ordering::Equal) => Some(1),
            (Ordering::Less, Ordering::Greater) => None,
        }
    }
}

/// The order of a sorted set.
#[must_use]
pub fn by_score(a: &(Bytes, f64), b: &(Bytes, f64)) -> Ordering {
    let scores = a.1.partial_cmp(&b.1).unwrap_or(Ordering::Equal);
    scores.then_with(|| a.0.cmp(&b.0))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn id(ms: u64, seq: u64) -> StreamId {
        StreamId { ms, seq }
    }

    #[test]
    fn a_sorted_set_is_ordered_by_score_and_then_by_bytes() {
        let (a, b) = (Bytes::from_static(b"a"), Bytes::from_static(b"b"));
        assert_eq!(
            by_score(&(b.clone(), 1.0), &(a.clone(), 2.0)),
            Ordering::Less
        );
        assert_eq!(
            by_score(&(a.clone(), 1.0), &(b.clone(), 1.0)),
            Ordering::Less
        );
        assert_eq!(by_score(&(a, -0.0), &(b, 0.0)), Ordering::Less);
    }

    #[test]
    fn a_position_is_told_at_the_ends_only() {
        let entry = |ms| StreamEntry {
            id: id(ms, 0),
            fields: Vec::new(),
        };
        let stream = Stream {
            entries: vec![entry(5), entry(6), entry(7)],
            last_id: id(7, 0),
            ..Stream::default()
        };
        assert_eq!(stream.first_id(), id(5, 0));
        assert_eq!(stream.entries_up_to(id(0, 0)), Some(0));
        assert_eq!(stream.entries_up_to(id(5, 0)), Some(1));
        assert_eq!(stream.entries_up_to(id(6, 0)), None);
        assert_eq!(stream.entries_up_to(id(7, 0)), Some(3));
        assert_eq!(stream.entries_up_to(id(8, 0)), None);
        assert_eq!(Stream::default().entries_up_to(id(8, 0)), Some(0));
    }

    #[test]
    fn only_a_stream_may_be_empty() {
        assert!(Value::List(Vec::new()).is_empty_collection());
        assert!(!Value::Stream(Stream::default()).is_empty_collection());
        assert!(!Value::String(Bytes::new()).is_empty_collection());
    }
}
