//! What the oracle draws arguments from: keys, values at the borders of every size class,
//! numbers at the edges of their types, times.
//! Invariants: times lie far from each other and from now, unless they are past or due within
//! milliseconds, so that both servers must agree on them. Must not know: commands.
//! Tests: below.

pub mod collection;
pub mod geo;
pub mod payload;
pub mod stream;

use crate::harness::Random;
use rand::RngExt;
use std::time::{SystemTime, UNIX_EPOCH};

/// The keys of strings, which any type may come to.
pub const STRING_KEYS: &[&[u8]] = KEYS;
const KEYS: &[&[u8]] = &[
    b"a",
    b"b",
    b"c",
    b"d",
    b"{tag}1",
    b"{tag}2",
    b"",
    b"\x00\xff\r\n",
    LONG_KEY,
];
const LONG_KEY: &[u8] = &[b'k'; 300];
const NUMBER_KEYS: &[&[u8]] = &[b"n1", b"n2", b"n3"];
const TEXT_KEYS: &[&[u8]] = &[b"t1", b"t2"];

/// Lengths around the borders of Redis's encodings and of chunked storage.
const LENGTHS: &[usize] = &[
    0, 1, 2, 19, 20, 21, 43, 44, 45, 100, 1023, 1024, 1025, 2047, 2048, 2049, 4095, 4096, 4097,
    8191, 8192, 8193, 16383, 16384, 16385, 32767, 32768, 32769, 65535, 65536, 65537,
];
const LONG_LENGTHS: &[usize] = &[131_071, 131_073, 262_144, 1 << 20, (1 << 20) + 1];

const INTEGERS: &[&str] = &[
    "0",
    "1",
    "-1",
    "2",
    "7",
    "10",
    "99",
    "9999",
    "10000",
    "2147483647",
    "-2147483648",
    "2147483648",
    "4294967296",
    "9223372036854775806",
    "9223372036854775807",
    "-9223372036854775808",
    "9223372036854775808",
    "-9223372036854775809",
    "18446744073709551615",
    "18446744073709551616",
    "00",
    "01",
    "+1",
    "-0",
    " 1",
    "1 ",
    "1.0",
    "1e3",
    "",
    "x",
    "0x10",
    "99999999999999999999999",
];
const FLOATS: &[&str] = &[
    "0",
    "1",
    "-1",
    "0.1",
    "-0.1",
    "1.5",
    "3.14159",
    "1e3",
    "1E3",
    "5e-1",
    "1e15",
    "1e17",
    "1e-5",
    "0.0000001",
    "123456789.123456789",
    "-2.5e3",
    ".5",
    "5.",
    "+1.5",
    "inf",
    "-inf",
    "+inf",
    "nan",
    " 1",
    "1 ",
    "",
    "x",
    "0x1p3",
    "1e400",
    "1e4000",
    "1e5000",
    "-0",
    "9007199254740993",
    "1.7976931348623157e308",
];
const PATTERNS: &[&str] = &[
    "*", "*", "f1*", "?", "a", "[a-c]", "[^a]", "{tag}*", "n?", "n[1-2]", "n[3-1]", "\\*", "*k",
    "k*k", "", "**", "[", "[a", "a]", "\\", "*\u{0}*", "??", "*1",
];
// No text that begins with a zero byte: Redis's SORT ... ALPHA takes it for the empty one.
const JUNK: &[&str] = &[
    "x",
    "",
    "NX",
    "GET",
    "EX",
    "KEEPTTL",
    "-1",
    "\u{1}\u{0}",
    "BYTE",
    "COUNT",
    "MATCH",
    "3.5",
];

pub fn pick<'a, T: ?Sized>(random: &mut Random, pool: &[&'a T]) -> &'a T {
    pool[random.random_range(0..pool.len())]
}

pub fn key(random: &mut Random) -> Vec<u8> {
    match random.random_range(0..10) {
        0 => pick(random, NUMBER_KEYS).to_vec(),
        1 => pick(random, TEXT_KEYS).to_vec(),
        _ => pick(random, KEYS).to_vec(),
    }
}

/// A key that mostly holds a number.
pub fn number_key(random: &mut Random) -> Vec<u8> {
    match random.random_bool(0.9) {
        true => pick(random, NUMBER_KEYS).to_vec(),
        false => pick(random, KEYS).to_vec(),
    }
}

/// A key of short texts, for commands of quadratic cost.
pub fn text_key(random: &mut Random) -> Vec<u8> {
    pick(random, TEXT_KEYS).to_vec()
}

pub fn text(random: &mut Random) -> Vec<u8> {
    let length = random.random_range(0..60);
    (0..length)
        .map(|_| b"abc"[random.random_range(0..3)])
        .collect()
}

pub fn value(random: &mut Random) -> Vec<u8> {
    match random.random_range(0..20) {
        0..4 => integer(random),
        4 => float(random),
        5..9 => text(random),
        9 if random.random_bool(0.2) => bytes(random, LONG_LENGTHS),
        _ => bytes(random, LENGTHS),
    }
}

/// Bytes of one of the lengths: constant, random, or mostly zero.
fn bytes(random: &mut Random, lengths: &[usize]) -> Vec<u8> {
    let length = lengths[random.random_range(0..lengths.len())];
    match random.random_range(0..4) {
        0 => vec![0; length],
        1 => vec![0xff; length],
        2 => vec![random.random(); length],
        _ => (0..length).map(|_| random.random()).collect(),
    }
}

pub fn integer(random: &mut Random) -> Vec<u8> {
    match random.random_range(0..5) {
        0 => random.random::<i64>().to_string().into_bytes(),
        1 => random.random_range(-1000..1000).to_string().into_bytes(),
        _ => pick(random, INTEGERS).as_bytes().to_vec(),
    }
}

pub fn float(random: &mut Random) -> Vec<u8> {
    match random.random_range(0..3) {
        0 => format!("{:.3}", random.random_range(-1000.0..1000.0)).into_bytes(),
        _ => pick(random, FLOATS).as_bytes().to_vec(),
    }
}

/// A position in a value: near its borders, from either end, or out of any range.
pub fn index(random: &mut Random) -> Vec<u8> {
    let near = i64::try_from(LENGTHS[random.random_range(0..LENGTHS.len())]).expect("small");
    let index = near + random.random_range(-2..=2);
    match random.random_range(0..20) {
        0..9 => index.to_string().into_bytes(),
        9..14 => (-index).to_string().into_bytes(),
        14..18 => random.random_range(-10..10).to_string().into_bytes(),
        _ => integer(random),
    }
}

/// An offset to write at, which may lie far beyond the end, but not so far that every later
/// reply is hundreds of megabytes long.
pub fn offset(random: &mut Random) -> Vec<u8> {
    match random.random_range(0..20) {
        0..12 => LENGTHS[random.random_range(0..LENGTHS.len())]
            .to_string()
            .into_bytes(),
        12..17 => random.random_range(0..100).to_string().into_bytes(),
        17 => LONG_LENGTHS[random.random_range(0..LONG_LENGTHS.len())]
            .to_string()
            .into_bytes(),
        _ => pick(
            random,
            &["-1", "536870912", "9223372036854775807", "x", "01"],
        )
        .into(),
    }
}

pub fn bit_offset(random: &mut Random) -> Vec<u8> {
    let byte = LENGTHS[random.random_range(0..LENGTHS.len())];
    match random.random_range(0..20) {
        0..10 => (byte * 8 + random.random_range(0..8))
            .to_string()
            .into_bytes(),
        10..17 => random.random_range(0..200).to_string().into_bytes(),
        17 => random.random_range(0..16_000_000).to_string().into_bytes(),
        _ => pick(
            random,
            &["-1", "4294967296", "9223372036854775807", "x", "#1"],
        )
        .into(),
    }
}

pub fn bit(random: &mut Random) -> Vec<u8> {
    pick(
        random,
        &[
            "0", "1", "0", "1", "0", "1", "0", "1", "0", "1", "2", "-1", "x",
        ],
    )
    .into()
}

/// A type of BITFIELD, sometimes an invalid one.
pub fn bit_type(random: &mut Random) -> Vec<u8> {
    match random.random_range(0..10) {
        0 => pick(
            random,
            &["u64", "i65", "u0", "i0", "x8", "u", "", "i-1", "u 8"],
        )
        .into(),
        1..4 => pick(random, &["i64", "u63", "i1", "u1", "i8", "u8"]).into(),
        choice => {
            let sign = if choice % 2 == 0 { 'i' } else { 'u' };
            format!("{sign}{}", random.random_range(1..=63)).into_bytes()
        }
    }
}

/// An offset of BITFIELD: absolute or in units of the type.
pub fn field_offset(random: &mut Random) -> Vec<u8> {
    match random.random_bool(0.3) {
        true => format!("#{}", random.random_range(0..2000)).into_bytes(),
        false => bit_offset(random),
    }
}

pub fn pattern(random: &mut Random) -> Vec<u8> {
    pick(random, PATTERNS).as_bytes().to_vec()
}

pub fn database(random: &mut Random) -> Vec<u8> {
    match random.random_range(0..30) {
        0 => pick(random, &["16", "-1", "x", "", "99999999999", "15"]).into(),
        _ => random.random_range(0..3).to_string().into_bytes(),
    }
}

pub fn junk(random: &mut Random) -> Vec<u8> {
    pick(random, JUNK).as_bytes().to_vec()
}

/// Now, in milliseconds since 1970.
pub fn now_ms() -> i64 {
    let now = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .expect("a clock after 1970");
    i64::try_from(now.as_millis()).expect("a clock before the year 292 million")
}

/// A relative time in `per_second` units: usually between a quarter of an hour and a year, so
/// that two draws never lie so near each other that a comparison depends on the moment.
pub fn relative_time(random: &mut Random, per_second: i64) -> Vec<u8> {
    match random.random_range(0..30) {
        0 => pick(random, &["0", "-1", "-100", "x", "1.5", ""]).into(),
        1 => pick(random, &["9223372036854775807", "-9223372036854775808"]).into(),
        _ => (random.random_range(1000..30_000_000) * per_second)
            .to_string()
            .into_bytes(),
    }
}

/// An absolute time in `per_second` units.
pub fn absolute_time(random: &mut Random, per_second: i64) -> Vec<u8> {
    let seconds = now_ms() / 1000 + random.random_range(1000..30_000_000);
    match random.random_range(0..30) {
        0 => pick(random, &["0", "1", "-1", "x", "", "1000000000"]).into(),
        1 => pick(random, &["9223372036854775807", "-9223372036854775808"]).into(),
        _ => (seconds * per_second).to_string().into_bytes(),
    }
}

#[test]
fn values_reach_every_border() {
    let mut random = crate::harness::seed::random(7);
    let mut lengths = std::collections::HashSet::new();
    for _ in 0..20_000 {
        lengths.insert(value(&mut random).len());
    }
    assert!(
        LENGTHS
            .iter()
            .chain(LONG_LENGTHS)
            .all(|length| lengths.contains(length))
    );
}
