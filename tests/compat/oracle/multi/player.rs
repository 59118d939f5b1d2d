//! One client on both servers, and what it has queued.
//! Invariants: whether a command was queued is read from Redis's reply, so that a script of which
//! parts are left out can be played too. Must not know: how commands are drawn. Tests: every run.

use super::script::Action;
use crate::compat::oracle::compare;
use crate::compat::oracle::draw::Step;
use crate::compat::oracle::pair::{Difference, Pair};
use crate::harness::{pack, wait, wire};
use std::cell::Cell;
use std::time::{Duration, Instant};

/// How long a key lives that is to die while it is watched: longer than three commands take.
const MORTAL_MS: u64 = 60;

/// Outcomes of transactions.
#[derive(Clone, Copy, Debug, Default)]
pub struct Executed {
    /// Those that ran.
    ran: u64,
    /// Those that a change of a watched key stopped.
    stopped: u64,
    /// Those that were refused for an error while queueing.
    refused: u64,
    /// Keys that died while they were watched.
    died: u64,
}

impl Executed {
    pub fn has_all(&self) -> bool {
        self.ran > 0 && self.stopped > 0 && self.refused > 0 && self.died > 0
    }
}

pub struct Player<'a> {
    pair: Pair<'a>,
    /// What is queued since `MULTI`.
    queued: Option<Vec<Step>>,
    executed: &'a Cell<Executed>,
}

impl<'a> Player<'a> {
    pub fn new(pair: Pair<'a>, executed: &'a Cell<Executed>) -> Player<'a> {
        Player {
            pair,
            queued: None,
            executed,
        }
    }

    pub fn act(&mut self, action: &Action) -> Result<(), Difference> {
        match action {
            Action::Packet { steps, .. } => self.send(steps),
            Action::WatchMortal { key, .. } => match self.queued {
                Some(_) => Ok(()),
                None => self.watch_mortal(key),
            },
        }
    }

    /// Sends commands in one packet, and waits for the times to live that they gave.
    fn send(&mut self, steps: &[Step]) -> Result<(), Difference> {
        let pauses_ms = steps.iter().map(|step| step.pause_ms);
        let queued = self.queued.iter().flatten().map(|step| step.pause_ms);
        let pause_ms = pauses_ms.chain(queued).max().unwrap_or(0);
        for (step, (ours, theirs)) in steps.iter().zip(self.replies(steps)) {
            self.judge(step, ours, theirs)?;
        }
        if pause_ms > 0 {
            wait::clock_passes(Instant::now() + Duration::from_millis(pause_ms + 1));
        }
        Ok(())
    }

    fn replies(&mut self, steps: &[Step]) -> Vec<(Vec<u8>, Vec<u8>)> {
        let bytes: Vec<u8> = steps
            .iter()
            .flat_map(|step| pack(&step.arguments))
            .collect();
        self.pair.ours.send(&bytes);
        self.pair.theirs.send(&bytes);
        let reply = |_| (self.pair.ours.reply(), self.pair.theirs.reply());
        steps.iter().map(reply).collect()
    }

    fn judge(&mut self, step: &Step, ours: Vec<u8>, theirs: Vec<u8>) -> Result<(), Difference> {
        let name = step.arguments[0].to_ascii_uppercase();
        match (name.as_slice(), theirs.as_slice()) {
            (_, b"+QUEUED\r\n") => {
                self.pair.judge_exact(&step.arguments, &ours, &theirs)?;
                self.queued.get_or_insert_default().push(step.clone());
                return Ok(());
            }
            (b"EXEC", _) => {
                let queued = self.queued.take().unwrap_or_default();
                return self.judge_exec(step, &queued, ours, theirs);
            }
            (b"MULTI", b"+OK\r\n") => self.queued = Some(Vec::new()),
            (b"DISCARD", b"+OK\r\n") | (b"RESET", b"+RESET\r\n") => self.queued = None,
            _ => {}
        }
        self.pair.judge(step, ours, theirs)
    }

    fn judge_exec(
        &mut self,
        step: &Step,
        queued: &[Step],
        ours: Vec<u8>,
        theirs: Vec<u8>,
    ) -> Result<(), Difference> {
        let mut executed = self.executed.get();
        match theirs.first() {
            Some(b'-') if theirs.starts_with(b"-EXECABORT ") => executed.refused += 1,
            Some(b'-') => {}
            _ if compare::is_array(&theirs) => executed.ran += 1,
            _ => executed.stopped += 1,
        }
        self.executed.set(executed);
        if !compare::is_array(&ours) || !compare::is_array(&theirs) {
            return self.pair.judge(step, ours, theirs);
        }
        let (our_parts, their_parts) = (wire::elements(&ours), wire::elements(&theirs));
        if our_parts.len() != queued.len() || their_parts.len() != queued.len() {
            return self.pair.judge_exact(&step.arguments, &ours, &theirs);
        }
        for (part, (ours, theirs)) in queued.iter().zip(our_parts.iter().zip(their_parts)) {
            self.pair.judge(part, ours.to_vec(), theirs.to_vec())?;
        }
        Ok(())
    }

    /// Watches a key that has gone when the next command comes. Nothing is told by a server that
    /// was too slow to watch the key while it lived; then both forget about it.
    fn watch_mortal(&mut self, key: &[u8]) -> Result<(), Difference> {
        let time = MORTAL_MS.to_string();
        let lines: [&[&[u8]]; 3] = [
            &[b"SET", key, b"v", b"PX", time.as_bytes()],
            &[b"WATCH", key],
            &[b"EXISTS", key],
        ];
        let steps = lines.map(Step::of);
        let mut replies = self.replies(&steps);
        let there = replies.pop().expect("three replies");
        for (step, (ours, theirs)) in steps.iter().zip(replies) {
            self.pair.judge(step, ours, theirs)?;
        }
        if there == (b":1\r\n".to_vec(), b":1\r\n".to_vec()) {
            wait::clock_passes(Instant::now() + Duration::from_millis(MORTAL_MS + 1));
            let mut executed = self.executed.get();
            executed.died += 1;
            self.executed.set(executed);
        } else {
            self.pair.each("UNWATCH");
            self.pair.both(&Step::of(&[b"DEL", key]).arguments);
        }
        Ok(())
    }
}
