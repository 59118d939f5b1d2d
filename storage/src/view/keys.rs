//! Owns walking over the keys of a database in the order of their places.
//! Invariants: what is committed is seen as the engine has it, and the view's own edit over it; own
//! rows that are staged later are not seen by a walk that has begun. Must not know: cursors.
//! Tests: `storage/tests/keyspace`.

use super::View;
use crate::encoding::key::{self, MetaKeyParts, RowKey};
use crate::encoding::record::Record;
use crate::engine::{Bounds, Family, RowIterator};
use crate::error::{Result, StorageError};
use rand::Rng;
use std::cmp::Ordering;
use std::collections::BTreeMap;

/// Bytes of a meta row's key that name the namespace.
const NAMESPACE_LEN: usize = 5;

/// Walks the keys of a database in (slot, h) order, expired ones included.
pub struct KeyIterator<'v> {
    view: &'v View<'v>,
    rows: Option<RowIterator<'v>>,
    /// Bytes that reads of the disk fetch at once; 0 leaves it to RocksDB.
    ahead_bytes: usize,
    partition: u16,
    start: RowKey,
    /// `rows` stands on a row that was not given yet.
    waits: bool,
    /// The edit's own rows.
    own: Vec<(Vec<u8>, Option<Record>)>,
    /// How many of them lie before `start` or were given.
    own_given: usize,
    /// The own row that was given last.
    given: Option<Record>,
}

/// Where the next row comes from.
enum Source {
    Engine,
    Own,
}

impl<'v> KeyIterator<'v> {
    pub(super) fn new(
        view: &'v View<'v>,
        (slot, h48): (u16, u64),
        ahead_bytes: usize,
    ) -> KeyIterator<'v> {
        let start = key::meta_position(view.ns, slot, h48);
        let prefix = start.get(..NAMESPACE_LEN).unwrap_or_default();
        let own: Vec<_> = view.own_rows(prefix).into_iter().collect();
        KeyIterator {
            view,
            rows: None,
            ahead_bytes,
            partition: view.store.partitions().of(slot),
            own_given: own.partition_point(|(key, _)| key[..] < start[..]),
            own,
            start,
            waits: false,
            given: None,
        }
    }

    /// Goes on from another place, forwards or backwards. What was committed since the iterator's
    /// first row may not be seen.
    pub fn seek(&mut self, slot: u16, h48: u64) -> Result<()> {
        let partition = self.view.store.partitions().of(slot);
        self.start = key::meta_position(self.view.ns, slot, h48);
        self.own_given = self
            .own
            .partition_point(|(key, _)| key[..] < self.start[..]);
        self.waits = false;
        if partition != self.partition {
            self.partition = partition;
            self.rows = None;
        }
        if let Some(rows) = &mut self.rows {
            rows.seek(&self.start)?;
            self.waits = rows.row().is_some();
            if !self.waits {
                self.rows = None;
                self.partition += 1;
            }
        }
        Ok(())
    }

    /// The next row: its key's parts, its value. `None` at the end of the database.
    pub fn next_row(&mut self) -> Result<Option<(MetaKeyParts<'_>, &[u8])>> {
        let (row_key, value) = match self.step()? {
            None => return Ok(None),
            Some(Source::Engine) => match self.stored() {
                Some(row) => row,
                None => return Ok(None),
            },
            Some(Source::Own) => match &self.given {
                Some(record) => (record.key(), record.value()),
                None => return Ok(None),
            },
        };
        let parts = key::parse_meta(row_key)
            .ok_or_else(|| StorageError::Corrupted(format!("meta row key {row_key:02x?}")))?;
        Ok(Some((parts, value)))
    }

    /// Goes to the next row that there is when the own rows lie over the stored ones.
    fn step(&mut self) -> Result<Option<Source>> {
        loop {
            if !self.waits {
                self.waits = self.advance()?;
            }
            let Some((own_key, record)) = self.own.get(self.own_given) else {
                return Ok(std::mem::take(&mut self.waits).then_some(Source::Engine));
            };
            let stored = self.stored().filter(|_| self.waits);
            match stored.map_or(Ordering::Greater, |(stored, _)| stored.cmp(own_key)) {
                Ordering::Less => {
                    self.waits = false;
                    return Ok(Some(Source::Engine));
                }
                Ordering::Equal => self.waits = false,
                Ordering::Greater => {}
            }
            self.given = record.clone();
            self.own_given += 1;
            if self.given.is_some() {
                return Ok(Some(Source::Own));
            }
        }
    }

    fn stored(&self) -> Option<(&[u8], &[u8])> {
        self.rows.as_ref().and_then(RowIterator::row)
    }

    /// Goes to the next stored row, if there is one.
    fn advance(&mut self) -> Result<bool> {
        while self.partition < self.view.store.partitions().count() {
            match &mut self.rows {
                Some(rows) => rows.advance()?,
                None => {
                    let prefix = self.start.get(..NAMESPACE_LEN).unwrap_or_default();
                    let bounds = Bounds::prefix(prefix);
                    let family = Family::Partition(self.partition);
                    let tier = self.view.options.tier;
                    let engine = self.view.store.engine();
                    let mut rows = engine.iterate_ahead(family, bounds, tier, self.ahead_bytes)?;
                    rows.seek(&self.start)?;
                    self.rows = Some(rows);
                }
            }
            if self.stored().is_some() {
                return Ok(true);
            }
            self.rows = None;
            self.partition += 1;
        }
        Ok(false)
    }
}

impl View<'_> {
    /// Iterates over the meta rows of this database from (slot, h) on: those committed, and under
    /// an edit its own.
    pub fn iterate_keys(&self, slot: u16, h48: u64) -> KeyIterator<'_> {
        KeyIterator::new(self, (slot, h48), 0)
    }

    /// The same for one who will go on for about so many bytes: the disk gives them at once.
    pub fn iterate_keys_ahead(&self, slot: u16, h48: u64, bytes: usize) -> KeyIterator<'_> {
        KeyIterator::new(self, (slot, h48), bytes)
    }

    /// The meta row of a key of this database, each as likely as any other, if the hot table holds
    /// all of them; otherwise `None`. Expired ones are among them.
    pub(crate) fn draw_hot_key(&self, random: &mut impl Rng) -> Option<Record> {
        if self.has_own_rows() {
            return None;
        }
        let keys = self.store.counts().total(self.ns);
        let (record, version) = self.store.table().draw_key(self.ns, keys, random)?;
        self.saw(version);
        Some(record)
    }

    /// Whether the edit has rows of its own, which lie over those of the hot table.
    fn has_own_rows(&self) -> bool {
        !self.staged.borrow().staging.rows.is_empty()
    }

    /// The edit's own versions of the rows whose keys begin with `prefix`; `None` = deleted.
    pub(crate) fn own_rows(&self, prefix: &[u8]) -> BTreeMap<Vec<u8>, Option<Record>> {
        let staged = self.staged.borrow();
        let rows = staged.staging.rows.iter();
        let own = rows.filter(|row| row.record.key().starts_with(prefix));
        own.map(|row| {
            let record = (!row.deleted).then(|| row.record.clone());
            (row.record.key().to_vec(), record)
        })
        .collect()
    }

    /// By how much the edit changes the number of keys of this database's slots, where it does.
    pub(crate) fn own_key_changes(&self) -> BTreeMap<u16, i64> {
        let staged = self.staged.borrow();
        let mut changes = BTreeMap::new();
        let own = staged.staging.counts.iter();
        for change in own.filter(|change| change.ns == self.ns) {
            *changes.entry(change.slot).or_default() += i64::from(change.keys);
        }
        changes
    }
}
