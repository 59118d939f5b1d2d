//! Rows in memory beside a map: what was put in one allocation comes out of it, also after others
//! were moved, removed and shared. With the sanitizer it is the proof of `Record::new`.
#![no_main]

#[path = "../../src/prefetch.rs"]
mod prefetch;
#[path = "../../src/value.rs"]
mod value;
#[path = "../../src/encoding"]
mod encoding {
    #[expect(dead_code, reason = "only a part of the module is used")]
    pub mod record;
}
#[expect(dead_code, reason = "only a part of the module is used")]
#[path = "../../src/hot/rows.rs"]
mod rows;

use encoding::record::Record;
use libfuzzer_sys::fuzz_target;
use rows::{Row, Rows};
use std::collections::BTreeMap;
pub use value::Value;

/// Few hashes, so that rows crowd behind one home.
fn hash(key: &[u8]) -> u64 {
    key.first().map_or(0, |byte| u64::from(byte % 16) << 28)
}

fuzz_target!(|steps: Vec<(bool, Vec<u8>, Vec<Vec<u8>>)>| {
    let mut rows = Rows::default();
    let mut model: BTreeMap<Vec<u8>, Vec<u8>> = BTreeMap::new();
    let mut shared = Vec::new();
    for (put, key, parts) in steps {
        let hash = hash(&key);
        let place = rows.place_of(hash, &key);
        assert_eq!(place.is_some(), model.contains_key(&key));
        if let Some(place) = place {
            let row = rows.remove_at(place).expect("it was found");
            shared.push((row.record.value_from(0), model.remove(&key).expect("in both")));
        }
        if put {
            let slices: Vec<&[u8]> = parts.iter().map(Vec::as_slice).collect();
            let record = Record::new(&key, &slices);
            record.prefetch();
            rows.insert(Row {
                hash,
                record,
                version: 1,
                accessed_s: 0,
                frequency: 0,
                chances: 0,
                deleted: false,
            });
            model.insert(key, parts.concat());
        }
        rows.prefetch_record(hash);
        rows.shrink();
        assert_eq!(rows.len(), model.len());
    }
    for (key, value) in &model {
        let row = rows.find(hash(key), key).expect("in both");
        assert_eq!((row.record.key(), row.record.value()), (&key[..], &value[..]));
    }
    drop(rows);
    assert!(shared.iter().all(|(value, expected)| value[..] == expected[..]));
});
