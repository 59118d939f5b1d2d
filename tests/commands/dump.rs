//! DUMP and RESTORE.
//! Invariants: a value comes back as it was; a payload that is refused writes nothing. Must not
//! know: the serialised form. Tests: this file; `tests/compat/dump.rs` exchanges payloads with a
//! real Redis, and `src/rdb/tests` holds the form itself.

use crate::harness::ask::fails;
use crate::harness::{Server, ask, wire};
use redis::Connection;

const BUSY: &str = "BUSYKEY Target key name already exists.";
const FOOTER: &str = "ERR DUMP payload version or checksum are wrong";

fn dump(c: &mut Connection, key: &str) -> Vec<u8> {
    redis::cmd("DUMP").arg(key).query(c).expect("DUMP")
}

/// The reply of RESTORE as it stands on the wire.
fn restore(server: &Server, key: &str, ttl: &str, payload: &[u8], options: &str) -> String {
    let mut words: Vec<Vec<u8>> = wire::words(&format!("RESTORE {key} {ttl}"));
    words.push(payload.to_vec());
    words.extend(wire::words(options));
    let reply = server.raw().command(&words);
    let reply = String::from_utf8_lossy(&reply);
    reply.trim_end().trim_start_matches(['+', '-']).to_string()
}

#[test]
fn dump_and_restore_keep_values_of_every_type() {
    let server = Server::start();
    let mut c = server.client();
    let values = [
        ("SET k 12", "GET k2", "int"),
        ("SETRANGE k 20000 x", "GET k2", "raw"),
        ("RPUSH k a b 1", "LRANGE k2 0 -1", "listpack"),
        ("SADD k 1 2 3", "SMEMBERS k2", "intset"),
        ("HSET k a 1 b 2", "HGETALL k2", "listpack"),
    ];
    for (write, read, encoding) in values {
        let _: i32 = ask(&mut c, "DEL k k2");
        let _: redis::Value = ask(&mut c, write);
        let payload = dump(&mut c, "k");
        assert_eq!(restore(&server, "k2", "0", &payload, ""), "OK", "{write}");
        let before: redis::Value = ask(&mut c, &read.replace("k2", "k"));
        let after: redis::Value = ask(&mut c, read);
        assert_eq!(before, after, "{write}");
        assert_eq!(ask::<String>(&mut c, "OBJECT ENCODING k2"), encoding);
    }
    assert_eq!(ask::<Option<Vec<u8>>>(&mut c, "DUMP missing"), None);
}

#[test]
fn restore_brings_large_values_back() {
    let server = Server::builder().set("enable-debug-command", "yes").start();
    let mut c = server.client();
    for round in 0..60 {
        let mut push = redis::cmd("RPUSH");
        push.arg("l");
        let mut set = redis::cmd("HSET");
        set.arg("h");
        for n in 0..2000 {
            push.arg(format!("element {round} {n} {}", "x".repeat(200)));
            set.arg(format!("field {round} {n}")).arg("y".repeat(200));
        }
        let _: i64 = push.query(&mut c).expect("RPUSH");
        let _: i64 = set.query(&mut c).expect("HSET");
    }
    let digest: Vec<String> = ask(&mut c, "DEBUG DIGEST-VALUE l h");
    for key in ["l", "h"] {
        let payload = dump(&mut c, key);
        assert_eq!(restore(&server, key, "0", &payload, "REPLACE"), "OK");
    }
    assert_eq!(ask::<i64>(&mut c, "LLEN l"), 120_000);
    assert_eq!(ask::<i64>(&mut c, "HLEN h"), 120_000);
    assert_eq!(ask::<Vec<String>>(&mut c, "DEBUG DIGEST-VALUE l h"), digest);
}

#[test]
fn restore_with_a_time_beyond_all_numbers_leaves_no_key() {
    let server = Server::start();
    let mut c = server.client();
    let _: String = ask(&mut c, "SET k v");
    let payload = dump(&mut c, "k");
    let (longest, absolute) = ("9223372036854775807", "REPLACE ABSTTL");
    assert_eq!(restore(&server, "k", longest, &payload, absolute), "OK");
    assert_eq!(ask::<i32>(&mut c, "EXISTS k"), 1);
    assert_eq!(restore(&server, "k", longest, &payload, "REPLACE"), "OK");
    assert_eq!(ask::<i32>(&mut c, "EXISTS k"), 0);
}

#[test]
fn restore_keeps_the_times_of_fields() {
    let server = Server::start();
    let mut c = server.client();
    let _: i32 = ask(&mut c, "HSET h stays 1 goes 2");
    let _: Vec<i32> = ask(&mut c, "HEXPIREAT h 33000000000 FIELDS 1 goes");
    let payload = dump(&mut c, "h");
    assert_eq!(restore(&server, "h", "0", &payload, "REPLACE"), "OK");
    let times: Vec<i64> = ask(&mut c, "HEXPIRETIME h FIELDS 2 stays goes");
    assert_eq!(times, [-1, 33_000_000_000]);
    assert_eq!(ask::<String>(&mut c, "OBJECT ENCODING h"), "listpackex");
}

#[test]
fn restore_sets_times_and_usage() {
    let server = Server::start();
    let mut c = server.client();
    let () = ask(&mut c, "SET k v");
    let payload = dump(&mut c, "k");
    assert_eq!(restore(&server, "k", "0", &payload, ""), BUSY);
    assert_eq!(restore(&server, "k", "100000", &payload, "REPLACE"), "OK");
    let ttl: i64 = ask(&mut c, "PTTL k");
    assert!((90_000..=100_000).contains(&ttl), "{ttl}");
    assert_eq!(
        restore(&server, "k", "33000000000000", &payload, "replace absttl"),
        "OK"
    );
    assert_eq!(ask::<i64>(&mut c, "PEXPIRETIME k"), 33_000_000_000_000);
    assert_eq!(restore(&server, "k", "1", &payload, "REPLACE ABSTTL"), "OK");
    assert_eq!(ask::<i32>(&mut c, "EXISTS k"), 0);
    assert_eq!(restore(&server, "k", "0", &payload, "IDLETIME 1000"), "OK");
    let idle: i64 = ask(&mut c, "OBJECT IDLETIME k");
    assert!((1000..=1010).contains(&idle), "{idle}");
    let () = ask(&mut c, "CONFIG SET maxmemory-policy allkeys-lfu");
    assert_eq!(restore(&server, "f", "0", &payload, "FREQ 100"), "OK");
    assert_eq!(ask::<i64>(&mut c, "OBJECT FREQ f"), 100);
}

#[test]
fn restore_refuses_what_redis_refuses() {
    let server = Server::start();
    let mut c = server.client();
    let _: i32 = ask(&mut c, "RPUSH k a b c");
    let payload = dump(&mut c, "k");
    let cases = [
        ("-1", "", "ERR Invalid TTL value, must be >= 0"),
        ("x", "", "ERR value is not an integer or out of range"),
        (
            "0",
            "IDLETIME -1",
            "ERR Invalid IDLETIME value, must be >= 0",
        ),
        (
            "0",
            "FREQ 256",
            "ERR Invalid FREQ value, must be >= 0 and <= 255",
        ),
        (
            "0",
            "FREQ -1",
            "ERR Invalid FREQ value, must be >= 0 and <= 255",
        ),
        ("0", "FREQ 1 IDLETIME 1", "ERR syntax error"),
        ("0", "IDLETIME 1 FREQ 1", "ERR syntax error"),
        ("0", "IDLETIME", "ERR syntax error"),
        ("0", "FROB", "ERR syntax error"),
    ];
    for (ttl, options, error) in cases {
        assert_eq!(
            restore(&server, "n", ttl, &payload, options),
            error,
            "{ttl} {options}"
        );
    }
    for at in 0..payload.len() {
        let mut damaged = payload.clone();
        damaged[at] ^= 0x40;
        assert_eq!(
            restore(&server, "n", "0", &damaged, ""),
            FOOTER,
            "byte {at}"
        );
    }
    assert_eq!(restore(&server, "n", "0", &payload[..5], ""), FOOTER);
    assert_eq!(fails(&mut c, "RESTORE n 0 \"\""), FOOTER);
    // A list of three elements that ends after one, with a right checksum.
    let short = b"\x01\x03\x01a\x0a\x00";
    let sum = crc64(short).to_le_bytes();
    let short = [&short[..], &sum].concat();
    assert_eq!(
        restore(&server, "n", "0", &short, ""),
        "ERR Bad data format"
    );
    assert_eq!(ask::<i32>(&mut c, "EXISTS n"), 0);
    assert_eq!(ask::<i32>(&mut c, "LLEN k"), 3);
}

/// The checksum of payloads, bit by bit.
fn crc64(bytes: &[u8]) -> u64 {
    bytes.iter().fold(0, |crc, byte| {
        (0..8).fold(crc ^ u64::from(*byte), |crc, _| match crc & 1 {
            1 => (crc >> 1) ^ 0x95ac_9329_ac4b_c9b5,
            _ => crc >> 1,
        })
    })
}
