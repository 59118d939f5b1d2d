//! The intset: integers of one width in ascending order.
//!
//! Owns reading and writing one. Layout: width in bytes (u32: 2, 4 or 8), number of integers
//! (u32), integers; all little-endian.
//! Invariants: what is read ascends strictly; what is written takes the least width.
//! Must not know: what the integers mean.
//! Tests: at the end of this file.

use super::signed_le;
use crate::rdb::error::DecodeError;

const HEADER_LEN: usize = 8;

/// The integers of an intset, without taking memory for them.
pub fn read(bytes: &[u8]) -> Result<impl ExactSizeIterator<Item = i64> + '_, DecodeError> {
    let (width, body) = header(bytes).ok_or(DecodeError::Intset)?;
    let numbers = body.chunks_exact(width).map(number);
    if !numbers.clone().is_sorted_by(|a, b| a < b) {
        return Err(DecodeError::Intset);
    }
    Ok(numbers)
}

fn header(bytes: &[u8]) -> Option<(usize, &[u8])> {
    let (header, body) = bytes.split_at_checked(HEADER_LEN)?;
    let width = u32::from_le_bytes(header.get(..4)?.try_into().ok()?) as usize;
    let count = u32::from_le_bytes(header.get(4..)?.try_into().ok()?) as usize;
    let sound = matches!(width, 2 | 4 | 8) && count.checked_mul(width)? == body.len();
    sound.then_some((width, body))
}

fn number(bytes: &[u8]) -> i64 {
    let number = match bytes.len() {
        2 => signed_le::<2>(bytes, 0),
        4 => signed_le::<4>(bytes, 0),
        _ => signed_le::<8>(bytes, 0),
    };
    number.unwrap_or_default()
}

/// Appends the intset of distinct integers to `out`; sorts them.
pub fn write(numbers: &mut [i64], out: &mut Vec<u8>) {
    numbers.sort_unstable();
    let fits = |min: i64, max: i64| {
        let ends = [numbers.first(), numbers.last()];
        ends.into_iter()
            .flatten()
            .all(|end| (min..=max).contains(end))
    };
    let width: u32 = if fits(i64::from(i16::MIN), i64::from(i16::MAX)) {
        2
    } else if fits(i64::from(i32::MIN), i64::from(i32::MAX)) {
        4
    } else {
        8
    };
    let count = u32::try_from(numbers.len()).unwrap_or(u32::MAX);
    debug_assert!(count < u32::MAX, "callers keep intsets small");
    out.extend(width.to_le_bytes());
    out.extend(count.to_le_bytes());
    for number in numbers {
        out.extend(number.to_le_bytes().into_iter().take(width as usize));
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn written(numbers: &[i64]) -> Vec<u8> {
        let mut out = Vec::new();
        write(&mut numbers.to_vec(), &mut out);
        out
    }

    fn read_all(bytes: &[u8]) -> Result<Vec<i64>, DecodeError> {
        read(bytes).map(Iterator::collect)
    }

    #[test]
    fn the_width_is_the_least() {
        assert_eq!(
            written(&[3, -1]),
            [2, 0, 0, 0, 2, 0, 0, 0, 0xff, 0xff, 3, 0]
        );
        assert_eq!(written(&[1, 0x8000]).len(), HEADER_LEN + 8);
        assert_eq!(written(&[1, -0x8000_0001]).len(), HEADER_LEN + 16);
    }

    #[test]
    fn every_damaged_part_is_noticed() {
        let good = written(&[1, 2, 3]);
        assert_eq!(read_all(&good), Ok(vec![1, 2, 3]));
        for (at, byte, part) in [
            (0, 3, "width"),
            (0, 4, "width"),
            (4, 2, "count"),
            (7, 0xff, "count"),
            (8, 2, "twice the same"),
            (8, 9, "order"),
        ] {
            let mut bad = good.clone();
            bad[at] = byte;
            assert_eq!(read_all(&bad), Err(DecodeError::Intset), "{part}");
        }
        for len in 0..good.len() {
            assert_eq!(read_all(&good[..len]), Err(DecodeError::Intset));
        }
    }

    proptest! {
        #[test]
        fn everything_reads_back(
            numbers in proptest::collection::btree_set(any::<i64>(), 0..50),
            shift in 0..64_u32,
        ) {
            let narrow: std::collections::BTreeSet<i64> =
                numbers.iter().map(|number| number >> shift).collect();
            let narrow: Vec<i64> = narrow.into_iter().collect();
            prop_assert_eq!(read_all(&written(&narrow)), Ok(narrow));
        }
    }
}
