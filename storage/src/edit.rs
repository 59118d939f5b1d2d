//! Owns changing: an edit is a view plus the rows it stages; nothing happens until it is staged.
//! Invariants: a meta row changes only through `put` and `remove`, which keep the count, the expiry
//! rows, the dead ids and the change list, so no type can forget them; an edit that fails leaves no
//! trace. Must not know: who waits for it. Tests: `storage/tests`.

use crate::change::Event;
use crate::commit::{Position, QueuedRow, Staging};
use crate::encoding::key::{self, KeyName, RowKey};
use crate::encoding::meta::{Head, Header};
use crate::encoding::record::Record;
use crate::engine::Tier;
use crate::error::{Result, StorageError};
use crate::limits::{COMMIT_BYTES_MAX, KEY_BYTES_MAX};
use crate::store::Store;
use crate::view::{KeyEntry, View, ViewOptions, element_hash, meta_hash};
use hashbrown::HashTable;
use std::ops::Deref;

/// Rows above which an edit looks its own rows up by hash instead of one after the other.
const LINEAR_ROWS_MAX: usize = 16;

/// The rows of an edit, each key once.
#[derive(Debug, Default)]
pub struct StagedRows {
    pub(crate) staging: Staging,
    index: HashTable<u32>,
}

impl StagedRows {
    /// The edit's own version of a row.
    #[inline]
    pub fn find(&self, hash: u64, row_key: &[u8]) -> Option<&QueuedRow> {
        self.staging.rows.get(self.position(hash, row_key)?)
    }

    #[inline]
    fn position(&self, hash: u64, row_key: &[u8]) -> Option<usize> {
        let rows = &self.staging.rows;
        let same = |row: &QueuedRow| row.hot_hash == Some(hash) && row.record.key() == row_key;
        if rows.len() <= LINEAR_ROWS_MAX {
            return rows.iter().position(same);
        }
        let found = self
            .index
            .find(hash, |&at| rows.get(at as usize).is_some_and(same));
        found.map(|&at| at as usize)
    }

    /// Adds a row or replaces the edit's earlier version of it; gives its index.
    fn push(&mut self, row: QueuedRow) -> u32 {
        self.staging.bytes += row.record.len() + crate::hot::ROW_OVERHEAD_BYTES;
        let Some(hash) = row.hot_hash else {
            self.staging.rows.push(row);
            return (self.staging.rows.len() - 1) as u32;
        };
        if let Some(at) = self.position(hash, row.record.key()) {
            if let Some(earlier) = self.staging.rows.get_mut(at) {
                *earlier = row;
            }
            return at as u32;
        }
        self.staging.rows.push(row);
        let at = self.staging.rows.len() - 1;
        if at >= LINEAR_ROWS_MAX {
            self.index_up_to(at);
        }
        at as u32
    }

    fn index_up_to(&mut self, last: usize) {
        let rows = &self.staging.rows;
        let hash_at = |at: u32| {
            rows.get(at as usize)
                .and_then(|row| row.hot_hash)
                .unwrap_or(0)
        };
        let first = if last == LINEAR_ROWS_MAX { 0 } else { last };
        for at in first..=last {
            if rows.get(at).is_some_and(|row| row.hot_hash.is_some()) {
                self.index
                    .insert_unique(hash_at(at as u32), at as u32, |&at| hash_at(at));
            }
        }
    }
}

/// A command's changes.
pub struct Edit<'s> {
    view: View<'s>,
}

impl<'s> Deref for Edit<'s> {
    type Target = View<'s>;

    fn deref(&self) -> &View<'s> {
        &self.view
    }
}

impl<'s> Edit<'s> {
    pub(crate) fn new(store: &'s Store, db: u32, options: ViewOptions) -> Edit<'s> {
        Edit {
            view: View::new(store, db, options, true),
        }
    }

    /// Whether anything would be staged.
    pub fn is_empty(&self) -> bool {
        let staged = self.view.staged.borrow();
        staged.staging.rows.is_empty() && staged.staging.new_map.is_none()
    }

    /// Writes a key's meta row: header and the parts of its inline payload. The expiry row, the
    /// count and the id left behind follow from what `entry` found.
    pub fn put(
        &mut self,
        entry: &KeyEntry<'_>,
        header: Header,
        payload: &[&[u8]],
        events: &[Event],
    ) -> Result<()> {
        self.put_in(self.ns(), self.db(), entry, header, payload, events)
    }

    /// The same in another database (MOVE, COPY).
    pub fn put_in(
        &mut self,
        ns: u32,
        db: u32,
        entry: &KeyEntry<'_>,
        mut header: Header,
        payload: &[&[u8]],
        events: &[Event],
    ) -> Result<()> {
        let name = &entry.name;
        if name.user_key.len() > KEY_BYTES_MAX {
            return Err(StorageError::KeyTooLong);
        }
        self.file_expiry(ns, entry, &mut header);
        let kept = header.head.map(|head| head.id);
        self.leave_behind(entry, kept)?;
        if entry.stored().is_none() {
            self.count(ns, name.slot, 1);
        }
        let bytes = header.encode();
        let mut parts: smallvec::SmallVec<[&[u8]; 4]> = smallvec::SmallVec::new();
        parts.push(&bytes);
        parts.extend_from_slice(payload);
        let record = Record::new(&name.meta_key(ns), &parts);
        let row = self.push_meta(ns, name, record, false);
        if let Some(expired) = entry.stored().filter(|_| !entry.exists()) {
            self.change(row, db, expired.kind, Event::Expired);
        }
        for &event in events {
            self.change(row, db, header.kind, event);
        }
        if !entry.exists() {
            self.change(row, db, header.kind, Event::New);
        }
        Ok(())
    }

    /// Deletes a stored key, expired or not. Does nothing if nothing is stored.
    pub fn remove(&mut self, entry: &KeyEntry<'_>, event: Event) -> Result<()> {
        self.take_away(entry, event, None)
    }

    /// Deletes a key's meta row whose elements live on under `kept` in another meta row.
    pub fn take_away(
        &mut self,
        entry: &KeyEntry<'_>,
        event: Event,
        kept: Option<u64>,
    ) -> Result<()> {
        let Some(stored) = entry.stored() else {
            return Ok(());
        };
        let kind = stored.kind;
        self.leave_behind(entry, kept)?;
        let ns = self.ns();
        self.count(ns, entry.name.slot, -1);
        let record = Record::new(&entry.name.meta_key(ns), &[]);
        let row = self.push_meta(ns, &entry.name, record, true);
        let event = if entry.exists() {
            event
        } else {
            Event::Expired
        };
        self.change(row, self.db(), kind, event);
        Ok(())
    }

    /// An id nobody has used, for element rows.
    pub fn fresh_id(&mut self) -> u64 {
        let id = self.store().ids().take();
        self.note_id(id);
        id
    }

    fn note_id(&mut self, id: u64) {
        let staging = &mut self.view.staged.get_mut().staging;
        staging.id_max = staging.id_max.max(id);
    }

    /// Writes an element row.
    pub fn put_element(&mut self, home_slot: u16, row_key: &RowKey, value: &[&[u8]]) {
        self.push_element(home_slot, Record::new(row_key, value), false);
    }

    /// Deletes an element row.
    pub fn remove_element(&mut self, home_slot: u16, row_key: &RowKey) {
        self.push_element(home_slot, Record::new(row_key, &[]), true);
    }

    /// Declares that elements of `head` are found through a key of another slot, or, with `owner`
    /// empty, no longer are.
    pub fn file_stranger(&mut self, head: Head, owner: Option<&RowKey>) {
        let row_key = key::stranger_key(head.home_slot, head.id);
        let family = self.store().family(head.home_slot);
        let record = match owner {
            Some(owner) => Record::new(&row_key, &[owner]),
            None => Record::new(&row_key, &[]),
        };
        self.push(QueuedRow::new(
            record,
            family,
            owner.is_none(),
            Some(element_hash(&row_key)),
        ));
    }

    /// Gives the database a fresh namespace; what was in it is swept later.
    pub fn flush_database(&mut self, dbs: &[u32]) -> Result<()> {
        let mut map = self.store().queue().database_map();
        let mut freed = Vec::new();
        for &db in dbs {
            freed.push(map.renew(db)?);
        }
        for &ns in &freed {
            let record = Record::new(&key::dead_namespace_key(ns), &[]);
            self.push(QueuedRow::new(
                record,
                crate::engine::Family::Records,
                false,
                None,
            ));
        }
        for row in map.rows(dbs) {
            self.push(row);
        }
        let staging = &mut self.view.staged.get_mut().staging;
        staging.freed_namespaces.append(&mut freed);
        staging.new_map = Some(map);
        Ok(())
    }

    /// Exchanges two databases.
    pub fn swap_databases(&mut self, one: u32, other: u32) {
        let mut map = self.store().queue().database_map();
        map.swap(one, other);
        for row in map.rows(&[one, other]) {
            self.push(row);
        }
        self.view.staged.get_mut().staging.new_map = Some(map);
    }

    /// Writes any other row: expiry and garbage rows.
    pub(crate) fn push(&mut self, row: QueuedRow) -> u32 {
        self.view.staged.get_mut().push(row)
    }

    /// Stages the edit: it is visible from now on. Gives the position that its reply waits for (0
    /// if there was nothing to stage).
    pub fn stage(self) -> Result<Position> {
        if self.is_empty() {
            return Ok(0);
        }
        let map_version = self.view.map_version();
        let store = self.view.store();
        let mut staged = self.view.staged.borrow_mut();
        staged.staging.map_version = map_version;
        store.queue().stage(&mut staged.staging)
    }

    /// Writes the element rows staged so far ahead of the rest, in commits of their own, when they
    /// would not fit in one. For rows under a fresh id only: nobody finds them until their meta row
    /// is staged. `head` gets a garbage row first, so that a crash leaves nothing behind;
    /// [`Edit::publish`] takes it back.
    pub fn spill(&mut self, head: Head, spilled: &mut bool) -> Result<()> {
        if self.view.staged.borrow().staging.bytes < COMMIT_BYTES_MAX / 2 {
            return Ok(());
        }
        if self.tier() == Tier::Memory {
            return Err(StorageError::NeedsDisk);
        }
        let mut ahead = Edit::new(
            self.store(),
            self.db(),
            ViewOptions {
                tier: Tier::Disk,
                latched: true,
                touch: false,
            },
        );
        ahead.note_id(head.id);
        if !*spilled {
            ahead.push(garbage_row(self.store(), head, false));
            *spilled = true;
        }
        let staged = self.view.staged.get_mut();
        let prefix = key::element_prefix(head.home_slot, head.id);
        let rows = std::mem::take(&mut staged.staging.rows);
        let (of_head, others): (Vec<_>, Vec<_>) = rows
            .into_iter()
            .partition(|row| row.record.key().starts_with(&prefix));
        *staged = StagedRows {
            staging: Staging {
                bytes: 0,
                rows: Vec::new(),
                ..std::mem::take(&mut staged.staging)
            },
            index: HashTable::new(),
        };
        for row in others {
            staged.push(row);
        }
        for row in of_head {
            ahead.push(row.unpublished());
        }
        let store = self.store();
        let position = ahead.stage()?;
        store.leader().wait_blocking(position)
    }

    /// Takes the garbage row of a spilled head back, in the edit that publishes its meta row.
    pub fn publish(&mut self, head: Head, spilled: bool) {
        if spilled {
            self.push(garbage_row(self.view.store(), head, true));
        }
    }

    fn push_meta(&mut self, ns: u32, name: &KeyName<'_>, record: Record, deleted: bool) -> u32 {
        let family = self.store().family(name.slot);
        self.push(QueuedRow::new(
            record,
            family,
            deleted,
            Some(meta_hash(name, ns)),
        ))
    }

    fn push_element(&mut self, home_slot: u16, record: Record, deleted: bool) {
        let hash = element_hash(record.key());
        let family = self.store().family(home_slot);
        self.push(QueuedRow::new(record, family, deleted, Some(hash)));
    }

    fn change(&mut self, row: u32, db: u32, kind: crate::encoding::meta::DataType, event: Event) {
        let change = crate::commit::StagedChange {
            row,
            db,
            kind,
            event,
        };
        self.view.staged.get_mut().staging.changes.push(change);
    }

    fn count(&mut self, ns: u32, slot: u16, difference: i64) {
        self.view
            .staged
            .get_mut()
            .staging
            .counts
            .push((ns, slot, difference));
    }

    /// Frees the element rows of what `entry` found, unless they are `kept`.
    fn leave_behind(&mut self, entry: &KeyEntry<'_>, kept: Option<u64>) -> Result<()> {
        let Some(head) = entry.stored().and_then(|header| header.head) else {
            return Ok(());
        };
        if kept == Some(head.id) {
            return Ok(());
        }
        let row = garbage_row(self.view.store(), head, false);
        self.push(row);
        if head.home_slot != entry.name.slot {
            self.file_stranger(head, None);
        }
        self.view
            .staged
            .get_mut()
            .staging
            .freed
            .push((head.home_slot, head.id));
        Ok(())
    }

    /// Makes sure that an expiry row stands at or before the key's time: the one known to exist, or
    /// a new one.
    fn file_expiry(&mut self, ns: u32, entry: &KeyEntry<'_>, header: &mut Header) {
        header.hint_ms = None;
        let Some(at) = header.expire_ms else { return };
        let filed = entry.stored().and_then(Header::filed_ms);
        match filed {
            Some(filed) if filed == at => {}
            Some(filed) if filed < at => header.hint_ms = Some(filed),
            _ => {
                let record = Record::new(&entry.name.expiry_key(ns, at), &[]);
                let family = self.store().family(entry.name.slot);
                self.push(QueuedRow::new(record, family, false, None));
                self.store().expiry_inserted(at);
            }
        }
    }
}

fn garbage_row(store: &Store, head: Head, deleted: bool) -> QueuedRow {
    let record = Record::new(&key::garbage_key(head.home_slot, head.id), &[]);
    QueuedRow::new(record, store.family(head.home_slot), deleted, None)
}
