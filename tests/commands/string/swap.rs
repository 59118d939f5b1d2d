//! Compare-and-set: SET ... IFEQ and DELIFEQ, with Valkey's semantics; SET ... IFNE with Redis's.
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
