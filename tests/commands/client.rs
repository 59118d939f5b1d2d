//! CLIENT LIST and KILL by filters, CLIENT PAUSE, UNPAUSE and CAPA.
//! Invariants: what is held back runs when the pause is over, in the order in which it was sent.
//! Must not know: the registry. Tests: this file.

use crate::harness::ask::all_fail;
use crate::harness::server::skip_on_stand_in;
use crate::harness::{Server, ask, eventually};
use redis::Connection;
use std::time::{Duration, Instant};

/// A figure of INFO clients.
fn figure(c: &mut Connection, name: &str) -> String {
    let info: String = ask(c, "INFO clients");
    let line = info
        .lines()
        .find_map(|line| line.strip_prefix(name)?.strip_prefix(':'));
    line.unwrap_or_else(|| panic!("{name} in {info}"))
        .to_owned()
}

/// The names of the clients in a CLIENT LIST.
fn names(c: &mut Connection, filters: &str) -> Vec<String> {
    let list: String = ask(c, &format!("CLIENT LIST {filters}"));
    let names = list.lines().map(|line| {
        let name = line
            .split(' ')
            .find_map(|field| field.strip_prefix("name="));
        name.unwrap_or_default().to_owned()
    });
    names.collect()
}

#[test]
fn client_list_and_kill_take_the_same_filters() {
    if skip_on_stand_in("lacks the filters of Valkey 9") {
        return;
    }
    let server = Server::start();
    let (mut one, mut two) = (server.client(), server.client());
    for (c, name) in [(&mut one, "one"), (&mut two, "two")] {
        let () = ask(c, &format!("CLIENT SETNAME {name}"));
        let () = ask(c, &format!("CLIENT SETINFO LIB-NAME lib-{name}"));
    }
    let () = ask(&mut two, "SELECT 3");
    let () = ask(&mut two, "CLIENT CAPA redirect what-else");
    assert_eq!(names(&mut one, "NAME two"), ["two"]);
    assert_eq!(names(&mut one, "SKIPME yes LIB-NAME lib-one"), [""; 0]);
    assert_eq!(names(&mut one, "NOT-DB 3 NOT-NAME \"\""), ["one"]);
    assert_eq!(names(&mut one, "CAPA r IP 127.0.0.1"), ["two"]);
    assert_eq!(
        ask::<i64>(&mut one, "CLIENT KILL NOT-DB 3"),
        0,
        "not itself"
    );
    assert_eq!(ask::<i64>(&mut one, "CLIENT KILL LIB-NAME lib-two DB 3"), 1);
    eventually("the other one is gone", || {
        names(&mut one, "NAME two").is_empty()
    });
}

#[test]
fn client_pause_write_holds_writes_until_unpaused() {
    let server = Server::start();
    let mut c = server.client();
    let () = ask(&mut c, "SET k 1");
    assert_eq!(ask::<String>(&mut c, "CLIENT PAUSE 100000 WRITE"), "OK");
    assert_eq!(ask::<i64>(&mut c, "GET k"), 1);
    let mut held = server.raw();
    held.send(b"INCR k\r\nGET k\r\nMULTI\r\nINCR k\r\nEXEC\r\n");
    eventually("a client is held back", || {
        figure(&mut c, "blocked_clients") == "1"
    });
    assert_eq!(ask::<i64>(&mut c, "GET k"), 1);
    assert_eq!(ask::<String>(&mut c, "CLIENT UNPAUSE"), "OK");
    for reply in [":2", "$1\r\n2", "+OK", "+QUEUED", "*1\r\n:3"] {
        held.expect_reply(reply);
    }
    assert_eq!(figure(&mut c, "blocked_clients"), "0");
}

#[test]
fn client_pause_all_holds_everything_for_its_time() {
    let server = Server::start();
    let mut c = server.client();
    let start = Instant::now();
    assert_eq!(ask::<String>(&mut c, "CLIENT PAUSE 60"), "OK");
    assert_eq!(ask::<String>(&mut c, "PING"), "PONG");
    assert!(start.elapsed() >= Duration::from_millis(60));
    all_fail(
        &mut c,
        &[
            (
                "CLIENT PAUSE x",
                "ERR timeout is not an integer or out of range",
            ),
            ("CLIENT PAUSE -1", "ERR timeout is negative"),
            (
                "CLIENT PAUSE 1 READ",
                "ERR CLIENT PAUSE mode must be WRITE or ALL",
            ),
        ],
    );
}

#[test]
fn info_tells_of_a_pause() {
    if skip_on_stand_in("lacks paused_reason") {
        return;
    }
    let server = Server::start();
    let mut c = server.client();
    assert_eq!(figure(&mut c, "paused_reason"), "none");
    let () = ask(&mut c, "CLIENT PAUSE 100000 WRITE");
    assert_eq!(figure(&mut c, "paused_actions"), "write");
    let left: u64 = figure(&mut c, "paused_timeout_milliseconds")
        .parse()
        .unwrap();
    assert!((90_000..=100_000).contains(&left));
    let () = ask(&mut c, "CLIENT UNPAUSE");
    assert_eq!(figure(&mut c, "paused_actions"), "none");
}
