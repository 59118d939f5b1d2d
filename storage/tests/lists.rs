//! Lists: random operations beside a `VecDeque`, a long queue, threads at both ends.
//! Invariants: a list and its model agree after every commit and every restart, and `check` finds
//! nothing. Must not know: trees. Tests: this file.

mod common;

use common::{DISK, Directory};
use rand::rngs::StdRng;
use rand::{Rng, RngExt, SeedableRng};
use std::collections::{BTreeSet, VecDeque};
use std::sync::atomic::{AtomicUsize, Ordering};
use storage::change::Event;
use storage::commit::Fsync;
use storage::commit::latch::{LatchSet, Mode};
use storage::limits::ELEMENT_BYTES_MAX;
use storage::ops::list::{self, Beside, End, Replaced, Search, Threshold};
use storage::{Edit, Result, StorageError, Store, Value};

const KEY: &[u8] = b"{a}list";
const LIMIT: Threshold = Threshold(-2);

type Model = VecDeque<Vec<u8>>;

fn contents(directory: &Directory) -> Model {
    let view = directory.view(0);
    let found: Vec<Value> = list::range(&view, KEY, 0, -1).unwrap();
    assert_eq!(list::len(&view, KEY).unwrap(), found.len() as u64);
    found.iter().map(|element| element.to_vec()).collect()
}

fn assert_clean(directory: Directory) {
    let path = directory.path();
    let _dir = directory.close();
    let report = storage::check::check(&path, 20).unwrap();
    assert!(report.is_clean(), "{:?}", report.problems);
}

/// Short ones of which many are equal, some that are rows of their own.
fn element(random: &mut StdRng) -> Vec<u8> {
    match random.random_range(0..30) {
        0 => {
            let mut long = vec![0; random.random_range(400..3000)];
            random.fill_bytes(&mut long);
            long
        }
        1..10 => format!("{}", random.random_range(0..8)).into_bytes(),
        _ => format!("element:{}", random.random_range(0..1000)).into_bytes(),
    }
}

fn end(random: &mut StdRng) -> End {
    match random.random_bool(0.5) {
        true => End::Front,
        false => End::Back,
    }
}

fn push(edit: &mut Edit<'_>, model: &mut Model, random: &mut StdRng) -> Result<()> {
    let elements: Vec<Vec<u8>> = (0..random.random_range(1..8))
        .map(|_| element(random))
        .collect();
    let (end, must_exist) = (end(random), random.random_bool(0.2));
    let slices = elements.iter().map(Vec::as_slice);
    let len = list::push(edit, KEY, slices, end, must_exist, LIMIT)?;
    if !(must_exist && model.is_empty()) {
        for element in elements {
            match end {
                End::Front => model.push_front(element),
                End::Back => model.push_back(element),
            }
        }
    }
    assert_eq!(len, model.len() as u64);
    Ok(())
}

fn pop(edit: &mut Edit<'_>, model: &mut Model, random: &mut StdRng) -> Result<()> {
    let (end, count) = (end(random), random.random_range(0..6));
    let existed = !model.is_empty();
    let take = |model: &mut Model| match end {
        End::Front => model.pop_front(),
        End::Back => model.pop_back(),
    };
    if random.random_bool(0.5) {
        let popped = list::pop(edit, KEY, end, LIMIT)?;
        assert_eq!(popped.map(|element| element.to_vec()), take(model));
        return Ok(());
    }
    let popped = list::pop_many(edit, KEY, end, count, LIMIT)?;
    let popped = popped.map(|all| all.iter().map(|one| one.to_vec()).collect::<Vec<_>>());
    let expected: Vec<_> = (0..count).filter_map(|_| take(model)).collect();
    assert_eq!(popped, existed.then_some(expected));
    Ok(())
}

fn replace(edit: &mut Edit<'_>, model: &mut Model, random: &mut StdRng) -> Result<()> {
    let len = model.len() as i64;
    let index = random.random_range(-len - 2..len + 2);
    let new = element(random);
    let at = if index < 0 { index + len } else { index };
    let expected = match (model.is_empty(), (0..len).contains(&at)) {
        (true, _) => Replaced::NoSuchKey,
        (_, false) => Replaced::NoSuchIndex,
        _ => Replaced::Done,
    };
    assert_eq!(list::set(edit, KEY, index, &new, LIMIT)?, expected);
    if expected == Replaced::Done {
        model[at as usize] = new;
    }
    Ok(())
}

fn insert(edit: &mut Edit<'_>, model: &mut Model, random: &mut StdRng) -> Result<()> {
    let (pivot, new) = (element(random), element(random));
    let side = match random.random_bool(0.5) {
        true => Beside::Before,
        false => Beside::After,
    };
    let len = list::insert(edit, KEY, side, &pivot, &new, LIMIT)?;
    let at = model.iter().position(|one| *one == pivot);
    if let Some(at) = at {
        model.insert(at + usize::from(side == Beside::After), new);
    }
    let expected = match (model.is_empty(), at) {
        (true, _) => 0,
        (_, None) => -1,
        _ => model.len() as i64,
    };
    assert_eq!(len, expected);
    Ok(())
}

fn remove_equal(edit: &mut Edit<'_>, model: &mut Model, random: &mut StdRng) -> Result<()> {
    let (gone, count) = (element(random), random.random_range(-3i64..4));
    let removed = list::remove_equal(edit, KEY, count, &gone, LIMIT)?;
    let equal = (0..model.len()).filter(|&at| model[at] == gone);
    let mut equal: Vec<usize> = equal.collect();
    if count < 0 {
        equal.reverse();
    }
    if count != 0 {
        equal.truncate(count.unsigned_abs() as usize);
    }
    assert_eq!(removed, equal.len() as u64);
    let equal: BTreeSet<usize> = equal.into_iter().collect();
    for at in equal.into_iter().rev() {
        model.remove(at);
    }
    Ok(())
}

fn trim(edit: &mut Edit<'_>, model: &mut Model, random: &mut StdRng) -> Result<()> {
    let len = model.len() as i64;
    // Mostly a little from both ends, now and then most of it.
    let (start, stop) = match random.random_bool(0.9) {
        true => (random.random_range(0..4), -1 - random.random_range(0..4)),
        false => (
            random.random_range(-len - 2..len + 2),
            random.random_range(-len - 2..len + 2),
        ),
    };
    list::trim(edit, KEY, start, stop, LIMIT)?;
    let from = if start < 0 {
        (start + len).max(0)
    } else {
        start
    };
    let to = if stop < 0 {
        stop + len
    } else {
        stop.min(len - 1)
    };
    let kept = (from..=to).filter_map(|at| model.get(at as usize).cloned());
    *model = kept.collect();
    Ok(())
}

fn turn(edit: &mut Edit<'_>, model: &mut Model, random: &mut StdRng) -> Result<()> {
    let (from, to) = (end(random), end(random));
    let moved = list::move_element(edit, (KEY, from), (KEY, to), LIMIT)?;
    let expected = match from {
        End::Front => model.pop_front(),
        End::Back => model.pop_back(),
    };
    assert_eq!(moved.map(|element| element.to_vec()), expected);
    match to {
        End::Front => expected.into_iter().for_each(|one| model.push_front(one)),
        End::Back => expected.into_iter().for_each(|one| model.push_back(one)),
    }
    Ok(())
}

fn assert_found(directory: &Directory, model: &Model, random: &mut StdRng) {
    let view = directory.view(0);
    let (wanted, backwards) = (element(random), random.random_bool(0.5));
    let search = Search {
        element: &wanted,
        backwards,
        skip: random.random_range(0..3),
        count: random.random_range(0..3),
        compare_max: random.random_range(0..2) * 20,
    };
    let mut order: Vec<usize> = (0..model.len()).collect();
    if backwards {
        order.reverse();
    }
    if search.compare_max > 0 {
        order.truncate(search.compare_max as usize);
    }
    let equal = order.into_iter().filter(|&at| model[at] == wanted);
    let mut equal: Vec<u64> = equal
        .skip(search.skip as usize)
        .map(|at| at as u64)
        .collect();
    if search.count > 0 {
        equal.truncate(search.count as usize);
    }
    assert_eq!(list::positions(&view, KEY, &search).unwrap(), equal);
    let len = model.len() as i64;
    for index in [0, len / 2, len - 1, len] {
        let found = list::index(&view, KEY, index).unwrap();
        let expected = usize::try_from(index)
            .ok()
            .and_then(|at| model.get(at).cloned());
        let expected = expected.or_else(|| (index < 0).then(|| model.back().cloned()).flatten());
        assert_eq!(found.map(|element| element.to_vec()), expected);
    }
}

#[test]
fn lists_behave_like_a_deque() {
    for seed in 0..8 {
        let mut random = StdRng::seed_from_u64(seed);
        let mut directory = Directory::new();
        let mut model = Model::new();
        for round in 0..240 {
            // Over the edge between packed and spread again and again.
            let growing = (round / 30) % 2 == 0;
            for _ in 0..random.random_range(1..25) {
                let (model, random) = (&mut model, &mut random);
                directory.write(|edit| match random.random_range(0..12) {
                    0..5 if growing => push(edit, model, random),
                    0 => push(edit, model, random),
                    1..6 => pop(edit, model, random),
                    6 => replace(edit, model, random),
                    7 => insert(edit, model, random),
                    8 if growing => turn(edit, model, random),
                    8 => trim(edit, model, random),
                    9 => remove_equal(edit, model, random),
                    _ if growing => push(edit, model, random),
                    _ => turn(edit, model, random),
                });
            }
            assert!(contents(&directory) == model, "seed {seed}, round {round}");
            assert_found(&directory, &model, &mut random);
            if round % 60 == 59 {
                directory = directory.reopen();
                assert!(contents(&directory) == model, "seed {seed}, reopened");
            }
        }
        assert_clean(directory);
    }
}

#[test]
fn an_element_above_the_limit_is_refused_wherever_it_goes() {
    let directory = Directory::new();
    let long = vec![b'x'; ELEMENT_BYTES_MAX + 1];
    directory.write(|edit| {
        let elements = [&b"a"[..], b"b"].into_iter();
        list::push(edit, KEY, elements, End::Back, false, LIMIT)
    });
    let refused = |change: &dyn Fn(&mut Edit<'_>) -> Result<()>| {
        let mut edit = directory.store.edit(0, DISK).unwrap();
        matches!(change(&mut edit), Err(StorageError::ElementTooLong))
    };
    let one = || std::iter::once(&long[..]);
    assert!(refused(&|edit| {
        list::push(edit, KEY, one(), End::Front, false, LIMIT).map(drop)
    }));
    assert!(refused(&|edit| {
        list::set(edit, KEY, 0, &long, LIMIT).map(drop)
    }));
    assert!(refused(&|edit| {
        list::insert(edit, KEY, Beside::After, b"a", &long, LIMIT).map(drop)
    }));
    let longest = &long[..ELEMENT_BYTES_MAX];
    directory
        .write(|edit| list::push(edit, KEY, std::iter::once(longest), End::Back, false, LIMIT));
    let directory = directory.reopen();
    let last = list::index(&directory.view(0), KEY, -1).unwrap().unwrap();
    assert_eq!(last.len(), ELEMENT_BYTES_MAX);
    assert_eq!(contents(&directory).len(), 3);
    assert_clean(directory);
}

/// A queue of constant length keeps a constant number of rows, however much goes through it.
#[test]
fn a_queue_does_not_grow_with_what_went_through() {
    const LEN: u64 = 500;
    const THROUGH: u64 = 200_000;
    const BATCH: u64 = 100;
    let directory = Directory::new();
    let mut most = 0;
    for first in (0..THROUGH).step_by(BATCH as usize) {
        directory.write(|edit| {
            for n in first..first + BATCH {
                let element = n.to_be_bytes();
                let one = std::iter::once(&element[..]);
                let len = list::push(edit, KEY, one, End::Front, false, LIMIT)?;
                if len > LEN {
                    let popped = list::pop(edit, KEY, End::Back, LIMIT)?.unwrap();
                    assert_eq!(*popped, (n - LEN).to_be_bytes());
                }
            }
            Ok::<_, StorageError>(())
        });
        if first % 20_000 == 0 {
            most = most.max(directory.rows(b"d").len());
        }
    }
    assert!((5..60).contains(&most), "{most} rows");
    assert_eq!(list::len(&directory.view(0), KEY).unwrap(), LEN);
    assert_clean(directory);
}

/// Runs a change under the list's latch, as a command does; waits for its commit.
fn latched<T>(store: &Store, change: impl Fn(&mut Edit<'_>) -> Result<T>) -> T {
    loop {
        let mut latches = LatchSet::default();
        latches.add_hash(store.seed().hash(KEY), Mode::Exclusive);
        let Some(guard) = store.latches().try_lock(&latches) else {
            std::thread::yield_now();
            continue;
        };
        let mut edit = store.edit(0, DISK).unwrap();
        let result = change(&mut edit).unwrap();
        let position = edit.stage().unwrap();
        drop(guard);
        store.leader().wait_blocking(position).unwrap();
        return result;
    }
}

#[test]
fn nothing_is_lost_or_doubled_between_threads_that_push_and_pop() {
    const PUSHERS: usize = 2;
    const EACH: usize = 3000;
    let directory = Directory::with_threads(Fsync::No);
    let store = &directory.store;
    let taken = AtomicUsize::new(0);
    let popped: Vec<Vec<Vec<u8>>> = std::thread::scope(|scope| {
        for pusher in 0..PUSHERS {
            scope.spawn(move || {
                for n in 0..EACH {
                    let element = format!("{pusher}:{n:06}");
                    latched(store, |edit| {
                        let one = std::iter::once(element.as_bytes());
                        list::push(edit, KEY, one, End::Front, false, LIMIT)
                    });
                }
            });
        }
        let poppers: Vec<_> = (0..2)
            .map(|_| {
                let taken = &taken;
                scope.spawn(move || {
                    let mut mine = Vec::new();
                    while taken.load(Ordering::Relaxed) < PUSHERS * EACH {
                        match latched(store, |edit| list::pop(edit, KEY, End::Back, LIMIT)) {
                            Some(element) => {
                                taken.fetch_add(1, Ordering::Relaxed);
                                mine.push(element.to_vec());
                            }
                            None => std::thread::yield_now(),
                        }
                    }
                    mine
                })
            })
            .collect();
        poppers.into_iter().map(|one| one.join().unwrap()).collect()
    });
    for mine in &popped {
        for pusher in ["0:", "1:"] {
            // What one popper took of one pusher comes in the order in which it was pushed.
            let from = mine
                .iter()
                .filter(|element| element.starts_with(pusher.as_bytes()));
            assert!(from.is_sorted());
        }
    }
    let distinct: BTreeSet<&Vec<u8>> = popped.iter().flatten().collect();
    assert_eq!(distinct.len(), PUSHERS * EACH);
    assert_eq!(popped.iter().map(Vec::len).sum::<usize>(), PUSHERS * EACH);
    assert_eq!(contents(&directory), Model::new());
    assert_clean(directory);
}

#[test]
fn more_elements_go_at_once_than_one_commit_can_delete() {
    // Each stands in a row of its own, and the deletion of one takes more than 50 bytes.
    const ELEMENTS: usize = 330_000;
    let element = |n: usize| format!("{n:0>513}").into_bytes();
    let directory = Directory::new();
    let all: Vec<Vec<u8>> = (0..ELEMENTS).map(element).collect();
    directory.write(|edit| {
        let elements = all.iter().map(|one| &one[..]);
        list::replace(edit, KEY, elements, Event::RPush, LIMIT)
    });
    directory.write(|edit| list::trim(edit, KEY, 4_000, 5_999, LIMIT));
    let directory = directory.reopen();
    let mut kept: Model = all[4_000..6_000].iter().cloned().collect();
    assert_eq!(contents(&directory), kept);
    let last = b"last".to_vec();
    let len = directory.write(|edit| {
        let elements = std::iter::once(&last[..]);
        list::push(edit, KEY, elements, End::Back, true, LIMIT)
    });
    kept.push_back(last);
    assert_eq!((len, contents(&directory)), (2_001, kept));
    assert_clean(directory);
}
