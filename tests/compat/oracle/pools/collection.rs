//! What collections are made of: keys by type, members, scores, ranges, runs of many elements.
//! Invariants: a small universe, so that commands meet the same elements; a run of many elements
//! and its removal draw from the same names. Must not know: commands. Tests: below.

use super::{float, integer, pick, text, value};
use crate::harness::Random;
use rand::RngExt;

pub const LIST_KEYS: &[&[u8]] = &[b"l1", b"l2", b"l3", b"l1"];
pub const HASH_KEYS: &[&[u8]] = &[b"h1", b"h2", b"h3"];
pub const SET_KEYS: &[&[u8]] = &[b"s1", b"s2", b"s3", b"s4", b"i1"];
/// Sets that mostly hold integers.
pub const INTEGER_SET_KEYS: &[&[u8]] = &[b"i1", b"i2"];
pub const ZSET_KEYS: &[&[u8]] = &[b"z1", b"z2", b"z3"];
/// Sorted sets of equal scores, without which ranges of texts have no meaning.
pub const LEX_KEYS: &[&[u8]] = &[b"zlex1", b"zlex2"];
pub const STREAM_KEYS: &[&[u8]] = &[b"x1", b"x2"];
pub const GEO_KEYS: &[&[u8]] = &[b"g1", b"g2"];
pub const HYPERLOGLOG_KEYS: &[&[u8]] = &[b"p1", b"p2", b"p3"];
pub const SORT_KEYS: &[&[u8]] = &[b"sl", b"ss", b"sz", b"sl2"];

const MEMBERS: &[&[u8]] = &[
    b"a", b"b", b"c", b"d", b"e", b"f", b"g", b"0", b"1", b"2", b"3", b"5", b"10", b"-1", b"100",
    b"127", b"128",
];
const ODD_MEMBERS: &[&[u8]] = &[
    b"",
    // Different before the zero byte, behind which Redis's SORT ... ALPHA does not look.
    b"\x02\x00\xff\r\n",
    b"\x01\x00",
    b"\xff\xff",
    b"aa",
    b"A",
    b"1.5",
    b"-0",
    b"007",
    b"3.0e3",
    b"32767",
    b"32768",
    b"-32769",
    b"2147483648",
    b"9223372036854775807",
    b"-9223372036854775808",
    b"9223372036854775808",
    &[b'm'; 63],
    &[b'm'; 64],
    &[b'm'; 65],
    &[b'q'; 1100],
];
const VERY_LONG_MEMBERS: &[&[u8]] = &[&[b'r'; 4097], &[b's'; 9000], &[b't'; 70_000]];

const SCORES: &[&str] = &[
    "inf",
    "-inf",
    "+inf",
    "infinity",
    // Not -0: see the deviation `negative-zero`.
    "0.1",
    "0.30000000000000004",
    "1e5",
    "1e-5",
    "1e17",
    "1e21",
    "-2.5e-3",
    "12345678901234567",
    "123456789012345678",
    "9007199254740993",
    "3.1415926535897931",
    "1e308",
    "0.0000001",
    "1e400",
    "-1e400",
    "1e-400",
    "4.9e-324",
    "0.1e-320",
];
const BAD_SCORES: &[&str] = &["nan", "x", "", "1 ", " 1", "1e", "0x10", "1,5"];
const LEX_BOUNDS: &[&str] = &[
    "-", "+", "-", "+", "[a", "(a", "[b", "(c", "[e", "[", "(", "[f100", "(f150", "[mmm", "(1",
    "a", "",
];
const RANGE_OPTIONS: &[&str] = &[
    "BYSCORE",
    "BYLEX",
    "REV",
    "WITHSCORES",
    "LIMIT",
    "0",
    "-1",
    "3",
];
/// Elements that SORT can take apart: no zero byte, mostly numbers.
const SORTABLES: &[&str] = &["1", "2", "3", "4", "10", "-1.5", "2e1", "0", "1.0", "01"];
// Not the empty text: Redis's ALPHA takes a text that begins with a zero byte for it, and orders
// equals by chance.
const SORTABLE_TEXTS: &[&str] = &["a", "B", "b", "aa", "x y", "\u{fc}"];
const BY: &[&str] = &["w_*", "h_*->f", "h_*->missing", "*", "missing_*", "h_*->"];
const GETS: &[&str] = &["#", "w_*", "h_*->f", "h_*->g", "x", "missing_*", "*"];

/// How many elements a run has: few, or as many as cross a border of some encoding.
pub fn run_length(random: &mut Random) -> usize {
    match random.random_range(0..100) {
        0..86 => random.random_range(1..=4),
        86..90 => random.random_range(20..=70),
        90..94 => random.random_range(126..=131),
        94..97 => 200,
        97..99 => random.random_range(510..=515),
        _ => 600,
    }
}

pub fn member(random: &mut Random) -> Vec<u8> {
    match random.random_range(0..200) {
        0..160 => pick(random, MEMBERS).to_vec(),
        160..164 => text(random),
        164 => pick(random, VERY_LONG_MEMBERS).to_vec(),
        165 => value(random),
        166..175 => numbered(random.random_range(0..600), false),
        175..185 => sized(random),
        _ => pick(random, ODD_MEMBERS).to_vec(),
    }
}

/// One of a few elements of which some together are as long as a row or a node may be, so that
/// collections of them pass those borders in both directions.
fn sized(random: &mut Random) -> Vec<u8> {
    let number = random.random_range(0..10u8);
    vec![b'A' + number; 90 * (usize::from(number) + 1)]
}

/// The element of this number in a run of many.
fn numbered(number: usize, integers: bool) -> Vec<u8> {
    match integers {
        true => (number + 1000).to_string().into_bytes(),
        false => format!("f{number}").into_bytes(),
    }
}

/// A run of elements: some drawn alone, or many in a row of the same universe.
pub fn members(random: &mut Random) -> Vec<Vec<u8>> {
    let length = run_length(random);
    if length < 10 {
        return (0..length).map(|_| member(random)).collect();
    }
    let (start, integers) = (random.random_range(0..60), random.random_bool(0.3));
    (start..start + length)
        .map(|number| numbered(number, integers))
        .collect()
}

/// A run of integers.
pub fn integers(random: &mut Random) -> Vec<Vec<u8>> {
    let length = run_length(random);
    if length < 10 {
        let one = |random: &mut Random| match random.random_range(0..12) {
            0 => integer(random),
            1 => member(random),
            _ => random.random_range(-20..20).to_string().into_bytes(),
        };
        return (0..length).map(|_| one(random)).collect();
    }
    let start = random.random_range(0..60);
    (start..start + length)
        .map(|number| numbered(number, true))
        .collect()
}

pub fn field_value(random: &mut Random) -> Vec<u8> {
    match random.random_range(0..20) {
        0..10 => member(random),
        10..13 => integer(random),
        13..15 => float(random),
        15..18 => text(random),
        18 => vec![b'w'; random.random_range(100..500)],
        _ => vec![b'v'; random.random_range(0..5000)],
    }
}

/// A field of few that mostly hold numbers.
pub fn number_field(random: &mut Random) -> Vec<u8> {
    pick(random, &["n", "m"]).into()
}

pub fn score(random: &mut Random) -> Vec<u8> {
    match random.random_range(0..40) {
        0..24 => small_score(random),
        24..29 => format!("{:.2}", random.random_range(-50.0..50.0)).into_bytes(),
        29..31 => format!("{}", random.random::<f64>()).into_bytes(),
        31 if random.random_bool(0.5) => pick(random, BAD_SCORES).into(),
        _ => pick(random, SCORES).into(),
    }
}

pub fn small_score(random: &mut Random) -> Vec<u8> {
    random.random_range(-5..=8).to_string().into_bytes()
}

/// An end of a score range; `open` is what stands for no bound.
pub fn score_bound(random: &mut Random, open: &str) -> Vec<u8> {
    match random.random_range(0..10) {
        0..3 => open.into(),
        3..5 => [b"(", score(random).as_slice()].concat(),
        _ => score(random),
    }
}

pub fn lex_bound(random: &mut Random) -> Vec<u8> {
    pick(random, LEX_BOUNDS).into()
}

/// One option of ZRANGE among many, valid together or not.
pub fn range_options(random: &mut Random) -> Vec<Vec<u8>> {
    let count = random.random_range(0..4);
    (0..count)
        .map(|_| pick(random, RANGE_OPTIONS).into())
        .collect()
}

/// A position or count near the borders of the encodings.
pub fn rank(random: &mut Random) -> Vec<u8> {
    match random.random_range(0..40) {
        0..28 => random.random_range(-6..10).to_string().into_bytes(),
        28..37 => {
            let near = *[64, 127, 128, 129, 200, 512, 599, -128, -200]
                .get(random.random_range(0..9))
                .expect("nine borders");
            (near + random.random_range(-1..=1))
                .to_string()
                .into_bytes()
        }
        _ => integer(random),
    }
}

pub fn small_rank(random: &mut Random) -> Vec<u8> {
    match random.random_range(0..30) {
        0 => integer(random),
        _ => random.random_range(-4..8).to_string().into_bytes(),
    }
}

/// How many elements to draw at random: distinct ones, or with repetition if negative.
pub fn random_count(random: &mut Random) -> Vec<u8> {
    match random.random_range(0..30) {
        0 => pick(random, &["x", "", "1.5", "9223372036854775808"]).into(),
        1 => b"700".to_vec(),
        2 => b"-100".to_vec(),
        _ => random.random_range(-6..12).to_string().into_bytes(),
    }
}

/// A timeout of a command that must not wait for it.
pub fn timeout(random: &mut Random) -> Vec<u8> {
    match random.random_range(0..12) {
        0 => pick(random, &["-1", "x", "", "nan", "1e400", "-0.1"]).into(),
        _ => pick(random, &["0.01", "0.001", "0.02"]).into(),
    }
}

pub fn sortable(random: &mut Random) -> Vec<u8> {
    match random.random_range(0..25) {
        0 => pick(random, SORTABLE_TEXTS).into(),
        _ => pick(random, SORTABLES).into(),
    }
}

pub fn weight_key(random: &mut Random, prefix: &str) -> Vec<u8> {
    let element = pick(random, SORTABLES);
    format!("{prefix}{element}").into_bytes()
}

pub fn by(random: &mut Random) -> Vec<u8> {
    pick(random, BY).into()
}

/// Up to three GET clauses.
pub fn gets(random: &mut Random) -> Vec<Vec<u8>> {
    let count = random.random_range(0..4usize).saturating_sub(1);
    let clause = |random: &mut Random| [b"GET".to_vec(), pick(random, GETS).into()];
    (0..count).flat_map(|_| clause(random)).collect()
}

#[test]
fn members_repeat_and_runs_cross_the_borders() {
    let mut random = crate::harness::seed::random(3);
    let drawn: Vec<Vec<u8>> = (0..2000).map(|_| member(&mut random)).collect();
    assert!(drawn.iter().filter(|one| one.as_slice() == b"a").count() > 20);
    assert!(drawn.iter().any(|one| one.len() == 65));
    assert!(drawn.iter().any(|one| one.len() > 1024));
    let lengths: Vec<usize> = (0..2000).map(|_| members(&mut random).len()).collect();
    for border in [1, 128, 129, 200, 512, 513, 600] {
        assert!(lengths.contains(&border), "{border}");
    }
}
