//! Debian's redis-server (7.0) as the judge: it loads what is written here and writes what is
//! read here.
//! Invariants: each test has its own server, on a unix socket in a directory of its own, which
//! is gone when the test ends; the server runs with its strictest checks of payloads.

mod dumps;
mod loads;
mod verdicts;

use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};

use bytes::Bytes;
use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::TestRunner;
use redis::Connection;

/// How many random values are put through the server.
const VALUES: usize = 400;

struct Redis {
    process: Child,
    connection: Connection,
    /// Holds the socket.
    _directory: tempfile::TempDir,
}

impl Drop for Redis {
    fn drop(&mut self) {
        // A process that is gone already is what is wanted.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

impl Redis {
    fn start() -> Redis {
        let directory = tempfile::tempdir().expect("a temporary directory");
        let socket = directory.path().join("socket");
        let mut process = Command::new("redis-server")
            .args(["--port", "0", "--save", "", "--appendonly", "no"])
            .args(["--sanitize-dump-payload", "yes", "--unixsocket"])
            .arg(&socket)
            .current_dir(directory.path())
            .stdout(Stdio::piped())
            .spawn()
            .expect("redis-server, which Debian's package of that name installs");
        let log = process.stdout.take().expect("a piped output");
        let mut lines = BufReader::new(log).lines().map_while(Result::ok);
        assert!(
            lines.any(|line| line.contains("eady to accept connections at")),
            "redis-server ended before it was ready"
        );
        // A log that nobody reads would stop the server when the pipe is full.
        std::thread::spawn(move || lines.count());
        let url = format!("redis+unix://{}", socket.display());
        let client = redis::Client::open(url).expect("a path");
        Redis {
            connection: client.get_connection().expect("a ready server"),
            process,
            _directory: directory,
        }
    }

    fn ask<T: redis::FromRedisValue>(&mut self, words: &str) -> T {
        let mut command = redis::Cmd::new();
        for word in words.split(' ') {
            command.arg(word);
        }
        let reply = command.query(&mut self.connection);
        reply.unwrap_or_else(|error| panic!("{words}: {error}"))
    }

    fn dump(&mut self, key: &str) -> Bytes {
        let payload: Vec<u8> = self.ask(&format!("DUMP {key}"));
        Bytes::from(payload)
    }

    /// RESTORE, REPLACE; the error's text if it is refused.
    fn restore(&mut self, key: &str, payload: &[u8]) -> Result<(), String> {
        let mut command = redis::cmd("RESTORE");
        command.arg(key).arg(0).arg(payload).arg("REPLACE");
        let reply = command.query::<()>(&mut self.connection);
        reply.map_err(|error| error.detail().unwrap_or_default().to_owned())
    }
}

/// The first values of a strategy, the same ones on every run.
fn samples<S: Strategy>(strategy: S, count: usize) -> impl Iterator<Item = S::Value> {
    let mut runner = TestRunner::deterministic();
    std::iter::repeat_with(move || strategy.new_tree(&mut runner).expect("a value").current())
        .take(count)
}
