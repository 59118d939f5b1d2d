//! Owns active expiry: walks expiry rows that are due and does what their meta rows say: deletes
//! keys, takes fields of hashes away, or files keys under their later time.
//! Invariants: a key is judged under its exclusive latch, and one that is latched is left for the
//! next round; a walk begins where the last one ended or at the earliest row inserted since, so it
//! does not read its own tombstones again; what is damaged is told of once and passed by.
//! Tests: `storage/tests/garbage.rs`.

use super::control::add;
use super::sweeping_edit;
use crate::change::Event;
use crate::commit::latch::{KeyGuard, LatchSet, Mode};
use crate::commit::{Position, QueuedRow};
use crate::edit::Edit;
use crate::encoding::key::{KeyName, RowKey, expiry_start, parse_expiry};
use crate::encoding::record::Record;
use crate::engine::{Bounds, Family, Tier};
use crate::error::{Result, StorageError};
use crate::hot::Found;
use crate::limits::COMMIT_BYTES_MAX;
use crate::ops::hash;
use crate::store::Store;
use crate::view::meta_hash;
use std::sync::atomic::Ordering;

/// Rows that share an edit; their latches are held together while it is made.
const ROWS_PER_EDIT: usize = 32;
/// Latched rows remembered for the next round; above it their part of the walk is repeated.
const RETRY_MAX: usize = 4096;
/// Fields of one hash that are taken away in one edit; the others are left to the next edit.
const FIELDS_PER_EDIT: usize = 512;
/// Staged bytes above which the next row gets an edit of its own.
const EDIT_BYTES_MAX: usize = COMMIT_BYTES_MAX / 4;

/// Where the walk stands.
pub(super) struct ExpirySweep {
    /// Per partition, the first row key not looked at.
    cursors: Vec<RowKey>,
    /// Rows whose keys were latched.
    retry: Vec<Vec<u8>>,
    /// Rows of hashes that hold more fields that are due.
    unfinished: Vec<Vec<u8>>,
    /// A damaged row was told of.
    told: bool,
    /// Expiry rows up to here were staged and may not be committed yet.
    awaited: Position,
}

/// What was found of an expiry row.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Judged {
    /// The row is done with.
    Done,
    /// The row stays: its hash holds more fields that are due.
    Unfinished,
    /// Somebody else works on the key.
    Latched,
}

/// An edit that is being filled, and the latches it stands on.
struct Filling<'s, 'r> {
    db: u32,
    edit: Edit<'s>,
    rows: Vec<&'r [u8]>,
    expired: u64,
    expired_fields: u64,
    refiled: u64,
    _guards: Vec<KeyGuard>,
}

impl ExpirySweep {
    pub(super) fn new(store: &Store) -> ExpirySweep {
        let partitions = usize::from(store.partitions().count());
        ExpirySweep {
            cursors: vec![expiry_start(0); partitions],
            retry: Vec::new(),
            unfinished: Vec::new(),
            told: false,
            awaited: store.queue().staged(),
        }
    }

    /// Looks at up to `budget` rows that are due. Gives how many it looked at.
    pub(super) fn round(&mut self, store: &Store, budget: usize) -> Result<usize> {
        let looked = self.walk(store, budget);
        if looked.is_err() {
            // What was taken and not dealt with is found again from the start.
            let told = self.told;
            *self = ExpirySweep::new(store);
            self.told = told;
        }
        looked
    }

    fn walk(&mut self, store: &Store, budget: usize) -> Result<usize> {
        let low_ms = store.expiry_watermark().swap(u64::MAX, Ordering::AcqRel);
        if low_ms != u64::MAX {
            self.awaited = store.queue().staged();
        }
        let low = expiry_start(low_ms);
        for cursor in &mut self.cursors {
            if low < *cursor {
                cursor.clone_from(&low);
            }
        }
        let end = expiry_start(store.now_ms() + 1);
        let waiting = self.retry.len() + self.unfinished.len();
        if waiting == 0 && self.cursors.iter().all(|cursor| *cursor >= end) {
            return Ok(0);
        }
        // Rows staged before the watermark was taken must be there for the walk to find.
        store.leader().wait_blocking(self.awaited)?;
        let mut waiting = std::mem::take(&mut self.retry);
        waiting.append(&mut self.unfinished);
        let mut looked = self.sweep(store, &waiting)?;
        for partition in 0..self.cursors.len() {
            if looked >= budget {
                break;
            }
            let due = self.due(store, partition, &end, budget - looked)?;
            looked += self.sweep(store, &due)?;
            if let (Some(cursor), Some(last)) = (self.cursors.get_mut(partition), due.last()) {
                *cursor = RowKey::from_slice(last);
                cursor.push(0);
            }
            if looked < budget
                && let Some(cursor) = self.cursors.get_mut(partition)
                && *cursor < end
            {
                cursor.clone_from(&end);
            }
        }
        while looked < budget && !self.unfinished.is_empty() {
            let rows = std::mem::take(&mut self.unfinished);
            looked += self.sweep(store, &rows)?;
        }
        Ok(looked)
    }

    fn due(
        &self,
        store: &Store,
        partition: usize,
        end: &RowKey,
        max: usize,
    ) -> Result<Vec<Vec<u8>>> {
        let Some(cursor) = self.cursors.get(partition).filter(|cursor| *cursor < end) else {
            return Ok(Vec::new());
        };
        let family = Family::Partition(partition as u16);
        let mut rows = store.engine().scan(family, Bounds::range(cursor, end))?;
        rows.seek_first()?;
        let mut due = Vec::new();
        while let Some((row_key, _)) = rows.row() {
            if due.len() >= max {
                break;
            }
            due.push(row_key.to_vec());
            rows.advance()?;
        }
        Ok(due)
    }

    /// Gives how much work the rows were: one each, and one for every field taken away.
    fn sweep(&mut self, store: &Store, rows: &[Vec<u8>]) -> Result<usize> {
        let fields = &store.sweeps().expired_fields;
        let before = fields.load(Ordering::Relaxed);
        let mut staged = Vec::new();
        for rows in rows.chunks(ROWS_PER_EDIT) {
            staged.push(self.sweep_chunk(store, rows)?);
            store.leader().commit_now();
        }
        // Each by itself: one may fail and those behind it not.
        staged
            .into_iter()
            .try_for_each(|position| store.leader().wait_blocking(position))?;
        let fields = fields.load(Ordering::Relaxed) - before;
        Ok(rows.len() + fields as usize)
    }

    fn sweep_chunk(&mut self, store: &Store, rows: &[Vec<u8>]) -> Result<Position> {
        let map = store.queue().database_map();
        let mut last = 0;
        let mut filling: Option<Filling<'_, '_>> = None;
        for row in rows {
            let Some((at_ms, parts)) = parse_expiry(row) else {
                self.pass_by(row, "it cannot be read");
                continue;
            };
            let name = KeyName::new(parts.user_key, store.seed());
            // A row of a dead namespace goes with whatever edit is at hand.
            let db = map.database_of(parts.ns);
            let wanted = db.unwrap_or(filling.as_ref().map_or(0, |filling| filling.db));
            if filling
                .as_ref()
                .is_none_or(|filling| !filling.takes(wanted))
            {
                let finished = self.finish(store, filling.take())?;
                last = store.queue().later(last, finished);
                filling = Some(Filling::new(store, wanted)?);
            }
            let Some(filling) = &mut filling else {
                continue;
            };
            if db.is_some() {
                match filling.look_at(store, &name, parts.ns, at_ms) {
                    Ok(Judged::Done) => {}
                    Ok(Judged::Unfinished) => {
                        self.unfinished.push(row.clone());
                        continue;
                    }
                    Ok(Judged::Latched) => {
                        self.put_off(store, row, at_ms);
                        continue;
                    }
                    Err(StorageError::Corrupted(what)) => {
                        self.pass_by(row, &what);
                        continue;
                    }
                    Err(error) => return Err(error),
                }
            }
            filling.rows.push(row);
            let record = Record::new(row, &[]);
            let family = store.family(name.slot);
            filling
                .edit
                .push(QueuedRow::new(record, family, true, None));
        }
        let finished = self.finish(store, filling)?;
        Ok(store.queue().later(last, finished))
    }

    /// Leaves a row where it is, for the fsck to find. The next start looks at it again.
    fn pass_by(&mut self, row: &[u8], what: &str) {
        if !std::mem::replace(&mut self.told, true) {
            let row = row.escape_ascii();
            tracing::warn!("expiry row {row} is passed by, and others like it: {what}");
        }
    }

    fn put_off(&mut self, store: &Store, row: &[u8], at_ms: u64) {
        if self.retry.len() < RETRY_MAX {
            self.retry.push(row.to_vec());
        } else {
            store.expiry_inserted(at_ms);
        }
    }

    fn finish(&mut self, store: &Store, filling: Option<Filling<'_, '_>>) -> Result<Position> {
        let Some(filling) = filling else { return Ok(0) };
        let sweeps = store.sweeps();
        match filling.edit.stage() {
            Ok(position) => {
                add(&sweeps.expired_keys, filling.expired);
                add(&sweeps.expired_fields, filling.expired_fields);
                add(&sweeps.refiled_keys, filling.refiled);
                Ok(position)
            }
            Err(StorageError::NamespaceChanged) => {
                let again = filling.rows.iter().map(|row| row.to_vec());
                self.retry.extend(again);
                Ok(0)
            }
            Err(error) => Err(error),
        }
    }
}

impl<'s> Filling<'s, '_> {
    fn new(store: &'s Store, db: u32) -> Result<Filling<'s, 'static>> {
        Ok(Filling {
            db,
            edit: sweeping_edit(store, db)?,
            rows: Vec::new(),
            expired: 0,
            expired_fields: 0,
            refiled: 0,
            _guards: Vec::new(),
        })
    }

    /// Whether it has room for a row of this database.
    fn takes(&self, db: u32) -> bool {
        self.db == db && self.edit.staged_bytes() < EDIT_BYTES_MAX
    }

    /// Judges a key under its latch, if that is free. A failure leaves nothing in the edit.
    fn look_at(
        &mut self,
        store: &Store,
        name: &KeyName<'_>,
        ns: u32,
        at_ms: u64,
    ) -> Result<Judged> {
        warm(store, name, ns)?;
        let mut latches = LatchSet::default();
        latches.add(name, Mode::Exclusive);
        let Some(guard) = store.latches().try_lock(&latches) else {
            return Ok(Judged::Latched);
        };
        self._guards.push(guard);
        self.edit.savepoint();
        let judged = self.judge(name.user_key, at_ms);
        if judged.is_err() {
            self.edit.roll_back();
        }
        judged
    }

    /// What the row at `at_ms` stands for: nothing (the key is gone, persists, or is filed
    /// elsewhere), a key whose time has come, a hash some of whose fields are due, or a key that
    /// was given more time.
    fn judge(&mut self, user_key: &[u8], at_ms: u64) -> Result<Judged> {
        let entry = self.edit.open(user_key)?;
        let Some(header) = entry
            .stored()
            .filter(|header| header.filed_ms() == Some(at_ms))
        else {
            return Ok(Judged::Done);
        };
        let now_ms = self.edit.now_ms();
        if header.expired(now_ms) {
            self.expired += 1;
            self.edit.remove(&entry, Event::Expired)?;
            return Ok(Judged::Done);
        }
        if header.fields_ms.is_none_or(|at| at > now_ms) {
            self.refiled += 1;
            self.edit.refile_expiry(&entry);
            return Ok(Judged::Done);
        }
        let (taken, more) = hash::expire_due(&mut self.edit, user_key, FIELDS_PER_EDIT)?;
        self.expired_fields += taken as u64;
        if more {
            return Ok(Judged::Unfinished);
        }
        let entry = self.edit.open(user_key)?;
        self.edit.refile_expiry(&entry);
        Ok(Judged::Done)
    }
}

/// Brings the meta row into memory before its latch is taken, so that nobody waits for the disk.
fn warm(store: &Store, name: &KeyName<'_>, ns: u32) -> Result<()> {
    let row_key = name.meta_key(ns);
    if let Found::Unknown(_) = store.table().peek(meta_hash(name.hash, ns), &row_key) {
        let family = store.family(name.slot);
        store.engine().get(family, &row_key, Tier::Disk, |_| ())?;
    }
    Ok(())
}
