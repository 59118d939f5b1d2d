//! Owns AUTH and HELLO: who the client is, and which protocol it speaks.
//! Invariants: passwords are compared in constant time and never logged; a HELLO that fails
//! changes nothing but, where its AUTH part passed, the authentication.
//! Must not know: ACL users other than `default`. Tests: `tests/commands/connection.rs`, below.

use super::{HANDSHAKE, ROW};
use crate::command::{Args, Arity, CommandSpec, Handler, Outcome};
use crate::commands::REDIS_VERSION;
use crate::error::{CommandError, CommandResult, text};
use crate::resp::{Reply, RespVersion};
use crate::session::Session;
use storage::encoding::number::parse_i64;

const WRONG_PASS: &str = "WRONGPASS invalid username-password pair or user is disabled.";
const NO_PASSWORD: &str = "ERR AUTH <password> called without any password configured for the \
     default user. Are you sure your configuration is correct?";
const HELLO_NO_AUTH: &str = "NOAUTH HELLO must be called with the client already authenticated, \
     otherwise the HELLO <proto> AUTH <user> <pass> option can be used to authenticate the client \
     and select the RESP protocol version at the same time";
const PROTO_NOT_INTEGER: &str = "ERR Protocol version is not an integer or out of range";
/// The one user.
const DEFAULT_USER: &[u8] = b"default";

pub static AUTH: CommandSpec = CommandSpec {
    name: "auth",
    arity: Arity::at_least(2),
    extra: HANDSHAKE,
    handler: Handler::Server(auth),
    syntax: "[username] password",
    summary: "Authenticates the connection.",
    complexity: "O(N) where N is the length of the password.",
    ..ROW
};

fn auth(session: &mut Session, args: &mut Args<'_>) -> CommandResult<Outcome> {
    let first = args.next()?;
    let second = args.next_or_none();
    args.finish()?;
    let (user, password) = match second {
        Some(password) => (first, password),
        None if session.services.config.requirepass.is_empty() => return Err(NO_PASSWORD.into()),
        None => (DEFAULT_USER, first),
    };
    authenticate(session, user, password)?;
    Ok(Reply::ok().into())
}

/// Opens the session if the pair is right. Any password is right while none is set.
fn authenticate(session: &mut Session, user: &[u8], password: &[u8]) -> CommandResult<()> {
    let wanted = session.services.config.requirepass.get();
    let known = user == DEFAULT_USER && (wanted.is_empty() || same(&wanted, password));
    if !known {
        session.services.metrics.auth_failures.add(1);
        return Err(WRONG_PASS.into());
    }
    session.authenticated = true;
    Ok(())
}

/// Compares without telling by its time where the texts part.
fn same(wanted: &[u8], given: &[u8]) -> bool {
    let mut difference = u8::from(wanted.len() != given.len());
    for (at, byte) in given.iter().enumerate() {
        let other = wanted.get(at % wanted.len().max(1)).unwrap_or(&0);
        difference |= byte ^ other;
    }
    difference == 0
}

pub static HELLO: CommandSpec = CommandSpec {
    name: "hello",
    since: "6.0.0",
    extra: HANDSHAKE,
    handler: Handler::Server(hello),
    syntax: "[protover [AUTH username password] [SETNAME clientname]]",
    summary: "Handshakes with the server.",
    ..ROW
};

/// What HELLO asks for.
#[derive(Default)]
struct Wishes<'a> {
    protocol: Option<RespVersion>,
    user_and_password: Option<(&'a [u8], &'a [u8])>,
    name: Option<&'a [u8]>,
}

fn hello(session: &mut Session, args: &mut Args<'_>) -> CommandResult<Outcome> {
    let wishes = parse_hello(args)?;
    if let Some((user, password)) = wishes.user_and_password {
        authenticate(session, user, password)?;
    }
    if !session.is_authenticated() {
        return Err(HELLO_NO_AUTH.into());
    }
    if let Some(name) = wishes.name {
        session.client.names.lock().name = name.to_vec();
    }
    if let Some(protocol) = wishes.protocol {
        session.set_resp(protocol);
    }
    Ok(Reply::map([
        ("server", Reply::bulk("redis")),
        ("version", Reply::bulk(REDIS_VERSION)),
        ("proto", Reply::Int(session.resp.number())),
        ("id", Reply::Int(session.client.id as i64)),
        ("mode", Reply::bulk("standalone")),
        ("role", Reply::bulk("master")),
        ("modules", Reply::Array(Vec::new())),
    ])
    .into())
}

fn parse_hello<'a>(args: &mut Args<'a>) -> CommandResult<Wishes<'a>> {
    let mut wishes = Wishes::default();
    let Some(version) = args.next_or_none() else {
        return Ok(wishes);
    };
    let version = parse_i64(version).ok_or(CommandError::Fixed(PROTO_NOT_INTEGER))?;
    let version = RespVersion::from_number(version);
    wishes.protocol = Some(version.ok_or(CommandError::Fixed(text::NO_PROTO))?);
    while let Some(option) = args.peek(0) {
        if args.left() >= 3 && args.skip_word("auth") {
            wishes.user_and_password = Some((args.next()?, args.next()?));
        } else if args.left() >= 2 && args.skip_word("setname") {
            let name = args.next()?;
            super::client::check_name("Client names", name)?;
            wishes.name = Some(name);
        } else {
            let before = "ERR Syntax error in HELLO option '";
            return Err(CommandError::quoting(before, option, "'"));
        }
    }
    Ok(wishes)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::resp::OwnedRequest;

    #[test]
    fn only_the_same_password_is_the_same() {
        assert!(same(b"secret", b"secret"));
        assert!(!same(b"secret", b"secreT"));
        assert!(!same(b"secret", b"secretsecret"));
        assert!(!same(b"secret", b""));
        assert!(!same(b"ab", b"a"));
    }

    #[test]
    fn hello_refuses_what_it_does_not_know() {
        let refusal = |words: &[&str]| {
            let owned = OwnedRequest::from_args(words);
            let wishes = parse_hello(&mut Args::new(owned.as_request(), 1));
            wishes.err().map(|error| error.text().to_string())
        };
        assert_eq!(refusal(&["HELLO", "x"]).as_deref(), Some(PROTO_NOT_INTEGER));
        assert_eq!(refusal(&["HELLO", "4"]).as_deref(), Some(text::NO_PROTO));
        assert_eq!(
            refusal(&["HELLO", "3", "AUTH", "u"]).as_deref(),
            Some("ERR Syntax error in HELLO option 'AUTH'")
        );
        assert_eq!(
            refusal(&["HELLO", "3", "AUTH", "u", "p", "SETNAME", "n"]),
            None
        );
    }
}
