//! Owns the rows of the list commands; handlers stand in the files below: `read` looks, `change`
//! puts in and replaces, `pop` takes from the ends.
//! Must not know: sockets, how elements are stored. Tests: `tests/commands/list`, the oracle.

mod change;
mod pop;
mod read;

use crate::command::{
    Args, Arity, Category, CommandSpec, Ctx, Flags, Group, Handler, KeyFlags, KeySpec, Row,
};
use crate::error::{CommandError, CommandResult, text};
use storage::ops::list::{End, Threshold};

/// The rows of this file.
pub static COMMANDS: &[&CommandSpec] = &[
    &BLMOVE,
    &BLMPOP,
    &BLPOP,
    &BRPOP,
    &BRPOPLPUSH,
    &LINDEX,
    &LINSERT,
    &LLEN,
    &LMOVE,
    &LMPOP,
    &LPOP,
    &LPOS,
    &LPUSH,
    &LPUSHX,
    &LRANGE,
    &LREM,
    &LSET,
    &LTRIM,
    &RPOP,
    &RPOPLPUSH,
    &RPUSH,
    &RPUSHX,
];

const READ: KeyFlags = KeyFlags::RO.with(KeyFlags::ACCESS);
const MOVE: &[KeySpec] = &[
    KeySpec::index(
        1,
        KeyFlags::RW.with(KeyFlags::ACCESS).with(KeyFlags::DELETE),
    ),
    KeySpec::index(2, KeyFlags::RW.with(KeyFlags::INSERT)),
];

/// Up to where lists count as small, by the configuration of the moment.
pub(in crate::commands) fn threshold(ctx: &Ctx<'_>) -> Threshold {
    Threshold(ctx.config.list_max_listpack_size.get())
}

/// `LEFT` or `RIGHT`.
fn next_end(args: &mut Args<'_>) -> CommandResult<End> {
    if args.skip_word("LEFT") {
        Ok(End::Front)
    } else if args.skip_word("RIGHT") {
        Ok(End::Back)
    } else {
        Err(CommandError::Fixed(text::SYNTAX))
    }
}

const fn row(row: Row) -> CommandSpec {
    row.in_group(Group::List, &[Category::List])
}

pub static LINDEX: CommandSpec = row(Row {
    name: "lindex",
    since: "1.0.0",
    arity: Arity::exactly(3),
    keys: &[KeySpec::index(1, READ)],
    extra: Flags::LATCHED,
    handler: Handler::Read(read::lindex),
    syntax: "key index",
    summary: "Returns the element of a list at an index.",
    complexity: "O(log N) in the length of the list",
});

pub static LINSERT: CommandSpec = row(Row {
    name: "linsert",
    since: "2.2.0",
    arity: Arity::exactly(5),
    keys: &[KeySpec::index(1, KeyFlags::RW.with(KeyFlags::INSERT))],
    extra: Flags::DENYOOM,
    handler: Handler::Write(change::linsert),
    syntax: "key <BEFORE | AFTER> pivot element",
    summary: "Inserts an element beside another.",
    complexity: "O(N) in the elements in front of the pivot",
});

pub static LLEN: CommandSpec = row(Row {
    name: "llen",
    since: "1.0.0",
    arity: Arity::exactly(2),
    keys: &[KeySpec::index(1, KeyFlags::RO)],
    extra: Flags::FAST,
    handler: Handler::Read(read::llen),
    syntax: "key",
    summary: "Returns the length of a list.",
    complexity: "O(1)",
});

pub static LMOVE: CommandSpec = row(Row {
    name: "lmove",
    since: "6.2.0",
    arity: Arity::exactly(5),
    keys: MOVE,
    extra: Flags::DENYOOM,
    handler: Handler::Write(pop::lmove),
    syntax: "source destination <LEFT | RIGHT> <LEFT | RIGHT>",
    summary: "Moves an element from an end of a list to an end of another and returns it.",
    complexity: "O(1)",
});

pub static LMPOP: CommandSpec = row(Row {
    name: "lmpop",
    since: "7.0.0",
    arity: Arity::at_least(4),
    keys: &[KeySpec::key_num(
        1,
        1,
        KeyFlags::RW.with(KeyFlags::ACCESS).with(KeyFlags::DELETE),
    )],
    extra: Flags::NONE,
    handler: Handler::Write(pop::lmpop),
    syntax: "numkeys key [key ...] <LEFT | RIGHT> [COUNT count]",
    summary: "Takes elements from the first list that has any.",
    complexity: "O(K+M) in the number of keys and of elements taken",
});

pub static LPOP: CommandSpec = row(Row {
    name: "lpop",
    since: "1.0.0",
    arity: Arity::at_least(2),
    keys: &[KeySpec::index(
        1,
        KeyFlags::RW.with(KeyFlags::ACCESS).with(KeyFlags::DELETE),
    )],
    extra: Flags::FAST,
    handler: Handler::Write(pop::lpop),
    syntax: "key [count]",
    summary: "Takes elements from the front of a list and returns them.",
    complexity: "O(M) in the number of elements taken",
});

pub static LPOS: CommandSpec = row(Row {
    name: "lpos",
    since: "6.0.6",
    arity: Arity::at_least(3),
    keys: &[KeySpec::index(1, READ)],
    extra: Flags::LATCHED,
    handler: Handler::Read(read::lpos),
    syntax: "key element [RANK rank] [COUNT num-matches] [MAXLEN len]",
    summary: "Returns the indexes of matching elements.",
    complexity: "O(N) in the elements compared",
});

pub static LPUSH: CommandSpec = row(Row {
    name: "lpush",
    since: "1.0.0",
    arity: Arity::at_least(3),
    keys: &[KeySpec::index(1, KeyFlags::RW.with(KeyFlags::INSERT))],
    extra: Flags::DENYOOM.with(Flags::FAST),
    handler: Handler::Write(change::lpush),
    syntax: "key element [element ...]",
    summary: "Puts elements in front of a list. Creates the key if it doesn't exist.",
    complexity: "O(1) for each element",
});

pub static LPUSHX: CommandSpec = row(Row {
    name: "lpushx",
    since: "2.2.0",
    arity: Arity::at_least(3),
    keys: &[KeySpec::index(1, KeyFlags::RW.with(KeyFlags::INSERT))],
    extra: Flags::DENYOOM.with(Flags::FAST),
    handler: Handler::Write(change::lpushx),
    syntax: "key element [element ...]",
    summary: "Puts elements in front of a list that exists.",
    complexity: "O(1) for each element",
});

pub static LRANGE: CommandSpec = row(Row {
    name: "lrange",
    since: "1.0.0",
    arity: Arity::exactly(4),
    keys: &[KeySpec::index(1, READ)],
    extra: Flags::LATCHED,
    handler: Handler::Read(read::lrange),
    syntax: "key start stop",
    summary: "Returns a range of elements.",
    complexity: "O(log N + M) in the length of the list and of the range",
});

pub static LREM: CommandSpec = row(Row {
    name: "lrem",
    since: "1.0.0",
    arity: Arity::exactly(4),
    keys: &[KeySpec::index(1, KeyFlags::RW.with(KeyFlags::DELETE))],
    extra: Flags::NONE,
    handler: Handler::Write(change::lrem),
    syntax: "key count element",
    summary: "Removes equal elements.",
    complexity: "O(N+M) in the length of the list and the elements removed",
});

pub static LSET: CommandSpec = row(Row {
    name: "lset",
    since: "1.0.0",
    arity: Arity::exactly(4),
    keys: &[KeySpec::index(1, KeyFlags::RW.with(KeyFlags::UPDATE))],
    extra: Flags::DENYOOM,
    handler: Handler::Write(change::lset),
    syntax: "key index element",
    summary: "Replaces the element at an index.",
    complexity: "O(log N) in the length of the list",
});

pub static LTRIM: CommandSpec = row(Row {
    name: "ltrim",
    since: "1.0.0",
    arity: Arity::exactly(4),
    keys: &[KeySpec::index(1, KeyFlags::RW.with(KeyFlags::DELETE))],
    extra: Flags::NONE,
    handler: Handler::Write(change::ltrim),
    syntax: "key start stop",
    summary: "Removes what is outside a range.",
    complexity: "O(N) in the elements removed",
});

pub static RPOP: CommandSpec = row(Row {
    name: "rpop",
    since: "1.0.0",
    arity: Arity::at_least(2),
    keys: &[KeySpec::index(
        1,
        KeyFlags::RW.with(KeyFlags::ACCESS).with(KeyFlags::DELETE),
    )],
    extra: Flags::FAST,
    handler: Handler::Write(pop::rpop),
    syntax: "key [count]",
    summary: "Takes elements from the end of a list and returns them.",
    complexity: "O(M) in the number of elements taken",
});

pub static RPOPLPUSH: CommandSpec = row(Row {
    name: "rpoplpush",
    since: "1.2.0",
    arity: Arity::exactly(3),
    keys: MOVE,
    extra: Flags::DENYOOM,
    handler: Handler::Write(pop::rpoplpush),
    syntax: "source destination",
    summary: "Moves the last element of a list to the front of another and returns it.",
    complexity: "O(1)",
});

pub static RPUSH: CommandSpec = row(Row {
    name: "rpush",
    since: "1.0.0",
    arity: Arity::at_least(3),
    keys: &[KeySpec::index(1, KeyFlags::RW.with(KeyFlags::INSERT))],
    extra: Flags::DENYOOM.with(Flags::FAST),
    handler: Handler::Write(change::rpush),
    syntax: "key element [element ...]",
    summary: "Puts elements at the end of a list. Creates the key if it doesn't exist.",
    complexity: "O(1) for each element",
});

pub static RPUSHX: CommandSpec = row(Row {
    name: "rpushx",
    since: "2.2.0",
    arity: Arity::at_least(3),
    keys: &[KeySpec::index(1, KeyFlags::RW.with(KeyFlags::INSERT))],
    extra: Flags::DENYOOM.with(Flags::FAST),
    handler: Handler::Write(change::rpushx),
    syntax: "key element [element ...]",
    summary: "Puts elements at the end of a list that exists.",
    complexity: "O(1) for each element",
});

pub static BLMOVE: CommandSpec = row(Row {
    name: "blmove",
    since: "6.2.0",
    arity: Arity::exactly(6),
    keys: MOVE,
    extra: Flags::BLOCKING.with(Flags::DENYOOM),
    handler: Handler::Write(pop::blmove),
    syntax: "source destination <LEFT | RIGHT> <LEFT | RIGHT> timeout",
    summary: "Moves an element from an end of a list to an end of another, waiting for one.",
    complexity: "O(1)",
});

pub static BLMPOP: CommandSpec = row(Row {
    name: "blmpop",
    since: "7.0.0",
    arity: Arity::at_least(5),
    keys: &[KeySpec::key_num(
        2,
        1,
        KeyFlags::RW.with(KeyFlags::ACCESS).with(KeyFlags::DELETE),
    )],
    extra: Flags::BLOCKING,
    handler: Handler::Write(pop::blmpop),
    syntax: "timeout numkeys key [key ...] <LEFT | RIGHT> [COUNT count]",
    summary: "Takes elements from the first list that has any, waiting for one.",
    complexity: "O(K+M) in the number of keys and of elements taken",
});

pub static BLPOP: CommandSpec = row(Row {
    name: "blpop",
    since: "2.0.0",
    arity: Arity::at_least(3),
    keys: &[KeySpec::range(
        1,
        -2,
        1,
        KeyFlags::RW.with(KeyFlags::ACCESS).with(KeyFlags::DELETE),
    )],
    extra: Flags::BLOCKING,
    handler: Handler::Write(pop::blpop),
    syntax: "key [key ...] timeout",
    summary: "Takes the first element of the first list that has any, waiting for one.",
    complexity: "O(K) in the number of keys",
});

pub static BRPOP: CommandSpec = row(Row {
    name: "brpop",
    since: "2.0.0",
    arity: Arity::at_least(3),
    keys: &[KeySpec::range(
        1,
        -2,
        1,
        KeyFlags::RW.with(KeyFlags::ACCESS).with(KeyFlags::DELETE),
    )],
    extra: Flags::BLOCKING,
    handler: Handler::Write(pop::brpop),
    syntax: "key [key ...] timeout",
    summary: "Takes the last element of the first list that has any, waiting for one.",
    complexity: "O(K) in the number of keys",
});

pub static BRPOPLPUSH: CommandSpec = row(Row {
    name: "brpoplpush",
    since: "2.2.0",
    arity: Arity::exactly(4),
    keys: MOVE,
    extra: Flags::BLOCKING.with(Flags::DENYOOM),
    handler: Handler::Write(pop::brpoplpush),
    syntax: "source destination timeout",
    summary: "Moves the last element of a list to the front of another, waiting for one.",
    complexity: "O(1)",
});
