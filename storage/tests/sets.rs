//! Sets: random operations beside a `BTreeSet`, algebra, fairness of draws.
//! Invariants: a set and its model agree after every commit and every restart, and `check` finds
//! nothing. Must not know: buckets. Tests: this file.

mod common;

use common::{DISK, Directory};
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use std::collections::{BTreeMap, BTreeSet};
use storage::limits::ELEMENT_BYTES_MAX;
use storage::ops::draw::Draw;
use storage::ops::set::{self, Algebra, Thresholds};
use storage::{Edit, Result, StorageError};

const KEY: &[u8] = b"{a}set";
const OTHER: &[u8] = b"{a}other";
const TARGET: &[u8] = b"{a}target";

const THRESHOLDS: Thresholds = Thresholds {
    intset_entries: 512,
    listpack_entries: 128,
    listpack_value: 64,
};

type Model = BTreeSet<Vec<u8>>;

fn contents(directory: &Directory, key: &[u8]) -> Model {
    let view = directory.view(0);
    let found = set::members(&view, key).unwrap();
    let model: Model = found.iter().map(|member| member.to_vec()).collect();
    assert_eq!(model.len(), found.len(), "a member comes twice");
    assert_eq!(set::len(&view, key).unwrap(), found.len() as u64);
    model
}

fn assert_clean(directory: Directory) {
    let path = directory.path();
    let _dir = directory.close();
    let report = storage::check::check(&path, 20).unwrap();
    assert!(report.is_clean(), "{:?}", report.problems);
}

fn member(random: &mut StdRng) -> Vec<u8> {
    let n = random.random_range(0..600);
    match n % 61 {
        0 => format!("{}{n}", "long".repeat(300)).into_bytes(),
        1..20 => format!("{n}").into_bytes(),
        _ => format!("member:{n}").into_bytes(),
    }
}

fn some(random: &mut StdRng) -> Vec<Vec<u8>> {
    let count = random.random_range(1..12);
    (0..count).map(|_| member(random)).collect()
}

fn add(edit: &mut Edit<'_>, model: &mut Model, random: &mut StdRng) -> Result<()> {
    let members = some(random);
    let slices = members.iter().map(Vec::as_slice);
    let added = set::add(edit, KEY, slices, &THRESHOLDS)?;
    let new = members.into_iter().filter(|one| model.insert(one.clone()));
    assert_eq!(added, new.count() as u64);
    Ok(())
}

fn remove(edit: &mut Edit<'_>, model: &mut Model, random: &mut StdRng) -> Result<()> {
    let members = some(random);
    let slices = members.iter().map(Vec::as_slice);
    let removed = set::remove(edit, KEY, slices)?;
    let gone = members.into_iter().filter(|one| model.remove(one));
    assert_eq!(removed, gone.count() as u64);
    Ok(())
}

fn pop(edit: &mut Edit<'_>, model: &mut Model, random: &mut StdRng) -> Result<()> {
    if random.random_bool(0.5) {
        let popped = set::pop(edit, KEY, random)?;
        assert_eq!(popped.is_some(), !model.is_empty());
        assert!(popped.is_none_or(|member| model.remove(&*member)));
        return Ok(());
    }
    let count = random.random_range(0..20);
    let popped = set::pop_many(edit, KEY, count, random)?;
    assert_eq!(popped.len() as u64, count.min(model.len() as u64));
    assert!(popped.iter().all(|member| model.remove(&**member)));
    Ok(())
}

#[test]
fn sets_behave_like_sets() {
    for seed in 0..8 {
        let mut random = StdRng::seed_from_u64(seed);
        let mut directory = Directory::new();
        let mut model = Model::new();
        for round in 0..240 {
            // Over the edge between packed and spread again and again.
            let growing = (round / 30) % 2 == 0;
            for _ in 0..random.random_range(1..20) {
                let (model, random) = (&mut model, &mut random);
                directory.write(|edit| match random.random_range(0..10) {
                    0..6 if growing => add(edit, model, random),
                    0 => add(edit, model, random),
                    1..6 => pop(edit, model, random),
                    _ => remove(edit, model, random),
                });
            }
            assert!(
                contents(&directory, KEY) == model,
                "seed {seed}, round {round}"
            );
            let asked = some(&mut random);
            let view = directory.view(0);
            let found = set::contains(&view, KEY, asked.iter().map(Vec::as_slice)).unwrap();
            assert!(
                asked
                    .iter()
                    .zip(found)
                    .all(|(one, is)| model.contains(one) == is)
            );
            drop(view);
            if round % 60 == 59 {
                directory = directory.reopen();
                assert!(contents(&directory, KEY) == model, "seed {seed}, reopened");
            }
        }
        assert_clean(directory);
    }
}

#[test]
fn moves_and_algebra_agree_with_sets() {
    let mut random = StdRng::seed_from_u64(1);
    let mut directory = Directory::new();
    let mut models = [Model::new(), Model::new()];
    let keys = [KEY, OTHER];
    for round in 0..150 {
        for (key, model) in keys.iter().zip(&mut models) {
            let members = some(&mut random);
            let slices = members.iter().map(Vec::as_slice);
            directory.write(|edit| set::add(edit, key, slices, &THRESHOLDS));
            model.extend(members);
        }
        let moved = member(&mut random);
        let done = directory.write(|edit| set::move_member(edit, KEY, OTHER, &moved, &THRESHOLDS));
        assert_eq!(done, models[0].remove(&moved));
        if done {
            models[1].insert(moved);
        }
        let [a, b] = &models;
        let cases = [
            (Algebra::Intersection, a & b),
            (Algebra::Union, a | b),
            (Algebra::Difference, a - b),
        ];
        for (algebra, expected) in cases {
            let len = directory.write(|edit| {
                let members = set::combine(edit, keys.into_iter(), algebra)?;
                set::store(edit, TARGET, &members, algebra, &THRESHOLDS)
            });
            assert_eq!(len, expected.len() as u64);
            assert!(
                contents(&directory, TARGET) == expected,
                "{algebra:?}, {round}"
            );
        }
        let view = directory.view(0);
        let both = (a & b).len() as u64;
        for limit in [0, 1, 10] {
            let len = set::intersection_len(&view, keys.into_iter(), limit).unwrap();
            assert_eq!(len, if limit == 0 { both } else { both.min(limit) });
        }
        drop(view);
        if round % 50 == 49 {
            directory = directory.reopen();
        }
    }
    assert_clean(directory);
}

/// Fails unless every member was drawn about as often as every other.
fn assert_fair(counts: &BTreeMap<Vec<u8>, f64>, members: u64) {
    let expected = counts.values().sum::<f64>() / members as f64;
    let squares = counts.values().map(|n| (n - expected).powi(2) / expected);
    let chi: f64 = squares.sum();
    // Six standard deviations above the mean of the chi-square distribution.
    let bound = members as f64 + 6.0 * (2.0 * members as f64).sqrt();
    assert!(
        counts.len() as u64 == members && chi < bound,
        "{chi}, bound {bound}"
    );
}

#[test]
fn every_way_to_draw_is_fair() {
    for members in [20u64, 300] {
        let directory = Directory::new();
        let names: Vec<String> = (0..members).map(|n| format!("m{n}")).collect();
        directory
            .write(|edit| set::add(edit, KEY, names.iter().map(String::as_bytes), &THRESHOLDS));
        let view = directory.view(0);
        let mut random = StdRng::seed_from_u64(2);
        for draw in [
            Draw::Distinct(members / 10),
            Draw::Distinct(members / 2),
            Draw::Repeating(members),
        ] {
            let mut counts: BTreeMap<Vec<u8>, f64> = BTreeMap::new();
            for _ in 0..1000 {
                let drawn = set::random_many(&view, KEY, draw, &mut random).unwrap();
                for member in drawn.unwrap() {
                    *counts.entry(member.to_vec()).or_default() += 1.0;
                }
            }
            assert_fair(&counts, members);
        }
    }
}

#[test]
fn a_member_above_the_limit_is_refused() {
    let directory = Directory::new();
    let long = vec![b'x'; ELEMENT_BYTES_MAX + 1];
    let mut edit = directory.store.edit(0, DISK).unwrap();
    let added = set::add(&mut edit, KEY, std::iter::once(&long[..]), &THRESHOLDS);
    assert!(matches!(added, Err(StorageError::ElementTooLong)));
    drop(edit);
    let longest = &long[..ELEMENT_BYTES_MAX];
    let added = directory.write(|edit| set::add(edit, KEY, std::iter::once(longest), &THRESHOLDS));
    assert_eq!(added, 1);
    let directory = directory.reopen();
    assert!(set::contains_one(&directory.view(0), KEY, longest).unwrap());
    assert_clean(directory);
}
