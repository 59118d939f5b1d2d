//! Owns COMMAND and its subcommands.
//! Must not know: how rows are shown. Tests: `tests/commands/server.rs`.

use super::{categories, docs, hints, info};
use crate::command::key_spec::KeyPositions;
use crate::command::{Args, Arity, Category, CommandSpec, Flags, Group, Handler, Outcome};
use crate::commands::{self, NumberedCommand, help};
use crate::error::{CommandError, CommandResult, text};
use crate::glob;
use crate::resp::{Reply, Request};
use crate::session::Session;

/// What the rows of this file have in common.
const ROW: CommandSpec = CommandSpec {
    name: "",
    group: Group::Server,
    since: "2.8.13",
    arity: Arity::exactly(2),
    keys: &[],
    extra: Flags::LOADING.with(Flags::STALE),
    acl: &[Category::Connection],
    handler: Handler::Container,
    syntax: "",
    summary: "",
    complexity: "O(N) where N is the number of commands.",
    subcommands: &[],
};

pub static COMMAND: CommandSpec = CommandSpec {
    name: "command",
    arity: Arity::at_least(1),
    handler: Handler::Server(command),
    summary: "Returns detailed information about all commands.",
    subcommands: &[
        &COUNT,
        &DOCS,
        &GETKEYS,
        &GETKEYSANDFLAGS,
        &INFO,
        &LIST,
        &HELP,
    ],
    ..ROW
};

fn command(_: &mut Session, _: &mut Args<'_>) -> CommandResult<Outcome> {
    let rows = commands::all().map(|spec| info::row(spec, spec.name));
    Ok(Reply::array(rows).into())
}

static HELP: CommandSpec = CommandSpec {
    name: "help",
    since: "5.0.0",
    handler: Handler::Server(|_, _| Ok(help::lines(&COMMAND).into())),
    summary: "Returns helpful text about the different subcommands.",
    complexity: "O(1)",
    ..ROW
};

static COUNT: CommandSpec = CommandSpec {
    name: "count",
    handler: Handler::Server(|_, _| Ok(Reply::count(commands::all().count()).into())),
    summary: "Returns the number of commands.",
    complexity: "O(1)",
    ..ROW
};

static INFO: CommandSpec = CommandSpec {
    name: "info",
    arity: Arity::at_least(2),
    handler: Handler::Server(command_info),
    syntax: "[command-name [command-name ...]]",
    summary: "Returns information about one, several or all commands.",
    ..ROW
};

fn command_info(session: &mut Session, args: &mut Args<'_>) -> CommandResult<Outcome> {
    if args.left() == 0 {
        return command(session, args);
    }
    let names = std::iter::from_fn(|| args.next_or_none());
    let rows = names.map(|name| match named(name) {
        Some(command) => info::row(command.spec, command.full_name),
        None => Reply::Nil,
    });
    Ok(Reply::array(rows).into())
}

static DOCS: CommandSpec = CommandSpec {
    name: "docs",
    since: "7.0.0",
    arity: Arity::at_least(2),
    handler: Handler::Server(command_docs),
    syntax: "[command-name [command-name ...]]",
    summary: "Returns documentation of one, several or all commands.",
    ..ROW
};

fn command_docs(_: &mut Session, args: &mut Args<'_>) -> CommandResult<Outcome> {
    let entry = |spec, full_name: &'static str| (full_name, docs::entry(spec, full_name));
    if args.left() == 0 {
        let all = commands::all().map(|spec| entry(spec, spec.name));
        return Ok(Reply::map(all).into());
    }
    let found = std::iter::from_fn(|| args.next_or_none()).filter_map(named);
    let found = found.map(|command| entry(command.spec, command.full_name));
    Ok(Reply::map(found).into())
}

static LIST: CommandSpec = CommandSpec {
    name: "list",
    since: "7.0.0",
    arity: Arity::at_least(2),
    handler: Handler::Server(list),
    syntax: "[FILTERBY <MODULE module-name | ACLCAT category | PATTERN pattern>]",
    summary: "Returns the names of commands.",
    ..ROW
};

fn list(_: &mut Session, args: &mut Args<'_>) -> CommandResult<Outcome> {
    let mut category = None;
    let mut pattern = None;
    let mut of_module = false;
    if args.left() > 0 {
        if args.left() != 3 || !args.skip_word("filterby") {
            return Err(CommandError::Fixed(text::SYNTAX));
        }
        if args.skip_word("module") {
            of_module = true;
        } else if args.skip_word("aclcat") {
            category = Some(args.next()?);
        } else if args.skip_word("pattern") {
            pattern = Some(args.next()?);
        } else {
            return Err(CommandError::Fixed(text::SYNTAX));
        }
    }
    let in_category = |command: &&NumberedCommand| {
        category.is_none_or(|wanted| {
            let categories = categories::of(command.spec);
            let mut names = categories.iter().map(|c| c.name().trim_start_matches('@'));
            names.any(|name| wanted.eq_ignore_ascii_case(name.as_bytes()))
        })
    };
    let fits = |command: &&NumberedCommand| {
        pattern.is_none_or(|p| glob::matches_ignore_case(p, command.full_name.as_bytes()))
    };
    // No module has brought any command.
    let all = commands::numbered().iter().filter(|_| !of_module);
    let names = all.filter(in_category).filter(fits);
    Ok(Reply::array_of_bulks(names.map(|command| command.full_name)).into())
}

static GETKEYS: CommandSpec = CommandSpec {
    name: "getkeys",
    arity: Arity::at_least(3),
    handler: Handler::Server(getkeys),
    syntax: "command [arg [arg ...]]",
    summary: "Extracts the key names from a command with its arguments.",
    complexity: "O(N) where N is the number of arguments.",
    ..ROW
};

fn getkeys(_: &mut Session, args: &mut Args<'_>) -> CommandResult<Outcome> {
    let (_, request, keys) = keys_of(args)?;
    let keys = keys.iter();
    let keys = keys.map(|(at, _)| request.get(*at as usize).unwrap_or_default());
    Ok(Reply::array(keys.map(Reply::bulk_bytes)).into())
}

static GETKEYSANDFLAGS: CommandSpec = CommandSpec {
    name: "getkeysandflags",
    since: "7.0.0",
    arity: Arity::at_least(3),
    handler: Handler::Server(getkeysandflags),
    syntax: "command [arg [arg ...]]",
    summary: "Extracts the key names and their access flags from a command with its arguments.",
    complexity: "O(N) where N is the number of arguments.",
    ..ROW
};

fn getkeysandflags(_: &mut Session, args: &mut Args<'_>) -> CommandResult<Outcome> {
    let (command, request, keys) = keys_of(args)?;
    let name = command.full_name;
    let keys = keys.iter().map(|(at, flags)| {
        let key = request.get(*at as usize).unwrap_or_default();
        let flags = hints::flags_of(name, &request, *flags);
        let flags = flags.names().into_iter().map(Reply::Simple);
        Reply::array([Reply::bulk_bytes(key), Reply::Set(flags.collect())])
    });
    Ok(Reply::array(keys).into())
}

/// The request behind the subcommand's name, and where its keys stand.
fn keys_of<'a>(
    args: &Args<'a>,
) -> CommandResult<(&'static NumberedCommand, Request<'a>, KeyPositions)> {
    let request = args.request().skip(2);
    let command = asked(&request).ok_or("ERR Invalid command specified")?;
    let specs = command.spec.keys;
    if specs.is_empty() {
        return Err("ERR The command has no key arguments".into());
    }
    if !command.spec.arity.admits(request.len()) {
        return Err("ERR Invalid number of arguments specified for command".into());
    }
    let mut keys = KeyPositions::new();
    let found = specs.iter().all(|spec| spec.find(&request, &mut keys));
    keys.retain(|(at, _)| !hints::leaves_out(command.full_name, *at as usize, &request));
    if keys.is_empty() || !found {
        return Err("ERR Invalid arguments specified for command".into());
    }
    Ok((command, request, keys))
}

/// The command that a request asks for; a container's subcommand if its second word is one.
fn asked(request: &Request<'_>) -> Option<&'static NumberedCommand> {
    let name = request.get(0)?;
    let container = named(name)?;
    if container.spec.subcommands.is_empty() {
        return Some(container);
    }
    let full_name = [name, b"|", request.get(1).unwrap_or_default()].concat();
    named(&full_name)
}

/// The command or subcommand of this name (`config|get`), in any case.
fn named(name: &[u8]) -> Option<&'static NumberedCommand> {
    let is = |command: &&NumberedCommand| name.eq_ignore_ascii_case(command.full_name.as_bytes());
    commands::numbered().iter().find(is)
}
