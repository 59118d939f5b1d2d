//! CLIENT REPLY ON, OFF and SKIP.
//! Invariants: a silenced command still runs. Must not know: output buffers. Tests: this file.

use crate::harness::{Server, pack};

fn pipeline(lines: &[&[&str]]) -> Vec<u8> {
    lines.iter().flat_map(|line| pack(line)).collect()
}

#[test]
fn reply_off_silences_until_on() {
    let server = Server::start();
    let mut c = server.raw();
    c.send(&pipeline(&[
        &["CLIENT", "REPLY", "OFF"],
        &["SET", "a", "1"],
        &["NOSUCH"],
        &["GET"],
        &["CLIENT", "REPLY", "ON"],
        &["GET", "a"],
    ]));
    c.expect_reply("+OK");
    c.expect_reply("$1\r\n1");
}

#[test]
fn reply_skip_silences_exactly_one_command() {
    let server = Server::start();
    let mut c = server.raw();
    c.send(&pipeline(&[
        &["CLIENT", "REPLY", "SKIP"],
        &["SET", "a", "1"],
        &["GET", "a"],
        &["CLIENT", "REPLY", "SKIP"],
        &["CLIENT", "REPLY", "SKIP"],
        &["SET", "a", "2"],
        &["GET", "a"],
    ]));
    c.expect_reply("$1\r\n1");
    c.expect_reply("$1\r\n2");
    c.expect("PING", "+PONG");
}

#[test]
fn reply_skip_within_off_changes_nothing() {
    let server = Server::start();
    let mut c = server.raw();
    c.send(&pipeline(&[
        &["CLIENT", "REPLY", "OFF"],
        &["CLIENT", "REPLY", "SKIP"],
        &["SET", "a", "1"],
        &["SET", "a", "2"],
        &["CLIENT", "REPLY", "ON"],
    ]));
    c.expect_reply("+OK");
    c.expect("GET a", "$1\r\n2");
}

#[test]
fn reply_off_commands_are_kept_after_a_disconnect() {
    let server = Server::start();
    let mut c = server.raw();
    c.send(&pack(&["CLIENT", "REPLY", "OFF"]));
    c.send(&pack(&["INCR", "n"]).repeat(5000));
    c.send(&pipeline(&[&["CLIENT", "REPLY", "ON"]]));
    c.expect_reply("+OK");
    drop(c);
    server.raw().expect("GET n", "$4\r\n5000");
}
