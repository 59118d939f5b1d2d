//! Sorted sets beside a `BTreeMap`: random changes, with commits and reopening in between, over the
//! edges between packed and spread; ranges by rank, score and member; bulk removal; walks.

mod common;

use common::{DISK, Directory};
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use std::collections::{BTreeMap, BTreeSet};
use storage::change::Event;
use storage::encoding::score::score_key;
use storage::ops::draw::Draw;
use storage::ops::zset::{
    self, Added, Aggregate, Algebra, Bound, Condition, End, LexBound, LexRange, Limit, Range,
    ScoreRange, Scored, Source, Thresholds,
};

const KEY: &[u8] = b"{a}zset";
const THRESHOLDS: Thresholds = Thresholds {
    listpack_entries: 128,
    listpack_value: 64,
};

type Model = BTreeMap<Vec<u8>, f64>;

fn member(random: &mut StdRng) -> Vec<u8> {
    let mut member = format!("member:{}", random.random_range(0..500)).into_bytes();
    if random.random_bool(0.02) {
        member.resize(random.random_range(200..3000), b'.');
    }
    member
}

fn sorted(model: &Model) -> Vec<(f64, Vec<u8>)> {
    let mut pairs: Vec<(f64, Vec<u8>)> = model.iter().map(|(m, s)| (*s, m.clone())).collect();
    pairs.sort_by_key(|one| score_key(one.0, &one.1));
    pairs
}

fn plain(found: Vec<Scored>) -> Vec<(f64, Vec<u8>)> {
    found
        .into_iter()
        .map(|one| (one.score, one.member.to_vec()))
        .collect()
}

fn contents(directory: &Directory) -> Vec<(f64, Vec<u8>)> {
    let view = directory.store.view(0, DISK).unwrap();
    let all = Range::Ranks(0, -1);
    let found = plain(zset::range(&view, KEY, &all, false, Limit::NONE).unwrap());
    assert_eq!(zset::len(&view, KEY).unwrap(), found.len() as u64);
    found
}

/// What every reading operation must say of the model.
fn look(directory: &Directory, model: &Model, random: &mut StdRng) {
    let view = directory.store.view(0, DISK).unwrap();
    let pairs = sorted(model);
    for _ in 0..10 {
        let member = member(random);
        let score = zset::score(&view, KEY, &member).unwrap();
        assert_eq!(score, model.get(&member).copied());
        let rank = zset::rank(&view, KEY, &member, false).unwrap();
        let place = pairs.iter().position(|(_, other)| *other == member);
        assert_eq!(rank.map(|(rank, _)| rank as usize), place);
    }
    let (low, high) = (random.random_range(-20..20), random.random_range(-20..20));
    let exclusive = random.random_bool(0.5);
    let bound = |score: i32| Bound {
        score: f64::from(score),
        exclusive,
    };
    let range = Range::Scores(ScoreRange {
        min: bound(low),
        max: bound(high),
    });
    let inside = |score: f64| match exclusive {
        true => score > f64::from(low) && score < f64::from(high),
        false => score >= f64::from(low) && score <= f64::from(high),
    };
    let mut expected = pairs.clone();
    expected.retain(|(score, _)| inside(*score));
    let count = zset::count(&view, KEY, &range).unwrap();
    assert_eq!(count, expected.len() as u64);
    let limit = Limit {
        offset: random.random_range(0..5),
        count: random.random_range(0..9),
    };
    let found = zset::range(&view, KEY, &range, true, limit).unwrap();
    expected.reverse();
    let wanted = expected.into_iter().skip(limit.offset as usize);
    let wanted: Vec<_> = wanted.take(limit.count as usize).collect();
    assert_eq!(plain(found), wanted);
}

#[test]
fn a_sorted_set_behaves_like_one_through_growth_shrinking_and_restarts() {
    for seed in 0..4 {
        let mut random = StdRng::seed_from_u64(seed);
        let mut directory = Directory::new();
        let mut model = Model::new();
        for round in 0..80 {
            let growing = (round / 10) % 2 == 0;
            let mut edit = directory.store.edit(0, DISK).unwrap();
            for _ in 0..random.random_range(1..60) {
                let member = member(&mut random);
                let score = f64::from(random.random_range(-20..20)) / 2.0;
                if random.random_bool(if growing { 0.9 } else { 0.1 }) {
                    let pairs = [(score, &member[..])];
                    let condition = Condition::default();
                    let done = zset::add(&mut edit, KEY, &pairs, condition, &THRESHOLDS).unwrap();
                    let old = model.insert(member, score);
                    let expected = Added {
                        added: u64::from(old.is_none()),
                        updated: u64::from(old.is_some_and(|old| old != score)),
                    };
                    assert_eq!(done, expected);
                } else {
                    let gone = zset::remove(&mut edit, KEY, [&member[..]].into_iter()).unwrap();
                    assert_eq!(gone > 0, model.remove(&member).is_some());
                }
            }
            if round % 13 == 12 {
                let end = [End::Min, End::Max][random.random_range(0..2)];
                let popped = zset::pop(&mut edit, KEY, end, 7).unwrap();
                for one in popped.unwrap_or_default() {
                    assert_eq!(model.remove(&*one.member), Some(one.score));
                }
            }
            let position = edit.stage().unwrap();
            assert_eq!(contents(&directory), sorted(&model), "seed {seed}, {round}");
            look(&directory, &model, &mut random);
            directory.store.leader().wait_blocking(position).unwrap();
            if round % 20 == 19 {
                directory = directory.reopen();
                assert_eq!(contents(&directory), sorted(&model));
            }
        }
        is_clean(directory);
    }
}

fn is_clean(directory: Directory) {
    let path = directory.path();
    let _dir = directory.close();
    let report = storage::check::check(&path, 20).unwrap();
    assert!(report.is_clean(), "{:?}", report.problems);
}

/// Stores `count` members, their scores rising, in the way of the STORE commands.
fn fill(directory: &Directory, count: u32) -> Model {
    let members: Vec<Scored> = (0..count)
        .map(|n| Scored {
            member: storage::Value::from(format!("member:{n}").into_bytes()),
            score: f64::from(n),
        })
        .collect();
    let mut edit = directory.store.edit(0, DISK).unwrap();
    let event = Event::ZUnionStore;
    let len = zset::store(&mut edit, KEY, &members, event, &THRESHOLDS).unwrap();
    assert_eq!(len, u64::from(count));
    edit.stage().unwrap();
    let pairs = members.into_iter();
    pairs.map(|one| (one.member.to_vec(), one.score)).collect()
}

#[test]
fn large_ranges_are_removed_and_the_rest_stays_whole() {
    let id = |directory: &Directory| {
        let view = directory.view(0);
        let header = view.open(KEY).unwrap().header().cloned();
        header.and_then(|header| header.head).map(|head| head.id)
    };
    // A set that keeps most of its members keeps its id, and the rows of the others.
    for (count, from, to, stays) in [
        (40_000u32, 100i64, 30_000i64, false),
        (40_000, 20, -3, false),
        (12_000, 0, 9_000, false),
        (40_000, 7, 15_000, true),
        (40_000, 300, 8_200, true),
    ] {
        let directory = Directory::new();
        let mut model = fill(&directory, count);
        let before = id(&directory);
        let mut edit = directory.store.edit(0, DISK).unwrap();
        let range = Range::Ranks(from, to);
        let removed = zset::remove_range(&mut edit, KEY, &range).unwrap();
        edit.stage().unwrap();
        let last = if to < 0 { to + i64::from(count) } else { to };
        model.retain(|_, score| *score < from as f64 || *score > last as f64);
        assert_eq!(removed, u64::from(count) - model.len() as u64);
        assert_eq!(id(&directory) == before, stays && before.is_some());
        assert_eq!(contents(&directory), sorted(&model));
        let view = directory.store.view(0, DISK).unwrap();
        for (member, score) in &model {
            assert_eq!(zset::score(&view, KEY, member).unwrap(), Some(*score));
        }
        drop(view);
        let mut edit = directory.store.edit(0, DISK).unwrap();
        let pairs = [(0.5, &b"another"[..])];
        zset::add(&mut edit, KEY, &pairs, Condition::default(), &THRESHOLDS).unwrap();
        edit.stage().unwrap();
        is_clean(directory.reopen());
    }
}

#[test]
fn a_set_larger_than_one_commit_is_stored() {
    let directory = Directory::new();
    let model = fill(&directory, 400_000);
    assert_eq!(contents(&directory).len(), model.len());
    let view = directory.store.view(0, DISK).unwrap();
    let rank = zset::rank(&view, KEY, b"member:250000", true).unwrap();
    assert_eq!(rank, Some((149_999, 250_000.0)));
    drop(view);
    is_clean(directory.reopen());
}

#[test]
fn members_of_one_score_are_found_between_others() {
    let directory = Directory::new();
    let mut edit = directory.store.edit(0, DISK).unwrap();
    let names: Vec<String> = (0..300).map(|n| format!("{n:03}")).collect();
    let pairs: Vec<(f64, &[u8])> = names.iter().map(|name| (7.0, name.as_bytes())).collect();
    zset::add(&mut edit, KEY, &pairs, Condition::default(), &THRESHOLDS).unwrap();
    let count = |min, max| {
        let range = Range::Lex(LexRange { min, max });
        zset::count(&edit, KEY, &range).unwrap()
    };
    use LexBound::{Exclusive, Highest, Inclusive, Lowest};
    assert_eq!(count(Lowest, Highest), 300);
    assert_eq!(count(Inclusive(b"010"), Inclusive(b"019")), 10);
    assert_eq!(count(Exclusive(b"010"), Exclusive(b"019")), 8);
    assert_eq!(count(Exclusive(b"0105"), Highest), 289);
    assert_eq!(count(Inclusive(b"019"), Inclusive(b"010")), 0);
    assert_eq!(count(Highest, Lowest), 0);
}

#[test]
fn a_walk_gives_what_is_there_all_the_time_though_scores_change() {
    let directory = Directory::new();
    let model = fill(&directory, 3000);
    let (mut cursor, mut seen) = (0, BTreeSet::new());
    let mut random = StdRng::seed_from_u64(3);
    loop {
        let view = directory.store.view(0, DISK).unwrap();
        let (next, found) = zset::page(&view, KEY, cursor, 50).unwrap();
        seen.extend(found.into_iter().map(|one| one.member.to_vec()));
        drop(view);
        let mut edit = directory.store.edit(0, DISK).unwrap();
        for _ in 0..50 {
            let member = format!("member:{}", random.random_range(0..3000));
            let by = f64::from(random.random_range(-9000..9000));
            let pair = (by, member.as_bytes());
            let condition = Condition::default();
            zset::increment(&mut edit, KEY, pair, condition, &THRESHOLDS).unwrap();
        }
        edit.stage().unwrap();
        cursor = next;
        if cursor == 0 {
            break;
        }
    }
    assert_eq!(seen, model.into_keys().collect());
    is_clean(directory);
}

#[test]
fn draws_are_uniform_and_distinct_ones_differ() {
    let directory = Directory::new();
    fill(&directory, 200);
    let view = directory.store.view(0, DISK).unwrap();
    let mut random = StdRng::seed_from_u64(11);
    let mut drawn: BTreeMap<Vec<u8>, u32> = BTreeMap::new();
    for _ in 0..100 {
        let ten = zset::random_many(&view, KEY, Draw::Distinct(100), &mut random).unwrap();
        let names: BTreeSet<_> = ten.iter().map(|one| one.member.to_vec()).collect();
        assert_eq!(names.len(), 100);
        names
            .into_iter()
            .for_each(|name| *drawn.entry(name).or_default() += 1);
        for one in zset::random_many(&view, KEY, Draw::Repeating(100), &mut random).unwrap() {
            *drawn.entry(one.member.to_vec()).or_default() += 1;
        }
    }
    // 200 members, 100 on average: the statistic has 199 degrees of freedom.
    let chi_square: f64 = drawn
        .values()
        .map(|&n| (f64::from(n) - 100.0).powi(2) / 100.0)
        .sum();
    assert!(drawn.len() == 200 && chi_square < 280.0, "{chi_square}");
}

#[test]
fn inputs_are_joined_by_weight_and_aggregate() {
    let directory = Directory::new();
    let mut edit = directory.store.edit(0, DISK).unwrap();
    let condition = Condition::default();
    let (one, other) = (b"{a}one", b"{a}other");
    let pairs: [(f64, &[u8]); 2] = [(1.0, b"a"), (f64::INFINITY, b"b")];
    zset::add(&mut edit, one, &pairs, condition, &THRESHOLDS).unwrap();
    let pairs: [(f64, &[u8]); 3] = [(5.0, b"a"), (f64::NEG_INFINITY, b"b"), (2.0, b"c")];
    zset::add(&mut edit, other, &pairs, condition, &THRESHOLDS).unwrap();
    let combine = |algebra, aggregate, weight| {
        let mut sources = vec![
            Source::open(&edit, one).unwrap(),
            Source::open(&edit, other).unwrap(),
        ];
        sources[1].set_weight(weight);
        plain(zset::combine(&edit, sources, algebra, aggregate).unwrap())
    };
    let (a, b, c) = (b"a".to_vec(), b"b".to_vec(), b"c".to_vec());
    assert_eq!(
        combine(Algebra::Union, Aggregate::Sum, 2.0),
        [(0.0, b.clone()), (4.0, c.clone()), (11.0, a.clone())]
    );
    assert_eq!(
        combine(Algebra::Intersection, Aggregate::Max, 0.0),
        [(1.0, a.clone()), (f64::INFINITY, b.clone())]
    );
    assert_eq!(combine(Algebra::Difference, Aggregate::Sum, 1.0), []);
    let sources = vec![
        Source::open(&edit, other).unwrap(),
        Source::open(&edit, one).unwrap(),
    ];
    let found = zset::combine(&edit, sources, Algebra::Difference, Aggregate::Sum).unwrap();
    assert_eq!(plain(found), [(2.0, c)]);
}
