//! HyperLogLogs beside a real Redis: the same additions, merges and corruptions to both.
//! Invariants: replies and stored bytes agree; where a sketch is malformed Redis may keep a part of
//! an addition, so only the reply is compared and the key is written anew. Must not know: how
//! sketches are stored. Tests: this file.

use crate::harness::raw::Raw;
use crate::harness::{Server, seed, wire};
use rand::RngExt;
use seed::Random;

const ROUNDS: usize = 6000;
const KEYS: [&str; 4] = ["a", "b", "c", "d"];
const SPARSE_MAXES: [&str; 5] = ["0", "40", "300", "3000", "16000"];

struct Pair {
    ours: Raw,
    theirs: Raw,
}

impl Pair {
    /// The reply of both, which must be the same.
    #[track_caller]
    fn same(&mut self, words: &[Vec<u8>]) -> Vec<u8> {
        let (our_reply, their_reply) = (self.ours.command(words), self.theirs.command(words));
        let shown = words.iter().take(6).map(|word| word.escape_ascii());
        let shown: Vec<String> = shown.map(|word| word.to_string()).collect();
        assert_eq!(
            wire::show(&our_reply),
            wire::show(&their_reply),
            "{}",
            shown.join(" ")
        );
        our_reply
    }

    #[track_caller]
    fn line(&mut self, line: &str) -> Vec<u8> {
        self.same(&wire::words(line))
    }
}

#[test]
fn sketches_have_the_bytes_and_counts_of_redis() {
    let ours = Server::start();
    let theirs = Server::redis().start();
    let mut pair = Pair {
        ours: ours.raw(),
        theirs: theirs.raw(),
    };
    let test = "sketches_have_the_bytes_and_counts_of_redis";
    let mut random = seed::random(seed::announce(test));
    for _ in 0..ROUNDS {
        let key = KEYS[random.random_range(0..KEYS.len())];
        let other = KEYS[random.random_range(0..KEYS.len())];
        let reply = match random.random_range(0..100) {
            0..=54 => pair.same(&addition(&mut random, key)),
            55..=66 => pair.line(&format!("PFCOUNT {key}")),
            67..=72 => pair.line(&format!("PFCOUNT {key} {other} missing")),
            73..=80 => pair.line(&format!("PFMERGE {key} {other} missing")),
            81..=83 => pair.line(&format!("PFMERGE {key} a b c d")),
            84..=86 => pair.line(&format!("PFDEBUG DECODE {key}")),
            87 => pair.line(&format!("PFDEBUG GETREG {key}")),
            88 => pair.line(&format!("PFDEBUG TODENSE {key}")),
            89..=91 => {
                let max = SPARSE_MAXES[random.random_range(0..SPARSE_MAXES.len())];
                pair.line(&format!("CONFIG SET hll-sparse-max-bytes {max}"))
            }
            92..=95 => pair.line(&format!("DEL {key}")),
            _ => corrupt(&mut pair, &mut random, key),
        };
        if reply.starts_with(b"-INVALIDOBJ") {
            pair.line(&format!("DEL {key} {other}"));
        }
        pair.line(&format!("GET {key}"));
    }
}

/// PFADD of few or many elements, new ones and old.
fn addition(random: &mut Random, key: &str) -> Vec<Vec<u8>> {
    let count = match random.random_range(0..10) {
        0..=5 => random.random_range(0..6),
        6..=8 => random.random_range(0..100),
        _ => random.random_range(0..2000),
    };
    let mut words = vec![b"PFADD".to_vec(), key.into()];
    for _ in 0..count {
        let number: u64 = random.random::<u64>() >> random.random_range(0..64);
        words.push(match random.random_range(0..3) {
            0 => number.to_string().into_bytes(),
            1 => number.to_le_bytes()[..random.random_range(0..=8)].to_vec(),
            _ => format!("element:{number:032}").into_bytes(),
        });
    }
    words
}

/// Overwrites, appends or cuts bytes of a sketch, or of what was one.
fn corrupt(pair: &mut Pair, random: &mut Random, key: &str) -> Vec<u8> {
    let bytes: Vec<u8> = (0..random.random_range(1..4))
        .map(|_| random.random())
        .collect();
    let offset: usize = match random.random_range(0..3) {
        0 => random.random_range(0..18),
        1 => random.random_range(0..300),
        _ => random.random_range(0..12_304),
    };
    match random.random_range(0..4) {
        0 => pair.same(&[b"APPEND".to_vec(), key.into(), bytes]),
        _ => pair.same(&[
            b"SETRANGE".to_vec(),
            key.into(),
            offset.to_string().into_bytes(),
            bytes,
        ]),
    };
    pair.line(&format!("PFCOUNT {key}"));
    pair.line(&format!("PFMERGE e {key}"));
    pair.line("DEL e");
    let mut reply = pair.line(&format!("PFCOUNT {key} {key}"));
    let malformed = reply.starts_with(b"-");
    if !malformed {
        pair.line(&format!("PFDEBUG DECODE {key}"));
    }
    reply = pair.line(&format!("PFADD {key} x y z"));
    if !reply.starts_with(b"-") {
        pair.line(&format!("GET {key}"));
    }
    if malformed || reply.starts_with(b"-") {
        pair.line(&format!("DEL {key}"));
    }
    reply
}

#[test]
fn estimates_are_those_of_redis_at_every_size() {
    let ours = Server::start();
    let theirs = Server::redis().start();
    let mut pair = Pair {
        ours: ours.raw(),
        theirs: theirs.raw(),
    };
    for rank in [0_u8, 1, 5, 31, 32, 50, 51, 52, 63] {
        // Every register has the rank, or all but some.
        for others in [0, 1, 100, 4000] {
            let mut sketch = b"HYLL\0\0\0\0\0\0\0\0\0\0\0\x80".to_vec();
            let registers = (0..16_384).map(|at| if at < others { 3 } else { rank });
            let registers: Vec<u8> = registers.collect();
            for group in registers.chunks(4) {
                let &[a, b, c, d] = group else { continue };
                sketch.extend([a | b << 6, b >> 2 | c << 4, c >> 4 | d << 2]);
            }
            pair.same(&[b"SET".to_vec(), b"k".to_vec(), sketch]);
            pair.line("PFCOUNT k");
            pair.line("PFCOUNT k k");
            pair.line("GET k");
        }
    }
    pair.line("DEL k");
    let mut number = 0_u32;
    while number < 300_000 {
        let mut words = vec![b"PFADD".to_vec(), b"k".to_vec()];
        words.extend((0..997).map(|more| (number + more).to_string().into_bytes()));
        number += 997;
        pair.same(&words);
        pair.line("PFCOUNT k");
    }
    pair.line("GET k");
}
