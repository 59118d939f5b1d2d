//! Owns HGETDEL, HGETEX and HSETEX.
//! Invariants: HGETDEL and HGETEX check the key's type before their arguments, HSETEX after them.
//! Must not know: sockets, where fields stand. Tests: `tests/commands/hash`.

use super::expiry::BAD_COUNT;
use super::lifetime;
use super::write::{limits, pairs};
use crate::command::{Args, Ctx};
use crate::commands::time_form::TimeForm;
use crate::error::{CommandError, CommandResult, quoted, text};
use crate::resp::Reply;
use storage::Edit;
use storage::encoding::number::parse_i64;
use storage::ops::hash::{FieldCondition, Hash, Lifetime};

const TWO_CONDITIONS: &str = "ERR Only one of FXX or FNX arguments can be specified";
const TWO_TIMES: &str = "ERR Only one of EX, PX, EXAT, PXAT or KEEPTTL arguments can be specified";
const NO_TIME: &str = "ERR missing expire time";
const BAD_NUMBER: &str = "ERR invalid number of fields";

pub fn hgetdel(edit: &mut Edit<'_>, args: &mut Args<'_>, ctx: &Ctx<'_>) -> CommandResult {
    let hash = Hash::open(edit, args.next()?)?;
    let fields = lifetime::fields(args, BAD_COUNT, ctx)?;
    lifetime::end(args)?;
    let values = hash.get_and_delete(edit, fields)?;
    Ok(Reply::array(values.into_iter().map(Reply::bulk_or_nil)))
}

pub fn hgetex(edit: &mut Edit<'_>, args: &mut Args<'_>, ctx: &Ctx<'_>) -> CommandResult {
    let hash = Hash::open(edit, args.next()?)?;
    let before = new_lifetime(args, edit.now_ms(), ctx)?;
    let fields = lifetime::fields(args, BAD_COUNT, ctx)?;
    let lifetime = match before {
        Lifetime::Unsaid => new_lifetime(args, edit.now_ms(), ctx)?,
        _ => before,
    };
    lifetime::end(args)?;
    let values = hash.get_and_expire(edit, fields, lifetime)?;
    Ok(Reply::array(values.into_iter().map(Reply::bulk_or_nil)))
}

/// What HGETEX says of times next, before the fields or behind them.
fn new_lifetime(args: &mut Args<'_>, now_ms: u64, ctx: &Ctx<'_>) -> CommandResult<Lifetime> {
    if args.skip_word("PERSIST") {
        return Ok(Lifetime::Persist);
    }
    let Some(form) = args.peek(0).and_then(TimeForm::from_word) else {
        return Ok(Lifetime::Unsaid);
    };
    args.next()?;
    let at_ms = lifetime::deadline(form, args.next()?, now_ms, ctx)?;
    Ok(Lifetime::At(at_ms))
}

/// The options of one HSETEX.
struct Options {
    /// Whether the key must exist (XX) or must not (NX), as Valkey has it.
    key_exists: Option<bool>,
    condition: FieldCondition,
    lifetime: Lifetime,
}

pub fn hsetex(edit: &mut Edit<'_>, args: &mut Args<'_>, ctx: &Ctx<'_>) -> CommandResult {
    let key = args.next()?;
    let mut options = Options {
        key_exists: None,
        condition: FieldCondition::Always,
        lifetime: Lifetime::Unsaid,
    };
    let mut given = None;
    while args.left() > 0 {
        if given.is_none() && args.skip_word("FIELDS") {
            given = Some(read_pairs(args, ctx)?);
        } else if given.is_none() || Options::has(args.peek(0).unwrap_or_default()) {
            let word = args.next()?;
            options.read(word, args, edit.now_ms(), ctx)?;
        } else {
            return Err(CommandError::wrong_arity(ctx.command));
        }
    }
    let (first, count) = given.ok_or_else(|| CommandError::wrong_arity(ctx.command))?;
    let pairs = pairs(args.request(), first, count);
    let hash = Hash::open(edit, key)?;
    if options
        .key_exists
        .is_some_and(|wanted| wanted != hash.exists())
    {
        return Ok(Reply::Int(0));
    }
    let (condition, lifetime) = (options.condition, options.lifetime);
    let done = hash.set_and_expire(edit, pairs, condition, lifetime, limits(ctx))?;
    Ok(Reply::Int(i64::from(done)))
}

impl Options {
    /// Whether the word begins an option.
    fn has(word: &[u8]) -> bool {
        let is = |name: &&str| word.eq_ignore_ascii_case(name.as_bytes());
        let names = ["FXX", "FNX", "NX", "XX", "KEEPTTL"];
        names.iter().any(is) || TimeForm::from_word(word).is_some()
    }

    fn read(
        &mut self,
        word: &[u8],
        args: &mut Args<'_>,
        now_ms: u64,
        ctx: &Ctx<'_>,
    ) -> CommandResult<()> {
        let is = |name: &str| word.eq_ignore_ascii_case(name.as_bytes());
        if is("FXX") {
            self.set_condition(FieldCondition::AllPresent)
        } else if is("FNX") {
            self.set_condition(FieldCondition::NonePresent)
        } else if is("NX") || is("XX") {
            let free = self.key_exists.replace(is("XX")).is_none();
            free.then_some(()).ok_or(CommandError::Fixed(text::SYNTAX))
        } else if is("KEEPTTL") {
            self.set_lifetime(|| Ok(Lifetime::Keep))
        } else if let Some(form) = TimeForm::from_word(word) {
            self.set_lifetime(|| {
                let text = args.next_or_none().ok_or(CommandError::Fixed(NO_TIME))?;
                Ok(Lifetime::At(lifetime::deadline(form, text, now_ms, ctx)?))
            })
        } else {
            let word = quoted(word, word.len());
            let error = [b"ERR unknown argument: ", word].concat();
            Err(CommandError::Bytes(error))
        }
    }

    fn set_condition(&mut self, condition: FieldCondition) -> CommandResult<()> {
        if self.condition != FieldCondition::Always {
            return Err(CommandError::Fixed(TWO_CONDITIONS));
        }
        self.condition = condition;
        Ok(())
    }

    fn set_lifetime(
        &mut self,
        lifetime: impl FnOnce() -> CommandResult<Lifetime>,
    ) -> CommandResult<()> {
        if self.lifetime != Lifetime::Unsaid {
            return Err(CommandError::Fixed(TWO_TIMES));
        }
        self.lifetime = lifetime()?;
        Ok(())
    }
}

/// Reads the number of pairs and passes over them: where the first stands, and the number.
fn read_pairs(args: &mut Args<'_>, ctx: &Ctx<'_>) -> CommandResult<(usize, usize)> {
    let wrong_arity = || CommandError::wrong_arity(ctx.command);
    if args.left() < 3 {
        return Err(wrong_arity());
    }
    let count = parse_i64(args.next()?).filter(|count| (1..=i64::from(i32::MAX)).contains(count));
    let count = count.ok_or(CommandError::Fixed(BAD_NUMBER))? as usize;
    let first = args.request().len() - args.left();
    args.skip(count * 2).map_err(|_| wrong_arity())?;
    Ok((first, count))
}
