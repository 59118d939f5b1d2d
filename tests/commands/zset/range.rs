//! ZRANGE, ZREVRANGE, ZRANGEBYSCORE, ZREVRANGEBYSCORE, ZRANGEBYLEX, ZREVRANGEBYLEX, ZRANGESTORE,
//! ZCOUNT, ZLEXCOUNT, ZREMRANGEBYRANK, ZREMRANGEBYSCORE, ZREMRANGEBYLEX.
//! Must not know: how a range is found. Tests: this file.

use crate::harness::ask::all_fail;
use crate::harness::{Server, ask};
use redis::Connection;

fn list(c: &mut Connection, line: &str) -> Vec<String> {
    ask(c, line)
}

/// A set of `n` members m000, m001, ... with the scores 0, 1, ...
fn fill(c: &mut Connection, key: &str, n: u32) {
    for part in (0..n).collect::<Vec<_>>().chunks(100) {
        let mut command = redis::cmd("ZADD");
        command.arg(key);
        for n in part {
            command.arg(n).arg(format!("m{n:03}"));
        }
        let _: i64 = command.query(c).expect("ZADD");
    }
}

#[test]
fn zrange_reads_by_rank_score_and_member() {
    let server = Server::start();
    let mut c = server.client();
    for n in [5, 500] {
        let _: i64 = ask(&mut c, "DEL z");
        fill(&mut c, "z", n);
        assert_eq!(list(&mut c, "ZRANGE z 1 2"), ["m001", "m002"]);
        assert_eq!(list(&mut c, "ZRANGE z 0 0 REV"), [format!("m{:03}", n - 1)]);
        assert_eq!(list(&mut c, "ZRANGE z -2 -2"), [format!("m{:03}", n - 2)]);
        assert_eq!(list(&mut c, "ZRANGE z (1 3 BYSCORE"), ["m002", "m003"]);
        assert_eq!(list(&mut c, "ZRANGE z 3 (1 BYSCORE REV"), ["m003", "m002"]);
        let limited = list(&mut c, "ZRANGE z -inf +inf BYSCORE LIMIT 2 1");
        assert_eq!(limited, ["m002"]);
        assert!(list(&mut c, "ZRANGE z -inf +inf BYSCORE LIMIT -1 1").is_empty());
        assert_eq!(
            list(&mut c, "ZRANGE z -inf +inf BYSCORE LIMIT 0 -1").len(),
            n as usize
        );
        assert_eq!(list(&mut c, "ZRANGE z 5 1").len(), 0);
    }
    let mut raw = server.raw();
    raw.expect("ZRANGE z 0 0 WITHSCORES", "*2\r\n$4\r\nm000\r\n$1\r\n0");
    raw.line("HELLO 3");
    raw.expect("ZRANGE z 0 0 WITHSCORES", "*1\r\n*2\r\n$4\r\nm000\r\n,0");
    let limit = "ERR syntax error, LIMIT is only supported in combination with either BYSCORE or \
                 BYLEX";
    let scores = "ERR syntax error, WITHSCORES not supported in combination with BYLEX";
    all_fail(
        &mut c,
        &[
            ("ZRANGE z 0 1 LIMIT 0 1", limit),
            ("ZRANGE z - + BYLEX WITHSCORES", scores),
            (
                "ZRANGE z a 1",
                "ERR value is not an integer or out of range",
            ),
            ("ZRANGE z a 1 BYSCORE", "ERR min or max is not a float"),
            (
                "ZRANGE z a 1 BYLEX",
                "ERR min or max not valid string range item",
            ),
            ("ZRANGE z 0 1 BYSCORE BYLEX", "ERR syntax error"),
            ("ZRANGE z 0 1 BYSCORE LIMIT 1", "ERR syntax error"),
        ],
    );
}

#[test]
fn zrevrange_counts_from_the_end() {
    let server = Server::start();
    let mut c = server.client();
    fill(&mut c, "z", 300);
    assert_eq!(list(&mut c, "ZREVRANGE z 0 1"), ["m299", "m298"]);
    assert_eq!(list(&mut c, "ZREVRANGE z -1 -1 WITHSCORES"), ["m000", "0"]);
}

#[test]
fn zrangebyscore_and_zrevrangebyscore_take_limits() {
    let server = Server::start();
    let mut c = server.client();
    fill(&mut c, "z", 300);
    let far = list(&mut c, "ZRANGEBYSCORE z 10 +inf LIMIT 200 2");
    assert_eq!(far, ["m210", "m211"]);
    let reversed = list(&mut c, "ZREVRANGEBYSCORE z (20 10 WITHSCORES LIMIT 1 1");
    assert_eq!(reversed, ["m018", "18"]);
    assert!(list(&mut c, "ZREVRANGEBYSCORE z 10 20").is_empty());
    let float = "ERR min or max is not a float";
    all_fail(
        &mut c,
        &[
            ("ZRANGEBYSCORE z ( 1x", float),
            ("ZRANGEBYSCORE nothing nan 1", float),
            ("ZRANGEBYSCORE z 0 1 REV", "ERR syntax error"),
        ],
    );
}

#[test]
fn zrangebylex_and_zrevrangebylex_and_zlexcount_go_by_member() {
    let server = Server::start();
    let mut c = server.client();
    let _: i64 = ask(&mut c, "ZADD z 0 a 0 b 0 c 0 d 0 \"\"");
    assert_eq!(list(&mut c, "ZRANGEBYLEX z [b (d"), ["b", "c"]);
    assert_eq!(list(&mut c, "ZREVRANGEBYLEX z + (b LIMIT 0 1"), ["d"]);
    assert_eq!(list(&mut c, "ZRANGE z + - BYLEX REV LIMIT 4 1"), [""]);
    assert_eq!(ask::<i64>(&mut c, "ZLEXCOUNT z - +"), 5);
    assert_eq!(ask::<i64>(&mut c, "ZLEXCOUNT z (a [c"), 2);
    assert_eq!(ask::<i64>(&mut c, "ZLEXCOUNT z + -"), 0);
    let item = "ERR min or max not valid string range item";
    all_fail(
        &mut c,
        &[("ZRANGEBYLEX z a [b", item), ("ZLEXCOUNT z \"\" +", item)],
    );
}

#[test]
fn zcount_counts_scores() {
    let server = Server::start();
    let mut c = server.client();
    fill(&mut c, "z", 300);
    assert_eq!(ask::<i64>(&mut c, "ZCOUNT z -inf +inf"), 300);
    assert_eq!(ask::<i64>(&mut c, "ZCOUNT z (1 (5"), 3);
    assert_eq!(ask::<i64>(&mut c, "ZCOUNT nothing 0 1"), 0);
    all_fail(&mut c, &[("ZCOUNT z x 1", "ERR min or max is not a float")]);
}

#[test]
fn zrangestore_stores_a_range_in_place_of_anything() {
    let server = Server::start();
    let mut c = server.client();
    fill(&mut c, "z", 300);
    let _: String = ask(&mut c, "SET y text EX 100");
    assert_eq!(ask::<i64>(&mut c, "ZRANGESTORE y z 10 11"), 2);
    assert_eq!(
        list(&mut c, "ZRANGE y 0 -1 WITHSCORES"),
        ["m010", "10", "m011", "11"]
    );
    assert_eq!(ask::<i64>(&mut c, "TTL y"), -1);
    assert_eq!(
        ask::<i64>(&mut c, "ZRANGESTORE y z (9 -inf BYSCORE REV LIMIT 1 2"),
        2
    );
    assert_eq!(list(&mut c, "ZRANGE y 0 -1"), ["m006", "m007"]);
    assert_eq!(ask::<i64>(&mut c, "ZRANGESTORE y z 900 901"), 0);
    assert_eq!(ask::<i64>(&mut c, "EXISTS y"), 0);
    all_fail(
        &mut c,
        &[("ZRANGESTORE y z 0 1 WITHSCORES", "ERR syntax error")],
    );
}

#[test]
fn zremrangebyrank_zremrangebyscore_and_zremrangebylex_take_ranges_away() {
    let server = Server::start();
    let mut c = server.client();
    for n in [10, 500] {
        fill(&mut c, "z", n);
        assert_eq!(ask::<i64>(&mut c, "ZREMRANGEBYRANK z 0 1"), 2);
        assert_eq!(ask::<i64>(&mut c, "ZREMRANGEBYRANK z -1 -1"), 1);
        assert_eq!(ask::<i64>(&mut c, "ZREMRANGEBYSCORE z (2 4"), 2);
        assert_eq!(list(&mut c, "ZRANGE z 0 1"), ["m002", "m005"]);
        assert_eq!(ask::<i64>(&mut c, "ZCARD z"), i64::from(n) - 5);
        assert_eq!(ask::<Option<i64>>(&mut c, "ZSCORE z m003"), None);
        assert_eq!(
            ask::<i64>(&mut c, "ZREMRANGEBYRANK z 0 -1"),
            i64::from(n) - 5
        );
        assert_eq!(ask::<i64>(&mut c, "EXISTS z"), 0);
    }
    let _: i64 = ask(&mut c, "ZADD l 0 a 0 b 0 c");
    assert_eq!(ask::<i64>(&mut c, "ZREMRANGEBYLEX l [b +"), 2);
    assert_eq!(list(&mut c, "ZRANGE l 0 -1"), ["a"]);
}
