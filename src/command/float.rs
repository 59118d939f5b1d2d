//! Owns reading doubles as C's `strtod` does, which is what Redis takes for scores, ranges,
//! weights and coordinates.
//! Invariants: nothing here allocates; what is read is rounded once, to the nearest double.
//! Must not know: commands. Tests: below.

/// A number at the beginning of a text.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Prefix {
    /// The number; 0 if there is none, infinite if it is too large.
    pub value: f64,
    /// Bytes that belong to it, blanks in front included; 0 if there is no number.
    pub len: usize,
    /// The number is too large or too small for a double.
    pub out_of_range: bool,
}

/// Most hexadecimal digits that are read exactly: more than a double has, with one to round by.
const HEX_DIGITS_MAX: u32 = 15;
/// Beyond this any exponent of ten means zero or infinity; larger ones are cut to it.
const EXPONENT_MAX: i64 = 100_000;

/// A whole text that is a number, as a score or a weight must be.
pub fn parse_f64(text: &[u8]) -> Option<f64> {
    if text.first().is_none_or(|first| is_blank(*first)) {
        return None;
    }
    let number = strtod(text);
    let whole = number.len == text.len() && !number.out_of_range;
    (whole && !number.value.is_nan()).then_some(number.value)
}

/// An end of a range of scores: any text that `strtod` reads to its end, the empty one included.
pub fn parse_bound(text: &[u8]) -> Option<f64> {
    // A string of C ends at its first zero byte.
    let text = text.split(|&byte| byte == 0).next().unwrap_or_default();
    let number = strtod(text);
    (number.len == text.len() && !number.value.is_nan()).then_some(number.value)
}

/// The number at the beginning of a text.
pub fn strtod(text: &[u8]) -> Prefix {
    let blanks = text.iter().take_while(|&&byte| is_blank(byte)).count();
    let (negative, signs) = match text.get(blanks) {
        Some(b'-') => (true, 1),
        Some(b'+') => (false, 1),
        _ => (false, 0),
    };
    let start = blanks + signs;
    let body = text.get(start..).unwrap_or_default();
    let (value, len) = magnitude(body);
    if len == 0 {
        return Prefix {
            value: 0.0,
            len: 0,
            out_of_range: false,
        };
    }
    let named = body.first().is_some_and(u8::is_ascii_alphabetic);
    let read = body.get(..len).unwrap_or_default();
    Prefix {
        value: if negative { -value } else { value },
        len: start + len,
        out_of_range: !named && (value.is_infinite() || (value == 0.0 && has_value(read))),
    }
}

fn is_blank(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t'..=b'\r')
}

/// Whether a digit in front of the exponent is not zero.
fn has_value(number: &[u8]) -> bool {
    let hex = number.len() > 1 && matches!(number, [b'0', b'x' | b'X', ..]);
    let (digits, end) = match hex {
        true => (number.get(2..).unwrap_or_default(), b'p'),
        false => (number, b'e'),
    };
    let mut digits = digits
        .iter()
        .take_while(|byte| byte.to_ascii_lowercase() != end);
    digits.any(|byte| !b"0.".contains(byte))
}

/// A number without sign, and its bytes.
fn magnitude(text: &[u8]) -> (f64, usize) {
    let begins = |word: &str| {
        let head = text.get(..word.len());
        head.is_some_and(|head| head.eq_ignore_ascii_case(word.as_bytes()))
    };
    if begins("infinity") {
        return (f64::INFINITY, 8);
    }
    if begins("inf") {
        return (f64::INFINITY, 3);
    }
    if begins("nan") {
        return (f64::NAN, 3 + nan_tag_len(text.get(3..).unwrap_or_default()));
    }
    if begins("0x")
        && let Some((value, len)) = hexadecimal(text.get(2..).unwrap_or_default())
    {
        return (value, 2 + len);
    }
    decimal(text)
}

/// Length of `(letters)` behind a nan.
fn nan_tag_len(text: &[u8]) -> usize {
    let Some((b'(', rest)) = text.split_first() else {
        return 0;
    };
    let word = |byte: &&u8| byte.is_ascii_alphanumeric() || **byte == b'_';
    let len = rest.iter().take_while(word).count();
    match rest.get(len) {
        Some(b')') => len + 2,
        _ => 0,
    }
}

fn digits_len(text: &[u8], is_digit: fn(&u8) -> bool) -> usize {
    text.iter().take_while(|byte| is_digit(byte)).count()
}

/// Length of the digits, with a point among them; 0 if there is no digit.
fn mantissa_len(text: &[u8], is_digit: fn(&u8) -> bool) -> usize {
    let whole = digits_len(text, is_digit);
    if text.get(whole) != Some(&b'.') {
        return whole;
    }
    let fraction = digits_len(text.get(whole + 1..).unwrap_or_default(), is_digit);
    match whole + fraction {
        0 => 0,
        digits => digits + 1,
    }
}

/// Length of an exponent: a letter, perhaps a sign, at least one digit.
fn exponent_len(text: &[u8], letter: u8) -> usize {
    if text.first().map(u8::to_ascii_lowercase) != Some(letter) {
        return 0;
    }
    let sign = usize::from(matches!(text.get(1), Some(b'-' | b'+')));
    match digits_len(text.get(1 + sign..).unwrap_or_default(), u8::is_ascii_digit) {
        0 => 0,
        digits => 1 + sign + digits,
    }
}

fn decimal(text: &[u8]) -> (f64, usize) {
    let mantissa = mantissa_len(text, u8::is_ascii_digit);
    if mantissa == 0 {
        return (0.0, 0);
    }
    let len = mantissa + exponent_len(text.get(mantissa..).unwrap_or_default(), b'e');
    let number = text.get(..len).and_then(|text| str::from_utf8(text).ok());
    // The standard library takes every text of this form, and rounds correctly.
    let value = number.and_then(|text| text.parse().ok());
    (value.unwrap_or(0.0), len)
}

/// A hexadecimal number behind its `0x`.
fn hexadecimal(text: &[u8]) -> Option<(f64, usize)> {
    let mantissa = mantissa_len(text, u8::is_ascii_hexdigit);
    if mantissa == 0 {
        return None;
    }
    let exponent = exponent_len(text.get(mantissa..)?, b'p');
    let (mut bits, mut read, mut scale, mut behind_point) = (0u64, 0, 0i64, false);
    for &byte in text.get(..mantissa)? {
        let Some(digit) = char::from(byte).to_digit(16) else {
            behind_point = true;
            continue;
        };
        if read < HEX_DIGITS_MAX {
            bits = bits << 4 | u64::from(digit);
            read += u32::from(bits != 0);
            scale -= if behind_point { 4 } else { 0 };
        } else {
            // What is left out only decides how the rest is rounded.
            bits |= u64::from(digit != 0);
            scale += if behind_point { 0 } else { 4 };
        }
    }
    if exponent > 0 {
        let digits = text.get(mantissa + 1..mantissa + exponent)?;
        let digits = str::from_utf8(digits).ok()?;
        let sign = if digits.starts_with('-') { -1 } else { 1 };
        let written: i64 = digits.parse().unwrap_or(sign * EXPONENT_MAX);
        scale += written.clamp(-EXPONENT_MAX, EXPONENT_MAX);
    }
    let scale = scale.clamp(-2200, 2200) as i32;
    let half = scale / 2;
    let value = bits as f64 * 2f64.powi(half) * 2f64.powi(scale - half);
    Some((value, mantissa + exponent))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_what_strtod_takes() {
        let taken = [
            ("1", 1.0),
            ("-1.5", -1.5),
            ("+2", 2.0),
            (".5", 0.5),
            ("5.", 5.0),
            ("1e3", 1000.0),
            ("1E-2", 0.01),
            ("inf", f64::INFINITY),
            ("-Infinity", f64::NEG_INFINITY),
            ("0x10", 16.0),
            ("-0x1.8p1", -3.0),
            ("0x.8", 0.5),
            ("0x1fffffffffffff8p-4", 9007199254740991.5),
            ("0.0e999", 0.0),
            ("5e-324", 5e-324),
        ];
        for (text, value) in taken {
            assert_eq!(parse_f64(text.as_bytes()), Some(value), "{text}");
        }
        let refused = [
            "",
            " 1",
            "1 ",
            "nan",
            "1e",
            "e1",
            ".",
            "-",
            "1x",
            "0x",
            "1e400",
            "1e-400",
            "++1",
            "0x1p99999",
            "infx",
            "1\0",
        ];
        for text in refused {
            assert_eq!(parse_f64(text.as_bytes()), None, "{text:?}");
        }
    }

    #[test]
    fn bounds_are_read_more_loosely() {
        for (text, value) in [
            ("", Some(0.0)),
            (" 1", Some(1.0)),
            ("1e400", Some(f64::INFINITY)),
            ("1\0x", Some(1.0)),
            ("1 ", None),
            ("nan", None),
            ("nan(1)", None),
            ("x", None),
        ] {
            assert_eq!(parse_bound(text.as_bytes()), value, "{text:?}");
        }
    }

    #[test]
    fn what_follows_a_number_is_left() {
        assert_eq!(strtod(b"12ab").len, 2);
        assert_eq!(strtod(b"1e+x").len, 1);
        assert_eq!(strtod(b"0xg").len, 1);
        assert_eq!(strtod(b"nan(x1)y").len, 7);
        assert_eq!(strtod(b"  -3,").len, 4);
        assert_eq!(strtod(b"- 3").len, 0);
    }
}
