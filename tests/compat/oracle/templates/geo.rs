//! Geo: sorted sets of interleaved coordinates. Unsorted results have no promised order.
//! Invariants: see `mod.rs`. Must not know: servers. Tests: every run draws each row.

use super::{Group, Template};
use crate::compat::oracle::compare::Compare::{Exact, SetOf, Shape};

pub const GROUP: Group = Group {
    name: "geo",
    templates: TEMPLATES,
    corners: CORNERS,
};

const TEMPLATES: &[Template] = &[
    (
        20,
        "GEOADD $gkey [ NX | XX ] [ CH ] ( $lonlat $place ) +",
        Exact,
    ),
    (
        4,
        "@20 GEOADD g1 $lonlat $place $lonlat $place $lonlat $place",
        Exact,
    ),
    (8, "GEODIST $gkey $place $place [ $unit ]", Exact),
    (6, "GEOHASH $gkey ( $place ) +", Exact),
    (6, "GEOPOS $gkey ( $place ) +", Exact),
    (
        10,
        "GEOSEARCH $gkey $center $area ( ASC | DESC ) [ COUNT $count ] \
         [ WITHCOORD ] [ WITHDIST ] [ WITHHASH ]",
        Exact,
    ),
    (
        5,
        "GEOSEARCH $gkey $center $area COUNT $count [ WITHCOORD ] [ WITHDIST ]",
        Exact,
    ),
    (
        6,
        "GEOSEARCH $gkey $center $area [ WITHCOORD ] [ WITHDIST ] [ WITHHASH ]",
        SetOf(1),
    ),
    (2, "GEOSEARCH $gkey $center $area COUNT $count ANY", Shape),
    (
        1,
        "GEOSEARCH $gkey [ $center ] [ $area ] [ $junk ] [ COUNT $integer ]",
        SetOf(1),
    ),
    (
        4,
        "GEOSEARCHSTORE $gkey $gkey $center $area [ ASC | DESC ] [ COUNT $count ]",
        Exact,
    ),
    // Distances as places would all lie on one spot, and no order among them is promised, so they
    // are stored where no search looks.
    (
        1,
        "GEOSEARCHSTORE $zkey $gkey $center $area [ ASC | DESC ] [ COUNT $count ] STOREDIST",
        Exact,
    ),
    (
        5,
        "GEORADIUS $gkey $lonlat $radius ( ASC | DESC ) [ COUNT $count ] \
         [ WITHCOORD ] [ WITHDIST ] [ WITHHASH ]",
        Exact,
    ),
    (
        3,
        "GEORADIUS $gkey $lonlat $radius [ WITHDIST ] [ $junk ]",
        SetOf(1),
    ),
    (
        3,
        "GEORADIUS $gkey $lonlat $radius ( STORE $gkey | STOREDIST $zkey )",
        Exact,
    ),
    (
        3,
        "GEORADIUS_RO $gkey $lonlat $radius [ WITHCOORD ] [ STORE $gkey ]",
        SetOf(1),
    ),
    (
        2,
        "GEORADIUS_RO $gkey $lonlat $radius ( ASC | DESC ) [ COUNT $count ] \
         [ WITHDIST ] [ WITHHASH ]",
        Exact,
    ),
    (
        1,
        "GEORADIUS $gkey $lonlat $radius COUNT $count ANY [ WITHDIST ]",
        Shape,
    ),
    (
        5,
        "GEORADIUSBYMEMBER $gkey $place $radius ( ASC | DESC ) [ COUNT $count ] \
         [ WITHCOORD ] [ WITHDIST ] [ WITHHASH ]",
        Exact,
    ),
    (
        2,
        "GEORADIUSBYMEMBER $gkey $place $radius ( STORE $gkey | STOREDIST $zkey )",
        Exact,
    ),
    (
        3,
        "GEORADIUSBYMEMBER_RO $gkey $place $radius [ WITHCOORD ] [ WITHDIST ]",
        SetOf(1),
    ),
    (
        2,
        "GEORADIUSBYMEMBER_RO $gkey $place $radius ( ASC | DESC ) COUNT $count [ WITHHASH ]",
        Exact,
    ),
    (
        1,
        "GEORADIUSBYMEMBER_RO $gkey $place $radius COUNT $count ANY",
        Shape,
    ),
    (4, "ZRANGE $gkey 0 -1 WITHSCORES", Exact),
    (3, "ZREM $gkey $place", Exact),
    (1, "ZADD $gkey $score $place", Exact),
];

const CORNERS: &[&str] = &[
    "GEOADD g 13.361389 38.115556 Palermo 15.087269 37.502669 Catania",
    "GEOADD g 181 0 x",
    "GEOADD g 0 86 x",
    "GEOADD g 0",
    "GEOADD g 0 0",
    "GEOADD g x 0 y",
    "GEOADD g NX XX 0 0 y",
    "GEOADD g CH 13.361389 38.115556 Palermo 0 0 zero",
    "GEOADD g NX 1 1 zero",
    "GEOADD g XX 1 1 new",
    "GEOADD g 180 85.05112878 corner -180 -85.05112878 other",
    "GEODIST g Palermo Catania",
    "GEODIST g Palermo Catania km",
    "GEODIST g Palermo Catania mi",
    "GEODIST g Palermo Catania ft",
    "GEODIST g Palermo Catania yd",
    "GEODIST g Palermo missing",
    "GEODIST missing a b",
    "GEODIST g Palermo",
    "GEOHASH g Palermo missing Catania zero",
    "GEOHASH missing a",
    "GEOHASH g",
    "GEOPOS g Palermo missing corner",
    "GEOPOS missing a b",
    "GEOPOS g",
    "GEOSEARCH g FROMLONLAT 15 37 BYRADIUS 200 km ASC WITHCOORD WITHDIST WITHHASH",
    "GEOSEARCH g FROMLONLAT 15 37 BYBOX 400 400 km DESC WITHDIST",
    "GEOSEARCH g FROMMEMBER Palermo BYRADIUS 200 km ASC COUNT 1",
    "GEOSEARCH g FROMMEMBER missing BYRADIUS 200 km ASC",
    "GEOSEARCH missing FROMMEMBER missing BYRADIUS 200 km ASC",
    "GEOSEARCH g FROMLONLAT 15 37 FROMMEMBER Palermo BYRADIUS 200 km",
    "GEOSEARCH g FROMLONLAT 15 37 BYRADIUS 200 km BYBOX 1 1 km",
    "GEOSEARCH g FROMLONLAT 15 37",
    "GEOSEARCH g BYRADIUS 200 km",
    "GEOSEARCH g FROMLONLAT 15 37 BYRADIUS -1 km",
    "GEOSEARCH g FROMLONLAT 15 37 BYRADIUS x km",
    "GEOSEARCH g FROMLONLAT 15 37 BYRADIUS 1 yd",
    "GEOSEARCH g FROMLONLAT 15 37 BYBOX -1 1 km",
    "GEOSEARCH g FROMLONLAT 15 37 BYBOX 1 x km",
    "GEOSEARCH g FROMLONLAT 15 37 BYRADIUS 200 km COUNT 0",
    "GEOSEARCH g FROMLONLAT 15 37 BYRADIUS 200 km COUNT x",
    "GEOSEARCH g FROMLONLAT 15 37 BYRADIUS 200 km ANY",
    "GEOSEARCH g FROMLONLAT 15 37 BYRADIUS 200 km STOREDIST",
    "GEOSEARCH g FROMLONLAT 215 37 BYRADIUS 200 km",
    "GEOSEARCHSTORE t g FROMLONLAT 15 37 BYRADIUS 200 km",
    "ZRANGE t 0 -1 WITHSCORES",
    "GEOSEARCHSTORE t g FROMLONLAT 15 37 BYRADIUS 200 km STOREDIST",
    "ZRANGE t 0 -1 WITHSCORES",
    "GEOSEARCHSTORE t g FROMLONLAT 15 37 BYRADIUS 200 km WITHDIST",
    "GEOSEARCHSTORE t missing FROMLONLAT 15 37 BYRADIUS 200 km",
    "EXISTS t",
    "GEORADIUS g 15 37 200 km ASC WITHDIST COUNT 1",
    "GEORADIUS g 15 37 200 km STORE t",
    "GEORADIUS g 15 37 200 km STORE t WITHDIST",
    "GEORADIUS g 15 37 200 km STORE",
    "GEORADIUS_RO g 15 37 200 km STORE t",
    "GEORADIUS_RO g 15 37 200 km ASC",
    "GEORADIUSBYMEMBER g Palermo 200 km ASC",
    "GEORADIUSBYMEMBER g missing 200 km ASC",
    "GEORADIUSBYMEMBER_RO g Palermo 200 km DESC",
    "SET s v",
    "GEOADD s 1 1 a",
    "GEOPOS s a",
    "GEOHASH s a",
    "GEODIST s a b",
    "GEOSEARCH s FROMLONLAT 15 37 BYRADIUS 200 km",
    "GEORADIUS s 15 37 200 km",
];
