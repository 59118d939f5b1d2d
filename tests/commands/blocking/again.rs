//! Waiters that have to look again by themselves: databases were exchanged under them, or the latch
//! of another key of theirs was taken when their key changed. A transaction that reads the target
//! of a move holds its latch while it serves.
//! Invariants: who looks again has waited already, and keeps its place and its time.
//! Must not know: which thread looks. Tests: this file.

use super::{MOMENT, client_id, expect_blocked, popped, waiting};
use crate::harness::server::skip_on_stand_in;
use crate::harness::{Server, ask, wire};
use std::time::{Duration, Instant};

const WRONG_TYPE: &str = "-WRONGTYPE Operation against a key holding the wrong kind of value";

/// Commands that wait for `k`, what then puts something there, and the reply.
const WAITERS: &[(&str, &str, &str)] = &[
    ("BLPOP none k 0", "RPUSH k x", "*2\r\n$1\r\nk\r\n$1\r\nx"),
    ("BRPOP k none 0", "RPUSH k x", "*2\r\n$1\r\nk\r\n$1\r\nx"),
    ("BLMOVE k to LEFT LEFT 0", "RPUSH k x", "$1\r\nx"),
    ("BRPOPLPUSH k to 0", "RPUSH k x", "$1\r\nx"),
    (
        "BLMPOP 0 2 k none LEFT",
        "RPUSH k x",
        "*2\r\n$1\r\nk\r\n*1\r\n$1\r\nx",
    ),
    (
        "BZPOPMIN none k 0",
        "ZADD k 1 x",
        "*3\r\n$1\r\nk\r\n$1\r\nx\r\n$1\r\n1",
    ),
    (
        "BZPOPMAX k 0",
        "ZADD k 1 x",
        "*3\r\n$1\r\nk\r\n$1\r\nx\r\n$1\r\n1",
    ),
    (
        "BZMPOP 0 1 k MAX",
        "ZADD k 1 x",
        "*2\r\n$1\r\nk\r\n*1\r\n*2\r\n$1\r\nx\r\n$1\r\n1",
    ),
    (
        "XREAD BLOCK 0 STREAMS none k $ $",
        "XADD k 1-1 f x",
        "*1\r\n*2\r\n$1\r\nk\r\n*1\r\n*2\r\n$3\r\n1-1\r\n*2\r\n$1\r\nf\r\n$1\r\nx",
    ),
];

/// Runs commands as one transaction.
#[track_caller]
fn exec(c: &mut redis::Connection, lines: &[&str]) {
    let mut pipe = redis::pipe();
    pipe.atomic();
    for line in lines {
        let words = wire::words(line);
        let (name, arguments) = words.split_first().expect("a command");
        pipe.cmd(std::str::from_utf8(name).expect("a name"))
            .arg(arguments);
    }
    let _: redis::Value = pipe.query(c).expect("a transaction");
}

#[test]
fn a_key_that_is_of_another_type_after_an_exchange_of_databases_does_not_end_a_wait() {
    for &(line, put, reply) in WAITERS {
        let server = Server::start();
        let mut c = server.client();
        let mut other = server.client_to("/5");
        let () = ask(&mut other, "SET k text");
        let mut waiter = waiting(&server, &mut c, line, 0);
        let () = ask(&mut c, "SWAPDB 0 5");
        assert_eq!(waiter.reply_within(MOMENT), None, "{line}");
        expect_blocked(&mut c, 1);
        let () = ask(&mut c, "DEL k");
        let _: redis::Value = ask(&mut c, put);
        waiter.expect_reply(reply);
    }
}

#[test]
fn a_group_reader_is_told_after_an_exchange_of_databases() {
    if skip_on_stand_in("7.0 has other words") {
        return;
    }
    let gone = "-NOGROUP No such key 'k' or consumer group 'g' in XREADGROUP with GROUP option";
    for (set, reply) in [("SET k text", WRONG_TYPE), ("SET none text", gone)] {
        let server = Server::start();
        let mut c = server.client();
        let () = ask(&mut server.client_to("/5"), set);
        let () = ask(&mut c, "XGROUP CREATE k g $ MKSTREAM");
        let line = "XREADGROUP GROUP g c BLOCK 0 STREAMS k >";
        let mut waiter = waiting(&server, &mut c, line, 0);
        let () = ask(&mut c, "SWAPDB 0 5");
        waiter.expect_reply(reply);
    }
}

#[test]
fn a_source_of_another_type_does_not_end_a_move_that_looks_again() {
    for line in ["BLMOVE k to LEFT LEFT 0", "BRPOPLPUSH k to 0"] {
        let server = Server::start();
        let mut c = server.client();
        let mut mover = waiting(&server, &mut c, line, 0);
        exec(&mut c, &["LLEN to", "SET k text"]);
        assert_eq!(mover.reply_within(MOMENT), None, "{line}");
        exec(&mut c, &["LLEN to", "DEL k", "SADD k a"]);
        assert_eq!(mover.reply_within(MOMENT), None, "{line}");
        expect_blocked(&mut c, 1);
        exec(&mut c, &["LLEN to", "DEL k", "RPUSH k x"]);
        mover.expect_reply("$1\r\nx");
    }
}

#[test]
fn a_target_of_another_type_ends_a_move_that_looks_again_and_serves_who_is_behind() {
    for line in ["BLMOVE k to LEFT LEFT 0", "BRPOPLPUSH k to 0"] {
        let server = Server::start();
        let mut c = server.client();
        let () = ask(&mut c, "SET to text");
        let mut mover = waiting(&server, &mut c, line, 0);
        let mut behind = waiting(&server, &mut c, "BLPOP k 0", 1);
        exec(&mut c, &["EXISTS to", "RPUSH k x"]);
        mover.expect_reply(WRONG_TYPE);
        behind.expect_reply(&popped("k", "x"));
    }
}

#[test]
fn a_move_that_looks_again_is_not_overtaken() {
    const ROUNDS: usize = 100;
    let server = Server::start();
    let mut c = server.client();
    for round in 0..ROUNDS {
        let mut mover = waiting(&server, &mut c, "BLMOVE k to LEFT RIGHT 0", 0);
        let mut second = waiting(&server, &mut c, "BLMOVE k to LEFT RIGHT 0", 1);
        let mut taker = waiting(&server, &mut c, "BLPOP k 0", 2);
        let mut pusher = server.raw();
        let push = match round % 2 {
            0 => "MULTI\r\nLLEN to\r\nRPUSH k a b c\r\nEXEC\r\n",
            _ => "MULTI\r\nLLEN to\r\nRPUSH k a\r\nEXEC\r\nRPUSH k b\r\nRPUSH k c\r\n",
        };
        pusher.send(push.as_bytes());
        mover.expect_reply("$1\r\na");
        second.expect_reply("$1\r\nb");
        taker.expect_reply(&popped("k", "c"));
        let () = ask(&mut c, "DEL to");
    }
}

#[test]
fn who_waits_behind_moves_that_leave_while_they_look_again_is_served() {
    const ROUNDS: usize = 200;
    let server = Server::start();
    let mut c = server.client();
    for round in 0..ROUNDS {
        let leaving = waiting(&server, &mut c, "BLMOVE k to LEFT RIGHT 0", 0);
        let mut taker = waiting(&server, &mut c, "BLPOP k to 0", 1);
        let mut pusher = server.raw();
        pusher.send(format!("MULTI\r\nLLEN to\r\nRPUSH k {round}\r\nEXEC\r\n").as_bytes());
        drop(leaving);
        // Taken from the list that it was moved to, if the move came first.
        let reply = taker.reply();
        let element = round.to_string();
        let either = ["k", "to"].map(|key| format!("{}\r\n", popped(key, &element)).into_bytes());
        assert!(either.contains(&reply), "{}", wire::show(&reply));
        expect_blocked(&mut c, 0);
    }
}

#[test]
fn who_looks_again_has_no_more_time_than_before() {
    let server = Server::start();
    let mut c = server.client();
    let start = Instant::now();
    let mut mover = waiting(&server, &mut c, "BLMOVE k to LEFT LEFT 0.2", 0);
    let mut again = 0;
    let reply = loop {
        exec(&mut c, &["LLEN to", "SET k text"]);
        again += 1;
        if let Some(reply) = mover.reply_within(Duration::from_millis(10)) {
            break reply;
        }
    };
    assert_eq!(reply, b"*-1\r\n");
    assert!(start.elapsed() >= Duration::from_millis(200));
    assert!(again > 2, "it was not made to look again");
}

#[test]
fn a_client_that_looked_again_can_be_unblocked() {
    let server = Server::start();
    let mut c = server.client();
    let mut mover = server.raw();
    let id = client_id(&mut mover);
    mover.send(b"BLMOVE k to LEFT LEFT 0\r\n");
    expect_blocked(&mut c, 1);
    for _ in 0..20 {
        exec(&mut c, &["LLEN to", "SET k text"]);
    }
    crate::harness::eventually("it waits again", || {
        ask::<u64>(&mut c, &format!("CLIENT UNBLOCK {id}")) == 1
    });
    mover.expect_reply("*-1");
    expect_blocked(&mut c, 0);
}
