//! Lines of a configuration file as words, and words as a line.
//!
//! Owns: where a line ends, and the quoting of `CONFIG REWRITE`; unquoting is the protocol's.
//! Invariant: `split(quote(word))` gives the word back, for any bytes.
//! Must not know: directives. Tests: below.

use crate::resp::{Request, split_args};

/// Splits a line into words, as inline requests are split. `None` for unbalanced quotes. A NUL byte
/// ends the line, as it does in C.
pub fn split(line: &[u8]) -> Option<Vec<Vec<u8>>> {
    let (mut bytes, mut ranges) = (Vec::new(), Vec::new());
    split_args(c_string(line), &mut bytes, &mut ranges).ok()?;
    let words = Request::new(&bytes, &ranges);
    Some(words.iter().map(<[u8]>::to_vec).collect())
}

/// What C sees of a text: the bytes before the first NUL.
pub fn c_string(text: &[u8]) -> &[u8] {
    let end = memchr::memchr(0, text).unwrap_or(text.len());
    text.get(..end).unwrap_or(text)
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
