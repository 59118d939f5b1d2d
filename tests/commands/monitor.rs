//! MONITOR: one client sees what others run.
//! Invariants: passwords and what only operators run are not shown. Must not know: how lines
//! travel. Tests: this file.

use crate::harness::{Server, ask};

#[test]
fn monitor_tells_of_commands_in_the_order_in_which_they_ran() {
    let server = Server::start();
    let (mut monitor, mut c) = (server.raw(), server.client());
    monitor.expect("MONITOR", "+OK");
    let () = ask(&mut c, "SELECT 3");
    let () = ask(&mut c, "SET k \"a \\\"b\\x01\"");
    let () = ask(&mut c, "CONFIG SET hz 10");
    let () = ask(&mut c, "MULTI");
    let () = ask(&mut c, "INCR n");
    let _: redis::Value = ask(&mut c, "EXEC");
    let mut heard = || {
        let line = String::from_utf8(monitor.reply()).unwrap();
        let (time, rest) = line.strip_prefix('+').unwrap().split_once(" [").unwrap();
        assert!(
            time.split('.').all(|part| part.parse::<u64>().is_ok()),
            "{line}"
        );
        let (db, rest) = rest.split_once(' ').unwrap();
        let (_, words) = rest.split_once("] ").unwrap();
        format!("{db} {}", words.trim_end())
    };
    // The client library tells its name first.
    let mut line = heard();
    while !line.contains("SELECT") {
        line = heard();
    }
    assert_eq!(line, "3 \"SELECT\" \"3\"");
    assert_eq!(heard(), r#"3 "SET" "k" "a \"b\x01""#);
    assert_eq!(heard(), "3 \"MULTI\"");
    assert_eq!(heard(), "3 \"INCR\" \"n\"");
    assert_eq!(heard(), "3 \"EXEC\"");
    assert!(ask::<String>(&mut c, "CLIENT LIST").contains(" flags=O "));
    monitor.expect("RESET", "+RESET");
    let () = ask(&mut c, "SET k v");
    monitor.expect("PING", "+PONG");
    assert!(!ask::<String>(&mut c, "CLIENT LIST").contains(" flags=O "));
}

#[test]
fn monitor_in_a_transaction_is_refused_when_it_runs() {
    let server = Server::start();
    let mut raw = server.raw();
    raw.expect("MULTI", "+OK");
    raw.expect("MONITOR", "+QUEUED");
    raw.expect(
        "EXEC",
        "*1\r\n-ERR MONITOR isn't allowed for DENY BLOCKING client",
    );
    raw.expect("PING", "+PONG");
}
