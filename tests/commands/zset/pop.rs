//! ZPOPMIN, ZPOPMAX, ZMPOP, BZPOPMIN, BZPOPMAX, BZMPOP, ZRANDMEMBER.
//! Must not know: how a draw is made fair. Tests: this file, `storage/tests/zsets.rs`.

use crate::commands::blocking::waiting;
use crate::harness::ask::all_fail;
use crate::harness::{Server, ask};
use std::collections::HashSet;

#[test]
fn zpopmin_and_zpopmax_take_from_the_ends() {
    let server = Server::start();
    let mut c = server.client();
    let _: i64 = ask(&mut c, "ZADD z 1 a 2 b 3 c 4 d");
    let mut raw = server.raw();
    raw.expect("ZPOPMIN z", "*2\r\n$1\r\na\r\n$1\r\n1");
    raw.expect(
        "ZPOPMAX z 2",
        "*4\r\n$1\r\nd\r\n$1\r\n4\r\n$1\r\nc\r\n$1\r\n3",
    );
    raw.expect("ZPOPMAX z 0", "*0");
    raw.line("HELLO 3");
    raw.expect("ZPOPMIN z 5", "*1\r\n*2\r\n$1\r\nb\r\n,2");
    raw.expect("ZPOPMIN z", "*0");
    assert_eq!(ask::<i64>(&mut c, "EXISTS z"), 0);
    let positive = "ERR value is out of range, must be positive";
    all_fail(
        &mut c,
        &[
            ("ZPOPMIN z -1", positive),
            ("ZPOPMAX z x", positive),
            ("ZPOPMIN z 1 2", "ERR syntax error"),
        ],
    );
}

#[test]
fn zmpop_takes_from_the_first_set_that_has_members() {
    let server = Server::start();
    let mut c = server.client();
    let _: i64 = ask(&mut c, "ZADD z 1 a 2 b 3 c");
    let mut raw = server.raw();
    raw.expect(
        "ZMPOP 2 none z MIN",
        "*2\r\n$1\r\nz\r\n*1\r\n*2\r\n$1\r\na\r\n$1\r\n1",
    );
    raw.line("HELLO 3");
    raw.expect(
        "ZMPOP 1 z MAX COUNT 9",
        "*2\r\n$1\r\nz\r\n*2\r\n*2\r\n$1\r\nc\r\n,3\r\n*2\r\n$1\r\nb\r\n,2",
    );
    raw.expect("ZMPOP 1 z MAX", "_");
    all_fail(
        &mut c,
        &[
            ("ZMPOP 0 z MIN", "ERR numkeys should be greater than 0"),
            ("ZMPOP 2 z MIN", "ERR syntax error"),
            ("ZMPOP 1 z MID", "ERR syntax error"),
            (
                "ZMPOP 1 z MIN COUNT 0",
                "ERR count should be greater than 0",
            ),
        ],
    );
}

#[test]
fn zrandmember_draws_members() {
    let server = Server::start();
    let mut c = server.client();
    for n in 0..300 {
        let _: i64 = ask(&mut c, &format!("ZADD z {n} m{n}"));
    }
    assert!(ask::<String>(&mut c, "ZRANDMEMBER z").starts_with('m'));
    assert_eq!(ask::<Option<String>>(&mut c, "ZRANDMEMBER nothing"), None);
    assert!(ask::<Vec<String>>(&mut c, "ZRANDMEMBER nothing 3").is_empty());
    for count in [1, 50, 299, 300, 900] {
        let drawn: Vec<(String, f64)> = ask(&mut c, &format!("ZRANDMEMBER z {count} WITHSCORES"));
        let names: HashSet<&String> = drawn.iter().map(|(name, _)| name).collect();
        assert_eq!((names.len(), drawn.len()), (count.min(300), count.min(300)));
        assert!(
            drawn
                .iter()
                .all(|(name, score)| *name == format!("m{score}"))
        );
    }
    let repeated: Vec<String> = ask(&mut c, "ZRANDMEMBER z -1000");
    assert_eq!(repeated.len(), 1000);
    let range = "ERR value is out of range, value must between -9223372036854775807 and \
                 9223372036854775807";
    all_fail(
        &mut c,
        &[
            ("ZRANDMEMBER z -9223372036854775808", range),
            (
                "ZRANDMEMBER z -9223372036854775807 WITHSCORES",
                "ERR value is out of range",
            ),
            ("ZRANDMEMBER z 1 x", "ERR syntax error"),
            ("ZRANDMEMBER z -1048577", "ERR value is out of range"),
        ],
    );
    assert!(ask::<Vec<String>>(&mut c, "ZRANDMEMBER nothing -1048577").is_empty());
}

#[test]
fn bzpopmin_bzpopmax_and_bzmpop_take_what_is_there() {
    let server = Server::start();
    let mut c = server.client();
    let _: i64 = ask(&mut c, "ZADD z 1 a 2 b 3 c");
    let mut raw = server.raw();
    raw.expect("BZPOPMIN none z 0", "*3\r\n$1\r\nz\r\n$1\r\na\r\n$1\r\n1");
    raw.line("HELLO 3");
    raw.expect("BZPOPMAX z 0", "*3\r\n$1\r\nz\r\n$1\r\nc\r\n,3");
    raw.expect(
        "BZMPOP 0 2 none z MIN",
        "*2\r\n$1\r\nz\r\n*1\r\n*2\r\n$1\r\nb\r\n,2",
    );
    raw.expect("BZPOPMIN z 0.01", "_");
    raw.expect("BZMPOP 0.01 1 z MAX", "_");
    all_fail(
        &mut c,
        &[
            ("BZPOPMIN z x", "ERR timeout is not a float or out of range"),
            ("BZPOPMAX z -1", "ERR timeout is negative"),
            ("BZMPOP 0 0 z MIN", "ERR numkeys should be greater than 0"),
            ("BZMPOP 0 1 z MID", "ERR syntax error"),
        ],
    );
}

#[test]
fn bzpopmin_waits_for_a_member() {
    let server = Server::start();
    let mut c = server.client();
    for (line, reply) in [
        ("BZPOPMIN none z 0", "*3\r\n$1\r\nz\r\n$1\r\na\r\n$1\r\n1"),
        ("BZPOPMAX z 0", "*3\r\n$1\r\nz\r\n$1\r\nb\r\n$1\r\n2"),
        (
            "BZMPOP 0 1 z MIN",
            "*2\r\n$1\r\nz\r\n*1\r\n*2\r\n$1\r\na\r\n$1\r\n1",
        ),
    ] {
        let mut waiter = waiting(&server, &mut c, line, 0);
        let _: i64 = ask(&mut c, "SADD z other");
        let _: i64 = ask(&mut c, "DEL z");
        let _: i64 = ask(&mut c, "ZADD z 1 a 2 b");
        waiter.expect_reply(reply);
        let _: i64 = ask(&mut c, "DEL z");
    }
}
