//! Owns operations on whole strings.

use crate::change::Event;
use crate::edit::Edit;
use crate::encoding::meta::{DataType, Header};
use crate::error::Result;
use crate::value::Value;
use crate::view::View;

/// The value of a string.
#[inline]
pub fn get(view: &View<'_>, key: &[u8]) -> Result<Option<Value>> {
    let entry = view.open_as(key, DataType::String)?;
    Ok(entry.payload_value())
}

/// Replaces a key's value.
pub fn set(edit: &mut Edit<'_>, key: &[u8], value: &[u8], expire_ms: Option<u64>) -> Result<()> {
    let entry = edit.open(key)?;
    let mut header = Header::new(DataType::String);
    header.expire_ms = expire_ms;
    edit.put(&entry, header, &[value], &[Event::Set])
}
