//! Owns moving an entry to another key: what a new score does.
//! Invariants: a move writes the leaves that it changes, and their parent if there are two of them;
//! what is more than that is taking out and putting in. Must not know: what keys mean.
//! Tests: `storage/tests/tree`.

use super::Tree;
use super::inner::Inner;
use super::leaf::Entry;
use super::path::Path;
use crate::collection::Place;
use crate::edit::Edit;
use crate::error::Result;

impl Tree {
    /// Lets the entry under a key stand under another key, under which there is none; gives whether
    /// there was such an entry. A move within a leaf writes the leaf and nothing else, one between
    /// leaves under the same node these two and the node.
    pub fn move_key(
        &mut self,
        edit: &mut Edit<'_>,
        place: &mut Place,
        from: &[u8],
        to: &[u8],
    ) -> Result<bool> {
        // Where the ways part: how many levels are left from there, and the other child.
        let mut parting = None;
        let mut left = self.height;
        let path = self.descend(edit, place, |inner, total| {
            let at = inner.search(from)?;
            if parting.is_none() && !inner.holds(at, to)? {
                parting = Some((left, inner.search(to)?));
            }
            left -= 1;
            Some((at, inner.entries(at, total)?))
        })?;
        let (old, found) = self.search_leaf(&path, from)?;
        if !found {
            return Ok(false);
        }
        let done = match parting {
            None => self.shift(edit, place, &path, old, to)?,
            Some((1, beside)) => self.hand_over(edit, place, &path, old, (to, beside))?,
            Some(_) => false,
        };
        if done {
            return Ok(true);
        }
        let value = self.take(edit, place, path, old)?;
        self.insert(edit, place, to, &value)?;
        Ok(true)
    }

    /// Moves entry `old` of a leaf to where `key` stands in it; gives whether there was room.
    fn shift(
        &mut self,
        edit: &mut Edit<'_>,
        place: &mut Place,
        path: &Path,
        old: usize,
        key: &[u8],
    ) -> Result<bool> {
        let leaf = self.parse_leaf(&path.leaf, path.number)?;
        let (new, _) = self.search_leaf(path, key)?;
        let entry = leaf
            .entry(old)
            .map(|entry| leaf.shift(old, new, &Entry { key, ..entry }));
        let draft = entry.flatten().ok_or_else(|| self.corrupted(path.number))?;
        if draft.len() > path.leaf.len() {
            return Ok(false);
        }
        self.put_node(edit, place, path.number, &draft.parts());
        Ok(true)
    }

    /// Moves entry `old` of a leaf to another leaf under the same node, there to stand under a key;
    /// gives whether one had room for it and the other was left long enough.
    fn hand_over(
        &mut self,
        edit: &mut Edit<'_>,
        place: &mut Place,
        path: &Path,
        old: usize,
        (key, beside): (&[u8], usize),
    ) -> Result<bool> {
        let Some(step) = path.steps.last() else {
            return Ok(false);
        };
        let parent = Inner::parse(&step.node, self.kind.form);
        let parent = parent.ok_or_else(|| self.corrupted(step.number))?;
        let number = parent.child(beside);
        let number = number.ok_or_else(|| self.corrupted(step.number))?;
        let node = self.node(edit, place, number)?;
        let (giver, taker) = (
            self.parse_leaf(&path.leaf, path.number)?,
            self.parse_leaf(&node, number)?,
        );
        let drafts = || {
            let new = Entry {
                key,
                ..giver.entry(old)?
            };
            let (Ok(at) | Err(at)) = taker.search(key)?;
            let drafts = (giver.splice(old, 1, &[])?, taker.splice(at, 0, &[new])?);
            let parent = parent.hand_over(&step.node, step.at, beside)?;
            Some((drafts.0, drafts.1, parent))
        };
        let (rest, grown, parent) = drafts().ok_or_else(|| self.corrupted(number))?;
        let max = self.kind.sizes.leaf_max;
        if giver.count() == 1 || rest.len() < max / 4 || grown.len() > max {
            return Ok(false);
        }
        self.put_node(edit, place, path.number, &rest.parts());
        self.put_node(edit, place, number, &grown.parts());
        self.put_node(edit, place, step.number, &parent.parts());
        Ok(true)
    }
}
