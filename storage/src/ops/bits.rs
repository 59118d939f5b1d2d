//! Owns arithmetic on the bits of byte slices: count, search, fields of up to 64 bits, combination.
//! Invariants: bit 0 is the most significant bit of byte 0, as in Redis; nothing here allocates
//! except for the one block that a combination works on.
//! Must not know: keys, chunks. Tests: below, against loops over single bits.
//!
//! On the request path: loops go over whole words, shaped so that the compiler vectorises them.

/// Bytes that the longest field (64 bits) can touch when it does not begin at a byte.
pub const FIELD_BYTES_MAX: usize = 9;

/// Number of one bits.
pub fn count_ones(bytes: &[u8]) -> u64 {
    let (blocks, rest) = bytes.as_chunks::<32>();
    let mut lanes = [0u64; 4];
    for block in blocks {
        let (words, _) = block.as_chunks::<8>();
        for (lane, word) in lanes.iter_mut().zip(words) {
            *lane += u64::from(u64::from_ne_bytes(*word).count_ones());
        }
    }
    let tail: u32 = rest.iter().map(|byte| byte.count_ones()).sum();
    lanes.iter().sum::<u64>() + u64::from(tail)
}

/// Index of the first bit equal to `bit` at or after bit `from`.
pub fn find(bytes: &[u8], from: u64, bit: bool) -> Option<u64> {
    let skipped = usize::try_from(from / 8).ok()?;
    let (&first, rest) = bytes.get(skipped..)?.split_first()?;
    let flip = if bit { 0 } else { u8::MAX };
    let wanted = (first ^ flip) & (u8::MAX >> (from % 8));
    if wanted != 0 {
        return Some(from / 8 * 8 + u64::from(wanted.leading_zeros()));
    }
    let found = find_in_bytes(rest, flip)?;
    Some((from / 8 + 1) * 8 + found)
}

/// Index of the first one bit of `bytes`, each exclusive-ored with `flip`.
fn find_in_bytes(bytes: &[u8], flip: u8) -> Option<u64> {
    let flips = u64::from_ne_bytes([flip; 8]);
    let (blocks, _) = bytes.as_chunks::<32>();
    let blank = |block: &&[u8; 32]| {
        let (words, _) = block.as_chunks::<8>();
        words
            .iter()
            .fold(0, |any, word| any | (u64::from_ne_bytes(*word) ^ flips))
            == 0
    };
    let skipped = blocks.iter().take_while(blank).count() * 32;
    let rest = bytes.get(skipped..)?;
    let (at, byte) = rest.iter().enumerate().find(|(_, byte)| **byte != flip)?;
    Some((skipped + at) as u64 * 8 + u64::from((byte ^ flip).leading_zeros()))
}

/// The field of `width` bits (1 to 64) at bit `at`; bits behind the slice are 0.
pub fn field(bytes: &[u8], at: u64, width: u32) -> u64 {
    debug_assert!((1..=64).contains(&width));
    let (word, _) = field_word(bytes, at);
    ((word << (at % 8)) >> (128 - width)) as u64
}

/// Overwrites the field of `width` bits (1 to 64) at bit `at` with the low bits of `value`; bits
/// behind the slice are dropped.
pub fn put_field(bytes: &mut [u8], at: u64, width: u32, value: u64) {
    debug_assert!((1..=64).contains(&width));
    let (word, start) = field_word(bytes, at);
    let shift = 128 - width - (at % 8) as u32;
    let mask = (u128::MAX >> (128 - width)) << shift;
    let word = (word & !mask) | ((u128::from(value) << shift) & mask);
    let target = bytes.get_mut(start..).unwrap_or_default();
    for (byte, new) in target.iter_mut().zip(word.to_be_bytes()) {
        *byte = new;
    }
}

/// Up to 16 bytes from the one that holds bit `at` on, and where they begin.
fn field_word(bytes: &[u8], at: u64) -> (u128, usize) {
    let start = usize::try_from(at / 8).unwrap_or(usize::MAX);
    let mut word = [0; 16];
    for (byte, stored) in word.iter_mut().zip(bytes.get(start..).unwrap_or_default()) {
        *byte = *stored;
    }
    (u128::from_be_bytes(word), start)
}

/// How BITOP combines its sources; the first one plays a part of its own in some.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BitOp {
    /// Bits set in every source.
    And,
    /// Bits set in any source.
    Or,
    /// Bits set in an odd number of sources.
    Xor,
    /// Bits not set in the only source.
    Not,
    /// Bits of the first source that no other has.
    Diff,
    /// Bits of any other source that the first does not have.
    Diff1,
    /// Bits of the first source that any other has too.
    AndOr,
    /// Bits set in exactly one source.
    One,
}

/// What one source does to a block of the result, which begins as zeros.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Step {
    And,
    AndNot,
    Or,
    Xor,
    Not,
    One,
}

impl BitOp {
    /// Sources in the order in which they are applied, with the first one last where its part is
    /// to be played on the union of the others.
    fn steps(self, sources: usize) -> impl Iterator<Item = (usize, Step)> {
        let (first, others, first_is_last) = match self {
            BitOp::And => (Step::Or, Step::And, false),
            BitOp::Or => (Step::Or, Step::Or, false),
            BitOp::Xor => (Step::Xor, Step::Xor, false),
            BitOp::Not => (Step::Not, Step::Not, false),
            BitOp::Diff => (Step::Or, Step::AndNot, false),
            BitOp::Diff1 => (Step::AndNot, Step::Or, true),
            BitOp::AndOr => (Step::And, Step::Or, true),
            BitOp::One => (Step::One, Step::One, false),
        };
        let begin = (!first_is_last).then_some((0, first));
        let end = first_is_last.then_some((0, first));
        let middle = (1..sources).map(move |source| (source, others));
        begin.into_iter().chain(middle).chain(end)
    }
}

/// One block of a result under construction.
#[derive(Debug)]
pub struct Combination {
    op: BitOp,
    result: Vec<u8>,
    /// Bits seen in more than one source; empty unless the operation is `One`.
    repeated: Vec<u8>,
}

impl Combination {
    /// Room for blocks of up to `block_bytes`.
    pub fn new(op: BitOp, block_bytes: usize) -> Combination {
        let repeated = if op == BitOp::One { block_bytes } else { 0 };
        Combination {
            op,
            result: vec![0; block_bytes],
            repeated: vec![0; repeated],
        }
    }

    /// Combines a block of `len` bytes: `read(source, part)` calls its second argument with the
    /// bytes of the source that are not known to be zero, and where in the block they stand.
    pub fn block<E>(
        &mut self,
        len: usize,
        sources: usize,
        mut read: impl FnMut(usize, &mut dyn FnMut(usize, &[u8])) -> Result<(), E>,
    ) -> Result<&[u8], E> {
        self.result.fill(0);
        self.repeated.fill(0);
        let len = len.min(self.result.len());
        for (source, step) in self.op.steps(sources) {
            // Where the source's last bytes ended; what is between two parts is zeros.
            let mut done = 0;
            read(source, &mut |at, bytes| {
                self.blank(step, done, at.min(len));
                self.bytes(step, at, bytes);
                done = at + bytes.len();
            })?;
            self.blank(step, done, len);
        }
        Ok(self.result.get(..len).unwrap_or_default())
    }

    /// Applies zeros from `start` to `end`.
    fn blank(&mut self, step: Step, start: usize, end: usize) {
        let Some(range) = self.result.get_mut(start..end) else {
            return;
        };
        match step {
            Step::And => range.fill(0),
            Step::Not => range.fill(u8::MAX),
            Step::AndNot | Step::Or | Step::Xor | Step::One => {}
        }
    }

    /// Applies a source's bytes at `at`.
    fn bytes(&mut self, step: Step, at: usize, bytes: &[u8]) {
        let range = self.result.get_mut(at..).unwrap_or_default().iter_mut();
        let pairs = range.zip(bytes);
        match step {
            Step::And => pairs.for_each(|(to, from)| *to &= from),
            Step::AndNot => pairs.for_each(|(to, from)| *to &= !from),
            Step::Or => pairs.for_each(|(to, from)| *to |= from),
            Step::Xor => pairs.for_each(|(to, from)| *to ^= from),
            Step::Not => pairs.for_each(|(to, from)| *to = !from),
            Step::One => {
                let repeated = self.repeated.get_mut(at..).unwrap_or_default().iter_mut();
                for ((to, from), twice) in pairs.zip(repeated) {
                    *twice |= *to & from;
                    *to = (*to | from) & !*twice;
                }
            }
        }
    }
}

#[cfg(test)]
mod tests;
