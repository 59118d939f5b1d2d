//! Owns SETBIT and GETBIT.
//! Must not know: chunks. Tests: `tests.rs` beside this file, the oracle.

use super::bit_offset;
use crate::command::{Args, Ctx};
use crate::error::{CommandError, CommandResult, text};
use crate::resp::Reply;
use storage::encoding::number::parse_i64;
use storage::ops::bitmap;
use storage::{Edit, View};

pub(super) fn setbit(edit: &mut Edit<'_>, args: &mut Args<'_>, ctx: &Ctx<'_>) -> CommandResult {
    let key = args.next()?;
    let offset = bit_offset(args.next()?, ctx)?;
    let bit = match parse_i64(args.next()?) {
        Some(0) => false,
        Some(1) => true,
        _ => return Err(CommandError::Fixed(text::BIT_VALUE)),
    };
    let bytes_max = ctx.config.proto_max_bulk_len.get();
    let before = bitmap::set_bit(edit, key, offset, bit, bytes_max)?;
    Ok(Reply::Int(before.into()))
}

pub(super) fn getbit(view: &View<'_>, args: &mut Args<'_>, ctx: &Ctx<'_>) -> CommandResult {
    let key = args.next()?;
    let offset = bit_offset(args.next()?, ctx)?;
    Ok(Reply::Int(bitmap::get_bit(view, key, offset)?.into()))
}
