//! redis-rs as an application uses it: typed commands, pipelines, iterators, many threads.
//! Invariants: no raw replies here; the library's own view must be right. Must not know: RESP.
//! Tests: this file.

use crate::harness::{Server, ask};
use redis::Commands;
use std::collections::HashSet;

#[test]
fn pipelines_return_typed_results() {
    let server = Server::start();
    for tail in ["", "/?protocol=resp3"] {
        let mut c = server.client_to(tail);
        let (set, incremented, missing, bits): (String, i64, Option<String>, Vec<i64>) =
            redis::pipe()
                .set("k", 41)
                .incr("k", 1)
                .get("missing")
                .cmd("BITFIELD")
                .arg("k")
                .arg("GET")
                .arg("u8")
                .arg(0)
                .query(&mut c)
                .expect("a pipeline");
        assert_eq!(
            (set.as_str(), incremented, missing, bits),
            ("OK", 42, None, vec![52])
        );
    }
}

#[test]
fn pipeline_errors_name_the_failing_command_only() {
    let server = Server::start();
    let mut c = server.client();
    let failed = redis::pipe()
        .set("a", "text")
        .incr("a", 1)
        .set("b", 2)
        .query::<(String, i64, String)>(&mut c);
    assert!(failed.is_err());
    assert_eq!(ask::<i32>(&mut c, "GET b"), 2);
    assert_eq!(ask::<String>(&mut c, "GET a"), "text");
}

#[test]
fn scan_iterator_yields_every_key_once_in_a_quiet_database() {
    let server = Server::start();
    let mut c = server.client();
    for n in 0..3000 {
        let () = c.set(format!("key:{n}"), n).expect("SET");
    }
    let keys: Vec<String> = c
        .scan_match("key:*")
        .expect("SCAN")
        .map(|key| key.expect("a key"))
        .collect();
    let distinct: HashSet<&String> = keys.iter().collect();
    assert_eq!(distinct.len(), 3000);
}

#[test]
fn many_threads_count_together() {
    let server = Server::start();
    std::thread::scope(|scope| {
        for _ in 0..16 {
            scope.spawn(|| {
                let mut c = server.client();
                for _ in 0..200 {
                    let () = c.incr("n", 1).expect("INCR");
                }
            });
        }
    });
    assert_eq!(ask::<i64>(&mut server.client(), "GET n"), 3200);
}

#[test]
fn binary_and_huge_values_pass_unchanged() {
    let server = Server::start();
    let mut c = server.client();
    let value: Vec<u8> = (0..10_000_000u32).map(|n| (n ^ (n >> 8)) as u8).collect();
    let () = c.set(&b"\0key\xff"[..], &value).expect("SET");
    assert!(c.get::<_, Vec<u8>>(&b"\0key\xff"[..]).expect("GET") == value);
}
