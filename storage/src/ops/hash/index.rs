//! Owns knowing when the first field of a hash expires, and which fields are due: a small hash is
//! looked through; a large one keeps its times in order in a counted tree.
//! Invariants: `fields_ms` is exact after every write; the tree holds every time of a hash that is
//! spread over buckets, and stands behind their state. Must not know: replies.
//! Tests: `storage/tests/hashes`.
//!
//! ```text
//! tree 1: at_ms u64 | field                     only in hashes spread over buckets
//! ```

use super::Hash;
use crate::collection::tree::{Form, Sizes, Tree, TreeKind};
use crate::edit::Edit;
use crate::error::Result;
use crate::limits::{BLOB_BYTES_MIN, NODE_BYTES_MAX};
use crate::value::Value;
use crate::view::View;

/// The tree of times. Its root is kept short, since every write of the hash writes it.
pub const TIMES: TreeKind = TreeKind::new(1, Form::Keys).with_sizes(Sizes {
    root_max: 256,
    leaf_max: NODE_BYTES_MAX,
    inner_max: NODE_BYTES_MAX,
    value_max: BLOB_BYTES_MIN,
});

/// Bytes of a time in front of its field.
const TIME_LEN: usize = 8;

/// A field whose time changed.
pub(super) struct Retimed {
    field: Vec<u8>,
    old_ms: Option<u64>,
    new_ms: Option<u64>,
}

impl Hash<'_> {
    /// Notes that the time of a field changed.
    #[inline]
    pub(super) fn retime(&mut self, field: &[u8], old_ms: Option<u64>, new_ms: Option<u64>) {
        if old_ms != new_ms {
            self.retimed.push(Retimed {
                field: field.to_vec(),
                old_ms,
                new_ms,
            });
        }
    }

    /// Brings `fields_ms` and the tree of times up to date.
    #[inline]
    pub(super) fn settle_times(&mut self, edit: &mut Edit<'_>) -> Result<()> {
        let retimed = std::mem::take(&mut self.retimed);
        let outgrew = self.was_packed && !self.map.is_packed();
        match (retimed.is_empty(), outgrew) {
            (true, false) => Ok(()),
            (true, true) if self.map.fields_ms.is_none() => Ok(()),
            (_, true) => {
                let mut times = Vec::new();
                self.map.for_each_field(edit, |field, expire_ms| {
                    times.extend(expire_ms.map(|at_ms| tree_key(at_ms, &field)));
                })?;
                let mut tree = Tree::empty(TIMES);
                for key in times {
                    tree.insert(edit, self.map.place_mut(), &key, &[])?;
                    self.map.spill(edit)?;
                }
                self.keep_times(edit, &tree)
            }
            (false, false) if self.map.is_packed() => {
                self.map.fields_ms = self.first_of_packed(edit)?;
                Ok(())
            }
            (false, false) => {
                let mut tree = self.times()?;
                for change in retimed {
                    if let Some(at_ms) = change.old_ms {
                        let key = tree_key(at_ms, &change.field);
                        tree.remove(edit, self.map.place_mut(), &key)?;
                    }
                    if let Some(at_ms) = change.new_ms {
                        let key = tree_key(at_ms, &change.field);
                        tree.insert(edit, self.map.place_mut(), &key, &[])?;
                    }
                }
                self.keep_times(edit, &tree)
            }
        }
    }

    /// The tree of times as the meta record has it.
    fn times(&self) -> Result<Tree> {
        match &self.map.tail {
            Some(tail) => Ok(Tree::decode(TIMES, tail, 0)?.0),
            None => Ok(Tree::empty(TIMES)),
        }
    }

    fn keep_times(&mut self, view: &View<'_>, tree: &Tree) -> Result<()> {
        let first = tree.first(view, self.map.place_mut())?;
        self.map.fields_ms = first.and_then(|item| Some(split_key(&item.key)?.0));
        let mut tail = Vec::new();
        tree.encode(&mut tail);
        self.map.tail = Some(Value::from(tail));
        Ok(())
    }

    fn first_of_packed(&self, view: &View<'_>) -> Result<Option<u64>> {
        let mut first: Option<u64> = None;
        self.map.for_each_field(view, |_, expire_ms| {
            first = match (first, expire_ms) {
                (Some(first), Some(at)) => Some(first.min(at)),
                (first, at) => first.or(at),
            };
        })?;
        Ok(first)
    }

    /// Up to `max` fields whose time has come.
    pub(super) fn due(&mut self, view: &View<'_>, max: usize) -> Result<Vec<Vec<u8>>> {
        let mut due = Vec::new();
        if self.map.is_packed() {
            self.map.for_each_field(view, |field, expire_ms| {
                if !self.is_live(expire_ms) && due.len() < max {
                    due.push(field.to_vec());
                }
            })?;
            return Ok(due);
        }
        let tree = self.times()?;
        let mut cursor = tree.cursor_at_rank(view, self.map.place_mut(), 0)?;
        while let Some((at_ms, field)) = cursor.key().and_then(split_key) {
            if self.is_live(Some(at_ms)) || due.len() == max {
                break;
            }
            due.push(field.to_vec());
            cursor.advance()?;
        }
        Ok(due)
    }
}

fn tree_key(at_ms: u64, field: &[u8]) -> Vec<u8> {
    let mut key = Vec::with_capacity(TIME_LEN + field.len());
    key.extend_from_slice(&at_ms.to_be_bytes());
    key.extend_from_slice(field);
    key
}

fn split_key(key: &[u8]) -> Option<(u64, &[u8])> {
    let (at_ms, field) = key.split_first_chunk::<TIME_LEN>()?;
    Some((u64::from_be_bytes(*at_ms), field))
}
