//! Owns XREADGROUP's work: delivering new entries to a consumer, and showing it its own again.
//! Must not know: replies, waiting. Tests: `storage/tests/streams.rs`, the oracle.

use super::consumer::Consumer;
use super::group::Group;
use super::pending::{Pending, numbered_id};
use super::{Entry, Stream, StreamId};
use crate::change::Event;
use crate::edit::Edit;
use crate::error::Result;

/// Who reads, and how.
#[derive(Debug, Clone, Copy)]
pub struct Delivery<'a> {
    /// The group.
    pub group: &'a [u8],
    /// The consumer, which is made if need be.
    pub consumer: &'a [u8],
    /// Entries at most; `None` for all.
    pub count: Option<u64>,
    /// What is delivered anew counts as acknowledged.
    pub no_ack: bool,
    /// Before new entries it is given what is pending, whoever owns it, and was delivered at least
    /// so long ago, ms.
    pub claim_idle_ms: Option<u64>,
}

/// What is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wanted {
    /// Entries that no consumer of the group was given.
    New,
    /// What is pending for the consumer, behind this id.
    History(StreamId),
}

/// What [`deliver`] came to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Delivered {
    /// There is no such group, or no such stream.
    NoGroup,
    /// There are no new entries, and none to claim. If some were to be claimed: for how long none
    /// can be, ms, even if others are given entries meanwhile.
    Nothing { again_ms: Option<u64> },
    /// The entries.
    Entries(Vec<DeliveredEntry>),
}

/// An entry as it is delivered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeliveredEntry {
    /// Its id.
    pub id: StreamId,
    /// The entry; `None` if it was deleted meanwhile.
    pub entry: Option<Entry>,
    /// How long ago it was delivered last, ms; 0 if never.
    pub idle_ms: u64,
    /// How often it was delivered before.
    pub deliveries: u64,
}

impl DeliveredEntry {
    fn first(id: StreamId, entry: Option<Entry>) -> DeliveredEntry {
        DeliveredEntry {
            id,
            entry,
            idle_ms: 0,
            deliveries: 0,
        }
    }
}

/// Delivers entries to a consumer.
pub fn deliver(
    edit: &mut Edit<'_>,
    key: &[u8],
    who: &Delivery<'_>,
    wanted: Wanted,
) -> Result<Delivered> {
    let mut stream = Stream::open(edit, key)?;
    let Some(mut group) = stream.group(edit, who.group)? else {
        return Ok(Delivered::NoGroup);
    };
    let now_ms = edit.now_ms();
    let (mut consumer, made) = match stream.consumer(edit, &group, who.consumer)? {
        Some(consumer) => (consumer, false),
        None => (stream.make_consumer(edit, &mut group, who.consumer)?, true),
    };
    consumer.seen_ms = now_ms;
    let mut again_ms = None;
    let delivered = match wanted {
        Wanted::New => {
            let mut delivered = Vec::new();
            if let Some(idle_min_ms) = who.claim_idle_ms {
                let to = (&mut group, &mut consumer);
                (delivered, again_ms) = stream.claim_idle(edit, to, idle_min_ms, who.count)?;
            }
            let left = who.count.map(|count| count - delivered.len() as u64);
            stream.deliver_new(edit, (&mut group, &mut consumer), who, left, &mut delivered)?;
            if !delivered.is_empty() {
                consumer.active_ms = Some(now_ms);
            }
            delivered
        }
        Wanted::History(id) => {
            stream.deliver_again(edit, &group, consumer.number, id, who.count)?
        }
    };
    stream.put_consumer(edit, &consumer)?;
    stream.put_group(edit, &group)?;
    let events = [Event::XGroupCreateConsumer, Event::XReadGroup];
    stream.write(edit, if made { &events } else { &events[1..] })?;
    Ok(match wanted {
        Wanted::New if delivered.is_empty() => Delivered::Nothing { again_ms },
        _ => Delivered::Entries(delivered),
    })
}

impl Stream<'_> {
    /// Gives a consumer up to `count` entries that no consumer of the group was given.
    fn deliver_new(
        &mut self,
        edit: &mut Edit<'_>,
        (group, consumer): (&mut Group, &mut Consumer),
        who: &Delivery<'_>,
        count: Option<u64>,
        delivered: &mut Vec<DeliveredEntry>,
    ) -> Result<()> {
        let entries = self.after(edit, group.last, count)?;
        for entry in &entries {
            self.note_delivery(group, entry.id);
            if !who.no_ack {
                let before = self.pending(edit, group, entry.id)?;
                let pending = Pending {
                    consumer: consumer.number,
                    at_ms: edit.now_ms(),
                    deliveries: 1,
                };
                let to = (&mut *group, &mut *consumer);
                self.assign(edit, to, (entry.id, before), &pending)?;
            }
        }
        let entries = entries.into_iter();
        delivered.extend(entries.map(|entry| DeliveredEntry::first(entry.id, Some(entry))));
        Ok(())
    }

    /// Shows a consumer what is pending for it behind an id.
    fn deliver_again(
        &mut self,
        edit: &mut Edit<'_>,
        group: &Group,
        consumer: u32,
        id: StreamId,
        count: Option<u64>,
    ) -> Result<Vec<DeliveredEntry>> {
        let mut ids = Vec::new();
        let count = count.unwrap_or(u64::MAX);
        if let (Some(trees), Some(start)) = (&self.groups, id.next()) {
            let from = super::pending::numbered(consumer, start);
            let mut cursor = trees.owned.cursor_at_key(edit, &self.place, &from)?;
            let own = |key: &&[u8]| key.starts_with(&consumer.to_be_bytes());
            while let Some(key) = cursor.key().filter(own) {
                if ids.len() as u64 == count {
                    break;
                }
                ids.push(numbered_id(key)?);
                if !cursor.advance()? {
                    break;
                }
            }
        }
        let mut shown = Vec::with_capacity(ids.len());
        for id in ids {
            let entry = self.find_entry(edit, id)?;
            let pending = self.pending(edit, group, id)?;
            if let Some(mut pending) = pending.filter(|_| entry.is_some()) {
                pending.at_ms = edit.now_ms();
                pending.deliveries = pending.deliveries.saturating_add(1);
                self.put_pending(edit, group, id, &pending)?;
            }
            shown.push(DeliveredEntry::first(id, entry));
        }
        Ok(shown)
    }
}
