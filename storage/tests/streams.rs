//! Streams beside plain maps: random changes with commits and reopening in between, over the edges
//! between packed and spread, groups with their pending entries, and the file check at the end.

mod common;

use common::{DISK, Directory};
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use std::collections::BTreeMap;
use storage::change::Event;
use storage::ops::stream::{
    self, Add, Added, AutoClaim, Bound, CreateGroup, Created, Delivered, Delivery, GroupStart,
    NewId, NodeLimits, PendingFilter, References, Span, StreamId, Trim, Wanted, Whole,
    WholeConsumer, WholeGroup,
};
use storage::{Edit, View};

const KEY: &[u8] = b"{a}stream";
const LIMITS: NodeLimits = NodeLimits {
    bytes_max: 4096,
    entries_max: 10,
};
const GROUPS: [&[u8]; 2] = [b"first", b"second"];
const CONSUMERS: [&[u8]; 3] = [b"ann", b"ben", b"cleo"];

/// What one group holds: who has which entry.
type Pending = BTreeMap<StreamId, Vec<u8>>;

#[derive(Default)]
struct Model {
    entries: BTreeMap<StreamId, Vec<u8>>,
    last: StreamId,
    /// Last id delivered, and what is pending, by group.
    groups: BTreeMap<Vec<u8>, (StreamId, Pending)>,
}

fn add(edit: &mut Edit<'_>, model: &mut Model, random: &mut StdRng) {
    let len = [3, 20, 200, 3000][random.random_range(0..4)];
    let value = vec![b'a' + random.random_range(0..26u8); len];
    let id = StreamId::new(
        model.last.ms + random.random_range(1..4),
        random.random_range(0..9),
    );
    let what = Add {
        id: NewId::Given(id),
        strings: &[b"field", &value],
        create: true,
        trim: None,
        limits: LIMITS,
    };
    assert_eq!(stream::add(edit, KEY, &what).unwrap(), Added::Id(id));
    assert_eq!(stream::add(edit, KEY, &what).unwrap(), Added::NotAbove);
    model.last = id;
    model.entries.insert(id, value);
}

/// Removes entries by id or from the left.
fn remove(edit: &mut Edit<'_>, model: &mut Model, random: &mut StdRng) {
    if random.random_bool(0.2) {
        let keep = random.random_range(0..=model.entries.len());
        let trim = Trim {
            bound: Bound::Length(keep as u64),
            nodes_only: None,
            references: References::Keep,
        };
        let gone = stream::trim(edit, KEY, &trim).unwrap();
        assert_eq!(gone as usize, model.entries.len() - keep);
        while model.entries.len() > keep {
            model.entries.pop_first();
        }
        return;
    }
    let id = StreamId::new(
        random.random_range(0..=model.last.ms),
        random.random_range(0..9),
    );
    let near = model.entries.range(id..).next().map(|(id, _)| *id);
    let id = near.unwrap_or(id);
    let gone = stream::delete(edit, KEY, &[id]).unwrap();
    assert_eq!(gone == 1, model.entries.remove(&id).is_some());
}

/// One change to a group.
fn work(edit: &mut Edit<'_>, model: &mut Model, random: &mut StdRng) {
    let name = GROUPS[random.random_range(0..2)];
    let consumer = CONSUMERS[random.random_range(0..3)];
    if !model.groups.contains_key(name) {
        create(edit, name);
        model.groups.insert(name.to_vec(), Default::default());
        return;
    }
    let pending = &mut model.groups.get_mut(name).unwrap().1;
    match random.random_range(0..10) {
        0..5 => deliver(edit, model, name, consumer, random.random_range(1..8)),
        5..7 => {
            let ids: Vec<StreamId> = pending.keys().copied().step_by(3).take(5).collect();
            let done = stream::acknowledge(edit, KEY, name, &ids).unwrap();
            assert_eq!(done as usize, ids.len());
            pending.retain(|id, _| !ids.contains(id));
        }
        7..9 => claim(edit, model, name, consumer),
        _ if random.random_bool(0.3) => {
            let gone = stream::destroy_group(edit, KEY, name).unwrap();
            assert_eq!(gone, Some(true));
            model.groups.remove(name);
        }
        _ => {
            let gone = stream::delete_consumer(edit, KEY, name, consumer).unwrap();
            let before = pending.len();
            pending.retain(|_, owner| owner != consumer);
            assert_eq!(gone, Some((before - pending.len()) as u64));
        }
    }
}

/// Creates the group `name`, once.
fn create(edit: &mut Edit<'_>, name: &[u8]) {
    let what = CreateGroup {
        name,
        start: GroupStart::After(StreamId::MIN),
        read: None,
        create: true,
    };
    for wanted in [Created::Done, Created::Refused] {
        assert_eq!(stream::create_group(edit, KEY, &what).unwrap(), wanted);
    }
}

/// Delivers up to `count` new entries of the group `name` to `consumer`.
fn deliver(edit: &mut Edit<'_>, model: &mut Model, name: &[u8], consumer: &[u8], count: usize) {
    let (last, pending) = model.groups.get_mut(name).unwrap();
    let who = Delivery {
        group: name,
        consumer,
        count: Some(count as u64),
        no_ack: false,
        claim_idle_ms: None,
    };
    let fresh = model.entries.keys().filter(|id| **id > *last);
    let fresh: Vec<StreamId> = fresh.take(count).copied().collect();
    match stream::deliver(edit, KEY, &who, Wanted::New).unwrap() {
        Delivered::Entries(entries) => {
            let ids: Vec<StreamId> = entries.iter().map(|one| one.id).collect();
            assert_eq!(ids, fresh);
        }
        other => assert!(other == Delivered::Nothing { again_ms: None } && fresh.is_empty()),
    }
    *last = fresh.last().copied().unwrap_or(*last);
    pending.extend(fresh.into_iter().map(|id| (id, consumer.to_vec())));
}

/// Makes `consumer` the owner of the first pending entries of the group `name`.
fn claim(edit: &mut Edit<'_>, model: &mut Model, name: &[u8], consumer: &[u8]) {
    let pending = &mut model.groups.get_mut(name).unwrap().1;
    let what = AutoClaim {
        group: name,
        consumer,
        idle_min_ms: 0,
        start: StreamId::MIN,
        count: 4,
        ids_only: true,
    };
    let found = stream::auto_claim(edit, KEY, &what).unwrap().unwrap();
    for id in &found.deleted {
        assert!(pending.remove(id).is_some() && !model.entries.contains_key(id));
    }
    for one in &found.claimed {
        assert!(pending.insert(one.id, consumer.to_vec()).is_some());
    }
}

/// What reading says of the model.
fn look(view: &View<'_>, model: &Model, random: &mut StdRng) {
    assert_eq!(stream::len(view, KEY).unwrap(), model.entries.len() as u64);
    let (low, high) = (random.random_range(0..=model.last.ms), model.last.ms);
    let span = Span {
        start: StreamId::new(low, 3),
        end: StreamId::new(random.random_range(low..=high), 5),
        count: Some(random.random_range(1..50)),
        reverse: random.random_bool(0.5),
    };
    let mut expected: Vec<StreamId> = match span.start <= span.end {
        true => model
            .entries
            .range(span.start..=span.end)
            .map(|one| *one.0)
            .collect(),
        false => Vec::new(),
    };
    if span.reverse {
        expected.reverse();
    }
    expected.truncate(span.count.unwrap() as usize);
    let found = stream::range(view, KEY, &span).unwrap();
    assert_eq!(found.iter().map(|one| one.id).collect::<Vec<_>>(), expected);
    for one in found {
        assert_eq!(&*one.strings[1], &model.entries[&one.id][..]);
    }
    for (name, (last, pending)) in &model.groups {
        let groups = stream::groups(view, KEY).unwrap().unwrap();
        let group = groups
            .into_iter()
            .find(|group| group.name == *name)
            .unwrap();
        assert_eq!((group.last, group.pending), (*last, pending.len() as u64));
        let filter = PendingFilter {
            start: StreamId::MIN,
            end: StreamId::MAX,
            count: u64::MAX,
            idle_min_ms: 0,
            consumer: None,
        };
        let all = stream::pending_range(view, KEY, name, &filter)
            .unwrap()
            .unwrap();
        let all: Pending = all
            .into_iter()
            .map(|one| (one.id, one.consumer.to_vec()))
            .collect();
        assert_eq!(all, *pending);
        let consumer = CONSUMERS[random.random_range(0..3)];
        let filter = PendingFilter {
            consumer: Some(consumer),
            ..filter
        };
        let own = stream::pending_range(view, KEY, name, &filter)
            .unwrap()
            .unwrap();
        let mine = pending.iter().filter(|(_, owner)| *owner == consumer);
        assert!(own.iter().map(|one| one.id).eq(mine.map(|(id, _)| *id)));
    }
}

#[test]
fn a_stream_behaves_like_one_through_growth_shrinking_and_restarts() {
    for seed in 0..4 {
        let mut random = StdRng::seed_from_u64(seed);
        let mut directory = Directory::new();
        let mut model = Model::default();
        for round in 0..100 {
            let growing = (round / 12) % 2 == 0;
            let mut edit = directory.store.edit(0, DISK).unwrap();
            for _ in 0..random.random_range(1..30) {
                match random.random_range(0..10) {
                    0..4 if growing => add(&mut edit, &mut model, &mut random),
                    4..6 => work(&mut edit, &mut model, &mut random),
                    _ if growing => add(&mut edit, &mut model, &mut random),
                    _ => remove(&mut edit, &mut model, &mut random),
                }
            }
            let position = edit.stage().unwrap();
            look(&directory.store.view(0, DISK).unwrap(), &model, &mut random);
            directory.store.leader().wait_blocking(position).unwrap();
            if round % 25 == 24 {
                directory = directory.reopen();
                look(&directory.store.view(0, DISK).unwrap(), &model, &mut random);
            }
        }
        let path = directory.path();
        let _dir = directory.close();
        let report = storage::check::check(&path, 20).unwrap();
        assert!(report.is_clean(), "seed {seed}: {:?}", report.problems);
    }
}

#[test]
fn deleting_the_only_consumer_of_a_group_leaves_other_groups_alone() {
    let mut random = StdRng::seed_from_u64(1);
    let directory = Directory::new();
    let mut model = Model::default();
    let mut edit = directory.store.edit(0, DISK).unwrap();
    for _ in 0..300 {
        add(&mut edit, &mut model, &mut random);
    }
    for name in GROUPS {
        create(&mut edit, name);
        model.groups.insert(name.to_vec(), Default::default());
        deliver(&mut edit, &mut model, name, CONSUMERS[0], 200);
    }
    let gone = stream::delete_consumer(&mut edit, KEY, GROUPS[0], CONSUMERS[0]).unwrap();
    assert_eq!(gone, Some(200));
    model.groups.get_mut(GROUPS[0]).unwrap().1.clear();
    deliver(&mut edit, &mut model, GROUPS[0], CONSUMERS[1], 50);
    let position = edit.stage().unwrap();
    directory.store.leader().wait_blocking(position).unwrap();
    look(&directory.store.view(0, DISK).unwrap(), &model, &mut random);
    let path = directory.path();
    let _dir = directory.close();
    let report = storage::check::check(&path, 20).unwrap();
    assert!(report.is_clean(), "{:?}", report.problems);
}

#[test]
fn more_entries_go_at_once_than_one_commit_can_delete() {
    // Each stands in a row of its own, and the deletion of one takes more than 50 bytes.
    const ENTRIES: u64 = 330_000;
    let id = |n: u64| StreamId::new(n, 1);
    let value = |n: u64| format!("{n:0>520}").into_bytes();
    let directory = Directory::new();
    let all: Vec<Vec<u8>> = (1..=ENTRIES).map(value).collect();
    let pending: Vec<_> = (1..=ENTRIES)
        .step_by(3_000)
        .map(|n| (id(n), 5, 1))
        .collect();
    let ann = WholeConsumer {
        name: b"ann",
        seen_ms: 5,
        active_ms: Some(5),
        pending: pending.clone(),
    };
    let group = WholeGroup {
        name: GROUPS[0],
        last: id(ENTRIES),
        read: Some(ENTRIES),
        consumers: vec![ann],
    };
    let whole = Whole {
        last: id(ENTRIES),
        max_deleted: StreamId::MIN,
        added: ENTRIES,
        groups: vec![group],
    };
    directory.write(|edit| {
        let entries = all.iter().zip(1..);
        let entries = entries.map(|(value, n)| (id(n), vec![&b"field"[..], value]));
        stream::replace(edit, KEY, entries, &whole, Event::XAdd, LIMITS)
    });
    let trim = Trim {
        bound: Bound::Length(2_000),
        nodes_only: None,
        references: References::Keep,
    };
    let gone = directory.write(|edit| stream::trim(edit, KEY, &trim));
    assert_eq!(gone, ENTRIES - 2_000);
    let directory = directory.reopen();
    let view = directory.view(0);
    let kept = stream::after(&view, KEY, StreamId::MIN, None).unwrap();
    assert_eq!(kept.len(), 2_000);
    for (entry, n) in kept.iter().zip(ENTRIES - 1_999..) {
        assert_eq!(entry.id, id(n));
        assert_eq!(entry.strings.get(1).map(|one| one.to_vec()), Some(value(n)));
    }
    let summary = stream::pending_summary(&view, KEY, GROUPS[0])
        .unwrap()
        .unwrap();
    assert_eq!(summary.count, pending.len() as u64);
    drop(view);
    let path = directory.path();
    let _dir = directory.close();
    let report = storage::check::check(&path, 20).unwrap();
    assert!(report.is_clean(), "{:?}", report.problems);
}
