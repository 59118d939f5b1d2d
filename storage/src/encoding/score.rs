//! Owns the key of a member in the order of a sorted set: score, then member.
//! Invariants: keys compare bytewise as (score, member) do; -0.0 is 0.0; a score is never NaN.
//! Must not know: trees. Tests: below.
//!
//! ```text
//! key = score: 8 bytes, IEEE 754 with the sign bit turned, all bits turned if negative | member
//! ```

use crate::error::{Result, StorageError};
use smallvec::SmallVec;

/// Bytes of a score.
pub const SCORE_LEN: usize = 8;

const SIGN: u64 = 1 << 63;

/// A key under construction; most fit without allocation.
pub type ScoreKey = SmallVec<[u8; 64]>;

/// A score in an order that bytes compare by, as a number.
#[inline]
pub fn ordered(score: f64) -> u64 {
    debug_assert!(!score.is_nan(), "a score is a number");
    // Adding turns -0.0 into 0.0.
    let bits = (score + 0.0).to_bits();
    if bits & SIGN == 0 { bits | SIGN } else { !bits }
}

/// The score of which [`ordered`] gave this.
#[inline]
pub fn from_ordered(ordered: u64) -> f64 {
    f64::from_bits(if ordered & SIGN == 0 {
        !ordered
    } else {
        ordered & !SIGN
    })
}

/// The bytes of a score.
#[inline]
pub fn score_bytes(score: f64) -> [u8; SCORE_LEN] {
    ordered(score).to_be_bytes()
}

/// The key of a member.
#[inline]
pub fn score_key(score: f64, member: &[u8]) -> ScoreKey {
    let mut key = ScoreKey::from_slice(&score_bytes(score));
    key.extend_from_slice(member);
    key
}

/// The score at the beginning of some bytes.
#[inline]
pub fn score_of(bytes: &[u8]) -> Result<f64> {
    let (score, _) = split(bytes)?;
    Ok(score)
}

/// A key's score and member.
#[inline]
pub fn split(key: &[u8]) -> Result<(f64, &[u8])> {
    let (score, member) = key
        .split_first_chunk::<SCORE_LEN>()
        .ok_or_else(|| StorageError::Corrupted("a member without a score".into()))?;
    Ok((from_ordered(u64::from_be_bytes(*score)), member))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn keys_compare_as_scores_do(one in any::<f64>(), other in any::<f64>(), m in any::<u8>()) {
            prop_assume!(!one.is_nan() && !other.is_nan());
            let keys = (score_key(one, &[m]), score_key(other, &[m]));
            prop_assert_eq!(Some(keys.0.cmp(&keys.1)), one.partial_cmp(&other));
            let (score, member) = split(&keys.0).unwrap();
            prop_assert_eq!(score, one);
            prop_assert_eq!(member, &[m]);
        }
    }

    #[test]
    fn members_of_one_score_compare_bytewise() {
        assert!(score_key(1.5, b"a") < score_key(1.5, b"ab"));
        assert!(score_key(1.5, b"zz") < score_key(2.0, b""));
        assert_eq!(score_key(-0.0, b"a"), score_key(0.0, b"a"));
        assert!(score_key(f64::NEG_INFINITY, b"z") < score_key(f64::MIN, b""));
        assert!(score_key(f64::INFINITY, b"") > score_key(f64::MAX, b"z"));
        assert!(split(b"1234567").is_err());
    }
}
