//! WAIT and WAITAOF.
//! Must not know: how data becomes durable. Tests: this file; `tests/crash` sees what lasts.

use crate::harness::ask::all_fail;
use crate::harness::server::skip_on_stand_in;
use crate::harness::{Server, ask};

#[test]
fn wait_tells_at_once_that_there_are_no_replicas() {
    let server = Server::start();
    let mut c = server.client();
    assert_eq!(ask::<i64>(&mut c, "WAIT 0 100000"), 0);
    if skip_on_stand_in("waits for a replica that may come") {
        return;
    }
    for line in ["WAIT 1 0", "WAIT 1 100000"] {
        assert_eq!(ask::<i64>(&mut c, line), 0);
    }
    let _: String = ask(&mut c, "MULTI");
    for line in ["SET k v", "WAIT 1 0"] {
        assert_eq!(ask::<String>(&mut c, line), "QUEUED");
    }
    assert_eq!(ask::<(String, i64)>(&mut c, "EXEC"), ("OK".to_string(), 0));
    let not_integer = "ERR value is not an integer or out of range";
    all_fail(
        &mut c,
        &[
            ("WAIT x 0", not_integer),
            ("WAIT 1 x", "ERR timeout is not an integer or out of range"),
            ("WAIT 1 -1", "ERR timeout is negative"),
        ],
    );
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
    assert_eq!(ask::<Vec<i64>>(&mut c, "WAITAOF 1 1 0"), [1, 0]);
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
