//! Owns the ids of stream entries: their order, their bytes, their neighbours.
//! Invariants: bytes sort as ids do. Must not know: how users write ids. Tests: below.

/// The id of an entry: milliseconds since the epoch, and a number within the millisecond.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct StreamId {
    /// Milliseconds.
    pub ms: u64,
    /// The number within the millisecond.
    pub seq: u64,
}

/// Bytes of an id.
pub(crate) const ID_LEN: usize = 16;

impl StreamId {
    /// The smallest id, which no entry has.
    pub const MIN: StreamId = StreamId { ms: 0, seq: 0 };
    /// The greatest id.
    pub const MAX: StreamId = StreamId {
        ms: u64::MAX,
        seq: u64::MAX,
    };

    /// An id of its two parts.
    pub const fn new(ms: u64, seq: u64) -> StreamId {
        StreamId { ms, seq }
    }

    fn number(self) -> u128 {
        (u128::from(self.ms) << 64) | u128::from(self.seq)
    }

    fn of_number(number: u128) -> StreamId {
        StreamId {
            ms: (number >> 64) as u64,
            seq: number as u64,
        }
    }

    /// The id that follows; `None` behind the greatest.
    pub fn next(self) -> Option<StreamId> {
        self.number().checked_add(1).map(StreamId::of_number)
    }

    /// The id before; `None` in front of the smallest.
    pub fn previous(self) -> Option<StreamId> {
        self.number().checked_sub(1).map(StreamId::of_number)
    }

    /// Its bytes, which sort as ids do.
    #[inline]
    pub(crate) fn bytes(self) -> [u8; ID_LEN] {
        self.number().to_be_bytes()
    }

    /// The id of these bytes.
    #[inline]
    pub(crate) fn decode(bytes: &[u8]) -> Option<StreamId> {
        let bytes: [u8; ID_LEN] = bytes.try_into().ok()?;
        Some(StreamId::of_number(u128::from_be_bytes(bytes)))
    }
}

impl std::fmt::Display for StreamId {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}-{}", self.ms, self.seq)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn bytes_round_trip_and_sort(a in any::<(u64, u64)>(), b in any::<(u64, u64)>()) {
            let (a, b) = (StreamId::new(a.0, a.1), StreamId::new(b.0, b.1));
            prop_assert_eq!(StreamId::decode(&a.bytes()), Some(a));
            prop_assert_eq!(a.bytes().cmp(&b.bytes()), a.cmp(&b));
        }
    }

    #[test]
    fn neighbours_cross_the_millisecond() {
        assert_eq!(StreamId::new(5, u64::MAX).next(), Some(StreamId::new(6, 0)));
        assert_eq!(
            StreamId::new(6, 0).previous(),
            Some(StreamId::new(5, u64::MAX))
        );
        assert_eq!(StreamId::MAX.next(), None);
        assert_eq!(StreamId::MIN.previous(), None);
        assert_eq!(StreamId::new(7, 3).to_string(), "7-3");
    }
}
