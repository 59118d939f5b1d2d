//! Owns CONFIG, and what a changed directive does to the running server.
//! Invariants: a directive that may be changed takes effect before the client reads OK; where that
//! fails, nothing is changed. Must not know: how directives are parsed.
//! Tests: `tests/commands/server.rs`, `tests/config`.

use super::{ANY_STATE, OPERATOR, ROW};
use crate::command::{Args, Arity, CommandSpec, Control, Handler, Outcome};
use crate::commands::help;
use crate::config::{Changes, Fsync, Reason};
use crate::error::{CommandError, CommandResult, text};
use crate::resp::Reply;
use crate::session::{Services, Session, descriptors};
use std::sync::atomic::Ordering;

pub static CONFIG: CommandSpec = CommandSpec {
    name: "config",
    since: "2.0.0",
    arity: Arity::at_least(2),
    summary: "A container for server configuration commands.",
    complexity: "Depends on subcommand.",
    subcommands: &[&GET, &SET, &REWRITE, &RESETSTAT, &HELP],
    ..ROW
};

static HELP: CommandSpec = CommandSpec {
    name: "help",
    since: "5.0.0",
    arity: Arity::exactly(2),
    extra: ANY_STATE,
    handler: Handler::Server(|_, _| Ok(help::lines(&CONFIG).into())),
    summary: "Returns helpful text about the different subcommands.",
    ..ROW
};

static GET: CommandSpec = CommandSpec {
    name: "get",
    since: "2.0.0",
    arity: Arity::at_least(3),
    extra: OPERATOR,
    handler: Handler::Server(get),
    syntax: "parameter [parameter ...]",
    summary: "Returns the effective values of configuration parameters.",
    complexity: "O(N) where N is the number of configuration parameters.",
    ..ROW
};

fn get(session: &mut Session, args: &mut Args<'_>) -> CommandResult<Outcome> {
    let patterns: Vec<&[u8]> = std::iter::from_fn(|| args.next_or_none()).collect();
    let found = session.services.config.get(&patterns);
    let pairs = found
        .into_iter()
        .map(|(name, value)| (name, Reply::bulk(value)));
    Ok(Reply::map(pairs).into())
}

static SET: CommandSpec = CommandSpec {
    name: "set",
    since: "2.0.0",
    arity: Arity::at_least(4),
    extra: OPERATOR,
    handler: Handler::Server(set),
    syntax: "parameter value [parameter value ...]",
    summary: "Sets configuration parameters in-flight.",
    complexity: "O(N) where N is the number of configuration parameters provided.",
    ..ROW
};

fn set(session: &mut Session, args: &mut Args<'_>) -> CommandResult<Outcome> {
    if !args.left().is_multiple_of(2) {
        return Err(CommandError::Fixed(text::SYNTAX));
    }
    let mut pairs = Vec::with_capacity(args.left() / 2);
    while let Some(name) = args.next_or_none() {
        pairs.push((name, args.next()?));
    }
    let services = &session.services;
    let origin = session.client.origin();
    let apply = |changes: &Changes| apply(services, changes);
    let set = services.config.set_and_apply(&pairs, origin, apply);
    set.map_err(|error| CommandError::Bytes([b"ERR ", &*error.text()].concat()))?;
    Ok(Reply::ok().into())
}

/// Lets changed directives take effect. Those that are read where they matter need nothing here.
fn apply(services: &Services, changes: &Changes) -> Result<(), (&'static str, Reason)> {
    let config = &services.config;
    let store = &services.store;
    for fixed in ["bind", "port"] {
        if changes.contains(fixed) {
            return Err((fixed, "can't be changed while the server runs".into()));
        }
    }
    for directive in changes.directives() {
        match directive.name {
            "appendfsync" => store.leader().set_fsync(fsync(config.appendfsync.get())),
            "loglevel" => services.log.set_level(config.loglevel.get()),
            "verify-cache-reads" => store.set_verify_reads(config.verify_cache_reads.get()),
            "maxclients" => {
                let wanted = config.maxclients.get() as u64;
                descriptors::raise_for(wanted).map_err(|fits| {
                    let reason = format!(
                        "The operating system is not able to handle the specified number of \
                         clients, try with {fits}"
                    );
                    ("maxclients", reason.into())
                })?;
            }
            "maxmemory" => services.memory.set_maxmemory(config.maxmemory.as_usize()),
            "block-cache-share-percent" => {
                let share = config.block_cache_share_percent.as_usize();
                services.memory.set_block_cache_percent(share);
            }
            "disk-reserve-bytes" => store.set_disk_reserve_bytes(config.disk_reserve_bytes.get()),
            "sweep-rows-per-second" => {
                store
                    .sweeps()
                    .set_dead_rows_per_s(config.sweep_rows_per_second.as_usize());
            }
            _ => {}
        }
    }
    Ok(())
}

/// What `appendfsync` means to the store.
pub fn fsync(chosen: Fsync) -> storage::commit::Fsync {
    match chosen {
        Fsync::Always => storage::commit::Fsync::Always,
        Fsync::EverySec => storage::commit::Fsync::EverySecond,
        Fsync::No => storage::commit::Fsync::No,
    }
}

static REWRITE: CommandSpec = CommandSpec {
    name: "rewrite",
    since: "2.8.0",
    arity: Arity::exactly(2),
    extra: OPERATOR,
    handler: Handler::Control(Control::ConfigRewrite),
    summary: "Persists the effective configuration to file.",
    ..ROW
};

static RESETSTAT: CommandSpec = CommandSpec {
    name: "resetstat",
    since: "2.0.0",
    arity: Arity::exactly(2),
    extra: OPERATOR,
    handler: Handler::Server(resetstat),
    summary: "Resets the server's statistics.",
    ..ROW
};

fn resetstat(session: &mut Session, _: &mut Args<'_>) -> CommandResult<Outcome> {
    let services = &session.services;
    services.metrics.reset();
    services.changes.expired_keys.reset();
    services.store.sweeps().reset_expired();
    services.clients.accepted.store(0, Ordering::Relaxed);
    services.clients.rejected.store(0, Ordering::Relaxed);
    Ok(Reply::ok().into())
}
