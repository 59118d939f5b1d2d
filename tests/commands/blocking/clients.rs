//! Clients that leave while they wait, that are unblocked or killed, and what they send meanwhile.
//! Invariants: an element goes to a client that is there, or stays. Must not know: sockets' inner
//! life. Tests: this file.

use super::{MOMENT, client_id, expect_blocked, popped, waiting};
use crate::harness::{Server, ask, eventually};

const UNBLOCKED: &str = "-UNBLOCKED client unblocked via CLIENT UNBLOCK";

#[test]
fn what_a_client_that_left_waited_for_stays() {
    let server = Server::start();
    let mut c = server.client();
    let gone = waiting(&server, &mut c, "BLPOP k 0", 0);
    let mut next = waiting(&server, &mut c, "BLPOP k other 0", 1);
    drop(gone);
    expect_blocked(&mut c, 1);
    let () = ask(&mut c, "RPUSH k a");
    next.expect_reply(&popped("k", "a"));
    let gone = waiting(&server, &mut c, "BRPOPLPUSH k to 0", 0);
    drop(gone);
    expect_blocked(&mut c, 0);
    let () = ask(&mut c, "RPUSH k b");
    assert_eq!(ask::<Vec<String>>(&mut c, "LRANGE k 0 -1"), ["b"]);
    assert_eq!(ask::<u64>(&mut c, "EXISTS to"), 0);
}

#[test]
fn a_client_that_stops_sending_while_it_waits_is_gone() {
    let server = Server::start();
    let mut c = server.client();
    let mut half = waiting(&server, &mut c, "BLPOP k 0", 0);
    half.finish_sending();
    half.expect_closed();
    expect_blocked(&mut c, 0);
    let () = ask(&mut c, "RPUSH k a");
    assert_eq!(ask::<u64>(&mut c, "LLEN k"), 1);
}

#[test]
fn client_kill_ends_a_wait_and_takes_nothing() {
    let server = Server::start();
    let mut c = server.client();
    let mut raw = server.raw();
    let id = client_id(&mut raw);
    raw.send(b"BLPOP k 0\r\n");
    expect_blocked(&mut c, 1);
    assert_eq!(ask::<u64>(&mut c, &format!("CLIENT KILL ID {id}")), 1);
    raw.expect_closed();
    expect_blocked(&mut c, 0);
    let () = ask(&mut c, "RPUSH k a");
    assert_eq!(ask::<u64>(&mut c, "LLEN k"), 1);
}

#[test]
fn a_client_that_waits_is_not_idle() {
    let server = Server::builder().set("timeout", "2").start();
    let mut c = server.client();
    let mut waiter = waiting(&server, &mut c, "BLPOP k 0", 0);
    let mut monitor = server.raw();
    monitor.expect("MONITOR", "+OK");
    // The youngest has been idle for as long as the others when it is closed.
    let mut idle = server.raw();
    let id = client_id(&mut idle);
    eventually("the idle client is closed", || {
        ask::<String>(&mut c, &format!("CLIENT LIST ID {id}")).is_empty()
    });
    let () = ask(&mut c, "RPUSH k a");
    waiter.expect_reply(&popped("k", "a"));
    waiter.expect("PING", "+PONG");
    while !String::from_utf8_lossy(&monitor.reply()).contains("RPUSH") {}
}

#[test]
fn client_unblock_ends_a_wait_as_its_time_would_or_with_an_error() {
    let server = Server::start();
    let mut c = server.client();
    let cases = [
        ("BLPOP k 0", "", "*-1"),
        ("BLPOP k 0", " TIMEOUT", "*-1"),
        ("BLMOVE k l LEFT LEFT 9", " timeout", "*-1"),
        ("BLMPOP 0 1 k LEFT", " TIMEOUT", "*-1"),
        ("BRPOP k 0", " ERROR", UNBLOCKED),
        ("BRPOPLPUSH k l 0", " error", UNBLOCKED),
    ];
    let mut raw = server.raw();
    let id = client_id(&mut raw);
    for (line, reason, reply) in cases {
        raw.send(format!("{line}\r\nPING\r\n").as_bytes());
        expect_blocked(&mut c, 1);
        let unblock = format!("CLIENT UNBLOCK {id}{reason}");
        assert_eq!(ask::<u64>(&mut c, &unblock), 1, "{line}");
        raw.expect_reply(reply);
        raw.expect_reply("+PONG");
        assert_eq!(ask::<u64>(&mut c, &unblock), 0, "{line}");
        expect_blocked(&mut c, 0);
    }
    let () = ask(&mut c, "RPUSH k a");
    assert_eq!(ask::<u64>(&mut c, "LLEN k"), 1);
}

#[test]
fn client_unblock_of_who_does_not_wait_says_so() {
    let server = Server::start();
    let mut c = server.client();
    let id: u64 = ask(&mut c, "CLIENT ID");
    assert_eq!(ask::<u64>(&mut c, &format!("CLIENT UNBLOCK {id}")), 0);
    assert_eq!(ask::<u64>(&mut c, "CLIENT UNBLOCK 999999 ERROR"), 0);
    crate::harness::ask::all_fail(
        &mut c,
        &[
            (
                "CLIENT UNBLOCK x",
                "ERR value is not an integer or out of range",
            ),
            (
                "CLIENT UNBLOCK 1 LATER",
                "ERR CLIENT UNBLOCK reason should be TIMEOUT or ERROR",
            ),
        ],
    );
}

#[test]
fn what_a_waiting_client_sends_runs_after_its_wait() {
    let server = Server::start();
    let mut c = server.client();
    let mut raw = server.raw();
    raw.send(b"BLPOP k 0\r\nSET after 1\r\n");
    expect_blocked(&mut c, 1);
    raw.send(b"BLPOP k 0\r\nGET after\r\n");
    assert_eq!(raw.reply_within(MOMENT), None);
    assert_eq!(ask::<u64>(&mut c, "EXISTS after"), 0);
    let () = ask(&mut c, "RPUSH k a b");
    raw.expect_reply(&popped("k", "a"));
    raw.expect_reply("+OK");
    raw.expect_reply(&popped("k", "b"));
    raw.expect_reply("$1\r\n1");
}

#[test]
fn what_was_asked_before_a_wait_is_answered_before_it() {
    let server = Server::start();
    let mut c = server.client();
    let mut raw = server.raw();
    raw.send(b"SET before 1\r\nBLPOP k 0\r\n");
    raw.expect_reply("+OK");
    assert_eq!(ask::<String>(&mut c, "GET before"), "1");
    expect_blocked(&mut c, 1);
    let () = ask(&mut c, "RPUSH k a");
    raw.expect_reply(&popped("k", "a"));
}

#[test]
fn a_waiting_client_is_marked_in_client_list() {
    let server = Server::start();
    let mut c = server.client();
    let _waiter = waiting(&server, &mut c, "BLPOP k 0", 0);
    let list: String = ask(&mut c, "CLIENT LIST");
    let line = list.lines().find(|line| line.contains("cmd=blpop"));
    let line = line.expect("the waiting client");
    assert!(line.contains(" flags=b "), "{line}");
}

#[test]
fn elements_pushed_while_waiters_leave_are_taken_or_stay() {
    const ELEMENTS: usize = 500;
    let server = Server::start();
    let mut c = server.client();
    for n in 0..ELEMENTS {
        let mut leaving = server.raw();
        leaving.send(b"BLMOVE k moved LEFT RIGHT 0\r\n");
        if n % 3 == 0 {
            expect_blocked(&mut c, 1);
        }
        drop(leaving);
        let () = ask(&mut c, &format!("RPUSH k {n}"));
        // Served before it left, or left before: the element is in one of the two lists.
        let _: Option<String> = ask(&mut c, "LMOVE k moved LEFT RIGHT");
        eventually("one list has it", || {
            ask::<usize>(&mut c, "LLEN k") + ask::<usize>(&mut c, "LLEN moved") == n + 1
        });
    }
    expect_blocked(&mut c, 0);
}

#[test]
fn brpoplpush_served_by_exec_moves_before_those_who_wait_for_its_target() {
    let server = Server::start();
    let (mut mover, mut taker) = (server.raw(), server.raw());
    let mut c = server.client();
    mover.send(b"BRPOPLPUSH from to 0\r\n");
    expect_blocked(&mut c, 1);
    taker.send(b"BLPOP to 0\r\n");
    expect_blocked(&mut c, 2);
    let mut pusher = server.raw();
    pusher.expect("MULTI", "+OK");
    pusher.expect("LPUSH from a", "+QUEUED");
    pusher.expect("LPUSH to b", "+QUEUED");
    pusher.expect("EXEC", "*2\r\n:1\r\n:1");
    mover.expect_reply("$1\r\na");
    taker.expect_reply(&popped("to", "a"));
}
