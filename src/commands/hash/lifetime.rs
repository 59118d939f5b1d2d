//! Owns how the times and the lists of fields of hash commands are written: units, `FIELDS
//! numfields field ...`. Invariants: a time lies between now or the epoch and 2^46 ms.
//! Must not know: hashes. Tests: below.

use crate::command::{Args, Ctx};
use crate::error::{CommandError, CommandResult, text};
use storage::encoding::number::parse_i64;
use storage::ops::hash::TIME_MS_MAX;

const NEGATIVE: &str = "ERR invalid expire time, must be >= 0";
const NO_FIELDS: &str = "ERR Mandatory argument FIELDS is missing or not at the right position";
const COUNT_DIFFERS: &str = "ERR The `numfields` parameter must match the number of arguments";

/// How a time is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TimeForm {
    /// Seconds from now.
    Ex,
    /// Milliseconds from now.
    Px,
    /// Seconds since the epoch.
    ExAt,
    /// Milliseconds since the epoch.
    PxAt,
}

impl TimeForm {
    pub fn from_word(word: &[u8]) -> Option<TimeForm> {
        const ALL: [(&[u8], TimeForm); 4] = [
            (b"ex", TimeForm::Ex),
            (b"px", TimeForm::Px),
            (b"exat", TimeForm::ExAt),
            (b"pxat", TimeForm::PxAt),
        ];
        ALL.iter()
            .find(|(name, _)| word.eq_ignore_ascii_case(name))
            .map(|(_, form)| *form)
    }

    /// The time that `text` means, in ms since the epoch.
    pub fn deadline(self, text: &[u8], now_ms: u64, ctx: &Ctx<'_>) -> CommandResult<u64> {
        let number = parse_i64(text).ok_or(CommandError::Fixed(text::NOT_INTEGER))?;
        if number < 0 {
            return Err(CommandError::Fixed(NEGATIVE));
        }
        let unit = match self {
            TimeForm::Ex | TimeForm::ExAt => 1000,
            TimeForm::Px | TimeForm::PxAt => 1,
        };
        let start = match self {
            TimeForm::Ex | TimeForm::Px => now_ms as i64,
            TimeForm::ExAt | TimeForm::PxAt => 0,
        };
        let at = number
            .checked_mul(unit)
            .and_then(|ms| ms.checked_add(start))
            .filter(|&at| at <= TIME_MS_MAX);
        at.map(|at| at as u64)
            .ok_or_else(|| CommandError::invalid_expire(ctx.command))
    }
}

/// Reads `FIELDS numfields` and the fields, which end the request; `bad_count` is what Redis says
/// of a number that is none.
pub fn fields<'a>(
    args: &mut Args<'a>,
    bad_count: &'static str,
    ctx: &Ctx<'_>,
) -> CommandResult<impl Iterator<Item = &'a [u8]>> {
    if !args.skip_word("FIELDS") {
        return Err(CommandError::Fixed(NO_FIELDS));
    }
    let count = args
        .next_or_none()
        .ok_or_else(|| CommandError::wrong_arity(ctx.command))?;
    let count = parse_i64(count).filter(|&count| count > 0);
    let count = count.ok_or(CommandError::Fixed(bad_count))?;
    if usize::try_from(count) != Ok(args.left()) {
        return Err(CommandError::Fixed(COUNT_DIFFERS));
    }
    let mut rest = args.clone();
    Ok(std::iter::from_fn(move || rest.next_or_none()))
}
