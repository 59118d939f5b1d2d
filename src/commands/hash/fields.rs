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
    let values = hash.get_and_delete(edit, fields)?;
    Ok(Reply::array(values.into_iter().map(Reply::bulk_or_nil)))
}

pub fn hgetex(edit: &mut Edit<'_>, args: &mut Args<'_>, ctx: &Ctx<'_>) -> CommandResult {
    let hash = Hash::open(edit, args.next()?)?;
    let form = args.peek(0).and_then(TimeForm::from_word);
    let lifetime = if let Some(form) = form {
        args.next()?;
        Lifetime::At(lifetime::deadline(form, args.next()?, edit.now_ms(), ctx)?)
    } else if args.skip_word("PERSIST") {
        Lifetime::Persist
    } else {
        Lifetime::Unsaid
    };
    let fields = lifetime::fields(args, BAD_COUNT, ctx)?;
    let values = hash.get_and_expire(edit, fields, lifetime)?;
    Ok(Reply::array(values.into_iter().map(Reply::bulk_or_nil)))
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
    while !args.skip_word("FIELDS") {
        let word = args
            .next_or_none()
            .ok_or_else(|| CommandError::wrong_arity(ctx.command))?;
        options.read(word, args, edit.now_ms(), ctx)?;
    }
    let count = read_count(args, ctx)?;
    let request = args.request();
    let pairs = pairs(request, request.len() - count * 2, count);
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

/// The number of pairs, which end the request.
fn read_count(args: &mut Args<'_>, ctx: &Ctx<'_>) -> CommandResult<usize> {
    let wrong_arity = || CommandError::wrong_arity(ctx.command);
    if args.left() < 3 {
        return Err(wrong_arity());
    }
    let count = parse_i64(args.next()?).filter(|count| (1..=i64::from(i32::MAX)).contains(count));
    let count = count.ok_or(CommandError::Fixed(BAD_NUMBER))? as usize;
    if args.left() != count * 2 {
        return Err(wrong_arity());
    }
    Ok(count)
}
