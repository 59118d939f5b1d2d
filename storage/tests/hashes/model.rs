//! Random operations beside a `BTreeMap`, with commits, restarts, time that passes and sweeps in
//! between, over the edges between packed and spread, with and without times.

use super::{KEY, LIMITS, T0, assert_clean, at, contents, hash_len};
use rand::rngs::StdRng;
use rand::{Rng, RngExt, SeedableRng};
use std::collections::BTreeMap;
use storage::ops::expire::Conditions;
use storage::ops::hash::{self, Changed, FieldCondition, FieldTime, Hash, Lifetime};
use storage::sweep::Sweeper;
use storage::{Edit, StorageError};

#[derive(Default)]
struct Model {
    fields: BTreeMap<Vec<u8>, (Vec<u8>, Option<u64>)>,
    now_ms: u64,
}

impl Model {
    fn live(&self, field: &[u8]) -> Option<&(Vec<u8>, Option<u64>)> {
        let found = self.fields.get(field);
        found.filter(|(_, at)| at.is_none_or(|at| at > self.now_ms))
    }

    fn set(&mut self, field: &[u8], value: &[u8], at: Option<u64>) -> bool {
        let new = self.live(field).is_none();
        self.fields.insert(field.to_vec(), (value.to_vec(), at));
        new
    }

    fn take(&mut self, field: &[u8]) -> Option<Vec<u8>> {
        let live = self.live(field).is_some();
        let taken = self.fields.remove(field).map(|(value, _)| value);
        taken.filter(|_| live)
    }

    fn retime(&mut self, field: &[u8], at: u64) -> Changed {
        if self.live(field).is_none() {
            return Changed::Missing;
        }
        if at <= self.now_ms {
            self.take(field);
            return Changed::Deleted;
        }
        if let Some(entry) = self.fields.get_mut(field) {
            entry.1 = Some(at);
        }
        Changed::Done
    }

    fn contents(&self) -> BTreeMap<Vec<u8>, Vec<u8>> {
        let live = self.fields.keys().filter_map(|field| {
            let (value, _) = self.live(field)?;
            Some((field.clone(), value.clone()))
        });
        live.collect()
    }
}

fn field(random: &mut StdRng) -> Vec<u8> {
    let n = random.random_range(0..500);
    match n % 97 {
        0 => format!("{}{n}", "long".repeat(200)).into_bytes(),
        _ => format!("field:{n}").into_bytes(),
    }
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

fn when(random: &mut StdRng, now_ms: u64) -> u64 {
    (now_ms + random.random_range(0..400)).saturating_sub(50)
}

fn write(edit: &mut Edit<'_>, model: &mut Model, random: &mut StdRng) -> Result<(), StorageError> {
    let (name, bytes) = (field(random), value(random));
    let pair = std::iter::once((&name[..], &bytes[..]));
    let hash = Hash::open(edit, KEY)?;
    match random.random_range(0..4) {
        0 => {
            let created = hash::set(edit, KEY, pair, LIMITS)?;
            assert_eq!(created == 1, model.set(&name, &bytes, None));
        }
        1 => {
            let done = hash::set_absent(edit, KEY, &name, &bytes, LIMITS)?;
            assert_eq!(done, model.live(&name).is_none());
            if done {
                model.set(&name, &bytes, None);
            }
        }
        2 => {
            let at = when(random, model.now_ms);
            let always = FieldCondition::Always;
            assert!(hash.set_and_expire(edit, pair, always, Lifetime::At(at), LIMITS)?);
            match at <= model.now_ms {
                true => drop(model.take(&name)),
                false => drop(model.set(&name, &bytes, Some(at))),
            }
        }
        _ => {
            let kept = model.live(&name).and_then(|(_, at)| *at);
            let present = model.live(&name).is_some();
            let all = FieldCondition::AllPresent;
            let done = hash.set_and_expire(edit, pair, all, Lifetime::Keep, LIMITS)?;
            assert_eq!(done, present);
            if done {
                model.set(&name, &bytes, kept);
            }
        }
    }
    Ok(())
}

fn retime(edit: &mut Edit<'_>, model: &mut Model, random: &mut StdRng) -> Result<(), StorageError> {
    let names: Vec<Vec<u8>> = (0..random.random_range(1..5))
        .map(|_| field(random))
        .collect();
    let fields = names.iter().map(Vec::as_slice);
    let hash = Hash::open(edit, KEY)?;
    match random.random_range(0..3) {
        0 => {
            for (name, changed) in names.iter().zip(hash.persist(edit, fields)?) {
                let before = model.live(name).map(|(_, at)| *at);
                let expected = match before {
                    Some(Some(_)) => Changed::Done,
                    Some(None) => Changed::Unmet,
                    None => Changed::Missing,
                };
                assert_eq!(changed, expected);
                if let Some(entry) = model.fields.get_mut(name).filter(|_| before.is_some()) {
                    entry.1 = None;
                }
            }
        }
        1 => {
            let at = when(random, model.now_ms);
            let values = hash.get_and_expire(edit, fields, Lifetime::At(at))?;
            for (name, value) in names.iter().zip(values) {
                let expected = model.live(name).map(|(value, _)| value.clone());
                assert_eq!(value.map(|value| value.to_vec()), expected);
                model.retime(name, at);
            }
        }
        _ => {
            let at = when(random, model.now_ms);
            let changes = hash.expire(edit, fields, at, Conditions::default())?;
            for (name, changed) in names.iter().zip(changes) {
                assert_eq!(changed, model.retime(name, at));
            }
        }
    }
    Ok(())
}

fn take(edit: &mut Edit<'_>, model: &mut Model, random: &mut StdRng) -> Result<(), StorageError> {
    let names: Vec<Vec<u8>> = (0..random.random_range(1..20))
        .map(|_| field(random))
        .collect();
    let fields = names.iter().map(Vec::as_slice);
    if random.random_bool(0.5) {
        let deleted = hash::delete(edit, KEY, fields)?;
        let expected = names.iter().filter(|name| model.take(name).is_some());
        assert_eq!(deleted, expected.count() as u64);
    } else {
        let hash = Hash::open(edit, KEY)?;
        let values = hash.get_and_delete(edit, fields)?;
        for (name, value) in names.iter().zip(values) {
            let expected = model
                .live(name)
                .is_some()
                .then(|| model.take(name))
                .flatten();
            assert_eq!(value.map(|value| value.to_vec()), expected);
        }
    }
    Ok(())
}

#[test]
fn hashes_behave_like_a_map_with_times() {
    for seed in 0..6 {
        let mut random = StdRng::seed_from_u64(seed);
        let mut directory = at(T0);
        let mut model = Model {
            now_ms: T0,
            ..Model::default()
        };
        for round in 0..200 {
            let growing = (round / 40) % 2 == 0;
            for _ in 0..random.random_range(1..30) {
                let model = &mut model;
                let random = &mut random;
                directory.write(|edit| match random.random_range(0..10) {
                    0..2 => retime(edit, model, random),
                    2..8 if growing => write(edit, model, random),
                    2 => write(edit, model, random),
                    _ => take(edit, model, random),
                });
            }
            assert_eq!(
                contents(&directory),
                model.contents(),
                "seed {seed}, round {round}"
            );
            model.now_ms += random.random_range(0..20);
            directory.store.clock().set_manual(model.now_ms);
            let view = directory.view(0);
            let hash = Hash::open(&view, KEY).unwrap();
            for name in model.fields.keys() {
                let expected = match model.live(name) {
                    None => FieldTime::Missing,
                    Some((_, None)) => FieldTime::Never,
                    Some((_, Some(at))) => FieldTime::At(*at),
                };
                assert_eq!(hash.time(&view, name).unwrap(), expected);
            }
            drop(view);
            if round % 10 == 9 {
                directory.store.leader().sync().unwrap();
                let mut sweeper = Sweeper::new(&directory.store);
                while sweeper.round().unwrap() > 0 {}
                drop(sweeper);
                let live = model.contents();
                assert_eq!(hash_len(&directory), live.len() as u64);
                model.fields.retain(|name, _| live.contains_key(name));
            }
            if round % 50 == 49 {
                directory = directory.reopen();
                directory.store.clock().set_manual(model.now_ms);
                assert_eq!(contents(&directory), model.contents());
            }
        }
        assert_clean(directory);
    }
}
