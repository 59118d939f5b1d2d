//! Owns how HRANDFIELD, SRANDMEMBER and ZRANDMEMBER are asked for several elements.
//! Invariants: what is drawn with repeats is bounded, since the reply is made as a whole before it
//! is sent; an absent key has nothing to draw, whatever is asked for. Must not know: how elements
//! are drawn. Tests: below, `tests/commands/hash`, `tests/commands/set`, `tests/commands/zset`.

use crate::command::Args;
use crate::error::{CommandError, text};
use storage::ops::draw::Draw;

/// Most elements that one command draws with repeats.
const REPEATS_MAX: u64 = 1 << 20;

/// Reads `count`: above 0 so many different ones, below 0 so many with repeats.
pub fn next_count(args: &mut Args<'_>) -> Result<i64, CommandError> {
    match args.next_i64()? {
        i64::MIN => Err(CommandError::Fixed(text::NOT_NEGATABLE)),
        count => Ok(count),
    }
}

/// Reads `count [word]`; gives whether the word is there, which doubles the reply.
pub fn next_count_with(args: &mut Args<'_>, word: &str) -> Result<(i64, bool), CommandError> {
    let count = next_count(args)?;
    let with_word = args.left() > 0;
    if with_word && (!args.skip_word(word) || args.left() > 0) {
        return Err(CommandError::Fixed(text::SYNTAX));
    }
    if with_word && count.unsigned_abs() > (i64::MAX / 2) as u64 {
        return Err(CommandError::Fixed(text::OUT_OF_RANGE));
    }
    Ok((count, with_word))
}

/// What a count asks for. More with repeats than the reply may hold is refused.
pub fn how(
    count: i64,
    key_exists: impl FnOnce() -> storage::Result<bool>,
) -> Result<Draw, CommandError> {
    match u64::try_from(count) {
        Ok(distinct) => Ok(Draw::Distinct(distinct)),
        Err(_) if count.unsigned_abs() > REPEATS_MAX && key_exists()? => {
            Err(CommandError::Fixed(text::OUT_OF_RANGE))
        }
        Err(_) => Ok(Draw::Repeating(count.unsigned_abs())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_repeats_from_what_is_there_are_bounded() {
        let limit = REPEATS_MAX as i64;
        for (count, refused) in [
            (i64::MAX, false),
            (0, false),
            (-limit, false),
            (-limit - 1, true),
            (i64::MIN, true),
        ] {
            assert_eq!(how(count, || Ok(true)).is_err(), refused, "{count}");
            assert!(how(count, || Ok(false)).is_ok(), "{count}");
        }
    }
}
