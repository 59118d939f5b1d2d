//! MULTI, EXEC, DISCARD, WATCH, UNWATCH.
//! Invariants: a transaction is one commit, all or nothing; a command that fails in it costs only
//! itself. Must not know: how it is staged. Tests: this file; the oracle's `multi` profile, and its
//! `blocking` profile sends transactions between waiting clients.

use super::blocking::waiting;
use crate::harness::ask::fails;
use crate::harness::{Server, ask, eventually, wait};
use redis::{Connection, Value};
use std::time::{Duration, Instant};

/// EXEC, as plain values.
fn exec(c: &mut Connection) -> Value {
    redis::cmd("EXEC").query(c).expect("EXEC")
}

fn queue(c: &mut Connection, lines: &[&str]) {
    assert_eq!(ask::<String>(c, "MULTI"), "OK");
    for line in lines {
        assert_eq!(ask::<String>(c, line), "QUEUED", "{line}");
    }
}

#[test]
fn exec_runs_what_was_queued_and_each_sees_those_before() {
    let server = Server::start();
    let mut c = server.client();
    queue(
        &mut c,
        &[
            "SET a 1",
            "INCR a",
            "RPUSH l x y",
            "LRANGE l 0 -1",
            "DBSIZE",
        ],
    );
    let Value::Array(replies) = exec(&mut c) else {
        panic!("an array of replies");
    };
    assert_eq!(replies.len(), 5);
    assert_eq!(replies[1], Value::Int(2));
    assert_eq!(replies[4], Value::Int(2));
    assert_eq!(ask::<i32>(&mut c, "GET a"), 2);
    assert_eq!(fails(&mut c, "EXEC"), "ERR EXEC without MULTI");
}

#[test]
fn exec_keeps_the_others_when_one_command_fails() {
    let server = Server::start();
    let mut c = server.client();
    let _: String = ask(&mut c, "SET s text");
    queue(&mut c, &["SET a 1", "RPUSH s x", "INCR s", "SET b 2"]);
    let error = redis::cmd("EXEC").query::<Value>(&mut c).unwrap_err();
    assert!(error.to_string().contains("WRONGTYPE"), "{error}");
    assert_eq!(ask::<i32>(&mut c, "GET a"), 1);
    assert_eq!(ask::<i32>(&mut c, "GET b"), 2);
    assert_eq!(ask::<String>(&mut c, "GET s"), "text");
}

#[test]
fn exec_that_is_refused_ends_the_transaction() {
    let server = Server::start();
    let mut c = server.client();
    queue(&mut c, &["SET a 1"]);
    let refused = "EXECABORT Transaction discarded because of: \
                   wrong number of arguments for 'exec' command";
    assert_eq!(fails(&mut c, "EXEC x"), refused);
    assert_eq!(ask::<i32>(&mut c, "EXISTS a"), 0);
    assert_eq!(fails(&mut c, "EXEC"), "ERR EXEC without MULTI");
    assert_eq!(fails(&mut c, "EXEC x"), refused);
}

#[test]
fn exec_that_starts_anew_begins_in_the_database_it_came_from() {
    let server = Server::start();
    let mut c = server.client();
    let _: String = ask(&mut c, "SET a 1");
    // KEYS sends the transaction to the threads that may read the disk, from its beginning.
    queue(
        &mut c,
        &["SET b 2", "DEL a", "SELECT 1", "KEYS *", "SET d 3"],
    );
    let Value::Array(replies) = exec(&mut c) else {
        panic!("an array of replies");
    };
    assert_eq!(replies[1], Value::Int(1));
    assert_eq!(replies[3], Value::Array(Vec::new()));
    assert_eq!(ask::<i32>(&mut c, "EXISTS a b d"), 1, "the client is in 1");
    let _: String = ask(&mut c, "SELECT 0");
    assert_eq!(ask::<Vec<String>>(&mut c, "KEYS *"), ["b"]);
}

#[test]
fn exec_of_a_client_that_is_killed_keeps_its_latches_to_its_end() {
    let server = Server::builder()
        .set("enable-debug-command", "local")
        .start();
    let (mut c, mut other) = (server.client(), server.client());
    for (key, letters) in [("one", "ab"), ("two", "ba")] {
        let text = letters.repeat(5_000);
        let _: String = ask(&mut other, &format!("SET {key} {text}"));
    }
    let _: String = ask(&mut other, "SET n 0");
    // From files nothing is read but by the threads that may wait for the disk.
    let _: String = ask(&mut other, "DEBUG RELOAD");
    let id: u64 = ask(&mut c, "CLIENT ID");
    let slow = "LCS one two LEN";
    queue(
        &mut c,
        &["INCR n", slow, slow, slow, slow, "INCR n", "RPUSH l a"],
    );
    let mut waits = waiting(&server, &mut other, "BLPOP l 0", 0);
    // The connection stays open when it is answered.
    let killed = std::thread::spawn(move || (redis::cmd("EXEC").query::<Value>(&mut c), c));
    let line = format!("CLIENT LIST ID {id}");
    wait::eventually("it runs", || {
        ask::<String>(&mut other, &line).contains(" cmd=exec ")
    });
    let _: i32 = ask(&mut other, &format!("CLIENT KILL ID {id}"));
    assert_eq!(ask::<i32>(&mut other, "INCR n"), 3);
    // Killed, unless this thread had to wait for so long that it was answered before.
    drop(killed.join().unwrap());
    waits.expect_reply("*2\r\n$1\r\nl\r\n$1\r\na");
}

#[test]
fn exec_is_refused_after_a_command_that_could_not_be_queued() {
    let server = Server::start();
    let mut c = server.client();
    queue(&mut c, &["SET a 1"]);
    assert_eq!(
        fails(&mut c, "GET"),
        "ERR wrong number of arguments for 'get' command"
    );
    let aborted = "EXECABORT Transaction discarded because of previous errors.";
    assert_eq!(fails(&mut c, "EXEC"), aborted);
    assert_eq!(ask::<i32>(&mut c, "EXISTS a"), 0);
}

#[test]
fn a_command_that_a_transaction_cannot_hold_aborts_it() {
    let server = Server::start();
    let mut c = server.client();
    for refused in ["SAVE", "SHUTDOWN NOSAVE"] {
        queue(&mut c, &["SET a 1"]);
        assert_eq!(
            fails(&mut c, refused),
            "ERR Command not allowed inside a transaction"
        );
        assert!(fails(&mut c, "EXEC").starts_with("EXECABORT "), "{refused}");
    }
    assert_eq!(ask::<i32>(&mut c, "EXISTS a"), 0);
}

#[test]
fn a_client_that_kills_itself_is_answered_and_closed() {
    let server = Server::start();
    let (mut raw, mut other) = (server.raw(), server.client());
    let id = String::from_utf8(raw.line("CLIENT ID")).unwrap();
    let kill = format!(
        "CLIENT KILL ID {} SKIPME no",
        id.trim_start_matches(':').trim()
    );
    raw.expect("MULTI", "+OK");
    for line in ["SET k 1", &kill, "INCR k"] {
        raw.expect(line, "+QUEUED");
    }
    raw.send(b"EXEC\r\nSET k never\r\n");
    let replies = raw.drain();
    // Redis leaves out the replies behind that of the end.
    assert!(
        b"*3\r\n+OK\r\n:1\r\n:2\r\n".starts_with(&replies[..]),
        "{replies:?}"
    );
    assert!(replies.len() > 12, "{replies:?}");
    assert_eq!(ask::<i32>(&mut other, "GET k"), 2);
}

#[test]
fn discard_forgets_commands_and_watches() {
    let server = Server::start();
    let (mut c, mut other) = (server.client(), server.client());
    let _: String = ask(&mut c, "WATCH k");
    queue(&mut c, &["SET a 1"]);
    assert_eq!(ask::<String>(&mut c, "DISCARD"), "OK");
    assert_eq!(fails(&mut c, "DISCARD"), "ERR DISCARD without MULTI");
    let _: String = ask(&mut other, "SET k 1");
    queue(&mut c, &["SET a 2"]);
    assert!(matches!(exec(&mut c), Value::Array(_)));
    assert_eq!(ask::<i32>(&mut c, "GET a"), 2);
}

#[test]
fn multi_does_not_nest_and_watch_comes_before_it() {
    let server = Server::start();
    let mut c = server.client();
    queue(&mut c, &["SET a 1"]);
    assert_eq!(fails(&mut c, "MULTI"), "ERR MULTI calls can not be nested");
    assert_eq!(
        fails(&mut c, "WATCH k"),
        "ERR WATCH inside MULTI is not allowed"
    );
    assert_eq!(ask::<String>(&mut c, "DISCARD"), "OK");
}

#[test]
fn watch_notices_every_way_in_which_a_key_changes() {
    let changes: [&[&str]; 9] = [
        &["SET k 2"],
        &["DEL k"],
        &["EXPIRE k 100"],
        &["RENAME k l"],
        &["MOVE k 1"],
        &["FLUSHDB"],
        &["FLUSHALL"],
        &["SWAPDB 0 1"],
        &["MULTI", "APPEND k x", "EXEC"],
    ];
    let server = Server::start();
    let (mut c, mut other) = (server.client(), server.client());
    for lines in changes {
        let _: String = ask(&mut c, "FLUSHALL");
        let _: String = ask(&mut c, "SET k 1");
        let _: String = ask(&mut c, "WATCH k unrelated");
        for line in lines {
            let _: Value = ask(&mut other, line);
        }
        queue(&mut c, &["SET written 1"]);
        assert_eq!(exec(&mut c), Value::Nil, "{lines:?}");
        assert_eq!(ask::<i32>(&mut c, "EXISTS written"), 0, "{lines:?}");
    }
}

#[test]
fn unwatch_and_harmless_changes_let_exec_run() {
    let server = Server::start();
    let (mut c, mut other) = (server.client(), server.client());
    let _: String = ask(&mut c, "SET k 1");
    for line in [
        "GET k",
        "SET other 1",
        "SADD s a",
        "DEL missing",
        "PERSIST k",
    ] {
        let _: String = ask(&mut c, "WATCH k missing");
        let _: Value = ask(&mut other, line);
        queue(&mut c, &["PING"]);
        assert!(matches!(exec(&mut c), Value::Array(_)), "{line}");
    }
    let _: String = ask(&mut c, "WATCH k");
    let _: String = ask(&mut other, "SET k 2");
    assert_eq!(ask::<String>(&mut c, "UNWATCH"), "OK");
    queue(&mut c, &["PING"]);
    assert!(matches!(exec(&mut c), Value::Array(_)));
}

#[test]
fn watch_notices_a_hash_whose_fields_expire() {
    let server = Server::builder().set("enable-debug-command", "yes").start();
    let (mut one, mut two) = (server.raw(), server.raw());
    for sweeps in [1, 0] {
        two.expect(&format!("DEBUG SET-ACTIVE-EXPIRE {sweeps}"), "+OK");
        two.line("DEL h");
        two.expect("HSET h f 1 g 2", ":2");
        two.expect("HPEXPIRE h 50 FIELDS 1 f", "*1\r\n:1");
        one.expect("WATCH h", "+OK");
        one.expect("MULTI", "+OK");
        one.expect("HGET h f", "+QUEUED");
        eventually("the field expires", || two.line("HGET h f") == b"$-1\r\n");
        one.expect("EXEC", "*-1");
    }
    // What had expired before is as it was.
    one.expect("WATCH h", "+OK");
    one.expect("MULTI", "+OK");
    one.expect("HGET h g", "+QUEUED");
    one.expect("EXEC", "*1\r\n$1\r\n2");
}

#[test]
fn watch_notices_a_key_whose_time_comes() {
    let server = Server::start();
    let mut c = server.client();
    let _: String = ask(&mut c, "SET k 1 PX 30");
    let _: String = ask(&mut c, "WATCH k");
    while ask::<i32>(&mut c, "EXISTS k") == 1 {}
    queue(&mut c, &["SET written 1"]);
    assert_eq!(exec(&mut c), Value::Nil);
}

#[test]
fn a_key_that_was_expired_when_it_was_watched_may_be_swept() {
    let server = Server::start();
    let (mut c, mut other) = (server.client(), server.client());
    // Watched while it is stored, if the sweeper has not come by; who meets it deletes it.
    let _: String = ask(&mut c, "SET k v PX 1");
    wait::clock_passes(Instant::now() + Duration::from_millis(2));
    let _: String = ask(&mut c, "WATCH k");
    assert_eq!(ask::<i32>(&mut other, "DEL k"), 0);
    queue(&mut c, &["PING"]);
    assert_eq!(
        exec(&mut c),
        Value::Array(vec![Value::SimpleString("PONG".into())])
    );
}

#[test]
fn a_waiting_command_in_a_transaction_does_not_wait() {
    let server = Server::start();
    let mut c = server.client();
    queue(&mut c, &["BLPOP l 0", "RPUSH l a", "BLPOP l 0"]);
    let Value::Array(replies) = exec(&mut c) else {
        panic!("an array of replies");
    };
    assert_eq!(replies[0], Value::Nil);
    assert!(matches!(replies[2], Value::Array(_)));
}

#[test]
fn client_list_shows_what_is_queued_and_watched() {
    let server = Server::start();
    let mut c = server.client();
    let _: String = ask(&mut c, "WATCH a b");
    let line: String = ask(&mut c, "CLIENT INFO");
    assert!(line.contains(" multi=-1 watch=2 "), "{line}");
}

#[test]
fn a_transaction_survives_a_kill_whole() {
    let mut server = Server::start();
    let mut c = server.client();
    queue(&mut c, &["MSET a 1 b 2", "RPUSH l x", "DEL a"]);
    assert!(matches!(exec(&mut c), Value::Array(_)));
    drop(c);
    server.kill();
    server.restart();
    let mut c = server.client();
    assert_eq!(ask::<i32>(&mut c, "EXISTS a"), 0);
    assert_eq!(ask::<i32>(&mut c, "EXISTS b l"), 2);
}

#[test]
fn walks_over_the_database_see_what_the_transaction_wrote() {
    let server = Server::start();
    let mut c = server.client();
    let () = ask(&mut c, "MSET old 1 gone 1");
    queue(
        &mut c,
        &[
            "DEL gone",
            "SET new 1",
            "KEYS *",
            "SCAN 0 COUNT 100",
            "DBSIZE",
            "DEL old",
            "RANDOMKEY",
            "FLUSHALL",
            "KEYS *",
            "RANDOMKEY",
        ],
    );
    let Value::Array(replies) = exec(&mut c) else {
        panic!("an array of replies");
    };
    let keys = |reply: &Value| {
        let mut keys: Vec<String> = redis::from_redis_value(reply.clone()).unwrap();
        keys.sort();
        keys
    };
    assert_eq!(keys(&replies[2]), ["new", "old"]);
    let Value::Array(page) = &replies[3] else {
        panic!("a cursor and keys");
    };
    assert_eq!(keys(&page[1]), ["new", "old"]);
    assert_eq!(replies[4], Value::Int(2));
    assert_eq!(replies[6], Value::BulkString(b"new".to_vec()));
    assert_eq!(keys(&replies[8]), [""; 0]);
    assert_eq!(replies[9], Value::Nil);
}
