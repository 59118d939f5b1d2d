//! Compare-and-set: SET ... IFEQ and DELIFEQ, with Valkey's semantics; SET ... IFNE, digests and
//! DELEX with Redis's.
//! Invariants: a comparison that fails changes nothing, the time to live included.
//! Must not know: locks. Tests: this file.

use crate::harness::ask::all_fail;
use crate::harness::server::skip_on_stand_in;
use crate::harness::{Server, ask, fails};

#[test]
fn set_ifeq_replaces_only_an_equal_value() {
    if skip_on_stand_in("lacks SET IFEQ") {
        return;
    }
    let server = Server::start();
    let mut c = server.client();
    assert_eq!(ask::<Option<String>>(&mut c, "SET k new IFEQ old"), None);
    assert_eq!(ask::<i32>(&mut c, "EXISTS k"), 0);
    let () = ask(&mut c, "SET k old");
    assert_eq!(
        ask::<Option<String>>(&mut c, "SET k new IFEQ other EX 100"),
        None
    );
    assert_eq!(ask::<i64>(&mut c, "TTL k"), -1);
    assert_eq!(ask::<String>(&mut c, "SET k new IFEQ old EX 100"), "OK");
    assert_eq!(ask::<String>(&mut c, "GET k"), "new");
    assert!((99..=100).contains(&ask::<i64>(&mut c, "TTL k")));
    assert_eq!(ask::<String>(&mut c, "SET k newer IFEQ new KEEPTTL"), "OK");
    assert!((99..=100).contains(&ask::<i64>(&mut c, "TTL k")));
}

#[test]
fn set_ifeq_with_get_returns_the_old_value_either_way() {
    if skip_on_stand_in("lacks SET IFEQ") {
        return;
    }
    let server = Server::start();
    let mut c = server.client();
    assert_eq!(ask::<Option<String>>(&mut c, "SET k v IFEQ x GET"), None);
    let () = ask(&mut c, "SET k one");
    assert_eq!(ask::<String>(&mut c, "SET k two IFEQ one GET"), "one");
    assert_eq!(ask::<String>(&mut c, "SET k three IFEQ one GET"), "two");
    assert_eq!(ask::<String>(&mut c, "GET k"), "two");
    let syntax = "ERR syntax error";
    all_fail(
        &mut c,
        &[
            ("SET k v IFEQ", syntax),
            ("SET k v NX IFEQ x", syntax),
            ("SET k v IFEQ x XX", syntax),
        ],
    );
}

#[test]
fn set_ifeq_compares_numbers_as_text() {
    if skip_on_stand_in("lacks SET IFEQ") {
        return;
    }
    let server = Server::start();
    let mut c = server.client();
    let () = ask(&mut c, "SET n 10");
    assert_eq!(ask::<Option<String>>(&mut c, "SET n 11 IFEQ 010"), None);
    assert_eq!(ask::<Option<String>>(&mut c, "SET n 11 IFEQ 1e1"), None);
    assert_eq!(ask::<String>(&mut c, "SET n 11 IFEQ 10"), "OK");
}

#[test]
fn delifeq_removes_only_an_equal_value() {
    if skip_on_stand_in("lacks DELIFEQ") {
        return;
    }
    let server = Server::start();
    let mut c = server.client();
    assert_eq!(ask::<i32>(&mut c, "DELIFEQ k v"), 0);
    let () = ask(&mut c, "SET k v EX 100");
    assert_eq!(ask::<i32>(&mut c, "DELIFEQ k w"), 0);
    assert!((99..=100).contains(&ask::<i64>(&mut c, "TTL k")));
    assert_eq!(ask::<i32>(&mut c, "DELIFEQ k v"), 1);
    assert_eq!(ask::<i64>(&mut c, "DBSIZE"), 0);
    all_fail(
        &mut c,
        &[(
            "DELIFEQ k",
            "ERR wrong number of arguments for 'delifeq' command",
        )],
    );
}

/// A lock that only its holder may release is what these commands are for.
#[test]
fn delifeq_and_set_ifeq_serialise_concurrent_writers() {
    if skip_on_stand_in("lacks SET IFEQ") {
        return;
    }
    let server = Server::start();
    let () = ask(&mut server.client(), "SET n 0");
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                let mut c = server.client();
                let mut done = 0;
                while done < 200 {
                    let seen: i64 = ask(&mut c, "GET n");
                    let line = format!("SET n {} IFEQ {seen}", seen + 1);
                    done += i32::from(ask::<Option<String>>(&mut c, &line).is_some());
                }
            });
        }
    });
    assert_eq!(ask::<i64>(&mut server.client(), "GET n"), 800);
}

#[test]
fn set_ifne_writes_unless_the_value_is_the_given_one() {
    if skip_on_stand_in("lacks SET IFNE") {
        return;
    }
    let server = Server::start();
    let mut c = server.client();
    assert_eq!(ask::<String>(&mut c, "SET k first IFNE other"), "OK");
    assert_eq!(ask::<Option<String>>(&mut c, "SET k new IFNE first"), None);
    assert_eq!(ask::<String>(&mut c, "SET k new IFNE other GET"), "first");
    assert_eq!(ask::<String>(&mut c, "GET k"), "new");
    assert_eq!(fails(&mut c, "SET k v IFNE a XX"), "ERR syntax error");
    let () = ask(&mut c, "RPUSH list a");
    assert!(fails(&mut c, "SET list v IFNE a").starts_with("WRONGTYPE"));
}

/// XXH3 of nothing and of `hello`, as its authors' `xxhsum -H3` prints them.
const DIGESTS: [(&str, &str); 2] = [("\"\"", "2d06800538d394c2"), ("hello", "9555e8555c62dcfd")];

#[test]
fn digest_is_that_of_the_value_whatever_its_size() {
    if skip_on_stand_in("lacks DIGEST") {
        return;
    }
    let server = Server::start();
    let mut c = server.client();
    assert_eq!(ask::<Option<String>>(&mut c, "DIGEST k"), None);
    for (value, digest) in DIGESTS {
        let () = ask(&mut c, &format!("SET k {value}"));
        assert_eq!(ask::<String>(&mut c, "DIGEST k"), digest, "{value}");
    }
    let () = ask(&mut c, "SETRANGE long 100000 x");
    let () = ask(&mut c, "SETRANGE same 100000 x");
    let digest: String = ask(&mut c, "DIGEST long");
    assert_eq!(ask::<String>(&mut c, "DIGEST same"), digest);
    let () = ask(&mut c, "SETRANGE same 50000 y");
    assert_ne!(ask::<String>(&mut c, "DIGEST same"), digest);
    let () = ask(&mut c, "RPUSH list a");
    assert!(fails(&mut c, "DIGEST list").starts_with("WRONGTYPE"));
}

#[test]
fn set_compares_digests() {
    if skip_on_stand_in("lacks SET IFDEQ") {
        return;
    }
    let server = Server::start();
    let mut c = server.client();
    let ([(_, empty), (value, digest)], upper) = (DIGESTS, DIGESTS[1].1.to_uppercase());
    let mut set = |line: String| ask::<Option<String>>(&mut c, &line);
    assert_eq!(set(format!("SET k v IFDEQ {digest}")), None);
    assert_eq!(set(format!("SET k {value} IFDNE {digest}")).unwrap(), "OK");
    assert_eq!(set(format!("SET k v IFDNE {digest}")), None);
    assert_eq!(set(format!("SET k v IFDEQ {empty}")), None);
    assert_eq!(set(format!("SET k v IFDEQ {empty} GET")).unwrap(), value);
    assert_eq!(set(format!("SET k v IFDEQ {upper} EX 9")).unwrap(), "OK");
    // A digest of another length is told only where there is something to compare.
    assert_eq!(set("SET none v IFDEQ 12".into()), None);
    assert_eq!(set("SET none v IFDNE 12".into()).unwrap(), "OK");
    let length = "ERR must be exactly 16 hexadecimal characters";
    let syntax = "ERR syntax error";
    all_fail(
        &mut c,
        &[
            ("SET k v IFDEQ 12", length),
            ("SET k v IFDNE 12", length),
            ("SET k v IFDNE", syntax),
            ("SET k v IFDNE 2d06800538d394c2 NX", syntax),
        ],
    );
    // What is no number is the digest of no value.
    let no_digest = "SET k w IFDNE zzzzzzzzzzzzzzzz";
    assert_eq!(ask::<String>(&mut c, no_digest), "OK");
}

#[test]
fn delex_deletes_what_compares() {
    if skip_on_stand_in("lacks DELEX") {
        return;
    }
    let server = Server::start();
    let mut c = server.client();
    let [(_, empty), (value, digest)] = DIGESTS;
    let cases = [
        ("IFEQ other".to_string(), 0),
        (format!("IFEQ {value}"), 1),
        (format!("IFNE {value}"), 0),
        ("ifne other".to_string(), 1),
        (format!("IFDEQ {empty}"), 0),
        (format!("IFDEQ {digest}"), 1),
        (format!("IFDNE {digest}"), 0),
        (format!("IFDNE {empty}"), 1),
        (String::new(), 1),
    ];
    for (condition, deleted) in cases {
        let () = ask(&mut c, &format!("SET k {value}"));
        let line = format!("DELEX k {condition}");
        assert_eq!(ask::<i64>(&mut c, &line), deleted, "{line}");
        assert_eq!(ask::<i64>(&mut c, "EXISTS k"), 1 - deleted, "{line}");
        assert_eq!(ask::<i64>(&mut c, &line.replace('k', "none")), 0, "{line}");
    }
    let () = ask(&mut c, "RPUSH list a");
    let type_error = "ERR Key should be of string type if conditions are specified";
    let arity = "ERR wrong number of arguments for 'delex' command";
    let () = ask(&mut c, &format!("SET k {value}"));
    all_fail(
        &mut c,
        &[
            ("DELEX list IFEQ a", type_error),
            ("DELEX list WHAT a", type_error),
            ("DELEX k IFEQ", arity),
            ("DELEX none IFEQ a b", arity),
            (
                "DELEX k WHAT a",
                "ERR Invalid condition. Use IFEQ, IFNE, IFDEQ, or IFDNE",
            ),
            (
                "DELEX k IFDNE 12",
                "ERR must be exactly 16 hexadecimal characters",
            ),
        ],
    );
    assert_eq!(ask::<i64>(&mut c, "DELEX none WHAT a"), 0);
    assert_eq!(ask::<i64>(&mut c, "DELEX list"), 1);
}
