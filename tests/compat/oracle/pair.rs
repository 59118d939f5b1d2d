//! A connection to each of the two servers, driven in step.
//! Invariants: both get the same bytes in the same packets, except where a reply is random; after
//! a command with a short time to live, the next one waits until that time has passed for both.
//! Must not know: how commands are drawn. Tests: exercised by every run.

use super::compare::{self, Compare};
use super::deviations::Deviations;
use super::draw::Step;
use super::known::Known;
use super::look;
use super::tally::Tally;
use crate::harness::{Raw, pack, wait, wire};
use std::time::{Duration, Instant};

/// How long both servers may take to sweep expired keys before their counts must agree.
const SWEEP_PATIENCE: Duration = Duration::from_secs(20);
/// Seconds between the readings of two idle clocks.
const IDLE_SECONDS: Compare = Compare::Near(4);

/// Directives that templates change, and what both servers start an epoch with.
const DIRECTIVES: &[(&str, &str)] = &[
    ("list-max-listpack-size", "-2"),
    ("hash-max-listpack-entries", "512"),
    ("hash-max-listpack-value", "64"),
    ("set-max-intset-entries", "512"),
    ("zset-max-listpack-entries", "128"),
    ("zset-max-listpack-value", "64"),
    ("hll-sparse-max-bytes", "3000"),
];

/// Two replies that should agree and do not.
#[derive(Debug)]
pub struct Difference {
    pub command: String,
    pub ours: String,
    pub theirs: String,
}

pub struct Pair<'a> {
    pub(super) ours: Raw,
    pub(super) theirs: Raw,
    deviations: &'a Deviations,
    tally: &'a Tally,
    known: &'a Known,
    /// Which side draws the next random element.
    pub(super) ours_draws: bool,
}

impl<'a> Pair<'a> {
    pub fn new(
        (ours, theirs): (Raw, Raw),
        deviations: &'a Deviations,
        tally: &'a Tally,
        known: &'a Known,
    ) -> Pair<'a> {
        Pair {
            ours,
            theirs,
            deviations,
            tally,
            known,
            ours_draws: true,
        }
    }

    /// Empties both servers and chooses the protocol, the first database, the usual thresholds.
    pub fn reset(&mut self, protocol: u8) {
        for side in [&mut self.ours, &mut self.theirs] {
            side.line(&format!("HELLO {protocol}"));
            side.expect("FLUSHALL", "+OK");
            side.expect("SELECT 0", "+OK");
            side.line("CLIENT SETNAME \"\"");
            for (name, value) in DIRECTIVES {
                let line = format!("CONFIG SET {name} {value}");
                if self.known.knows(&line) {
                    side.expect(&line, "+OK");
                }
            }
        }
    }

    /// Sends a command line to both whose replies are not compared.
    pub fn each(&mut self, line: &str) {
        self.ours.line(line);
        self.theirs.line(line);
    }

    /// Sends the same pipeline to both and compares the replies one by one; a command that
    /// cannot be sent as it stands runs by itself.
    pub fn run(&mut self, steps: &[Step]) -> Result<(), Difference> {
        for part in steps.split_inclusive(|step| step.compare.is_solo()) {
            let (last, head) = part.split_last().expect("a part has a step");
            if last.compare.is_solo() {
                self.run_plain(head)?;
                self.run_solo(last)?;
            } else {
                self.run_plain(part)?;
            }
        }
        let pause_ms = steps.iter().map(|step| step.pause_ms).max().unwrap_or(0);
        if pause_ms > 0 {
            wait::clock_passes(Instant::now() + Duration::from_millis(pause_ms + 1));
        }
        Ok(())
    }

    /// Runs fixed lines from two empty servers one by one; gives all that differ, since they
    /// hardly depend on each other.
    pub fn compare_lines(&mut self, protocol: u8, lines: &[&'static str]) -> Vec<Difference> {
        self.reset(protocol);
        let known = lines.iter().filter(|line| !self.known.misses(line));
        let steps: Vec<Step> = known.map(|line| Step::exact(line)).collect();
        let different = |step: Step| self.run(&[step]).err();
        steps.into_iter().filter_map(different).collect()
    }

    /// Runs steps one after the other, each with its second look.
    pub fn run_each(&mut self, steps: &[Step]) -> Result<(), Difference> {
        steps.chunks(1).try_for_each(|step| self.run(step))
    }

    fn run_plain(&mut self, steps: &[Step]) -> Result<(), Difference> {
        let bytes: Vec<u8> = steps
            .iter()
            .flat_map(|step| pack(&step.arguments))
            .collect();
        self.ours.send(&bytes);
        self.theirs.send(&bytes);
        for step in steps {
            let (ours, theirs) = (self.ours.reply(), self.theirs.reply());
            self.judge(step, ours, theirs)?;
        }
        Ok(())
    }

    fn run_solo(&mut self, step: &Step) -> Result<(), Difference> {
        match step.compare {
            Compare::Pop => look::random::pop(self, step),
            Compare::Dump => look::dump::cross(self, step),
            Compare::AutoId => look::stream::auto_id(self, step),
            Compare::AboutTrimmed => look::stream::about_trimmed(self, step),
            Compare::SetId => look::stream::set_id(self, step),
            Compare::StoredDifference => look::encoding::stored_difference(self, step),
            other => panic!("{other:?} is sent to both as it stands"),
        }
    }

    /// Sends one command to both, whose replies must agree byte for byte; returns ours.
    pub(super) fn exact(&mut self, arguments: &[Vec<u8>]) -> Result<Vec<u8>, Difference> {
        let (ours, theirs) = self.both(arguments);
        self.judge_exact(arguments, &ours, &theirs)?;
        Ok(ours)
    }

    /// Sends one command to both and returns both replies.
    pub(super) fn both(&mut self, arguments: &[Vec<u8>]) -> (Vec<u8>, Vec<u8>) {
        let theirs = self.theirs.command(arguments);
        self.tally.note(arguments, &theirs);
        (self.ours.command(arguments), theirs)
    }

    pub(super) fn note(&self, step: &Step, reply: &[u8]) {
        self.tally.note(&step.arguments, reply);
    }

    pub(super) fn judge_exact(
        &self,
        arguments: &[Vec<u8>],
        ours: &[u8],
        theirs: &[u8],
    ) -> Result<(), Difference> {
        match ours == theirs || self.deviations.allow(arguments, ours, theirs) {
            true => Ok(()),
            false => Err(difference(arguments, ours, theirs)),
        }
    }

    pub(super) fn judge(
        &mut self,
        step: &Step,
        ours: Vec<u8>,
        theirs: Vec<u8>,
    ) -> Result<(), Difference> {
        self.note(step, &theirs);
        let agreed = match step.compare {
            Compare::Scan => return look::scan::judge(self, step, ours, theirs),
            Compare::Idle => self.agree_on_idle_time(step, &ours, &theirs),
            Compare::Elements(run) => look::random::same_elements(self, step, run, &ours, &theirs),
            Compare::RandomOf => look::random::drawn_from(self, step, &ours, &theirs),
            Compare::Shape => {
                compare::agree(step.compare, &ours, &theirs) || self.agree_when_swept(step)
            }
            Compare::Groups => ours == theirs || look::stream::groups(self, step, &ours, &theirs),
            Compare::RandomKey => self.both_exist(&ours, &theirs),
            Compare::Eventually => ours == theirs || self.agree_in_time(step),
            simple => compare::agree(simple, &ours, &theirs),
        };
        match agreed {
            true => Ok(()),
            false => self.judge_exact(&step.arguments, &ours, &theirs),
        }
    }

    /// Redis shares the objects of small numbers, and they are idle since it started.
    fn agree_on_idle_time(&mut self, step: &Step, ours: &[u8], theirs: &[u8]) -> bool {
        if compare::agree(IDLE_SECONDS, ours, theirs) {
            return true;
        }
        let mut question = step.arguments.clone();
        if let Some(word) = question.get_mut(1) {
            *word = b"REFCOUNT".to_vec();
        }
        self.theirs.command(&question) == b":2147483647\r\n" && wire::integer(ours).is_some()
    }

    /// MEMORY USAGE of Redis sees a key past its time until something else asks for it.
    fn agree_when_swept(&mut self, step: &Step) -> bool {
        let exists = [&[b"EXISTS".to_vec()], &step.arguments[1..]].concat();
        self.theirs.command(&exists);
        let ours = self.ours.command(&step.arguments);
        let theirs = self.theirs.command(&step.arguments);
        compare::agree(step.compare, &ours, &theirs)
    }

    fn agree_in_time(&mut self, step: &Step) -> bool {
        wait::within(SWEEP_PATIENCE, || {
            self.ours.command(&step.arguments) == self.theirs.command(&step.arguments)
        })
    }

    /// Both nil, or each a key that the other server has too.
    fn both_exist(&mut self, ours: &[u8], theirs: &[u8]) -> bool {
        if compare::is_error(ours) || compare::is_error(theirs) {
            return ours == theirs;
        }
        match (wire::payload(ours), wire::payload(theirs)) {
            (Some(our_key), Some(their_key)) => {
                let question: [&[u8]; 3] = [b"EXISTS", our_key, their_key];
                let expected = b":2\r\n";
                self.ours.command(&question) == expected
                    && self.theirs.command(&question) == expected
            }
            (ours, theirs) => ours == theirs,
        }
    }

    pub(super) fn allows(&self, step: &Step, ours: &[u8], theirs: &[u8]) -> bool {
        self.deviations.allow(&step.arguments, ours, theirs)
    }
}

pub fn difference(arguments: &[Vec<u8>], ours: &[u8], theirs: &[u8]) -> Difference {
    Difference {
        command: show_command(arguments),
        ours: wire::show(ours),
        theirs: format!("{}{}", wire::show(theirs), first_gap(ours, theirs)),
    }
}

/// Fails with everything that was found.
#[track_caller]
pub fn assert_none(found: &[Difference]) {
    let shown: Vec<String> = found.iter().map(show_difference).collect();
    assert!(
        found.is_empty(),
        "{} corners differ:\n{}",
        found.len(),
        shown.join("\n")
    );
}

pub fn show_difference(difference: &Difference) -> String {
    let Difference {
        command,
        ours,
        theirs,
    } = difference;
    format!("command: {command}\n   ours: {ours}\n  redis: {theirs}")
}

/// Where two long replies part.
fn first_gap(ours: &[u8], theirs: &[u8]) -> String {
    let gap = ours.iter().zip(theirs).position(|(a, b)| a != b);
    match gap {
        Some(at) if at > 100 => {
            let around = |reply: &[u8]| {
                let end = reply.len().min(at + 40);
                wire::show(&reply[at.saturating_sub(40)..end])
            };
            let (ours, theirs) = (around(ours), around(theirs));
            format!("\n first difference at byte {at}:\n   ours: {ours}\n  redis: {theirs}")
        }
        _ => String::new(),
    }
}

pub fn show_command(arguments: &[Vec<u8>]) -> String {
    const ARGUMENT_MAX: usize = 60;
    let show = |argument: &Vec<u8>| format!("\"{}\"", wire::show_up_to(argument, ARGUMENT_MAX));
    let shown = arguments.iter().map(show);

    shown.collect::<Vec<_>>().join(" ")
}
