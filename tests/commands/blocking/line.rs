//! Who is served first: places in the line, keys in their order, chains of moves.
//! Invariants: first come, first served on every key. Must not know: how. Tests: this file.

use super::{MOMENT, expect_blocked, popped, popped_many, waiting};
use crate::harness::{Raw, Server, ask, pack};
use std::collections::BTreeSet;

#[test]
fn waiters_of_a_key_are_served_in_the_order_in_which_they_came() {
    let server = Server::start();
    let mut c = server.client();
    let lines = [
        "BLPOP k 0",
        "BRPOP other k 0",
        "BLMPOP 0 1 k LEFT",
        "BLPOP k 9",
    ];
    let mut waiters: Vec<Raw> = lines
        .iter()
        .enumerate()
        .map(|(before, line)| waiting(&server, &mut c, line, before))
        .collect();
    for (at, waiter) in waiters.iter_mut().enumerate() {
        let () = ask(&mut c, &format!("RPUSH k e{at}"));
        let element = format!("e{at}");
        match at {
            2 => waiter.expect_reply(&popped_many("k", &[&element])),
            _ => waiter.expect_reply(&popped("k", &element)),
        }
    }
    expect_blocked(&mut c, 0);
}

#[test]
fn one_push_serves_as_many_as_it_can() {
    let server = Server::start();
    let mut c = server.client();
    let mut waiters: Vec<Raw> = (0..4)
        .map(|before| waiting(&server, &mut c, "BRPOP k 0", before))
        .collect();
    assert_eq!(ask::<u64>(&mut c, "RPUSH k a b c"), 3);
    for (waiter, element) in waiters.iter_mut().zip(["c", "b", "a"]) {
        waiter.expect_reply(&popped("k", element));
    }
    expect_blocked(&mut c, 1);
    assert_eq!(ask::<u64>(&mut c, "EXISTS k"), 0);
}

#[test]
fn a_pipeline_behind_a_push_finds_what_the_waiter_left() {
    let server = Server::start();
    let mut c = server.client();
    for _ in 0..50 {
        let mut waiter = waiting(&server, &mut c, "BLPOP k 0", 0);
        let mut raw = server.raw();
        raw.send(b"RPUSH k a b\r\nLLEN k\r\nLPOP k\r\nEXISTS k\r\n");
        for reply in [":2", ":1", "$1\r\nb", ":0"] {
            raw.expect_reply(reply);
        }
        waiter.expect_reply(&popped("k", "a"));
    }
}

#[test]
fn the_first_key_with_data_wins_and_later_the_one_that_changes_first() {
    let server = Server::start();
    let mut c = server.client();
    let () = ask(&mut c, "RPUSH b b1");
    let () = ask(&mut c, "RPUSH a a1");
    let mut raw = server.raw();
    raw.expect("BLPOP none a b 0", &popped("a", "a1"));
    raw.expect("BLPOP none a b 0", &popped("b", "b1"));
    let mut waiter = waiting(&server, &mut c, "BLPOP none a b 0", 0);
    let () = ask(&mut c, "RPUSH b b2");
    waiter.expect_reply(&popped("b", "b2"));
    let () = ask(&mut c, "RPUSH a a2");
    assert_eq!(ask::<u64>(&mut c, "LLEN a"), 1);
}

#[test]
fn the_same_key_named_twice_is_one_key() {
    let server = Server::start();
    let mut c = server.client();
    let mut waiter = waiting(&server, &mut c, "BLPOP a a b a 0", 0);
    let () = ask(&mut c, "RPUSH a 1 2");
    waiter.expect_reply(&popped("a", "1"));
    assert_eq!(ask::<u64>(&mut c, "LLEN a"), 1);
    expect_blocked(&mut c, 0);
}

#[test]
fn a_chain_of_moves_serves_who_waits_at_its_end() {
    let server = Server::start();
    let mut c = server.client();
    let mut end = waiting(&server, &mut c, "BLPOP c 0", 0);
    let mut second = waiting(&server, &mut c, "BRPOPLPUSH b c 0", 1);
    let mut first = waiting(&server, &mut c, "BLMOVE a b LEFT RIGHT 0", 2);
    assert_eq!(ask::<u64>(&mut c, "RPUSH a x"), 1);
    first.expect_reply("$1\r\nx");
    second.expect_reply("$1\r\nx");
    end.expect_reply(&popped("c", "x"));
    assert_eq!(ask::<u64>(&mut c, "EXISTS a b c"), 0);
}

#[test]
fn a_move_at_once_serves_who_waits_for_its_target() {
    let server = Server::start();
    let mut c = server.client();
    let () = ask(&mut c, "RPUSH a 1 2");
    let mut waiter = waiting(&server, &mut c, "BLPOP b 0", 0);
    assert_eq!(ask::<String>(&mut c, "LMOVE a b LEFT LEFT"), "1");
    waiter.expect_reply(&popped("b", "1"));
    let mut waiter = waiting(&server, &mut c, "BRPOP b 0", 0);
    assert_eq!(ask::<String>(&mut c, "RPOPLPUSH a b"), "2");
    waiter.expect_reply(&popped("b", "2"));
    assert_eq!(ask::<u64>(&mut c, "EXISTS a b"), 0);
}

/// So many keys that some share a latch: 256 keys on 4096 latches.
#[test]
fn moves_whose_keys_share_latches_are_served_before_the_next_command() {
    const MOVES: usize = 128;
    let server = Server::start();
    let mut c = server.client();
    let mut movers: Vec<Raw> = Vec::with_capacity(MOVES);
    for n in 0..MOVES {
        let mut raw = server.raw();
        raw.send(format!("BLMOVE from{n} to{n} LEFT LEFT 0\r\n").as_bytes());
        movers.push(raw);
    }
    expect_blocked(&mut c, MOVES);
    let keys: Vec<String> = (0..MOVES).map(|n| format!("from{n}")).collect();
    let mut pipe = redis::pipe();
    pipe.cmd("MULTI").ignore();
    for key in &keys {
        pipe.cmd("RPUSH").arg(key).arg("x").ignore();
    }
    pipe.cmd("EXEC").ignore().cmd("EXISTS").arg(&keys);
    assert_eq!(pipe.query::<[usize; 1]>(&mut c).expect("replies"), [0]);
    for mover in &mut movers {
        mover.expect_reply("$1\r\nx");
    }
}

#[test]
fn a_list_moved_onto_itself_is_turned_and_serves_who_waits_next() {
    let server = Server::start();
    let mut c = server.client();
    let mut turner = waiting(&server, &mut c, "BRPOPLPUSH k k 0", 0);
    let mut taker = waiting(&server, &mut c, "BLPOP k 0", 1);
    let () = ask(&mut c, "RPUSH k a");
    turner.expect_reply("$1\r\na");
    taker.expect_reply(&popped("k", "a"));
    assert_eq!(ask::<u64>(&mut c, "EXISTS k"), 0);
    let mut turner = waiting(&server, &mut c, "BLMOVE k k LEFT RIGHT 0", 0);
    let () = ask(&mut c, "RPUSH k a b");
    turner.expect_reply("$1\r\na");
    assert_eq!(ask::<Vec<String>>(&mut c, "LRANGE k 0 -1"), ["b", "a"]);
}

#[test]
fn moves_in_a_circle_end() {
    let server = Server::start();
    let mut c = server.client();
    let mut there = waiting(&server, &mut c, "BRPOPLPUSH a b 0", 0);
    let mut back = waiting(&server, &mut c, "BRPOPLPUSH b a 0", 1);
    let () = ask(&mut c, "RPUSH a x");
    there.expect_reply("$1\r\nx");
    back.expect_reply("$1\r\nx");
    assert_eq!(ask::<Vec<String>>(&mut c, "LRANGE a 0 -1"), ["x"]);
    assert_eq!(ask::<u64>(&mut c, "EXISTS b"), 0);
}

#[test]
fn each_database_has_lines_of_its_own() {
    let server = Server::start();
    let mut c = server.client();
    let mut other = server.raw();
    other.expect("SELECT 3", "+OK");
    other.send(&pack(&["BLPOP", "k", "0"]));
    expect_blocked(&mut c, 1);
    let mut here = waiting(&server, &mut c, "BLPOP k 0", 1);
    let () = ask(&mut c, "RPUSH k here");
    here.expect_reply(&popped("k", "here"));
    assert_eq!(other.reply_within(MOMENT), None);
    let mut c3 = server.client_to("/3");
    let () = ask(&mut c3, "RPUSH k there");
    other.expect_reply(&popped("k", "there"));
}

#[test]
fn a_thousand_waiters_are_served_one_by_one() {
    const WAITERS: usize = 1000;
    let server = Server::start();
    let mut c = server.client();
    let mut waiters: Vec<Raw> = Vec::with_capacity(WAITERS);
    for _ in 0..WAITERS {
        let mut raw = server.raw();
        raw.send(&pack(&["BLPOP", "k", "0"]));
        waiters.push(raw);
    }
    expect_blocked(&mut c, WAITERS);
    let mut pipe = redis::pipe();
    for n in 0..WAITERS / 2 {
        pipe.cmd("RPUSH").arg("k").arg(n);
    }
    let lengths: Vec<u64> = pipe.query(&mut c).expect("pushes");
    assert!(lengths.iter().all(|len| *len == 1));
    let elements: Vec<String> = (WAITERS / 2..WAITERS).map(|n| n.to_string()).collect();
    let () = ask(&mut c, &format!("RPUSH k {}", elements.join(" ")));
    let replies: BTreeSet<Vec<u8>> = waiters.iter_mut().map(Raw::reply).collect();
    assert_eq!(replies.len(), WAITERS);
    expect_blocked(&mut c, 0);
    assert_eq!(ask::<u64>(&mut c, "EXISTS k"), 0);
}
