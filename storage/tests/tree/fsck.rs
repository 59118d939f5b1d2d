//! The fsck of a closed directory follows the trees of lists.

use crate::common::Directory;
use crate::harness::{change, open};
use storage::check::{CheckReport, check};
use storage::collection::tree::{Form, TreeKind};
use storage::encoding::key::{RowKey, blob_key, node_key};
use storage::engine::{BatchBuilder, Throttle};
use storage::limits::BLOB_BYTES_MIN;

const LIST: TreeKind = TreeKind::new(1, Form::Positions);

/// A list of three levels, some of whose values stand in rows of their own.
fn list() -> Directory {
    let directory = Directory::new();
    let long = [b'l'; BLOB_BYTES_MIN + 1];
    directory.write(|edit| {
        change(edit, LIST, |edit, place, tree| {
            for n in 0..20_000u32 {
                let short = n.to_be_bytes();
                let value = if n % 1000 == 0 { &long[..] } else { &short };
                tree.push_back(edit, place, [value])?;
            }
            Ok(())
        })
    });
    directory
}

fn report(directory: Directory) -> CheckReport {
    let path = directory.path();
    let _dir = directory.close();
    check(&path, 10).unwrap()
}

/// What the fsck says after a row was written (`Some`) or deleted past the store.
fn problems_of(row_key: impl Fn(u16, u64) -> RowKey, value: Option<&[u8]>) -> String {
    let directory = list();
    let (_, place) = open(&directory.view(0), LIST);
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
    let clean = report(list());
    assert!(clean.is_clean(), "{:?}", clean.problems);
}

#[test]
fn damage_to_a_tree_is_found() {
    let node = |number| move |slot, id| node_key(slot, id, LIST.tag, number);
    let blob = |number: u64| move |slot, id| blob_key(slot, id, (1 << 56) | number);
    assert!(problems_of(node(2), None).contains("node 2 of tree 1: is missing"));
    assert!(problems_of(node(2), Some(&[8, 0, 0])).contains("entries counted, 0 found"));
    assert!(problems_of(node(2), Some(b"@x")).contains("not a leaf of its tree"));
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
