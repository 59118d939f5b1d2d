//! Owns LCS.
//! Invariants: its table takes no more memory than `proto-max-bulk-len`.
//! Must not know: how the subsequence is found. Tests: `tests/commands/string`, the oracle.

use crate::command::{Args, Ctx};
use crate::error::{CommandError, CommandResult, text};
use crate::resp::Reply;
use storage::ops::lcs::{self, LCS_BYTES_MAX, Run};
use storage::ops::string;
use storage::{StorageError, View};

const NOT_STRINGS: &str = "ERR The specified keys must contain string values";
const LEN_AND_IDX: &str = "ERR If you want both the length and indexes, please just use IDX.";
const TOO_LONG: &str = "ERR String too long for LCS";
const TABLE_TOO_LARGE: &str =
    "ERR Insufficient memory, transient memory for LCS exceeds proto-max-bulk-len";

#[derive(Debug, Default)]
struct Wanted {
    length: bool,
    runs: bool,
    run_lengths: bool,
    run_len_min: i64,
}

pub fn lcs(view: &View<'_>, args: &mut Args<'_>, ctx: &Ctx<'_>) -> CommandResult {
    let first = value(view, args.next()?)?;
    let second = value(view, args.next()?)?;
    let wanted = parse(args)?;
    if wanted.length && wanted.runs {
        return Err(CommandError::Fixed(LEN_AND_IDX));
    }
    let (first, second) = (
        first.as_deref().unwrap_or_default(),
        second.as_deref().unwrap_or_default(),
    );
    if first.len().max(second.len()) > LCS_BYTES_MAX {
        return Err(CommandError::Fixed(TOO_LONG));
    }
    let bytes_max = u128::from(ctx.config.proto_max_bulk_len.get());
    if lcs::table_bytes(first.len(), second.len()) > bytes_max {
        return Err(CommandError::Fixed(TABLE_TOO_LARGE));
    }
    if wanted.length {
        return Ok(Reply::count(lcs::length(first, second)));
    }
    let (common, runs) = lcs::subsequence(first, second);
    if !wanted.runs {
        return Ok(Reply::bulk(common));
    }
    let long_enough = |run: &&Run| run.count() as i64 >= wanted.run_len_min;
    let shown = runs.iter().filter(long_enough);
    let matches = Reply::array(shown.map(|run| run_reply(run, wanted.run_lengths)));
    Ok(Reply::map([
        ("matches", matches),
        ("len", Reply::count(common.len())),
    ]))
}

fn value(view: &View<'_>, key: &[u8]) -> CommandResult<Option<string::Content>> {
    string::get(view, key).map_err(|error| match error {
        StorageError::WrongType => CommandError::Fixed(NOT_STRINGS),
        other => other.into(),
    })
}

fn parse(args: &mut Args<'_>) -> CommandResult<Wanted> {
    let mut wanted = Wanted::default();
    while args.left() > 0 {
        if args.skip_word("IDX") {
            wanted.runs = true;
        } else if args.skip_word("LEN") {
            wanted.length = true;
        } else if args.skip_word("WITHMATCHLEN") {
            wanted.run_lengths = true;
        } else if args.left() > 1 && args.skip_word("MINMATCHLEN") {
            wanted.run_len_min = args.next_i64()?;
        } else {
            return Err(CommandError::Fixed(text::SYNTAX));
        }
    }
    Ok(wanted)
}

fn run_reply(run: &Run, with_length: bool) -> Reply {
    let range =
        |(first, last): (usize, usize)| Reply::array([Reply::count(first), Reply::count(last)]);
    let mut parts = vec![range(run.in_first), range(run.in_second)];
    if with_length {
        parts.push(Reply::count(run.count()));
    }
    Reply::Array(parts)
}
