//! Glob patterns, as in `KEYS`, `SCAN ... MATCH`, `PSUBSCRIBE` and ACL rules.
//!
//! Owns [`matches`] and [`matches_ignore_case`]: `*` any bytes, `?` one byte, `[a-z]` and `[^a-z]`
//! one byte of a class, `\` the next byte itself. Bytes, not characters.
//! Invariant: at most `pattern.len() * (text.len() + 1)` byte comparisons and no recursion,
//! whatever the pattern.
//! Must not know: keys, channels, users.
//! Tests: `glob/tests.rs`.

#[cfg(test)]
mod tests;

/// Whether `pattern` matches the whole of `text`.
#[must_use]
pub fn matches(pattern: &[u8], text: &[u8]) -> bool {
    matches_with(pattern, text, Case::Sensitive)
}

/// The same, where ASCII letters match in either case.
#[must_use]
pub fn matches_ignore_case(pattern: &[u8], text: &[u8]) -> bool {
    matches_with(pattern, text, Case::Insensitive)
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Case {
    Sensitive,
    Insensitive,
}

impl Case {
    fn fold(self, byte: u8) -> u8 {
        match self {
            Self::Sensitive => byte,
            Self::Insensitive => byte.to_ascii_lowercase(),
        }
    }
}

/// Most runs of `*` with something behind them in a pattern that can match: Redis's bound on its
/// recursion, kept so that the same patterns match.
const STARS_MAX: usize = 1000;

/// Only the last `*` is ever tried again: whatever an earlier one could take in addition, the
/// last one can take as well. That keeps the work at the product of the two lengths.
fn matches_with(pattern: &[u8], text: &[u8], case: Case) -> bool {
    if text.is_empty() {
        // Redis compares nothing with an empty text, so not even `*` matches it.
        return pattern.is_empty();
    }
    let mut pattern = pattern;
    let mut text = text;
    // What follows the last `*`, and what is left of the text if that `*` takes one byte more.
    let mut retry: Option<(&[u8], &[u8])> = None;
    let mut stars = 0;
    while let [byte, text_rest @ ..] = text {
        if let Some(after_stars) = skip_stars(pattern) {
            if after_stars.is_empty() {
                return true;
            }
            stars += 1;
            if stars > STARS_MAX {
                return false;
            }
            retry = Some((after_stars, text_rest));
            pattern = after_stars;
        }
        match match_byte(pattern, *byte, case) {
            Some(pattern_rest) => {
                pattern = pattern_rest;
                text = text_rest;
            }
            None => {
                let Some((after_stars, shorter)) = retry else {
                    return false;
                };
                let [_, shortest @ ..] = shorter else {
                    return false;
                };
                retry = Some((after_stars, shortest));
                pattern = after_stars;
                text = shorter;
            }
        }
    }
    pattern.iter().all(|&byte| byte == b'*')
}

/// What follows the stars at the front of `pattern`, if there are any.
fn skip_stars(pattern: &[u8]) -> Option<&[u8]> {
    let stars = pattern.iter().take_while(|&&byte| byte == b'*').count();
    if stars == 0 {
        return None;
    }
    pattern.get(stars..)
}

/// What follows the first element of `pattern`, which is no star, if that element matches `byte`.
fn match_byte(pattern: &[u8], byte: u8, case: Case) -> Option<&[u8]> {
    let (matched, rest) = match pattern {
        [] => return None,
        [b'?', rest @ ..] => (true, rest),
        [b'[', class @ ..] => match_class(class, byte, case),
        [b'\\', literal, rest @ ..] | [literal, rest @ ..] => {
            (case.fold(*literal) == case.fold(byte), rest)
        }
    };
    matched.then_some(rest)
}

/// Whether `byte` is in the class whose text begins `class`, and what follows the class. A class
/// that is not closed ends with the pattern.
///
/// Three oddities are Redis's own: an escaped byte is compared in its own case; the ends of a
/// range may stand in either order but are put in order before their case is ignored; and bytes
/// above 127 sort below all others, being negative as C's `char`.
fn match_class(class: &[u8], byte: u8, case: Case) -> (bool, &[u8]) {
    let (negated, mut class) = match class {
        [b'^', rest @ ..] => (true, rest),
        rest => (false, rest),
    };
    let mut found = false;
    loop {
        class = match class {
            [] => return (found != negated, class),
            [b'\\', literal, rest @ ..] => {
                found |= *literal == byte;
                rest
            }
            [b']', rest @ ..] => return (found != negated, rest),
            [first, b'-', last, rest @ ..] => {
                found |= in_range(*first, *last, byte, case);
                rest
            }
            [literal, rest @ ..] => {
                found |= case.fold(*literal) == case.fold(byte);
                rest
            }
        };
    }
}

fn in_range(first: u8, last: u8, byte: u8, case: Case) -> bool {
    let (low, high) = if (first as i8) <= (last as i8) {
        (first, last)
    } else {
        (last, first)
    };
    let folded = |byte| case.fold(byte) as i8;
    (folded(low)..=folded(high)).contains(&folded(byte))
}
