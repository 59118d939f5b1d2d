//! Owns the rows of the sorted set commands; handlers stand in the files below: `member` adds,
//! takes away and tells, `range` reads and removes ranges, `pop` takes from the ends and draws,
//! `combine` makes sorted sets from sets.
//! Must not know: sockets, how members are stored. Tests: `tests/commands/zset`, the oracle.

mod combine;
mod member;
pub mod parse;
mod pop;
mod range;

use crate::command::{
    Arity, Category, CommandSpec, Ctx, Flags, Group, Handler, KeyFlags, KeySpec, Row,
};
use storage::ops::zset::Thresholds;

/// The rows of this file.
pub static COMMANDS: &[&CommandSpec] = &[
    &BZMPOP,
    &BZPOPMAX,
    &BZPOPMIN,
    &ZADD,
    &ZCARD,
    &ZCOUNT,
    &ZDIFF,
    &ZDIFFSTORE,
    &ZINCRBY,
    &ZINTER,
    &ZINTERCARD,
    &ZINTERSTORE,
    &ZLEXCOUNT,
    &ZMPOP,
    &ZMSCORE,
    &ZPOPMAX,
    &ZPOPMIN,
    &ZRANDMEMBER,
    &ZRANGE,
    &ZRANGEBYLEX,
    &ZRANGEBYSCORE,
    &ZRANGESTORE,
    &ZRANK,
    &ZREM,
    &ZREMRANGEBYLEX,
    &ZREMRANGEBYRANK,
    &ZREMRANGEBYSCORE,
    &ZREVRANGE,
    &ZREVRANGEBYLEX,
    &ZREVRANGEBYSCORE,
    &ZREVRANK,
    &ZSCAN,
    &ZSCORE,
    &ZUNION,
    &ZUNIONSTORE,
];

const READ: KeyFlags = KeyFlags::RO.with(KeyFlags::ACCESS);
const POP: KeyFlags = KeyFlags::RW.with(KeyFlags::ACCESS).with(KeyFlags::DELETE);
const REMOVE: KeyFlags = KeyFlags::RW.with(KeyFlags::DELETE);
const STORE: &[KeySpec] = &[
    KeySpec::index(1, KeyFlags::OW.with(KeyFlags::UPDATE)),
    KeySpec::key_num(2, 1, READ),
];

/// Up to where sorted sets count as small, by the configuration of the moment.
pub fn thresholds(ctx: &Ctx<'_>) -> Thresholds {
    Thresholds {
        listpack_entries: ctx.config.zset_max_listpack_entries.as_usize() as u64,
        listpack_value: ctx.config.zset_max_listpack_value.as_usize(),
    }
}

const fn row(row: Row) -> CommandSpec {
    row.in_group(Group::SortedSet, &[Category::SortedSet])
}

pub static BZMPOP: CommandSpec = row(Row {
    name: "bzmpop",
    since: "7.0.0",
    arity: Arity::at_least(5),
    keys: &[KeySpec::key_num(2, 1, POP)],
    extra: Flags::BLOCKING,
    handler: Handler::Write(pop::bzmpop),
    syntax: "timeout numkeys key [key ...] <MIN | MAX> [COUNT count]",
    summary: "Takes members from an end of the first sorted set that has some, waiting for one.",
    complexity: "O(K + M log N) with K keys given, M members taken of N",
});

pub static BZPOPMAX: CommandSpec = row(Row {
    name: "bzpopmax",
    since: "5.0.0",
    arity: Arity::at_least(3),
    keys: &[KeySpec::range(1, -2, 1, POP)],
    extra: Flags::FAST.with(Flags::BLOCKING),
    handler: Handler::Write(pop::bzpopmax),
    syntax: "key [key ...] timeout",
    summary: "Takes the member of the highest score of the first sorted set that has one, waiting.",
    complexity: "O(log N) in the number of members",
});

pub static BZPOPMIN: CommandSpec = row(Row {
    name: "bzpopmin",
    since: "5.0.0",
    arity: Arity::at_least(3),
    keys: &[KeySpec::range(1, -2, 1, POP)],
    extra: Flags::FAST.with(Flags::BLOCKING),
    handler: Handler::Write(pop::bzpopmin),
    syntax: "key [key ...] timeout",
    summary: "Takes the member of the lowest score of the first sorted set that has one, waiting.",
    complexity: "O(log N) in the number of members",
});

pub static ZADD: CommandSpec = row(Row {
    name: "zadd",
    since: "1.2.0",
    arity: Arity::at_least(4),
    keys: &[KeySpec::index(1, KeyFlags::RW.with(KeyFlags::UPDATE))],
    extra: Flags::DENYOOM.with(Flags::FAST),
    handler: Handler::Write(member::zadd),
    syntax: "key [NX | XX] [GT | LT] [CH] [INCR] score member [score member ...]",
    summary: "Adds members to a sorted set, or changes their scores. Creates the key \
        if it doesn't exist.",
    complexity: "O(log N) for each member, N being the number of members",
});

pub static ZCARD: CommandSpec = row(Row {
    name: "zcard",
    since: "1.2.0",
    arity: Arity::exactly(2),
    keys: &[KeySpec::index(1, KeyFlags::RO)],
    extra: Flags::FAST,
    handler: Handler::Read(member::zcard),
    syntax: "key",
    summary: "Returns the number of members of a sorted set.",
    complexity: "O(1)",
});

pub static ZCOUNT: CommandSpec = row(Row {
    name: "zcount",
    since: "2.0.0",
    arity: Arity::exactly(4),
    keys: &[KeySpec::index(1, READ)],
    extra: Flags::FAST.with(Flags::LATCHED),
    handler: Handler::Read(range::zcount),
    syntax: "key min max",
    summary: "Returns the number of members whose score is in a range.",
    complexity: "O(log N) in the number of members",
});

pub static ZDIFF: CommandSpec = row(Row {
    name: "zdiff",
    since: "6.2.0",
    arity: Arity::at_least(3),
    keys: &[KeySpec::key_num(1, 1, READ)],
    extra: Flags::LATCHED,
    handler: Handler::Read(combine::zdiff),
    syntax: "numkeys key [key ...] [WITHSCORES]",
    summary: "Returns the members of the first sorted set that no other one has.",
    complexity: "O(L + (N-K)log N) with L members in all sets, N in the first, K in the \
        result",
});

pub static ZDIFFSTORE: CommandSpec = row(Row {
    name: "zdiffstore",
    since: "6.2.0",
    arity: Arity::at_least(4),
    keys: STORE,
    extra: Flags::DENYOOM,
    handler: Handler::Write(combine::zdiffstore),
    syntax: "destination numkeys key [key ...]",
    summary: "Stores the members of the first sorted set that no other one has.",
    complexity: "O(L + (N-K)log N) with L members in all sets, N in the first, K in the \
        result",
});

pub static ZINCRBY: CommandSpec = row(Row {
    name: "zincrby",
    since: "1.2.0",
    arity: Arity::exactly(4),
    keys: &[KeySpec::index(
        1,
        KeyFlags::RW.with(KeyFlags::ACCESS).with(KeyFlags::UPDATE),
    )],
    extra: Flags::DENYOOM.with(Flags::FAST),
    handler: Handler::Write(member::zincrby),
    syntax: "key increment member",
    summary: "Adds to the score of a member, which is 0 if there is none.",
    complexity: "O(log N) in the number of members",
});

pub static ZINTER: CommandSpec = row(Row {
    name: "zinter",
    since: "6.2.0",
    arity: Arity::at_least(3),
    keys: &[KeySpec::key_num(1, 1, READ)],
    extra: Flags::LATCHED,
    handler: Handler::Read(combine::zinter),
    syntax: "numkeys key [key ...] [WEIGHTS weight [weight ...]] [AGGREGATE <SUM | \
        MIN | MAX>] [WITHSCORES]",
    summary: "Returns the members that all sorted sets have.",
    complexity: "O(N*K + M log M) with N members in the smallest of K sets, M in the result",
});

pub static ZINTERCARD: CommandSpec = row(Row {
    name: "zintercard",
    since: "7.0.0",
    arity: Arity::at_least(3),
    keys: &[KeySpec::key_num(1, 1, READ)],
    extra: Flags::LATCHED,
    handler: Handler::Read(combine::zintercard),
    syntax: "numkeys key [key ...] [LIMIT limit]",
    summary: "Returns the number of members that all sorted sets have.",
    complexity: "O(N*K) with N members in the smallest of K sets",
});

pub static ZINTERSTORE: CommandSpec = row(Row {
    name: "zinterstore",
    since: "2.0.0",
    arity: Arity::at_least(4),
    keys: STORE,
    extra: Flags::DENYOOM,
    handler: Handler::Write(combine::zinterstore),
    syntax: "destination numkeys key [key ...] [WEIGHTS weight [weight ...]] \
        [AGGREGATE <SUM | MIN | MAX>]",
    summary: "Stores the members that all sorted sets have.",
    complexity: "O(N*K + M log M) with N members in the smallest of K sets, M in the result",
});

pub static ZLEXCOUNT: CommandSpec = row(Row {
    name: "zlexcount",
    since: "2.8.9",
    arity: Arity::exactly(4),
    keys: &[KeySpec::index(1, READ)],
    extra: Flags::FAST.with(Flags::LATCHED),
    handler: Handler::Read(range::zlexcount),
    syntax: "key min max",
    summary: "Returns the number of members between two, of a set of equal scores.",
    complexity: "O(log N) in the number of members",
});

pub static ZMPOP: CommandSpec = row(Row {
    name: "zmpop",
    since: "7.0.0",
    arity: Arity::at_least(4),
    keys: &[KeySpec::key_num(1, 1, POP)],
    extra: Flags::NONE,
    handler: Handler::Write(pop::zmpop),
    syntax: "numkeys key [key ...] <MIN | MAX> [COUNT count]",
    summary: "Takes members from an end of the first sorted set that has some, and \
        returns them.",
    complexity: "O(K + M log N) with K keys given, M members taken of N",
});

pub static ZMSCORE: CommandSpec = row(Row {
    name: "zmscore",
    since: "6.2.0",
    arity: Arity::at_least(3),
    keys: &[KeySpec::index(1, READ)],
    extra: Flags::FAST.with(Flags::LATCHED),
    handler: Handler::Read(member::zmscore),
    syntax: "key member [member ...]",
    summary: "Returns the scores of members.",
    complexity: "O(N) in the number of members asked for",
});

pub static ZPOPMAX: CommandSpec = row(Row {
    name: "zpopmax",
    since: "5.0.0",
    arity: Arity::at_least(2),
    keys: &[KeySpec::index(1, POP)],
    extra: Flags::FAST,
    handler: Handler::Write(pop::zpopmax),
    syntax: "key [count]",
    summary: "Takes the members of the highest scores and returns them.",
    complexity: "O(M log N) with M members taken of N",
});

pub static ZPOPMIN: CommandSpec = row(Row {
    name: "zpopmin",
    since: "5.0.0",
    arity: Arity::at_least(2),
    keys: &[KeySpec::index(1, POP)],
    extra: Flags::FAST,
    handler: Handler::Write(pop::zpopmin),
    syntax: "key [count]",
    summary: "Takes the members of the lowest scores and returns them.",
    complexity: "O(M log N) with M members taken of N",
});

pub static ZRANDMEMBER: CommandSpec = row(Row {
    name: "zrandmember",
    since: "6.2.0",
    arity: Arity::at_least(2),
    keys: &[KeySpec::index(1, READ)],
    extra: Flags::LATCHED,
    handler: Handler::Read(pop::zrandmember),
    syntax: "key [count [WITHSCORES]]",
    summary: "Returns members of a sorted set at random.",
    complexity: "O(log N) for each member asked for",
});

pub static ZRANGE: CommandSpec = row(Row {
    name: "zrange",
    since: "1.2.0",
    arity: Arity::at_least(4),
    keys: &[KeySpec::index(1, READ)],
    extra: Flags::LATCHED,
    handler: Handler::Read(range::zrange),
    syntax: "key start stop [BYSCORE | BYLEX] [REV] [LIMIT offset count] [WITHSCORES]",
    summary: "Returns the members of a range.",
    complexity: "O(log N + M) with N members in the set, M of them returned",
});

pub static ZRANGEBYLEX: CommandSpec = row(Row {
    name: "zrangebylex",
    since: "2.8.9",
    arity: Arity::at_least(4),
    keys: &[KeySpec::index(1, READ)],
    extra: Flags::LATCHED,
    handler: Handler::Read(range::zrangebylex),
    syntax: "key min max [LIMIT offset count]",
    summary: "Returns the members between two, of a set of equal scores.",
    complexity: "O(log N + M) with N members in the set, M of them returned",
});

pub static ZRANGEBYSCORE: CommandSpec = row(Row {
    name: "zrangebyscore",
    since: "1.0.5",
    arity: Arity::at_least(4),
    keys: &[KeySpec::index(1, READ)],
    extra: Flags::LATCHED,
    handler: Handler::Read(range::zrangebyscore),
    syntax: "key min max [WITHSCORES] [LIMIT offset count]",
    summary: "Returns the members whose score is in a range.",
    complexity: "O(log N + M) with N members in the set, M of them returned",
});

pub static ZRANGESTORE: CommandSpec = row(Row {
    name: "zrangestore",
    since: "6.2.0",
    arity: Arity::at_least(5),
    keys: &[
        KeySpec::index(1, KeyFlags::OW.with(KeyFlags::UPDATE)),
        KeySpec::index(2, READ),
    ],
    extra: Flags::DENYOOM,
    handler: Handler::Write(range::zrangestore),
    syntax: "dst src min max [BYSCORE | BYLEX] [REV] [LIMIT offset count]",
    summary: "Stores the members of a range.",
    complexity: "O(log N + M) with N members in the set, M of them stored",
});

pub static ZRANK: CommandSpec = row(Row {
    name: "zrank",
    since: "2.0.0",
    arity: Arity::at_least(3),
    keys: &[KeySpec::index(1, READ)],
    extra: Flags::FAST.with(Flags::LATCHED),
    handler: Handler::Read(member::zrank),
    syntax: "key member [WITHSCORE]",
    summary: "Returns how many members of a sorted set stand before one.",
    complexity: "O(log N) in the number of members",
});

pub static ZREM: CommandSpec = row(Row {
    name: "zrem",
    since: "1.2.0",
    arity: Arity::at_least(3),
    keys: &[KeySpec::index(1, REMOVE)],
    extra: Flags::FAST,
    handler: Handler::Write(member::zrem),
    syntax: "key member [member ...]",
    summary: "Takes members away from a sorted set.",
    complexity: "O(M log N) with M members taken of N",
});

pub static ZREMRANGEBYLEX: CommandSpec = row(Row {
    name: "zremrangebylex",
    since: "2.8.9",
    arity: Arity::exactly(4),
    keys: &[KeySpec::index(1, REMOVE)],
    extra: Flags::NONE,
    handler: Handler::Write(range::zremrangebylex),
    syntax: "key min max",
    summary: "Takes the members between two away, of a set of equal scores.",
    complexity: "O(log N + M) with M members taken of N",
});

pub static ZREMRANGEBYRANK: CommandSpec = row(Row {
    name: "zremrangebyrank",
    since: "2.0.0",
    arity: Arity::exactly(4),
    keys: &[KeySpec::index(1, REMOVE)],
    extra: Flags::NONE,
    handler: Handler::Write(range::zremrangebyrank),
    syntax: "key start stop",
    summary: "Takes the members between two ranks away.",
    complexity: "O(log N + M) with M members taken of N",
});

pub static ZREMRANGEBYSCORE: CommandSpec = row(Row {
    name: "zremrangebyscore",
    since: "1.2.0",
    arity: Arity::exactly(4),
    keys: &[KeySpec::index(1, REMOVE)],
    extra: Flags::NONE,
    handler: Handler::Write(range::zremrangebyscore),
    syntax: "key min max",
    summary: "Takes the members away whose score is in a range.",
    complexity: "O(log N + M) with M members taken of N",
});

pub static ZREVRANGE: CommandSpec = row(Row {
    name: "zrevrange",
    since: "1.2.0",
    arity: Arity::at_least(4),
    keys: &[KeySpec::index(1, READ)],
    extra: Flags::LATCHED,
    handler: Handler::Read(range::zrevrange),
    syntax: "key start stop [WITHSCORES]",
    summary: "Returns the members between two ranks, counted from the highest score.",
    complexity: "O(log N + M) with N members in the set, M of them returned",
});

pub static ZREVRANGEBYLEX: CommandSpec = row(Row {
    name: "zrevrangebylex",
    since: "2.8.9",
    arity: Arity::at_least(4),
    keys: &[KeySpec::index(1, READ)],
    extra: Flags::LATCHED,
    handler: Handler::Read(range::zrevrangebylex),
    syntax: "key max min [LIMIT offset count]",
    summary: "Returns the members between two in reverse order, of a set of equal scores.",
    complexity: "O(log N + M) with N members in the set, M of them returned",
});

pub static ZREVRANGEBYSCORE: CommandSpec = row(Row {
    name: "zrevrangebyscore",
    since: "2.2.0",
    arity: Arity::at_least(4),
    keys: &[KeySpec::index(1, READ)],
    extra: Flags::LATCHED,
    handler: Handler::Read(range::zrevrangebyscore),
    syntax: "key max min [WITHSCORES] [LIMIT offset count]",
    summary: "Returns the members whose score is in a range, the highest score first.",
    complexity: "O(log N + M) with N members in the set, M of them returned",
});

pub static ZREVRANK: CommandSpec = row(Row {
    name: "zrevrank",
    since: "2.0.0",
    arity: Arity::at_least(3),
    keys: &[KeySpec::index(1, READ)],
    extra: Flags::FAST.with(Flags::LATCHED),
    handler: Handler::Read(member::zrevrank),
    syntax: "key member [WITHSCORE]",
    summary: "Returns how many members of a sorted set stand behind one.",
    complexity: "O(log N) in the number of members",
});

pub static ZSCAN: CommandSpec = row(Row {
    name: "zscan",
    since: "2.8.0",
    arity: Arity::at_least(3),
    keys: &[KeySpec::index(1, READ)],
    extra: Flags::LATCHED,
    handler: Handler::Read(member::zscan),
    syntax: "key cursor [MATCH pattern] [COUNT count] [NOSCORES]",
    summary: "Walks over the members of a sorted set, page by page.",
    complexity: "O(COUNT) for every call, O(N) for a whole walk",
});

pub static ZSCORE: CommandSpec = row(Row {
    name: "zscore",
    since: "1.2.0",
    arity: Arity::exactly(3),
    keys: &[KeySpec::index(1, READ)],
    extra: Flags::FAST.with(Flags::LATCHED),
    handler: Handler::Read(member::zscore),
    syntax: "key member",
    summary: "Returns the score of a member.",
    complexity: "O(1)",
});

pub static ZUNION: CommandSpec = row(Row {
    name: "zunion",
    since: "6.2.0",
    arity: Arity::at_least(3),
    keys: &[KeySpec::key_num(1, 1, READ)],
    extra: Flags::LATCHED,
    handler: Handler::Read(combine::zunion),
    syntax: "numkeys key [key ...] [WEIGHTS weight [weight ...]] [AGGREGATE <SUM | \
        MIN | MAX>] [WITHSCORES]",
    summary: "Returns the members of any of the sorted sets.",
    complexity: "O(N + M log M) with N members in all sets, M in the result",
});

pub static ZUNIONSTORE: CommandSpec = row(Row {
    name: "zunionstore",
    since: "2.0.0",
    arity: Arity::at_least(4),
    keys: STORE,
    extra: Flags::DENYOOM,
    handler: Handler::Write(combine::zunionstore),
    syntax: "destination numkeys key [key ...] [WEIGHTS weight [weight ...]] \
        [AGGREGATE <SUM | MIN | MAX>]",
    summary: "Stores the members of any of the sorted sets.",
    complexity: "O(N + M log M) with N members in all sets, M in the result",
});
