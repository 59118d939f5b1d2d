//! Commands that wait: `shapes` their replies, errors and times, `line` who is served first,
//! `wake` what ends a wait, `again` who has to look by itself, `clients` those that leave, are
//! unblocked or send more meanwhile.
//! Invariants: no test sleeps; a client counts as waiting once `blocked_clients` says so.
//! Must not know: how waiting is done. Tests: the files below.

mod again;
mod clients;
mod line;
mod shapes;
mod wake;

use crate::harness::{Raw, Server, ask, eventually, wire};
use redis::Connection;
use std::time::Duration;

/// Long enough for a reply that must not come, short enough for a test.
const MOMENT: Duration = Duration::from_millis(40);

/// Waits until this many clients wait.
#[track_caller]
fn expect_blocked(c: &mut Connection, clients: usize) {
    eventually(&format!("{clients} blocked clients"), || {
        let info: String = ask(c, "INFO clients");
        info.contains(&format!("\nblocked_clients:{clients}\r"))
    });
}

/// A client that waits with a command; the only one unless `before` others wait.
#[track_caller]
pub fn waiting(server: &Server, c: &mut Connection, line: &str, before: usize) -> Raw {
    let mut raw = server.raw();
    raw.send(&crate::harness::pack(&wire::words(line)));
    expect_blocked(c, before + 1);
    raw
}

/// The number of a connection's client.
#[track_caller]
fn client_id(raw: &mut Raw) -> i64 {
    wire::integer(&raw.line("CLIENT ID")).expect("a number")
}

/// `key element` as BLPOP tells it, without the last CRLF.
fn popped(key: &str, element: &str) -> String {
    format!("*2\r\n{}\r\n{}", bulk(key), bulk(element))
}

/// `key [element ...]` as BLMPOP tells it, without the last CRLF.
fn popped_many(key: &str, elements: &[&str]) -> String {
    let told: Vec<String> = elements.iter().map(|element| bulk(element)).collect();
    let (key, told) = (bulk(key), told.join("\r\n"));
    format!("*2\r\n{key}\r\n*{}\r\n{told}", elements.len())
}

fn bulk(text: &str) -> String {
    format!("${}\r\n{text}", text.len())
}
