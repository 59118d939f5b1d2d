//! Owns reading of arguments: a cursor that handlers walk, with Redis's errors.
//! Invariants: nothing here allocates; text is compared without case.
//! Must not know: commands. Tests: below.

use crate::error::{CommandError, CommandResult, text};
use crate::resp::Request;
use storage::encoding::long_double::LongDouble;
use storage::encoding::number::parse_i64;

/// A cursor over a request, standing behind the command's name.
#[derive(Debug, Clone)]
pub struct Args<'a> {
    request: Request<'a>,
    at: usize,
}

impl<'a> Args<'a> {
    /// A cursor that has read the first `names` arguments (2 for a subcommand).
    #[inline]
    pub fn new(request: Request<'a>, names: usize) -> Args<'a> {
        Args { request, at: names }
    }

    /// The whole request.
    pub fn request(&self) -> Request<'a> {
        self.request
    }

    /// Arguments not read yet.
    #[inline]
    pub fn left(&self) -> usize {
        self.request.len().saturating_sub(self.at)
    }

    /// The next argument; `ERR syntax error` at the end.
    #[inline]
    #[expect(
        clippy::should_implement_trait,
        reason = "the end is an error, not `None`"
    )]
    pub fn next(&mut self) -> CommandResult<&'a [u8]> {
        // An error made ahead would have to be dropped again.
        self.next_or_none()
            .ok_or_else(|| CommandError::Fixed(text::SYNTAX))
    }

    /// The next argument, if there is one.
    #[inline]
    pub fn next_or_none(&mut self) -> Option<&'a [u8]> {
        let arg = self.request.get(self.at)?;
        self.at += 1;
        Some(arg)
    }

    /// Passes over so many arguments; `ERR syntax error` if there are fewer.
    pub fn skip(&mut self, count: usize) -> CommandResult<()> {
        if count > self.left() {
            return Err(CommandError::Fixed(text::SYNTAX));
        }
        self.at += count;
        Ok(())
    }

    /// The argument `ahead` places further, not read.
    #[inline]
    pub fn peek(&self, ahead: usize) -> Option<&'a [u8]> {
        self.request.get(self.at + ahead)
    }

    /// Reads the next argument if it is this word.
    #[inline]
    pub fn skip_word(&mut self, word: &str) -> bool {
        let same = self
            .peek(0)
            .is_some_and(|arg| arg.eq_ignore_ascii_case(word.as_bytes()));
        self.at += usize::from(same);
        same
    }

    /// The next argument as an i64, or `ERR value is not an integer or out of range`.
    #[inline]
    pub fn next_i64(&mut self) -> CommandResult<i64> {
        parse_i64(self.next()?).ok_or(CommandError::Fixed(text::NOT_INTEGER))
    }

    /// The next argument as an i64 of a range, or `error`, also for what is no integer.
    pub fn next_in(
        &mut self,
        range: std::ops::RangeInclusive<i64>,
        error: &'static str,
    ) -> CommandResult<i64> {
        let number = parse_i64(self.next()?).filter(|number| range.contains(number));
        number.ok_or(CommandError::Fixed(error))
    }

    /// The next argument as a number of seconds to wait, in milliseconds; `None` for 0, which means
    /// for ever.
    pub fn next_timeout(&mut self) -> CommandResult<Option<u64>> {
        let given = self.next()?;
        let seconds = std::str::from_utf8(given)
            .ok()
            .filter(|_| LongDouble::parse(given).is_some())
            .and_then(|text| text.parse::<f64>().ok())
            .ok_or(CommandError::Fixed(text::TIMEOUT_NOT_FLOAT))?;
        let ms = (seconds * 1000.0).ceil();
        if ms >= i64::MAX as f64 {
            return Err(CommandError::Fixed(text::TIMEOUT_OUT_OF_RANGE));
        }
        if ms < 0.0 {
            return Err(CommandError::Fixed(text::TIMEOUT_NEGATIVE));
        }
        Ok((ms > 0.0).then_some(ms as u64))
    }

    /// The next argument as a number of milliseconds to wait; `None` for 0, which means for ever.
    pub fn next_timeout_ms(&mut self) -> CommandResult<Option<u64>> {
        let ms = self.next_in(i64::MIN..=i64::MAX, text::TIMEOUT_NOT_INTEGER)?;
        match u64::try_from(ms) {
            Ok(ms) => Ok((ms > 0).then_some(ms)),
            Err(_) => Err(CommandError::Fixed(text::TIMEOUT_NEGATIVE)),
        }
    }

    /// Fails with a syntax error unless all arguments are read.
    pub fn finish(&self) -> CommandResult<()> {
        if self.left() == 0 {
            Ok(())
        } else {
            Err(CommandError::Fixed(text::SYNTAX))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::resp::OwnedRequest;

    #[test]
    fn the_cursor_walks_and_refuses() {
        let owned = OwnedRequest::from_args(&["SET", "k", "7", "eX", "1x"]);
        let mut args = Args::new(owned.as_request(), 1);
        assert_eq!(args.next().unwrap(), b"k");
        assert_eq!(args.next_i64().unwrap(), 7);
        assert!(!args.skip_word("PX"));
        assert!(args.skip_word("EX"));
        assert!(args.finish().is_err());
        assert_eq!(
            args.next_i64().unwrap_err().text().to_string(),
            text::NOT_INTEGER
        );
        assert!(args.finish().is_ok());
        assert_eq!(args.next().unwrap_err().text().to_string(), text::SYNTAX);
    }
}
