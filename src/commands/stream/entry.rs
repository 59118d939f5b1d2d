//! Owns XLEN, XRANGE, XDEL and other commands on entries alone, and how entries are replied.
//! Must not know: sockets, groups. Tests: `tests/commands/stream`, the oracle.

use super::add::skip_references;
use super::id;
use crate::command::{Args, Ctx};
use crate::error::{CommandError, CommandResult, text};
use crate::resp::Reply;
use storage::ops::stream::{self, Entry, Removal, SetId, SetIdError, Span, StreamId};
use storage::{Edit, View};

/// An entry: its id, its fields and values.
pub fn reply(entry: Entry) -> Reply {
    Reply::Array(parts(entry))
}

/// Its id, its fields and values.
pub fn parts(entry: Entry) -> Vec<Reply> {
    let strings = entry.strings.into_iter().map(Reply::from);
    vec![id::reply(entry.id), Reply::array(strings)]
}

/// Several entries.
pub fn replies(entries: Vec<Entry>) -> Reply {
    Reply::array(entries.into_iter().map(reply))
}

pub fn xlen(view: &View<'_>, args: &mut Args<'_>, _: &Ctx<'_>) -> CommandResult {
    Ok(Reply::Int(stream::len(view, args.next()?)? as i64))
}

pub fn xrange(view: &View<'_>, args: &mut Args<'_>, _: &Ctx<'_>) -> CommandResult {
    let (key, start, end) = (args.next()?, args.next()?, args.next()?);
    range(view, key, (id::start(start)?, id::end(end)?), false, args)
}

pub fn xrevrange(view: &View<'_>, args: &mut Args<'_>, _: &Ctx<'_>) -> CommandResult {
    let (key, end, start) = (args.next()?, args.next()?, args.next()?);
    range(view, key, (id::start(start)?, id::end(end)?), true, args)
}

fn range(
    view: &View<'_>,
    key: &[u8],
    (start, end): (StreamId, StreamId),
    reverse: bool,
    args: &mut Args<'_>,
) -> CommandResult {
    let mut count = None;
    while args.left() > 0 {
        if args.left() < 2 || !args.skip_word("COUNT") {
            return Err(CommandError::Fixed(text::SYNTAX));
        }
        count = Some(args.next_i64()?.max(0) as u64);
    }
    if count == Some(0) {
        let exists = stream::exists(view, key)?;
        let nothing = Reply::Array(Vec::new());
        return Ok(if exists { Reply::NilArray } else { nothing });
    }
    let span = Span {
        start,
        end,
        count,
        reverse,
    };
    Ok(replies(stream::range(view, key, &span)?))
}

pub fn xdel(edit: &mut Edit<'_>, args: &mut Args<'_>, _: &Ctx<'_>) -> CommandResult {
    let key = args.next()?;
    // A key that does not exist is told before an id that is none.
    if !stream::exists(edit, key)? {
        return Ok(Reply::Int(0));
    }
    let ids = id::rest(args)?;
    Ok(Reply::Int(stream::delete(edit, key, &ids)? as i64))
}

/// `[KEEPREF | DELREF | ACKED] IDS numids id [id ...]`.
pub struct Doomed<'a> {
    pub references: stream::References,
    written: Vec<&'a [u8]>,
}

impl<'a> Doomed<'a> {
    /// Reads the arguments; the ids are not looked at yet.
    pub fn parse(args: &mut Args<'a>) -> CommandResult<Doomed<'a>> {
        let (mut references, mut ids) = (None, None);
        while args.left() > 0 {
            if references.is_none()
                && let Some(found) = skip_references(args)
            {
                references = Some(found);
            } else if args.left() > 1 && args.skip_word("IDS") {
                let positive = "ERR Number of IDs must be a positive integer";
                let number = args.next_in(1..=i64::MAX, positive)? as u64;
                if number > args.left() as u64 {
                    return Err(
                        "ERR The `numids` parameter must match the number of arguments".into(),
                    );
                }
                let mut given = Vec::with_capacity(number as usize);
                for _ in 0..number {
                    given.push(args.next()?);
                }
                ids = Some(given);
            } else {
                return Err(CommandError::Fixed(text::SYNTAX));
            }
        }
        let written = ids.ok_or("ERR IDS option is required")?;
        Ok(Doomed {
            references: references.unwrap_or_default(),
            written,
        })
    }

    /// The ids. Errors: one of them is none.
    pub fn ids(&self) -> CommandResult<Vec<StreamId>> {
        self.written.iter().map(|one| id::strict(one, 0)).collect()
    }

    /// The answer where there is nothing to delete from, however the ids are written.
    pub fn none_found(&self) -> Reply {
        removals(vec![Removal::NotFound; self.written.len()])
    }
}

/// What became of each id.
pub fn removals(removals: Vec<Removal>) -> Reply {
    Reply::array_of_ints(removals.into_iter().map(|removal| match removal {
        Removal::NotFound => -1,
        Removal::Done => 1,
        Removal::Referenced => 2,
    }))
}

pub fn xdelex(edit: &mut Edit<'_>, args: &mut Args<'_>, _: &Ctx<'_>) -> CommandResult {
    let key = args.next()?;
    // What the key holds is looked at before the arguments, whether it is there before the ids.
    let exists = stream::exists(edit, key)?;
    let doomed = Doomed::parse(args)?;
    if !exists {
        return Ok(doomed.none_found());
    }
    let done = stream::delete_with(edit, key, &doomed.ids()?, doomed.references)?;
    Ok(removals(done))
}

pub fn xsetid(edit: &mut Edit<'_>, args: &mut Args<'_>, _: &Ctx<'_>) -> CommandResult {
    let key = args.next()?;
    let last = id::strict(args.next()?, 0)?;
    let (mut added, mut max_deleted) = (None, StreamId::MIN);
    while args.left() > 0 {
        if args.left() > 1 && args.skip_word("ENTRIESADDED") {
            let given = u64::try_from(args.next_i64()?);
            added = Some(given.map_err(|_| "ERR entries_added must be positive")?);
        } else if args.left() > 1 && args.skip_word("MAXDELETEDID") {
            max_deleted = id::strict(args.next()?, 0)?;
            if last < max_deleted {
                return Err(
                    "ERR The ID specified in XSETID is smaller than the provided \
                     max_deleted_entry_id"
                        .into(),
                );
            }
        } else {
            return Err(CommandError::Fixed(text::SYNTAX));
        }
    }
    let set = SetId {
        last,
        added,
        max_deleted,
    };
    let refused = match stream::set_id(edit, key, &set)? {
        Ok(()) => return Ok(Reply::ok()),
        Err(refused) => refused,
    };
    Err(CommandError::Fixed(match refused {
        SetIdError::NoSuchKey => text::NO_SUCH_KEY,
        SetIdError::BelowDeleted => {
            "ERR The ID specified in XSETID is smaller than current max_deleted_entry_id"
        }
        SetIdError::BelowLast => {
            "ERR The ID specified in XSETID is smaller than the target stream top item"
        }
        SetIdError::AddedTooFew => {
            "ERR The entries_added specified in XSETID is smaller than the target stream length"
        }
    }))
}
