//! Owns the rows of the geographic commands; handlers stand in the files below: `member` adds and
//! tells places, `search` finds members inside a shape, `options` reads what it is asked for.
//! Must not know: sockets, how places become scores. Tests: `tests/commands/geo.rs`, the oracle.

mod member;
mod options;
mod parse;
mod search;

use crate::command::key_spec::{Begin, Find};
use crate::command::{Arity, Category, CommandSpec, Flags, Group, Handler, KeyFlags, KeySpec, Row};

/// The rows of this file.
pub static COMMANDS: &[&CommandSpec] = &[
    &GEOADD,
    &GEODIST,
    &GEOHASH,
    &GEOPOS,
    &GEORADIUS,
    &GEORADIUS_RO,
    &GEORADIUSBYMEMBER,
    &GEORADIUSBYMEMBER_RO,
    &GEOSEARCH,
    &GEOSEARCHSTORE,
];

const READ: KeyFlags = KeyFlags::RO.with(KeyFlags::ACCESS);
const RADIUS: &[KeySpec] = &[
    KeySpec::index(1, READ),
    target("STORE", 6),
    target("STOREDIST", 6),
];
const RADIUS_BY_MEMBER: &[KeySpec] = &[
    KeySpec::index(1, READ),
    target("STORE", 5),
    target("STOREDIST", 5),
];

/// The key behind a word, searched from an argument on.
const fn target(word: &'static str, from: i16) -> KeySpec {
    KeySpec {
        begin: Begin::Keyword(word, from),
        find: Find::Range {
            last: 0,
            step: 1,
            limit: 0,
        },
        flags: KeyFlags::OW.with(KeyFlags::UPDATE),
    }
}

const fn row(row: Row) -> CommandSpec {
    row.in_group(Group::Geo, &[Category::Geo])
}

pub static GEOADD: CommandSpec = row(Row {
    name: "geoadd",
    since: "3.2.0",
    arity: Arity::at_least(5),
    keys: &[KeySpec::index(1, KeyFlags::RW.with(KeyFlags::UPDATE))],
    extra: Flags::DENYOOM,
    handler: Handler::Write(member::geoadd),
    syntax: "key [NX | XX] [CH] longitude latitude member [longitude latitude member \
        ...]",
    summary: "Adds places to a geographic index, a sorted set. Creates the key if it \
        doesn't exist.",
    complexity: "O(log N) for each member, N being the number of members",
});

pub static GEODIST: CommandSpec = row(Row {
    name: "geodist",
    since: "3.2.0",
    arity: Arity::at_least(4),
    keys: &[KeySpec::index(1, READ)],
    extra: Flags::LATCHED,
    handler: Handler::Read(member::geodist),
    syntax: "key member1 member2 [M | KM | FT | MI]",
    summary: "Returns the distance between two members.",
    complexity: "O(1)",
});

pub static GEOHASH: CommandSpec = row(Row {
    name: "geohash",
    since: "3.2.0",
    arity: Arity::at_least(2),
    keys: &[KeySpec::index(1, READ)],
    extra: Flags::LATCHED,
    handler: Handler::Read(member::geohash),
    syntax: "key [member [member ...]]",
    summary: "Returns members' places as geohash texts.",
    complexity: "O(1) for each member asked for",
});

pub static GEOPOS: CommandSpec = row(Row {
    name: "geopos",
    since: "3.2.0",
    arity: Arity::at_least(2),
    keys: &[KeySpec::index(1, READ)],
    extra: Flags::LATCHED,
    handler: Handler::Read(member::geopos),
    syntax: "key [member [member ...]]",
    summary: "Returns longitude and latitude of members.",
    complexity: "O(1) for each member asked for",
});

pub static GEORADIUS: CommandSpec = row(Row {
    name: "georadius",
    since: "3.2.0",
    arity: Arity::at_least(6),
    keys: RADIUS,
    extra: Flags::DENYOOM,
    handler: Handler::Write(search::georadius),
    syntax: "key longitude latitude radius <M | KM | FT | MI> [WITHCOORD] [WITHDIST] \
        [WITHHASH] [COUNT count [ANY]] [ASC | DESC] [STORE key | STOREDIST key]",
    summary: "Returns or stores the members within a distance of a place.",
    complexity: "O(log N + M) with N members in the index, M of them in the cells around \
        the place",
});

pub static GEORADIUS_RO: CommandSpec = row(Row {
    name: "georadius_ro",
    since: "3.2.10",
    arity: Arity::at_least(6),
    keys: &[KeySpec::index(1, READ)],
    extra: Flags::LATCHED,
    handler: Handler::Read(search::georadius_ro),
    syntax: "key longitude latitude radius <M | KM | FT | MI> [WITHCOORD] [WITHDIST] \
        [WITHHASH] [COUNT count [ANY]] [ASC | DESC]",
    summary: "Returns the members within a distance of a place.",
    complexity: "O(log N + M) with N members in the index, M of them in the cells around \
        the place",
});

pub static GEORADIUSBYMEMBER: CommandSpec = row(Row {
    name: "georadiusbymember",
    since: "3.2.0",
    arity: Arity::at_least(5),
    keys: RADIUS_BY_MEMBER,
    extra: Flags::DENYOOM,
    handler: Handler::Write(search::georadiusbymember),
    syntax: "key member radius <M | KM | FT | MI> [WITHCOORD] [WITHDIST] [WITHHASH] \
        [COUNT count [ANY]] [ASC | DESC] [STORE key | STOREDIST key]",
    summary: "Returns or stores the members within a distance of a member.",
    complexity: "O(log N + M) with N members in the index, M of them in the cells around \
        the place",
});

pub static GEORADIUSBYMEMBER_RO: CommandSpec = row(Row {
    name: "georadiusbymember_ro",
    since: "3.2.10",
    arity: Arity::at_least(5),
    keys: &[KeySpec::index(1, READ)],
    extra: Flags::LATCHED,
    handler: Handler::Read(search::georadiusbymember_ro),
    syntax: "key member radius <M | KM | FT | MI> [WITHCOORD] [WITHDIST] [WITHHASH] \
        [COUNT count [ANY]] [ASC | DESC]",
    summary: "Returns the members within a distance of a member.",
    complexity: "O(log N + M) with N members in the index, M of them in the cells around \
        the place",
});

pub static GEOSEARCH: CommandSpec = row(Row {
    name: "geosearch",
    since: "6.2.0",
    arity: Arity::at_least(7),
    keys: &[KeySpec::index(1, READ)],
    extra: Flags::LATCHED,
    handler: Handler::Read(search::geosearch),
    syntax: "key <FROMMEMBER member | FROMLONLAT longitude latitude> <BYRADIUS radius \
        <M | KM | FT | MI> | BYBOX width height <M | KM | FT | MI> | BYPOLYGON \
        vertices longitude latitude [longitude latitude ...]> [ASC | DESC] \
        [COUNT count [ANY]] [WITHCOORD] [WITHDIST] [WITHHASH]",
    summary: "Returns the members inside a circle, a box or a polygon.",
    complexity: "O(log N + M) with N members in the index, M of them in the cells around \
        the place",
});

pub static GEOSEARCHSTORE: CommandSpec = row(Row {
    name: "geosearchstore",
    since: "6.2.0",
    arity: Arity::at_least(8),
    keys: &[
        KeySpec::index(1, KeyFlags::OW.with(KeyFlags::UPDATE)),
        KeySpec::index(2, READ),
    ],
    extra: Flags::DENYOOM,
    handler: Handler::Write(search::geosearchstore),
    syntax: "destination source <FROMMEMBER member | FROMLONLAT longitude latitude> \
        <BYRADIUS radius <M | KM | FT | MI> | BYBOX width height <M | KM | FT | \
        MI> | BYPOLYGON vertices longitude latitude [longitude latitude ...]> \
        [ASC | DESC] [COUNT count [ANY]] [STOREDIST]",
    summary: "Stores the members inside a circle, a box or a polygon.",
    complexity: "O(log N + M) with N members in the index, M of them in the cells around \
        the place",
});
