//! Iterations with a cursor, followed to their end on each server and compared as sets.
//! Invariants: cursors are each server's own; an element may come twice, none may be missing, not
//! even if others come and go between the pages.
//! Must not know: how commands are drawn. Tests: exercised by every run.

use super::{COPY, drop_copy, fresh_copy, words};
use crate::compat::oracle::compare;
use crate::compat::oracle::draw::Step;
use crate::compat::oracle::pair::{Difference, Pair, difference, show_command};
use crate::compat::oracle::tree;
use crate::harness::{Raw, wire};
use std::collections::BTreeMap;

/// Pages that no iteration over the oracle's few elements needs.
const PAGES_MAX: usize = 10_000;

/// Elements of a key over which an iteration is repeated while it grows and shrinks.
const RESIZED_MIN: usize = 20;
/// How many elements come and go then.
const OTHERS: usize = 300;

/// Elements by name, each with what stands beside it (nothing for keys and members of sets).
type Found = BTreeMap<Vec<u8>, Vec<u8>>;

pub fn judge(
    pair: &mut Pair,
    step: &Step,
    ours: Vec<u8>,
    theirs: Vec<u8>,
) -> Result<(), Difference> {
    if !compare::is_array(&ours) || !compare::is_array(&theirs) {
        return match ours == theirs || pair.allows(step, &ours, &theirs) {
            true => Ok(()),
            false => Err(difference(&step.arguments, &ours, &theirs)),
        };
    }
    let (at, with_values) = form(&step.arguments);
    // From another server's cursor, or from one out of thin air, any page is right.
    if step.arguments.get(at).is_some_and(|cursor| cursor != b"0") {
        return Ok(());
    }
    let our_elements = iterate(&mut pair.ours, step, ours, at, with_values);
    let mut their_elements = iterate(&mut pair.theirs, step, theirs, at, with_values);
    if step.arguments[0].eq_ignore_ascii_case(b"ZSCAN") {
        // The deviation `negative-zero`, which its rule cannot see here.
        let zeros = their_elements.values_mut().filter(|score| *score == b"-0");
        zeros.for_each(|score| *score = b"0".to_vec());
    }
    match same(&our_elements, &their_elements) {
        true => stays_whole(pair, step, &our_elements),
        false => Err(Difference {
            command: show_command(&step.arguments),
            ours: show(&our_elements, &their_elements),
            theirs: show(&their_elements, &our_elements),
        }),
    }
}

/// Where the cursor stands, and whether every second element is a value.
fn form(arguments: &[Vec<u8>]) -> (usize, bool) {
    match arguments[0].to_ascii_uppercase().as_slice() {
        b"SCAN" => (1, false),
        b"SSCAN" => (2, false),
        _ => (2, true),
    }
}

/// Equal, but for doubles: ours may be written with the fewest digits.
fn same(ours: &Found, theirs: &Found) -> bool {
    ours.len() == theirs.len()
        && ours
            .iter()
            .zip(theirs)
            .all(|((name, value), (their_name, their_value))| {
                name == their_name
                    && (value == their_value || tree::is_shortest_of(value, their_value))
            })
}

/// What one iteration found and the other did not, or the number found.
fn show(found: &Found, other: &Found) -> String {
    let lone = found
        .iter()
        .filter(|(name, value)| other.get(*name) != Some(*value));
    let shown: Vec<String> = lone
        .take(5)
        .map(|(name, value)| format!("{} = {}", wire::show(name), wire::show(value)))
        .collect();
    format!("{} elements, alone here: {}", found.len(), shown.join(", "))
}

/// Iterates over a copy of the key that grows and shrinks meanwhile: what was there all the time
/// is found.
fn stays_whole(pair: &mut Pair, step: &Step, whole: &Found) -> Result<(), Difference> {
    let (at, with_values) = form(&step.arguments);
    let (Some(key), false) = (step.arguments.get(1), at == 1 || whole.len() < RESIZED_MIN) else {
        return Ok(());
    };
    fresh_copy(pair, key)?;
    let mut arguments = step.arguments.clone();
    arguments[1] = COPY.to_vec();
    let on_copy = Step::new(arguments, step.compare);
    let first = pair.ours.command(&on_copy.arguments);
    let resize = |side: &mut Raw, page: usize| {
        side.command(&others(&step.arguments[0], page));
    };
    let found = iterate_under(&mut pair.ours, &on_copy, first, (at, with_values), resize);
    drop_copy(pair);
    match whole
        .iter()
        .all(|(name, value)| found.get(name) == Some(value))
    {
        true => Ok(()),
        false => Err(Difference {
            command: format!("{} under changes", show_command(&step.arguments)),
            ours: show(&found, whole),
            theirs: show(whole, &found),
        }),
    }
}

/// A command that adds many elements to the copy, or removes those that the one before has added.
fn others(scan: &[u8], page: usize) -> Vec<Vec<u8>> {
    let adds = page.is_multiple_of(2);
    let (add, remove): (&[u8], &[u8]) = match scan.to_ascii_uppercase().as_slice() {
        b"HSCAN" => (b"HSET", b"HDEL"),
        b"SSCAN" => (b"SADD", b"SREM"),
        _ => (b"ZADD", b"ZREM"),
    };
    let mut command = words(&[if adds { add } else { remove }, COPY]);
    for number in 0..OTHERS {
        let name = format!("other {} {number}", page / 2).into_bytes();
        match (adds, add) {
            (true, b"HSET") => command.extend([name, b"v".to_vec()]),
            (true, b"ZADD") => command.extend([b"3".to_vec(), name]),
            _ => command.push(name),
        }
    }
    command
}

fn iterate(side: &mut Raw, step: &Step, first: Vec<u8>, at: usize, with_values: bool) -> Found {
    iterate_under(side, step, first, (at, with_values), |_, _| {})
}

/// Calls `between` after each page but the last.
fn iterate_under(
    side: &mut Raw,
    step: &Step,
    first: Vec<u8>,
    (at, with_values): (usize, bool),
    between: impl Fn(&mut Raw, usize),
) -> Found {
    let mut found = Found::new();
    let mut page = first;
    let mut arguments = step.arguments.clone();
    for number in 0..PAGES_MAX {
        let parts = wire::elements(&page);
        assert_eq!(parts.len(), 2, "a page of a scan: {}", wire::show(&page));
        let elements = wire::elements(parts[1]);
        let text = |element: &[u8]| wire::payload(element).expect("an element").to_vec();
        for run in elements.chunks(if with_values { 2 } else { 1 }) {
            let value = run.get(1).map_or(Vec::new(), |value| text(value));
            found.insert(text(run[0]), value);
        }
        let cursor = wire::payload(parts[0]).expect("a cursor").to_vec();
        if cursor == b"0" {
            return found;
        }
        between(side, number);
        arguments[at] = cursor;
        page = side.command(&arguments);
    }
    panic!(
        "an iteration without end: {}",
        show_command(&step.arguments)
    );
}
