//! The kinds of arguments that templates name: `$member`, `$zalgebra`, `$ttl`.
//! Invariants: depends on the random generator, the wall clock and the number of commands drawn
//! so far alone. Must not know: commands. Tests: `draw.rs` draws every kind that a template names.

use super::draw::Step;
use super::pools::{self, collection, geo, stream};
use crate::harness::Random;
use rand::RngExt;

/// What an argument may depend on besides chance.
pub struct Scene<'a> {
    /// The keys that `$anykey` mostly names: those of the type a run is about.
    pub focus: &'a [&'static [&'static [u8]]],
    /// Commands drawn so far, from which stream ids take their time.
    pub draws: u64,
}

/// Every typed pool of keys, where a key of the wrong type comes from.
pub const ALL_KEYS: &[&[&[u8]]] = &[
    collection::LIST_KEYS,
    collection::HASH_KEYS,
    collection::SET_KEYS,
    collection::INTEGER_SET_KEYS,
    collection::ZSET_KEYS,
    collection::STREAM_KEYS,
    collection::GEO_KEYS,
    collection::HYPERLOGLOG_KEYS,
    pools::STRING_KEYS,
];

/// Appends the arguments of one kind.
pub fn push(kind: &str, random: &mut Random, scene: &Scene, step: &mut Step) {
    let one = key(kind, random, scene)
        .or_else(|| plain(kind, random))
        .or_else(|| collected(kind, random))
        .or_else(|| streamed(kind, random, scene.draws));
    if let Some(argument) = one {
        step.arguments.push(argument);
    } else if kind == "short" {
        step.pause_ms = random.random_range(1..15);
        step.arguments.push(step.pause_ms.to_string().into_bytes());
    } else {
        let several = several(kind, random, scene);
        let several =
            several.unwrap_or_else(|| panic!("a template names an unknown kind: ${kind}"));
        step.arguments.extend(several);
    }
}

fn key(kind: &str, random: &mut Random, scene: &Scene) -> Option<Vec<u8>> {
    let pool = match kind {
        "key" => return Some(pools::key(random)),
        "nkey" => return Some(pools::number_key(random)),
        "tkey" => return Some(pools::text_key(random)),
        "anykey" => scene.focus[random.random_range(0..scene.focus.len())],
        "lkey" => collection::LIST_KEYS,
        "hkey" => collection::HASH_KEYS,
        "skey" => collection::SET_KEYS,
        "ikey" => collection::INTEGER_SET_KEYS,
        "zkey" => collection::ZSET_KEYS,
        "xkey" => collection::STREAM_KEYS,
        "gkey" => collection::GEO_KEYS,
        "pkey" => collection::HYPERLOGLOG_KEYS,
        "sortkey" => return Some(pools::pick(random, collection::SORT_KEYS).to_vec()),
        "lexkey" => return Some(pools::pick(random, collection::LEX_KEYS).to_vec()),
        _ => return None,
    };
    Some(typed_key(random, pool))
}

/// A key of a pool, now and then of another type's.
fn typed_key(random: &mut Random, pool: &[&[u8]]) -> Vec<u8> {
    match random.random_range(0..50) {
        0 => {
            let other = ALL_KEYS[random.random_range(0..ALL_KEYS.len())];
            pools::pick(random, other).to_vec()
        }
        _ => pools::pick(random, pool).to_vec(),
    }
}

fn plain(kind: &str, random: &mut Random) -> Option<Vec<u8>> {
    Some(match kind {
        "value" => pools::value(random),
        "text" => pools::text(random),
        "integer" => pools::integer(random),
        "float" => pools::float(random),
        "index" => pools::index(random),
        "offset" => pools::offset(random),
        "bit" => pools::bit(random),
        "bitoffset" => pools::bit_offset(random),
        "bittype" => pools::bit_type(random),
        "fieldoffset" => pools::field_offset(random),
        "pattern" => pools::pattern(random),
        "database" => pools::database(random),
        "count" => random.random_range(1..30).to_string().into_bytes(),
        "bulkcount" => random.random_range(60..400).to_string().into_bytes(),
        "junk" => pools::junk(random),
        "ttl" => pools::relative_time(random, 1),
        "pttl" => pools::relative_time(random, 1000),
        "at" => pools::absolute_time(random, 1),
        "pat" => pools::absolute_time(random, 1000),
        "payload" => pools::payload::payload(random),
        _ => return None,
    })
}

fn collected(kind: &str, random: &mut Random) -> Option<Vec<u8>> {
    Some(match kind {
        "member" => collection::member(random),
        "hvalue" => collection::field_value(random),
        "number" => collection::number_field(random),
        "score" => collection::score(random),
        "smallscore" => collection::small_score(random),
        "min" => collection::score_bound(random, "-inf"),
        "max" => collection::score_bound(random, "+inf"),
        "lex" => collection::lex_bound(random),
        "rank" => collection::rank(random),
        "smallrank" => collection::small_rank(random),
        "randomcount" => collection::random_count(random),
        // Mostly without end.
        "wait" => pools::pick(random, &["0", "0", "0", "0.0", "0", "0.03"]).into(),
        "timeout" => collection::timeout(random),
        "sortable" => collection::sortable(random),
        "weightkey" => collection::weight_key(random, "w_"),
        "weighthash" => collection::weight_key(random, "h_"),
        "by" => collection::by(random),
        "place" => geo::place(random),
        "unit" => geo::unit(random),
        _ => return None,
    })
}

fn streamed(kind: &str, random: &mut Random, draws: u64) -> Option<Vec<u8>> {
    Some(match kind {
        "xaddid" => stream::add_id(random, draws),
        "xid" => stream::id(random, draws),
        "xfrom" => stream::bound(random, draws, "-"),
        "xto" => stream::bound(random, draws, "+"),
        "xgroup" => stream::group(random),
        "consumer" => stream::consumer(random),
        "idle" => stream::idle(random),
        "moment" => stream::moment(random),
        _ => return None,
    })
}

fn several(kind: &str, random: &mut Random, scene: &Scene) -> Option<Vec<Vec<u8>>> {
    let odd = random.random_range(0..30) == 0;
    Some(match kind {
        "members" => collection::members(random),
        "integers" => collection::integers(random),
        "pairs" => paired(random, |random, member| {
            [member, collection::field_value(random)]
        }),
        "scored" => paired(random, |random, member| [collection::score(random), member]),
        "unscored" => paired(random, |_, member| [b"0".to_vec(), member]),
        "sortables" => (0..random.random_range(1..6))
            .map(|_| collection::sortable(random))
            .collect(),
        "gets" => collection::gets(random),
        "rangeoptions" => collection::range_options(random),
        "lkeys" => counted(keys(random, collection::LIST_KEYS, &[]), odd),
        "skeys" => counted(keys(random, collection::SET_KEYS, &[]), odd),
        "zkeys" => counted(keys(random, collection::ZSET_KEYS, &[]), odd),
        "zsetkeys" => counted(keys(random, collection::ZSET_KEYS, SETS), odd),
        "zalgebra" => algebra(random, odd),
        "lonlat" => geo::position(random),
        "radius" => geo::radius(random),
        "center" => geo::center(random),
        "area" => geo::area(random),
        "xstreams" => {
            let keys = keys(random, collection::STREAM_KEYS, &[]);
            stream::streams(keys, || stream::id(random, scene.draws), odd)
        }
        "xgroupstreams" => {
            let keys = keys(random, collection::STREAM_KEYS, &[]);
            stream::streams(keys, || stream::group_position(random, scene.draws), odd)
        }
        _ => return None,
    })
}

const SETS: &[&[u8]] = collection::SET_KEYS;

/// A run of members, each with something beside it.
fn paired(
    random: &mut Random,
    mut with: impl FnMut(&mut Random, Vec<u8>) -> [Vec<u8>; 2],
) -> Vec<Vec<u8>> {
    let members = collection::members(random);
    members
        .into_iter()
        .flat_map(|member| with(random, member))
        .collect()
}

/// One to three keys of a pool, some of them of another.
fn keys(random: &mut Random, pool: &[&[u8]], others: &[&[u8]]) -> Vec<Vec<u8>> {
    let count = random.random_range(1..=3);
    let key = |random: &mut Random| match !others.is_empty() && random.random_bool(0.25) {
        true => typed_key(random, others),
        false => typed_key(random, pool),
    };
    (0..count).map(|_| key(random)).collect()
}

/// Keys after their number, which may be off by one.
fn counted(keys: Vec<Vec<u8>>, wrong: bool) -> Vec<Vec<u8>> {
    let count = keys.len() + usize::from(wrong);
    let number = count.to_string().into_bytes();
    std::iter::once(number).chain(keys).collect()
}

/// Keys with weights and a way to aggregate, in either order.
fn algebra(random: &mut Random, odd: bool) -> Vec<Vec<u8>> {
    let keys = keys(random, collection::ZSET_KEYS, SETS);
    let mut clauses: Vec<Vec<Vec<u8>>> = Vec::new();
    if random.random_bool(0.4) {
        let weights = keys.iter().map(|_| match random.random_range(0..3) {
            0 => collection::score(random),
            _ => collection::small_score(random),
        });
        clauses.push(
            std::iter::once(b"WEIGHTS".to_vec())
                .chain(weights)
                .collect(),
        );
    }
    if random.random_bool(0.5) {
        let way = pools::pick(random, &["SUM", "MIN", "MAX", "min"]);
        clauses.push(vec![b"AGGREGATE".to_vec(), way.into()]);
    }
    if random.random_bool(0.5) {
        clauses.reverse();
    }
    let head = counted(keys, odd);
    head.into_iter().chain(clauses.concat()).collect()
}
