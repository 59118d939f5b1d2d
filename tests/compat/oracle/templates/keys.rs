//! Commands over keys of every type, over databases, and payloads of DUMP.
//! Invariants: see `mod.rs`. Must not know: servers. Tests: every run draws each row.

use super::{Group, Template};
use crate::compat::oracle::compare::Compare::{
    Dump, Eventually, Exact, Idle, Near, RandomKey, Scan, SetOf, Shape,
};

/// How far apart two clocks' readings may lie, in seconds and in milliseconds.
const SECONDS: crate::compat::oracle::compare::Compare = Near(2);
const MILLIS: crate::compat::oracle::compare::Compare = Near(2000);

pub const GROUP: Group = Group {
    name: "keys",
    templates: KEYS,
    corners: KEY_CORNERS,
};

pub const PAYLOADS: Group = Group {
    name: "payloads",
    templates: &[
        (6, "DUMP $anykey", Dump),
        (4, "RESTORE $anykey 0 $payload REPLACE", Exact),
        (
            3,
            "RESTORE $anykey ( 0 | $pttl ) $payload [ REPLACE ] \
             [ FREQ $integer | IDLETIME $integer ] [ $junk ]",
            Exact,
        ),
        (2, "RESTORE $anykey $pat $payload [ REPLACE ] ABSTTL", Exact),
        (1, "MEMORY USAGE $anykey [ SAMPLES $integer ]", Shape),
    ],
    corners: PAYLOAD_CORNERS,
};

pub const DATABASES: Group = Group {
    name: "databases",
    templates: &[
        (4, "SELECT $database", Exact),
        (1, "SWAPDB $database $database", Exact),
        (1, "FLUSHDB [ SYNC | ASYNC | $junk ]", Exact),
        (4, "MOVE $anykey $database", Exact),
        (4, "COPY $anykey $anykey DB $database [ REPLACE ]", Exact),
        (1, "PING [ $value ]", Exact),
        (1, "ECHO $value", Exact),
        (1, "CLIENT GETNAME", Exact),
        (1, "CLIENT SETNAME $junk", Exact),
    ],
    corners: &[],
};

const KEYS: &[Template] = &[
    (5, "DEL ( $anykey ) +", Exact),
    (3, "UNLINK ( $anykey ) +", Exact),
    (4, "EXISTS ( $anykey ) +", Exact),
    (2, "TOUCH ( $anykey ) +", Exact),
    (3, "TYPE $anykey", Exact),
    (
        4,
        "EXPIRE $anykey $ttl [ NX | XX | GT | LT | $junk ] [ XX | GT | LT ]",
        Exact,
    ),
    (4, "PEXPIRE $anykey $pttl [ NX | XX | GT | LT ]", Exact),
    (1, "PEXPIRE $anykey $short", Exact),
    (4, "EXPIREAT $anykey $at [ NX | XX | GT | LT ]", Exact),
    (4, "PEXPIREAT $anykey $pat [ NX | XX | GT | LT ]", Exact),
    (4, "TTL $anykey", SECONDS),
    (4, "PTTL $anykey", MILLIS),
    (3, "EXPIRETIME $anykey", SECONDS),
    (3, "PEXPIRETIME $anykey", MILLIS),
    (3, "PERSIST $anykey", Exact),
    (5, "RENAME $anykey $anykey", Exact),
    (4, "RENAMENX $anykey $anykey", Exact),
    (
        5,
        "COPY $anykey $anykey [ REPLACE ] [ DB 0 ] [ $junk ]",
        Exact,
    ),
    (8, "OBJECT ENCODING $anykey", Exact),
    (1, "OBJECT REFCOUNT $anykey", Exact),
    (1, "OBJECT IDLETIME $anykey", Idle),
    (1, "OBJECT FREQ $anykey", Exact),
    (2, "KEYS $pattern", SetOf(1)),
    (
        4,
        "SCAN 0 [ MATCH $pattern ] [ COUNT $count ] \
         [ TYPE ( string | list | hash | set | zset | stream | ZSET ) ]",
        Scan,
    ),
    (1, "SCAN $junk", Scan),
    (2, "RANDOMKEY", RandomKey),
    (3, "DBSIZE", Eventually),
];

const KEY_CORNERS: &[&str] = &[
    "SET t v PXAT 33177117420501",
    "PEXPIRETIME t",
    "EXPIRETIME t",
    "PERSIST t",
    "RENAME t u",
    "RENAMENX u t",
    "TOUCH t t",
    "UNLINK t",
];

const PAYLOAD_CORNERS: &[&str] = &[
    "RESTORE r 0 x",
    "RESTORE r 0 \"\"",
    "RESTORE r -1 x",
    "RESTORE r x x",
    "RESTORE r 0 x FROB",
    "RESTORE r 0 x IDLETIME",
    "RESTORE r 0 x IDLETIME -1",
    "RESTORE r 0 x FREQ 256",
    "RESTORE r 0 x FREQ -1",
    "RESTORE r 0 x IDLETIME 1 FREQ 1",
    "SET r v",
    "RESTORE r 0 x",
    "DUMP missing",
    "DUMP",
    "DUMP a b",
    // What RESTORE is told of uses, and which of them OBJECT tells under which policy.
    "CONFIG SET maxmemory-policy allkeys-lfu",
    "RESTORE f 0 \"\\x00\\x05hello\\x0a\\x00cr\\xdfve4 \\x0a\" FREQ 100",
    "OBJECT FREQ f",
    "OBJECT IDLETIME f",
    "OBJECT FREQ missing",
    "CONFIG SET maxmemory-policy noeviction",
    "OBJECT FREQ f",
    "MEMORY USAGE missing",
    "MEMORY USAGE",
    "MEMORY USAGE r SAMPLES",
    "MEMORY USAGE r SAMPLES x",
    "MEMORY USAGE r SAMPLES -1",
];
