//! Hashes: random operations beside a map, what sweeping leaves, fairness of draws.

#[path = "../common/mod.rs"]
mod common;

mod draws;
mod model;
mod sweeping;

use common::Directory;
use std::collections::BTreeMap;
use storage::StorageError;
use storage::ops::hash::{Hash, ListpackLimits};

const KEY: &[u8] = b"{a}hash";

/// A time far enough ahead that the system clock stays below it while a test runs.
const T0: u64 = 4_000_000_000_000;

const LIMITS: ListpackLimits = ListpackLimits {
    fields: 512,
    bytes: 64,
};

fn at(ms: u64) -> Directory {
    let directory = Directory::new();
    directory.store.clock().set_manual(ms);
    directory
}

/// The fields that a reader finds.
fn contents(directory: &Directory) -> BTreeMap<Vec<u8>, Vec<u8>> {
    let view = directory.view(0);
    let mut found = BTreeMap::new();
    let hash = Hash::open(&view, KEY).unwrap();
    hash.for_each(&view, |field, value| {
        assert!(found.insert(field.to_vec(), value.to_vec()).is_none());
    })
    .unwrap();
    found
}

fn hash_len(directory: &Directory) -> u64 {
    Hash::open(&directory.view(0), KEY).unwrap().len()
}

fn assert_clean(directory: Directory) {
    let path = directory.path();
    let _dir = directory.close();
    let report = storage::check::check(&path, 20).unwrap();
    assert!(report.is_clean(), "{:?}", report.problems);
}

/// Sets fields `f0`, `f1`, ... with one value each, all with the same time.
fn fill(directory: &Directory, fields: std::ops::Range<u64>, at_ms: Option<u64>) {
    use storage::ops::hash::{FieldCondition, Lifetime};
    let names: Vec<String> = fields.map(|n| format!("f{n}")).collect();
    let lifetime = at_ms.map_or(Lifetime::Unsaid, Lifetime::At);
    directory.write(|edit| {
        let hash = Hash::open(edit, KEY)?;
        let pairs = names.iter().map(|name| (name.as_bytes(), &b"value"[..]));
        hash.set_and_expire(edit, pairs, FieldCondition::Always, lifetime, LIMITS)?;
        Ok::<_, StorageError>(())
    });
}
