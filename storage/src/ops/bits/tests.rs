//! Every kernel against a loop over single bits.

use super::*;
use proptest::prelude::*;

fn bit_of(bytes: &[u8], at: u64) -> bool {
    let byte = bytes.get((at / 8) as usize).copied().unwrap_or(0);
    byte >> (7 - at % 8) & 1 == 1
}

/// Bytes with long runs, so that the loops over words are left at every place.
fn bytes() -> impl Strategy<Value = Vec<u8>> {
    let run = (prop_oneof![Just(0), Just(255), any::<u8>()], 1..70usize);
    let runs = proptest::collection::vec(run, 0..6);
    runs.prop_map(|runs| {
        let parts = runs.into_iter();
        parts
            .flat_map(|(byte, len)| std::iter::repeat_n(byte, len))
            .collect()
    })
}

proptest! {
    #[test]
    fn counting_counts_each_bit(bytes in bytes()) {
        let bits = (0..bytes.len() as u64 * 8).filter(|&at| bit_of(&bytes, at));
        prop_assert_eq!(count_ones(&bytes), bits.count() as u64);
    }

    #[test]
    fn finding_finds_the_first(bytes in bytes(), from in 0..600u64, bit in any::<bool>()) {
        let expected = (from..bytes.len() as u64 * 8).find(|&at| bit_of(&bytes, at) == bit);
        prop_assert_eq!(find(&bytes, from, bit), expected);
    }

    #[test]
    fn fields_are_their_bits(bytes in bytes(), at in 0..600u64, width in 1..=64u32) {
        let bits = (at..at + u64::from(width)).map(|at| u64::from(bit_of(&bytes, at)));
        prop_assert_eq!(field(&bytes, at, width), bits.fold(0, |value, bit| value << 1 | bit));
    }

    #[test]
    fn writing_a_field_changes_its_bits_only(
        bytes in bytes(), at in 0..600u64, width in 1..=64u32, value in any::<u64>(),
    ) {
        let mut written = bytes.clone();
        put_field(&mut written, at, width, value);
        let range = at..at + u64::from(width);
        for place in 0..bytes.len() as u64 * 8 {
            let expected = if range.contains(&place) {
                value >> (range.end - 1 - place) & 1 == 1
            } else {
                bit_of(&bytes, place)
            };
            prop_assert_eq!(bit_of(&written, place), expected, "bit {}", place);
        }
        prop_assert_eq!(written.len(), bytes.len());
    }

    #[test]
    fn combining_is_defined_bit_by_bit(
        sources in proptest::collection::vec(bytes(), 1..5), piece in 1..90usize,
    ) {
        use BitOp::{And, AndOr, Diff, Diff1, Not, One, Or, Xor};
        for op in [And, Or, Xor, Not, Diff, Diff1, AndOr, One] {
            let sources = if op == Not { &sources[..1] } else { &sources[..] };
            let len = sources.iter().map(Vec::len).max().unwrap_or(0);
            let mut combination = Combination::new(op, len);
            let result = combination.block(len, sources.len(), |source, apply| {
                for (nth, part) in sources[source].chunks(piece).enumerate() {
                    if part.iter().any(|byte| *byte != 0) {
                        apply(nth * piece, part);
                    }
                }
                Ok::<(), ()>(())
            });
            let result = result.unwrap();
            prop_assert_eq!(result.len(), len);
            for at in 0..len as u64 * 8 {
                let set = sources.iter().filter(|source| bit_of(source, at)).count();
                let first = bit_of(&sources[0], at);
                let others = set - usize::from(first);
                let expected = match op {
                    And => set == sources.len(),
                    Or => set > 0,
                    Xor => set % 2 == 1,
                    Not => !first,
                    Diff => first && others == 0,
                    Diff1 => !first && others > 0,
                    AndOr => first && others > 0,
                    One => set == 1,
                };
                prop_assert_eq!(bit_of(result, at), expected, "{:?} bit {}", op, at);
            }
        }
    }
}

#[test]
fn a_combination_starts_each_block_anew() {
    let mut one = Combination::new(BitOp::One, 4);
    let mut block = |len: usize, sources: [&[u8]; 3]| {
        let read = |source: usize, apply: &mut dyn FnMut(usize, &[u8])| {
            apply(0, sources[source]);
            Ok::<(), ()>(())
        };
        one.block(len, 3, read).unwrap().to_vec()
    };
    assert_eq!(block(4, [&[255; 4], &[255; 4], &[255; 4]]), [0; 4]);
    assert_eq!(block(2, [&[1, 2], &[2, 2], &[4, 2]]), [7, 0]);
}
