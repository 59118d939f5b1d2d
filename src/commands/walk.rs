//! Owns what the commands that walk in pages share: cursors, and the options of HSCAN, SSCAN and
//! ZSCAN. Must not know: what is walked over. Tests: below.

use crate::command::Args;
use crate::error::{CommandError, CommandResult, text};
use crate::glob;
use crate::resp::Reply;

/// Elements that a page looks at without COUNT.
pub const COUNT_DEFAULT: u64 = 10;

/// What a page is a part of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Walked {
    Hash,
    Set,
    SortedSet,
}

/// MATCH, COUNT, NOVALUES and NOSCORES.
pub struct WalkOptions<'a> {
    /// Elements to look at.
    pub count: u64,
    /// HSCAN gives fields only, ZSCAN members only.
    pub no_values: bool,
    pattern: Option<&'a [u8]>,
}

impl<'a> WalkOptions<'a> {
    /// Reads the rest of the arguments; NOVALUES and NOSCORES only where there are such.
    pub fn parse(args: &mut Args<'a>, walked: Walked) -> CommandResult<WalkOptions<'a>> {
        let mut options = WalkOptions {
            count: COUNT_DEFAULT,
            no_values: false,
            pattern: None,
        };
        while args.left() > 0 {
            if args.left() > 1 && args.skip_word("COUNT") {
                options.count = u64::try_from(args.next_i64()?).unwrap_or(0);
                if options.count == 0 {
                    return Err(CommandError::Fixed(text::SYNTAX));
                }
            } else if args.left() > 1 && args.skip_word("MATCH") {
                options.pattern = Some(args.next()?);
            } else if args.skip_word("NOVALUES") {
                if walked != Walked::Hash {
                    let error = "ERR NOVALUES option can only be used in HSCAN";
                    return Err(CommandError::Fixed(error));
                }
                options.no_values = true;
            } else if args.skip_word("NOSCORES") {
                if walked != Walked::SortedSet {
                    let error = "ERR NOSCORES option can only be used in ZSCAN";
                    return Err(CommandError::Fixed(error));
                }
                options.no_values = true;
            } else {
                return Err(CommandError::Fixed(text::SYNTAX));
            }
        }
        Ok(options)
    }

    /// Whether an element is wanted.
    pub fn wants(&self, element: &[u8]) -> bool {
        self.pattern.is_none_or(|pattern| matches(pattern, element))
    }
}

/// The cursor argument.
pub fn next_cursor(args: &mut Args<'_>) -> CommandResult<u64> {
    parse_cursor(args.next()?).ok_or(CommandError::Fixed(text::INVALID_CURSOR))
}

/// A page: the next cursor and what was found.
pub fn page(next: u64, found: Vec<Reply>) -> Reply {
    Reply::array([Reply::bulk(next.to_string()), Reply::Array(found)])
}

/// The empty key matches `*` here, though a glob compares nothing with an empty text.
pub fn matches(pattern: &[u8], key: &[u8]) -> bool {
    pattern == b"*" || glob::matches(pattern, key)
}

/// A cursor: decimal digits of a number of 64 bits, which a plus may precede.
pub fn parse_cursor(text: &[u8]) -> Option<u64> {
    let digits = text.strip_prefix(b"+").unwrap_or(text);
    if digits.is_empty() {
        return None;
    }
    let mut cursor: u64 = 0;
    for &byte in digits {
        let digit = byte.wrapping_sub(b'0');
        if digit > 9 {
            return None;
        }
        cursor = cursor.checked_mul(10)?.checked_add(u64::from(digit))?;
    }
    Some(cursor)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cursors_are_digits_of_a_number_of_64_bits() {
        let taken = [
            (&b"0"[..], 0),
            (b"007", 7),
            (b"+5", 5),
            (b"18446744073709551615", u64::MAX),
        ];
        for (text, cursor) in taken {
            assert_eq!(parse_cursor(text), Some(cursor), "{text:?}");
        }
        for text in [
            "18446744073709551616",
            "1x",
            " 1",
            "1 ",
            "",
            "-1",
            "-",
            "+",
            "--1",
            "x",
        ] {
            assert_eq!(parse_cursor(text.as_bytes()), None, "{text:?}");
        }
    }

    #[test]
    fn a_star_alone_matches_the_empty_key() {
        assert!(matches(b"*", b""));
        assert!(!matches(b"?", b""));
        assert!(matches(b"a*", b"abc"));
    }
}
