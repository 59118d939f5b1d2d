//! Owns the first payload byte of every collection: the representation that Redis would have
//! chosen.
//! Invariants: the shape follows Redis's thresholds at the time of each write and never the form in
//! which the rows stand, so OBJECT ENCODING answers what a Redis of the same history would.
//! Must not know: thresholds, which are configuration. Tests: below, and those of each type.

use crate::error::{Result, StorageError};

/// Representations; the numbers are on disk.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[repr(u8)]
pub enum Shape {
    /// Entries one after the other.
    Listpack = 1,
    /// A hash table.
    Hashtable = 2,
    /// A hash whose fields may expire, one after the other.
    ListpackEx = 3,
    /// Sorted integers.
    Intset = 4,
    /// A skip list and a hash table.
    Skiplist = 5,
    /// A list of listpacks.
    Quicklist = 6,
    /// A radix tree of listpacks.
    Stream = 7,
}

impl Shape {
    /// The shape in front of a collection's payload.
    pub fn decode(payload: &[u8]) -> Result<Shape> {
        const ALL: [Shape; 7] = [
            Shape::Listpack,
            Shape::Hashtable,
            Shape::ListpackEx,
            Shape::Intset,
            Shape::Skiplist,
            Shape::Quicklist,
            Shape::Stream,
        ];
        let code = payload.first().copied().unwrap_or(0);
        ALL.get(usize::from(code).wrapping_sub(1))
            .copied()
            .ok_or_else(|| StorageError::Corrupted(format!("collection of shape {code}")))
    }

    /// As OBJECT ENCODING spells it.
    pub fn name(self) -> &'static str {
        match self {
            Shape::Listpack => "listpack",
            Shape::Hashtable => "hashtable",
            Shape::ListpackEx => "listpackex",
            Shape::Intset => "intset",
            Shape::Skiplist => "skiplist",
            Shape::Quicklist => "quicklist",
            Shape::Stream => "stream",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_round_trip_and_others_are_damage() {
        for code in 1..=7u8 {
            assert_eq!(Shape::decode(&[code, 9]).unwrap() as u8, code);
        }
        assert!(Shape::decode(&[0]).is_err());
        assert!(Shape::decode(&[8]).is_err());
        assert!(Shape::decode(&[]).is_err());
    }
}
