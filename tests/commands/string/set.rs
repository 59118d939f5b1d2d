//! SET with all its options, SETNX, SETEX, PSETEX, GET, GETSET, GETDEL, GETEX.
//! Invariants: times are compared with a tolerance, everything else exactly.
//! Must not know: how values are kept. Tests: this file.

use crate::harness::ask::all_fail;
use crate::harness::{Server, ask, eventually, fails};
use redis::{Commands, ExistenceCheck, SetExpiry, SetOptions};
use std::time::{SystemTime, UNIX_EPOCH};

fn unix_seconds() -> u64 {
    let now = SystemTime::now().duration_since(UNIX_EPOCH);
    now.expect("a clock after 1970").as_secs()
}

#[test]
fn set_and_get_round_trip_any_bytes() {
    let server = Server::start();
    let mut c = server.client();
    let every_byte: Vec<u8> = (0..=255).collect();
    for value in [
        &b""[..],
        b"a",
        b"\r\n",
        b"\0",
        &every_byte,
        &every_byte.repeat(200),
    ] {
        let () = c.set(value, value).expect("SET");
        let back: Vec<u8> = c.get(value).expect("GET");
        assert_eq!(back, value);
    }
    assert_eq!(ask::<Option<String>>(&mut c, "GET missing"), None);
}

#[test]
fn set_round_trips_values_of_every_size_class() {
    let server = Server::start();
    let mut c = server.client();
    let sizes = [
        1,
        44,
        45,
        1023,
        1024,
        4095,
        4096,
        4097,
        8192,
        16384,
        65536,
        1 << 20,
        5_000_001,
    ];
    for size in sizes {
        let value: Vec<u8> = (0..size).map(|at: usize| (at * 31 % 251) as u8).collect();
        let () = c.set("key", &value).expect("SET");
        let back: Vec<u8> = c.get("key").expect("GET");
        assert!(back == value, "a value of {size} bytes came back changed");
        assert_eq!(ask::<usize>(&mut c, "STRLEN key"), size);
    }
}

#[test]
fn set_existence_options_decide() {
    let server = Server::start();
    let mut c = server.client();
    assert_eq!(ask::<Option<String>>(&mut c, "SET k v XX"), None);
    assert_eq!(ask::<i32>(&mut c, "EXISTS k"), 0);
    assert_eq!(ask::<String>(&mut c, "SET k v NX"), "OK");
    assert_eq!(ask::<Option<String>>(&mut c, "SET k w NX"), None);
    assert_eq!(ask::<String>(&mut c, "GET k"), "v");
    assert_eq!(ask::<String>(&mut c, "set k w xx"), "OK");
    assert_eq!(ask::<String>(&mut c, "GET k"), "w");
}

#[test]
fn set_get_option_returns_the_old_value() {
    let server = Server::start();
    let mut c = server.client();
    assert_eq!(ask::<Option<String>>(&mut c, "SET k one GET"), None);
    assert_eq!(ask::<String>(&mut c, "SET k two GET"), "one");
    assert_eq!(ask::<String>(&mut c, "SET k three NX GET"), "two");
    assert_eq!(ask::<String>(&mut c, "GET k"), "two");
    assert_eq!(ask::<Option<String>>(&mut c, "SET new v XX GET"), None);
    assert_eq!(ask::<i32>(&mut c, "EXISTS new"), 0);
}

#[test]
fn set_expiry_options_set_and_keep_the_time() {
    let server = Server::start();
    let mut c = server.client();
    let options = SetOptions::default().with_expiration(SetExpiry::EX(100));
    let () = c.set_options("k", "v", options).expect("SET EX");
    assert!((99..=100).contains(&ask::<i64>(&mut c, "TTL k")));
    let options = SetOptions::default()
        .conditional_set(ExistenceCheck::XX)
        .with_expiration(SetExpiry::KEEPTTL);
    let () = c.set_options("k", "w", options).expect("SET KEEPTTL");
    assert!((99..=100).contains(&ask::<i64>(&mut c, "TTL k")));
    let () = ask(&mut c, "SET k plain");
    assert_eq!(ask::<i64>(&mut c, "TTL k"), -1);
    let () = ask(&mut c, "SET k v PX 100000");
    assert!((99_000..=100_000).contains(&ask::<i64>(&mut c, "PTTL k")));
    let at = unix_seconds() + 500;
    let () = ask(&mut c, &format!("SET k v EXAT {at}"));
    assert_eq!(ask::<u64>(&mut c, "EXPIRETIME k"), at);
    let () = ask(&mut c, &format!("SET k v PXAT {}", at * 1000 + 7));
    assert_eq!(ask::<u64>(&mut c, "PEXPIRETIME k"), at * 1000 + 7);
}

#[test]
fn set_with_a_time_in_the_past_leaves_nothing() {
    let server = Server::start();
    let mut c = server.client();
    assert_eq!(ask::<String>(&mut c, "SET k v EXAT 1"), "OK");
    assert_eq!(ask::<Option<String>>(&mut c, "GET k"), None);
    assert_eq!(ask::<String>(&mut c, "SET k v PXAT 1"), "OK");
    assert_eq!(ask::<i32>(&mut c, "EXISTS k"), 0);
}

#[test]
fn set_refuses_bad_options() {
    let server = Server::start();
    let mut c = server.client();
    let syntax = "ERR syntax error";
    let expire = "ERR invalid expire time in 'set' command";
    all_fail(
        &mut c,
        &[
            ("SET k", "ERR wrong number of arguments for 'set' command"),
            ("SET k v NX XX", syntax),
            ("SET k v EX", syntax),
            ("SET k v EX 10 PX 10", syntax),
            ("SET k v EX 10 KEEPTTL", syntax),
            ("SET k v KEEPTTL PXAT 10", syntax),
            ("SET k v BOGUS", syntax),
            ("SET k v EX 0", expire),
            ("SET k v EX -1", expire),
            ("SET k v PX 0", expire),
            ("SET k v EX 9223372036854775807", expire),
            ("SET k v PX 9223372036854775807", expire),
            (
                "SET k v EX ten",
                "ERR value is not an integer or out of range",
            ),
            (
                "SET k v EX 99999999999999999999",
                "ERR value is not an integer or out of range",
            ),
        ],
    );
    assert_eq!(ask::<i32>(&mut c, "EXISTS k"), 0);
}

#[test]
fn setnx_sets_only_what_is_missing() {
    let server = Server::start();
    let mut c = server.client();
    assert!(c.set_nx::<_, _, bool>("k", "one").expect("SETNX"));
    assert!(!c.set_nx::<_, _, bool>("k", "two").expect("SETNX"));
    assert_eq!(ask::<String>(&mut c, "GET k"), "one");
    let () = ask(&mut c, "SET gone v PXAT 1");
    assert_eq!(ask::<i32>(&mut c, "SETNX gone again"), 1);
}

#[test]
fn setex_and_psetex_set_value_and_time() {
    let server = Server::start();
    let mut c = server.client();
    assert_eq!(ask::<String>(&mut c, "SETEX k 100 v"), "OK");
    assert!((99..=100).contains(&ask::<i64>(&mut c, "TTL k")));
    assert_eq!(ask::<String>(&mut c, "PSETEX k 50000 w"), "OK");
    assert!((49_000..=50_000).contains(&ask::<i64>(&mut c, "PTTL k")));
    assert_eq!(ask::<String>(&mut c, "GET k"), "w");
    all_fail(
        &mut c,
        &[
            ("SETEX k 0 v", "ERR invalid expire time in 'setex' command"),
            ("SETEX k -1 v", "ERR invalid expire time in 'setex' command"),
            (
                "PSETEX k 0 v",
                "ERR invalid expire time in 'psetex' command",
            ),
            ("SETEX k x v", "ERR value is not an integer or out of range"),
            (
                "SETEX k 1",
                "ERR wrong number of arguments for 'setex' command",
            ),
        ],
    );
}

#[test]
fn psetex_value_disappears_on_time() {
    let server = Server::start();
    let mut c = server.client();
    let () = ask(&mut c, "PSETEX k 30 v");
    eventually("the key expires", || {
        ask::<Option<String>>(&mut c, "GET k").is_none()
    });
    assert_eq!(ask::<i64>(&mut c, "TTL k"), -2);
    eventually("the sweeper removes it", || {
        ask::<i64>(&mut c, "DBSIZE") == 0
    });
}

#[test]
fn getset_swaps_and_drops_the_time() {
    let server = Server::start();
    let mut c = server.client();
    assert_eq!(ask::<Option<String>>(&mut c, "GETSET k one"), None);
    let () = ask(&mut c, "EXPIRE k 100");
    assert_eq!(ask::<String>(&mut c, "GETSET k two"), "one");
    assert_eq!(ask::<i64>(&mut c, "TTL k"), -1);
}

#[test]
fn getdel_returns_and_removes() {
    let server = Server::start();
    let mut c = server.client();
    let () = ask(&mut c, "SET k v");
    assert_eq!(
        c.get_del::<_, Option<String>>("k")
            .expect("GETDEL")
            .as_deref(),
        Some("v")
    );
    assert_eq!(ask::<Option<String>>(&mut c, "GETDEL k"), None);
    assert_eq!(ask::<i64>(&mut c, "DBSIZE"), 0);
}

#[test]
fn getex_changes_only_the_time() {
    let server = Server::start();
    let mut c = server.client();
    let () = ask(&mut c, "SET k v");
    assert_eq!(ask::<String>(&mut c, "GETEX k"), "v");
    assert_eq!(ask::<i64>(&mut c, "TTL k"), -1);
    assert_eq!(ask::<String>(&mut c, "GETEX k EX 100"), "v");
    assert!((99..=100).contains(&ask::<i64>(&mut c, "TTL k")));
    assert_eq!(ask::<String>(&mut c, "GETEX k"), "v");
    assert!((99..=100).contains(&ask::<i64>(&mut c, "TTL k")));
    assert_eq!(ask::<String>(&mut c, "GETEX k PERSIST"), "v");
    assert_eq!(ask::<i64>(&mut c, "TTL k"), -1);
    let at = unix_seconds() + 77;
    assert_eq!(ask::<String>(&mut c, &format!("GETEX k EXAT {at}")), "v");
    assert_eq!(ask::<u64>(&mut c, "EXPIRETIME k"), at);
    assert_eq!(ask::<String>(&mut c, "GETEX k PXAT 1"), "v");
    assert_eq!(ask::<i32>(&mut c, "EXISTS k"), 0);
    assert_eq!(ask::<Option<String>>(&mut c, "GETEX missing EX 10"), None);
    let () = ask(&mut c, "SET k v");
    all_fail(
        &mut c,
        &[
            ("GETEX k EX 0", "ERR invalid expire time in 'getex' command"),
            ("GETEX k PERSIST EX 10", "ERR syntax error"),
            ("GETEX k KEEPTTL", "ERR syntax error"),
            ("GETEX k NX", "ERR syntax error"),
            ("GETEX", "ERR wrong number of arguments for 'getex' command"),
        ],
    );
}

#[test]
fn set_values_survive_a_restart_and_a_kill() {
    let mut server = Server::start();
    let mut c = server.client();
    let big = "x".repeat(300_000);
    let () = c.set("big", &big).expect("SET");
    let () = ask(&mut c, "SET small v EX 5000");
    for killed in [false, true] {
        if killed {
            server.kill();
        }
        server.restart();
        let mut c = server.client();
        assert!(ask::<String>(&mut c, "GET big") == big, "killed: {killed}");
        assert_eq!(ask::<String>(&mut c, "GET small"), "v");
        assert!((4000..=5000).contains(&ask::<i64>(&mut c, "TTL small")));
        assert_eq!(ask::<i64>(&mut c, "DBSIZE"), 2);
    }
}

#[test]
fn get_and_set_through_redis_cli() {
    let server = Server::start();
    assert_eq!(server.cli(&["SET", "k", "a b"]), "OK");
    assert_eq!(server.cli(&["GET", "k"]), "a b");
    assert_eq!(server.cli(&["--no-raw", "GET", "missing"]), "(nil)");
    assert_eq!(
        server.cli(&["--no-raw", "SETRANGE", "k", "1", "\u{e9}"]),
        "(integer) 3"
    );
    assert_eq!(
        server.cli(&["-3", "--no-raw", "GET", "k"]),
        "\"a\\xc3\\xa9\""
    );
}

#[test]
fn unknown_commands_are_named_in_the_error() {
    let server = Server::start();
    let mut c = server.client();
    assert_eq!(
        fails(&mut c, "NOSUCH a b"),
        "ERR unknown command 'NOSUCH', with args beginning with: 'a' 'b' "
    );
}
