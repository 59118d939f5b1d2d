//! What a database holds, as the crash test knows it, and how that is read from a server.
//! Invariants: equal states are equal databases: values, orders, times, and what streams remember.
//! Must not know: which writes made it. Tests: below; the crash rounds compare it with a server.

use crate::harness::{Raw, wire};
use std::collections::{BTreeMap, BTreeSet, VecDeque};

/// A value of any type.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Value {
    String(Vec<u8>),
    Hash(BTreeMap<Vec<u8>, Field>),
    Set(BTreeSet<Vec<u8>>),
    List(VecDeque<Vec<u8>>),
    SortedSet(BTreeMap<Vec<u8>, i64>),
    Stream(Stream),
}

/// The value of a hash's field, and its expiry in milliseconds since 1970.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Field {
    pub value: Vec<u8>,
    pub expire_ms: Option<i64>,
}

/// A stream with at most one group; ids are milliseconds with sequence 0.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Stream {
    pub entries: BTreeMap<u64, Vec<u8>>,
    pub last: u64,
    pub group: Option<Group>,
}

/// The group `g`: what it was given last, and what is pending at its one consumer.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Group {
    pub delivered: u64,
    pub pending: BTreeSet<u64>,
}

/// A key's value and its expiry in milliseconds since 1970.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    pub value: Value,
    pub expire_ms: Option<i64>,
}

/// What one database holds.
pub type State = BTreeMap<String, Entry>;

impl Value {
    /// Whether Redis removes a key of this value.
    pub fn is_empty(&self) -> bool {
        match self {
            Value::String(_) | Value::Stream(_) => false,
            Value::Hash(fields) => fields.is_empty(),
            Value::Set(members) => members.is_empty(),
            Value::List(elements) => elements.is_empty(),
            Value::SortedSet(members) => members.is_empty(),
        }
    }

    /// What kind it is and how much of it there is, for messages.
    pub fn summary(&self) -> String {
        match self {
            Value::String(bytes) => format!("{} bytes {:.40}", bytes.len(), wire::show(bytes)),
            Value::Hash(fields) => format!("hash of {}", fields.len()),
            Value::Set(members) => format!("set of {}", members.len()),
            Value::List(elements) => format!("list of {}", elements.len()),
            Value::SortedSet(members) => format!("sorted set of {}", members.len()),
            Value::Stream(stream) => format!(
                "stream of {} to {}, group {:?}",
                stream.entries.len(),
                stream.last,
                stream.group
            ),
        }
    }
}

/// Reads a key of the connection's database: its value by its type, and its expiry.
pub fn read_entry(c: &mut Raw, key: &str) -> Entry {
    let kind = c.command(&["TYPE", key]);
    let value = match &kind[..] {
        b"+string\r\n" => Value::String(bulk(&c.command(&["GET", key]))),
        b"+hash\r\n" => Value::Hash(read_hash(c, key)),
        b"+set\r\n" => Value::Set(bulks(&c.command(&["SMEMBERS", key])).into_iter().collect()),
        b"+list\r\n" => {
            let elements = bulks(&c.command(&["LRANGE", key, "0", "-1"]));
            Value::List(elements.into())
        }
        b"+zset\r\n" => Value::SortedSet(read_sorted_set(c, key)),
        b"+stream\r\n" => Value::Stream(read_stream(c, key)),
        other => panic!("TYPE {key}: {}", wire::show(other)),
    };
    let expiry = wire::integer(&c.command(&["PEXPIRETIME", key]));
    Entry {
        value,
        expire_ms: expiry.filter(|moment| *moment >= 0),
    }
}

fn read_hash(c: &mut Raw, key: &str) -> BTreeMap<Vec<u8>, Field> {
    let words = bulks(&c.command(&["HGETALL", key]));
    let pairs: Vec<(Vec<u8>, Vec<u8>)> = words
        .chunks_exact(2)
        .map(|pair| (pair[0].clone(), pair[1].clone()))
        .collect();
    let count = pairs.len().to_string();
    assert_eq!(
        c.command(&["HLEN", key]),
        format!(":{count}\r\n").as_bytes()
    );
    let mut command: Vec<&[u8]> = [b"HPEXPIRETIME", key.as_bytes(), b"FIELDS"].to_vec();
    command.push(count.as_bytes());
    command.extend(pairs.iter().map(|(field, _)| &field[..]));
    let times = c.command(&command);
    let times = wire::elements(&times);
    assert_eq!(times.len(), pairs.len());
    let fields = pairs.into_iter().zip(times);
    let fields = fields.map(|((name, value), time)| {
        let expire_ms = wire::integer(time).filter(|moment| *moment >= 0);
        (name, Field { value, expire_ms })
    });
    fields.collect()
}

fn read_sorted_set(c: &mut Raw, key: &str) -> BTreeMap<Vec<u8>, i64> {
    let words = bulks(&c.command(&["ZRANGE", key, "0", "-1", "WITHSCORES"]));
    let members = words.chunks_exact(2).map(|pair| {
        let score = std::str::from_utf8(&pair[1]).expect("a number");
        (pair[0].clone(), score.parse().expect("a whole number"))
    });
    let members: BTreeMap<Vec<u8>, i64> = members.collect();
    assert_eq!(2 * members.len(), words.len(), "{key} has a member twice");
    // Scores stand in the tree and in the buckets.
    for (member, score) in members.iter().take(20) {
        let found = bulk(&c.command(&[b"ZSCORE", key.as_bytes(), member]));
        assert_eq!(found, score.to_string().as_bytes(), "the score of {key}");
    }
    members
}

fn read_stream(c: &mut Raw, key: &str) -> Stream {
    let mut stream = Stream::default();
    for entry in wire::elements(&c.command(&["XRANGE", key, "-", "+"])) {
        let [id, fields] = wire::elements(entry)[..] else {
            panic!("an entry is an id and fields");
        };
        let fields = bulks(fields);
        stream.entries.insert(milliseconds(id), fields[1].clone());
    }
    let about = c.command(&["XINFO", "STREAM", key]);
    let about = wire::elements(&about);
    for pair in about.chunks_exact(2) {
        if wire::payload(pair[0]) == Some(b"last-generated-id") {
            stream.last = milliseconds(pair[1]);
        }
    }
    let groups = c.command(&["XINFO", "GROUPS", key]);
    if let Some(about) = wire::elements(&groups).first() {
        let mut group = Group::default();
        for pair in wire::elements(about).chunks_exact(2) {
            if wire::payload(pair[0]) == Some(b"last-delivered-id") {
                group.delivered = milliseconds(pair[1]);
            }
        }
        let pending = c.command(&["XPENDING", key, "g", "-", "+", "1000000"]);
        let ids = wire::elements(&pending).into_iter();
        group.pending = ids
            .map(|line| milliseconds(wire::elements(line)[0]))
            .collect();
        stream.group = Some(group);
    }
    stream
}

fn milliseconds(id: &[u8]) -> u64 {
    let id = String::from_utf8(bulk(id)).expect("an id is text");
    let (ms, seq) = id.split_once('-').expect("two numbers");
    assert_eq!(seq, "0");
    ms.parse().expect("a number")
}

fn bulk(reply: &[u8]) -> Vec<u8> {
    wire::payload(reply).expect("not null").to_vec()
}

/// The payloads of an array of bulk strings.
fn bulks(reply: &[u8]) -> Vec<Vec<u8>> {
    wire::elements(reply).into_iter().map(bulk).collect()
}

#[test]
fn empty_collections_go_and_empty_strings_and_streams_stay() {
    assert!(Value::Set(BTreeSet::new()).is_empty());
    assert!(Value::List(VecDeque::new()).is_empty());
    assert!(!Value::String(Vec::new()).is_empty());
    assert!(!Value::Stream(Stream::default()).is_empty());
}
