//! Elements in no order, and elements drawn at random.
//! Invariants: what is drawn is in the key, as often as it may be, in the shape that Redis gives
//! it; an element popped from one server is removed from the other.
//! Must not know: how commands are drawn. Tests: exercised by every run.

use super::{COPY, drop_copy, fresh_copy, words};
use crate::compat::oracle::compare;
use crate::compat::oracle::draw::Step;
use crate::compat::oracle::pair::{Difference, Pair, difference};
use crate::compat::oracle::tree::{self, Tree};
use crate::harness::{Raw, wire};
use std::collections::BTreeSet;

/// Whether both replies hold the same elements, `run` replies each; in the same order, if both
/// keep them as a set of integers, which is sorted. What is combined from several sets has no
/// order. Small hashes are in the order of insertion as long as they never were large; the
/// corners hold that, since only the server knows how large a hash has been.
pub fn same_elements(pair: &mut Pair, step: &Step, run: usize, ours: &[u8], theirs: &[u8]) -> bool {
    if ours == theirs {
        return true;
    }
    let combined = [b"SUNION".as_slice(), b"SINTER", b"SDIFF"]
        .iter()
        .any(|algebra| step.arguments[0].eq_ignore_ascii_case(algebra));
    let ordered = |side: &mut Raw| match step.arguments.as_slice() {
        [_, key] if !combined => keeps_order(side, key),
        _ => false,
    };
    compare::same_elements(ours, theirs, run)
        && !(ordered(&mut pair.ours) && ordered(&mut pair.theirs))
}

/// Whether the elements of a key are sorted on this server.
fn keeps_order(side: &mut Raw, key: &[u8]) -> bool {
    let encoding = side.command(&words(&[b"OBJECT", b"ENCODING", key]));
    encoding == b"$6\r\nintset\r\n"
}

/// Whether elements were drawn from the key on both sides, in the same shape.
pub fn drawn_from(pair: &mut Pair, step: &Step, ours: &[u8], theirs: &[u8]) -> bool {
    if compare::is_error(ours) || compare::is_error(theirs) || ours == theirs {
        return ours == theirs;
    }
    let (our_tree, their_tree) = (Tree::parse(ours), Tree::parse(theirs));
    let Some(key) = step.arguments.get(1) else {
        return false;
    };
    let with_values = step.arguments.len() > 3;
    let content = content(&mut pair.theirs, key, with_values);
    let repeats = step
        .arguments
        .get(2)
        .is_some_and(|count| count.starts_with(b"-"));
    tree::same_shape(&our_tree, &their_tree)
        && [our_tree, their_tree].iter().all(|drawn| {
            let runs = runs(drawn, with_values);
            let distinct: BTreeSet<&[u8]> = runs.iter().map(|run| run[0]).collect();
            (repeats || distinct.len() == runs.len()) && runs.iter().all(|run| is_in(run, &content))
        })
}

/// An element among a key's; the value beside it may be a double in fewer digits, or a zero of
/// another sign.
fn is_in(run: &[&[u8]], content: &[Vec<Vec<u8>>]) -> bool {
    let same = |found: &Vec<Vec<u8>>| {
        let pairs = run.iter().zip(found);
        run.len() == found.len() && pairs.clone().all(|(a, b)| tree::same_leaf_but_zero(a, b))
    };
    content.iter().any(same)
}

/// Leaves of a reply, alone or with the value that follows each.
fn runs<'a>(tree: &Tree<'a>, with_values: bool) -> Vec<Vec<&'a [u8]>> {
    let leaves = tree.leaves();
    let run = if with_values { 2 } else { 1 };
    leaves.chunks(run).map(<[_]>::to_vec).collect()
}

/// All elements of a hash, set or sorted set, alone or with their values.
fn content(side: &mut Raw, key: &[u8], with_values: bool) -> Vec<Vec<Vec<u8>>> {
    let kind = side.command(&words(&[b"TYPE", key]));
    let question: Vec<Vec<u8>> = match (kind.as_slice(), with_values) {
        (b"+set\r\n", _) => words(&[b"SMEMBERS", key]),
        (b"+hash\r\n", true) => words(&[b"HGETALL", key]),
        (b"+hash\r\n", false) => words(&[b"HKEYS", key]),
        (_, true) => words(&[b"ZRANGE", key, b"0", b"-1", b"WITHSCORES"]),
        (_, false) => words(&[b"ZRANGE", key, b"0", b"-1"]),
    };
    let reply = side.command(&question);
    let runs = runs(&Tree::parse(&reply), with_values);
    let owned = |run: &Vec<&[u8]>| run.iter().map(|leaf| leaf.to_vec()).collect();
    runs.iter().map(owned).collect()
}

/// SPOP: one element leaves the key itself, and the other server's by SREM; several leave a copy.
pub fn pop(pair: &mut Pair, step: &Step) -> Result<(), Difference> {
    match step.arguments.as_slice() {
        [_, key] => pop_one(pair, step, key),
        [name, key, count @ ..] => pop_from_copies(pair, step, name, key, count),
        _ => pair.exact(&step.arguments).map(drop),
    }
}

fn pop_one(pair: &mut Pair, step: &Step, key: &[u8]) -> Result<(), Difference> {
    let ours_draws = pair.ours_draws;
    pair.ours_draws = !ours_draws;
    let (first, second) = match ours_draws {
        true => (&mut pair.ours, &mut pair.theirs),
        false => (&mut pair.theirs, &mut pair.ours),
    };
    let drawn = first.command(&step.arguments);
    let mirrored = match drawn.first() {
        Some(b'$') if drawn != b"$-1\r\n" => {
            let member = wire::payload(&drawn).expect("an element");
            second.command(&words(&[b"SREM", key, member]))
        }
        _ => second.command(&step.arguments),
    };
    pair.note(step, &drawn);
    match mirrored == b":1\r\n" || mirrored == drawn {
        true => Ok(()),
        false if ours_draws => Err(difference(&step.arguments, &drawn, &mirrored)),
        false => Err(difference(&step.arguments, &mirrored, &drawn)),
    }
}

fn pop_from_copies(
    pair: &mut Pair,
    step: &Step,
    name: &[u8],
    key: &[u8],
    count: &[Vec<u8>],
) -> Result<(), Difference> {
    fresh_copy(pair, key)?;
    let command = [words(&[name, COPY]), count.to_vec()].concat();
    let (ours, theirs) = pair.both(&command);
    let as_drawn = Step::new(words(&[b"SRANDMEMBER", key, b"1"]), step.compare);
    if !drawn_from(pair, &as_drawn, &ours, &theirs) && !pair.allows(step, &ours, &theirs) {
        return Err(difference(&step.arguments, &ours, &theirs));
    }
    pair.exact(&words(&[b"TYPE", COPY]))?;
    pair.exact(&words(&[b"SCARD", COPY]))?;
    drop_copy(pair);
    Ok(())
}
