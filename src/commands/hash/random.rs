//! Owns HRANDFIELD.
//! Must not know: sockets, how fields are drawn. Tests: `tests/commands/hash`, the oracle.

use crate::command::{Args, Ctx};
use crate::commands::draw;
use crate::error::CommandResult;
use crate::resp::{Reply, RespVersion};
use storage::View;
use storage::ops::hash::Hash;

pub fn hrandfield(view: &View<'_>, args: &mut Args<'_>, ctx: &Ctx<'_>) -> CommandResult {
    let key = args.next()?;
    if args.left() == 0 {
        let hash = Hash::open(view, key)?;
        let field = hash.random(view, &mut ctx.random())?;
        return Ok(Reply::bulk_or_nil(field));
    }
    let (count, with_values) = draw::next_count_with(args, "WITHVALUES")?;
    let hash = Hash::open(view, key)?;
    let how = draw::how(count, || Ok(hash.exists()))?;
    let items = hash.sample(view, how, &mut ctx.random())?;
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
