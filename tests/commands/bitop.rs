//! BITOP with every operation, Redis 8.2's DIFF, DIFF1, ANDOR and ONE included.
//! Invariants: results equal those computed byte by byte here. Must not know: how strings are cut.
//! Tests: this file.

use crate::harness::ask::all_fail;
use crate::harness::server::skip_on_stand_in;
use crate::harness::{Random, Server, ask, seed};
use rand::RngExt;
use redis::{Commands, Connection};

/// What each operation makes of the bytes of the sources at one position.
fn combine(operation: &str, bytes: &[u8]) -> u8 {
    let (first, others) = (bytes[0], &bytes[1..]);
    let any_other = others.iter().fold(0, |all, byte| all | byte);
    match operation {
        "AND" => bytes.iter().fold(0xff, |all, byte| all & byte),
        "OR" => first | any_other,
        "XOR" => bytes.iter().fold(0, |all, byte| all ^ byte),
        "NOT" => !first,
        "DIFF" => first & !any_other,
        "DIFF1" => any_other & !first,
        "ANDOR" => first & any_other,
        "ONE" => (0..8).fold(0, |all, bit| {
            let holders = bytes.iter().filter(|byte| (**byte >> bit) & 1 == 1).count();
            all | u8::from(holders == 1) << bit
        }),
        other => panic!("no such operation: {other}"),
    }
}

fn expected(operation: &str, sources: &[Vec<u8>]) -> Vec<u8> {
    let length = sources.iter().map(Vec::len).max().unwrap_or(0);
    let at = |position: usize| -> Vec<u8> {
        sources
            .iter()
            .map(|source| source.get(position).copied().unwrap_or(0))
            .collect()
    };
    (0..length)
        .map(|position| combine(operation, &at(position)))
        .collect()
}

fn check(c: &mut Connection, operation: &str, sources: &[Vec<u8>]) {
    let mut command = redis::cmd("BITOP");
    command.arg(operation).arg("target");
    for (number, source) in sources.iter().enumerate() {
        let key = format!("source:{number}");
        match source.is_empty() {
            true => drop(c.del::<_, i32>(&key).expect("DEL")),
            false => c.set::<_, _, ()>(&key, source).expect("SET"),
        }
        command.arg(&key);
    }
    let length: usize = command.query(c).expect("BITOP");
    let result: Vec<u8> = c.get("target").expect("GET");
    let expected = expected(operation, sources);
    assert_eq!(length, expected.len(), "{operation}");
    assert!(
        result == expected,
        "{operation} over {} sources differs",
        sources.len()
    );
}

fn draw_sources(random: &mut Random, count: usize) -> Vec<Vec<u8>> {
    const LENGTHS: [usize; 8] = [0, 1, 7, 100, 4095, 4097, 16385, 70_000];
    let draw = |random: &mut Random| {
        let length = LENGTHS[random.random_range(0..LENGTHS.len())];
        (0..length).map(|_| random.random()).collect()
    };
    (0..count).map(|_| draw(random)).collect()
}

#[test]
fn bitop_agrees_with_bytewise_results() {
    let mut random = seed::random(seed::announce("bitop"));
    let server = Server::start();
    let mut c = server.client();
    for round in 0..12 {
        for operation in ["AND", "OR", "XOR", "NOT"] {
            let count = if operation == "NOT" { 1 } else { 1 + round % 5 };
            check(&mut c, operation, &draw_sources(&mut random, count));
        }
    }
}

#[test]
fn bitop_diff_diff1_andor_and_one_agree_with_bytewise_results() {
    if skip_on_stand_in("lacks BITOP DIFF") {
        return;
    }
    let mut random = seed::random(seed::announce("bitop"));
    let server = Server::start();
    let mut c = server.client();
    for round in 0..12 {
        for operation in ["DIFF", "DIFF1", "ANDOR", "ONE"] {
            let count = 2 + round % 4;
            check(&mut c, operation, &draw_sources(&mut random, count));
        }
    }
    let at_least_two =
        |name| format!("ERR BITOP {name} must be called with at least two source keys.");
    for name in ["DIFF", "DIFF1", "ANDOR"] {
        all_fail(
            &mut c,
            &[(&format!("BITOP {name} t a"), &at_least_two(name))],
        );
    }
    let () = ask(&mut c, "SET a x");
    assert_eq!(ask::<usize>(&mut c, "BITOP ONE t a"), 1);
    assert_eq!(ask::<String>(&mut c, "GET t"), "x");
}

#[test]
fn bitop_of_nothing_removes_the_target() {
    let server = Server::start();
    let mut c = server.client();
    let () = ask(&mut c, "SET target v EX 100");
    assert_eq!(
        ask::<usize>(&mut c, "BITOP AND target missing1 missing2"),
        0
    );
    assert_eq!(ask::<i64>(&mut c, "DBSIZE"), 0);
}

#[test]
fn bitop_may_write_into_a_source_and_drops_the_time() {
    let server = Server::start();
    let mut c = server.client();
    let () = ask(&mut c, "SET k a EX 100");
    assert_eq!(ask::<usize>(&mut c, "BITOP NOT k k"), 1);
    assert_eq!(c.get::<_, Vec<u8>>("k").expect("GET"), [!b'a']);
    assert_eq!(ask::<i64>(&mut c, "TTL k"), -1);
    all_fail(
        &mut c,
        &[
            (
                "BITOP NOT t a b",
                "ERR BITOP NOT must be called with a single source key.",
            ),
            ("BITOP NAND t a b", "ERR syntax error"),
            (
                "BITOP AND t",
                "ERR wrong number of arguments for 'bitop' command",
            ),
        ],
    );
}
