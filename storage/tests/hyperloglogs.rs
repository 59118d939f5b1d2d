//! HyperLogLogs as strings: what an operation stages, and foreign bytes in place of a sketch.

mod common;

use common::{DISK, Directory, get, set};
use proptest::prelude::*;
use storage::change::Event;
use storage::encoding::meta::DataType;
use storage::limits::CHUNK_BYTES;
use storage::ops::bytes;
use storage::ops::hll;
use storage::ops::hll::sketch::{DENSE_BYTES, Encoding, Rank, last_dense_byte};
use storage::ops::keyspace;
use storage::{Edit, Result, StorageError};

const SPARSE_MAX: u64 = 3000;
const KEY: &[u8] = b"k";

fn add(edit: &mut Edit<'_>, elements: &[&[u8]]) -> Result<bool> {
    hll::add(edit, KEY, elements.iter().copied(), SPARSE_MAX)
}

fn stored(directory: &Directory) -> Vec<u8> {
    get(&directory.store.view(0, DISK).unwrap(), KEY)
        .unwrap()
        .unwrap()
}

/// A directory with a dense sketch of nothing whose cardinality is known.
fn dense() -> Directory {
    let directory = Directory::new();
    directory.write(|edit| add(edit, &[]));
    directory.write(|edit| hll::make_dense(edit, KEY));
    assert_eq!(directory.write(|edit| hll::count(edit, KEY)), 0);
    directory
}

/// The nth element whose register ends in the chunk.
fn element_in_chunk(chunk: usize, nth: usize) -> Vec<u8> {
    let numbers = (0..100_000_u32).map(|number| number.to_le_bytes().to_vec());
    let mut fitting = numbers.filter(|element| {
        (16 + last_dense_byte(Rank::of(element).register)) / CHUNK_BYTES == chunk
    });
    fitting.nth(nth).unwrap()
}

/// Rows that an addition stages.
fn rows_of_adding(directory: &Directory, elements: &[&[u8]]) -> u64 {
    let before = directory.store.queue().staged();
    let mut edit = directory.store.edit(0, DISK).unwrap();
    add(&mut edit, elements).unwrap();
    edit.stage().unwrap().saturating_sub(before)
}

#[test]
fn a_new_sketch_is_raw_and_short() {
    let directory = Directory::new();
    assert!(directory.write(|edit| add(edit, &[])));
    assert_eq!(
        stored(&directory),
        b"HYLL\x01\0\0\0\0\0\0\0\0\0\0\x80\x7f\xff"
    );
    let view = directory.store.view(0, DISK).unwrap();
    assert_eq!(keyspace::encoding(&view, KEY).unwrap(), Some("raw"));
    assert_eq!(
        keyspace::data_type(&view, KEY).unwrap(),
        Some(DataType::String)
    );
}

#[test]
fn an_addition_that_changes_nothing_stages_nothing() {
    let directory = Directory::new();
    assert!(directory.write(|edit| add(edit, &[b"a", b"b"])));
    assert_eq!(rows_of_adding(&directory, &[b"b", b"a"]), 0);
    directory.write(|edit| hll::make_dense(edit, KEY));
    assert_eq!(rows_of_adding(&directory, &[b"b", b"a"]), 0);
    assert_eq!(rows_of_adding(&directory, &[]), 0);
}

#[test]
fn an_addition_to_a_dense_sketch_writes_the_chunks_it_changes() {
    let directory = dense();
    // The cardinality is known, so the header changes too: two chunks and the meta row.
    assert_eq!(rows_of_adding(&directory, &[&element_in_chunk(1, 0)]), 3);
    assert_eq!(rows_of_adding(&directory, &[&element_in_chunk(0, 0)]), 2);
    assert_eq!(rows_of_adding(&directory, &[&element_in_chunk(1, 1)]), 2);
}

#[test]
fn an_addition_is_heard_once_and_a_count_is_not() {
    let directory = dense();
    let elements: [&[u8]; 2] = [&element_in_chunk(0, 0), &element_in_chunk(1, 0)];
    directory.heard.lock().clear();
    assert!(directory.write(|edit| add(edit, &elements)));
    assert_eq!(directory.write(|edit| hll::count(edit, KEY)), 2);
    assert_eq!(*directory.heard.lock(), [(0, KEY.to_vec(), Event::PfAdd)]);
}

#[test]
fn a_count_is_remembered_until_a_register_changes() {
    let directory = dense();
    directory.write(|edit| add(edit, &[b"a", b"b", b"c"]));
    let remembered = || hll::remembered(&directory.store.view(0, DISK).unwrap(), KEY);
    assert!(matches!(remembered(), Err(StorageError::NeedsLatch)));
    assert_eq!(directory.write(|edit| hll::count(edit, KEY)), 3);
    assert_eq!(remembered().unwrap(), 3);
    directory.write(|edit| add(edit, &[b"c"]));
    assert_eq!(remembered().unwrap(), 3);
    directory.write(|edit| add(edit, &[b"d"]));
    assert!(matches!(remembered(), Err(StorageError::NeedsLatch)));
}

#[test]
fn changes_in_every_form_keep_the_expiry() {
    let directory = Directory::new();
    directory.write(|edit| add(edit, &[b"a"]));
    let at = directory.store.now_ms() + 1_000_000;
    directory.write(|edit| set(edit, KEY, &stored(&directory), Some(at)));
    let expiry = || {
        let view = directory.store.view(0, DISK).unwrap();
        let entry = view.open(KEY).unwrap();
        (entry.header().unwrap().expire_ms, bytes::len(&entry))
    };
    directory.write(|edit| add(edit, &[b"b"]));
    assert_eq!(expiry().0, Some(at));
    directory.write(|edit| hll::make_dense(edit, KEY));
    assert_eq!(expiry(), (Some(at), DENSE_BYTES as u64));
    directory.write(|edit| add(edit, &[b"c"]));
    directory.write(|edit| hll::count(edit, KEY));
    directory.write(|edit| hll::merge(edit, KEY, [&b"none"[..]].into_iter(), SPARSE_MAX));
    assert_eq!(expiry(), (Some(at), DENSE_BYTES as u64));
}

#[test]
fn a_long_sparse_sketch_stands_in_chunks() {
    let directory = Directory::new();
    let elements: Vec<[u8; 4]> = (0..20_000_u32).map(u32::to_le_bytes).collect();
    for part in elements.chunks(1000) {
        let part = part.iter().map(|element| &element[..]);
        directory.write(|edit| hll::add(edit, KEY, part.clone(), 20_000));
    }
    let view = directory.store.view(0, DISK).unwrap();
    assert_eq!(hll::encoding(&view, KEY).unwrap(), Some(Encoding::Sparse));
    assert!(stored(&directory).len() > CHUNK_BYTES);
    let sparse = directory.write(|edit| hll::count(edit, KEY));
    directory.write(|edit| hll::make_dense(edit, KEY));
    // The cardinality is kept by the conversion; the union is counted anew.
    let union = hll::count_union(&view, [KEY].into_iter()).unwrap();
    assert_eq!(sparse, union);
}

#[test]
fn a_string_that_is_no_sketch_is_refused_and_kept() {
    let directory = Directory::new();
    let dense_start = [&b"HYLL\0"[..], &[0; DENSE_BYTES - 6]].concat();
    let endless = [&b"HYLL\x01\0\0\0\0\0\0\0\0\0\0\0"[..], &[0; 100_000]].concat();
    for (value, malformed) in [
        (&b"12"[..], false),
        (b"", false),
        (b"HYLL\x01\0\0\0\0\0\0\0\0\0\0", false),
        (&dense_start, false),
        (&endless, true),
    ] {
        directory.write(|edit| set(edit, KEY, value, None));
        let mut edit = directory.store.edit(0, DISK).unwrap();
        for result in [
            hll::add(&mut edit, KEY, [&b"a"[..]].into_iter(), SPARSE_MAX).map(drop),
            hll::count_union(&edit, [KEY].into_iter()).map(drop),
            hll::merge(&mut edit, b"other", [KEY].into_iter(), SPARSE_MAX),
            hll::merge(&mut edit, KEY, [].into_iter(), SPARSE_MAX),
            hll::make_dense(&mut edit, KEY).map(drop),
        ] {
            match result {
                Err(StorageError::MalformedHyperLogLog) => assert!(malformed),
                Err(StorageError::NotAHyperLogLog) => assert!(!malformed),
                other => panic!("{other:?}"),
            }
        }
        assert!(edit.is_empty());
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn any_corruption_is_answered(
        dense in any::<bool>(),
        changes in prop::collection::vec((0..DENSE_BYTES, any::<u8>()), 1..6),
        cut in 0..40_usize,
    ) {
        let directory = Directory::new();
        directory.write(|edit| add(edit, &[b"a", b"b", b"c", b"d"]));
        if dense {
            directory.write(|edit| hll::make_dense(edit, KEY));
        }
        let mut value = stored(&directory);
        for (at, byte) in changes {
            let len = value.len();
            value[at % len] = byte;
        }
        if cut < 8 {
            value.truncate(value.len() - cut);
        }
        directory.write(|edit| set(edit, KEY, &value, None));
        let mut edit = directory.store.edit(0, DISK).unwrap();
        let answers = [
            hll::count(&mut edit, KEY).map(drop),
            hll::add(&mut edit, KEY, [&b"e"[..], b"f"].into_iter(), SPARSE_MAX).map(drop),
            hll::opcodes(&edit, KEY).map(drop),
            hll::merge(&mut edit, b"other", [KEY].into_iter(), SPARSE_MAX),
            hll::registers(&edit, KEY).map(drop),
            hll::make_dense(&mut edit, KEY).map(drop),
        ];
        for answer in answers {
            let told = match answer {
                Ok(()) => true,
                Err(error) => matches!(
                    error,
                    StorageError::NotAHyperLogLog | StorageError::MalformedHyperLogLog
                ),
            };
            prop_assert!(told);
        }
        edit.stage().unwrap();
    }
}
