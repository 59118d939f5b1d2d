//! The fsck of a closed directory follows the trees of lists.

use crate::common::Directory;
use crate::harness::KEY;
use storage::check::{CheckReport, check};
use storage::collection::Place;
use storage::encoding::key::{RowKey, blob_key, node_key};
use storage::engine::{BatchBuilder, Throttle};
use storage::limits::BLOB_BYTES_MIN;
use storage::ops::list::{self, End, Threshold};

/// The tag of a list's tree.
const TAG: u8 = 0;

/// A list of three levels, some of whose values stand in rows of their own.
fn filled() -> Directory {
    let directory = Directory::new();
    let long = [b'l'; BLOB_BYTES_MIN + 1];
    let short: Vec<[u8; 4]> = (0..20_000u32).map(u32::to_be_bytes).collect();
    let values = short.iter().enumerate().map(|(n, value)| match n % 1000 {
        0 => &long[..],
        _ => &value[..],
    });
    directory.write(|edit| list::push(edit, KEY, values, End::Back, false, Threshold(-2)));
    directory
}

fn report(directory: Directory) -> CheckReport {
    let path = directory.path();
    let _dir = directory.close();
    check(&path, 10).unwrap()
}

/// What the fsck says after a row was written (`Some`) or deleted past the store.
fn problems_of(row_key: impl Fn(u16, u64) -> RowKey, value: Option<&[u8]>) -> String {
    let directory = filled();
    let place = Place::of(&directory.view(0).open(KEY).unwrap());
    let row_key = row_key(place.home_slot, place.id.unwrap());
    let family = directory.store.family(place.home_slot);
    let engine = directory.store.engine();
    let mut batch = BatchBuilder::default();
    batch.begin(b"");
    match value {
        Some(value) => batch.put(engine.family_id(family), &row_key, value),
        None => batch.delete(engine.family_id(family), &row_key),
    }
    engine.write(batch.finish(), true, Throttle::Wait).unwrap();
    report(directory).problems.join("; ")
}

#[test]
fn a_tree_in_order_is_clean() {
    let clean = report(filled());
    assert!(clean.is_clean(), "{:?}", clean.problems);
}

#[test]
fn damage_to_a_tree_is_found() {
    // The twenty long values were numbered first.
    let node = |number| move |slot, id| node_key(slot, id, TAG, number);
    let blob = |number: u64| move |slot, id| blob_key(slot, id, number);
    assert!(problems_of(node(25), None).contains("node 25 of tree 0: is missing"));
    assert!(problems_of(node(25), Some(&[8, 0, 0])).contains("entries counted, 0 found"));
    assert!(problems_of(node(25), Some(b"@x")).contains("not a leaf of its tree"));
    let orphan = problems_of(node(1_000_000), Some(&[8, 0, 0]));
    assert!(
        orphan.contains("1 nodes and 0 blobs that nothing refers to"),
        "{orphan}"
    );
    let orphan = problems_of(blob(1_000_000), Some(&[0]));
    assert!(
        orphan.contains("0 nodes and 1 blobs that nothing refers to"),
        "{orphan}"
    );
    assert!(problems_of(blob(1), Some(&[0])).contains("not the value that is referred to"));
}
