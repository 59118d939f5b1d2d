//! Owns building a tree from entries that come in order, of their own or out of another tree.
//! Invariants: every row is written once, nine tenths full, so that entries can be put between
//! later; what is in memory is one node a level. Must not know: where entries come from.
//! Tests: `storage/tests/tree`; copies: `storage/tests/lists.rs`, `storage/tests/streams.rs`.

use super::inner::{self, Separator, Slot};
use super::leaf::{self, Entry};
use super::write::Edge;
use super::{Tree, TreeKind};
use crate::collection::Place;
use crate::edit::Edit;
use crate::error::{Result, StorageError};
use crate::limits::ELEMENT_BYTES_MAX;
use std::ops::Range;

/// Bytes of entries that are copied at a time.
const COPY_STEP_BYTES: usize = 1 << 18;

/// An entry that waits for its leaf: where its key and its value end.
#[derive(Debug, Clone, Copy)]
struct Pending {
    key_end: usize,
    end: usize,
    blob: bool,
}

/// A tree under construction. Dropped unfinished, it leaves rows that nothing refers to: it is for
/// ids that nobody knows yet.
#[derive(Debug)]
pub struct Builder {
    tree: Tree,
    pending: Vec<Pending>,
    bytes: Vec<u8>,
    /// Length of the leaf that waits.
    leaf_len: usize,
    /// The last key of the last leaf that was written.
    last: Vec<u8>,
    /// Children of the node that waits, lowest level first.
    levels: Vec<Vec<Slot>>,
}

impl Builder {
    /// A tree without entries.
    pub fn new(kind: TreeKind) -> Builder {
        Builder {
            tree: Tree::empty(kind),
            pending: Vec::new(),
            bytes: Vec::new(),
            leaf_len: leaf::HEAD_LEN,
            last: Vec::new(),
            levels: Vec::new(),
        }
    }

    /// Adds the next entry; gives whether rows were written, which is the moment to spill the edit.
    /// A tree of positions ignores the key, a tree of keys the value.
    ///
    /// # Errors
    /// `Corrupted` if the key is not above the one before it.
    pub fn push(
        &mut self,
        edit: &mut Edit<'_>,
        place: &mut Place,
        key: &[u8],
        value: &[u8],
    ) -> Result<bool> {
        let TreeKind { form, sizes, .. } = self.tree.kind;
        let key = if form.keyed() { key } else { &[] };
        let value = if form.valued() { value } else { &[] };
        if key.len() > ELEMENT_BYTES_MAX {
            return Err(StorageError::ElementTooLong);
        }
        if form.keyed() && self.last_key().is_some_and(|last| last >= key) {
            let text = format!("entries of tree {} out of order", self.tree.kind.tag);
            return Err(StorageError::Corrupted(text));
        }
        let reference;
        let (value, blob) = match value.len() > sizes.value_max {
            true => {
                reference = self.tree.put_blob(edit, place, value)?;
                (&reference[..], true)
            }
            false => (value, false),
        };
        let len = leaf::entry_len(form, &Entry { key, value, blob });
        let mut wrote = blob;
        if !self.pending.is_empty() && self.leaf_len + len > sizes.leaf_max / 10 * 9 {
            self.write_leaf(edit, place)?;
            wrote = true;
        }
        self.leaf_len += len;
        self.bytes.extend_from_slice(key);
        let key_end = self.bytes.len();
        self.bytes.extend_from_slice(value);
        let end = self.bytes.len();
        self.pending.push(Pending { key_end, end, blob });
        self.tree.len += 1;
        Ok(wrote)
    }

    /// The tree, its last rows written.
    pub fn finish(mut self, edit: &mut Edit<'_>, place: &mut Place) -> Result<Tree> {
        let root_max = self.tree.kind.sizes.root_max;
        if self.levels.is_empty() && self.leaf_len <= root_max {
            let node = self.encode_leaf()?;
            self.tree.set_root(&[&node]);
            return Ok(self.tree);
        }
        if !self.pending.is_empty() {
            self.write_leaf(edit, place)?;
        }
        let mut level = 0;
        while level + 1 < self.levels.len() {
            self.write_level(edit, place, level)?;
            level += 1;
        }
        let slots = self.levels.pop().unwrap_or_default();
        self.tree.height = (level + 1) as u8;
        let open = slots.len().saturating_sub(1);
        self.tree
            .set_root_slots(edit, place, slots, open, Edge::Back)?;
        Ok(self.tree)
    }

    fn last_key(&self) -> Option<&[u8]> {
        let Some(last) = self.pending.last() else {
            return (!self.levels.is_empty()).then_some(&self.last);
        };
        let before = self.pending.len().checked_sub(2);
        let start = before
            .and_then(|at| self.pending.get(at))
            .map_or(0, |p| p.end);
        self.bytes.get(start..last.key_end)
    }

    fn entries(&self) -> Vec<Entry<'_>> {
        let mut start = 0;
        let entry = |pending: &Pending| {
            let key = self.bytes.get(start..pending.key_end).unwrap_or_default();
            let value = self.bytes.get(pending.key_end..pending.end);
            start = pending.end;
            Entry {
                key,
                value: value.unwrap_or_default(),
                blob: pending.blob,
            }
        };
        self.pending.iter().map(entry).collect()
    }

    fn encode_leaf(&self) -> Result<Vec<u8>> {
        let node = leaf::encode(self.tree.kind.form, &self.entries());
        node.ok_or_else(|| self.tree.corrupted(0))
    }

    fn write_leaf(&mut self, edit: &mut Edit<'_>, place: &mut Place) -> Result<()> {
        let child = self.tree.take_number()?;
        let node = self.encode_leaf()?;
        self.tree.put_node(edit, place, child, &[&node]);
        let entries = self.entries();
        let keyed = self.tree.kind.form.keyed() && !self.levels.is_empty();
        let first = entries.first().map_or(&[][..], |entry| entry.key);
        let slot = Slot {
            child,
            count: entries.len() as u64,
            separator: match keyed {
                true => inner::separate(&self.last, first),
                false => Separator::new(),
            },
        };
        self.last = entries
            .last()
            .map_or(Vec::new(), |entry| entry.key.to_vec());
        self.pending.clear();
        self.bytes.clear();
        self.leaf_len = leaf::HEAD_LEN;
        self.add(edit, place, 0, slot)
    }

    /// Adds a child to the node that waits at a level.
    fn add(
        &mut self,
        edit: &mut Edit<'_>,
        place: &mut Place,
        level: usize,
        slot: Slot,
    ) -> Result<()> {
        let TreeKind { form, sizes, .. } = self.tree.kind;
        if let Some(slots) = self.levels.get(level) {
            let len = inner::encoded_len(form, slots) + inner::slot_len(form, &slot);
            if slots.len() > 1 && len > sizes.inner_max / 10 * 9 {
                self.write_level(edit, place, level)?;
            }
        }
        match self.levels.get_mut(level) {
            Some(slots) => slots.push(slot),
            None => self.levels.push(vec![slot]),
        }
        Ok(())
    }

    /// Writes the node that waits at a level, and adds it to the level above.
    fn write_level(&mut self, edit: &mut Edit<'_>, place: &mut Place, level: usize) -> Result<()> {
        let slots = self
            .levels
            .get_mut(level)
            .map(std::mem::take)
            .unwrap_or_default();
        let Some(first) = slots.first() else {
            return Ok(());
        };
        let child = self.tree.take_number()?;
        self.tree
            .write_inner(edit, place, child, &slots, slots.len() - 1)?;
        let slot = Slot {
            child,
            count: slots.iter().map(|slot| slot.count).sum(),
            separator: first.separator.clone(),
        };
        self.add(edit, place, level + 1, slot)
    }
}

impl Tree {
    /// A tree of the entries of some ranks, under another place whose id nobody knows yet. What
    /// does not fit in one commit goes ahead; `spilled` says whether any did.
    pub fn copy_ranks(
        &self,
        edit: &mut Edit<'_>,
        from: &Place,
        to: &mut Place,
        ranks: Range<u64>,
        spilled: &mut bool,
    ) -> Result<Tree> {
        let mut builder = Builder::new(self.kind);
        let end = ranks.end.min(self.len);
        let mut rank = ranks.start;
        while rank < end {
            let mut items = Vec::new();
            let mut bytes = 0;
            let mut cursor = self.cursor_at_rank(edit, from, rank)?;
            while cursor.rank() < end && bytes < COPY_STEP_BYTES {
                let item = cursor.item()?.ok_or_else(|| self.corrupted(0))?;
                bytes += item.key.len() + item.value.len();
                items.push(item);
                cursor.advance()?;
            }
            drop(cursor);
            rank += items.len() as u64;
            for item in &items {
                let wrote = builder.push(edit, to, &item.key, &item.value)?;
                if let Some(head) = to.head(end - ranks.start).filter(|_| wrote) {
                    edit.spill(head, spilled)?;
                }
            }
        }
        builder.finish(edit, to)
    }
}
