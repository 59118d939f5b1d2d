//! What the clients of a script send: commands that may or may not be queued, by whatever state
//! they are in, and whole transactions in one packet.
//! Invariants: replies can be judged without asking further; what ends a key's life soon is the
//! last of its packet, and so is `EXEC`, which may carry it out. Must not know: servers.
//! Tests: every run.

use crate::compat::oracle::compare::Compare;
use crate::compat::oracle::draw::{Drawer, Step};
use crate::compat::oracle::kinds::ALL_KEYS;
use crate::compat::oracle::known::Known;
use crate::compat::oracle::pair::show_command;
use crate::compat::oracle::pools;
use crate::compat::oracle::profile;
use crate::harness::Random;
use rand::RngExt;
use std::fmt;

pub const CLIENTS: usize = 3;
const PACKET_MAX: usize = 6;
const QUEUED_MAX: usize = 8;
/// One command in this many is one that no server knows.
const UNKNOWN_EVERY: u32 = 60;

#[derive(Clone, Debug)]
pub enum Action {
    /// A client sends commands in one packet.
    Packet { client: usize, steps: Vec<Step> },
    /// A client that queues nothing watches a key that dies before the next action.
    WatchMortal { client: usize, key: Vec<u8> },
}

impl Action {
    pub fn client(&self) -> usize {
        match self {
            Action::Packet { client, .. } | Action::WatchMortal { client, .. } => *client,
        }
    }
}

impl fmt::Display for Action {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Action::Packet { client, steps } => {
                let shown: Vec<String> = steps
                    .iter()
                    .map(|step| show_command(&step.arguments))
                    .collect();
                write!(f, "client {client}: {}", shown.join(" ; "))
            }
            Action::WatchMortal { client, key } => {
                let key = show_command(std::slice::from_ref(key));
                write!(f, "client {client} watches {key}, which dies")
            }
        }
    }
}

/// What counts as a change of a watched key on one of the two servers alone: see `deviations.md`
/// on groups of streams, on PFCOUNT and on keys that come and go with their database.
const WATCHED_DIFFERENTLY: &[&str] = &[
    "SWAPDB",
    "XGROUP",
    "XREADGROUP",
    "XACK",
    "XCLAIM",
    "XAUTOCLAIM",
    "PFCOUNT",
    "PFDEBUG",
];

/// Draws actions.
pub struct Writer {
    drawer: Drawer,
    /// Whether keys are watched in this script; if not, what is watched differently is drawn.
    watches: bool,
}

impl Writer {
    pub fn new(known: &Known) -> Writer {
        let drawer = Drawer::new(profile::profile("multi"), |line| known.knows(line));
        Writer {
            drawer,
            watches: false,
        }
    }

    /// The actions of one script.
    pub fn script(&mut self, length: usize, random: &mut Random) -> Vec<Action> {
        self.watches = random.random_bool(0.7);
        (0..length).map(|_| self.action(random)).collect()
    }

    fn action(&mut self, random: &mut Random) -> Action {
        let client = random.random_range(0..CLIENTS);
        let steps = match random.random_range(0..20) {
            0 if self.watches => {
                let pool = ALL_KEYS[random.random_range(0..ALL_KEYS.len())];
                let key = pools::pick(random, pool).to_vec();
                return Action::WatchMortal { client, key };
            }
            0..6 => {
                let length = random.random_range(0..=QUEUED_MAX);
                let queued = (0..length).flat_map(|_| self.draw(random));
                let first = [Step::exact("MULTI")];
                let all = first.into_iter().chain(queued);
                all.chain([Step::exact("EXEC")]).collect()
            }
            6..14 => self.draw(random),
            _ => self.packet(random),
        };
        Action::Packet { client, steps }
    }

    fn packet(&mut self, random: &mut Random) -> Vec<Step> {
        let length = random.random_range(2..=PACKET_MAX);
        let mut steps = Vec::new();
        while steps.len() < length {
            steps.extend(self.draw(random));
            let last = steps.last().expect("a command was drawn");
            if last.pause_ms > 0 || last.arguments[0].eq_ignore_ascii_case(b"EXEC") {
                break;
            }
        }
        steps
    }

    /// The next command whose reply is judged by itself.
    fn draw(&mut self, random: &mut Random) -> Vec<Step> {
        if random.random_ratio(1, UNKNOWN_EVERY) {
            return vec![Step::exact("NOSUCH a")];
        }
        loop {
            let mut steps = self.drawer.draw(random);
            for step in &mut steps {
                if let Compare::Elements(run) = step.compare {
                    step.compare = Compare::SetOf(run);
                }
            }
            if steps.iter().all(|step| self.may_send(step)) {
                return steps;
            }
        }
    }

    fn may_send(&self, step: &Step) -> bool {
        let is = |name: &str| step.arguments[0].eq_ignore_ascii_case(name.as_bytes());
        let fits = match self.watches {
            true => !WATCHED_DIFFERENTLY.iter().any(|name| is(name)),
            false => !is("WATCH"),
        };
        // What only ours queues: see the deviation `rank-with-score`.
        let newer = (is("ZRANK") || is("ZREVRANK")) && step.arguments.len() == 4;
        fits && !newer && step.compare.needs_no_question()
    }
}
