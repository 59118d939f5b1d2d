//! Handlers called as `exec` calls them: what they read from their arguments and what they answer.
//! What the operations do is tested in `storage/tests/keyspace`, and everything again from outside.

use super::COMMANDS;
use crate::command::{Args, CommandSpec, Ctx, Flags, Handler};
use crate::config::{Config, Origin};
use crate::resp::{OwnedRequest, Reply, RespVersion};
use std::sync::Arc;
use storage::change::NoObserver;
use storage::commit::Fsync;
use storage::engine::{EngineTuning, Tier};
use storage::ops::bytes::{self, Expiry};
use storage::{Options, Store, ViewOptions};

struct Server {
    store: Arc<Store>,
    config: Config,
    _dir: tempfile::TempDir,
}

impl Server {
    fn new() -> Server {
        let dir = tempfile::tempdir().unwrap();
        let options = Options {
            path: dir.path().join("data"),
            partitions: Some(2),
            tuning: EngineTuning::default(),
            hot_table_bytes: 1 << 20,
            fsync: Fsync::No,
            observer: Box::new(NoObserver),
        };
        Server {
            store: Store::open(options).unwrap(),
            config: Config::new(),
            _dir: dir,
        }
    }

    /// Sets the string `key` in database `db`.
    fn set(&self, db: u32, key: &str, value: &str) {
        let mut edit = self.store.edit(db, options()).unwrap();
        let entry = edit.open(key.as_bytes()).unwrap();
        bytes::replace(&mut edit, &entry, value.as_bytes(), Expiry::Clear, &[]).unwrap();
        self.commit(edit.stage().unwrap());
    }

    fn commit(&self, position: storage::commit::Position) {
        self.store.leader().wait_blocking(position).unwrap();
    }

    /// Runs a command line in database 0; errors come as their text.
    fn ask(&self, line: &str) -> Reply {
        let words: Vec<&str> = line.split(' ').collect();
        let owned = OwnedRequest::from_args(&words);
        let (spec, names) = find(&words);
        assert!(spec.arity.admits(words.len()), "{line}");
        let mut args = Args::new(owned.as_request(), names);
        let ctx = Ctx {
            config: &self.config,
            resp: RespVersion::Resp2,
            command: spec.name,
            only_key: None,
            reach: &Default::default(),
            draws: &Default::default(),
        };
        let result = match spec.handler {
            Handler::Read(run) => run(&self.store.view(0, options()).unwrap(), &mut args, &ctx),
            Handler::Write(run) => {
                let mut edit = self.store.edit(0, options()).unwrap();
                let result = run(&mut edit, &mut args, &ctx);
                if result.is_ok() {
                    self.commit(edit.stage().unwrap());
                }
                result
            }
            _ => panic!("{line} is not a data command"),
        };
        result.unwrap_or_else(|error| Reply::Error(error.text()))
    }

    fn error(&self, line: &str) -> String {
        match self.ask(line) {
            Reply::Error(text) => text.to_string(),
            other => panic!("{line}: {other:?}"),
        }
    }
}

fn options() -> ViewOptions {
    ViewOptions {
        tier: Tier::Disk,
        latched: true,
        touch: true,
    }
}

/// The row of a command line, and how many words name it.
fn find(words: &[&str]) -> (&'static CommandSpec, usize) {
    let named = |spec: &&&CommandSpec| spec.name.eq_ignore_ascii_case(words[0]);
    let spec = COMMANDS.iter().find(named).unwrap();
    match words
        .get(1)
        .and_then(|name| spec.subcommand(name.as_bytes()))
    {
        Some(subcommand) => (subcommand, 2),
        None => (spec, 1),
    }
}

#[test]
fn walks_wait_for_commits_and_looks_do_not_count_as_uses() {
    let has = |name: &str, flag| {
        find(&name.split(' ').collect::<Vec<_>>())
            .0
            .flags()
            .has(flag)
    };
    for walk in ["scan", "keys", "randomkey"] {
        assert!(has(walk, Flags::SETTLED), "{walk}");
    }
    assert!(has("keys", Flags::OFFLOAD));
    for look in ["exists", "type", "ttl", "pexpiretime", "object idletime"] {
        assert!(has(look, Flags::NO_TOUCH), "{look}");
    }
    assert!(!has("touch", Flags::NO_TOUCH));
}

#[test]
fn expire_reads_its_options_before_its_number() {
    let server = Server::new();
    server.set(0, "k", "v");
    let cases = [
        ("expire k x FOO", "ERR Unsupported option FOO"),
        ("expire k x", "ERR value is not an integer or out of range"),
        (
            "expire k 9223372036854775",
            "ERR invalid expire time in 'expire' command",
        ),
        (
            "pexpire k 9223372036854775807",
            "ERR invalid expire time in 'pexpire' command",
        ),
        (
            "expireat k -9223372036854775808",
            "ERR invalid expire time in 'expireat' command",
        ),
        (
            "expire k 1 NX LT",
            "ERR NX and XX, GT or LT options at the same time are not compatible",
        ),
        (
            "expire k 1 gt lt",
            "ERR GT and LT options at the same time are not compatible",
        ),
    ];
    for (line, text) in cases {
        assert_eq!(server.error(line), text, "{line}");
    }
    assert_eq!(server.ask("ttl k"), Reply::Int(-1));
    assert_eq!(server.ask("pexpireat k 9223372036854775807"), Reply::Int(1));
    assert_eq!(server.ask("expire k 100 XX LT"), Reply::Int(1));
    assert_eq!(server.ask("ttl k"), Reply::Int(100));
    assert_eq!(server.ask("ttl missing"), Reply::Int(-2));
}

#[test]
fn database_numbers_are_bounded_by_the_directive() {
    let server = Server::new();
    server.set(0, "k", "v");
    let out_of_range = "ERR DB index is out of range";
    let not_integer = "ERR value is not an integer or out of range";
    let int = "ERR value is out of range, value must between -2147483648 and 2147483647";
    for (line, text) in [
        ("move k 16", out_of_range),
        ("move k -1", out_of_range),
        ("move k x", not_integer),
        ("move k 2147483648", int),
        (
            "move k 0",
            "ERR source and destination objects are the same",
        ),
        ("copy k l DB 16", out_of_range),
        ("copy k l DB", "ERR syntax error"),
        (
            "copy k k DB 0",
            "ERR source and destination objects are the same",
        ),
        ("swapdb x y", "ERR invalid first DB index"),
        ("swapdb 99 2147483648", "ERR invalid second DB index"),
        ("swapdb 99 1", out_of_range),
        ("flushall NOW", "ERR syntax error"),
        ("flushdb ASYNC SYNC", "ERR syntax error"),
    ] {
        assert_eq!(server.error(line), text, "{line}");
    }
    assert_eq!(server.ask("copy k k DB 15"), Reply::Int(1));
    assert_eq!(server.ask("flushall async"), Reply::ok());
    assert_eq!(server.store.database_size(15), 0);
}

#[test]
fn scan_answers_a_cursor_and_the_keys() {
    let server = Server::new();
    for key in ["a1", "a2", "b1"] {
        server.set(0, key, "v");
    }
    let keys = |line: &str| match server.ask(line) {
        Reply::Array(parts) => match (&parts[..], parts.len()) {
            ([cursor, Reply::Array(keys)], 2) => {
                assert_eq!(cursor, &Reply::bulk("0"), "{line}");
                keys.len()
            }
            _ => panic!("{line}: {parts:?}"),
        },
        other => panic!("{line}: {other:?}"),
    };
    assert_eq!(keys("scan 0"), 3);
    assert_eq!(keys("scan 0 MATCH a* TYPE STRING COUNT 9"), 2);
    assert_eq!(keys("scan 0 TYPE nonsense"), 0);
    assert_eq!(keys("scan -1"), 0);
    assert_eq!(server.error("scan 1x"), "ERR invalid cursor");
    assert_eq!(server.error("scan 0 COUNT 0"), "ERR syntax error");
    assert_eq!(server.error("scan 0 COUNT"), "ERR syntax error");
}

#[test]
fn object_answers_by_the_policy() {
    let server = Server::new();
    server.set(0, "k", "12");
    assert_eq!(server.ask("object encoding k"), Reply::bulk("int"));
    assert_eq!(server.ask("object freq missing"), Reply::Nil);
    assert_eq!(server.ask("object idletime k"), Reply::Int(0));
    assert!(server.error("object freq k").contains("is not selected"));
    let policy: (&[u8], &[u8]) = (b"maxmemory-policy", b"allkeys-lfu");
    server.config.set(&[policy], Origin::Local).unwrap();
    assert!(server.error("object idletime k").contains("is selected"));
    assert!(matches!(server.ask("object freq k"), Reply::Int(0..=255)));
}
