//! Owns the way from the root to a leaf.
//! Invariants: steps stand in order from the root; number 0 is the root.
//! Must not know: what is looked for. Tests: `storage/tests/tree`.

use super::Tree;
use super::form::Form;
use super::inner::Inner;
use crate::collection::Place;
use crate::error::Result;
use crate::value::Value;
use crate::view::View;
use smallvec::SmallVec;

/// An inner node on the way, and which child the way took.
#[derive(Debug, Clone)]
pub(super) struct Step {
    pub node: Value,
    pub number: u64,
    pub at: usize,
    /// Entries below the node.
    pub total: u64,
}

/// The way to a leaf.
#[derive(Debug, Clone)]
pub(super) struct Path {
    pub steps: SmallVec<[Step; 4]>,
    pub leaf: Value,
    pub number: u64,
    /// Entries in the leaf, as its parents count them.
    pub total: u64,
}

impl Path {
    /// Entries before the leaf.
    pub fn before(&self, form: Form) -> Option<u64> {
        let mut before = 0;
        for step in &self.steps {
            let inner = Inner::parse(&step.node, form)?;
            before += inner.span(step.at, step.total)?.0;
        }
        Some(before)
    }
}

impl Tree {
    /// The way that `choose` takes through the inner nodes; it gives a child and the entries of
    /// that, from a node and the entries of the node.
    #[inline]
    pub(super) fn descend(
        &self,
        view: &View<'_>,
        place: &Place,
        mut choose: impl FnMut(&Inner<'_>, u64) -> Option<(usize, u64)>,
    ) -> Result<Path> {
        let mut path = Path {
            steps: SmallVec::new(),
            leaf: self.root.clone(),
            number: 0,
            total: self.len,
        };
        for _ in 0..self.height {
            let mut step = || {
                let inner = Inner::parse(&path.leaf, self.kind.form)?;
                let (at, total) = choose(&inner, path.total)?;
                Some((at, total, inner.child(at)?))
            };
            let (at, total, child) = step().ok_or_else(|| self.corrupted(path.number))?;
            let leaf = self.node(view, place, child)?;
            path.steps.push(Step {
                node: std::mem::replace(&mut path.leaf, leaf),
                number: path.number,
                at,
                total: path.total,
            });
            path.number = child;
            path.total = total;
        }
        Ok(path)
    }

    /// The way to the leaf in which a key stands or would stand.
    #[inline]
    pub(super) fn path_to_key(&self, view: &View<'_>, place: &Place, key: &[u8]) -> Result<Path> {
        self.descend(view, place, |inner, total| {
            let at = inner.search(key)?;
            Some((at, inner.entries(at, total)?))
        })
    }

    /// The way to the leaf that holds the entry of this rank, and the rank within the leaf; the
    /// last leaf for ranks at or beyond the end.
    #[inline]
    pub(super) fn path_to_rank(
        &self,
        view: &View<'_>,
        place: &Place,
        rank: u64,
    ) -> Result<(Path, u64)> {
        let mut left = rank;
        let path = self.descend(view, place, |inner, total| {
            let (at, before, count) = inner.locate(left, total)?;
            left -= before;
            Some((at, count))
        })?;
        Ok((path, left))
    }
}
