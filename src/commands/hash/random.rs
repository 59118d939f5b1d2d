//! Owns HRANDFIELD.
//! Must not know: sockets, how fields are drawn. Tests: `tests/commands/hash`, the oracle.

use crate::command::{Args, Ctx};
use crate::error::{CommandError, CommandResult, text};
use crate::resp::{Reply, RespVersion};
use storage::View;
use storage::ops::hash::{Draw, Hash};

/// Most fields that a negative count asks for: the reply is made as a whole before it is sent.
const REPEATED_MAX: u64 = 1 << 20;

pub fn hrandfield(view: &View<'_>, args: &mut Args<'_>, ctx: &Ctx<'_>) -> CommandResult {
    let key = args.next()?;
    if args.left() == 0 {
        let hash = Hash::open(view, key)?;
        let field = hash.random(view, &mut ctx.random())?;
        return Ok(Reply::bulk_or_nil(field));
    }
    let count = args.next_i64()?;
    if count == i64::MIN {
        return Err(CommandError::Fixed(text::NOT_NEGATABLE));
    }
    let with_values = args.left() > 0;
    if with_values && (!args.skip_word("WITHVALUES") || args.left() > 0) {
        return Err(CommandError::Fixed(text::SYNTAX));
    }
    if with_values && count.unsigned_abs() > (i64::MAX / 2) as u64 {
        return Err(CommandError::Fixed(text::OUT_OF_RANGE));
    }
    let hash = Hash::open(view, key)?;
    let draw = match u64::try_from(count) {
        Ok(count) => Draw::Distinct(count),
        Err(_) => Draw::Repeating(count.unsigned_abs()),
    };
    if hash.exists() && matches!(draw, Draw::Repeating(count) if count > REPEATED_MAX) {
        return Err(CommandError::Fixed(text::OUT_OF_RANGE));
    }
    let items = hash.sample(view, draw, &mut ctx.random())?;
    let items = items.into_iter();
    Ok(Reply::Array(match (with_values, ctx.resp) {
        (false, _) => items.map(|(field, _)| field.into()).collect(),
        (true, RespVersion::Resp2) => items
            .flat_map(|(field, value)| [field.into(), value.into()])
            .collect(),
        (true, _) => items
            .map(|(field, value)| Reply::Array(vec![field.into(), value.into()]))
            .collect(),
    }))
}
