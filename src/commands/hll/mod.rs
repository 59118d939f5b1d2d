//! Owns the rows of the HyperLogLog commands.
//! Invariants: PFCOUNT is a read to users, and writes only what it computed anyway.
//! Must not know: sockets, how sketches are stored. Tests: `tests/commands/hll.rs`,
//! `tests/compat/hyperloglog.rs`.

mod debug;
mod sketch;

use crate::command::{
    Arity, Category, CommandSpec, Control, Flags, Group, Handler, KeyFlags, KeySpec,
};

/// The rows of this group.
pub static COMMANDS: &[&CommandSpec] = &[&PFADD, &PFCOUNT, &PFDEBUG, &PFMERGE, &PFSELFTEST];

const CHANGE: KeyFlags = KeyFlags::RW.with(KeyFlags::ACCESS);

pub static PFADD: CommandSpec = CommandSpec {
    name: "pfadd",
    group: Group::HyperLogLog,
    since: "2.8.9",
    arity: Arity::at_least(2),
    keys: &[KeySpec::index(1, KeyFlags::RW.with(KeyFlags::INSERT))],
    extra: Flags::DENYOOM.with(Flags::FAST),
    acl: &[Category::HyperLogLog],
    handler: Handler::Write(sketch::pfadd),
    syntax: "key [element [element ...]]",
    summary: "Adds elements to a HyperLogLog, creating it if the key does not exist.",
    complexity: "O(1) to add every element.",
    subcommands: &[],
};

pub static PFCOUNT: CommandSpec = CommandSpec {
    name: "pfcount",
    group: Group::HyperLogLog,
    since: "2.8.9",
    arity: Arity::at_least(2),
    keys: &[KeySpec::range(1, -1, 1, CHANGE)],
    extra: Flags::MAY_REPLICATE,
    acl: &[Category::HyperLogLog],
    handler: Handler::Memo {
        recall: sketch::pfcount_recall,
        compute: sketch::pfcount,
    },
    syntax: "key [key ...]",
    summary: "Estimates how many different elements were added to a HyperLogLog, or to any of \
              several.",
    complexity: "O(1) with a very small average constant time when called with a single key. O(N) \
                 with N being the number of keys, and much bigger constant times, when called \
                 with multiple keys.",
    subcommands: &[],
};

pub static PFDEBUG: CommandSpec = CommandSpec {
    name: "pfdebug",
    group: Group::HyperLogLog,
    since: "2.8.9",
    arity: Arity::exactly(3),
    keys: &[KeySpec::index(2, CHANGE)],
    extra: Flags::DENYOOM.with(Flags::ADMIN),
    acl: &[Category::HyperLogLog],
    handler: Handler::Write(debug::pfdebug),
    syntax: "subcommand key",
    summary: "Shows or converts the stored form of a HyperLogLog: GETREG, DECODE, ENCODING, \
              TODENSE. SIMD ON or OFF changes nothing.",
    complexity: "O(1)",
    subcommands: &[],
};

pub static PFMERGE: CommandSpec = CommandSpec {
    name: "pfmerge",
    group: Group::HyperLogLog,
    since: "2.8.9",
    arity: Arity::at_least(2),
    keys: &[
        KeySpec::index(1, CHANGE.with(KeyFlags::INSERT)),
        KeySpec::range(2, -1, 1, KeyFlags::RO.with(KeyFlags::ACCESS)),
    ],
    extra: Flags::DENYOOM,
    acl: &[Category::HyperLogLog],
    handler: Handler::Write(sketch::pfmerge),
    syntax: "destkey [sourcekey [sourcekey ...]]",
    summary: "Adds to a HyperLogLog what others hold, creating it if the key does not exist.",
    complexity: "O(N) to merge N HyperLogLogs, but with high constant times.",
    subcommands: &[],
};

pub static PFSELFTEST: CommandSpec = CommandSpec {
    name: "pfselftest",
    group: Group::HyperLogLog,
    since: "2.8.9",
    arity: Arity::exactly(1),
    keys: &[],
    extra: Flags::ADMIN,
    acl: &[Category::HyperLogLog],
    handler: Handler::Control(Control::HyperLogLogSelfTest),
    syntax: "",
    summary: "Tests the registers and the estimates of HyperLogLogs; takes about a second.",
    complexity: "O(1)",
    subcommands: &[],
};
