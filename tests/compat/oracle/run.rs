//! A run of the oracle: corners, then epochs of random pipelines.
//! Invariants: an epoch begins with two empty servers and ends with a comparison of everything
//! they hold; now and then ours is killed before that comparison. Must not know: templates.
//! Tests: `mod.rs` starts it.

use super::Length;
use super::deviations::{Deviations, RULES};
use super::draw::{Drawer, Step};
use super::known::{self, Known};
use super::look::everything;
use super::pair::{Difference, Pair, assert_none, show_command, show_difference};
use super::profile::Profile;
use super::shrink;
use super::tally::Tally;
use super::templates;
use crate::harness::server::stand_in;
use crate::harness::{Random, Server, seed};
use rand::RngExt;
use std::time::{Duration, Instant};

const EPOCH_STEPS: usize = 300;
const PIPELINE_MAX: usize = 12;
const SHRINK_TIME: Duration = Duration::from_secs(30);
/// One epoch in this many ends with a kill -9 of our server.
const KILL_EVERY: u32 = 8;

/// A run that was too short to meet every command.
const EPOCHS_MIN: u64 = 6;

struct Run {
    ours: Server,
    theirs: Server,
    deviations: Deviations,
    tally: Tally,
    known: Known,
    profile: &'static Profile,
}

/// Runs as far as `length` says; panics with a short list of commands on a difference.
pub fn run(profile: &'static Profile, seed: u64, length: Length) {
    let started = Instant::now();
    let (ours, theirs) = (Server::start(), Server::redis().start());
    let known = Known::ask(&ours, &theirs);
    known::assert_landed_groups_are_whole(&known);
    if profile
        .subject()
        .is_some_and(|group| !known.knows_some_of(group))
    {
        println!("skipped: ours knows no command of {}", profile.name);
        return;
    }
    let mut drawer = Drawer::new(profile, |line| known.knows(line));
    let mut run = Run {
        ours,
        theirs,
        deviations: Deviations::load(),
        tally: Tally::default(),
        known,
        profile,
    };
    run.fixed_lines();
    let mut random = seed::random(seed);
    let mut epochs = 0;
    while length.goes_on(started, epochs) {
        run.epoch(&mut drawer, &mut random);
        epochs += 1;
    }
    println!("oracle: {epochs} epochs of {EPOCH_STEPS} commands");
    println!("sent/no error/not empty: {}", run.tally.table());
    if epochs >= EPOCHS_MIN {
        run.assert_every_command_told();
    }
    if profile.subject().is_none() {
        run.deviations.assert_all_needed(&run.known);
    }
}

impl Run {
    fn pair(&self) -> Pair<'_> {
        let sides = (self.ours.raw(), self.theirs.raw());
        Pair::new(sides, &self.deviations, &self.tally, &self.known)
    }

    /// Fails if a command of the run's subject never had more than an error or nothing to say.
    fn assert_every_command_told(&self) {
        let Some(group) = self.profile.subject() else {
            return;
        };
        let mut commands = known::commands(group);
        commands.retain(|name| self.known.knows(name));
        let silent = self.tally.never_told(&commands);
        assert!(silent.is_empty(), "never more than an error: {silent:?}");
    }

    /// The profile's corners and, where types are mixed, the witnesses of deviations, under both
    /// protocols; reports all that differ at once, since they hardly depend on each other.
    fn fixed_lines(&self) {
        let mut found = Vec::new();
        for protocol in [2, 3] {
            let mut pair = self.pair();
            for lines in self.fixed_sets() {
                found.extend(pair.compare_lines(protocol, &lines));
            }
        }
        assert_none(&found);
    }

    fn fixed_sets(&self) -> Vec<Vec<&'static str>> {
        match self.profile.subject() {
            Some(group) => vec![group.corners.to_vec()],
            None => {
                let witnesses = RULES.iter().flat_map(|rule| rule.witness);
                let over_keys = ["keys", "payloads"].map(templates::group);
                let corners = over_keys.map(|group| group.corners.to_vec());
                let mut sets = vec![witnesses.copied().collect()];
                sets.extend(corners);
                sets
            }
        }
    }

    fn epoch(&mut self, drawer: &mut Drawer, random: &mut Random) {
        let protocol = random.random_range(2..=3);
        let mut pair = self.pair();
        pair.reset(protocol);
        let mut done: Vec<Step> = Vec::new();
        while done.len() < EPOCH_STEPS {
            let pipeline = draw_pipeline(drawer, random);
            done.extend_from_slice(&pipeline);
            if let Err(difference) = pair.run(&pipeline) {
                self.report(protocol, done, &difference);
            }
        }
        drop(pair);
        if !stand_in() && random.random_ratio(1, KILL_EVERY) {
            self.ours.kill();
            self.ours.restart();
        }
        if let Err(difference) = self.compare_everything(protocol) {
            self.report(protocol, done, &difference);
        }
    }

    fn compare_everything(&self, protocol: u8) -> Result<(), Difference> {
        everything::same(&mut self.pair(), &mut self.theirs.raw(), protocol)
    }

    /// Shrinks the steps and panics with what is left.
    fn report(&self, protocol: u8, done: Vec<Step>, first: &Difference) -> ! {
        let until = Instant::now() + SHRINK_TIME;
        let total = done.len();
        let fails = |steps: &[Step]| self.replay(protocol, steps).is_some();
        let reproduced = fails(&done);
        let shown = match reproduced {
            true => shrink::shrink(done, fails, || Instant::now() >= until),
            false => done[total.saturating_sub(2 * PIPELINE_MAX)..].to_vec(),
        };
        let again = self.replay(protocol, &shown);
        let lines: Vec<String> = shown
            .iter()
            .map(|step| show_command(&step.arguments))
            .collect();
        panic!(
            "difference under RESP{protocol}, after {total} commands\n{}\n\n{}:\n{}\n\n{}",
            show_difference(first),
            match reproduced {
                true => "these commands bring it about from two empty servers",
                false => "not reproduced one by one; the last commands were",
            },
            lines.join("\n"),
            again.map_or(String::new(), |difference| show_difference(&difference)),
        )
    }

    /// Runs steps one by one from two empty servers and compares everything afterwards.
    fn replay(&self, protocol: u8, steps: &[Step]) -> Option<Difference> {
        let mut pair = self.pair();
        pair.reset(protocol);
        let single = steps.chunks(1).try_for_each(|step| pair.run(step));
        single
            .and_then(|()| self.compare_everything(protocol))
            .err()
    }
}

/// Several commands at once; one whose reply needs a second look stands alone or last.
fn draw_pipeline(drawer: &mut Drawer, random: &mut Random) -> Vec<Step> {
    let length = match random.random_bool(0.5) {
        true => 1,
        false => random.random_range(2..=PIPELINE_MAX),
    };
    let mut steps = Vec::new();
    while steps.len() < length {
        steps.extend(drawer.draw(random));
        let last = steps.last().expect("a command was drawn");
        if last.pause_ms > 0 || !last.compare.needs_no_second_look() {
            break;
        }
    }
    steps
}
