//! Owns the commands by which a client speaks about its own connection, or about others'.
//! `ping` what needs nothing, `auth` who the client is, `client` CLIENT and its subcommands,
//! `client_line` how clients are described, `client_filter` which of them LIST and KILL mean,
//! `client_pause` CLIENT PAUSE.
//! Invariants: what one connection sets never shows on another.
//! Must not know: sockets. Tests: `tests/commands/connection.rs`.

mod auth;
mod client;
mod client_filter;
mod client_line;
mod client_pause;
mod ping;

pub use client::CLIENT;

use crate::command::{Arity, Category, CommandSpec, Flags, Group, Handler};

/// The rows of this folder.
pub static COMMANDS: &[&CommandSpec] = &[
    &auth::AUTH,
    &client::CLIENT,
    &ping::ECHO,
    &auth::HELLO,
    &ping::PING,
    &ping::QUIT,
    &ping::RESET,
];

/// What the rows of this folder have in common.
const ROW: CommandSpec = CommandSpec {
    name: "",
    group: Group::Connection,
    since: "1.0.0",
    arity: Arity::at_least(1),
    keys: &[],
    extra: Flags::NONE,
    acl: &[Category::Connection],
    handler: Handler::Container,
    syntax: "",
    summary: "",
    complexity: "O(1)",
    subcommands: &[],
};

/// Flags of commands that work in any state of the server.
const ANY_STATE: Flags = Flags::LOADING.with(Flags::STALE);
/// Flags of commands that work before AUTH.
const HANDSHAKE: Flags = ANY_STATE
    .with(Flags::NOSCRIPT)
    .with(Flags::FAST)
    .with(Flags::NO_AUTH)
    .with(Flags::ALLOW_BUSY);
