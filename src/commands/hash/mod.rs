//! Owns the rows of the hash commands; handlers stand in the files below, by what they do.
//! Invariants: arguments are checked in the order in which Redis checks them, for the newer
//! commands after the key's type. Must not know: sockets, where fields stand.
//! Tests: in the files below, `tests/commands/hash`, the oracle.

mod expiry;
mod fields;
mod lifetime;
mod random;
mod read;
mod write;

pub(super) use write::limits;

use crate::command::{Arity, Category, CommandSpec, Flags, Group, Handler, KeyFlags, KeySpec};

/// The rows of this file.
pub static COMMANDS: &[&CommandSpec] = &[
    &HDEL,
    &HEXISTS,
    &HEXPIRE,
    &HEXPIREAT,
    &HEXPIRETIME,
    &HGET,
    &HGETALL,
    &HGETDEL,
    &HGETEX,
    &HINCRBY,
    &HINCRBYFLOAT,
    &HKEYS,
    &HLEN,
    &HMGET,
    &HMSET,
    &HPERSIST,
    &HPEXPIRE,
    &HPEXPIREAT,
    &HPEXPIRETIME,
    &HPTTL,
    &HRANDFIELD,
    &HSCAN,
    &HSET,
    &HSETEX,
    &HSETNX,
    &HSTRLEN,
    &HTTL,
    &HVALS,
];

const READ: KeyFlags = KeyFlags::RO.with(KeyFlags::ACCESS);
const UPDATE: KeyFlags = KeyFlags::RW.with(KeyFlags::UPDATE);

const fn one(flags: KeyFlags) -> [KeySpec; 1] {
    [KeySpec::index(1, flags)]
}

/// What most rows that read share.
const READER: CommandSpec = CommandSpec {
    name: "",
    group: Group::Hash,
    since: "2.0.0",
    arity: Arity::exactly(2),
    keys: &one(READ),
    extra: Flags::FAST.with(Flags::LATCHED),
    acl: &[Category::Hash],
    handler: Handler::Container,
    syntax: "key",
    summary: "",
    complexity: "O(1)",
    subcommands: &[],
};

/// What most rows that write share.
const WRITER: CommandSpec = CommandSpec {
    keys: &one(UPDATE),
    extra: Flags::DENYOOM.with(Flags::FAST),
    ..READER
};

const PER_FIELD: &str = "O(N) where N is the number of fields given.";
const PER_HASH: &str = "O(N) where N is the size of the hash.";
const TIMES: &str = "key FIELDS numfields field [field ...]";

pub static HDEL: CommandSpec = CommandSpec {
    name: "hdel",
    arity: Arity::at_least(3),
    keys: &one(KeyFlags::RW.with(KeyFlags::DELETE)),
    extra: Flags::FAST,
    handler: Handler::Write(write::hdel),
    syntax: "key field [field ...]",
    summary: "Deletes fields of a hash. Deletes the hash if no fields remain.",
    complexity: PER_FIELD,
    ..WRITER
};

pub static HEXISTS: CommandSpec = CommandSpec {
    name: "hexists",
    arity: Arity::exactly(3),
    keys: &one(KeyFlags::RO),
    handler: Handler::Read(read::hexists),
    syntax: "key field",
    summary: "Tells whether a hash has a field.",
    ..READER
};

pub static HEXPIRE: CommandSpec = CommandSpec {
    name: "hexpire",
    since: "7.4.0",
    arity: Arity::at_least(6),
    extra: Flags::FAST,
    handler: Handler::Write(expiry::hexpire),
    syntax: "key seconds [NX | XX | GT | LT] FIELDS numfields field [field ...]",
    summary: "Lets fields of a hash expire after some seconds.",
    complexity: PER_FIELD,
    ..WRITER
};

pub static HEXPIREAT: CommandSpec = CommandSpec {
    name: "hexpireat",
    since: "7.4.0",
    arity: Arity::at_least(6),
    extra: Flags::FAST,
    handler: Handler::Write(expiry::hexpireat),
    syntax: "key unix-time-seconds [NX | XX | GT | LT] FIELDS numfields field [field ...]",
    summary: "Lets fields of a hash expire at a Unix time in seconds.",
    complexity: PER_FIELD,
    ..WRITER
};

pub static HEXPIRETIME: CommandSpec = CommandSpec {
    name: "hexpiretime",
    since: "7.4.0",
    arity: Arity::at_least(5),
    handler: Handler::Read(expiry::hexpiretime),
    syntax: TIMES,
    summary: "Returns the Unix times, in seconds, at which fields of a hash expire.",
    complexity: PER_FIELD,
    ..READER
};

pub static HGET: CommandSpec = CommandSpec {
    name: "hget",
    arity: Arity::exactly(3),
    handler: Handler::Read(read::hget),
    syntax: "key field",
    summary: "Returns the value of a field of a hash.",
    ..READER
};

pub static HGETALL: CommandSpec = CommandSpec {
    name: "hgetall",
    extra: Flags::LATCHED,
    handler: Handler::Read(read::hgetall),
    summary: "Returns all fields and values of a hash.",
    complexity: PER_HASH,
    ..READER
};

pub static HGETDEL: CommandSpec = CommandSpec {
    name: "hgetdel",
    since: "8.0.0",
    arity: Arity::at_least(5),
    keys: &one(KeyFlags::RW.with(KeyFlags::ACCESS).with(KeyFlags::DELETE)),
    extra: Flags::FAST,
    handler: Handler::Write(fields::hgetdel),
    syntax: TIMES,
    summary: "Returns the values of fields of a hash and deletes the fields.",
    complexity: PER_FIELD,
    ..WRITER
};

pub static HGETEX: CommandSpec = CommandSpec {
    name: "hgetex",
    since: "8.0.0",
    arity: Arity::at_least(5),
    keys: &one(UPDATE.with(KeyFlags::ACCESS)),
    extra: Flags::FAST,
    handler: Handler::Write(fields::hgetex),
    syntax: "key [EX seconds | PX milliseconds | EXAT unix-time-seconds | PXAT \
             unix-time-milliseconds | PERSIST] FIELDS numfields field [field ...]",
    summary: "Returns the values of fields of a hash and sets or removes their expiration.",
    complexity: PER_FIELD,
    ..WRITER
};

pub static HINCRBY: CommandSpec = CommandSpec {
    name: "hincrby",
    arity: Arity::exactly(4),
    keys: &one(UPDATE.with(KeyFlags::ACCESS)),
    handler: Handler::Write(write::hincrby),
    syntax: "key field increment",
    summary: "Adds a number to the integer value of a field of a hash, taking 0 for a missing one.",
    ..WRITER
};

pub static HINCRBYFLOAT: CommandSpec = CommandSpec {
    name: "hincrbyfloat",
    since: "2.6.0",
    arity: Arity::exactly(4),
    keys: &one(UPDATE.with(KeyFlags::ACCESS)),
    handler: Handler::Write(write::hincrbyfloat),
    syntax: "key field increment",
    summary: "Adds a decimal number to the value of a field of a hash, taking 0 for a missing one.",
    ..WRITER
};

pub static HKEYS: CommandSpec = CommandSpec {
    name: "hkeys",
    extra: Flags::LATCHED,
    handler: Handler::Read(read::hkeys),
    summary: "Returns all fields of a hash.",
    complexity: PER_HASH,
    ..READER
};

pub static HLEN: CommandSpec = CommandSpec {
    name: "hlen",
    keys: &one(KeyFlags::RO),
    extra: Flags::FAST,
    handler: Handler::Read(read::hlen),
    summary: "Returns the number of fields of a hash.",
    ..READER
};

pub static HMGET: CommandSpec = CommandSpec {
    name: "hmget",
    arity: Arity::at_least(3),
    handler: Handler::Read(read::hmget),
    syntax: "key field [field ...]",
    summary: "Returns the values of fields of a hash.",
    complexity: PER_FIELD,
    ..READER
};

pub static HMSET: CommandSpec = CommandSpec {
    name: "hmset",
    arity: Arity::at_least(4),
    handler: Handler::Write(write::hmset),
    syntax: "key field value [field value ...]",
    summary: "Sets the values of fields of a hash (HSET by its old name).",
    complexity: PER_FIELD,
    ..WRITER
};

pub static HPERSIST: CommandSpec = CommandSpec {
    name: "hpersist",
    since: "7.4.0",
    arity: Arity::at_least(5),
    extra: Flags::FAST,
    handler: Handler::Write(expiry::hpersist),
    syntax: TIMES,
    summary: "Removes the expiration of fields of a hash.",
    complexity: PER_FIELD,
    ..WRITER
};

pub static HPEXPIRE: CommandSpec = CommandSpec {
    name: "hpexpire",
    since: "7.4.0",
    arity: Arity::at_least(6),
    extra: Flags::FAST,
    handler: Handler::Write(expiry::hpexpire),
    syntax: "key milliseconds [NX | XX | GT | LT] FIELDS numfields field [field ...]",
    summary: "Lets fields of a hash expire after some milliseconds.",
    complexity: PER_FIELD,
    ..WRITER
};

pub static HPEXPIREAT: CommandSpec = CommandSpec {
    name: "hpexpireat",
    since: "7.4.0",
    arity: Arity::at_least(6),
    extra: Flags::FAST,
    handler: Handler::Write(expiry::hpexpireat),
    syntax: "key unix-time-milliseconds [NX | XX | GT | LT] FIELDS numfields field [field ...]",
    summary: "Lets fields of a hash expire at a Unix time in milliseconds.",
    complexity: PER_FIELD,
    ..WRITER
};

pub static HPEXPIRETIME: CommandSpec = CommandSpec {
    name: "hpexpiretime",
    since: "7.4.0",
    arity: Arity::at_least(5),
    handler: Handler::Read(expiry::hpexpiretime),
    syntax: TIMES,
    summary: "Returns the Unix times, in milliseconds, at which fields of a hash expire.",
    complexity: PER_FIELD,
    ..READER
};

pub static HPTTL: CommandSpec = CommandSpec {
    name: "hpttl",
    since: "7.4.0",
    arity: Arity::at_least(5),
    handler: Handler::Read(expiry::hpttl),
    syntax: TIMES,
    summary: "Returns the milliseconds until fields of a hash expire.",
    complexity: PER_FIELD,
    ..READER
};

pub static HRANDFIELD: CommandSpec = CommandSpec {
    name: "hrandfield",
    since: "6.2.0",
    arity: Arity::at_least(2),
    extra: Flags::LATCHED,
    handler: Handler::Read(random::hrandfield),
    syntax: "key [count [WITHVALUES]]",
    summary: "Returns fields of a hash at random; each is as likely as any other.",
    complexity: "O(N) where N is the number of fields returned.",
    ..READER
};

pub static HSCAN: CommandSpec = CommandSpec {
    name: "hscan",
    since: "2.8.0",
    arity: Arity::at_least(3),
    extra: Flags::LATCHED,
    handler: Handler::Read(read::hscan),
    syntax: "key cursor [MATCH pattern] [COUNT count] [NOVALUES]",
    summary: "Walks over the fields and values of a hash, page by page.",
    complexity: "O(COUNT) for every call, O(N) for a whole walk.",
    ..READER
};

pub static HSET: CommandSpec = CommandSpec {
    name: "hset",
    arity: Arity::at_least(4),
    handler: Handler::Write(write::hset),
    syntax: "key field value [field value ...]",
    summary: "Sets the values of fields of a hash. Creates the hash if it doesn't exist.",
    complexity: PER_FIELD,
    ..WRITER
};

pub static HSETEX: CommandSpec = CommandSpec {
    name: "hsetex",
    since: "8.0.0",
    arity: Arity::at_least(6),
    handler: Handler::Write(fields::hsetex),
    syntax: "key [NX | XX] [FNX | FXX] [EX seconds | PX milliseconds | EXAT \
             unix-time-seconds | PXAT unix-time-milliseconds | KEEPTTL] FIELDS numfields \
             field value [field value ...]",
    summary: "Sets the values of fields of a hash and their expiration.",
    complexity: PER_FIELD,
    ..WRITER
};

pub static HSETNX: CommandSpec = CommandSpec {
    name: "hsetnx",
    arity: Arity::exactly(4),
    keys: &one(KeyFlags::RW.with(KeyFlags::INSERT)),
    handler: Handler::Write(write::hsetnx),
    syntax: "key field value",
    summary: "Sets the value of a field of a hash if there is no such field.",
    ..WRITER
};

pub static HSTRLEN: CommandSpec = CommandSpec {
    name: "hstrlen",
    since: "3.2.0",
    arity: Arity::exactly(3),
    keys: &one(KeyFlags::RO),
    handler: Handler::Read(read::hstrlen),
    syntax: "key field",
    summary: "Returns the length of the value of a field of a hash.",
    ..READER
};

pub static HTTL: CommandSpec = CommandSpec {
    name: "httl",
    since: "7.4.0",
    arity: Arity::at_least(5),
    handler: Handler::Read(expiry::httl),
    syntax: TIMES,
    summary: "Returns the seconds until fields of a hash expire.",
    complexity: PER_FIELD,
    ..READER
};

pub static HVALS: CommandSpec = CommandSpec {
    name: "hvals",
    extra: Flags::LATCHED,
    handler: Handler::Read(read::hvals),
    summary: "Returns all values of a hash.",
    complexity: PER_HASH,
    ..READER
};
