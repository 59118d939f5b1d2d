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
        let mut node = self.root.clone();
        let mut number = 0;
        for _ in 0..self.height {
            let child = Inner::parse(&node, self.kind.form)
                .and_then(|inner| inner.child(inner.search(key)?))
                .ok_or_else(|| self.corrupted(number))?;
            node = self.node(view, place, child)?;
            number = child;
        }
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
        let path = self.path_to_key(view, place, key)?;
        let (at, found) = self.search_leaf(&path, key)?;
        Ok((path.before + at as u64, found))
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
        let path = self.path_to_rank(view, place, rank)?;
        let at = (rank - path.before) as usize;
        let leaf = self.parse_leaf(&path.leaf, path.number)?;
        let entry = leaf.entry(at).ok_or_else(|| self.corrupted(path.number))?;
        self.item_of(view, place, &path.leaf, &entry).map(Some)
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
        Cursor::new(self, view, *place, path, at)
    }

    /// A cursor on the entry of a rank, or behind the last entry.
    pub fn cursor_at_rank<'v>(
        &self,
        view: &'v View<'v>,
        place: &Place,
        rank: u64,
    ) -> Result<Cursor<'v>> {
        let rank = rank.min(self.len);
        let path = self.path_to_rank(view, place, rank)?;
        let at = (rank - path.before) as usize;
        Cursor::new(self, view, *place, path, at)
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
