//! ZADD, ZINCRBY, ZREM, ZCARD, ZSCORE, ZMSCORE, ZRANK, ZREVRANK, ZSCAN.
//! Invariants: the shape follows Redis's thresholds at every write; nothing is changed by a command
//! that fails. Must not know: how members are kept. Tests: this file.

use crate::harness::ask::all_fail;
use crate::harness::{Server, ask, fails};
use std::collections::BTreeMap;

const WRONG_TYPE: &str = "WRONGTYPE Operation against a key holding the wrong kind of value";

#[test]
fn zadd_counts_new_members_and_moves_old_ones() {
    let server = Server::start();
    let mut c = server.client();
    assert_eq!(ask::<i64>(&mut c, "ZADD z 1 a 2 b 3 a"), 2);
    assert_eq!(ask::<i64>(&mut c, "ZADD z CH 3 a 5 b 6 c"), 2);
    assert_eq!(ask::<Vec<String>>(&mut c, "ZRANGE z 0 -1"), ["a", "b", "c"]);
    assert_eq!(ask::<i64>(&mut c, "ZADD z -inf first +inf last"), 2);
    let all = ["first", "a", "b", "c", "last"];
    assert_eq!(ask::<Vec<String>>(&mut c, "ZRANGE z 0 -1"), all);
    assert_eq!(ask::<String>(&mut c, "TYPE z"), "zset");
    let _: String = ask(&mut c, "SET text x");
    assert_eq!(fails(&mut c, "ZADD text 1 a"), WRONG_TYPE);
}

#[test]
fn zadd_conditions_decide_what_changes() {
    let server = Server::start();
    let mut c = server.client();
    assert_eq!(ask::<i64>(&mut c, "ZADD z XX 1 a"), 0);
    assert_eq!(ask::<i64>(&mut c, "EXISTS z"), 0);
    assert_eq!(ask::<i64>(&mut c, "ZADD z 10 a 20 b"), 2);
    assert_eq!(ask::<i64>(&mut c, "ZADD z NX 5 a 5 c"), 1);
    assert_eq!(ask::<i64>(&mut c, "ZADD z GT CH 5 a 25 b 1 d"), 2);
    assert_eq!(ask::<i64>(&mut c, "ZADD z LT CH 5 a 30 b"), 1);
    assert_eq!(
        ask::<Vec<String>>(&mut c, "ZMSCORE z a b c d"),
        ["5", "25", "5", "1"]
    );
    assert_eq!(ask::<Option<f64>>(&mut c, "ZADD z INCR 1.5 a"), Some(6.5));
    assert_eq!(ask::<Option<f64>>(&mut c, "ZADD z NX INCR 1 a"), None);
    assert_eq!(ask::<Option<f64>>(&mut c, "ZADD z XX INCR 1 new"), None);
    assert_eq!(ask::<Option<f64>>(&mut c, "ZADD z GT INCR -1 a"), None);
}

#[test]
fn zadd_refuses_what_makes_no_sense() {
    let server = Server::start();
    let mut c = server.client();
    let both = "ERR XX and NX options at the same time are not compatible";
    let order = "ERR GT, LT, and/or NX options at the same time are not compatible";
    let float = "ERR value is not a valid float";
    all_fail(
        &mut c,
        &[
            ("ZADD z NX XX 1 a", both),
            ("ZADD z NX GT 1 a", order),
            ("ZADD z GT LT 1 a", order),
            ("ZADD z 1 a 2", "ERR syntax error"),
            ("ZADD z NX CH", "ERR syntax error"),
            ("ZADD z x a", float),
            ("ZADD z nan a", float),
            ("ZADD z 1 a 1e400 b", float),
            ("ZADD z \"\" a", float),
            (
                "ZADD z INCR 1 a 2 b",
                "ERR INCR option supports a single increment-element pair",
            ),
        ],
    );
    assert_eq!(ask::<i64>(&mut c, "EXISTS z"), 0);
    assert_eq!(ask::<i64>(&mut c, "ZADD z 0x10 a .5e1 b"), 2);
    assert_eq!(ask::<Vec<String>>(&mut c, "ZMSCORE z a b"), ["16", "5"]);
}

#[test]
fn zadd_moves_the_shape_by_the_thresholds() {
    let server = Server::start();
    let mut c = server.client();
    let _: String = ask(&mut c, "CONFIG SET zset-max-listpack-entries 3");
    let _: i64 = ask(&mut c, "ZADD z 1 a 2 b 3 c");
    assert_eq!(ask::<String>(&mut c, "OBJECT ENCODING z"), "listpack");
    let _: i64 = ask(&mut c, "ZADD z 4 d");
    assert_eq!(ask::<String>(&mut c, "OBJECT ENCODING z"), "skiplist");
    let _: i64 = ask(&mut c, "ZREM z b c d");
    assert_eq!(ask::<String>(&mut c, "OBJECT ENCODING z"), "skiplist");
    let long = "x".repeat(65);
    let _: i64 = ask(&mut c, &format!("ZADD long 1 {long}"));
    assert_eq!(ask::<String>(&mut c, "OBJECT ENCODING long"), "skiplist");
}

#[test]
fn zincrby_adds_to_scores() {
    let server = Server::start();
    let mut c = server.client();
    assert_eq!(ask::<String>(&mut c, "ZINCRBY z 2.5 a"), "2.5");
    assert_eq!(ask::<String>(&mut c, "ZINCRBY z -4 a"), "-1.5");
    assert_eq!(ask::<String>(&mut c, "ZINCRBY z +inf a"), "inf");
    let nan = "ERR resulting score is not a number (NaN)";
    assert_eq!(fails(&mut c, "ZINCRBY z -inf a"), nan);
    assert_eq!(
        fails(&mut c, "ZINCRBY z x a"),
        "ERR value is not a valid float"
    );
    let mut raw = server.raw();
    raw.line("HELLO 3");
    raw.expect("ZINCRBY y 3 a", ",3");
    raw.expect("ZINCRBY y 0.1 a", ",3.1");
}

#[test]
fn zrem_takes_members_away_and_the_key_with_the_last() {
    let server = Server::start();
    let mut c = server.client();
    let _: i64 = ask(&mut c, "ZADD z 1 a 2 b 3 c");
    assert_eq!(ask::<i64>(&mut c, "ZREM z a x a"), 1);
    assert_eq!(ask::<i64>(&mut c, "ZREM z b c"), 2);
    assert_eq!(ask::<i64>(&mut c, "EXISTS z"), 0);
    assert_eq!(ask::<i64>(&mut c, "ZREM z a"), 0);
}

#[test]
fn zcard_zscore_and_zmscore_tell_of_members() {
    let server = Server::start();
    let mut c = server.client();
    let _: i64 = ask(&mut c, "ZADD z 1.25 a -3 b");
    assert_eq!(ask::<i64>(&mut c, "ZCARD z"), 2);
    assert_eq!(ask::<i64>(&mut c, "ZCARD nothing"), 0);
    assert_eq!(ask::<String>(&mut c, "ZSCORE z a"), "1.25");
    assert_eq!(ask::<Option<String>>(&mut c, "ZSCORE z x"), None);
    let mut raw = server.raw();
    raw.expect("ZMSCORE z a x b", "*3\r\n$4\r\n1.25\r\n$-1\r\n$2\r\n-3");
    raw.expect("ZMSCORE nothing a", "*1\r\n$-1");
    raw.line("HELLO 3");
    raw.expect("ZMSCORE z a x b", "*3\r\n,1.25\r\n_\r\n,-3");
    raw.expect("ZSCORE z b", ",-3");
    let _: String = ask(&mut c, "SET text x");
    all_fail(
        &mut c,
        &[
            ("ZCARD text", WRONG_TYPE),
            ("ZSCORE text a", WRONG_TYPE),
            ("ZMSCORE text a", WRONG_TYPE),
        ],
    );
}

#[test]
fn zrank_and_zrevrank_count_from_either_end() {
    let server = Server::start();
    let mut c = server.client();
    for n in 0..300 {
        let _: i64 = ask(&mut c, &format!("ZADD z {n} m{n}"));
    }
    assert_eq!(ask::<i64>(&mut c, "ZRANK z m17"), 17);
    assert_eq!(ask::<i64>(&mut c, "ZREVRANK z m17"), 282);
    assert_eq!(ask::<Option<i64>>(&mut c, "ZRANK z x"), None);
    let mut raw = server.raw();
    raw.expect("ZRANK z m3 WITHSCORE", "*2\r\n:3\r\n$1\r\n3");
    raw.expect("ZRANK z x WITHSCORE", "*-1");
    raw.line("HELLO 3");
    raw.expect("ZREVRANK z m3 WITHSCORE", "*2\r\n:296\r\n,3");
    let arity = "ERR wrong number of arguments for 'zrank' command";
    all_fail(
        &mut c,
        &[
            ("ZRANK z a b", "ERR syntax error"),
            ("ZRANK z a WITHSCORE b", arity),
        ],
    );
}

#[test]
fn zscan_walks_over_all_members() {
    let server = Server::start();
    let mut c = server.client();
    for n in 0..500 {
        let _: i64 = ask(&mut c, &format!("ZADD z {n} m{n}"));
    }
    let (mut cursor, mut seen) = (0u64, BTreeMap::new());
    loop {
        let page: (u64, Vec<(String, f64)>) = ask(&mut c, &format!("ZSCAN z {cursor} COUNT 20"));
        seen.extend(page.1);
        cursor = page.0;
        if cursor == 0 {
            break;
        }
    }
    let all: BTreeMap<String, f64> = (0..500).map(|n| (format!("m{n}"), f64::from(n))).collect();
    assert_eq!(seen, all);
    let _: i64 = ask(&mut c, "ZADD small 1 a 2 b");
    let mut raw = server.raw();
    raw.expect(
        "ZSCAN small 0 NOSCORES",
        "*2\r\n$1\r\n0\r\n*2\r\n$1\r\na\r\n$1\r\nb",
    );
    raw.expect(
        "ZSCAN small 0 MATCH b",
        "*2\r\n$1\r\n0\r\n*2\r\n$1\r\nb\r\n$1\r\n2",
    );
    let hash_only = "ERR NOVALUES option can only be used in HSCAN";
    all_fail(
        &mut c,
        &[
            ("ZSCAN small 0 NOVALUES", hash_only),
            ("ZSCAN small x", "ERR invalid cursor"),
            ("ZSCAN small 0 COUNT 0", "ERR syntax error"),
        ],
    );
}
