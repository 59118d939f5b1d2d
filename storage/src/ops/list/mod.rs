//! Owns operations on lists: both ends, ranges, places in the middle (`middle`), pops over several
//! keys and moves between lists (`pop`).
//! Invariants: an operation at an end costs the leaf at that end and the meta record; one in the
//! middle a path through the tree; a list is never empty. Must not know: replies, waiting.
//! Tests: `storage/tests/lists.rs`, the oracle.
//!
//! ```text
//! payload = shape u8 | listpack bytes u64 | tree of positions (tag 0)
//! ```
//! `listpack bytes` is what Redis's listpack of the same elements takes, kept while the shape is
//! listpack and 0 afterwards: the thresholds of OBJECT ENCODING are in those bytes.

mod build;
mod middle;
mod pop;
mod shape;

pub use build::replace;
pub use middle::{Beside, Replaced, Search, insert, positions, remove_equal, set, trim};
pub use pop::{move_element, pop, pop_many};
pub use shape::Threshold;
pub(crate) use shape::{integer_listpack_len, listpack_len};

use crate::change::Event;
use crate::collection::Place;
use crate::collection::tree::{Form, Tree, TreeKind};
use crate::edit::Edit;
use crate::encoding::meta::{DataType, Header};
use crate::encoding::shape::Shape;
use crate::error::{Result, StorageError};
use crate::value::Value;
use crate::view::{KeyEntry, View};

/// The tree of a list's elements.
pub(crate) const ELEMENTS: TreeKind = TreeKind::new(0, Form::Positions);
/// Bytes of the payload before the tree.
pub(crate) const TREE_AT: usize = 9;

/// An end of a list.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum End {
    /// The left one, where the first element is.
    Front,
    /// The right one.
    Back,
}

/// A list, opened once and written back once.
struct List<'k> {
    entry: KeyEntry<'k>,
    place: Place,
    shape: Shape,
    listpack_bytes: u64,
    tree: Tree,
    /// Rows were written ahead, in commits of their own.
    spilled: bool,
}

impl<'k> List<'k> {
    #[inline]
    fn open(view: &View<'_>, key: &'k [u8]) -> Result<List<'k>> {
        let entry = view.open_as(key, DataType::List)?;
        let place = Place::of(&entry);
        let Some(payload) = entry.payload_value() else {
            return Ok(List {
                place,
                shape: Shape::Listpack,
                listpack_bytes: shape::EMPTY_BYTES,
                tree: Tree::empty(ELEMENTS),
                spilled: false,
                entry,
            });
        };
        if place.id.is_some() {
            view.need_latch()?;
        }
        let bytes = payload
            .get(1..)
            .and_then(|rest| rest.first_chunk::<8>())
            .ok_or_else(|| StorageError::Corrupted("a list without its length".into()))?;
        let (tree, _) = Tree::decode(ELEMENTS, &payload, TREE_AT)?;
        Ok(List {
            place,
            shape: Shape::decode(&payload)?,
            listpack_bytes: u64::from_be_bytes(*bytes),
            tree,
            spilled: false,
            entry,
        })
    }

    fn len(&self) -> u64 {
        self.tree.len()
    }

    /// The rank that an index means; negative ones count from the end.
    fn rank(&self, index: i64) -> Option<u64> {
        let rank = match u64::try_from(index) {
            Ok(rank) => rank,
            Err(_) => self.len().checked_sub(index.unsigned_abs())?,
        };
        (rank < self.len()).then_some(rank)
    }

    /// The ranks from `start` to `stop`, both included, as a half-open range.
    fn ranks(&self, start: i64, stop: i64) -> (u64, u64) {
        let absolute = |index: i64| match u64::try_from(index) {
            Ok(rank) => Some(rank),
            Err(_) => self.len().checked_sub(index.unsigned_abs()),
        };
        let first = absolute(start).unwrap_or(0);
        let end = absolute(stop).map_or(0, |last| last.saturating_add(1).min(self.len()));
        (first.min(end), end)
    }

    /// Writes the list back, telling `event`, or deletes the key if nothing is left.
    fn write(mut self, edit: &mut Edit<'_>, event: Event) -> Result<()> {
        if self.tree.is_empty() {
            return edit.remove_emptied(&self.entry, event);
        }
        if self.tree.is_packed() && self.place.id.is_some() {
            // The rows it had go with the id, which the meta record no longer names.
            self.tree.forget_numbers();
            self.place.id = None;
        }
        let mut header = Header::new(DataType::List);
        if let Some(old) = self.entry.header() {
            header.expire_ms = old.expire_ms;
            header.extensions.clone_from(&old.extensions);
        }
        let place_head = self.place.head(self.tree.len());
        header.head = place_head;
        let mut front = [self.shape as u8; TREE_AT];
        if let Some(bytes) = front.last_chunk_mut::<8>() {
            *bytes = self.listpack_bytes.to_be_bytes();
        }
        let head = self.tree.encode_head();
        let payload = [&front[..], &head, self.tree.root_bytes()];
        edit.put(&self.entry, header, &payload, &[event])?;
        if let Some(head) = place_head {
            edit.publish(head, self.spilled);
        }
        Ok(())
    }

    /// Removes what stands outside some ranks. What one commit cannot remove is left with the id:
    /// what stays is written under another.
    fn keep(&mut self, edit: &mut Edit<'_>, first: u64, end: u64) -> Result<()> {
        let (tree, place, len) = (self.tree.clone(), self.place, self.len());
        let removed = edit.removes_in_one_commit(len - (end - first), |edit| {
            self.tree.remove_range(edit, &mut self.place, end, len)?;
            self.tree
                .remove_range(edit, &mut self.place, 0, first)
                .map(drop)
        })?;
        if !removed {
            self.place = Place {
                home_slot: self.entry.name.slot,
                id: None,
            };
            let (to, spilled) = (&mut self.place, &mut self.spilled);
            self.tree = tree.copy_ranks(edit, &place, to, first..end, spilled)?;
        }
        Ok(())
    }
}

/// Number of elements.
pub fn len(view: &View<'_>, key: &[u8]) -> Result<u64> {
    let entry = view.open_as(key, DataType::List)?;
    let Some(header) = entry.header() else {
        return Ok(0);
    };
    match header.head {
        Some(head) => Ok(head.count),
        None => Ok(List::open(view, key)?.len()),
    }
}

/// Whether the key holds a list, and neither nothing nor something else.
pub fn holds_list(view: &View<'_>, key: &[u8]) -> Result<bool> {
    match exists(view, key) {
        Err(StorageError::WrongType) => Ok(false),
        found => found,
    }
}

/// Whether there is such a list.
pub fn exists(view: &View<'_>, key: &[u8]) -> Result<bool> {
    Ok(view.open_as(key, DataType::List)?.exists())
}

/// Puts elements in at an end, one after the other; gives the new length. With `must_exist` a key
/// that does not exist stays so, and the answer is 0.
pub fn push<'a>(
    edit: &mut Edit<'_>,
    key: &[u8],
    elements: impl DoubleEndedIterator<Item = &'a [u8]> + Clone,
    end: End,
    must_exist: bool,
    threshold: Threshold,
) -> Result<u64> {
    let mut list = List::open(edit, key)?;
    if must_exist && !list.entry.exists() {
        return Ok(0);
    }
    list.grow(elements.clone(), threshold);
    let event = match end {
        End::Front => {
            let (tree, place) = (&mut list.tree, &mut list.place);
            tree.push_front(edit, place, elements.rev())?;
            Event::LPush
        }
        End::Back => {
            let (tree, place) = (&mut list.tree, &mut list.place);
            tree.push_back(edit, place, elements)?;
            Event::RPush
        }
    };
    let len = list.len();
    list.write(edit, event)?;
    Ok(len)
}

/// The element at an index; negative ones count from the end.
pub fn index(view: &View<'_>, key: &[u8], index: i64) -> Result<Option<Value>> {
    let list = List::open(view, key)?;
    let Some(rank) = list.rank(index) else {
        return Ok(None);
    };
    let item = list.tree.at(view, &list.place, rank)?;
    Ok(item.map(|item| item.value))
}

/// The elements from `start` to `stop`, both included, each as what the caller makes of it;
/// negative indexes count from the end.
pub fn range<T: From<Value>>(view: &View<'_>, key: &[u8], start: i64, stop: i64) -> Result<Vec<T>> {
    let list = List::open(view, key)?;
    let (first, end) = list.ranks(start, stop);
    list.elements(view, first, end)
}

/// Calls `each` with the elements that [`range`] would give.
pub fn for_each(
    view: &View<'_>,
    key: &[u8],
    (start, stop): (i64, i64),
    mut each: impl FnMut(&[u8]),
) -> Result<()> {
    let list = List::open(view, key)?;
    let ranks = list.ranks(start, stop);
    let (tree, place) = (&list.tree, &list.place);
    tree.for_each(view, place, ranks, |_, element| each(element))
}

impl List<'_> {
    fn elements<T: From<Value>>(&self, view: &View<'_>, first: u64, end: u64) -> Result<Vec<T>> {
        if first >= end {
            return Ok(Vec::new());
        }
        let mut elements = Vec::with_capacity((end - first) as usize);
        let mut cursor = self.tree.cursor_at_rank(view, &self.place, first)?;
        cursor.values_to(end, |value| elements.push(T::from(value)))?;
        Ok(elements)
    }
}
