//! Places, areas and units.
//! Invariants: coordinates are drawn afresh, so that no two distances are equal by design.
//! Must not know: commands. Tests: every run of the geo group.

use super::pick;
use crate::harness::Random;
use rand::RngExt;

const UNITS: &[&str] = &["m", "km", "mi", "ft", "km", "km", "KM"];

pub fn place(random: &mut Random) -> Vec<u8> {
    format!("place{}", random.random_range(0..25)).into_bytes()
}

/// Longitude and latitude: anywhere, around one city, at the borders, or out of range.
pub fn position(random: &mut Random) -> Vec<Vec<u8>> {
    let text = |number: f64| format!("{number:.6}").into_bytes();
    match random.random_range(0..40) {
        0 => vec![
            pick(random, &["180", "-180", "180.1", "x", "0"]).into(),
            pick(random, &["85.05112878", "-85.05112878", "85.06", "", "0"]).into(),
        ],
        1..12 => vec![
            text(random.random_range(-179.9..179.9)),
            text(random.random_range(-85.0..85.0)),
        ],
        12..15 => vec![
            text(random.random_range(179.0..180.0) * [-1.0, 1.0][random.random_range(0..2)]),
            text(random.random_range(-2.0..2.0)),
        ],
        _ => vec![
            text(random.random_range(12.0..16.0)),
            text(random.random_range(36.0..40.0)),
        ],
    }
}

pub fn unit(random: &mut Random) -> Vec<u8> {
    match random.random_range(0..30) {
        0 => b"yd".to_vec(),
        _ => pick(random, UNITS).into(),
    }
}

/// A length and its unit.
pub fn radius(random: &mut Random) -> Vec<Vec<u8>> {
    vec![length(random), unit(random)]
}

fn length(random: &mut Random) -> Vec<u8> {
    match random.random_range(0..20) {
        0 => pick(random, &["0", "-1", "x", "", "1e10", "40000"]).into(),
        1..8 => format!("{:.3}", random.random_range(1.0..20_000.0)).into_bytes(),
        _ => format!("{:.1}", random.random_range(1.0..400.0)).into_bytes(),
    }
}

/// The middle of a search.
pub fn center(random: &mut Random) -> Vec<Vec<u8>> {
    match random.random_bool(0.4) {
        true => vec![b"FROMMEMBER".to_vec(), place(random)],
        false => [vec![b"FROMLONLAT".to_vec()], position(random)].concat(),
    }
}

/// The form of a search.
pub fn area(random: &mut Random) -> Vec<Vec<u8>> {
    match random.random_bool(0.5) {
        true => [vec![b"BYRADIUS".to_vec()], radius(random)].concat(),
        false => vec![
            b"BYBOX".to_vec(),
            length(random),
            length(random),
            unit(random),
        ],
    }
}
