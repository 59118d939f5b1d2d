//! Owns the longest common subsequence of two byte strings: its length, itself, its ranges.
//! Invariants: of several longest ones it is the one that Redis gives; the table of lengths is the
//! only memory that grows with both strings, and `table_bytes` says how much.
//! Must not know: keys, replies. Tests: below.

/// Longest string that the table's 32-bit lengths allow.
pub const LCS_BYTES_MAX: usize = u32::MAX as usize - 2;

/// A run of bytes that both strings have in common; positions are the first and the last byte.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Run {
    pub in_first: (usize, usize),
    pub in_second: (usize, usize),
}

impl Run {
    /// Number of bytes.
    pub fn count(&self) -> usize {
        self.in_first.1 - self.in_first.0 + 1
    }
}

/// Bytes of the table for strings of these lengths, at most `LCS_BYTES_MAX` each.
pub fn table_bytes(first_len: usize, second_len: usize) -> u128 {
    (first_len as u128 + 1) * (second_len as u128 + 1) * size_of::<u32>() as u128
}

/// The length alone, from one row of the table at a time.
pub fn length(first: &[u8], second: &[u8]) -> usize {
    let mut row = vec![0u32; second.len() + 1];
    for byte in first {
        next_row(*byte, second, &mut row);
    }
    row.last().copied().unwrap_or_default() as usize
}

/// Turns the table's row of one byte of the first string into that of the next.
fn next_row(byte: u8, second: &[u8], row: &mut [u32]) {
    // What stands left above, and left.
    let (mut diagonal, mut left) = (0, 0);
    for (cell, other) in row.iter_mut().skip(1).zip(second) {
        let above = *cell;
        *cell = if byte == *other {
            diagonal + 1
        } else {
            left.max(above)
        };
        (diagonal, left) = (above, *cell);
    }
}

/// The subsequence, and its runs from the last one to the first.
pub fn subsequence(first: &[u8], second: &[u8]) -> (Vec<u8>, Vec<Run>) {
    let width = second.len() + 1;
    let mut table = vec![0u32; width * (first.len() + 1)];
    let mut rows = table.chunks_exact_mut(width);
    let mut above = rows.next();
    for (byte, row) in first.iter().zip(rows) {
        if let Some(above) = above {
            row.copy_from_slice(above);
        }
        next_row(*byte, second, row);
        above = Some(row);
    }
    walk_back(first, second, &table)
}

fn walk_back(first: &[u8], second: &[u8], table: &[u32]) -> (Vec<u8>, Vec<Run>) {
    let width = second.len() + 1;
    let length_at = |i: usize, j: usize| table.get(i * width + j).copied().unwrap_or_default();
    let (mut common, mut runs) = (Vec::new(), Vec::new());
    let mut open: Option<Run> = None;
    let (mut i, mut j) = (first.len(), second.len());
    while let (Some(above), Some(left)) = (i.checked_sub(1), j.checked_sub(1)) {
        let same = first
            .get(above)
            .filter(|byte| second.get(left) == Some(byte));
        let Some(&byte) = same else {
            runs.extend(open.take());
            if length_at(above, j) > length_at(i, left) {
                i = above;
            } else {
                j = left;
            }
            continue;
        };
        common.push(byte);
        (i, j) = (above, left);
        match &mut open {
            Some(run) if run.in_first.0 == i + 1 && run.in_second.0 == j + 1 => {
                run.in_first.0 = i;
                run.in_second.0 = j;
            }
            _ => {
                runs.extend(open.take());
                open = Some(Run {
                    in_first: (i, i),
                    in_second: (j, j),
                });
            }
        }
    }
    runs.extend(open);
    common.reverse();
    (common, runs)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn runs_come_from_the_end() {
        let (common, runs) = subsequence(b"ohmytext", b"mynewtext");
        assert_eq!(common, b"mytext");
        let ends: Vec<_> = runs
            .iter()
            .map(|run| (run.in_first, run.in_second, run.count()))
            .collect();
        assert_eq!(ends, [((4, 7), (5, 8), 4), ((2, 3), (0, 1), 2)]);
    }

    #[test]
    fn empty_strings_have_nothing_in_common() {
        assert_eq!(subsequence(b"", b"abc"), (Vec::new(), Vec::new()));
        assert_eq!(length(b"", b""), 0);
        assert_eq!(table_bytes(0, 0), 4);
        assert!(table_bytes(LCS_BYTES_MAX, LCS_BYTES_MAX) > u128::from(u64::MAX) / 2);
    }

    proptest! {
        #[test]
        fn the_three_answers_agree(first in "[abc]{0,40}", second in "[abc]{0,40}") {
            let (first, second) = (first.as_bytes(), second.as_bytes());
            let (common, runs) = subsequence(first, second);
            prop_assert_eq!(common.len(), length(first, second));
            let of_runs: Vec<u8> = runs
                .iter()
                .rev()
                .flat_map(|run| &first[run.in_first.0..=run.in_first.1])
                .copied()
                .collect();
            prop_assert_eq!(&of_runs, &common);
            for run in runs {
                let in_second = &second[run.in_second.0..=run.in_second.1];
                prop_assert_eq!(&first[run.in_first.0..=run.in_first.1], in_second);
            }
        }
    }
}
