//! Owns what a commit tells about itself: which keys changed, and how.
//! Invariants: a change names a meta row of the same batch, so the key is stored once; events are
//! numbered for ever (they travel in the WAL). Must not know: who listens.
//! Tests: `commit/log.rs` round trips them.

use crate::encoding::meta::DataType;

/// Declares [`Event`] and the way back from its numbers, so that neither can lack what the other
/// has.
macro_rules! events {
    ($($(#[$doc:meta])* $name:ident = $code:literal,)+) => {
        /// What happened to a key, under the name that keyspace notifications give it.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        #[repr(u8)]
        pub enum Event {
            $($(#[$doc])* $name = $code,)+
        }

        impl Event {
            /// The event with this number, or `None` for one of a newer format.
            pub fn from_u8(code: u8) -> Option<Event> {
                match code {
                    $($code => Some(Event::$name),)+
                    _ => None,
                }
            }
        }
    };
}

events! {
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
    /// A HyperLogLog was added to or merged.
    PfAdd = 17,
    /// Fields were set.
    HSet = 18,
    /// A number was added to a field.
    HIncrBy = 19,
    /// A float was added to a field.
    HIncrByFloat = 20,
    /// Fields were deleted.
    HDel = 21,
    /// Fields were given an expiry.
    HExpire = 22,
    /// Fields' time had come.
    HExpired = 23,
    /// The expiry of fields was removed.
    HPersist = 24,
    /// Elements were added in front.
    LPush = 25,
    /// Elements were added at the end.
    RPush = 26,
    /// Elements were taken from the front.
    LPop = 27,
    /// Elements were taken from the end.
    RPop = 28,
    /// An element was inserted beside another.
    LInsert = 29,
    /// An element was replaced.
    LSet = 30,
    /// A list was cut.
    LTrim = 31,
    /// Equal elements were removed.
    LRem = 32,
    /// Members were added.
    SAdd = 33,
    /// Members were removed.
    SRem = 34,
    /// Members were taken at random.
    SPop = 35,
    /// SINTERSTORE changed the key.
    SInterStore = 36,
    /// SUNIONSTORE changed the key.
    SUnionStore = 37,
    /// SDIFFSTORE changed the key.
    SDiffStore = 38,
    /// Members were added or given another score.
    ZAdd = 39,
    /// A score was added to.
    ZIncr = 40,
    /// Members were removed.
    ZRem = 41,
    /// ZREMRANGEBYSCORE changed the key.
    ZRemRangeByScore = 42,
    /// ZREMRANGEBYRANK changed the key.
    ZRemRangeByRank = 43,
    /// ZREMRANGEBYLEX changed the key.
    ZRemRangeByLex = 44,
    /// ZPOPMIN changed the key.
    ZPopMin = 45,
    /// ZPOPMAX changed the key.
    ZPopMax = 46,
    /// ZUNIONSTORE changed the key.
    ZUnionStore = 47,
    /// ZINTERSTORE changed the key.
    ZInterStore = 48,
    /// ZDIFFSTORE changed the key.
    ZDiffStore = 49,
    /// ZRANGESTORE changed the key.
    ZRangeStore = 50,
    /// GEOSEARCHSTORE changed the key.
    GeoSearchStore = 51,
    /// GEORADIUSSTORE changed the key.
    GeoRadiusStore = 52,
    /// An entry was added.
    XAdd = 53,
    /// Entries were deleted.
    XDel = 54,
    /// Old entries were trimmed.
    XTrim = 55,
    /// The last id was set.
    XSetId = 56,
    /// A consumer group was created.
    XGroupCreate = 57,
    /// A consumer was created.
    XGroupCreateConsumer = 58,
    /// A consumer was deleted.
    XGroupDelConsumer = 59,
    /// A consumer group was deleted.
    XGroupDestroy = 60,
    /// A consumer group's position was set.
    XGroupSetId = 61,
    /// Pending entries were claimed.
    XClaim = 62,
    /// Idle pending entries were claimed.
    XAutoClaim = 63,
    /// Entries were delivered to a consumer.
    XReadGroup = 64,
    /// Entries were acknowledged.
    XAck = 65,
    /// A sorted result was stored.
    SortStore = 66,
    /// The value came from a serialized one.
    Restore = 67,
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
        assert_eq!(Event::from_u8(68), None);
        assert_eq!(Event::from_u8(16), Some(Event::New));
    }
}
