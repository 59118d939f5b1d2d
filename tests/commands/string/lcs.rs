//! LCS: the string, its length, its matching ranges, in RESP2 and RESP3.
//! Invariants: replies compared raw. Must not know: how it is computed. Tests: this file.

use crate::harness::Server;

#[test]
fn lcs_returns_string_length_and_ranges() {
    let server = Server::start();
    let mut c = server.raw();
    c.expect("MSET key1 ohmytext key2 mynewtext", "+OK");
    c.expect("LCS key1 key2", "$6\r\nmytext");
    c.expect("LCS key1 key2 LEN", ":6");
    c.expect(
        "LCS key1 key2 IDX",
        "*4\r\n$7\r\nmatches\r\n*2\r\n*2\r\n*2\r\n:4\r\n:7\r\n*2\r\n:5\r\n:8\r\n*2\r\n*2\r\n:2\r\n\
         :3\r\n*2\r\n:0\r\n:1\r\n$3\r\nlen\r\n:6",
    );
    c.expect(
        "LCS key1 key2 IDX MINMATCHLEN 4 WITHMATCHLEN",
        "*4\r\n$7\r\nmatches\r\n*1\r\n*3\r\n*2\r\n:4\r\n:7\r\n*2\r\n:5\r\n:8\r\n:4\r\n\
         $3\r\nlen\r\n:6",
    );
    c.line("HELLO 3");
    c.expect(
        "LCS key1 key2 IDX MINMATCHLEN 5",
        "%2\r\n$7\r\nmatches\r\n*0\r\n$3\r\nlen\r\n:6",
    );
}

#[test]
fn lcs_treats_missing_keys_as_empty() {
    let server = Server::start();
    let mut c = server.raw();
    c.expect("LCS a b", "$0\r\n");
    c.expect("LCS a b LEN", ":0");
    c.expect(
        "LCS a b IDX",
        "*4\r\n$7\r\nmatches\r\n*0\r\n$3\r\nlen\r\n:0",
    );
}

#[test]
fn lcs_refuses_contradicting_options() {
    let server = Server::start();
    let mut c = server.raw();
    c.expect("LCS a", "-ERR wrong number of arguments for 'lcs' command");
    c.expect("LCS a b BOGUS", "-ERR syntax error");
    c.expect("LCS a b MINMATCHLEN", "-ERR syntax error");
    c.expect(
        "LCS a b IDX LEN",
        "-ERR If you want both the length and indexes, please just use IDX.",
    );
    c.expect(
        "LCS a b IDX MINMATCHLEN x",
        "-ERR value is not an integer or out of range",
    );
}
