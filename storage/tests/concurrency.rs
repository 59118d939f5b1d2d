//! Many threads at once: pipelines that cross, databases that are flushed and swapped under
//! writers, waiting under every fsync mode, and what a power cut leaves of it; what views know of
//! what others stage.

mod common;

use common::{DISK, Directory};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use storage::check::check;
use storage::commit::Fsync;
use storage::commit::latch::{LatchSet, Mode};
use storage::engine::Tier;
use storage::{StorageError, Store, ViewOptions};

/// Stages a SET under its key's latch, as a command does; gives the position to wait for.
fn stage_set(store: &Store, db: u32, key: &str, value: &str) -> u64 {
    loop {
        let mut latches = LatchSet::default();
        let view = store.view(db, DISK).unwrap();
        latches.add(&view.name(key.as_bytes()), Mode::Exclusive);
        drop(view);
        let Some(_guard) = store.latches().try_lock(&latches) else {
            std::thread::yield_now();
            continue;
        };
        let mut edit = store.edit(db, DISK).unwrap();
        common::set(&mut edit, key.as_bytes(), value.as_bytes(), None).unwrap();
        match edit.stage() {
            Ok(position) => return position,
            Err(StorageError::NamespaceChanged) => {}
            Err(error) => panic!("{error}"),
        }
    }
}

#[test]
fn crossing_pipelines_end_and_leave_the_last_of_each_key() {
    for fsync in [Fsync::Always, Fsync::EverySecond, Fsync::No] {
        let directory = Directory::with_threads(fsync);
        let store = &directory.store;
        std::thread::scope(|scope| {
            for thread in 0..4 {
                scope.spawn(move || {
                    let keys = match thread % 2 {
                        0 => ["a", "b"],
                        _ => ["b", "a"],
                    };
                    for round in 0..200 {
                        let value = format!("{thread}:{round}");
                        let ends = keys.map(|key| stage_set(store, 0, key, &value));
                        store.leader().wait_blocking(ends[1]).unwrap();
                        assert!(store.queue().committed() >= ends[0]);
                        if fsync == Fsync::Always {
                            let synced = store.queue().synced();
                            assert!(synced >= ends[1], "acknowledged and not fsynced");
                        }
                    }
                });
            }
        });
        let last = ["a", "b"].map(|key| directory.get(key).unwrap());
        assert!(last.iter().all(|value| value.ends_with(":199")), "{last:?}");
        assert_eq!(store.database_size(0), 2);
        // What is in memory is what is in the log.
        let survivor = directory.power_cut(&directory.wal_lengths());
        assert_eq!(["a", "b"].map(|key| survivor.get(key).unwrap()), last);
    }
}

#[test]
fn databases_are_flushed_and_swapped_while_they_are_written() {
    let directory = Directory::with_threads(Fsync::EverySecond);
    let store = &directory.store;
    let stop = AtomicBool::new(false);
    let written = AtomicU64::new(0);
    std::thread::scope(|scope| {
        for thread in 0..3 {
            let (stop, written) = (&stop, &written);
            scope.spawn(move || {
                for round in 0u64.. {
                    if stop.load(Ordering::Relaxed) {
                        return;
                    }
                    let (db, key) = (round as u32 % 2, format!("{thread}:{}", round % 500));
                    let position = stage_set(store, db, &key, "v");
                    store.leader().wait_blocking(position).unwrap();
                    written.fetch_add(1, Ordering::Relaxed);
                }
            });
        }
        let mut changes = 0;
        while changes < 100 {
            let before = written.load(Ordering::Relaxed);
            while written.load(Ordering::Relaxed) < before + 20 {
                std::thread::yield_now();
            }
            let mut edit = store.edit(0, DISK).unwrap();
            match changes % 3 {
                0 => edit.flush_database(&[0, 1]).unwrap(),
                1 => edit.flush_database(&[1]).unwrap(),
                _ => edit.swap_databases(0, 1),
            }
            match edit.stage() {
                Ok(position) => store.leader().wait_blocking(position).unwrap(),
                Err(error) => panic!("{error}"),
            }
            changes += 1;
        }
        stop.store(true, Ordering::Relaxed);
    });
    let path = directory.path();
    let sizes = [0, 1].map(|db| store.database_size(db));
    let dir = directory.close();
    let report = check(&path, 10).unwrap();
    assert!(report.is_clean(), "{:?}", report.problems);
    let directory = Directory::open(dir, Fsync::No);
    assert_eq!([0, 1].map(|db| directory.store.database_size(db)), sizes);
    for db in 0..2 {
        let view = directory.view(db);
        let mut keys = view.iterate_keys(0, 0);
        let mut found = 0;
        while keys.next_row().unwrap().is_some() {
            found += 1;
        }
        assert_eq!(found, directory.store.database_size(db), "database {db}");
    }
}

#[test]
fn a_power_cut_keeps_a_prefix_that_ends_no_earlier_than_the_last_fsync() {
    let directory = Directory::with(Fsync::No);
    let mut lengths = Vec::new();
    for n in 0..60u32 {
        directory.set("counter", &n.to_string());
        directory.set(&format!("k{n}"), "v");
        if n % 20 == 19 {
            directory.store.leader().sync().unwrap();
            lengths.push((n, directory.wal_lengths()));
        }
    }
    for (n, synced) in lengths {
        let survivor = directory.power_cut(&synced);
        assert_eq!(survivor.get("counter"), Some(n.to_string()));
        assert_eq!(survivor.store.database_size(0), u64::from(n) + 2);
        // Cut inside the last batch: it is gone whole.
        let torn = synced
            .into_iter()
            .map(|(name, len)| (name, len.saturating_sub(3)));
        let survivor = directory.power_cut(&torn.collect());
        assert_eq!(survivor.get("counter"), Some(n.to_string()));
        assert_eq!(survivor.get(&format!("k{n}")), None);
        assert_eq!(survivor.store.database_size(0), u64::from(n) + 1);
    }
}

#[test]
fn a_reader_of_an_older_state_finds_the_elements_of_what_it_opened() {
    let directory = Directory::new();
    let head = directory.set_chunked("k", 3);
    let reader = directory.view(0);
    let opened = reader.open(b"k").unwrap();
    // A newer value enters the table, is fsynced, and the sweeper comes by.
    directory.set("k", "newer");
    directory.store.leader().sync().unwrap();
    let mut sweeper = storage::sweep::Sweeper::new(&directory.store);
    sweeper.round().unwrap();
    let opened = opened.header().and_then(|header| header.head);
    assert_eq!(opened, Some(head));
    for n in 0..3 {
        let row_key = storage::encoding::key::chunk_key(head.home_slot, head.id, n);
        assert!(reader.element(head.home_slot, &row_key).unwrap().is_some());
    }
    // Opened again, the key is what it is now.
    let again = common::get(&reader, b"k").unwrap().unwrap();
    assert_eq!(&again[..], b"newer");
}

#[test]
fn a_view_of_hot_rows_knows_what_is_staged_and_asks_nobody_for_the_rest() {
    let directory = Directory::new();
    directory.set("k", "stored");
    let directory = directory.reopen();
    let store = &directory.store;
    let options = ViewOptions {
        tier: Tier::Memory,
        ..DISK
    };
    let hot = || {
        let mut view = store.view(0, options).unwrap();
        view.keep_to_hot_rows();
        view
    };
    let view = hot();
    let unknown = common::get(&view, b"k");
    assert!(matches!(unknown, Err(StorageError::NeedsDisk)));
    assert!(!view.asked_engine());
    let view = directory.view(0);
    assert_eq!(common::get(&view, b"k").unwrap(), Some(b"stored".to_vec()));
    assert!(view.asked_engine());
    // The read has left the row in the hot table.
    let view = hot();
    assert_eq!(common::get(&view, b"k").unwrap(), Some(b"stored".to_vec()));
    assert!(!view.asked_engine());
    let position = stage_set(store, 0, "k", "staged");
    assert_eq!(common::get(&hot(), b"k").unwrap(), Some(b"staged".to_vec()));
    directory.wait(position);
}
