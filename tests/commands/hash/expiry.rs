//! HEXPIRE, HPEXPIRE, HEXPIREAT, HPEXPIREAT, HTTL, HPTTL, HEXPIRETIME, HPEXPIRETIME, HPERSIST,
//! HGETEX, HSETEX, HGETDEL. Invariants: a field whose time has come is gone for every command;
//! each field has a result of its own. Must not know: how times are kept. Tests: this file.

use crate::harness::ask::all_fail;
use crate::harness::wait::eventually;
use crate::harness::{Server, ask, fails};

/// A time in the year 2033, in seconds.
const LATER_S: i64 = 2_000_000_000;

fn ints(c: &mut redis::Connection, line: &str) -> Vec<i64> {
    ask(c, line)
}

#[test]
fn hexpire_and_hpexpire_give_results_that_httl_and_hpttl_tell() {
    let server = Server::start();
    let mut c = server.client();
    let () = ask(&mut c, "HSET h a 1 b 2 c 3");
    assert_eq!(ints(&mut c, "HEXPIRE h 100 FIELDS 3 a x b"), [1, -2, 1]);
    assert_eq!(ints(&mut c, "HTTL h FIELDS 4 a b c x"), [100, 100, -1, -2]);
    assert_eq!(ints(&mut c, "HPEXPIRE h 5000 FIELDS 1 a"), [1]);
    assert_eq!(ints(&mut c, "HTTL h FIELDS 2 a b"), [5, 100]);
    let left = ints(&mut c, "HPTTL h FIELDS 2 a c");
    assert!((1..=5000).contains(&left[0]) && left[1] == -1);
    assert_eq!(ints(&mut c, "HEXPIRE nothing 100 FIELDS 2 a b"), [-2, -2]);
    assert_eq!(ints(&mut c, "HTTL nothing FIELDS 1 a"), [-2]);
    assert_eq!(
        ask::<i64>(&mut c, "TTL h"),
        -1,
        "the key has no time of its own"
    );
}

#[test]
fn hexpireat_and_hpexpireat_are_told_exactly_by_hexpiretime_and_hpexpiretime() {
    let server = Server::start();
    let mut c = server.client();
    let () = ask(&mut c, "HSET h a 1 b 2");
    let ms = LATER_S * 1000 + 1;
    assert_eq!(
        ints(&mut c, &format!("HEXPIREAT h {LATER_S} FIELDS 1 a")),
        [1]
    );
    assert_eq!(ints(&mut c, &format!("HPEXPIREAT h {ms} FIELDS 1 b")), [1]);
    let seconds = ints(&mut c, "HEXPIRETIME h FIELDS 3 a b x");
    assert_eq!(seconds, [LATER_S, LATER_S + 1, -2], "rounded up");
    let exact = ints(&mut c, "HPEXPIRETIME h FIELDS 2 a b");
    assert_eq!(exact, [LATER_S * 1000, ms]);
}

#[test]
fn hexpire_conditions_compare_with_the_time_before() {
    let server = Server::start();
    let mut c = server.client();
    let () = ask(&mut c, "HSET h a 1 b 2");
    let () = ask(&mut c, "HEXPIRE h 100 FIELDS 1 a");
    // a has a time, b has none.
    for (line, results) in [
        ("HEXPIRE h 200 NX FIELDS 2 a b", [0, 1]),
        ("HPERSIST h FIELDS 2 b a", [1, 1]),
        ("HEXPIRE h 100 XX FIELDS 2 a b", [0, 0]),
        ("HEXPIRE h 100 gt FIELDS 2 a b", [0, 0]),
        ("HEXPIRE h 100 LT FIELDS 2 a b", [1, 1]),
        ("HEXPIRE h 50 GT FIELDS 2 a b", [0, 0]),
        ("HEXPIRE h 200 GT FIELDS 2 a b", [1, 1]),
        ("HEXPIRE h 300 LT FIELDS 2 a b", [0, 0]),
        ("HEXPIRE h 300 XX FIELDS 2 a b", [1, 1]),
    ] {
        assert_eq!(ints(&mut c, line), results, "{line}");
    }
}

#[test]
fn hexpire_in_the_past_deletes_fields_and_the_emptied_hash() {
    let server = Server::start();
    let mut c = server.client();
    let () = ask(&mut c, "HSET h a 1 b 2");
    assert_eq!(ints(&mut c, "HEXPIRE h 0 FIELDS 2 a x"), [2, -2]);
    assert_eq!(ask::<Vec<String>>(&mut c, "HKEYS h"), ["b"]);
    assert_eq!(ints(&mut c, "HPEXPIREAT h 1 FIELDS 2 b b"), [2, -2]);
    assert_eq!(ask::<i64>(&mut c, "EXISTS h"), 0);
}

#[test]
fn hpersist_removes_times() {
    let server = Server::start();
    let mut c = server.client();
    let () = ask(&mut c, "HSET h a 1 b 2");
    let () = ask(&mut c, "HEXPIRE h 100 FIELDS 1 a");
    assert_eq!(ints(&mut c, "HPERSIST h FIELDS 3 a b x"), [1, -1, -2]);
    assert_eq!(ints(&mut c, "HTTL h FIELDS 1 a"), [-1]);
    assert_eq!(ints(&mut c, "HPERSIST nothing FIELDS 1 a"), [-2]);
}

#[test]
fn expired_fields_are_gone_for_every_reader_and_the_emptied_hash_is_deleted() {
    let server = Server::start();
    let mut c = server.client();
    let pad: String = (0..200).map(|n| format!(" pad{n} {n}")).collect();
    for (key, rest) in [("small", " z 9"), ("large", pad.as_str())] {
        let () = ask(&mut c, &format!("HSET {key} a 1 b 2{rest}"));
        let count = ask::<i64>(&mut c, &format!("HLEN {key}"));
        let () = ask(&mut c, &format!("HPEXPIRE {key} 1 FIELDS 2 a b"));
        eventually("the fields are hidden", || {
            ask::<i64>(&mut c, &format!("HEXISTS {key} a")) == 0
        });
        let all: Vec<String> = ask(&mut c, &format!("HKEYS {key}"));
        assert_eq!(all.len() as i64, count - 2);
        for (command, expected) in [("HSTRLEN", 0), ("HDEL", 0), ("HSETNX", 1)] {
            let value = if command == "HSETNX" { " 7" } else { "" };
            let line = format!("{command} {key} b{value}");
            assert_eq!(ask::<i64>(&mut c, &line), expected, "{line}");
        }
        assert_eq!(ints(&mut c, &format!("HTTL {key} FIELDS 2 a b")), [-2, -1]);
        eventually("the sweeper has taken the field away", || {
            ask::<i64>(&mut c, &format!("HLEN {key}")) == count - 1
        });
    }
    let () = ask(&mut c, "HSET alone a 1 b 2");
    let () = ask(&mut c, "HPEXPIRE alone 1 FIELDS 2 a b");
    eventually("the hash is deleted", || {
        ask::<i64>(&mut c, "EXISTS alone") == 0
    });
    assert_eq!(ask::<i64>(&mut c, "HSET alone a 1"), 1);
}

#[test]
fn writing_a_field_removes_its_time_and_adding_to_it_does_not() {
    let server = Server::start();
    let mut c = server.client();
    let () = ask(&mut c, "HSET h a 1 b 2 c 3");
    let () = ask(&mut c, "HEXPIRE h 100 FIELDS 3 a b c");
    let () = ask(&mut c, "HSET h a 1");
    let () = ask(&mut c, "HINCRBY h b 1");
    let () = ask(&mut c, "HINCRBYFLOAT h c 1.5");
    assert_eq!(ints(&mut c, "HTTL h FIELDS 3 a b c"), [-1, 100, 100]);
}

#[test]
fn times_of_fields_go_along_with_copy_rename_and_restart() {
    let mut server = Server::start();
    let mut c = server.client();
    let pad: String = (0..200).map(|n| format!(" pad{n} {n}")).collect();
    for (key, rest) in [("small", ""), ("large", pad.as_str())] {
        let () = ask(&mut c, &format!("HSET {key} a 1 b 2{rest}"));
        let () = ask(&mut c, &format!("HEXPIREAT {key} {LATER_S} FIELDS 1 a"));
        let () = ask(&mut c, &format!("COPY {key} {key}:copy"));
        let () = ask(&mut c, &format!("RENAME {key} {key}:moved"));
    }
    server.restart();
    let mut c = server.client();
    for key in ["small:copy", "small:moved", "large:copy", "large:moved"] {
        let times = ints(&mut c, &format!("HEXPIRETIME {key} FIELDS 2 a b"));
        assert_eq!(times, [LATER_S, -1], "{key}");
        let () = ask(&mut c, &format!("HPEXPIRE {key} 1 FIELDS 1 a"));
        eventually("the field is swept", || {
            !ask::<Vec<String>>(&mut c, &format!("HKEYS {key}")).contains(&"a".to_string())
        });
    }
}

#[test]
fn hgetex_reads_and_sets_or_removes_times() {
    let server = Server::start();
    let mut c = server.client();
    let () = ask(&mut c, "HSET h a 1 b 2");
    let get = |c: &mut _, line: &str| ask::<Vec<Option<String>>>(c, line);
    let both = [Some("1".to_string()), None];
    assert_eq!(get(&mut c, "HGETEX h FIELDS 2 a x"), both);
    assert_eq!(ints(&mut c, "HTTL h FIELDS 1 a"), [-1]);
    assert_eq!(get(&mut c, "HGETEX h EX 100 FIELDS 2 a x"), both);
    assert_eq!(ints(&mut c, "HTTL h FIELDS 1 a"), [100]);
    assert_eq!(
        get(&mut c, &format!("HGETEX h PXAT {LATER_S}000 FIELDS 2 a x")),
        both
    );
    assert_eq!(ints(&mut c, "HEXPIRETIME h FIELDS 1 a"), [LATER_S]);
    assert_eq!(get(&mut c, "HGETEX h persist FIELDS 2 a x"), both);
    assert_eq!(ints(&mut c, "HTTL h FIELDS 1 a"), [-1]);
    assert_eq!(get(&mut c, "HGETEX h PX 0 FIELDS 2 a x"), both);
    assert_eq!(ask::<Vec<String>>(&mut c, "HKEYS h"), ["b"]);
    assert_eq!(
        get(&mut c, "HGETEX nothing EX 100 FIELDS 2 a x"),
        [None, None]
    );
}

#[test]
fn hsetex_sets_fields_with_times_on_conditions() {
    let server = Server::start();
    let mut c = server.client();
    assert_eq!(ask::<i64>(&mut c, "HSETEX h FXX EX 10 FIELDS 1 a 1"), 0);
    assert_eq!(ask::<i64>(&mut c, "EXISTS h"), 0);
    assert_eq!(
        ask::<i64>(&mut c, "HSETEX h FNX EX 100 FIELDS 2 a 1 b 2"),
        1
    );
    assert_eq!(ints(&mut c, "HTTL h FIELDS 2 a b"), [100, 100]);
    assert_eq!(ask::<i64>(&mut c, "HSETEX h FNX FIELDS 2 b 9 c 9"), 0);
    assert_eq!(ask::<i64>(&mut c, "HSETEX h FXX FIELDS 2 b 9 c 9"), 0);
    assert_eq!(ask::<i64>(&mut c, "HSETEX h FXX KEEPTTL FIELDS 1 a 5"), 1);
    assert_eq!(ask::<i64>(&mut c, "HSETEX h FIELDS 1 b 6"), 1);
    assert_eq!(ints(&mut c, "HTTL h FIELDS 2 a b"), [100, -1]);
    assert_eq!(ask::<Vec<String>>(&mut c, "HVALS h"), ["5", "6"]);
    assert_eq!(ask::<i64>(&mut c, "HSETEX h NX FIELDS 1 c 7"), 0);
    assert_eq!(ask::<i64>(&mut c, "HSETEX g XX FIELDS 1 c 7"), 0);
    assert_eq!(ask::<i64>(&mut c, "HSETEX g NX FNX FIELDS 1 c 7"), 1);
    assert_eq!(ask::<i64>(&mut c, "HSETEX g XX FXX FIELDS 1 c 7"), 1);
    assert_eq!(ask::<i64>(&mut c, "HSETEX h PXAT 1 FIELDS 2 a 1 b 1"), 1);
    assert_eq!(
        ask::<i64>(&mut c, "EXISTS h"),
        0,
        "a time in the past deletes"
    );
}

#[test]
fn hgetdel_reads_and_deletes() {
    let server = Server::start();
    let mut c = server.client();
    let () = ask(&mut c, "HSET h a 1 b 2");
    let values: Vec<Option<String>> = ask(&mut c, "HGETDEL h FIELDS 3 a x a");
    assert_eq!(values, [Some("1".to_string()), None, None]);
    let values: Vec<Option<String>> = ask(&mut c, "HGETDEL h FIELDS 1 b");
    assert_eq!(values, [Some("2".to_string())]);
    assert_eq!(ask::<i64>(&mut c, "EXISTS h"), 0);
}

#[test]
fn the_encoding_is_listpackex_once_a_small_hash_has_times() {
    let server = Server::start();
    let mut c = server.client();
    let encoding = |c: &mut _, key: &str| ask::<String>(c, &format!("OBJECT ENCODING {key}"));
    let () = ask(&mut c, "HSET h a 1");
    assert_eq!(encoding(&mut c, "h"), "listpack");
    let () = ask(&mut c, "HEXPIRE h 100 FIELDS 1 a");
    assert_eq!(encoding(&mut c, "h"), "listpackex");
    let () = ask(&mut c, "HPERSIST h FIELDS 1 a");
    assert_eq!(encoding(&mut c, "h"), "listpackex");
    let () = ask(&mut c, &format!("HSET h b {}", "v".repeat(65)));
    assert_eq!(encoding(&mut c, "h"), "hashtable");
    let () = ask(&mut c, "HSETEX h2 EX 100 FIELDS 1 a 1");
    assert_eq!(encoding(&mut c, "h2"), "listpackex");
}

#[test]
fn field_times_and_counts_are_checked_in_redis_order() {
    let server = Server::start();
    let mut c = server.client();
    let () = ask(&mut c, "HSET h a 1");
    let no_integer = "ERR value is not an integer or out of range";
    let no_fields = "ERR Mandatory argument FIELDS is missing or not at the right position";
    let differs = "ERR The `numfields` parameter must match the number of arguments";
    let positive = "ERR Number of fields must be a positive integer";
    let negative = "ERR invalid expire time, must be >= 0";
    let two_times = "ERR Only one of EX, PX, EXAT, PXAT or KEEPTTL arguments can be specified";
    let two_conditions = "ERR Only one of FXX or FNX arguments can be specified";
    let arity = "ERR wrong number of arguments for 'hsetex' command";
    all_fail(
        &mut c,
        &[
            ("HEXPIRE h x NOFIELDS 1 a", no_integer),
            ("HEXPIRE h -1 NOFIELDS 1 a", negative),
            (
                "HEXPIRE h 99999999999999 FIELDS 1 a",
                "ERR invalid expire time in 'hexpire' command",
            ),
            (
                "HPEXPIREAT h 70368744177664 FIELDS 1 a",
                "ERR invalid expire time in 'hpexpireat' command",
            ),
            ("HEXPIRE h 1 NOFIELDS 1 a", no_fields),
            ("HEXPIRE h 1 NX GT FIELDS 1 a", no_fields),
            (
                "HEXPIRE h 1 FIELDS 0 a",
                "ERR Parameter `numFields` should be greater than 0",
            ),
            ("HEXPIRE h 1 FIELDS 2 a", differs),
            ("HTTL h a 1 a", no_fields),
            ("HTTL h FIELDS x a", positive),
            ("HPERSIST h FIELDS 0 a", positive),
            ("HPERSIST h FIELDS 1 a b", differs),
            ("HGETDEL h FIELDS 2 a", differs),
            ("HGETEX h EX x FIELDS 1 a", no_integer),
            ("HGETEX h EX 1 PX FIELDS 1 a", no_fields),
            ("HGETEX h FIELDS 0 a", positive),
            ("HSETEX h EX 1 PX 1 FIELDS 1 a 1", two_times),
            ("HSETEX h KEEPTTL EX 1 FIELDS 1 a 1", two_times),
            ("HSETEX h FNX FXX FIELDS 1 a 1", two_conditions),
            ("HSETEX h FOO FIELDS 1 a 1", "ERR unknown argument: FOO"),
            ("HSETEX h FIELDS 0 a 1", "ERR invalid number of fields"),
            ("HSETEX h FIELDS 2 a 1", arity),
            ("HSETEX h EX 1 KEEPTTL a", two_times),
            (
                "HSETEX h FNX KEEPTTL EX",
                "ERR wrong number of arguments for 'hsetex' command",
            ),
        ],
    );
    assert_eq!(ask::<i64>(&mut c, "HGET h a"), 1);
    assert_eq!(
        fails(&mut c, "HTTL h FIELDS 1"),
        "ERR wrong number of arguments for 'httl' command"
    );
}
