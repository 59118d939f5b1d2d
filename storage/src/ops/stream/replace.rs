//! Owns streams that are written as a whole, with their groups.
//! Invariants: a stream is built under an id that nobody knows yet, rows first, so any size fits
//! and a crash in between leaves what was there. Must not know: where entries come from.
//! Tests: `tests/compat/dump.rs`.

use super::group::Group;
use super::pending::Pending;
use super::trees::{ENTRIES, NODES};
use super::{NodeLimits, Stream, StreamId, Tail};
use crate::change::Event;
use crate::collection::Place;
use crate::collection::tree::Tree;
use crate::edit::Edit;
use crate::error::Result;
use crate::ops::expire;

/// A stream beside its entries.
#[derive(Debug, Clone)]
pub struct Whole<'a> {
    /// The greatest id ever given.
    pub last: StreamId,
    /// The greatest id deleted other than by trimming.
    pub max_deleted: StreamId,
    /// Entries ever added.
    pub added: u64,
    pub groups: Vec<WholeGroup<'a>>,
}

/// A consumer group.
#[derive(Debug, Clone)]
pub struct WholeGroup<'a> {
    pub name: &'a [u8],
    /// The last id delivered.
    pub last: StreamId,
    /// Entries read, where that is known.
    pub read: Option<u64>,
    pub consumers: Vec<WholeConsumer<'a>>,
}

/// A consumer.
#[derive(Debug, Clone)]
pub struct WholeConsumer<'a> {
    pub name: &'a [u8],
    /// When it last asked, ms.
    pub seen_ms: u64,
    /// When it last got something, ms.
    pub active_ms: Option<u64>,
    /// What waits for its acknowledgement: id, when delivered last in ms, how often.
    pub pending: Vec<(StreamId, u64, u64)>,
}

/// Makes a stream the value of `key`, whatever that held, expiry included. The entries ascend.
///
/// # Errors
/// `ElementTooLong` for an entry that is too long for one row.
pub fn replace<'a>(
    edit: &mut Edit<'_>,
    key: &[u8],
    entries: impl Iterator<Item = (StreamId, Vec<&'a [u8]>)>,
    whole: &Whole<'_>,
    event: Event,
    limits: NodeLimits,
) -> Result<()> {
    let entry = edit.open(key)?;
    let mut stream = Stream {
        place: Place {
            home_slot: entry.name.slot,
            id: None,
        },
        last: StreamId::MIN,
        first: StreamId::MIN,
        max_deleted: whole.max_deleted,
        added: 0,
        tail: Tail::default(),
        entries: Tree::empty(ENTRIES),
        nodes: Tree::empty(NODES),
        groups: None,
        spilled: false,
        entry,
    };
    for (id, strings) in entries {
        stream.append(edit, id, &strings, limits)?;
        stream.spill(edit)?;
    }
    (stream.last, stream.added) = (whole.last, whole.added);
    for group in &whole.groups {
        stream.put_whole_group(edit, group)?;
    }
    stream.write(edit, &[event])?;
    // What was written keeps the time of the key as it was found.
    expire::file(edit, key, None)
}

impl Stream<'_> {
    fn spill(&mut self, edit: &mut Edit<'_>) -> Result<()> {
        match self.place.head(self.len()) {
            Some(head) => edit.spill(head, &mut self.spilled),
            None => Ok(()),
        }
    }

    fn put_whole_group(&mut self, edit: &mut Edit<'_>, whole: &WholeGroup<'_>) -> Result<()> {
        let mut group = Group {
            name: whole.name.to_vec(),
            number: self.groups.get_or_insert_default().take_number()?,
            last: whole.last,
            read: whole.read,
            pending: 0,
            consumers: 0,
        };
        for consumer in &whole.consumers {
            let mut made = self.make_consumer(edit, &mut group, consumer.name)?;
            (made.seen_ms, made.active_ms) = (consumer.seen_ms, consumer.active_ms);
            for &(id, at_ms, deliveries) in &consumer.pending {
                let pending = Pending {
                    consumer: made.number,
                    at_ms,
                    deliveries,
                };
                self.assign(edit, (&mut group, &mut made), (id, None), &pending)?;
                self.spill(edit)?;
            }
            self.put_consumer(edit, &made)?;
        }
        self.put_group(edit, &group)
    }
}
