//! Owns the strict text form of integers, as Redis accepts it for stored values.
//! Invariants: `parse_i64` accepts exactly what printing an i64 produces.
//! Must not know: error texts. Tests: below.

/// Longest text of an i64: a sign and 19 digits.
pub const I64_TEXT_MAX: usize = 20;

/// Parses a canonical decimal i64: no spaces, no plus sign, no leading zeros, no `-0`.
#[inline]
pub fn parse_i64(text: &[u8]) -> Option<i64> {
    if text.is_empty() || text.len() > I64_TEXT_MAX {
        return None;
    }
    let (negative, digits) = match text.split_first() {
        Some((b'-', rest)) => (true, rest),
        _ => (false, text),
    };
    match digits {
        [b'0'] => return (!negative).then_some(0),
        [b'1'..=b'9', ..] => {}
        _ => return None,
    }
    let mut value: u64 = 0;
    for &digit in digits {
        let digit = digit.wrapping_sub(b'0');
        if digit > 9 {
            return None;
        }
        value = value.checked_mul(10)?.checked_add(u64::from(digit))?;
    }
    if negative {
        0i64.checked_sub_unsigned(value)
    } else {
        i64::try_from(value).ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn accepts_exactly_what_printing_gives(value in any::<i64>(), text in "[-+ 0-9]{0,22}") {
            prop_assert_eq!(parse_i64(value.to_string().as_bytes()), Some(value));
            let parsed = parse_i64(text.as_bytes());
            match text.parse::<i64>() {
                Ok(value) if value.to_string() == text => prop_assert_eq!(parsed, Some(value)),
                _ => prop_assert_eq!(parsed, None),
            }
        }
    }

    #[test]
    fn extremes() {
        assert_eq!(parse_i64(b"9223372036854775807"), Some(i64::MAX));
        assert_eq!(parse_i64(b"9223372036854775808"), None);
        assert_eq!(parse_i64(b"-9223372036854775808"), Some(i64::MIN));
        assert_eq!(parse_i64(b"-9223372036854775809"), None);
        for refused in [&b""[..], b"-", b"-0", b"01", b"+1", b" 1", b"1 ", b"\0"] {
            assert_eq!(parse_i64(refused), None, "{refused:?}");
        }
    }
}
