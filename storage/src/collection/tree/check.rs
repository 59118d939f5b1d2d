//! Owns the fsck of a tree: every node is read and held against its parent.
//! Invariants: what cannot be read is a problem, not an end; a row is visited once, so damaged
//! numbers cannot send the walk in circles. Must not know: how rows are read. Tests:
//! `storage/tests/tree`.

use super::Tree;
use super::form::TreeKind;
use super::inner::{self, Inner};
use super::leaf::{self, Leaf};
use super::rows::{BLOB_FLAGS, blob_key, blob_ref};
use crate::collection::Place;
use crate::encoding::key::{self, RowKey};
use crate::error::Result;
use std::collections::HashSet;

/// Rows that belong to a tree.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Reached {
    /// Nodes other than the root.
    pub nodes: u64,
    /// Values in rows of their own.
    pub blobs: u64,
    /// The [`key_mark`]s of all keys, joined by exclusive or.
    pub keys: u64,
}

/// A number that stands for a key where many are compared with many.
pub fn key_mark(parts: &[&[u8]]) -> u64 {
    use std::hash::Hasher;
    let mut hasher = siphasher::sip::SipHasher13::new();
    parts.iter().for_each(|part| hasher.write(part));
    hasher.finish()
}

/// Reads the row of a key, if there is one.
pub type ReadRow<'r> = dyn FnMut(&RowKey) -> Result<Option<Vec<u8>>> + 'r;

/// Whether any bytes are a node of such a tree, of `total` entries; the text says what contradicts
/// itself.
pub fn check_node(bytes: &[u8], kind: TreeKind, total: u64) -> std::result::Result<(), String> {
    let problem = match bytes.first().is_some_and(|first| first & 1 != 0) {
        true => inner::problem(bytes, kind.form, total),
        false => leaf::problem(bytes, kind.form),
    };
    problem.map_or(Ok(()), |problem| Err(problem.to_owned()))
}

/// Walks a whole tree; hands contradictions to `problem` in words.
pub fn walk(
    tree: &Tree,
    place: &Place,
    read: &mut ReadRow<'_>,
    problem: &mut dyn FnMut(String),
) -> Result<Reached> {
    let mut walk = Walk {
        tree,
        place,
        read,
        problem,
        visited: HashSet::new(),
        reached: Reached::default(),
    };
    walk.node(&tree.root, 0, tree.height, tree.len, (&[], None))?;
    if walk.reached.blobs != tree.blobs {
        let (found, counted) = (walk.reached.blobs, tree.blobs);
        walk.say(0, &format!("{counted} long values counted, {found} found"));
    }
    Ok(walk.reached)
}

struct Walk<'w, 'r> {
    tree: &'w Tree,
    place: &'w Place,
    read: &'w mut ReadRow<'r>,
    problem: &'w mut dyn FnMut(String),
    visited: HashSet<u64>,
    reached: Reached,
}

/// The lowest key that may stand in a node, and the lowest that may not.
type Range<'a> = (&'a [u8], Option<&'a [u8]>);

impl Walk<'_, '_> {
    fn say(&mut self, number: u64, text: &str) {
        let tag = self.tree.kind.tag;
        (self.problem)(format!("node {number} of tree {tag}: {text}"));
    }

    fn node(
        &mut self,
        bytes: &[u8],
        number: u64,
        height: u8,
        total: u64,
        range: Range<'_>,
    ) -> Result<()> {
        let form = self.tree.kind.form;
        let is_inner = bytes.first().is_some_and(|first| first & 1 != 0);
        if is_inner != (height > 0) {
            self.say(number, "at the wrong level");
            return Ok(());
        }
        if let Err(text) = check_node(bytes, self.tree.kind, total) {
            self.say(number, &text);
            return Ok(());
        }
        if height == 0 {
            return self.leaf(bytes, number, total, range);
        }
        let slots = Inner::parse(bytes, form).and_then(|inner| inner.slots(total));
        let slots = slots.unwrap_or_default();
        for (at, slot) in slots.iter().enumerate() {
            let low = if at == 0 {
                range.0
            } else {
                &slot.separator[..]
            };
            let high = match slots.get(at + 1) {
                Some(next) => Some(&next.separator[..]),
                None => range.1,
            };
            let inside = low >= range.0 && (range.1.is_none() || high <= range.1);
            if form.keyed() && !inside {
                self.say(number, "a separator outside the node's range");
            }
            let row = self.row(slot.child, number)?;
            if let Some(bytes) = row {
                self.reached.nodes += 1;
                self.node(&bytes, slot.child, height - 1, slot.count, (low, high))?;
            }
        }
        Ok(())
    }

    /// The row of a node that its parent refers to.
    fn row(&mut self, child: u64, parent: u64) -> Result<Option<Vec<u8>>> {
        if child == 0 || child >= self.tree.next || !self.visited.insert(child) {
            self.say(parent, &format!("refers to {child}, which is not its own"));
            return Ok(None);
        }
        let Some(id) = self.place.id else {
            self.say(parent, "refers to rows without an id");
            return Ok(None);
        };
        let row_key = key::node_key(self.place.home_slot, id, self.tree.kind.tag, child);
        let row = (self.read)(&row_key)?;
        if row.is_none() {
            self.say(child, "is missing");
        }
        Ok(row)
    }

    fn leaf(&mut self, bytes: &[u8], number: u64, total: u64, range: Range<'_>) -> Result<()> {
        let form = self.tree.kind.form;
        let entries = Leaf::parse(bytes, form).and_then(|leaf| leaf.spliced_entries(0, 0, &[]));
        let entries = entries.unwrap_or_default();
        if entries.len() as u64 != total || (total == 0 && number != 0) {
            let found = entries.len();
            self.say(number, &format!("{total} entries counted, {found} found"));
        }
        for entry in &entries {
            let inside = entry.key >= range.0 && range.1.is_none_or(|high| entry.key < high);
            if form.keyed() && !inside {
                self.say(number, "a key outside the node's range");
            }
            self.reached.keys ^= key_mark(&[entry.key]);
            if entry.blob {
                self.blob(entry.value, number)?;
            }
        }
        Ok(())
    }

    fn blob(&mut self, reference: &[u8], leaf: u64) -> Result<()> {
        let known = blob_ref(reference).filter(|(number, _)| *number < self.tree.next);
        let (Some((number, len)), Some(id)) = (known, self.place.id) else {
            self.say(leaf, "a reference to nowhere");
            return Ok(());
        };
        if !self.visited.insert(number) {
            self.say(leaf, &format!("refers to {number}, which is not its own"));
            return Ok(());
        }
        let row_key = blob_key(self.place.home_slot, id, self.tree.kind.tag, number);
        match (self.read)(&row_key)? {
            Some(row) => {
                self.reached.blobs += 1;
                if row.first() != Some(&BLOB_FLAGS) || row.len() != len as usize + 1 {
                    self.say(number, "not the value that is referred to");
                }
            }
            None => self.say(number, "is missing"),
        }
        Ok(())
    }
}
