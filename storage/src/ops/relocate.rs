//! Owns values that get another place: RENAME, MOVE and COPY.
//! Invariants: renaming and moving are O(1) in the value's size, since elements stay under
//! (home slot, id); a value whose key hashes to another slot than its elements has a stranger row
//! that names its meta row, and only then. Must not know: replies.
//! Tests: `storage/tests/keyspace`.

use crate::change::Event;
use crate::edit::Edit;
use crate::encoding::key;
use crate::encoding::meta::{DataType, Head, Header};
use crate::engine::{Bounds, Tier};
use crate::error::{Result, StorageError};
use crate::limits::{CHUNK_BYTES, KEY_BYTES_MAX};
use crate::view::KeyEntry;

/// What became of a rename.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Renamed {
    /// The value has its new name.
    Done,
    /// There is no such key.
    NoSuchKey,
    /// The new name is taken, and may not be.
    TargetExists,
}

/// Gives a key's value another name, expiry included. What stood there is deleted if `replace`.
pub fn rename(edit: &mut Edit<'_>, from: &[u8], to: &[u8], replace: bool) -> Result<Renamed> {
    let source = edit.open(from)?;
    if !source.exists() {
        return Ok(Renamed::NoSuchKey);
    }
    if from == to {
        return Ok(if replace {
            Renamed::Done
        } else {
            Renamed::TargetExists
        });
    }
    let target = edit.open(to)?;
    if target.exists() && !replace {
        return Ok(Renamed::TargetExists);
    }
    let place = Place {
        ns: edit.ns(),
        db: edit.db(),
        entry: &target,
    };
    relocate(edit, &source, place, (Event::RenameFrom, Event::RenameTo))?;
    Ok(Renamed::Done)
}

/// Moves a key to another database; gives whether it existed here and not there.
pub fn move_to(edit: &mut Edit<'_>, key: &[u8], db: u32) -> Result<bool> {
    let source = edit.open(key)?;
    let ns = edit.namespace_of(db);
    let target = edit.open_in(ns, key)?;
    if !source.exists() || target.exists() {
        return Ok(false);
    }
    let place = Place {
        ns,
        db,
        entry: &target,
    };
    relocate(edit, &source, place, (Event::MoveFrom, Event::MoveTo))?;
    Ok(true)
}

/// Copies a key's value, expiry included, to `to` in database `db`, which must be another place.
/// Gives whether that was done: the key exists, and the place is free or may be replaced.
pub fn copy(edit: &mut Edit<'_>, from: &[u8], to: &[u8], db: u32, replace: bool) -> Result<bool> {
    let source = edit.open(from)?;
    let ns = edit.namespace_of(db);
    let target = edit.open_in(ns, to)?;
    let Some(header) = source.header().filter(|_| replace || !target.exists()) else {
        return Ok(false);
    };
    if to.len() > KEY_BYTES_MAX {
        return Err(StorageError::KeyTooLong);
    }
    let mut header = header.clone();
    let mut spilled = false;
    if let Some(original) = header.head {
        let head = Head {
            id: edit.fresh_id(),
            home_slot: target.name.slot,
            ..original
        };
        match header.kind {
            DataType::String => copy_chunks(edit, original, head, &mut spilled)?,
            _ => copy_rows(edit, original, head, &mut spilled)?,
        }
        header.head = Some(head);
    }
    let head = header.head;
    let payload = source.payload().unwrap_or_default();
    edit.put_in(ns, db, &target, header, &[payload], &[Event::CopyTo])?;
    if let Some(head) = head {
        edit.publish(head, spilled);
    }
    Ok(true)
}

/// Where a value goes.
struct Place<'e, 'k> {
    ns: u32,
    db: u32,
    entry: &'e KeyEntry<'k>,
}

fn relocate(
    edit: &mut Edit<'_>,
    source: &KeyEntry<'_>,
    place: Place<'_, '_>,
    (left, arrived): (Event, Event),
) -> Result<()> {
    let Some(header) = source.header().cloned() else {
        return Ok(());
    };
    edit.take_away(source, left, header.head.map(|head| head.id))?;
    file_owner(edit, source, &place, &header);
    let payload = source.payload().unwrap_or_default();
    edit.put_in(
        place.ns,
        place.db,
        place.entry,
        header,
        &[payload],
        &[arrived],
    )
}

/// Keeps the stranger row: it stands exactly while the elements are away from their key's slot.
fn file_owner(edit: &mut Edit<'_>, source: &KeyEntry<'_>, place: &Place<'_, '_>, header: &Header) {
    let Some(head) = header.head else { return };
    if head.home_slot != place.entry.name.slot {
        let owner = place.entry.name.meta_key(place.ns);
        edit.file_stranger(head, Some(&owner));
    } else if head.home_slot != source.name.slot {
        edit.file_stranger(head, None);
    }
}

/// Copies every element row to a fresh head, as they are: no row names its own id.
fn copy_rows(edit: &mut Edit<'_>, from: Head, to: Head, spilled: &mut bool) -> Result<()> {
    edit.settle()?;
    let prefix = key::element_prefix(from.home_slot, from.id);
    let store = edit.store();
    let family = store.family(from.home_slot);
    let mut own = edit.own_rows(&prefix);
    let mut put = |edit: &mut Edit<'_>, sub_key: &[u8], value: &[u8]| {
        let mut row_key = key::element_prefix(to.home_slot, to.id);
        row_key.extend_from_slice(sub_key);
        edit.put_element(to.home_slot, &row_key, &[value]);
        edit.spill(to, spilled)
    };
    let mut rows = store
        .engine()
        .iterate(family, Bounds::prefix(&prefix), Tier::Disk)?;
    rows.seek_first()?;
    while let Some((row_key, value)) = rows.row() {
        let sub_key = row_key.get(prefix.len()..).unwrap_or_default();
        match own.remove(row_key) {
            None => put(edit, sub_key, value)?,
            Some(Some(record)) => put(edit, sub_key, record.value())?,
            Some(None) => {}
        }
        rows.advance()?;
    }
    for (row_key, record) in own {
        if let Some(record) = record {
            let sub_key = row_key.get(prefix.len()..).unwrap_or_default();
            put(edit, sub_key, record.value())?;
        }
    }
    Ok(())
}

/// Copies the chunks of a string to a fresh head. A chunk that has no row is all zeros, and stays
/// without one.
fn copy_chunks(edit: &mut Edit<'_>, from: Head, to: Head, spilled: &mut bool) -> Result<()> {
    for index in 0..from.count.div_ceil(CHUNK_BYTES as u64) {
        let index = u32::try_from(index).map_err(|_| StorageError::StringTooLong)?;
        let row_key = key::chunk_key(from.home_slot, from.id, index);
        if let Some(record) = edit.element(from.home_slot, &row_key)? {
            let row_key = key::chunk_key(to.home_slot, to.id, index);
            edit.put_element(to.home_slot, &row_key, &[record.value()]);
            edit.spill(to, spilled)?;
        }
    }
    Ok(())
}
