//! SINTER, SINTERCARD, SINTERSTORE, SUNION, SUNIONSTORE, SDIFF, SDIFFSTORE.
//! Invariants: a key that does not exist is an empty set. Must not know: how results are made.
//! Tests: this file.

use super::{NOT_INTEGER, WRONG, all, distinct, fill, words};
use crate::harness::ask::all_fail;
use crate::harness::{Server, ask};
use redis::Connection;
use std::collections::BTreeSet;

/// Multiples below an end.
fn multiples(of: usize, end: usize) -> BTreeSet<String> {
    (0..end).step_by(of).map(|n| format!("n{n}")).collect()
}

/// Fills a, b and c with sets of different size and gives them.
fn abc(c: &mut Connection, end: usize) -> [BTreeSet<String>; 3] {
    let sets = [multiples(2, end), multiples(3, end), multiples(5, end)];
    for (key, members) in ["a", "b", "c"].iter().zip(&sets) {
        let () = ask(c, &format!("DEL {key}"));
        fill(c, key, members);
    }
    sets
}

#[test]
fn sinter_sunion_and_sdiff_agree_with_sets() {
    let server = Server::start();
    let mut con = server.client();
    for end in [30, 400, 6000] {
        let [a, b, c] = abc(&mut con, end);
        let inter: BTreeSet<String> = a
            .iter()
            .filter(|m| b.contains(*m) && c.contains(*m))
            .cloned()
            .collect();
        let union: BTreeSet<String> = a.iter().chain(&b).chain(&c).cloned().collect();
        let diff: BTreeSet<String> = a
            .iter()
            .filter(|m| !b.contains(*m) && !c.contains(*m))
            .cloned()
            .collect();
        for (line, expected) in [
            ("SINTER a b c", &inter),
            ("SUNION a b c", &union),
            ("SDIFF a b c", &diff),
        ] {
            assert!(
                distinct(ask(&mut con, line)) == *expected,
                "{line} below {end}"
            );
            let store = line.replacen(' ', "STORE to ", 1);
            assert_eq!(ask::<usize>(&mut con, &store), expected.len(), "{store}");
            assert!(all(&mut con, "to") == *expected, "{store}");
        }
        assert_eq!(ask::<usize>(&mut con, "SINTERCARD 3 a b c"), inter.len());
    }
}

#[test]
fn a_key_that_does_not_exist_is_an_empty_set() {
    let server = Server::start();
    let mut c = server.client();
    let () = ask(&mut c, "SADD a 1 2");
    let members = |c: &mut Connection, line: &str| ask::<BTreeSet<String>>(c, line);
    assert!(members(&mut c, "SINTER a none").is_empty());
    assert!(members(&mut c, "SINTER none a").is_empty());
    assert_eq!(members(&mut c, "SUNION a none"), words("1 2"));
    assert_eq!(members(&mut c, "SDIFF a none"), words("1 2"));
    assert!(members(&mut c, "SDIFF none a").is_empty());
    assert!(members(&mut c, "SDIFF a a").is_empty());
    assert_eq!(members(&mut c, "SINTER a"), words("1 2"));
    assert_eq!(ask::<u64>(&mut c, "SINTERCARD 2 a none"), 0);
}

#[test]
fn sinterstore_sunionstore_and_sdiffstore_replace_whatever_was_there() {
    let server = Server::start();
    let mut c = server.client();
    let () = ask(&mut c, "SADD a 1 2 3");
    let () = ask(&mut c, "SADD b 2 3 4");
    for (line, left) in [
        ("SINTERSTORE to a b", "2 3"),
        ("SUNIONSTORE to a b", "1 2 3 4"),
        ("SDIFFSTORE to a b", "1"),
    ] {
        let () = ask(&mut c, "SET to text EX 1000");
        assert_eq!(ask::<usize>(&mut c, line), words(left).len());
        assert_eq!(all(&mut c, "to"), words(left), "{line}");
        assert_eq!(ask::<i64>(&mut c, "TTL to"), -1, "{line}");
    }
    for line in [
        "SINTERSTORE to a none",
        "SUNIONSTORE to none",
        "SDIFFSTORE to a a",
    ] {
        let () = ask(&mut c, "SET to text");
        assert_eq!(ask::<u64>(&mut c, line), 0, "{line}");
        assert_eq!(ask::<u64>(&mut c, "EXISTS to"), 0, "{line}");
    }
    assert_eq!(ask::<u64>(&mut c, "SUNIONSTORE a a b"), 4);
    assert_eq!(all(&mut c, "a"), words("1 2 3 4"));
    assert_eq!(ask::<u64>(&mut c, "SDIFFSTORE b a b"), 1);
    assert_eq!(all(&mut c, "b"), words("1"));
}

#[test]
fn sintercard_stops_at_its_limit() {
    let server = Server::start();
    let mut c = server.client();
    let () = ask(&mut c, "SADD a 1 2 3 4 5");
    let () = ask(&mut c, "SADD b 2 3 4 5 6");
    let () = ask(&mut c, "SET text x");
    for (limit, count) in [(0, 4), (1, 1), (3, 3), (4, 4), (99, 4)] {
        let line = format!("SINTERCARD 2 a b LIMIT {limit}");
        assert_eq!(ask::<u64>(&mut c, &line), count, "{line}");
    }
    let numkeys = "ERR numkeys should be greater than 0";
    all_fail(
        &mut c,
        &[
            ("SINTERCARD 0 a", numkeys),
            ("SINTERCARD x a", numkeys),
            (
                "SINTERCARD 3 a b",
                "ERR Number of keys can't be greater than number of args",
            ),
            ("SINTERCARD 2 a b LIMIT -1", "ERR LIMIT can't be negative"),
            ("SINTERCARD 2 a b LIMIT x", "ERR LIMIT can't be negative"),
            ("SINTERCARD 2 a b LIMIT", "ERR syntax error"),
            ("SINTERCARD 2 a b MAX 1", "ERR syntax error"),
            ("SINTERCARD 2 a text", WRONG),
        ],
    );
}

#[test]
fn sets_made_from_sets_are_arrays_or_sets_by_protocol() {
    let server = Server::start();
    let mut raw = server.raw();
    raw.expect("SADD a 1", ":1");
    for (protocol, mark) in [("2", '*'), ("3", '~')] {
        raw.line(&format!("HELLO {protocol}"));
        for line in ["SINTER a a", "SUNION a", "SDIFF a none"] {
            raw.expect(line, &format!("{mark}1\r\n$1\r\n1"));
        }
        raw.expect("SINTER a none", &format!("{mark}0"));
    }
}

#[test]
fn other_types_among_the_keys_are_refused_and_the_target_keeps_its_value() {
    let server = Server::start();
    let mut c = server.client();
    let () = ask(&mut c, "SADD a 1");
    let () = ask(&mut c, "SADD to kept");
    let () = ask(&mut c, "SET text x");
    for command in ["SINTER", "SUNION", "SDIFF"] {
        for keys in ["a text", "text a", "none text", "text none"] {
            all_fail(
                &mut c,
                &[
                    (&format!("{command} {keys}"), WRONG),
                    (&format!("{command}STORE to {keys}"), WRONG),
                ],
            );
        }
    }
    assert_eq!(all(&mut c, "to"), words("kept"));
    assert_eq!(ask::<u64>(&mut c, "SINTERSTORE text a a"), 1);
    all_fail(
        &mut c,
        &[("SPOP a x", "ERR value is out of range, must be positive")],
    );
    all_fail(&mut c, &[("SRANDMEMBER a x", NOT_INTEGER)]);
}
