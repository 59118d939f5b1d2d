//! What becomes of edits when the engine takes a group, refuses it, or would get too large a one.

use super::queue::Forming;
use super::{Fsync, Position};
use crate::change::{Change, CommitObserver};
use crate::engine::Tier;
use crate::error::{Result, StorageError};
use crate::limits::COMMIT_BYTES_MAX;
use crate::ops::bytes::Expiry;
use crate::ops::string::{self, Condition};
use crate::{Edit, Options, Store, ViewOptions};
use std::sync::{Arc, OnceLock, Weak};

const DISK: ViewOptions = ViewOptions {
    tier: Tier::Disk,
    latched: true,
    touch: false,
};

fn open(directory: &tempfile::TempDir) -> Arc<Store> {
    Store::open(Options::new(directory.path().join("data"))).unwrap()
}

fn setting<'s>(store: &'s Store, key: &str, value: &[u8]) -> Edit<'s> {
    let mut edit = store.edit(0, DISK).unwrap();
    let (always, clear) = (Condition::Always, Expiry::Clear);
    string::set(&mut edit, key.as_bytes(), value, always, clear, false).unwrap();
    edit
}

fn set(store: &Store, key: &str, value: &[u8]) -> Position {
    setting(store, key, value).stage().unwrap()
}

fn get(store: &Store, key: &str) -> Option<Vec<u8>> {
    let view = store.view(0, DISK).unwrap();
    let found = string::get(&view, key.as_bytes()).unwrap();
    found.map(|content| content.to_vec())
}

fn is_full(result: Result<()>) -> bool {
    matches!(result, Err(StorageError::DiskFull))
}

#[test]
fn a_group_refused_for_want_of_space_fails_with_what_stands_behind_it_and_nothing_else() {
    let directory = tempfile::tempdir().unwrap();
    let store = open(&directory);
    let (queue, leader) = (store.queue(), store.leader());
    leader.wait_blocking(set(&store, "a", b"old")).unwrap();
    let refused = set(&store, "a", b"new");
    let group = queue.close(Forming::default()).unwrap();
    let mut flush = store.edit(0, DISK).unwrap();
    flush.flush_database(&[0]).unwrap();
    let behind = flush.stage().unwrap();
    let behind = behind.max(set(&store, "b", &[7; 100_000]));
    let reader = store.view(0, DISK).unwrap();
    string::get(&reader, b"b").unwrap();
    let writer = setting(&store, "b", b"made from what it read");
    queue.undo(group, StorageError::DiskFull);

    assert!(is_full(leader.wait_blocking(refused)));
    assert!(is_full(leader.wait_blocking(behind)));
    assert!(is_full(leader.wait_blocking(reader.seen())));
    assert!(is_full(setting(&store, "c", b"v").stage().map(|_| ())));
    assert_eq!(get(&store, "a").as_deref(), Some(&b"old"[..]));
    assert_eq!((get(&store, "b"), store.database_size(0)), (None, 1));
    assert_eq!((queue.pending_bytes(), queue.poison().is_none()), (0, true));

    queue.clear_disk_full();
    let stale = writer.stage();
    assert!(matches!(stale, Err(StorageError::NamespaceChanged)));
    let after = set(&store, "c", &[8; 100_000]);
    leader.wait_blocking(after).unwrap();
    // What failed stays failed, though the committed position is beyond it now.
    assert!(queue.committed() > behind);
    assert!(is_full(leader.wait_blocking(refused)));
    assert_eq!(queue.later(refused, after), refused);
    string::get(&reader, b"c").unwrap();
    assert!(is_full(leader.wait_blocking(reader.seen())));
    drop(reader);
    store.close().unwrap();
    drop(store);
    let store = open(&directory);
    assert_eq!(get(&store, "a").as_deref(), Some(&b"old"[..]));
    assert_eq!(get(&store, "c").map(|value| value.len()), Some(100_000));
    assert_eq!(store.database_size(0), 2);
    let mut edit = store.edit(0, DISK).unwrap();
    assert!(edit.fresh_id() > 2, "an id is used twice");
}

#[test]
fn who_finds_a_database_emptied_waits_until_that_is_committed() {
    let directory = tempfile::tempdir().unwrap();
    let store = open(&directory);
    let (queue, leader) = (store.queue(), store.leader());
    leader.wait_blocking(set(&store, "a", b"v")).unwrap();
    let finds_nothing = |db| {
        let view = store.view(db, DISK).unwrap();
        assert!(string::get(&view, b"a").unwrap().is_none());
        view.seen()
    };
    let flush = || {
        let mut edit = store.edit(0, DISK).unwrap();
        edit.flush_database(&[0]).unwrap();
        edit.stage().unwrap()
    };
    flush();
    let seen = finds_nothing(0);
    assert!(seen > queue.committed());
    let group = queue.close(Forming::default()).unwrap();
    queue.undo(group, StorageError::DiskFull);
    assert!(is_full(leader.wait_blocking(seen)));
    // Nothing of the flush is left to wait for.
    let view = store.view(0, DISK).unwrap();
    assert_eq!(
        string::get(&view, b"a").unwrap().as_deref(),
        Some(&b"v"[..])
    );
    assert_eq!(view.seen(), 0);
    drop(view);
    queue.clear_disk_full();
    leader.wait_blocking(flush()).unwrap();
    assert_eq!(finds_nothing(0), 0);
    let mut edit = store.edit(0, DISK).unwrap();
    edit.swap_databases(0, 20);
    let swapped = edit.stage().unwrap();
    assert!((1..=swapped).contains(&finds_nothing(20)));
    leader.wait_blocking(swapped).unwrap();
    assert_eq!(finds_nothing(20), 0);
}

#[test]
fn an_edit_that_only_read_begins_anew_if_databases_were_exchanged_under_it() {
    let directory = tempfile::tempdir().unwrap();
    let store = open(&directory);
    set(&store, "a", b"v");
    let reads = |between: &dyn Fn()| {
        let mut edit = store.edit(0, DISK).unwrap();
        let here = string::get(&edit, b"a").unwrap().is_some();
        between();
        edit.select(1);
        let there = string::get(&edit, b"a").unwrap().is_some();
        edit.stage().map(|_| (here, there))
    };
    let swap = || {
        let mut edit = store.edit(0, DISK).unwrap();
        edit.swap_databases(0, 1);
        edit.stage().unwrap();
    };
    assert_eq!(reads(&|| ()).ok(), Some((true, false)));
    assert!(matches!(reads(&swap), Err(StorageError::NamespaceChanged)));
    assert_eq!(reads(&|| ()).ok(), Some((false, true)));
}

#[test]
fn edits_that_one_commit_cannot_hold_go_out_in_several() {
    let directory = tempfile::tempdir().unwrap();
    let store = open(&directory);
    let before = store.leader().groups_and_stalls().0;
    let value = vec![7; COMMIT_BYTES_MAX / 3];
    let mut last = 0;
    for n in 0..5 {
        last = set(&store, &format!("k{n}"), &value);
    }
    let (queue, leader) = (store.queue(), store.leader());
    assert!(queue.pending_bytes() > COMMIT_BYTES_MAX);
    leader.wait_blocking(last).unwrap();
    // With their keys and overheads three of them are more than one commit.
    assert_eq!(leader.groups_and_stalls().0 - before, 3);
    assert_eq!(queue.pending_bytes(), 0);
    store.close().unwrap();
    drop(store);
    let store = open(&directory);
    assert_eq!(store.database_size(0), 5);
    assert_eq!(get(&store, "k4"), Some(value));
}

#[test]
fn a_refusal_undoes_groups_that_are_full_too() {
    let directory = tempfile::tempdir().unwrap();
    let store = open(&directory);
    let value = vec![7; COMMIT_BYTES_MAX / 3];
    let staged = [0, 1, 2, 3, 4].map(|n| set(&store, &format!("k{n}"), &value));
    let group = store.queue().close(Forming::default()).unwrap();
    store.queue().undo(group, StorageError::DiskFull);
    for position in staged {
        assert!(is_full(store.leader().wait_blocking(position)));
    }
    assert_eq!((store.database_size(0), get(&store, "k2")), (0, None));
    assert_eq!(store.queue().pending_bytes(), 0);
}

/// Polled once, by a thread that nobody helps: the store has no committer running here.
fn settles_at_once(waiting: impl Future<Output = Result<()>>) -> bool {
    let mut context = std::task::Context::from_waker(std::task::Waker::noop());
    std::pin::pin!(waiting).poll(&mut context).is_ready()
}

#[test]
fn under_always_who_may_wait_for_the_disk_fsyncs_small_groups_and_leaves_large_ones() {
    let directory = tempfile::tempdir().unwrap();
    let store = open(&directory);
    let (queue, leader) = (store.queue(), store.leader());
    leader.set_fsync(Fsync::Always);
    let small = set(&store, "a", b"1");
    assert!(!settles_at_once(leader.wait(small)));
    assert!(settles_at_once(leader.wait_fsyncing(small)));
    assert_eq!((queue.committed(), queue.synced()), (small, small));
    let large = set(&store, "a", &vec![b'x'; 64 << 10]);
    assert!(!settles_at_once(leader.wait_fsyncing(large)));
    assert!(leader.committer_round());
    assert!(settles_at_once(leader.wait_fsyncing(large)));
    assert_eq!(queue.synced(), large);
}

/// Stages another edit when a group is committed, as clients under load do.
#[derive(Default)]
struct Load(OnceLock<Weak<Store>>);

impl CommitObserver for Arc<Load> {
    fn committed(&self, _changes: &mut dyn Iterator<Item = Change<'_>>) {
        // Not without end: who leads too far is to be told of by the test.
        if let Some(store) = self.0.get().and_then(Weak::upgrade)
            && store.queue().staged() < 4
        {
            set(&store, "more", b"1");
        }
    }
}

#[test]
fn who_waits_leads_no_further_than_to_its_own_position() {
    let directory = tempfile::tempdir().unwrap();
    let load = Arc::new(Load::default());
    let mut options = Options::new(directory.path().join("data"));
    options.observer = Box::new(Arc::clone(&load));
    let store = Store::open(options).unwrap();
    load.0.set(Arc::downgrade(&store)).unwrap();
    let position = set(&store, "a", b"1");
    store.leader().wait_blocking(position).unwrap();
    assert_eq!(store.queue().committed(), position);
    assert_eq!(store.queue().staged(), position + 1);
}
