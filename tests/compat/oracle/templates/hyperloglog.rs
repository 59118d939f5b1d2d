//! HyperLogLog, whose strings are compared byte for byte.
//! Invariants: see `mod.rs`; no string is damaged inside, since how far a damaged one is read
//! before the damage is found is each server's own.
//! Must not know: servers. Tests: every run draws each row.

use super::{Group, Template};
use crate::compat::oracle::compare::Compare::Exact;

pub const GROUP: Group = Group {
    name: "hyperloglog",
    templates: TEMPLATES,
    corners: CORNERS,
};

const TEMPLATES: &[Template] = &[
    (20, "PFADD $pkey $members", Exact),
    (2, "PFADD $pkey", Exact),
    (5, "@40 PFADD p1 $members", Exact),
    (
        1,
        "@150 PFADD p2 $members $members $members $members",
        Exact,
    ),
    (15, "PFCOUNT ( $pkey ) +", Exact),
    (8, "PFMERGE $pkey ( $pkey ) +", Exact),
    (1, "PFMERGE $pkey", Exact),
    (6, "GET $pkey", Exact),
    (2, "STRLEN $pkey", Exact),
    (2, "PFDEBUG ENCODING $pkey", Exact),
    (2, "PFDEBUG DECODE $pkey", Exact),
    (1, "PFDEBUG TODENSE $pkey", Exact),
    (1, "PFDEBUG GETREG $pkey", Exact),
    (1, "SET $pkey $value", Exact),
    (1, "DEL $pkey", Exact),
    (
        1,
        "CONFIG SET hll-sparse-max-bytes ( 0 | 100 | 3000 | 16000 )",
        Exact,
    ),
];

const CORNERS: &[&str] = &[
    "PFADD p a b c",
    "PFADD p a",
    "GET p",
    "PFCOUNT p",
    "GET p",
    "PFCOUNT missing",
    "PFCOUNT p missing",
    "PFMERGE q p missing",
    "GET q",
    "PFMERGE r",
    "GET r",
    "PFDEBUG FROB p",
    "PFDEBUG ENCODING missing",
    "PFDEBUG ENCODING p",
    "PFDEBUG DECODE p",
    "PFDEBUG TODENSE p",
    "PFDEBUG DECODE p",
    "PFDEBUG GETREG q",
    "SET s v",
    "PFADD s a",
    "PFCOUNT s",
    "PFCOUNT p s",
    "PFMERGE s p",
    "PFMERGE p s",
    "SET s HYLL",
    "PFCOUNT s",
    "SET s \"HYLL\\x01\\x00\\x00\\x00\\x00\\x00\\x00\\x00\\x00\\x00\\x00\\x80\"",
    "PFCOUNT s",
    "SET s \"HYLL\\x00\\x00\\x00\\x00\\x00\\x00\\x00\\x00\\x00\\x00\\x00\\x80\"",
    "PFCOUNT s",
    "SET s \"HYLL\\x02\\x00\\x00\\x00\\x00\\x00\\x00\\x00\\x00\\x00\\x00\\x80\"",
    "PFCOUNT s",
];
