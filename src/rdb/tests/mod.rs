//! The codec as a whole, judged by models, by hand-made payloads and by Redis itself.
//! Invariants: every payload that a test needs is made here, from models or byte by byte.
//! Must not know: anything of the server.

mod choices;
mod handmade;
mod models;
mod mutations;
mod old;
mod redis;
mod refusals;
mod round_trip;

use bytes::Bytes;

use super::payload::checksum;
use super::{EncodeOptions, ObjectType, PayloadError, Value, Version, dump, restore};

/// Memory for values of tests, in bytes: more than any of them needs.
const MEMORY_MAX: usize = 64 << 20;

fn text(text: &str) -> Bytes {
    Bytes::copy_from_slice(text.as_bytes())
}

fn texts(all: &[&str]) -> Vec<Bytes> {
    all.iter().map(|one| text(one)).collect()
}

/// Bytes with a right footer.
fn sealed(mut bytes: Vec<u8>, version: u16) -> Bytes {
    bytes.extend(version.to_le_bytes());
    bytes.extend(checksum(&bytes).to_le_bytes());
    Bytes::from(bytes)
}

/// A payload of a type and the bytes behind it.
fn payload(kind: ObjectType, body: &[u8]) -> Bytes {
    let bytes = [&[kind.byte()], body].concat();
    sealed(bytes, kind.version().number())
}

fn read(payload: &Bytes) -> Result<Value, PayloadError> {
    restore(payload, MEMORY_MAX)
}

fn write(value: &Value, version: Version) -> Bytes {
    let options = EncodeOptions {
        version,
        ..EncodeOptions::default()
    };
    Bytes::from(dump(value, &options).expect("a sound value"))
}

/// The value with what has no order of its own in order.
fn normal(mut value: Value) -> Value {
    match &mut value {
        Value::Set(members) => members.sort(),
        Value::Hash(fields) => fields.sort_by(|a, b| a.name.cmp(&b.name)),
        Value::Stream(stream) => {
            stream.groups.sort_by(|a, b| a.name.cmp(&b.name));
            for group in &mut stream.groups {
                group.consumers.sort_by(|a, b| a.name.cmp(&b.name));
            }
        }
        Value::String(_) | Value::List(_) | Value::ZSet(_) => {}
    }
    value
}

/// What Redis 7.0 keeps of a value: not when a consumer was active.
fn without_activity(mut value: Value) -> Value {
    if let Value::Stream(stream) = &mut value {
        for group in &mut stream.groups {
            for consumer in &mut group.consumers {
                consumer.active_ms = Some(consumer.seen_ms);
            }
        }
    }
    value
}
