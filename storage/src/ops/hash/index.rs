//! Owns knowing when the first field of a hash expires, and which fields are due.
//! Invariants: `fields_ms` is exact after every write. Must not know: replies.
//! Tests: `storage/tests/hashes`.

use super::Hash;
use crate::edit::Edit;
use crate::error::Result;
use crate::view::View;

/// A field whose time changed.
pub(super) struct Retimed {
    field: Vec<u8>,
    old_ms: Option<u64>,
    new_ms: Option<u64>,
}

impl Hash<'_> {
    /// Notes that the time of a field changed.
    #[inline]
    pub(super) fn retime(&mut self, field: &[u8], old_ms: Option<u64>, new_ms: Option<u64>) {
        if old_ms != new_ms {
            self.retimed.push(Retimed {
                field: field.to_vec(),
                old_ms,
                new_ms,
            });
        }
    }

    /// Brings `fields_ms` up to date.
    pub(super) fn settle_times(&mut self, edit: &mut Edit<'_>) -> Result<()> {
        if self.retimed.is_empty() {
            return Ok(());
        }
        let mut first: Option<u64> = None;
        self.map.for_each_field(edit, |_, expire_ms| {
            first = match (first, expire_ms) {
                (Some(first), Some(at)) => Some(first.min(at)),
                (first, at) => first.or(at),
            };
        })?;
        self.map.fields_ms = first;
        Ok(())
    }

    /// Up to `max` fields whose time has come.
    pub(super) fn due(&self, view: &View<'_>, max: usize) -> Result<Vec<Vec<u8>>> {
        let mut due = Vec::new();
        self.map.for_each_field(view, |field, expire_ms| {
            if !self.is_live(expire_ms) && due.len() < max {
                due.push(field.to_vec());
            }
        })?;
        Ok(due)
    }
}
