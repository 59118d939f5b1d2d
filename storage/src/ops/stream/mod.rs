//! Owns operations on streams: adding (`add`), trimming and deleting (`trim`, `delete`), reading
//! (`read`), consumer groups (`group`, `consumer`, `pending`, `deliver`, `claim`, `about`).
//! Invariants: entries ascend by id; ids once given are not given again; an empty stream is a key;
//! an operation on one entry, or on one pending entry, costs paths through trees and the meta
//! record. Must not know: replies, waiting. Tests: `storage/tests/streams.rs`, the oracle.
//!
//! ```text
//! payload    shape u8 | flags u8 (1: groups follow) | last id | first id | max deleted id
//!            | entries added u64 | last node: first id | bytes u32 | entries u32 | fields u32
//!            | tree 0 of entries | tree 1 of nodes
//!            | [next number u32 | trees 2 to 6, of groups]
//! entries    id -> entry                           nodes      id of the first entry ->
//! groups     name -> see `group`                   pending    group u32 | id -> see `pending`
//! names      group u32 | name -> consumer u32      consumers  consumer u32 -> see `consumer`
//! owned      consumer u32 | id ->
//! ```
//! Groups and consumers are known by numbers, which are never used again. Nodes are those that a
//! Redis of the same history would have: see `node`.

mod about;
mod add;
mod claim;
mod consumer;
mod delete;
mod deliver;
mod entry;
mod group;
mod id;
mod node;
mod pending;
mod read;
mod replace;
mod trees;
mod trim;

pub use about::{ConsumerInfo, GroupInfo, PendingInfo, StreamInfo, about, consumers, groups};
pub use about::{FullConsumer, FullGroup, full_groups};
pub use add::{Add, Added, NewId, add};
pub use claim::{AutoClaim, AutoClaimed, Claim, Claimed, auto_claim, claim};
pub use consumer::{create_consumer, delete_consumer};
pub use delete::{References, Removal, acknowledge_and_delete, delete, delete_with};
pub use deliver::{Delivered, DeliveredEntry, Delivery, Wanted, deliver};
pub use entry::Entry;
pub use group::{CreateGroup, Created, GroupStart, create_group, destroy_group, move_group};
pub use id::StreamId;
pub use node::NodeLimits;
pub use pending::{PendingFilter, PendingSummary, acknowledge, pending_range, pending_summary};
pub use read::{Span, after, exists, has_group, last_entry_id, last_id, len, range};
pub use replace::{Whole, WholeConsumer, WholeGroup, replace};
pub(crate) use trees::trees;
pub use trim::{Bound, SetId, SetIdError, Trim, set_id, trim};

use crate::change::Event;
use crate::collection::Place;
use crate::collection::tree::Tree;
use crate::edit::Edit;
use crate::encoding::meta::{DataType, Header};
use crate::encoding::shape::Shape;
use crate::encoding::short::Short;
use crate::error::{Result, StorageError};
use crate::value::Value;
use crate::view::{KeyEntry, View};
use node::Tail;
use smallvec::SmallVec;
use trees::{ENTRIES, GroupTrees, NODES};

/// Groups follow.
const WITH_GROUPS: u8 = 1;
/// Bytes of the fixed fields.
const FIXED_LEN: usize = 2 + 4 * id::ID_LEN + 8 + 3 * 4;

/// A stream, opened once and written back once.
struct Stream<'k> {
    entry: KeyEntry<'k>,
    place: Place,
    /// The greatest id that was ever given, or set.
    last: StreamId,
    /// The id of the first entry; 0-0 without entries.
    first: StreamId,
    /// The greatest id that was deleted other than by trimming.
    max_deleted: StreamId,
    added: u64,
    tail: Tail,
    entries: Tree,
    nodes: Tree,
    /// `None` as long as there was no group.
    groups: Option<Box<GroupTrees>>,
    /// Rows were written ahead, in commits of their own.
    spilled: bool,
}

impl<'k> Stream<'k> {
    #[inline]
    fn open(view: &View<'_>, key: &'k [u8]) -> Result<Stream<'k>> {
        let entry = view.open_as(key, DataType::Stream)?;
        let payload = entry.payload_value();
        let (entries, nodes, groups) = match &payload {
            Some(payload) => Stream::decode_trees(payload)?,
            None => (Tree::empty(ENTRIES), Tree::empty(NODES), None),
        };
        let mut stream = Stream {
            place: Place::of(&entry),
            last: StreamId::MIN,
            first: StreamId::MIN,
            max_deleted: StreamId::MIN,
            added: 0,
            tail: Tail::default(),
            entries,
            nodes,
            groups,
            spilled: false,
            entry,
        };
        if let Some(payload) = payload {
            stream.decode_fixed(&payload)?;
            if stream.place.id.is_some() {
                view.need_latch()?;
            }
        }
        Ok(stream)
    }

    /// The same, or `None` if there is no such key.
    #[inline]
    fn find(view: &View<'_>, key: &'k [u8]) -> Result<Option<Stream<'k>>> {
        let stream = Stream::open(view, key)?;
        Ok(stream.entry.exists().then_some(stream))
    }

    #[inline]
    fn decode_trees(payload: &Value) -> Result<(Tree, Tree, Option<Box<GroupTrees>>)> {
        let (entries, at) = Tree::decode(ENTRIES, payload, FIXED_LEN)?;
        let (nodes, at) = Tree::decode(NODES, payload, at)?;
        let groups = match payload.get(1) {
            Some(flags) if flags & WITH_GROUPS != 0 => {
                Some(Box::new(GroupTrees::decode(payload, at)?))
            }
            _ => None,
        };
        Ok((entries, nodes, groups))
    }

    fn decode_fixed(&mut self, payload: &[u8]) -> Result<()> {
        let damaged = || StorageError::Corrupted("the fixed fields of a stream".into());
        Shape::decode(payload)?;
        let fixed = payload.first_chunk::<FIXED_LEN>().ok_or_else(damaged)?;
        let mut rest = &fixed[2..];
        let mut id = || {
            let (bytes, after) = rest.split_at_checked(id::ID_LEN)?;
            rest = after;
            StreamId::decode(bytes)
        };
        (self.last, self.first) = id().zip(id()).ok_or_else(damaged)?;
        self.max_deleted = id().ok_or_else(damaged)?;
        let (added, mut rest) = rest.split_first_chunk::<8>().ok_or_else(damaged)?;
        self.added = u64::from_be_bytes(*added);
        let (first, after) = rest.split_at_checked(id::ID_LEN).ok_or_else(damaged)?;
        rest = after;
        let mut number = || {
            let (bytes, after) = rest.split_first_chunk::<4>()?;
            rest = after;
            Some(u32::from_be_bytes(*bytes))
        };
        self.tail = Tail {
            first: StreamId::decode(first).ok_or_else(damaged)?,
            bytes: number().ok_or_else(damaged)?,
            entries: number().ok_or_else(damaged)?,
            fields: number().ok_or_else(damaged)?,
        };
        Ok(())
    }

    fn len(&self) -> u64 {
        self.entries.len()
    }

    /// Whether no tree has rows.
    fn is_packed(&self) -> bool {
        let groups = self.groups.as_deref();
        self.entries.is_packed()
            && self.nodes.is_packed()
            && groups.is_none_or(GroupTrees::are_packed)
    }

    /// Writes the stream back, telling `events`.
    fn write(mut self, edit: &mut Edit<'_>, events: &[Event]) -> Result<()> {
        if self.place.id.is_some() && self.is_packed() {
            // The rows it had go with the id, which the meta record no longer names.
            self.entries.forget_numbers();
            self.nodes.forget_numbers();
            if let Some(groups) = &mut self.groups {
                groups.forget_numbers();
            }
            self.place.id = None;
        }
        let mut header = Header::new(DataType::Stream);
        if let Some(old) = self.entry.header() {
            header.expire_ms = old.expire_ms;
            header.extensions.clone_from(&old.extensions);
        }
        let head = self.place.head(self.len());
        header.head = head;
        let fixed = self.fixed();
        let (entries, nodes) = (self.entries.encode_head(), self.nodes.encode_head());
        let groups = self.groups.as_deref().map(GroupTrees::encode);
        let mut parts: SmallVec<[&[u8]; 6]> = SmallVec::new();
        parts.extend([fixed.as_slice(), &entries, self.entries.root_bytes()]);
        parts.extend([&nodes[..], self.nodes.root_bytes()]);
        parts.extend(groups.as_deref());
        edit.put(&self.entry, header, &parts, events)?;
        if let Some(head) = head {
            edit.publish(head, self.spilled);
        }
        Ok(())
    }

    fn fixed(&self) -> Short<FIXED_LEN> {
        let flags = if self.groups.is_some() {
            WITH_GROUPS
        } else {
            0
        };
        let mut out = Short::default();
        out.push(&[Shape::Stream as u8, flags]);
        for id in [self.last, self.first, self.max_deleted] {
            out.push(&id.bytes());
        }
        out.push(&self.added.to_be_bytes());
        out.push(&self.tail.first.bytes());
        for number in [self.tail.bytes, self.tail.entries, self.tail.fields] {
            out.push(&number.to_be_bytes());
        }
        out
    }
}
