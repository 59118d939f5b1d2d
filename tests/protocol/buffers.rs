//! Bounds on what one connection may occupy: its query buffer and its pending replies.
//! Invariants: the offender is closed, the others are served, memory stays bounded.
//! Must not know: how buffers are kept. Tests: this file.

use crate::harness::{Raw, Server, eventually, pack, wire};

fn resident_bytes(pid: u32) -> u64 {
    memory(pid, "VmRSS:")
}

fn memory(pid: u32, field: &str) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status")).expect("a live server");
    let line = status
        .lines()
        .find(|line| line.starts_with(field))
        .expect("a line of it");
    let kilobytes = line.split_whitespace().nth(1).expect("a figure");
    kilobytes.parse::<u64>().expect("a number") * 1024
}

/// How many connections the server holds, this one included.
fn connected(c: &mut Raw) -> usize {
    let list = c.line("CLIENT LIST");
    String::from_utf8_lossy(&list).matches("id=").count()
}

#[test]
fn output_buffer_hard_limit_closes_a_client_that_asks_for_more_at_once() {
    let server = Server::builder()
        .set("client-output-buffer-limit", "normal 8mb 0 0")
        .allow("overcoming of output buffer limits", "the test provokes it")
        .start();
    let mut admin = server.raw();
    let value = vec![b'v'; 9 << 20];
    assert_eq!(admin.command(&[&b"SET"[..], b"k", &value]), b"+OK\r\n");
    let mut greedy = server.raw();
    greedy.expect("PING", "+PONG");
    greedy.send(&pack(&["GET", "k"]));
    eventually("the reader is closed", || connected(&mut admin) == 1);
    server.expect_log("overcoming of output buffer limits");
}

#[test]
fn a_reply_beyond_the_hard_limit_is_not_put_together() {
    let server = Server::builder()
        .set("client-output-buffer-limit", "normal 8mb 0 0")
        .allow("overcoming of output buffer limits", "the test provokes it")
        .start();
    let mut admin = server.raw();
    let member = vec![b'm'; 1 << 20];
    assert_eq!(admin.command(&[&b"SADD"[..], b"s", &member]), b":1\r\n");
    let mut greedy = server.raw();
    greedy.expect("PING", "+PONG");
    let before = resident_bytes(server.pid());
    greedy.send(&pack(&["SRANDMEMBER", "s", "-400"]));
    eventually("the reader is closed", || connected(&mut admin) == 1);
    let grown = memory(server.pid(), "VmHWM:").saturating_sub(before);
    assert!(grown < 128 << 20, "the server grew by {} MB", grown >> 20);
}

#[test]
fn reader_that_never_reads_occupies_no_more_than_one_batch_of_replies() {
    let server = Server::start();
    let mut admin = server.raw();
    let value = vec![b'v'; 1 << 20];
    assert_eq!(admin.command(&[&b"SET"[..], b"k", &value]), b"+OK\r\n");
    let mut deaf = server.raw();
    deaf.expect("PING", "+PONG");
    let before = resident_bytes(server.pid());
    let _ = deaf.try_send(&pack(&["GET", "k"]).repeat(400));
    // The others are served, and what the deaf one asked for waits in its socket.
    for _ in 0..200 {
        admin.expect("PING", "+PONG");
    }
    let grown = resident_bytes(server.pid()).saturating_sub(before);
    assert!(grown < 64 << 20, "the server grew by {} MB", grown >> 20);
}

#[test]
fn output_buffer_soft_limit_closes_after_its_seconds() {
    let server = Server::builder()
        .set("client-output-buffer-limit", "normal 0 1mb 1")
        .allow("overcoming of output buffer limits", "the test provokes it")
        .start();
    let mut admin = server.raw();
    let value = vec![b'v'; 1 << 20];
    assert_eq!(admin.command(&[&b"SET"[..], b"k", &value]), b"+OK\r\n");
    let mut deaf = server.raw();
    deaf.send(&pack(&["GET", "k"]).repeat(60));
    eventually("the reader is closed", || {
        // Redis judges a soft limit only when it adds to the buffer.
        let _ = deaf.try_send(&pack(&["GET", "k"]));
        connected(&mut admin) == 1
    });
}

#[test]
fn slow_reader_within_the_limits_gets_every_byte() {
    let server = Server::start();
    let mut c = server.raw();
    let value = vec![b'v'; 1 << 20];
    assert_eq!(c.command(&[&b"SET"[..], b"k", &value]), b"+OK\r\n");
    c.send(&pack(&["GET", "k"]).repeat(100));
    c.send(&pack(&["PING"]));
    for _ in 0..100 {
        let reply = c.reply();
        assert!(wire::payload(&reply) == Some(&value));
    }
    c.expect_reply("+PONG");
}

#[test]
fn query_buffer_limit_closes_a_sender_without_end() {
    let server = Server::builder()
        .set("client-query-buffer-limit", "2mb")
        .allow("max query buffer length", "the test provokes it")
        .start();
    let mut admin = server.raw();
    let mut sender = server.raw();
    // One argument longer than the limit, of which the end never comes.
    let _ = sender.try_send(b"*2\r\n$4\r\nECHO\r\n$9000000\r\n");
    let _ = sender.try_send(&vec![b'x'; 4 << 20]);
    eventually("the sender is closed", || connected(&mut admin) == 1);
    server.expect_log("max query buffer length");
}

#[test]
fn info_counts_clients_closed_for_their_buffers_and_small_replies_are_free() {
    let server = Server::builder()
        .set("client-query-buffer-limit", "1mb")
        .set("client-output-buffer-limit", "normal 10 0 0")
        .allow("max query buffer length", "the test provokes it")
        .allow("overcoming of output buffer limits", "the test provokes it")
        .start();
    let mut admin = server.raw();
    let value = vec![b'v'; 100_000];
    assert_eq!(admin.command(&[&b"SET"[..], b"k", &value]), b"+OK\r\n");
    let closed = |c: &mut Raw, name: &str| {
        let info = c.line("INFO stats");
        let field = format!("\r\nclient_{name}_buffer_limit_disconnections:1\r\n");
        String::from_utf8_lossy(&info).contains(&field)
    };
    assert!(!closed(&mut admin, "query") && !closed(&mut admin, "output"));
    let _ = server.raw().try_send(&pack(&["GET", "k"]));
    eventually("the reader is counted", || closed(&mut admin, "output"));
    let mut sender = server.raw();
    let _ = sender.try_send(b"*2\r\n$4\r\nECHO\r\n$9000000\r\n");
    let _ = sender.try_send(&vec![b'x'; 2 << 20]);
    eventually("the sender is counted", || closed(&mut admin, "query"));
    assert_eq!(admin.line("CONFIG RESETSTAT"), b"+OK\r\n");
    assert!(!closed(&mut admin, "query") && !closed(&mut admin, "output"));
}
