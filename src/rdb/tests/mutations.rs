//! Damaged payloads: no panic, no memory beyond what was allowed, and no unsound value.
//! The seed is fixed, so a failure repeats.

use bytes::Bytes;
use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::TestRunner;
use tikv_jemalloc_ctl::thread;

use super::handmade::{new_samples, old_samples};
use super::models::any_value;
use super::{normal, sealed, write};
use crate::rdb::{Value, Version, restore};

const ROUNDS: usize = 100_000;
/// Memory that a decoded value may take, in bytes.
const MEMORY_MAX: usize = 256 << 10;
/// How much may be allocated over time for each byte that may be taken: growing a list allocates
/// its double again and again, and dropping frees.
const ALLOCATED_PER_BYTE: u64 = 4;

/// A small generator of numbers, with the same sequence for the same seed.
pub struct Random(u64);

impl Random {
    pub fn new(seed: u64) -> Random {
        Random(seed)
    }

    /// A number below `end`.
    pub fn below(&mut self, end: usize) -> usize {
        // Steele and Vigna's splitmix64.
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((mixed ^ (mixed >> 31)) % end.max(1) as u64) as usize
    }

    pub fn choose<'a, T>(&mut self, all: &'a [T]) -> &'a T {
        &all[self.below(all.len())]
    }
}

/// What is before a payload's footer, with a few bytes changed, cut, added or exchanged.
pub fn mutate(payload: &Bytes, others: &[Bytes], random: &mut Random) -> Vec<u8> {
    let mut bytes = payload[..payload.len() - 10].to_vec();
    for _ in 0..=random.below(3) {
        let at = random.below(bytes.len());
        match random.below(8) {
            0 => bytes.truncate(at + 1),
            1 => drop(bytes.remove(at)),
            2 => bytes.insert(at, random.below(256) as u8),
            3 => bytes[at] = *random.choose(&[0, 1, 0x7f, 0x80, 0x81, 0xc3, 0xfe, 0xff]),
            4 => bytes[at] ^= 1 << random.below(8),
            5 => bytes[0] = random.below(27) as u8,
            6 => {
                let other = random.choose(others);
                let from = random.below(other.len());
                let piece = &other[from..other.len().min(from + 1 + random.below(20))];
                bytes.splice(at..bytes.len().min(at + piece.len()), piece.iter().copied());
            }
            _ => {
                bytes[at] = bytes[at]
                    .wrapping_add(random.below(3) as u8)
                    .wrapping_sub(1)
            }
        }
        if bytes.is_empty() {
            bytes.push(0);
        }
    }
    bytes
}

/// Valid payloads of every type.
fn payloads() -> Vec<Bytes> {
    let samples = old_samples().into_iter().chain(new_samples());
    let mut payloads: Vec<Bytes> = samples.map(|sample| sample.payload).collect();
    let mut runner = TestRunner::deterministic();
    for round in 0..300 {
        let value = any_value()
            .new_tree(&mut runner)
            .expect("a value")
            .current();
        let version = [Version::V10, Version::V12][round % 2];
        payloads.push(write(&value, version));
    }
    payloads
}

#[test]
fn no_damage_does_harm() {
    let payloads = payloads();
    let mut random = Random::new(1);
    let allocated = thread::allocatedp::read().expect("the allocator's counter");
    let (mut accepted, mut most) = (0, 0);
    for _ in 0..ROUNDS {
        let body = mutate(random.choose(&payloads), &payloads, &mut random);
        let payload = sealed(body, Version::NEWEST.number());
        let before = allocated.get();
        let found = restore(&payload, MEMORY_MAX);
        most = most.max(allocated.get() - before);
        if let Ok(value) = found {
            accepted += 1;
            let again = write(&value, Version::V12);
            let again = super::read(&again).expect("what was written");
            assert_eq!(normal(again), normal(value), "{:02x?}", &payload[..]);
        }
    }
    assert!(
        most <= ALLOCATED_PER_BYTE * MEMORY_MAX as u64,
        "{most} bytes"
    );
    assert!(accepted > ROUNDS / 100, "{accepted} accepted");
    assert!(most > 0, "the allocator does not count");
}

#[test]
fn every_cut_of_every_payload_is_refused_or_sound() {
    for payload in payloads() {
        let body = &payload[..payload.len() - 10];
        for len in 0..body.len().min(400) {
            let cut = sealed(body[..len].to_vec(), 10);
            let found = restore(&cut, MEMORY_MAX);
            assert!(found.is_err(), "{len} bytes of {:02x?}: {found:?}", body);
        }
    }
}

#[test]
fn memory_is_bounded_for_the_densest_payloads() {
    // Two bytes of input for each element, and a compressed string that unpacks to 88 times.
    let ones = vec![&b"1"[..]; 100_000];
    let list = super::handmade::body(|writer| {
        writer.count(1);
        writer.length(2);
        writer.string(&super::handmade::listpack(&ones));
    });
    let empty = super::handmade::body(|writer| {
        writer.count(1_000_000);
        writer.raw(&[0; 1_000_000]);
    });
    let zeros = super::handmade::body(|writer| writer.string(&vec![0; 10_000_000]));
    let allocated = thread::allocatedp::read().expect("the allocator's counter");
    for (kind, body) in [(18, list), (1, empty), (0, zeros)] {
        let payload = sealed([&[kind], &body[..]].concat(), 10);
        let before = allocated.get();
        let found: Result<Value, _> = restore(&payload, MEMORY_MAX);
        assert!(found.is_err());
        let taken = allocated.get() - before;
        assert!(
            taken <= ALLOCATED_PER_BYTE * MEMORY_MAX as u64,
            "{kind}: {taken} bytes"
        );
    }
}
