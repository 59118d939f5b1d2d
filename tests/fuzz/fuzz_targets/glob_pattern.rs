//! Glob patterns against any text: no pattern is too long to answer, and the ones that say what
//! they match do.
#![no_main]

use libfuzzer_sys::fuzz_target;

#[path = "../../../src/glob.rs"]
mod glob;

fuzz_target!(|input: (&[u8], &[u8])| {
    let (pattern, text) = input;
    let _ = glob::matches(pattern, text);
    let _ = glob::matches_ignore_case(pattern, text);
    // Every byte escaped matches itself and nothing longer.
    let escaped: Vec<u8> = text.iter().flat_map(|byte| [b'\\', *byte]).collect();
    assert!(glob::matches(&escaped, text));
    assert!(!glob::matches(&escaped, &[text, b"x"].concat()));
    // As in Redis, a star matches no text that is empty as a whole.
    let whole = [text, pattern].concat();
    let begins = glob::matches(&[&escaped[..], b"*"].concat(), &whole);
    assert_eq!(begins, !whole.is_empty());
});
