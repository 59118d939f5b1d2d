//! Owns how the times and the lists of fields of hash commands are written: units, `FIELDS
//! numfields field ...`. Invariants: a time lies between now or the epoch and 2^46 ms.
//! Must not know: hashes. Tests: below.

use crate::command::{Args, Ctx};
use crate::commands::time_form::TimeForm;
use crate::error::{CommandError, CommandResult, text};
use storage::encoding::number::parse_i64;
use storage::ops::hash::TIME_MS_MAX;

const NEGATIVE: &str = "ERR invalid expire time, must be >= 0";
const NO_FIELDS: &str = "ERR Mandatory argument FIELDS is missing or not at the right position";
const COUNT_DIFFERS: &str = "ERR The `numfields` parameter must match the number of arguments";

/// The time that `text` means, ms since the epoch.
pub fn deadline(form: TimeForm, text: &[u8], now_ms: u64, ctx: &Ctx<'_>) -> CommandResult<u64> {
    let number = parse_i64(text).ok_or(CommandError::Fixed(text::NOT_INTEGER))?;
    if number < 0 {
        return Err(CommandError::Fixed(NEGATIVE));
    }
    let at = form.to_ms(number, now_ms).filter(|&at| at <= TIME_MS_MAX);
    at.map(|at| at as u64)
        .ok_or_else(|| CommandError::invalid_expire(ctx.command))
}

/// Reads `FIELDS numfields` and the fields; `bad_count` is what Redis says of a number that is
/// none.
pub fn fields<'a>(
    args: &mut Args<'a>,
    bad_count: &'static str,
    ctx: &Ctx<'_>,
) -> CommandResult<impl Iterator<Item = &'a [u8]> + use<'a>> {
    if !args.skip_word("FIELDS") {
        return Err(CommandError::Fixed(NO_FIELDS));
    }
    let count = args
        .next_or_none()
        .ok_or_else(|| CommandError::wrong_arity(ctx.command))?;
    let count = parse_i64(count).filter(|&count| count > 0);
    let count = count.ok_or(CommandError::Fixed(bad_count))?;
    let count = usize::try_from(count).unwrap_or(usize::MAX);
    let mut fields = args.clone();
    args.skip(count)
        .map_err(|_| CommandError::Fixed(COUNT_DIFFERS))?;
    Ok(std::iter::from_fn(move || fields.next_or_none()).take(count))
}

/// Fails if something stands behind the fields that is not an option, or one too many.
pub fn end(args: &Args<'_>) -> CommandResult<()> {
    match args.left() {
        0 => Ok(()),
        _ => Err(CommandError::Fixed(COUNT_DIFFERS)),
    }
}
