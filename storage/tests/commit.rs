//! The write path: what an edit stages, what a group makes of it, who waits for what, and what is
//! left when the engine refuses.

mod common;

use common::{DISK, Directory};
use std::time::{Duration, Instant};
use storage::StorageError;
use storage::change::Event;
use storage::commit::Fsync;
use storage::encoding::key::chunk_key;
use storage::encoding::meta::{DataType, Head, Header};

fn head(edit: &mut storage::Edit<'_>, key: &[u8]) -> Head {
    Head {
        id: edit.fresh_id(),
        home_slot: edit.name(key).slot,
        count: 0,
    }
}

#[test]
fn an_edit_finds_its_own_rows_whatever_their_number() {
    let directory = Directory::new();
    directory.write(|edit| {
        let head = head(edit, b"k");
        let element = |n| chunk_key(head.home_slot, head.id, n);
        for n in 0..15 {
            edit.put_element(head.home_slot, &element(n), &[b"v"]);
        }
        // The expiry row is the 17th, and no reader looks it up by key.
        for key in [&b"one"[..], b"two"] {
            common::set(edit, key, b"v", Some(u64::MAX))?;
        }
        for n in 15..40 {
            edit.put_element(head.home_slot, &element(n), &[b"v"]);
        }
        for n in 0..40 {
            assert!(edit.element(head.home_slot, &element(n))?.is_some(), "{n}");
        }
        assert!(edit.open(b"one")?.exists());
        Ok(())
    });
}

#[test]
fn an_edit_that_rewrites_one_row_counts_its_bytes_once() {
    let directory = Directory::new();
    let long = vec![b'x'; 4000];
    directory.write(|edit| {
        for n in 0..10_000u32 {
            common::set(edit, b"k", &[&n.to_be_bytes(), &long[..]].concat(), None)?;
        }
        Ok(())
    });
    assert_eq!(directory.store.database_size(0), 1);
    assert_eq!(directory.store.queue().pending_bytes(), 0);
}

#[test]
fn an_edit_tells_of_each_changed_key_once_and_of_many_without_comparing_them() {
    const KEYS: u32 = 200_000;
    let directory = Directory::new();
    let mut edit = directory.store.edit(0, DISK).unwrap();
    for n in (0..KEYS).chain(0..10) {
        common::set(&mut edit, &n.to_be_bytes(), b"v", Some(u64::MAX)).unwrap();
    }
    let told: Vec<_> = (0..KEYS).map(|n| (0, n.to_be_bytes().to_vec())).collect();
    assert_eq!(edit.changed_keys(), told);
    assert_eq!(edit.written_keys(), told);
}

/// Stages `a`, then a value of 9 MiB under `b`; gives the edit before it publishes.
fn spilling<'s>(directory: &'s Directory) -> (storage::Edit<'s>, Head) {
    let mut edit = directory.store.edit(0, DISK).unwrap();
    common::set(&mut edit, b"a", b"1", None).unwrap();
    let mut head = head(&mut edit, b"b");
    let mut spilled = false;
    for n in 0..9 * 128 {
        // What was looked for and not found must be found after the spill.
        let row_key = chunk_key(head.home_slot, head.id, n);
        assert!(edit.element(head.home_slot, &row_key).unwrap().is_none());
        edit.put_element(head.home_slot, &row_key, &[&[0], &[7; 8192]]);
        edit.spill(head, &mut spilled).unwrap();
    }
    assert!(spilled);
    head.count = 9 * 1024 * 1024;
    edit.publish(head, spilled);
    let entry = edit.open(b"b").unwrap();
    let mut header = Header::new(DataType::String);
    header.head = Some(head);
    edit.put(&entry, header, &[], &[Event::Set]).unwrap();
    (edit, head)
}

#[test]
fn a_spilled_edit_keeps_its_changes_and_its_rows() {
    let directory = Directory::new();
    let (edit, head) = spilling(&directory);
    directory.wait(edit.stage().unwrap());
    let heard = directory.heard.lock().clone();
    let names: Vec<_> = heard
        .iter()
        .map(|(_, key, event)| (&key[..], *event))
        .collect();
    let expected = [
        (&b"a"[..], Event::Set),
        (b"a", Event::New),
        (b"b", Event::Set),
        (b"b", Event::New),
    ];
    assert_eq!(names, expected);
    assert_eq!(directory.rows(b"g"), [], "the garbage row was taken back");
    assert_eq!(directory.store.garbage().ids_waiting(), 0);
    let view = directory.view(0);
    for n in [0, 500, 1151] {
        let row_key = chunk_key(head.home_slot, head.id, n);
        assert!(view.element(head.home_slot, &row_key).unwrap().is_some());
    }
}

#[test]
fn a_spilled_edit_that_is_given_up_is_garbage() {
    let directory = Directory::new();
    let (edit, _) = spilling(&directory);
    drop(edit);
    assert_eq!(directory.get("b"), None);
    assert_eq!(directory.rows(b"g").len(), 1);
    assert_eq!(directory.store.garbage().ids_waiting(), 1);
}

#[test]
fn two_databases_flushed_in_one_edit_get_two_namespaces() {
    let directory = Directory::new();
    directory.write(|edit| {
        edit.flush_database(&[0])?;
        edit.flush_database(&[1])?;
        // What follows in the same edit is written to the database as the flush leaves it.
        common::set(edit, b"after", b"1", None)
    });
    let map = directory.store.queue().database_map();
    assert_ne!(map.namespace(0), map.namespace(1));
    assert_eq!(directory.get("after").as_deref(), Some("1"));
    assert_eq!(directory.get_in(1, "after"), None);
    assert_eq!(directory.store.garbage().namespaces_waiting(), 2);
    let directory = directory.reopen();
    assert_eq!(directory.get("after").as_deref(), Some("1"));
    assert_eq!(directory.store.database_size(0), 1);
}

#[test]
fn closing_commits_what_is_staged_without_the_committer_thread() {
    let directory = Directory::with(Fsync::Always);
    let mut edit = directory.store.edit(0, DISK).unwrap();
    common::set(&mut edit, b"k", b"v", None).unwrap();
    edit.stage().unwrap();
    let start = Instant::now();
    let directory = directory.reopen();
    assert!(start.elapsed() < Duration::from_secs(60));
    assert_eq!(directory.get("k").as_deref(), Some("v"));
}

#[test]
fn of_the_rows_of_one_key_in_a_group_only_the_last_is_written() {
    let directory = Directory::new();
    let before = directory.store.engine().last_sequence();
    let mut last = 0;
    for n in 0..100u32 {
        let mut edit = directory.store.edit(0, DISK).unwrap();
        common::set(&mut edit, b"k", n.to_string().as_bytes(), None).unwrap();
        common::set(&mut edit, b"other", b"v", None).unwrap();
        last = edit.stage().unwrap();
        // Staged rows are visible at once, and a reader knows what to wait for.
        let view = directory.view(0);
        let seen = common::get(&view, b"k").unwrap().unwrap();
        assert_eq!(&seen[..], n.to_string().as_bytes());
        assert!(view.seen() > directory.store.queue().committed());
    }
    directory.wait(last);
    let written = directory.store.engine().last_sequence() - before;
    // Two meta rows and one count row per slot.
    assert_eq!(written, 4);
    assert_eq!(directory.heard.lock().len(), 202, "no event is lost");
    let view = directory.view(0);
    common::get(&view, b"k").unwrap();
    assert_eq!(view.seen(), 0);
}

#[test]
fn an_edit_is_refused_below_the_disk_reserve_and_again_taken_above_it() {
    let directory = Directory::new();
    directory.set("k", "v");
    directory.store.set_disk_reserve_bytes(u64::MAX / 2);
    let mut edit = directory.store.edit(0, DISK).unwrap();
    common::set(&mut edit, b"k", b"w", None).unwrap();
    assert!(matches!(edit.stage(), Err(StorageError::DiskReserve)));
    assert_eq!(directory.get("k").as_deref(), Some("v"));
    directory.store.set_disk_reserve_bytes(1);
    directory.set("k", "w");
    assert_eq!(directory.get("k").as_deref(), Some("w"));
}

#[test]
fn groups_are_fsynced_until_the_room_made_under_always_is_used_up() {
    let directory = Directory::with_threads(Fsync::Always);
    let (leader, queue) = (directory.store.leader(), directory.store.queue());
    directory.set("k", "0");
    leader.set_fsync(Fsync::No);
    let value = "v".repeat(1000);
    let mut groups = 0;
    while directory.store.engine().must_sync() {
        directory.set("k", &value);
        assert_eq!(queue.synced(), queue.committed(), "group {groups}");
        groups += 1;
    }
    assert!((100..1000).contains(&groups), "{groups}");
    directory.set("k", &value);
    assert!(queue.synced() < queue.committed());
}
