//! XREADGROUP ... CLAIM: what is pending for long, before what is new.
//! Must not know: how pending entries are kept. Tests: this file.

use super::one_waits;
use crate::harness::ask::all_fail;
use crate::harness::server::skip_on_stand_in;
use crate::harness::{Server, ask, eventually};
use redis::Connection;
use std::time::{Duration, Instant};

/// Id, idle time and earlier deliveries of each entry that a read with CLAIM gave.
type Given = Vec<(String, i64, i64)>;

fn read(c: &mut Connection, line: &str) -> Given {
    type Entry = (String, Vec<String>, i64, i64);
    let streams: Option<Vec<(String, Vec<Entry>)>> = ask(c, &format!("XREADGROUP {line}"));
    let entries = streams
        .into_iter()
        .flatten()
        .flat_map(|(_, entries)| entries);
    entries
        .map(|(id, _, idle, times)| (id, idle, times))
        .collect()
}

/// Ids and earlier deliveries.
fn ids(given: &Given) -> Vec<(&str, i64)> {
    given
        .iter()
        .map(|(id, _, times)| (id.as_str(), *times))
        .collect()
}

/// A stream of three entries, of which a consumer `one` was given two.
fn two_pending(c: &mut Connection) {
    for id in ["1-1", "2-1", "3-1"] {
        let _: String = ask(c, &format!("XADD s {id} f v"));
    }
    let _: String = ask(c, "XGROUP CREATE s g 0");
    let _: redis::Value = ask(c, "XREADGROUP GROUP g one COUNT 2 STREAMS s >");
}

#[test]
fn claim_gives_the_idle_before_the_new_and_counts_both() {
    if skip_on_stand_in("lacks XREADGROUP CLAIM") {
        return;
    }
    let server = Server::start();
    let mut c = server.client();
    two_pending(&mut c);
    assert_eq!(
        ids(&read(&mut c, "GROUP g two CLAIM 60000 COUNT 9 STREAMS s 0")),
        []
    );
    let all_idle = |c: &mut Connection| {
        eventually("both were delivered a while ago", || {
            let idle: Vec<redis::Value> = ask(c, "XPENDING s g IDLE 3 - + 9");
            idle.len() == 2
        });
    };
    all_idle(&mut c);
    let given = read(&mut c, "GROUP g two CLAIM 0 COUNT 1 STREAMS s >");
    assert_eq!(ids(&given), [("1-1", 1)]);
    // The one that was delivered the longest ago is first.
    all_idle(&mut c);
    let given = read(&mut c, "CLAIM 0 GROUP g two STREAMS s >");
    assert_eq!(ids(&given), [("2-1", 1), ("1-1", 2), ("3-1", 0)]);
    assert!(given[0].1 >= 3 && given[2].1 == 0, "{given:?}");
    assert_eq!(read(&mut c, "GROUP g two CLAIM 60000 STREAMS s >"), []);
    let owners: Vec<(String, String, i64, i64)> = ask(&mut c, "XPENDING s g - + 9");
    let owners: Vec<(&str, i64)> = owners.iter().map(|one| (one.1.as_str(), one.3)).collect();
    assert_eq!(owners, [("two", 3), ("two", 2), ("two", 1)]);
}

#[test]
fn claim_leaves_out_what_was_deleted_and_keeps_claims_under_noack() {
    if skip_on_stand_in("lacks XREADGROUP CLAIM") {
        return;
    }
    let server = Server::start();
    let mut c = server.client();
    two_pending(&mut c);
    assert_eq!(ask::<i64>(&mut c, "XDEL s 1-1"), 1);
    let given = read(&mut c, "GROUP g two NOACK CLAIM 0 STREAMS s >");
    assert_eq!(ids(&given), [("2-1", 1), ("3-1", 0)]);
    let pending: Vec<(String, String, i64, i64)> = ask(&mut c, "XPENDING s g - + 9");
    assert_eq!(pending.len(), 1);
    assert_eq!((pending[0].0.as_str(), pending[0].3), ("2-1", 2));
}

#[test]
fn claim_means_nothing_to_a_consumer_s_own_history() {
    if skip_on_stand_in("lacks XREADGROUP CLAIM") {
        return;
    }
    let server = Server::start();
    let mut c = server.client();
    two_pending(&mut c);
    let mut raw = server.raw();
    raw.expect(
        "XREADGROUP GROUP g one CLAIM 0 COUNT 1 STREAMS s 0",
        "*1\r\n*2\r\n$1\r\ns\r\n*1\r\n*2\r\n$3\r\n1-1\r\n*2\r\n$1\r\nf\r\n$1\r\nv",
    );
}

#[test]
fn a_waiting_claim_is_served_when_an_entry_is_idle_for_long_enough() {
    if skip_on_stand_in("lacks XREADGROUP CLAIM") {
        return;
    }
    let server = Server::start();
    let mut c = server.client();
    let _: String = ask(&mut c, "XGROUP CREATE s g 0 MKSTREAM");
    std::thread::scope(|scope| {
        let waiting = scope.spawn(|| {
            let mut c = server.client();
            let given = read(&mut c, "GROUP g two BLOCK 0 CLAIM 150 STREAMS s >");
            (given, Instant::now())
        });
        one_waits(&mut c);
        let start = Instant::now();
        // In one transaction, so that the other one cannot have the entry itself.
        let () = ask(&mut c, "MULTI");
        let () = ask(&mut c, "XADD s 1-1 f v");
        let () = ask(&mut c, "XREADGROUP GROUP g one STREAMS s >");
        let () = ask(&mut c, "EXEC");
        let (given, served) = waiting.join().unwrap();
        assert_eq!(ids(&given), [("1-1", 1)]);
        assert!(given[0].1 >= 150, "{given:?}");
        assert!(served.duration_since(start) >= Duration::from_millis(149));
    });
    let before = Instant::now();
    assert_eq!(
        read(&mut c, "GROUP g one BLOCK 50 CLAIM 60000 STREAMS s >"),
        []
    );
    assert!(before.elapsed() >= Duration::from_millis(50));
}

#[test]
fn wrong_idle_times_are_named() {
    if skip_on_stand_in("lacks XREADGROUP CLAIM") {
        return;
    }
    let server = Server::start();
    let mut c = server.client();
    two_pending(&mut c);
    let not_integer = "ERR min-idle-time is not an integer or out of range";
    all_fail(
        &mut c,
        &[
            ("XREADGROUP GROUP g c CLAIM x STREAMS s >", not_integer),
            ("XREADGROUP GROUP g c CLAIM STREAMS s >", not_integer),
            (
                "XREADGROUP GROUP g c CLAIM -1 STREAMS s >",
                "ERR min-idle-time must be a positive integer",
            ),
            (
                "XREAD CLAIM 1 STREAMS s 0",
                "ERR The CLAIM option is only supported by XREADGROUP. You called XREAD instead.",
            ),
        ],
    );
}
