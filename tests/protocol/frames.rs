//! Malformed and oversized frames: the exact error, then the end of the connection.
//! Invariants: other connections notice nothing. Must not know: the parser. Tests: this file.

use crate::harness::{Server, wait, wire};
use std::time::Instant;

/// Frames that break the protocol, and the error line that answers each.
const MALFORMED: &[(&[u8], &str)] = &[
    (b"*3000000000\r\n", "invalid multibulk length"),
    (b"*x\r\n", "invalid multibulk length"),
    (b"*1x\r\n", "invalid multibulk length"),
    (b"* 1\r\n", "invalid multibulk length"),
    (b"*\r\n", "invalid multibulk length"),
    (b"*9223372036854775808\r\n", "invalid multibulk length"),
    (
        b"*3\r\n$3\r\nSET\r\n$1\r\nx\r\nfooz\r\n",
        "expected '$', got 'f'",
    ),
    (b"*1\r\n:1\r\n", "expected '$', got ':'"),
    (b"*2\r\n$4\r\nECHO\r\n\r\n", "expected '$', got '\r'"),
    (
        b"*3\r\n$3\r\nSET\r\n$1\r\nx\r\n$-10\r\n",
        "invalid bulk length",
    ),
    (
        b"*3\r\n$3\r\nSET\r\n$1\r\nx\r\n$-1\r\n",
        "invalid bulk length",
    ),
    (
        b"*3\r\n$3\r\nSET\r\n$1\r\nx\r\n$2000000000\r\n",
        "invalid bulk length",
    ),
    (
        b"*3\r\n$3\r\nSET\r\n$1\r\nx\r\n$536870913\r\n",
        "invalid bulk length",
    ),
    (
        b"*3\r\n$3\r\nSET\r\n$1\r\nx\r\n$blabla\r\n",
        "invalid bulk length",
    ),
    (
        b"*3\r\n$3\r\nSET\r\n$1\r\nx\r\n$\r\n",
        "invalid bulk length",
    ),
    (b"*1\r\n$99999999999999999999\r\n", "invalid bulk length"),
];

#[test]
fn malformed_frame_gets_its_error_and_the_connection_ends() {
    let server = Server::start();
    let mut bystander = server.raw();
    for (frame, error) in MALFORMED {
        let mut c = server.raw();
        c.send(frame);
        let got = c.drain();
        // A CR inside the error text is replaced, so that the reply stays one line.
        let expected = format!("-ERR Protocol error: {}\r\n", error.replace('\r', " "));
        assert!(
            got == expected.as_bytes(),
            "{}\n      got: {}\n expected: {}",
            wire::show(frame),
            wire::show(&got),
            wire::show(expected.as_bytes())
        );
        bystander.expect("PING", "+PONG");
    }
}

#[test]
fn commands_before_a_malformed_frame_are_answered() {
    let server = Server::start();
    let mut c = server.raw();
    c.send(b"*1\r\n$4\r\nPING\r\n*1\r\n$-5\r\n*1\r\n$4\r\nPING\r\n");
    c.expect_reply("+PONG");
    c.expect_reply("-ERR Protocol error: invalid bulk length");
    c.expect_closed();
}

#[test]
fn empty_and_negative_arrays_are_ignored() {
    let server = Server::start();
    let mut c = server.raw();
    c.send(b"*0\r\n*-10\r\n\r\n*-1\r\n*1\r\n$4\r\nPING\r\n");
    c.expect_reply("+PONG");
    c.expect("PING", "+PONG");
}

/// A length that never ends must not be buffered without bound.
#[test]
fn endless_headers_are_cut_off() {
    let server = Server::start();
    let digits = vec![b'1'; 70 * 1024];
    let starts: [(&[u8], &str); 2] = [
        (b"*", "too big mbulk count string"),
        (b"*1\r\n$", "too big bulk count string"),
    ];
    for (start, error) in starts {
        let mut c = server.raw();
        // The server may close while we still write; the reply is what counts.
        let _ = c.try_send(start);
        let _ = c.try_send(&digits);
        c.expect_reply(&format!("-ERR Protocol error: {error}"));
    }
}

/// What began as a frame never turns into memory without end, whatever follows.
#[test]
fn desynchronised_streams_end_with_an_error() {
    let server = Server::start();
    for start in [&b""[..], b"*", b"$", b"*1\r\n$"] {
        let mut c = server.raw();
        let noise = [start, &b"payload without any end "[..]].concat();
        let started = Instant::now();
        while c.try_send(&noise).is_ok() {
            assert!(
                started.elapsed() < wait::PATIENCE,
                "the server reads without end"
            );
        }
    }
    server.raw().expect("PING", "+PONG");
}

#[test]
fn wrong_payload_terminator_is_tolerated_as_in_redis() {
    let server = Server::start();
    let mut c = server.raw();
    c.send(b"*2\r\n$4\r\nECHO\r\n$2\r\nabXX*1\r\n$4\r\nPING\r\n");
    c.expect_reply("$2\r\nab");
    c.expect_reply("+PONG");
}

#[test]
fn unknown_commands_and_wrong_arity_leave_the_connection_open() {
    let server = Server::start();
    let mut c = server.raw();
    c.expect("GET", "-ERR wrong number of arguments for 'get' command");
    c.expect(
        "FOO",
        "-ERR unknown command 'FOO', with args beginning with: ",
    );
    c.expect(
        "\"\" x",
        "-ERR unknown command '', with args beginning with: 'x' ",
    );
    let long = "y".repeat(200);
    let shown = "y".repeat(128);
    c.expect(
        &format!("{long} {long} more"),
        &format!("-ERR unknown command '{shown}', with args beginning with: '{shown}' "),
    );
    c.expect(
        "\"a\\r\\nb\" \"c\\x00d\"",
        "-ERR unknown command 'a  b', with args beginning with: 'c' ",
    );
    c.expect("PING", "+PONG");
}

#[test]
fn non_utf8_bytes_are_ordinary_data() {
    let server = Server::start();
    let mut c = server.raw();
    let bytes = b"\xff\xfe\x80\x00\xc3\x28";
    assert_eq!(c.command(&[&b"SET"[..], bytes, bytes]), b"+OK\r\n");
    assert_eq!(
        c.command(&[&b"GET"[..], bytes]),
        b"$6\r\n\xff\xfe\x80\x00\xc3\x28\r\n"
    );
    let reply = c.command(&[&b"\xff\xfe"[..], bytes]);
    assert!(
        reply.starts_with(b"-ERR unknown command '\xff\xfe'"),
        "{}",
        wire::show(&reply)
    );
}
