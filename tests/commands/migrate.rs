//! MIGRATE, between two servers, and from ours to Redis.
//! Invariants: a key is in one place or, with COPY, in both; never in none. Must not know: how
//! values travel. Tests: this file.

use crate::harness::ask::all_fail;
use crate::harness::{Server, ask, fails};
use redis::Connection;

/// One key of each type, all of which expire in a hundred seconds.
const KEYS: [&str; 6] = ["string", "list", "hash", "set", "zset", "stream"];

fn fill(c: &mut Connection) {
    for line in [
        "SET string value",
        "RPUSH list a b c",
        "HSET hash f v g w",
        "SADD set a b 7",
        "ZADD zset 1 a 2.5 b",
        "XADD stream 1-1 f v",
    ] {
        let _: redis::Value = ask(c, line);
    }
    for key in KEYS {
        assert_eq!(ask::<i64>(c, &format!("EXPIRE {key} 100")), 1);
    }
}

/// `MIGRATE` to a server with what follows the port.
fn to(server: &Server, rest: &str) -> String {
    format!("MIGRATE 127.0.0.1 {} {rest}", server.port())
}

#[test]
fn migrate_moves_keys_of_all_types_with_their_times() {
    let (here, there) = (Server::start(), Server::start());
    let (mut c, mut other) = (here.client(), there.client());
    fill(&mut c);
    let dump = |c: &mut Connection, key: &str| ask::<Vec<u8>>(c, &format!("DUMP {key}"));
    let dumps = KEYS.map(|key| dump(&mut c, key));
    let line = to(
        &there,
        "\"\" 3 1000 KEYS string list none hash set zset stream",
    );
    assert_eq!(ask::<String>(&mut c, &line), "OK");
    assert_eq!(ask::<i64>(&mut c, "DBSIZE"), 0);
    let () = ask(&mut other, "SELECT 3");
    assert_eq!(KEYS.map(|key| dump(&mut other, key)), dumps);
    for key in KEYS {
        let ttl = ask::<i64>(&mut other, &format!("TTL {key}"));
        assert!((98..=100).contains(&ttl), "{key}: {ttl}");
    }
    assert_eq!(ask::<String>(&mut c, &to(&there, "string 3 1000")), "NOKEY");
}

#[test]
fn keys_move_to_redis_and_back() {
    let (here, there) = (Server::start(), Server::redis().start());
    let (mut c, mut redis) = (here.client(), there.client());
    fill(&mut c);
    let line = to(&there, "\"\" 0 1000 KEYS string list hash set zset stream");
    assert_eq!(ask::<String>(&mut c, &line), "OK");
    assert_eq!(ask::<i64>(&mut redis, "DBSIZE"), 6);
    assert_eq!(
        ask::<Vec<String>>(&mut redis, "LRANGE list 0 -1"),
        ["a", "b", "c"]
    );
    let line = to(&here, "\"\" 0 1000 KEYS string list hash set zset stream");
    assert_eq!(ask::<String>(&mut redis, &line), "OK");
    assert_eq!(ask::<i64>(&mut redis, "DBSIZE"), 0);
    assert_eq!(ask::<i64>(&mut c, "DBSIZE"), 6);
    assert_eq!(ask::<Vec<String>>(&mut c, "ZRANGE zset 0 -1"), ["a", "b"]);
}

#[test]
fn copy_keeps_and_replace_overwrites() {
    let (here, there) = (Server::start(), Server::start());
    let (mut c, mut other) = (here.client(), there.client());
    let () = ask(&mut c, "MSET a 1 b 2");
    assert_eq!(ask::<String>(&mut c, &to(&there, "a 0 1000 COPY")), "OK");
    assert_eq!(ask::<i64>(&mut c, "GET a"), 1);
    let () = ask(&mut other, "SET a 9");
    let busy = "ERR Target instance replied with error: BUSYKEY Target key name already exists.";
    // The one that arrived is gone, the one that was refused is not.
    let line = to(&there, "\"\" 0 1000 KEYS a b");
    assert_eq!(fails(&mut c, &line), busy);
    assert_eq!(ask::<Vec<String>>(&mut c, "KEYS *"), ["a"]);
    assert_eq!(ask::<Vec<i64>>(&mut other, "MGET a b"), [9, 2]);
    assert_eq!(ask::<String>(&mut c, &to(&there, "a 0 1000 REPLACE")), "OK");
    assert_eq!(ask::<i64>(&mut other, "GET a"), 1);
    assert_eq!(ask::<i64>(&mut c, "DBSIZE"), 0);
}

#[test]
fn who_waits_is_told_and_watchers_see_the_key_go() {
    let (here, there) = (Server::start(), Server::start());
    let (mut c, mut watcher) = (here.client(), here.client());
    let () = ask(&mut c, "SET a 1");
    let () = ask(&mut watcher, "WATCH a");
    let () = ask(&mut watcher, "MULTI");
    let () = ask(&mut watcher, "SET b 1");
    assert_eq!(ask::<String>(&mut c, &to(&there, "a 0 1000")), "OK");
    assert_eq!(ask::<redis::Value>(&mut watcher, "EXEC"), redis::Value::Nil);
}

#[test]
fn a_password_opens_the_other_server() {
    let here = Server::start();
    let there = Server::builder().set("requirepass", "secret").start();
    let mut c = here.client();
    let () = ask(&mut c, "MSET a 1 b 2");
    let refused = fails(&mut c, &to(&there, "a 0 1000 AUTH wrong"));
    assert!(
        refused.starts_with("ERR Target instance replied with error: WRONGPASS"),
        "{refused}"
    );
    let refused = fails(&mut c, &to(&there, "a 0 1000"));
    assert!(
        refused.starts_with("ERR Target instance replied with error: NOAUTH"),
        "{refused}"
    );
    assert_eq!(
        ask::<String>(&mut c, &to(&there, "a 0 1000 AUTH secret")),
        "OK"
    );
    let line = to(&there, "b 0 1000 AUTH2 default secret");
    assert_eq!(ask::<String>(&mut c, &line), "OK");
    assert_eq!(ask::<i64>(&mut c, "DBSIZE"), 0);
}

#[test]
fn a_server_that_does_not_answer_leaves_the_key_here() {
    let here = Server::start();
    let mut c = here.client();
    let () = ask(&mut c, "SET a 1");
    // An address of its own: no server of another test takes the port once it is free.
    let silent = std::net::TcpListener::bind("127.0.0.2:0").unwrap();
    let port = silent.local_addr().unwrap().port();
    assert_eq!(
        fails(&mut c, &format!("MIGRATE 127.0.0.2 {port} a 0 50")),
        "IOERR error or timeout reading to target instance"
    );
    drop(silent);
    let no_connection = "IOERR error or timeout connecting to the client";
    assert_eq!(
        fails(&mut c, &format!("MIGRATE 127.0.0.2 {port} a 0 50")),
        no_connection
    );
    assert_eq!(ask::<i64>(&mut c, "GET a"), 1);
    all_fail(
        &mut c,
        &[
            (
                "MIGRATE h 1 a 0 x",
                "ERR value is not an integer or out of range",
            ),
            ("MIGRATE h 1 a 0 1 WHAT", "ERR syntax error"),
            (
                "MIGRATE h 1 a 0 1 KEYS b",
                "ERR When using MIGRATE KEYS option, the key argument must be set to the empty \
                 string",
            ),
        ],
    );
}
