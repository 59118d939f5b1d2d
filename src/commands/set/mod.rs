//! Owns the rows of the set commands; handlers stand in the files below: `member` adds, takes away
//! and tells, `random` draws, `algebra` makes sets from sets.
//! Must not know: sockets, how members are stored. Tests: `tests/commands/set`, the oracle.

mod algebra;
mod member;
mod random;

use crate::command::{
    Arity, Category, CommandSpec, Ctx, Flags, Group, Handler, KeyFlags, KeySpec, Row,
};
use storage::ops::set::Thresholds;

/// The rows of this file.
pub static COMMANDS: &[&CommandSpec] = &[
    &SADD,
    &SCARD,
    &SDIFF,
    &SDIFFSTORE,
    &SINTER,
    &SINTERCARD,
    &SINTERSTORE,
    &SISMEMBER,
    &SMEMBERS,
    &SMISMEMBER,
    &SMOVE,
    &SPOP,
    &SRANDMEMBER,
    &SREM,
    &SSCAN,
    &SUNION,
    &SUNIONSTORE,
];

const READ: KeyFlags = KeyFlags::RO.with(KeyFlags::ACCESS);
const STORE: &[KeySpec] = &[
    KeySpec::index(1, KeyFlags::OW.with(KeyFlags::UPDATE)),
    KeySpec::range(2, -1, 1, READ),
];

/// Up to where sets count as small, by the configuration of the moment.
pub(in crate::commands) fn thresholds(ctx: &Ctx<'_>) -> Thresholds {
    Thresholds {
        intset_entries: ctx.config.set_max_intset_entries.as_usize() as u64,
        listpack_entries: ctx.config.set_max_listpack_entries.as_usize() as u64,
        listpack_value: ctx.config.set_max_listpack_value.as_usize(),
    }
}

const fn row(row: Row) -> CommandSpec {
    row.in_group(Group::Set, &[Category::Set])
}

pub static SADD: CommandSpec = row(Row {
    name: "sadd",
    since: "1.0.0",
    arity: Arity::at_least(3),
    keys: &[KeySpec::index(1, KeyFlags::RW.with(KeyFlags::INSERT))],
    extra: Flags::DENYOOM.with(Flags::FAST),
    handler: Handler::Write(member::sadd),
    syntax: "key member [member ...]",
    summary: "Adds members to a set. Creates the key if it doesn't exist.",
    complexity: "O(1) for each member",
});

pub static SCARD: CommandSpec = row(Row {
    name: "scard",
    since: "1.0.0",
    arity: Arity::exactly(2),
    keys: &[KeySpec::index(1, KeyFlags::RO)],
    extra: Flags::FAST,
    handler: Handler::Read(member::scard),
    syntax: "key",
    summary: "Returns the number of members of a set.",
    complexity: "O(1)",
});

pub static SDIFF: CommandSpec = row(Row {
    name: "sdiff",
    since: "1.0.0",
    arity: Arity::at_least(2),
    keys: &[KeySpec::range(1, -1, 1, READ)],
    extra: Flags::LATCHED,
    handler: Handler::Read(algebra::sdiff),
    syntax: "key [key ...]",
    summary: "Returns the members of the first set that are in none of the others.",
    complexity: "O(N) in the number of members of all sets",
});

pub static SDIFFSTORE: CommandSpec = row(Row {
    name: "sdiffstore",
    since: "1.0.0",
    arity: Arity::at_least(3),
    keys: STORE,
    extra: Flags::DENYOOM,
    handler: Handler::Write(algebra::sdiffstore),
    syntax: "destination key [key ...]",
    summary: "Stores the members of the first set that are in none of the others.",
    complexity: "O(N) in the number of members of all sets",
});

pub static SINTER: CommandSpec = row(Row {
    name: "sinter",
    since: "1.0.0",
    arity: Arity::at_least(2),
    keys: &[KeySpec::range(1, -1, 1, READ)],
    extra: Flags::LATCHED,
    handler: Handler::Read(algebra::sinter),
    syntax: "key [key ...]",
    summary: "Returns the members that all sets have.",
    complexity: "O(N*M) where N is the size of the smallest set and M the number of sets",
});

pub static SINTERCARD: CommandSpec = row(Row {
    name: "sintercard",
    since: "7.0.0",
    arity: Arity::at_least(3),
    keys: &[KeySpec::key_num(1, 1, READ)],
    extra: Flags::LATCHED,
    handler: Handler::Read(algebra::sintercard),
    syntax: "numkeys key [key ...] [LIMIT limit]",
    summary: "Returns the number of members that all sets have.",
    complexity: "O(N*M) where N is the size of the smallest set and M the number of sets",
});

pub static SINTERSTORE: CommandSpec = row(Row {
    name: "sinterstore",
    since: "1.0.0",
    arity: Arity::at_least(3),
    keys: STORE,
    extra: Flags::DENYOOM,
    handler: Handler::Write(algebra::sinterstore),
    syntax: "destination key [key ...]",
    summary: "Stores the members that all sets have.",
    complexity: "O(N*M) where N is the size of the smallest set and M the number of sets",
});

pub static SISMEMBER: CommandSpec = row(Row {
    name: "sismember",
    since: "1.0.0",
    arity: Arity::exactly(3),
    keys: &[KeySpec::index(1, KeyFlags::RO)],
    extra: Flags::FAST.with(Flags::LATCHED),
    handler: Handler::Read(member::sismember),
    syntax: "key member",
    summary: "Tells whether a set has a member.",
    complexity: "O(1)",
});

pub static SMEMBERS: CommandSpec = row(Row {
    name: "smembers",
    since: "1.0.0",
    arity: Arity::exactly(2),
    keys: &[KeySpec::index(1, READ)],
    extra: Flags::LATCHED,
    handler: Handler::Read(member::smembers),
    syntax: "key",
    summary: "Returns all members of a set.",
    complexity: "O(N) in the number of members",
});

pub static SMISMEMBER: CommandSpec = row(Row {
    name: "smismember",
    since: "6.2.0",
    arity: Arity::at_least(3),
    keys: &[KeySpec::index(1, KeyFlags::RO.with(KeyFlags::ACCESS))],
    extra: Flags::FAST.with(Flags::LATCHED),
    handler: Handler::Read(member::smismember),
    syntax: "key member [member ...]",
    summary: "Tells of several members whether a set has them.",
    complexity: "O(N) in the number of members asked for",
});

pub static SMOVE: CommandSpec = row(Row {
    name: "smove",
    since: "1.0.0",
    arity: Arity::exactly(4),
    keys: &[
        KeySpec::index(
            1,
            KeyFlags::RW.with(KeyFlags::ACCESS).with(KeyFlags::DELETE),
        ),
        KeySpec::index(2, KeyFlags::RW.with(KeyFlags::INSERT)),
    ],
    extra: Flags::FAST,
    handler: Handler::Write(member::smove),
    syntax: "source destination member",
    summary: "Moves a member from one set to another.",
    complexity: "O(1)",
});

pub static SPOP: CommandSpec = row(Row {
    name: "spop",
    since: "1.0.0",
    arity: Arity::at_least(2),
    keys: &[KeySpec::index(
        1,
        KeyFlags::RW.with(KeyFlags::ACCESS).with(KeyFlags::DELETE),
    )],
    extra: Flags::FAST,
    handler: Handler::Write(random::spop),
    syntax: "key [count]",
    summary: "Takes members at random away from a set and returns them.",
    complexity: "O(1) for each member taken",
});

pub static SRANDMEMBER: CommandSpec = row(Row {
    name: "srandmember",
    since: "1.0.0",
    arity: Arity::at_least(2),
    keys: &[KeySpec::index(1, READ)],
    extra: Flags::LATCHED,
    handler: Handler::Read(random::srandmember),
    syntax: "key [count]",
    summary: "Returns members of a set at random.",
    complexity: "O(1) for each member asked for",
});

pub static SREM: CommandSpec = row(Row {
    name: "srem",
    since: "1.0.0",
    arity: Arity::at_least(3),
    keys: &[KeySpec::index(1, KeyFlags::RW.with(KeyFlags::DELETE))],
    extra: Flags::FAST,
    handler: Handler::Write(member::srem),
    syntax: "key member [member ...]",
    summary: "Takes members away from a set.",
    complexity: "O(1) for each member",
});

pub static SSCAN: CommandSpec = row(Row {
    name: "sscan",
    since: "2.8.0",
    arity: Arity::at_least(3),
    keys: &[KeySpec::index(1, READ)],
    extra: Flags::LATCHED,
    handler: Handler::Read(member::sscan),
    syntax: "key cursor [MATCH pattern] [COUNT count]",
    summary: "Walks over the members of a set, page by page.",
    complexity: "O(COUNT) for every call, O(N) for a whole walk",
});

pub static SUNION: CommandSpec = row(Row {
    name: "sunion",
    since: "1.0.0",
    arity: Arity::at_least(2),
    keys: &[KeySpec::range(1, -1, 1, READ)],
    extra: Flags::LATCHED,
    handler: Handler::Read(algebra::sunion),
    syntax: "key [key ...]",
    summary: "Returns the members of any of the sets.",
    complexity: "O(N) in the number of members of all sets",
});

pub static SUNIONSTORE: CommandSpec = row(Row {
    name: "sunionstore",
    since: "1.0.0",
    arity: Arity::at_least(3),
    keys: STORE,
    extra: Flags::DENYOOM,
    handler: Handler::Write(algebra::sunionstore),
    syntax: "destination key [key ...]",
    summary: "Stores the members of any of the sets.",
    complexity: "O(N) in the number of members of all sets",
});
