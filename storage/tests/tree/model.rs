//! Random operations beside a `BTreeMap` and a `Vec`.

use crate::common::{DISK, Directory};
use crate::harness::{change, check, entries, open, tiny};
use proptest::prelude::*;
use std::collections::BTreeMap;
use storage::collection::tree::{Builder, Form, TreeKind};

/// How keys are made from small numbers: short, with long common beginnings, longer than a node.
fn key_of(number: u16) -> Vec<u8> {
    match number % 7 {
        0 => format!("{number:05}").into_bytes(),
        1 => format!("{number:05}{}", "x".repeat(number as usize % 40)).into_bytes(),
        2 => format!("{}{number:05}", "common".repeat(5)).into_bytes(),
        3 => format!("{}{number:05}", "long".repeat(60)).into_bytes(),
        _ => number.to_be_bytes().to_vec(),
    }
}

fn value_of(seed: u8) -> Vec<u8> {
    vec![seed; usize::from(seed) % 30]
}

#[derive(Debug, Clone)]
enum KeyedOp {
    Insert(u16, u8),
    /// This many keys in order from one on.
    Run(u16, u8),
    Remove(u16),
    /// A key takes the place of another one.
    Move(u16, u16),
    RemoveAt(u16),
    ReplaceAt(u16, u8),
    RemoveRange(u16, u16),
    Rebuild,
    Reopen,
}

fn keyed_op() -> impl Strategy<Value = KeyedOp> {
    prop_oneof![
        30 => (0u16..600, any::<u8>()).prop_map(|(key, value)| KeyedOp::Insert(key, value)),
        6 => (0u16..600, 1u8..60).prop_map(|(key, count)| KeyedOp::Run(key, count)),
        20 => (0u16..600).prop_map(KeyedOp::Remove),
        20 => (0u16..600, 0u16..600).prop_map(|(from, to)| KeyedOp::Move(from, to)),
        10 => (0u16..600, 0u16..9).prop_map(|(from, by)| KeyedOp::Move(from, from + by)),
        6 => any::<u16>().prop_map(KeyedOp::RemoveAt),
        4 => (any::<u16>(), any::<u8>()).prop_map(|(at, value)| KeyedOp::ReplaceAt(at, value)),
        4 => (any::<u16>(), any::<u16>()).prop_map(|(from, to)| KeyedOp::RemoveRange(from, to)),
        1 => Just(KeyedOp::Rebuild),
        1 => Just(KeyedOp::Reopen),
    ]
}

fn within(number: u16, len: usize) -> usize {
    usize::from(number) % (len + 1)
}

struct Keyed {
    directory: Directory,
    model: BTreeMap<Vec<u8>, Vec<u8>>,
    kind: TreeKind,
}

impl Keyed {
    fn value(&self, seed: u8) -> Vec<u8> {
        match self.kind.form {
            Form::Keys => Vec::new(),
            _ => value_of(seed),
        }
    }

    fn insert(&mut self, number: u16, seed: u8) {
        let (key, value) = (key_of(number), self.value(seed));
        let new = self.directory.write(|edit| {
            change(edit, self.kind, |edit, place, tree| {
                tree.insert(edit, place, &key, &value)
            })
        });
        assert_eq!(new, self.model.insert(key, value).is_none());
    }

    fn key_at(&self, at: usize) -> Option<Vec<u8>> {
        self.model.keys().nth(at).cloned()
    }

    fn apply(mut self, op: &KeyedOp) -> Keyed {
        let kind = self.kind;
        match *op {
            KeyedOp::Insert(number, seed) => self.insert(number, seed),
            KeyedOp::Run(number, count) => {
                for step in 0..u16::from(count) {
                    self.insert(number + step, step as u8);
                }
            }
            KeyedOp::Remove(number) => {
                let key = key_of(number);
                let old = self.directory.write(|edit| {
                    change(edit, kind, |edit, place, tree| {
                        tree.remove(edit, place, &key)
                    })
                });
                assert_eq!(old.map(|old| old.to_vec()), self.model.remove(&key));
            }
            KeyedOp::Move(from, to) => self.move_key(&key_of(from), &key_of(to)),
            KeyedOp::RemoveAt(at) => {
                let at = within(at, self.model.len());
                let old = self.directory.write(|edit| {
                    change(edit, kind, |edit, place, tree| {
                        tree.remove_at(edit, place, at as u64)
                    })
                });
                let key = self.key_at(at);
                let expected = key.and_then(|key| self.model.remove(&key));
                assert_eq!(old.map(|old| old.to_vec()), expected);
            }
            KeyedOp::ReplaceAt(at, seed) => {
                let (at, value) = (within(at, self.model.len()), self.value(seed));
                let done = self.directory.write(|edit| {
                    change(edit, kind, |edit, place, tree| {
                        tree.replace_at(edit, place, at as u64, &value)
                    })
                });
                if done {
                    let key = self.key_at(at).unwrap();
                    self.model.insert(key, value);
                }
            }
            KeyedOp::RemoveRange(from, to) => {
                let len = self.model.len();
                let (from, to) = (within(from, len), within(to, len));
                let removed = self.directory.write(|edit| {
                    change(edit, kind, |edit, place, tree| {
                        tree.remove_range(edit, place, from as u64, to as u64)
                    })
                });
                assert_eq!(removed, to.saturating_sub(from) as u64);
                let gone: Vec<_> = self.model.keys().take(to).skip(from).cloned().collect();
                gone.iter().for_each(|key| drop(self.model.remove(key)));
            }
            KeyedOp::Rebuild => self.rebuild(),
            KeyedOp::Reopen => self.directory = self.directory.reopen(),
        }
        self
    }

    fn move_key(&mut self, from: &[u8], to: &[u8]) {
        if self.model.contains_key(to) {
            return;
        }
        let moved = self.directory.write(|edit| {
            change(edit, self.kind, |edit, place, tree| {
                tree.move_key(edit, place, from, to)
            })
        });
        let value = self.model.remove(from);
        assert_eq!(moved, value.is_some());
        if let Some(value) = value {
            self.model.insert(to.to_vec(), value);
        }
    }

    fn rebuild(&mut self) {
        let (kind, model) = (self.kind, &self.model);
        self.directory.write(|edit| {
            change(edit, kind, |edit, place, tree| {
                place.id = None;
                let mut builder = Builder::new(kind);
                for (key, value) in model {
                    builder.push(edit, place, key, value)?;
                }
                *tree = builder.finish(edit, place)?;
                Ok(())
            })
        });
    }

    fn compare(&self) {
        let view = self.directory.view(0);
        let (tree, place) = open(&view, self.kind);
        let expected: Vec<_> = self.model.clone().into_iter().collect();
        assert_eq!(entries(&view, self.kind), expected);
        for (rank, (key, value)) in expected.iter().enumerate() {
            let found = tree.find(&view, &place, key).unwrap();
            assert_eq!(found.as_deref(), Some(&value[..]));
            assert_eq!(tree.rank(&view, &place, key).unwrap(), (rank as u64, true));
            let item = tree.at(&view, &place, rank as u64).unwrap().unwrap();
            assert_eq!((&item.key[..], &item.value[..]), (&key[..], &value[..]));
        }
        for number in (0..640).step_by(9) {
            let key = key_of(number);
            let rank = expected.partition_point(|(other, _)| *other < key) as u64;
            let found = self.model.contains_key(&key);
            assert_eq!(tree.rank(&view, &place, &key).unwrap(), (rank, found));
            let cursor = tree.cursor_at_key(&view, &place, &key).unwrap();
            let next = expected.get(rank as usize).map(|(key, _)| &key[..]);
            assert_eq!((cursor.rank(), cursor.key()), (rank, next));
        }
    }
}

fn run_keyed(form: Form, ops: &[KeyedOp]) {
    let mut pair = Keyed {
        directory: Directory::new(),
        model: BTreeMap::new(),
        kind: tiny(form),
    };
    for (at, op) in ops.iter().enumerate() {
        pair = pair.apply(op);
        check(&pair.directory, pair.kind);
        if at % 10 == 0 {
            pair.compare();
        }
    }
    pair.compare();
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(16))]
    #[test]
    fn a_tree_of_pairs_agrees_with_a_map(ops in proptest::collection::vec(keyed_op(), 1..150)) {
        run_keyed(Form::Pairs, &ops);
    }

    #[test]
    fn a_tree_of_keys_agrees_with_a_map(ops in proptest::collection::vec(keyed_op(), 1..150)) {
        run_keyed(Form::Keys, &ops);
    }

    #[test]
    fn a_tree_of_positions_agrees_with_a_vector(
        ops in proptest::collection::vec(list_op(), 1..150),
    ) {
        run_positions(&ops);
    }
}

#[derive(Debug, Clone)]
enum ListOp {
    PushBack(Vec<u8>),
    PushFront(Vec<u8>),
    InsertAt(u16, Vec<u8>),
    ReplaceAt(u16, u8),
    RemoveAt(u16),
    PopFront(u8),
    PopBack(u8),
    RemoveRange(u16, u16),
    Reopen,
}

/// Values are made from these seeds.
fn seeds() -> impl Strategy<Value = Vec<u8>> {
    prop_oneof![
        8 => proptest::collection::vec(any::<u8>(), 1..4),
        1 => proptest::collection::vec(any::<u8>(), 1..120),
    ]
}

fn list_op() -> impl Strategy<Value = ListOp> {
    prop_oneof![
        15 => seeds().prop_map(ListOp::PushBack),
        15 => seeds().prop_map(ListOp::PushFront),
        10 => (any::<u16>(), seeds()).prop_map(|(at, seeds)| ListOp::InsertAt(at, seeds)),
        6 => (any::<u16>(), any::<u8>()).prop_map(|(at, seed)| ListOp::ReplaceAt(at, seed)),
        10 => any::<u16>().prop_map(ListOp::RemoveAt),
        5 => (1u8..30).prop_map(ListOp::PopFront),
        5 => (1u8..30).prop_map(ListOp::PopBack),
        4 => (any::<u16>(), any::<u16>()).prop_map(|(from, to)| ListOp::RemoveRange(from, to)),
        1 => Just(ListOp::Reopen),
    ]
}

const LIST: TreeKind = tiny(Form::Positions);

fn apply_list(directory: Directory, model: &mut Vec<Vec<u8>>, op: &ListOp) -> Directory {
    if matches!(op, ListOp::Reopen) {
        return directory.reopen();
    }
    directory.write(|edit| {
        change(edit, LIST, |edit, place, tree| {
            let len = model.len();
            match op {
                ListOp::PushBack(seeds) => {
                    let values: Vec<_> = seeds.iter().map(|seed| value_of(*seed)).collect();
                    tree.push_back(edit, place, values.iter().map(|value| &value[..]))?;
                    model.extend(values);
                }
                ListOp::PushFront(seeds) => {
                    let values: Vec<_> = seeds.iter().map(|seed| value_of(*seed)).collect();
                    tree.push_front(edit, place, values.iter().map(|value| &value[..]))?;
                    model.splice(0..0, values);
                }
                ListOp::InsertAt(at, seeds) => {
                    let at = within(*at, len);
                    let values: Vec<_> = seeds.iter().map(|seed| value_of(*seed)).collect();
                    let given = values.iter().map(|value| &value[..]);
                    tree.insert_at(edit, place, at as u64, given)?;
                    model.splice(at..at, values);
                }
                ListOp::ReplaceAt(at, seed) => {
                    let at = within(*at, len);
                    let done = tree.replace_at(edit, place, at as u64, &value_of(*seed))?;
                    assert_eq!(done, at < len);
                    if done {
                        model[at] = value_of(*seed);
                    }
                }
                ListOp::RemoveAt(at) => {
                    let at = within(*at, len);
                    let old = tree.remove_at(edit, place, at as u64)?;
                    let expected = (at < len).then(|| model.remove(at));
                    assert_eq!(old.map(|old| old.to_vec()), expected);
                }
                ListOp::PopFront(count) => {
                    for _ in 0..usize::from(*count).min(len) {
                        let old = tree.remove_at(edit, place, 0)?.unwrap();
                        assert_eq!(old.to_vec(), model.remove(0));
                    }
                }
                ListOp::PopBack(count) => {
                    for _ in 0..usize::from(*count).min(len) {
                        let old = tree.remove_at(edit, place, tree.len() - 1)?.unwrap();
                        assert_eq!(Some(old.to_vec()), model.pop());
                    }
                }
                ListOp::RemoveRange(from, to) => {
                    let (from, to) = (within(*from, len), within(*to, len));
                    let removed = tree.remove_range(edit, place, from as u64, to as u64)?;
                    assert_eq!(removed, to.saturating_sub(from) as u64);
                    if from < to {
                        model.drain(from..to);
                    }
                }
                ListOp::Reopen => {}
            }
            Ok(())
        })
    });
    directory
}

fn run_positions(ops: &[ListOp]) {
    let mut directory = Directory::new();
    let mut model: Vec<Vec<u8>> = Vec::new();
    for op in ops {
        directory = apply_list(directory, &mut model, op);
        check(&directory, LIST);
        let view = directory.store.view(0, DISK).unwrap();
        let found = entries(&view, LIST).into_iter().map(|(_, value)| value);
        assert_eq!(found.collect::<Vec<_>>(), model);
        let (tree, place) = open(&view, LIST);
        for rank in (0..model.len()).step_by(5) {
            let item = tree.at(&view, &place, rank as u64).unwrap().unwrap();
            assert_eq!(&item.value[..], &model[rank][..]);
        }
    }
}
