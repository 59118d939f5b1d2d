//! Entries whose id comes from the server's clock, trims that may leave more than asked, ids that
//! ours refuses, and counts of groups.
//! Invariants: what may differ works on copies, which are gone afterwards.
//! Must not know: how commands are drawn. Tests: exercised by every run.

use super::{COPY, drop_copy, fresh_copy, words};
use crate::compat::oracle::compare;
use crate::compat::oracle::deviations::STREAM_INTERNALS;
use crate::compat::oracle::draw::Step;
use crate::compat::oracle::lag;
use crate::compat::oracle::pair::{Difference, Pair, difference};
use crate::compat::oracle::tree::{self, Tree};
use crate::harness::{Raw, wire};

/// How far apart the clocks of two servers may be read, in milliseconds.
const CLOCK_MS: u64 = 10_000;

/// The step with its key replaced by a fresh copy of it on both servers.
fn on_copies(pair: &mut Pair, step: &Step) -> Result<Option<Vec<Vec<u8>>>, Difference> {
    let Some(key) = step.arguments.get(1) else {
        pair.exact(&step.arguments)?;
        return Ok(None);
    };
    fresh_copy(pair, key)?;
    let mut command = step.arguments.clone();
    command[1] = COPY.to_vec();
    Ok(Some(command))
}

/// XADD with `*`: ids of about the same time, the same entry, the same length.
pub fn auto_id(pair: &mut Pair, step: &Step) -> Result<(), Difference> {
    let Some(command) = on_copies(pair, step)? else {
        return Ok(());
    };
    let (ours, theirs) = pair.both(&command);
    if ours != theirs && !same_time(&ours, &theirs) && !pair.allows(step, &ours, &theirs) {
        return Err(difference(&step.arguments, &ours, &theirs));
    }
    pair.exact(&words(&[b"XLEN", COPY]))?;
    let last = words(&[b"XREVRANGE", COPY, b"+", b"-", b"COUNT", b"1"]);
    let (our_last, their_last) = pair.both(&last);
    let fields = |reply: &[u8]| -> Vec<Vec<u8>> {
        let leaves = Tree::parse(reply).leaves();
        leaves.iter().skip(1).map(|leaf| leaf.to_vec()).collect()
    };
    if fields(&our_last) != fields(&their_last) {
        return Err(difference(&last, &our_last, &their_last));
    }
    drop_copy(pair);
    Ok(())
}

/// Whether two replies are ids of about the same moment.
fn same_time(ours: &[u8], theirs: &[u8]) -> bool {
    match (milliseconds(ours), milliseconds(theirs)) {
        (Some(a), Some(b)) => a.abs_diff(b) <= CLOCK_MS,
        _ => false,
    }
}

fn milliseconds(reply: &[u8]) -> Option<u64> {
    if reply.first() != Some(&b'$') {
        return None;
    }
    let text = std::str::from_utf8(wire::payload(reply)?).ok()?;
    text.split_once('-')?.0.parse().ok()
}

/// A trim with `~`: the reply of the same kind, and no less left than an exact trim leaves.
pub fn about_trimmed(pair: &mut Pair, step: &Step) -> Result<(), Difference> {
    let Some(command) = on_copies(pair, step)? else {
        return Ok(());
    };
    let before = length(&mut pair.ours);
    let (ours, theirs) = pair.both(&command);
    let after = length(&mut pair.ours);
    let kind_agrees = match compare::is_error(&theirs) {
        true => ours == theirs,
        false => ours.first() == theirs.first(),
    };
    if !kind_agrees && !pair.allows(step, &ours, &theirs) {
        return Err(difference(&step.arguments, &ours, &theirs));
    }
    if !compare::is_error(&theirs) {
        let source = &step.arguments[1];
        fresh_copy(pair, source)?;
        pair.theirs.command(&exactly(&command));
        let least = length(&mut pair.theirs);
        if !(least..=before + 1).contains(&after) {
            let show = |count: i64| format!(":{count}\r\n").into_bytes();
            return Err(difference(&step.arguments, &show(after), &show(least)));
        }
    }
    drop_copy(pair);
    Ok(())
}

/// XSETID: what ours refuses does not happen on the other server either.
pub fn set_id(pair: &mut Pair, step: &Step) -> Result<(), Difference> {
    let ours = pair.ours.command(&step.arguments);
    let theirs = match (compare::is_error(&ours), step.arguments.get(1)) {
        (true, Some(key)) => {
            fresh_copy(pair, key)?;
            let mut command = step.arguments.clone();
            command[1] = COPY.to_vec();
            let theirs = pair.theirs.command(&command);
            drop_copy(pair);
            theirs
        }
        _ => pair.theirs.command(&step.arguments),
    };
    pair.note(step, &theirs);
    pair.judge_exact(&step.arguments, &ours, &theirs)
}

/// XINFO GROUPS, of which the counts are judged as part of XINFO STREAM ... FULL.
pub fn groups(pair: &mut Pair, step: &Step, ours: &[u8], theirs: &[u8]) -> bool {
    let Some(key) = step.arguments.get(2) else {
        return false;
    };
    let question = words(&[b"XINFO", b"STREAM", key, b"FULL", b"COUNT", b"1"]);
    let (our_full, their_full) = pair.both(&question);
    let agreed = compare::agree(compare::Compare::Clocks, &our_full, &their_full);
    let full = Step::new(question, compare::Compare::Clocks);
    if !agreed && !pair.allows(&full, &our_full, &their_full) {
        return false;
    }
    let (ours, theirs) = (Tree::parse(ours), Tree::parse(theirs));
    let rest = |reply| {
        let tree = tree::without_empty_consumers(reply);
        tree::without_fields(&tree, &[STREAM_INTERNALS, lag::COUNTS].concat())
    };
    rest(&ours) == rest(&theirs)
        && lag::counts(&ours).is_some()
        && lag::counts(&ours) == lag::counts(&Tree::parse(&our_full))
        && lag::counts(&theirs) == lag::counts(&Tree::parse(&their_full))
}

/// The command with `=` for `~`, and without the LIMIT that only `~` may have.
fn exactly(command: &[Vec<u8>]) -> Vec<Vec<u8>> {
    let mut exact: Vec<Vec<u8>> = Vec::new();
    let mut words = command.iter();
    while let Some(word) = words.next() {
        match word.as_slice() {
            b"~" => exact.push(b"=".to_vec()),
            limit if limit.eq_ignore_ascii_case(b"LIMIT") => drop(words.next()),
            _ => exact.push(word.clone()),
        }
    }
    exact
}

fn length(side: &mut Raw) -> i64 {
    let reply = side.command(&words(&[b"XLEN", COPY]));
    wire::integer(&reply).unwrap_or(0)
}
