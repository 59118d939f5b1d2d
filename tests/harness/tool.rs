//! Programs an operator runs beside the server: `redis-cli`, `redis-benchmark`, `ferrock`.
//! Invariants: a run has a deadline by the program's own means (it ends with its connection);
//! output is returned whole. Must not know: which server answers. Tests: exercised by callers.

use std::io::Write;
use std::path::Path;
use std::process::{Command, Output, Stdio};

/// Runs `redis-cli` against a port and returns its standard output without the last newline.
#[track_caller]
pub fn redis_cli(port: u16, arguments: &[&str]) -> String {
    redis_cli_with(port, arguments, b"")
}

/// As `redis_cli`, with bytes on standard input.
#[track_caller]
pub fn redis_cli_with(port: u16, arguments: &[&str], input: &[u8]) -> String {
    let port = port.to_string();
    let mut command = Command::new("redis-cli");
    command.args(["-p", &port]).args(arguments);
    let output = run_with(command, input);
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(
        output.status.success(),
        "redis-cli {arguments:?}: {}\n{text}{}",
        output.status,
        String::from_utf8_lossy(&output.stderr)
    );
    text.strip_suffix('\n').unwrap_or(&text).to_string()
}

/// Runs a command to its end with bytes on standard input.
pub fn run_with(mut command: Command, input: &[u8]) -> Output {
    let mut child = command
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap_or_else(|error| panic!("cannot start {command:?}: {error}"));
    let mut stdin = child.stdin.take().expect("a piped standard input");
    std::thread::scope(|scope| {
        // A second thread feeds the input, so that a full output pipe cannot block both sides.
        scope.spawn(move || {
            // A program that ends early breaks the pipe; its exit status tells why.
            let _ = stdin.write_all(input);
        });
        child.wait_with_output().expect("wait for the program")
    })
}

/// Runs the operator's tool, `ferrock`.
pub fn ferrock(arguments: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_ferrock"));
    command.args(arguments);
    run_with(command, b"")
}

/// Asserts that `ferrock check` finds nothing wrong in a closed data directory.
#[track_caller]
pub fn assert_clean(directory: &Path) {
    if super::server::stand_in() {
        return;
    }
    let path = directory.to_str().expect("a UTF-8 temporary directory");
    let output = ferrock(&["check", path]);
    assert!(
        output.status.success(),
        "ferrock check {path}: {}\n{}{}",
        output.status,
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    );
}
