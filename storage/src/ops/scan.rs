//! Owns walking over the keys of a database: pages for SCAN, all of them for KEYS.
//! Invariants: a cursor names the first place not yet returned, and a key's place never changes, so
//! a key that exists during a whole scan is returned; keys of one place come together; the store
//! keeps nothing between pages. Must not know: patterns, replies.
//! Tests: `storage/tests/keyspace`.
//!
//! ```text
//! cursor = slot (14 bits) << 48 | h (48 bits); 0 is the beginning, and means the end as an answer
//! ```

use crate::encoding::meta::Header;
use crate::engine::Tier;
use crate::error::{Result, StorageError};
use crate::limits::{SCAN_ROWS_SERVING_MAX, SLOTS};
use crate::view::View;

/// Bits of a cursor below the slot.
const H_BITS: u32 = 48;

/// A page of a scan.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Page {
    /// Where the next page begins; 0 after the last.
    pub next: u64,
    /// The keys of this page that were wanted.
    pub keys: Vec<Vec<u8>>,
}

/// Looks at `count` keys from `cursor` on, and at those that share the last one's place; gives
/// those that have not expired and that are `wanted`. A cursor beyond the last place ends the scan.
pub fn page(
    view: &View<'_>,
    cursor: u64,
    count: u64,
    mut wanted: impl FnMut(&[u8], &Header) -> bool,
) -> Result<Page> {
    if view.tier() == Tier::Memory && count > SCAN_ROWS_SERVING_MAX {
        // A walk that long belongs on a thread that serves nobody else.
        return Err(StorageError::NeedsDisk);
    }
    let mut page = Page::default();
    let Some(slot) = slot_of(cursor) else {
        return Ok(page);
    };
    let mut rows = view.iterate_keys(slot, cursor & ((1 << H_BITS) - 1));
    let (mut looked_at, mut last) = (0u64, None);
    while let Some((parts, value)) = rows.next_row()? {
        let place = cursor_of(parts.slot, parts.h48);
        if looked_at >= count && last != Some(place) {
            page.next = place;
            break;
        }
        (looked_at, last) = (looked_at + 1, Some(place));
        let header = Header::decode(value)?.0;
        if !header.expired(view.now_ms()) && wanted(parts.user_key, &header) {
            page.keys.push(parts.user_key.to_vec());
        }
    }
    Ok(page)
}

/// All keys of the database that have not expired and that are `wanted`.
pub fn all(view: &View<'_>, wanted: impl FnMut(&[u8], &Header) -> bool) -> Result<Vec<Vec<u8>>> {
    Ok(page(view, 0, u64::MAX, wanted)?.keys)
}

fn slot_of(cursor: u64) -> Option<u16> {
    let slot = u16::try_from(cursor >> H_BITS).ok()?;
    (slot < SLOTS).then_some(slot)
}

fn cursor_of(slot: u16, h48: u64) -> u64 {
    u64::from(slot) << H_BITS | h48
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cursors_hold_every_place_and_foreign_ones_are_beyond_the_end() {
        for (slot, h48) in [(0, 1), (SLOTS - 1, (1 << H_BITS) - 1), (77, 1 << 47)] {
            let cursor = cursor_of(slot, h48);
            assert_eq!(slot_of(cursor), Some(slot));
            assert_eq!(cursor & ((1 << H_BITS) - 1), h48);
        }
        assert_eq!(slot_of(u64::from(SLOTS) << H_BITS), None);
        assert_eq!(slot_of(u64::MAX), None);
    }
}
