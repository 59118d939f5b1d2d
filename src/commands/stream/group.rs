//! Owns XGROUP: its rows and handlers.
//! Must not know: sockets. Tests: `tests/commands/stream`, the oracle.

use super::{ROW, id};
use crate::command::{Args, Arity, CommandSpec, Ctx, Flags, Handler, KeyFlags, KeySpec};
use crate::commands::help;
use crate::error::{CommandError, CommandResult, quoted};
use crate::resp::Reply;
use storage::Edit;
use storage::ops::stream::{self, CreateGroup, Created, GroupStart};

pub static XGROUP: CommandSpec = CommandSpec {
    name: "xgroup",
    arity: Arity::at_least(2),
    handler: Handler::Container,
    acl: &[],
    summary: "A container for consumer groups commands.",
    complexity: "Depends on subcommand.",
    subcommands: &[
        &CREATE,
        &CREATECONSUMER,
        &DELCONSUMER,
        &DESTROY,
        &HELP,
        &SETID,
    ],
    ..ROW
};

const INSERTS: KeyFlags = KeyFlags::RW.with(KeyFlags::INSERT);
const DELETES: KeyFlags = KeyFlags::RW.with(KeyFlags::DELETE);

static CREATE: CommandSpec = CommandSpec {
    name: "create",
    arity: Arity::at_least(5),
    keys: &[KeySpec::index(2, INSERTS)],
    extra: Flags::DENYOOM,
    handler: Handler::Write(create),
    syntax: "key group <id | $> [MKSTREAM] [ENTRIESREAD entries-read]",
    summary: "Creates a consumer group.",
    ..ROW
};

static CREATECONSUMER: CommandSpec = CommandSpec {
    name: "createconsumer",
    since: "6.2.0",
    arity: Arity::exactly(5),
    keys: &[KeySpec::index(2, INSERTS)],
    extra: Flags::DENYOOM,
    handler: Handler::Write(create_consumer),
    syntax: "key group consumer",
    summary: "Creates a consumer in a consumer group.",
    ..ROW
};

static DELCONSUMER: CommandSpec = CommandSpec {
    name: "delconsumer",
    arity: Arity::exactly(5),
    keys: &[KeySpec::index(2, DELETES)],
    handler: Handler::Write(delete_consumer),
    syntax: "key group consumer",
    summary: "Deletes a consumer from a consumer group, with what is pending for it.",
    complexity: "O(M log N) in the consumer's pending entries and the group's",
    ..ROW
};

static DESTROY: CommandSpec = CommandSpec {
    name: "destroy",
    arity: Arity::exactly(4),
    keys: &[KeySpec::index(2, DELETES)],
    handler: Handler::Write(destroy),
    syntax: "key group",
    summary: "Destroys a consumer group.",
    complexity: "O(N) in the group's pending entries",
    ..ROW
};

static HELP: CommandSpec = CommandSpec {
    name: "help",
    arity: Arity::exactly(2),
    extra: Flags::LOADING.with(Flags::STALE),
    handler: Handler::Server(|_, _| Ok(help::lines(&XGROUP).into())),
    summary: "Returns helpful text about the different subcommands.",
    ..ROW
};

static SETID: CommandSpec = CommandSpec {
    name: "setid",
    arity: Arity::at_least(5),
    keys: &[KeySpec::index(2, KeyFlags::RW.with(KeyFlags::UPDATE))],
    handler: Handler::Write(set_id),
    syntax: "key group <id | $> [ENTRIESREAD entries-read]",
    summary: "Sets the last delivered id of a consumer group.",
    ..ROW
};

const NO_KEY: &str = "ERR The XGROUP subcommand requires the key to exist. Note that for CREATE \
    you may want to use the MKSTREAM option to create an empty stream automatically.";

/// What a wrong subcommand and wrong arguments of a right one are told alike.
pub fn bad_arguments(args: &Args<'_>, container: &str) -> CommandError {
    let given = args.request().get(1).unwrap_or_default();
    CommandError::Bytes(
        [
            b"ERR unknown subcommand or wrong number of arguments for '",
            quoted(given, 128),
            b"'. Try ",
            container.as_bytes(),
            b" HELP.",
        ]
        .concat(),
    )
}

/// `NOGROUP No such consumer group 'x' for key name 'y'`.
pub fn no_group(group: &[u8], key: &[u8]) -> CommandError {
    let all = usize::MAX;
    CommandError::Bytes(
        [
            b"NOGROUP No such consumer group '",
            quoted(group, all),
            b"' for key name '",
            quoted(key, all),
            b"'",
        ]
        .concat(),
    )
}

/// The options behind the id.
fn next_options(args: &mut Args<'_>, creates: bool) -> CommandResult<(bool, Option<u64>)> {
    let (mut make_stream, mut read) = (false, None);
    while args.left() > 0 {
        if creates && args.skip_word("MKSTREAM") {
            make_stream = true;
        } else if args.left() > 1 && args.skip_word("ENTRIESREAD") {
            read = match args.next_i64()? {
                -1 => None,
                read => Some(
                    u64::try_from(read)
                        .map_err(|_| "ERR value for ENTRIESREAD must be positive or -1")?,
                ),
            };
        } else {
            return Err(bad_arguments(args, "XGROUP"));
        }
    }
    Ok((make_stream, read))
}

fn start(arg: &[u8], strict: bool) -> CommandResult<GroupStart> {
    Ok(match arg {
        b"$" => GroupStart::End,
        id if strict => GroupStart::After(id::strict(id, 0)?),
        id => GroupStart::After(id::loose(id, 0)?),
    })
}

fn create(edit: &mut Edit<'_>, args: &mut Args<'_>, _: &Ctx<'_>) -> CommandResult {
    let (key, name, id) = (args.next()?, args.next()?, args.next()?);
    let (make_stream, read) = next_options(args, true)?;
    if !stream::exists(edit, key)? && !make_stream {
        return Err(CommandError::Fixed(NO_KEY));
    }
    let what = CreateGroup {
        name,
        start: start(id, true)?,
        read,
        create: make_stream,
    };
    match stream::create_group(edit, key, &what)? {
        Created::Done => Ok(Reply::ok()),
        Created::NoStream => Err(CommandError::Fixed(NO_KEY)),
        Created::Refused => Err("BUSYGROUP Consumer Group name already exists".into()),
    }
}

/// Fails unless there are such a stream and such a group.
fn need_group(edit: &Edit<'_>, key: &[u8], group: &[u8]) -> CommandResult<()> {
    if !stream::exists(edit, key)? {
        return Err(CommandError::Fixed(NO_KEY));
    }
    if !stream::has_group(edit, key, group)? {
        return Err(no_group(group, key));
    }
    Ok(())
}

fn set_id(edit: &mut Edit<'_>, args: &mut Args<'_>, _: &Ctx<'_>) -> CommandResult {
    let (key, name, id) = (args.next()?, args.next()?, args.next()?);
    let (_, read) = next_options(args, false)?;
    need_group(edit, key, name)?;
    let what = CreateGroup {
        name,
        start: start(id, false)?,
        read,
        create: false,
    };
    match stream::move_group(edit, key, &what)? {
        Created::Done => Ok(Reply::ok()),
        Created::NoStream => Err(CommandError::Fixed(NO_KEY)),
        Created::Refused => Err(no_group(name, key)),
    }
}

fn destroy(edit: &mut Edit<'_>, args: &mut Args<'_>, _: &Ctx<'_>) -> CommandResult {
    match stream::destroy_group(edit, args.next()?, args.next()?)? {
        Some(destroyed) => Ok(Reply::Int(i64::from(destroyed))),
        None => Err(CommandError::Fixed(NO_KEY)),
    }
}

fn create_consumer(edit: &mut Edit<'_>, args: &mut Args<'_>, _: &Ctx<'_>) -> CommandResult {
    let (key, group) = (args.next()?, args.next()?);
    need_group(edit, key, group)?;
    let created = stream::create_consumer(edit, key, group, args.next()?)?;
    Ok(Reply::Int(i64::from(created == Some(true))))
}

fn delete_consumer(edit: &mut Edit<'_>, args: &mut Args<'_>, _: &Ctx<'_>) -> CommandResult {
    let (key, group) = (args.next()?, args.next()?);
    need_group(edit, key, group)?;
    let pending = stream::delete_consumer(edit, key, group, args.next()?)?;
    Ok(Reply::Int(pending.unwrap_or(0) as i64))
}
