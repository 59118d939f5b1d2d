//! Owns how users write the ids of entries.
//! Invariants: parsing is total, and accepts exactly what Redis accepts. Must not know: streams.
//! Tests: below, the oracle.

use crate::command::Args;
use crate::error::{CommandError, CommandResult};
use crate::resp::Reply;
use storage::encoding::number::parse_i64;
use storage::ops::stream::StreamId;

pub const INVALID_ID: &str = "ERR Invalid stream ID specified as stream command argument";
/// Longer texts are no ids.
const TEXT_BYTES_MAX: usize = 127;

/// An id as it was written: `ms` and, unless it was left to the server by `ms-*`, `seq`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Written {
    pub id: StreamId,
    pub seq_given: bool,
}

/// What stands before the first zero byte, where Redis's parsers stop.
fn text_of(arg: &[u8]) -> &[u8] {
    arg.split(|&byte| byte == 0).next().unwrap_or_default()
}

/// An unsigned number: like Redis, blanks in front, a plus sign and zeros are no error.
fn parse_u64(text: &[u8]) -> Option<u64> {
    if let Some(number) = parse_i64(text) {
        return u64::try_from(number).ok();
    }
    let text = std::str::from_utf8(text).ok()?;
    let text = text.trim_start_matches([' ', '\t', '\n', '\x0b', '\x0c', '\r']);
    text.parse().ok()
}

fn parse(arg: &[u8], missing_seq: u64, star: bool) -> Option<Written> {
    if arg.len() > TEXT_BYTES_MAX {
        return None;
    }
    let text = text_of(arg);
    let given = |ms, seq, seq_given| Written {
        id: StreamId::new(ms, seq),
        seq_given,
    };
    match text.iter().position(|&byte| byte == b'-') {
        None => Some(given(parse_u64(text)?, missing_seq, true)),
        Some(dash) => {
            let ms = parse_u64(text.get(..dash)?)?;
            match text.get(dash + 1..)? {
                b"*" if star => Some(given(ms, 0, false)),
                seq => Some(given(ms, parse_u64(seq)?, true)),
            }
        }
    }
}

/// An id without `-`, `+` and `*`.
pub fn strict(arg: &[u8], missing_seq: u64) -> CommandResult<StreamId> {
    let written = parse(arg, missing_seq, false);
    let written = written.ok_or(CommandError::Fixed(INVALID_ID))?;
    Ok(written.id)
}

/// An id for a new entry, whose number may be left to the server.
pub fn new_id(arg: &[u8]) -> CommandResult<Written> {
    parse(arg, 0, true).ok_or(CommandError::Fixed(INVALID_ID))
}

/// An id that may be `-` or `+`.
pub fn loose(arg: &[u8], missing_seq: u64) -> CommandResult<StreamId> {
    match text_of(arg) {
        b"-" => Ok(StreamId::MIN),
        b"+" => Ok(StreamId::MAX),
        _ => strict(arg, missing_seq),
    }
}

/// The beginning of an interval; `(` excludes the id itself.
pub fn start(arg: &[u8]) -> CommandResult<StreamId> {
    match arg {
        [b'(', id @ ..] if !id.is_empty() => {
            let next = strict(id, 0)?.next();
            next.ok_or("ERR invalid start ID for the interval".into())
        }
        _ => loose(arg, 0),
    }
}

/// The end of an interval; `(` excludes the id itself.
pub fn end(arg: &[u8]) -> CommandResult<StreamId> {
    match arg {
        [b'(', id @ ..] if !id.is_empty() => {
            let previous = strict(id, u64::MAX)?.previous();
            previous.ok_or("ERR invalid end ID for the interval".into())
        }
        _ => loose(arg, u64::MAX),
    }
}

/// All further arguments as ids.
pub fn rest(args: &mut Args<'_>) -> CommandResult<Vec<StreamId>> {
    let mut ids = Vec::with_capacity(args.left());
    while let Some(arg) = args.next_or_none() {
        ids.push(strict(arg, 0)?);
    }
    Ok(ids)
}

/// An id as users read it.
pub fn reply(id: StreamId) -> Reply {
    Reply::bulk(text(id))
}

/// The text of an id.
pub fn text(id: StreamId) -> Vec<u8> {
    let (mut ms, mut seq) = (itoa::Buffer::new(), itoa::Buffer::new());
    let (ms, seq) = (ms.format(id.ms), seq.format(id.seq));
    let mut text = Vec::with_capacity(ms.len() + 1 + seq.len());
    text.extend_from_slice(ms.as_bytes());
    text.push(b'-');
    text.extend_from_slice(seq.as_bytes());
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn id(ms: u64, seq: u64) -> Option<StreamId> {
        Some(StreamId::new(ms, seq))
    }

    #[test]
    fn ids_are_read_as_redis_reads_them() {
        assert_eq!(strict(b"5", 9).ok(), id(5, 9));
        assert_eq!(strict(b"5-3", 9).ok(), id(5, 3));
        assert_eq!(strict(b"007-+3", 0).ok(), id(7, 3));
        assert_eq!(
            strict(b"18446744073709551615-18446744073709551615", 0).ok(),
            Some(StreamId::MAX)
        );
        for bad in [
            &b"-"[..],
            b"+",
            b"",
            b"5-",
            b"-5",
            b"5-*",
            b"a",
            b"5-1-1",
            b"18446744073709551616",
        ] {
            assert!(strict(bad, 0).is_err(), "{}", bad.escape_ascii());
        }
        assert!(strict(&[b'0'; 128], 0).is_err());
    }

    #[test]
    fn intervals_may_exclude_their_ends() {
        assert_eq!(start(b"(5").ok(), id(5, 1));
        assert_eq!(end(b"(5").ok(), id(5, u64::MAX - 1));
        assert_eq!(end(b"(5-0").ok(), id(4, u64::MAX));
        assert_eq!(start(b"-").ok(), id(0, 0));
        assert!(start(b"(").is_err() && start(b"(-").is_err());
        assert!(end(b"(0-0").is_err());
        assert!(start(b"(18446744073709551615-18446744073709551615").is_err());
    }

    #[test]
    fn a_star_leaves_the_number_to_the_server() {
        let written = new_id(b"7-*").unwrap();
        assert_eq!((Some(written.id), written.seq_given), (id(7, 0), false));
        assert!(new_id(b"7").unwrap().seq_given);
        assert_eq!(text(StreamId::new(7, 12)), b"7-12");
    }
}
