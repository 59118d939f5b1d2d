//! Strings as bytes, beside a vector: every way of writing at every size class, read back in every
//! way, before and after the store is opened again.

use crate::directory::{Directory, KEY, LATCHED};
use proptest::prelude::*;
use std::ops::ControlFlow;
use storage::change::Event;
use storage::limits::{
    CHUNK_BYTES, COMMIT_BYTES_MAX, INLINE_BYTES_MAX, PASSING_CHUNKS_MIN, STRING_BYTES_MAX,
};
use storage::ops::bytes::{self, Content, Expiry, Segment};
use storage::{StorageError, ViewOptions};

/// Bytes that differ from place to place, so that a shifted chunk shows.
fn pattern(len: usize, salt: u8) -> Vec<u8> {
    (0..len)
        .map(|at| (at as u32).wrapping_mul(2_654_435_761).to_be_bytes()[0] ^ salt)
        .collect()
}

fn overlay(model: &mut Vec<u8>, offset: usize, data: &[u8]) {
    if data.is_empty() {
        return;
    }
    if model.len() < offset + data.len() {
        model.resize(offset + data.len(), 0);
    }
    model[offset..offset + data.len()].copy_from_slice(data);
}

#[derive(Debug, Clone)]
enum Step {
    WriteRange(usize, usize),
    Append(usize),
    Replace(usize),
    Read(usize, usize),
    Reopen,
}

/// Lengths and offsets around every border.
fn size() -> impl Strategy<Value = usize> {
    prop_oneof![
        0..20usize,
        (INLINE_BYTES_MAX - 3)..(INLINE_BYTES_MAX + 3),
        (CHUNK_BYTES - 3)..(CHUNK_BYTES + 3),
        (2 * CHUNK_BYTES - 2)..(2 * CHUNK_BYTES + 2),
        0..(5 * CHUNK_BYTES),
    ]
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        4 => (size(), size()).prop_map(|(offset, len)| Step::WriteRange(offset, len)),
        3 => size().prop_map(Step::Append),
        2 => size().prop_map(Step::Replace),
        4 => (size(), size()).prop_map(|(start, len)| Step::Read(start, start + len)),
        1 => Just(Step::Reopen),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, ..ProptestConfig::default() })]
    #[test]
    fn a_string_is_a_vector(steps in proptest::collection::vec(step(), 1..24)) {
        let mut directory = Directory::new();
        directory.store().set_verify_reads(true);
        let mut model = pattern(5, 0);
        directory.replace(&model, Expiry::At(u64::MAX / 4));
        for (round, step) in steps.into_iter().enumerate() {
            let salt = round as u8;
            match step {
                Step::WriteRange(offset, len) => {
                    let data = pattern(len, salt);
                    let new_len = directory.write_range(offset as u64, &data);
                    overlay(&mut model, offset, &data);
                    prop_assert_eq!(new_len, model.len() as u64);
                }
                Step::Append(len) => {
                    let data = pattern(len, salt);
                    directory.write_range(model.len() as u64, &data);
                    model.extend_from_slice(&data);
                }
                Step::Replace(len) => {
                    model = pattern(len, salt);
                    directory.replace(&model, Expiry::Keep);
                }
                Step::Read(start, end) => {
                    let end = end.min(model.len());
                    let expected = model.get(start..end).unwrap_or_default();
                    prop_assert_eq!(&directory.range(start as u64, end as u64)[..], expected);
                }
                Step::Reopen => {
                    directory.reopen();
                    directory.store().set_verify_reads(true);
                }
            }
            prop_assert!(directory.value() == model, "round {}", round);
            prop_assert_eq!(directory.expire_ms(), Some(u64::MAX / 4));
        }
        directory.reopen();
        prop_assert!(directory.value() == model);
        prop_assert_eq!(directory.store().database_size(0), 1);
    }
}

#[test]
fn holes_are_zeros_and_cost_nothing() {
    let directory = Directory::new();
    let offset = STRING_BYTES_MAX - 1;
    let before = directory.store().queue().staged();
    assert_eq!(directory.write_range(offset, b"x"), STRING_BYTES_MAX);
    // The chunk, the meta row and what the first key and id of a store bring with them.
    assert!(directory.store().queue().staged() - before <= 4);
    assert_eq!(directory.range(offset - 2, u64::MAX), b"\0\0x");
    assert_eq!(directory.range(0, 3), [0; 3]);
    let view = directory.view();
    let entry = view.open(KEY).unwrap();
    let mut segments = Vec::new();
    let (start, end) = (offset - 3 * CHUNK_BYTES as u64, STRING_BYTES_MAX);
    bytes::for_each_segment(&view, &entry, start, end, |segment| {
        segments.push(match segment {
            Segment::Bytes(bytes) => (bytes.len() as u64, false),
            Segment::Zeros(count) => (count, true),
        });
        ControlFlow::Continue(())
    })
    .unwrap();
    let zeros = CHUNK_BYTES as u64;
    assert_eq!(
        segments,
        [(1, true), (zeros, true), (zeros, true), (zeros, false)]
    );
}

#[test]
fn a_visitor_may_stop() {
    let directory = Directory::new();
    directory.replace(&pattern(5 * CHUNK_BYTES, 1), Expiry::Clear);
    let view = directory.view();
    let entry = view.open(KEY).unwrap();
    let mut seen = 0;
    bytes::for_each_segment(&view, &entry, 0, u64::MAX, |_| {
        seen += 1;
        match seen {
            2 => ControlFlow::Break(()),
            _ => ControlFlow::Continue(()),
        }
    })
    .unwrap();
    assert_eq!(seen, 2);
}

#[test]
fn the_longest_string_is_the_limit_given() {
    let directory = Directory::new();
    let mut edit = directory.store().edit(0, LATCHED).unwrap();
    let entry = edit.open(KEY).unwrap();
    for (offset, ok) in [(98, true), (99, false), (u64::MAX, false)] {
        let written = bytes::write_range(&mut edit, &entry, offset, b"ab", 100, &[]);
        assert_eq!(written.is_ok(), ok, "{offset}");
        if let Err(error) = written {
            assert!(matches!(error, StorageError::StringTooLong));
        }
    }
}

#[test]
fn strings_and_writes_larger_than_a_commit_arrive_whole() {
    let mut directory = Directory::new();
    let mut model = pattern(2 * COMMIT_BYTES_MAX + 7, 3);
    directory.replace(&model, Expiry::Clear);
    assert!(directory.value() == model);
    let data = pattern(COMMIT_BYTES_MAX + 1, 4);
    directory.write_range(1000, &data);
    overlay(&mut model, 1000, &data);
    assert!(directory.value() == model);
    let data = pattern(COMMIT_BYTES_MAX, 5);
    directory.write_range(model.len() as u64 + 9, &data);
    model.resize(model.len() + 9, 0);
    model.extend_from_slice(&data);
    assert!(directory.value() == model);
    directory.reopen();
    assert!(directory.value() == model);
}

#[test]
fn several_large_values_fit_one_edit() {
    let directory = Directory::new();
    let value = pattern(COMMIT_BYTES_MAX / 5, 6);
    let keys: Vec<String> = (0..9).map(|n| format!("key {n}")).collect();
    directory.write(|edit| {
        for key in &keys {
            let entry = edit.open(key.as_bytes())?;
            bytes::replace(edit, &entry, &value, Expiry::Clear, &[Event::Set])?;
        }
        Ok(())
    });
    let view = directory.view();
    for key in &keys {
        let entry = view.open(key.as_bytes()).unwrap();
        let stored = bytes::read_value(&view, &entry).unwrap().unwrap();
        assert!(stored[..] == value[..], "{key}");
    }
}

#[test]
fn inline_values_are_shared_and_need_no_latch() {
    let directory = Directory::new();
    let options = ViewOptions {
        latched: false,
        ..LATCHED
    };
    directory.replace(&pattern(INLINE_BYTES_MAX, 0), Expiry::Clear);
    {
        let view = directory.store().view(0, options).unwrap();
        let entry = view.open(KEY).unwrap();
        let value = bytes::read_value(&view, &entry).unwrap();
        assert!(matches!(value, Some(Content::Shared(_))));
    }
    directory.replace(&pattern(INLINE_BYTES_MAX + 1, 0), Expiry::Clear);
    let view = directory.store().view(0, options).unwrap();
    let entry = view.open(KEY).unwrap();
    assert!(matches!(
        bytes::read_value(&view, &entry),
        Err(StorageError::NeedsLatch)
    ));
    assert_eq!(bytes::len(&entry), INLINE_BYTES_MAX as u64 + 1);
}

#[test]
fn writing_nothing_stages_nothing() {
    let directory = Directory::new();
    let (len, staged) = directory.write(|edit| {
        let entry = edit.open(KEY)?;
        bytes::write_range(edit, &entry, 5, b"", STRING_BYTES_MAX, &[])
    });
    assert_eq!((len, staged), (0, false));
    assert!(!directory.view().open(KEY).unwrap().exists());
}

#[test]
fn a_long_read_leaves_the_caches_to_others() {
    let mut directory = Directory::new();
    let chunk = CHUNK_BYTES as u64;
    let value = vec![b'x'; ((PASSING_CHUNKS_MIN + 1) * chunk) as usize];
    directory.replace(&value, Expiry::Clear);
    directory.reopen();
    let (rows, blocks) = held(&directory);
    assert!(directory.value() == value);
    let (rows_after, blocks_after) = held(&directory);
    assert!(rows_after - rows < CHUNK_BYTES, "only the meta row is kept");
    assert!(blocks_after - blocks < value.len() / 8, "{blocks_after}");
    // A shorter range is worth keeping.
    directory.range(0, 16 * chunk);
    assert!(held(&directory).0 - rows_after > 8 * CHUNK_BYTES);
}

/// Bytes in the hot table and in the block cache.
fn held(directory: &Directory) -> (usize, usize) {
    let store = directory.store();
    (store.table().bytes(), store.engine().memory_used().0)
}
