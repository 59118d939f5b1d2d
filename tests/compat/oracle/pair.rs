//! A connection to each of the two servers, driven in step.
//! Invariants: both get the same bytes in the same packets; after a command with a short time to
//! live, the next one waits until that time has passed for both. Must not know: how commands are
//! drawn. Tests: exercised by every run.

use super::compare::{self, Compare};
use super::deviations::Deviations;
use super::draw::Step;
use crate::harness::{Raw, pack, wait, wire};
use std::collections::BTreeSet;
use std::time::{Duration, Instant};

/// How long both servers may take to sweep expired keys before their counts must agree.
const SWEEP_PATIENCE: Duration = Duration::from_secs(20);

/// Two replies that should agree and do not.
#[derive(Debug)]
pub struct Difference {
    pub command: String,
    pub ours: String,
    pub theirs: String,
}

pub struct Pair<'a> {
    ours: Raw,
    theirs: Raw,
    deviations: &'a Deviations,
}

impl<'a> Pair<'a> {
    pub fn new(ours: Raw, theirs: Raw, deviations: &'a Deviations) -> Pair<'a> {
        Pair {
            ours,
            theirs,
            deviations,
        }
    }

    /// Empties both servers and chooses the protocol and the first database.
    pub fn reset(&mut self, protocol: u8) {
        for side in [&mut self.ours, &mut self.theirs] {
            side.line(&format!("HELLO {protocol}"));
            side.expect("FLUSHALL", "+OK");
            side.expect("SELECT 0", "+OK");
            side.line("CLIENT SETNAME \"\"");
        }
    }

    /// Sends a command line to both whose replies are not compared.
    pub fn each(&mut self, line: &str) {
        self.ours.line(line);
        self.theirs.line(line);
    }

    /// Sends the same pipeline to both and compares the replies one by one.
    pub fn run(&mut self, steps: &[Step]) -> Result<(), Difference> {
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
        let pause_ms = steps.iter().map(|step| step.pause_ms).max().unwrap_or(0);
        if pause_ms > 0 {
            wait::clock_passes(Instant::now() + Duration::from_millis(pause_ms + 1));
        }
        Ok(())
    }

    fn judge(&mut self, step: &Step, ours: Vec<u8>, theirs: Vec<u8>) -> Result<(), Difference> {
        let agreed = match step.compare {
            Compare::Exact | Compare::Near(_) | Compare::SetOf => {
                compare::agree(step.compare, &ours, &theirs)
            }
            Compare::Scan => return self.judge_scan(step, ours, theirs),
            Compare::RandomKey => self.both_exist(&ours, &theirs),
            Compare::Eventually => ours == theirs || self.agree_in_time(step),
        };
        match agreed || self.deviations.allow(&step.arguments, &ours, &theirs) {
            true => Ok(()),
            false => Err(difference(&step.arguments, &ours, &theirs)),
        }
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

    fn judge_scan(
        &mut self,
        step: &Step,
        ours: Vec<u8>,
        theirs: Vec<u8>,
    ) -> Result<(), Difference> {
        if !compare::is_array(&ours) || !compare::is_array(&theirs) {
            let allowed = ours == theirs || self.deviations.allow(&step.arguments, &ours, &theirs);
            return if allowed {
                Ok(())
            } else {
                Err(difference(&step.arguments, &ours, &theirs))
            };
        }
        // From another server's cursor, or from one out of thin air, any page is right.
        if step.arguments.get(1).is_some_and(|cursor| cursor != b"0") {
            return Ok(());
        }
        let our_keys = iterate(&mut self.ours, step, ours);
        let their_keys = iterate(&mut self.theirs, step, theirs);
        match our_keys == their_keys {
            true => Ok(()),
            false => Err(Difference {
                command: show_command(&step.arguments),
                ours: format!("{our_keys:?}"),
                theirs: format!("{their_keys:?}"),
            }),
        }
    }
}

/// Follows a scan to its end and returns its keys, escaped.
fn iterate(side: &mut Raw, step: &Step, first: Vec<u8>) -> BTreeSet<String> {
    let mut keys = BTreeSet::new();
    let mut page = first;
    let mut arguments = step.arguments.clone();
    loop {
        let parts = wire::elements(&page);
        assert_eq!(parts.len(), 2, "a page of SCAN: {}", wire::show(&page));
        for element in wire::elements(parts[1]) {
            keys.insert(wire::show(wire::payload(element).expect("a key")));
        }
        let cursor = wire::payload(parts[0]).expect("a cursor").to_vec();
        if cursor == b"0" {
            return keys;
        }
        arguments[1] = cursor;
        page = side.command(&arguments);
    }
}

fn difference(arguments: &[Vec<u8>], ours: &[u8], theirs: &[u8]) -> Difference {
    Difference {
        command: show_command(arguments),
        ours: wire::show(ours),
        theirs: format!("{}{}", wire::show(theirs), first_gap(ours, theirs)),
    }
}

/// Where two long replies part.
fn first_gap(ours: &[u8], theirs: &[u8]) -> String {
    let gap = ours.iter().zip(theirs).position(|(a, b)| a != b);
    match gap {
        Some(at) if at > 100 => format!(" (first difference at byte {at})"),
        _ => String::new(),
    }
}

pub fn show_command(arguments: &[Vec<u8>]) -> String {
    const ARGUMENT_MAX: usize = 60;
    let show = |argument: &Vec<u8>| format!("\"{}\"", wire::show_up_to(argument, ARGUMENT_MAX));
    let shown = arguments.iter().map(show);

    shown.collect::<Vec<_>>().join(" ")
}
