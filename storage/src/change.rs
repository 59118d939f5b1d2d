//! Owns what a commit tells about itself: which keys changed, and how.
//! Invariants: a change names a meta row of the same batch, so the key is stored once; events are
//! numbered for ever (they travel in the WAL). Must not know: who listens.
//! Tests: `commit/log.rs` round trips them.

use crate::encoding::meta::DataType;

/// What happened to a key, under the name that keyspace notifications give it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[repr(u8)]
pub enum Event {
    /// The value was replaced whole.
    Set = 1,
    /// The key was deleted by a command.
    Del = 2,
    /// The key's time had come.
    Expired = 3,
    /// An expiry was set.
    Expire = 4,
    /// The expiry was removed.
    Persist = 5,
    /// A number was added.
    IncrBy = 6,
    /// A float was added.
    IncrByFloat = 7,
    /// Bytes were appended.
    Append = 8,
    /// A range or bits were overwritten.
    SetRange = 9,
    /// A bit was set.
    SetBit = 10,
    /// The key was the source of a rename.
    RenameFrom = 11,
    /// The key was the target of a rename.
    RenameTo = 12,
    /// The key left this database.
    MoveFrom = 13,
    /// The key came from another database.
    MoveTo = 14,
    /// The key was the target of a copy.
    CopyTo = 15,
    /// The key did not exist before (accompanies the event of the command).
    New = 16,
}

impl Event {
    /// The event with this number, or `None` for one of a newer format.
    pub fn from_u8(code: u8) -> Option<Event> {
        const ALL: [Event; 16] = [
            Event::Set,
            Event::Del,
            Event::Expired,
            Event::Expire,
            Event::Persist,
            Event::IncrBy,
            Event::IncrByFloat,
            Event::Append,
            Event::SetRange,
            Event::SetBit,
            Event::RenameFrom,
            Event::RenameTo,
            Event::MoveFrom,
            Event::MoveTo,
            Event::CopyTo,
            Event::New,
        ];
        ALL.get(usize::from(code).wrapping_sub(1)).copied()
    }
}

/// One change of a committed batch.
#[derive(Debug, Clone, Copy)]
pub struct Change<'a> {
    /// Database number as the writer saw it.
    pub db: u32,
    /// The user's key.
    pub key: &'a [u8],
    /// The key's type after the change (before it, for deletions).
    pub kind: DataType,
    /// What happened.
    pub event: Event,
}

/// The one listener to commits. It is called once per committed group, on the thread that led the
/// group, in commit order; it must return quickly and must not call back into the store.
pub trait CommitObserver: Send + Sync {
    /// `changes` in the order in which they were staged.
    fn committed(&self, changes: &mut dyn Iterator<Item = Change<'_>>);
}

/// An observer for a store nobody listens to.
pub struct NoObserver;

impl CommitObserver for NoObserver {
    fn committed(&self, _changes: &mut dyn Iterator<Item = Change<'_>>) {}
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn event_codes_round_trip() {
        for code in 0..=255u8 {
            if let Some(event) = Event::from_u8(code) {
                assert_eq!(event as u8, code);
            }
        }
        assert_eq!(Event::from_u8(0), None);
        assert_eq!(Event::from_u8(17), None);
        assert_eq!(Event::from_u8(16), Some(Event::New));
    }
}
