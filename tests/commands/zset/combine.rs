//! ZUNION, ZINTER, ZDIFF, ZUNIONSTORE, ZINTERSTORE, ZDIFFSTORE, ZINTERCARD.
//! Must not know: which input is walked. Tests: this file.

use crate::harness::ask::all_fail;
use crate::harness::{Server, ask};
use redis::Connection;

fn list(c: &mut Connection, line: &str) -> Vec<String> {
    ask(c, line)
}

fn fill(c: &mut Connection) {
    let _: i64 = ask(c, "ZADD one 1 a 2 b 3 c");
    let _: i64 = ask(c, "ZADD other 10 b 20 c 30 d");
    let _: i64 = ask(c, "SADD plain c e");
}

#[test]
fn zunion_and_zinter_and_zdiff_combine_sorted_sets_and_sets() {
    let server = Server::start();
    let mut c = server.client();
    fill(&mut c);
    let union = list(&mut c, "ZUNION 3 one other plain WITHSCORES");
    assert_eq!(union, ["a", "1", "e", "1", "b", "12", "c", "24", "d", "30"]);
    let inter = list(
        &mut c,
        "ZINTER 2 one other WEIGHTS 2 1 AGGREGATE MAX WITHSCORES",
    );
    assert_eq!(inter, ["b", "10", "c", "20"]);
    assert_eq!(
        list(&mut c, "ZINTER 3 one other plain WITHSCORES"),
        ["c", "24"]
    );
    assert_eq!(
        list(&mut c, "ZDIFF 2 one plain WITHSCORES"),
        ["a", "1", "b", "2"]
    );
    let mut raw = server.raw();
    raw.line("HELLO 3");
    raw.expect("ZDIFF 2 one other WITHSCORES", "*1\r\n*2\r\n$1\r\na\r\n,1");
    raw.expect("ZINTER 2 one nothing", "*0");
}

#[test]
fn zunion_refuses_what_makes_no_sense() {
    let server = Server::start();
    let mut c = server.client();
    fill(&mut c);
    let _: String = ask(&mut c, "SET text x");
    let wrong = "WRONGTYPE Operation against a key holding the wrong kind of value";
    all_fail(
        &mut c,
        &[
            (
                "ZUNION 0 one",
                "ERR at least 1 input key is needed for 'zunion' command",
            ),
            (
                "ZUNION x one",
                "ERR value is not an integer or out of range",
            ),
            ("ZUNION 3 one other", "ERR syntax error"),
            ("ZUNION 2 one text x", wrong),
            ("ZUNION 2 one other WEIGHTS 1", "ERR syntax error"),
            (
                "ZUNION 2 one other WEIGHTS 1 x",
                "ERR weight value is not a float",
            ),
            ("ZUNION 2 one other AGGREGATE AVG", "ERR syntax error"),
            ("ZDIFF 2 one other WEIGHTS 1 2", "ERR syntax error"),
            ("ZUNIONSTORE y 2 one other WITHSCORES", "ERR syntax error"),
        ],
    );
}

#[test]
fn zunionstore_and_zinterstore_and_zdiffstore_replace_the_target() {
    let server = Server::start();
    let mut c = server.client();
    fill(&mut c);
    assert_eq!(
        ask::<i64>(&mut c, "ZUNIONSTORE plain 2 one other AGGREGATE MIN"),
        4
    );
    let all = ["a", "1", "b", "2", "c", "3", "d", "30"];
    assert_eq!(list(&mut c, "ZRANGE plain 0 -1 WITHSCORES"), all);
    assert_eq!(ask::<i64>(&mut c, "ZINTERSTORE one 2 one other"), 2);
    assert_eq!(
        list(&mut c, "ZRANGE one 0 -1 WITHSCORES"),
        ["b", "12", "c", "23"]
    );
    assert_eq!(ask::<i64>(&mut c, "ZDIFFSTORE one 2 one other"), 0);
    assert_eq!(ask::<i64>(&mut c, "EXISTS one"), 0);
}

#[test]
fn zintercard_counts_up_to_a_limit() {
    let server = Server::start();
    let mut c = server.client();
    fill(&mut c);
    assert_eq!(ask::<i64>(&mut c, "ZINTERCARD 2 one other"), 2);
    assert_eq!(ask::<i64>(&mut c, "ZINTERCARD 2 one other LIMIT 1"), 1);
    assert_eq!(ask::<i64>(&mut c, "ZINTERCARD 2 one other LIMIT 0"), 2);
    all_fail(
        &mut c,
        &[
            (
                "ZINTERCARD 2 one other LIMIT -1",
                "ERR LIMIT can't be negative",
            ),
            ("ZINTERCARD 1 one other", "ERR syntax error"),
        ],
    );
}
