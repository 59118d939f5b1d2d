//! The fsck: clean directories are clean, and every kind of contradiction is found.

mod common;

use common::Directory;
use storage::StorageError;
use storage::check::{CheckReport, check};
use storage::encoding::count::KeyCounts;
use storage::encoding::key::{KeyName, count_key, garbage_key};
use storage::engine::{BatchBuilder, Family, Throttle};

fn directory() -> Directory {
    let directory = Directory::new();
    for n in 0..50 {
        directory.set(&format!("k{n}"), "v");
        directory.set_until(&format!("e{n}"), "v", u64::MAX - n);
    }
    directory.set_until("k1", "v", 4_000_000_000_000);
    directory.set_until("k1", "v", 5_000_000_000_000);
    directory.set_chunked("big", 5);
    directory.set_chunked("gone", 5);
    directory.delete("gone");
    directory.write_in(3, |edit| common::set(edit, b"other", b"v", None));
    directory.write_in(4, |edit| common::set(edit, b"flushed", b"v", None));
    directory.write(|edit| edit.flush_database(&[4]));
    directory
}

fn checked(directory: Directory) -> CheckReport {
    let path = directory.path();
    let _dir = directory.close();
    check(&path, 10).unwrap()
}

/// Writes rows past the store, as damage would.
fn damage(directory: &Directory, rows: &[(&[u8], Option<&[u8]>)]) {
    let engine = directory.store.engine();
    let family = engine.family_id(Family::Partition(0));
    let mut batch = BatchBuilder::default();
    batch.begin(b"");
    for (key, value) in rows {
        match value {
            Some(value) => batch.put(family, key, value),
            None => batch.delete(family, key),
        }
    }
    engine.write(batch.finish(), true, Throttle::Wait).unwrap();
}

fn problem_of(rows: &[(&[u8], Option<&[u8]>)]) -> String {
    let directory = directory();
    damage(&directory, rows);
    let report = checked(directory);
    assert_eq!(report.problems_total, 1, "{:?}", report.problems);
    report.problems.join("")
}

#[test]
fn a_directory_in_order_is_clean() {
    let report = checked(directory());
    assert!(report.is_clean(), "{:?}", report.problems);
    assert_eq!(report.rows.keys, 103);
    assert_eq!(report.rows.keys_with_expiry, 51);
    assert_eq!((report.rows.elements, report.rows.dead_elements), (5, 5));
    assert_eq!((report.rows.garbage, report.rows.dead_namespaces), (1, 1));
}

#[test]
fn a_directory_in_use_and_one_without_data_are_refused() {
    let directory = directory();
    let refused = check(&directory.path(), 10);
    assert!(
        matches!(refused, Err(StorageError::DirectoryInUse(_))),
        "{refused:?}"
    );
    let empty = tempfile::tempdir().unwrap();
    let refused = check(empty.path(), 10);
    assert!(
        matches!(refused, Err(StorageError::Directory(_))),
        "{refused:?}"
    );
    assert!(std::fs::read_dir(empty.path()).unwrap().next().is_none());
}

/// What a crash leaves between the two commits of the sweep of a flushed database.
#[test]
fn a_flushed_value_whose_id_is_already_declared_dead_is_no_problem() {
    let directory = Directory::new();
    let head = directory.set_chunked("long", 3);
    directory.write(|edit| edit.flush_database(&[0]));
    let filed = garbage_key(head.home_slot, head.id);
    damage(&directory, &[(&filed, Some(b""))]);
    let report = checked(directory);
    assert!(report.is_clean(), "{:?}", report.problems);
    assert_eq!((report.rows.elements, report.rows.dead_elements), (0, 3));
}

#[test]
fn every_contradiction_is_found() {
    let wrong_place = [&b"m\0\0\0\0\0\x05aaaaaa"[..], b"key"].concat();
    let slot = KeyName::new(b"k1", &storage::encoding::key::HashSeed([0; 16])).slot;
    let report = {
        let directory = directory();
        damage(&directory, &[(&wrong_place, Some(&[1, 0]))]);
        checked(directory)
    };
    // Its slot is not the key's, and nobody counted it.
    assert_eq!(report.problems_total, 2, "{:?}", report.problems);
    // The key there has an expiry.
    let (keys, expires) = (9, 1);
    let text = problem_of(&[(
        &count_key(0, slot),
        Some(&KeyCounts { keys, expires }.encode()),
    )]);
    assert!(text.contains("9 keys counted, 1 found"), "{text}");
    let (keys, expires) = (1, 0);
    let text = problem_of(&[(
        &count_key(0, slot),
        Some(&KeyCounts { keys, expires }.encode()),
    )]);
    assert!(text.contains("0 expiries counted, 1 found"), "{text}");
    let orphan = [&b"d\0\0\0\0\0\0\0\0\0\x09"[..], &[1, 0, 0, 0, 0]].concat();
    let text = problem_of(&[(&orphan, Some(b"\0x"))]);
    assert!(text.contains("an element of nobody"), "{text}");
    let text = problem_of(&[(&garbage_key(7, 1 << 40), Some(b""))]);
    assert!(text.contains("never reserved"), "{text}");
    let text = problem_of(&[(b"q", Some(b""))]);
    assert!(text.contains("do not belong here"), "{text}");
    let text = problem_of(&[(b"g12", Some(b""))]);
    assert!(text.contains("cannot be read"), "{text}");
}

#[test]
fn damage_to_one_value_is_found() {
    let directory = directory();
    let head = directory.set_chunked("victim", 2);
    let beyond = storage::encoding::key::chunk_key(head.home_slot, head.id, 2);
    let long = storage::encoding::key::chunk_key(head.home_slot, head.id, 0);
    let expiry = directory.view(0).name(b"e0").expiry_key(0, u64::MAX);
    damage(
        &directory,
        &[
            (&beyond, Some(b"\0x")),
            (&long, Some(&[0; 8194])),
            (&expiry, None),
        ],
    );
    let report = checked(directory);
    assert_eq!(report.problems_total, 3, "{:?}", report.problems);
    let text = report.problems.join("\n");
    assert!(text.contains("no expiry row"), "{text}");
    assert!(text.contains("beyond the string's"), "{text}");
}
