//! Owns writing fields: setting, deleting, adding to numbers.
//! Invariants: the shape is advanced before and after each write as Redis does; a field that had
//! expired counts as new. Must not know: replies. Tests: `storage/tests/hashes`.

use super::{Hash, ListpackLimits};
use crate::change::Event;
use crate::collection::map::Map;
use crate::edit::Edit;
use crate::encoding::long_double::LongDouble;
use crate::encoding::meta::DataType;
use crate::encoding::number::parse_i64;
use crate::encoding::shape::Shape;
use crate::error::{Result, StorageError};

/// Sets fields; gives how many of them are new.
pub fn set<'a>(
    edit: &mut Edit<'_>,
    key: &[u8],
    pairs: impl Iterator<Item = (&'a [u8], &'a [u8])> + Clone,
    limits: ListpackLimits,
) -> Result<u64> {
    let mut hash = Hash::open(edit, key)?;
    hash.fit(pairs.clone(), limits);
    let mut created = 0;
    for (field, value) in pairs {
        created += u64::from(hash.put(edit, field, value, None, limits)?);
    }
    hash.write(edit, &[Event::HSet])?;
    Ok(created)
}

/// Makes fields, with their values and times, the value of `key`, whatever that held, expiry
/// included; none deletes it. A field whose time has come is left out. Gives their number.
pub fn replace<'a>(
    edit: &mut Edit<'_>,
    key: &[u8],
    fields: impl Iterator<Item = (&'a [u8], &'a [u8], Option<u64>)>,
    event: Event,
    limits: ListpackLimits,
) -> Result<u64> {
    let entry = edit.open(key)?;
    let map = Map::replacing(entry, DataType::Hash, Shape::Listpack);
    let mut hash = Hash::with(edit, map);
    let mut timed = false;
    for (field, value, expire_ms) in fields {
        if hash.is_live(expire_ms) {
            hash.put(edit, field, value, expire_ms, limits)?;
            timed |= expire_ms.is_some();
        }
    }
    if hash.is_empty() {
        edit.remove(hash.map.entry(), Event::Del)?;
        return Ok(0);
    }
    if timed && hash.map.shape == Shape::Listpack {
        hash.map.shape = Shape::ListpackEx;
    }
    let len = hash.len();
    hash.write(edit, &[event])?;
    Ok(len)
}

/// Sets a field if it is not there; gives whether it was set.
pub fn set_absent(
    edit: &mut Edit<'_>,
    key: &[u8],
    field: &[u8],
    value: &[u8],
    limits: ListpackLimits,
) -> Result<bool> {
    let mut hash = Hash::open(edit, key)?;
    if hash.contains(edit, field)? {
        return Ok(false);
    }
    hash.put(edit, field, value, None, limits)?;
    hash.write(edit, &[Event::HSet])?;
    Ok(true)
}

/// Takes fields away; gives how many there were.
pub fn delete<'a>(
    edit: &mut Edit<'_>,
    key: &[u8],
    fields: impl Iterator<Item = &'a [u8]>,
) -> Result<u64> {
    let mut hash = Hash::open(edit, key)?;
    let (before, mut deleted) = (hash.len(), 0);
    for field in fields {
        if hash.is_empty() {
            break;
        }
        deleted += u64::from(hash.take(edit, field)?);
    }
    // Fields whose time had come did not exist, but their rows are changed as well.
    if hash.len() < before {
        let event = match deleted {
            0 => Event::HExpired,
            _ => Event::HDel,
        };
        hash.write(edit, &[event])?;
    }
    Ok(deleted)
}

/// Adds to the integer that a field holds (0 if there is none); gives the sum.
///
/// # Errors
/// `NotAnInteger` if it holds none, `Overflow`.
pub fn increment(
    edit: &mut Edit<'_>,
    key: &[u8],
    field: &[u8],
    by: i64,
    limits: ListpackLimits,
) -> Result<i64> {
    let mut hash = Hash::open(edit, key)?;
    let old = match hash.get(edit, field)? {
        Some(text) => parse_i64(&text).ok_or(StorageError::NotAnInteger)?,
        None => 0,
    };
    let sum = old.checked_add(by).ok_or(StorageError::Overflow)?;
    let mut buffer = itoa::Buffer::new();
    let text = buffer.format(sum).as_bytes();
    hash.put_keeping_time(edit, field, text, limits)?;
    hash.write(edit, &[Event::HIncrBy])?;
    Ok(sum)
}

/// Adds to the decimal number that a field holds (0 if there is none); gives the text of the sum,
/// or `None` if that would be infinite.
///
/// # Errors
/// `NotAFloat` if it holds no number.
pub fn increment_float(
    edit: &mut Edit<'_>,
    key: &[u8],
    field: &[u8],
    by: LongDouble,
    limits: ListpackLimits,
) -> Result<Option<String>> {
    let mut hash = Hash::open(edit, key)?;
    let old = match hash.get(edit, field)? {
        Some(text) => LongDouble::parse(&text).ok_or(StorageError::NotAFloat)?,
        None => LongDouble::ZERO,
    };
    let Some(sum) = old.checked_add(by) else {
        return Ok(None);
    };
    let text = sum.to_text();
    hash.put_keeping_time(edit, field, text.as_bytes(), limits)?;
    hash.write(edit, &[Event::HIncrByFloat])?;
    Ok(Some(text))
}

impl Hash<'_> {
    /// Advances the shape for what one command is about to write.
    pub(super) fn fit<'a>(
        &mut self,
        mut pairs: impl Iterator<Item = (&'a [u8], &'a [u8])>,
        limits: ListpackLimits,
    ) {
        let long = |text: &[u8]| text.len() as u64 > limits.bytes;
        if pairs.any(|(field, value)| long(field) || long(value)) {
            self.map.shape = Shape::Hashtable;
        }
    }

    /// Sets a field with a time; gives whether it is new.
    pub(super) fn put(
        &mut self,
        edit: &mut Edit<'_>,
        field: &[u8],
        value: &[u8],
        expire_ms: Option<u64>,
        limits: ListpackLimits,
    ) -> Result<bool> {
        let longest = field.len().max(value.len()) as u64;
        let old = self.map.set(edit, field, Some(value), expire_ms)?;
        self.retime(field, old.flatten(), expire_ms);
        if longest > limits.bytes || self.len() > limits.fields {
            self.map.shape = Shape::Hashtable;
        }
        Ok(!old.is_some_and(|expire_ms| self.is_live(expire_ms)))
    }

    /// Sets a field, which keeps the time it has.
    pub(super) fn put_keeping_time(
        &mut self,
        edit: &mut Edit<'_>,
        field: &[u8],
        value: &[u8],
        limits: ListpackLimits,
    ) -> Result<bool> {
        let expire_ms = match self.map.fields_ms {
            Some(_) => self.map.find(edit, field)?.flatten(),
            None => None,
        };
        let kept = expire_ms.filter(|_| self.is_live(expire_ms));
        self.put(edit, field, value, kept, limits)
    }

    /// Takes a field away; gives whether it was there for a reader.
    pub(super) fn take(&mut self, edit: &mut Edit<'_>, field: &[u8]) -> Result<bool> {
        let old = self.map.remove(edit, field)?;
        self.retime(field, old.flatten(), None);
        Ok(old.is_some_and(|expire_ms| self.is_live(expire_ms)))
    }

    /// Writes the hash back, telling `events`; deletes the key if nothing is left in it.
    pub(super) fn write(mut self, edit: &mut Edit<'_>, events: &[Event]) -> Result<()> {
        self.settle_times(edit)?;
        self.map.write(edit, events)
    }
}
