//! What ends a wait, and what does not.
//! Invariants: whatever makes a list appear serves who waits for it. Must not know: how.
//! Tests: this file.

use super::{MOMENT, expect_blocked, popped, waiting};
use crate::harness::{Server, ask};

/// Runs command lines while a client waits for the list `k`, which must then give it `x`.
#[track_caller]
fn wakes(before: &[&str], lines: &[&str]) {
    let server = Server::start();
    let mut c = server.client();
    let send = |c: &mut redis::Connection, lines: &[&str]| {
        for line in lines {
            let _: redis::Value = ask(c, line);
        }
    };
    send(&mut c, before);
    let mut waiter = waiting(&server, &mut c, "BLPOP none k 0", 0);
    send(&mut c, lines);
    waiter.expect_reply(&popped("k", "x"));
    expect_blocked(&mut c, 0);
}

#[test]
fn every_way_to_put_elements_in_wakes() {
    for line in ["LPUSH k x", "RPUSH k x", "RPUSH k x y z", "LPUSH k z y x"] {
        wakes(&[], &[line]);
    }
    wakes(&["RPUSH from x"], &["LMOVE from k LEFT LEFT"]);
    wakes(&["RPUSH from x"], &["RPOPLPUSH from k"]);
}

#[test]
fn a_list_that_gets_its_name_wakes() {
    wakes(&["RPUSH from x"], &["RENAME from k"]);
    wakes(&["RPUSH from x"], &["RENAMENX from k"]);
    wakes(&["RPUSH from x"], &["COPY from k"]);
}

#[test]
fn a_list_that_comes_from_another_database_wakes() {
    wakes(&["SELECT 5", "RPUSH k x"], &["MOVE k 0"]);
    wakes(&["SELECT 5", "RPUSH k x"], &["COPY k k DB 0"]);
    wakes(&["SELECT 5", "RPUSH k x"], &["SWAPDB 0 5"]);
    wakes(&["SELECT 5", "RPUSH k x"], &["SWAPDB 5 0"]);
}

#[test]
fn another_type_in_its_place_does_not_end_a_wait() {
    let server = Server::start();
    let mut c = server.client();
    let mut taker = waiting(&server, &mut c, "BLPOP k 0", 0);
    let mut mover = waiting(&server, &mut c, "BLMOVE k to LEFT LEFT 0", 1);
    for line in ["SET k text", "DEL k", "SADD k a", "DEL k", "HSET k f v"] {
        let _: redis::Value = ask(&mut c, line);
    }
    assert_eq!(taker.reply_within(MOMENT), None);
    assert_eq!(mover.reply_within(MOMENT), None);
    let () = ask(&mut c, "DEL k");
    let () = ask(&mut c, "RPUSH k 1 2");
    taker.expect_reply(&popped("k", "1"));
    mover.expect_reply("$1\r\n2");
    assert_eq!(ask::<Vec<String>>(&mut c, "LRANGE to 0 -1"), ["2"]);
}

#[test]
fn a_target_of_another_type_is_told_and_keeps_the_element() {
    let server = Server::start();
    let mut c = server.client();
    let wrong = "-WRONGTYPE Operation against a key holding the wrong kind of value";
    for line in ["BLMOVE k to LEFT LEFT 0", "BRPOPLPUSH k to 0"] {
        let () = ask(&mut c, "SET to text");
        let mut mover = waiting(&server, &mut c, line, 0);
        let mut behind = waiting(&server, &mut c, "BLPOP k 0", 1);
        let () = ask(&mut c, "RPUSH k x");
        mover.expect_reply(wrong);
        behind.expect_reply(&popped("k", "x"));
        assert_eq!(ask::<String>(&mut c, "GET to"), "text");
    }
}

#[test]
fn a_target_that_changes_does_not_end_a_move() {
    let server = Server::start();
    let mut c = server.client();
    let mut mover = waiting(&server, &mut c, "BLMOVE from to LEFT LEFT 0", 0);
    let () = ask(&mut c, "RPUSH to old");
    let () = ask(&mut c, "SET other x");
    assert_eq!(mover.reply_within(MOMENT), None);
    let () = ask(&mut c, "RPUSH from new");
    mover.expect_reply("$3\r\nnew");
    assert_eq!(ask::<Vec<String>>(&mut c, "LRANGE to 0 -1"), ["new", "old"]);
}

#[test]
fn emptied_databases_do_not_end_a_wait() {
    let server = Server::start();
    let mut c = server.client();
    let mut waiter = waiting(&server, &mut c, "BLPOP k 0", 0);
    let () = ask(&mut c, "FLUSHDB");
    let () = ask(&mut c, "FLUSHALL");
    let () = ask(&mut c, "SWAPDB 0 1");
    assert_eq!(waiter.reply_within(MOMENT), None);
    expect_blocked(&mut c, 1);
    let () = ask(&mut c, "RPUSH k x");
    waiter.expect_reply(&popped("k", "x"));
}

#[test]
fn lists_that_expire_or_are_not_lists_of_this_database_do_not_end_a_wait() {
    let server = Server::start();
    let mut c = server.client();
    let () = ask(&mut c, "RPUSH k x");
    let () = ask(&mut c, "PEXPIRE k 1");
    crate::harness::eventually("the list expires", || ask::<u64>(&mut c, "EXISTS k") == 0);
    let mut waiter = waiting(&server, &mut c, "BLPOP k 0", 0);
    let mut c5 = server.client_to("/5");
    let () = ask(&mut c5, "RPUSH k x");
    assert_eq!(ask::<u64>(&mut c, "LPUSHX k x"), 0);
    assert_eq!(waiter.reply_within(MOMENT), None);
    let () = ask(&mut c, "RPUSH k y");
    waiter.expect_reply(&popped("k", "y"));
    assert_eq!(ask::<u64>(&mut c5, "LLEN k"), 1);
}

#[test]
fn a_list_with_a_time_to_live_keeps_it_while_waiters_take_from_it() {
    let server = Server::start();
    let mut c = server.client();
    let () = ask(&mut c, "RPUSH from x y");
    let () = ask(&mut c, "EXPIRE from 100");
    let mut waiter = waiting(&server, &mut c, "BLPOP k 0", 0);
    let () = ask(&mut c, "RENAME from k");
    waiter.expect_reply(&popped("k", "x"));
    let left: i64 = ask(&mut c, "TTL k");
    assert!((98..=100).contains(&left), "{left}");
}
