//! HSET, HSETNX, HMSET, HGET, HMGET, HGETALL, HKEYS, HVALS, HLEN, HDEL, HEXISTS, HSTRLEN, HINCRBY,
//! HINCRBYFLOAT. Invariants: small hashes keep the order of insertion; the shape follows Redis's
//! thresholds at every write. Must not know: how hashes are kept. Tests: this file.

use crate::harness::ask::all_fail;
use crate::harness::{Server, ask, fails};

const WRONG_TYPE: &str = "WRONGTYPE Operation against a key holding the wrong kind of value";

#[test]
fn hset_and_hget_count_new_fields_and_replace_old_ones() {
    let server = Server::start();
    let mut c = server.client();
    assert_eq!(ask::<i64>(&mut c, "HSET h a 1 b 2 a 3"), 2);
    assert_eq!(ask::<i64>(&mut c, "HSET h a 4 c \"\""), 1);
    assert_eq!(ask::<String>(&mut c, "HGET h a"), "4");
    assert_eq!(ask::<String>(&mut c, "HGET h c"), "");
    assert_eq!(ask::<Option<String>>(&mut c, "HGET h d"), None);
    assert_eq!(ask::<Option<String>>(&mut c, "HGET nothing d"), None);
    assert_eq!(ask::<String>(&mut c, "TYPE h"), "hash");
    let arity = "ERR wrong number of arguments for 'hset' command";
    all_fail(&mut c, &[("HSET h a 1 b", arity), ("HSET h a", arity)]);
}

#[test]
fn hmset_answers_ok_and_hsetnx_sets_only_what_is_missing() {
    let server = Server::start();
    let mut c = server.client();
    assert_eq!(ask::<String>(&mut c, "HMSET h a 1 b 2"), "OK");
    assert_eq!(ask::<i64>(&mut c, "HSETNX h a 9"), 0);
    assert_eq!(ask::<i64>(&mut c, "HSETNX h c 9"), 1);
    assert_eq!(ask::<Vec<String>>(&mut c, "HVALS h"), ["1", "2", "9"]);
    assert_eq!(
        fails(&mut c, "HMSET h a 1 b"),
        "ERR wrong number of arguments for 'hmset' command"
    );
}

#[test]
fn hgetall_hkeys_hvals_hlen_keep_the_order_of_insertion() {
    let server = Server::start();
    let mut raw = server.raw();
    raw.expect("HSET h z 1 a 2 m 3", ":3");
    raw.expect("HSET h z 9", ":0");
    let pairs = "$1\r\nz\r\n$1\r\n9\r\n$1\r\na\r\n$1\r\n2\r\n$1\r\nm\r\n$1\r\n3";
    raw.expect("HGETALL h", &format!("*6\r\n{pairs}"));
    raw.expect("HKEYS h", "*3\r\n$1\r\nz\r\n$1\r\na\r\n$1\r\nm");
    raw.expect("HVALS h", "*3\r\n$1\r\n9\r\n$1\r\n2\r\n$1\r\n3");
    raw.expect("HLEN h", ":3");
    raw.expect("HGETALL nothing", "*0");
    raw.line("HELLO 3");
    raw.expect("HGETALL h", &format!("%3\r\n{pairs}"));
    raw.expect("HGETALL nothing", "%0");
    raw.expect("HKEYS nothing", "*0");
    raw.expect("HGET h nothing", "_");
}

#[test]
fn hmget_answers_nil_for_what_is_missing() {
    let server = Server::start();
    let mut c = server.client();
    let () = ask(&mut c, "HSET h a 1 b 2");
    let values: Vec<Option<String>> = ask(&mut c, "HMGET h b x a b");
    let expected = [Some("2"), None, Some("1"), Some("2")].map(|v| v.map(String::from));
    assert_eq!(values, expected);
    let values: Vec<Option<String>> = ask(&mut c, "HMGET nothing a b");
    assert_eq!(values, [None, None]);
}

#[test]
fn hdel_counts_fields_and_removes_the_emptied_hash() {
    let server = Server::start();
    let mut c = server.client();
    let () = ask(&mut c, "HSET h a 1 b 2 c 3");
    assert_eq!(ask::<i64>(&mut c, "HDEL h a x a"), 1);
    assert_eq!(ask::<i64>(&mut c, "HDEL h b c b"), 2);
    assert_eq!(ask::<i64>(&mut c, "EXISTS h"), 0);
    assert_eq!(ask::<i64>(&mut c, "HDEL h b"), 0);
}

#[test]
fn hexists_and_hstrlen_look_at_one_field() {
    let server = Server::start();
    let mut c = server.client();
    let () = ask(&mut c, "HSET h a 12345 b \"\"");
    assert_eq!(ask::<i64>(&mut c, "HEXISTS h b"), 1);
    assert_eq!(ask::<i64>(&mut c, "HEXISTS h c"), 0);
    assert_eq!(ask::<i64>(&mut c, "HSTRLEN h a"), 5);
    assert_eq!(ask::<i64>(&mut c, "HSTRLEN h b"), 0);
    assert_eq!(ask::<i64>(&mut c, "HSTRLEN h c"), 0);
}

#[test]
fn hincrby_adds_in_64_bits() {
    let server = Server::start();
    let mut c = server.client();
    assert_eq!(ask::<i64>(&mut c, "HINCRBY h n 5"), 5);
    assert_eq!(ask::<i64>(&mut c, "HINCRBY h n -7"), -2);
    let () = ask(&mut c, "HSET h text abc max 9223372036854775807 pad \" 1\"");
    let no_integer = "ERR hash value is not an integer";
    all_fail(
        &mut c,
        &[
            ("HINCRBY h text 1", no_integer),
            ("HINCRBY h pad 1", no_integer),
            (
                "HINCRBY h max 1",
                "ERR increment or decrement would overflow",
            ),
            (
                "HINCRBY h n 1.5",
                "ERR value is not an integer or out of range",
            ),
        ],
    );
    assert_eq!(ask::<i64>(&mut c, "HGET h max"), i64::MAX);
}

#[test]
fn hincrbyfloat_prints_as_redis_does() {
    let server = Server::start();
    let mut c = server.client();
    assert_eq!(ask::<String>(&mut c, "HINCRBYFLOAT h f 10.50"), "10.5");
    assert_eq!(ask::<String>(&mut c, "HINCRBYFLOAT h f 0.1"), "10.6");
    assert_eq!(ask::<String>(&mut c, "HINCRBYFLOAT h f -10.6"), "0");
    let () = ask(&mut c, "HSET h text abc inf inf");
    let infinite = "ERR increment would produce NaN or Infinity";
    all_fail(
        &mut c,
        &[
            ("HINCRBYFLOAT h text 1", "ERR hash value is not a float"),
            ("HINCRBYFLOAT h inf 1", infinite),
            ("HINCRBYFLOAT h f inf", "ERR value is NaN or Infinity"),
            ("HINCRBYFLOAT h f nan", "ERR value is not a valid float"),
            ("HINCRBYFLOAT h f x", "ERR value is not a valid float"),
        ],
    );
}

#[test]
fn other_types_are_refused_by_every_hash_command() {
    let server = Server::start();
    let mut c = server.client();
    let () = ask(&mut c, "SET s x");
    for line in [
        "HSET s a 1",
        "HMSET s a 1",
        "HSETNX s a 1",
        "HGET s a",
        "HMGET s a",
        "HGETALL s",
        "HKEYS s",
        "HVALS s",
        "HLEN s",
        "HDEL s a",
        "HEXISTS s a",
        "HSTRLEN s a",
        "HINCRBY s a 1",
        "HINCRBYFLOAT s a 1",
        "HRANDFIELD s",
        "HRANDFIELD s 2 WITHVALUES",
        "HSCAN s 0",
        "HEXPIRE s x",
        "HPERSIST s x",
    ] {
        let line = match line {
            "HEXPIRE s x" => "HEXPIRE s x NOFIELDS 1 a",
            "HPERSIST s x" => "HPERSIST s NOFIELDS 1 a",
            line => line,
        };
        assert_eq!(fails(&mut c, line), WRONG_TYPE, "{line}");
    }
}

#[test]
fn the_encoding_follows_the_thresholds_of_the_moment() {
    let server = Server::start();
    let mut c = server.client();
    let encoding = |c: &mut _, key: &str| ask::<String>(c, &format!("OBJECT ENCODING {key}"));
    let () = ask(&mut c, &format!("HSET a f {}", "v".repeat(64)));
    assert_eq!(encoding(&mut c, "a"), "listpack");
    let () = ask(&mut c, &format!("HSET a f {}", "v".repeat(65)));
    assert_eq!(encoding(&mut c, "a"), "hashtable");
    let () = ask(&mut c, "HSET a f v");
    assert_eq!(encoding(&mut c, "a"), "hashtable", "there is no way back");
    let () = ask(&mut c, "CONFIG SET hash-max-listpack-entries 3");
    let () = ask(&mut c, "HSET b f 1 g 2 h 3");
    assert_eq!(encoding(&mut c, "b"), "listpack");
    let () = ask(&mut c, "HINCRBY b i 4");
    assert_eq!(encoding(&mut c, "b"), "hashtable");
    let () = ask(&mut c, "CONFIG SET hash-max-listpack-value 5");
    let () = ask(&mut c, "HINCRBY c f 123456");
    assert_eq!(encoding(&mut c, "c"), "hashtable");
}

#[test]
fn a_large_hash_is_read_back_whole_after_a_restart() {
    let mut server = Server::start();
    let mut c = server.client();
    for n in 0..2000 {
        let value = "v".repeat(n % 700);
        let () = ask(&mut c, &format!("HSET h field:{n} \"{value}\""));
    }
    let () = ask(&mut c, "HDEL h field:7");
    server.restart();
    let mut c = server.client();
    assert_eq!(ask::<i64>(&mut c, "HLEN h"), 1999);
    assert_eq!(ask::<i64>(&mut c, "HSTRLEN h field:1399"), 699);
    let all: std::collections::HashMap<String, String> = ask(&mut c, "HGETALL h");
    assert_eq!(all.len(), 1999);
    assert!(all.iter().all(|(field, value)| {
        let n: usize = field["field:".len()..].parse().expect("a number");
        value.len() == n % 700
    }));
}

#[test]
fn a_field_longer_than_the_limit_is_refused() {
    let server = Server::start();
    let mut raw = server.raw();
    let long = vec![b'v'; 8 * 1024 * 1024];
    let reply = raw.command(&[b"HSET", &b"h"[..], b"f", &long]);
    assert_eq!(reply, b"-ERR element is longer than 8388608 bytes\r\n");
    let reply = raw.command(&[b"HSET", &b"h"[..], b"f", &long[1..]]);
    assert_eq!(reply, b":1\r\n");
    raw.expect("HSTRLEN h f", ":8388607");
}
