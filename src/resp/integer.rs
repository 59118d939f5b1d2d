//! Decimal integers as the protocol and the commands accept them.
//!
//! Owns [`parse_i64`], the protocol's own twin of `storage::encoding::number::parse_i64`: the fuzz
//! target compiles this folder without the storage crate, which would bring RocksDB along.
//! Invariant: accepts exactly the texts that formatting an `i64` gives, so that a text and its
//! number stand for each other.
//! Must not know: what the number is for.
//! Tests: at the end of this file.

/// Longest text of an `i64`: nineteen digits and the sign.
const TEXT_LEN_MAX: usize = 20;

/// The number that `text` writes, if it is in canonical form: no sign but a single `-`, no
/// leading zeros, no `-0`, no spaces, nothing outside the range of `i64`.
#[must_use]
pub fn parse_i64(text: &[u8]) -> Option<i64> {
    if text.len() > TEXT_LEN_MAX {
        return None;
    }
    let (negative, digits) = match text {
        [b'-', digits @ ..] => (true, digits),
        digits => (false, digits),
    };
    match digits {
        [] => return None,
        [b'0'] if !negative => return Some(0),
        [b'0', ..] => return None,
        _ => {}
    }
    // Built downwards, because the range of i64 reaches one further below zero than above.
    let mut value: i64 = 0;
    for &byte in digits {
        let digit = byte.wrapping_sub(b'0');
        if digit > 9 {
            return None;
        }
        value = value.checked_mul(10)?.checked_sub(i64::from(digit))?;
    }
    if negative {
        Some(value)
    } else {
        value.checked_neg()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn canonical_texts_are_numbers() {
        for (text, value) in [
            ("0", 0),
            ("7", 7),
            ("-1", -1),
            ("10", 10),
            ("9223372036854775807", i64::MAX),
            ("-9223372036854775808", i64::MIN),
        ] {
            assert_eq!(parse_i64(text.as_bytes()), Some(value), "{text}");
        }
    }

    #[test]
    fn other_spellings_are_not() {
        for text in [
            "",
            "-",
            "+1",
            "-0",
            "00",
            "01",
            "-01",
            " 1",
            "1 ",
            "1\n",
            "0x1",
            "1.0",
            "--1",
            "1-",
            "9223372036854775808",
            "-9223372036854775809",
            "18446744073709551616",
            "99999999999999999999",
            "100000000000000000000",
        ] {
            assert_eq!(parse_i64(text.as_bytes()), None, "{text:?}");
        }
    }

    proptest! {
        #[test]
        fn every_number_is_read_back(value: i64) {
            prop_assert_eq!(parse_i64(value.to_string().as_bytes()), Some(value));
        }

        #[test]
        fn what_is_accepted_is_written_the_same(text in "-?[0-9]{0,21}") {
            if let Some(value) = parse_i64(text.as_bytes()) {
                prop_assert_eq!(value.to_string(), text);
            }
        }
    }
}
