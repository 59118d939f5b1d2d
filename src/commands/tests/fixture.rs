//! Owns what unit tests run handlers on: a store and a configuration in a directory of their own.
//! Invariants: a command runs as `exec` runs it under all its latches, and is committed before it
//! answers. Must not know: what commands do. Tests: it is part of them.

use crate::command::{Args, CommandSpec, Ctx, Handler, Look};
use crate::config::Config;
use crate::resp::{OwnedRequest, Reply, RespVersion};
use std::sync::Arc;
use storage::engine::Tier;
use storage::ops::bytes::{self, Expiry};
use storage::{Edit, Options, Store, ViewOptions};

const LATCHED: ViewOptions = ViewOptions {
    tier: Tier::Disk,
    latched: true,
    touch: true,
};

/// A store, and the commands of one group.
pub struct Fixture {
    pub store: Arc<Store>,
    pub config: Config,
    commands: &'static [&'static CommandSpec],
    _dir: tempfile::TempDir,
}

impl Fixture {
    pub fn new(commands: &'static [&'static CommandSpec]) -> Fixture {
        let dir = tempfile::tempdir().unwrap();
        let options = Options {
            partitions: Some(2),
            ..Options::new(dir.path().join("data"))
        };
        Fixture {
            store: Store::open(options).unwrap(),
            config: Config::in_directory(dir.path()),
            commands,
            _dir: dir,
        }
    }

    /// Sets a string in database 0.
    pub fn set(&self, key: &str, value: impl AsRef<[u8]>) {
        let mut edit = self.store.edit(0, LATCHED).unwrap();
        let entry = edit.open(key.as_bytes()).unwrap();
        bytes::replace(&mut edit, &entry, value.as_ref(), Expiry::Clear, &[]).unwrap();
        self.commit(edit);
    }

    fn commit(&self, edit: Edit<'_>) {
        let position = edit.stage().unwrap();
        self.store.leader().wait_blocking(position).unwrap();
    }

    /// The row of a command line, and how many words name it.
    pub fn row(&self, words: &[&str]) -> (&'static CommandSpec, usize) {
        let named = |spec: &&&CommandSpec| spec.name.eq_ignore_ascii_case(words[0]);
        let spec = self.commands.iter().find(named).unwrap();
        let second = words.get(1).map(|word| word.as_bytes());
        match second.and_then(|name| spec.subcommand(name)) {
            Some(subcommand) => (subcommand, 2),
            None => (spec, 1),
        }
    }

    /// Runs a line of words in database 0; errors come as their text.
    pub fn run(&self, line: &str) -> Reply {
        let words: Vec<&str> = line.split(' ').collect();
        let owned = OwnedRequest::from_args(&words);
        let (spec, names) = self.row(&words);
        assert!(spec.arity.admits(words.len()), "{line}");
        let mut args = Args::new(owned.as_request(), names);
        let ctx = Ctx {
            config: &self.config,
            resp: RespVersion::Resp2,
            command: spec.name,
            look: Look::First,
            reach: &Default::default(),
            draws: &Default::default(),
        };
        let result = match spec.handler {
            Handler::Read(run) => run(&self.store.view(0, LATCHED).unwrap(), &mut args, &ctx),
            Handler::Write(run) => {
                let mut edit = self.store.edit(0, LATCHED).unwrap();
                let result = run(&mut edit, &mut args, &ctx);
                if result.is_ok() {
                    self.commit(edit);
                }
                result
            }
            _ => panic!("{line} is not a data command"),
        };
        result.unwrap_or_else(|error| Reply::Error(error.text()))
    }

    /// As `run`, of what answers a number.
    pub fn int(&self, line: &str) -> i64 {
        match self.run(line) {
            Reply::Int(number) => number,
            other => panic!("{line}: {other:?}"),
        }
    }

    /// As `run`, of what is refused.
    pub fn error(&self, line: &str) -> String {
        match self.run(line) {
            Reply::Error(text) => text.to_string(),
            other => panic!("{line}: {other:?}"),
        }
    }
}
