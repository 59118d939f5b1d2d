//! The differential oracle: random commands to ours and to Redis, raw replies compared.
//! Invariants: one seed reproduces a run; a difference is reported with a short list of commands
//! that brings it about from two empty servers. Must not know: what any reply should be.
//! Tests: this file drives the run; the parts carry their own.

mod blocking;
mod compare;
mod corners;
mod coverage;
mod deviations;
mod draw;
mod grammar;
mod kinds;
mod known;
mod lag;
mod look;
mod multi;
mod pair;
mod pools;
mod profile;
mod run;
mod shrink;
mod tally;
mod templates;
mod tree;

use crate::harness::seed;
use std::time::{Duration, Instant};

/// Epochs of a run of one type, of a run that mixes them, and scripts of waiting clients.
const TYPE_EPOCHS: u64 = 60;
const MIXED_EPOCHS: u64 = 150;
const SCRIPTS: u64 = 60;

/// How far a run goes.
#[derive(Clone, Copy)]
enum Length {
    /// The same rounds wherever it runs, so that a red run tells of the change that is tested.
    Rounds(u64),
    /// New rounds until time is up: `make oracle`.
    Time(Duration),
}

impl Length {
    /// The seed and the length of a run of `name`: `rounds` of a fixed seed, unless the
    /// environment gives seconds or a seed.
    fn of(name: &str, rounds: u64) -> (u64, Length) {
        match seed::number_from("FERROCK_ORACLE_SECONDS", 0) {
            0 => (seed::announce_fixed(name), Length::Rounds(rounds)),
            seconds => {
                let time = Duration::from_secs(seconds);
                (seed::announce(name), Length::Time(time))
            }
        }
    }

    fn goes_on(self, started: Instant, rounds: u64) -> bool {
        match self {
            Length::Rounds(all) => rounds < all,
            Length::Time(time) => started.elapsed() < time,
        }
    }
}

/// One run of the profile of this name.
fn run_profile(name: &str, rounds: u64) {
    let (seed, length) = Length::of(&format!("oracle of {name}"), rounds);
    run::run(profile::profile(name), seed, length);
}

#[test]
fn oracle_string_gets_the_replies_of_redis() {
    run_profile("string", TYPE_EPOCHS);
}

#[test]
fn oracle_list_gets_the_replies_of_redis() {
    run_profile("list", TYPE_EPOCHS);
}

#[test]
fn oracle_hash_gets_the_replies_of_redis() {
    run_profile("hash", TYPE_EPOCHS);
}

#[test]
fn oracle_set_gets_the_replies_of_redis() {
    run_profile("set", TYPE_EPOCHS);
}

#[test]
fn oracle_zset_gets_the_replies_of_redis() {
    run_profile("zset", TYPE_EPOCHS);
}

#[test]
fn oracle_stream_gets_the_replies_of_redis() {
    run_profile("stream", TYPE_EPOCHS);
}

#[test]
fn oracle_geo_gets_the_replies_of_redis() {
    run_profile("geo", TYPE_EPOCHS);
}

#[test]
fn oracle_hyperloglog_gets_the_replies_of_redis() {
    run_profile("hyperloglog", TYPE_EPOCHS);
}

#[test]
fn oracle_sort_gets_the_replies_of_redis() {
    run_profile("sort", TYPE_EPOCHS);
}

#[test]
fn oracle_mixed_gets_the_replies_of_redis() {
    run_profile("mixed", MIXED_EPOCHS);
}

#[test]
fn oracle_blocking_gets_the_replies_of_redis() {
    let (seed, length) = Length::of("oracle of blocking", SCRIPTS);
    blocking::run(seed, length);
}

#[test]
fn oracle_multi_gets_the_replies_of_redis() {
    let (seed, length) = Length::of("oracle of multi", SCRIPTS);
    multi::run(seed, length);
}
