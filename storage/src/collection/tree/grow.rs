//! Owns splitting: what becomes of a node that is too long.
//! Invariants: a leaf is split down to single entries if it must be, an inner node down to two
//! children, so splitting ends whatever the lengths; nodes at the edge of the tree where it grows
//! are left full, others half full. Must not know: why nodes grow. Tests: `storage/tests/tree`.

use super::Tree;
use super::inner::{self, Inner, Separator, Slot};
use super::leaf::{self, Entry};
use super::path::{Path, Step};
use super::write::{Change, Edge};
use crate::collection::Place;
use crate::edit::Edit;
use crate::error::Result;
use std::ops::Range;

/// Fewest children that an inner node is split at: each part has two, so the levels end.
const SPLIT_CHILDREN_MIN: usize = 4;

impl Tree {
    /// Carries out a change for which the leaf has no room.
    pub(super) fn grow(
        &mut self,
        edit: &mut Edit<'_>,
        place: &mut Place,
        path: &Path,
        change: Change<'_>,
    ) -> Result<()> {
        let leaf = self.parse_leaf(&path.leaf, path.number)?;
        let edge = self.edge(&path.steps, leaf.count(), change);
        let entries = leaf.spliced_entries(change.at, change.removed, change.new);
        let entries = entries.ok_or_else(|| self.corrupted(path.number))?;
        let grown = entries.len() as u64;
        let slots = self.write_leaves(edit, place, path.number, &entries, edge)?;
        self.len = self.len.saturating_sub(path.total) + grown;
        self.replace_child(edit, place, &path.steps, slots, edge)
    }

    /// The edge of the tree at which a change puts entries in.
    fn edge(&self, steps: &[Step], count: usize, change: Change<'_>) -> Edge {
        let last_child = |step: &Step| {
            Inner::parse(&step.node, self.kind.form)
                .is_some_and(|inner| step.at + 1 == inner.count())
        };
        if change.removed > 0 {
            return Edge::Neither;
        }
        if change.at == count && steps.iter().all(last_child) {
            return Edge::Back;
        }
        if change.at == 0 && steps.iter().all(|step| step.at == 0) {
            return Edge::Front;
        }
        Edge::Neither
    }

    /// Writes entries as one leaf or several, the first under `number` unless that is the root's.
    fn write_leaves(
        &mut self,
        edit: &mut Edit<'_>,
        place: &mut Place,
        number: u64,
        entries: &[Entry<'_>],
        edge: Edge,
    ) -> Result<Vec<Slot>> {
        let form = self.kind.form;
        let sizes: Vec<usize> = entries.iter().map(|e| leaf::entry_len(form, e)).collect();
        let room = self.kind.sizes.leaf_max.saturating_sub(leaf::HEAD_LEN);
        let mut slots = Vec::new();
        let mut last: Option<&[u8]> = None;
        for part in cut(&sizes, room, 1, edge) {
            let part = entries.get(part).unwrap_or_default();
            let child = match (number, slots.is_empty()) {
                (0, _) | (_, false) => self.take_number()?,
                (number, true) => number,
            };
            let node = leaf::encode(form, part).ok_or_else(|| self.corrupted(number))?;
            self.put_node(edit, place, child, &[&node]);
            let first = part.first().map_or(&[][..], |entry| entry.key);
            slots.push(Slot {
                child,
                count: part.len() as u64,
                separator: match last {
                    Some(last) if form.keyed() => inner::separate(last, first),
                    _ => Separator::new(),
                },
            });
            last = part.last().map(|entry| entry.key);
        }
        Ok(slots)
    }

    /// Puts the parts of a split child in its place, and splits on upwards.
    fn replace_child(
        &mut self,
        edit: &mut Edit<'_>,
        place: &mut Place,
        steps: &[Step],
        mut parts: Vec<Slot>,
        edge: Edge,
    ) -> Result<()> {
        let form = self.kind.form;
        for (depth, step) in steps.iter().enumerate().rev() {
            let node = Inner::parse(&step.node, form);
            let slots = node.and_then(|node| node.slots(step.total));
            let mut slots = slots.ok_or_else(|| self.corrupted(step.number))?;
            if let (Some(first), Some(old)) = (parts.first_mut(), slots.get_mut(step.at)) {
                first.separator = std::mem::take(&mut old.separator);
            }
            // The part that the next change of the same sort goes to.
            let open = match edge {
                Edge::Front => step.at,
                Edge::Back | Edge::Neither => step.at + parts.len() - 1,
            };
            slots.splice(step.at..step.at + 1, parts);
            if step.number == 0 {
                return self.set_root_slots(edit, place, slots, open, edge);
            }
            let len = inner::encoded_len(form, &slots);
            if len <= self.kind.sizes.inner_max || slots.len() < SPLIT_CHILDREN_MIN {
                self.write_inner(edit, place, step.number, &slots, open)?;
                return self.reopen(edit, place, steps.get(..depth).unwrap_or_default());
            }
            parts = self.write_inners(edit, place, step.number, &slots, edge)?;
        }
        // The root was a leaf.
        self.height += 1;
        let open = match edge {
            Edge::Front => 0,
            Edge::Back | Edge::Neither => parts.len() - 1,
        };
        self.set_root_slots(edit, place, parts, open, edge)
    }

    pub(super) fn write_inner(
        &mut self,
        edit: &mut Edit<'_>,
        place: &mut Place,
        number: u64,
        slots: &[Slot],
        open: usize,
    ) -> Result<()> {
        let node = inner::encode(self.kind.form, slots, open);
        let node = node.ok_or_else(|| self.corrupted(number))?;
        self.put_node(edit, place, number, &[&node]);
        Ok(())
    }

    /// Writes children as one inner node or several, the first under `number` unless that is the
    /// root's.
    fn write_inners(
        &mut self,
        edit: &mut Edit<'_>,
        place: &mut Place,
        number: u64,
        slots: &[Slot],
        edge: Edge,
    ) -> Result<Vec<Slot>> {
        let form = self.kind.form;
        let sizes: Vec<usize> = slots.iter().map(|s| inner::slot_len(form, s)).collect();
        let room = self.kind.sizes.inner_max.saturating_sub(inner::HEAD_LEN);
        let mut parts = Vec::new();
        for part in cut(&sizes, room, SPLIT_CHILDREN_MIN / 2, edge) {
            let part = slots.get(part).unwrap_or_default();
            let child = match (number, parts.is_empty()) {
                (0, _) | (_, false) => self.take_number()?,
                (number, true) => number,
            };
            let open = if edge == Edge::Front {
                0
            } else {
                part.len().saturating_sub(1)
            };
            self.write_inner(edit, place, child, part, open)?;
            parts.push(Slot {
                child,
                count: part.iter().map(|slot| slot.count).sum(),
                separator: part
                    .first()
                    .map(|slot| slot.separator.clone())
                    .unwrap_or_default(),
            });
        }
        Ok(parts)
    }

    /// Makes an inner node of these children the root; if it is too long, they go a level down.
    pub(super) fn set_root_slots(
        &mut self,
        edit: &mut Edit<'_>,
        place: &mut Place,
        mut slots: Vec<Slot>,
        mut open: usize,
        edge: Edge,
    ) -> Result<()> {
        let form = self.kind.form;
        while inner::encoded_len(form, &slots) > self.kind.sizes.root_max
            && slots.len() >= SPLIT_CHILDREN_MIN
        {
            slots = self.write_inners(edit, place, 0, &slots, edge)?;
            self.height += 1;
            open = if edge == Edge::Front {
                0
            } else {
                slots.len() - 1
            };
        }
        self.write_inner(edit, place, 0, &slots, open)
    }
}

/// Cuts a sequence of items of these sizes into parts of at most `room` bytes, of at least `least`
/// items each (the last one at `Edge::Back` and the first one at `Edge::Front` may have fewer).
/// A part that is longer has `least` items.
pub(super) fn cut(sizes: &[usize], room: usize, least: usize, edge: Edge) -> Vec<Range<usize>> {
    let total: usize = sizes.iter().sum();
    if total <= room {
        return std::iter::once(0..sizes.len()).collect();
    }
    match edge {
        Edge::Back => fill(sizes.iter().copied(), room, least),
        Edge::Front => {
            let count = sizes.len();
            let parts = fill(sizes.iter().rev().copied(), room, least);
            let mirrored = parts.iter().rev();
            mirrored
                .map(|part| count - part.end..count - part.start)
                .collect()
        }
        Edge::Neither => even(sizes, room, least, total),
    }
}

/// Parts as full as they can be.
fn fill(sizes: impl Iterator<Item = usize>, room: usize, least: usize) -> Vec<Range<usize>> {
    let mut parts = Vec::new();
    let (mut start, mut bytes, mut end) = (0, 0, 0);
    for size in sizes {
        if end - start >= least && bytes + size > room {
            parts.push(start..end);
            (start, bytes) = (end, 0);
        }
        bytes += size;
        end += 1;
    }
    parts.push(start..end);
    parts
}

/// Parts of about the same length, about nine tenths full if there are many.
fn even(sizes: &[usize], room: usize, least: usize, total: usize) -> Vec<Range<usize>> {
    let wanted = total.div_ceil((room * 9 / 10).max(1)).max(2);
    let target = total.div_ceil(wanted);
    let mut parts = Vec::new();
    let (mut start, mut bytes) = (0, 0);
    for (at, &size) in sizes.iter().enumerate() {
        let rest = sizes.len() - at;
        let enough = at - start >= least && rest >= least;
        let last_chance = parts.is_empty() && rest == least;
        if enough && (bytes + size > room || bytes + size / 2 >= target || last_chance) {
            parts.push(start..at);
            (start, bytes) = (at, 0);
        }
        bytes += size;
    }
    parts.push(start..sizes.len());
    parts
}
