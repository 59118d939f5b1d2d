//! Maps (the form of hashes and sets) beside a `BTreeMap`: random changes, with commits and
//! reopening in between, over the edges between packed and spread and over blobs.

mod common;

use common::{DISK, Directory};
use rand::rngs::StdRng;
use rand::{Rng, RngExt, SeedableRng};
use std::collections::{BTreeMap, BTreeSet};
use storage::View;
use storage::change::Event;
use storage::collection::map::Map;
use storage::encoding::meta::DataType;
use storage::encoding::shape::Shape;

const KEY: &[u8] = b"{a}map";

fn open<'k>(view: &View<'_>) -> Map<'k> {
    Map::open(view, KEY, DataType::Hash, Shape::Listpack).unwrap()
}

fn contents(directory: &Directory) -> BTreeMap<Vec<u8>, Vec<u8>> {
    let view = directory.store.view(0, DISK).unwrap();
    let mut found = BTreeMap::new();
    let map = open(&view);
    map.for_each(&view, |item| {
        assert!(
            found
                .insert(item.field.to_vec(), item.value.to_vec())
                .is_none()
        );
        Ok(())
    })
    .unwrap();
    assert_eq!(map.len(), found.len() as u64);
    found
}

fn value(random: &mut StdRng) -> Vec<u8> {
    let len = match random.random_range(0..20) {
        0 => random.random_range(500..3000),
        1..4 => 0,
        _ => random.random_range(1..60),
    };
    let mut value = vec![0; len];
    random.fill_bytes(&mut value);
    value
}

#[test]
fn a_map_behaves_like_a_map_through_growth_shrinking_and_restarts() {
    for seed in 0..4 {
        let mut random = StdRng::seed_from_u64(seed);
        let mut directory = Directory::new();
        let mut model = BTreeMap::new();
        for round in 0..60 {
            let growing = (round / 10) % 2 == 0;
            let mut edit = directory.store.edit(0, DISK).unwrap();
            let mut map = open(&edit);
            for _ in 0..random.random_range(1..80) {
                let field = format!("field:{}", random.random_range(0..600)).into_bytes();
                if random.random_bool(if growing { 0.9 } else { 0.1 }) {
                    let value = value(&mut random);
                    let old = map.set(&mut edit, &field, Some(&value), None).unwrap();
                    assert_eq!(old.is_some(), model.insert(field, value).is_some());
                } else {
                    let old = map.remove(&mut edit, &field).unwrap();
                    assert_eq!(old.is_some(), model.remove(&field).is_some());
                }
            }
            map.write(&mut edit, &[Event::HSet]).unwrap();
            let position = edit.stage().unwrap();
            assert_eq!(contents(&directory), model, "seed {seed}, round {round}");
            directory.store.leader().wait_blocking(position).unwrap();
            if round % 20 == 19 {
                directory = directory.reopen();
                assert_eq!(contents(&directory), model);
            }
        }
        let path = directory.path();
        let _dir = directory.close();
        let report = storage::check::check(&path, 20).unwrap();
        assert!(report.is_clean(), "{:?}", report.problems);
    }
}

#[test]
fn a_walk_in_pages_gives_what_is_there_all_the_time() {
    let mut random = StdRng::seed_from_u64(7);
    let directory = Directory::new();
    let stays: BTreeSet<Vec<u8>> = (0..400)
        .map(|n| format!("stays:{n}").into_bytes())
        .collect();
    let change = |random: &mut StdRng, fields: &mut dyn Iterator<Item = Vec<u8>>, add: bool| {
        let mut edit = directory.store.edit(0, DISK).unwrap();
        let mut map = open(&edit);
        for field in fields {
            if add {
                let value = value(random);
                map.set(&mut edit, &field, Some(&value), None).unwrap();
            } else {
                map.remove(&mut edit, &field).unwrap();
            }
        }
        map.write(&mut edit, &[Event::HSet]).unwrap();
        edit.stage().unwrap();
    };
    change(&mut random, &mut stays.iter().cloned(), true);
    for _ in 0..20 {
        let mut seen = BTreeSet::new();
        let (mut cursor, mut add) = (0, true);
        loop {
            let view = directory.store.view(0, DISK).unwrap();
            cursor = open(&view)
                .page(&view, cursor, 10, |item| {
                    seen.insert(item.field.to_vec());
                    Ok(())
                })
                .unwrap();
            drop(view);
            let from = random.random_range(0..5) * 400;
            let mut moving = (from..from + 300).map(|n| format!("moves:{n}").into_bytes());
            change(&mut random, &mut moving, add);
            add = !add;
            if cursor == 0 {
                break;
            }
        }
        assert!(stays.is_subset(&seen));
    }
}

#[test]
fn every_field_is_as_likely_as_any_other() {
    let mut random = StdRng::seed_from_u64(11);
    let directory = Directory::new();
    const FIELDS: usize = 300;
    let mut edit = directory.store.edit(0, DISK).unwrap();
    let mut map = open(&edit);
    for n in 0..FIELDS {
        let value = vec![b'v'; n % 90];
        let field = format!("f{n}").into_bytes();
        map.set(&mut edit, &field, Some(&value), None).unwrap();
    }
    assert!(!map.is_packed());
    let mut counts: BTreeMap<Vec<u8>, f64> = BTreeMap::new();
    const DRAWS: usize = FIELDS * 200;
    for _ in 0..DRAWS {
        let item = map.random(&edit, &mut random).unwrap().unwrap();
        *counts.entry(item.field.to_vec()).or_default() += 1.0;
    }
    let expected = (DRAWS / FIELDS) as f64;
    let chi: f64 = counts
        .values()
        .map(|n| (n - expected).powi(2) / expected)
        .sum();
    // Six standard deviations above the mean of the chi-square distribution.
    let bound = FIELDS as f64 + 6.0 * (2.0 * FIELDS as f64).sqrt();
    assert!(
        counts.len() == FIELDS && chi < bound,
        "chi-square {chi}, bound {bound}"
    );
}
