//! Owns taking entries out by rank, and what becomes of nodes that get short.
//! Invariants: no node but the root is without entries; a node below a quarter of its length is
//! merged with a neighbour under the same parent if both fit in three quarters; an only child goes
//! into the root when it fits in half of it, so that trees at the limit do not swing.
//! Must not know: what entries mean. Tests: `storage/tests/tree`.

use super::Tree;
use super::inner::{self, Inner, Slot};
use super::leaf::{self, Leaf};
use super::path::Path;
use super::write::Edge;
use crate::collection::Place;
use crate::edit::Edit;
use crate::error::Result;
use crate::value::Value;

impl Tree {
    /// Takes the entries `from..to` by rank out; gives how many there were. Whole subtrees go
    /// without their leaves being read, unless values stand in rows of their own.
    pub fn remove_range(
        &mut self,
        edit: &mut Edit<'_>,
        place: &mut Place,
        from: u64,
        to: u64,
    ) -> Result<u64> {
        let to = to.min(self.len);
        if from >= to {
            return Ok(0);
        }
        let root = self.root.clone();
        if from == 0 && to == self.len {
            self.drop_children(edit, place, &root, self.height, to)?;
            self.become_empty();
            return Ok(to);
        }
        if self.height == 0 {
            self.cut_leaf(edit, place, 0, &root, from as usize..to as usize)?;
        } else {
            let slots = self.trim(edit, place, &root, self.height, self.len, from, to)?;
            let open = slots.len() - 1;
            self.set_root_slots(edit, place, slots, open, Edge::Neither)?;
        }
        self.len -= to - from;
        self.collapse(edit, place)?;
        Ok(to - from)
    }

    /// Takes everything out.
    pub fn clear(&mut self, edit: &mut Edit<'_>, place: &mut Place) -> Result<u64> {
        self.remove_range(edit, place, 0, self.len)
    }

    fn become_empty(&mut self) {
        let next = self.next;
        *self = Tree::empty(self.kind);
        self.next = next;
    }

    /// Takes entries of a leaf out, which keeps others.
    fn cut_leaf(
        &mut self,
        edit: &mut Edit<'_>,
        place: &mut Place,
        number: u64,
        node: &Value,
        range: std::ops::Range<usize>,
    ) -> Result<()> {
        let leaf = self.parse_leaf(node, number)?;
        if self.blobs > 0 {
            for at in range.clone() {
                let entry = leaf.entry(at).ok_or_else(|| self.corrupted(number))?;
                self.remove_blob(edit, place, &entry)?;
            }
        }
        let draft = leaf.splice(range.start, range.len(), &[]);
        let draft = draft.ok_or_else(|| self.corrupted(number))?;
        self.put_node(edit, place, number, &draft.parts());
        Ok(())
    }

    /// Deletes what is below a node, not its own row.
    fn drop_children(
        &mut self,
        edit: &mut Edit<'_>,
        place: &mut Place,
        node: &Value,
        height: u8,
        total: u64,
    ) -> Result<()> {
        if height == 0 {
            let leaf = self.parse_leaf(node, 0)?;
            for at in 0..leaf.count() {
                let entry = leaf.entry(at).ok_or_else(|| self.corrupted(0))?;
                self.remove_blob(edit, place, &entry)?;
            }
            return Ok(());
        }
        let slots = Inner::parse(node, self.kind.form).and_then(|inner| inner.slots(total));
        for slot in slots.ok_or_else(|| self.corrupted(0))? {
            self.drop_subtree(edit, place, &slot, height - 1)?;
        }
        Ok(())
    }

    fn drop_subtree(
        &mut self,
        edit: &mut Edit<'_>,
        place: &mut Place,
        slot: &Slot,
        height: u8,
    ) -> Result<()> {
        if height > 0 || self.blobs > 0 {
            let node = self.node(edit, place, slot.child)?;
            self.drop_children(edit, place, &node, height, slot.count)?;
        }
        self.remove_node(edit, place, slot.child)
    }

    /// Takes the entries `from..to` out of an inner node, some of whose entries stay; gives the
    /// children that are left, their rows written.
    #[expect(
        clippy::too_many_arguments,
        reason = "a recursion over node, level and range"
    )]
    fn trim(
        &mut self,
        edit: &mut Edit<'_>,
        place: &mut Place,
        node: &Value,
        height: u8,
        total: u64,
        from: u64,
        to: u64,
    ) -> Result<Vec<Slot>> {
        let slots = Inner::parse(node, self.kind.form).and_then(|inner| inner.slots(total));
        let slots = slots.ok_or_else(|| self.corrupted(0))?;
        let mut left = Vec::with_capacity(slots.len());
        let mut touched = Vec::new();
        let mut start = 0;
        for mut slot in slots {
            let end = start + slot.count;
            let (cut_from, cut_to) = (from.clamp(start, end), to.clamp(start, end));
            let (cut_from, cut_to) = (cut_from - start, cut_to - start);
            start = end;
            if cut_from == cut_to {
                left.push(slot);
            } else if cut_to - cut_from == slot.count {
                self.drop_subtree(edit, place, &slot, height - 1)?;
            } else {
                self.trim_child(edit, place, &slot, height - 1, cut_from, cut_to)?;
                slot.count -= cut_to - cut_from;
                touched.push(left.len());
                left.push(slot);
            }
        }
        // From the back: a merge moves what stands behind it.
        for at in touched.into_iter().rev() {
            self.mend(edit, place, &mut left, at, height - 1)?;
        }
        Ok(left)
    }

    fn trim_child(
        &mut self,
        edit: &mut Edit<'_>,
        place: &mut Place,
        slot: &Slot,
        height: u8,
        from: u64,
        to: u64,
    ) -> Result<()> {
        let node = self.node(edit, place, slot.child)?;
        if height == 0 {
            let range = from as usize..to as usize;
            return self.cut_leaf(edit, place, slot.child, &node, range);
        }
        let slots = self.trim(edit, place, &node, height, slot.count, from, to)?;
        let open = slots.len() - 1;
        self.write_inner(edit, place, slot.child, &slots, open)
    }

    /// Longest node of a level.
    fn node_max(&self, height: u8) -> usize {
        match height {
            0 => self.kind.sizes.leaf_max,
            _ => self.kind.sizes.inner_max,
        }
    }

    /// Whether a leaf of this length, at the end of its path, goes into a neighbour.
    pub(super) fn can_merge(
        &self,
        edit: &Edit<'_>,
        place: &Place,
        path: &Path,
        len: usize,
    ) -> Result<bool> {
        let max = self.node_max(0);
        let Some(step) = path.steps.last().filter(|_| len < max / 4) else {
            return Ok(false);
        };
        let inner = Inner::parse(&step.node, self.kind.form);
        let inner = inner.ok_or_else(|| self.corrupted(step.number))?;
        for at in [step.at.wrapping_sub(1), step.at + 1] {
            if at >= inner.count() {
                continue;
            }
            let child = inner.child(at).ok_or_else(|| self.corrupted(step.number))?;
            if self.node(edit, place, child)?.len() + len <= max / 4 * 3 {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// Merges child `at` with a neighbour if it is short and both fit in one node.
    fn mend(
        &mut self,
        edit: &mut Edit<'_>,
        place: &mut Place,
        slots: &mut Vec<Slot>,
        at: usize,
        height: u8,
    ) -> Result<()> {
        let Some(slot) = slots.get(at) else {
            return Ok(());
        };
        let max = self.node_max(height);
        let node = self.node(edit, place, slot.child)?;
        if node.len() >= max / 4 {
            return Ok(());
        }
        for left in [at.wrapping_sub(1), at] {
            let (Some(one), Some(other)) = (slots.get(left), slots.get(left.wrapping_add(1)))
            else {
                continue;
            };
            let beside = if left == at { other.child } else { one.child };
            let beside = self.node(edit, place, beside)?;
            // An inner node gets the separator between the two as well.
            let between = if height > 0 { other.separator.len() } else { 0 };
            if node.len() + beside.len() + between > max / 4 * 3 {
                continue;
            }
            let (first, second) = if left == at {
                (&node, &beside)
            } else {
                (&beside, &node)
            };
            let merged = match height {
                0 => self.merge_leaves(first, second),
                _ => self.merge_inners((first, one), (second, other)),
            };
            let merged = merged.ok_or_else(|| self.corrupted(one.child))?;
            let (kept, gone, moved) = (one.child, other.child, other.count);
            self.put_node(edit, place, kept, &[&merged]);
            self.remove_node(edit, place, gone)?;
            slots.remove(left + 1);
            if let Some(one) = slots.get_mut(left) {
                one.count += moved;
            }
            return Ok(());
        }
        Ok(())
    }

    fn merge_leaves(&self, first: &[u8], second: &[u8]) -> Option<Vec<u8>> {
        let form = self.kind.form;
        let mut entries = Leaf::parse(first, form)?.spliced_entries(0, 0, &[])?;
        let second = Leaf::parse(second, form)?;
        entries.extend(second.spliced_entries(0, 0, &[])?);
        leaf::encode(form, &entries)
    }

    fn merge_inners(&self, first: (&[u8], &Slot), second: (&[u8], &Slot)) -> Option<Vec<u8>> {
        let form = self.kind.form;
        let mut slots = Inner::parse(first.0, form)?.slots(first.1.count)?;
        let mut behind = Inner::parse(second.0, form)?.slots(second.1.count)?;
        behind.first_mut()?.separator = second.1.separator.clone();
        slots.append(&mut behind);
        let open = slots.len() - 1;
        inner::encode(form, &slots, open)
    }

    /// Takes an only child into the root while it fits in half of it.
    pub(super) fn collapse(&mut self, edit: &mut Edit<'_>, place: &mut Place) -> Result<()> {
        while self.height > 0 {
            let inner = Inner::parse(&self.root, self.kind.form);
            let inner = inner.ok_or_else(|| self.corrupted(0))?;
            if inner.count() != 1 {
                return Ok(());
            }
            let child = inner.child(0).ok_or_else(|| self.corrupted(0))?;
            let node = self.node(edit, place, child)?;
            if node.len() > self.kind.sizes.root_max / 2 {
                return Ok(());
            }
            self.remove_node(edit, place, child)?;
            self.root = node;
            self.height -= 1;
        }
        Ok(())
    }
}
