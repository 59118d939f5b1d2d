//! Owns PFADD, PFCOUNT and PFMERGE.
//! Must not know: encodings of sketches. Tests: `tests/commands/hll.rs`,
//! `tests/compat/hyperloglog.rs`.

use crate::command::{Args, Ctx};
use crate::error::CommandResult;
use crate::resp::Reply;
use storage::ops::hll;
use storage::{Edit, StorageError, View};

pub(super) fn pfadd(edit: &mut Edit<'_>, args: &mut Args<'_>, ctx: &Ctx<'_>) -> CommandResult {
    let key = args.next()?;
    let elements = std::iter::from_fn(|| args.next_or_none());
    let sparse_bytes_max = ctx.config.hll_sparse_max_bytes.get();
    let changed = hll::add(edit, key, elements, sparse_bytes_max)?;
    Ok(Reply::Int(changed.into()))
}

/// PFCOUNT of one key whose cardinality is in its header.
pub(super) fn pfcount_recall(view: &View<'_>, args: &mut Args<'_>, _: &Ctx<'_>) -> CommandResult {
    let key = args.next()?;
    if args.left() > 0 {
        return Err(StorageError::NeedsLatch.into());
    }
    Ok(Reply::Int(hll::remembered(view, key)? as i64))
}

/// PFCOUNT where there is something to compute. As in Redis, several keys remember nothing.
pub(super) fn pfcount(edit: &mut Edit<'_>, args: &mut Args<'_>, _: &Ctx<'_>) -> CommandResult {
    let cardinality = match args.left() {
        1 => hll::count(edit, args.next()?)?,
        _ => hll::count_union(edit, std::iter::from_fn(|| args.next_or_none()))?,
    };
    // The header of a foreign sketch may hold any number; Redis shows it with its sign.
    Ok(Reply::Int(cardinality as i64))
}

pub(super) fn pfmerge(edit: &mut Edit<'_>, args: &mut Args<'_>, ctx: &Ctx<'_>) -> CommandResult {
    let target = args.next()?;
    let sources = std::iter::from_fn(|| args.next_or_none());
    let sparse_bytes_max = ctx.config.hll_sparse_max_bytes.get();
    hll::merge(edit, target, sources, sparse_bytes_max)?;
    Ok(Reply::ok())
}
