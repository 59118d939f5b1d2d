//! Owns what LMPOP and ZMPOP ask for, and BLMPOP and BZMPOP behind their timeout:
//! `numkeys key [key ...] end [COUNT count]`.
//! Must not know: what an end is, how elements are taken and told. Tests: `tests/commands/list`,
//! `tests/commands/zset`, the oracle.

use crate::command::Args;
use crate::error::{CommandError, CommandResult, text};
use crate::resp::Reply;

pub struct MultiPop<'a, E> {
    pub keys: Vec<&'a [u8]>,
    pub end: E,
    pub count: u64,
}

impl<'a, E> MultiPop<'a, E> {
    pub fn parse(
        args: &mut Args<'a>,
        next_end: impl FnOnce(&mut Args<'a>) -> CommandResult<E>,
    ) -> CommandResult<MultiPop<'a, E>> {
        let number = args.next_in(1..=i64::MAX, text::NUMKEYS_NOT_POSITIVE)?;
        // The end follows the keys.
        if number >= args.left() as i64 {
            return Err(CommandError::Fixed(text::SYNTAX));
        }
        let mut keys = Vec::with_capacity(number as usize);
        for _ in 0..number {
            keys.push(args.next()?);
        }
        let end = next_end(args)?;
        let mut count = None;
        while args.left() > 0 {
            if count.is_some() || args.left() < 2 || !args.skip_word("COUNT") {
                return Err(CommandError::Fixed(text::SYNTAX));
            }
            count = Some(args.next_in(1..=i64::MAX, "ERR count should be greater than 0")?);
        }
        Ok(MultiPop {
            keys,
            end,
            count: count.unwrap_or(1) as u64,
        })
    }

    /// What `pop` takes from the first key that has something, with the name of that key; `None`
    /// if no key has.
    pub fn first(
        &self,
        mut pop: impl FnMut(&'a [u8]) -> CommandResult<Option<Reply>>,
    ) -> CommandResult<Option<Reply>> {
        for &key in &self.keys {
            if let Some(popped) = pop(key)? {
                return Ok(Some(Reply::array([Reply::bulk_bytes(key), popped])));
            }
        }
        Ok(None)
    }
}
