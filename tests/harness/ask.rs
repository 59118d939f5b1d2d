//! Short forms over redis-rs, the client library that most command tests speak through.
//! Invariants: a reply of another type or an unexpected error fails the test at the caller's
//! line. Must not know: which server answers. Tests: exercised by `tests/commands`.

use super::wire;
use redis::{Connection, FromRedisValue, RedisError, Value};

/// Sends a command line (see `wire::words`) and converts the reply.
#[track_caller]
pub fn ask<T: FromRedisValue>(connection: &mut Connection, line: &str) -> T {
    match request(line).query(connection) {
        Ok(reply) => reply,
        Err(error) => panic!("{line}: {error}"),
    }
}

/// Sends a command line that must fail and returns the error line without the leading `-`.
#[track_caller]
pub fn fails(connection: &mut Connection, line: &str) -> String {
    match request(line).query::<Value>(connection) {
        Ok(reply) => panic!("{line}: expected an error, got {reply:?}"),
        Err(error) => error_line(&error),
    }
}

/// Asserts that each command line fails with its error line.
#[track_caller]
pub fn all_fail(connection: &mut Connection, cases: &[(&str, &str)]) {
    for (line, expected) in cases {
        assert_eq!(fails(connection, line), *expected, "{line}");
    }
}

/// An error reply as it stood on the wire, put together from redis-rs's parts.
pub fn error_line(error: &RedisError) -> String {
    assert!(!error.is_io_error(), "the connection broke: {error}");
    let code = error.code().unwrap_or("");
    match error.detail() {
        Some(detail) => format!("{code} {detail}"),
        None => code.to_string(),
    }
}

fn request(line: &str) -> redis::Cmd {
    let mut command = redis::Cmd::new();
    for word in wire::words(line) {
        command.arg(word);
    }
    command
}
