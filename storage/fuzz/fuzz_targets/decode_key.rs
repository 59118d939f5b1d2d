//! Any bytes are a row key or are refused, and a key that is read is written the same again.
#![no_main]

#[path = "../../src/encoding"]
mod encoding {
    #[expect(dead_code, reason = "only a part of the module is used")]
    pub mod key;
    #[expect(dead_code, reason = "only a part of the module is used")]
    pub mod short;
    pub mod sip;
}
#[expect(dead_code, reason = "only a part of the module is used")]
#[path = "../../src/limits.rs"]
mod limits;
#[expect(dead_code, reason = "only a part of the module is used")]
#[path = "../../src/partition/mod.rs"]
mod partition;

use encoding::key;
use libfuzzer_sys::fuzz_target;

const SEED: key::HashSeed = key::HashSeed([7; 16]);

fn again<'k>(parts: &key::MetaKeyParts<'k>) -> key::KeyName<'k> {
    key::KeyName {
        user_key: parts.user_key,
        slot: parts.slot,
        hash: parts.h48 << 16,
    }
}

fuzz_target!(|bytes: &[u8]| {
    if let Some(parts) = key::parse_meta(bytes) {
        assert_eq!(&again(&parts).meta_key(parts.ns)[..], bytes);
    }
    if let Some((at_ms, parts)) = key::parse_expiry(bytes) {
        assert_eq!(&again(&parts).expiry_key(parts.ns, at_ms)[..], bytes);
    }
    if let Some((ns, slot)) = key::parse_count(bytes) {
        assert_eq!(&key::count_key(ns, slot)[..], bytes);
    }
    if let Some((slot, id, rest)) = key::parse_slot_and_id(bytes, key::kind::ELEMENT) {
        let prefix = key::element_prefix(slot, id);
        assert_eq!([&prefix[..], rest].concat(), bytes);
    }
    if let Some(end) = key::prefix_end(bytes) {
        assert!(&end[..] > bytes && !end.starts_with(bytes));
    }
    let name = key::KeyName::new(bytes, &SEED);
    let row = name.meta_key(1);
    assert_eq!(
        key::parse_meta(&row).map(|parts| parts.user_key),
        Some(bytes)
    );
});
