//! Owns the counted tree: entries in the order of their keys, or in the order in which they were
//! put, found by key and by rank in logarithmic time.
//! Invariants: the root stands inside the meta record, every other node in a row of its own that is
//! found by its number alone; each inner node knows how many entries are below each child; numbers
//! of nodes and blobs are used once. Must not know: what keys and values mean, which types there
//! are. Tests: `storage/tests/tree`.
//!
//! ```text
//! tree    height u8 (| 0x80 if numbered) | [entries u48 | next number u48 | blobs u48]
//!         | root bytes u32 | root node
//! node    row NODE tag | number -> leaf or inner node
//! blob    row BLOB tag | number -> flags u8 (0) | the value
//! ```
//!
//! A tree of height 0 is one leaf, all of it in the meta record; unless it is numbered, its entries
//! are those of the leaf, and it has never had a row.

mod build;
pub mod check;
mod cursor;
mod form;
mod grow;
mod inner;
mod leaf;
mod moves;
mod path;
mod read;
mod rows;
mod shrink;
mod write;

pub use build::Builder;
pub use cursor::Cursor;
pub use form::{Form, Sizes, TreeKind};
pub use read::Item;

use crate::encoding::record::Record;
use crate::encoding::short::Short;
use crate::error::{Result, StorageError};
use crate::value::Value;
use leaf::Leaf;
use smallvec::SmallVec;
use std::ops::Range;

/// Set in the height's byte if the numbers follow.
const NUMBERED: u8 = 0x80;
/// More levels than 2^48 entries can need.
const HEIGHT_MAX: u8 = 48;
/// Bytes of the numbers.
const NUMBERS_LEN: usize = 18;

/// A tree as its meta record describes it.
#[derive(Debug, Clone)]
pub struct Tree {
    kind: TreeKind,
    height: u8,
    len: u64,
    /// The next number for a node or blob.
    next: u64,
    /// Values that stand in rows of their own.
    blobs: u64,
    /// Shares the meta record's allocation until it is changed.
    root: Value,
}

/// The bytes of a tree before its root.
pub type TreeHead = SmallVec<[u8; 24]>;

impl Tree {
    /// A tree without entries.
    pub fn empty(kind: TreeKind) -> Tree {
        Tree {
            kind,
            height: 0,
            len: 0,
            next: 1,
            blobs: 0,
            root: Value::from(&[kind.form.bits(), 0, 0][..]),
        }
    }

    /// The tree that begins at byte `at` of a payload, and where its bytes end. The root is not
    /// copied.
    #[inline]
    pub fn decode(kind: TreeKind, payload: &Value, at: usize) -> Result<(Tree, usize)> {
        let (numbers, root) = read(kind, payload, at)?;
        let end = root.end;
        Ok((numbers.tree(kind, payload.part(root)), end))
    }

    /// The tree that begins at byte `at` of a payload and is the last thing that is read of it.
    #[inline]
    pub fn decode_last(kind: TreeKind, payload: Value, at: usize) -> Result<Tree> {
        let (numbers, root) = read(kind, &payload, at)?;
        Ok(numbers.tree(kind, payload.into_part(root)))
    }

    /// The bytes that stand before the root; [`Tree::root_bytes`] follow them.
    #[inline]
    pub fn encode_head(&self) -> TreeHead {
        let mut out = Short::default();
        if self.height == 0 && self.next == 1 {
            out.push(&[0]);
        } else {
            out.push(&[self.height | NUMBERED]);
            for number in [self.len, self.next, self.blobs] {
                out.push(number.to_be_bytes().get(2..).unwrap_or_default());
            }
        }
        out.push(&(self.root.len() as u32).to_be_bytes());
        out.into()
    }

    /// Appends the whole tree to a payload.
    pub fn encode(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(&self.encode_head());
        out.extend_from_slice(&self.root);
    }

    /// Number of entries.
    #[inline]
    pub fn len(&self) -> u64 {
        self.len
    }

    /// Whether there are no entries.
    #[inline]
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// Whether all of it stands in the meta record: it has no rows.
    #[inline]
    pub fn is_packed(&self) -> bool {
        self.height == 0 && self.blobs == 0
    }

    /// What its owner decided about it.
    pub fn kind(&self) -> TreeKind {
        self.kind
    }

    /// Levels above the leaves.
    pub fn height(&self) -> u8 {
        self.height
    }

    /// The root node's bytes.
    #[inline]
    pub fn root_bytes(&self) -> &[u8] {
        &self.root
    }

    /// Forgets the numbers given out so far, for a collection that gives up its id: rows under a
    /// new id may use them again. Does nothing unless the tree is packed.
    pub fn forget_numbers(&mut self) {
        if self.is_packed() {
            self.next = 1;
        }
    }

    fn set_root(&mut self, parts: &[&[u8]]) {
        self.root = Record::new(&[], parts).value_from(0);
    }

    fn corrupted(&self, number: u64) -> StorageError {
        StorageError::Corrupted(format!("node {number} of tree {}", self.kind.tag))
    }
}

fn take_u48(rest: &mut &[u8]) -> Option<u64> {
    let (bytes, after) = rest.split_first_chunk::<6>()?;
    *rest = after;
    let [a, b, c, d, e, f] = *bytes;
    Some(u64::from_be_bytes([0, 0, a, b, c, d, e, f]))
}

/// What stands before the root.
struct Numbers {
    height: u8,
    len: u64,
    next: u64,
    blobs: u64,
}

impl Numbers {
    #[inline]
    fn tree(self, kind: TreeKind, root: Value) -> Tree {
        Tree {
            kind,
            height: self.height,
            len: self.len,
            next: self.next,
            blobs: self.blobs,
            root,
        }
    }
}

/// The numbers of the tree that begins at byte `at`, and where its root stands.
#[inline]
fn read(kind: TreeKind, payload: &[u8], at: usize) -> Result<(Numbers, Range<usize>)> {
    decode(kind, payload, at).ok_or_else(|| {
        StorageError::Corrupted(format!("tree {} of {} bytes", kind.tag, payload.len()))
    })
}

fn decode(kind: TreeKind, payload: &[u8], at: usize) -> Option<(Numbers, Range<usize>)> {
    let (&first, mut rest) = payload.get(at..)?.split_first()?;
    let height = first & !NUMBERED;
    let numbered = first & NUMBERED != 0;
    if height > HEIGHT_MAX || (height > 0 && !numbered) {
        return None;
    }
    let (mut len, mut next, mut blobs) = (0, 1, 0);
    if numbered {
        len = take_u48(&mut rest)?;
        next = take_u48(&mut rest)?.max(1);
        blobs = take_u48(&mut rest)?;
    }
    let (root_len, _) = rest.split_first_chunk::<4>()?;
    let start = at + 1 + if numbered { NUMBERS_LEN } else { 0 } + 4;
    let end = start.checked_add(u32::from_be_bytes(*root_len) as usize)?;
    let bytes = payload.get(start..end)?;
    match height {
        0 => {
            let entries = Leaf::parse(bytes, kind.form)?.count() as u64;
            if numbered && len != entries {
                return None;
            }
            len = entries;
        }
        _ => {
            inner::Inner::parse(bytes, kind.form)?;
        }
    }
    let numbers = Numbers {
        height,
        len,
        next,
        blobs,
    };
    Some((numbers, start..end))
}
