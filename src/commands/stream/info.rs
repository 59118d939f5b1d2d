//! Owns XINFO: its rows and handlers.
//! Must not know: sockets. Tests: `tests/commands/stream`, the oracle.

use super::group::{bad_arguments, no_group};
use super::{ROW, entry, id};
use crate::command::{Args, Arity, CommandSpec, Ctx, Flags, Handler, KeyFlags, KeySpec};
use crate::commands::help;
use crate::error::{CommandError, CommandResult, text};
use crate::resp::Reply;
use storage::View;
use storage::ops::stream::{self, ConsumerInfo, FullConsumer, FullGroup, GroupInfo, StreamInfo};

pub static XINFO: CommandSpec = CommandSpec {
    name: "xinfo",
    arity: Arity::at_least(2),
    handler: Handler::Container,
    acl: &[],
    summary: "A container for stream introspection commands.",
    complexity: "Depends on subcommand.",
    subcommands: &[&CONSUMERS, &GROUPS, &HELP, &STREAM],
    ..ROW
};

const READ: &[KeySpec] = &[KeySpec::index(2, KeyFlags::RO.with(KeyFlags::ACCESS))];

static CONSUMERS: CommandSpec = CommandSpec {
    name: "consumers",
    arity: Arity::exactly(4),
    keys: READ,
    extra: Flags::LATCHED,
    handler: Handler::Read(consumers),
    syntax: "key group",
    summary: "Lists the consumers of a consumer group.",
    complexity: "O(N) in the consumers of the group",
    ..ROW
};

static GROUPS: CommandSpec = CommandSpec {
    name: "groups",
    arity: Arity::exactly(3),
    keys: READ,
    extra: Flags::LATCHED,
    handler: Handler::Read(groups),
    syntax: "key",
    summary: "Lists the consumer groups of a stream.",
    complexity: "O(N) in the groups of the stream",
    ..ROW
};

static HELP: CommandSpec = CommandSpec {
    name: "help",
    arity: Arity::exactly(2),
    extra: Flags::LOADING.with(Flags::STALE),
    handler: Handler::Server(|_, _| Ok(help::lines(&XINFO).into())),
    summary: "Returns helpful text about the different subcommands.",
    ..ROW
};

static STREAM: CommandSpec = CommandSpec {
    name: "stream",
    arity: Arity::at_least(3),
    keys: READ,
    extra: Flags::LATCHED,
    handler: Handler::Read(stream_info),
    syntax: "key [FULL [COUNT count]]",
    summary: "Returns information about a stream.",
    complexity: "O(log N); O(log N + M) in what FULL shows",
    ..ROW
};

/// Entries that FULL shows unless told otherwise.
const FULL_COUNT: u64 = 10;

fn no_key() -> CommandError {
    CommandError::Fixed(text::NO_SUCH_KEY)
}

fn number(number: u64) -> Reply {
    Reply::Int(number as i64)
}

fn number_or_nil(value: Option<u64>) -> Reply {
    value.map_or(Reply::Nil, number)
}

fn consumers(view: &View<'_>, args: &mut Args<'_>, _: &Ctx<'_>) -> CommandResult {
    let (key, group) = (args.next()?, args.next()?);
    let found = stream::consumers(view, key, group)?.ok_or_else(no_key)?;
    let found = found.map_err(|()| no_group(group, key))?;
    let ago = |at_ms: u64| Reply::Int(view.now_ms().saturating_sub(at_ms) as i64);
    let one = |consumer: ConsumerInfo| {
        Reply::map([
            ("name", Reply::from(consumer.name)),
            ("pending", number(consumer.pending)),
            ("idle", ago(consumer.seen_ms)),
            ("inactive", consumer.active_ms.map_or(Reply::Int(-1), ago)),
        ])
    };
    Ok(Reply::array(found.into_iter().map(one)))
}

fn groups(view: &View<'_>, args: &mut Args<'_>, _: &Ctx<'_>) -> CommandResult {
    let found = stream::groups(view, args.next()?)?.ok_or_else(no_key)?;
    let one = |group: GroupInfo| {
        Reply::map([
            ("name", Reply::bulk(group.name)),
            ("consumers", number(group.consumers)),
            ("pending", number(group.pending)),
            ("last-delivered-id", id::reply(group.last)),
            ("entries-read", number_or_nil(group.read)),
            ("lag", number_or_nil(group.lag)),
        ])
    };
    Ok(Reply::array(found.into_iter().map(one)))
}

fn stream_info(view: &View<'_>, args: &mut Args<'_>, _: &Ctx<'_>) -> CommandResult {
    let key = args.next()?;
    if !stream::exists(view, key)? {
        return Err(no_key());
    }
    if args.left() == 0 {
        let mut about = stream::about(view, key, None)?.ok_or_else(no_key)?;
        let entries = std::mem::take(&mut about.entries);
        let mut entries = entries.into_iter().map(entry::reply);
        let mut pairs = common(&about);
        pairs.push(("groups", number(about.groups)));
        for end in ["first-entry", "last-entry"] {
            pairs.push((end, entries.next().unwrap_or(Reply::Nil)));
        }
        return Ok(Reply::map(pairs));
    }
    let count = full_count(args)?;
    let mut about = stream::about(view, key, Some(count))?.ok_or_else(no_key)?;
    let entries = std::mem::take(&mut about.entries);
    let groups = stream::full_groups(view, key, count)?.into_iter();
    let mut pairs = common(&about);
    pairs.push(("entries", entry::replies(entries)));
    pairs.push(("groups", Reply::array(groups.map(full_group))));
    Ok(Reply::map(pairs))
}

/// `FULL [COUNT count]`.
fn full_count(args: &mut Args<'_>) -> CommandResult<u64> {
    let left = args.left();
    let fits = matches!(left, 1 | 3) && args.skip_word("FULL");
    if !fits || (left == 3 && !args.skip_word("COUNT")) {
        return Err(bad_arguments(args, "XINFO"));
    }
    if left == 1 {
        return Ok(FULL_COUNT);
    }
    Ok(u64::try_from(args.next_i64()?).unwrap_or(FULL_COUNT))
}

fn common(about: &StreamInfo) -> Vec<(&'static str, Reply)> {
    vec![
        ("length", number(about.len)),
        ("radix-tree-keys", number(about.nodes)),
        // A radix tree has the root and, as a rule, a node for each key.
        ("radix-tree-nodes", number(about.nodes + 1)),
        ("last-generated-id", id::reply(about.last)),
        ("max-deleted-entry-id", id::reply(about.max_deleted)),
        ("entries-added", number(about.added)),
        ("recorded-first-entry-id", id::reply(about.first)),
    ]
}

fn full_group(group: FullGroup) -> Reply {
    let pending = group.pending.into_iter().map(|one| {
        Reply::Array(vec![
            id::reply(one.id),
            Reply::from(one.consumer),
            number(one.at_ms),
            number(one.deliveries),
        ])
    });
    let pending = Reply::array(pending);
    let consumers = group.consumers.into_iter().map(full_consumer);
    Reply::map([
        ("name", Reply::bulk(group.info.name)),
        ("last-delivered-id", id::reply(group.info.last)),
        ("entries-read", number_or_nil(group.info.read)),
        ("lag", number_or_nil(group.info.lag)),
        ("pel-count", number(group.info.pending)),
        ("pending", pending),
        ("consumers", Reply::array(consumers)),
    ])
}

fn full_consumer(consumer: FullConsumer) -> Reply {
    let active = consumer.info.active_ms;
    let pending = consumer.pending.into_iter().map(|one| {
        let (at, count) = (number(one.at_ms), number(one.deliveries));
        Reply::Array(vec![id::reply(one.id), at, count])
    });
    let pending = Reply::array(pending);
    Reply::map([
        ("name", Reply::from(consumer.info.name)),
        ("seen-time", number(consumer.info.seen_ms)),
        ("active-time", active.map_or(Reply::Int(-1), number)),
        ("pel-count", number(consumer.info.pending)),
        ("pending", pending),
    ])
}
