//! Owns lists that are written as a whole.
//! Invariants: a list is built under an id that nobody knows yet, rows first, so any size fits and
//! a crash in between leaves what was there. Must not know: where elements come from.
//! Tests: `storage/tests/whole_values.rs`.

use super::shape::{EMPTY_BYTES, listpack_len};
use super::{ELEMENTS, TREE_AT, Threshold};
use crate::change::Event;
use crate::collection::Place;
use crate::collection::tree::Builder;
use crate::edit::Edit;
use crate::encoding::meta::{DataType, Header};
use crate::encoding::shape::Shape;
use crate::error::{Result, StorageError};
use crate::limits::ELEMENT_BYTES_MAX;

/// Makes elements the value of `key`, whatever that held, expiry included; none deletes it. Gives
/// their number.
///
/// # Errors
/// `ElementTooLong` for one above [`ELEMENT_BYTES_MAX`].
pub fn replace<'a>(
    edit: &mut Edit<'_>,
    key: &[u8],
    elements: impl Iterator<Item = &'a [u8]>,
    event: Event,
    threshold: Threshold,
) -> Result<u64> {
    let entry = edit.open(key)?;
    let mut place = Place {
        home_slot: entry.name.slot,
        id: None,
    };
    let (mut count, mut listpack_bytes, mut spilled) = (0, EMPTY_BYTES, false);
    let mut builder = Builder::new(ELEMENTS);
    for element in elements {
        if element.len() > ELEMENT_BYTES_MAX {
            return Err(StorageError::ElementTooLong);
        }
        count += 1;
        listpack_bytes += listpack_len(element);
        let wrote = builder.push(edit, &mut place, &[], element)?;
        if let Some(head) = place.head(count).filter(|_| wrote) {
            edit.spill(head, &mut spilled)?;
        }
    }
    if count == 0 {
        edit.remove(&entry, Event::Del)?;
        return Ok(0);
    }
    let tree = builder.finish(edit, &mut place)?;
    let (shape, listpack_bytes) = match threshold.fits(listpack_bytes, count) {
        true => (Shape::Listpack, listpack_bytes),
        false => (Shape::Quicklist, 0),
    };
    let head = place.head(count);
    let mut header = Header::new(DataType::List);
    header.head = head;
    let mut front = [shape as u8; TREE_AT];
    if let Some(bytes) = front.last_chunk_mut::<8>() {
        *bytes = listpack_bytes.to_be_bytes();
    }
    let tree_head = tree.encode_head();
    let payload = [&front[..], &tree_head, tree.root_bytes()];
    edit.put(&entry, header, &payload, &[event])?;
    if let Some(head) = head {
        edit.publish(head, spilled);
    }
    Ok(count)
}
