//! Owns the trees of a stream: their tags, forms and sizes, and the bytes of those of groups.
//! Invariants: tags are on disk; roots are small enough that the meta record of a stream with
//! groups stays about 2 KiB. Must not know: what stands in the trees. Tests:
//! `storage/tests/streams.rs`.

use super::{FIXED_LEN, WITH_GROUPS};
use crate::collection::tree::{Form, Sizes, Tree, TreeKind};
use crate::error::{Result, StorageError};
use crate::limits::{BLOB_BYTES_MIN, INNER_BYTES_MAX, NODE_BYTES_MAX};
use crate::value::Value;

const fn small(tag: u8, form: Form, root_max: usize) -> TreeKind {
    TreeKind::new(tag, form).with_sizes(Sizes {
        root_max,
        leaf_max: NODE_BYTES_MAX,
        inner_max: INNER_BYTES_MAX,
        value_max: BLOB_BYTES_MIN,
    })
}

pub(super) const ENTRIES: TreeKind = TreeKind::new(0, Form::Pairs);
pub(super) const NODES: TreeKind = small(1, Form::Keys, 192);
const GROUPS: TreeKind = small(2, Form::Pairs, 256);
const PENDING: TreeKind = small(3, Form::Pairs, 256);
const NAMES: TreeKind = small(4, Form::Pairs, 192);
const CONSUMERS: TreeKind = small(5, Form::Pairs, 256);
const OWNED: TreeKind = small(6, Form::Keys, 192);

/// The trees of consumer groups, all groups together.
#[derive(Debug, Clone)]
pub(super) struct GroupTrees {
    /// The number for the next group or consumer.
    pub next: u32,
    pub groups: Tree,
    pub pending: Tree,
    pub names: Tree,
    pub consumers: Tree,
    pub owned: Tree,
}

impl Default for GroupTrees {
    fn default() -> GroupTrees {
        GroupTrees {
            next: 1,
            groups: Tree::empty(GROUPS),
            pending: Tree::empty(PENDING),
            names: Tree::empty(NAMES),
            consumers: Tree::empty(CONSUMERS),
            owned: Tree::empty(OWNED),
        }
    }
}

impl GroupTrees {
    pub fn decode(payload: &Value, at: usize) -> Result<GroupTrees> {
        let next = payload.get(at..).and_then(|rest| rest.first_chunk::<4>());
        let next = next.ok_or_else(|| StorageError::Corrupted("a stream without groups".into()))?;
        let (groups, at) = Tree::decode(GROUPS, payload, at + 4)?;
        let (pending, at) = Tree::decode(PENDING, payload, at)?;
        let (names, at) = Tree::decode(NAMES, payload, at)?;
        let (consumers, at) = Tree::decode(CONSUMERS, payload, at)?;
        let (owned, _) = Tree::decode(OWNED, payload, at)?;
        Ok(GroupTrees {
            next: u32::from_be_bytes(*next),
            groups,
            pending,
            names,
            consumers,
            owned,
        })
    }

    pub fn encode(&self) -> Vec<u8> {
        let trees = self.all();
        let roots: usize = trees.iter().map(|tree| tree.root_bytes().len() + 24).sum();
        let mut out = Vec::with_capacity(4 + roots);
        out.extend_from_slice(&self.next.to_be_bytes());
        for tree in trees {
            tree.encode(&mut out);
        }
        out
    }

    fn all(&self) -> [&Tree; 5] {
        [
            &self.groups,
            &self.pending,
            &self.names,
            &self.consumers,
            &self.owned,
        ]
    }

    pub fn all_mut(&mut self) -> [&mut Tree; 5] {
        [
            &mut self.groups,
            &mut self.pending,
            &mut self.names,
            &mut self.consumers,
            &mut self.owned,
        ]
    }

    pub fn are_packed(&self) -> bool {
        self.all().iter().all(|tree| tree.is_packed())
    }

    pub fn forget_numbers(&mut self) {
        self.all_mut().into_iter().for_each(Tree::forget_numbers);
    }

    /// A number that no group or consumer of the stream has had.
    pub fn take_number(&mut self) -> Result<u32> {
        let number = self.next;
        self.next = number.checked_add(1).ok_or(StorageError::Overflow)?;
        Ok(number)
    }
}

/// All trees in the payload of a stream.
pub(crate) fn trees(payload: &Value) -> Result<Vec<Tree>> {
    let (entries, at) = Tree::decode(ENTRIES, payload, FIXED_LEN)?;
    let (nodes, at) = Tree::decode(NODES, payload, at)?;
    let mut trees = vec![entries, nodes];
    if payload.get(1).is_some_and(|flags| flags & WITH_GROUPS != 0) {
        let groups = GroupTrees::decode(payload, at)?;
        trees.extend(groups.all().map(Tree::clone));
    }
    Ok(trees)
}
