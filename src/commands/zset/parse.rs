//! Owns how scores, ranges and numbers of keys are spelled, and how members are put into replies.
//! Must not know: what is done with them. Tests: `tests/commands/zset`, the oracle.

use crate::command::Args;
use crate::command::float::{parse_bound, parse_f64};
use crate::error::{CommandError, CommandResult, text};
use crate::resp::{Reply, RespVersion};
use storage::ops::zset::{Bound, LexBound, LexRange, Range, ScoreRange, Scored};

const NOT_A_SCORE_RANGE: &str = "ERR min or max is not a float";
const NOT_A_LEX_RANGE: &str = "ERR min or max not valid string range item";

/// What the ends of a range are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum By {
    Rank,
    Score,
    Lex,
}

impl By {
    /// Reads the ends of a range.
    pub fn range<'a>(self, min: &'a [u8], max: &'a [u8]) -> CommandResult<Range<'a>> {
        match self {
            By::Rank => Ok(Range::Ranks(index(min)?, index(max)?)),
            By::Score => {
                let ends = score_bound(min).zip(score_bound(max));
                let (min, max) = ends.ok_or(CommandError::Fixed(NOT_A_SCORE_RANGE))?;
                Ok(Range::Scores(ScoreRange { min, max }))
            }
            By::Lex => {
                let ends = lex_bound(min).zip(lex_bound(max));
                let (min, max) = ends.ok_or(CommandError::Fixed(NOT_A_LEX_RANGE))?;
                Ok(Range::Lex(LexRange { min, max }))
            }
        }
    }
}

fn index(text: &[u8]) -> CommandResult<i64> {
    let index = storage::encoding::number::parse_i64(text);
    index.ok_or(CommandError::Fixed(text::NOT_INTEGER))
}

fn score_bound(text: &[u8]) -> Option<Bound> {
    let (text, exclusive) = match text {
        [b'(', rest @ ..] => (rest, true),
        text => (text, false),
    };
    parse_bound(text).map(|score| Bound { score, exclusive })
}

fn lex_bound(text: &[u8]) -> Option<LexBound<'_>> {
    match text {
        b"-" => Some(LexBound::Lowest),
        b"+" => Some(LexBound::Highest),
        [b'[', member @ ..] => Some(LexBound::Inclusive(member)),
        [b'(', member @ ..] => Some(LexBound::Exclusive(member)),
        _ => None,
    }
}

/// The next argument as a score.
pub fn next_score(args: &mut Args<'_>) -> CommandResult<f64> {
    next_f64(args, text::NOT_FLOAT)
}

/// The next argument as a double, or `error`.
pub fn next_f64(args: &mut Args<'_>, error: &'static str) -> CommandResult<f64> {
    parse_f64(args.next()?).ok_or(CommandError::Fixed(error))
}

/// Members, in the form of a list.
pub fn members(found: Vec<Scored>) -> Reply {
    Reply::array(found.into_iter().map(|one| Reply::from(one.member)))
}

/// Members with their scores: a flat list in RESP2, pairs in RESP3.
pub fn scored(found: Vec<Scored>, resp: RespVersion) -> Reply {
    match resp {
        RespVersion::Resp2 => flat(found),
        RespVersion::Resp3 => pairs(found),
    }
}

/// Members and scores in turn.
pub fn flat(found: Vec<Scored>) -> Reply {
    let mut replies = Vec::with_capacity(found.len() * 2);
    for one in found {
        replies.push(Reply::from(one.member));
        replies.push(Reply::Double(one.score));
    }
    Reply::Array(replies)
}

/// Pairs of a member and its score.
pub fn pairs(found: Vec<Scored>) -> Reply {
    let pair = |one: Scored| Reply::Array(vec![Reply::from(one.member), Reply::Double(one.score)]);
    Reply::array(found.into_iter().map(pair))
}
