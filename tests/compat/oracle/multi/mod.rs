//! Transactions: several clients queue, watch, change what others watch, and execute.
//! Invariants: clients act one after the other; each element of an `EXEC` is compared as the
//! command that was queued would be. Must not know: which transactions should be refused.
//! Tests: `oracle_multi_gets_the_replies_of_redis`.

mod player;
mod script;

use super::Length;
use super::deviations::Deviations;
use super::known::Known;
use super::look::everything;
use super::pair::{Difference, Pair, assert_none, show_difference};
use super::shrink;
use super::tally::Tally;
use super::templates;
use crate::harness::server::stand_in;
use crate::harness::{Random, Server, seed};
use player::{Executed, Player};
use rand::RngExt;
use script::{Action, CLIENTS, Writer};
use std::cell::Cell;
use std::time::Instant;

const ACTIONS: usize = 60;
/// One script in this many ends with a kill -9 of our server.
const KILL_EVERY: u32 = 8;
/// Scripts after which every outcome of a transaction must have been met.
const SCRIPTS_MIN: u64 = 20;

struct Theatre {
    ours: Server,
    theirs: Server,
    deviations: Deviations,
    tally: Tally,
    known: Known,
    executed: Cell<Executed>,
}

/// Plays random scripts as far as `length` says; panics with a short script on a difference.
pub fn run(seed: u64, length: Length) {
    let started = Instant::now();
    let (ours, theirs) = (Server::start(), Server::redis().start());
    let known = Known::ask(&ours, &theirs);
    let mut theatre = Theatre {
        ours,
        theirs,
        deviations: Deviations::load(),
        tally: Tally::default(),
        known,
        executed: Cell::default(),
    };
    let corners = templates::group("multi").corners;
    for protocol in [2, 3] {
        assert_none(&theatre.pair().compare_lines(protocol, corners));
    }
    let mut writer = Writer::new(&theatre.known);
    let mut random = seed::random(seed);
    let mut scripts = 0;
    while length.goes_on(started, scripts) {
        theatre.play_one(&mut writer, &mut random);
        scripts += 1;
    }
    let executed = theatre.executed.get();
    println!("oracle of multi: {scripts} scripts, {executed:?}");
    println!("sent/no error/not empty: {}", theatre.tally.table());
    assert!(
        scripts < SCRIPTS_MIN || executed.has_all(),
        "too little met: {executed:?}"
    );
}

impl Theatre {
    fn pair(&self) -> Pair<'_> {
        let sides = (self.ours.raw(), self.theirs.raw());
        Pair::new(sides, &self.deviations, &self.tally, &self.known)
    }

    fn play_one(&mut self, writer: &mut Writer, random: &mut Random) {
        let protocol = random.random_range(2..=3);
        let script = writer.script(ACTIONS, random);
        if let Err(first) = self.play(protocol, &script) {
            self.report(protocol, script, &first);
        }
        if !stand_in() && random.random_ratio(1, KILL_EVERY) {
            self.ours.kill();
            self.ours.restart();
        }
        if let Err(first) = self.compare(protocol) {
            self.report(protocol, script, &first);
        }
    }

    fn play(&self, protocol: u8, script: &[Action]) -> Result<(), Difference> {
        self.pair().reset(protocol);
        let player = |_| {
            let mut pair = self.pair();
            pair.each(&format!("HELLO {protocol}"));
            Player::new(pair, &self.executed)
        };
        let mut players: Vec<Player> = (0..CLIENTS).map(player).collect();
        script
            .iter()
            .try_for_each(|action| players[action.client()].act(action))
    }

    fn compare(&self, protocol: u8) -> Result<(), Difference> {
        everything::same(&mut self.pair(), &mut self.theirs.raw(), protocol)
    }

    fn report(&self, protocol: u8, script: Vec<Action>, first: &Difference) -> ! {
        shrink::report(protocol, script, show_difference(first), |script| {
            let played = self.play(protocol, script);
            let compared = played.and_then(|()| self.compare(protocol));
            compared.err().map(|found| show_difference(&found))
        })
    }
}
