//! Owns the rows of the stream commands; handlers stand in the files below: `add` adds and trims,
//! `entry` looks at entries and deletes them, `read` reads several streams, `pending` is about what
//! was delivered, `group` and `info` have rows of their own.
//! Must not know: sockets, how entries are stored. Tests: `tests/commands/stream`, the oracle.

mod add;
mod entry;
mod group;
mod id;
mod info;
mod pending;
mod read;

use crate::command::key_spec::{Begin, Find};
use crate::command::{Arity, Category, CommandSpec, Ctx, Flags, Group, Handler, KeyFlags, KeySpec};
use group::XGROUP;
use info::XINFO;
use storage::ops::stream::NodeLimits;

/// The rows of this file.
pub static COMMANDS: &[&CommandSpec] = &[
    &XACK,
    &XACKDEL,
    &XADD,
    &XAUTOCLAIM,
    &XCLAIM,
    &XDEL,
    &XDELEX,
    &XGROUP,
    &XINFO,
    &XLEN,
    &XPENDING,
    &XRANGE,
    &XREAD,
    &XREADGROUP,
    &XREVRANGE,
    &XSETID,
    &XTRIM,
];

/// What most rows share.
const ROW: CommandSpec = CommandSpec {
    name: "",
    group: Group::Stream,
    since: "5.0.0",
    arity: Arity::at_least(1),
    keys: &[],
    extra: Flags::NONE,
    acl: &[Category::Stream],
    handler: Handler::Container,
    syntax: "",
    summary: "",
    complexity: "O(log N)",
    subcommands: &[],
};

const READ: &[KeySpec] = &[KeySpec::index(1, KeyFlags::RO.with(KeyFlags::ACCESS))];
const UPDATE: &[KeySpec] = &[KeySpec::index(1, KeyFlags::RW.with(KeyFlags::UPDATE))];
const DELETE: &[KeySpec] = &[KeySpec::index(1, KeyFlags::RW.with(KeyFlags::DELETE))];

/// The first half of what stands behind STREAMS, searched from an argument on.
const fn behind_streams(from: i16, flags: KeyFlags) -> KeySpec {
    KeySpec {
        begin: Begin::Keyword("STREAMS", from),
        find: Find::Range {
            last: -1,
            step: 1,
            limit: 2,
        },
        flags,
    }
}

/// When nodes are full, by the configuration of the moment.
pub(in crate::commands) fn limits(ctx: &Ctx<'_>) -> NodeLimits {
    NodeLimits {
        bytes_max: ctx.config.stream_node_max_bytes.get(),
        entries_max: ctx.config.stream_node_max_entries.get().max(0) as u64,
    }
}

pub static XACK: CommandSpec = CommandSpec {
    name: "xack",
    arity: Arity::at_least(4),
    keys: UPDATE,
    extra: Flags::FAST,
    handler: Handler::Write(pending::xack),
    syntax: "key group id [id ...]",
    summary: "Acknowledges entries that were delivered to a consumer group.",
    complexity: "O(log N) for each id",
    ..ROW
};

pub static XACKDEL: CommandSpec = CommandSpec {
    name: "xackdel",
    since: "8.2.0",
    arity: Arity::at_least(6),
    keys: &[KeySpec::index(
        1,
        KeyFlags::RW.with(KeyFlags::DELETE).with(KeyFlags::UPDATE),
    )],
    extra: Flags::FAST,
    handler: Handler::Write(pending::xackdel),
    syntax: "key group [KEEPREF | DELREF | ACKED] IDS numids id [id ...]",
    summary: "Acknowledges entries in a consumer group and deletes them.",
    complexity: "O(log N) for each id",
    ..ROW
};

pub static XADD: CommandSpec = CommandSpec {
    name: "xadd",
    arity: Arity::at_least(5),
    keys: UPDATE,
    extra: Flags::DENYOOM.with(Flags::FAST),
    handler: Handler::Write(add::xadd),
    syntax: "key [NOMKSTREAM] [KEEPREF | DELREF | ACKED] \
        [<MAXLEN | MINID> [= | ~] threshold [LIMIT count]] <* | id> field value [field value ...]",
    summary: "Adds an entry to a stream. Creates the key if it doesn't exist.",
    complexity: "O(1) in the number of entries; O(log N + M) where M are trimmed",
    ..ROW
};

pub static XAUTOCLAIM: CommandSpec = CommandSpec {
    name: "xautoclaim",
    since: "6.2.0",
    arity: Arity::at_least(6),
    keys: DELETE,
    extra: Flags::FAST,
    handler: Handler::Write(pending::xautoclaim),
    syntax: "key group consumer min-idle-time start [COUNT count] [JUSTID]",
    summary: "Gives pending entries to a consumer, from an id on.",
    complexity: "O(log N) for each pending entry looked at",
    ..ROW
};

pub static XCLAIM: CommandSpec = CommandSpec {
    name: "xclaim",
    arity: Arity::at_least(6),
    keys: UPDATE,
    extra: Flags::FAST,
    handler: Handler::Write(pending::xclaim),
    syntax: "key group consumer min-idle-time id [id ...] [IDLE ms] \
        [TIME unix-time-milliseconds] [RETRYCOUNT count] [FORCE] [JUSTID] [LASTID lastid]",
    summary: "Gives pending entries to a consumer.",
    complexity: "O(log N) for each id",
    ..ROW
};

pub static XDEL: CommandSpec = CommandSpec {
    name: "xdel",
    arity: Arity::at_least(3),
    keys: DELETE,
    extra: Flags::FAST,
    handler: Handler::Write(entry::xdel),
    syntax: "key id [id ...]",
    summary: "Deletes entries.",
    complexity: "O(log N) for each id",
    ..ROW
};

pub static XDELEX: CommandSpec = CommandSpec {
    name: "xdelex",
    since: "8.2.0",
    arity: Arity::at_least(5),
    keys: DELETE,
    extra: Flags::FAST,
    handler: Handler::Write(entry::xdelex),
    syntax: "key [KEEPREF | DELREF | ACKED] IDS numids id [id ...]",
    summary: "Deletes entries, and what consumer groups hold of them as it is told.",
    complexity: "O(log N) for each id, and each group",
    ..ROW
};

pub static XLEN: CommandSpec = CommandSpec {
    name: "xlen",
    arity: Arity::exactly(2),
    keys: &[KeySpec::index(1, KeyFlags::RO)],
    extra: Flags::FAST,
    handler: Handler::Read(entry::xlen),
    syntax: "key",
    summary: "Returns the number of entries.",
    complexity: "O(1)",
    ..ROW
};

pub static XPENDING: CommandSpec = CommandSpec {
    name: "xpending",
    arity: Arity::at_least(3),
    keys: READ,
    extra: Flags::LATCHED,
    handler: Handler::Read(pending::xpending),
    syntax: "key group [[IDLE min-idle-time] start end count [consumer]]",
    summary: "Returns what was delivered to a consumer group and is not acknowledged.",
    complexity: "O(log N + M) in the entries looked at, or in the consumers without a range",
    ..ROW
};

pub static XRANGE: CommandSpec = CommandSpec {
    name: "xrange",
    arity: Arity::at_least(4),
    keys: READ,
    extra: Flags::LATCHED,
    handler: Handler::Read(entry::xrange),
    syntax: "key start end [COUNT count]",
    summary: "Returns the entries within a range of ids.",
    complexity: "O(log N + M) in the entries returned",
    ..ROW
};

pub static XREAD: CommandSpec = CommandSpec {
    name: "xread",
    arity: Arity::at_least(4),
    keys: &[behind_streams(1, KeyFlags::RO.with(KeyFlags::ACCESS))],
    extra: Flags::BLOCKING.with(Flags::LATCHED),
    handler: Handler::Read(read::xread),
    syntax: "[COUNT count] [BLOCK milliseconds] STREAMS key [key ...] id [id ...]",
    summary: "Returns entries of several streams behind the ids given, waiting for some if asked \
        to.",
    complexity: "O(log N + M) for each stream in the entries returned",
    ..ROW
};

pub static XREADGROUP: CommandSpec = CommandSpec {
    name: "xreadgroup",
    arity: Arity::at_least(7),
    keys: &[behind_streams(4, KeyFlags::RW.with(KeyFlags::ACCESS))],
    extra: Flags::BLOCKING,
    handler: Handler::Write(read::xreadgroup),
    syntax: "GROUP group consumer [COUNT count] [BLOCK milliseconds] [CLAIM min-idle-time] [NOACK] \
        STREAMS key [key ...] id [id ...]",
    summary: "Delivers entries of several streams to a consumer, waiting for some if asked to.",
    complexity: "O(M log N) for each stream in the entries delivered",
    ..ROW
};

pub static XREVRANGE: CommandSpec = CommandSpec {
    name: "xrevrange",
    arity: Arity::at_least(4),
    keys: READ,
    extra: Flags::LATCHED,
    handler: Handler::Read(entry::xrevrange),
    syntax: "key end start [COUNT count]",
    summary: "Returns the entries within a range of ids, the greatest first.",
    complexity: "O(log N + M) in the entries returned",
    ..ROW
};

pub static XSETID: CommandSpec = CommandSpec {
    name: "xsetid",
    arity: Arity::at_least(3),
    keys: UPDATE,
    extra: Flags::DENYOOM.with(Flags::FAST),
    handler: Handler::Write(entry::xsetid),
    syntax: "key last-id [ENTRIESADDED entries-added] [MAXDELETEDID max-deleted-id]",
    summary: "Sets the last id of a stream.",
    ..ROW
};

pub static XTRIM: CommandSpec = CommandSpec {
    name: "xtrim",
    arity: Arity::at_least(4),
    keys: DELETE,
    handler: Handler::Write(add::xtrim),
    syntax: "key <MAXLEN | MINID> [= | ~] threshold [LIMIT count] [KEEPREF | DELREF | ACKED]",
    summary: "Removes entries from the beginning of a stream.",
    complexity: "O(log N + M) in the entries removed",
    ..ROW
};
