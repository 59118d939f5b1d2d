//! Iterations with a cursor, followed to their end on each server and compared as sets.
//! Invariants: cursors are each server's own; an element may come twice, none may be missing.
//! Must not know: how commands are drawn. Tests: exercised by every run.

use crate::compat::oracle::compare;
use crate::compat::oracle::draw::Step;
use crate::compat::oracle::pair::{Difference, Pair, difference, show_command};
use crate::compat::oracle::tree;
use crate::harness::{Raw, wire};
use std::collections::BTreeMap;

/// Pages that no iteration over the oracle's few elements needs.
const PAGES_MAX: usize = 10_000;

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
        true => Ok(()),
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

fn iterate(side: &mut Raw, step: &Step, first: Vec<u8>, at: usize, with_values: bool) -> Found {
    let mut found = Found::new();
    let mut page = first;
    let mut arguments = step.arguments.clone();
    for _ in 0..PAGES_MAX {
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
        arguments[at] = cursor;
        page = side.command(&arguments);
    }
    panic!(
        "an iteration without end: {}",
        show_command(&step.arguments)
    );
}
