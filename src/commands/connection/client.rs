//! Owns CLIENT and its subcommands.
//! Invariants: names hold printable bytes without spaces only, so that CLIENT LIST stays parsable.
//! Must not know: sockets. Tests: `tests/commands/connection.rs`, below.

use super::client_filter::{self, Addressed, Asking};
use super::client_line;
use super::client_pause::{PAUSE, UNPAUSE};
use super::{ANY_STATE, ROW};
use crate::command::{Args, Arity, CommandSpec, Flags, Handler, Outcome};
use crate::commands::help;
use crate::error::{CommandError, CommandResult, text};
use crate::resp::Reply;
use crate::session::{ReplyMode, Session};
use std::sync::atomic::{AtomicBool, Ordering};
use storage::encoding::number::parse_i64;

/// Flags of subcommands that concern the own connection.
const OWN: Flags = ANY_STATE.with(Flags::NOSCRIPT);
/// Flags of subcommands that concern others, or the server.
pub(super) const OTHERS: Flags = OWN.with(Flags::ADMIN);

pub static CLIENT: CommandSpec = CommandSpec {
    name: "client",
    since: "2.4.0",
    arity: Arity::at_least(2),
    acl: &[],
    summary: "A container for client connection commands.",
    complexity: "Depends on subcommand.",
    subcommands: &[
        &ID, &INFO, &LIST, &KILL, &PAUSE, &UNPAUSE, &UNBLOCK, &GETNAME, &SETNAME, &SETINFO, &CAPA,
        &REPLY, &NO_EVICT, &NO_TOUCH, &HELP,
    ],
    ..ROW
};

static HELP: CommandSpec = CommandSpec {
    name: "help",
    since: "5.0.0",
    arity: Arity::exactly(2),
    extra: ANY_STATE,
    handler: Handler::Server(|_, _| Ok(help::lines(&CLIENT).into())),
    summary: "Returns helpful text about the different subcommands.",
    ..ROW
};

static ID: CommandSpec = CommandSpec {
    name: "id",
    since: "5.0.0",
    arity: Arity::exactly(2),
    extra: OWN,
    handler: Handler::Server(|session, _| Ok(Reply::Int(session.client.id as i64).into())),
    summary: "Returns the unique id of the connection.",
    ..ROW
};

static GETNAME: CommandSpec = CommandSpec {
    name: "getname",
    since: "2.6.9",
    arity: Arity::exactly(2),
    extra: OWN,
    handler: Handler::Server(getname),
    summary: "Returns the name of the connection.",
    ..ROW
};

fn getname(session: &mut Session, _: &mut Args<'_>) -> CommandResult<Outcome> {
    let name = session.client.names.lock().name.clone();
    Ok(Reply::bulk_or_nil((!name.is_empty()).then_some(name)).into())
}

static SETNAME: CommandSpec = CommandSpec {
    name: "setname",
    since: "2.6.9",
    arity: Arity::exactly(3),
    extra: OWN,
    handler: Handler::Server(setname),
    syntax: "connection-name",
    summary: "Sets the name of the connection.",
    ..ROW
};

fn setname(session: &mut Session, args: &mut Args<'_>) -> CommandResult<Outcome> {
    let name = args.next()?;
    check_name("Client names", name)?;
    session.client.names.lock().name = name.to_vec();
    Ok(Reply::ok().into())
}

/// Refuses what would tear the fields of CLIENT LIST apart.
pub(super) fn check_name(what: &str, name: &[u8]) -> CommandResult<()> {
    if name.iter().all(u8::is_ascii_graphic) {
        return Ok(());
    }
    Err(format!("ERR {what} cannot contain spaces, newlines or special characters.").into())
}

static SETINFO: CommandSpec = CommandSpec {
    name: "setinfo",
    since: "7.2.0",
    arity: Arity::exactly(4),
    extra: OWN,
    handler: Handler::Server(setinfo),
    syntax: "<LIB-NAME libname | LIB-VER libver>",
    summary: "Sets what is known of the client's library.",
    ..ROW
};

fn setinfo(session: &mut Session, args: &mut Args<'_>) -> CommandResult<Outcome> {
    let (field, value) = (args.next()?, args.next()?);
    let mut names = session.client.names.lock();
    if field.eq_ignore_ascii_case(b"lib-name") {
        check_name(&String::from_utf8_lossy(field), value)?;
        names.lib_name = value.to_vec();
    } else if field.eq_ignore_ascii_case(b"lib-ver") {
        check_name(&String::from_utf8_lossy(field), value)?;
        names.lib_version = value.to_vec();
    } else {
        return Err(CommandError::quoting(
            "ERR Unrecognized option '",
            field,
            "'",
        ));
    }
    Ok(Reply::ok().into())
}

static CAPA: CommandSpec = CommandSpec {
    name: "capa",
    since: "8.0.0",
    arity: Arity::at_least(3),
    extra: OWN,
    handler: Handler::Server(capa),
    syntax: "capability [capability ...]",
    summary: "Tells the server what the client understands.",
    complexity: "O(N) where N is the number of capabilities.",
    ..ROW
};

/// Capabilities that nobody here knows are for other servers.
fn capa(session: &mut Session, args: &mut Args<'_>) -> CommandResult<Outcome> {
    while let Some(capability) = args.next_or_none() {
        if capability.eq_ignore_ascii_case(b"redirect") {
            session
                .client
                .takes_redirects
                .store(true, Ordering::Relaxed);
        }
    }
    Ok(Reply::ok().into())
}

static REPLY: CommandSpec = CommandSpec {
    name: "reply",
    since: "3.2.0",
    arity: Arity::exactly(3),
    extra: OWN,
    handler: Handler::Server(reply),
    syntax: "<ON | OFF | SKIP>",
    summary: "Instructs the server whether to reply to commands.",
    ..ROW
};

fn reply(session: &mut Session, args: &mut Args<'_>) -> CommandResult<Outcome> {
    if args.skip_word("on") {
        session.reply_mode = ReplyMode::On;
        return Ok(Reply::ok().into());
    }
    if args.skip_word("off") {
        session.reply_mode = ReplyMode::Off;
    } else if args.skip_word("skip") {
        if session.reply_mode != ReplyMode::Off {
            session.reply_mode = ReplyMode::SkipNext;
        }
    } else {
        return Err(CommandError::Fixed(text::SYNTAX));
    }
    Ok(Reply::None.into())
}

static NO_EVICT: CommandSpec = CommandSpec {
    name: "no-evict",
    since: "7.0.0",
    arity: Arity::exactly(3),
    extra: OTHERS,
    handler: Handler::Server(|session, args| set_switch(&session.client.no_evict, args)),
    syntax: "<ON | OFF>",
    summary: "Sets the eviction mode of the connection.",
    ..ROW
};

static NO_TOUCH: CommandSpec = CommandSpec {
    name: "no-touch",
    since: "7.2.0",
    arity: Arity::exactly(3),
    extra: OWN,
    handler: Handler::Server(no_touch),
    syntax: "<ON | OFF>",
    summary: "Controls whether the connection's commands count as uses of their keys.",
    ..ROW
};

fn no_touch(session: &mut Session, args: &mut Args<'_>) -> CommandResult<Outcome> {
    let outcome = set_switch(&session.client.no_touch, args)?;
    session.no_touch = session.client.no_touch.load(Ordering::Relaxed);
    Ok(outcome)
}

fn set_switch(switch: &AtomicBool, args: &mut Args<'_>) -> CommandResult<Outcome> {
    let on = args.skip_word("on");
    if !on && !args.skip_word("off") {
        return Err(CommandError::Fixed(text::SYNTAX));
    }
    switch.store(on, Ordering::Relaxed);
    Ok(Reply::ok().into())
}

static INFO: CommandSpec = CommandSpec {
    name: "info",
    since: "6.2.0",
    arity: Arity::exactly(2),
    extra: OWN,
    handler: Handler::Server(info),
    summary: "Returns what is known of the connection.",
    ..ROW
};

fn info(session: &mut Session, _: &mut Args<'_>) -> CommandResult<Outcome> {
    let now_ms = session.services.store.now_ms();
    let line = client_line::describe(&session.client, now_ms);
    Ok(Reply::text(line).into())
}

static LIST: CommandSpec = CommandSpec {
    name: "list",
    since: "2.4.0",
    arity: Arity::at_least(2),
    extra: OTHERS,
    handler: Handler::Server(list),
    syntax: "[TYPE <NORMAL | MASTER | PRIMARY | SLAVE | REPLICA | PUBSUB>] \
             [ID client-id [client-id ...]] [USER username] [ADDR ip:port] [LADDR ip:port] \
             [SKIPME <YES | NO>] [MAXAGE maxage] [NAME name] [IDLE idle] [FLAGS flags] \
             [LIB-NAME libname] [LIB-VER libver] [DB db] [CAPA capa] [IP ip] \
             [NOT-TYPE <NORMAL | MASTER | PRIMARY | SLAVE | REPLICA | PUBSUB>] \
             [NOT-ID not-client-id [not-client-id ...]] [NOT-USER username] [NOT-ADDR ip:port] \
             [NOT-LADDR ip:port] [NOT-NAME name] [NOT-FLAGS flags] [NOT-LIB-NAME libname] \
             [NOT-LIB-VER libver] [NOT-DB db] [NOT-CAPA capa] [NOT-IP ip]",
    summary: "Lists open connections.",
    complexity: "O(N) where N is the number of client connections.",
    ..ROW
};

fn list(session: &mut Session, args: &mut Args<'_>) -> CommandResult<Outcome> {
    let filter = client_filter::parse_list(args)?;
    let now_ms = session.services.store.now_ms();
    let asking = Asking {
        own: session.client.id,
        now_ms,
    };
    let all = session.services.clients.all().into_iter();
    let chosen = all.filter(|client| filter.passes(client, asking));
    let mut lines = String::new();
    for client in chosen {
        lines.push_str(&client_line::describe(&client, now_ms));
    }
    Ok(Reply::text(lines.into_bytes()).into())
}

static UNBLOCK: CommandSpec = CommandSpec {
    name: "unblock",
    since: "5.0.0",
    arity: Arity::at_least(3),
    extra: OTHERS,
    handler: Handler::Server(unblock),
    syntax: "client-id [TIMEOUT | ERROR]",
    summary: "Ends the wait of a client as if its time were over, or with an error.",
    ..ROW
};

fn unblock(session: &mut Session, args: &mut Args<'_>) -> CommandResult<Outcome> {
    let id = args.peek(0).and_then(parse_i64);
    args.next()?;
    let error = if args.left() == 0 || args.skip_word("TIMEOUT") {
        false
    } else if args.skip_word("ERROR") {
        true
    } else {
        let error = "ERR CLIENT UNBLOCK reason should be TIMEOUT or ERROR";
        return Err(CommandError::Fixed(error));
    };
    args.finish()?;
    let id = id.ok_or(CommandError::Fixed(text::NOT_INTEGER))?;
    let waited = session.services.waiting.unblock(id as u64, error);
    Ok(Reply::Int(i64::from(waited)).into())
}

static KILL: CommandSpec = CommandSpec {
    name: "kill",
    since: "2.4.0",
    arity: Arity::at_least(3),
    extra: OTHERS,
    handler: Handler::Server(kill),
    syntax: "<ip:port | <[ID client-id [client-id ...]] | \
             [TYPE <NORMAL | MASTER | PRIMARY | SLAVE | REPLICA | PUBSUB>] | [USER username] | \
             [ADDR ip:port] | [LADDR ip:port] | [SKIPME <YES | NO>] | [MAXAGE maxage] | \
             [NAME name] | [IDLE idle] | [FLAGS flags] | [LIB-NAME libname] | [LIB-VER libver] | \
             [DB db] | [CAPA capa] | [IP ip] | \
             [NOT-TYPE <NORMAL | MASTER | PRIMARY | SLAVE | REPLICA | PUBSUB>] | \
             [NOT-ID not-client-id [not-client-id ...]] | [NOT-USER username] | \
             [NOT-ADDR ip:port] | [NOT-LADDR ip:port] | [NOT-NAME name] | [NOT-FLAGS flags] | \
             [NOT-LIB-NAME libname] | [NOT-LIB-VER libver] | [NOT-DB db] | [NOT-CAPA capa] | \
             [NOT-IP ip]> ...>",
    summary: "Terminates open connections.",
    complexity: "O(N) where N is the number of client connections.",
    ..ROW
};

fn kill(session: &mut Session, args: &mut Args<'_>) -> CommandResult<Outcome> {
    let addressed = client_filter::parse_kill(args)?;
    let own = session.client.id;
    let asking = Asking {
        own,
        now_ms: session.services.store.now_ms(),
    };
    let (mut killed, mut suicide) = (0, false);
    for client in session.services.clients.all() {
        if client.is_killed() || !addressed.means(&client, asking) {
            continue;
        }
        killed += 1;
        if client.id == own {
            // It gets the answer first.
            suicide = true;
        } else {
            client.kill();
        }
    }
    let reply = match addressed {
        Addressed::One(_) if killed == 0 => return Err("ERR No such client".into()),
        Addressed::One(_) => Reply::ok(),
        Addressed::Filter(_) => Reply::count(killed),
    };
    Ok(match suicide {
        true => Outcome::ReplyAndClose(reply),
        false => reply.into(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_printable_words() {
        assert!(check_name("x", b"worker-1~!").is_ok());
        assert!(check_name("x", b"").is_ok());
        for name in [&b"a b"[..], b"a\n", b"\xc3\xa9", b"\x7f"] {
            let error = check_name("Client names", name).unwrap_err();
            assert_eq!(
                error.text().to_string(),
                "ERR Client names cannot contain spaces, newlines or special characters."
            );
        }
    }
}
