//! Owns looking entries up: by key, by rank, and the rank of a key.
//! Invariants: nothing is copied but reference counts. Must not know: writing.
//! Tests: `storage/tests/tree`.
//!
//! On the request path: one row per level, no allocation.

use super::Tree;
use super::cursor::Cursor;
use super::inner::Inner;
use super::leaf::{Entry, Leaf};
use super::path::Path;
use crate::collection::Place;
use crate::error::Result;
use crate::value::Value;
use crate::view::View;

/// An entry that was looked up; both parts share the rows they stand in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Item {
    /// Empty in a tree of positions.
    pub key: Value,
    /// Empty in a tree of keys.
    pub value: Value,
}

impl Tree {
    pub(super) fn parse_leaf<'a>(&self, node: &'a [u8], number: u64) -> Result<Leaf<'a>> {
        Leaf::parse(node, self.kind.form).ok_or_else(|| self.corrupted(number))
    }

    /// The value under a key.
    pub fn find(&self, view: &View<'_>, place: &Place, key: &[u8]) -> Result<Option<Value>> {
        let (node, number) = self.leaf(view, place, |inner, _| Some((inner.search(key)?, 0)))?;
        let leaf = self.parse_leaf(&node, number)?;
        let searched = leaf.search(key).ok_or_else(|| self.corrupted(number))?;
        let Ok(at) = searched else { return Ok(None) };
        let entry = leaf.entry(at).ok_or_else(|| self.corrupted(number))?;
        self.value_of(view, place, &node, &entry).map(Some)
    }

    /// The rank and key of the first entry of a packed tree whose key is `wanted`; `None` also for
    /// a tree that has rows.
    #[inline]
    pub fn find_packed(&self, wanted: impl Fn(&[u8]) -> bool) -> Result<Option<(u64, &[u8])>> {
        if self.height > 0 {
            return Ok(None);
        }
        let leaf = self.parse_leaf(&self.root, 0)?;
        for at in 0..leaf.count() {
            let key = leaf.key(at).ok_or_else(|| self.corrupted(0))?;
            if wanted(key) {
                return Ok(Some((at as u64, key)));
            }
        }
        Ok(None)
    }

    /// Whether there is an entry with this key.
    pub fn contains(&self, view: &View<'_>, place: &Place, key: &[u8]) -> Result<bool> {
        self.rank(view, place, key).map(|(_, found)| found)
    }

    /// Number of entries with smaller keys, and whether the key itself is there.
    pub fn rank(&self, view: &View<'_>, place: &Place, key: &[u8]) -> Result<(u64, bool)> {
        let mut before = 0;
        let (leaf, number) = self.leaf(view, place, |inner, total| {
            let at = inner.search(key)?;
            let (passed, count) = inner.span(at, total)?;
            before += passed;
            Some((at, count))
        })?;
        let searched = self.parse_leaf(&leaf, number)?.search(key);
        match searched.ok_or_else(|| self.corrupted(number))? {
            Ok(at) => Ok((before + at as u64, true)),
            Err(at) => Ok((before + at as u64, false)),
        }
    }

    /// The leaf, and its number, to which `choose` leads: as [`Tree::descend`] for those that do
    /// not go on from there.
    #[inline]
    fn leaf(
        &self,
        view: &View<'_>,
        place: &Place,
        mut choose: impl FnMut(&Inner<'_>, u64) -> Option<(usize, u64)>,
    ) -> Result<(Value, u64)> {
        let (mut below, mut number, mut total) = (None, 0, self.len);
        for _ in 0..self.height {
            let mut step = || {
                let node = below.as_ref().unwrap_or(&self.root);
                let inner = Inner::parse(node, self.kind.form)?;
                let (at, count) = choose(&inner, total)?;
                Some((inner.child(at)?, count))
            };
            let (child, count) = step().ok_or_else(|| self.corrupted(number))?;
            below = Some(self.node(view, place, child)?);
            (number, total) = (child, count);
        }
        Ok((below.unwrap_or_else(|| self.root.clone()), number))
    }

    /// The leaf that holds the entry of a rank, its number, and the rank within it.
    #[inline]
    pub(super) fn leaf_at_rank(
        &self,
        view: &View<'_>,
        place: &Place,
        rank: u64,
    ) -> Result<(Value, u64, usize)> {
        let mut left = rank;
        let (leaf, number) = self.leaf(view, place, |inner, total| {
            let (at, before, count) = inner.locate(left, total)?;
            left -= before;
            Some((at, count))
        })?;
        Ok((leaf, number, left as usize))
    }

    /// Entries before the leaf at the end of a path.
    #[inline]
    pub(super) fn entries_before(&self, path: &Path) -> Result<u64> {
        let before = path.before(self.kind.form);
        before.ok_or_else(|| self.corrupted(path.number))
    }

    /// Where in the leaf a key stands or would stand.
    pub(super) fn search_leaf(&self, path: &Path, key: &[u8]) -> Result<(usize, bool)> {
        let leaf = self.parse_leaf(&path.leaf, path.number)?;
        let searched = leaf.search(key);
        match searched.ok_or_else(|| self.corrupted(path.number))? {
            Ok(at) => Ok((at, true)),
            Err(at) => Ok((at, false)),
        }
    }

    /// The entry of a rank.
    pub fn at(&self, view: &View<'_>, place: &Place, rank: u64) -> Result<Option<Item>> {
        if rank >= self.len {
            return Ok(None);
        }
        let (node, number, at) = self.leaf_at_rank(view, place, rank)?;
        let leaf = self.parse_leaf(&node, number)?;
        let entry = leaf.entry(at).ok_or_else(|| self.corrupted(number))?;
        self.item_of(view, place, &node, &entry).map(Some)
    }

    pub(super) fn item_of(
        &self,
        view: &View<'_>,
        place: &Place,
        node: &Value,
        entry: &Entry<'_>,
    ) -> Result<Item> {
        Ok(Item {
            key: shared(node, entry.key),
            value: self.value_of(view, place, node, entry)?,
        })
    }

    /// The entry with the smallest key, or in the first place.
    pub fn first(&self, view: &View<'_>, place: &Place) -> Result<Option<Item>> {
        self.at(view, place, 0)
    }

    /// The entry with the greatest key, or in the last place.
    pub fn last(&self, view: &View<'_>, place: &Place) -> Result<Option<Item>> {
        match self.len.checked_sub(1) {
            Some(rank) => self.at(view, place, rank),
            None => Ok(None),
        }
    }

    /// A cursor on the first entry whose key is not below `key`, or behind the last entry.
    pub fn cursor_at_key<'v>(
        &self,
        view: &'v View<'v>,
        place: &Place,
        key: &[u8],
    ) -> Result<Cursor<'v>> {
        let path = self.path_to_key(view, place, key)?;
        let (at, _) = self.search_leaf(&path, key)?;
        let rank = self.entries_before(&path)? + at as u64;
        Cursor::new(self, view, *place, path, (at, rank))
    }

    /// A cursor on the entry of a rank, or behind the last entry.
    pub fn cursor_at_rank<'v>(
        &self,
        view: &'v View<'v>,
        place: &Place,
        rank: u64,
    ) -> Result<Cursor<'v>> {
        let rank = rank.min(self.len);
        let (path, at) = self.path_to_rank(view, place, rank)?;
        Cursor::new(self, view, *place, path, (at as usize, rank))
    }
}

/// A part of a node that was read as a slice, sharing the node's row.
pub(super) fn shared(node: &Value, part: &[u8]) -> Value {
    if part.is_empty() {
        return node.part(0..0);
    }
    let start = (part.as_ptr() as usize) - (node.as_ptr() as usize);
    node.part(start..start + part.len())
}
