//! Any bytes are a block of entries or are refused, and no entry reaches beyond its block; one that
//! is replaced or removed leaves the others as they were.
#![no_main]

#[expect(dead_code, reason = "only a part of the module is used")]
#[path = "../../src/error.rs"]
mod error;
#[expect(dead_code, reason = "only a part of the module is used")]
#[path = "../../src/limits.rs"]
mod limits;
#[path = "../../src/prefetch.rs"]
mod prefetch;
#[path = "../../src/value.rs"]
mod value;
#[path = "../../src/encoding"]
mod encoding {
    #[expect(dead_code, reason = "only a part of the module is used")]
    pub mod entries;
    #[expect(dead_code, reason = "only a part of the module is used")]
    pub mod record;
    #[expect(dead_code, reason = "only a part of the module is used")]
    pub mod varint;
}

use encoding::entries::{self, Entry, Spliced};
use libfuzzer_sys::fuzz_target;
pub use value::Value;

/// Fields and values of a block whose entries all decode.
fn read(block: &[u8]) -> Option<Vec<(Vec<u8>, Vec<u8>, Option<u64>)>> {
    let entries: Result<Vec<Entry>, _> = entries::iter(block).collect();
    let parts = |entry: &Entry| {
        let field = block[entry.field.clone()].to_vec();
        (field, block[entry.value.clone()].to_vec(), entry.expire_ms)
    };
    Some(entries.ok()?.iter().map(parts).collect())
}

fuzz_target!(|input: (&[u8], &[u8], u8, Option<u64>)| {
    let (block, field, chosen, expire_ms) = input;
    let _ = entries::find(block, field);
    let _ = entries::entry_at(block, usize::from(chosen));
    let Some(before) = read(block).filter(|entries| !entries.is_empty()) else {
        return;
    };
    let at = usize::from(chosen) % before.len();
    let old = entries::iter(block).nth(at).expect("counted").expect("decoded");
    let removed = Spliced::new(block, Some(&old), None).block();
    let mut expected = before.clone();
    expected.remove(at);
    assert_eq!(read(&removed).as_ref(), Some(&expected));
    let timed = old.with_time(block, expire_ms);
    let replaced = Spliced::new(block, Some(&old), Some(&timed)).block();
    let mut expected = before;
    expected[at].2 = expire_ms;
    assert_eq!(read(&replaced).as_ref(), Some(&expected));
});
