//! Owns the commands that give whole values: GET, MGET, and those that take or expire them.
//! Must not know: sockets, chunks. Tests: `tests/commands/string`, the oracle.

use super::options::{Dialect, Options};
use crate::command::{Args, Ctx};
use crate::error::CommandResult;
use crate::resp::Reply;
use storage::ops::string;
use storage::{Edit, StorageError, View};

pub fn get(view: &View<'_>, args: &mut Args<'_>, _ctx: &Ctx<'_>) -> CommandResult {
    Ok(Reply::bulk_or_nil(string::get(view, args.next()?)?))
}

/// What is not a string counts as missing here.
pub fn mget(view: &View<'_>, args: &mut Args<'_>, _ctx: &Ctx<'_>) -> CommandResult {
    let mut replies = Vec::with_capacity(args.left());
    while let Some(key) = args.next_or_none() {
        replies.push(match string::get(view, key) {
            Err(StorageError::WrongType) => Reply::Nil,
            value => Reply::bulk_or_nil(value?),
        });
    }
    Ok(Reply::Array(replies))
}

pub fn getdel(edit: &mut Edit<'_>, args: &mut Args<'_>, _ctx: &Ctx<'_>) -> CommandResult {
    let old = string::get_and_delete(edit, args.next()?)?;
    Ok(Reply::bulk_or_nil(old))
}

pub fn getex(edit: &mut Edit<'_>, args: &mut Args<'_>, ctx: &Ctx<'_>) -> CommandResult {
    let key = args.next()?;
    let options = Options::parse(args, Dialect::GetEx)?;
    let new_expiry = options.new_expiry(edit.now_ms(), ctx)?;
    let value = string::get_and_expire(edit, key, new_expiry)?;
    Ok(Reply::bulk_or_nil(value))
}
