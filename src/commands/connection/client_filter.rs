//! Owns which clients CLIENT KILL means: the old form with one address, and the filters.
//! Invariants: a client must pass every filter that is given; with filters the asking client is
//! spared unless it says otherwise. Must not know: how connections end. Tests: below.

use crate::command::Args;
use crate::error::{CommandError, CommandResult, text};
use crate::session::ClientInfo;
use storage::encoding::number::parse_i64;

/// Whom a CLIENT KILL means.
pub enum Addressed<'a> {
    /// The client of this address; it may be the asking one.
    One(&'a [u8]),
    /// Those that pass.
    Filter(Filter<'a>),
}

/// Conditions, each met if absent.
#[derive(Default)]
pub struct Filter<'a> {
    id: Option<u64>,
    addr: Option<&'a [u8]>,
    laddr: Option<&'a [u8]>,
    /// Connections of other types than `normal` do not exist.
    other_type: bool,
    include_self: bool,
    age_s_min: Option<u64>,
}

impl Addressed<'_> {
    /// Whether this client is meant, asked by the client `own`.
    pub fn means(&self, client: &ClientInfo, own: u64, now_ms: u64) -> bool {
        match self {
            Addressed::One(addr) => client.addr.as_bytes() == *addr,
            Addressed::Filter(filter) => filter.passes(client, own, now_ms),
        }
    }
}

impl Filter<'_> {
    fn passes(&self, client: &ClientInfo, own: u64, now_ms: u64) -> bool {
        let age_s = now_ms.saturating_sub(client.connected_ms) / 1000;
        let same = |wanted: Option<&[u8]>, text: &str| wanted.is_none_or(|w| w == text.as_bytes());
        !self.other_type
            && self.id.is_none_or(|id| id == client.id)
            && same(self.addr, &client.addr)
            && same(self.laddr, &client.laddr)
            && self.age_s_min.is_none_or(|min| age_s >= min)
            && (self.include_self || client.id != own)
    }
}

/// Reads the arguments of CLIENT KILL.
pub fn parse<'a>(args: &mut Args<'a>) -> CommandResult<Addressed<'a>> {
    if args.left() == 1 {
        return Ok(Addressed::One(args.next()?));
    }
    let mut filter = Filter::default();
    while args.left() > 0 {
        if args.left() < 2 {
            return Err(CommandError::Fixed(text::SYNTAX));
        }
        parse_filter(args, &mut filter)?;
    }
    Ok(Addressed::Filter(filter))
}

fn parse_filter<'a>(args: &mut Args<'a>, filter: &mut Filter<'a>) -> CommandResult<()> {
    if args.skip_word("id") {
        let text = "ERR client-id should be greater than 0";
        filter.id = Some(positive(args.next()?, text, text)?);
    } else if args.skip_word("maxage") {
        filter.age_s_min = Some(positive(
            args.next()?,
            "ERR maxage is not an integer or out of range",
            "ERR maxage should be greater than 0",
        )?);
    } else if args.skip_word("type") {
        filter.other_type = !is_normal(args.next()?)?;
    } else if args.skip_word("addr") {
        filter.addr = Some(args.next()?);
    } else if args.skip_word("laddr") {
        filter.laddr = Some(args.next()?);
    } else if args.skip_word("user") {
        let user = args.next()?;
        if user != b"default" {
            return Err(CommandError::quoting("ERR No such user '", user, "'"));
        }
    } else if args.skip_word("skipme") {
        filter.include_self = args.skip_word("no");
        if !filter.include_self && !args.skip_word("yes") {
            return Err(CommandError::Fixed(text::SYNTAX));
        }
    } else {
        return Err(CommandError::Fixed(text::SYNTAX));
    }
    Ok(())
}

fn positive(
    text: &[u8],
    not_a_number: &'static str,
    too_small: &'static str,
) -> CommandResult<u64> {
    let number = parse_i64(text).ok_or(CommandError::Fixed(not_a_number))?;
    let number = u64::try_from(number).ok().filter(|number| *number > 0);
    number.ok_or(CommandError::Fixed(too_small))
}

/// Whether a type of clients is the one that exists: `normal`.
pub fn is_normal(name: &[u8]) -> CommandResult<bool> {
    const OTHERS: [&[u8]; 4] = [b"master", b"replica", b"slave", b"pubsub"];
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

    fn client(id: u64) -> ClientInfo {
        ClientInfo::new(id, format!("1.1.1.1:{id}"), "2.2.2.2:9".into(), 3, false, 0)
    }

    fn meant(line: &str) -> Result<Vec<u64>, String> {
        let words: Vec<&str> = line.split(' ').collect();
        let owned = OwnedRequest::from_args(&words);
        let addressed = parse(&mut Args::new(owned.as_request(), 0));
        let addressed = addressed.map_err(|error| error.text().to_string())?;
        let ids = (1..=3).filter(|id| addressed.means(&client(*id), 1, 5000));
        Ok(ids.collect())
    }

    #[test]
    fn filters_narrow_and_spare_the_asking_client() {
        assert_eq!(meant("1.1.1.1:1"), Ok(vec![1]));
        assert_eq!(meant("ID 2"), Ok(vec![2]));
        assert_eq!(meant("TYPE normal"), Ok(vec![2, 3]));
        assert_eq!(meant("TYPE pubsub"), Ok(vec![]));
        assert_eq!(meant("LADDR 2.2.2.2:9 SKIPME no"), Ok(vec![1, 2, 3]));
        assert_eq!(meant("MAXAGE 5 ADDR 1.1.1.1:3"), Ok(vec![3]));
        assert_eq!(meant("MAXAGE 6"), Ok(vec![]));
        assert_eq!(meant("USER default ID 3"), Ok(vec![3]));
    }

    #[test]
    fn wrong_filters_are_named() {
        let refusals = [
            ("ID 0", "ERR client-id should be greater than 0"),
            ("MAXAGE x", "ERR maxage is not an integer or out of range"),
            ("MAXAGE 0", "ERR maxage should be greater than 0"),
            ("TYPE frob", "ERR Unknown client type 'frob'"),
            ("USER bob", "ERR No such user 'bob'"),
            ("SKIPME maybe", text::SYNTAX),
            ("ID 1 ADDR", text::SYNTAX),
        ];
        for (line, refusal) in refusals {
            assert_eq!(meant(line).unwrap_err(), refusal, "{line}");
        }
    }
}
