//! Owns BITCOUNT and BITPOS.
//! Must not know: chunks. Tests: `tests.rs` beside this file, the oracle.

use super::unit;
use crate::command::{Args, Ctx};
use crate::error::{CommandError, CommandResult, text};
use crate::resp::Reply;
use storage::View;
use storage::ops::bitmap::{self, Span, Unit};

pub(super) fn bitcount(view: &View<'_>, args: &mut Args<'_>, _ctx: &Ctx<'_>) -> CommandResult {
    let key = args.next()?;
    let span = match args.left() {
        0 => None,
        2 | 3 => {
            let (start, end) = (args.next_i64()?, args.next_i64()?);
            let unit = args.next_or_none().map_or(Ok(Unit::Byte), unit)?;
            Some(Span { start, end, unit })
        }
        // A start without an end, or too much.
        _ => return Err(CommandError::Fixed(text::SYNTAX)),
    };
    Ok(integer(bitmap::count(view, key, span)?))
}

pub(super) fn bitpos(view: &View<'_>, args: &mut Args<'_>, _ctx: &Ctx<'_>) -> CommandResult {
    let key = args.next()?;
    let bit = match args.next_i64()? {
        0 => false,
        1 => true,
        _ => return Err(CommandError::Fixed(text::BIT_ARGUMENT)),
    };
    let (start, end) = match args.left() {
        0 => (0, None),
        1 => (args.next_i64()?, None),
        2 | 3 => {
            let start = args.next_i64()?;
            // Of a bad unit and a bad end, the unit is the one complained about.
            let unit = args.peek(1).map_or(Ok(Unit::Byte), unit)?;
            (start, Some((args.next_i64()?, unit)))
        }
        _ => return Err(CommandError::Fixed(text::SYNTAX)),
    };
    let found = bitmap::position(view, key, bit, start, end)?;
    Ok(found.map_or(Reply::Int(-1), integer))
}

/// A number of bits; no string has more than an i64 counts.
fn integer(bits: u64) -> Reply {
    Reply::Int(i64::try_from(bits).unwrap_or(i64::MAX))
}
