//! Owns what is taken from the ends of sorted sets, drawn at random, and walked over in pages.
//! Must not know: replies, waiting. Tests: `storage/tests/zsets.rs`, the oracle.

use super::store::remove_ranks;
use super::{Scored, ZSet};
use crate::change::Event;
use crate::collection::buckets;
use crate::edit::Edit;
use crate::encoding::entries;
use crate::encoding::score::{score_of, split};
use crate::error::{Result, StorageError};
use crate::ops::draw::Draw;
use crate::view::View;
use rand::{Rng, RngExt};
use std::collections::HashSet;

/// An end of a sorted set.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum End {
    /// Where the lowest score is.
    Min,
    /// Where the highest score is.
    Max,
}

/// Takes up to `count` members from an end, the outermost first; `None` if there is no such set.
pub fn pop(edit: &mut Edit<'_>, key: &[u8], end: End, count: u64) -> Result<Option<Vec<Scored>>> {
    let set = ZSet::open(edit, key)?;
    if !set.exists() {
        return Ok(None);
    }
    let count = count.min(set.len());
    if count == 0 {
        return Ok(Some(Vec::new()));
    }
    let (first, last, event) = match end {
        End::Min => (0, count, Event::ZPopMin),
        End::Max => (set.len() - count, set.len(), Event::ZPopMax),
    };
    let popped = set.slice(edit, first, last, end == End::Max)?;
    remove_ranks(edit, set, first, last, event)?;
    Ok(Some(popped))
}

/// Any member, each as likely as the others.
pub fn random(view: &View<'_>, key: &[u8], random: &mut impl Rng) -> Result<Option<Scored>> {
    let set = ZSet::open(view, key)?;
    match set.len() {
        0 => Ok(None),
        len => set.nth(view, random.random_range(0..len)).map(Some),
    }
}

/// Several members at random; none if there is no such set.
pub fn random_many(
    view: &View<'_>,
    key: &[u8],
    draw: Draw,
    random: &mut impl Rng,
) -> Result<Vec<Scored>> {
    let set = ZSet::open(view, key)?;
    let len = set.len();
    if len == 0 {
        return Ok(Vec::new());
    }
    match draw {
        Draw::Repeating(count) => (0..count)
            .map(|_| set.nth(view, random.random_range(0..len)))
            .collect(),
        Draw::Distinct(count) if count >= len => set.slice(view, 0, len, false),
        Draw::Distinct(count) => {
            // Robert Floyd's sampling: each set of `count` ranks is as likely as any other.
            let (mut ranks, mut drawn) = (HashSet::new(), Vec::new());
            for top in len - count..len {
                let rank = random.random_range(0..=top);
                let rank = if ranks.insert(rank) { rank } else { top };
                ranks.insert(rank);
                drawn.push(set.nth(view, rank)?);
            }
            Ok(drawn)
        }
    }
}

/// About `count` members from `cursor` on, and the next cursor, 0 at the end. A member that is
/// there all the time is given by a whole walk, whatever happens to its score in between.
pub fn page(view: &View<'_>, key: &[u8], cursor: u64, count: u64) -> Result<(u64, Vec<Scored>)> {
    let set = ZSet::open(view, key)?;
    let Some(state) = &set.members else {
        return Ok((0, set.slice(view, 0, set.len(), false)?));
    };
    let (mut h, mut found) = (cursor, Vec::new());
    while h < buckets::H_END {
        let address = state.address(h);
        let block = state.block(view, set.place, address)?.value();
        for entry in entries::iter(&block) {
            let entry = entry?;
            let score = score_of(block.get(entry.value).unwrap_or_default())?;
            let member = block.part(entry.field);
            found.push(Scored { member, score });
        }
        h = address.end();
        if found.len() as u64 >= count {
            break;
        }
    }
    Ok((if h < buckets::H_END { h } else { 0 }, found))
}

impl ZSet<'_> {
    fn nth(&self, view: &View<'_>, rank: u64) -> Result<Scored> {
        let item = self.tree.at(view, &self.place, rank)?;
        let item = item.ok_or_else(|| StorageError::Corrupted("a tree ends early".into()))?;
        let (score, member) = split(&item.key)?;
        let member = item.key.part(item.key.len() - member.len()..item.key.len());
        Ok(Scored { member, score })
    }
}
