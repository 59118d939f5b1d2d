//! Replies in both protocols, errors, and how long a wait takes.
//! Invariants: a time is never shorter than asked for. Must not know: who serves. Tests: this file.

use super::{popped, popped_many, waiting};
use crate::harness::ask::all_fail;
use crate::harness::{Server, ask};
use std::time::{Duration, Instant};

#[test]
fn blpop_and_brpop_take_at_once_what_is_there() {
    let server = Server::start();
    let mut raw = server.raw();
    raw.expect("RPUSH list a b c d", ":4");
    raw.expect("BLPOP list 0", &popped("list", "a"));
    raw.expect("BRPOP none list 0", &popped("list", "d"));
    raw.line("HELLO 3");
    raw.expect("BLPOP none list 1", &popped("list", "b"));
    raw.expect("BRPOP list none 0.5", &popped("list", "c"));
    raw.expect("EXISTS list", ":0");
}

#[test]
fn blmpop_takes_several_of_the_first_list_that_has_any() {
    let server = Server::start();
    let mut raw = server.raw();
    raw.expect("RPUSH two a b c", ":3");
    raw.expect("RPUSH three x", ":1");
    let both = popped_many("two", &["c", "b"]);
    raw.expect("BLMPOP 0 3 one two three RIGHT COUNT 2", &both);
    let one = popped_many("two", &["a"]);
    raw.expect("BLMPOP 0 3 one two three left", &one);
    let three = popped_many("three", &["x"]);
    raw.expect("BLMPOP 0 3 one two three LEFT COUNT 10", &three);
    raw.expect("BLMPOP 0.01 1 one LEFT", "*-1");
    raw.line("HELLO 3");
    raw.expect("BLMPOP 0.01 1 one LEFT", "_");
}

#[test]
fn blmove_and_brpoplpush_move_at_once_what_is_there() {
    let server = Server::start();
    let mut raw = server.raw();
    raw.expect("RPUSH from a b c d", ":4");
    raw.expect("BLMOVE from to LEFT RIGHT 0", "$1\r\na");
    raw.expect("BLMOVE from to RIGHT LEFT 0", "$1\r\nd");
    raw.expect("BRPOPLPUSH from to 0", "$1\r\nc");
    raw.expect("BRPOPLPUSH to to 0", "$1\r\na");
    raw.expect("LRANGE to 0 -1", "*3\r\n$1\r\na\r\n$1\r\nc\r\n$1\r\nd");
    raw.expect("LRANGE from 0 -1", "*1\r\n$1\r\nb");
}

#[test]
fn a_wait_that_is_over_answers_with_nothing() {
    let server = Server::start();
    let mut raw = server.raw();
    let cases = [
        ("BLPOP none 0.03", "*-1"),
        ("BRPOP none other 0.03", "*-1"),
        ("BLMPOP 0.03 2 none other LEFT", "*-1"),
        ("BLMOVE none other LEFT LEFT 0.03", "*-1"),
        ("BRPOPLPUSH none other 0.03", "*-1"),
    ];
    for (line, reply) in cases {
        let start = Instant::now();
        raw.expect(line, reply);
        assert!(start.elapsed() >= Duration::from_millis(30), "{line}");
    }
    raw.line("HELLO 3");
    for (line, _) in cases {
        raw.expect(line, "_");
    }
    raw.expect("EXISTS none other", ":0");
}

#[test]
fn timeouts_are_whole_seconds_fractions_and_numbers_of_other_spellings() {
    let server = Server::start();
    let mut raw = server.raw();
    for timeout in ["0.01", "1e-2", "+0.01", ".01", "0.0000001"] {
        raw.expect(&format!("BLPOP none {timeout}"), "*-1");
    }
    let start = Instant::now();
    raw.expect("BLPOP none 1", "*-1");
    assert!(start.elapsed() >= Duration::from_secs(1));
}

#[test]
fn senseless_timeouts_are_refused() {
    let server = Server::start();
    let mut c = server.client();
    let () = ask(&mut c, "RPUSH list a");
    let commands = [
        "BLPOP list {}",
        "BRPOP none {}",
        "BLMOVE none other LEFT LEFT {}",
        "BRPOPLPUSH none other {}",
        "BLMPOP {} 1 none LEFT",
    ];
    for command in commands {
        let with = |timeout: &str| command.replace("{}", timeout);
        all_fail(
            &mut c,
            &[
                (&with("-1"), "ERR timeout is negative"),
                (&with("-0.001"), "ERR timeout is negative"),
                (&with("x"), "ERR timeout is not a float or out of range"),
                (&with("1x"), "ERR timeout is not a float or out of range"),
                (&with("nan"), "ERR timeout is not a float or out of range"),
                (&with("1e300"), "ERR timeout is out of range"),
            ],
        );
    }
    assert_eq!(ask::<u64>(&mut c, "LLEN list"), 1);
}

#[test]
fn senseless_arguments_of_waiting_commands_are_refused() {
    let server = Server::start();
    let mut c = server.client();
    let () = ask(&mut c, "SET text x");
    let () = ask(&mut c, "RPUSH list a");
    let wrong = "WRONGTYPE Operation against a key holding the wrong kind of value";
    all_fail(
        &mut c,
        &[
            (
                "BLPOP list",
                "ERR wrong number of arguments for 'blpop' command",
            ),
            (
                "BRPOPLPUSH a b",
                "ERR wrong number of arguments for 'brpoplpush' command",
            ),
            (
                "BLMOVE a b LEFT LEFT",
                "ERR wrong number of arguments for 'blmove' command",
            ),
            ("BLMOVE a b LEFT UP 0", "ERR syntax error"),
            ("BLMPOP 0 0 a LEFT", "ERR numkeys should be greater than 0"),
            ("BLMPOP 0 x a LEFT", "ERR numkeys should be greater than 0"),
            ("BLMPOP 0 2 a LEFT", "ERR syntax error"),
            ("BLMPOP 0 1 a UP", "ERR syntax error"),
            ("BLMPOP -1 1 a UP", "ERR syntax error"),
            (
                "BLMPOP -1 1 a LEFT COUNT 0",
                "ERR count should be greater than 0",
            ),
            (
                "BLMPOP 0 1 a LEFT COUNT 0",
                "ERR count should be greater than 0",
            ),
            ("BLMPOP 0 1 a LEFT COUNT", "ERR syntax error"),
            ("BLMPOP 0 1 a LEFT COUNT 1 COUNT 1", "ERR syntax error"),
            ("BLPOP text list 0", wrong),
            ("BRPOP none text list 0", wrong),
            ("BLMPOP 0 2 text list LEFT", wrong),
            ("BLMOVE text list LEFT LEFT 0", wrong),
            ("BLMOVE list text LEFT LEFT 0", wrong),
            ("BRPOPLPUSH list text 0", wrong),
        ],
    );
    assert_eq!(ask::<u64>(&mut c, "LLEN list"), 1);
}

#[test]
fn who_waits_is_told_in_its_own_protocol() {
    let server = Server::start();
    let mut c = server.client();
    let mut new = server.raw();
    new.line("HELLO 3");
    new.send(b"BLMPOP 0 1 list LEFT COUNT 2\r\n");
    super::expect_blocked(&mut c, 1);
    let mut old = waiting(&server, &mut c, "BLPOP list 0", 1);
    let () = ask(&mut c, "RPUSH list a b c");
    new.expect_reply(&popped_many("list", &["a", "b"]));
    old.expect_reply(&popped("list", "c"));
}
