//! Numbers as `redis.conf` writes them: integers, sizes with units, octal modes.
//!
//! Owns: the textual forms of numbers. Invariant: every function is total over any bytes.
//! Must not know: directives, ranges, where a text came from.
//! Tests: below; `tests.rs` of the configuration compares them with `redis-server`.

/// Longest run of digits that a size may have; Redis copies them into a buffer of this length.
const MEMORY_DIGITS_MAX: usize = 127;

const KIB: u64 = 1 << 10;
const MIB: u64 = 1 << 20;
const GIB: u64 = 1 << 30;

/// Parses a size: digits and an optional unit, `b k kb m mb g gb` in any case, where `k` is 1000
/// and `kb` is 1024. No digits at all mean zero, as in Redis.
///
/// A size past 2^64 - 1 is clamped there. Redis lets the multiplication wrap, so that its
/// `17179869184gb` silently becomes 0, "no limit"; a clamped limit is the lesser surprise.
pub fn parse_memory(text: &[u8]) -> Option<u64> {
    let digits_len = text.iter().take_while(|byte| byte.is_ascii_digit()).count();
    if digits_len > MEMORY_DIGITS_MAX {
        return None;
    }
    let (digits, unit) = text.split_at(digits_len);
    let multiplier = match unit.to_ascii_lowercase().as_slice() {
        b"" | b"b" => 1,
        b"k" => 1000,
        b"kb" => KIB,
        b"m" => 1000 * 1000,
        b"mb" => MIB,
        b"g" => 1000 * 1000 * 1000,
        b"gb" => GIB,
        _ => return None,
    };
    let number = digits.iter().fold(0u64, |number, digit| {
        number
            .saturating_mul(10)
            .saturating_add(u64::from(digit - b'0'))
    });
    Some(number.saturating_mul(multiplier))
}

/// Writes a size so that [`parse_memory`] reads it back, in the largest unit that divides it.
pub fn format_memory(bytes: u64) -> String {
    for (unit, suffix) in [(GIB, "gb"), (MIB, "mb"), (KIB, "kb")] {
        if bytes != 0 && bytes.is_multiple_of(unit) {
            return format!("{}{suffix}", bytes / unit);
        }
    }
    bytes.to_string()
}

/// Parses a whole text as C's `strtoll` does: blanks and a sign in front, saturating, and an
/// empty text is zero. `radix` is 8 or 10. `None` when something follows the digits.
pub fn parse_c_integer(text: &[u8], radix: u8) -> Option<i64> {
    let blanks = text.iter().take_while(|byte| is_blank(**byte)).count();
    let text = text.get(blanks..).unwrap_or_default();
    let (negative, digits) = match text {
        [b'-', digits @ ..] => (true, digits),
        [b'+', digits @ ..] => (false, digits),
        digits => (false, digits),
    };
    if digits.is_empty() {
        // `strtoll` converts nothing and points at the start; only an empty text ends there.
        return (text.is_empty() && blanks == 0).then_some(0);
    }
    let mut number = 0i64;
    for byte in digits {
        let digit = byte.checked_sub(b'0').filter(|digit| *digit < radix)?;
        number = number.saturating_mul(i64::from(radix));
        number = match negative {
            true => number.saturating_sub(i64::from(digit)),
            false => number.saturating_add(i64::from(digit)),
        };
    }
    Some(number)
}

/// Parses a finite decimal number; hexadecimal, infinities and NaN are refused.
pub fn parse_decimal(text: &[u8]) -> Option<f64> {
    let numeric = |byte: &u8| matches!(byte, b'0'..=b'9' | b'+' | b'-' | b'.' | b'e' | b'E');
    if !text.iter().all(numeric) {
        return None;
    }
    let number: f64 = std::str::from_utf8(text).ok()?.parse().ok()?;
    number.is_finite().then_some(number)
}

/// Writes a number with at most six decimals and no trailing zeros: `99.9`, `50`.
pub fn format_decimal(number: f64) -> String {
    let text = format!("{number:.6}");
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

/// What C's `isspace` accepts.
pub fn is_blank(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t' | b'\n' | b'\r' | 0x0b | 0x0c)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn memory_reads_every_unit_in_any_case() {
        let cases: &[(&str, u64)] = &[
            ("0", 0),
            ("7b", 7),
            ("3k", 3000),
            ("3KB", 3 << 10),
            ("3m", 3_000_000),
            ("3Mb", 3 << 20),
            ("3g", 3_000_000_000),
            ("3gB", 3 << 30),
            ("", 0),
            ("gb", 0),
        ];
        for (text, bytes) in cases {
            assert_eq!(parse_memory(text.as_bytes()), Some(*bytes), "{text}");
        }
        for text in ["-1", "1 gb", "1tb", "1gbb", " 1", "+1", "0x1", "1.5gb"] {
            assert_eq!(parse_memory(text.as_bytes()), None, "{text}");
        }
    }

    #[test]
    fn memory_past_the_largest_number_is_clamped_not_wrapped() {
        assert_eq!(parse_memory(b"17179869184gb"), Some(u64::MAX));
        assert_eq!(parse_memory(b"99999999999999999999"), Some(u64::MAX));
        assert_eq!(parse_memory(&[b'0'; MEMORY_DIGITS_MAX]), Some(0));
        assert_eq!(parse_memory(&[b'0'; MEMORY_DIGITS_MAX + 1]), None);
    }

    #[test]
    fn c_integer_follows_strtoll() {
        assert_eq!(parse_c_integer(b"", 10), Some(0));
        assert_eq!(parse_c_integer(b" \t+012", 10), Some(12));
        assert_eq!(
            parse_c_integer(b"-99999999999999999999", 10),
            Some(i64::MIN)
        );
        assert_eq!(parse_c_integer(b"99999999999999999999", 10), Some(i64::MAX));
        assert_eq!(parse_c_integer(b"700", 8), Some(0o700));
        for text in ["-", " ", "1 ", "x", "1x"] {
            assert_eq!(parse_c_integer(text.as_bytes(), 10), None, "{text}");
        }
        assert_eq!(parse_c_integer(b"8", 8), None);
    }

    #[test]
    fn decimals_are_trimmed() {
        assert_eq!(format_decimal(99.9), "99.9");
        assert_eq!(format_decimal(50.0), "50");
        assert_eq!(format_decimal(0.0), "0");
        assert_eq!(parse_decimal(b"1e1"), Some(10.0));
        for text in ["inf", "nan", "0x10", "1 ", "", "1e999"] {
            assert_eq!(parse_decimal(text.as_bytes()), None, "{text}");
        }
    }

    proptest! {
        #[test]
        fn memory_round_trips(bytes: u64) {
            prop_assert_eq!(parse_memory(format_memory(bytes).as_bytes()), Some(bytes));
        }

        #[test]
        fn parsers_are_total(text in proptest::collection::vec(any::<u8>(), 0..40)) {
            parse_memory(&text);
            parse_c_integer(&text, 8);
            parse_c_integer(&text, 10);
            parse_decimal(&text);
        }
    }
}
