//! Owns reading weights as numbers, the way C's `strtod` does.
//! Must not know: sorting. Tests: below.

use crate::encoding::long_double::LongDouble;

/// The number that a text begins and ends with; `None` for NaN, for what a double cannot hold, and
/// for other texts. Spaces in front are passed over, a zero byte ends the text, no text is 0.
pub(super) fn parse_weight(text: &[u8]) -> Option<f64> {
    let end = text.iter().position(|&byte| byte == 0);
    let text = text.get(..end.unwrap_or(text.len()))?;
    if text.is_empty() {
        return Some(0.0);
    }
    let spaces = text.iter().take_while(|byte| is_space(**byte)).count();
    let text = text.get(spaces..)?;
    let exact = LongDouble::parse(text)?;
    let text = std::str::from_utf8(text).ok()?;
    // Hexadecimal texts are the ones that only C reads.
    let number = match text.parse::<f64>() {
        Ok(number) => number,
        Err(_) => exact.to_text().parse().ok()?,
    };
    let digits = text.split(['e', 'E']).next().unwrap_or_default();
    let is_zero = !digits.bytes().any(|byte| matches!(byte, b'1'..=b'9'));
    let held = number.is_normal() || exact.is_infinite() || (number == 0.0 && is_zero);
    held.then_some(number)
}

fn is_space(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t'..=b'\r')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn weights_are_read_as_c_reads_them() {
        let cases: &[(&[u8], f64)] = &[
            (b"12", 12.0),
            (b"-1.5e3", -1500.0),
            (b" \t+7", 7.0),
            (b"", 0.0),
            (b"0.000", 0.0),
            (b"5\0x", 5.0),
            (b"0x10", 16.0),
            (b"inf", f64::INFINITY),
            (b"-Infinity", f64::NEG_INFINITY),
            (b".5", 0.5),
        ];
        for (text, number) in cases {
            assert_eq!(parse_weight(text), Some(*number), "{}", text.escape_ascii());
        }
        for text in [
            &b"x"[..],
            b"1 ",
            b" ",
            b"nan",
            b"1e400",
            b"1e-400",
            b"1x",
            b"\xff",
        ] {
            assert_eq!(parse_weight(text), None, "{}", text.escape_ascii());
        }
    }
}
