//! Owns FUNCTION as far as it can be without a scripting engine: there are no libraries, so LIST is
//! empty and FLUSH has nothing to remove. Clients and test suites call both between their runs.
//! Must not know: sockets. Tests: `tests/commands/server.rs`.

use super::{ANY_STATE, ROW};
use crate::command::{Args, Arity, Category, CommandSpec, Flags, Handler, Outcome};
use crate::commands::help;
use crate::error::{CommandError, CommandResult, quoted};
use crate::resp::Reply;
use crate::session::Session;

pub static FUNCTION: CommandSpec = CommandSpec {
    name: "function",
    since: "7.0.0",
    arity: Arity::at_least(2),
    summary: "A container for function commands.",
    complexity: "Depends on subcommand.",
    subcommands: &[&FLUSH, &LIST, &HELP],
    ..ROW
};

static HELP: CommandSpec = CommandSpec {
    name: "help",
    since: "7.0.0",
    arity: Arity::exactly(2),
    extra: ANY_STATE,
    acl: &[Category::Scripting],
    handler: Handler::Server(|_, _| Ok(help::lines(&FUNCTION).into())),
    summary: "Returns helpful text about the different subcommands.",
    ..ROW
};

static FLUSH: CommandSpec = CommandSpec {
    name: "flush",
    since: "7.0.0",
    arity: Arity::at_least(2),
    extra: Flags::NOSCRIPT,
    acl: &[Category::Scripting],
    handler: Handler::Server(flush),
    syntax: "[ASYNC | SYNC]",
    summary: "Deletes all libraries and functions.",
    complexity: "O(N) where N is the number of functions deleted",
    ..ROW
};

fn flush(_session: &mut Session, args: &mut Args<'_>) -> CommandResult<Outcome> {
    let known = args.left() == 0 || args.skip_word("async") || args.skip_word("sync");
    if !known || args.left() > 0 {
        let text = "ERR FUNCTION FLUSH only supports SYNC|ASYNC option";
        return Err(CommandError::Fixed(text));
    }
    Ok(Reply::ok().into())
}

static LIST: CommandSpec = CommandSpec {
    name: "list",
    since: "7.0.0",
    arity: Arity::at_least(2),
    extra: Flags::NOSCRIPT,
    acl: &[Category::Scripting],
    handler: Handler::Server(list),
    syntax: "[LIBRARYNAME library-name-pattern] [WITHCODE]",
    summary: "Returns information about all libraries.",
    complexity: "O(N) where N is the number of functions",
    ..ROW
};

fn list(_session: &mut Session, args: &mut Args<'_>) -> CommandResult<Outcome> {
    while args.left() > 0 {
        if args.skip_word("libraryname") {
            args.next()
                .map_err(|_| CommandError::Fixed("ERR library name argument was not given"))?;
        } else if !args.skip_word("withcode") {
            let unknown = args.next()?;
            let text = [b"ERR Unknown argument ", quoted(unknown, unknown.len())];
            return Err(CommandError::Bytes(text.concat()));
        }
    }
    Ok(Reply::Array(Vec::new()).into())
}
