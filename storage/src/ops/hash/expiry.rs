//! Owns the times of fields: setting, removing, and taking away what is due.
//! Invariants: a time that has come takes the field away at once; a hash whose last field goes is
//! deleted. Must not know: units, options' spelling. Tests: `storage/tests/hashes`.

use super::{Hash, ListpackLimits};
use crate::change::Event;
use crate::edit::Edit;
use crate::encoding::shape::Shape;
use crate::error::Result;
use crate::ops::expire::Conditions;
use crate::value::Value;

/// Latest time of a field, ms since the epoch; Redis keeps 46 bits.
pub const TIME_MS_MAX: i64 = (1 << 46) - 1;

/// What became of a field's time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Changed {
    /// There is no such field.
    Missing,
    /// The conditions did not hold, or there was no time to remove.
    Unmet,
    /// The time was set or removed.
    Done,
    /// The time had come already: the field is gone.
    Deleted,
}

impl Changed {
    fn is_change(self) -> bool {
        matches!(self, Changed::Done | Changed::Deleted)
    }
}

/// What becomes of the times of fields that are read or written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Lifetime {
    /// Reading leaves them, writing removes them.
    Unsaid,
    /// They stay.
    Keep,
    /// They are removed.
    Persist,
    /// They are set, ms since the epoch; the past deletes the fields.
    At(u64),
}

/// Which fields must be there for any to be set.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FieldCondition {
    /// Whatever is there.
    Always,
    /// None of them is there.
    NonePresent,
    /// All of them are there.
    AllPresent,
}

impl Hash<'_> {
    /// Sets the time of fields, ms since the epoch, where `conditions` hold.
    pub fn expire<'a>(
        mut self,
        edit: &mut Edit<'_>,
        fields: impl Iterator<Item = &'a [u8]>,
        at_ms: u64,
        conditions: Conditions,
    ) -> Result<Vec<Changed>> {
        let mut changes = Vec::new();
        for field in fields {
            changes.push(self.expire_field(edit, field, at_ms, conditions)?);
        }
        let event = if changes.contains(&Changed::Deleted) {
            Event::HDel
        } else {
            Event::HExpire
        };
        self.write_changed(edit, &changes, event)?;
        Ok(changes)
    }

    fn expire_field(
        &mut self,
        edit: &mut Edit<'_>,
        field: &[u8],
        at_ms: u64,
        conditions: Conditions,
    ) -> Result<Changed> {
        let old = self.map.find(edit, field)?;
        let Some(old_ms) = old.filter(|old_ms| self.is_live(*old_ms)) else {
            return Ok(Changed::Missing);
        };
        let signed = |at: u64| i64::try_from(at).unwrap_or(i64::MAX);
        if !conditions.hold(old_ms.map(signed), signed(at_ms)) {
            return Ok(Changed::Unmet);
        }
        if at_ms <= self.now_ms {
            self.take(edit, field)?;
            return Ok(Changed::Deleted);
        }
        self.set_time(edit, field, Some(at_ms))?;
        Ok(Changed::Done)
    }

    /// Writes a field's entry again with another time.
    fn set_time(&mut self, edit: &mut Edit<'_>, field: &[u8], at_ms: Option<u64>) -> Result<()> {
        let old_ms = self.map.set_time(edit, field, at_ms)?.flatten();
        self.retime(field, old_ms, at_ms);
        if at_ms.is_some() && self.map.shape == Shape::Listpack {
            self.map.shape = Shape::ListpackEx;
        }
        Ok(())
    }

    /// Removes the time of fields.
    pub fn persist<'a>(
        mut self,
        edit: &mut Edit<'_>,
        fields: impl Iterator<Item = &'a [u8]>,
    ) -> Result<Vec<Changed>> {
        let mut changes = Vec::new();
        for field in fields {
            changes.push(self.persist_field(edit, field)?);
        }
        self.write_changed(edit, &changes, Event::HPersist)?;
        Ok(changes)
    }

    fn persist_field(&mut self, edit: &mut Edit<'_>, field: &[u8]) -> Result<Changed> {
        match self.map.find(edit, field)? {
            Some(Some(at_ms)) if at_ms > self.now_ms => {
                self.set_time(edit, field, None)?;
                Ok(Changed::Done)
            }
            Some(None) => Ok(Changed::Unmet),
            Some(Some(_)) | None => Ok(Changed::Missing),
        }
    }

    fn write_changed(self, edit: &mut Edit<'_>, changes: &[Changed], event: Event) -> Result<()> {
        if changes.iter().any(|change| change.is_change()) {
            self.write(edit, &[event])?;
        }
        Ok(())
    }

    /// Takes a field away that is stored still although its time has come.
    fn take_expired(&mut self, edit: &mut Edit<'_>, field: &[u8]) -> Result<()> {
        if !self.holds_expired() {
            return Ok(());
        }
        let stored = self.map.find(edit, field)?;
        if stored.is_some_and(|expire_ms| !self.is_live(expire_ms)) {
            self.take(edit, field)?;
        }
        Ok(())
    }

    /// Writes the hash back if it has fewer fields than `before`, all of which had expired.
    fn write_expired(self, edit: &mut Edit<'_>, before: u64) -> Result<()> {
        if self.len() < before {
            self.write(edit, &[Event::HExpired])?;
        }
        Ok(())
    }

    /// Gives the values of fields and changes their times.
    pub fn get_and_expire<'a>(
        mut self,
        edit: &mut Edit<'_>,
        fields: impl Iterator<Item = &'a [u8]>,
        lifetime: Lifetime,
    ) -> Result<Vec<Option<Value>>> {
        let mut values = Vec::new();
        let mut changes = Vec::new();
        let before = self.len();
        for field in fields {
            self.take_expired(edit, field)?;
            values.push(self.get(edit, field)?);
            changes.push(match lifetime {
                Lifetime::Unsaid | Lifetime::Keep => Changed::Unmet,
                Lifetime::Persist => self.persist_field(edit, field)?,
                Lifetime::At(at_ms) => {
                    self.expire_field(edit, field, at_ms, Conditions::default())?
                }
            });
        }
        let event = match lifetime {
            Lifetime::Persist => Event::HPersist,
            _ if changes.contains(&Changed::Done) => Event::HExpire,
            _ => Event::HDel,
        };
        if changes.iter().any(|change| change.is_change()) {
            self.write(edit, &[event])?;
        } else {
            self.write_expired(edit, before)?;
        }
        Ok(values)
    }

    /// Gives the values of fields and takes them away.
    pub fn get_and_delete<'a>(
        mut self,
        edit: &mut Edit<'_>,
        fields: impl Iterator<Item = &'a [u8]>,
    ) -> Result<Vec<Option<Value>>> {
        let mut values = Vec::new();
        let mut deleted = false;
        let before = self.len();
        for field in fields {
            let value = self.get(edit, field)?;
            if value.is_some() {
                self.take(edit, field)?;
                deleted = true;
            } else {
                self.take_expired(edit, field)?;
            }
            values.push(value);
        }
        if deleted {
            self.write(edit, &[Event::HDel])?;
        } else {
            self.write_expired(edit, before)?;
        }
        Ok(values)
    }

    /// Sets fields with their times if `condition` holds; gives whether it did.
    pub fn set_and_expire<'a>(
        mut self,
        edit: &mut Edit<'_>,
        pairs: impl Iterator<Item = (&'a [u8], &'a [u8])> + Clone,
        condition: FieldCondition,
        lifetime: Lifetime,
        limits: ListpackLimits,
    ) -> Result<bool> {
        if condition != FieldCondition::Always {
            let wanted = condition == FieldCondition::AllPresent;
            let before = self.len();
            for (field, _) in pairs.clone() {
                self.take_expired(edit, field)?;
                if self.contains(edit, field)? != wanted {
                    self.write_expired(edit, before)?;
                    return Ok(false);
                }
            }
        }
        self.fit(pairs.clone(), limits);
        let mut events = vec![Event::HSet];
        let now_ms = self.now_ms;
        for (field, value) in pairs {
            match lifetime {
                Lifetime::Keep => self.put_keeping_time(edit, field, value, limits)?,
                Lifetime::Unsaid | Lifetime::Persist => {
                    self.put(edit, field, value, None, limits)?
                }
                Lifetime::At(at_ms) if at_ms <= now_ms => self.take(edit, field)?,
                Lifetime::At(at_ms) => self.put(edit, field, value, Some(at_ms), limits)?,
            };
        }
        if let Lifetime::At(at_ms) = lifetime {
            let past = at_ms <= now_ms;
            events.push(if past { Event::HDel } else { Event::HExpire });
            if self.map.shape == Shape::Listpack {
                self.map.shape = Shape::ListpackEx;
            }
        }
        self.write(edit, &events)?;
        Ok(true)
    }
}

/// Takes away up to `max` fields of a hash whose time has come; gives how many, and whether there
/// are more.
pub fn expire_due(edit: &mut Edit<'_>, key: &[u8], max: usize) -> Result<(usize, bool)> {
    let mut hash = Hash::open(edit, key)?;
    let due = hash.due(edit, max)?;
    for field in &due {
        hash.take(edit, field)?;
    }
    if due.is_empty() {
        hash.settle_times(edit)?;
        hash.map.write(edit, &[])?;
        return Ok((0, false));
    }
    let more = due.len() == max;
    hash.write(edit, &[Event::HExpired])?;
    Ok((due.len(), more))
}
