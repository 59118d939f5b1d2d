//! Owns what every key has whatever its type: existence, type, encoding, usage, deletion.
//! Invariants: deleting is O(1) in the value's size; nothing here reads element rows.
//! Must not know: replies, commands. Tests: `storage/tests/keyspace`.

use crate::change::Event;
use crate::edit::Edit;
use crate::encoding::meta::{DataType, Header};
use crate::encoding::number::parse_i64;
use crate::encoding::shape::Shape;
use crate::error::Result;
use crate::hot::Usage;
use crate::view::View;

/// Longest string that OBJECT ENCODING calls `embstr`, in bytes.
pub const EMBSTR_BYTES_MAX: usize = 44;

/// Whether the key exists.
#[inline]
pub fn exists(view: &View<'_>, key: &[u8]) -> Result<bool> {
    Ok(view.open(key)?.exists())
}

/// The key's type, if it exists.
#[inline]
pub fn data_type(view: &View<'_>, key: &[u8]) -> Result<Option<DataType>> {
    Ok(view.open(key)?.header().map(|header| header.kind))
}

/// Deletes a key; gives whether it existed. One that has expired is deleted as well, but did not
/// exist.
#[inline]
pub fn delete(edit: &mut Edit<'_>, key: &[u8]) -> Result<bool> {
    let entry = edit.open(key)?;
    edit.remove(&entry, Event::Del)?;
    Ok(entry.exists())
}

/// Number of keys of the view's database, exact; expired keys count until they are swept.
#[inline]
pub fn count(view: &View<'_>) -> u64 {
    view.count_keys()
}

/// The name under which Redis knows the representation of a key's value, if the key exists.
pub fn encoding(view: &View<'_>, key: &[u8]) -> Result<Option<&'static str>> {
    let entry = view.open(key)?;
    let Some(header) = entry.header() else {
        return Ok(None);
    };
    let payload = entry.payload().unwrap_or_default();
    Ok(Some(match header.kind {
        DataType::String => string_encoding(header, payload),
        _ => Shape::decode(payload)?.name(),
    }))
}

/// The name of a string's representation in Redis; `payload` is what stands in the meta row.
pub fn string_encoding(header: &Header, payload: &[u8]) -> &'static str {
    if header.raw || header.head.is_some() {
        "raw"
    } else if !header.text && parse_i64(payload).is_some() {
        "int"
    } else if payload.len() <= EMBSTR_BYTES_MAX {
        "embstr"
    } else {
        "raw"
    }
}

/// How the key was used lately, if it exists. A key that is not in memory counts as never used.
pub fn usage(view: &View<'_>, key: &[u8]) -> Result<Option<KeyUsage>> {
    let entry = view.open(key)?;
    if !entry.exists() {
        return Ok(None);
    }
    let now_s = view.store().table().now_s();
    let usage = view.usage(&entry).unwrap_or(Usage {
        accessed_s: now_s,
        frequency: 0,
    });
    Ok(Some(KeyUsage {
        idle_s: now_s.saturating_sub(usage.accessed_s),
        frequency: usage.frequency,
    }))
}

/// What OBJECT IDLETIME and OBJECT FREQ tell.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct KeyUsage {
    /// Seconds since the last access.
    pub idle_s: u32,
    /// Logarithmic access counter.
    pub frequency: u8,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn strings_are_int_embstr_or_raw() {
        let header = Header::new(DataType::String);
        let name = |payload: &[u8]| string_encoding(&header, payload);
        assert_eq!(name(b"12"), "int");
        assert_eq!(name(b"-9223372036854775808"), "int");
        assert_eq!(name(b"9223372036854775808"), "embstr");
        assert_eq!(name(b"012"), "embstr");
        assert_eq!(name(b""), "embstr");
        assert_eq!(name(&[b'x'; EMBSTR_BYTES_MAX]), "embstr");
        assert_eq!(name(&[b'x'; EMBSTR_BYTES_MAX + 1]), "raw");
        let changed = Header {
            raw: true,
            ..header
        };
        assert_eq!(string_encoding(&changed, b"12"), "raw");
    }
}
