//! Lines of a configuration file as words, and words as a line.
//!
//! Owns: the quoting rules of `redis.conf` and of `CONFIG REWRITE`.
//! Invariant: `split(quote(word))` gives the word back, for any bytes.
//! Must not know: directives. Tests: below.

use super::units::is_blank;

/// Splits a line into words.
///
/// Words are separated by blanks. `"..."` takes the escapes `\n \r \t \b \a \xHH` and a
/// backslash before any other byte; `'...'` takes only `\'`. A closing quote must be followed by a
/// blank or the end. `None` for unbalanced quotes. A NUL byte ends the line, as it does in C.
pub fn split(line: &[u8]) -> Option<Vec<Vec<u8>>> {
    let end = memchr::memchr(0, line).unwrap_or(line.len());
    let mut rest = line.get(..end).unwrap_or(line);
    let mut words = Vec::new();
    loop {
        while let [blank, tail @ ..] = rest
            && is_blank(*blank)
        {
            rest = tail;
        }
        if rest.is_empty() {
            return Some(words);
        }
        let (word, tail) = split_word(rest)?;
        words.push(word);
        rest = tail;
    }
}

/// Takes one word off the front. A quote may open anywhere in a word but always ends it.
fn split_word(mut rest: &[u8]) -> Option<(Vec<u8>, &[u8])> {
    let mut word = Vec::new();
    loop {
        match rest {
            // Only these four separate words: other blanks are part of an unquoted word.
            [] | [b' ' | b'\n' | b'\r' | b'\t', ..] => return Some((word, rest)),
            [b'"', tail @ ..] => {
                let tail = split_double_quoted(tail, &mut word)?;
                return closed(tail).map(|tail| (word, tail));
            }
            [b'\'', tail @ ..] => {
                let tail = split_single_quoted(tail, &mut word)?;
                return closed(tail).map(|tail| (word, tail));
            }
            [byte, tail @ ..] => {
                word.push(*byte);
                rest = tail;
            }
        }
    }
}

/// What follows a closing quote must be a blank or nothing.
fn closed(tail: &[u8]) -> Option<&[u8]> {
    tail.first()
        .is_none_or(|byte| is_blank(*byte))
        .then_some(tail)
}

fn split_double_quoted<'a>(mut rest: &'a [u8], word: &mut Vec<u8>) -> Option<&'a [u8]> {
    loop {
        let (byte, tail) = match rest {
            [] => return None,
            [b'"', tail @ ..] => return Some(tail),
            [b'\\', b'x', high, low, tail @ ..]
                if high.is_ascii_hexdigit() && low.is_ascii_hexdigit() =>
            {
                (hex_digit(*high) << 4 | hex_digit(*low), tail)
            }
            [b'\\', escaped, tail @ ..] => (unescape(*escaped), tail),
            [byte, tail @ ..] => (*byte, tail),
        };
        word.push(byte);
        rest = tail;
    }
}

fn split_single_quoted<'a>(mut rest: &'a [u8], word: &mut Vec<u8>) -> Option<&'a [u8]> {
    loop {
        let (byte, tail) = match rest {
            [] => return None,
            [b'\'', tail @ ..] => return Some(tail),
            [b'\\', b'\'', tail @ ..] => (b'\'', tail),
            [byte, tail @ ..] => (*byte, tail),
        };
        word.push(byte);
        rest = tail;
    }
}

fn unescape(byte: u8) -> u8 {
    match byte {
        b'n' => b'\n',
        b'r' => b'\r',
        b't' => b'\t',
        b'b' => 0x08,
        b'a' => 0x07,
        other => other,
    }
}

fn hex_digit(byte: u8) -> u8 {
    match byte {
        b'0'..=b'9' => byte - b'0',
        _ => (byte.to_ascii_lowercase() - b'a') + 10,
    }
}

/// Writes a word in double quotes, printable ASCII only, so that [`split`] reads it back.
pub fn quote(word: &[u8]) -> String {
    let mut quoted = String::with_capacity(word.len() + 2);
    quoted.push('"');
    for byte in word {
        match byte {
            b'\\' | b'"' => {
                quoted.push('\\');
                quoted.push(char::from(*byte));
            }
            b'\n' => quoted.push_str("\\n"),
            b'\r' => quoted.push_str("\\r"),
            b'\t' => quoted.push_str("\\t"),
            0x07 => quoted.push_str("\\a"),
            0x08 => quoted.push_str("\\b"),
            b' '..=b'~' => quoted.push(char::from(*byte)),
            other => quoted.push_str(&format!("\\x{other:02x}")),
        }
    }
    quoted.push('"');
    quoted
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn words(line: &str) -> Option<Vec<String>> {
        let words = split(line.as_bytes())?;
        Some(
            words
                .iter()
                .map(|word| String::from_utf8_lossy(word).into_owned())
                .collect(),
        )
    }

    #[test]
    fn plain_words_are_separated_by_blanks() {
        assert_eq!(
            words("  save\t900 1 \r"),
            Some(vec!["save".into(), "900".into(), "1".into()])
        );
        assert_eq!(words("   "), Some(vec![]));
    }

    #[test]
    fn double_quotes_take_escapes() {
        assert_eq!(
            words(r#""a\x41\n\"\\\q b""#),
            Some(vec!["aA\n\"\\q b".into()])
        );
        assert_eq!(words(r#""\xZZ""#), Some(vec!["xZZ".into()]));
        assert_eq!(words(r#"a"b c""#), Some(vec!["ab c".into()]));
        assert_eq!(words(r#""" x"#), Some(vec![String::new(), "x".into()]));
    }

    #[test]
    fn single_quotes_take_one_escape() {
        assert_eq!(words(r"'a\'b\n'"), Some(vec![r"a'b\n".into()]));
        assert_eq!(words("''"), Some(vec![String::new()]));
    }

    #[test]
    fn unbalanced_quotes_are_refused() {
        for line in [r#""abc"#, "'abc", r#""a"b"#, "'a'b", "\"a\\", r#"x "a"#] {
            assert_eq!(words(line), None, "{line}");
        }
    }

    #[test]
    fn nul_ends_the_line() {
        assert_eq!(split(b"a b\0c\"").map(|words| words.len()), Some(2));
    }

    proptest! {
        #[test]
        fn quote_round_trips(word in proptest::collection::vec(any::<u8>(), 0..64)) {
            let line = quote(&word);
            prop_assert_eq!(split(line.as_bytes()), Some(vec![word]));
        }

        #[test]
        fn split_is_total(line in proptest::collection::vec(any::<u8>(), 0..128)) {
            split(&line);
        }
    }
}
