//! Owns registers of six bits in a row: register 0 is the low six bits of byte 0, register 1 its
//! two high bits and the four low ones of byte 1, and so on; four registers fill three bytes.
//! Invariants: a register that lies outside the bytes given reads as 0 and is not written.
//! Must not know: the header. Tests: `tests.rs` beside this file.

use super::estimate::Histogram;
use super::hash::Rank;
use super::{REGISTERS, Registers};

const BITS: usize = 6;
const MASK: u16 = (1 << BITS) - 1;

/// Index of the last byte, counted from the first register's, that holds bits of a register.
pub fn last_byte(register: usize) -> usize {
    (register * BITS + BITS - 1) / 8
}

/// Raises a register; gives whether it was lower.
pub fn raise(packed: &mut [u8], rank: Rank) -> bool {
    let (first, shift) = (rank.register * BITS / 8, rank.register * BITS % 8);
    let byte = |at: usize| u16::from(packed.get(at).copied().unwrap_or(0));
    let pair = byte(first) | byte(first + 1) << 8;
    let value = u16::from(rank.rank) & MASK;
    if (pair >> shift) & MASK >= value {
        return false;
    }
    let pair = (pair & !(MASK << shift)) | value << shift;
    let target = packed.get_mut(first..).unwrap_or_default();
    for (byte, new) in target.iter_mut().zip(pair.to_le_bytes()) {
        *byte = new;
    }
    true
}

/// The four registers of three bytes.
fn unpack(bytes: &[u8; 3]) -> [u8; 4] {
    let [a, b, c] = *bytes;
    let mask = MASK as u8;
    [
        a & mask,
        (a >> 6 | b << 2) & mask,
        (b >> 4 | c << 4) & mask,
        c >> 2,
    ]
}

/// All registers, packed.
pub fn pack(registers: &Registers) -> Vec<u8> {
    let (groups, _) = registers.as_chunks::<4>();
    let three = |&[a, b, c, d]: &[u8; 4]| [a | b << 6, b >> 2 | c << 4, c >> 4 | d << 2];
    let mut packed = Vec::with_capacity(REGISTERS * BITS / 8);
    for group in groups {
        packed.extend_from_slice(&three(group));
    }
    packed
}

/// Raises each of `registers` to the packed one.
pub fn merge_into(packed: &[u8], registers: &mut Registers) {
    let (groups, _) = registers.as_chunks_mut::<4>();
    let (triples, _) = packed.as_chunks::<3>();
    for (group, triple) in groups.iter_mut().zip(triples) {
        for (register, value) in group.iter_mut().zip(unpack(triple)) {
            *register = value.max(*register);
        }
    }
}

/// How many registers have each value.
pub fn histogram(packed: &[u8]) -> Histogram {
    // Neighbours often have the same value; counting them in lanes of their own keeps one increment
    // from waiting for the other.
    let mut lanes = [Histogram::default(); 4];
    let (triples, _) = packed.as_chunks::<3>();
    for triple in triples {
        for (lane, value) in lanes.iter_mut().zip(unpack(triple)) {
            lane.add(value, 1);
        }
    }
    lanes.into_iter().fold(Histogram::default(), Histogram::sum)
}
