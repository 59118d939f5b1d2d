//! Pipelines: order, packet boundaries, size, and what happens when the peer stops early.
//! Invariants: replies come in the order of commands and their bytes do not depend on packets.
//! Must not know: batching. Tests: this file.

use crate::harness::{Random, Server, pack, seed, wire};
use rand::RngExt;

/// A session whose replies differ from each other, and the replies it must get.
fn session() -> (Vec<u8>, Vec<u8>) {
    let mut commands = Vec::new();
    let mut replies = Vec::new();
    for n in 0..200 {
        let value = "v".repeat(n * 37 % 500);
        let key = format!("k{}", n % 7);
        commands.extend(pack(&["SET", &key, &value]));
        replies.extend(b"+OK\r\n");
        commands.extend(pack(&["GET", &key]));
        replies.extend(format!("${}\r\n{value}\r\n", value.len()).into_bytes());
        commands.extend(format!("ECHO inline-{n}\r\n").into_bytes());
        replies.extend(format!("${}\r\ninline-{n}\r\n", 7 + n.to_string().len()).into_bytes());
        commands.extend(pack(&["INCR", "counter"]));
        replies.extend(format!(":{}\r\n", n + 1).into_bytes());
    }
    (commands, replies)
}

fn check_session_cut(server: &Server, random: &mut Random, piece_max: usize) {
    let (commands, replies) = session();
    let mut c = server.raw();
    c.expect("FLUSHALL", "+OK");
    let mut rest = &commands[..];
    while !rest.is_empty() {
        let (piece, after) = rest.split_at(random.random_range(1..=piece_max.min(rest.len())));
        c.send(piece);
        rest = after;
    }
    let mut got = Vec::new();
    while got.len() < replies.len() {
        got.extend(c.reply());
    }
    assert!(
        got == replies,
        "pieces up to {piece_max} bytes changed the replies"
    );
}

#[test]
fn pipeline_replies_do_not_depend_on_packet_boundaries() {
    let mut random = seed::random(seed::announce("packets"));
    let server = Server::start();
    for piece_max in [1, 2, 7, 100, 1460, 100_000] {
        check_session_cut(&server, &mut random, piece_max);
    }
}

#[test]
fn pipeline_of_fifty_thousand_commands_is_answered_in_order() {
    const COMMANDS: i64 = 50_000;
    let server = Server::start();
    let mut c = server.raw();
    let increments = pack(&["INCR", "n"]).repeat(COMMANDS as usize);
    std::thread::scope(|scope| {
        let mut sender = server.raw();
        // The replies are read while the commands are still being sent by this other thread.
        let handle = scope.spawn(move || {
            sender.send(&increments);
            for expected in 1..=COMMANDS {
                assert_eq!(wire::integer(&sender.reply()), Some(expected));
            }
        });
        handle.join().expect("the pipelining client");
    });
    c.expect("GET n", "$5\r\n50000");
}

#[test]
fn crossing_pipelines_make_progress_and_agree() {
    let server = Server::start();
    std::thread::scope(|scope| {
        for (first, second) in [("a", "b"), ("b", "a"), ("a", "b"), ("b", "a")] {
            let server = &server;
            scope.spawn(move || {
                let mut c = server.raw();
                for round in 0..300 {
                    let value = format!("{first}{round}");
                    let pair = [
                        pack(&["SET", first, &value]),
                        pack(&["SET", second, &value]),
                    ];
                    c.send(&pair.concat().repeat(4));
                    for _ in 0..8 {
                        c.expect_reply("+OK");
                    }
                }
            });
        }
    });
    let mut c = server.raw();
    let values = c.line("MGET a b");
    assert_eq!(wire::elements(&values).len(), 2);
    c.expect("DBSIZE", ":2");
}

#[test]
fn pipeline_sent_before_half_close_is_answered() {
    let server = Server::start();
    let mut c = server.raw();
    c.send(&pack(&["INCR", "n"]).repeat(1000));
    c.finish_sending();
    let rest = c.drain();
    let last = rest.rsplit(|byte| *byte == b':').next();
    // Redis stops at the end of file; whatever was executed has been answered in order.
    if let Some(last) = last.filter(|last| !last.is_empty()) {
        let answered = String::from_utf8_lossy(last)
            .trim()
            .parse::<i64>()
            .expect("a number");
        let reply = server.raw().line("GET n");
        let executed = wire::payload(&reply).expect("a counter").to_vec();
        let executed: i64 = String::from_utf8_lossy(&executed)
            .parse()
            .expect("a number");
        assert!(
            answered <= executed,
            "answered {answered}, executed {executed}"
        );
    }
}

#[test]
fn commands_cut_off_by_a_disconnect_are_not_executed() {
    let server = Server::start();
    let mut c = server.raw();
    c.send(&pack(&["SET", "k", "whole"]));
    c.expect_reply("+OK");
    let frame = pack(&["SET", "k", "half"]);
    c.send(&frame[..frame.len() - 3]);
    drop(c);
    let mut probe = server.raw();
    probe.expect("GET k", "$5\r\nwhole");
}

#[test]
fn huge_bulk_arrives_whole_in_both_directions() {
    const SIZE: usize = 96 << 20;
    let server = Server::start();
    let mut c = server.raw();
    let value: Vec<u8> = (0..SIZE).map(|at| (at ^ (at >> 11)) as u8).collect();
    assert_eq!(c.command(&[&b"SET"[..], b"k", &value]), b"+OK\r\n");
    c.expect("STRLEN k", &format!(":{SIZE}"));
    let reply = c.line("GET k");
    assert!(
        wire::payload(&reply) == Some(&value),
        "{}",
        wire::show(&reply)
    );
    let length = c.command(&[&b"APPEND"[..], b"k", &value[..1000]]);
    assert_eq!(wire::integer(&length), Some(SIZE as i64 + 1000));
    let range = c.line(&format!("GETRANGE k {} -1", SIZE - 2));
    let expected = [&value[SIZE - 2..], &value[..1000]].concat();
    assert_eq!(wire::payload(&range), Some(&expected[..]));
}

#[test]
fn many_arguments_fit_in_one_command() {
    let server = Server::start();
    let mut c = server.raw();
    let mut command: Vec<String> = vec!["DEL".into()];
    command.extend((0..200_000).map(|n| format!("k{n}")));
    assert_eq!(c.command(&command), b":0\r\n");
}
