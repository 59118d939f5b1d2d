//! Owns the rows of the string commands; handlers stand in the files below, by what they do.
//! Invariants: a value is opened once; options are checked before anything is read, in the order
//! in which Redis checks them. Must not know: sockets, chunks.
//! Tests: in the files below, `tests/commands/string`, the oracle.

mod compare;
mod lcs;
mod number;
mod options;
mod range;
mod read;
mod set;

use crate::command::{Arity, Category, CommandSpec, Flags, Group, Handler, KeyFlags, KeySpec, Row};

/// The rows of this file.
pub static COMMANDS: &[&CommandSpec] = &[
    &APPEND,
    &DECR,
    &DECRBY,
    &DELEX,
    &DELIFEQ,
    &DIGEST,
    &GET,
    &GETDEL,
    &GETEX,
    &GETRANGE,
    &GETSET,
    &INCR,
    &INCRBY,
    &INCRBYFLOAT,
    &LCS,
    &MGET,
    &MSET,
    &MSETEX,
    &MSETNX,
    &PSETEX,
    &SET,
    &SETEX,
    &SETNX,
    &SETRANGE,
    &STRLEN,
    &SUBSTR,
];

const READ: KeyFlags = KeyFlags::RO.with(KeyFlags::ACCESS);
const UPDATE: KeyFlags = KeyFlags::RW.with(KeyFlags::ACCESS).with(KeyFlags::UPDATE);

const fn one(flags: KeyFlags) -> [KeySpec; 1] {
    [KeySpec::index(1, flags)]
}

const fn row(row: Row) -> CommandSpec {
    row.in_group(Group::String, &[Category::String])
}

pub static APPEND: CommandSpec = row(Row {
    name: "append",
    since: "2.0.0",
    arity: Arity::exactly(3),
    keys: &one(KeyFlags::RW.with(KeyFlags::INSERT)),
    extra: Flags::DENYOOM.with(Flags::FAST),
    handler: Handler::Write(range::append),
    syntax: "key value",
    summary: "Appends a string to the value of a key. Creates the key if it doesn't \
             exist.",
    complexity: "O(1) in memory; the last chunk and what is appended on disk.",
});

pub static DECR: CommandSpec = row(Row {
    name: "decr",
    since: "1.0.0",
    arity: Arity::exactly(2),
    keys: &one(UPDATE),
    extra: Flags::DENYOOM.with(Flags::FAST),
    handler: Handler::Write(number::decr),
    syntax: "key",
    summary: "Subtracts one from the integer value of a key, taking 0 for a missing \
             one.",
    complexity: "O(1)",
});

pub static DECRBY: CommandSpec = row(Row {
    name: "decrby",
    since: "1.0.0",
    arity: Arity::exactly(3),
    keys: &one(UPDATE),
    extra: Flags::DENYOOM.with(Flags::FAST),
    handler: Handler::Write(number::decrby),
    syntax: "key decrement",
    summary: "Subtracts a number from the integer value of a key, taking 0 for a \
             missing one.",
    complexity: "O(1)",
});

pub static DELEX: CommandSpec = row(Row {
    name: "delex",
    since: "8.4.0",
    arity: Arity::at_least(2),
    keys: &one(KeyFlags::RW.with(KeyFlags::DELETE).with(KeyFlags::VARIABLE)),
    extra: Flags::FAST,
    handler: Handler::Write(compare::delex),
    syntax: "key [IFEQ comparison-value | IFNE comparison-value | IFDEQ digest | IFDNE digest]",
    summary: "Deletes a key, of a string if asked for only if its value or digest compares so.",
    complexity: "O(1) without a comparison, O(N) with one where N is the length of the value.",
});

pub static DELIFEQ: CommandSpec = row(Row {
    name: "delifeq",
    since: "9.0.0",
    arity: Arity::exactly(3),
    keys: &one(KeyFlags::RM.with(KeyFlags::ACCESS).with(KeyFlags::DELETE)),
    extra: Flags::NONE,
    handler: Handler::Write(compare::delifeq),
    syntax: "key value",
    summary: "Deletes a key if it holds the given string.",
    complexity: "O(N) where N is the length of the value.",
});

pub static DIGEST: CommandSpec = row(Row {
    name: "digest",
    since: "8.4.0",
    arity: Arity::exactly(2),
    keys: &one(READ),
    extra: Flags::FAST,
    handler: Handler::Read(compare::digest),
    syntax: "key",
    summary: "Returns the digest (XXH3) of the string value of a key, in hexadecimal digits.",
    complexity: "O(N) where N is the length of the value.",
});

pub static GET: CommandSpec = row(Row {
    name: "get",
    since: "1.0.0",
    arity: Arity::exactly(2),
    keys: &one(READ),
    extra: Flags::FAST,
    handler: Handler::Read(read::get),
    syntax: "key",
    summary: "Returns the string value of a key.",
    complexity: "O(1)",
});

pub static GETDEL: CommandSpec = row(Row {
    name: "getdel",
    since: "6.2.0",
    arity: Arity::exactly(2),
    keys: &one(KeyFlags::RW.with(KeyFlags::ACCESS).with(KeyFlags::DELETE)),
    extra: Flags::FAST,
    handler: Handler::Write(read::getdel),
    syntax: "key",
    summary: "Returns the string value of a key and deletes the key.",
    complexity: "O(1)",
});

pub static GETEX: CommandSpec = row(Row {
    name: "getex",
    since: "6.2.0",
    arity: Arity::at_least(2),
    keys: &one(UPDATE),
    extra: Flags::FAST,
    handler: Handler::Write(read::getex),
    syntax: "key [EX seconds | PX milliseconds | EXAT unix-time-seconds | PXAT \
             unix-time-milliseconds | PERSIST]",
    summary: "Returns the string value of a key and sets or removes its expiration.",
    complexity: "O(1)",
});

pub static GETRANGE: CommandSpec = row(Row {
    name: "getrange",
    since: "2.4.0",
    arity: Arity::exactly(4),
    keys: &one(READ),
    extra: Flags::NONE,
    handler: Handler::Read(range::getrange),
    syntax: "key start end",
    summary: "Returns a part of the string value of a key.",
    complexity: "O(N) where N is the length of the part.",
});

pub static GETSET: CommandSpec = row(Row {
    name: "getset",
    since: "1.0.0",
    arity: Arity::exactly(3),
    keys: &one(UPDATE),
    extra: Flags::DENYOOM.with(Flags::FAST),
    handler: Handler::Write(set::getset),
    syntax: "key value",
    summary: "Sets the string value of a key and returns the value before.",
    complexity: "O(1)",
});

pub static INCR: CommandSpec = row(Row {
    name: "incr",
    since: "1.0.0",
    arity: Arity::exactly(2),
    keys: &one(UPDATE),
    extra: Flags::DENYOOM.with(Flags::FAST),
    handler: Handler::Write(number::incr),
    syntax: "key",
    summary: "Adds one to the integer value of a key, taking 0 for a missing one.",
    complexity: "O(1)",
});

pub static INCRBY: CommandSpec = row(Row {
    name: "incrby",
    since: "1.0.0",
    arity: Arity::exactly(3),
    keys: &one(UPDATE),
    extra: Flags::DENYOOM.with(Flags::FAST),
    handler: Handler::Write(number::incrby),
    syntax: "key increment",
    summary: "Adds a number to the integer value of a key, taking 0 for a missing \
             one.",
    complexity: "O(1)",
});

pub static INCRBYFLOAT: CommandSpec = row(Row {
    name: "incrbyfloat",
    since: "2.6.0",
    arity: Arity::exactly(3),
    keys: &one(UPDATE),
    extra: Flags::DENYOOM.with(Flags::FAST),
    handler: Handler::Write(number::incrbyfloat),
    syntax: "key increment",
    summary: "Adds a decimal number to the value of a key, taking 0 for a missing \
             one.",
    complexity: "O(1)",
});

pub static LCS: CommandSpec = row(Row {
    name: "lcs",
    since: "7.0.0",
    arity: Arity::at_least(3),
    keys: &[KeySpec::range(1, 1, 1, READ)],
    extra: Flags::OFFLOAD,
    handler: Handler::Read(lcs::lcs),
    syntax: "key1 key2 [LEN] [IDX] [MINMATCHLEN min-match-len] [WITHMATCHLEN]",
    summary: "Finds the longest common subsequence of two strings.",
    complexity: "O(N*M) where N and M are the lengths of the strings.",
});

pub static MGET: CommandSpec = row(Row {
    name: "mget",
    since: "1.0.0",
    arity: Arity::at_least(2),
    keys: &[KeySpec::range(1, -1, 1, READ)],
    extra: Flags::FAST,
    handler: Handler::Read(read::mget),
    syntax: "key [key ...]",
    summary: "Returns the string values of one or more keys.",
    complexity: "O(N) where N is the number of keys.",
});

pub static MSET: CommandSpec = row(Row {
    name: "mset",
    since: "1.0.1",
    arity: Arity::at_least(3),
    keys: &[KeySpec::range(
        1,
        -1,
        2,
        KeyFlags::OW.with(KeyFlags::UPDATE),
    )],
    extra: Flags::DENYOOM,
    handler: Handler::Write(set::mset),
    syntax: "key value [key value ...]",
    summary: "Sets the string values of one or more keys, all at once.",
    complexity: "O(N) where N is the number of keys.",
});

pub static MSETEX: CommandSpec = row(Row {
    name: "msetex",
    since: "8.4.0",
    arity: Arity::at_least(4),
    keys: &[KeySpec::key_num(1, 2, KeyFlags::OW.with(KeyFlags::UPDATE))],
    extra: Flags::DENYOOM,
    handler: Handler::Write(set::msetex),
    syntax: "numkeys key value [key value ...] [NX | XX] [EX seconds | PX \
             milliseconds | EXAT unix-time-seconds | PXAT unix-time-milliseconds | \
             KEEPTTL]",
    summary: "Sets the string values of one or more keys and their expiration, all \
             at once.",
    complexity: "O(N) where N is the number of keys.",
});

pub static MSETNX: CommandSpec = row(Row {
    name: "msetnx",
    since: "1.0.1",
    arity: Arity::at_least(3),
    keys: &[KeySpec::range(
        1,
        -1,
        2,
        KeyFlags::OW.with(KeyFlags::INSERT),
    )],
    extra: Flags::DENYOOM,
    handler: Handler::Write(set::msetnx),
    syntax: "key value [key value ...]",
    summary: "Sets the string values of one or more keys if none of them exists.",
    complexity: "O(N) where N is the number of keys.",
});

pub static PSETEX: CommandSpec = row(Row {
    name: "psetex",
    since: "2.6.0",
    arity: Arity::exactly(4),
    keys: &one(KeyFlags::OW.with(KeyFlags::UPDATE)),
    extra: Flags::DENYOOM,
    handler: Handler::Write(set::psetex),
    syntax: "key milliseconds value",
    summary: "Sets the string value of a key and its expiration in milliseconds.",
    complexity: "O(1)",
});

pub static SET: CommandSpec = row(Row {
    name: "set",
    since: "1.0.0",
    arity: Arity::at_least(3),
    keys: &one(UPDATE.with(KeyFlags::VARIABLE)),
    extra: Flags::DENYOOM,
    handler: Handler::Write(set::set),
    syntax: "key value [NX | XX | IFEQ comparison-value | IFNE comparison-value | \
             IFDEQ digest | IFDNE digest] [GET] \
             [EX seconds | PX milliseconds | EXAT unix-time-seconds | \
             PXAT unix-time-milliseconds | KEEPTTL]",
    summary: "Sets the string value of a key, whatever its type was.",
    complexity: "O(1)",
});

pub static SETEX: CommandSpec = row(Row {
    name: "setex",
    since: "2.0.0",
    arity: Arity::exactly(4),
    keys: &one(KeyFlags::OW.with(KeyFlags::UPDATE)),
    extra: Flags::DENYOOM,
    handler: Handler::Write(set::setex),
    syntax: "key seconds value",
    summary: "Sets the string value of a key and its expiration in seconds.",
    complexity: "O(1)",
});

pub static SETNX: CommandSpec = row(Row {
    name: "setnx",
    since: "1.0.0",
    arity: Arity::exactly(3),
    keys: &one(KeyFlags::OW.with(KeyFlags::INSERT)),
    extra: Flags::DENYOOM.with(Flags::FAST),
    handler: Handler::Write(set::setnx),
    syntax: "key value",
    summary: "Sets the string value of a key if it doesn't exist.",
    complexity: "O(1)",
});

pub static SETRANGE: CommandSpec = row(Row {
    name: "setrange",
    since: "2.2.0",
    arity: Arity::exactly(4),
    keys: &one(KeyFlags::RW.with(KeyFlags::UPDATE)),
    extra: Flags::DENYOOM,
    handler: Handler::Write(range::setrange),
    syntax: "key offset value",
    summary: "Overwrites a part of a string from an offset on. Creates the key if \
             it doesn't exist.",
    complexity: "O(N) where N is the length of the part, wherever it stands.",
});

pub static STRLEN: CommandSpec = row(Row {
    name: "strlen",
    since: "2.2.0",
    arity: Arity::exactly(2),
    keys: &one(KeyFlags::RO),
    extra: Flags::FAST,
    handler: Handler::Read(range::strlen),
    syntax: "key",
    summary: "Returns the length of the string value of a key.",
    complexity: "O(1)",
});

pub static SUBSTR: CommandSpec = row(Row {
    name: "substr",
    since: "1.0.0",
    arity: Arity::exactly(4),
    keys: &one(READ),
    extra: Flags::NONE,
    handler: Handler::Read(range::getrange),
    syntax: "key start end",
    summary: "Returns a part of the string value of a key (GETRANGE by its old \
             name).",
    complexity: "O(N) where N is the length of the part.",
});
