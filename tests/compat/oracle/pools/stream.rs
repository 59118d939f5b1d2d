//! Stream ids, groups and idle times.
//! Invariants: ids to add grow with the number of commands drawn, so that most are accepted and
//! ranges meet them; idle times and thresholds lie far from each other and from the length of a
//! run. Must not know: commands. Tests: below.

use super::{now_ms, pick};
use crate::harness::Random;
use rand::RngExt;

/// Commands drawn per millisecond of the ids' time.
const DRAWS_PER_MS: u64 = 40;
/// How far back, in that time, ids are drawn.
const WINDOW_MS: u64 = 8;

const ODD_IDS: &[&str] = &[
    "0",
    "0-0",
    "0-1",
    "1",
    "18446744073709551615",
    "18446744073709551615-18446744073709551615",
    "18446744073709551616",
    "1-18446744073709551616",
    "x",
    "",
    "1-",
    "-1",
    "1-1-1",
    "$",
    ">",
    "*",
    "01-01",
];

fn now(draws: u64) -> u64 {
    draws / DRAWS_PER_MS + 1
}

/// An id to add: partial ones mostly succeed, whole ones often.
pub fn add_id(random: &mut Random, draws: u64) -> Vec<u8> {
    let ms = now(draws);
    match random.random_range(0..100) {
        0..60 => format!("{ms}-*").into_bytes(),
        60..80 => format!("{ms}-{}", draws % DRAWS_PER_MS * 4 + 1).into_bytes(),
        80..84 => format!("{ms}").into_bytes(),
        84 => format!("{}", ms + 1).into_bytes(),
        85..98 => format!("{ms}-{}", random.random_range(0..5)).into_bytes(),
        _ => match pick(random, ODD_IDS) {
            // The server's clock, and an id after which no other fits.
            "*" | "18446744073709551615" => b"0-*".to_vec(),
            odd => odd.into(),
        },
    }
}

/// An id that may have been added lately.
pub fn id(random: &mut Random, draws: u64) -> Vec<u8> {
    let ms = now(draws).saturating_sub(random.random_range(0..WINDOW_MS));
    match random.random_range(0..30) {
        0..8 => ms.to_string().into_bytes(),
        8..28 => format!("{ms}-{}", random.random_range(0..4)).into_bytes(),
        _ => pick(random, ODD_IDS).into(),
    }
}

/// An end of a range; `open` is what stands for no bound.
pub fn bound(random: &mut Random, draws: u64, open: &str) -> Vec<u8> {
    match random.random_range(0..10) {
        0..5 => open.into(),
        5..7 => [b"(", id(random, draws).as_slice()].concat(),
        _ => id(random, draws),
    }
}

/// Streams and, after them, as many ids.
pub fn streams(
    keys: Vec<Vec<u8>>,
    mut id: impl FnMut() -> Vec<u8>,
    odd_one_out: bool,
) -> Vec<Vec<u8>> {
    let mut ids: Vec<Vec<u8>> = keys.iter().map(|_| id()).collect();
    if odd_one_out {
        ids.pop();
    }
    keys.into_iter().chain(ids).collect()
}

/// Where XREADGROUP reads: what is new, or its own history.
pub fn group_position(random: &mut Random, draws: u64) -> Vec<u8> {
    match random.random_range(0..10) {
        0..7 => b">".to_vec(),
        7 | 8 => b"0".to_vec(),
        _ => id(random, draws),
    }
}

pub fn group(random: &mut Random) -> Vec<u8> {
    pick(random, &["g1", "g1", "g1", "g1", "g2"]).into()
}

pub fn consumer(random: &mut Random) -> Vec<u8> {
    pick(random, &["c1", "c1", "c2", "c2", "c3", ""]).into()
}

/// Milliseconds that no entry can be near of.
pub fn idle(random: &mut Random) -> Vec<u8> {
    match random.random_range(0..20) {
        0 => pick(random, &["-1", "x", "", "9223372036854775807"]).into(),
        _ => pick(random, &["0", "0", "500000", "50000000"]).into(),
    }
}

/// A moment for XCLAIM TIME, long past or to come.
pub fn moment(random: &mut Random) -> Vec<u8> {
    match random.random_range(0..6) {
        0 => pick(random, &["0", "-1", "x"]).into(),
        1 => (now_ms() + 10_000_000).to_string().into_bytes(),
        _ => (now_ms() - 5_000_000).to_string().into_bytes(),
    }
}

#[test]
fn ids_to_add_grow_with_the_draws() {
    let mut random = crate::harness::seed::random(5);
    assert_eq!(now(0), 1);
    assert!(now(100 * DRAWS_PER_MS) > WINDOW_MS);
    let drawn: Vec<Vec<u8>> = (0..500).map(|draws| add_id(&mut random, draws)).collect();
    assert!(drawn.iter().any(|id| id.ends_with(b"-*")));
    assert!(drawn.iter().all(|id| id != b"*"));
}
