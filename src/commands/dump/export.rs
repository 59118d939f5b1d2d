//! Owns reading a value of any type out of the database as plain data.
//! Must not know: serialised forms. Tests: `tests/commands/dump.rs`, `tests/compat/dump.rs`.

use super::export_stream;
use crate::rdb::{HashField, Value};
use bytes::Bytes;
use storage::encoding::meta::DataType;
use storage::ops::zset::{self, Limit, Range, Scored};
use storage::ops::{bytes as string, hash::Hash, list, set};
use storage::{Result, View};

/// The value of a key, if there is one.
pub fn value(view: &View<'_>, key: &[u8]) -> Result<Option<Value>> {
    let entry = view.open(key)?;
    let Some(kind) = entry.header().map(|header| header.kind) else {
        return Ok(None);
    };
    Ok(Some(match kind {
        DataType::String => {
            let content = string::read_value(view, &entry)?;
            Value::String(bytes(content.as_deref().unwrap_or_default()))
        }
        DataType::List => {
            let elements: Vec<storage::Value> = list::range(view, key, 0, -1)?;
            Value::List(elements.iter().map(|one| bytes(one)).collect())
        }
        DataType::Set => {
            let members = set::members(view, key)?;
            Value::Set(members.iter().map(|one| bytes(one)).collect())
        }
        DataType::Hash => {
            let mut fields = Vec::new();
            Hash::of(view, entry)?.for_each_timed(view, |name, value, expire_ms| {
                fields.push(HashField {
                    name: bytes(&name),
                    value: bytes(&value),
                    expire_ms,
                });
            })?;
            match fields.is_empty() {
                // All of them have expired, so for a reader there is no such key.
                true => return Ok(None),
                false => Value::Hash(fields),
            }
        }
        DataType::ZSet => {
            let all = Range::Ranks(0, -1);
            let members = zset::range(view, key, &all, false, Limit::NONE)?;
            let pair = |one: &Scored| (bytes(&one.member), one.score);
            Value::ZSet(members.iter().map(pair).collect())
        }
        DataType::Stream => match export_stream::stream(view, key)? {
            Some(stream) => Value::Stream(stream),
            None => return Ok(None),
        },
    }))
}

/// Whether a key has a time at which it expires.
pub fn expires(view: &View<'_>, key: &[u8]) -> Result<bool> {
    Ok(expires_at(view, key)?.is_some())
}

/// When a key expires, ms since the epoch.
pub fn expires_at(view: &View<'_>, key: &[u8]) -> Result<Option<u64>> {
    let entry = view.open(key)?;
    Ok(entry.header().and_then(|header| header.expire_ms))
}

pub(super) fn bytes(text: &[u8]) -> Bytes {
    Bytes::copy_from_slice(text)
}
