//! A run of the oracle: corners, then epochs of random pipelines until time is up.
//! Invariants: an epoch begins with two empty servers and ends with a comparison of everything
//! they hold; now and then ours is killed before that comparison. Must not know: templates.
//! Tests: `mod.rs` starts it.

use super::compare::Compare;
use super::corners::CORNERS;
use super::deviations::{Deviations, RULES};
use super::draw::{Drawer, Step};
use super::pair::{Difference, Pair, show_command};
use super::shrink;
use crate::harness::server::stand_in;
use crate::harness::{Random, Server, seed, wire};
use rand::RngExt;
use std::time::{Duration, Instant};

const EPOCH_STEPS: usize = 300;
const PIPELINE_MAX: usize = 12;
const SHRINK_TIME: Duration = Duration::from_secs(30);
/// One epoch in this many ends with a kill -9 of our server.
const KILL_EVERY: u32 = 8;
const DATABASES: usize = 16;

struct Run {
    ours: Server,
    theirs: Server,
    deviations: Deviations,
    drawer: Drawer,
}

/// Runs until `time` has passed; panics with a short list of commands on a difference.
pub fn run(seed: u64, time: Duration) {
    let started = Instant::now();
    let mut run = Run {
        ours: Server::start(),
        theirs: Server::redis().start(),
        deviations: Deviations::load(),
        drawer: Drawer::new(),
    };
    run.fixed_lines();
    let mut random = seed::random(seed);
    let mut epochs = 0;
    while started.elapsed() < time {
        run.epoch(&mut random);
        epochs += 1;
    }
    println!("oracle: {epochs} epochs of {EPOCH_STEPS} commands");
    run.deviations.assert_all_needed();
}

impl Run {
    fn pair(&self) -> Pair<'_> {
        Pair::new(self.ours.raw(), self.theirs.raw(), &self.deviations)
    }

    /// The corners and the witnesses of deviations, under both protocols; reports all that
    /// differ at once, since they hardly depend on each other.
    fn fixed_lines(&self) {
        let mut found = Vec::new();
        for protocol in [2, 3] {
            let mut pair = self.pair();
            let witnesses = RULES.iter().flat_map(|rule| rule.witness);
            for lines in [CORNERS.to_vec(), witnesses.copied().collect()] {
                pair.reset(protocol);
                let steps = lines.into_iter().map(Step::exact);
                found.extend(steps.filter_map(|step| pair.run(&[step]).err()));
            }
        }
        let shown: Vec<String> = found.iter().map(show_difference).collect();
        assert!(
            found.is_empty(),
            "{} corners differ:\n{}",
            found.len(),
            shown.join("\n")
        );
    }

    fn epoch(&mut self, random: &mut Random) {
        let protocol = random.random_range(2..=3);
        let mut pair = self.pair();
        pair.reset(protocol);
        let mut done: Vec<Step> = Vec::new();
        while done.len() < EPOCH_STEPS {
            let pipeline = self.draw_pipeline(random);
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

    /// Several commands at once; one whose reply needs a second look stands alone or last.
    fn draw_pipeline(&self, random: &mut Random) -> Vec<Step> {
        let length = match random.random_bool(0.5) {
            true => 1,
            false => random.random_range(2..=PIPELINE_MAX),
        };
        let mut steps = Vec::new();
        while steps.len() < length {
            let step = self.drawer.draw(random);
            let alone = step.pause_ms > 0 || !matches!(step.compare, Compare::Exact);
            steps.push(step);
            if alone {
                break;
            }
        }
        steps
    }

    /// All keys of all databases with their values, times and encodings.
    fn compare_everything(&self, protocol: u8) -> Result<(), Difference> {
        let mut pair = self.pair();
        let mut probe = self.theirs.raw();
        pair.each(&format!("HELLO {protocol}"));
        for database in 0..DATABASES {
            let select = format!("SELECT {database}");
            probe.line(&select);
            pair.run(&[Step::exact(&select)])?;
            pair.run(&[Step {
                compare: Compare::SetOf,
                ..Step::exact("KEYS *")
            }])?;
            pair.run(&[Step {
                compare: Compare::Eventually,
                ..Step::exact("DBSIZE")
            }])?;
            let keys = probe.line("KEYS *");
            for key in wire::elements(&keys) {
                pair.run(&whole_key(wire::payload(key).expect("a key")))?;
            }
        }
        Ok(())
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

/// The commands that read all there is to know about a key.
fn whole_key(key: &[u8]) -> Vec<Step> {
    let ask = |words: &[&[u8]], compare| Step {
        arguments: words
            .iter()
            .map(|word| word.to_vec())
            .chain([key.to_vec()])
            .collect(),
        compare,
        pause_ms: 0,
    };
    vec![
        ask(&[b"TYPE"], Compare::Exact),
        ask(&[b"GET"], Compare::Exact),
        ask(&[b"STRLEN"], Compare::Exact),
        ask(&[b"OBJECT", b"ENCODING"], Compare::Exact),
        ask(&[b"PEXPIRETIME"], Compare::Near(2000)),
    ]
}

fn show_difference(difference: &Difference) -> String {
    let Difference {
        command,
        ours,
        theirs,
    } = difference;
    format!("command: {command}\n   ours: {ours}\n  redis: {theirs}")
}
