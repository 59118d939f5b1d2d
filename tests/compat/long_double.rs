//! INCRBYFLOAT beside a real Redis, whose sums are those of an 80-bit register.
//! Invariants: replies agree byte for byte, errors included. Must not know: how sums are computed.
//! Tests: this file; `storage/src/encoding/long_double.rs` has the arithmetic's own.

use crate::harness::{Server, seed};
use rand::RngExt;

const ROUNDS: usize = 4000;

/// Texts at the borders of the format, and what `strtold` reads and people rarely write.
const CORNERS: &[&str] = &[
    "0",
    "-0",
    "0.1",
    "-1.5",
    ".5",
    "5.",
    "+7",
    "1e17",
    "1e-17",
    "5e-18",
    "4.9e-18",
    "1e4932",
    "1.18e4932",
    "-1.18e4932",
    "1.19e4932",
    "3.6e-4951",
    "1.8e-4951",
    "0x1p3",
    "0X.8P-2",
    "inf",
    "-Infinity",
    "nan",
    "1e",
    "x",
    "18446744073709551615",
    "18446744073709551617",
    "1e99999999999",
];

#[test]
fn incrbyfloat_adds_as_redis_does() {
    let ours = Server::start();
    let theirs = Server::redis().start();
    let (mut our_side, mut their_side) = (ours.raw(), theirs.raw());
    let mut random = seed::random(seed::announce("incrbyfloat_adds_as_redis_does"));
    for round in 0..ROUNDS {
        let name = if random.random_bool(0.4) {
            "SET"
        } else {
            "INCRBYFLOAT"
        };
        let line = format!("{name} f {}", number(&mut random));
        let (our_reply, their_reply) = (our_side.line(&line), their_side.line(&line));
        assert_eq!(
            our_reply.escape_ascii().to_string(),
            their_reply.escape_ascii().to_string(),
            "round {round}: {line}"
        );
    }
}

fn number(random: &mut seed::Random) -> String {
    let digits: u64 = random.random::<u64>() >> random.random_range(0..64);
    match random.random_range(0..5) {
        0 => CORNERS[random.random_range(0..CORNERS.len())].to_owned(),
        1 => format!("{digits}e{}", random.random_range(-40..25)),
        2 => format!("{digits}e{}", random.random_range(-5000..5000)),
        3 => format!("-{}.{digits}", random.random::<u32>()),
        _ => format!("{:?}", f64::from_bits(random.random())),
    }
}
