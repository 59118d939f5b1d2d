//! Owns adding members, changing scores, and removing members by name.
//! Must not know: replies. Tests: `storage/tests/zsets.rs`, the oracle.

use super::{Thresholds, ZSet};
use crate::change::Event;
use crate::edit::Edit;
use crate::encoding::shape::Shape;
use crate::error::{Result, StorageError};

/// Which members a change touches.
#[derive(Debug, Clone, Copy, Default)]
pub struct Condition {
    /// Only new ones.
    pub new: bool,
    /// Only those there are.
    pub existing: bool,
    /// Those there are only if their score becomes greater.
    pub greater: bool,
    /// Those there are only if their score becomes less.
    pub less: bool,
}

impl Condition {
    /// Whether a member whose score was `old` may get `score`.
    fn admits(&self, old: Option<f64>, score: f64) -> bool {
        match old {
            None => !self.existing,
            Some(old) => {
                let refused = (self.greater && score <= old) || (self.less && score >= old);
                !self.new && !refused
            }
        }
    }
}

/// What became of members that were to be added.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Added {
    /// Members that are new.
    pub added: u64,
    /// Members there were, whose score is another now.
    pub updated: u64,
}

/// Adds members, or changes their scores, one after the other; no score is NaN.
pub fn add(
    edit: &mut Edit<'_>,
    key: &[u8],
    pairs: &[(f64, &[u8])],
    condition: Condition,
    thresholds: &Thresholds,
) -> Result<Added> {
    let mut set = ZSet::open(edit, key)?;
    let mut done = Added::default();
    if !set.exists() {
        if condition.existing {
            return Ok(done);
        }
        set.choose_shape(pairs, thresholds);
    }
    for &(score, member) in pairs {
        let found = set.find(edit, member)?;
        let old = found.score;
        if !condition.admits(old, score) {
            continue;
        }
        if old == Some(score) {
            continue;
        }
        set.put(edit, member, score, found, thresholds)?;
        done.added += u64::from(old.is_none());
        done.updated += u64::from(old.is_some());
    }
    if done != Added::default() {
        set.write(edit, Event::ZAdd)?;
    }
    Ok(done)
}

/// Adds to the score of a member, which counts as 0 if there is none; gives the new score, or
/// `None` if `condition` does not admit it.
///
/// # Errors
/// `NotAFloat` if the sum is not a number.
pub fn increment(
    edit: &mut Edit<'_>,
    key: &[u8],
    (by, member): (f64, &[u8]),
    condition: Condition,
    thresholds: &Thresholds,
) -> Result<Option<f64>> {
    let mut set = ZSet::open(edit, key)?;
    if !set.exists() {
        if condition.existing {
            return Ok(None);
        }
        set.choose_shape(&[(by, member)], thresholds);
    }
    let found = set.find(edit, member)?;
    let old = found.score;
    if old.is_some() && condition.new {
        return Ok(None);
    }
    let score = old.unwrap_or(0.0) + by;
    if score.is_nan() {
        return Err(StorageError::NotAFloat);
    }
    if !condition.admits(old, score) {
        return Ok(None);
    }
    if old != Some(score) {
        set.put(edit, member, score, found, thresholds)?;
        set.write(edit, Event::ZIncr)?;
    }
    Ok(Some(score + 0.0))
}

/// Takes members out; gives how many there were.
pub fn remove<'a>(
    edit: &mut Edit<'_>,
    key: &[u8],
    members: impl Iterator<Item = &'a [u8]>,
) -> Result<u64> {
    let mut set = ZSet::open(edit, key)?;
    let mut removed = 0;
    for member in members {
        removed += u64::from(set.take(edit, member)?.is_some());
    }
    if removed > 0 {
        set.write(edit, Event::ZRem)?;
    }
    Ok(removed)
}

impl ZSet<'_> {
    /// A new set is judged by what it was asked to hold, as Redis does before it adds anything.
    fn choose_shape(&mut self, pairs: &[(f64, &[u8])], thresholds: &Thresholds) {
        let longest = pairs.iter().map(|(_, member)| member.len()).max();
        if !thresholds.fits(pairs.len() as u64, longest.unwrap_or(0)) {
            self.shape = Shape::Skiplist;
        }
    }
}
