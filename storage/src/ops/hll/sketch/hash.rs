//! Owns what an element does to a sketch: which register it names, and the rank it raises it to.
//! Invariants: the hash is MurmurHash64A under Redis's seed, read as little-endian words on every
//! machine, so sketches of both servers can be merged. Must not know: encodings.
//! Tests: `tests.rs` beside this file.

use super::REGISTERS;

const SEED: u64 = 0xadc8_3b19;
const MULTIPLIER: u64 = 0xc6a4_a793_5bd1_e995;
const SHIFT: u32 = 47;
/// Bits of a hash that choose the register.
const INDEX_BITS: u32 = REGISTERS.trailing_zeros();
/// The others: a rank is at most one more.
pub const RANK_BITS: u32 = u64::BITS - INDEX_BITS;

/// A register and the rank that some element gives it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rank {
    /// Index of the register, below `REGISTERS`.
    pub register: usize,
    /// 1 to 51: one more than the number of zeros that the rest of the hash begins with; 63 is the
    /// most that a register holds.
    pub rank: u8,
}

impl Rank {
    /// What an element does.
    pub fn of(element: &[u8]) -> Rank {
        let hash = murmur64a(element);
        let register = (hash % REGISTERS as u64) as usize;
        let rest = hash >> INDEX_BITS;
        let zeros = rest.trailing_zeros().min(RANK_BITS);
        Rank {
            register,
            rank: zeros as u8 + 1,
        }
    }
}

fn murmur64a(bytes: &[u8]) -> u64 {
    let mut hash = SEED ^ (bytes.len() as u64).wrapping_mul(MULTIPLIER);
    let (words, tail) = bytes.as_chunks::<8>();
    for word in words {
        let mut word = u64::from_le_bytes(*word).wrapping_mul(MULTIPLIER);
        word ^= word >> SHIFT;
        hash = (hash ^ word.wrapping_mul(MULTIPLIER)).wrapping_mul(MULTIPLIER);
    }
    if !tail.is_empty() {
        let mut last = [0; 8];
        for (byte, given) in last.iter_mut().zip(tail) {
            *byte = *given;
        }
        hash = (hash ^ u64::from_le_bytes(last)).wrapping_mul(MULTIPLIER);
    }
    hash = (hash ^ (hash >> SHIFT)).wrapping_mul(MULTIPLIER);
    hash ^ (hash >> SHIFT)
}
