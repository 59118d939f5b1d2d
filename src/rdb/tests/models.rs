//! Random values of every type, with the shapes that encodings differ by.
//! Invariant: what is made keeps the promises of [`Value`].
//! Must not know: encodings.

use std::collections::{BTreeMap, BTreeSet};

use bytes::Bytes;
use proptest::collection::{btree_map, btree_set, vec};
use proptest::prelude::*;

use crate::rdb::value::by_score;
use crate::rdb::{
    Consumer, FIELD_EXPIRE_MS_MAX, Group, HashField, PendingEntry, Stream, StreamEntry, StreamId,
    Value,
};

/// Short and long, numbers and no numbers, compressible and not.
pub fn any_text() -> impl Strategy<Value = Bytes> {
    prop_oneof![
        4 => any_number().prop_map(|number| Bytes::from(number.to_string())),
        4 => vec(any::<u8>(), 0..12).prop_map(Bytes::from),
        2 => vec(b'a'..=b'd', 12..80).prop_map(Bytes::from),
        1 => vec(any::<u8>(), 60..70).prop_map(Bytes::from),
        1 => (any::<u8>(), 4000..9000_usize).prop_map(|(byte, len)| Bytes::from(vec![byte; len])),
    ]
}

fn any_number() -> impl Strategy<Value = i64> {
    (any::<i64>(), 0..64_u32).prop_map(|(number, shift)| number >> shift)
}

fn any_score() -> impl Strategy<Value = f64> {
    prop_oneof![
        3 => (-1000..1000_i32).prop_map(f64::from),
        3 => any::<f64>().prop_filter("a score is a number", |score| !score.is_nan()),
        1 => prop_oneof![Just(f64::INFINITY), Just(f64::NEG_INFINITY), Just(0.0)],
    ]
}

fn any_id() -> impl Strategy<Value = StreamId> {
    let small = (1..50_u64, 0..4_u64);
    let any = (any::<u64>(), any::<u64>());
    prop_oneof![5 => small, 1 => any].prop_map(|(ms, seq)| StreamId { ms, seq })
}

fn any_time() -> impl Strategy<Value = u64> {
    0..1_u64 << 50
}

fn any_hash() -> impl Strategy<Value = Value> {
    let time = prop_oneof![
        3 => Just(None),
        1 => (1..=FIELD_EXPIRE_MS_MAX).prop_map(Some),
    ];
    // One hash in two expires nowhere, as old versions want it.
    let fields = btree_map(any_text(), (any_text(), time), 1..20);
    (fields, any::<bool>()).prop_map(|(fields, expires)| {
        let field = |(name, (value, time)): (Bytes, (Bytes, Option<u64>))| HashField {
            name,
            value,
            expire_ms: time.filter(|_| expires),
        };
        Value::Hash(fields.into_iter().map(field).collect())
    })
}

fn any_group() -> impl Strategy<Value = Group> {
    let pending = btree_map(
        any_id(),
        (any_time(), 0..9_u64, any::<prop::sample::Index>()),
        0..8,
    );
    let consumer = (any_time(), proptest::option::of(any_time()));
    let consumers = btree_map(any_text(), consumer, 1..4);
    let read = proptest::option::of(0..100_u64);
    (any_id(), read, pending, consumers).prop_map(|(last_id, entries_read, pending, consumers)| {
        let mut owned: Vec<BTreeSet<StreamId>> = vec![BTreeSet::new(); consumers.len()];
        for (id, (_, _, owner)) in &pending {
            owned[owner.index(consumers.len())].insert(*id);
        }
        let entry = |(id, (delivery_ms, delivery_count, _))| PendingEntry {
            id,
            delivery_ms,
            delivery_count,
        };
        let consumers = consumers.into_iter().zip(owned);
        let consumer = |((name, (seen_ms, active_ms)), ids): ((_, (_, _)), BTreeSet<_>)| Consumer {
            name,
            seen_ms,
            active_ms,
            pending: ids.into_iter().collect(),
        };
        Group {
            name: Bytes::new(),
            last_id,
            entries_read,
            pending: pending.into_iter().map(entry).collect(),
            consumers: consumers.map(consumer).collect(),
        }
    })
}

pub fn any_stream() -> impl Strategy<Value = Stream> {
    let same = vec(any_text(), 2).prop_map(|values| {
        let names = [Bytes::from_static(b"temperature"), Bytes::from_static(b"7")];
        names.into_iter().zip(values).collect()
    });
    let other = vec((any_text(), any_text()), 1..4);
    let entries = btree_map(any_id(), prop_oneof![3 => same, 1 => other], 0..40);
    let groups = btree_map(any_text(), any_group(), 0..3);
    let rest = (any_id(), any_id(), 0..1000_u64);
    (entries, groups, rest).prop_map(|(entries, groups, (last, max_deleted_id, more))| {
        let entries: BTreeMap<StreamId, Vec<(Bytes, Bytes)>> = entries;
        let entry = |(id, fields)| StreamEntry { id, fields };
        let entries: Vec<StreamEntry> = entries.into_iter().map(entry).collect();
        let newest = entries.last().map_or(last, |entry| entry.id.max(last));
        let group = |(name, group)| Group { name, ..group };
        Stream {
            last_id: newest,
            max_deleted_id,
            entries_added: entries.len() as u64 + more,
            entries,
            groups: groups.into_iter().map(group).collect(),
        }
    })
}

/// A value of any type.
pub fn any_value() -> impl Strategy<Value = Value> {
    let numbers = btree_set(any_number(), 1..40);
    prop_oneof![
        any_text().prop_map(Value::String),
        vec(any_text(), 1..40).prop_map(Value::List),
        btree_set(any_text(), 1..30).prop_map(|set| Value::Set(set.into_iter().collect())),
        numbers.prop_map(|numbers| {
            let text = |number: i64| Bytes::from(number.to_string());
            Value::Set(numbers.into_iter().map(text).collect())
        }),
        any_hash(),
        btree_map(any_text(), any_score(), 1..30).prop_map(|members| {
            let mut members: Vec<(Bytes, f64)> = members.into_iter().collect();
            members.sort_by(by_score);
            Value::ZSet(members)
        }),
        any_stream().prop_map(Value::Stream),
    ]
}
