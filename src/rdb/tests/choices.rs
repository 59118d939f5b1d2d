//! Which encoding is written, and which version the footer names.

use bytes::Bytes;

use super::{read, text, write};
use crate::rdb::packed::listpack;
use crate::rdb::{
    EncodeOptions, HashField, NodeSize, ObjectType, Stream, StreamEntry, StreamId, Value, Version,
    dump,
};

/// The type and the version that a value is written with.
fn written(value: &Value, options: &EncodeOptions) -> (ObjectType, u16) {
    let payload = dump(value, options).expect("a sound value");
    let footer = payload[payload.len() - 10..payload.len() - 8].try_into();
    let version = u16::from_le_bytes(footer.expect("two bytes"));
    (ObjectType::of(payload[0]).expect("a known type"), version)
}

fn numbered(count: usize) -> impl Iterator<Item = Bytes> {
    (0..count).map(|n| text(&format!("member:{n}")))
}

fn hash(count: usize, value_len: usize, expire_ms: Option<u64>) -> Value {
    let field = |name| HashField {
        name,
        value: Bytes::from(vec![b'v'; value_len]),
        expire_ms,
    };
    Value::Hash(numbered(count).map(field).collect())
}

fn zset(count: usize, member_len: usize) -> Value {
    let pad = |n: usize| Bytes::from(format!("{n:0member_len$}"));
    Value::ZSet((0..count).map(|n| (pad(n), n as f64)).collect())
}

#[test]
fn thresholds_are_inclusive() {
    let options = EncodeOptions::default();
    let kind = |value: &Value| written(value, &options).0;
    assert_eq!(kind(&hash(512, 64, None)), ObjectType::HashListpack);
    assert_eq!(kind(&hash(513, 64, None)), ObjectType::Hash);
    assert_eq!(kind(&hash(1, 65, None)), ObjectType::Hash);
    assert_eq!(kind(&hash(512, 64, Some(5))), ObjectType::HashListpackEx);
    assert_eq!(kind(&hash(513, 64, Some(5))), ObjectType::HashMetadata);
    assert_eq!(kind(&zset(128, 64)), ObjectType::ZSetListpack);
    assert_eq!(kind(&zset(129, 64)), ObjectType::ZSet2);
    assert_eq!(kind(&zset(2, 65)), ObjectType::ZSet2);
    let integers = |count: i32| Value::Set((0..count).map(|n| text(&n.to_string())).collect());
    assert_eq!(kind(&integers(512)), ObjectType::SetIntset);
    assert_eq!(kind(&integers(513)), ObjectType::Set);
    assert_eq!(kind(&Value::Set(numbered(2).collect())), ObjectType::Set);
}

#[test]
fn the_version_is_the_oldest_that_will_do() {
    let at = |version| EncodeOptions {
        version,
        ..EncodeOptions::default()
    };
    let set = |count| Value::Set(numbered(count).collect());
    assert_eq!(written(&set(128), &at(Version::V10)), (ObjectType::Set, 10));
    assert_eq!(
        written(&set(128), &at(Version::V11)),
        (ObjectType::SetListpack, 11)
    );
    assert_eq!(written(&set(129), &at(Version::V12)), (ObjectType::Set, 10));
    let stream = Value::Stream(Stream::default());
    assert_eq!(
        written(&stream, &at(Version::V10)),
        (ObjectType::StreamListpacks2, 10)
    );
    assert_eq!(
        written(&stream, &at(Version::V12)),
        (ObjectType::StreamListpacks3, 11)
    );
    let expiring = hash(1, 1, Some(9));
    assert_eq!(
        written(&expiring, &at(Version::V10)),
        (ObjectType::HashListpackEx, 12)
    );
    assert_eq!(
        written(&hash(1, 1, None), &at(Version::V12)),
        (ObjectType::HashListpack, 10)
    );
}

#[test]
fn node_sizes_follow_the_directive() {
    let sizes = [-1, -2, -3, -4, -5, -6].map(|value| NodeSize::of_directive(value).len_max);
    assert_eq!(sizes, [4096, 8192, 16384, 32768, 65536, 65536]);
    let counted = NodeSize::of_directive(3);
    assert_eq!((counted.entries_max, counted.len_max), (3, 8192));
    assert_eq!(NodeSize::of_directive(0).entries_max, 1);
}

#[test]
fn an_element_larger_than_a_node_stands_alone() {
    let large = Bytes::from(vec![7; 9000]);
    let items = vec![text("a"), large.clone(), large, text("b"), text("c")];
    let options = EncodeOptions {
        compress: false,
        ..EncodeOptions::default()
    };
    let payload = dump(&Value::List(items.clone()), &options).expect("a list");
    // Packed, plain, plain, packed.
    assert_eq!(payload[1], 4);
    assert_eq!(read(&Bytes::from(payload)), Ok(Value::List(items)));
}

#[test]
fn nodes_of_a_list_are_full_and_not_fuller() {
    let items: Vec<Bytes> = (0..10_000).map(|n| text(&n.to_string())).collect();
    let mut builder = listpack::Builder::default();
    items.iter().for_each(|item| builder.push(item));
    let options = EncodeOptions {
        compress: false,
        ..EncodeOptions::default()
    };
    let payload = dump(&Value::List(items), &options).expect("a list");
    let nodes = usize::from(payload[1]);
    assert_eq!(nodes, builder.byte_len().div_ceil(8192));
}

#[test]
fn nodes_of_a_stream_are_limited_by_entries_and_bytes() {
    let entry = |n: u64, len: usize| StreamEntry {
        id: StreamId { ms: n, seq: 0 },
        fields: vec![(text("f"), Bytes::from(vec![b'x'; len]))],
    };
    let nodes = |count: u64, len: usize| {
        let stream = Stream {
            entries: (1..=count).map(|n| entry(n, len)).collect(),
            last_id: StreamId { ms: count, seq: 0 },
            ..Stream::default()
        };
        let payload = write(&Value::Stream(stream), Version::V10);
        usize::from(payload[1])
    };
    assert_eq!([nodes(100, 1), nodes(101, 1), nodes(300, 1)], [1, 2, 3]);
    assert_eq!([nodes(4, 1000), nodes(5, 1000), nodes(3, 5000)], [1, 2, 3]);
}
