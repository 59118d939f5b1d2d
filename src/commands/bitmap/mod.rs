//! Owns the rows of the bitmap commands, and what their handlers share.
//! Invariants: arguments are checked before the key is looked at, as in Redis 8.
//! Must not know: sockets, chunks. Tests: `tests.rs` beside this file, the oracle.

mod bit;
mod count;
mod field;
mod op;
#[cfg(test)]
mod tests;

use crate::command::{Arity, Category, CommandSpec, Ctx, Flags, Group, Handler, KeyFlags, KeySpec};
use crate::error::{CommandError, CommandResult, text};
use storage::encoding::number::parse_i64;
use storage::ops::bitmap::Unit;

/// The rows of this group.
pub static COMMANDS: &[&CommandSpec] = &[
    &SETBIT,
    &GETBIT,
    &BITCOUNT,
    &BITPOS,
    &BITOP,
    &BITFIELD,
    &BITFIELD_RO,
];

const READ: KeyFlags = KeyFlags::RO.with(KeyFlags::ACCESS);
const CHANGE: KeyFlags = KeyFlags::RW.with(KeyFlags::ACCESS).with(KeyFlags::UPDATE);

pub static SETBIT: CommandSpec = CommandSpec {
    name: "setbit",
    group: Group::Bitmap,
    since: "2.2.0",
    arity: Arity::exactly(4),
    keys: &[KeySpec::index(1, CHANGE)],
    extra: Flags::DENYOOM,
    acl: &[Category::Bitmap],
    handler: Handler::Write(bit::setbit),
    syntax: "key offset value",
    summary: "Sets one bit of a string, and returns what it was.",
    complexity: "O(1)",
    subcommands: &[],
};

pub static GETBIT: CommandSpec = CommandSpec {
    name: "getbit",
    group: Group::Bitmap,
    since: "2.2.0",
    arity: Arity::exactly(3),
    keys: &[KeySpec::index(1, READ)],
    extra: Flags::FAST,
    acl: &[Category::Bitmap],
    handler: Handler::Read(bit::getbit),
    syntax: "key offset",
    summary: "Returns one bit of a string.",
    complexity: "O(1)",
    subcommands: &[],
};

pub static BITCOUNT: CommandSpec = CommandSpec {
    name: "bitcount",
    group: Group::Bitmap,
    since: "2.6.0",
    arity: Arity::at_least(2),
    keys: &[KeySpec::index(1, READ)],
    extra: Flags::NONE,
    acl: &[Category::Bitmap],
    handler: Handler::Read(count::bitcount),
    syntax: "key [start end [BYTE | BIT]]",
    summary: "Counts the one bits of a string, or of a part of it.",
    complexity: "O(N)",
    subcommands: &[],
};

pub static BITPOS: CommandSpec = CommandSpec {
    name: "bitpos",
    group: Group::Bitmap,
    since: "2.8.7",
    arity: Arity::at_least(3),
    keys: &[KeySpec::index(1, READ)],
    extra: Flags::NONE,
    acl: &[Category::Bitmap],
    handler: Handler::Read(count::bitpos),
    syntax: "key bit [start [end [BYTE | BIT]]]",
    summary: "Finds the first one or zero bit of a string, or of a part of it.",
    complexity: "O(N)",
    subcommands: &[],
};

pub static BITOP: CommandSpec = CommandSpec {
    name: "bitop",
    group: Group::Bitmap,
    since: "2.6.0",
    arity: Arity::at_least(4),
    keys: &[
        KeySpec::index(2, KeyFlags::OW.with(KeyFlags::UPDATE)),
        KeySpec::range(3, -1, 1, READ),
    ],
    extra: Flags::DENYOOM,
    acl: &[Category::Bitmap],
    handler: Handler::Write(op::bitop),
    syntax: "<AND | OR | XOR | NOT | DIFF | DIFF1 | ANDOR | ONE> destkey key [key ...]",
    summary: "Combines strings bit by bit, and stores the result.",
    complexity: "O(N)",
    subcommands: &[],
};

pub static BITFIELD: CommandSpec = CommandSpec {
    name: "bitfield",
    group: Group::Bitmap,
    since: "3.2.0",
    arity: Arity::at_least(2),
    keys: &[KeySpec::index(1, CHANGE.with(KeyFlags::VARIABLE))],
    extra: Flags::DENYOOM,
    acl: &[Category::Bitmap],
    handler: Handler::Write(field::bitfield),
    syntax: "key [GET encoding offset | [OVERFLOW <WRAP | SAT | FAIL>] \
             <SET encoding offset value | INCRBY encoding offset increment> \
             [GET encoding offset | [OVERFLOW <WRAP | SAT | FAIL>] \
             <SET encoding offset value | INCRBY encoding offset increment> ...]]",
    summary: "Reads, sets and increments integers of any width within a string.",
    complexity: "O(1) for each subcommand specified",
    subcommands: &[],
};

pub static BITFIELD_RO: CommandSpec = CommandSpec {
    name: "bitfield_ro",
    group: Group::Bitmap,
    since: "6.0.0",
    arity: Arity::at_least(2),
    keys: &[KeySpec::index(1, READ)],
    extra: Flags::FAST,
    acl: &[Category::Bitmap],
    handler: Handler::Read(field::bitfield_ro),
    syntax: "key [GET encoding offset [GET encoding offset ...]]",
    summary: "Reads integers of any width within a string.",
    complexity: "O(1) for each subcommand specified",
    subcommands: &[],
};

/// The position of a bit within the longest string that is allowed.
fn bit_offset(arg: &[u8], ctx: &Ctx<'_>) -> CommandResult<u64> {
    bit_offset_of(parse_i64(arg), ctx)
}

/// The same, of a number; `None` is refused as one that is out of range.
fn bit_offset_of(number: Option<i64>, ctx: &Ctx<'_>) -> CommandResult<u64> {
    number
        .and_then(|number| u64::try_from(number).ok())
        .filter(|offset| offset / 8 < ctx.config.proto_max_bulk_len.get())
        .ok_or(CommandError::Fixed(text::BIT_OFFSET))
}

/// `BYTE` or `BIT`.
fn unit(arg: &[u8]) -> CommandResult<Unit> {
    if arg.eq_ignore_ascii_case(b"BIT") {
        Ok(Unit::Bit)
    } else if arg.eq_ignore_ascii_case(b"BYTE") {
        Ok(Unit::Byte)
    } else {
        Err(CommandError::Fixed(text::SYNTAX))
    }
}
