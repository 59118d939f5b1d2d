//! Limits an operator sets: bulk length, unauthenticated clients, timeout, maxclients.
//! Invariants: each limit is met exactly and refused one beyond. Must not know: buffers.
//! Tests: this file; limits on buffers stand in `buffers.rs`.

use crate::harness::{Raw, Server, eventually, pack, wire};

#[test]
fn proto_max_bulk_len_is_met_exactly() {
    let server = Server::builder().set("proto-max-bulk-len", "1mb").start();
    let mut c = server.raw();
    let value = vec![b'v'; 1 << 20];
    assert_eq!(c.command(&[&b"SET"[..], b"k", &value]), b"+OK\r\n");
    c.send(b"*3\r\n$3\r\nSET\r\n$1\r\nk\r\n$1048577\r\n");
    c.expect_reply("-ERR Protocol error: invalid bulk length");
    c.expect_closed();
    let mut c = server.raw();
    c.expect("STRLEN k", ":1048576");
    c.expect("CONFIG SET proto-max-bulk-len 2097152", "+OK");
    let mut c = server.raw();
    let longer = vec![b'v'; 2 << 20];
    assert_eq!(c.command(&[&b"SET"[..], b"k", &longer]), b"+OK\r\n");
}

#[test]
fn unauthenticated_clients_may_send_little() {
    let server = Server::builder().set("requirepass", "secret").start();
    let mut c = server.raw();
    c.send(b"*100\r\n");
    c.expect_reply("-ERR Protocol error: unauthenticated multibulk length");
    c.expect_closed();

    let mut c = server.raw();
    c.send(b"*1\r\n$16385\r\n");
    c.expect_reply("-ERR Protocol error: unauthenticated bulk length");
    c.expect_closed();

    let mut c = server.raw();
    let at_limit = "x".repeat(16384);
    let reply = c.command(&["AUTH", &at_limit]);
    assert!(reply.starts_with(b"-WRONGPASS"), "{}", wire::show(&reply));
    c.expect("AUTH secret", "+OK");
    assert_eq!(c.command(&["SET", "k", &"x".repeat(16385)]), b"+OK\r\n");
    let mut many = vec!["MSET".to_string()];
    many.extend((0..100).map(|n| n.to_string()));
    assert_eq!(c.command(&many), b"+OK\r\n");
}

#[test]
fn unauthenticated_flood_stays_bounded() {
    let server = Server::builder().set("requirepass", "secret").start();
    let mut c = server.raw();
    let noise = vec![b'x'; 64 * 1024];
    let cut = (0..4096).any(|_| c.try_send(&noise).is_err());
    assert!(
        cut,
        "256 MB of noise were taken from an unauthenticated client"
    );
    let mut c = server.raw();
    c.expect("AUTH secret", "+OK");
}

#[test]
fn timeout_closes_idle_connections_only() {
    let server = Server::start();
    let mut idle = server.raw();
    let mut admin = server.raw();
    idle.expect("PING", "+PONG");
    admin.expect("CONFIG SET timeout 1", "+OK");
    let mut busy = server.raw();
    eventually("the idle connection is closed", || {
        busy.expect("PING", "+PONG");
        let list = String::from_utf8_lossy(&admin.line("CLIENT LIST")).into_owned();
        list.matches("id=").count() == 2
    });
    idle.expect_closed();
    busy.expect("PING", "+PONG");
}

#[test]
fn maxclients_refuses_one_beyond() {
    let server = Server::builder().set("maxclients", "5").start();
    let mut held: Vec<Raw> = (0..5).map(|_| server.raw()).collect();
    for c in &mut held {
        c.expect("PING", "+PONG");
    }
    let mut refused = server.raw();
    refused.expect_reply("-ERR max number of clients reached");
    refused.expect_closed();
    held[0].expect("PING", "+PONG");
    held.pop();
    eventually("a place becomes free", || {
        let mut c = server.raw();
        c.try_send(&pack(&["PING"])).is_ok()
            && c.try_reply().is_ok_and(|reply| reply == b"+PONG\r\n")
    });
    let info = String::from_utf8_lossy(&held[0].line("INFO stats")).into_owned();
    let rejected = info
        .split("rejected_connections:")
        .nth(1)
        .and_then(|r| r.split('\r').next());
    assert!(
        rejected
            .expect("a counter")
            .parse::<u32>()
            .expect("a number")
            >= 1
    );
    held[0].expect("CONFIG SET maxclients 50", "+OK");
    let mut more: Vec<Raw> = (0..20).map(|_| server.raw()).collect();
    more.iter_mut().for_each(|c| c.expect("PING", "+PONG"));
}

#[test]
fn hundreds_of_connections_are_served_at_once() {
    let server = Server::start();
    let mut clients: Vec<Raw> = (0..500).map(|_| server.raw()).collect();
    for (n, c) in clients.iter_mut().enumerate() {
        c.send(&pack(&["INCR", &format!("k{}", n % 10)]));
    }
    for c in &mut clients {
        assert!(wire::integer(&c.reply()).is_some_and(|n| n <= 50));
    }
    clients[0].expect("MGET k0 k9", "*2\r\n$2\r\n50\r\n$2\r\n50");
}
