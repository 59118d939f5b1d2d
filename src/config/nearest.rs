//! The known name that an unknown one was meant to be.
//!
//! Owns: edit distance. Must not know: directives. Tests: below.

/// Names longer than this are no misspelling of a directive.
const NAME_BYTES_MAX: usize = 64;

/// The candidate with the fewest edits (insert, delete, replace, swap of neighbours), if they are
/// few enough to be a slip: at most 2, or a third of the name.
pub fn nearest<'a>(name: &[u8], candidates: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    if name.len() > NAME_BYTES_MAX {
        return None;
    }
    let edits_max = (name.len() / 3).max(2);
    candidates
        .map(|candidate| (distance(name, candidate.as_bytes()), candidate))
        .filter(|(edits, candidate)| *edits <= edits_max && *edits < candidate.len())
        .min_by_key(|(edits, _)| *edits)
        .map(|(_, candidate)| candidate)
}

/// Optimal string alignment distance, over the last three rows of its table.
fn distance(from: &[u8], to: &[u8]) -> usize {
    let mut before_last: Vec<usize> = Vec::new();
    let mut last: Vec<usize> = (0..=to.len()).collect();
    for (row, from_byte) in from.iter().enumerate() {
        let mut current = vec![row + 1];
        for (column, to_byte) in to.iter().enumerate() {
            let at = |row: &[usize], index: usize| row.get(index).copied().unwrap_or(usize::MAX);
            let replaced = at(&last, column) + usize::from(from_byte != to_byte);
            let edited = at(&last, column + 1).min(at(&current, column)) + 1;
            let mut edits = replaced.min(edited);
            let crosswise = row > 0
                && column > 0
                && from.get(row - 1) == Some(to_byte)
                && to.get(column - 1) == Some(from_byte);
            if crosswise {
                edits = edits.min(at(&before_last, column - 1) + 1);
            }
            current.push(edits);
        }
        before_last = std::mem::replace(&mut last, current);
    }
    last.last().copied().unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn distance_counts_edits() {
        let cases = [
            ("", "", 0),
            ("port", "port", 0),
            ("prot", "port", 1),
            ("", "abc", 3),
            ("abc", "", 3),
        ];
        for (from, to, edits) in cases {
            assert_eq!(
                distance(from.as_bytes(), to.as_bytes()),
                edits,
                "{from} {to}"
            );
        }
        assert_eq!(distance(b"kitten", b"sitting"), 3);
        assert_eq!(distance(b"maxmemroy", b"maxmemory"), 1);
    }

    #[test]
    fn a_slip_finds_its_name_and_a_stranger_none() {
        let names = ["port", "maxmemory", "maxmemory-policy", "appendonly"];
        let nearest = |name: &str| nearest(name.as_bytes(), names.into_iter());
        assert_eq!(nearest("prot"), Some("port"));
        assert_eq!(nearest("maxmemoy"), Some("maxmemory"));
        assert_eq!(nearest("max-memory-policy"), Some("maxmemory-policy"));
        assert_eq!(nearest("append-only"), Some("appendonly"));
        assert_eq!(nearest("wibble-wobble"), None);
        assert_eq!(nearest(&"x".repeat(NAME_BYTES_MAX + 1)), None);
    }
}
