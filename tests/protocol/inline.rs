//! Inline commands: words, quotes, escapes, and their limits.
//! Invariants: an inline command answers as its framed form does. Must not know: the parser.
//! Tests: this file.

use crate::harness::{Server, wire};

#[test]
fn inline_commands_take_words_and_both_line_ends() {
    let server = Server::start();
    let mut c = server.raw();
    c.send(b"PING\r\nSET k v\nGET k\r\n  GET   k  \r\n");
    c.expect_reply("+PONG");
    c.expect_reply("+OK");
    c.expect_reply("$1\r\nv");
    c.expect_reply("$1\r\nv");
}

#[test]
fn inline_quotes_and_escapes_are_understood() {
    let server = Server::start();
    let mut c = server.raw();
    let cases: [(&[u8], &[u8]); 7] = [
        (br#"ECHO "a b""#, b"a b"),
        (br#"ECHO 'a b'"#, b"a b"),
        (
            br#"ECHO "\x00\xff\n\r\t\b\a\"\\""#,
            b"\x00\xff\n\r\t\x08\x07\"\\",
        ),
        (br#"ECHO 'it\'s'"#, b"it's"),
        (br#"ECHO '\n'"#, b"\\n"),
        (br#"ECHO """#, b""),
        (br#"ECHO "\xzz""#, b"xzz"),
    ];
    for (line, expected) in cases {
        c.send(line);
        c.send(b"\r\n");
        let reply = c.reply();
        assert_eq!(
            wire::payload(&reply),
            Some(expected),
            "{}",
            wire::show(line)
        );
    }
}

#[test]
fn http_is_not_read_as_commands() {
    let server = Server::builder()
        .allow("SECURITY ATTACK", "the test provokes it")
        .start();
    for request in [
        "POST / HTTP/1.1\r\nSET forged 1\r\n",
        "GET / HTTP/1.1\r\nHost: localhost\r\n\r\nSET forged 1\r\n",
        "*1\r\n$5\r\nhOsT:\r\nSET forged 1\r\n",
    ] {
        let mut c = server.raw();
        c.send(request.as_bytes());
        c.expect_closed();
    }
    let mut c = server.raw();
    c.expect("EXISTS forged", ":0");
}

#[test]
fn inline_unbalanced_quotes_end_the_connection() {
    let server = Server::start();
    for line in [
        "set \"\"\"test-key\"\"\" test-value\r\n",
        "GET \"k\r\n",
        "GET 'k\r\n",
        "GET \"k\"x\r\n",
    ] {
        let mut c = server.raw();
        c.send(line.as_bytes());
        c.expect_reply("-ERR Protocol error: unbalanced quotes in request");
        c.expect_closed();
    }
}

#[test]
fn inline_empty_lines_are_ignored() {
    let server = Server::start();
    let mut c = server.raw();
    c.send(b"\r\n\n\r\n   \r\nPING\r\n");
    c.expect_reply("+PONG");
}

#[test]
fn inline_and_framed_commands_mix_in_one_packet() {
    let server = Server::start();
    let mut c = server.raw();
    c.send(b"PING\r\n*2\r\n$4\r\nECHO\r\n$2\r\nhi\r\nPING x\n*1\r\n$4\r\nPING\r\n");
    c.expect_reply("+PONG");
    c.expect_reply("$2\r\nhi");
    c.expect_reply("$1\r\nx");
    c.expect_reply("+PONG");
}

#[test]
fn inline_request_has_a_limit() {
    let server = Server::start();
    let mut c = server.raw();
    let value = "x".repeat(60_000);
    c.send(format!("SET k {value}\r\n").as_bytes());
    c.expect_reply("+OK");
    let mut c = server.raw();
    let _ = c.try_send(&vec![b'x'; 66_000]);
    c.expect_reply("-ERR Protocol error: too big inline request");
}

#[test]
fn inline_fragments_wait_for_the_line_end() {
    let server = Server::start();
    let mut c = server.raw();
    for fragment in ["SE", "T k", " \"a", " b\"", "\r", "\n"] {
        c.send(fragment.as_bytes());
    }
    c.expect_reply("+OK");
    c.expect("GET k", "$3\r\na b");
}
