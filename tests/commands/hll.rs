//! PFADD, PFCOUNT, PFMERGE, PFDEBUG, PFSELFTEST.
//! Invariants: estimates are within five standard errors of the truth; a sketch is a string in
//! Redis's format. Must not know: where strings are cut. Tests: this file;
//! `tests/compat/hyperloglog.rs` compares bytes and counts with a real Redis.

use crate::harness::ask::{all_fail, fails};
use crate::harness::{Server, ask};
use redis::Connection;

const NOT_A_SKETCH: &str = "WRONGTYPE Key is not a valid HyperLogLog string value.";
const CORRUPTED: &str = "INVALIDOBJ Corrupted HLL object detected";

fn add_numbers(c: &mut Connection, key: &str, numbers: std::ops::Range<u32>) {
    let numbers: Vec<u32> = numbers.collect();
    for part in numbers.chunks(500) {
        let mut command = redis::cmd("PFADD");
        command.arg(key).arg(part);
        let _: i64 = command.query(c).expect("PFADD");
    }
}

/// The last byte of the header: its high bit says that the cardinality must be computed.
fn is_remembered(c: &mut Connection, key: &str) -> bool {
    let mut command = redis::cmd("GETRANGE");
    let byte: Vec<u8> = command.arg(key).arg(15).arg(15).query(c).expect("GETRANGE");
    byte[0] & 0x80 == 0
}

fn assert_near(estimate: u64, truth: u64) {
    let error = estimate.abs_diff(truth) as f64;
    assert!(
        error <= truth as f64 * 0.0081 * 5.0,
        "{estimate} for {truth}"
    );
}

#[test]
fn pfadd_tells_whether_a_register_changed() {
    let server = Server::start();
    let mut c = server.client();
    assert_eq!(ask::<i32>(&mut c, "PFADD k"), 1);
    assert_eq!(ask::<i32>(&mut c, "PFADD k"), 0);
    assert_eq!(ask::<i32>(&mut c, "EXISTS k"), 1);
    assert_eq!(ask::<i32>(&mut c, "PFADD k a b c"), 1);
    assert_eq!(ask::<i32>(&mut c, "PFADD k c b a"), 0);
    assert_eq!(ask::<i32>(&mut c, "PFADD k \"\""), 1);
    assert_eq!(ask::<String>(&mut c, "TYPE k"), "string");
    assert_eq!(ask::<String>(&mut c, "OBJECT ENCODING k"), "raw");
}

#[test]
fn pfadd_keeps_the_time() {
    let server = Server::start();
    let mut c = server.client();
    let _: i32 = ask(&mut c, "PFADD k a");
    let _: i32 = ask(&mut c, "EXPIRE k 100");
    assert_eq!(ask::<i32>(&mut c, "PFADD k b"), 1);
    assert_eq!(ask::<i32>(&mut c, "PFDEBUG TODENSE k"), 1);
    assert_eq!(ask::<i32>(&mut c, "PFADD k c"), 1);
    assert_eq!(ask::<i32>(&mut c, "PFCOUNT k"), 3);
    assert!((99..=100).contains(&ask::<i64>(&mut c, "TTL k")));
}

#[test]
fn pfadd_grows_from_sparse_to_dense_at_the_configured_length() {
    let server = Server::start();
    let mut c = server.client();
    add_numbers(&mut c, "k", 0..500);
    assert_eq!(ask::<String>(&mut c, "PFDEBUG ENCODING k"), "sparse");
    add_numbers(&mut c, "k", 500..10_000);
    assert_eq!(ask::<String>(&mut c, "PFDEBUG ENCODING k"), "dense");
    assert_eq!(ask::<u64>(&mut c, "STRLEN k"), 12_304);
    assert_near(ask(&mut c, "PFCOUNT k"), 10_000);
    let () = ask(&mut c, "CONFIG SET hll-sparse-max-bytes 20000");
    add_numbers(&mut c, "long", 0..10_000);
    assert_eq!(ask::<String>(&mut c, "PFDEBUG ENCODING long"), "sparse");
    assert_eq!(
        ask::<u64>(&mut c, "PFCOUNT long"),
        ask::<u64>(&mut c, "PFCOUNT k")
    );
    let () = ask(&mut c, "CONFIG SET hll-sparse-max-bytes 0");
    assert_eq!(ask::<i32>(&mut c, "PFADD short a"), 1);
    assert_eq!(ask::<String>(&mut c, "PFDEBUG ENCODING short"), "dense");
}

#[test]
fn pfcount_remembers_the_cardinality_until_it_changes() {
    let server = Server::start();
    let mut c = server.client();
    assert_eq!(ask::<u64>(&mut c, "PFCOUNT missing"), 0);
    assert_eq!(ask::<u64>(&mut c, "EXISTS missing"), 0);
    for convert in [false, true] {
        let _: i32 = ask(&mut c, "DEL k");
        let _: i32 = ask(&mut c, "PFADD k a b c");
        if convert {
            let _: i32 = ask(&mut c, "PFDEBUG TODENSE k");
        }
        assert!(!is_remembered(&mut c, "k"));
        for _ in 0..2 {
            assert_eq!(ask::<u64>(&mut c, "PFCOUNT k"), 3);
            assert!(is_remembered(&mut c, "k"));
        }
        let _: i32 = ask(&mut c, "PFADD k a b c");
        assert!(is_remembered(&mut c, "k"));
        let _: i32 = ask(&mut c, "PFADD k 1 2 3");
        assert!(!is_remembered(&mut c, "k"));
        assert_eq!(ask::<u64>(&mut c, "PFCOUNT k"), 6);
    }
}

#[test]
fn pfcount_of_several_keys_counts_their_union() {
    let server = Server::start();
    let mut c = server.client();
    add_numbers(&mut c, "small", 0..100);
    add_numbers(&mut c, "large", 50..20_000);
    assert_near(ask(&mut c, "PFCOUNT small large missing"), 20_000);
    assert_eq!(ask::<u64>(&mut c, "PFCOUNT missing none"), 0);
    assert!(!is_remembered(&mut c, "small") && !is_remembered(&mut c, "large"));
}

#[test]
fn pfcount_counts_as_a_read() {
    let server = Server::start();
    let mut c = server.client();
    let _: i32 = ask(&mut c, "PFADD k a");
    let () = ask(&mut c, "CONFIG RESETSTAT");
    for _ in 0..2 {
        assert_eq!(ask::<u64>(&mut c, "PFCOUNT k"), 1);
    }
    assert_eq!(ask::<u64>(&mut c, "PFCOUNT k missing"), 1);
    let info: String = ask(&mut c, "INFO stats");
    assert!(info.contains("keyspace_misses:1\r\n"), "{info}");
}

#[test]
fn pfmerge_adds_all_sources_to_the_target() {
    let server = Server::start();
    let mut c = server.client();
    let _: i32 = ask(&mut c, "PFADD one a b c");
    let _: i32 = ask(&mut c, "PFADD two b c d");
    let () = ask(&mut c, "PFMERGE to one two missing");
    assert_eq!(ask::<u64>(&mut c, "PFCOUNT to"), 4);
    let _: i32 = ask(&mut c, "PFADD three e");
    let () = ask(&mut c, "PFMERGE to three");
    assert_eq!(ask::<u64>(&mut c, "PFCOUNT to"), 5);
    assert_eq!(ask::<String>(&mut c, "PFDEBUG ENCODING to"), "sparse");
    add_numbers(&mut c, "dense", 0..10_000);
    let () = ask(&mut c, "PFMERGE to dense to");
    assert_eq!(ask::<String>(&mut c, "PFDEBUG ENCODING to"), "dense");
    assert_near(ask(&mut c, "PFCOUNT to"), 10_005);
    let () = ask(&mut c, "PFMERGE fresh");
    assert_eq!(ask::<u64>(&mut c, "PFCOUNT fresh"), 0);
    assert_eq!(ask::<u64>(&mut c, "STRLEN fresh"), 18);
}

#[test]
fn pfdebug_shows_and_converts_the_stored_form() {
    let server = Server::start();
    let mut c = server.client();
    let _: i32 = ask(&mut c, "PFADD k a hello");
    let decoded: String = ask(&mut c, "PFDEBUG DECODE k");
    assert_eq!(decoded, "Z:9216 v:1,1 Z:3494 v:2,1 Z:3672");
    let registers: Vec<u8> = ask(&mut c, "pfdebug getreg k");
    assert_eq!(registers.len(), 16_384);
    assert_eq!((registers[9216], registers[12_711]), (1, 2));
    assert_eq!(
        registers.iter().map(|&rank| u64::from(rank)).sum::<u64>(),
        3
    );
    assert_eq!(ask::<String>(&mut c, "PFDEBUG ENCODING k"), "dense");
    assert_eq!(ask::<i32>(&mut c, "PFDEBUG TODENSE k"), 0);
    assert_eq!(ask::<String>(&mut c, "PFDEBUG SIMD on"), "disabled");
    let not_there = "ERR The specified key does not exist";
    all_fail(
        &mut c,
        &[
            ("PFDEBUG DECODE k", "ERR HLL encoding is not sparse"),
            ("PFDEBUG frob k", "ERR Unknown PFDEBUG subcommand 'frob'"),
            ("PFDEBUG frob missing", not_there),
            ("PFDEBUG SIMD k", "ERR Argument must be ON or OFF"),
            ("PFDEBUG GETREG missing", not_there),
            (
                "PFDEBUG GETREG",
                "ERR wrong number of arguments for 'pfdebug' command",
            ),
        ],
    );
}

#[test]
fn pfselftest_passes() {
    let server = Server::start();
    let () = ask(&mut server.client(), "PFSELFTEST");
}

#[test]
fn pfadd_pfcount_and_pfmerge_refuse_what_is_no_sketch() {
    let server = Server::start();
    let mut c = server.client();
    let _: i32 = ask(&mut c, "PFADD good a b c");
    for value in ["bar", "12", "\"\"", "HYLL"] {
        let () = ask(&mut c, &format!("SET k {value}"));
        for line in [
            "PFADD k 1",
            "PFADD k",
            "PFCOUNT k",
            "PFCOUNT good k",
            "PFMERGE good k",
            "PFMERGE k good",
            "PFDEBUG GETREG k",
        ] {
            assert_eq!(fails(&mut c, line), NOT_A_SKETCH, "{line} of {value}");
        }
    }
    assert_eq!(ask::<u64>(&mut c, "PFCOUNT good"), 3);
}

#[test]
fn a_corrupted_sketch_is_told() {
    let server = Server::start();
    let mut c = server.client();
    for (corruption, error) in [
        ("APPEND k hello", CORRUPTED),
        ("SETRANGE k 0 0123", NOT_A_SKETCH),
        ("SETRANGE k 4 x", NOT_A_SKETCH),
        ("SETRANGE k 4 \"\\x00\"", NOT_A_SKETCH),
        ("SETRANGE k 16 \"\\x00\\x00\"", CORRUPTED),
    ] {
        let _: i32 = ask(&mut c, "DEL k");
        let _: i32 = ask(&mut c, "PFADD k a b c");
        let _: i32 = ask(&mut c, corruption);
        assert_eq!(fails(&mut c, "PFCOUNT k"), error, "{corruption}");
        assert_eq!(fails(&mut c, "PFCOUNT k k"), error, "{corruption}");
        assert_eq!(fails(&mut c, "PFMERGE to k"), error, "{corruption}");
        assert_eq!(fails(&mut c, "PFDEBUG GETREG k"), error, "{corruption}");
    }
    assert_eq!(ask::<i32>(&mut c, "EXISTS to"), 0);
}

#[test]
fn sketches_survive_a_restart() {
    let mut server = Server::start();
    let mut c = server.client();
    add_numbers(&mut c, "sparse", 0..100);
    add_numbers(&mut c, "dense", 0..5000);
    let counts: (u64, u64) = (ask(&mut c, "PFCOUNT sparse"), ask(&mut c, "PFCOUNT dense"));
    drop(c);
    server.restart();
    let mut c = server.client();
    assert!(is_remembered(&mut c, "dense"));
    assert_eq!(ask::<u64>(&mut c, "PFCOUNT sparse"), counts.0);
    assert_eq!(ask::<u64>(&mut c, "PFCOUNT dense"), counts.1);
}
