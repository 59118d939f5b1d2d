//! FLUSHDB, FLUSHALL, SWAPDB.

use super::{Directory, set_string};
use storage::StorageError;
use storage::ops::{databases, keyspace};

fn flush(directory: &Directory, dbs: std::ops::Range<u32>) {
    directory.write(0, |edit| databases::flush(edit, dbs));
}

#[test]
fn flushing_empties_only_what_it_names() {
    let mut directory = Directory::new(2);
    for db in 0..3 {
        directory.set(db, "k", "v");
        directory.set(db, "l", "v");
    }
    flush(&directory, 1..2);
    let sizes = |directory: &Directory| [0, 1, 2].map(|db| directory.size(db));
    assert_eq!(sizes(&directory), [2, 0, 2]);
    assert_eq!(directory.get(1, "k"), None);
    directory.set(1, "k", "new");
    directory.reopen();
    assert_eq!(sizes(&directory), [2, 1, 2]);
    assert_eq!(directory.get(1, "k").unwrap(), b"new");
    assert_eq!(directory.get(1, "l"), None);
    flush(&directory, 0..16);
    directory.reopen();
    assert_eq!(sizes(&directory), [0, 0, 0]);
}

#[test]
fn flushing_nothing_writes_nothing() {
    let directory = Directory::new(1);
    directory.set(2, "k", "v");
    let mut edit = directory.store().edit(0, super::OPTIONS).unwrap();
    databases::flush(&mut edit, 0..2).unwrap();
    assert!(edit.is_empty());
    databases::swap(&mut edit, 2, 2);
    assert!(edit.is_empty());
}

#[test]
fn an_edit_that_began_before_a_flush_is_refused() {
    let directory = Directory::new(1);
    directory.set(0, "k", "v");
    let mut late = directory.store().edit(0, super::OPTIONS).unwrap();
    set_string(&mut late, b"late", b"v", None).unwrap();
    flush(&directory, 0..1);
    assert!(matches!(late.stage(), Err(StorageError::NamespaceChanged)));
    assert_eq!(directory.size(0), 0);
}

#[test]
fn swapping_exchanges_everything() {
    let mut directory = Directory::new(2);
    directory.set(0, "zero", "0");
    directory.set(1, "one", "1");
    directory.set(1, "another", "1");
    directory.write(0, |edit| {
        databases::swap(edit, 0, 1);
        Ok(())
    });
    directory.reopen();
    assert_eq!((directory.size(0), directory.size(1)), (2, 1));
    assert_eq!(directory.get(0, "one").unwrap(), b"1");
    assert_eq!(directory.get(1, "zero").unwrap(), b"0");
    assert!(!keyspace::exists(&directory.view(0), b"zero").unwrap());
    flush(&directory, 0..1);
    assert_eq!((directory.size(0), directory.size(1)), (0, 1));
}
