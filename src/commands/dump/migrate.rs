//! Owns the row of MIGRATE, what it asks for, and the requests that it sends.
//! Invariants: options are checked in the order in which Redis checks them, before a key is looked
//! at. Must not know: sockets, latches (`exec/migrate` carries it out).
//! Tests: below, `tests/commands/migrate.rs`.

use super::{encode_options, export};
use crate::command::key_spec::{Begin, Find};
use crate::command::{
    Args, Arity, Category, CommandSpec, Control, Flags, Group, Handler, KeyFlags, KeySpec,
};
use crate::config::Config;
use crate::error::{CommandError, CommandResult, text};
use crate::rdb;
use std::time::Duration;
use storage::View;
use storage::encoding::number::parse_i64;

/// What becomes of a key that moves.
const MOVED: KeyFlags = KeyFlags::RW.with(KeyFlags::ACCESS).with(KeyFlags::DELETE);
const TIMEOUT_DEFAULT: Duration = Duration::from_secs(1);

pub static MIGRATE: CommandSpec = CommandSpec {
    name: "migrate",
    group: Group::Generic,
    since: "2.6.0",
    arity: Arity::at_least(6),
    keys: &[
        KeySpec::index(3, MOVED),
        KeySpec {
            begin: Begin::Keyword("KEYS", -2),
            find: Find::Range {
                last: -1,
                step: 1,
                limit: 0,
            },
            flags: MOVED.with(KeyFlags::INCOMPLETE),
        },
    ],
    extra: Flags::NONE,
    acl: &[Category::Keyspace, Category::Dangerous],
    handler: Handler::Control(Control::Migrate),
    syntax: "host port <key | \"\"> destination-db timeout [COPY] [REPLACE] \
             [AUTH password | AUTH2 username password] [KEYS key [key ...]]",
    summary: "Moves keys to another server: each is there before it is gone here.",
    complexity: "O(N) in the bytes of the values",
    subcommands: &[],
};

/// What a MIGRATE asks for.
#[derive(Debug, PartialEq, Eq)]
pub struct Migration<'a> {
    pub host: &'a [u8],
    pub port: &'a [u8],
    /// The database there.
    db: i64,
    /// How long each step on the network may take.
    pub timeout: Duration,
    /// The keys stay here, too.
    pub copy: bool,
    /// Keys that are there are replaced.
    replace: bool,
    /// Password, or user and password.
    login: Option<Vec<&'a [u8]>>,
    pub keys: Vec<&'a [u8]>,
}

impl<'a> Migration<'a> {
    /// Reads all arguments.
    pub fn parse(args: &mut Args<'a>) -> CommandResult<Migration<'a>> {
        let (host, port, key) = (args.next()?, args.next()?, args.next()?);
        let (db, timeout) = (args.next()?, args.next()?);
        let mut migration = Migration {
            host,
            port,
            db: 0,
            timeout: TIMEOUT_DEFAULT,
            copy: false,
            replace: false,
            login: None,
            keys: vec![key],
        };
        while args.left() > 0 {
            if args.skip_word("COPY") {
                migration.copy = true;
            } else if args.skip_word("REPLACE") {
                migration.replace = true;
            } else if args.skip_word("AUTH") {
                migration.login = Some(vec![args.next()?]);
            } else if args.skip_word("AUTH2") {
                migration.login = Some(vec![args.next()?, args.next()?]);
            } else if args.skip_word("KEYS") {
                if !key.is_empty() {
                    return Err(KEY_NOT_EMPTY.into());
                }
                migration.keys = std::iter::from_fn(|| args.next_or_none()).collect();
            } else {
                return Err(CommandError::Fixed(text::SYNTAX));
            }
        }
        let number = |text| parse_i64(text).ok_or(CommandError::Fixed(text::NOT_INTEGER));
        let ms = u64::try_from(number(timeout)?).ok().filter(|ms| *ms > 0);
        migration.timeout = ms.map_or(TIMEOUT_DEFAULT, Duration::from_millis);
        migration.db = number(db)?;
        Ok(migration)
    }

    /// The requests in front of those for keys; each gets one line as its reply.
    pub fn opening(&self) -> Vec<Vec<u8>> {
        let db = self.db.to_string();
        let login = self.login.iter().map(|login| {
            let auth = [&b"AUTH"[..]];
            request(auth.into_iter().chain(login.iter().copied()))
        });
        login
            .chain([request([&b"SELECT"[..], db.as_bytes()].into_iter())])
            .collect()
    }

    /// The request that makes a key there; `None` if there is none here.
    pub fn restore(
        &self,
        view: &View<'_>,
        key: &[u8],
        config: &Config,
    ) -> CommandResult<Option<Vec<u8>>> {
        let Some(value) = export::value(view, key)? else {
            return Ok(None);
        };
        let at_ms = export::expires_at(view, key)?;
        let ttl_ms = at_ms.map_or(0, |at| at.saturating_sub(view.now_ms()).max(1));
        let payload = rdb::dump(&value, &encode_options(config));
        let payload = payload.map_err(|error| CommandError::Text(format!("ERR {error}")))?;
        let ttl = ttl_ms.to_string();
        let words = [&b"RESTORE"[..], key, ttl.as_bytes(), &payload];
        let replace = self.replace.then_some(&b"REPLACE"[..]);
        Ok(Some(request(words.into_iter().chain(replace))))
    }
}

const KEY_NOT_EMPTY: &str = "ERR When using MIGRATE KEYS option, the key argument must be set to \
     the empty string";

/// Words as a request on the wire.
fn request<'w>(words: impl Iterator<Item = &'w [u8]>) -> Vec<u8> {
    let words: Vec<&[u8]> = words.collect();
    let mut out = format!("*{}\r\n", words.len()).into_bytes();
    for word in words {
        out.extend_from_slice(format!("${}\r\n", word.len()).as_bytes());
        out.extend_from_slice(word);
        out.extend_from_slice(b"\r\n");
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::resp::OwnedRequest;

    fn parsed(line: &str, check: impl FnOnce(CommandResult<Migration<'_>>)) {
        let words: Vec<&str> = line.split(' ').collect();
        let owned = OwnedRequest::from_args(&words);
        check(Migration::parse(&mut Args::new(owned.as_request(), 1)));
    }

    #[test]
    fn options_stand_in_any_order_and_keys_take_the_rest() {
        parsed("MIGRATE h 1 k 2 0", |migration| {
            let migration = migration.unwrap();
            assert_eq!(migration.timeout, TIMEOUT_DEFAULT);
            assert_eq!(migration.keys, [b"k"]);
            assert_eq!(migration.opening(), [b"*2\r\n$6\r\nSELECT\r\n$1\r\n2\r\n"]);
        });
        let line = "MIGRATE h 1  0 500 replace auth2 u p copy keys a copy";
        parsed(line, |migration| {
            let migration = migration.unwrap();
            assert!(migration.copy && migration.replace);
            assert_eq!(migration.timeout, Duration::from_millis(500));
            assert_eq!(migration.keys, [&b"a"[..], b"copy"]);
            let login = b"*3\r\n$4\r\nAUTH\r\n$1\r\nu\r\n$1\r\np\r\n";
            assert_eq!(migration.opening()[0], login);
        });
    }

    #[test]
    fn wrong_arguments_are_named() {
        let cases = [
            ("MIGRATE h 1 k 0 x", text::NOT_INTEGER),
            ("MIGRATE h 1 k x 1", text::NOT_INTEGER),
            ("MIGRATE h 1 k 0 1 AUTH", text::SYNTAX),
            ("MIGRATE h 1 k 0 1 AUTH2 u", text::SYNTAX),
            ("MIGRATE h 1 k 0 1 WHAT", text::SYNTAX),
            ("MIGRATE h 1 k 0 1 KEYS a", KEY_NOT_EMPTY),
        ];
        for (line, expected) in cases {
            parsed(line, |migration| {
                let error = migration.unwrap_err().text().to_string();
                assert_eq!(error, expected, "{line}");
            });
        }
    }
}
