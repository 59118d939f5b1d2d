//! A stream in each of its encodings.

use super::{Sample, body, listpack, sample};
use crate::rdb::tests::text;
use crate::rdb::{Consumer, Group, ObjectType, PendingEntry, Stream, StreamEntry, StreamId, Value};

fn id_bytes(ms: u64, seq: u64) -> [u8; 16] {
    (u128::from(ms) << 64 | u128::from(seq)).to_be_bytes()
}

/// A stream of three live entries and a deleted one, in any of its encodings.
pub fn stream_sample(kind: ObjectType) -> Sample {
    let (one, two) = (b"1" as &[u8], b"2" as &[u8]);
    let node = listpack(&[
        b"3", b"1", b"2", b"f", b"g", b"0", // three live, one deleted, master with f and g
        b"2", b"0", b"0", one, two, b"5", // 1000-7, fields of the master
        b"3", b"1", b"-7", one, two, b"5", // 1001-0, deleted
        b"0", b"2", b"-6", b"1", b"other", b"x", b"6", // 1002-1, a field of its own
        b"2", b"2", b"-5", two, one, b"5", // 1002-2
    ]);
    let body = body(|writer| {
        writer.count(1);
        writer.string(&id_bytes(1000, 7));
        writer.string(&node);
        let numbers: &[u64] = match kind {
            ObjectType::StreamListpacks => &[3, 1002, 2],
            _ => &[3, 1002, 2, 1000, 7, 1001, 0, 4],
        };
        for number in numbers {
            writer.length(*number);
        }
        writer.count(1);
        writer.string(b"group");
        writer.length(1000);
        writer.length(7);
        if kind != ObjectType::StreamListpacks {
            writer.length(1);
        }
        writer.count(1);
        writer.raw(&id_bytes(1000, 7));
        writer.millis(1_700_000_000_000);
        writer.length(3);
        writer.count(1);
        writer.string(b"alice");
        writer.millis(1_700_000_000_001);
        if kind >= ObjectType::StreamListpacks3 {
            writer.millis(1_700_000_000_001);
        }
        writer.count(1);
        writer.raw(&id_bytes(1000, 7));
        if kind >= ObjectType::StreamListpacks4 {
            // One producer of one message, remembered for 100 seconds, of 100 at most.
            writer.length(100);
            writer.length(100);
            writer.count(1);
            writer.string(b"producer");
            writer.count(1);
            writer.string(b"message");
            writer.length(1002);
            writer.length(2);
            writer.length(4);
            writer.length(0);
        }
    });
    sample("stream", kind, &body, Value::Stream(sample_stream(kind)))
}

fn sample_stream(kind: ObjectType) -> Stream {
    let id = |ms, seq| StreamId { ms, seq };
    let entry = |id, fields: &[(&str, &str)]| StreamEntry {
        id,
        fields: fields
            .iter()
            .map(|(name, value)| (text(name), text(value)))
            .collect(),
    };
    let is_old = kind == ObjectType::StreamListpacks;
    Stream {
        entries: vec![
            entry(id(1000, 7), &[("f", "1"), ("g", "2")]),
            entry(id(1002, 1), &[("other", "x")]),
            entry(id(1002, 2), &[("f", "2"), ("g", "1")]),
        ],
        last_id: id(1002, 2),
        max_deleted_id: if is_old { id(0, 0) } else { id(1001, 0) },
        entries_added: if is_old { 3 } else { 4 },
        groups: vec![Group {
            name: text("group"),
            last_id: id(1000, 7),
            entries_read: Some(1),
            pending: vec![PendingEntry {
                id: id(1000, 7),
                delivery_ms: 1_700_000_000_000,
                delivery_count: 3,
            }],
            consumers: vec![Consumer {
                name: text("alice"),
                seen_ms: 1_700_000_000_001,
                active_ms: Some(1_700_000_000_001),
                pending: vec![id(1000, 7)],
            }],
        }],
    }
}
