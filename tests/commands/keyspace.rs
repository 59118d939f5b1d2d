//! Keys as such: DEL, UNLINK, EXISTS, TYPE, TOUCH, RENAME, COPY, MOVE, OBJECT, databases.
//! Invariants: DBSIZE is exact after every step. Must not know: how keys are laid out.
//! Tests: this file; expiry and iteration stand in `expire.rs` and `scan.rs`.

use crate::harness::ask::all_fail;
use crate::harness::{Server, ask, eventually};
use redis::Commands;
use std::collections::HashSet;

const NO_KEY: &str = "ERR no such key";

#[test]
fn del_and_unlink_count_what_they_remove() {
    let server = Server::start();
    let mut c = server.client();
    for command in ["DEL", "UNLINK"] {
        let () = ask(&mut c, "MSET a 1 b 2 c 3");
        let () = c.set("big", "x".repeat(1 << 20)).expect("SET");
        assert_eq!(
            ask::<i32>(&mut c, &format!("{command} a b a missing big")),
            3
        );
        assert_eq!(ask::<i64>(&mut c, "DBSIZE"), 1);
        assert_eq!(ask::<i32>(&mut c, &format!("{command} c")), 1);
        let () = ask(&mut c, "SET gone v PXAT 1");
        assert_eq!(ask::<i32>(&mut c, &format!("{command} gone")), 0);
    }
    all_fail(
        &mut c,
        &[
            ("DEL", "ERR wrong number of arguments for 'del' command"),
            (
                "UNLINK",
                "ERR wrong number of arguments for 'unlink' command",
            ),
        ],
    );
}

#[test]
fn exists_and_touch_count_repeated_keys() {
    let server = Server::start();
    let mut c = server.client();
    let () = ask(&mut c, "MSET a 1 b 2");
    assert_eq!(ask::<i32>(&mut c, "EXISTS a b a missing"), 3);
    assert_eq!(ask::<i32>(&mut c, "TOUCH a b a missing"), 3);
    assert!(c.exists::<_, bool>("a").expect("EXISTS"));
    assert!(!c.exists::<_, bool>("missing").expect("EXISTS"));
}

#[test]
fn type_tells_string_or_none() {
    let server = Server::start();
    let mut c = server.client();
    let () = ask(&mut c, "SETBIT bits 7 1");
    assert_eq!(ask::<String>(&mut c, "TYPE bits"), "string");
    assert_eq!(ask::<String>(&mut c, "TYPE missing"), "none");
}

#[test]
fn rename_moves_value_and_time() {
    let server = Server::start();
    let mut c = server.client();
    let big = "y".repeat(200_000);
    let () = c.set("a", &big).expect("SET");
    let () = ask(&mut c, "EXPIRE a 100");
    let () = ask(&mut c, "SET b old");
    assert_eq!(ask::<String>(&mut c, "RENAME a b"), "OK");
    assert_eq!(ask::<i32>(&mut c, "EXISTS a"), 0);
    assert!(ask::<String>(&mut c, "GET b") == big);
    assert!((99..=100).contains(&ask::<i64>(&mut c, "TTL b")));
    assert_eq!(ask::<i64>(&mut c, "DBSIZE"), 1);
    assert_eq!(ask::<String>(&mut c, "RENAME b b"), "OK");
    assert!(ask::<String>(&mut c, "GET b") == big);
    let () = ask(&mut c, "SET plain v");
    assert_eq!(ask::<String>(&mut c, "RENAME plain b"), "OK");
    assert_eq!(ask::<i64>(&mut c, "TTL b"), -1);
    assert_eq!(ask::<i64>(&mut c, "DBSIZE"), 1);
    all_fail(
        &mut c,
        &[
            ("RENAME missing x", NO_KEY),
            ("RENAME missing missing", NO_KEY),
        ],
    );
}

#[test]
fn renamenx_yields_to_an_existing_key() {
    let server = Server::start();
    let mut c = server.client();
    let () = ask(&mut c, "MSET a 1 b 2");
    assert_eq!(ask::<i32>(&mut c, "RENAMENX a b"), 0);
    assert_eq!(ask::<i32>(&mut c, "RENAMENX a a"), 0);
    assert_eq!(ask::<i32>(&mut c, "RENAMENX a c"), 1);
    assert_eq!(
        ask::<Vec<Option<i32>>>(&mut c, "MGET a b c"),
        [None, Some(2), Some(1)]
    );
    all_fail(&mut c, &[("RENAMENX missing x", NO_KEY)]);
}

#[test]
fn copy_duplicates_within_and_across_databases() {
    let server = Server::start();
    let mut c = server.client();
    let big = "z".repeat(300_000);
    let () = c.set("a", &big).expect("SET");
    let () = ask(&mut c, "EXPIRE a 100");
    assert_eq!(ask::<i32>(&mut c, "COPY a b"), 1);
    assert_eq!(ask::<i32>(&mut c, "COPY a b"), 0);
    let () = ask(&mut c, "APPEND b tail");
    assert!(
        ask::<String>(&mut c, "GET a") == big,
        "the copy shares bytes with its source"
    );
    assert_eq!(ask::<i32>(&mut c, "COPY a b REPLACE"), 1);
    assert!(ask::<String>(&mut c, "GET b") == big);
    assert!((99..=100).contains(&ask::<i64>(&mut c, "TTL b")));
    assert_eq!(ask::<i32>(&mut c, "COPY a a DB 3"), 1);
    assert_eq!(ask::<i32>(&mut c, "COPY missing x"), 0);
    let () = ask(&mut c, "DEL a");
    assert!(ask::<String>(&mut c, "GET b") == big);
    let () = ask(&mut c, "SELECT 3");
    assert!(ask::<String>(&mut c, "GET a") == big);
    all_fail(
        &mut c,
        &[
            (
                "COPY a a",
                "ERR source and destination objects are the same",
            ),
            ("COPY a b DB 99", "ERR DB index is out of range"),
            (
                "COPY a b DB x",
                "ERR value is not an integer or out of range",
            ),
            ("COPY a b FAST", "ERR syntax error"),
        ],
    );
}

#[test]
fn move_takes_a_key_to_another_database() {
    let server = Server::start();
    let mut c = server.client();
    let () = ask(&mut c, "SET a 1 EX 100");
    assert_eq!(ask::<i32>(&mut c, "MOVE a 9"), 1);
    assert_eq!(ask::<i32>(&mut c, "MOVE a 9"), 0);
    let () = ask(&mut c, "SET a 2");
    assert_eq!(ask::<i32>(&mut c, "MOVE a 9"), 0);
    assert_eq!(ask::<i64>(&mut c, "DBSIZE"), 1);
    let () = ask(&mut c, "SELECT 9");
    assert_eq!(ask::<String>(&mut c, "GET a"), "1");
    assert!((99..=100).contains(&ask::<i64>(&mut c, "TTL a")));
    all_fail(
        &mut c,
        &[
            (
                "MOVE a 9",
                "ERR source and destination objects are the same",
            ),
            ("MOVE a 16", "ERR DB index is out of range"),
            ("MOVE a x", "ERR value is not an integer or out of range"),
        ],
    );
}

#[test]
fn select_and_dbsize_keep_databases_apart() {
    let server = Server::start();
    let mut c = server.client();
    for database in 0..16 {
        let () = ask(&mut c, &format!("SELECT {database}"));
        let () = ask(&mut c, &format!("SET k {database}"));
    }
    let mut other = server.client_to("/7");
    assert_eq!(ask::<i32>(&mut other, "GET k"), 7);
    assert_eq!(ask::<i64>(&mut other, "DBSIZE"), 1);
    let info: String = ask(&mut other, "INFO keyspace");
    assert!(
        info.contains("db0:keys=1,") && info.contains("db15:keys=1,"),
        "{info}"
    );
    all_fail(
        &mut c,
        &[
            ("SELECT 16", "ERR DB index is out of range"),
            ("SELECT -1", "ERR DB index is out of range"),
            ("SELECT x", "ERR value is not an integer or out of range"),
        ],
    );
    assert_eq!(ask::<i32>(&mut c, "GET k"), 15);
}

#[test]
fn swapdb_exchanges_what_every_client_sees() {
    let server = Server::start();
    let mut zero = server.client();
    let mut one = server.client_to("/1");
    let () = ask(&mut zero, "MSET a zero b zero");
    let () = ask(&mut one, "SET a one");
    assert_eq!(ask::<String>(&mut zero, "SWAPDB 0 1"), "OK");
    assert_eq!(ask::<String>(&mut zero, "GET a"), "one");
    assert_eq!(ask::<String>(&mut one, "GET a"), "zero");
    assert_eq!(ask::<i64>(&mut zero, "DBSIZE"), 1);
    assert_eq!(ask::<i64>(&mut one, "DBSIZE"), 2);
    assert_eq!(ask::<String>(&mut zero, "SWAPDB 0 0"), "OK");
    all_fail(
        &mut zero,
        &[
            ("SWAPDB 0 16", "ERR DB index is out of range"),
            ("SWAPDB x 1", "ERR invalid first DB index"),
            ("SWAPDB 0 x", "ERR invalid second DB index"),
        ],
    );
}

#[test]
fn swapdb_move_and_flushdb_survive_a_kill() {
    let mut server = Server::start();
    let mut c = server.client();
    let () = ask(&mut c, "MSET a 1 b 2 c 3");
    let () = ask(&mut c, "SWAPDB 0 5");
    let () = ask(&mut c, "SET x 9");
    let () = ask(&mut c, "MOVE x 5");
    let () = ask(&mut c, "SET lost 1");
    let () = ask(&mut c, "FLUSHDB");
    server.kill();
    server.restart();
    let mut c = server.client();
    assert_eq!(ask::<i64>(&mut c, "DBSIZE"), 0);
    let () = ask(&mut c, "SELECT 5");
    assert_eq!(ask::<Vec<i32>>(&mut c, "MGET a b c x"), [1, 2, 3, 9]);
    assert_eq!(ask::<i64>(&mut c, "DBSIZE"), 4);
}

#[test]
fn flushdb_and_flushall_empty_one_or_all() {
    let server = Server::start();
    let mut zero = server.client();
    let mut one = server.client_to("/1");
    for mode in ["", " SYNC", " ASYNC"] {
        let () = ask(&mut zero, "MSET a 1 b 2");
        let () = ask(&mut one, "SET a 1");
        assert_eq!(ask::<String>(&mut zero, &format!("FLUSHDB{mode}")), "OK");
        assert_eq!(ask::<i64>(&mut zero, "DBSIZE"), 0);
        assert_eq!(ask::<Option<i32>>(&mut zero, "GET a"), None);
        assert_eq!(ask::<i64>(&mut one, "DBSIZE"), 1);
        let () = ask(&mut zero, "SET a 1");
        assert_eq!(ask::<String>(&mut zero, &format!("FLUSHALL{mode}")), "OK");
        assert_eq!(
            ask::<i64>(&mut zero, "DBSIZE") + ask::<i64>(&mut one, "DBSIZE"),
            0
        );
    }
    all_fail(
        &mut zero,
        &[
            ("FLUSHDB NOW", "ERR syntax error"),
            ("FLUSHALL NOW", "ERR syntax error"),
            ("FLUSHALL SYNC ASYNC", "ERR syntax error"),
        ],
    );
}

#[test]
fn flushall_leaves_a_working_server_behind() {
    let mut server = Server::start();
    let mut c = server.client();
    for round in 0..5 {
        let pairs: Vec<(String, i32)> = (0..500).map(|n| (format!("k{n}"), round)).collect();
        let () = c.mset(&pairs).expect("MSET");
        let () = c.set("big", "b".repeat(100_000)).expect("SET");
        let () = ask(&mut c, "FLUSHALL");
        let () = ask(&mut c, &format!("SET kept {round}"));
        assert_eq!(ask::<i64>(&mut c, "DBSIZE"), 1);
    }
    server.restart();
    let mut c = server.client();
    assert_eq!(ask::<i64>(&mut c, "DBSIZE"), 1);
    assert_eq!(ask::<i64>(&mut c, "GET kept"), 4);
}

#[test]
fn flushall_and_swapdb_during_writes_lose_no_later_write() {
    let server = Server::start();
    std::thread::scope(|scope| {
        for writer in 0..3 {
            let server = &server;
            scope.spawn(move || {
                let mut c = server.client();
                for n in 0..400 {
                    let () = ask(&mut c, &format!("SET w{writer} {n}"));
                    let seen: Option<u32> = ask(&mut c, &format!("GET w{writer}"));
                    assert!(seen.is_none_or(|seen| seen <= n), "a value from the future");
                }
            });
        }
        let mut c = server.client();
        for _ in 0..60 {
            let () = ask(&mut c, "SWAPDB 0 1");
            let () = ask(&mut c, "FLUSHALL");
        }
    });
    let mut c = server.client();
    let () = ask(&mut c, "FLUSHALL");
    assert_eq!(ask::<i64>(&mut c, "DBSIZE"), 0);
    let info: String = ask(&mut c, "INFO keyspace");
    assert!(!info.contains("keys="), "{info}");
}

#[test]
fn randomkey_returns_every_key_in_time() {
    let server = Server::start();
    let mut c = server.client();
    assert_eq!(ask::<Option<String>>(&mut c, "RANDOMKEY"), None);
    let () = ask(&mut c, "MSET a 1 b 2 c 3 d 4");
    let () = ask(&mut c, "SET gone v PXAT 1");
    let mut seen = HashSet::new();
    eventually("every key was drawn", || {
        seen.insert(ask::<String>(&mut c, "RANDOMKEY"));
        seen.len() == 4
    });
    assert!(!seen.contains("gone"));
}

/// Each of 20 keys is drawn 100 times on average; a fair draw stays between 40 and 190.
#[test]
fn randomkey_is_uniform() {
    let server = Server::start();
    if crate::harness::server::skip_on_stand_in("samples buckets and is not uniform") {
        return;
    }
    let mut c = server.client();
    let mut counts = std::collections::HashMap::<String, u32>::new();
    for n in 0..20 {
        let () = ask(&mut c, &format!("SET key:{n} v"));
    }
    for _ in 0..2000 {
        *counts.entry(ask(&mut c, "RANDOMKEY")).or_default() += 1;
    }
    assert_eq!(counts.len(), 20);
    assert!(
        counts.values().all(|count| (40..=190).contains(count)),
        "{counts:?}"
    );
}

#[test]
fn object_reports_encodings_as_redis_does() {
    let server = Server::start();
    let mut c = server.client();
    let () = ask(
        &mut c,
        "MSET int 12345 short text long 123456789012345678901234567890",
    );
    let () = c.set("at44", "x".repeat(44)).expect("SET");
    let () = c.set("at45", "x".repeat(45)).expect("SET");
    let () = ask(&mut c, "APPEND grown ab");
    let () = ask(&mut c, "APPEND grown c");
    let encodings = [
        ("int", "int"),
        ("short", "embstr"),
        ("long", "embstr"),
        ("at44", "embstr"),
        ("at45", "raw"),
        ("grown", "raw"),
    ];
    for (key, expected) in encodings {
        assert_eq!(
            ask::<String>(&mut c, &format!("OBJECT ENCODING {key}")),
            expected,
            "{key}"
        );
    }
    assert_eq!(
        ask::<Option<String>>(&mut c, "OBJECT ENCODING missing"),
        None
    );
    assert!(ask::<i64>(&mut c, "OBJECT IDLETIME int") <= 60);
    assert!(ask::<i64>(&mut c, "OBJECT REFCOUNT short") >= 1);
    assert!(ask::<Vec<String>>(&mut c, "OBJECT HELP").len() > 4);
    let no_lfu = "ERR An LFU maxmemory policy is not selected, access frequency not tracked. \
                  Please note that when switching between policies at runtime LRU and LFU data \
                  will take some time to adjust.";
    all_fail(
        &mut c,
        &[
            ("OBJECT FREQ int", no_lfu),
            (
                "OBJECT FROB int",
                "ERR unknown subcommand 'FROB'. Try OBJECT HELP.",
            ),
            (
                "OBJECT ENCODING",
                "ERR wrong number of arguments for 'object|encoding' command",
            ),
        ],
    );
}

#[test]
fn keys_of_any_bytes_are_kept_apart() {
    let server = Server::start();
    let mut c = server.client();
    let keys: Vec<Vec<u8>> = (0..=255u8).map(|byte| vec![byte]).collect();
    for key in &keys {
        let () = c.set(key, key).expect("SET");
    }
    let () = c.set("", "the empty key").expect("SET");
    let long = vec![b'k'; 65_535];
    let () = c.set(&long, "a long key").expect("SET");
    assert_eq!(ask::<i64>(&mut c, "DBSIZE"), 258);
    let values: Vec<Vec<u8>> = c.mget(&keys).expect("MGET");
    assert_eq!(values, keys);
    assert_eq!(c.get::<_, String>("").expect("GET"), "the empty key");
    assert_eq!(c.get::<_, String>(&long).expect("GET"), "a long key");
}

#[test]
fn key_longer_than_the_limit_is_refused_clearly() {
    if crate::harness::server::skip_on_stand_in("takes longer keys") {
        return;
    }
    let server = Server::start();
    let mut c = server.raw();
    let key = vec![b'k'; (64 << 10) + 1];
    let reply = c.command(&[b"SET", &key[..], b"v"]);
    assert!(
        reply.starts_with(b"-ERR "),
        "{}",
        crate::harness::wire::show(&reply)
    );
    c.expect("PING", "+PONG");
    c.expect("DBSIZE", ":0");
}
