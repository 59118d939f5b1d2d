//! Random operations beside a model: after every few of them the store agrees with a `BTreeMap`,
//! through sweeps, flushes to files, clean restarts and kills, and the directory checks clean.
//! A failing case prints its operations; `proptest-regressions` keeps its seed.

mod common;

use common::{DISK, Directory};
use proptest::prelude::*;
use std::collections::BTreeMap;
use storage::change::Event;
use storage::check::check;
use storage::commit::Fsync;
use storage::ops::relocate;
use storage::sweep::Sweeper;

const DATABASES: u32 = 3;
const T0: u64 = 4_000_000_000_000;

#[derive(Debug, Clone)]
enum Op {
    Set(u32, u8, Vec<u8>, Option<u16>),
    Chunked(u8, u32),
    Delete(u32, u8),
    Rename(u32, u8, u8),
    Flush(u32),
    Swap(u32, u32),
    Pass(u16),
    Sweep,
    ToFiles,
    Compact,
    Forget,
    Reopen,
    Kill,
}

fn op() -> impl Strategy<Value = Op> {
    let db = 0..DATABASES;
    let value = proptest::collection::vec(any::<u8>(), 0..40);
    prop_oneof![
        20 => (db.clone(), 0u8..20, value, proptest::option::of(0u16..500))
            .prop_map(|(db, key, value, ttl)| Op::Set(db, key, value, ttl)),
        4 => (0u8..20, 1u32..4).prop_map(|(key, chunks)| Op::Chunked(key, chunks)),
        8 => (db.clone(), 0u8..20).prop_map(|(db, key)| Op::Delete(db, key)),
        4 => (db.clone(), 0u8..20, 0u8..20).prop_map(|(db, from, to)| Op::Rename(db, from, to)),
        1 => db.clone().prop_map(Op::Flush),
        2 => (db.clone(), db).prop_map(|(one, other)| Op::Swap(one, other)),
        4 => (0u16..300).prop_map(Op::Pass),
        3 => Just(Op::Sweep),
        1 => Just(Op::ToFiles),
        1 => Just(Op::Compact),
        1 => Just(Op::Forget),
        1 => Just(Op::Reopen),
        1 => Just(Op::Kill),
    ]
}

/// Bytes (`None` for a chunked value of which only the existence is compared) and expiry.
type Value = (Option<Vec<u8>>, Option<u64>);

struct Pair {
    directory: Directory,
    model: BTreeMap<(u32, u8), Value>,
    now_ms: u64,
}

fn key_of(key: u8) -> String {
    format!("key:{key}")
}

impl Pair {
    fn new() -> Pair {
        let directory = Directory::with(Fsync::No);
        directory.store.clock().set_manual(T0);
        Pair {
            directory,
            model: BTreeMap::new(),
            now_ms: T0,
        }
    }

    fn apply(mut self, op: &Op) -> Pair {
        let key_bytes = |key: u8| key_of(key).into_bytes();
        match *op {
            Op::Set(db, key, ref value, ttl) => {
                let at = ttl.map(|ttl| self.now_ms + 1 + u64::from(ttl));
                self.directory
                    .write_in(db, |edit| common::set(edit, &key_bytes(key), value, at));
                self.model.insert((db, key), (Some(value.clone()), at));
            }
            Op::Chunked(key, chunks) => {
                self.directory.set_chunked(&key_of(key), chunks);
                self.model.insert((0, key), (None, None));
            }
            Op::Delete(db, key) => {
                self.directory.write_in(db, |edit| {
                    let name = key_bytes(key);
                    let entry = edit.open(&name)?;
                    edit.remove(&entry, Event::Del)
                });
                self.model.remove(&(db, key));
            }
            Op::Rename(db, from, to) => self.rename(db, from, to),
            Op::Flush(db) => {
                self.directory.write(|edit| edit.flush_database(&[db]));
                self.model.retain(|(other, _), _| *other != db);
            }
            Op::Swap(one, other) => self.swap(one, other),
            Op::Pass(ms) => {
                self.now_ms += u64::from(ms);
                self.directory.store.clock().set_manual(self.now_ms);
            }
            Op::Sweep => {
                self.directory.store.leader().sync().unwrap();
                let mut sweeper = Sweeper::new(&self.directory.store);
                while sweeper.round().unwrap() > 0 {}
            }
            Op::ToFiles => self.directory.store.engine().flush().unwrap(),
            Op::Compact => {
                let family = storage::engine::Family::Partition(0);
                let engine = self.directory.store.engine();
                engine.compact(family, None, None).unwrap();
            }
            Op::Forget => {
                let store = &self.directory.store;
                store.table().clear_committed(store.queue().committed());
            }
            Op::Reopen => self.reopen(),
            Op::Kill => self.kill(),
        }
        self
    }

    fn rename(&mut self, db: u32, from: u8, to: u8) {
        let (old, new) = (key_of(from), key_of(to));
        self.directory.write_in(db, |edit| {
            relocate::rename(edit, old.as_bytes(), new.as_bytes(), true)
        });
        let source = self.model.get(&(db, from)).cloned();
        if let Some(value) = source.filter(|(_, at)| at.is_none_or(|at| at > self.now_ms)) {
            self.model.remove(&(db, from));
            self.model.insert((db, to), value);
        }
    }

    fn swap(&mut self, one: u32, other: u32) {
        self.directory.write(|edit| {
            edit.swap_databases(one, other);
            Ok(())
        });
        let swapped = std::mem::take(&mut self.model).into_iter();
        self.model = swapped
            .map(|((db, key), value)| match db {
                db if db == one => ((other, key), value),
                db if db == other => ((one, key), value),
                db => ((db, key), value),
            })
            .collect();
    }

    fn reopen(&mut self) {
        let directory = std::mem::replace(&mut self.directory, Directory::new());
        let path = directory.path();
        let fsync = directory.fsync;
        let dir = directory.close();
        let report = check(&path, 5).unwrap();
        assert!(report.is_clean(), "{:?}", report.problems);
        self.directory = Directory::open(dir, fsync);
        self.directory.store.clock().set_manual(self.now_ms);
    }

    /// A killed process leaves its WAL as the kernel has it.
    fn kill(&mut self) {
        let lengths = self.directory.wal_lengths();
        self.directory = self.directory.power_cut(&lengths);
        self.directory.store.clock().set_manual(self.now_ms);
    }

    fn compare(&self) {
        for db in 0..DATABASES {
            let mut alive = 0;
            for key in 0..20 {
                let expected = self.model.get(&(db, key));
                let expected = expected.filter(|(_, at)| at.is_none_or(|at| at > self.now_ms));
                alive += u64::from(expected.is_some());
                let view = self.directory.store.view(db, DISK).unwrap();
                let name = key_of(key);
                let entry = view.open(name.as_bytes()).unwrap();
                assert_eq!(entry.exists(), expected.is_some(), "db {db}, {name}");
                let Some((value, at)) = expected else {
                    continue;
                };
                assert_eq!(entry.header().unwrap().expire_ms, *at, "db {db}, {name}");
                if let Some(value) = value {
                    assert_eq!(entry.payload(), Some(&value[..]), "db {db}, {name}");
                }
            }
            let counted = self.directory.counted(db);
            assert_eq!(counted, self.directory.recount(db), "db {db}");
            assert!(
                counted.0 >= alive,
                "expired keys count until they are swept"
            );
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]
    #[test]
    fn the_store_agrees_with_a_map(ops in proptest::collection::vec(op(), 1..150)) {
        let mut pair = Pair::new();
        pair.directory.store.set_verify_reads(true);
        for op in &ops {
            pair = pair.apply(op);
            pair.compare();
        }
        // With everything swept, what is stored is what is alive, and nothing else.
        pair = pair.apply(&Op::Sweep).apply(&Op::Sweep);
        for db in 0..DATABASES {
            let alive = pair.model.iter().filter(|((other, _), (_, at))| {
                *other == db && at.is_none_or(|at| at > pair.now_ms)
            });
            let expiries: Vec<bool> = alive.map(|(_, (_, at))| at.is_some()).collect();
            let expires = expiries.iter().filter(|expires| **expires).count();
            let expected = (expiries.len() as u64, expires as u64);
            prop_assert_eq!(pair.directory.counted(db), expected);
        }
        pair.reopen();
        pair.compare();
    }
}
