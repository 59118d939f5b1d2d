//! Owns the commands that read or write a part of a string.
//! Must not know: sockets, chunks. Tests: `tests/commands/string`, the oracle.

use crate::command::{Args, Ctx};
use crate::error::{CommandError, CommandResult, text};
use crate::resp::Reply;
use storage::ops::string;
use storage::{Edit, View};

/// GETRANGE, and SUBSTR, its old name.
pub fn getrange(view: &View<'_>, args: &mut Args<'_>, _ctx: &Ctx<'_>) -> CommandResult {
    let key = args.next()?;
    let first = args.next_i64()?;
    let last = args.next_i64()?;
    Ok(Reply::bulk(string::range(view, key, first, last)?))
}

pub fn strlen(view: &View<'_>, args: &mut Args<'_>, _ctx: &Ctx<'_>) -> CommandResult {
    length(string::length(view, args.next()?)?)
}

pub fn append(edit: &mut Edit<'_>, args: &mut Args<'_>, ctx: &Ctx<'_>) -> CommandResult {
    let key = args.next()?;
    let tail = args.next()?;
    let bytes_max = ctx.config.proto_max_bulk_len.get();
    length(string::append(edit, key, tail, bytes_max)?)
}

pub fn setrange(edit: &mut Edit<'_>, args: &mut Args<'_>, ctx: &Ctx<'_>) -> CommandResult {
    let key = args.next()?;
    let offset = u64::try_from(args.next_i64()?);
    let offset = offset.map_err(|_| CommandError::Fixed(text::OFFSET))?;
    let part = args.next()?;
    let bytes_max = ctx.config.proto_max_bulk_len.get();
    length(string::set_range(edit, key, offset, part, bytes_max)?)
}

fn length(len: u64) -> CommandResult {
    Ok(Reply::Int(i64::try_from(len).unwrap_or(i64::MAX)))
}
