//! WAIT and WAITAOF.
//! Must not know: how data becomes durable. Tests: this file; `tests/crash` sees what lasts.

use crate::harness::ask::all_fail;
use crate::harness::server::skip_on_stand_in;
use crate::harness::{Server, ask, eventually};
use std::time::{Duration, Instant};

#[test]
fn wait_counts_no_replicas_after_its_time() {
    let server = Server::start();
    let mut c = server.client();
    assert_eq!(ask::<i64>(&mut c, "WAIT 0 100000"), 0);
    let start = Instant::now();
    assert_eq!(ask::<i64>(&mut c, "WAIT 1 50"), 0);
    assert!(start.elapsed() >= Duration::from_millis(50));
    let not_integer = "ERR value is not an integer or out of range";
    all_fail(
        &mut c,
        &[
            ("WAIT x 0", not_integer),
            ("WAIT 1 x", "ERR timeout is not an integer or out of range"),
            ("WAIT 1 -1", "ERR timeout is negative"),
        ],
    );
    // One that waits for ever goes with its client.
    let mut raw = server.raw();
    raw.send(b"WAIT 1 0\r\n");
    let clients = |c: &mut _| ask::<String>(c, "CLIENT LIST SKIPME yes").lines().count();
    eventually("the other one waits", || {
        ask::<String>(&mut c, "CLIENT LIST").contains("cmd=wait")
    });
    drop(raw);
    eventually("it is gone", || clients(&mut c) == 0);
}

#[test]
fn waitaof_makes_durable_what_was_written() {
    if skip_on_stand_in("lacks WAITAOF") {
        return;
    }
    let server = Server::builder().set("appendfsync", "no").start();
    let mut c = server.client();
    let () = ask(&mut c, "SET k v");
    assert_eq!(ask::<Vec<i64>>(&mut c, "WAITAOF 1 0 0"), [1, 0]);
    assert_eq!(ask::<Vec<i64>>(&mut c, "WAITAOF 1 1 20"), [1, 0]);
    let range = "ERR value is out of range, value must between 0 and 1";
    all_fail(
        &mut c,
        &[
            ("WAITAOF 2 0 0", range),
            (
                "WAITAOF 0 -1 0",
                "ERR value is out of range, must be positive",
            ),
            ("WAITAOF 0 0 -1", "ERR timeout is negative"),
        ],
    );
}
