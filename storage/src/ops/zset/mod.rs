//! Owns operations on sorted sets: members with scores (`member`), ranges (`range`), what is taken
//! from the ends or drawn (`pop`), and sets made from sets (`algebra`, `store`).
//! Invariants: the tree holds each member once, under its score; once the tree has rows, buckets
//! find the score of a member, and both say the same. Must not know: replies, options' spelling.
//! Tests: `storage/tests/zsets.rs`, the oracle.
//!
//! ```text
//! payload = shape u8 | tree                       inside the meta record
//!         | shape u8 | state of buckets | tree    spread over rows
//! ```
//!
//! The tree (tag 0) is one of keys, each a score and a member; an entry of a bucket is a member
//! with the eight bytes of its score.

mod algebra;
mod change;
mod members;
mod pop;
mod range;
mod store;

pub use algebra::{Aggregate, Algebra, Source, combine, intersection_len};
pub use change::{Added, Condition, add, increment, remove};
pub use pop::{End, page, pop, random, random_many};
pub use range::{
    Bound, LexBound, LexRange, Limit, Range, ScoreRange, count, for_each, range, rank, remove_range,
};
pub use store::store;

use crate::change::Event;
use crate::collection::Place;
use crate::collection::buckets::{Buckets, STATE_LEN};
use crate::collection::map::look_into_buckets;
use crate::collection::tree::{Form, Tree, TreeKind};
use crate::edit::Edit;
use crate::encoding::meta::{DataType, Header};
use crate::encoding::score::score_of;
use crate::encoding::shape::Shape;
use crate::error::{Result, StorageError};
use crate::value::Value;
use crate::view::{KeyEntry, View};

/// The tree of scores and members.
pub(crate) const SCORES: TreeKind = TreeKind::new(0, Form::Keys);

/// Bytes of the payload before the tree.
pub(crate) fn tree_at(spread: bool) -> usize {
    if spread { 1 + STATE_LEN } else { 1 }
}

/// Up to where sorted sets count as small: Redis's directives of the same names.
#[derive(Debug, Clone, Copy)]
pub struct Thresholds {
    /// `zset-max-listpack-entries`
    pub listpack_entries: u64,
    /// `zset-max-listpack-value`
    pub listpack_value: usize,
}

impl Thresholds {
    fn fits(&self, entries: u64, member_len: usize) -> bool {
        entries <= self.listpack_entries && member_len <= self.listpack_value
    }
}

/// A member with its score.
#[derive(Debug, Clone, PartialEq)]
pub struct Scored {
    /// The member's bytes.
    pub member: Value,
    /// Its score, never NaN.
    pub score: f64,
}

/// A sorted set, opened once and written back once.
pub(crate) struct ZSet<'k> {
    entry: KeyEntry<'k>,
    place: Place,
    shape: Shape,
    tree: Tree,
    /// Finds the scores of members; there from the moment at which the tree gets rows.
    members: Option<Buckets>,
    /// What the key held before has nothing to do with the set: its expiry goes.
    replaces: bool,
    /// Rows were written ahead, in commits of their own.
    spilled: bool,
}

impl<'k> ZSet<'k> {
    #[inline]
    pub(crate) fn open(view: &View<'_>, key: &'k [u8]) -> Result<ZSet<'k>> {
        let entry = view.open_as(key, DataType::ZSet)?;
        ZSet::of(view, entry)
    }

    /// The set that an entry, whose type is checked, holds.
    fn of(view: &View<'_>, entry: KeyEntry<'k>) -> Result<ZSet<'k>> {
        let Some(payload) = entry.payload_value() else {
            return Ok(ZSet {
                replaces: false,
                ..ZSet::replacing(entry)
            });
        };
        let place = Place::of(&entry);
        let spread = place.id.is_some();
        let mut members = None;
        if spread {
            view.need_latch()?;
            members = Some(Buckets::decode(payload.get(1..).unwrap_or_default())?);
        }
        Ok(ZSet {
            shape: Shape::decode(&payload)?,
            place,
            tree: Tree::decode_last(SCORES, payload, tree_at(spread))?,
            members,
            replaces: false,
            spilled: false,
            entry,
        })
    }

    /// An empty set that takes the place of whatever the key holds, expiry included.
    fn replacing(entry: KeyEntry<'k>) -> ZSet<'k> {
        ZSet {
            place: Place {
                home_slot: entry.name.slot,
                id: None,
            },
            shape: Shape::Listpack,
            tree: Tree::empty(SCORES),
            members: None,
            replaces: true,
            spilled: false,
            entry,
        }
    }

    pub(crate) fn exists(&self) -> bool {
        self.entry.exists()
    }

    fn len(&self) -> u64 {
        self.tree.len()
    }

    /// Whether the id is one of this edit's own, which no meta record names yet.
    fn has_fresh_id(&self) -> bool {
        let stored = self.entry.header().and_then(|header| header.head);
        stored.map(|head| head.id) != self.place.id
    }

    /// Writes the set back, telling `event`, or deletes the key if nothing is left.
    fn write(mut self, edit: &mut Edit<'_>, event: Event) -> Result<()> {
        if self.tree.is_empty() {
            return edit.remove_emptied(&self.entry, event);
        }
        self.pack_if_small();
        let mut header = Header::new(DataType::ZSet);
        if let Some(old) = self.entry.header().filter(|_| !self.replaces) {
            header.expire_ms = old.expire_ms;
            header.extensions.clone_from(&old.extensions);
        }
        let head = self.place.head(self.tree.len());
        header.head = head;
        let state = self.members.map(|members| members.encode());
        let state = state.as_ref().map_or(&[][..], |state| &state[..]);
        let tree_head = self.tree.encode_head();
        let payload = [
            &[self.shape as u8][..],
            state,
            &tree_head,
            self.tree.root_bytes(),
        ];
        edit.put(&self.entry, header, &payload, &[event])?;
        if let Some(head) = head {
            edit.publish(head, self.spilled);
        }
        Ok(())
    }

    /// Gives up the id once the tree stands in the meta record. Rows under an id of this edit's own
    /// have no meta record that would declare them dead, so they stay.
    fn pack_if_small(&mut self) {
        if self.members.is_some() && self.tree.is_packed() && !self.has_fresh_id() {
            self.members = None;
            self.tree.forget_numbers();
            self.place.id = None;
        }
    }
}

/// Number of members.
pub fn len(view: &View<'_>, key: &[u8]) -> Result<u64> {
    let entry = view.open_as(key, DataType::ZSet)?;
    match entry.header().map(|header| header.head) {
        None => Ok(0),
        Some(Some(head)) => Ok(head.count),
        Some(None) => Ok(ZSet::of(view, entry)?.len()),
    }
}

/// Whether there is such a sorted set.
pub fn exists(view: &View<'_>, key: &[u8]) -> Result<bool> {
    Ok(view.open_as(key, DataType::ZSet)?.exists())
}

/// Whether a key holds a sorted set; one of another type does not.
pub fn holds_zset(view: &View<'_>, key: &[u8]) -> Result<bool> {
    match exists(view, key) {
        Err(StorageError::WrongType) => Ok(false),
        found => found,
    }
}

/// The score of a member.
#[inline]
pub fn score(view: &View<'_>, key: &[u8], member: &[u8]) -> Result<Option<f64>> {
    let entry = view.open_as(key, DataType::ZSet)?;
    match (entry.header(), entry.payload()) {
        // The tree has no part in it.
        (Some(header), Some(payload)) if header.head.is_some() => {
            let state = payload.get(1..).unwrap_or_default();
            let Some((block, found)) = look_into_buckets(view, &entry, state, member)? else {
                return Ok(None);
            };
            score_of(block.bytes().get(found.value).unwrap_or_default()).map(Some)
        }
        _ => ZSet::of(view, entry)?.score(view, member),
    }
}

/// The scores of several members.
pub fn scores<'a>(
    view: &View<'_>,
    key: &[u8],
    members: impl Iterator<Item = &'a [u8]>,
) -> Result<Vec<Option<f64>>> {
    let set = ZSet::open(view, key)?;
    members.map(|member| set.score(view, member)).collect()
}
