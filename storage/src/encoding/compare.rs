//! Owns the comparison of short byte strings where they are compared for every command: row keys,
//! fields, members, keys of trees. Invariant: the same as `==` and `cmp`. Must not know: what is
//! compared. Tests: below.
//!
//! The general comparison is a call, which costs more than what it does for so few bytes.

use std::cmp::Ordering;

/// Bytes of a word.
const WORD: usize = 8;
/// Longer strings are left to the general comparison.
const SHORT_BYTES_MAX: usize = 64;

/// Whether two strings are equal.
#[inline]
pub fn same(left: &[u8], right: &[u8]) -> bool {
    if left.len() != right.len() {
        return false;
    }
    if left.len() > SHORT_BYTES_MAX {
        return left == right;
    }
    if left.len() < WORD {
        return left.iter().zip(right).all(|(left, right)| left == right);
    }
    let word = |bytes: &[u8; WORD]| u64::from_le_bytes(*bytes);
    let (left_words, _) = left.as_chunks::<WORD>();
    let (right_words, _) = right.as_chunks::<WORD>();
    // The last word may overlap with the one before it.
    let last = |bytes: &[u8]| bytes.last_chunk::<WORD>().map(word);
    last(left) == last(right)
        && left_words
            .iter()
            .zip(right_words)
            .all(|(left, right)| word(left) == word(right))
}

/// The order of two strings. Their first eight bytes mostly decide.
#[inline]
pub fn order(left: &[u8], right: &[u8]) -> Ordering {
    let first = |bytes: &[u8]| {
        bytes
            .first_chunk::<WORD>()
            .map(|word| u64::from_be_bytes(*word))
    };
    match (first(left), first(right)) {
        (Some(one), Some(other)) if one != other => one.cmp(&other),
        _ => left.cmp(right),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn strings_are_in_the_order_of_their_bytes(
            left in proptest::collection::vec(0u8..3, 0..12),
            right in proptest::collection::vec(0u8..3, 0..12),
        ) {
            prop_assert_eq!(order(&left, &right), left.cmp(&right));
        }
    }

    #[test]
    fn any_byte_makes_a_difference() {
        for len in 0..=2 * SHORT_BYTES_MAX {
            let left: Vec<u8> = (0..len).map(|n| n as u8).collect();
            assert!(same(&left, &left.clone()));
            assert!(!same(&left, &[&left[..], b"x"].concat()));
            for at in 0..len {
                let mut right = left.clone();
                right[at] ^= 0x80;
                assert!(!same(&left, &right), "byte {at} of {len}");
            }
        }
    }
}
