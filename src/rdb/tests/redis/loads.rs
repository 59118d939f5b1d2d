//! RESTORE of what is written here.

use bytes::Bytes;

use super::{Redis, VALUES, samples};
use crate::rdb::tests::models::{any_stream, any_value};
use crate::rdb::tests::{normal, read, without_activity, write};
use crate::rdb::{HashField, ObjectType, Value, Version};

fn needs_a_newer_server(value: &Value) -> bool {
    write(value, Version::V10)[0] > ObjectType::StreamListpacks2.byte()
}

#[test]
fn redis_loads_what_is_written() {
    let mut redis = Redis::start();
    let values = samples(any_value(), VALUES).filter(|value| !needs_a_newer_server(value));
    for value in values {
        redis
            .restore("k", &write(&value, Version::V10))
            .unwrap_or_else(|error| panic!("{error}: {value:?}"));
        let back = read(&redis.dump("k")).expect("what Redis writes");
        assert_eq!(normal(back), normal(without_activity(value)));
    }
}

#[test]
fn redis_finds_every_element_of_what_is_written() {
    let mut redis = Redis::start();
    let bytes = |all: &[Bytes]| all.iter().map(|one| one.to_vec()).collect::<Vec<_>>();
    let mut lists = 0;
    for value in samples(any_value(), VALUES) {
        if needs_a_newer_server(&value) {
            continue;
        }
        let payload = write(&value, Version::V10);
        redis.restore("k", &payload).expect("accepted");
        match value {
            Value::String(text) => {
                assert_eq!(redis.ask::<Vec<u8>>("GET k"), text);
            }
            Value::List(items) => {
                lists += 1;
                assert_eq!(redis.ask::<Vec<Vec<u8>>>("LRANGE k 0 -1"), bytes(&items));
                // Both ends, and places that split nodes.
                redis.ask::<()>("RPUSH k last");
                redis.ask::<()>("LPUSH k first");
                redis.ask::<()>("LSET k 1 changed");
                assert_eq!(redis.ask::<usize>("LLEN k"), items.len() + 2);
                assert_eq!(redis.ask::<usize>("LREM k 1 changed"), 1);
                let rest: Vec<Vec<u8>> = redis.ask("LRANGE k 1 -2");
                assert_eq!(rest, bytes(&items[1..]));
            }
            Value::Set(members) => {
                let mut found: Vec<Vec<u8>> = redis.ask("SMEMBERS k");
                found.sort();
                let mut members = bytes(&members);
                members.sort();
                assert_eq!(found, members);
            }
            Value::ZSet(members) => {
                let found: Vec<(Vec<u8>, f64)> = redis.ask("ZRANGE k 0 -1 WITHSCORES");
                let members = members
                    .iter()
                    .map(|(member, score)| (member.to_vec(), *score));
                assert_eq!(found, members.collect::<Vec<_>>());
            }
            Value::Hash(fields) => {
                let mut found: Vec<(Vec<u8>, Vec<u8>)> = redis.ask("HGETALL k");
                found.sort();
                let pair = |field: &HashField| (field.name.to_vec(), field.value.to_vec());
                let mut pairs: Vec<_> = fields.iter().map(pair).collect();
                pairs.sort();
                assert_eq!(found, pairs);
            }
            Value::Stream(stream) => {
                assert_eq!(redis.ask::<usize>("XLEN k"), stream.entries.len());
                let found: Vec<(String, Vec<Vec<u8>>)> = redis.ask("XRANGE k - +");
                let expected = stream.entries.iter().map(|entry| {
                    let fields = entry.fields.iter().flat_map(|(name, value)| [name, value]);
                    let id = format!("{}-{}", entry.id.ms, entry.id.seq);
                    (id, fields.map(|text| text.to_vec()).collect())
                });
                assert_eq!(found, expected.collect::<Vec<_>>());
            }
        }
    }
    assert!(lists > 20, "{lists} lists");
}

#[test]
fn redis_tells_the_same_of_a_stream_and_of_its_copy() {
    let mut redis = Redis::start();
    for stream in samples(any_stream(), VALUES / 2) {
        let payload = write(&Value::Stream(stream), Version::V10);
        redis.restore("k", &payload).expect("accepted");
        let copy = read(&redis.dump("k")).expect("what Redis writes");
        redis
            .restore("copy", &write(&copy, Version::V10))
            .expect("accepted");
        let [mut told, mut of_copy] = ["k", "copy"]
            .map(|key| redis.ask::<Vec<redis::Value>>(&format!("XINFO STREAM {key} FULL COUNT 0")));
        // The shape of the index differs: nodes of the copy may be cut elsewhere.
        for place in [3, 5] {
            told[place] = redis::Value::Nil;
            of_copy[place] = redis::Value::Nil;
        }
        assert_eq!(told, of_copy);
    }
}
