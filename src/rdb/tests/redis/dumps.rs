//! DUMP of every encoding that the server chooses, read here.

use super::Redis;
use crate::rdb::tests::{normal, read, text, texts};
use crate::rdb::{HashField, ObjectType, StreamId, Value};

/// Sets a directive, runs commands that fill `k`, and tells the type of its payload and value.
fn filled(redis: &mut Redis, directives: &[&str], commands: &[&str]) -> (u8, Value) {
    for directive in directives {
        redis.ask::<()>(&format!("CONFIG SET {directive}"));
    }
    redis.ask::<()>("DEL k");
    for command in commands {
        redis.ask::<redis::Value>(command);
    }
    let payload = redis.dump("k");
    let value = read(&payload).expect("what Redis writes");
    (payload[0], normal(value))
}

#[test]
fn each_encoding_that_redis_chooses_is_read() {
    let mut redis = Redis::start();
    let field = |name: &str, value: &str| HashField {
        name: text(name),
        value: text(value),
        expire_ms: None,
    };
    let hash = Value::Hash(vec![field("f", "1"), field("g", "-70000"), field("h", "x")]);
    let zset = Value::ZSet(vec![
        (text("low"), f64::NEG_INFINITY),
        (text("a"), 0.1),
        (text("b"), 0.1),
        (text("7"), 1e20),
    ]);
    let (small, large) = (["100", "64"], ["0", "0"]);
    for ([entries, _], kinds) in [
        (
            small,
            [
                ObjectType::HashListpack,
                ObjectType::ZSetListpack,
                ObjectType::SetIntset,
            ],
        ),
        (
            large,
            [ObjectType::Hash, ObjectType::ZSet2, ObjectType::Set],
        ),
    ] {
        let directives = ["hash-max-listpack-entries", "zset-max-listpack-entries"];
        let directives = directives.map(|name| format!("{name} {entries}"));
        let directives = directives.each_ref().map(String::as_str);
        let found = filled(&mut redis, &directives, &["HSET k f 1 g -70000 h x"]);
        assert_eq!(found, (kinds[0].byte(), hash.clone()));
        let found = filled(&mut redis, &[], &["ZADD k 0.1 b 0.1 a -inf low 1e20 7"]);
        assert_eq!(found, (kinds[1].byte(), zset.clone()));
        let set = format!("set-max-intset-entries {entries}");
        let found = filled(&mut redis, &[&set], &["SADD k 1 -40000 99999999999"]);
        let members = Value::Set(texts(&["-40000", "1", "99999999999"]));
        assert_eq!(found, (kinds[2].byte(), members));
    }
    let found = filled(&mut redis, &[], &["SADD k one two"]);
    assert_eq!(
        found,
        (ObjectType::Set.byte(), Value::Set(texts(&["one", "two"])))
    );
    for string in [
        "",
        "0",
        "-128",
        "32767",
        "-2147483648",
        "2147483648",
        "abc",
        "1.5",
    ] {
        redis.ask::<()>("SET k x");
        redis.ask::<()>(&format!("SET k {string}"));
        assert_eq!(read(&redis.dump("k")), Ok(Value::String(text(string))));
    }
    let long = "abcabcabc".repeat(1000);
    let found = filled(&mut redis, &[], &[&format!("SET k {long}")]);
    assert_eq!(
        found,
        (ObjectType::String.byte(), Value::String(text(&long)))
    );
    assert!(redis.dump("k").len() < 200, "compressed");
}

#[test]
fn each_shape_of_a_list_is_read() {
    let mut redis = Redis::start();
    let items: Vec<String> = (0..500)
        .map(|n| format!("item:{n}:{}", n * n * n))
        .collect();
    let push = format!("RPUSH k {} 17 -5 {}", items.join(" "), "z".repeat(20_000));
    let mut expected: Vec<&str> = items.iter().map(String::as_str).collect();
    let long = "z".repeat(20_000);
    expected.extend(["17", "-5", &long]);
    let expected = Value::List(texts(&expected));
    for directives in [
        &["list-max-listpack-size -2", "list-compress-depth 0"][..],
        &["list-max-listpack-size 3"],
        &["list-max-listpack-size -1", "list-compress-depth 1"],
        &["rdbcompression no"],
    ] {
        let found = filled(&mut redis, directives, &[&push]);
        assert_eq!(found.0, ObjectType::ListQuicklist2.byte());
        assert_eq!(found.1, expected, "{directives:?}");
    }
}

#[test]
fn a_stream_with_everything_is_read() {
    let mut redis = Redis::start();
    let fill: Vec<String> = (1..=300)
        .map(|n| match n % 7 {
            0 => format!("XADD k {n}-{n} other {n} fields here"),
            _ => format!("XADD k {n}-{n} f {n} g value:{n}"),
        })
        .collect();
    let mut commands: Vec<&str> = fill.iter().map(String::as_str).collect();
    commands.extend([
        "XDEL k 150-150 151-151 299-299",
        "XTRIM k MAXLEN 280",
        "XGROUP CREATE k late 200-200",
        "XGROUP CREATE k group 0 ENTRIESREAD 20",
        "XGROUP CREATECONSUMER k group idle",
        "XREADGROUP GROUP group alice COUNT 50 STREAMS k >",
        "XREADGROUP GROUP group bob COUNT 50 STREAMS k >",
        "XACK k group 30-30 31-31 32-32",
        "XDEL k 40-40",
        "XCLAIM k group bob 0 41-41",
    ]);
    let (kind, value) = filled(&mut redis, &[], &commands);
    let Value::Stream(stream) = value else {
        panic!("a stream");
    };
    assert_eq!(kind, ObjectType::StreamListpacks2.byte());
    let id = |n| StreamId { ms: n, seq: n };
    assert_eq!(stream.entries.len(), 279);
    assert_eq!((stream.first_id(), stream.last_id), (id(18), id(300)));
    assert_eq!(
        (stream.max_deleted_id, stream.entries_added),
        (id(299), 300)
    );
    let other = stream.entries.iter().find(|entry| entry.id == id(21));
    let fields = vec![(text("other"), text("21")), (text("fields"), text("here"))];
    assert_eq!(other.map(|entry| &entry.fields), Some(&fields));
    let [group, late] = &stream.groups[..] else {
        panic!("two groups");
    };
    assert_eq!((late.last_id, late.pending.len()), (id(200), 0));
    assert_eq!((&group.name, group.pending.len()), (&text("group"), 97));
    let consumers = group
        .consumers
        .iter()
        .map(|one| (&one.name[..], one.pending.len()));
    let expected = [(&b"alice"[..], 46), (b"bob", 51), (b"idle", 0)];
    assert_eq!(consumers.collect::<Vec<_>>(), expected);
    let claimed = group.pending.iter().find(|entry| entry.id == id(41));
    assert_eq!(claimed.map(|entry| entry.delivery_count), Some(2));
    assert!(
        group
            .pending
            .iter()
            .all(|entry| entry.delivery_ms > 1_600_000_000_000)
    );
}
