//! Owns MODULE as far as it can be without modules: LIST is empty. Graphical clients ask for it to
//! learn what the server can do.
//! Must not know: sockets. Tests: `tests/commands/server.rs`.

use super::{ANY_STATE, ROW};
use crate::command::{Arity, CommandSpec, Flags, Handler};
use crate::commands::help;
use crate::resp::Reply;

pub static MODULE: CommandSpec = CommandSpec {
    name: "module",
    since: "4.0.0",
    arity: Arity::at_least(2),
    summary: "A container for module commands.",
    complexity: "Depends on subcommand.",
    subcommands: &[&LIST, &HELP],
    ..ROW
};

static HELP: CommandSpec = CommandSpec {
    name: "help",
    since: "5.0.0",
    arity: Arity::exactly(2),
    extra: ANY_STATE,
    handler: Handler::Server(|_, _| Ok(help::lines(&MODULE).into())),
    summary: "Returns helpful text about the different subcommands.",
    ..ROW
};

static LIST: CommandSpec = CommandSpec {
    name: "list",
    since: "4.0.0",
    arity: Arity::exactly(2),
    extra: Flags::ADMIN.with(Flags::NOSCRIPT),
    handler: Handler::Server(|_, _| Ok(Reply::Array(Vec::new()).into())),
    summary: "Returns all loaded modules: none can be loaded.",
    complexity: "O(N) where N is the number of loaded modules.",
    ..ROW
};
