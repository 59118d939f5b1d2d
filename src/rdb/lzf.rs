//! LZF, the compression of strings: short runs of literals and references to what came before.
//!
//! Owns [`Compressor`] and [`decompress`]. A control byte below 32 says how many literals follow,
//! less one. Any other begins a reference: three bits of length (7: another byte is added), then
//! thirteen bits of distance, less one; the length counts from 2.
//! Invariants: decompression gives exactly the announced length or nothing; compressed output is
//! never longer than its caller's limit.
//! Must not know: what is compressed.
//! Tests: at the end of this file; liblzf itself reads and writes in `rdb/tests/redis/`.

/// The longest run of literals behind one control byte.
const LITERALS_MAX: usize = 32;
/// The farthest that a reference reaches back, in bytes.
const DISTANCE_MAX: usize = 1 << 13;
/// The most bytes that a reference stands for.
const MATCH_LEN_MAX: usize = 264;
/// The fewest bytes that a reference stands for when it is written.
const MATCH_LEN_MIN: usize = 3;
/// A reference of three bytes stands for up to [`MATCH_LEN_MAX`], so this is how far input can
/// grow; what announces more is a lie.
const EXPANSION_MAX: usize = 88;
/// Bits of the largest table of positions: 256 KiB.
const TABLE_BITS_MAX: u32 = 16;
const TABLE_BITS_MIN: u32 = 8;

/// Unpacks `input`, which must give exactly `len` bytes. Memory is taken only if it can.
#[must_use]
pub fn decompress(input: &[u8], len: usize) -> Option<Vec<u8>> {
    if len == 0 || len / EXPANSION_MAX > input.len() {
        return None;
    }
    let mut out = Vec::with_capacity(len);
    let mut rest = input;
    while let Some((&control, after)) = rest.split_first() {
        let control = usize::from(control);
        if control < LITERALS_MAX {
            let (literals, after) = after.split_at_checked(control + 1)?;
            if out.len() + literals.len() > len {
                return None;
            }
            out.extend_from_slice(literals);
            rest = after;
        } else {
            rest = copy_reference(control, after, len, &mut out)?;
        }
    }
    (out.len() == len).then_some(out)
}

/// Appends what a reference stands for; gives the input behind it.
fn copy_reference<'a>(
    control: usize,
    input: &'a [u8],
    len: usize,
    out: &mut Vec<u8>,
) -> Option<&'a [u8]> {
    let mut rest = input;
    let mut match_len = control >> 5;
    if match_len == 7 {
        let (&more, after) = rest.split_first()?;
        match_len += usize::from(more);
        rest = after;
    }
    match_len += 2;
    let (&low, rest) = rest.split_first()?;
    let distance = ((control & 0x1f) << 8) + usize::from(low) + 1;
    let start = out.len().checked_sub(distance)?;
    if out.len() + match_len > len {
        return None;
    }
    if distance >= match_len {
        out.extend_from_within(start..start + match_len);
    } else {
        // The copy runs into its own output and repeats it.
        for at in start..start + match_len {
            let byte = *out.get(at)?;
            out.push(byte);
        }
    }
    Some(rest)
}

/// Compresses strings; keeps its table of positions between them.
#[derive(Debug, Default)]
pub struct Compressor {
    /// By hash of three bytes: where they were seen last, plus one.
    table: Vec<u32>,
    out: Vec<u8>,
}

impl Compressor {
    /// `input` in at most `len_max` bytes, or nothing if it does not become that short.
    pub fn compress(&mut self, input: &[u8], len_max: usize) -> Option<&[u8]> {
        if u32::try_from(input.len()).is_err() {
            return None;
        }
        let bits = input.len().next_power_of_two().trailing_zeros();
        let bits = bits.clamp(TABLE_BITS_MIN, TABLE_BITS_MAX);
        self.table.clear();
        self.table.resize(1 << bits, 0);
        self.out.clear();
        let mut literals_from = 0;
        let mut at = 0;
        while let Some(three) = input.get(at..at + MATCH_LEN_MIN) {
            let candidate = self.exchange(three, bits, at);
            let match_len = candidate.map_or(0, |start| common_len(input, start, at));
            match candidate {
                Some(start) if match_len >= MATCH_LEN_MIN => {
                    self.put_literals(input.get(literals_from..at)?);
                    self.put_reference(at - start, match_len);
                    at += match_len;
                    literals_from = at;
                    self.remember_end(input, bits, at);
                }
                _ => at += 1,
            }
            if self.out.len() + (at - literals_from) > len_max + LITERALS_MAX {
                return None;
            }
        }
        self.put_literals(input.get(literals_from..)?);
        (self.out.len() <= len_max).then_some(&self.out)
    }

    /// Notes that `three` stand at `at`; gives where they may stand within reach.
    fn exchange(&mut self, three: &[u8], bits: u32, at: usize) -> Option<usize> {
        let place = self.table.get_mut(hash(three, bits))?;
        let before = std::mem::replace(place, at as u32 + 1);
        let start = (before as usize).checked_sub(1)?;
        (at - start <= DISTANCE_MAX).then_some(start)
    }

    /// Notes the last place inside a match, so that a repetition right behind it is found.
    fn remember_end(&mut self, input: &[u8], bits: u32, end: usize) {
        let at = end - 1;
        if let Some(three) = input.get(at..at + MATCH_LEN_MIN) {
            self.exchange(three, bits, at);
        }
    }

    fn put_literals(&mut self, literals: &[u8]) {
        for run in literals.chunks(LITERALS_MAX) {
            self.out.push((run.len() - 1) as u8);
            self.out.extend_from_slice(run);
        }
    }

    fn put_reference(&mut self, distance: usize, match_len: usize) {
        debug_assert!((1..=DISTANCE_MAX).contains(&distance));
        let (distance, len) = (distance - 1, match_len - 2);
        // The casts keep the bits that belong into each byte.
        let high = (distance >> 8) as u8;
        if len < 7 {
            self.out.push(high | (len << 5) as u8);
        } else {
            self.out.push(high | 7 << 5);
            self.out.push((len - 7) as u8);
        }
        self.out.push(distance as u8);
    }
}

/// How many bytes from `start` and from `at` on are the same, up to the longest reference.
fn common_len(input: &[u8], start: usize, at: usize) -> usize {
    let (Some(before), Some(here)) = (input.get(start..), input.get(at..)) else {
        return 0;
    };
    let pairs = before.iter().zip(here).take(MATCH_LEN_MAX);
    pairs.take_while(|(a, b)| a == b).count()
}

fn hash(three: &[u8], bits: u32) -> usize {
    let value = three
        .iter()
        .fold(0_u32, |value, byte| value << 8 | u32::from(*byte));
    (value.wrapping_mul(0x9e37_79b1) >> (32 - bits)) as usize
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn round_trip(input: &[u8]) -> usize {
        let mut compressor = Compressor::default();
        let len_max = input.len() + input.len() / LITERALS_MAX + 1;
        let packed = compressor.compress(input, len_max).expect("room");
        assert_eq!(decompress(packed, input.len()).as_deref(), Some(input));
        packed.len()
    }

    #[test]
    fn repetitions_shrink() {
        assert_eq!(round_trip(&[b'a'; 24]), 5);
        assert!(round_trip(&[0; 100_000]) < 1200);
        let words = b"the quick brown fox jumps over the lazy dog ".repeat(50);
        assert!(round_trip(&words) < 100);
    }

    #[test]
    fn references_reach_exactly_as_far_as_they_can() {
        let unique = |len: usize| (0..len).map(|n| (n * n / 7 + n * 13) as u8);
        for gap in DISTANCE_MAX - 12..DISTANCE_MAX + 4 {
            let mut input = b"abcdefghij".to_vec();
            input.extend(unique(gap));
            input.extend(b"abcdefghij");
            round_trip(&input);
        }
    }

    #[test]
    fn what_does_not_shrink_is_refused() {
        let mut compressor = Compressor::default();
        let input: Vec<u8> = (0..=255).collect();
        assert_eq!(compressor.compress(&input, input.len() - 4), None);
        assert_eq!(compressor.compress(b"", 0), Some(&b""[..]));
    }

    #[test]
    fn damaged_input_is_refused() {
        let good = [0x00, b'a', 0xe0, 0x00, 0x00];
        assert_eq!(decompress(&good, 10), Some(vec![b'a'; 10]));
        assert_eq!(decompress(&good, 9), None, "more than announced");
        assert_eq!(decompress(&good, 11), None, "less than announced");
        assert_eq!(decompress(&good[..4], 10), None, "ends inside a reference");
        assert_eq!(decompress(&[0x00], 1), None, "ends inside literals");
        assert_eq!(decompress(&[0x20, 0x00], 3), None, "before the beginning");
        assert_eq!(
            decompress(&[0x00, b'a', 0x20, 0x01], 4),
            None,
            "too far back"
        );
        assert_eq!(decompress(&good, 1 << 40), None, "announced beyond reason");
        assert_eq!(decompress(b"", 0), None);
    }

    proptest! {
        #[test]
        fn everything_reads_back(input in proptest::collection::vec(0..4_u8, 1..2000)) {
            round_trip(&input);
        }

        #[test]
        fn any_bytes_are_read_without_harm(
            input in proptest::collection::vec(any::<u8>(), 0..200),
            len in 0..5000_usize,
        ) {
            if let Some(out) = decompress(&input, len) {
                prop_assert_eq!(out.len(), len);
            }
        }
    }
}
