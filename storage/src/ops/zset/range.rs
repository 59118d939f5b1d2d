//! Owns ranges of sorted sets by rank, score and member: reading, counting and removing them.
//! Invariants: every range is turned into an interval of ranks first, so what is skipped costs
//! nothing. Must not know: how ranges are spelled. Tests: `storage/tests/zsets.rs`, the oracle.

use super::members::disagreement;
use super::store::remove_ranks;
use super::{SCORES, Scored, ZSet, tree_at};
use crate::change::Event;
use crate::collection::Place;
use crate::collection::map::look_into_buckets;
use crate::collection::tree::Tree;
use crate::edit::Edit;
use crate::encoding::meta::DataType;
use crate::encoding::score::{SCORE_LEN, ScoreKey, ordered, score_key, score_of, split};
use crate::error::Result;
use crate::value::Value;
use crate::view::{KeyEntry, View};

/// An end of a range of scores.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Bound {
    /// Never NaN.
    pub score: f64,
    /// The score itself is outside.
    pub exclusive: bool,
}

/// Scores from one to another.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ScoreRange {
    /// The lower end.
    pub min: Bound,
    /// The upper end.
    pub max: Bound,
}

/// An end of a range of members.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LexBound<'a> {
    /// Before all members.
    Lowest,
    /// After all members.
    Highest,
    /// At this member, which is inside.
    Inclusive(&'a [u8]),
    /// At this member, which is outside.
    Exclusive(&'a [u8]),
}

/// Members from one to another, of a set whose scores are all the same.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LexRange<'a> {
    /// The lower end.
    pub min: LexBound<'a>,
    /// The upper end.
    pub max: LexBound<'a>,
}

impl LexRange<'_> {
    fn is_above_min(&self, member: &[u8]) -> bool {
        match self.min {
            LexBound::Lowest => true,
            LexBound::Highest => false,
            LexBound::Inclusive(min) => member >= min,
            LexBound::Exclusive(min) => member > min,
        }
    }

    fn is_below_max(&self, member: &[u8]) -> bool {
        match self.max {
            LexBound::Lowest => false,
            LexBound::Highest => true,
            LexBound::Inclusive(max) => member <= max,
            LexBound::Exclusive(max) => member < max,
        }
    }

    /// Whether no member can be inside.
    fn is_empty(&self) -> bool {
        use LexBound::{Exclusive, Highest, Inclusive, Lowest};
        match (self.min, self.max) {
            (Highest, _) | (_, Lowest) => true,
            (Inclusive(min), Inclusive(max)) => min > max,
            (Inclusive(min) | Exclusive(min), Inclusive(max) | Exclusive(max)) => min >= max,
            _ => false,
        }
    }
}

/// Which members are meant.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Range<'a> {
    /// From one index to another, both included; negative ones count from the end. In a reversed
    /// range they count from the greatest member.
    Ranks(i64, i64),
    /// By score.
    Scores(ScoreRange),
    /// By member.
    Lex(LexRange<'a>),
}

/// The part of a range that is wanted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limit {
    /// Members left out at the beginning.
    pub offset: u64,
    /// Most members after them.
    pub count: u64,
}

impl Limit {
    /// The whole range.
    pub const NONE: Limit = Limit {
        offset: 0,
        count: u64::MAX,
    };
}

/// The members of a range; reversed, the greatest come first.
pub fn range(
    view: &View<'_>,
    key: &[u8],
    range: &Range<'_>,
    reverse: bool,
    limit: Limit,
) -> Result<Vec<Scored>> {
    let set = ZSet::open(view, key)?;
    let (start, end) = set.limited(view, range, reverse, limit)?;
    set.slice(view, start, end, reverse)
}

/// Calls `each` with the members that [`range`] would give.
pub fn for_each(
    view: &View<'_>,
    key: &[u8],
    range: &Range<'_>,
    reverse: bool,
    limit: Limit,
    mut each: impl FnMut(&[u8]),
) -> Result<()> {
    let set = ZSet::open(view, key)?;
    let (start, end) = set.limited(view, range, reverse, limit)?;
    if reverse {
        let found = set.slice(view, start, end, reverse)?;
        found.iter().for_each(|one| each(&one.member));
        return Ok(());
    }
    set.tree.for_each(view, &set.place, (start, end), |key, _| {
        each(key.get(SCORE_LEN..).unwrap_or_default());
    })
}

/// Number of members of a range.
pub fn count(view: &View<'_>, key: &[u8], range: &Range<'_>) -> Result<u64> {
    let set = ZSet::open(view, key)?;
    let (start, end) = set.ranks(view, range, false)?;
    Ok(end - start)
}

/// How many members stand before one, or, reversed, behind it; and its score.
pub fn rank(
    view: &View<'_>,
    key: &[u8],
    member: &[u8],
    reverse: bool,
) -> Result<Option<(u64, f64)>> {
    let entry = view.open_as(key, DataType::ZSet)?;
    let (found, count) = match entry.header().and_then(|header| header.head) {
        Some(head) => (rank_in_rows(view, &entry, member)?, head.count),
        None => {
            let set = ZSet::of(view, entry)?;
            (set.find_packed(member)?, set.len())
        }
    };
    Ok(found.map(|(rank, score)| match reverse {
        true => (count.saturating_sub(rank + 1), score),
        false => (rank, score),
    }))
}

/// Rank from the front and score of a member of a set that is spread over rows.
fn rank_in_rows(
    view: &View<'_>,
    entry: &KeyEntry<'_>,
    member: &[u8],
) -> Result<Option<(u64, f64)>> {
    let Some(payload) = entry.payload_value() else {
        return Ok(None);
    };
    let state = payload.get(1..).unwrap_or_default();
    let Some((block, found)) = look_into_buckets(view, entry, state, member)? else {
        return Ok(None);
    };
    let score = block.bytes().get(found.value).unwrap_or_default();
    let tree = Tree::decode_last(SCORES, payload, tree_at(true))?;
    let mut key = ScoreKey::from_slice(score);
    key.extend_from_slice(member);
    match tree.rank(view, &Place::of(entry), &key)? {
        (rank, true) => Ok(Some((rank, score_of(score)?))),
        (_, false) => Err(disagreement(member)),
    }
}

/// Takes the members of a range out; gives how many there were.
pub fn remove_range(edit: &mut Edit<'_>, key: &[u8], range: &Range<'_>) -> Result<u64> {
    let set = ZSet::open(edit, key)?;
    let (start, end) = set.ranks(edit, range, false)?;
    let event = match range {
        Range::Ranks(..) => Event::ZRemRangeByRank,
        Range::Scores(_) => Event::ZRemRangeByScore,
        Range::Lex(_) => Event::ZRemRangeByLex,
    };
    if start < end {
        remove_ranks(edit, set, start, end, event)?;
    }
    Ok(end - start)
}

impl ZSet<'_> {
    /// The ranks of a range, from the front, half open.
    pub(super) fn ranks(
        &self,
        view: &View<'_>,
        range: &Range<'_>,
        reverse: bool,
    ) -> Result<(u64, u64)> {
        if self.tree.is_empty() {
            return Ok((0, 0));
        }
        let (start, end) = match range {
            Range::Ranks(start, stop) => {
                let (first, end) = self.indexes(*start, *stop);
                match reverse {
                    true => (self.len() - end, self.len() - first),
                    false => (first, end),
                }
            }
            Range::Scores(range) => self.scores_between(view, range)?,
            Range::Lex(range) => self.members_between(view, range, reverse)?,
        };
        Ok((start.min(end), end))
    }

    /// The ranks of a range within a limit.
    fn limited(
        &self,
        view: &View<'_>,
        range: &Range<'_>,
        reverse: bool,
        limit: Limit,
    ) -> Result<(u64, u64)> {
        let (start, end) = self.ranks(view, range, reverse)?;
        Ok(match reverse {
            false => {
                let start = start.saturating_add(limit.offset).min(end);
                (start, start.saturating_add(limit.count).min(end))
            }
            true => {
                let end = end.saturating_sub(limit.offset).max(start);
                (end.saturating_sub(limit.count).max(start), end)
            }
        })
    }

    fn indexes(&self, start: i64, stop: i64) -> (u64, u64) {
        let absolute = |index: i64| match u64::try_from(index) {
            Ok(rank) => Some(rank),
            Err(_) => self.len().checked_sub(index.unsigned_abs()),
        };
        let first = absolute(start).unwrap_or(0);
        let end = absolute(stop).map_or(0, |last| last.saturating_add(1).min(self.len()));
        (first.min(end), end)
    }

    fn scores_between(&self, view: &View<'_>, range: &ScoreRange) -> Result<(u64, u64)> {
        // The first key of a score is the score alone, that of the next score one more.
        let edge = |bound: Bound, after: bool| {
            let first = ordered(bound.score) + u64::from(after);
            self.tree.rank(view, &self.place, &first.to_be_bytes())
        };
        let (start, _) = edge(range.min, range.min.exclusive)?;
        let (end, _) = edge(range.max, !range.max.exclusive)?;
        Ok((start, end))
    }

    /// Scores that differ make ranges of members meaningless; what Redis gives for a small set then
    /// is given here too, and some range for a large one.
    fn members_between(
        &self,
        view: &View<'_>,
        range: &LexRange<'_>,
        reverse: bool,
    ) -> Result<(u64, u64)> {
        let (first, last) = (self.end_key(view, 0)?, self.end_key(view, self.len() - 1)?);
        if range.is_empty() {
            return Ok((0, 0));
        }
        if first.0 != last.0 && self.tree.is_packed() {
            return self.members_in_turn(view, range, reverse);
        }
        let edge = |score: f64, bound: &LexBound<'_>, after: bool| -> Result<u64> {
            let member = match *bound {
                LexBound::Lowest => return Ok(0),
                LexBound::Highest => return Ok(self.len()),
                LexBound::Inclusive(member) | LexBound::Exclusive(member) => member,
            };
            let key = score_key(score, member);
            let (rank, found) = self.tree.rank(view, &self.place, &key)?;
            Ok(rank + u64::from(found && after))
        };
        let start = edge(
            first.0,
            &range.min,
            matches!(range.min, LexBound::Exclusive(_)),
        )?;
        let end = edge(
            last.0,
            &range.max,
            matches!(range.max, LexBound::Inclusive(_)),
        )?;
        Ok((start, end))
    }

    fn end_key(&self, view: &View<'_>, rank: u64) -> Result<(f64, Value)> {
        match self.tree.at(view, &self.place, rank)? {
            Some(item) => Ok((split(&item.key)?.0, item.key)),
            None => Ok((0.0, Value::from(Vec::new()))),
        }
    }

    /// The first run of members inside the range, seen from the side where the walk begins.
    fn members_in_turn(
        &self,
        view: &View<'_>,
        range: &LexRange<'_>,
        reverse: bool,
    ) -> Result<(u64, u64)> {
        let mut members = self.slice(view, 0, self.len(), reverse)?.into_iter();
        let mut before = 0;
        let mut run = 0;
        for one in members.by_ref() {
            let (above, below) = (
                range.is_above_min(&one.member),
                range.is_below_max(&one.member),
            );
            let (entered, left) = if reverse {
                (below, !above)
            } else {
                (above, !below)
            };
            if run == 0 && !entered {
                before += 1;
                continue;
            }
            if left {
                break;
            }
            run += 1;
        }
        Ok(match reverse {
            true => (self.len() - before - run, self.len() - before),
            false => (before, before + run),
        })
    }

    /// Calls `each` with the scores from `from` up to, not including, `to`, and with a way to the
    /// member, until it gives false.
    pub(crate) fn walk_scores(
        &self,
        view: &View<'_>,
        (from, to): (f64, f64),
        mut each: impl FnMut(f64, &mut dyn FnMut() -> Option<Value>) -> bool,
    ) -> Result<()> {
        if self.tree.is_empty() {
            return Ok(());
        }
        let first = score_key(from, &[]);
        let mut cursor = self.tree.cursor_at_key(view, &self.place, &first)?;
        while let Some(key) = cursor.key() {
            let (score, _) = split(key)?;
            let mut member = || Some(cursor.key_and_tail(SCORE_LEN)?.1);
            if score >= to || !each(score, &mut member) || !cursor.advance()? {
                break;
            }
        }
        Ok(())
    }

    /// The members of some ranks; reversed, the last comes first.
    pub(super) fn slice(
        &self,
        view: &View<'_>,
        start: u64,
        end: u64,
        reverse: bool,
    ) -> Result<Vec<Scored>> {
        if start >= end {
            return Ok(Vec::new());
        }
        let count = (end - start) as usize;
        let mut found = Vec::with_capacity(count);
        let first = if reverse { end - 1 } else { start };
        let mut cursor = self.tree.cursor_at_rank(view, &self.place, first)?;
        while let Some((key, member)) = cursor.key_and_tail(SCORE_LEN) {
            let (score, _) = split(key)?;
            found.push(Scored { member, score });
            let more = match reverse {
                true => cursor.retreat()?,
                false => cursor.advance()?,
            };
            if found.len() == count || !more {
                break;
            }
        }
        Ok(found)
    }
}
