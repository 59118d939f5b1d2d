//! Owns sets made from other sets: intersection, union, difference.
//! Invariants: an intersection walks the smallest set only; a key that does not exist is an empty
//! set; a result that is stored takes the place of whatever its key held.
//! Must not know: replies. Tests: `storage/tests/sets.rs`, the oracle.

use super::{Thresholds, insert, members_of, open};
use crate::change::Event;
use crate::collection::map::Map;
use crate::edit::Edit;
use crate::encoding::meta::DataType;
use crate::encoding::shape::Shape;
use crate::error::Result;
use crate::value::Value;
use crate::view::View;
use std::collections::HashSet;

/// What is made of the sets.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Algebra {
    /// Members of all of them.
    Intersection,
    /// Members of any of them.
    Union,
    /// Members of the first and of no other.
    Difference,
}

/// The members of the result.
pub fn combine<'a>(
    view: &View<'_>,
    keys: impl Iterator<Item = &'a [u8]>,
    algebra: Algebra,
) -> Result<Vec<Value>> {
    let sets = keys
        .map(|key| open(view, key))
        .collect::<Result<Vec<Map<'_>>>>()?;
    match algebra {
        Algebra::Intersection => {
            let mut members = Vec::new();
            intersect(view, sets, |member| {
                members.push(member);
                true
            })?;
            Ok(members)
        }
        Algebra::Union => union(view, &sets),
        Algebra::Difference => difference(view, &sets),
    }
}

/// Number of members of the intersection, counted up to `limit` (0 = no limit).
pub fn intersection_len<'a>(
    view: &View<'_>,
    keys: impl Iterator<Item = &'a [u8]>,
    limit: u64,
) -> Result<u64> {
    let sets = keys
        .map(|key| open(view, key))
        .collect::<Result<Vec<Map<'_>>>>()?;
    let mut len = 0;
    intersect(view, sets, |_| {
        len += 1;
        limit == 0 || len < limit
    })?;
    Ok(len)
}

/// Calls `each` for every member of all sets until it gives false.
fn intersect(
    view: &View<'_>,
    mut sets: Vec<Map<'_>>,
    mut each: impl FnMut(Value) -> bool,
) -> Result<()> {
    sets.sort_by_key(Map::len);
    let Some((smallest, others)) = sets.split_first() else {
        return Ok(());
    };
    for member in members_of(view, smallest)? {
        let mut everywhere = true;
        for other in others {
            if other.find(view, &member)?.is_none() {
                everywhere = false;
                break;
            }
        }
        if everywhere && !each(member) {
            break;
        }
    }
    Ok(())
}

fn union(view: &View<'_>, sets: &[Map<'_>]) -> Result<Vec<Value>> {
    if let [only] = sets {
        return members_of(view, only);
    }
    let mut members: Vec<Value> = Vec::new();
    let mut seen = HashSet::new();
    for set in sets {
        for member in members_of(view, set)? {
            if seen.insert(member.to_vec()) {
                members.push(member);
            }
        }
    }
    Ok(members)
}

/// Looks each member of the first set up in the others, or, where that costs more, takes the
/// members of the others away from the first.
fn difference(view: &View<'_>, sets: &[Map<'_>]) -> Result<Vec<Value>> {
    let Some((first, others)) = sets.split_first() else {
        return Ok(Vec::new());
    };
    let mut members = members_of(view, first)?;
    let lookups = first.len().saturating_mul(others.len() as u64) / 2;
    let walks: u64 = others.iter().map(Map::len).sum();
    if lookups <= walks {
        let mut kept = Vec::new();
        'members: for member in members {
            for other in others {
                if other.find(view, &member)?.is_some() {
                    continue 'members;
                }
            }
            kept.push(member);
        }
        return Ok(kept);
    }
    for other in others {
        let mut taken = HashSet::with_capacity(other.len() as usize);
        other.for_each(view, |item| {
            taken.insert(item.field.to_vec());
            Ok(())
        })?;
        members.retain(|member| !taken.contains(&**member));
    }
    Ok(members)
}

/// Makes the result the value of `key`, whatever that held; an empty one deletes it. Gives the
/// number of members.
pub fn store(
    edit: &mut Edit<'_>,
    key: &[u8],
    members: &[Value],
    algebra: Algebra,
    thresholds: &Thresholds,
) -> Result<u64> {
    let event = match algebra {
        Algebra::Intersection => Event::SInterStore,
        Algebra::Union => Event::SUnionStore,
        Algebra::Difference => Event::SDiffStore,
    };
    let members = members.iter().map(Value::as_slice);
    replace(edit, key, members, event, thresholds)
}

/// Makes members the value of `key`, whatever that held, expiry included; none deletes it. Gives
/// their number.
pub fn replace<'a>(
    edit: &mut Edit<'_>,
    key: &[u8],
    members: impl Iterator<Item = &'a [u8]>,
    event: Event,
    thresholds: &Thresholds,
) -> Result<u64> {
    let entry = edit.open(key)?;
    let mut set = Map::replacing(entry, DataType::Set, Shape::Intset);
    for member in members {
        insert(edit, &mut set, member, thresholds)?;
    }
    if set.is_empty() {
        edit.remove(set.entry(), Event::Del)?;
        return Ok(0);
    }
    let len = set.len();
    set.write(edit, &[event])?;
    Ok(len)
}
