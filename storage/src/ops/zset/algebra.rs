//! Owns sorted sets made from other sets: intersection, union, difference.
//! Invariants: inputs are sorted sets, or sets whose members count 1; a key that does not exist is
//! an empty one; an intersection walks the smallest input only; sums that are not a number are 0.
//! Must not know: replies, options' spelling. Tests: `storage/tests/zsets.rs`, the oracle.

use super::{Scored, ZSet};
use crate::collection::map::Map;
use crate::encoding::meta::DataType;
use crate::encoding::score::ordered;
use crate::encoding::shape::Shape;
use crate::error::{Result, StorageError};
use crate::value::Value;
use crate::view::View;
use std::collections::HashSet;

pub use crate::ops::set::Algebra;

/// The score of a member of a set without scores.
const PLAIN_SCORE: f64 = 1.0;

/// What becomes of the scores of a member that several inputs have.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Aggregate {
    /// They are added.
    Sum,
    /// The lowest one counts.
    Min,
    /// The highest one counts.
    Max,
}

impl Aggregate {
    fn join(self, one: f64, other: f64) -> f64 {
        match self {
            Aggregate::Sum => number(one + other),
            Aggregate::Min if other < one => other,
            Aggregate::Max if other > one => other,
            Aggregate::Min | Aggregate::Max => one,
        }
    }
}

/// What is not a number counts as 0.
fn number(score: f64) -> f64 {
    if score.is_nan() { 0.0 } else { score }
}

/// An input.
pub struct Source<'k> {
    body: Body<'k>,
    weight: f64,
}

enum Body<'k> {
    Sorted(Box<ZSet<'k>>),
    Plain(Box<Map<'k>>),
}

impl<'k> Source<'k> {
    /// Opens an input, of weight 1.
    ///
    /// # Errors
    /// `WrongType` unless the key holds a sorted set, a set or nothing.
    pub fn open(view: &View<'_>, key: &'k [u8]) -> Result<Source<'k>> {
        let entry = view.open(key)?;
        let body = match entry.header().map(|header| header.kind) {
            None | Some(DataType::ZSet) => Body::Sorted(Box::new(ZSet::of(view, entry)?)),
            Some(DataType::Set) => {
                let map = Map::of(entry, DataType::Set, Shape::Intset)?;
                Body::Plain(Box::new(map))
            }
            Some(_) => return Err(StorageError::WrongType),
        };
        Ok(Source { body, weight: 1.0 })
    }

    /// Multiplies its scores.
    pub fn set_weight(&mut self, weight: f64) {
        self.weight = weight;
    }

    fn len(&self) -> u64 {
        match &self.body {
            Body::Sorted(set) => set.len(),
            Body::Plain(map) => map.len(),
        }
    }

    fn score(&self, view: &View<'_>, member: &[u8]) -> Result<Option<f64>> {
        match &self.body {
            Body::Sorted(set) => set.score(view, member),
            Body::Plain(map) => Ok(map.find(view, member)?.map(|_| PLAIN_SCORE)),
        }
    }

    /// All members, their scores as they are.
    fn members(&self, view: &View<'_>) -> Result<Vec<Scored>> {
        match &self.body {
            Body::Sorted(set) => set.slice(view, 0, set.len(), false),
            Body::Plain(map) => {
                let mut members = Vec::with_capacity(map.len() as usize);
                map.for_each(view, |item| {
                    members.push(Scored {
                        member: item.field,
                        score: PLAIN_SCORE,
                    });
                    Ok(())
                })?;
                Ok(members)
            }
        }
    }
}

/// The members of the result, lowest score first.
pub fn combine(
    view: &View<'_>,
    mut sources: Vec<Source<'_>>,
    algebra: Algebra,
    aggregate: Aggregate,
) -> Result<Vec<Scored>> {
    let mut members = match algebra {
        Algebra::Difference => difference(view, &sources)?,
        Algebra::Union => {
            sources.sort_by_key(Source::len);
            union(view, &sources, aggregate)?
        }
        Algebra::Intersection => {
            let mut members = Vec::new();
            intersect(view, sources, aggregate, |member, score| {
                members.push(Scored { member, score });
                true
            })?;
            members
        }
    };
    members.sort_unstable_by(|one, other| {
        let scores = ordered(one.score).cmp(&ordered(other.score));
        scores.then_with(|| one.member.cmp(&other.member))
    });
    Ok(members)
}

/// Number of members of the intersection, counted up to `limit` (0 = no limit).
pub fn intersection_len(view: &View<'_>, sources: Vec<Source<'_>>, limit: u64) -> Result<u64> {
    let mut len = 0;
    intersect(view, sources, Aggregate::Sum, |_, _| {
        len += 1;
        limit == 0 || len < limit
    })?;
    Ok(len)
}

/// Calls `each` for every member of all inputs until it gives false.
fn intersect(
    view: &View<'_>,
    mut sources: Vec<Source<'_>>,
    aggregate: Aggregate,
    mut each: impl FnMut(Value, f64) -> bool,
) -> Result<()> {
    sources.sort_by_key(Source::len);
    let Some((smallest, others)) = sources.split_first() else {
        return Ok(());
    };
    'members: for one in smallest.members(view)? {
        let mut score = number(smallest.weight * one.score);
        for other in others {
            let Some(found) = other.score(view, &one.member)? else {
                continue 'members;
            };
            score = aggregate.join(score, found * other.weight);
        }
        if !each(one.member, score) {
            break;
        }
    }
    Ok(())
}

fn union(view: &View<'_>, sources: &[Source<'_>], aggregate: Aggregate) -> Result<Vec<Scored>> {
    let mut all = Vec::new();
    for source in sources {
        for mut one in source.members(view)? {
            one.score = number(source.weight * one.score);
            all.push(one);
        }
    }
    if sources.len() > 1 {
        // Stable: the scores of a member are joined in the order of the inputs.
        all.sort_by(|one, other| one.member.cmp(&other.member));
        all.dedup_by(|later, first| {
            let same = later.member == first.member;
            if same {
                first.score = aggregate.join(first.score, later.score);
            }
            same
        });
    }
    Ok(all)
}

/// Looks each member of the first input up in the others, or, where that costs more, takes the
/// members of the others away from the first.
fn difference(view: &View<'_>, sources: &[Source<'_>]) -> Result<Vec<Scored>> {
    let Some((first, others)) = sources.split_first() else {
        return Ok(Vec::new());
    };
    let mut members = first.members(view)?;
    let lookups = first.len().saturating_mul(others.len() as u64) / 2;
    let walks: u64 = others.iter().map(Source::len).sum();
    if lookups <= walks {
        let mut kept = Vec::new();
        'members: for one in members {
            for other in others {
                if other.score(view, &one.member)?.is_some() {
                    continue 'members;
                }
            }
            kept.push(one);
        }
        return Ok(kept);
    }
    for other in others {
        let taken: HashSet<Vec<u8>> = other
            .members(view)?
            .into_iter()
            .map(|one| one.member.to_vec())
            .collect();
        members.retain(|one| !taken.contains(&*one.member));
    }
    Ok(members)
}
