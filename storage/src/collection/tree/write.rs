//! Owns single changes: entries put in, replaced and taken out.
//! Invariants: a change that its leaf has room for writes the leaf, and of the nodes above only
//! those in which the child is not the open one; everything else is growing (`grow`) or shrinking
//! (`shrink`). Must not know: how nodes are split. Tests: `storage/tests/tree`.

use super::Tree;
use super::inner::Inner;
use super::leaf::Entry;
use super::path::{Path, Step};
use super::rows::BLOB_REF_LEN;
use crate::collection::Place;
use crate::edit::Edit;
use crate::error::{Result, StorageError};
use crate::limits::ELEMENT_BYTES_MAX;
use crate::value::Value;
use smallvec::SmallVec;

/// At which end of the tree a change takes place; nodes there are left full when they are split.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Edge {
    Front,
    Back,
    Neither,
}

/// Entries of a leaf that are replaced by others.
#[derive(Debug, Clone, Copy)]
pub(super) struct Change<'a> {
    pub at: usize,
    pub removed: usize,
    pub new: &'a [Entry<'a>],
}

impl Change<'_> {
    /// By how much the number of entries grows.
    fn delta(&self) -> i64 {
        self.new.len() as i64 - self.removed as i64
    }
}

impl Tree {
    /// Puts a value under a key, replacing the one before; gives whether the key is new. A tree of
    /// keys ignores the value.
    pub fn insert(
        &mut self,
        edit: &mut Edit<'_>,
        place: &mut Place,
        key: &[u8],
        value: &[u8],
    ) -> Result<bool> {
        if key.len() > ELEMENT_BYTES_MAX {
            return Err(StorageError::ElementTooLong);
        }
        let path = self.path_to_key(edit, place, key)?;
        let (at, found) = self.search_leaf(&path, key)?;
        if found {
            if self.kind.form.valued() {
                self.replace(edit, place, &path, at, value)?;
            }
            return Ok(false);
        }
        let mut reference = [0; BLOB_REF_LEN];
        let entry = self.stored(edit, place, key, value, &mut reference)?;
        let change = Change {
            at,
            removed: 0,
            new: &[entry],
        };
        self.change(edit, place, &path, change)?;
        Ok(true)
    }

    /// Puts values in, in this order, before the entry of a rank (at the end for ranks beyond it).
    pub fn insert_at<'a>(
        &mut self,
        edit: &mut Edit<'_>,
        place: &mut Place,
        rank: u64,
        values: impl IntoIterator<Item = &'a [u8]>,
    ) -> Result<()> {
        let mut references: Vec<(usize, [u8; BLOB_REF_LEN])> = Vec::new();
        let mut entries: SmallVec<[Entry<'_>; 8]> = SmallVec::new();
        for value in values {
            if value.len() > self.kind.sizes.value_max {
                references.push((entries.len(), self.put_blob(edit, place, value)?));
            }
            let (key, blob) = (&[][..], false);
            entries.push(Entry { key, value, blob });
        }
        if entries.is_empty() {
            return Ok(());
        }
        for (at, reference) in &references {
            if let Some(entry) = entries.get_mut(*at) {
                entry.value = reference;
                entry.blob = true;
            }
        }
        let rank = rank.min(self.len);
        // Between two leaves the end of the first one is chosen, except for the very first rank.
        let beside = rank.saturating_sub(1);
        let (path, at) = self.path_to_rank(edit, place, beside)?;
        let change = Change {
            at: (at + (rank - beside)) as usize,
            removed: 0,
            new: &entries,
        };
        self.change(edit, place, &path, change)
    }

    /// Puts values in behind the last one, in this order.
    pub fn push_back<'a>(
        &mut self,
        edit: &mut Edit<'_>,
        place: &mut Place,
        values: impl IntoIterator<Item = &'a [u8]>,
    ) -> Result<()> {
        self.insert_at(edit, place, self.len, values)
    }

    /// Puts values in before the first one; the first given is the first of the tree afterwards.
    pub fn push_front<'a>(
        &mut self,
        edit: &mut Edit<'_>,
        place: &mut Place,
        values: impl IntoIterator<Item = &'a [u8]>,
    ) -> Result<()> {
        self.insert_at(edit, place, 0, values)
    }

    /// Replaces the value of a rank; gives whether there is such a rank.
    pub fn replace_at(
        &mut self,
        edit: &mut Edit<'_>,
        place: &mut Place,
        rank: u64,
        value: &[u8],
    ) -> Result<bool> {
        if rank >= self.len || !self.kind.form.valued() {
            return Ok(false);
        }
        let (path, at) = self.path_to_rank(edit, place, rank)?;
        self.replace(edit, place, &path, at as usize, value)?;
        Ok(true)
    }

    /// Takes the entry under a key out; gives its value.
    pub fn remove(
        &mut self,
        edit: &mut Edit<'_>,
        place: &mut Place,
        key: &[u8],
    ) -> Result<Option<Value>> {
        let path = self.path_to_key(edit, place, key)?;
        match self.search_leaf(&path, key)? {
            (at, true) => self.take(edit, place, path, at).map(Some),
            (_, false) => Ok(None),
        }
    }

    /// Takes the entry of a rank out; gives its value.
    pub fn remove_at(
        &mut self,
        edit: &mut Edit<'_>,
        place: &mut Place,
        rank: u64,
    ) -> Result<Option<Value>> {
        if rank >= self.len {
            return Ok(None);
        }
        let (path, at) = self.path_to_rank(edit, place, rank)?;
        self.take(edit, place, path, at as usize).map(Some)
    }

    /// An entry as its leaf will hold it: a long value goes into a row of its own.
    fn stored<'a>(
        &mut self,
        edit: &mut Edit<'_>,
        place: &mut Place,
        key: &'a [u8],
        value: &'a [u8],
        reference: &'a mut [u8; BLOB_REF_LEN],
    ) -> Result<Entry<'a>> {
        let value = if self.kind.form.valued() { value } else { &[] };
        if value.len() <= self.kind.sizes.value_max {
            let blob = false;
            return Ok(Entry { key, value, blob });
        }
        *reference = self.put_blob(edit, place, value)?;
        Ok(Entry {
            key,
            value: reference,
            blob: true,
        })
    }

    fn replace(
        &mut self,
        edit: &mut Edit<'_>,
        place: &mut Place,
        path: &Path,
        at: usize,
        value: &[u8],
    ) -> Result<()> {
        let leaf = self.parse_leaf(&path.leaf, path.number)?;
        let old = leaf.entry(at).ok_or_else(|| self.corrupted(path.number))?;
        self.remove_blob(edit, place, &old)?;
        let mut reference = [0; BLOB_REF_LEN];
        let entry = self.stored(edit, place, old.key, value, &mut reference)?;
        let change = Change {
            at,
            removed: 1,
            new: &[entry],
        };
        self.change(edit, place, path, change)
    }

    /// Carries out a change that takes nothing away, or no more than it puts in.
    fn change(
        &mut self,
        edit: &mut Edit<'_>,
        place: &mut Place,
        path: &Path,
        change: Change<'_>,
    ) -> Result<()> {
        let leaf = self.parse_leaf(&path.leaf, path.number)?;
        let count = leaf.count() + change.new.len() - change.removed;
        let max = match path.number {
            0 => self.kind.sizes.root_max,
            _ => self.kind.sizes.leaf_max,
        };
        if count <= usize::from(u16::MAX) {
            let draft = leaf.splice(change.at, change.removed, change.new);
            let draft = draft.ok_or_else(|| self.corrupted(path.number))?;
            // A single entry cannot be split, but it can leave the meta record.
            if draft.len() <= max || (count == 1 && path.number != 0) {
                self.put_node(edit, place, path.number, &draft.parts());
                return self.recount(edit, place, &path.steps, change.delta());
            }
        }
        self.grow(edit, place, path, change)
    }

    /// Brings the counts above a changed node up to date.
    pub(super) fn recount(
        &mut self,
        edit: &mut Edit<'_>,
        place: &mut Place,
        steps: &[Step],
        delta: i64,
    ) -> Result<()> {
        if delta == 0 {
            return Ok(());
        }
        self.len = self.len.saturating_add_signed(delta);
        self.reopen(edit, place, steps)
    }

    /// Makes the children on the way the open ones.
    pub(super) fn reopen(
        &mut self,
        edit: &mut Edit<'_>,
        place: &mut Place,
        steps: &[Step],
    ) -> Result<()> {
        for step in steps.iter().rev() {
            let inner = Inner::parse(&step.node, self.kind.form);
            let inner = inner.ok_or_else(|| self.corrupted(step.number))?;
            if inner.open() != step.at {
                let node = inner.reopen(&step.node, step.at, step.total);
                let node = node.ok_or_else(|| self.corrupted(step.number))?;
                self.put_node(edit, place, step.number, &node.parts());
            }
        }
        Ok(())
    }

    pub(super) fn take(
        &mut self,
        edit: &mut Edit<'_>,
        place: &mut Place,
        path: Path,
        at: usize,
    ) -> Result<Value> {
        let leaf = self.parse_leaf(&path.leaf, path.number)?;
        let entry = leaf.entry(at).ok_or_else(|| self.corrupted(path.number))?;
        let value = self.value_of(edit, place, &path.leaf, &entry)?;
        let draft = leaf.splice(at, 1, &[]);
        let draft = draft.ok_or_else(|| self.corrupted(path.number))?;
        let emptied = leaf.count() == 1 && path.number != 0;
        if emptied || self.can_merge(edit, place, &path, draft.len())? {
            let rank = self.entries_before(&path)? + at as u64;
            self.remove_range(edit, place, rank, rank + 1)?;
            return Ok(value);
        }
        self.remove_blob(edit, place, &entry)?;
        self.put_node(edit, place, path.number, &draft.parts());
        self.recount(edit, place, &path.steps, -1)?;
        self.collapse(edit, place)?;
        Ok(value)
    }
}
