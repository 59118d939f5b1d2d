//! Glob patterns against any text: no pattern is too long to answer, and the ones that say what
//! they match do.
#![no_main]

use libfuzzer_sys::fuzz_target;

#[path = "../../../src/glob.rs"]
mod glob;

fuzz_target!(|input: (&[u8], &[u8])| {
    let (pattern, text) = input;
    if glob::matches(pattern, text) {
        assert!(glob::matches_ignore_case(pattern, text));
    }
    // Every byte escaped matches itself and nothing longer.
    let escaped: Vec<u8> = text.iter().flat_map(|byte| [b'\\', *byte]).collect();
    assert!(glob::matches(&escaped, text));
    assert!(!glob::matches(&escaped, &[text, b"x"].concat()));
    assert!(glob::matches(&[&escaped[..], b"*"].concat(), &[text, pattern].concat()));
});
