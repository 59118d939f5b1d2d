//! Any bytes are a meta value or are refused, and a header that is read is written the same again.
#![no_main]

#[expect(dead_code, reason = "only a part of the module is used")]
#[path = "../../src/error.rs"]
mod error;
#[expect(dead_code, reason = "only a part of the module is used")]
#[path = "../../src/limits.rs"]
mod limits;
#[path = "../../src/encoding"]
mod encoding {
    #[expect(dead_code, reason = "only a part of the module is used")]
    pub mod meta;
    pub mod short;
}

use encoding::meta;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let Ok((header, start)) = meta::Header::decode(bytes) else {
        return;
    };
    assert!(start <= bytes.len());
    let again = header.encode();
    let (decoded, end) = meta::Header::decode(&again).expect("what was encoded");
    assert_eq!((decoded, end), (header, again.len()));
});
