//! Draws are fair, and never give what has expired.

use super::{KEY, T0, at, fill};
use rand::SeedableRng;
use rand::rngs::StdRng;
use std::collections::{BTreeMap, BTreeSet};
use storage::ops::draw::Draw;
use storage::ops::hash::Hash;
use storage::view::View;

fn drawn(view: &View<'_>, draw: Draw, random: &mut StdRng) -> Vec<Vec<u8>> {
    let hash = Hash::open(view, KEY).unwrap();
    let items = hash.sample(view, draw, random).unwrap();
    items.iter().map(|(field, _)| field.to_vec()).collect()
}

/// Fails unless every field was drawn about as often as every other.
fn assert_fair(counts: &BTreeMap<Vec<u8>, f64>, fields: u64) {
    let expected = counts.values().sum::<f64>() / fields as f64;
    let squares = counts.values().map(|n| (n - expected).powi(2) / expected);
    let chi: f64 = squares.sum();
    // Six standard deviations above the mean of the chi-square distribution.
    let bound = fields as f64 + 6.0 * (2.0 * fields as f64).sqrt();
    assert!(
        counts.len() as u64 == fields && chi < bound,
        "{chi}, bound {bound}"
    );
}

#[test]
fn every_way_to_draw_is_fair() {
    const FIELDS: u64 = 200;
    let directory = at(T0);
    fill(&directory, 0..FIELDS, None);
    let view = directory.view(0);
    let mut random = StdRng::seed_from_u64(5);
    let draws = [
        (Draw::Distinct(10), 4000),
        (Draw::Distinct(150), 400),
        (Draw::Repeating(10), 4000),
        (Draw::Repeating(1000), 40),
    ];
    for (draw, rounds) in draws {
        let mut counts: BTreeMap<Vec<u8>, f64> = BTreeMap::new();
        for _ in 0..rounds {
            let fields = drawn(&view, draw, &mut random);
            let distinct: BTreeSet<&Vec<u8>> = fields.iter().collect();
            let repeats = matches!(draw, Draw::Repeating(_));
            assert!(repeats || distinct.len() == fields.len());
            for field in fields {
                *counts.entry(field).or_default() += 1.0;
            }
        }
        assert_fair(&counts, FIELDS);
    }
}

#[test]
fn expired_fields_are_never_drawn() {
    for (live, dead) in [(2, 8), (3, 600), (300, 300), (0, 300)] {
        let directory = at(T0);
        fill(&directory, 0..live, None);
        fill(&directory, 1000..1000 + dead, Some(T0 + 10));
        directory.store.clock().set_manual(T0 + 20);
        let view = directory.view(0);
        let mut random = StdRng::seed_from_u64(6);
        let expected: BTreeSet<Vec<u8>> = (0..live).map(|n| format!("f{n}").into()).collect();
        let all = drawn(&view, Draw::Distinct(5000), &mut random);
        assert_eq!(BTreeSet::from_iter(all), expected);
        for field in drawn(&view, Draw::Repeating(5), &mut random) {
            assert!(expected.contains(&field));
        }
        let hash = Hash::open(&view, KEY).unwrap();
        for _ in 0..50 {
            let field = hash.random(&view, &mut random).unwrap();
            assert_eq!(field.is_some(), live > 0);
            assert!(field.is_none_or(|field| expected.contains(&*field)));
        }
    }
}
