//! A list whose payload is one tree, and what must hold of it.

use crate::common::{DISK, Directory};
use std::collections::HashSet;
use storage::change::Event;
use storage::collection::Place;
use storage::collection::tree::check::{Reached, walk};
use storage::collection::tree::{Form, Sizes, Tree, TreeKind};
use storage::encoding::key::{element_prefix, sub_kind};
use storage::encoding::meta::{DataType, Header};
use storage::engine::{Bounds, Tier};
use storage::{Edit, Result, Value, View};

pub const KEY: &[u8] = b"tree";

/// Nodes so short that a few dozen entries make several levels.
pub const TINY: Sizes = Sizes {
    root_max: 60,
    leaf_max: 100,
    inner_max: 90,
    value_max: 20,
};

pub const fn tiny(form: Form) -> TreeKind {
    TreeKind::new(3, form).with_sizes(TINY)
}

/// The tree under [`KEY`] as a view finds it.
pub fn open(view: &View<'_>, kind: TreeKind) -> (Tree, Place) {
    let entry = view.open(KEY).unwrap();
    let place = Place::of(&entry);
    let tree = match entry.payload_value() {
        Some(payload) => Tree::decode(kind, &payload, 1).unwrap().0,
        None => Tree::empty(kind),
    };
    (tree, place)
}

/// Changes the tree under [`KEY`] and writes its meta row, all in one edit.
pub fn change<T>(
    edit: &mut Edit<'_>,
    kind: TreeKind,
    change: impl FnOnce(&mut Edit<'_>, &mut Place, &mut Tree) -> Result<T>,
) -> Result<T> {
    let entry = edit.open(KEY)?;
    let (mut tree, mut place) = open(edit, kind);
    let result = change(edit, &mut place, &mut tree)?;
    let mut header = Header::new(DataType::List);
    if tree.is_packed() {
        tree.forget_numbers();
    } else {
        header.head = place.head(tree.len());
    }
    let head = tree.encode_head();
    edit.put(
        &entry,
        header,
        &[&[6], &head, tree.root_bytes()],
        &[Event::Set],
    )?;
    Ok(result)
}

/// All entries, read forwards and backwards with a cursor.
pub fn entries(view: &View<'_>, kind: TreeKind) -> Vec<(Vec<u8>, Vec<u8>)> {
    let (tree, place) = open(view, kind);
    let pair = |key: Value, value: Value| (key.to_vec(), value.to_vec());
    let mut forwards = Vec::new();
    let mut cursor = tree.cursor_at_rank(view, &place, 0).unwrap();
    while let Some(item) = cursor.item().unwrap() {
        assert_eq!(cursor.rank(), forwards.len() as u64);
        forwards.push(pair(item.key, item.value));
        cursor.advance().unwrap();
    }
    let mut backwards = Vec::new();
    let mut cursor = tree.cursor_at_rank(view, &place, u64::MAX).unwrap();
    while cursor.retreat().unwrap() {
        let item = cursor.item().unwrap().unwrap();
        backwards.push(pair(item.key, item.value));
    }
    backwards.reverse();
    assert_eq!(forwards, backwards);
    assert_eq!(forwards.len() as u64, tree.len());
    forwards
}

/// Walks the committed tree; every row under its id must belong to it.
pub fn check(directory: &Directory, kind: TreeKind) -> (Tree, Reached) {
    let view = directory.store.view(0, DISK).unwrap();
    let (tree, place) = open(&view, kind);
    let mut problems = Vec::new();
    let mut read = |row_key: &_| {
        let row = view.element(place.home_slot, row_key)?;
        Ok(row.map(|row| row.value().to_vec()))
    };
    let reached = walk(&tree, &place, &mut read, &mut |text| problems.push(text)).unwrap();
    assert!(problems.is_empty(), "{problems:?}");
    let (nodes, blobs) = stored_rows(directory, &place);
    assert_eq!(
        (reached.nodes, reached.blobs),
        (nodes, blobs),
        "rows of nobody"
    );
    if place.id.is_none() {
        assert!(tree.is_packed());
    }
    (tree, reached)
}

/// Rows of nodes and of blobs under an id, as the engine has them.
pub fn stored_rows(directory: &Directory, place: &Place) -> (u64, u64) {
    let Some(id) = place.id else { return (0, 0) };
    let store = &directory.store;
    let prefix = element_prefix(place.home_slot, id);
    let family = store.family(place.home_slot);
    let bounds = Bounds::prefix(&prefix);
    let mut rows = store.engine().iterate(family, bounds, Tier::Disk).unwrap();
    rows.seek_first().unwrap();
    let (mut nodes, mut blobs) = (0, 0);
    let mut seen = HashSet::new();
    while let Some((row_key, _)) = rows.row() {
        assert!(seen.insert(row_key.to_vec()));
        match row_key[prefix.len()] {
            sub_kind::NODE => nodes += 1,
            sub_kind::BLOB => blobs += 1,
            other => panic!("a row of sub-kind {other}"),
        }
        rows.advance().unwrap();
    }
    (nodes, blobs)
}
