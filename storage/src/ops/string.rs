//! Owns operations on strings as commands mean them: conditions, expiries, numbers.
//! Invariants: an operation that Redis does not count as a change stages nothing; each opens its
//! key once.
//! Must not know: replies, options' spelling, where a string's bytes stand (`bytes` does).
//! Tests: `storage/tests/strings`.

pub use super::bytes::Content;
use super::bytes::{self, Expiry};
use crate::change::Event;
use crate::edit::Edit;
use crate::encoding::long_double::{LongDouble, TEXT_LEN_END};
use crate::encoding::meta::{DataType, Header};
use crate::encoding::number::parse_i64;
use crate::error::{Result, StorageError};
use crate::view::{KeyEntry, View};

/// When a value may be written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Condition<'a> {
    /// Whatever is there.
    Always,
    /// If the key does not exist.
    Absent,
    /// If the key exists.
    Present,
    /// If the key holds this string.
    Equal(&'a [u8]),
    /// If the key does not hold this string, or does not exist.
    Different(&'a [u8]),
    /// If the key holds a string of this digest.
    DigestEqual(&'a [u8]),
    /// If the key does not hold a string of this digest, or does not exist.
    DigestDifferent(&'a [u8]),
}

impl Condition<'_> {
    /// Whether it speaks of what a string holds.
    #[inline]
    fn compares(self) -> bool {
        !matches!(
            self,
            Condition::Always | Condition::Absent | Condition::Present
        )
    }

    /// Whether it holds for a key with this value, which is only looked at if it compares.
    #[inline]
    fn holds(self, exists: bool, value: Option<&[u8]>) -> Result<bool> {
        Ok(match self {
            Condition::Always => true,
            Condition::Absent => !exists,
            Condition::Present => exists,
            Condition::Equal(expected) => value == Some(expected),
            Condition::Different(other) => value != Some(other),
            Condition::DigestEqual(text) => match value {
                Some(value) => has_digest(value, text)?,
                None => false,
            },
            Condition::DigestDifferent(text) => match value {
                Some(value) => !has_digest(value, text)?,
                None => true,
            },
        })
    }
}

/// Hexadecimal digits of a digest.
const DIGEST_LEN: usize = 16;

/// The digest of a value: XXH3 with 64 bits, in hexadecimal digits.
fn digest_of(value: &[u8]) -> String {
    format!("{:016x}", xxhash_rust::xxh3::xxh3_64(value))
}

/// Whether a value has the digest of this text, in lower or upper case. A text of another length
/// is an error; one of other characters is the digest of no value.
fn has_digest(value: &[u8], text: &[u8]) -> Result<bool> {
    if text.len() != DIGEST_LEN {
        return Err(StorageError::NotADigest);
    }
    Ok(digest_of(value).as_bytes().eq_ignore_ascii_case(text))
}

/// What [`set`] did.
#[derive(Debug)]
pub struct SetOutcome {
    /// The condition held.
    pub written: bool,
    /// The value before, if it was asked for and there was one.
    pub old: Option<Content>,
}

/// What [`get_and_expire`] does with the expiry.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NewExpiry {
    /// Nothing.
    Keep,
    /// Removes it.
    Persist,
    /// Sets it, ms since the epoch; the past deletes the key.
    At(u64),
}

/// The value of a string.
#[inline]
pub fn get(view: &View<'_>, key: &[u8]) -> Result<Option<Content>> {
    let entry = view.open_as(key, DataType::String)?;
    bytes::read_value(view, &entry)
}

/// The digest of a string: 16 hexadecimal digits that equal strings have in common.
pub fn digest(view: &View<'_>, key: &[u8]) -> Result<Option<String>> {
    let value = get(view, key)?;
    Ok(value.map(|value| digest_of(&value)))
}

/// Whether there is such a string.
pub fn exists(view: &View<'_>, key: &[u8]) -> Result<bool> {
    Ok(view.open_as(key, DataType::String)?.exists())
}

/// The length of a string in bytes, 0 if the key does not exist.
pub fn length(view: &View<'_>, key: &[u8]) -> Result<u64> {
    Ok(bytes::len(&view.open_as(key, DataType::String)?))
}

/// The bytes from `first` to `last`, both included; negative positions count from the end.
pub fn range(view: &View<'_>, key: &[u8], first: i64, last: i64) -> Result<Vec<u8>> {
    let entry = view.open_as(key, DataType::String)?;
    if first < 0 && last < 0 && first > last {
        return Ok(Vec::new());
    }
    let len = bytes::len(&entry);
    let absolute = |position: i64| match u64::try_from(position) {
        Ok(position) => position,
        Err(_) => len.saturating_sub(position.unsigned_abs()),
    };
    let end = absolute(last).saturating_add(1);
    bytes::read_range(view, &entry, absolute(first), end)
}

/// Writes a value if `condition` holds. With `give_old` it also reads the value before, which
/// must be a string then.
#[inline]
pub fn set(
    edit: &mut Edit<'_>,
    key: &[u8],
    value: &[u8],
    condition: Condition<'_>,
    expiry: Expiry,
    give_old: bool,
) -> Result<SetOutcome> {
    let entry = edit.open(key)?;
    let mut old = None;
    if give_old || condition.compares() {
        check_string(&entry)?;
        old = bytes::read_value(edit, &entry)?;
    }
    let written = condition.holds(entry.exists(), old.as_deref())?;
    if written {
        write(edit, &entry, value, expiry)?;
    }
    Ok(SetOutcome {
        written,
        old: old.filter(|_| give_old),
    })
}

/// Writes several values if `condition` (none that compares) holds for every key.
pub fn set_many<'a>(
    edit: &mut Edit<'_>,
    pairs: impl Iterator<Item = (&'a [u8], &'a [u8])> + Clone,
    condition: Condition<'_>,
    expiry: Expiry,
) -> Result<bool> {
    if condition != Condition::Always {
        let wanted = condition == Condition::Present;
        for (key, _) in pairs.clone() {
            if edit.open(key)?.exists() != wanted {
                return Ok(false);
            }
        }
    }
    for (key, value) in pairs {
        let entry = edit.open(key)?;
        write(edit, &entry, value, expiry)?;
    }
    Ok(true)
}

/// Replaces a value; one whose time has come already deletes the key.
#[inline]
fn write(edit: &mut Edit<'_>, entry: &KeyEntry<'_>, value: &[u8], expiry: Expiry) -> Result<()> {
    let events: &[Event] = match expiry {
        Expiry::At(at) if at <= edit.now_ms() => return edit.remove(entry, Event::Del),
        Expiry::At(_) => &[Event::Set, Event::Expire],
        Expiry::Clear | Expiry::Keep => &[Event::Set],
    };
    bytes::replace(edit, entry, value, expiry, events)
}

/// Deletes a string for which a comparison holds; gives whether there was one.
pub fn delete_if(edit: &mut Edit<'_>, key: &[u8], condition: Condition<'_>) -> Result<bool> {
    let entry = edit.open_as(key, DataType::String)?;
    let other_length = match condition {
        Condition::Equal(expected) => bytes::len(&entry) != expected.len() as u64,
        _ => false,
    };
    if !entry.exists() || other_length {
        return Ok(false);
    }
    let value = bytes::read_value(edit, &entry)?;
    let holds = condition.holds(true, value.as_deref())?;
    if holds {
        edit.remove(&entry, Event::Del)?;
    }
    Ok(holds)
}

/// Deletes a string and gives what it was.
pub fn get_and_delete(edit: &mut Edit<'_>, key: &[u8]) -> Result<Option<Content>> {
    let entry = edit.open_as(key, DataType::String)?;
    let value = bytes::read_value(edit, &entry)?;
    if value.is_some() {
        edit.remove(&entry, Event::Del)?;
    }
    Ok(value)
}

/// Gives a string and changes when it expires.
pub fn get_and_expire(edit: &mut Edit<'_>, key: &[u8], new: NewExpiry) -> Result<Option<Content>> {
    let entry = edit.open_as(key, DataType::String)?;
    let value = bytes::read_value(edit, &entry)?;
    let Some(header) = entry.header() else {
        return Ok(None);
    };
    let (expire_ms, event) = match new {
        NewExpiry::Keep => return Ok(value),
        NewExpiry::Persist if header.expire_ms.is_none() => return Ok(value),
        NewExpiry::Persist => (None, Event::Persist),
        NewExpiry::At(at) if at <= edit.now_ms() => {
            edit.remove(&entry, Event::Del)?;
            return Ok(value);
        }
        NewExpiry::At(at) => (Some(at), Event::Expire),
    };
    let mut header = header.clone();
    header.expire_ms = expire_ms;
    put_again(edit, &entry, header, &[event])?;
    Ok(value)
}

/// Adds to the integer that a string holds (0 if the key does not exist); gives the sum.
pub fn increment(edit: &mut Edit<'_>, key: &[u8], by: i64) -> Result<i64> {
    let entry = edit.open_as(key, DataType::String)?;
    let old = match numeric_text(&entry)? {
        Some(text) => parse_i64(text).ok_or(StorageError::NotAnInteger)?,
        None => 0,
    };
    let sum = old.checked_add(by).ok_or(StorageError::Overflow)?;
    let mut buffer = itoa::Buffer::new();
    put_number(edit, &entry, buffer.format(sum), false, Event::IncrBy)?;
    Ok(sum)
}

/// Adds to the decimal number that a string holds (0 if the key does not exist); gives the text of
/// the sum, or `None` if that would be infinite.
pub fn increment_float(edit: &mut Edit<'_>, key: &[u8], by: &[u8]) -> Result<Option<String>> {
    let entry = edit.open_as(key, DataType::String)?;
    let read = |text: &[u8]| LongDouble::parse(text).ok_or(StorageError::NotAFloat);
    let old = match numeric_text(&entry) {
        Ok(Some(text)) => read(text)?,
        Ok(None) => LongDouble::ZERO,
        Err(_) => read(&bytes::read_range(edit, &entry, 0, TEXT_LEN_END as u64)?)?,
    };
    let Some(sum) = old.checked_add(read(by)?) else {
        return Ok(None);
    };
    let text = sum.to_text();
    if text.len() > crate::limits::INLINE_BYTES_MAX {
        bytes::replace(
            edit,
            &entry,
            text.as_bytes(),
            Expiry::Keep,
            &[Event::IncrByFloat],
        )?;
    } else {
        put_number(edit, &entry, &text, true, Event::IncrByFloat)?;
    }
    Ok(Some(text))
}

/// The text of a string that may be a number.
fn numeric_text<'e>(entry: &'e KeyEntry<'_>) -> Result<Option<&'e [u8]>> {
    match entry.header() {
        None => Ok(None),
        // No number fills a chunk.
        Some(header) if header.head.is_some() => Err(StorageError::NotAnInteger),
        Some(_) => Ok(entry.payload()),
    }
}

/// Replaces the value by a number, keeping the expiry.
fn put_number(
    edit: &mut Edit<'_>,
    entry: &KeyEntry<'_>,
    text: &str,
    decimal: bool,
    event: Event,
) -> Result<()> {
    let mut header = Header::new(DataType::String);
    header.text = decimal;
    if let Some(old) = entry.header() {
        header.expire_ms = old.expire_ms;
        header.extensions.clone_from(&old.extensions);
    }
    edit.put(entry, header, &[text.as_bytes()], &[event])
}

/// Appends to a string, creating it; gives the new length. Appending nothing still counts as a
/// change: watchers and listeners hear of it.
pub fn append(edit: &mut Edit<'_>, key: &[u8], tail: &[u8], bytes_max: u64) -> Result<u64> {
    const EVENTS: &[Event] = &[Event::Append];
    let entry = edit.open_as(key, DataType::String)?;
    let len = bytes::len(&entry);
    match entry.header() {
        None => bytes::replace(edit, &entry, tail, Expiry::Clear, EVENTS)?,
        Some(header) if tail.is_empty() => {
            let mut header = header.clone();
            header.raw = true;
            put_again(edit, &entry, header, EVENTS)?;
        }
        Some(_) => return bytes::write_range(edit, &entry, len, tail, bytes_max, EVENTS),
    }
    Ok(len + tail.len() as u64)
}

/// Writes a key's meta row with another header and the same value.
fn put_again(
    edit: &mut Edit<'_>,
    entry: &KeyEntry<'_>,
    header: Header,
    events: &[Event],
) -> Result<()> {
    let payload = match header.head {
        Some(_) => &[],
        None => entry.payload().unwrap_or_default(),
    };
    edit.put(entry, header, &[payload], events)
}

/// Overwrites a part of a string, creating or growing it; gives the new length.
pub fn set_range(
    edit: &mut Edit<'_>,
    key: &[u8],
    offset: u64,
    part: &[u8],
    bytes_max: u64,
) -> Result<u64> {
    let entry = edit.open_as(key, DataType::String)?;
    bytes::write_range(edit, &entry, offset, part, bytes_max, &[Event::SetRange])
}

fn check_string(entry: &KeyEntry<'_>) -> Result<()> {
    match entry.header() {
        Some(header) if header.kind != DataType::String => Err(StorageError::WrongType),
        _ => Ok(()),
    }
}
