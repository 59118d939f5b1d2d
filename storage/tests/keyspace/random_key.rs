//! RANDOMKEY: every living key is as likely as any other.

use super::{Directory, OPTIONS, START_MS, set_string};
use rand::SeedableRng;
use rand::rngs::StdRng;
use std::collections::HashMap;
use storage::View;
use storage::ops::keyspace;
use storage::ops::random_key::random_key;

fn fill(directory: &Directory, keys: &[String], expire_ms: Option<u64>) {
    directory.write(0, |edit| {
        for key in keys {
            set_string(edit, key.as_bytes(), b"v", expire_ms)?;
        }
        Ok(())
    });
}

/// Draws often and compares with a uniform choice among `keys`: the chi-square statistic has about
/// `keys.len()` degrees of freedom, and six standard deviations above that is one in 10^8.
///
/// First from the hot table, which holds everything, then from RocksDB.
fn assert_uniform(directory: &Directory, keys: &[String], seed: u64) {
    let store = directory.store();
    let reads = store.engine().reads();
    let before = reads.seeks();
    assert_uniform_in(&directory.view(0), keys, seed);
    assert_eq!(reads.seeks(), before, "the hot table holds all keys");
    store.table().clear_committed(store.queue().committed());
    assert_uniform_in(&directory.view(0), keys, seed);
    assert!(reads.seeks() - before >= 40 * keys.len() as u64);
}

fn assert_uniform_in(view: &View<'_>, keys: &[String], seed: u64) {
    let draws = 40 * keys.len();
    let mut random = StdRng::seed_from_u64(seed);
    let mut drawn: HashMap<Vec<u8>, f64> = HashMap::new();
    for _ in 0..draws {
        let key = random_key(view, &mut random).unwrap().unwrap();
        *drawn.entry(key).or_default() += 1.0;
    }
    let expected = draws as f64 / keys.len() as f64;
    let mut statistic = 0.0;
    for key in keys {
        let times = drawn.remove(key.as_bytes()).unwrap_or(0.0);
        statistic += (times - expected).powi(2) / expected;
    }
    assert_eq!(drawn, HashMap::new(), "a key that is not there was drawn");
    let freedom = (keys.len() - 1) as f64;
    let limit = freedom + 6.0 * (2.0 * freedom).sqrt() + 12.0;
    assert!(statistic < limit, "{statistic} is not below {limit}");
}

#[test]
fn uniform_over_many_slots_with_few_keys_each() {
    let directory = Directory::new(4);
    let keys: Vec<String> = (0..1000).map(|n| format!("key:{n}")).collect();
    fill(&directory, &keys, None);
    assert_uniform(&directory, &keys, 1);
}

#[test]
fn uniform_within_a_slot_that_holds_nearly_everything() {
    let directory = Directory::new(2);
    let mut keys: Vec<String> = (0..900).map(|n| format!("{{tag}}{n}")).collect();
    keys.extend((0..100).map(|n| format!("elsewhere:{n}")));
    fill(&directory, &keys, None);
    assert_uniform(&directory, &keys, 2);
}

#[test]
fn uniform_at_the_sizes_where_a_slot_is_divided() {
    for (seed, size) in [
        (3, 2),
        (4, 16),
        (5, 17),
        (6, 64),
        (7, 65),
        (8, 240),
        (9, 241),
        (10, 1500),
    ] {
        let directory = Directory::new(1);
        let keys: Vec<String> = (0..size).map(|n| format!("{{tag}}{n}")).collect();
        fill(&directory, &keys, None);
        assert_uniform(&directory, &keys, seed);
    }
}

#[test]
fn uniform_over_the_living_among_the_expired() {
    let directory = Directory::new(2);
    let living: Vec<String> = (0..150).map(|n| format!("{{a}}living:{n}")).collect();
    let expired: Vec<String> = (0..300).map(|n| format!("{{{}}}dead:{n}", n % 3)).collect();
    fill(&directory, &living, None);
    fill(&directory, &expired, Some(START_MS + 10));
    directory.set_time(10);
    assert_uniform(&directory, &living, 9);
}

#[test]
fn uniform_while_the_hot_table_lacks_a_few() {
    let directory = Directory::new(2);
    let keys: Vec<String> = (0..500).map(|n| format!("key:{n}")).collect();
    fill(&directory, &keys, None);
    let store = directory.store();
    store.table().clear_committed(store.queue().committed());
    let view = directory.view(0);
    for key in &keys[..497] {
        assert!(keyspace::exists(&view, key.as_bytes()).unwrap());
    }
    assert_eq!(store.table().rows(), 497);
    assert_uniform_in(&view, &keys, 13);
}

#[test]
fn rows_of_other_kinds_and_databases_are_not_drawn() {
    let directory = Directory::new(2);
    let keys: Vec<String> = (0..50).map(|n| format!("key:{n}")).collect();
    fill(&directory, &keys, None);
    let long = vec![b'x'; 100_000];
    directory.write(0, |edit| set_string(edit, b"key:0", &long, None));
    directory.write(1, |edit| set_string(edit, b"elsewhere", b"v", None));
    directory.write(0, |edit| set_string(edit, b"gone", b"v", None));
    directory.write(0, |edit| keyspace::delete(edit, b"gone"));
    assert!(!keyspace::exists(&directory.view(0), b"never").unwrap());
    assert_uniform(&directory, &keys, 14);
}

#[test]
fn the_last_living_key_is_found_and_nothing_in_an_empty_database() {
    let directory = Directory::new(4);
    let mut random = StdRng::seed_from_u64(10);
    let mut draw = || random_key(&directory.view(0), &mut random).unwrap();
    assert_eq!(draw(), None);
    let expired: Vec<String> = (0..5000).map(|n| format!("dead:{n}")).collect();
    fill(&directory, &expired, Some(START_MS + 10));
    fill(&directory, &["alive".to_owned()], None);
    directory.set_time(10);
    for _ in 0..20 {
        assert_eq!(draw(), Some(b"alive".to_vec()));
    }
    directory.write(0, |edit| keyspace::delete(edit, b"alive"));
    assert_eq!(draw(), None);
}

#[test]
fn uniform_over_what_an_edit_leaves() {
    let directory = Directory::new(2);
    let stays: Vec<String> = (0..200).map(|n| format!("stays:{n}")).collect();
    let goes: Vec<String> = (0..100).map(|n| format!("{{a}}goes:{n}")).collect();
    let comes: Vec<String> = (0..100).map(|n| format!("{{b}}comes:{n}")).collect();
    fill(&directory, &stays, None);
    fill(&directory, &goes, None);
    let mut edit = directory.store().edit(0, OPTIONS).unwrap();
    for key in &goes {
        assert!(keyspace::delete(&mut edit, key.as_bytes()).unwrap());
    }
    for key in &comes {
        set_string(&mut edit, key.as_bytes(), b"v", None).unwrap();
    }
    assert_uniform_in(&edit, &[stays.clone(), comes].concat(), 11);
    for key in &stays {
        assert!(keyspace::delete(&mut edit, key.as_bytes()).unwrap());
    }
    let mut random = StdRng::seed_from_u64(12);
    let drawn = random_key(&edit, &mut random).unwrap().unwrap();
    assert!(drawn.starts_with(b"{b}comes:"));
    assert_eq!(edit.count_keys(), 100);
}
