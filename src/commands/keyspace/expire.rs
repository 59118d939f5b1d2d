//! Owns the commands that set, read and remove the time at which a key expires.
//! Invariants: times are ms since the epoch below this file; here they are what the user wrote.
//! Must not know: expiry rows. Tests: `tests.rs`.

use crate::command::{
    Args, Arity, Category, CommandSpec, Ctx, Flags, Group, Handler, KeyFlags, KeySpec,
};
use crate::error::{CommandError, CommandResult, text};
use crate::resp::Reply;
use storage::ops::expire::{self, Conditions, Deadline};
use storage::{Edit, View};

const CHANGED_KEY: &[KeySpec] = &[KeySpec::index(1, KeyFlags::RW.with(KeyFlags::UPDATE))];
const READ_KEY: &[KeySpec] = &[KeySpec::index(1, KeyFlags::RO.with(KeyFlags::ACCESS))];

/// The row that the four setters share.
const SETTER: CommandSpec = CommandSpec {
    name: "",
    group: Group::Generic,
    since: "",
    arity: Arity::at_least(3),
    keys: CHANGED_KEY,
    extra: Flags::FAST,
    acl: &[Category::Keyspace],
    handler: Handler::Container,
    syntax: "",
    summary: "",
    complexity: "O(1)",
    subcommands: &[],
};

/// The row that the four readers share.
const READER: CommandSpec = CommandSpec {
    arity: Arity::exactly(2),
    keys: READ_KEY,
    extra: Flags::FAST.with(Flags::NO_TOUCH),
    syntax: "key",
    ..SETTER
};

pub static EXPIRE: CommandSpec = CommandSpec {
    name: "expire",
    since: "1.0.0",
    handler: Handler::Write(expire),
    syntax: "key seconds [NX | XX | GT | LT]",
    summary: "Lets a key expire after some seconds.",
    ..SETTER
};

fn expire(edit: &mut Edit<'_>, args: &mut Args<'_>, ctx: &Ctx<'_>) -> CommandResult {
    let base_ms = edit.now_ms();
    set(edit, args, ctx, Unit::Seconds, base_ms)
}

pub static PEXPIRE: CommandSpec = CommandSpec {
    name: "pexpire",
    since: "2.6.0",
    handler: Handler::Write(pexpire),
    syntax: "key milliseconds [NX | XX | GT | LT]",
    summary: "Lets a key expire after some milliseconds.",
    ..SETTER
};

fn pexpire(edit: &mut Edit<'_>, args: &mut Args<'_>, ctx: &Ctx<'_>) -> CommandResult {
    let base_ms = edit.now_ms();
    set(edit, args, ctx, Unit::Milliseconds, base_ms)
}

pub static EXPIREAT: CommandSpec = CommandSpec {
    name: "expireat",
    since: "1.2.0",
    handler: Handler::Write(expireat),
    syntax: "key unix-time-seconds [NX | XX | GT | LT]",
    summary: "Lets a key expire at a Unix time in seconds.",
    ..SETTER
};

fn expireat(edit: &mut Edit<'_>, args: &mut Args<'_>, ctx: &Ctx<'_>) -> CommandResult {
    set(edit, args, ctx, Unit::Seconds, 0)
}

pub static PEXPIREAT: CommandSpec = CommandSpec {
    name: "pexpireat",
    since: "2.6.0",
    handler: Handler::Write(pexpireat),
    syntax: "key unix-time-milliseconds [NX | XX | GT | LT]",
    summary: "Lets a key expire at a Unix time in milliseconds.",
    ..SETTER
};

fn pexpireat(edit: &mut Edit<'_>, args: &mut Args<'_>, ctx: &Ctx<'_>) -> CommandResult {
    set(edit, args, ctx, Unit::Milliseconds, 0)
}

/// In what the user counts.
#[derive(Clone, Copy)]
enum Unit {
    Seconds,
    Milliseconds,
}

impl Unit {
    fn to_ms(self, amount: i64) -> Option<i64> {
        match self {
            Unit::Seconds => amount.checked_mul(1000),
            Unit::Milliseconds => Some(amount),
        }
    }

    /// A time as the user counts, rounded to the nearest second.
    fn show(self, ms: u64) -> Reply {
        let amount = match self {
            Unit::Seconds => ms.saturating_add(500) / 1000,
            Unit::Milliseconds => ms,
        };
        Reply::Int(i64::try_from(amount).unwrap_or(i64::MAX))
    }
}

fn set(
    edit: &mut Edit<'_>,
    args: &mut Args<'_>,
    ctx: &Ctx<'_>,
    unit: Unit,
    base_ms: u64,
) -> CommandResult {
    let key = args.next()?;
    let mut options = args.clone();
    options.next()?;
    let conditions = read_conditions(&mut options)?;
    let amount = args.next_i64()?;
    let at_ms = unit
        .to_ms(amount)
        .and_then(|ms| ms.checked_add_unsigned(base_ms))
        .ok_or_else(|| CommandError::invalid_expire(ctx.command))?;
    let done = expire::set(edit, key, at_ms, conditions)?;
    Ok(Reply::Int(i64::from(done)))
}

/// Redis reads the options before the number, so their errors come first.
fn read_conditions(args: &mut Args<'_>) -> CommandResult<Conditions> {
    let mut conditions = Conditions::default();
    while args.left() > 0 {
        if args.skip_word("NX") {
            conditions.absent = true;
        } else if args.skip_word("XX") {
            conditions.present = true;
        } else if args.skip_word("GT") {
            conditions.later = true;
        } else if args.skip_word("LT") {
            conditions.earlier = true;
        } else {
            return Err(CommandError::unsupported_option(args.next()?));
        }
    }
    let Conditions {
        absent,
        present,
        later,
        earlier,
    } = conditions;
    if absent && (present || later || earlier) {
        return Err(CommandError::Fixed(text::EXPIRE_NX_CONFLICT));
    }
    if later && earlier {
        return Err(CommandError::Fixed(text::EXPIRE_GT_LT_CONFLICT));
    }
    Ok(conditions)
}

pub static PERSIST: CommandSpec = CommandSpec {
    name: "persist",
    since: "2.2.0",
    arity: Arity::exactly(2),
    handler: Handler::Write(persist),
    syntax: "key",
    summary: "Removes the time at which a key expires.",
    ..SETTER
};

fn persist(edit: &mut Edit<'_>, args: &mut Args<'_>, _ctx: &Ctx<'_>) -> CommandResult {
    let done = expire::persist(edit, args.next()?)?;
    Ok(Reply::Int(i64::from(done)))
}

pub static TTL: CommandSpec = CommandSpec {
    name: "ttl",
    since: "1.0.0",
    handler: Handler::Read(ttl),
    summary: "Returns the seconds until a key expires.",
    ..READER
};

fn ttl(view: &View<'_>, args: &mut Args<'_>, _ctx: &Ctx<'_>) -> CommandResult {
    read(view, args, Unit::Seconds, view.now_ms())
}

pub static PTTL: CommandSpec = CommandSpec {
    name: "pttl",
    since: "2.6.0",
    handler: Handler::Read(pttl),
    summary: "Returns the milliseconds until a key expires.",
    ..READER
};

fn pttl(view: &View<'_>, args: &mut Args<'_>, _ctx: &Ctx<'_>) -> CommandResult {
    read(view, args, Unit::Milliseconds, view.now_ms())
}

pub static EXPIRETIME: CommandSpec = CommandSpec {
    name: "expiretime",
    since: "7.0.0",
    handler: Handler::Read(expiretime),
    summary: "Returns the Unix time, in seconds, at which a key expires.",
    ..READER
};

fn expiretime(view: &View<'_>, args: &mut Args<'_>, _ctx: &Ctx<'_>) -> CommandResult {
    read(view, args, Unit::Seconds, 0)
}

pub static PEXPIRETIME: CommandSpec = CommandSpec {
    name: "pexpiretime",
    since: "7.0.0",
    handler: Handler::Read(pexpiretime),
    summary: "Returns the Unix time, in milliseconds, at which a key expires.",
    ..READER
};

fn pexpiretime(view: &View<'_>, args: &mut Args<'_>, _ctx: &Ctx<'_>) -> CommandResult {
    read(view, args, Unit::Milliseconds, 0)
}

/// -2 without the key, -1 without a time, otherwise the time counted from `base_ms` on.
fn read(view: &View<'_>, args: &mut Args<'_>, unit: Unit, base_ms: u64) -> CommandResult {
    Ok(match expire::deadline(view, args.next()?)? {
        Deadline::NoKey => Reply::Int(-2),
        Deadline::Never => Reply::Int(-1),
        Deadline::At(at_ms) => unit.show(at_ms.saturating_sub(base_ms)),
    })
}
