//! Owns the rows of SAVE, BGSAVE, LASTSAVE, SHUTDOWN, COMPACT, and TIME and ROLE.
//! Invariants: what waits or ends the process is carried out by `exec/control`.
//! Must not know: how. Tests: `tests/commands/server.rs`.

use super::{ANY_STATE, OPERATOR, ROW};
use crate::command::{Args, Arity, Category, CommandSpec, Control, Flags, Handler, Outcome};
use crate::error::CommandResult;
use crate::resp::Reply;
use crate::session::Session;
use std::sync::atomic::Ordering;
use std::time::{SystemTime, UNIX_EPOCH};

const SAVING: Flags = Flags::ADMIN
    .with(Flags::NOSCRIPT)
    .with(Flags::NO_ASYNC_LOADING);
/// Of commands that tell the operator's secrets in O(1).
const OPERATORS: &[Category] = &[Category::Admin, Category::Dangerous];

pub static SAVE: CommandSpec = CommandSpec {
    name: "save",
    arity: Arity::exactly(1),
    extra: SAVING.with(Flags::NO_MULTI),
    handler: Handler::Control(Control::Save),
    summary: "Makes every change durable, and answers when that is done.",
    complexity: "O(N) where N is the number of bytes that are not yet synced.",
    ..ROW
};

pub static BGREWRITEAOF: CommandSpec = CommandSpec {
    name: "bgrewriteaof",
    arity: Arity::exactly(1),
    extra: SAVING,
    handler: Handler::Control(Control::RewriteLog),
    summary: "Makes every change durable: the log needs no rewriting.",
    ..ROW
};

pub static BGSAVE: CommandSpec = CommandSpec {
    name: "bgsave",
    extra: SAVING,
    handler: Handler::Control(Control::BackgroundSave),
    syntax: "[SCHEDULE | CANCEL]",
    summary: "Makes every change durable.",
    ..ROW
};

pub static LASTSAVE: CommandSpec = CommandSpec {
    name: "lastsave",
    arity: Arity::exactly(1),
    extra: ANY_STATE.with(Flags::FAST),
    acl: OPERATORS,
    handler: Handler::Server(lastsave),
    summary: "Returns the Unix time of the last successful save.",
    ..ROW
};

fn lastsave(session: &mut Session, _: &mut Args<'_>) -> CommandResult<Outcome> {
    Ok(Reply::Int(last_save_s(session) as i64).into())
}

/// Seconds since the epoch; before the first save that is the start, as in Redis.
fn last_save_s(session: &Session) -> u64 {
    let services = &session.services;
    match services.metrics.saved_s.load(Ordering::Relaxed) {
        0 => services.started_ms / 1000,
        saved_s => saved_s,
    }
}

pub static SHUTDOWN: CommandSpec = CommandSpec {
    name: "shutdown",
    extra: OPERATOR.with(Flags::NO_MULTI).with(Flags::ALLOW_BUSY),
    handler: Handler::Control(Control::Shutdown),
    syntax: "[NOSAVE | SAVE] [NOW] [FORCE] [ABORT]",
    summary: "Makes every change durable and shuts the server down.",
    complexity: "O(N) where N is the number of bytes that are not yet synced.",
    ..ROW
};

pub static COMPACT: CommandSpec = CommandSpec {
    name: "compact",
    // Ferrock's own; Redis has nothing to compact.
    since: "8.0.0",
    extra: SAVING,
    handler: Handler::Control(Control::Compact),
    syntax: "[partition]",
    summary: "Compacts one partition or all, and answers when that is done.",
    complexity: "O(N) where N is the number of bytes of the partition.",
    ..ROW
};

pub static TIME: CommandSpec = CommandSpec {
    name: "time",
    since: "2.6.0",
    arity: Arity::exactly(1),
    extra: ANY_STATE.with(Flags::FAST),
    handler: Handler::Server(time),
    summary: "Returns the server's time: seconds of the Unix epoch, and microseconds.",
    ..ROW
};

fn time(_: &mut Session, _: &mut Args<'_>) -> CommandResult<Outcome> {
    // The store's clock counts milliseconds and stands still where the machine's goes back.
    let now = SystemTime::now().duration_since(UNIX_EPOCH);
    let now = now.unwrap_or_default();
    let parts = [now.as_secs(), u64::from(now.subsec_micros())];
    Ok(Reply::array(parts.map(|part| Reply::bulk_int(part as i64))).into())
}

pub static ROLE: CommandSpec = CommandSpec {
    name: "role",
    since: "2.8.12",
    arity: Arity::exactly(1),
    extra: ANY_STATE.with(Flags::NOSCRIPT).with(Flags::FAST),
    acl: OPERATORS,
    handler: Handler::Server(role),
    summary: "Returns the replication role.",
    ..ROW
};

/// A master without replicas.
fn role(_: &mut Session, _: &mut Args<'_>) -> CommandResult<Outcome> {
    let replicas = Reply::Array(Vec::new());
    Ok(Reply::array([Reply::bulk("master"), Reply::Int(0), replicas]).into())
}
