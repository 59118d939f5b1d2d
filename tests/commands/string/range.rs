//! APPEND, STRLEN, GETRANGE, SUBSTR, SETRANGE, on small values and across chunk borders.
//! Invariants: results equal those of the same operation on a plain byte vector.
//! Must not know: where values are cut. Tests: this file.

use crate::harness::ask::all_fail;
use crate::harness::{Server, ask, seed};
use rand::RngExt;
use redis::{Commands, Connection};

#[test]
fn append_grows_from_nothing() {
    let server = Server::start();
    let mut c = server.client();
    assert_eq!(c.append::<_, _, usize>("k", "foo").expect("APPEND"), 3);
    assert_eq!(ask::<usize>(&mut c, "APPEND k bar"), 6);
    assert_eq!(ask::<usize>(&mut c, "APPEND k \"\""), 6);
    assert_eq!(ask::<String>(&mut c, "GET k"), "foobar");
    assert_eq!(ask::<usize>(&mut c, "APPEND empty \"\""), 0);
    let () = ask(&mut c, "SET n 12");
    assert_eq!(ask::<usize>(&mut c, "APPEND n 3"), 3);
    assert_eq!(ask::<i64>(&mut c, "INCR n"), 124);
}

#[test]
fn append_keeps_the_time_to_live() {
    let server = Server::start();
    let mut c = server.client();
    let () = ask(&mut c, "SET k v EX 100");
    let () = ask(&mut c, "APPEND k w");
    assert!((99..=100).contains(&ask::<i64>(&mut c, "TTL k")));
}

#[test]
fn strlen_counts_bytes() {
    let server = Server::start();
    let mut c = server.client();
    assert_eq!(ask::<usize>(&mut c, "STRLEN missing"), 0);
    let () = ask(&mut c, "SET n -1234");
    assert_eq!(ask::<usize>(&mut c, "STRLEN n"), 5);
    let () = c.set("u", "\u{e9}").expect("SET");
    assert_eq!(c.strlen::<_, usize>("u").expect("STRLEN"), 2);
}

#[test]
fn getrange_and_substr_count_from_both_ends() {
    let server = Server::start();
    let mut c = server.client();
    let () = ask(&mut c, "SET k \"Hello World\"");
    let cases = [
        ("0 3", "Hell"),
        ("0 -1", "Hello World"),
        ("-4 -1", "orld"),
        ("5 3", ""),
        ("5 5000", " World"),
        ("-5000 10000", "Hello World"),
        ("0 -100", "H"),
        ("-100 -200", ""),
        ("11 20", ""),
        ("9223372036854775807 -1", ""),
        ("-9223372036854775808 -9223372036854775808", "H"),
    ];
    for (range, expected) in cases {
        let got: String = ask(&mut c, &format!("GETRANGE k {range}"));
        let old: String = ask(&mut c, &format!("SUBSTR k {range}"));
        assert_eq!(
            (got.as_str(), old.as_str()),
            (expected, expected),
            "{range}"
        );
    }
    assert_eq!(
        c.getrange::<_, String>("missing", 0, -1).expect("GETRANGE"),
        ""
    );
    all_fail(
        &mut c,
        &[
            (
                "GETRANGE k a 1",
                "ERR value is not an integer or out of range",
            ),
            (
                "GETRANGE k 0",
                "ERR wrong number of arguments for 'getrange' command",
            ),
            (
                "SUBSTR k 0",
                "ERR wrong number of arguments for 'substr' command",
            ),
        ],
    );
}

#[test]
fn setrange_pads_with_zeros() {
    let server = Server::start();
    let mut c = server.client();
    assert_eq!(ask::<usize>(&mut c, "SETRANGE k 0 \"\""), 0);
    assert_eq!(ask::<i32>(&mut c, "EXISTS k"), 0);
    assert_eq!(
        c.setrange::<_, _, usize>("k", 2, "ab").expect("SETRANGE"),
        4
    );
    assert_eq!(c.get::<_, Vec<u8>>("k").expect("GET"), b"\0\0ab");
    assert_eq!(ask::<usize>(&mut c, "SETRANGE k 1 x"), 4);
    assert_eq!(ask::<usize>(&mut c, "SETRANGE k 100 \"\""), 4);
    assert_eq!(c.get::<_, Vec<u8>>("k").expect("GET"), b"\0xab");
    let () = ask(&mut c, "SET n 1234");
    assert_eq!(ask::<usize>(&mut c, "SETRANGE n 1 9"), 4);
    assert_eq!(ask::<i64>(&mut c, "GET n"), 1934);
    let too_long = "ERR string exceeds maximum allowed size (proto-max-bulk-len)";
    all_fail(
        &mut c,
        &[
            ("SETRANGE k -1 x", "ERR offset is out of range"),
            ("SETRANGE k 536870912 x", too_long),
            ("SETRANGE k 9223372036854775807 x", too_long),
            ("SETRANGE new 4294967297 x", too_long),
            (
                "SETRANGE k a x",
                "ERR value is not an integer or out of range",
            ),
        ],
    );
    assert_eq!(ask::<i32>(&mut c, "EXISTS new"), 0);
}

#[test]
fn append_stops_at_the_longest_string() {
    let server = Server::builder().set("proto-max-bulk-len", "1mb").start();
    let mut c = server.client();
    let mebibyte = "x".repeat(1 << 20);
    let () = c.set("k", &mebibyte).expect("SET");
    all_fail(
        &mut c,
        &[
            (
                "APPEND k y",
                "ERR string exceeds maximum allowed size (proto-max-bulk-len)",
            ),
            (
                "SETRANGE k 1048576 y",
                "ERR string exceeds maximum allowed size (proto-max-bulk-len)",
            ),
            (
                "SETBIT k 8388608 1",
                "ERR bit offset is not an integer or out of range",
            ),
        ],
    );
    assert_eq!(ask::<usize>(&mut c, "SETRANGE k 1048575 y"), 1 << 20);
}

#[test]
fn setrange_touches_only_what_it_names_in_a_sparse_value() {
    let server = Server::start();
    let mut c = server.client();
    let length = 64 << 20;
    assert_eq!(
        ask::<usize>(&mut c, &format!("SETRANGE k {} end", length - 3)),
        length
    );
    assert_eq!(
        ask::<String>(&mut c, &format!("GETRANGE k {} -1", length - 3)),
        "end"
    );
    assert_eq!(
        c.getrange::<_, Vec<u8>>("k", 30_000_000, 30_000_009)
            .expect("range"),
        [0; 10]
    );
    assert_eq!(
        ask::<usize>(&mut c, "SETRANGE k 31457270 \"border of a mebibyte\""),
        length
    );
    assert_eq!(
        ask::<String>(&mut c, "GETRANGE k 31457270 31457289"),
        "border of a mebibyte"
    );
    assert_eq!(ask::<usize>(&mut c, "STRLEN k"), length);
    assert_eq!(ask::<i32>(&mut c, "DEL k"), 1);
}

/// The same random edits on the server and on a byte vector.
#[test]
fn setrange_append_and_getrange_agree_with_a_plain_vector() {
    let mut random = seed::random(seed::announce("ranges"));
    let server = Server::start();
    let mut c = server.client();
    let mut model: Vec<u8> = Vec::new();
    for step in 0..400 {
        match random.random_range(0..10) {
            0..4 => {
                let at = random.random_range(0..=model.len() + 5000);
                let patch = vec![random.random::<u8>(); random.random_range(1..9000)];
                let length: usize = c.setrange("k", at as isize, &patch).expect("SETRANGE");
                model.resize(model.len().max(at + patch.len()), 0);
                model[at..at + patch.len()].copy_from_slice(&patch);
                assert_eq!(length, model.len(), "step {step}");
            }
            4..7 => {
                let tail = vec![random.random::<u8>(); random.random_range(0..5000)];
                model.extend_from_slice(&tail);
                let length: usize = c.append("k", &tail).expect("APPEND");
                assert_eq!(length, model.len(), "step {step}");
            }
            7 if model.len() > 300_000 => {
                model.truncate(random.random_range(0..5000));
                let () = c.set("k", &model).expect("SET");
            }
            _ => assert_range(&mut c, &model, &mut random),
        }
    }
    assert!(c.get::<_, Vec<u8>>("k").expect("GET") == model);
}

fn assert_range(c: &mut Connection, model: &[u8], random: &mut crate::harness::Random) {
    let start = random.random_range(0..=model.len());
    let end = (start + random.random_range(0..20_000)).min(model.len());
    let got: Vec<u8> = c
        .getrange("k", start as isize, end as isize)
        .expect("GETRANGE");
    let inclusive_end = (end + 1).min(model.len());
    assert!(
        got == model[start..inclusive_end],
        "range {start}..={end} of {}",
        model.len()
    );
}
