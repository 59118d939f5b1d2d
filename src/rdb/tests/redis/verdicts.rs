//! Payloads that neither side wrote: old encodings and damaged bytes.

use bytes::Bytes;

use super::{Redis, samples};
use crate::rdb::tests::handmade::old_samples;
use crate::rdb::tests::models::any_value;
use crate::rdb::tests::mutations::{Random, mutate};
use crate::rdb::tests::{normal, read, sealed, without_activity, write};
use crate::rdb::{ObjectType, Value, Version};

/// How many damaged payloads are put through the server.
const DAMAGED: usize = 3000;

#[test]
fn redis_agrees_about_handmade_payloads() {
    let mut redis = Redis::start();
    for sample in old_samples() {
        redis
            .restore("k", &sample.payload)
            .unwrap_or_else(|error| panic!("{}: {error}", sample.name));
        let found = read(&redis.dump("k")).map(normal);
        assert_eq!(found, Ok(normal(sample.value)), "{}", sample.name);
    }
}

/// Where two values begin to differ.
fn difference(a: &Value, b: &Value) -> String {
    let (a, b) = (format!("{a:?}"), format!("{b:?}"));
    let same = a.bytes().zip(b.bytes()).take_while(|(a, b)| a == b).count();
    let part = |text: &str| {
        text.chars()
            .skip(same.saturating_sub(100))
            .take(300)
            .collect()
    };
    let [a, b]: [String; 2] = [&a, &b].map(|text| part(text));
    format!("{a}\n{b}")
}

#[test]
fn what_redis_refuses_is_refused_and_what_both_accept_is_the_same() {
    let mut redis = Redis::start();
    let mut random = Random::new(7);
    let values = samples(any_value(), 60).map(|value| write(&value, Version::V10));
    let mut payloads: Vec<Bytes> = values.collect();
    payloads.extend(old_samples().into_iter().map(|sample| sample.payload));
    payloads.retain(|payload| payload[0] <= ObjectType::StreamListpacks2.byte());
    let (mut accepted, mut refused) = (0, 0);
    for _ in 0..DAMAGED {
        let body = mutate(random.choose(&payloads), &payloads, &mut random);
        let payload = sealed(body, Version::V10.number());
        if payload[0] > ObjectType::StreamListpacks2.byte() {
            continue;
        }
        let ours = read(&payload);
        match (redis.restore("k", &payload), ours) {
            (Ok(()), Ok(value)) => {
                accepted += 1;
                let theirs = read(&redis.dump("k")).expect("what Redis writes");
                let (theirs, ours) = (normal(theirs), normal(without_activity(value)));
                assert!(
                    theirs == ours,
                    "{:02x?}\n{}",
                    &payload[..],
                    difference(&theirs, &ours)
                );
            }
            (Err(error), Ok(value)) => panic!("{error}: {value:?} {:02x?}", &payload[..]),
            (_, Err(_)) => refused += 1,
        }
    }
    assert!(
        accepted > 100 && refused > 100,
        "{accepted} accepted, {refused} refused"
    );
}
