//! Splitting a line of text into arguments, as people type them into telnet.
//!
//! Owns the quoting rules: blanks separate; `"..."` knows `\n \r \t \b \a \xHH` and `\` before
//! any other byte; `'...'` knows only `\'`; a closing quote must end its argument.
//! Invariant: never more bytes come out than went in.
//! Must not know: lines and their ends, requests, limits (the parser has checked the length).
//! Tests: at the end of this file; against the wire in `parser/tests.rs`.

use super::request::ArgRange;

/// A quote was left open, or something other than a blank follows a closing quote.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct UnbalancedQuotes;

/// Splits `line`, which must not be longer than a frame may be. The arguments' bytes, quoting
/// undone, are appended to `bytes` and their places in `bytes` to `ranges`.
pub fn split_args(
    line: &[u8],
    bytes: &mut Vec<u8>,
    ranges: &mut Vec<ArgRange>,
) -> Result<(), UnbalancedQuotes> {
    let mut rest = skip_blanks(line);
    while !rest.is_empty() {
        let start = bytes.len();
        rest = skip_blanks(take_arg(rest, bytes)?);
        ranges.push(ArgRange::new(start, bytes.len() - start));
    }
    Ok(())
}

/// The blanks between arguments are those of C's `isspace`.
fn is_blank(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t'..=b'\r')
}

fn skip_blanks(line: &[u8]) -> &[u8] {
    let blanks = line.iter().take_while(|&&byte| is_blank(byte)).count();
    line.get(blanks..).unwrap_or_default()
}

/// Moves one argument from the front of `rest` to `bytes` and returns what follows it. A quote
/// may open in the middle of an argument, but its end is always the argument's end.
fn take_arg<'a>(mut rest: &'a [u8], bytes: &mut Vec<u8>) -> Result<&'a [u8], UnbalancedQuotes> {
    while let [byte, tail @ ..] = rest {
        match byte {
            // Vertical tab and form feed are blanks before an argument but part of one inside.
            b' ' | b'\n' | b'\r' | b'\t' => break,
            b'"' => return take_double_quoted(tail, bytes),
            b'\'' => return take_single_quoted(tail, bytes),
            _ => bytes.push(*byte),
        }
        rest = tail;
    }
    Ok(rest)
}

fn take_double_quoted<'a>(
    mut rest: &'a [u8],
    bytes: &mut Vec<u8>,
) -> Result<&'a [u8], UnbalancedQuotes> {
    loop {
        rest = match rest {
            [] => return Err(UnbalancedQuotes),
            [b'"', tail @ ..] => return after_closing_quote(tail),
            [b'\\', b'x', high, low, tail @ ..]
                if high.is_ascii_hexdigit() && low.is_ascii_hexdigit() =>
            {
                bytes.push((hex_value(*high) << 4) | hex_value(*low));
                tail
            }
            [b'\\', escaped, tail @ ..] => {
                bytes.push(unescape(*escaped));
                tail
            }
            [byte, tail @ ..] => {
                bytes.push(*byte);
                tail
            }
        };
    }
}

fn take_single_quoted<'a>(
    mut rest: &'a [u8],
    bytes: &mut Vec<u8>,
) -> Result<&'a [u8], UnbalancedQuotes> {
    loop {
        rest = match rest {
            [] => return Err(UnbalancedQuotes),
            [b'\'', tail @ ..] => return after_closing_quote(tail),
            [b'\\', b'\'', tail @ ..] => {
                bytes.push(b'\'');
                tail
            }
            [byte, tail @ ..] => {
                bytes.push(*byte);
                tail
            }
        };
    }
}

fn after_closing_quote(rest: &[u8]) -> Result<&[u8], UnbalancedQuotes> {
    match rest {
        [byte, ..] if !is_blank(*byte) => Err(UnbalancedQuotes),
        _ => Ok(rest),
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

/// The value of an ASCII hexadecimal digit.
fn hex_value(digit: u8) -> u8 {
    match digit {
        b'0'..=b'9' => digit - b'0',
        b'a'..=b'f' => digit - b'a' + 10,
        b'A'..=b'F' => digit - b'A' + 10,
        _ => 0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::resp::request::Request;

    fn split(line: &str) -> Option<Vec<Vec<u8>>> {
        split_bytes(line.as_bytes())
    }

    fn split_bytes(line: &[u8]) -> Option<Vec<Vec<u8>>> {
        let (mut bytes, mut ranges) = (Vec::new(), Vec::new());
        split_args(line, &mut bytes, &mut ranges).ok()?;
        assert!(bytes.len() <= line.len());
        Some(
            Request::new(&bytes, &ranges)
                .iter()
                .map(<[u8]>::to_vec)
                .collect(),
        )
    }

    fn check(line: &str, args: &[&[u8]]) {
        let expected: Vec<Vec<u8>> = args.iter().map(|arg| arg.to_vec()).collect();
        assert_eq!(split(line), Some(expected), "{line:?}");
    }

    #[test]
    fn blanks_separate_and_are_otherwise_nothing() {
        check("", &[]);
        check(" \t\r\n\x0b\x0c ", &[]);
        check("PING", &[b"PING"]);
        check("  SET  a\tb ", &[b"SET", b"a", b"b"]);
        check("\x0ba\x0bb\x0cc d", &[b"a\x0bb\x0cc", b"d"]);
    }

    #[test]
    fn double_quotes_undo_escapes() {
        check(r#"SET "a b" """#, &[b"SET", b"a b", b""]);
        check(r#""\n\r\t\b\a\\\"\q""#, &[b"\n\r\t\x08\x07\\\"q"]);
        check(r#""\x41\x0a\xfF""#, &[b"A\n\xff"]);
        check(r#""\x4g\x""#, &[b"x4gx"]);
        check(r#""it's""#, &[b"it's"]);
    }

    #[test]
    fn single_quotes_undo_only_their_own() {
        check(r"'a b' ''", &[b"a b", b""]);
        check(r"'it\'s \n \\ \x41'", &[br"it's \n \\ \x41"]);
        check("'say \"hi\"'", &[b"say \"hi\""]);
    }

    #[test]
    fn quotes_may_open_inside_an_argument() {
        check(r#"foo"bar baz" x"#, &[b"foobar baz", b"x"]);
        check(r"foo'bar'", &[b"foobar"]);
    }

    #[test]
    fn backslash_outside_quotes_is_an_ordinary_byte() {
        check(r"a\nb \", &[br"a\nb", br"\"]);
    }

    #[test]
    fn bytes_that_are_not_text_pass() {
        let expected = Some(vec![b"\xff\x80".to_vec(), b"\xc3".to_vec()]);
        assert_eq!(split_bytes(b"\xff\x80 '\xc3'"), expected);
    }

    #[test]
    fn open_or_glued_quotes_are_refused() {
        for line in [
            "\"",
            "'",
            "a \"b",
            "a 'b",
            "\"a\"b",
            "'a'b",
            "\"a\"\"b\"",
            "'a''b'",
            "\"a\\\"",
            "\"\\",
            "'a\\'",
            "\"a\"'b'",
        ] {
            assert_eq!(split(line), None, "{line:?}");
        }
    }
}
