//! Owns XREAD and XREADGROUP, waiting or not.
//! Invariants: ids that mean the present (`$`, `+`) are resolved once; what waits is parked with
//! the ids that they were. Must not know: sockets, how a client waits.
//! Tests: `tests/commands/stream`, `tests/commands/blocking`, the oracle.

use super::{entry, id};
use crate::command::{Args, Ctx};
use crate::error::{CommandError, CommandResult, Park, quoted, text};
use crate::resp::{OwnedRequest, Reply, Request, RespVersion};
use storage::ops::stream::{self, Delivered, DeliveredEntry, Delivery, StreamId, Wanted};
use storage::{Edit, View};

/// Several streams to read, and how.
struct Reading<'a> {
    request: Request<'a>,
    /// `None` without BLOCK; inside, `None` for ever.
    block_ms: Option<Option<u64>>,
    /// Entries at most of each stream; `None` for all.
    count: Option<u64>,
    no_ack: bool,
    /// Pending entries as old as this are claimed, ms.
    claim_idle_ms: Option<u64>,
    /// Group and consumer.
    group: Option<(&'a [u8], &'a [u8])>,
    /// Where the keys begin, and how many there are.
    keys_at: usize,
    keys: usize,
}

impl<'a> Reading<'a> {
    fn parse(args: &mut Args<'a>, in_group: bool) -> CommandResult<Reading<'a>> {
        let request = args.request();
        let mut reading = Reading {
            request,
            block_ms: None,
            count: None,
            no_ack: false,
            claim_idle_ms: None,
            group: None,
            keys_at: 0,
            keys: 0,
        };
        while args.left() > 0 {
            let more = args.left() - 1;
            if more > 0 && args.skip_word("CLAIM") {
                if !in_group {
                    return Err(CommandError::Fixed(CLAIM_IN_XREAD));
                }
                reading.claim_idle_ms = Some(next_idle(args)?);
            } else if more > 0 && args.skip_word("BLOCK") {
                reading.block_ms = Some(args.next_timeout_ms()?);
            } else if more > 0 && args.skip_word("COUNT") {
                let count = args.next_i64()?;
                reading.count = u64::try_from(count).ok().filter(|count| *count > 0);
            } else if more > 0 && args.skip_word("STREAMS") {
                if !args.left().is_multiple_of(2) {
                    return Err(CommandError::Fixed(match in_group {
                        true => UNBALANCED_GROUP,
                        false => UNBALANCED,
                    }));
                }
                reading.keys = args.left() / 2;
                reading.keys_at = request.len() - args.left();
                break;
            } else if more > 1 && args.skip_word("GROUP") {
                if !in_group {
                    return Err(CommandError::Fixed(GROUP_IN_XREAD));
                }
                reading.group = Some((args.next()?, args.next()?));
            } else if args.skip_word("NOACK") {
                if !in_group {
                    return Err(CommandError::Fixed(NOACK_IN_XREAD));
                }
                reading.no_ack = true;
            } else {
                return Err(CommandError::Fixed(text::SYNTAX));
            }
        }
        if reading.keys == 0 {
            return Err(CommandError::Fixed(text::SYNTAX));
        }
        Ok(reading)
    }

    fn key(&self, n: usize) -> &'a [u8] {
        self.request.get(self.keys_at + n).unwrap_or_default()
    }

    fn id(&self, n: usize) -> &'a [u8] {
        let at = self.keys_at + self.keys + n;
        self.request.get(at).unwrap_or_default()
    }

    /// What is left to do when there is nothing to read. `resolved` are the ids in place of those
    /// that mean the present.
    fn park(&self, resolved: Vec<(usize, StreamId)>, again_ms: Option<u64>) -> CommandResult {
        let Some(timeout_ms) = self.block_ms else {
            return Ok(Reply::NilArray);
        };
        let request = (!resolved.is_empty()).then(|| {
            let mut words: Vec<Vec<u8>> = self.request.iter().map(<[u8]>::to_vec).collect();
            for (n, id) in resolved {
                if let Some(word) = words.get_mut(self.keys_at + self.keys + n) {
                    *word = id::text(id);
                }
            }
            OwnedRequest::from_args(&words)
        });
        Err(CommandError::Park(Box::new(Park {
            keys: (0..self.keys).map(|n| self.key(n).to_vec()).collect(),
            timeout_ms,
            again_ms: again_ms.map(|ms| ms.max(CLAIM_AGAIN_MS_MIN)),
            nil: Reply::NilArray,
            takes: false,
            request,
        })))
    }
}

/// A reader that waits for others to be slow looks at them no more often than this, ms.
const CLAIM_AGAIN_MS_MIN: u64 = 10;

const UNBALANCED: &str = "ERR Unbalanced 'xread' list of streams: for each stream key an ID, '+', \
    or '$' must be specified.";
const UNBALANCED_GROUP: &str = "ERR Unbalanced 'xreadgroup' list of streams: for each stream key \
    an ID or '>' must be specified.";
const GROUP_IN_XREAD: &str =
    "ERR The GROUP option is only supported by XREADGROUP. You called XREAD instead.";
const CLAIM_IN_XREAD: &str =
    "ERR The CLAIM option is only supported by XREADGROUP. You called XREAD instead.";
const NOACK_IN_XREAD: &str =
    "ERR The NOACK option is only supported by XREADGROUP. You called XREAD instead.";
const NEW_IN_XREAD: &str = "ERR The > ID can be specified only when calling XREADGROUP using the \
    GROUP <group> <consumer> option.";
const END_IN_GROUP: &str = "ERR The $ ID is meaningless in the context of XREADGROUP: you want to \
    read the history of this consumer by specifying a proper ID, or use the > ID to get new \
    messages. The $ ID would just return an empty result set.";
const LAST_IN_GROUP: &str = "ERR The + ID is meaningless in the context of XREADGROUP: you want to \
    read the history of this consumer by specifying a proper ID, or use the > ID to get new \
    messages. The + ID would just return an empty result set.";

/// The argument of CLAIM: milliseconds.
fn next_idle(args: &mut Args<'_>) -> CommandResult<u64> {
    let not_integer = "ERR min-idle-time is not an integer or out of range";
    let ms = args.next_in(i64::MIN..=i64::MAX, not_integer)?;
    let negative = CommandError::Fixed("ERR min-idle-time must be a positive integer");
    u64::try_from(ms).map_err(|_| negative)
}

/// Streams with what was read of them.
fn reply(streams: Vec<(Reply, Reply)>, ctx: &Ctx<'_>) -> Reply {
    match ctx.resp {
        RespVersion::Resp3 => Reply::Map(streams),
        RespVersion::Resp2 => {
            let pairs = streams.into_iter();
            Reply::array(pairs.map(|(key, entries)| Reply::Array(vec![key, entries])))
        }
    }
}

pub fn xread(view: &View<'_>, args: &mut Args<'_>, ctx: &Ctx<'_>) -> CommandResult {
    let reading = Reading::parse(args, false)?;
    let (mut streams, mut resolved) = (Vec::new(), Vec::new());
    for n in 0..reading.keys {
        let key = reading.key(n);
        if !ctx.looks_at(key) {
            continue;
        }
        let after = match reading.id(n) {
            b"$" => {
                let last = stream::last_id(view, key)?;
                resolved.push((n, last));
                continue;
            }
            b"+" => match stream::last_entry_id(view, key)?.and_then(StreamId::previous) {
                Some(before_last) => before_last,
                None => {
                    resolved.push((n, stream::last_id(view, key)?));
                    continue;
                }
            },
            written => match id::strict(written, 0) {
                Ok(id) => id,
                Err(error) => {
                    // A key of another type is told first.
                    stream::exists(view, key)?;
                    let new = CommandError::Fixed(NEW_IN_XREAD);
                    return Err(if written == b">" { new } else { error });
                }
            },
        };
        let entries = ctx.found(stream::after(view, key, after, reading.count))?;
        if !entries.is_empty() {
            streams.push((Reply::bulk_bytes(key), entry::replies(entries)));
        }
    }
    if streams.is_empty() {
        return reading.park(resolved, None);
    }
    Ok(reply(streams, ctx))
}

fn no_group(key: &[u8], group: &[u8]) -> CommandError {
    let all = usize::MAX;
    CommandError::Bytes(
        [
            b"NOGROUP No such key '",
            quoted(key, all),
            b"' or consumer group '",
            quoted(group, all),
            b"' in XREADGROUP with GROUP option",
        ]
        .concat(),
    )
}

/// One entry; beside those that were claimed each tells how it was delivered before.
fn delivered(one: DeliveredEntry, claims: bool) -> Reply {
    let mut reply = match one.entry {
        Some(found) => entry::parts(found),
        None => vec![id::reply(one.id), Reply::NilArray],
    };
    if claims {
        let numbers = [one.idle_ms, one.deliveries];
        reply.extend(numbers.map(|number| Reply::Int(number as i64)));
    }
    Reply::Array(reply)
}

pub fn xreadgroup(edit: &mut Edit<'_>, args: &mut Args<'_>, ctx: &Ctx<'_>) -> CommandResult {
    let reading = Reading::parse(args, true)?;
    let missing = "ERR Missing GROUP option for XREADGROUP";
    let (group, consumer) = reading.group.ok_or(missing)?;
    let mut wanted = Vec::with_capacity(reading.keys);
    for n in 0..reading.keys {
        let key = reading.key(n);
        if !ctx.looks_at(key) {
            continue;
        }
        // Who waits in a group is told when its key becomes something else.
        if !stream::has_group(edit, key, group)? {
            return Err(no_group(key, group));
        }
        let what = match reading.id(n) {
            b">" => Wanted::New,
            b"$" => return Err(CommandError::Fixed(END_IN_GROUP)),
            b"+" => return Err(CommandError::Fixed(LAST_IN_GROUP)),
            // Redis's own mark for `>`.
            written => match id::strict(written, 0)? {
                StreamId::MAX => Wanted::New,
                id => Wanted::History(id),
            },
        };
        wanted.push((key, what));
    }
    let who = Delivery {
        group,
        consumer,
        count: reading.count,
        no_ack: reading.no_ack,
        claim_idle_ms: reading.claim_idle_ms,
    };
    let (mut streams, mut again) = (Vec::new(), None);
    for (key, what) in wanted {
        match stream::deliver(edit, key, &who, what)? {
            Delivered::NoGroup => return Err(no_group(key, group)),
            Delivered::Nothing { again_ms } => again = again.into_iter().chain(again_ms).min(),
            Delivered::Entries(entries) => {
                let claims = what == Wanted::New && who.claim_idle_ms.is_some();
                let entries = entries.into_iter().map(|one| delivered(one, claims));
                streams.push((Reply::bulk_bytes(key), Reply::array(entries)));
            }
        }
    }
    if streams.is_empty() {
        return reading.park(Vec::new(), again);
    }
    Ok(reply(streams, ctx))
}
