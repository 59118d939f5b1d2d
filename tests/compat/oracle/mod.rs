//! The differential oracle: random commands to ours and to Redis, raw replies compared.
//! Invariants: one seed reproduces a run; a difference is reported with a short list of commands
//! that brings it about from two empty servers. Must not know: what any reply should be.
//! Tests: this file drives the run; the parts carry their own.

mod compare;
mod corners;
mod coverage;
mod deviations;
mod draw;
mod grammar;
mod pair;
mod pools;
mod run;
mod shrink;
mod templates;

use crate::harness::seed;
use std::time::Duration;

/// The default length of the random run; `FERROCK_ORACLE_SECONDS` overrides it.
const SECONDS: u64 = 45;

#[test]
fn oracle_random_commands_get_the_replies_of_redis() {
    let seconds = seed::number_from("FERROCK_ORACLE_SECONDS", SECONDS);
    run::run(seed::announce("oracle"), Duration::from_secs(seconds));
}
