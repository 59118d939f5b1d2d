//! Owns OBJECT: what Redis would know of a value's representation and use.
//! Invariants: looking does not count as using. Must not know: rows. Tests: `tests.rs`.

use crate::command::{
    Args, Arity, Category, CommandSpec, Ctx, Flags, Group, Handler, KeyFlags, KeySpec, Outcome,
};
use crate::commands::help;
use crate::error::{CommandError, CommandResult, text};
use crate::resp::Reply;
use crate::session::Session;
use storage::View;
use storage::encoding::number::parse_i64;
use storage::ops::keyspace;

pub static OBJECT: CommandSpec = CommandSpec {
    name: "object",
    group: Group::Generic,
    since: "2.2.3",
    arity: Arity::at_least(2),
    keys: &[],
    extra: Flags::NONE,
    acl: &[],
    handler: Handler::Container,
    syntax: "",
    summary: "Tells how a value is represented and used.",
    complexity: "O(1)",
    subcommands: &[&ENCODING, &FREQ, &HELP, &IDLETIME, &REFCOUNT],
};

/// The row that the subcommands with a key share.
const LOOK: CommandSpec = CommandSpec {
    name: "",
    group: Group::Generic,
    since: "2.2.3",
    arity: Arity::exactly(3),
    keys: &[KeySpec::index(2, KeyFlags::RO)],
    extra: Flags::NO_TOUCH,
    acl: &[Category::Keyspace],
    handler: Handler::Container,
    syntax: "key",
    summary: "",
    complexity: "O(1)",
    subcommands: &[],
};

pub static ENCODING: CommandSpec = CommandSpec {
    name: "encoding",
    handler: Handler::Read(encoding),
    summary: "Returns the name of the representation that Redis would choose for a value.",
    ..LOOK
};

fn encoding(view: &View<'_>, args: &mut Args<'_>, _ctx: &Ctx<'_>) -> CommandResult {
    let encoding = keyspace::encoding(view, args.next()?)?;
    Ok(Reply::bulk_or_nil(encoding))
}

pub static FREQ: CommandSpec = CommandSpec {
    name: "freq",
    since: "4.0.0",
    handler: Handler::Read(freq),
    summary: "Returns how often a key is used, on a logarithmic scale.",
    ..LOOK
};

fn freq(view: &View<'_>, args: &mut Args<'_>, ctx: &Ctx<'_>) -> CommandResult {
    let Some(usage) = keyspace::usage(view, args.next()?)? else {
        return Ok(Reply::Nil);
    };
    if !ctx.config.maxmemory_policy.get().is_lfu() {
        return Err(CommandError::Fixed(text::LFU_NOT_SELECTED));
    }
    Ok(Reply::Int(i64::from(usage.frequency)))
}

pub static IDLETIME: CommandSpec = CommandSpec {
    name: "idletime",
    handler: Handler::Read(idletime),
    summary: "Returns the seconds since a key was used last.",
    ..LOOK
};

fn idletime(view: &View<'_>, args: &mut Args<'_>, ctx: &Ctx<'_>) -> CommandResult {
    let Some(usage) = keyspace::usage(view, args.next()?)? else {
        return Ok(Reply::Nil);
    };
    if ctx.config.maxmemory_policy.get().is_lfu() {
        return Err(CommandError::Fixed(text::LFU_SELECTED));
    }
    Ok(Reply::Int(i64::from(usage.idle_s)))
}

pub static REFCOUNT: CommandSpec = CommandSpec {
    name: "refcount",
    handler: Handler::Read(refcount),
    summary: "Returns what Redis would count: small integers are shared, other values are not.",
    ..LOOK
};

fn refcount(view: &View<'_>, args: &mut Args<'_>, _ctx: &Ctx<'_>) -> CommandResult {
    /// Redis keeps one object for each integer below this and never counts its uses.
    const SHARED_INTEGERS: i64 = 10_000;
    let entry = view.open(args.next()?)?;
    let number = entry.payload().and_then(parse_i64);
    let shared = number.is_some_and(|number| (0..SHARED_INTEGERS).contains(&number))
        && entry
            .header()
            .is_some_and(|header| !header.raw && header.head.is_none());
    Ok(match (entry.exists(), shared) {
        (false, _) => Reply::Nil,
        (true, true) => Reply::Int(i64::from(i32::MAX)),
        (true, false) => Reply::Int(1),
    })
}

pub static HELP: CommandSpec = CommandSpec {
    name: "help",
    since: "6.2.0",
    arity: Arity::exactly(2),
    keys: &[],
    extra: Flags::LOADING.with(Flags::STALE),
    handler: Handler::Server(show_help),
    syntax: "",
    summary: "Lists the subcommands.",
    ..LOOK
};

fn show_help(_session: &mut Session, _args: &mut Args<'_>) -> CommandResult<Outcome> {
    Ok(help::lines(&OBJECT).into())
}
