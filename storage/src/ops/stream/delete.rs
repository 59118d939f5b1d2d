//! Owns deleting entries by id, and what becomes of those that groups still hold.
//! Invariants: a node without entries is forgotten. Must not know: replies.
//! Tests: `storage/tests/streams.rs`, the oracle.

use super::{Stream, StreamId};
use crate::change::Event;
use crate::edit::Edit;
use crate::error::Result;

/// What becomes of pending entries when their entry is deleted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum References {
    /// They stay.
    #[default]
    Keep,
    /// They go.
    Delete,
    /// The entry stays as long as a group has not read and acknowledged it.
    Acknowledged,
}

/// What became of one id.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Removal {
    /// There is nothing of that id.
    NotFound,
    /// It is done.
    Done,
    /// The entry stays, since groups refer to it.
    Referenced,
}

/// Deletes entries; gives how many there were.
pub fn delete(edit: &mut Edit<'_>, key: &[u8], ids: &[StreamId]) -> Result<u64> {
    let removals = delete_with(edit, key, ids, References::Keep)?;
    let done = removals.iter().filter(|one| **one == Removal::Done);
    Ok(done.count() as u64)
}

/// Deletes entries; tells of each what became of it.
pub fn delete_with(
    edit: &mut Edit<'_>,
    key: &[u8],
    ids: &[StreamId],
    references: References,
) -> Result<Vec<Removal>> {
    let Some(mut stream) = Stream::find(edit, key)? else {
        return Ok(vec![Removal::NotFound; ids.len()]);
    };
    let mut removals = Vec::with_capacity(ids.len());
    let (mut deleted, mut forgotten) = (0, false);
    for &id in ids {
        let referenced =
            references == References::Acknowledged && stream.is_referenced(edit, id)?;
        if referenced {
            removals.push(match stream.has_entry(edit, id)? {
                true => Removal::Referenced,
                false => Removal::NotFound,
            });
            continue;
        }
        if references == References::Delete {
            forgotten |= stream.forget_references(edit, id)?;
        }
        let gone = stream.remove_entry(edit, id)?;
        deleted += u64::from(gone);
        removals.push(if gone {
            Removal::Done
        } else {
            Removal::NotFound
        });
    }
    if deleted > 0 {
        stream.write(edit, &[Event::XDel])?;
    } else if forgotten {
        stream.write(edit, &[Event::XAck])?;
    }
    Ok(removals)
}

/// Acknowledges entries in a group and deletes them; tells of each what became of it.
pub fn acknowledge_and_delete(
    edit: &mut Edit<'_>,
    key: &[u8],
    group: &[u8],
    ids: &[StreamId],
    references: References,
) -> Result<Vec<Removal>> {
    let mut removals = vec![Removal::NotFound; ids.len()];
    let Some(mut stream) = Stream::find(edit, key)? else {
        return Ok(removals);
    };
    let Some(mut group) = stream.group(edit, group)? else {
        return Ok(removals);
    };
    let (mut acknowledged, mut deleted) = (false, false);
    for (&id, removal) in ids.iter().zip(&mut removals) {
        if !stream.take_pending(edit, &mut group, id)? {
            continue;
        }
        acknowledged = true;
        *removal = Removal::Done;
        match references {
            References::Keep => {}
            References::Delete => {
                stream.put_group(edit, &group)?;
                stream.forget_references(edit, id)?;
            }
            References::Acknowledged if stream.is_referenced(edit, id)? => {
                *removal = Removal::Referenced;
                continue;
            }
            References::Acknowledged => {}
        }
        deleted |= stream.remove_entry(edit, id)?;
    }
    if acknowledged {
        stream.put_group(edit, &group)?;
        let event = if deleted { Event::XDel } else { Event::XAck };
        stream.write(edit, &[event])?;
    }
    Ok(removals)
}

impl Stream<'_> {
    /// Deletes an entry; gives whether there was one.
    fn remove_entry(&mut self, edit: &mut Edit<'_>, id: StreamId) -> Result<bool> {
        let gone = self.entries.remove(edit, &mut self.place, &id.bytes())?;
        if gone.is_none() {
            return Ok(false);
        }
        self.max_deleted = self.max_deleted.max(id);
        if self.entries.is_empty() || id == self.first {
            self.after_removal(edit)?;
        }
        if !self.entries.is_empty() {
            self.drop_empty_node(edit, id)?;
        }
        Ok(true)
    }

    /// Forgets the node that held `id` if nothing is left of it.
    fn drop_empty_node(&mut self, edit: &mut Edit<'_>, id: StreamId) -> Result<()> {
        let (before, found) = self.nodes.rank(edit, &self.place, &id.bytes())?;
        let Some(rank) = (before + u64::from(found)).checked_sub(1) else {
            return Ok(());
        };
        let Some(node) = self.nodes.at(edit, &self.place, rank)? else {
            return Ok(());
        };
        let (start, _) = self.entries.rank(edit, &self.place, &node.key)?;
        let end = match self.nodes.at(edit, &self.place, rank + 1)? {
            Some(next) => self.entries.rank(edit, &self.place, &next.key)?.0,
            None => self.len(),
        };
        if start == end {
            if self.tail.first.bytes()[..] == node.key[..] {
                self.tail = super::node::Tail::default();
            }
            self.nodes.remove_at(edit, &mut self.place, rank)?;
        }
        Ok(())
    }
}
