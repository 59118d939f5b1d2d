//! RENAME, MOVE, COPY: what moves, what stays, who is told.

use super::{CHUNK_BYTES, Directory, OPTIONS, START_MS};
use storage::change::Event;
use storage::engine::Tier;
use storage::limits::{COMMIT_BYTES_MAX, KEY_BYTES_MAX};
use storage::ops::relocate::{self, Renamed};
use storage::ops::{expire, keyspace};
use storage::{StorageError, ViewOptions};

fn rename(directory: &Directory, from: &str, to: &str) -> Renamed {
    directory.write(0, |edit| {
        relocate::rename(edit, from.as_bytes(), to.as_bytes(), true)
    })
}

fn delete(directory: &Directory, key: &str) -> bool {
    directory.write(0, |edit| keyspace::delete(edit, key.as_bytes()))
}

#[test]
fn rename_takes_the_value_the_time_and_the_extensions_along() {
    let directory = Directory::new(2);
    directory.set_chunked("a", 3);
    directory.set(0, "b", "old");
    let at_ms = START_MS as i64 + 500;
    directory.write(0, |edit| {
        expire::set(edit, b"a", at_ms, expire::Conditions::default())
    });
    let before = directory.header(0, "a").unwrap();
    let value = directory.get(0, "a").unwrap();
    directory.take_events();
    assert_eq!(rename(&directory, "a", "b"), Renamed::Done);
    assert_eq!(directory.header(0, "b").unwrap(), before);
    assert_eq!(directory.get(0, "b").unwrap(), value);
    assert_eq!(directory.get(0, "a"), None);
    assert_eq!(directory.size(0), 1);
    let expected = [
        (0, "a".to_owned(), Event::RenameFrom),
        (0, "b".to_owned(), Event::RenameTo),
    ];
    assert_eq!(directory.take_events(), expected);
    assert_eq!(directory.expiry_rows("b"), [500]);
}

#[test]
fn rename_refuses_what_is_missing_or_taken() {
    let directory = Directory::new(1);
    assert_eq!(rename(&directory, "a", "a"), Renamed::NoSuchKey);
    directory.set(0, "a", "1");
    directory.set(0, "b", "2");
    assert_eq!(rename(&directory, "a", "a"), Renamed::Done);
    for target in ["a", "b"] {
        let refused = directory.write(0, |edit| {
            relocate::rename(edit, b"a", target.as_bytes(), false)
        });
        assert_eq!(refused, Renamed::TargetExists);
    }
    let long = vec![b'x'; KEY_BYTES_MAX + 1];
    let mut edit = directory.store().edit(0, OPTIONS).unwrap();
    let refused = relocate::rename(&mut edit, b"a", &long, true);
    assert!(matches!(refused, Err(StorageError::KeyTooLong)));
    drop(edit);
    assert_eq!(directory.get(0, "a").unwrap(), b"1");
    assert_eq!(directory.size(0), 2);
}

#[test]
fn a_stranger_row_follows_the_value_until_it_comes_home_or_dies() {
    let mut directory = Directory::new(4);
    let head = directory.set_chunked("home", 2);
    assert_eq!(directory.stranger(head), None);
    for name in ["away", "further", "{home}again"] {
        rename(&directory, "home", name);
        let owner = directory.meta_key(0, name);
        let expected = (name != "{home}again").then_some(owner);
        assert_eq!(directory.stranger(head), expected, "{name}");
        assert_eq!(directory.head(0, name), head);
        rename(&directory, name, "home");
        assert_eq!(directory.stranger(head), None, "{name}");
    }
    rename(&directory, "home", "away");
    rename(&directory, "away", "further");
    assert_eq!(
        directory.stranger(head),
        Some(directory.meta_key(0, "further"))
    );
    directory.reopen();
    assert_eq!(directory.get(0, "further").unwrap().len(), 2 * CHUNK_BYTES);
    assert!(!directory.is_garbage(head));
    assert!(delete(&directory, "further"));
    assert!(directory.is_garbage(head));
    assert_eq!(directory.stranger(head), None);
    assert_eq!(directory.size(0), 0);
}

#[test]
fn renaming_onto_a_stranger_frees_it() {
    let directory = Directory::new(2);
    let dead = directory.set_chunked("one", 1);
    rename(&directory, "one", "target");
    let alive = directory.set_chunked("two", 1);
    rename(&directory, "two", "target");
    assert_eq!(directory.head(0, "target"), alive);
    assert!(directory.is_garbage(dead) && !directory.is_garbage(alive));
    assert_eq!(directory.stranger(dead), None);
    assert_eq!(
        directory.stranger(alive),
        Some(directory.meta_key(0, "target"))
    );
    assert_eq!(directory.size(0), 1);
}

#[test]
fn move_changes_the_database_and_the_strangers_owner() {
    let directory = Directory::new(2);
    let head = directory.set_chunked("home", 1);
    rename(&directory, "home", "away");
    directory.set(5, "taken", "there");
    directory.set(0, "taken", "here");
    directory.take_events();
    let moved = |key: &str| directory.write(0, |edit| relocate::move_to(edit, key.as_bytes(), 5));
    assert!(moved("away"));
    assert!(!moved("away"), "it is not here any more");
    assert!(!moved("taken"));
    assert_eq!(directory.head(5, "away"), head);
    assert_eq!(
        directory.stranger(head),
        Some(directory.meta_key(5, "away"))
    );
    assert_eq!((directory.size(0), directory.size(5)), (1, 2));
    let expected = [
        (0, "away".to_owned(), Event::MoveFrom),
        (5, "away".to_owned(), Event::MoveTo),
        (5, "away".to_owned(), Event::New),
    ];
    assert_eq!(directory.take_events(), expected);
}

#[test]
fn a_copy_lives_by_itself() {
    let mut directory = Directory::new(2);
    let original = directory.set_chunked("a", 3);
    let copied = |to: &str, db, replace| {
        directory.write(0, |edit| {
            relocate::copy(edit, b"a", to.as_bytes(), db, replace)
        })
    };
    assert!(copied("b", 0, false));
    assert!(!copied("b", 0, false));
    assert!(copied("b", 0, true));
    assert!(copied("a", 3, false));
    let (header, copy) = (
        directory.header(0, "a").unwrap(),
        directory.header(0, "b").unwrap(),
    );
    assert_eq!(copy.extensions, header.extensions);
    assert_ne!(copy.head.unwrap().id, original.id);
    let value = directory.get(0, "a").unwrap();
    assert!(delete(&directory, "a"));
    directory.reopen();
    assert_eq!(directory.get(0, "b").unwrap(), value);
    assert_eq!(directory.get(3, "a").unwrap(), value);
    assert_eq!((directory.size(0), directory.size(3)), (1, 1));
    let missing = directory.write(0, |edit| relocate::copy(edit, b"a", b"c", 0, true));
    assert!(!missing);
}

#[test]
fn a_copy_larger_than_a_commit_is_whole_and_leaves_no_garbage() {
    const PARTS: usize = 12;
    let directory = Directory::new(1);
    let chunks = u8::MAX;
    let head = directory.set_chunked("small", chunks);
    // The same chunks again and again, in commits that are small enough.
    let total = usize::from(chunks) * PARTS;
    assert!(total * CHUNK_BYTES > COMMIT_BYTES_MAX);
    for part in 1..PARTS {
        directory.write(0, |edit| {
            for index in 0..usize::from(chunks) {
                let at = (part * usize::from(chunks) + index) as u32;
                let row_key = storage::encoding::key::chunk_key(head.home_slot, head.id, at);
                edit.put_element(head.home_slot, &row_key, &[&[0], &[at as u8; CHUNK_BYTES]]);
            }
            Ok(())
        });
    }
    directory.write(0, |edit| {
        let entry = edit.open(b"small")?;
        let mut header = entry.header().unwrap().clone();
        header.head.as_mut().unwrap().count = (total * CHUNK_BYTES) as u64;
        edit.put(&entry, header, &[], &[Event::Append])
    });
    let serving = ViewOptions {
        tier: Tier::Memory,
        ..OPTIONS
    };
    let mut edit = directory.store().edit(0, serving).unwrap();
    let refused = relocate::copy(&mut edit, b"small", b"copy", 0, false);
    assert!(matches!(refused, Err(StorageError::NeedsDisk)));
    drop(edit);
    assert!(directory.write(0, |edit| relocate::copy(edit, b"small", b"copy", 0, false)));
    assert!(directory.get(0, "copy") == directory.get(0, "small"));
    assert!(!directory.is_garbage(directory.head(0, "copy")));
}

#[test]
fn chunks_without_a_row_stay_without_one() {
    let directory = Directory::new(1);
    let head = directory.set_chunked("a", 3);
    directory.write(0, |edit| {
        let row_key = storage::encoding::key::chunk_key(head.home_slot, head.id, 1);
        edit.remove_element(head.home_slot, &row_key);
        Ok(())
    });
    directory.write(0, |edit| relocate::copy(edit, b"a", b"b", 0, false));
    let copy = directory.head(0, "b");
    let rows = [0, 1, 2].map(|index| {
        let row_key = storage::encoding::key::chunk_key(copy.home_slot, copy.id, index);
        directory.row(copy.home_slot, &row_key).is_some()
    });
    assert_eq!(rows, [true, false, true]);
    assert_eq!(copy.count, head.count);
}
