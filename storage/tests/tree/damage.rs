//! Damaged bytes are refused with an error or read as something else, never with a panic.

use crate::common::{DISK, Directory};
use crate::harness::{change, open, tiny};
use proptest::prelude::*;
use storage::collection::Place;
use storage::collection::tree::check::walk;
use storage::collection::tree::{Form, Tree, TreeKind};
use storage::encoding::key::node_key;
use storage::{Edit, Value};

type Change = dyn Fn(&mut Edit<'_>, &mut Place, &mut Tree);

/// Everything that can be asked of a tree; the answers may be errors.
fn exercise(edit: &mut Edit<'_>, place: Place, tree: &Tree) {
    let key = &b"00100"[..];
    let view = &**edit;
    let _ = tree.find(view, &place, key);
    let _ = tree.rank(view, &place, key);
    let _ = tree.at(view, &place, tree.len() / 2);
    if let Ok(mut cursor) = tree.cursor_at_rank(view, &place, tree.len() / 3) {
        for _ in 0..500 {
            let _ = (cursor.key(), cursor.value());
            if !cursor.advance().unwrap_or(false) {
                break;
            }
        }
        for _ in 0..500 {
            if !cursor.retreat().unwrap_or(false) {
                break;
            }
        }
    }
    let mut read = |row_key: &_| {
        let row = view.element(place.home_slot, row_key)?;
        Ok(row.map(|row| row.value().to_vec()))
    };
    let _ = walk(tree, &place, &mut read, &mut |_| ());
    let changes: [&Change; 5] = [
        &|edit, place, tree| drop(tree.insert(edit, place, key, b"value")),
        &|edit, place, tree| drop(tree.remove(edit, place, key)),
        &|edit, place, tree| drop(tree.remove_at(edit, place, tree.len() / 2)),
        &|edit, place, tree| drop(tree.remove_range(edit, place, 3, tree.len() / 2)),
        &|edit, place, tree| drop(tree.clear(edit, place)),
    ];
    for change in changes {
        change(edit, &mut place.clone(), &mut tree.clone());
    }
}

fn filled(kind: TreeKind) -> Directory {
    let directory = Directory::new();
    directory.write(|edit| {
        change(edit, kind, |edit, place, tree| {
            for n in 0..200 {
                let key = format!("{n:05}");
                tree.insert(edit, place, key.as_bytes(), &[b'v'; 25][n % 25..])?;
            }
            Ok(())
        })
    });
    directory
}

/// Bytes to be overwritten: where, as a share of the length, and with what.
fn damage() -> impl Strategy<Value = Vec<(u16, u8)>> {
    proptest::collection::vec(any::<(u16, u8)>(), 1..6)
}

fn damaged(bytes: &[u8], damage: &[(u16, u8)]) -> Vec<u8> {
    let mut bytes = bytes.to_vec();
    for &(at, byte) in damage {
        // Most of the damage goes where the numbers are.
        let at = usize::from(at) % bytes.len().min(80);
        bytes[at] = byte;
    }
    bytes
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]
    #[test]
    fn a_damaged_tree_never_panics(
        form in prop_oneof![Just(Form::Keys), Just(Form::Pairs)],
        damage_root in damage(), damage_node in damage(), number in 1u64..40,
    ) {
        let kind = tiny(form);
        let directory = filled(kind);
        let mut edit = directory.store.edit(0, DISK).unwrap();
        let (tree, place) = open(&edit, kind);
        let mut payload = Vec::new();
        tree.encode(&mut payload);
        let payload = Value::from(damaged(&payload, &damage_root));
        if let Ok((tree, _)) = Tree::decode(kind, &payload, 0) {
            exercise(&mut edit, place, &tree);
        }
        drop(edit);
        let mut edit = directory.store.edit(0, DISK).unwrap();
        let id = place.id.unwrap();
        let row_key = node_key(place.home_slot, id, kind.tag, number);
        if let Some(row) = edit.element(place.home_slot, &row_key).unwrap() {
            let bytes = damaged(row.value(), &damage_node);
            edit.put_element(place.home_slot, &row_key, &[&bytes]);
            exercise(&mut edit, place, &tree);
        }
    }

    #[test]
    fn any_bytes_are_a_tree_or_refused(
        bytes in proptest::collection::vec(any::<u8>(), 0..80), at in 0usize..90,
    ) {
        let payload = Value::from(bytes);
        for form in [Form::Keys, Form::Pairs, Form::Positions] {
            if let Ok((tree, end)) = Tree::decode(tiny(form), &payload, at) {
                let mut again = Vec::new();
                tree.encode(&mut again);
                prop_assert!(end <= payload.len() && again.len() <= payload.len());
            }
        }
    }
}

#[test]
fn a_tree_whose_row_is_gone_is_corrupted() {
    let kind = tiny(Form::Keys);
    let directory = filled(kind);
    let mut edit = directory.store.edit(0, DISK).unwrap();
    let (tree, place) = open(&edit, kind);
    for number in 1..100 {
        let row_key = node_key(place.home_slot, place.id.unwrap(), kind.tag, number);
        edit.remove_element(place.home_slot, &row_key);
    }
    let refused = tree.find(&edit, &place, b"00100");
    assert!(matches!(refused, Err(storage::StorageError::Corrupted(_))));
}
