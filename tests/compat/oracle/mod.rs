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
mod look;
mod pair;
mod pools;
mod profile;
mod run;
mod shrink;
mod tally;
mod templates;
mod tree;

use crate::harness::seed;
use std::time::Duration;

/// The default lengths of the random runs; `FERROCK_ORACLE_SECONDS` overrides both.
const TYPE_SECONDS: u64 = 10;
const MIXED_SECONDS: u64 = 30;

/// One run of the profile of this name.
fn run_profile(name: &str, default_seconds: u64) {
    let seconds = seed::number_from("FERROCK_ORACLE_SECONDS", default_seconds);
    let seed = seed::announce(&format!("oracle of {name}"));
    run::run(profile::profile(name), seed, Duration::from_secs(seconds));
}

#[test]
fn oracle_string_gets_the_replies_of_redis() {
    run_profile("string", TYPE_SECONDS);
}

#[test]
fn oracle_list_gets_the_replies_of_redis() {
    run_profile("list", TYPE_SECONDS);
}

#[test]
fn oracle_hash_gets_the_replies_of_redis() {
    run_profile("hash", TYPE_SECONDS);
}

#[test]
fn oracle_set_gets_the_replies_of_redis() {
    run_profile("set", TYPE_SECONDS);
}

#[test]
fn oracle_zset_gets_the_replies_of_redis() {
    run_profile("zset", TYPE_SECONDS);
}

#[test]
fn oracle_stream_gets_the_replies_of_redis() {
    run_profile("stream", TYPE_SECONDS);
}

#[test]
fn oracle_geo_gets_the_replies_of_redis() {
    run_profile("geo", TYPE_SECONDS);
}

#[test]
fn oracle_hyperloglog_gets_the_replies_of_redis() {
    run_profile("hyperloglog", TYPE_SECONDS);
}

#[test]
fn oracle_sort_gets_the_replies_of_redis() {
    run_profile("sort", TYPE_SECONDS);
}

#[test]
fn oracle_mixed_gets_the_replies_of_redis() {
    run_profile("mixed", MIXED_SECONDS);
}

#[test]
fn oracle_blocking_gets_the_replies_of_redis() {
    let seconds = seed::number_from("FERROCK_ORACLE_SECONDS", TYPE_SECONDS);
    blocking::run(
        seed::announce("oracle of blocking"),
        Duration::from_secs(seconds),
    );
}
