//! Strings and bitmaps.
//! Invariants: see `mod.rs`. Must not know: servers. Tests: every run draws each row.

use super::{Group, Template};
use crate::compat::oracle::compare::Compare::Exact;
use crate::compat::oracle::corners::CORNERS;

pub const GROUP: Group = Group {
    name: "string",
    templates: TEMPLATES,
    corners: CORNERS,
};

const TEMPLATES: &[Template] = &[
    // Strings.
    (20, "GET $key", Exact),
    (
        20,
        "SET $key $value [ NX | XX ] [ GET ] \
         [ EX $ttl | PX $pttl | EXAT $at | PXAT $pat | KEEPTTL ]",
        Exact,
    ),
    (
        2,
        "SET $key $value ( NX | XX | GET | KEEPTTL | EX $ttl | PX $pttl | $junk ) +",
        Exact,
    ),
    (6, "SET $key $value", Exact),
    (3, "SETNX $key $value", Exact),
    (3, "SETEX $key $ttl $value", Exact),
    (3, "PSETEX $key $pttl $value", Exact),
    (2, "SET $key $value PX $short", Exact),
    (1, "PEXPIRE $key $short", Exact),
    (3, "GETSET $key $value", Exact),
    (3, "GETDEL $key", Exact),
    (
        5,
        "GETEX $key [ EX $ttl | PX $pttl | EXAT $at | PXAT $pat | PERSIST | $junk ]",
        Exact,
    ),
    (6, "MGET ( $key ) +", Exact),
    (5, "MSET ( $key $value ) +", Exact),
    (4, "MSETNX ( $key $value ) +", Exact),
    (10, "APPEND $key $value", Exact),
    (5, "STRLEN $key", Exact),
    (10, "GETRANGE $key $index $index", Exact),
    (3, "SUBSTR $key $index $index", Exact),
    (10, "SETRANGE $key $offset $value", Exact),
    (3, "SET $nkey $integer", Exact),
    (5, "INCR $nkey", Exact),
    (5, "DECR $nkey", Exact),
    (5, "INCRBY $nkey $integer", Exact),
    (5, "DECRBY $nkey $integer", Exact),
    (6, "INCRBYFLOAT $nkey $float", Exact),
    (3, "SET $nkey $float", Exact),
    (4, "SET $tkey $text", Exact),
    (
        4,
        "LCS $tkey $tkey [ LEN ] [ IDX ] [ MINMATCHLEN $integer ] [ WITHMATCHLEN ] [ $junk ]",
        Exact,
    ),
    // Bitmaps.
    (10, "SETBIT $key $bitoffset $bit", Exact),
    (8, "GETBIT $key $bitoffset", Exact),
    (
        8,
        "BITCOUNT $key [ $index $index [ BYTE | BIT | $junk ] ]",
        Exact,
    ),
    (
        8,
        "BITPOS $key $bit [ $index [ $index [ BYTE | BIT | $junk ] ] ]",
        Exact,
    ),
    (3, "BITOP ( AND | OR | XOR | $junk ) $key ( $key ) +", Exact),
    (2, "BITOP NOT $key ( $key ) +", Exact),
    (
        8,
        "BITFIELD $key ( GET $bittype $fieldoffset | SET $bittype $fieldoffset $integer | \
         INCRBY $bittype $fieldoffset $integer | OVERFLOW ( WRAP | SAT | FAIL ) ) +",
        Exact,
    ),
    (
        2,
        "BITFIELD $key ( GET $bittype $fieldoffset | OVERFLOW $junk | $junk ) +",
        Exact,
    ),
    (3, "BITFIELD_RO $key ( GET $bittype $fieldoffset ) +", Exact),
    (
        1,
        "BITFIELD_RO $key SET $bittype $fieldoffset $integer",
        Exact,
    ),
];
