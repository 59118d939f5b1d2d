//! Owns the commands that look at lists.
//! Invariants: keys are looked up and arguments read in Redis's order, which decides between
//! errors. Must not know: sockets. Tests: `tests/commands/list`, the oracle.

use crate::command::{Args, Ctx};
use crate::error::{CommandError, CommandResult, text};
use crate::resp::{Reply, Strings, StringsOf};
use storage::View;
use storage::ops::list::{self, Search};

pub fn llen(view: &View<'_>, args: &mut Args<'_>, _ctx: &Ctx<'_>) -> CommandResult {
    Ok(Reply::Int(list::len(view, args.next()?)? as i64))
}

pub fn lindex(view: &View<'_>, args: &mut Args<'_>, _ctx: &Ctx<'_>) -> CommandResult {
    let key = args.next()?;
    if !list::exists(view, key)? {
        return Ok(Reply::Nil);
    }
    let index = args.next_i64()?;
    Ok(Reply::bulk_or_nil(list::index(view, key, index)?))
}

pub fn lrange(view: &View<'_>, args: &mut Args<'_>, _ctx: &Ctx<'_>) -> CommandResult {
    let key = args.next()?;
    let (start, stop) = (args.next_i64()?, args.next_i64()?);
    let mut elements = Strings::of(StringsOf::List);
    list::for_each(view, key, (start, stop), |element| elements.push(element))?;
    Ok(elements.into())
}

pub fn lpos(view: &View<'_>, args: &mut Args<'_>, _ctx: &Ctx<'_>) -> CommandResult {
    const RANK_ZERO: &str = "ERR RANK can't be zero: use 1 to start from the first match, 2 from \
         the second ... or use negative to start from the end of the list";
    let (key, element) = (args.next()?, args.next()?);
    let (mut rank, mut count, mut compare_max) = (1, None, 0);
    while args.left() > 0 {
        if args.left() > 1 && args.skip_word("RANK") {
            rank = args.next_i64()?;
            if rank == 0 {
                return Err(CommandError::Fixed(RANK_ZERO));
            }
            if rank == i64::MIN {
                return Err(CommandError::Fixed(text::NOT_NEGATABLE));
            }
        } else if args.left() > 1 && args.skip_word("COUNT") {
            count = Some(args.next_in(0..=i64::MAX, "ERR COUNT can't be negative")? as u64);
        } else if args.left() > 1 && args.skip_word("MAXLEN") {
            compare_max = args.next_in(0..=i64::MAX, "ERR MAXLEN can't be negative")? as u64;
        } else {
            return Err(CommandError::Fixed(text::SYNTAX));
        }
    }
    let search = Search {
        element,
        backwards: rank < 0,
        skip: rank.unsigned_abs() - 1,
        count: count.unwrap_or(1),
        compare_max,
    };
    let found = list::positions(view, key, &search)?;
    let found = found.into_iter().map(|position| position as i64);
    Ok(match count {
        Some(_) => Reply::array_of_ints(found),
        None => found.map(Reply::Int).next().unwrap_or(Reply::Nil),
    })
}
