//! Redis's own command line tools against our server.
//! Invariants: each tool ends well and prints what it prints for Redis. Must not know: commands.
//! Tests: this file.

use crate::harness::{Server, ask, tool};
use std::process::Command;

#[test]
fn redis_benchmark_completes_its_string_tests() {
    let server = Server::start();
    let mut command = Command::new("redis-benchmark");
    let port = server.port().to_string();
    command.args([
        "-p", &port, "-q", "-n", "20000", "-c", "20", "-P", "8", "-d", "100",
    ]);
    command.args(["-r", "1000", "-t", "ping,set,get,incr,mset"]);
    let output = tool::run_with(command, b"");
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(output.status.success(), "{text}");
    let errors = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(!errors.contains("WARN"), "{errors}");
    for test in [
        "PING_INLINE",
        "PING_MBULK",
        "SET",
        "GET",
        "INCR",
        "MSET (10 keys)",
    ] {
        let line = format!("{test}: ");
        assert!(text.contains(&line), "no {test} in:\n{text}");
    }
    assert!(text.matches("requests per second").count() >= 6, "{text}");
}

#[test]
fn redis_cli_bigkeys_walks_the_key_space() {
    let server = Server::start();
    let mut c = server.client();
    for n in 0..100 {
        let () = ask(&mut c, &format!("SET key:{n} {}", "v".repeat(n + 1)));
    }
    let text = server.cli(&["--bigkeys"]);
    assert!(text.contains("Sampled 100 keys"), "{text}");
    assert!(
        text.contains("Biggest string found '\"key:99\"' has 100 bytes"),
        "{text}"
    );
}

#[test]
fn redis_cli_reads_values_from_standard_input() {
    let server = Server::start();
    let value: Vec<u8> = (0..=255u8).cycle().take(100_000).collect();
    let reply = tool::redis_cli_with(server.port(), &["-x", "SET", "k"], &value);
    assert_eq!(reply, "OK");
    assert_eq!(server.cli(&["STRLEN", "k"]), "100000");
}

#[test]
fn redis_cli_runs_scripts_of_commands_and_shows_errors() {
    let server = Server::start();
    let script = b"SET a 1\nINCR a\nGET a\nINCR\nSELECT 3\nDBSIZE\n";
    let text = tool::redis_cli_with(server.port(), &[], script);
    assert_eq!(
        text,
        "OK\n2\n2\nERR wrong number of arguments for 'incr' command\n\nOK\n0"
    );
}

#[test]
fn redis_cli_repeats_and_formats() {
    let server = Server::start();
    assert_eq!(server.cli(&["-r", "3", "INCR", "n"]), "1\n2\n3");
    assert_eq!(server.cli(&["--csv", "MGET", "n", "missing"]), "\"3\",NULL");
    assert_eq!(
        server.cli(&["--json", "MGET", "n", "missing"]),
        "[\"3\",null]"
    );
    assert!(
        server
            .cli(&["--no-raw", "HELLO", "3"])
            .contains("\"proto\" => (integer) 3")
    );
}

#[test]
fn redis_cli_loads_many_commands_without_replies_lost() {
    let server = Server::start();
    let inline: String = (0..50_000)
        .map(|n| format!("SET key:{n} {n}\r\n"))
        .collect();
    let summary = tool::redis_cli_with(server.port(), &["--pipe"], inline.as_bytes());
    assert!(summary.contains("errors: 0, replies: 50000"), "{summary}");
    assert_eq!(server.cli(&["DBSIZE"]), "50000");
}
