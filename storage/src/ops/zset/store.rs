//! Owns sorted sets that are written as a whole, and taking many members out at once.
//! Invariants: a set is built under an id that nobody knows yet, rows first, so any size fits and a
//! crash in between leaves what was there. Must not know: where members come from.
//! Tests: `storage/tests/zsets.rs`.

use super::members::new_entry;
use super::{SCORES, Scored, Thresholds, ZSet};
use crate::change::Event;
use crate::collection::Place;
use crate::collection::buckets::{self, Buckets, H_END};
use crate::collection::tree::Builder;
use crate::edit::Edit;
use crate::encoding::entries::{self, NewEntry};
use crate::encoding::score::{SCORE_LEN, ScoreKey, score_key, split};
use crate::encoding::shape::Shape;
use crate::error::Result;
use crate::limits::{COMMIT_BYTES_MAX, NODE_BYTES_MAX};
use crate::value::Value;
use crate::view::View;

/// Members that are taken out in place however long they are: each bucket touched is a row of the
/// commit.
const REMOVE_IN_PLACE_MIN: u64 = 8192;
/// Most bytes of a commit, by estimate, that takes members out in place; a set that loses more and
/// keeps others is written anew.
const REMOVE_BYTES_MAX: u64 = COMMIT_BYTES_MAX as u64 / 4 * 3;
/// Bytes of a row in a commit beyond its value.
const ROW_BYTES: u64 = 128;
/// Keys read at once while a set is written anew.
const KEYS_PER_STEP: u64 = 1024;

/// Makes members, each of them once, the value of `key`, whatever that held; none deletes it.
/// Gives their number.
pub fn store(
    edit: &mut Edit<'_>,
    key: &[u8],
    members: &[Scored],
    event: Event,
    thresholds: &Thresholds,
) -> Result<u64> {
    let entry = edit.open(key)?;
    if members.is_empty() {
        edit.remove(&entry, Event::Del)?;
        return Ok(0);
    }
    let mut set = ZSet::replacing(entry);
    let longest = members.iter().map(|one| one.member.len()).max();
    if !thresholds.fits(members.len() as u64, longest.unwrap_or(0)) {
        set.shape = Shape::Skiplist;
    }
    let mut keys: Vec<ScoreKey> = members
        .iter()
        .map(|one| score_key(one.score, &one.member))
        .collect();
    keys.sort_unstable();
    let mut builder = Builder::new(SCORES);
    for key in &keys {
        if builder.push(edit, &mut set.place, key, &[])? {
            set.spill(edit, keys.len() as u64)?;
        }
    }
    set.tree = builder.finish(edit, &mut set.place)?;
    if !set.tree.is_packed() {
        set.fill_buckets(edit, &keys)?;
    }
    let len = set.len();
    set.write(edit, event)?;
    Ok(len)
}

/// Takes the members of some ranks out and writes the set, telling `event`.
pub(super) fn remove_ranks(
    edit: &mut Edit<'_>,
    mut set: ZSet<'_>,
    start: u64,
    end: u64,
    event: Event,
) -> Result<()> {
    if end - start == set.len() {
        return edit.remove_emptied(&set.entry, event);
    }
    if set.members.is_none() {
        set.tree.remove_range(edit, &mut set.place, start, end)?;
    } else if end - start == 1 {
        for key in set.keys(edit, start, end)? {
            set.take(edit, split(&key)?.1)?;
        }
    } else if set.loses_in_place(end - start) {
        set.take_ranks(edit, start, end)?;
    } else {
        set.rebuild_without(edit, start, end)?;
    }
    set.write(edit, event)
}

impl ZSet<'_> {
    fn spill(&mut self, edit: &mut Edit<'_>, count: u64) -> Result<()> {
        match self.place.head(count) {
            Some(head) => edit.spill(head, &mut self.spilled),
            None => Ok(()),
        }
    }

    /// The keys of some ranks.
    fn keys(&self, view: &View<'_>, start: u64, end: u64) -> Result<Vec<Value>> {
        let mut keys = Vec::with_capacity((end - start) as usize);
        let mut cursor = self.tree.cursor_at_rank(view, &self.place, start)?;
        while cursor.rank() < end {
            keys.extend(cursor.shared_key());
            if !cursor.advance()? {
                break;
            }
        }
        Ok(keys)
    }

    /// Writes the buckets of a set whose tree has just been built from `keys`.
    fn fill_buckets(&mut self, edit: &mut Edit<'_>, keys: &[ScoreKey]) -> Result<()> {
        self.place.id(edit);
        let mut bytes = 0;
        let mut by_hash = Vec::with_capacity(keys.len());
        for (at, key) in keys.iter().enumerate() {
            let (_, member) = split(key)?;
            bytes += new_entry(member, &[0; SCORE_LEN]).head().len() + key.len();
            by_hash.push((buckets::h48(edit, member), at as u32));
        }
        by_hash.sort_unstable();
        let mut state = Buckets::for_bytes(bytes as u64);
        let mut rest = &by_hash[..];
        while let Some(&(h, _)) = rest.first() {
            let address = state.address(h);
            let (inside, after) = rest.split_at(rest.partition_point(|(h, _)| *h < address.end()));
            rest = after;
            let mut entries: Vec<NewEntry<'_>> = Vec::with_capacity(inside.len());
            for (_, at) in inside {
                let key = keys.get(*at as usize).map_or(&[][..], |key| key);
                if let Some((score, member)) = key.split_at_checked(SCORE_LEN) {
                    entries.push(new_entry(member, score));
                }
            }
            state.fill(edit, self.place, address, &entries)?;
            self.spill(edit, keys.len() as u64)?;
        }
        self.members = Some(state);
        Ok(())
    }

    /// Whether so many members can be taken out in one commit that leaves the others where they
    /// are. A set that loses most of its members is written anew for less.
    fn loses_in_place(&self, count: u64) -> bool {
        let Some(state) = self.members.filter(|_| count > REMOVE_IN_PLACE_MIN) else {
            return true;
        };
        let buckets = u64::from(state.buckets);
        let rewritten = count.min(buckets) * (state.bytes / buckets + ROW_BYTES);
        // No leaf but the first and the last is shorter than a quarter of a node.
        let bytes_each = state.bytes / self.len().max(1) + 1;
        let leaves = count.saturating_mul(bytes_each) / (NODE_BYTES_MAX as u64 / 4);
        count < self.len() / 2 && rewritten + leaves * ROW_BYTES <= REMOVE_BYTES_MAX
    }

    /// Takes the members of some ranks out where they stand, each bucket written once.
    fn take_ranks(&mut self, edit: &mut Edit<'_>, start: u64, end: u64) -> Result<()> {
        let gone = self.keys(edit, start, end)?;
        if let Some(state) = &mut self.members {
            let mut by_hash = Vec::with_capacity(gone.len());
            for key in &gone {
                let (_, member) = split(key)?;
                by_hash.push((buckets::h48(edit, member), member));
            }
            by_hash.sort_unstable();
            let mut rest = &by_hash[..];
            while let Some(&(h, _)) = rest.first() {
                let address = state.address(h);
                let (inside, after) =
                    rest.split_at(rest.partition_point(|(h, _)| *h < address.end()));
                rest = after;
                let keep = |field: &[u8]| inside.iter().all(|(_, member)| *member != field);
                state.retain(edit, self.place, address, keep)?;
            }
            state.balance(edit, self.place)?;
        }
        self.tree.remove_range(edit, &mut self.place, start, end)?;
        Ok(())
    }

    /// Writes the set under another id without the members of some ranks.
    fn rebuild_without(&mut self, edit: &mut Edit<'_>, start: u64, end: u64) -> Result<()> {
        let old = ZSet {
            entry: self.entry.clone(),
            tree: self.tree.clone(),
            ..*self
        };
        self.place = Place {
            home_slot: self.entry.name.slot,
            id: None,
        };
        self.members = None;
        let kept = old.len() - (end - start);
        let mut builder = Builder::new(SCORES);
        for (from, to) in [(0, start), (end, old.len())] {
            let mut at = from;
            while at < to {
                let keys = old.keys(edit, at, to.min(at + KEYS_PER_STEP))?;
                at += KEYS_PER_STEP;
                for key in &keys {
                    builder.push(edit, &mut self.place, key, &[])?;
                }
                self.spill(edit, kept)?;
            }
        }
        self.tree = builder.finish(edit, &mut self.place)?;
        if !self.tree.is_packed() {
            let gone = (
                old.keys(edit, start, start + 1)?,
                old.keys(edit, end - 1, end)?,
            );
            if let (Some(first), Some(last)) = (gone.0.first(), gone.1.first()) {
                self.copy_buckets(edit, &old, first, last)?;
            }
        }
        Ok(())
    }

    /// Writes the buckets of `old` under this set's id, without keys from `first` to `last`. There
    /// are not more of them than before, so each holds what some whole ones of `old` held.
    fn copy_buckets(
        &mut self,
        edit: &mut Edit<'_>,
        old: &ZSet<'_>,
        first: &[u8],
        last: &[u8],
    ) -> Result<()> {
        self.place.id(edit);
        let Some(from) = old.members else {
            return Ok(());
        };
        let bytes = u128::from(from.bytes) * u128::from(self.len()) / u128::from(old.len().max(1));
        let mut state = Buckets::for_bytes(bytes as u64);
        state.buckets = state.buckets.min(from.buckets);
        let mut h = 0;
        while h < H_END {
            let address = state.address(h);
            let mut blocks = Vec::new();
            while h < address.end() {
                let source = from.address(h);
                blocks.push(from.block(edit, old.place, source)?.value());
                h = source.end();
            }
            let mut kept = Vec::new();
            for block in &blocks {
                for entry in entries::iter(block) {
                    let entry = entry?;
                    let member = block.get(entry.field).unwrap_or_default();
                    let score = block.get(entry.value).unwrap_or_default();
                    let key = [score, member].concat();
                    if key.as_slice() < first || key.as_slice() > last {
                        kept.push(new_entry(member, score));
                    }
                }
            }
            if !kept.is_empty() {
                state.fill(edit, self.place, address, &kept)?;
            }
            self.spill(edit, self.len())?;
        }
        self.members = Some(state);
        Ok(())
    }
}
