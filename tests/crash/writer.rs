//! One pipelining writer with a database of its own, and the judgement over it after a crash.
//! Invariants: commands of one connection take effect in order, so that after a crash the
//! database equals the acknowledged writes plus a prefix of those in flight.
//! Must not know: who kills the server. Tests: exercised by `kill.rs`.

use super::operation::Operation;
use super::state::{Entry, State, read_entry};
use crate::harness::{Random, Raw, Server, pack, wire};
use rand::RngExt;
use std::collections::VecDeque;
use std::sync::atomic::{AtomicBool, Ordering};

const PIPELINE_MAX: usize = 24;

/// A writer between two crashes.
pub struct Writer {
    database: usize,
    random: Random,
    /// What all acknowledged writes together have made.
    acknowledged: State,
    /// Sent and not acknowledged, in order.
    in_flight: VecDeque<Operation>,
    pub writes: u64,
}

impl Writer {
    pub fn new(database: usize, random: Random) -> Writer {
        let acknowledged = State::new();
        Writer {
            database,
            random,
            acknowledged,
            in_flight: VecDeque::new(),
            writes: 0,
        }
    }

    /// Writes until the connection breaks or `stop` is set.
    pub fn run(&mut self, mut connection: Raw, flushes: bool, stop: &AtomicBool) {
        if connection.try_send(&self.select()).is_err() || connection.try_reply().is_err() {
            return;
        }
        while !stop.load(Ordering::Relaxed) {
            let count = self.random.random_range(1..=PIPELINE_MAX);
            let operations: Vec<Operation> = (0..count)
                .map(|_| Operation::draw(&mut self.random, flushes))
                .collect();
            let bytes: Vec<u8> = operations.iter().flat_map(Operation::bytes).collect();
            self.in_flight.extend(operations);
            if connection.try_send(&bytes).is_err() || !self.collect(&mut connection) {
                return;
            }
        }
    }

    fn select(&self) -> Vec<u8> {
        pack(&["SELECT", &self.database.to_string()])
    }

    /// Reads the replies to all that is in flight; false when the connection broke.
    fn collect(&mut self, connection: &mut Raw) -> bool {
        while !self.in_flight.is_empty() {
            // A transaction counts once its last reply has come.
            let mut reply = Vec::new();
            for _ in 0..self.in_flight.front().map_or(0, Operation::replies) {
                match connection.try_reply() {
                    Ok(next) => reply.extend(next),
                    Err(_) => return false,
                }
            }
            let operation = self.in_flight.pop_front().expect("not empty");
            let expected = operation.apply(&mut self.acknowledged);
            assert!(
                reply == expected,
                "{operation:.200?}: got {}, expected {}",
                wire::show(&reply),
                wire::show(&expected)
            );
            self.writes += 1;
        }
        true
    }

    /// The database was emptied while nothing was in flight.
    pub fn forget(&mut self) {
        assert!(self.in_flight.is_empty());
        self.acknowledged.clear();
    }

    /// Compares the database with every state that the crash may have left; goes on from there.
    pub fn judge(&mut self, server: &Server) {
        let found = self.read(server);
        let mut candidate = self.acknowledged.clone();
        let sent = self.in_flight.len();
        loop {
            if candidate == found {
                self.acknowledged = found;
                self.in_flight.clear();
                return;
            }
            match self.in_flight.pop_front() {
                Some(operation) => drop(operation.apply(&mut candidate)),
                None => break,
            }
        }
        panic!(
            "database {}: no prefix of the {sent} writes in flight explains what was found; \
             against the acknowledged state:\n{}",
            self.database,
            describe(&self.acknowledged, &found)
        );
    }

    /// All keys of the database with values and times.
    fn read(&self, server: &Server) -> State {
        let mut connection = server.raw();
        connection.send(&self.select());
        connection.expect_reply("+OK");
        let keys = connection.line("KEYS *");
        let mut state = State::new();
        for key in wire::elements(&keys) {
            let key = wire::payload(key).expect("a key");
            let name = String::from_utf8(key.to_vec()).expect("the test's keys are text");
            let entry = read_entry(&mut connection, &name);
            state.insert(name, entry);
        }
        let count = wire::integer(&connection.line("DBSIZE"));
        assert_eq!(
            count,
            i64::try_from(state.len()).ok(),
            "DBSIZE of {}",
            self.database
        );
        state
    }
}

/// The keys that differ, shortly.
fn describe(expected: &State, found: &State) -> String {
    let keys = expected
        .keys()
        .chain(found.keys().filter(|key| !expected.contains_key(*key)));
    let show = |entry: Option<&Entry>| match entry {
        Some(entry) => format!("{}, {:?}", entry.value.summary(), entry.expire_ms),
        None => "missing".to_string(),
    };
    let lines = keys
        .filter(|key| expected.get(*key) != found.get(*key))
        .map(|key| {
            format!(
                "{key}: acknowledged {}; found {}",
                show(expected.get(key)),
                show(found.get(key))
            )
        });
    lines.collect::<Vec<_>>().join("\n")
}
