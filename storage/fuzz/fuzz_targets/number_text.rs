//! Texts of numbers: any bytes are a number or are refused, and what is printed is read again.
#![no_main]

#[path = "../../src/encoding/long_double.rs"]
mod long_double;
#[path = "../../src/encoding/number.rs"]
mod number;

use libfuzzer_sys::fuzz_target;
use long_double::LongDouble;

fuzz_target!(|input: (&[u8], &[u8])| {
    let (left, right) = input;
    if let Some(integer) = number::parse_i64(left) {
        assert_eq!(integer.to_string().as_bytes(), left);
    }
    let (Some(left), Some(right)) = (LongDouble::parse(left), LongDouble::parse(right)) else {
        return;
    };
    let Some(sum) = left.checked_add(right).filter(|sum| !sum.is_infinite()) else {
        return;
    };
    let text = sum.to_text();
    // A long text is one that Redis itself would not read again.
    if text.len() < long_double::TEXT_LEN_END {
        let again = LongDouble::parse(text.as_bytes()).expect("what was printed");
        assert!(again.to_text().len() <= text.len() + 1, "{text}");
    }
});
