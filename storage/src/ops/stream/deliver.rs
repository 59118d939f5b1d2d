//! Owns XREADGROUP's work: delivering new entries to a consumer, and showing it its own again.
//! Must not know: replies, waiting. Tests: `storage/tests/streams.rs`, the oracle.

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
    /// What is delivered counts as acknowledged.
    pub no_ack: bool,
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
    /// There are no new entries.
    Nothing,
    /// The entries; `None` for those deleted meanwhile.
    Entries(Vec<(StreamId, Option<Entry>)>),
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
    let delivered = match wanted {
        Wanted::New => {
            let entries = stream.after(edit, group.last, who.count)?;
            for entry in &entries {
                stream.note_delivery(&mut group, entry.id);
                if !who.no_ack {
                    let before = stream.pending(edit, &group, entry.id)?;
                    let pending = Pending {
                        consumer: consumer.number,
                        at_ms: now_ms,
                        deliveries: 1,
                    };
                    let to = (&mut group, &mut consumer);
                    stream.assign(edit, to, (entry.id, before), &pending)?;
                }
            }
            if !entries.is_empty() {
                consumer.active_ms = Some(now_ms);
            }
            let entries = entries.into_iter().map(|entry| (entry.id, Some(entry)));
            entries.collect()
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
        Wanted::New if delivered.is_empty() => Delivered::Nothing,
        _ => Delivered::Entries(delivered),
    })
}

impl Stream<'_> {
    /// Shows a consumer what is pending for it behind an id.
    fn deliver_again(
        &mut self,
        edit: &mut Edit<'_>,
        group: &super::group::Group,
        consumer: u32,
        id: StreamId,
        count: Option<u64>,
    ) -> Result<Vec<(StreamId, Option<Entry>)>> {
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
            shown.push((id, entry));
        }
        Ok(shown)
    }
}
