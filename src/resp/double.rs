//! Doubles as Redis writes them.
//!
//! Owns [`format_double`]: the shortest digits that read back as the same number, laid out by
//! Redis's rules for when to use an exponent and how to spell it.
//! Invariant: a finite number's text parses back to the same bits.
//! Must not know: replies; the same text is stored by commands and sent in either protocol.
//! Tests: at the end of this file.

use std::fmt;
use std::io::Write;
use std::ops::Deref;

/// Longest text: sign, seventeen digits, seven zeros.
const TEXT_LEN_MAX: usize = 25;
/// Longest output of `{:e}`: sign, seventeen digits, point, `e`, sign, three digits.
const SCIENTIFIC_LEN_MAX: usize = 24;
/// Largest magnitude that Redis writes as an integer, digit by digit.
const INTEGER_MAX: f64 = (i64::MAX / 2) as f64;

/// The text of a double, on the stack.
#[derive(Clone, Copy)]
pub struct DoubleText {
    bytes: [u8; TEXT_LEN_MAX],
    len: u8,
}

impl DoubleText {
    const EMPTY: Self = Self {
        bytes: [0; TEXT_LEN_MAX],
        len: 0,
    };

    fn put(&mut self, text: &[u8]) {
        let start = self.len as usize;
        let end = start + text.len();
        match self.bytes.get_mut(start..end) {
            Some(place) => {
                place.copy_from_slice(text);
                self.len = end as u8;
            }
            None => debug_assert!(false, "a double is longer than {TEXT_LEN_MAX} bytes"),
        }
    }

    fn put_zeros(&mut self, count: usize) {
        const ZEROS: &[u8; TEXT_LEN_MAX] = &[b'0'; TEXT_LEN_MAX];
        self.put(ZEROS.get(..count).unwrap_or(ZEROS));
    }
}

impl Deref for DoubleText {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        self.bytes.get(..self.len as usize).unwrap_or_default()
    }
}

impl fmt::Display for DoubleText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.escape_ascii())
    }
}

impl fmt::Debug for DoubleText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// The text of `value`, as in replies and in stored scores.
#[must_use]
pub fn format_double(value: f64) -> DoubleText {
    let mut text = DoubleText::EMPTY;
    if value.is_nan() {
        text.put(b"nan");
        return text;
    }
    if value.abs() <= INTEGER_MAX && value.trunc() == value && value != 0.0 {
        text.put(itoa::Buffer::new().format(value as i64).as_bytes());
        return text;
    }
    if value.is_sign_negative() {
        text.put(b"-");
    }
    if value == 0.0 {
        text.put(b"0");
    } else if value.is_infinite() {
        text.put(b"inf");
    } else {
        put_finite(value.abs(), &mut text);
    }
    text
}

/// Appends a positive finite number that is not written as an integer.
fn put_finite(value: f64, text: &mut DoubleText) {
    let mut digits = [0; SCIENTIFIC_LEN_MAX];
    let (digits, exponent) = shortest_digits(value, &mut digits);
    let digits_len = digits.len() as i32;
    // The last digit stands for 10^scale, the first one for 10^exponent.
    let scale = exponent + 1 - digits_len;
    if scale >= 0 && exponent < digits_len + 7 {
        text.put(digits);
        text.put_zeros(scale as usize);
    } else if scale < 0 && (scale > -7 || exponent.abs() < 4) {
        put_fraction(digits, digits_len + scale, text);
    } else {
        put_scientific(digits, exponent, text);
    }
}

/// Appends `digits` with the decimal point after the first `point` of them, or with zeros after
/// the point if `point` is negative.
fn put_fraction(digits: &[u8], point: i32, text: &mut DoubleText) {
    let zeros = point.min(0).unsigned_abs() as usize;
    let point = point.max(0) as usize;
    let (whole, fraction) = digits.split_at_checked(point).unwrap_or((digits, b""));
    text.put(if whole.is_empty() { b"0" } else { whole });
    text.put(b".");
    text.put_zeros(zeros);
    text.put(fraction);
}

fn put_scientific(digits: &[u8], exponent: i32, text: &mut DoubleText) {
    let (first, rest) = digits.split_at_checked(1).unwrap_or((digits, b""));
    text.put(first);
    if !rest.is_empty() {
        text.put(b".");
        text.put(rest);
    }
    text.put(if exponent < 0 { b"e-" } else { b"e+" });
    text.put(
        itoa::Buffer::new()
            .format(exponent.unsigned_abs())
            .as_bytes(),
    );
}

/// The shortest digits that read back as `value`, and the power of ten of the first one.
fn shortest_digits(value: f64, buf: &mut [u8; SCIENTIFIC_LEN_MAX]) -> (&[u8], i32) {
    let mut rest = &mut buf[..];
    // The standard library writes `d.ddde-dd` with the shortest digits; the buffer is long
    // enough for every double.
    let written = write!(rest, "{value:e}");
    debug_assert!(written.is_ok());
    let unused = rest.len();
    let len = SCIENTIFIC_LEN_MAX - unused;
    let e_at = buf[..len]
        .iter()
        .position(|&byte| byte == b'e')
        .unwrap_or(len);
    let exponent = buf.get(e_at + 1..len).and_then(super::parse_i64);
    let mut digits_len = e_at;
    if buf[1] == b'.' {
        buf.copy_within(2..e_at, 1);
        digits_len -= 1;
    }
    (&buf[..digits_len], exponent.unwrap_or(0) as i32)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn text(value: f64) -> String {
        format_double(value).to_string()
    }

    #[test]
    fn integers_have_no_point_and_no_exponent() {
        assert_eq!(text(0.0), "0");
        assert_eq!(text(-0.0), "-0");
        assert_eq!(text(3.0), "3");
        assert_eq!(text(-17.0), "-17");
        assert_eq!(text(1e15), "1000000000000000");
        assert_eq!(text(9007199254740993.0), "9007199254740992");
        assert_eq!(text(1e18), "1000000000000000000");
        assert_eq!(text(INTEGER_MAX), "4611686018427387904");
        assert_eq!(text(-INTEGER_MAX), "-4611686018427387904");
    }

    #[test]
    fn integers_past_half_the_range_of_i64_follow_the_rules_of_doubles() {
        assert_eq!(text(INTEGER_MAX.next_up()), "4611686018427389000");
        assert_eq!(text(5e18), "5e+18");
        assert_eq!(text(1e19), "1e+19");
        assert_eq!(text(12345678901234567890.0), "12345678901234567000");
        assert_eq!(text(1e21), "1e+21");
        assert_eq!(text(-1e100), "-1e+100");
    }

    #[test]
    fn fractions_are_written_shortest() {
        assert_eq!(text(0.1), "0.1");
        assert_eq!(text(-2.5), "-2.5");
        assert_eq!(text(std::f64::consts::PI), "3.141592653589793");
        assert_eq!(text(0.30000000000000004), "0.30000000000000004");
        assert_eq!(text(1234567.125), "1234567.125");
        assert_eq!(text(0.000001), "0.000001");
        assert_eq!(text(0.0012345678901234567), "0.0012345678901234567");
    }

    #[test]
    fn small_and_large_ones_have_an_exponent() {
        assert_eq!(text(1e-7), "1e-7");
        assert_eq!(text(1.5e-7), "1.5e-7");
        assert_eq!(text(0.00012345678901234567), "1.2345678901234567e-4");
        assert_eq!(text(-1.25e-10), "-1.25e-10");
        assert_eq!(text(5e-324), "5e-324");
        assert_eq!(text(f64::MAX), "1.7976931348623157e+308");
        assert_eq!(text(f64::MIN), "-1.7976931348623157e+308");
        assert_eq!(text(f64::MIN_POSITIVE), "2.2250738585072014e-308");
    }

    #[test]
    fn what_is_not_finite_has_a_name() {
        assert_eq!(text(f64::INFINITY), "inf");
        assert_eq!(text(f64::NEG_INFINITY), "-inf");
        assert_eq!(text(f64::NAN), "nan");
        assert_eq!(text(-f64::NAN), "nan");
    }

    proptest! {
        #[test]
        fn finite_numbers_read_back_to_the_same_bits(value in any::<f64>()) {
            prop_assume!(value.is_finite());
            let read: f64 = text(value).parse().unwrap_or(f64::NAN);
            prop_assert_eq!(read.to_bits(), value.to_bits());
        }
    }
}
