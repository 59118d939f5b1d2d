//! SORT over lists, sets and sorted sets of their own, with weights in strings and hashes.
//! Invariants: elements hold no zero byte, where Redis's collation stops; equal texts under
//! `ALPHA BY` have no order, so they are compared as sets. Must not know: servers.
//! Tests: every run draws each row.

use super::{Group, Template};
use crate::compat::oracle::compare::Compare::{Exact, SetOf};

pub const GROUP: Group = Group {
    name: "sort",
    templates: TEMPLATES,
    corners: CORNERS,
};

const TEMPLATES: &[Template] = &[
    (10, "RPUSH sl $sortables", Exact),
    (8, "SADD ss $sortables", Exact),
    (
        8,
        "ZADD sz $smallscore $sortable $smallscore $sortable",
        Exact,
    ),
    (
        10,
        "MSET $weightkey $smallscore $weightkey $smallscore",
        Exact,
    ),
    (8, "HSET $weighthash f $smallscore g $sortable", Exact),
    (2, "DEL $sortkey", Exact),
    (2, "DEL $weightkey $weighthash", Exact),
    (
        10,
        "SORT $sortkey [ LIMIT $smallrank $smallrank ] [ ASC | DESC ]",
        Exact,
    ),
    (
        10,
        "SORT $sortkey [ LIMIT $smallrank $smallrank ] [ ASC | DESC ] ALPHA $gets",
        Exact,
    ),
    (
        10,
        "SORT $sortkey BY $by [ LIMIT $smallrank $smallrank ] [ ASC | DESC ] $gets",
        Exact,
    ),
    (
        4,
        "SORT $sortkey BY $by [ ASC | DESC ] ALPHA $gets",
        SetOf(1),
    ),
    (
        6,
        "SORT ( sl | sz ) BY ( nosort | w_ ) [ DESC ] [ LIMIT $smallrank $smallrank ] $gets",
        Exact,
    ),
    (2, "SORT ss BY nosort", SetOf(1)),
    (
        6,
        "SORT $sortkey [ BY $by ] [ LIMIT $smallrank $smallrank ] $gets [ DESC ] STORE sl2",
        Exact,
    ),
    (4, "SORT $sortkey ALPHA [ DESC ] STORE ( sl | sl2 )", Exact),
    (2, "LRANGE sl2 0 -1", Exact),
    (
        6,
        "SORT_RO $sortkey [ BY $by ] [ LIMIT $smallrank $smallrank ] $gets [ ASC | DESC ]",
        Exact,
    ),
    (2, "SORT_RO $sortkey ALPHA [ STORE sl2 ]", Exact),
    (2, "SORT ( $sortkey | $anykey ) [ $junk ]", Exact),
];

const CORNERS: &[&str] = &[
    "RPUSH sl 3 1 2 10 -1.5",
    "SORT sl",
    "SORT sl DESC LIMIT 1 2",
    "SORT sl LIMIT -1 2",
    "SORT sl LIMIT 10 2",
    "SORT sl LIMIT 0 -1",
    "SORT sl LIMIT 0",
    "SORT sl LIMIT x y",
    "SORT sl FROB",
    "SORT sl BY",
    "SORT sl GET",
    "SORT sl STORE",
    "MSET w_1 30 w_2 20 w_3 10 d_1 one d_2 two",
    "HSET h_1 f 5 g x",
    "HSET h_2 f 4",
    "SORT sl BY w_*",
    "SORT sl BY w_* GET d_* GET #",
    "SORT sl BY h_*->f GET h_*->g",
    "SORT sl BY h_*-> GET h_*->",
    "SORT sl BY nosort GET #",
    "SORT sl GET nostar",
    "SORT sl BY d_*",
    "SORT sl ALPHA",
    "SORT sl STORE dst",
    "LRANGE dst 0 -1",
    "SORT missing STORE dst",
    "EXISTS dst",
    "SORT missing",
    "SORT_RO sl STORE dst",
    "SORT_RO sl DESC",
    "RPUSH sl x",
    "SORT sl",
    "RPUSH nan nan 1",
    "SORT nan",
    "RPUSH inf inf 1 -inf",
    "SORT inf",
    "SET str v",
    "SORT str",
    "SORT sl ALPHA STORE str",
    "TYPE str",
    "HSET hash a b",
    "SORT hash",
    "ZADD sz 3 a 1 b 2 c",
    "SORT sz BY nosort",
    "SORT sz BY nosort DESC LIMIT 0 2",
    "SORT sz ALPHA",
    "SADD ss 5 4 3 2 1",
    "SORT ss BY nosort STORE dst",
    "LRANGE dst 0 -1",
    "SORT ss GET # GET w_*",
];
