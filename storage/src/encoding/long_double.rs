//! Owns arithmetic on x87's 80-bit floats, in which Redis adds with INCRBYFLOAT: 64 bits of
//! significand, 15 of exponent. Sums and texts agree digit by digit on every machine.
//! Invariants: every operation is exact on integers and rounds once, to nearest, ties to even.
//! Must not know: commands, error texts.
//! Tests: below, and `tests/compat/long_double.rs` beside a real redis-server.

use num_bigint::BigUint;

/// Texts of this length and longer are not read, as in Redis.
pub const TEXT_LEN_END: usize = 5 * 1024;
/// Bits of a significand.
const PRECISION: i64 = 64;
/// Exponent of the last bit of the smallest numbers.
const EXPONENT_MIN: i64 = -16_445;
/// Exponent of the first bit of the largest numbers.
const TOP_EXPONENT_MAX: i64 = 16_383;
/// Digits after the point that Redis prints.
const FRACTION_DIGITS: usize = 17;
/// Powers of ten and of two beyond which a number is infinite or zero whatever its digits say.
const DECIMAL_MAX: i64 = 5_000;
const BINARY_MAX: i64 = 17_000;

/// A number, never NaN.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LongDouble {
    negative: bool,
    /// Zero for zero.
    significand: u64,
    /// Of the significand's last bit.
    exponent: i64,
    infinite: bool,
}

impl LongDouble {
    /// Zero.
    pub const ZERO: LongDouble = LongDouble {
        negative: false,
        significand: 0,
        exponent: 0,
        infinite: false,
    };

    /// Reads what C's `strtold` reads, to the end and without spaces; `None` also for NaN and for
    /// what is too large or too close to zero.
    pub fn parse(text: &[u8]) -> Option<LongDouble> {
        if text.len() >= TEXT_LEN_END {
            return None;
        }
        let (negative, magnitude) = match text.split_first()? {
            (b'-', rest) => (true, rest),
            (b'+', rest) => (false, rest),
            _ => (false, text),
        };
        let unsigned = if is_word(magnitude, "inf") || is_word(magnitude, "infinity") {
            LongDouble {
                infinite: true,
                ..LongDouble::ZERO
            }
        } else {
            parse_magnitude(magnitude)?
        };
        Some(LongDouble {
            negative,
            ..unsigned
        })
    }

    /// Whether it is an infinity.
    pub fn is_infinite(self) -> bool {
        self.infinite
    }

    /// The sum, `None` if it is infinite or not a number.
    pub fn checked_add(self, other: LongDouble) -> Option<LongDouble> {
        if self.infinite || other.infinite {
            return None;
        }
        if self.significand == 0 || other.significand == 0 {
            return Some(if self.significand == 0 { other } else { self });
        }
        let exponent = self.exponent.min(other.exponent);
        let scaled =
            |one: LongDouble| BigUint::from(one.significand) << (one.exponent - exponent) as u64;
        let (mine, theirs) = (scaled(self), scaled(other));
        let (negative, sum) = if self.negative == other.negative {
            (self.negative, mine + theirs)
        } else if mine >= theirs {
            (self.negative, mine - theirs)
        } else {
            (other.negative, theirs - mine)
        };
        let sum = round(sum, BigUint::from(1u8), exponent)?;
        Some(LongDouble { negative, ..sum })
    }

    /// The decimal text, with at most seventeen digits after the point and no zeros at its end.
    pub fn to_text(self) -> String {
        if self.infinite {
            return if self.negative { "-inf" } else { "inf" }.to_owned();
        }
        let scaled = BigUint::from(self.significand) * BigUint::from(10u8).pow(17);
        let units = if self.exponent >= 0 {
            scaled << self.exponent as u64
        } else {
            divide(
                scaled,
                &(BigUint::from(1u8) << self.exponent.unsigned_abs()),
            )
        };
        let mut text = units.to_string();
        if text.len() <= FRACTION_DIGITS {
            text.insert_str(0, &"0".repeat(FRACTION_DIGITS + 1 - text.len()));
        }
        text.insert(text.len() - FRACTION_DIGITS, '.');
        let end = text.trim_end_matches('0').trim_end_matches('.').len();
        text.truncate(end);
        if self.negative && text != "0" {
            text.insert(0, '-');
        }
        text
    }
}

fn is_word(text: &[u8], word: &str) -> bool {
    text.eq_ignore_ascii_case(word.as_bytes())
}

fn parse_magnitude(text: &[u8]) -> Option<LongDouble> {
    if let Some((b"0x" | b"0X", rest)) = text.split_first_chunk::<2>().map(|(a, b)| (&a[..], b)) {
        let (digits, exponent) = split_number(rest, 16, b'p')?;
        let top = exponent.saturating_add(digits.bits() as i64);
        if digits.bits() == 0 {
            return Some(LongDouble::ZERO);
        }
        return (-BINARY_MAX..BINARY_MAX)
            .contains(&top)
            .then(|| round(digits, BigUint::from(1u8), exponent))?;
    }
    let (digits, exponent) = split_number(text, 10, b'e')?;
    if digits.bits() == 0 {
        return Some(LongDouble::ZERO);
    }
    // A decimal digit is worth between three and four bits.
    let top = exponent.saturating_add(digits.bits() as i64 / 3);
    if exponent > DECIMAL_MAX || top < -DECIMAL_MAX {
        return None;
    }
    let power = BigUint::from(10u8).pow(exponent.unsigned_abs() as u32);
    if exponent >= 0 {
        round(digits * power, BigUint::from(1u8), 0)
    } else {
        round(digits, power, 0)
    }
}

/// Splits `digits[.digits][mark exponent]` into the digits as an integer and the power of the base
/// (of two, for base 16) that it is multiplied by.
fn split_number(text: &[u8], base: u32, mark: u8) -> Option<(BigUint, i64)> {
    let mark_at = text
        .iter()
        .position(|byte| byte.to_ascii_lowercase() == mark);
    let (number, power) = match mark_at {
        Some(at) => {
            let (number, rest) = text.split_at(at);
            (number, parse_exponent(rest.get(1..)?)?)
        }
        None => (text, 0),
    };
    let mut parts = number.splitn(2, |&byte| byte == b'.');
    let whole = parts.next().unwrap_or_default();
    let fraction = parts.next().unwrap_or_default();
    let digits = [whole, fraction].concat();
    let valid = |byte: &u8| char::from(*byte).is_digit(base);
    if digits.is_empty() || !digits.iter().all(valid) {
        return None;
    }
    let places = fraction.len() as i64 * if base == 16 { 4 } else { 1 };
    let integer = BigUint::parse_bytes(&digits, base)?;
    Some((integer, power.saturating_sub(places)))
}

/// An optional sign and digits; what is too long for an i64 is cut to its range.
fn parse_exponent(text: &[u8]) -> Option<i64> {
    let (negative, digits) = match text.split_first()? {
        (b'-', rest) => (true, rest),
        (b'+', rest) => (false, rest),
        _ => (false, text),
    };
    if digits.is_empty() || !digits.iter().all(u8::is_ascii_digit) {
        return None;
    }
    let value = digits.iter().fold(0i64, |value, digit| {
        value
            .saturating_mul(10)
            .saturating_add(i64::from(digit - b'0'))
    });
    Some(if negative { -value } else { value })
}

/// `numerator / denominator * 2^exponent` rounded to the format; `None` if that is infinite, or if
/// it is zero though the numerator is not.
fn round(numerator: BigUint, denominator: BigUint, exponent: i64) -> Option<LongDouble> {
    if numerator.bits() == 0 {
        return Some(LongDouble::ZERO);
    }
    // One bit more or less, and the quotient has 64 bits.
    let top = numerator.bits() as i64 - denominator.bits() as i64 + exponent;
    let mut last = (top - PRECISION).max(EXPONENT_MIN);
    loop {
        let shift = exponent - last;
        let quotient = if shift >= 0 {
            divide(&numerator << shift as u64, &denominator)
        } else {
            divide(numerator.clone(), &(&denominator << shift.unsigned_abs()))
        };
        let Ok(significand) = u64::try_from(&quotient) else {
            last += 1;
            continue;
        };
        let top = last + 63 - i64::from(significand.leading_zeros());
        return (significand != 0 && top <= TOP_EXPONENT_MAX).then_some(LongDouble {
            negative: false,
            significand,
            exponent: last,
            infinite: false,
        });
    }
}

/// The quotient, rounded to nearest, ties to even.
fn divide(numerator: BigUint, denominator: &BigUint) -> BigUint {
    let quotient = &numerator / denominator;
    let twice = (numerator - &quotient * denominator) << 1u8;
    let up = twice > *denominator || (twice == *denominator && quotient.bit(0));
    quotient + u8::from(up)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sum(one: &str, other: &str) -> String {
        let [one, other] = [one, other].map(|text| LongDouble::parse(text.as_bytes()).unwrap());
        one.checked_add(other).unwrap().to_text()
    }

    #[test]
    fn sums_are_those_of_an_80_bit_register() {
        // Each right side was given by redis-server 7.0.15 on x86-64.
        for (one, other, expected) in [
            ("10.50", "0.1", "10.6"),
            ("5.0e3", "2.0e2", "5200"),
            ("3", "1.000000000000000001", "4"),
            ("0.1", "0.2", "0.3"),
            ("1", "-1.1", "-0.1"),
            ("-0", "-0", "0"),
            ("1e-18", "-3e-18", "0"),
            ("0x1p-2", "0X.8", "0.75"),
            ("18446744073709551615", "1", "18446744073709551616"),
            ("18446744073709551616", "1", "18446744073709551616"),
            ("18446744073709551616", "3", "18446744073709551620"),
        ] {
            assert_eq!(sum(one, other), expected, "{one} + {other}");
        }
    }

    #[test]
    fn rounding_happens_once_to_even() {
        // 2^64 + 1 lies between two numbers; 2^64 + 3 as well, and goes up to the even one.
        assert_eq!(sum("18446744073709551617", "0"), "18446744073709551616");
        assert_eq!(sum("18446744073709551619", "0"), "18446744073709551620");
        // The significand overflows while it is rounded.
        assert_eq!(sum("36893488147419103231", "0"), "36893488147419103232");
    }

    #[test]
    fn what_strtold_does_not_read_to_the_end_is_refused() {
        for text in [
            "",
            "-",
            "+",
            ".",
            "1e",
            "1e+",
            "e1",
            "0x",
            "0x.p1",
            "0xg",
            "1 ",
            " 1",
            "--1",
            "1.1.1",
            "nan",
            "-nan",
            "1_0",
            "infinit",
            "1\0",
            "1e5000",
            "1e-5000",
            "1e99999999999999999999",
            "1e-99999999999999999999",
            "0x1p99999999999999999999",
            "0x1p-99999999999999999999",
        ] {
            assert_eq!(LongDouble::parse(text.as_bytes()), None, "{text:?}");
        }
        assert_eq!(LongDouble::parse(&[b'1'; TEXT_LEN_END]), None);
        for text in [
            "0e99999999999999999999",
            "0.000e-9999",
            "0x0p9999999",
            "-.0",
            "1.",
            "+1",
        ] {
            assert!(LongDouble::parse(text.as_bytes()).is_some(), "{text:?}");
        }
    }

    #[test]
    fn infinity_is_read_and_not_added() {
        let infinite = LongDouble::parse(b"-InFinity").unwrap();
        assert_eq!(infinite.to_text(), "-inf");
        assert_eq!(infinite.checked_add(LongDouble::ZERO), None);
        let largest = LongDouble::parse(b"1.18e4932").unwrap();
        assert_eq!(largest.checked_add(largest), None);
        assert_eq!(largest.to_text().len(), 4933);
    }

    #[test]
    fn the_smallest_numbers_print_as_zero() {
        let smallest = LongDouble::parse(b"3.6e-4951").unwrap();
        assert_eq!((smallest.significand, smallest.exponent), (1, EXPONENT_MIN));
        assert_eq!(smallest.to_text(), "0");
        assert_eq!(LongDouble::parse(b"1.8e-4951"), None);
    }

    #[test]
    fn doubles_are_read_exactly() {
        for value in [0.1f64, 1e300, 5e-324, 123456.789, 2.5e-10] {
            let parsed = LongDouble::parse(format!("{value:.1100}").as_bytes()).unwrap();
            let bits = value.to_bits();
            let (fraction, power) = (bits & ((1 << 52) - 1), (bits >> 52) as i64);
            let significand = fraction | u64::from(power > 0) << 52;
            let zeros = significand.leading_zeros();
            assert_eq!(parsed.significand, significand << zeros, "{value}");
            assert_eq!(
                parsed.exponent,
                power.max(1) - 1075 - i64::from(zeros),
                "{value}"
            );
        }
    }
}
