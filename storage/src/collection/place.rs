//! Owns where the rows of a collection stand.
//! Invariants: the id is taken with the first row that is written, and kept as long as the
//! collection is spread over rows. Must not know: what the rows hold. Tests: those of its users.

use crate::edit::Edit;
use crate::encoding::meta::Head;
use crate::view::KeyEntry;

/// Home slot and id of a collection's rows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Place {
    /// Slot under which the rows stand.
    pub home_slot: u16,
    /// Their id; `None` while everything fits in the meta record.
    pub id: Option<u64>,
}

impl Place {
    /// Where the rows of `entry` stand, or will stand.
    pub fn of(entry: &KeyEntry<'_>) -> Place {
        match entry.header().and_then(|header| header.head) {
            Some(head) => Place {
                home_slot: head.home_slot,
                id: Some(head.id),
            },
            None => Place {
                home_slot: entry.name.slot,
                id: None,
            },
        }
    }

    /// The id, taken now if there is none yet.
    pub fn id(&mut self, edit: &mut Edit<'_>) -> u64 {
        *self.id.get_or_insert_with(|| edit.fresh_id())
    }

    /// The head for the meta record of a collection of `count` elements, if it has an id.
    pub fn head(&self, count: u64) -> Option<Head> {
        self.id.map(|id| Head {
            id,
            home_slot: self.home_slot,
            count,
        })
    }
}
