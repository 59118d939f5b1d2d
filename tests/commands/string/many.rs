//! MGET, MSET, MSETNX, MSETEX: several keys at once.
//! Invariants: all or nothing, also under concurrent readers. Must not know: locks.
//! Tests: this file.

use crate::harness::ask::all_fail;
use crate::harness::server::skip_on_stand_in;
use crate::harness::{Server, ask};
use redis::Commands;
use std::sync::atomic::{AtomicBool, Ordering};

#[test]
fn mset_and_mget_work_on_many_keys() {
    let server = Server::start();
    let mut c = server.client();
    let () = c.mset(&[("a", "1"), ("b", "2"), ("c", "")]).expect("MSET");
    let values: Vec<Option<String>> = c.mget(&["a", "missing", "c", "a"]).expect("MGET");
    let expected = [Some("1"), None, Some(""), Some("1")];
    assert_eq!(values, expected.map(|value| value.map(str::to_string)));
    assert_eq!(ask::<String>(&mut c, "MSET d first d last"), "OK");
    assert_eq!(ask::<String>(&mut c, "GET d"), "last");
    let () = ask(&mut c, "EXPIRE a 100");
    let () = ask(&mut c, "MSET a 9");
    assert_eq!(ask::<i64>(&mut c, "TTL a"), -1);
    all_fail(
        &mut c,
        &[
            ("MSET a", "ERR wrong number of arguments for 'mset' command"),
            (
                "MSET a 1 b",
                "ERR wrong number of arguments for 'mset' command",
            ),
            ("MGET", "ERR wrong number of arguments for 'mget' command"),
        ],
    );
}

#[test]
fn mset_takes_thousands_of_keys() {
    let server = Server::start();
    let mut c = server.client();
    let pairs: Vec<(String, usize)> = (0..20_000).map(|n| (format!("key:{n}"), n)).collect();
    let () = c.mset(&pairs).expect("MSET");
    assert_eq!(ask::<usize>(&mut c, "DBSIZE"), pairs.len());
    let keys: Vec<&String> = pairs.iter().map(|(key, _)| key).collect();
    let values: Vec<usize> = c.mget(&keys).expect("MGET");
    assert!(values.into_iter().eq(0..20_000));
}

#[test]
fn msetnx_sets_all_or_nothing() {
    let server = Server::start();
    let mut c = server.client();
    assert!(
        c.mset_nx::<_, _, bool>(&[("a", "1"), ("b", "2")])
            .expect("MSETNX")
    );
    assert_eq!(ask::<i32>(&mut c, "MSETNX c 3 b 9"), 0);
    assert_eq!(ask::<i32>(&mut c, "EXISTS c"), 0);
    assert_eq!(ask::<String>(&mut c, "GET b"), "2");
    assert_eq!(ask::<i32>(&mut c, "MSETNX d 1 d 2"), 1);
    assert_eq!(ask::<String>(&mut c, "GET d"), "2");
    all_fail(
        &mut c,
        &[(
            "MSETNX a 1 b",
            "ERR wrong number of arguments for 'msetnx' command",
        )],
    );
}

#[test]
fn mset_is_seen_whole_by_concurrent_mget() {
    let server = Server::start();
    let stop = AtomicBool::new(false);
    std::thread::scope(|scope| {
        scope.spawn(|| {
            let mut c = server.client();
            for round in 0..3000 {
                let () = c
                    .mset(&[("a", round), ("b", round), ("c", round)])
                    .expect("MSET");
            }
            stop.store(true, Ordering::Relaxed);
        });
        let mut c = server.client();
        while !stop.load(Ordering::Relaxed) {
            let seen: Vec<Option<u32>> = c.mget(&["c", "a", "b"]).expect("MGET");
            assert!(
                seen.windows(2).all(|pair| pair[0] == pair[1]),
                "torn: {seen:?}"
            );
        }
    });
}

#[test]
fn msetex_sets_many_keys_with_one_time() {
    if skip_on_stand_in("lacks MSETEX") {
        return;
    }
    let server = Server::start();
    let mut c = server.client();
    assert_eq!(ask::<i32>(&mut c, "MSETEX 2 a 1 b 2 EX 100"), 1);
    assert_eq!(ask::<Vec<i32>>(&mut c, "MGET a b"), [1, 2]);
    assert!((99..=100).contains(&ask::<i64>(&mut c, "TTL a")));
    assert!((99..=100).contains(&ask::<i64>(&mut c, "TTL b")));
    assert_eq!(ask::<i32>(&mut c, "MSETEX 1 a 3 KEEPTTL"), 1);
    assert!((99..=100).contains(&ask::<i64>(&mut c, "TTL a")));
    assert_eq!(ask::<i32>(&mut c, "MSETEX 1 a 4"), 1);
    assert_eq!(ask::<i64>(&mut c, "TTL a"), -1);
    assert_eq!(ask::<i32>(&mut c, "MSETEX 2 a 5 new 6 XX PX 50000"), 0);
    assert_eq!(ask::<i32>(&mut c, "EXISTS new"), 0);
    assert_eq!(
        ask::<i32>(&mut c, "MSETEX 2 x 1 y 2 NX EXAT 99999999999"),
        1
    );
    assert_eq!(ask::<i64>(&mut c, "EXPIRETIME y"), 99_999_999_999);
    assert_eq!(ask::<i32>(&mut c, "MSETEX 2 x 5 z 6 NX"), 0);
    assert_eq!(ask::<i32>(&mut c, "EXISTS z"), 0);
    assert_eq!(ask::<i32>(&mut c, "MSETEX 1 a 7 XX PXAT 1"), 1);
    assert_eq!(ask::<i32>(&mut c, "EXISTS a"), 0);
    all_fail(
        &mut c,
        &[
            (
                "MSETEX",
                "ERR wrong number of arguments for 'msetex' command",
            ),
            ("MSETEX 1 a 1 NX XX", "ERR syntax error"),
            ("MSETEX 1 a 1 EX 10 KEEPTTL", "ERR syntax error"),
            (
                "MSETEX 1 a 1 EX 0",
                "ERR invalid expire time in 'msetex' command",
            ),
            ("MSETEX 1 a 1 BOGUS", "ERR syntax error"),
        ],
    );
    for line in [
        "MSETEX 0 a 1",
        "MSETEX -1 a 1",
        "MSETEX x a 1",
        "MSETEX 2 a 1",
    ] {
        crate::harness::fails(&mut c, line);
    }
}
