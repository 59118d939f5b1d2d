//! Trees at their limits: long keys, long values, appends, queues, large ranges.

use crate::common::Directory;
use crate::harness::{change, check, entries, open, tiny};
use storage::StorageError;
use storage::collection::tree::{Builder, Form, Tree, TreeKind};
use storage::limits::{
    BLOB_BYTES_MIN, ELEMENT_BYTES_MAX, INNER_BYTES_MAX, NODE_BYTES_MAX, PACKED_BYTES_MAX,
};

const PAIRS: TreeKind = TreeKind::new(1, Form::Pairs);
const KEYS: TreeKind = TreeKind::new(1, Form::Keys);
const LIST: TreeKind = TreeKind::new(1, Form::Positions);

fn push(directory: &Directory, values: &[&[u8]]) {
    directory.write(|edit| {
        change(edit, LIST, |edit, place, tree| {
            tree.push_back(edit, place, values.iter().copied())
        })
    });
}

#[test]
fn a_small_tree_stands_in_the_meta_record_and_takes_no_id() {
    let directory = Directory::new();
    push(&directory, &[&[b'v'; 100][..]; 9]);
    let (tree, place) = open(&directory.view(0), LIST);
    assert!(tree.is_packed() && place.id.is_none());
    assert!(tree.root_bytes().len() <= PACKED_BYTES_MAX);
    push(&directory, &[&[b'v'; 100][..]; 2]);
    let (tree, reached) = check(&directory, LIST);
    assert_eq!((tree.height(), reached.nodes), (1, 2));
}

#[test]
fn a_tree_goes_back_into_the_meta_record_at_half_of_it() {
    let directory = Directory::new();
    push(&directory, &[&[b'v'; 100][..]; 11]);
    let pop = || {
        directory.write(|edit| {
            change(edit, LIST, |edit, place, tree| {
                tree.remove_at(edit, place, 0)
            })
        })
    };
    let heights: Vec<u8> = (0..11)
        .map(|_| {
            pop();
            check(&directory, LIST).0.height()
        })
        .collect();
    assert_eq!(heights, [1, 1, 1, 1, 1, 1, 1, 0, 0, 0, 0]);
    let (tree, place) = open(&directory.view(0), LIST);
    assert!(tree.is_empty() && place.id.is_none());
}

#[test]
fn appends_and_prepends_leave_full_leaves() {
    for front in [false, true] {
        let directory = Directory::new();
        directory.write(|edit| {
            change(edit, LIST, |edit, place, tree| {
                for n in 0..20_000u32 {
                    let value = n.to_be_bytes();
                    let rank = if front { 0 } else { tree.len() };
                    tree.insert_at(edit, place, rank, [&value[..]])?;
                }
                Ok(())
            })
        });
        let (tree, reached) = check(&directory, LIST);
        let full = (20_000 * (4 + 2)) / (NODE_BYTES_MAX as u64 - 10);
        assert!(reached.nodes <= full + full / 50 + 2, "{reached:?}");
        assert_eq!(tree.height(), 2);
    }
}

#[test]
fn a_built_tree_is_nine_tenths_full() {
    let directory = Directory::new();
    directory.write(|edit| {
        change(edit, KEYS, |edit, place, tree| {
            let mut builder = Builder::new(KEYS);
            for n in 0..50_000u64 {
                builder.push(edit, place, &n.to_be_bytes(), b"")?;
            }
            *tree = builder.finish(edit, place)?;
            Ok(())
        })
    });
    let (tree, reached) = check(&directory, KEYS);
    assert_eq!(tree.len(), 50_000);
    let bytes = 50_000 * (8 + 2);
    assert!(reached.nodes < bytes / (NODE_BYTES_MAX as u64 * 8 / 10));
    let view = directory.view(0);
    let (tree, place) = open(&view, KEYS);
    for n in (0..50_000u64).step_by(777) {
        let found = tree.rank(&view, &place, &n.to_be_bytes()).unwrap();
        assert_eq!(found, (n, true));
    }
}

#[test]
fn a_builder_refuses_keys_out_of_order() {
    let directory = Directory::new();
    let mut edit = directory.store.edit(0, crate::common::DISK).unwrap();
    let entry = edit.open(b"k").unwrap();
    let mut place = storage::collection::Place::of(&entry);
    let mut builder = Builder::new(KEYS);
    builder.push(&mut edit, &mut place, b"b", b"").unwrap();
    for key in [&b"a"[..], b"b"] {
        let refused = builder.push(&mut edit, &mut place, key, b"");
        assert!(matches!(refused, Err(StorageError::Corrupted(_))));
    }
}

#[test]
fn a_queue_keeps_few_rows() {
    let directory = Directory::new();
    for round in 0..40u32 {
        directory.write(|edit| {
            change(edit, LIST, |edit, place, tree| {
                for n in 0..500u32 {
                    let value = (round * 500 + n).to_be_bytes();
                    tree.push_back(edit, place, [&value[..]])?;
                    if tree.len() > 1000 {
                        let old = tree.remove_at(edit, place, 0)?.unwrap();
                        let expected = round * 500 + n - 1000;
                        assert_eq!(old.to_vec(), expected.to_be_bytes());
                    }
                }
                Ok(())
            })
        });
        let (_, reached) = check(&directory, LIST);
        assert!(reached.nodes <= 9, "{reached:?}");
    }
}

#[test]
fn long_keys_and_long_values_work() {
    let directory = Directory::new();
    let mut expected = Vec::new();
    for n in 0..60u8 {
        let key_len = [3, 1025, 40_000, 70_000, 200][usize::from(n) % 5];
        let value_len = [0, BLOB_BYTES_MIN, BLOB_BYTES_MIN + 1, 100_000][usize::from(n) % 4];
        // Keys of one length differ in their last byte only.
        let mut key = vec![b'k'; key_len];
        key.push(n);
        expected.push((key, vec![n; value_len]));
    }
    for (key, value) in &expected {
        directory.write(|edit| {
            change(edit, PAIRS, |edit, place, tree| {
                tree.insert(edit, place, key, value)
            })
        });
    }
    let (tree, reached) = check(&directory, PAIRS);
    assert_eq!(tree.len(), 60);
    assert_eq!(reached.blobs, 30);
    expected.sort();
    assert_eq!(entries(&directory.view(0), PAIRS), expected);
    let directory = directory.reopen();
    assert_eq!(entries(&directory.view(0), PAIRS), expected);
    for (key, value) in &expected {
        let old = directory.write(|edit| {
            change(edit, PAIRS, |edit, place, tree| {
                tree.remove(edit, place, key)
            })
        });
        assert_eq!(old.as_deref(), Some(&value[..]));
        check(&directory, PAIRS);
    }
    assert_eq!(check(&directory, PAIRS).1.nodes, 0);
}

#[test]
fn an_element_over_its_limit_is_refused() {
    let directory = Directory::new();
    let long = vec![0; ELEMENT_BYTES_MAX + 1];
    let mut edit = directory.store.edit(0, crate::common::DISK).unwrap();
    let as_value = change(&mut edit, PAIRS, |edit, place, tree| {
        tree.insert(edit, place, b"key", &long)
    });
    assert!(matches!(as_value, Err(StorageError::ElementTooLong)));
    let as_key = change(&mut edit, PAIRS, |edit, place, tree| {
        tree.insert(edit, place, &long, b"value")
    });
    assert!(matches!(as_key, Err(StorageError::ElementTooLong)));
    let pushed = change(&mut edit, LIST, |edit, place, tree| {
        tree.push_back(edit, place, [&long[..]])
    });
    assert!(matches!(pushed, Err(StorageError::ElementTooLong)));
}

#[test]
fn many_values_at_once_make_whole_levels() {
    let directory = Directory::new();
    let values: Vec<[u8; 8]> = (0..100_000u64).map(u64::to_be_bytes).collect();
    directory.write(|edit| {
        change(edit, LIST, |edit, place, tree| {
            tree.push_back(edit, place, [&b"first"[..], b"last"])?;
            tree.insert_at(edit, place, 1, values.iter().map(|value| &value[..]))
        })
    });
    let (tree, _) = check(&directory, LIST);
    assert_eq!(tree.len(), 100_002);
    let view = directory.view(0);
    let (tree, place) = open(&view, LIST);
    for rank in (0..100_000u64).step_by(999) {
        let item = tree.at(&view, &place, rank + 1).unwrap().unwrap();
        assert_eq!(&item.value[..], rank.to_be_bytes());
    }
    let last = tree.last(&view, &place).unwrap().unwrap();
    assert_eq!(&last.value[..], b"last");
}

#[test]
fn a_large_range_is_taken_out_with_its_rows() {
    let directory = Directory::new();
    directory.write(|edit| {
        change(edit, KEYS, |edit, place, tree| {
            for n in 0..30_000u64 {
                tree.insert(edit, place, &(n * 7919 % 30_000).to_be_bytes(), b"")?;
            }
            Ok(())
        })
    });
    let before = check(&directory, KEYS).1.nodes;
    let removed = directory.write(|edit| {
        change(edit, KEYS, |edit, place, tree| {
            tree.remove_range(edit, place, 100, 29_900)
        })
    });
    assert_eq!(removed, 29_800);
    let (tree, reached) = check(&directory, KEYS);
    assert_eq!(tree.len(), 200);
    assert!(before > 300 && reached.nodes < 10, "{before}, {reached:?}");
}

#[test]
fn reads_of_rows_need_the_latch() {
    let directory = Directory::new();
    push(&directory, &[&[b'v'; 100][..]; 20]);
    let options = storage::ViewOptions {
        latched: false,
        ..crate::common::DISK
    };
    let view = directory.store.view(0, options).unwrap();
    let (tree, place) = open(&view, LIST);
    let refused = tree.at(&view, &place, 0);
    assert!(matches!(refused, Err(StorageError::NeedsLatch)));
}

#[test]
fn trees_of_one_payload_follow_each_other() {
    let directory = Directory::new();
    let mut edit = directory.store.edit(0, crate::common::DISK).unwrap();
    let entry = edit.open(b"k").unwrap();
    let mut place = storage::collection::Place::of(&entry);
    let mut payload = vec![9];
    for tag in 1..4u8 {
        let mut tree = Tree::empty(TreeKind::new(tag, Form::Pairs));
        for n in 0..tag * 80 {
            tree.insert(&mut edit, &mut place, &[n], &[tag; 10])
                .unwrap();
        }
        tree.encode(&mut payload);
    }
    let payload = storage::Value::from(payload);
    let mut at = 1;
    for tag in 1..4u8 {
        let kind = TreeKind::new(tag, Form::Pairs);
        let (tree, end) = Tree::decode(kind, &payload, at).unwrap();
        assert_eq!(tree.len(), u64::from(tag) * 80);
        at = end;
    }
    assert_eq!(at, payload.len());
}

#[test]
fn splitting_ends_when_separators_are_longer_than_nodes() {
    let directory = Directory::new();
    let kind = tiny(Form::Keys);
    let key = |n: u8| {
        let mut key = vec![b's'; INNER_BYTES_MAX];
        key.push(n);
        key
    };
    for n in 0..100u8 {
        directory.write(|edit| {
            change(edit, kind, |edit, place, tree| {
                tree.insert(edit, place, &key(n.wrapping_mul(37)), b"")
            })
        });
        check(&directory, kind);
    }
    assert!(check(&directory, kind).0.height() < 8);
}
