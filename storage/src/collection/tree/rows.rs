//! Owns the rows of a tree: where nodes and blobs stand.
//! Invariants: a row is read with the key's latch held; a number names one row for ever.
//! Must not know: what nodes hold. Tests: `storage/tests/tree`.

use super::Tree;
use super::inner::U48_MAX;
use super::leaf::Entry;
use super::read::shared;
use crate::collection::Place;
use crate::edit::Edit;
use crate::encoding::key::{self, RowKey};
use crate::error::{Result, StorageError};
use crate::limits::ELEMENT_BYTES_MAX;
use crate::value::Value;
use crate::view::View;

/// The flags byte of a blob row: no bit has a meaning yet.
pub(super) const BLOB_FLAGS: u8 = 0;
/// Bytes of a reference to a blob: number u48, length u32.
pub(super) const BLOB_REF_LEN: usize = 10;

/// A reference to a blob: its number and its length.
pub(super) fn blob_ref(reference: &[u8]) -> Option<(u64, u32)> {
    let (number, rest) = reference.split_first_chunk::<6>()?;
    let len: [u8; 4] = rest.try_into().ok()?;
    let [a, b, c, d, e, f] = *number;
    let number = u64::from_be_bytes([0, 0, a, b, c, d, e, f]);
    Some((number, u32::from_be_bytes(len)))
}

/// Key of a tree's blob row. The tag keeps the blobs of several trees of an id apart.
pub(super) fn blob_key(home_slot: u16, id: u64, tag: u8, number: u64) -> RowKey {
    key::blob_key(home_slot, id, (u64::from(tag) << 56) | number)
}

impl Tree {
    pub(super) fn node_key(&self, place: &Place, number: u64) -> Result<RowKey> {
        let id = place.id.ok_or_else(|| self.corrupted(number))?;
        Ok(key::node_key(place.home_slot, id, self.kind.tag, number))
    }

    /// A node's bytes.
    #[inline]
    pub(super) fn node(&self, view: &View<'_>, place: &Place, number: u64) -> Result<Value> {
        view.need_latch()?;
        let row_key = self.node_key(place, number)?;
        let row = view.element(place.home_slot, &row_key)?;
        let row = row.ok_or_else(|| self.corrupted(number))?;
        Ok(row.into_value_from(0))
    }

    /// Writes a node; number 0 is the root.
    pub(super) fn put_node(
        &mut self,
        edit: &mut Edit<'_>,
        place: &mut Place,
        number: u64,
        parts: &[&[u8]],
    ) {
        if number == 0 {
            return self.set_root(parts);
        }
        let id = place.id(edit);
        let row_key = key::node_key(place.home_slot, id, self.kind.tag, number);
        edit.put_element(place.home_slot, &row_key, parts);
    }

    pub(super) fn remove_node(
        &self,
        edit: &mut Edit<'_>,
        place: &Place,
        number: u64,
    ) -> Result<()> {
        let row_key = self.node_key(place, number)?;
        edit.remove_element(place.home_slot, &row_key);
        Ok(())
    }

    pub(super) fn take_number(&mut self) -> Result<u64> {
        let number = self.next;
        if number >= U48_MAX {
            return Err(StorageError::CommitTooLarge);
        }
        self.next += 1;
        Ok(number)
    }

    /// A value, wherever it stands. `node` is the leaf that `entry` was read from.
    #[inline]
    pub(super) fn value_of(
        &self,
        view: &View<'_>,
        place: &Place,
        node: &Value,
        entry: &Entry<'_>,
    ) -> Result<Value> {
        if !entry.blob {
            return Ok(shared(node, entry.value));
        }
        view.need_latch()?;
        let (number, len) = blob_ref(entry.value).ok_or_else(|| self.corrupted(0))?;
        let id = place.id.ok_or_else(|| self.corrupted(number))?;
        let row_key = blob_key(place.home_slot, id, self.kind.tag, number);
        let row = view.element(place.home_slot, &row_key)?;
        let row = row.filter(|row| {
            row.value().first() == Some(&BLOB_FLAGS) && row.value().len() == len as usize + 1
        });
        let row = row.ok_or_else(|| self.corrupted(number))?;
        Ok(row.value_from(1))
    }

    /// Moves a value that is too long for a leaf into a row of its own; gives the reference.
    pub(super) fn put_blob(
        &mut self,
        edit: &mut Edit<'_>,
        place: &mut Place,
        value: &[u8],
    ) -> Result<[u8; BLOB_REF_LEN]> {
        if value.len() > ELEMENT_BYTES_MAX {
            return Err(StorageError::ElementTooLong);
        }
        let number = self.take_number()?;
        self.blobs += 1;
        let id = place.id(edit);
        let row_key = blob_key(place.home_slot, id, self.kind.tag, number);
        edit.put_element(place.home_slot, &row_key, &[&[BLOB_FLAGS], value]);
        let mut reference = [0; BLOB_REF_LEN];
        let bytes = (u128::from(number) << 32 | value.len() as u128).to_be_bytes();
        reference.copy_from_slice(bytes.last_chunk().unwrap_or(&[0; BLOB_REF_LEN]));
        Ok(reference)
    }

    /// Deletes the row of a value that its entry refers to, if it does.
    pub(super) fn remove_blob(
        &mut self,
        edit: &mut Edit<'_>,
        place: &Place,
        entry: &Entry<'_>,
    ) -> Result<()> {
        if !entry.blob {
            return Ok(());
        }
        let (number, _) = blob_ref(entry.value).ok_or_else(|| self.corrupted(0))?;
        let id = place.id.ok_or_else(|| self.corrupted(number))?;
        let row_key = blob_key(place.home_slot, id, self.kind.tag, number);
        edit.remove_element(place.home_slot, &row_key);
        self.blobs = self.blobs.saturating_sub(1);
        Ok(())
    }
}
