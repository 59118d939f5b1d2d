//! The commands the oracle sends, as templates, and how their replies compare.
//! Invariants: every command of ours that Redis 7.0 knows is here, or excused in `coverage.rs`.
//! Must not know: servers. Tests: `grammar.rs` parses every row when a run begins.

use super::compare::Compare::{self, Eventually, Exact, Near, RandomKey, Scan, SetOf};

/// One row: how often it is drawn, the template, how its replies compare.
pub type Template = (u32, &'static str, Compare);

/// Small numbers share one object in Redis, which has been idle since the server started.
const SHARED_IDLE: Compare = Near(3600);
/// How far apart two clocks' readings may lie, in seconds and in milliseconds.
const SECONDS: Compare = Near(2);
const MILLIS: Compare = Near(2000);

pub const TEMPLATES: &[Template] = &[
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
    // Keys.
    (5, "DEL ( $key ) +", Exact),
    (3, "UNLINK ( $key ) +", Exact),
    (4, "EXISTS ( $key ) +", Exact),
    (2, "TOUCH ( $key ) +", Exact),
    (3, "TYPE $key", Exact),
    (
        4,
        "EXPIRE $key $ttl [ NX | XX | GT | LT | $junk ] [ XX | GT | LT ]",
        Exact,
    ),
    (4, "PEXPIRE $key $pttl [ NX | XX | GT | LT ]", Exact),
    (4, "EXPIREAT $key $at [ NX | XX | GT | LT ]", Exact),
    (4, "PEXPIREAT $key $pat [ NX | XX | GT | LT ]", Exact),
    (4, "TTL $key", SECONDS),
    (4, "PTTL $key", MILLIS),
    (3, "EXPIRETIME $key", SECONDS),
    (3, "PEXPIRETIME $key", MILLIS),
    (3, "PERSIST $key", Exact),
    (5, "RENAME $key $key", Exact),
    (4, "RENAMENX $key $key", Exact),
    (
        5,
        "COPY $key $key [ DB $database ] [ REPLACE ] [ $junk ]",
        Exact,
    ),
    (4, "MOVE $key $database", Exact),
    (4, "OBJECT ENCODING $key", Exact),
    (1, "OBJECT REFCOUNT $key", Exact),
    (1, "OBJECT IDLETIME $key", SHARED_IDLE),
    (1, "OBJECT FREQ $key", Exact),
    (2, "KEYS $pattern", SetOf),
    (
        2,
        "SCAN 0 [ MATCH $pattern ] [ COUNT $count ] [ TYPE ( string | list ) ]",
        Scan,
    ),
    (1, "SCAN $junk", Scan),
    (2, "RANDOMKEY", RandomKey),
    (3, "DBSIZE", Eventually),
    // Databases.
    (4, "SELECT $database", Exact),
    (1, "SWAPDB $database $database", Exact),
    (1, "FLUSHDB [ SYNC | ASYNC | $junk ]", Exact),
    // Connection.
    (1, "PING [ $value ]", Exact),
    (1, "ECHO $value", Exact),
    (1, "CLIENT GETNAME", Exact),
    (1, "CLIENT SETNAME $junk", Exact),
];
