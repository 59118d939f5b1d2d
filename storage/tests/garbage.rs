//! Sweeping: expired keys, elements of dead ids, dead namespaces, and the rule that nothing goes
//! before its death is on the disk and every reader from before it is gone.

mod common;

use common::Directory;
use storage::change::Event;
use storage::commit::Fsync;
use storage::commit::latch::{LatchSet, Mode};
use storage::encoding::key::{chunk_key, element_prefix, expiry_start, prefix_end};
use storage::engine::{BatchBuilder, Family, Throttle};
use storage::ops::set::{self, Thresholds};
use storage::sweep::Sweeper;

/// A time far enough ahead that the system clock stays below it while a test runs.
const T0: u64 = 4_000_000_000_000;

fn at(ms: u64) -> Directory {
    let directory = Directory::new();
    directory.store.clock().set_manual(ms);
    directory
}

/// Sweeps until nothing is left that can be swept.
fn sweep(sweeper: &mut Sweeper<'_>) {
    for _ in 0..10_000 {
        if sweeper.round().unwrap() == 0 {
            return;
        }
    }
    panic!("sweeping does not end");
}

fn sweep_all(directory: &Directory) {
    directory.store.leader().sync().unwrap();
    sweep(&mut Sweeper::new(&directory.store));
}

#[test]
fn expired_keys_are_deleted_as_if_by_a_command() {
    let directory = at(T0);
    for n in 0..100 {
        directory.set_until(&format!("k{n}"), "v", T0 + 1000 + n);
    }
    directory.set("stays", "v");
    let mut sweeper = Sweeper::new(&directory.store);
    sweep(&mut sweeper);
    assert_eq!(directory.store.database_size(0), 101);
    directory.store.clock().set_manual(T0 + 1049);
    sweep(&mut sweeper);
    assert_eq!(directory.store.database_size(0), 51);
    directory.store.clock().set_manual(T0 + 5000);
    sweep(&mut sweeper);
    assert_eq!(directory.store.database_size(0), 1);
    assert_eq!(directory.rows(b"e"), []);
    assert_eq!(directory.rows(b"m").len(), 1);
    assert_eq!(directory.store.sweeps().counts().expired_keys, 100);
    let heard = directory.heard.lock();
    let expired = heard
        .iter()
        .filter(|(_, _, event)| *event == Event::Expired)
        .count();
    assert_eq!(expired, 100);
}

#[test]
fn a_key_that_was_given_more_time_is_filed_again() {
    let directory = at(T0);
    directory.set_until("k", "v", T0 + 10);
    directory.set_until("k", "v", T0 + 500);
    assert_eq!(
        directory.rows(b"e").len(),
        1,
        "a later time writes no new row"
    );
    directory.store.clock().set_manual(T0 + 100);
    let mut sweeper = Sweeper::new(&directory.store);
    sweep(&mut sweeper);
    assert_eq!(directory.get("k").as_deref(), Some("v"));
    let rows = directory.rows(b"e");
    assert_eq!(rows.len(), 1);
    assert!(rows[0].0.starts_with(&expiry_start(T0 + 500)));
    assert_eq!(directory.store.sweeps().counts().refiled_keys, 1);
    directory.store.clock().set_manual(T0 + 501);
    sweep(&mut sweeper);
    assert_eq!(
        (directory.rows(b"e"), directory.rows(b"m")),
        (vec![], vec![])
    );
}

#[test]
fn hints_of_keys_that_persist_or_moved_are_just_deleted() {
    let directory = at(T0);
    directory.set_until("persists", "v", T0 + 10);
    directory.set("persists", "v");
    directory.set_until("earlier", "v", T0 + 900);
    directory.set_until("earlier", "v", T0 + 20);
    directory.set_until("deleted", "v", T0 + 30);
    directory.delete("deleted");
    directory.store.clock().set_manual(T0 + 100);
    let mut sweeper = Sweeper::new(&directory.store);
    sweep(&mut sweeper);
    assert_eq!(directory.get("persists").as_deref(), Some("v"));
    assert_eq!(directory.store.database_size(0), 1);
    assert_eq!(
        directory.rows(b"e").len(),
        1,
        "the hint at 900 is not due yet"
    );
    directory.store.clock().set_manual(T0 + 1000);
    sweep(&mut sweeper);
    assert_eq!(directory.rows(b"e"), []);
    assert_eq!(directory.store.sweeps().counts().expired_keys, 1);
}

#[test]
fn a_latched_key_is_swept_later_and_a_row_behind_the_walk_is_found() {
    let directory = at(T0);
    directory.set_until("k", "v", T0 + 10);
    directory.store.clock().set_manual(T0 + 100);
    let mut sweeper = Sweeper::new(&directory.store);
    let name = directory.view(0).name(b"k");
    let mut latches = LatchSet::default();
    latches.add(&name, Mode::Shared);
    let guard = directory.store.latches().try_lock(&latches).unwrap();
    sweeper.round().unwrap();
    assert_eq!(directory.store.database_size(0), 1);
    drop(guard);
    sweep(&mut sweeper);
    assert_eq!(directory.store.database_size(0), 0);
    // As EXPIREAT with a time in the past would, were it not turned into a DEL.
    directory.set_until("late", "v", T0 + 50);
    sweep(&mut sweeper);
    assert_eq!(directory.store.database_size(0), 0);
}

#[test]
fn damaged_rows_are_passed_by_and_hold_nothing_else_up() {
    let directory = at(T0);
    for (key, after) in [("before", 10), ("damaged", 20), ("behind", 30)] {
        directory.set_until(key, "v", T0 + after);
    }
    directory.set_chunked("dead", 3);
    directory.delete("dead");
    let (store, mut batch) = (&directory.store, BatchBuilder::default());
    let family = store.engine().family_id(Family::Partition(0));
    batch.begin(b"");
    let meta_key = directory.view(0).name(b"damaged").meta_key(0);
    batch.put(family, &meta_key, b"\xff");
    batch.put(family, b"e\0\0\x01", b"");
    let written = store.engine().write(batch.finish(), false, Throttle::Wait);
    written.unwrap();
    store.table().clear_committed(store.queue().committed());
    store.clock().set_manual(T0 + 100);
    sweep_all(&directory);
    let left = directory.rows(b"m").into_iter().map(|(key, _)| key);
    assert_eq!(left.collect::<Vec<_>>(), [meta_key.to_vec()]);
    assert_eq!(store.sweeps().counts().expired_keys, 2);
    assert_eq!(store.garbage().ids_waiting(), 0);
}

#[test]
fn active_expiry_can_be_switched_off_and_is_bounded() {
    let directory = at(T0);
    for n in 0..500 {
        directory.set_until(&format!("k{n}"), "v", T0 + 10);
    }
    directory.store.clock().set_manual(T0 + 100);
    directory.store.set_active_expire(false);
    let mut sweeper = Sweeper::new(&directory.store);
    sweep(&mut sweeper);
    assert_eq!(directory.store.database_size(0), 500);
    directory.store.set_active_expire(true);
    directory.store.sweeps().set_expire_rows_per_s(1000);
    assert_eq!(sweeper.round().unwrap(), 100);
    // Keys that share a latch with one of the same edit wait for the next round.
    assert!((400..410).contains(&directory.store.database_size(0)));
    sweep(&mut sweeper);
    assert_eq!(directory.store.database_size(0), 0);
}

#[test]
fn keys_of_every_database_expire_and_those_of_a_flushed_one_leave_no_hint() {
    let directory = at(T0);
    for db in 0..3 {
        directory.write_in(db, |edit| common::set(edit, b"k", b"v", Some(T0 + 10)));
    }
    directory.write(|edit| edit.flush_database(&[1]));
    directory.write(|edit| {
        edit.swap_databases(0, 2);
        Ok(())
    });
    directory.store.clock().set_manual(T0 + 100);
    sweep_all(&directory);
    assert_eq!(
        (directory.rows(b"e"), directory.rows(b"m")),
        (vec![], vec![])
    );
    let expired: Vec<_> = directory.heard.lock().clone();
    let expired = expired
        .iter()
        .filter(|(_, _, event)| *event == Event::Expired);
    assert_eq!(expired.count(), 2);
}

#[test]
fn elements_go_only_after_fsync_and_after_every_older_reader() {
    let directory = Directory::new();
    let head = directory.set_chunked("k", 20);
    let reader = directory.view(0);
    directory.delete("k");
    let mut sweeper = Sweeper::new(&directory.store);
    sweep(&mut sweeper);
    assert_eq!(directory.rows(b"d").len(), 20, "not fsynced");
    directory.store.leader().sync().unwrap();
    sweep(&mut sweeper);
    assert_eq!(directory.rows(b"d").len(), 20, "a reader is older");
    let row_key = chunk_key(head.home_slot, head.id, 19);
    assert!(reader.element(head.home_slot, &row_key).unwrap().is_some());
    drop(reader);
    sweep(&mut sweeper);
    assert_eq!(
        (directory.rows(b"d"), directory.rows(b"g")),
        (vec![], vec![])
    );
    assert_eq!(directory.store.sweeps().counts().dead_ids, 1);
    assert_eq!(directory.store.sweeps().counts().rows, 20);
}

#[test]
fn a_large_value_goes_by_a_range_delete_and_its_neighbours_stay() {
    let directory = Directory::new();
    let kept = directory.set_chunked("{t}1", 3);
    directory.set_chunked("{t}2", 1500);
    directory.set_chunked("{t}3", 3);
    directory.store.engine().flush().unwrap();
    directory.delete("{t}2");
    sweep_all(&directory);
    assert_eq!(directory.rows(b"d").len(), 6);
    let prefix = element_prefix(kept.home_slot, kept.id);
    assert_eq!(directory.rows(&prefix).len(), 3);
    assert_eq!(directory.rows(b"g"), []);
    let directory = directory.reopen();
    assert_eq!(directory.rows(b"d").len(), 6);
    assert_eq!(directory.store.garbage().ids_waiting(), 0);
}

#[test]
fn the_space_of_a_large_value_comes_back_though_nothing_is_written_after() {
    let directory = Directory::new();
    let log = |directory: &Directory| directory.wal_lengths().values().sum::<u64>();
    let mut sweeper = Sweeper::new(&directory.store);
    // Half of it stands in a file of the newest level, which drops of files leave alone.
    directory.set_chunked("big", 700);
    directory.store.engine().flush().unwrap();
    directory.set_chunked("big", 700);
    directory.delete("big");
    directory.store.leader().sync().unwrap();
    sweep(&mut sweeper);
    assert_eq!(directory.rows(b"d"), []);
    assert!(log(&directory) > 1 << 20, "it is not given back at once");
    // Half a minute of rounds.
    for _ in 0..300 {
        sweeper.round().unwrap();
    }
    let files = directory.store.engine().stats().sst_files;
    let log = log(&directory);
    assert!(
        files < 64 << 10 && log < 64 << 10,
        "{files} and {log} bytes are left"
    );
}

#[test]
fn garbage_is_found_again_after_a_restart() {
    let directory = Directory::new();
    directory.set_chunked("k", 20);
    directory.write(|edit| common::set(edit, b"k", b"small", None));
    directory.write(|edit| edit.flush_database(&[5]));
    let directory = directory.reopen();
    assert_eq!(directory.store.garbage().ids_waiting(), 1);
    assert_eq!(directory.store.garbage().namespaces_waiting(), 1);
    sweep_all(&directory);
    assert_eq!(
        (directory.rows(b"d"), directory.rows(b"g")),
        (vec![], vec![])
    );
    assert_eq!(directory.get("k").as_deref(), Some("small"));
    let directory = directory.reopen();
    assert_eq!(directory.store.garbage().namespaces_waiting(), 0);
}

#[test]
fn a_flushed_database_leaves_nothing_behind() {
    let directory = Directory::new();
    for n in 0..300 {
        directory.set(&format!("k{n}"), "v");
    }
    directory.set_chunked("big", 30);
    directory.write_in(1, |edit| common::set(edit, b"other", b"v", None));
    directory.store.engine().flush().unwrap();
    directory.write(|edit| edit.flush_database(&[0]));
    assert_eq!(directory.store.database_size(0), 0);
    directory.set("after", "v");
    sweep_all(&directory);
    sweep_all(&directory);
    assert_eq!(directory.rows(b"m").len(), 2);
    assert_eq!(directory.rows(b"n").len(), 2);
    assert_eq!(
        (directory.rows(b"d"), directory.rows(b"g")),
        (vec![], vec![])
    );
    assert_eq!(directory.store.sweeps().counts().dead_namespaces, 1);
    assert_eq!(directory.get("after").as_deref(), Some("v"));
    assert_eq!(directory.get_in(1, "other").as_deref(), Some("v"));
    assert_eq!(directory.reopen().store.database_size(0), 1);
}

#[test]
fn a_flush_of_many_keys_gives_files_and_log_back_in_a_few_rounds() {
    let directory = Directory::new();
    let value = "0123456789abcdef".repeat(25);
    for n in 0..50 {
        directory.write(|edit| {
            (0..1000).try_for_each(|key| {
                let key = format!("k{}", n * 1000 + key);
                common::set(edit, key.as_bytes(), value.as_bytes(), None)
            })
        });
    }
    // Some stand in files of two levels, some in the log.
    directory.store.compact(0).unwrap();
    directory.write(|edit| common::set(edit, b"k1", value.as_bytes(), None));
    directory.write(|edit| edit.flush_database(&[0]));
    directory.set("after", "v");
    directory.store.sweeps().set_dead_rows_per_s(20_000);
    directory.store.leader().sync().unwrap();
    let mut sweeper = Sweeper::new(&directory.store);
    let rounds = (1..).find(|_| sweeper.round().unwrap() == 0).unwrap();
    // Reading a key is a sixteenth of a row; a second has ten rounds.
    assert!(rounds <= 4, "{rounds} rounds");
    let files = directory.store.engine().stats().sst_files;
    let log: u64 = directory.wal_lengths().values().sum();
    assert!(
        files < 64 << 10 && log < 64 << 10,
        "{files} and {log} bytes are left"
    );
    assert_eq!(directory.get("after").as_deref(), Some("v"));
    assert_eq!(directory.reopen().store.database_size(0), 1);
}

#[test]
fn many_small_namespaces_are_swept_in_short_rounds() {
    let directory = Directory::new();
    for n in 0..100 {
        directory.set(&format!("k{n}"), "v");
        directory.write(|edit| edit.flush_database(&[0]));
    }
    directory.store.leader().sync().unwrap();
    let mut sweeper = Sweeper::new(&directory.store);
    sweeper.round().unwrap();
    let first = directory.store.sweeps().counts().dead_namespaces;
    assert!((1..=20).contains(&first), "{first} in one round");
    sweep_all(&directory);
    sweep(&mut sweeper);
    assert_eq!(directory.store.sweeps().counts().dead_namespaces, 100);
    assert_eq!(directory.rows(b"m"), []);
}

#[test]
fn sweeping_goes_on_below_the_disk_reserve() {
    let directory = Directory::new();
    directory.set_chunked("k", 20);
    directory.delete("k");
    directory.store.queue().set_disk_low(true);
    sweep_all(&directory);
    assert_eq!(directory.rows(b"d"), []);
}

/// Compacts the element rows of partition 0, and only them, so that no memtable is flushed.
fn compact_elements(directory: &Directory) {
    let end = prefix_end(b"d").unwrap();
    let engine = directory.store.engine();
    engine
        .compact(Family::Partition(0), Some(b"d"), Some(&end))
        .unwrap();
}

#[test]
fn power_cut_after_a_del_whose_rows_a_compaction_dropped() {
    let directory = Directory::with(Fsync::No);
    let head = directory.set_chunked("k", 600);
    directory.store.engine().flush().unwrap();
    directory.store.leader().sync().unwrap();
    let synced = directory.wal_lengths();
    directory.delete("k");
    let mut sweeper = Sweeper::new(&directory.store);
    sweep(&mut sweeper);
    compact_elements(&directory);
    assert!(!directory.store.engine().dead_ids().contains(head.id));
    // The DEL is lost with the power, and the value is whole again.
    let survivor = directory.power_cut(&synced);
    let view = survivor.view(0);
    let entry = view.open(b"k").unwrap();
    let found = entry.header().and_then(|header| header.head).unwrap();
    assert_eq!(found, head);
    assert_eq!(survivor.rows(b"d").len(), 600);
    drop(view);
    // Once the DEL is on the disk, the rows may go, and the key stays deleted.
    directory.store.leader().sync().unwrap();
    let synced = directory.wal_lengths();
    sweeper.round().unwrap();
    assert!(directory.store.engine().dead_ids().contains(head.id));
    compact_elements(&directory);
    let survivor = directory.power_cut(&synced);
    assert_eq!(survivor.get("k"), None);
    assert!(
        survivor.rows(b"d").len() < 600,
        "the filter dropped nothing"
    );
    assert_eq!(survivor.store.garbage().ids_waiting(), 1);
    sweep_all(&survivor);
    assert_eq!((survivor.rows(b"d"), survivor.rows(b"g")), (vec![], vec![]));
}

#[test]
fn a_flushed_database_whose_elements_are_destroyed_before_its_keys_is_sound() {
    let directory = Directory::new();
    let members: Vec<String> = (0..200).map(|n| format!("member:{n}")).collect();
    let limits = Thresholds {
        intset_entries: 1,
        listpack_entries: 1,
        listpack_value: 1,
    };
    for n in 0..100 {
        let members = members.iter().map(String::as_bytes);
        let key = format!("k{n}");
        directory.write(|edit| set::add(edit, key.as_bytes(), members, &limits));
    }
    let rows = directory.rows(b"d").len();
    directory.write(|edit| edit.flush_database(&[0]));
    directory.store.leader().sync().unwrap();
    directory.store.sweeps().set_dead_rows_per_s(1);
    let mut sweeper = Sweeper::new(&directory.store);
    while directory.store.sweeps().counts().dead_ids == 0 {
        assert!(sweeper.round().unwrap() > 0);
        directory.store.leader().sync().unwrap();
    }
    drop(sweeper);
    let counts = directory.store.sweeps().counts();
    assert_eq!(
        (counts.dead_namespaces, directory.rows(b"m").len()),
        (0, 100)
    );
    assert!(directory.rows(b"d").len() < rows);
    let path = directory.path();
    let _dir = directory.close();
    let report = storage::check::check(&path, 20).unwrap();
    assert!(report.is_clean(), "{:?}", report.problems);
}
