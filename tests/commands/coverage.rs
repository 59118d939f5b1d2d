//! Every command that the server lists has a test of its name here.
//! Invariants: a new row of the command table without a test fails this one. Must not know: what
//! the tests check. Tests: this file.

use crate::harness::server::skip_on_stand_in;
use crate::harness::{Server, ask};

const SOURCES: &[&str] = &[
    include_str!("bitmap.rs"),
    include_str!("bitop.rs"),
    include_str!("blocking/clients.rs"),
    include_str!("blocking/line.rs"),
    include_str!("blocking/shapes.rs"),
    include_str!("blocking/wake.rs"),
    include_str!("connection.rs"),
    include_str!("dump.rs"),
    include_str!("expire.rs"),
    include_str!("geo.rs"),
    include_str!("hll.rs"),
    include_str!("hash/expiry.rs"),
    include_str!("hash/fields.rs"),
    include_str!("hash/random.rs"),
    include_str!("keyspace.rs"),
    include_str!("list/ends.rs"),
    include_str!("list/places.rs"),
    include_str!("memory.rs"),
    include_str!("scan.rs"),
    include_str!("server.rs"),
    include_str!("sort.rs"),
    include_str!("set/algebra.rs"),
    include_str!("set/members.rs"),
    include_str!("stream/entry.rs"),
    include_str!("stream/group.rs"),
    include_str!("string/lcs.rs"),
    include_str!("string/many.rs"),
    include_str!("string/number.rs"),
    include_str!("string/range.rs"),
    include_str!("string/set.rs"),
    include_str!("string/swap.rs"),
    include_str!("client.rs"),
    include_str!("migrate.rs"),
    include_str!("monitor.rs"),
    include_str!("stream/claim.rs"),
    include_str!("transaction.rs"),
    include_str!("wait.rs"),
    include_str!("zset/combine.rs"),
    include_str!("zset/member.rs"),
    include_str!("zset/pop.rs"),
    include_str!("zset/range.rs"),
];

/// Whether a test's name holds the command as a whole word (`_` parts words).
fn names(function: &str, command: &str) -> bool {
    let command = command.replace(['-', '|'], "_");
    format!("_{function}_").contains(&format!("_{command}_"))
}

fn test_functions() -> Vec<String> {
    let lines = SOURCES.iter().flat_map(|source| source.lines());
    let names = lines.filter_map(|line| line.strip_prefix("fn ")?.strip_suffix("() {"));
    names.map(str::to_string).collect()
}

#[test]
fn every_command_has_a_test_of_its_name() {
    if skip_on_stand_in("has commands that are not ours") {
        return;
    }
    let functions = test_functions();
    let server = Server::start();
    let commands: Vec<String> = ask(&mut server.client(), "COMMAND LIST");
    let untested: Vec<&String> = commands
        .iter()
        .filter(|command| !command.contains('|'))
        .filter(|command| !functions.iter().any(|function| names(function, command)))
        .collect();
    assert!(
        untested.is_empty(),
        "no test bears the name of {untested:?}"
    );
}

#[test]
fn names_finds_whole_words_only() {
    assert!(names("bitfield_ro_only_reads", "bitfield_ro"));
    assert!(names(
        "expireat_and_pexpireat_are_told_exactly_by_expiretime",
        "pexpireat"
    ));
    assert!(!names("setex_and_psetex_set_value_and_time", "ex"));
    assert!(test_functions().len() > 50);
}
