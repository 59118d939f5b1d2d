//! Owns which clients CLIENT LIST and CLIENT KILL mean: the old form of KILL with one address, and
//! the filters.
//! Invariants: a client must pass every filter that is given; who asks is spared by KILL and listed
//! by LIST unless SKIPME says otherwise. Must not know: how connections end. Tests: below.

use super::client_line;
use crate::command::Args;
use crate::error::{CommandError, CommandResult, text};
use crate::session::ClientInfo;
use std::sync::atomic::Ordering::Relaxed;
use storage::encoding::number::parse_i64;

/// Whom a CLIENT KILL means.
pub enum Addressed<'a> {
    /// The client of this address; it may be the asking one.
    One(&'a [u8]),
    /// Those that pass.
    Filter(Filter<'a>),
}

/// Who asks, and when.
#[derive(Debug, Clone, Copy)]
pub struct Asking {
    /// The id of the client that asks.
    pub own: u64,
    pub now_ms: u64,
}

/// Conditions that all must hold.
#[derive(Debug, Default)]
pub struct Filter<'a> {
    /// A condition, and whether it is to hold or not to.
    conditions: Vec<(Condition<'a>, bool)>,
    /// Who asks is left out.
    skip_me: bool,
}

/// What is asked of one client.
#[derive(Debug)]
enum Condition<'a> {
    Ids(Vec<u64>),
    /// All clients are of the type `normal`.
    IsNormal(bool),
    /// All clients are the user `default`.
    IsDefaultUser,
    Addr(&'a [u8]),
    Laddr(&'a [u8]),
    Ip(&'a [u8]),
    Name(&'a [u8]),
    LibName(&'a [u8]),
    LibVersion(&'a [u8]),
    /// All these letters are among its flags.
    Flags(&'a [u8]),
    /// All these letters are among its capabilities.
    Capabilities(&'a [u8]),
    Database(u32),
    AgeSecondsMin(u64),
    IdleSecondsMin(u64),
}

/// Letters that FLAGS takes: those that CLIENT LIST shows, of any server.
const FLAGS: &[u8] = b"ASMOxbticdurPUReTIGENB";
/// Letters that CAPA takes: `r` for clients that understand redirects.
const CAPABILITIES: &[u8] = b"r";

impl Addressed<'_> {
    /// Whether this client is meant.
    pub fn means(&self, client: &ClientInfo, asking: Asking) -> bool {
        match self {
            Addressed::One(addr) => client.addr.as_bytes() == *addr,
            Addressed::Filter(filter) => filter.passes(client, asking),
        }
    }
}

impl Filter<'_> {
    /// Whether this client is meant.
    pub fn passes(&self, client: &ClientInfo, asking: Asking) -> bool {
        let met = |(condition, wanted): &(Condition<'_>, bool)| {
            condition.holds(client, asking.now_ms) == *wanted
        };
        !(self.skip_me && client.id == asking.own) && self.conditions.iter().all(met)
    }
}

impl Condition<'_> {
    fn holds(&self, client: &ClientInfo, now_ms: u64) -> bool {
        let seconds_since = |then_ms: u64| now_ms.saturating_sub(then_ms) / 1000;
        let all_in = |wanted: &[u8], letters: &[u8]| wanted.iter().all(|w| letters.contains(w));
        match self {
            Condition::Ids(ids) => ids.contains(&client.id),
            Condition::IsNormal(is) => *is,
            Condition::IsDefaultUser => true,
            Condition::Addr(addr) => client.addr.as_bytes() == *addr,
            Condition::Laddr(addr) => client.laddr.as_bytes() == *addr,
            Condition::Ip(ip) => {
                let host = client.addr.rsplit_once(':').map_or("", |(host, _)| host);
                let host = host.trim_start_matches('[').trim_end_matches(']');
                host.as_bytes() == *ip
            }
            Condition::Name(name) => client.names.lock().name == *name,
            Condition::LibName(name) => client.names.lock().lib_name == *name,
            Condition::LibVersion(version) => client.names.lock().lib_version == *version,
            Condition::Flags(letters) => all_in(letters, client_line::flags(client).as_bytes()),
            Condition::Capabilities(letters) => {
                let redirects = client.takes_redirects.load(Relaxed);
                all_in(letters, if redirects { CAPABILITIES } else { b"" })
            }
            Condition::Database(db) => client.db.load(Relaxed) == *db,
            Condition::AgeSecondsMin(min) => seconds_since(client.connected_ms) >= *min,
            Condition::IdleSecondsMin(min) => seconds_since(client.active_ms.load(Relaxed)) >= *min,
        }
    }
}

/// What a CLIENT subcommand says of bad words.
#[derive(Debug, Clone, Copy)]
struct Wording {
    /// Of an id that is none.
    bad_id: &'static str,
    /// Of a word right behind ids that begins no filter.
    behind_ids: &'static str,
    /// Of a word elsewhere that begins no filter.
    stray: &'static str,
}

/// Reads the arguments of CLIENT KILL.
pub fn parse_kill<'a>(args: &mut Args<'a>) -> CommandResult<Addressed<'a>> {
    if args.left() == 1 {
        return Ok(Addressed::One(args.next()?));
    }
    let wording = Wording {
        bad_id: "ERR client-id should be greater than 0",
        behind_ids: text::SYNTAX,
        stray: text::SYNTAX,
    };
    Ok(Addressed::Filter(parse(args, true, wording)?))
}

/// Reads the arguments of CLIENT LIST.
pub fn parse_list<'a>(args: &mut Args<'a>) -> CommandResult<Filter<'a>> {
    // To Redis all that follows ID is ids.
    let wording = Wording {
        bad_id: "ERR Invalid client ID",
        behind_ids: "ERR Invalid client ID",
        stray: text::SYNTAX,
    };
    parse(args, false, wording)
}

fn parse<'a>(args: &mut Args<'a>, skip_me: bool, wording: Wording) -> CommandResult<Filter<'a>> {
    let mut filter = Filter {
        conditions: Vec::new(),
        skip_me,
    };
    let mut stray = wording.stray;
    while let Some(word) = args.next_or_none() {
        if args.left() == 0 {
            return Err(CommandError::Fixed(stray));
        }
        if word.eq_ignore_ascii_case(b"skipme") {
            filter.skip_me = args.skip_word("yes");
            if !filter.skip_me && !args.skip_word("no") {
                return Err(CommandError::Fixed(text::SYNTAX));
            }
            stray = wording.stray;
            continue;
        }
        let (name, wanted) = match word.split_at_checked(4) {
            Some((not, name)) if not.eq_ignore_ascii_case(b"not-") => (name, false),
            _ => (word, true),
        };
        let wording_here = Wording { stray, ..wording };
        let condition = condition(name, wanted, args, wording_here)?;
        stray = match condition {
            Condition::Ids(_) => wording.behind_ids,
            _ => wording.stray,
        };
        filter.conditions.push((condition, wanted));
    }
    Ok(filter)
}

fn condition<'a>(
    name: &[u8],
    wanted: bool,
    args: &mut Args<'a>,
    wording: Wording,
) -> CommandResult<Condition<'a>> {
    let is = |word: &str| name.eq_ignore_ascii_case(word.as_bytes());
    Ok(match () {
        () if is("id") => Condition::Ids(ids(args, wording)?),
        () if is("type") => Condition::IsNormal(is_normal(args.next()?)?),
        () if is("user") => user(args.next()?)?,
        () if is("addr") => Condition::Addr(args.next()?),
        () if is("laddr") => Condition::Laddr(args.next()?),
        () if is("ip") => Condition::Ip(args.next()?),
        () if is("name") => Condition::Name(args.next()?),
        () if is("lib-name") => Condition::LibName(args.next()?),
        () if is("lib-ver") => Condition::LibVersion(args.next()?),
        () if is("flags") => Condition::Flags(letters("flags", wanted, FLAGS, args)?),
        () if is("capa") => Condition::Capabilities(letters("capa", wanted, CAPABILITIES, args)?),
        () if is("db") => Condition::Database(database(args)?),
        () if wanted && is("maxage") => Condition::AgeSecondsMin(positive("maxage", args)?),
        () if wanted && is("idle") => Condition::IdleSecondsMin(positive("idle", args)?),
        () => return Err(CommandError::Fixed(wording.stray)),
    })
}

/// One id or more, up to the next word that is no number.
fn ids(args: &mut Args<'_>, wording: Wording) -> CommandResult<Vec<u64>> {
    let bad = || CommandError::Fixed(wording.bad_id);
    let mut ids = Vec::new();
    while let Some(number) = args.peek(0).and_then(parse_i64) {
        args.next()?;
        let id = u64::try_from(number).ok().filter(|id| *id > 0);
        ids.push(id.ok_or_else(bad)?);
    }
    match ids.is_empty() {
        true => Err(bad()),
        false => Ok(ids),
    }
}

fn letters<'a>(
    name: &str,
    wanted: bool,
    known: &[u8],
    args: &mut Args<'a>,
) -> CommandResult<&'a [u8]> {
    let given = args.next()?;
    if given.iter().all(|letter| known.contains(letter)) {
        return Ok(given);
    }
    let of = match wanted {
        true => "provided".to_owned(),
        false => format!("NOT-{}", name.to_ascii_uppercase()),
    };
    let before = format!("ERR Unknown {name} found in the {of} filter: ");
    Err(CommandError::quoting(&before, given, ""))
}

fn database(args: &mut Args<'_>) -> CommandResult<u32> {
    let number = u32::try_from(args.next_i64()?);
    number.map_err(|_| CommandError::Fixed(text::DB_OUT_OF_RANGE))
}

fn user<'a>(name: &[u8]) -> CommandResult<Condition<'a>> {
    match name {
        b"default" => Ok(Condition::IsDefaultUser),
        other => Err(CommandError::quoting("ERR No such user '", other, "'")),
    }
}

fn positive(name: &str, args: &mut Args<'_>) -> CommandResult<u64> {
    let number = parse_i64(args.next()?);
    let number = number.ok_or_else(|| format!("ERR {name} is not an integer or out of range"))?;
    let number = u64::try_from(number).ok().filter(|number| *number > 0);
    Ok(number.ok_or_else(|| format!("ERR {name} should be greater than 0"))?)
}

/// Whether a type of clients is the one that exists: `normal`.
fn is_normal(name: &[u8]) -> CommandResult<bool> {
    const OTHERS: [&[u8]; 5] = [b"master", b"primary", b"replica", b"slave", b"pubsub"];
    if name.eq_ignore_ascii_case(b"normal") {
        return Ok(true);
    }
    if OTHERS.iter().any(|other| name.eq_ignore_ascii_case(other)) {
        return Ok(false);
    }
    Err(CommandError::quoting(
        "ERR Unknown client type '",
        name,
        "'",
    ))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::resp::OwnedRequest;

    const ASKING: Asking = Asking {
        own: 1,
        now_ms: 5000,
    };

    /// The third has a name, a library, another database, and asked for something just now.
    fn client(id: u64) -> ClientInfo {
        let client = ClientInfo::new(id, format!("1.1.1.1:{id}"), "2.2.2.2:9".into(), 3, false, 0);
        if id == 3 {
            let mut names = client.names.lock();
            names.name = b"worker".to_vec();
            names.lib_name = b"lib".to_vec();
            names.lib_version = b"1.2".to_vec();
            drop(names);
            client.db.store(7, Relaxed);
            client.active_ms.store(4500, Relaxed);
            client.no_touch.store(true, Relaxed);
            client.takes_redirects.store(true, Relaxed);
        }
        client
    }

    fn killed(line: &str) -> Result<Vec<u64>, String> {
        let words: Vec<&str> = line.split(' ').collect();
        let owned = OwnedRequest::from_args(&words);
        let addressed = parse_kill(&mut Args::new(owned.as_request(), 0));
        let addressed = addressed.map_err(|error| error.text().to_string())?;
        let ids = (1..=3).filter(|id| addressed.means(&client(*id), ASKING));
        Ok(ids.collect())
    }

    fn listed(line: &str) -> Result<Vec<u64>, String> {
        let words: Vec<&str> = line.split_whitespace().collect();
        let owned = OwnedRequest::from_args(&words);
        let filter = parse_list(&mut Args::new(owned.as_request(), 0));
        let filter = filter.map_err(|error| error.text().to_string())?;
        let ids = (1..=3).filter(|id| filter.passes(&client(*id), ASKING));
        Ok(ids.collect())
    }

    #[test]
    fn kill_filters_narrow_and_spare_the_asking_client() {
        assert_eq!(killed("1.1.1.1:1"), Ok(vec![1]));
        assert_eq!(killed("ID 2"), Ok(vec![2]));
        assert_eq!(killed("ID 2 3 1"), Ok(vec![2, 3]));
        assert_eq!(killed("TYPE normal"), Ok(vec![2, 3]));
        assert_eq!(killed("TYPE pubsub"), Ok(vec![]));
        assert_eq!(killed("LADDR 2.2.2.2:9 SKIPME no"), Ok(vec![1, 2, 3]));
        assert_eq!(killed("MAXAGE 5 ADDR 1.1.1.1:3"), Ok(vec![3]));
        assert_eq!(killed("MAXAGE 6"), Ok(vec![]));
        assert_eq!(killed("USER default ID 3"), Ok(vec![3]));
    }

    #[test]
    fn list_filters_narrow_and_include_the_asking_client() {
        let cases: [(&str, &[u64]); 22] = [
            ("", &[1, 2, 3]),
            ("SKIPME yes", &[2, 3]),
            ("id 3 1 SKIPME no", &[1, 3]),
            ("NOT-ID 3 1", &[2]),
            ("NOT-TYPE normal", &[]),
            ("NOT-TYPE replica", &[1, 2, 3]),
            ("NOT-USER default", &[]),
            ("NAME worker", &[3]),
            ("NOT-NAME worker", &[1, 2]),
            ("LIB-NAME lib LIB-VER 1.2", &[3]),
            ("NOT-LIB-VER 1.2", &[1, 2]),
            ("DB 7", &[3]),
            ("NOT-DB 7", &[1, 2]),
            ("IDLE 1", &[1, 2]),
            ("IP 1.1.1.1", &[1, 2, 3]),
            ("NOT-IP 1.1.1.1", &[]),
            ("NOT-ADDR 1.1.1.1:2", &[1, 3]),
            ("FLAGS T", &[3]),
            ("FLAGS N", &[1, 2]),
            ("NOT-FLAGS N", &[3]),
            ("CAPA r", &[3]),
            ("NOT-CAPA r MAXAGE 5", &[1, 2]),
        ];
        for (line, ids) in cases {
            assert_eq!(listed(line).as_deref(), Ok(ids), "{line}");
        }
    }

    #[test]
    fn wrong_filters_are_named() {
        let refusals = [
            ("ID 0", "ERR client-id should be greater than 0"),
            ("ID x", "ERR client-id should be greater than 0"),
            ("MAXAGE x", "ERR maxage is not an integer or out of range"),
            ("IDLE 0", "ERR idle should be greater than 0"),
            ("TYPE frob", "ERR Unknown client type 'frob'"),
            ("USER bob", "ERR No such user 'bob'"),
            (
                "FLAGS ?",
                "ERR Unknown flags found in the provided filter: ?",
            ),
            (
                "NOT-CAPA x",
                "ERR Unknown capa found in the NOT-CAPA filter: x",
            ),
            ("DB -1", text::DB_OUT_OF_RANGE),
            ("NOT-MAXAGE 1", text::SYNTAX),
            ("SKIPME maybe", text::SYNTAX),
            ("ID 1 ADDR", text::SYNTAX),
        ];
        for (line, refusal) in refusals {
            assert_eq!(killed(line).unwrap_err(), refusal, "{line}");
        }
        assert_eq!(listed("ID x").unwrap_err(), "ERR Invalid client ID");
        assert_eq!(listed("ID").unwrap_err(), text::SYNTAX);
    }

    #[test]
    fn a_word_behind_listed_ids_that_begins_no_filter_is_a_bad_id() {
        for line in ["ID 1 x", "ID 1 x y", "ID 1 2 TYPE"] {
            assert_eq!(listed(line).unwrap_err(), "ERR Invalid client ID", "{line}");
        }
        assert_eq!(listed("ID 1 TYPE normal x y").unwrap_err(), text::SYNTAX);
        assert_eq!(killed("ID 1 x y").unwrap_err(), text::SYNTAX);
        assert!(listed("ID 1 2 TYPE normal").is_ok());
    }
}
