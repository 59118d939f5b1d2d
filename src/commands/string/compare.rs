//! Owns the commands that compare a value with one that the client knows, or tell a digest for
//! that: DIGEST, DELEX, DELIFEQ. SET's conditions stand in `options`.
//! Must not know: sockets, how digests are made. Tests: `tests/commands/string/swap.rs`.

use crate::command::{Args, Ctx};
use crate::error::{CommandError, CommandResult};
use crate::resp::Reply;
use storage::ops::keyspace;
use storage::ops::string::{self, Condition};
use storage::{Edit, StorageError, View};

const NOT_A_STRING: &str = "ERR Key should be of string type if conditions are specified";
const BAD_CONDITION: &str = "ERR Invalid condition. Use IFEQ, IFNE, IFDEQ, or IFDNE";

/// A comparison by its name.
pub fn condition<'a>(name: &[u8], compared: &'a [u8]) -> Option<Condition<'a>> {
    let is = |word: &str| name.eq_ignore_ascii_case(word.as_bytes());
    Some(match () {
        () if is("IFEQ") => Condition::Equal(compared),
        () if is("IFNE") => Condition::Different(compared),
        () if is("IFDEQ") => Condition::DigestEqual(compared),
        () if is("IFDNE") => Condition::DigestDifferent(compared),
        () => return None,
    })
}

pub fn digest(view: &View<'_>, args: &mut Args<'_>, _ctx: &Ctx<'_>) -> CommandResult {
    Ok(Reply::bulk_or_nil(string::digest(view, args.next()?)?))
}

pub fn delex(edit: &mut Edit<'_>, args: &mut Args<'_>, ctx: &Ctx<'_>) -> CommandResult {
    let key = args.next()?;
    let deleted = match args.left() {
        0 => keyspace::delete(edit, key)?,
        2 => delete_compared(edit, key, args)?,
        _ => return Err(CommandError::wrong_arity(ctx.command)),
    };
    Ok(Reply::Int(i64::from(deleted)))
}

/// A missing key is told before a comparison that makes no sense, a key of another type as well.
fn delete_compared(edit: &mut Edit<'_>, key: &[u8], args: &mut Args<'_>) -> CommandResult<bool> {
    match string::exists(edit, key) {
        Err(StorageError::WrongType) => return Err(NOT_A_STRING.into()),
        found => {
            if !found? {
                return Ok(false);
            }
        }
    }
    let (name, compared) = (args.next()?, args.next()?);
    let condition = condition(name, compared).ok_or(BAD_CONDITION)?;
    Ok(string::delete_if(edit, key, condition)?)
}

pub fn delifeq(edit: &mut Edit<'_>, args: &mut Args<'_>, _ctx: &Ctx<'_>) -> CommandResult {
    let key = args.next()?;
    let deleted = string::delete_if(edit, key, Condition::Equal(args.next()?))?;
    Ok(Reply::Int(i64::from(deleted)))
}
