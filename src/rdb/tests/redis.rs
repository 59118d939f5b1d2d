//! Debian's redis-server (7.0) as the judge: it loads what is written here and writes what is
//! read here.
//! Invariants: each test has its own server, on a unix socket in a directory of its own, which
//! is gone when the test ends; the server runs with its strictest checks of payloads.

use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};

use bytes::Bytes;
use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::TestRunner;
use redis::Connection;

use super::handmade::old_samples;
use super::models::{any_stream, any_value};
use super::mutations::{Random, mutate};
use super::{normal, read, sealed, text, texts, without_activity, write};
use crate::rdb::{HashField, ObjectType, StreamId, Value, Version};

/// How many random values are put through the server.
const VALUES: usize = 400;
/// How many damaged payloads are put through the server.
const DAMAGED: usize = 3000;

struct Redis {
    process: Child,
    connection: Connection,
    /// Holds the socket.
    _directory: tempfile::TempDir,
}

impl Drop for Redis {
    fn drop(&mut self) {
        // A process that is gone already is what is wanted.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

impl Redis {
    fn start() -> Redis {
        let directory = tempfile::tempdir().expect("a temporary directory");
        let socket = directory.path().join("socket");
        let mut process = Command::new("redis-server")
            .args(["--port", "0", "--save", "", "--appendonly", "no"])
            .args(["--sanitize-dump-payload", "yes", "--unixsocket"])
            .arg(&socket)
            .current_dir(directory.path())
            .stdout(Stdio::piped())
            .spawn()
            .expect("redis-server, which Debian's package of that name installs");
        let log = process.stdout.take().expect("a piped output");
        let mut lines = BufReader::new(log).lines().map_while(Result::ok);
        assert!(
            lines.any(|line| line.contains("eady to accept connections at")),
            "redis-server ended before it was ready"
        );
        // A log that nobody reads would stop the server when the pipe is full.
        std::thread::spawn(move || lines.count());
        let url = format!("redis+unix://{}", socket.display());
        let client = redis::Client::open(url).expect("a path");
        Redis {
            connection: client.get_connection().expect("a ready server"),
            process,
            _directory: directory,
        }
    }

    fn ask<T: redis::FromRedisValue>(&mut self, words: &str) -> T {
        let mut command = redis::Cmd::new();
        for word in words.split(' ') {
            command.arg(word);
        }
        let reply = command.query(&mut self.connection);
        reply.unwrap_or_else(|error| panic!("{words}: {error}"))
    }

    fn dump(&mut self, key: &str) -> Bytes {
        let payload: Vec<u8> = self.ask(&format!("DUMP {key}"));
        Bytes::from(payload)
    }

    /// RESTORE, REPLACE; the error's text if it is refused.
    fn restore(&mut self, key: &str, payload: &[u8]) -> Result<(), String> {
        let mut command = redis::cmd("RESTORE");
        command.arg(key).arg(0).arg(payload).arg("REPLACE");
        let reply = command.query::<()>(&mut self.connection);
        reply.map_err(|error| error.detail().unwrap_or_default().to_owned())
    }
}

/// The first values of a strategy, the same ones on every run.
fn samples<S: Strategy>(strategy: S, count: usize) -> impl Iterator<Item = S::Value> {
    let mut runner = TestRunner::deterministic();
    std::iter::repeat_with(move || strategy.new_tree(&mut runner).expect("a value").current())
        .take(count)
}

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
