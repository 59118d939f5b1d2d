//! Times to live of hash fields: HEXPIRE and its relatives, HGETEX, HSETEX, HGETDEL.
//! Invariants: expectations are Redis 8's, derived by hand from its documented behaviour, since no
//! Redis 7 can be asked. Must not know: how field expiry is indexed. Tests: this file.

use crate::harness::ask::all_fail;
use crate::harness::server::skip_on_stand_in;
use crate::harness::{Server, ask, eventually};
use redis::Connection;

const WRONG_TYPE: &str = "WRONGTYPE Operation against a key holding the wrong kind of value";
const NOT_INTEGER: &str = "ERR value is not an integer or out of range";
const NO_FIELDS_WORD: &str =
    "ERR Mandatory argument FIELDS is missing or not at the right position";
const MISMATCH: &str = "ERR The `numfields` parameter must match the number of arguments";
const POSITIVE: &str = "ERR Number of fields must be a positive integer";
const NEGATIVE_TIME: &str = "ERR invalid expire time, must be >= 0";

/// A moment far away, in seconds since 1970.
const FAR: i64 = 33_177_117_420;

/// A fresh server for commands that a Redis 7 in Ferrock's place lacks; small hashes and, in the
/// second run, large ones, whose fields stand in rows of their own.
fn with_small_and_large_hash(test: impl Fn(&mut Connection)) {
    if skip_on_stand_in("lacks field expiry") {
        return;
    }
    for padding in [0, 600] {
        let server = Server::start();
        let mut c = server.client();
        let () = ask(&mut c, "HSET h a 1 b 2 c 3");
        for number in 0..padding {
            let () = ask(&mut c, &format!("HSET h padding{number} xxxxxxxxxxxxxxxx"));
        }
        test(&mut c);
    }
}

fn numbers(c: &mut Connection, line: &str) -> Vec<i64> {
    ask(c, line)
}

fn values(c: &mut Connection, line: &str) -> Vec<Option<String>> {
    ask(c, line)
}

fn some(values: &[&str]) -> Vec<Option<String>> {
    values.iter().map(|value| Some(value.to_string())).collect()
}

#[test]
fn hexpire_hpexpire_hexpireat_hpexpireat_answer_per_field() {
    with_small_and_large_hash(|c| {
        assert_eq!(numbers(c, "HEXPIRE h 1000 FIELDS 2 a missing"), [1, -2]);
        assert_eq!(numbers(c, "HPEXPIRE h 1000000 FIELDS 1 b"), [1]);
        assert_eq!(numbers(c, &format!("HEXPIREAT h {FAR} FIELDS 1 c")), [1]);
        assert_eq!(
            numbers(c, &format!("HPEXPIREAT h {FAR}000 FIELDS 1 c")),
            [1]
        );
        // A time that has come deletes at once.
        assert_eq!(numbers(c, "HEXPIRE h 0 FIELDS 1 a"), [2]);
        assert_eq!(numbers(c, "HPEXPIREAT h 1 FIELDS 2 b b"), [2, -2]);
        assert_eq!(ask::<Vec<i64>>(c, "HMGET h c"), [3]);
        assert_eq!(ask::<i64>(c, "HEXISTS h a"), 0);
        // A missing key has no field.
        assert_eq!(numbers(c, "HEXPIRE missing 10 FIELDS 2 a b"), [-2, -2]);
        assert_eq!(ask::<i64>(c, "EXISTS missing"), 0);
    });
}

#[test]
fn hexpire_conditions_compare_with_the_present_time() {
    with_small_and_large_hash(|c| {
        // (arguments, reply, seconds to live afterwards)
        let steps = [
            ("100 XX", 0, -1),
            ("100 GT", 0, -1),
            ("300 LT", 1, 300),
            ("200 NX", 0, 300),
            ("200 GT", 0, 300),
            ("400 GT", 1, 400),
            ("500 LT", 0, 400),
            ("350 lt", 1, 350),
            ("250 XX", 1, 250),
        ];
        for (arguments, reply, left) in steps {
            let line = format!("HEXPIRE h {arguments} FIELDS 1 a");
            assert_eq!(numbers(c, &line), [reply], "{arguments}");
            let ttl = numbers(c, "HTTL h FIELDS 1 a")[0];
            let near = left > 0 && (left - 5..=left).contains(&ttl);
            assert!(ttl == left || near, "{arguments}: {ttl}");
        }
        // The condition is looked at before the time is seen to be past.
        assert_eq!(
            numbers(c, "HEXPIREAT h 1 NX FIELDS 4 a b c x"),
            [0, 2, 2, -2]
        );
    });
}

#[test]
fn httl_hpttl_hexpiretime_hpexpiretime_tell_times() {
    with_small_and_large_hash(|c| {
        assert_eq!(numbers(c, &format!("HEXPIREAT h {FAR} FIELDS 1 a")), [1]);
        assert_eq!(numbers(c, "HPEXPIREAT h 33177117420501 FIELDS 1 b"), [1]);
        let seconds = numbers(c, "HEXPIRETIME h FIELDS 4 a b c x");
        assert_eq!(seconds, [FAR, FAR + 1, -1, -2]);
        let millis = numbers(c, "HPEXPIRETIME h FIELDS 4 a b c x");
        assert_eq!(millis, [FAR * 1000, 33_177_117_420_501, -1, -2]);
        assert_eq!(numbers(c, "HEXPIRE h 1000 FIELDS 1 a"), [1]);
        assert!((995..=1000).contains(&numbers(c, "HTTL h FIELDS 1 a")[0]));
        assert!((995_000..=1_000_000).contains(&numbers(c, "HPTTL h FIELDS 1 a")[0]));
        for name in ["HTTL", "HPTTL", "HEXPIRETIME", "HPEXPIRETIME", "HPERSIST"] {
            assert_eq!(
                numbers(c, &format!("{name} missing FIELDS 2 a b")),
                [-2, -2]
            );
        }
    });
}

#[test]
fn hpersist_takes_times_away() {
    with_small_and_large_hash(|c| {
        assert_eq!(numbers(c, "HEXPIRE h 1000 FIELDS 1 a"), [1]);
        assert_eq!(numbers(c, "HPERSIST h FIELDS 3 a b x"), [1, -1, -2]);
        assert_eq!(numbers(c, "HTTL h FIELDS 2 a b"), [-1, -1]);
    });
}

#[test]
fn options_may_stand_behind_the_fields() {
    with_small_and_large_hash(|c| {
        assert_eq!(numbers(c, "HEXPIRE h 1000 FIELDS 2 a b NX"), [1, 1]);
        assert_eq!(numbers(c, "HEXPIRE h 2000 FIELDS 2 a c XX"), [1, 0]);
        assert_eq!(numbers(c, "HTTL h FIELDS 1 c"), [-1]);
        assert_eq!(
            values(c, "HGETEX h FIELDS 2 a b PERSIST"),
            some(&["1", "2"])
        );
        assert_eq!(numbers(c, "HTTL h FIELDS 2 a b"), [-1, -1]);
        assert_eq!(values(c, "HGETEX h FIELDS 1 a EX 1000"), some(&["1"]));
        assert!(numbers(c, "HTTL h FIELDS 1 a")[0] > 900);
        assert_eq!(ask::<i64>(c, "HSETEX h FIELDS 1 a 7 KEEPTTL FXX"), 1);
        assert_eq!(ask::<i64>(c, "HSETEX h FNX FIELDS 1 a 8 EX 10"), 0);
        assert_eq!(values(c, "HGETEX h FIELDS 1 a"), some(&["7"]));
        assert!(numbers(c, "HTTL h FIELDS 1 a")[0] > 900);
        all_fail(
            c,
            &[
                ("HEXPIRE h 10 NX FIELDS 1 a NX", MISMATCH),
                ("HGETEX h EX 10 FIELDS 1 a PERSIST", MISMATCH),
                ("HGETDEL h FIELDS 1 a NX", MISMATCH),
                (
                    "HSETEX h FIELDS 1 a 7 FIELDS 1 b 7",
                    "ERR wrong number of arguments for 'hsetex' command",
                ),
            ],
        );
    });
}

#[test]
fn hexpire_hpersist_httl_refuse_what_redis_refuses() {
    with_small_and_large_hash(|c| {
        let () = ask(c, "SET s v");
        all_fail(
            c,
            &[
                (
                    "HEXPIRE h",
                    "ERR wrong number of arguments for 'hexpire' command",
                ),
                (
                    "HEXPIRE h 10 FIELDS 1",
                    "ERR wrong number of arguments for 'hexpire' command",
                ),
                (
                    "HTTL h FIELDS 1",
                    "ERR wrong number of arguments for 'httl' command",
                ),
                ("HEXPIRE h x FIELDS 1 a", NOT_INTEGER),
                ("HEXPIRE h -1 FIELDS 1 a", NEGATIVE_TIME),
                ("HPEXPIREAT h -1 FIELDS 1 a", NEGATIVE_TIME),
                (
                    "HEXPIRE h 9223372036854775807 FIELDS 1 a",
                    "ERR invalid expire time in 'hexpire' command",
                ),
                (
                    "HPEXPIRE h 9223372036854775807 FIELDS 1 a",
                    "ERR invalid expire time in 'hpexpire' command",
                ),
                ("HEXPIRE h 10 FELDER 1 a", NO_FIELDS_WORD),
                ("HEXPIRE h 10 NX XX FIELDS 1 a", NO_FIELDS_WORD),
                (
                    "HEXPIRE h 10 FIELDS 0 a",
                    "ERR Parameter `numFields` should be greater than 0",
                ),
                ("HEXPIRE h 10 FIELDS 2 a", MISMATCH),
                ("HEXPIRE h 10 FIELDS 1 a b", MISMATCH),
                ("HTTL h FELDER 1 a", NO_FIELDS_WORD),
                ("HTTL h FIELDS 0 a", POSITIVE),
                ("HTTL h FIELDS x a", POSITIVE),
                ("HTTL h FIELDS 2 a", MISMATCH),
                ("HPERSIST h FIELDS 2 a", MISMATCH),
                ("HEXPIRE s 10 FIELDS 1 a", WRONG_TYPE),
                ("HTTL s FIELDS 1 a", WRONG_TYPE),
                ("HPERSIST s FIELDS 1 a", WRONG_TYPE),
                ("HGETEX s FIELDS 1 a", WRONG_TYPE),
                ("HSETEX s FIELDS 1 a b", WRONG_TYPE),
                ("HGETDEL s FIELDS 1 a", WRONG_TYPE),
            ],
        );
        assert_eq!(numbers(c, "HTTL h FIELDS 3 a b c"), [-1, -1, -1]);
    });
}

#[test]
fn hgetex_reads_and_sets_times() {
    with_small_and_large_hash(|c| {
        assert_eq!(values(c, "HGETEX h FIELDS 2 a x"), [Some("1".into()), None]);
        assert_eq!(numbers(c, "HTTL h FIELDS 1 a"), [-1]);
        assert_eq!(
            values(c, "HGETEX h EX 1000 FIELDS 2 a b"),
            some(&["1", "2"])
        );
        assert!(
            numbers(c, "HTTL h FIELDS 2 a b")
                .iter()
                .all(|ttl| *ttl > 900)
        );
        assert_eq!(values(c, "HGETEX h PERSIST FIELDS 1 a"), some(&["1"]));
        assert_eq!(numbers(c, "HTTL h FIELDS 1 a"), [-1]);
        let () = ask(c, &format!("HGETEX h EXAT {FAR} FIELDS 1 a"));
        let () = ask(c, &format!("HGETEX h PXAT {FAR}001 FIELDS 1 b"));
        let times = numbers(c, "HPEXPIRETIME h FIELDS 2 a b");
        assert_eq!(times, [FAR * 1000, FAR * 1000 + 1]);
        // Past times delete, after the value was read.
        assert_eq!(values(c, "HGETEX h PX 0 FIELDS 1 a"), some(&["1"]));
        assert_eq!(ask::<i64>(c, "HEXISTS h a"), 0);
        assert_eq!(values(c, "HGETEX missing EX 10 FIELDS 1 a"), [None]);
        all_fail(
            c,
            &[
                ("HGETEX h EX 10 a b c", NO_FIELDS_WORD),
                ("HGETEX h PERSIST EX 10 FIELDS 1 a", NO_FIELDS_WORD),
                ("HGETEX h EX x FIELDS 1 a", NOT_INTEGER),
                ("HGETEX h EX -1 FIELDS 1 a", NEGATIVE_TIME),
                ("HGETEX h FIELDS 0 a", POSITIVE),
                ("HGETEX h FIELDS 2 a", MISMATCH),
            ],
        );
    });
}

#[test]
fn hsetex_sets_fields_with_times_and_conditions() {
    with_small_and_large_hash(|c| {
        assert_eq!(ask::<i64>(c, "HSETEX h EX 1000 FIELDS 2 a 5 d 6"), 1);
        assert_eq!(values(c, "HMGET h a d"), some(&["5", "6"]));
        assert!(
            numbers(c, "HTTL h FIELDS 2 a d")
                .iter()
                .all(|ttl| *ttl > 900)
        );
        assert_eq!(ask::<i64>(c, "HSETEX h KEEPTTL FIELDS 1 a 7"), 1);
        assert!(numbers(c, "HTTL h FIELDS 1 a")[0] > 900);
        // Without KEEPTTL the time goes with the old value.
        assert_eq!(ask::<i64>(c, "HSETEX h FIELDS 1 a 8"), 1);
        assert_eq!(numbers(c, "HTTL h FIELDS 1 a"), [-1]);
        // All or none.
        assert_eq!(ask::<i64>(c, "HSETEX h FNX FIELDS 2 a 9 new 9"), 0);
        assert_eq!(ask::<i64>(c, "HSETEX h FXX FIELDS 2 a 9 new 9"), 0);
        assert_eq!(values(c, "HMGET h a new"), [Some("8".into()), None]);
        assert_eq!(ask::<i64>(c, "HSETEX h FXX FIELDS 2 a 9 b 9"), 1);
        assert_eq!(ask::<i64>(c, "HSETEX h FNX PX 1000000 FIELDS 1 new 9"), 1);
        assert_eq!(ask::<i64>(c, "HSETEX missing FXX FIELDS 1 a 1"), 0);
        assert_eq!(ask::<i64>(c, "EXISTS missing"), 0);
        assert_eq!(ask::<i64>(c, "HSETEX fresh PXAT 1 FIELDS 1 a 1"), 1);
        assert_eq!(ask::<i64>(c, "EXISTS fresh"), 0);
    });
}

#[test]
fn hsetex_refuses_what_redis_refuses() {
    with_small_and_large_hash(|c| {
        let arity = "ERR wrong number of arguments for 'hsetex' command";
        let one_time = "ERR Only one of EX, PX, EXAT, PXAT or KEEPTTL arguments can be specified";
        all_fail(
            c,
            &[
                ("HSETEX h FIELDS 1 a", arity),
                ("HSETEX h FIELDS 2 a 1", arity),
                ("HSETEX h FIELDS 1 a 1 b", arity),
                ("HSETEX h FIELDS 0 a 1", "ERR invalid number of fields"),
                ("HSETEX h EX 10 PX 10 FIELDS 1 a 1", one_time),
                ("HSETEX h EX 10 KEEPTTL FIELDS 1 a 1", one_time),
                (
                    "HSETEX h FNX FXX FIELDS 1 a 1",
                    "ERR Only one of FXX or FNX arguments can be specified",
                ),
                ("HSETEX h EX x FIELDS 1 a 1", NOT_INTEGER),
                ("HSETEX h EX -1 FIELDS 1 a 1", NEGATIVE_TIME),
            ],
        );
        assert_eq!(values(c, "HMGET h a b"), some(&["1", "2"]));
    });
}

#[test]
fn hgetdel_reads_and_deletes() {
    with_small_and_large_hash(|c| {
        assert_eq!(
            values(c, "HGETDEL h FIELDS 2 a x"),
            [Some("1".into()), None]
        );
        assert_eq!(
            values(c, "HGETDEL h FIELDS 2 a b"),
            [None, Some("2".into())]
        );
        assert_eq!(values(c, "HGETDEL missing FIELDS 1 a"), [None]);
        let () = ask(c, "HSET last a 1");
        assert_eq!(
            values(c, "HGETDEL last FIELDS 2 a a"),
            [Some("1".into()), None]
        );
        assert_eq!(ask::<i64>(c, "EXISTS last"), 0);
        all_fail(
            c,
            &[
                ("HGETDEL h FELDER 1 a", NO_FIELDS_WORD),
                ("HGETDEL h FIELDS 0 a", POSITIVE),
                ("HGETDEL h FIELDS 2 a", MISMATCH),
                ("HGETDEL h FIELDS 1 a b", MISMATCH),
            ],
        );
    });
}

#[test]
fn hpexpire_fields_go_at_their_time_and_the_key_with_the_last() {
    with_small_and_large_hash(|c| {
        assert_eq!(numbers(c, "HPEXPIRE h 20 FIELDS 2 a b"), [1, 1]);
        eventually("two fields go", || {
            numbers(c, "HPTTL h FIELDS 2 a b") == [-2, -2]
        });
        assert_eq!(values(c, "HMGET h a b c"), [None, None, Some("3".into())]);
        assert_eq!(ask::<i64>(c, "HEXISTS h a"), 0);
        assert_eq!(ask::<i64>(c, "HSTRLEN h a"), 0);
        let keys: Vec<String> = ask(c, "HKEYS h");
        assert!(!keys.contains(&"a".to_string()) && keys.contains(&"c".to_string()));
        eventually("they are not counted any more", || {
            ask::<usize>(c, "HLEN h") == keys.len()
        });
        let () = ask(c, "HSET short a 1 b 2");
        assert_eq!(numbers(c, "HPEXPIRE short 20 FIELDS 2 a b"), [1, 1]);
        eventually("the key goes with its last field", || {
            ask::<i64>(c, "EXISTS short") == 0
        });
    });
}

#[test]
fn hexpire_times_stay_or_go_with_what_is_done_to_the_field() {
    with_small_and_large_hash(|c| {
        let expire = format!("HEXPIREAT h {FAR} FIELDS 3 a b c");
        assert_eq!(numbers(c, &expire), [1, 1, 1]);
        // A new value has no time; a changed number keeps it.
        let () = ask(c, "HSET h a 5");
        let () = ask(c, "HINCRBY h b 1");
        let () = ask(c, "HINCRBYFLOAT h c 0.5");
        assert_eq!(numbers(c, "HEXPIRETIME h FIELDS 3 a b c"), [-1, FAR, FAR]);
        // The whole value keeps the times of its fields.
        assert_eq!(ask::<i64>(c, "COPY h copy"), 1);
        let () = ask(c, "RENAME h renamed");
        for key in ["copy", "renamed"] {
            let line = format!("HEXPIRETIME {key} FIELDS 3 a b c");
            assert_eq!(numbers(c, &line), [-1, FAR, FAR], "{key}");
        }
        let () = ask(c, "HDEL copy b");
        let () = ask(c, "HSET copy b 1");
        assert_eq!(numbers(c, "HTTL copy FIELDS 1 b"), [-1]);
    });
}

#[test]
fn commands_that_write_take_the_expired_fields_away_that_they_meet() {
    if skip_on_stand_in("lacks field expiry") {
        return;
    }
    let server = Server::builder().set("enable-debug-command", "yes").start();
    let mut c = server.client();
    let () = ask(&mut c, "DEBUG SET-ACTIVE-EXPIRE 0");
    let two_nils = [None, None];
    for (line, expected) in [
        ("HGETDEL h FIELDS 2 a b", two_nils.clone()),
        ("HGETEX h FIELDS 2 a b", two_nils.clone()),
        ("HGETEX h EX 100 FIELDS 2 a b", two_nils.clone()),
        ("HGETEX h PERSIST FIELDS 2 a b", two_nils.clone()),
    ] {
        let () = ask(&mut c, "HSETEX h PX 1 FIELDS 2 a 1 b 2");
        eventually("the fields are hidden", || {
            values(&mut c, "HMGET h a b") == two_nils
        });
        assert_eq!(ask::<i64>(&mut c, "HLEN h"), 2, "a read takes nothing away");
        assert_eq!(values(&mut c, line), expected, "{line}");
        assert_eq!(ask::<i64>(&mut c, "EXISTS h"), 0, "{line}");
    }
    let () = ask(&mut c, "HSETEX h PX 1 FIELDS 1 a 1");
    eventually("the field is hidden", || {
        ask::<i64>(&mut c, "HEXISTS h a") == 0
    });
    assert_eq!(ask::<i64>(&mut c, "HSETEX h FXX FIELDS 1 a 2"), 0);
    assert_eq!(ask::<i64>(&mut c, "EXISTS h"), 0);
    let () = ask(&mut c, "HSETEX h PX 1 FIELDS 1 a 1");
    let () = ask(&mut c, "HSET h b 2");
    eventually("the field is hidden", || {
        ask::<i64>(&mut c, "HEXISTS h a") == 0
    });
    assert_eq!(
        values(&mut c, "HGETDEL h FIELDS 2 a b"),
        [None, Some("2".to_string())]
    );
    assert_eq!(ask::<i64>(&mut c, "EXISTS h"), 0);
}
