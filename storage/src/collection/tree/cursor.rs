//! Owns walking over entries in both directions.
//! Invariants: a cursor stands on an entry, or behind the last one; it sees the tree as it was when
//! the cursor was made. Must not know: writing. Tests: `storage/tests/tree`.

use super::Tree;
use super::inner::Inner;
use super::leaf::{Entry, Leaf};
use super::path::{Path, Step};
use super::read::{Item, shared};
use crate::collection::Place;
use crate::error::Result;
use crate::value::Value;
use crate::view::View;
use smallvec::SmallVec;

/// A place between entries of a tree.
pub struct Cursor<'v> {
    tree: Tree,
    view: &'v View<'v>,
    place: Place,
    steps: SmallVec<[Step; 4]>,
    leaf: Value,
    number: u64,
    count: usize,
    at: usize,
    rank: u64,
}

impl Tree {
    /// Calls `each` with key and value of the entries from rank `first` on, up to rank `end`.
    pub fn for_each(
        &self,
        view: &View<'_>,
        place: &Place,
        (first, end): (u64, u64),
        mut each: impl FnMut(&[u8], &[u8]),
    ) -> Result<()> {
        let end = end.min(self.len);
        if first >= end {
            return Ok(());
        }
        let (leaf, number, at) = self.leaf_at_rank(view, place, first)?;
        let given = self.for_each_in(view, place, (&leaf, number), (at, end - first), &mut each)?;
        if first + given == end {
            return Ok(());
        }
        let mut cursor = self.cursor_at_rank(view, place, first + given)?;
        loop {
            cursor.for_each_in_leaf(end, &mut each)?;
            if cursor.rank >= end {
                return Ok(());
            }
            cursor.next_leaf()?;
        }
    }

    /// Calls `each` with key and value of entries of a leaf, from `at` on and `count` at most;
    /// gives how many there were.
    #[inline]
    fn for_each_in(
        &self,
        view: &View<'_>,
        place: &Place,
        (node, number): (&Value, u64),
        (at, count): (usize, u64),
        each: &mut impl FnMut(&[u8], &[u8]),
    ) -> Result<u64> {
        let leaf = self.parse_leaf(node, number)?;
        let wanted = usize::try_from(count).unwrap_or(usize::MAX);
        let stop = at.saturating_add(wanted).min(leaf.count());
        for entry in leaf.entries(at).take(stop.saturating_sub(at)) {
            let entry = entry.ok_or_else(|| self.corrupted(number))?;
            if entry.blob {
                let value = self.value_of(view, place, node, &entry)?;
                each(entry.key, &value);
            } else {
                each(entry.key, entry.value);
            }
        }
        Ok(stop.saturating_sub(at) as u64)
    }
}

impl<'v> Cursor<'v> {
    pub(super) fn new(
        tree: &Tree,
        view: &'v View<'v>,
        place: Place,
        path: Path,
        (at, rank): (usize, u64),
    ) -> Result<Cursor<'v>> {
        let count = tree.parse_leaf(&path.leaf, path.number)?.count();
        let mut cursor = Cursor {
            tree: tree.clone(),
            view,
            place,
            rank,
            steps: path.steps,
            leaf: path.leaf,
            number: path.number,
            count,
            at,
        };
        if at >= count && cursor.rank < tree.len {
            cursor.next_leaf()?;
        }
        Ok(cursor)
    }

    /// Entries before the cursor.
    pub fn rank(&self) -> u64 {
        self.rank
    }

    /// Calls `each` with key and value of the entries of this leaf from the cursor on, those before
    /// rank `end`, and goes behind them.
    #[inline]
    fn for_each_in_leaf(&mut self, end: u64, each: &mut impl FnMut(&[u8], &[u8])) -> Result<()> {
        let node = (&self.leaf, self.number);
        let part = (self.at, end.saturating_sub(self.rank));
        let tree = &self.tree;
        let given = tree.for_each_in(self.view, &self.place, node, part, each)?;
        self.rank += given;
        self.at += given as usize;
        Ok(())
    }

    fn entry(&self) -> Option<Entry<'_>> {
        if self.at >= self.count {
            return None;
        }
        Leaf::parse(&self.leaf, self.tree.kind.form)?.entry(self.at)
    }

    /// The key of the entry under the cursor; `None` behind the last entry.
    #[inline]
    pub fn key(&self) -> Option<&[u8]> {
        self.entry().map(|entry| entry.key)
    }

    /// The key under the cursor, and its bytes from `at` on, sharing the row.
    #[inline]
    pub fn key_and_tail(&self, at: usize) -> Option<(&[u8], Value)> {
        let key = self.entry()?.key;
        Some((key, shared(&self.leaf, key.get(at..)?)))
    }

    /// The same, sharing the row.
    pub fn shared_key(&self) -> Option<Value> {
        self.entry().map(|entry| shared(&self.leaf, entry.key))
    }

    /// The value under the cursor if it stands in the leaf, as nearly all do.
    #[inline]
    pub fn inline_value(&self) -> Option<&[u8]> {
        let entry = self.entry()?;
        (!entry.blob).then_some(entry.value)
    }

    /// The value under the cursor.
    pub fn value(&self) -> Result<Option<Value>> {
        let Some(entry) = self.entry() else {
            return Ok(None);
        };
        let value = self
            .tree
            .value_of(self.view, &self.place, &self.leaf, &entry);
        value.map(Some)
    }

    /// Calls `each` for the values from here to the one before rank `end`, and goes behind them.
    pub fn values_to(&mut self, end: u64, mut each: impl FnMut(Value)) -> Result<()> {
        let end = end.min(self.tree.len);
        while self.rank < end {
            let leaf = self.tree.parse_leaf(&self.leaf, self.number)?;
            let wanted = usize::try_from(end - self.rank).unwrap_or(usize::MAX);
            let last = self.at.saturating_add(wanted).min(self.count);
            for at in self.at..last {
                let entry = leaf.entry(at);
                let entry = entry.ok_or_else(|| self.tree.corrupted(self.number))?;
                let tree = &self.tree;
                each(tree.value_of(self.view, &self.place, &self.leaf, &entry)?);
            }
            self.rank += (last - self.at) as u64;
            self.at = last;
            if self.at >= self.count && self.rank < self.tree.len {
                self.next_leaf()?;
            }
        }
        Ok(())
    }

    /// The entry under the cursor; `None` behind the last entry.
    pub fn item(&self) -> Result<Option<Item>> {
        let Some(entry) = self.entry() else {
            return Ok(None);
        };
        let item = self
            .tree
            .item_of(self.view, &self.place, &self.leaf, &entry);
        item.map(Some)
    }

    /// Goes to the next entry; gives whether there is one. Behind the last entry it stays.
    #[inline]
    pub fn advance(&mut self) -> Result<bool> {
        if self.rank >= self.tree.len {
            return Ok(false);
        }
        self.rank += 1;
        self.at += 1;
        if self.rank >= self.tree.len {
            return Ok(false);
        }
        if self.at >= self.count {
            self.next_leaf()?;
        }
        Ok(true)
    }

    /// Goes to the entry before; gives whether there is one. On the first entry it stays.
    #[inline]
    pub fn retreat(&mut self) -> Result<bool> {
        if self.rank == 0 {
            return Ok(false);
        }
        self.rank -= 1;
        match self.at.checked_sub(1) {
            Some(at) => self.at = at,
            None => self.previous_leaf()?,
        }
        Ok(true)
    }

    fn next_leaf(&mut self) -> Result<()> {
        self.turn(|at, count| (at + 1 < count).then_some(at + 1), |_| 0)?;
        self.at = 0;
        Ok(())
    }

    fn previous_leaf(&mut self) -> Result<()> {
        self.turn(|at, _| at.checked_sub(1), |count| count - 1)?;
        self.at = self.count.saturating_sub(1);
        Ok(())
    }

    /// Leaves the leaf for the one beside it: up to where `beside` gives another child, down again
    /// through the children that `edge` gives.
    fn turn(
        &mut self,
        beside: impl Fn(usize, usize) -> Option<usize>,
        edge: impl Fn(usize) -> usize,
    ) -> Result<()> {
        let form = self.tree.kind.form;
        let height = self.steps.len();
        loop {
            let Some(step) = self.steps.last_mut() else {
                return Err(self.tree.corrupted(self.number));
            };
            let inner = Inner::parse(&step.node, form);
            let inner = inner.ok_or_else(|| self.tree.corrupted(step.number))?;
            if let Some(at) = beside(step.at, inner.count()) {
                step.at = at;
                break;
            }
            self.steps.pop();
        }
        loop {
            let Some(step) = self.steps.last() else {
                return Err(self.tree.corrupted(self.number));
            };
            let child = Inner::parse(&step.node, form).and_then(|inner| inner.child(step.at));
            let child = child.ok_or_else(|| self.tree.corrupted(step.number))?;
            let node = self.tree.node(self.view, &self.place, child)?;
            if self.steps.len() == height {
                self.count = self.tree.parse_leaf(&node, child)?.count();
                self.leaf = node;
                self.number = child;
                // An empty leaf would have been removed with its last entry.
                return match self.count {
                    0 => Err(self.tree.corrupted(child)),
                    _ => Ok(()),
                };
            }
            let inner = Inner::parse(&node, form);
            let at = edge(inner.ok_or_else(|| self.tree.corrupted(child))?.count());
            self.steps.push(Step {
                node,
                number: child,
                at,
                total: 0,
            });
        }
    }
}
