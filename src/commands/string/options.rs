//! Owns the options that SET, GETEX and MSETEX share: conditions and expiries.
//! Invariants: options may stand in any order; conflicting ones are a syntax error; a time is read
//! only after all options are, so a syntax error comes first. Must not know: values.
//! Tests: below.

use super::compare::condition;
use crate::command::{Args, Ctx};
use crate::commands::time_form::TimeForm;
use crate::error::{CommandError, CommandResult, text};
use storage::encoding::number::parse_i64;
use storage::ops::bytes::Expiry;
use storage::ops::string::{Condition, NewExpiry};

/// Which options a command takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Dialect {
    Set,
    GetEx,
    MSetEx,
}

/// The time that `text` means, ms since the epoch; it must lie after the epoch.
pub fn deadline(form: TimeForm, text: &[u8], now_ms: u64, ctx: &Ctx<'_>) -> CommandResult<u64> {
    let number = parse_i64(text).ok_or(CommandError::Fixed(text::NOT_INTEGER))?;
    let at = Some(number).filter(|&number| number > 0);
    at.and_then(|number| form.to_ms(number, now_ms))
        .map(|at| at as u64)
        .ok_or_else(|| CommandError::invalid_expire(ctx.command))
}

/// What becomes of the expiry.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Lifetime<'a> {
    Unsaid,
    Keep,
    Persist,
    Time(TimeForm, &'a [u8]),
}

/// The options of one call.
#[derive(Debug)]
pub struct Options<'a> {
    pub condition: Condition<'a>,
    /// The value before is the reply.
    pub give_old: bool,
    lifetime: Lifetime<'a>,
}

impl<'a> Options<'a> {
    /// Reads all arguments that are left.
    #[inline]
    pub fn parse(args: &mut Args<'a>, dialect: Dialect) -> CommandResult<Options<'a>> {
        let mut options = Options {
            condition: Condition::Always,
            give_old: false,
            lifetime: Lifetime::Unsaid,
        };
        while let Some(word) = args.next_or_none() {
            options
                .read(word, args, dialect)
                .ok_or(CommandError::Fixed(text::SYNTAX))?;
        }
        Ok(options)
    }

    /// Reads one option; `None` if it is unknown, incomplete or conflicts with an earlier one.
    fn read(&mut self, word: &'a [u8], args: &mut Args<'a>, dialect: Dialect) -> Option<()> {
        let is = |name: &str| word.eq_ignore_ascii_case(name.as_bytes());
        let sets = dialect != Dialect::GetEx;
        if sets && is("NX") {
            self.set_condition(Condition::Absent)
        } else if sets && is("XX") {
            self.set_condition(Condition::Present)
        } else if dialect == Dialect::Set && condition(word, b"").is_some() {
            let unset = self.condition == Condition::Always;
            let compared = args.next_or_none().filter(|_| unset)?;
            self.set_condition(condition(word, compared)?)
        } else if dialect == Dialect::Set && is("GET") {
            self.give_old = true;
            Some(())
        } else if sets && is("KEEPTTL") {
            self.set_lifetime(Lifetime::Keep)
        } else if dialect == Dialect::GetEx && is("PERSIST") {
            self.set_lifetime(Lifetime::Persist)
        } else {
            let form = TimeForm::from_word(word)?;
            self.set_lifetime(Lifetime::Time(form, args.next_or_none()?))
        }
    }

    fn set_condition(&mut self, condition: Condition<'a>) -> Option<()> {
        let free = matches!(self.condition, Condition::Always) || self.condition == condition;
        self.condition = condition;
        free.then_some(())
    }

    /// The same form again is no conflict; the later time counts.
    fn set_lifetime(&mut self, lifetime: Lifetime<'a>) -> Option<()> {
        let free = match (self.lifetime, lifetime) {
            (Lifetime::Unsaid, _) => true,
            (Lifetime::Time(before, _), Lifetime::Time(now, _)) => before == now,
            (before, now) => before == now,
        };
        self.lifetime = lifetime;
        free.then_some(())
    }

    /// The expiry of the value that is written.
    #[inline]
    pub fn expiry(&self, now_ms: u64, ctx: &Ctx<'_>) -> CommandResult<Expiry> {
        match self.lifetime {
            Lifetime::Unsaid | Lifetime::Persist => Ok(Expiry::Clear),
            Lifetime::Keep => Ok(Expiry::Keep),
            Lifetime::Time(form, text) => Ok(Expiry::At(deadline(form, text, now_ms, ctx)?)),
        }
    }

    /// The change of the expiry of a value that stays.
    pub fn new_expiry(&self, now_ms: u64, ctx: &Ctx<'_>) -> CommandResult<NewExpiry> {
        match self.lifetime {
            Lifetime::Unsaid | Lifetime::Keep => Ok(NewExpiry::Keep),
            Lifetime::Persist => Ok(NewExpiry::Persist),
            Lifetime::Time(form, text) => Ok(NewExpiry::At(deadline(form, text, now_ms, ctx)?)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::command::Look;
    use crate::config::Config;
    use crate::resp::{OwnedRequest, RespVersion};

    const NOW_MS: u64 = 1_000_000;

    fn expiry(words: &str, dialect: Dialect) -> Result<String, String> {
        let config = Config::new();
        let ctx = Ctx {
            config: &config,
            resp: RespVersion::default(),
            command: "set",
            look: Look::First,
            reach: &Default::default(),
            draws: &Default::default(),
        };
        let words: Vec<&str> = words.split_whitespace().collect();
        let request = OwnedRequest::from_args(&words);
        let options = Options::parse(&mut Args::new(request.as_request(), 0), dialect);
        let shown = options.and_then(|options| match dialect {
            Dialect::GetEx => Ok(format!("{:?}", options.new_expiry(NOW_MS, &ctx)?)),
            _ => Ok(format!(
                "{:?} {:?} {}",
                options.condition,
                options.expiry(NOW_MS, &ctx)?,
                options.give_old
            )),
        });
        shown.map_err(|error| error.text().to_string())
    }

    #[test]
    fn options_stand_in_any_order_and_case() {
        let set = |words| expiry(words, Dialect::Set).unwrap();
        assert_eq!(set(""), "Always Clear false");
        assert_eq!(set("nX get Get NX"), "Absent Clear true");
        assert_eq!(set("PX 5 xx"), "Present At(1000005) false");
        assert_eq!(set("EX 5 EX 6"), "Always At(1006000) false");
        assert_eq!(set("keepttl KEEPTTL"), "Always Keep false");
        assert_eq!(set("PXAT 7"), "Always At(7) false");
        assert!(set("IFEQ a").starts_with("Equal"));
        assert!(set("ifdne a").starts_with("DigestDifferent"));
        let getex = |words| expiry(words, Dialect::GetEx).unwrap();
        assert_eq!(getex(""), "Keep");
        assert_eq!(getex("persist"), "Persist");
        assert_eq!(getex("EXAT 2"), "At(2000)");
    }

    #[test]
    fn conflicts_are_syntax_errors() {
        for words in [
            "NX XX",
            "XX NX",
            "IFEQ a NX",
            "NX IFEQ a",
            "IFEQ a IFEQ b",
            "IFEQ",
            "EX",
            "EX 1 PX 1",
            "PX 1 PXAT 1",
            "KEEPTTL EX 1",
            "EX 1 KEEPTTL",
            "PERSIST",
            "EX x y",
        ] {
            let error = expiry(words, Dialect::Set).unwrap_err();
            assert_eq!(error, text::SYNTAX, "{words}");
        }
        for words in ["NX", "GET", "KEEPTTL", "PERSIST EX 1", "EX 1 PERSIST"] {
            let error = expiry(words, Dialect::GetEx).unwrap_err();
            assert_eq!(error, text::SYNTAX, "{words}");
        }
        for words in ["GET", "IFEQ a", "PERSIST"] {
            let error = expiry(words, Dialect::MSetEx).unwrap_err();
            assert_eq!(error, text::SYNTAX, "{words}");
        }
    }

    #[test]
    fn times_must_be_positive_and_fit() {
        const INVALID: &str = "ERR invalid expire time in 'set' command";
        for words in [
            "EX 0",
            "PX -1",
            "EXAT 0",
            "EX 9223372036854775807",
            "EX 9223372036854775",
            "PX 9223372036854775807",
            "EXAT 9223372036854776",
        ] {
            assert_eq!(expiry(words, Dialect::Set).unwrap_err(), INVALID, "{words}");
        }
        let last = expiry("PXAT 9223372036854775807", Dialect::Set).unwrap();
        assert_eq!(last, "Always At(9223372036854775807) false");
        let error = expiry("EX 1.5", Dialect::Set).unwrap_err();
        assert_eq!(error, text::NOT_INTEGER);
    }
}
