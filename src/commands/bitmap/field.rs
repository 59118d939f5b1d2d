//! Owns BITFIELD and BITFIELD_RO.
//! Must not know: chunks, how integers lie in bytes.
//! Tests: `tests.rs` beside this file, the oracle.

use super::{bit_offset, bit_offset_of};
use crate::command::{Args, Ctx};
use crate::error::{CommandError, CommandResult, text};
use crate::resp::Reply;
use storage::encoding::number::parse_i64;
use storage::ops::bitfield::{self, Action, FieldOp, FieldOps, FieldResults, FieldType, Overflow};
use storage::{Edit, View};

pub(super) fn bitfield(edit: &mut Edit<'_>, args: &mut Args<'_>, ctx: &Ctx<'_>) -> CommandResult {
    let key = args.next()?;
    let ops = parse(args, ctx)?;
    let bytes_max = ctx.config.proto_max_bulk_len.get();
    Ok(reply(bitfield::apply(edit, key, &ops, bytes_max)?))
}

pub(super) fn bitfield_ro(view: &View<'_>, args: &mut Args<'_>, ctx: &Ctx<'_>) -> CommandResult {
    let key = args.next()?;
    let ops = parse(args, ctx)?;
    if ops.iter().any(|op| op.action != Action::Get) {
        return Err(CommandError::Fixed(text::FIELD_READ_ONLY));
    }
    Ok(reply(bitfield::read(view, key, &ops)?))
}

fn reply(results: FieldResults) -> Reply {
    Reply::array(
        results
            .into_iter()
            .map(|result| result.map_or(Reply::Nil, Reply::Int)),
    )
}

/// All operations. A word that lacks its arguments is as unknown as any other.
fn parse(args: &mut Args<'_>, ctx: &Ctx<'_>) -> CommandResult<FieldOps> {
    let mut ops = FieldOps::new();
    let mut overflow = Overflow::Wrap;
    while args.left() > 0 {
        if args.left() >= 2 && args.skip_word("OVERFLOW") {
            overflow = parse_overflow(args.next()?)?;
        } else if args.left() >= 3 && args.skip_word("GET") {
            let (kind, at) = parse_field(args, ctx)?;
            let action = Action::Get;
            ops.push(FieldOp { kind, at, action });
        } else if args.left() >= 4 && args.skip_word("SET") {
            let (kind, at) = parse_field(args, ctx)?;
            let action = Action::Set(args.next_i64()?, overflow);
            ops.push(FieldOp { kind, at, action });
        } else if args.left() >= 4 && args.skip_word("INCRBY") {
            let (kind, at) = parse_field(args, ctx)?;
            let action = Action::Add(args.next_i64()?, overflow);
            ops.push(FieldOp { kind, at, action });
        } else {
            return Err(CommandError::Fixed(text::SYNTAX));
        }
    }
    Ok(ops)
}

fn parse_overflow(arg: &[u8]) -> CommandResult<Overflow> {
    if arg.eq_ignore_ascii_case(b"WRAP") {
        Ok(Overflow::Wrap)
    } else if arg.eq_ignore_ascii_case(b"SAT") {
        Ok(Overflow::Saturate)
    } else if arg.eq_ignore_ascii_case(b"FAIL") {
        Ok(Overflow::Fail)
    } else {
        Err(CommandError::Fixed(text::FIELD_OVERFLOW))
    }
}

/// A type such as `u8`, and where the field begins: a bit, or `#` and a multiple of its width.
fn parse_field(args: &mut Args<'_>, ctx: &Ctx<'_>) -> CommandResult<(FieldType, u64)> {
    let kind = parse_type(args.next()?).ok_or(CommandError::Fixed(text::FIELD_TYPE))?;
    let at = match args.next()? {
        [b'#', number @ ..] => {
            let number = parse_i64(number);
            let at = number.and_then(|number| number.checked_mul(i64::from(kind.width())));
            bit_offset_of(at, ctx)?
        }
        arg => bit_offset(arg, ctx)?,
    };
    Ok((kind, at))
}

fn parse_type(arg: &[u8]) -> Option<FieldType> {
    let (sign, width) = arg.split_first()?;
    let signed = match sign {
        b'i' => true,
        b'u' => false,
        _ => return None,
    };
    FieldType::new(signed, parse_i64(width)?)
}
