//! Owns walking over the meta rows of a database.
//! Invariants: rows come in the order of (slot, h), each once; a row of the edit's own takes the
//! place of the committed one, also where it says that there is none.
//! Must not know: which keys are expired. Tests: `storage/tests/keyspace`.

use super::{OwnRows, View};
use crate::encoding::key::{self, RowKey};
use crate::encoding::record::Record;
use crate::engine::{Bounds, Family, RowIterator};
use crate::error::{Result, StorageError};
use std::cmp::Ordering;
use std::collections::btree_map;
use std::iter::Peekable;

/// Bytes of a meta row's key before its slot.
const PREFIX_LEN: usize = 5;

/// Walks the keys of a database in (slot, h) order, expired ones included.
pub struct KeyIterator<'v> {
    view: &'v View<'v>,
    rows: Option<RowIterator<'v>>,
    partition: u16,
    start: RowKey,
    /// The engine stands on a row that was not given yet.
    ahead: bool,
    own: Peekable<btree_map::IntoIter<Vec<u8>, Option<Record>>>,
    /// The row of the edit's own that was given last.
    given: Option<Record>,
}

/// Where the next row is.
enum Next {
    Committed,
    Own,
    End,
}

/// What the keys of all meta rows of a namespace begin with.
pub(super) fn prefix(ns: u32) -> [u8; PREFIX_LEN] {
    let mut prefix = [0; PREFIX_LEN];
    let position = key::meta_position(ns, 0, 0);
    prefix.copy_from_slice(position.get(..PREFIX_LEN).unwrap_or(&[0; PREFIX_LEN]));
    prefix
}

impl<'v> KeyIterator<'v> {
    pub(super) fn new(
        view: &'v View<'v>,
        (slot, h48): (u16, u64),
        mut own: OwnRows,
    ) -> Result<KeyIterator<'v>> {
        let start = key::meta_position(view.ns, slot, h48);
        let own = if own.is_empty() {
            own
        } else {
            own.split_off(start.get(..).unwrap_or_default())
        };
        Ok(KeyIterator {
            view,
            rows: None,
            partition: view.store.partitions().of(slot),
            start,
            ahead: false,
            own: own.into_iter().peekable(),
            given: None,
        })
    }

    /// The next row: its key's parts, its value. `None` at the end of the database.
    pub fn next_row(&mut self) -> Result<Option<(key::MetaKeyParts<'_>, &[u8])>> {
        let row = match self.find_next()? {
            Next::End => None,
            Next::Committed => {
                self.ahead = false;
                self.rows.as_ref().and_then(RowIterator::row)
            }
            Next::Own => self.given.as_ref().map(|row| (row.key(), row.value())),
        };
        let Some((row_key, value)) = row else {
            return Ok(None);
        };
        let parts = key::parse_meta(row_key)
            .ok_or_else(|| StorageError::Corrupted(format!("meta row key {row_key:02x?}")))?;
        Ok(Some((parts, value)))
    }

    fn find_next(&mut self) -> Result<Next> {
        loop {
            if !self.ahead {
                self.ahead = self.advance()?;
            }
            let rows = self.rows.as_ref().filter(|_| self.ahead);
            let committed = rows.and_then(RowIterator::row).map(|(key, _)| key);
            let own = self.own.peek().map(|(key, _)| key.as_slice());
            let order = match (committed, own) {
                (None, None) => return Ok(Next::End),
                (Some(_), None) => Ordering::Less,
                (None, Some(_)) => Ordering::Greater,
                (Some(committed), Some(own)) => committed.cmp(own),
            };
            if order == Ordering::Less {
                return Ok(Next::Committed);
            }
            if order == Ordering::Equal {
                self.ahead = false;
            }
            if let Some((_, Some(record))) = self.own.next() {
                self.given = Some(record);
                return Ok(Next::Own);
            }
        }
    }

    /// Moves the engine to its next row, through all partitions; gives whether there is one.
    fn advance(&mut self) -> Result<bool> {
        while self.partition < self.view.store.partitions().count() {
            match &mut self.rows {
                Some(rows) => rows.advance()?,
                None => {
                    let bounds = Bounds::prefix(&prefix(self.view.ns));
                    let family = Family::Partition(self.partition);
                    let tier = self.view.options.tier;
                    let mut rows = self.view.store.engine().iterate(family, bounds, tier)?;
                    rows.seek(&self.start)?;
                    self.rows = Some(rows);
                }
            }
            if self.rows.as_ref().is_some_and(|rows| rows.row().is_some()) {
                return Ok(true);
            }
            self.rows = None;
            self.partition += 1;
        }
        Ok(false)
    }
}
