//! Owns writing plain data into the database as the value of a key.
//! Invariants: the thresholds of the moment decide what OBJECT ENCODING answers; whatever the key
//! held goes. Must not know: serialised forms. Tests: `tests/commands/dump.rs`, `tests/compat/dump.rs`.

use crate::command::Ctx;
use crate::commands::{hash, list as lists, set as sets, zset as zsets};
use crate::error::CommandResult;
use crate::rdb::Value;
use bytes::Bytes;
use storage::Edit;
use storage::change::Event;
use storage::ops::bytes::{Expiry, replace};
use storage::ops::zset::{self, Scored};
use storage::ops::{hash as hashes, list, set};

/// Makes a value that of a key.
pub fn value(
    edit: &mut Edit<'_>,
    key: &[u8],
    value: &Value,
    event: Event,
    ctx: &Ctx<'_>,
) -> CommandResult<()> {
    match value {
        Value::String(text) => {
            let entry = edit.open(key)?;
            replace(edit, &entry, text, Expiry::Clear, &[event])?;
        }
        Value::List(elements) => {
            let elements = elements.iter().map(|one| &one[..]);
            list::replace(edit, key, elements, event, lists::threshold(ctx))?;
        }
        Value::Set(members) => {
            let members = members.iter().map(|one| &one[..]);
            set::replace(edit, key, members, event, &sets::thresholds(ctx))?;
        }
        Value::Hash(fields) => {
            let fields = fields
                .iter()
                .map(|field| (&field.name[..], &field.value[..], field.expire_ms));
            hashes::replace(edit, key, fields, event, hash::limits(ctx))?;
        }
        Value::ZSet(members) => {
            let scored = |(member, score): &(Bytes, f64)| Scored {
                member: member[..].into(),
                score: *score,
            };
            let members: Vec<Scored> = members.iter().map(scored).collect();
            zset::store(edit, key, &members, event, &zsets::thresholds(ctx))?;
        }
        Value::Stream(_) => {
            return Err("ERR Bad data format".into());
        }
    }
    Ok(())
}
