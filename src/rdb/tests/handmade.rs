//! Payloads in encodings that this server does not write, built byte by byte.
//! Invariant: each is one that some Redis wrote; `redis/` has the real server confirm it.
//! Must not know: the decoder.

mod stream;

use bytes::Bytes;

use self::stream::stream_sample;
use super::{payload, text, texts};
use crate::rdb::packed::{intset, listpack};
use crate::rdb::{HashField, ObjectType, Value, Writer};
use crate::resp::parse_i64;

/// Writes the parts behind a type's number.
pub fn body(write: impl FnOnce(&mut Writer)) -> Vec<u8> {
    let mut writer = Writer::new(Vec::new(), true);
    write(&mut writer);
    writer.into_bytes()
}

pub fn listpack(elements: &[&[u8]]) -> Vec<u8> {
    let mut builder = listpack::Builder::default();
    for element in elements {
        builder.push(element);
    }
    builder.finish(<[u8]>::to_vec)
}

/// A ziplist with numbers in their shortest forms.
pub fn ziplist(elements: &[&[u8]]) -> Vec<u8> {
    let mut bytes = vec![0; 10];
    let mut previous_len = 0;
    let mut tail = bytes.len();
    for element in elements {
        tail = bytes.len();
        if previous_len < 254 {
            bytes.push(previous_len as u8);
        } else {
            bytes.push(254);
            bytes.extend((previous_len as u32).to_le_bytes());
        }
        bytes.extend(ziplist_element(element));
        previous_len = bytes.len() - tail;
    }
    bytes.push(0xff);
    let total = bytes.len() as u32;
    bytes[..4].copy_from_slice(&total.to_le_bytes());
    bytes[4..8].copy_from_slice(&(tail as u32).to_le_bytes());
    bytes[8..10].copy_from_slice(&(elements.len() as u16).to_le_bytes());
    bytes
}

fn ziplist_element(element: &[u8]) -> Vec<u8> {
    let le = |form: u8, number: i64, len: usize| {
        let number = number.to_le_bytes().into_iter().take(len);
        std::iter::once(form).chain(number).collect()
    };
    match (parse_i64(element), element.len()) {
        (Some(number @ 0..=12), _) => vec![0xf1 + number as u8],
        (Some(number @ -0x80..=0x7f), _) => le(0xfe, number, 1),
        (Some(number @ -0x8000..=0x7fff), _) => le(0xc0, number, 2),
        (Some(number @ -0x80_0000..=0x7f_ffff), _) => le(0xf0, number, 3),
        (Some(number @ -0x8000_0000..=0x7fff_ffff), _) => le(0xd0, number, 4),
        (Some(number), _) => le(0xe0, number, 8),
        (None, len @ 0..=0x3f) => [&[len as u8], element].concat(),
        (None, len @ 0x40..=0x3fff) => {
            let form = 0x4000 | len as u16;
            [&form.to_be_bytes(), element].concat()
        }
        (None, len) => [&[0x80], &(len as u32).to_be_bytes()[..], element].concat(),
    }
}

/// A zipmap; `unused` bytes follow each value.
pub fn zipmap(pairs: &[(&[u8], &[u8])], unused: u8) -> Vec<u8> {
    let length = |text: &[u8]| match text.len() {
        len @ 0..=253 => vec![len as u8],
        len => [&[254], &(len as u32).to_le_bytes()[..]].concat(),
    };
    let mut bytes = vec![pairs.len().min(254) as u8];
    for (field, value) in pairs {
        bytes.extend(length(field));
        bytes.extend(*field);
        bytes.extend(length(value));
        bytes.push(unused);
        bytes.extend(*value);
        bytes.extend(vec![b'-'; usize::from(unused)]);
    }
    bytes.push(0xff);
    bytes
}

fn field(name: &str, value: &str, expire_ms: Option<u64>) -> HashField {
    HashField {
        name: text(name),
        value: text(value),
        expire_ms,
    }
}

fn text_score(score: &str) -> Vec<u8> {
    [&[score.len() as u8], score.as_bytes()].concat()
}

/// A payload, what it means, and what it shows.
pub struct Sample {
    pub name: &'static str,
    pub payload: Bytes,
    pub value: Value,
}

fn sample(name: &'static str, kind: ObjectType, body: &[u8], value: Value) -> Sample {
    Sample {
        name,
        payload: payload(kind, body),
        value,
    }
}

/// One or more payloads of every type that Redis 7.0 knows and this server does not write.
pub fn old_samples() -> Vec<Sample> {
    let mut samples = old_lists();
    samples.extend(old_hashes());
    samples.extend(old_zsets());
    samples.push(old_set());
    samples.push(stream_sample(ObjectType::StreamListpacks));
    samples
}

/// As [`old_samples`], of types that came after 7.0.
pub fn new_samples() -> Vec<Sample> {
    let mut samples = new_hashes();
    let members = listpack(&[b"a", b"17", b"ccc"]);
    samples.push(sample(
        "set in a listpack",
        ObjectType::SetListpack,
        &body(|writer| writer.string(&members)),
        Value::Set(texts(&["a", "17", "ccc"])),
    ));
    samples.push(stream_sample(ObjectType::StreamListpacks3));
    samples.push(stream_sample(ObjectType::StreamListpacks4));
    samples
}

fn old_lists() -> Vec<Sample> {
    let long = "x".repeat(300);
    let huge = "y".repeat(20_000);
    let items = [
        "1",
        "12",
        "-100",
        "3000",
        "-70000",
        "9000000",
        "5000000000",
        "a",
        "",
        &long,
    ];
    let bytes: Vec<&[u8]> = items.iter().map(|item| item.as_bytes()).collect();
    let after_long: Vec<&[u8]> = [&bytes[..], &[huge.as_bytes(), b"end"]].concat();
    let all: Vec<&str> = [&items[..], &[&huge, "end"]].concat();
    let plain = body(|writer| {
        writer.count(3);
        writer.string(b"a");
        writer.string(b"-5");
        writer.string(&[b'z'; 60]);
    });
    let nodes = body(|writer| {
        writer.count(3);
        writer.string(&ziplist(&bytes));
        writer.string(&ziplist(&[]));
        writer.string(&ziplist(&[b"end"]));
    });
    let new_nodes = body(|writer| {
        writer.count(3);
        writer.length(1);
        writer.string(&[b'p'; 100]);
        writer.length(2);
        writer.string(&listpack(&[b"1", b"two"]));
        writer.length(1);
        writer.string(b"12345");
    });
    vec![
        sample(
            "list of strings",
            ObjectType::List,
            &plain,
            Value::List(texts(&["a", "-5", &"z".repeat(60)])),
        ),
        sample(
            "list in a ziplist",
            ObjectType::ListZiplist,
            &body(|writer| writer.string(&ziplist(&after_long))),
            Value::List(texts(&all)),
        ),
        sample(
            "list of ziplists",
            ObjectType::ListQuicklist,
            &nodes,
            Value::List(texts(&[&items[..], &["end"]].concat())),
        ),
        sample(
            "list of plain and packed nodes",
            ObjectType::ListQuicklist2,
            &new_nodes,
            Value::List(texts(&[&"p".repeat(100), "1", "two", "12345"])),
        ),
    ]
}

fn old_hashes() -> Vec<Sample> {
    let long = "v".repeat(260);
    let pairs: [(&[u8], &[u8]); 3] = [(b"a", b"1"), (b"", b"empty"), (b"long", long.as_bytes())];
    let flat: Vec<&[u8]> = pairs.iter().flat_map(|pair| [pair.0, pair.1]).collect();
    let value = Value::Hash(vec![
        field("a", "1", None),
        field("", "empty", None),
        field("long", &long, None),
    ]);
    let packed = |name, kind, bytes: &[u8]| {
        sample(
            name,
            kind,
            &body(|writer| writer.string(bytes)),
            value.clone(),
        )
    };
    vec![
        packed(
            "hash in a zipmap",
            ObjectType::HashZipmap,
            &zipmap(&pairs, 0),
        ),
        packed(
            "zipmap with unused bytes",
            ObjectType::HashZipmap,
            &zipmap(&pairs, 3),
        ),
        packed(
            "hash in a ziplist",
            ObjectType::HashZiplist,
            &ziplist(&flat),
        ),
    ]
}

fn old_set() -> Sample {
    let mut bytes = Vec::new();
    intset::write(&mut [5, -3, 100_000], &mut bytes);
    sample(
        "set in an intset",
        ObjectType::SetIntset,
        &body(|writer| writer.string(&bytes)),
        Value::Set(texts(&["-3", "5", "100000"])),
    )
}

fn old_zsets() -> Vec<Sample> {
    let value = Value::ZSet(vec![
        (text("low"), f64::NEG_INFINITY),
        (text("b"), -1.5),
        (text("c"), 0.1),
        (text("42"), 3.0),
        (text("big"), 1e100),
        (text("high"), f64::INFINITY),
    ]);
    let scores = [
        ("high", vec![254]),
        ("big", text_score("1e+100")),
        ("42", text_score("3")),
        ("c", text_score("0.10000000000000001")),
        ("b", text_score("-1.5")),
        ("low", vec![255]),
    ];
    let plain = body(|writer| {
        writer.count(scores.len());
        for (member, score) in &scores {
            writer.string(member.as_bytes());
            writer.raw(score);
        }
    });
    let flat: [&[u8]; 12] = [
        b"low",
        b"-inf",
        b"b",
        b"-1.5",
        b"c",
        b"0.10000000000000001",
        b"42",
        b"3",
        b"big",
        b"1.0000000000000000e+100",
        b"high",
        b"inf",
    ];
    vec![
        sample("scores as text", ObjectType::ZSet, &plain, value.clone()),
        sample(
            "sorted set in a ziplist",
            ObjectType::ZSetZiplist,
            &body(|writer| writer.string(&ziplist(&flat))),
            value,
        ),
    ]
}

fn new_hashes() -> Vec<Sample> {
    let fields = vec![
        field("soon", "1", Some(1_900_000_000_000)),
        field("later", "2", Some(1_900_000_005_000)),
        field("never", "3", None),
    ];
    let packed = listpack(&[
        b"soon",
        b"1",
        b"1900000000000",
        b"later",
        b"2",
        b"1900000005000",
        b"never",
        b"3",
        b"0",
    ]);
    let earliest = 1_900_000_000_000;
    let plain = |times: [u64; 3]| {
        move |writer: &mut Writer| {
            writer.count(3);
            for (name, time) in [("soon", 0), ("later", 1), ("never", 2)] {
                writer.length(times[time]);
                writer.string(name.as_bytes());
                writer.string((time + 1).to_string().as_bytes());
            }
        }
    };
    let make = |name, kind, bytes: &[u8]| sample(name, kind, bytes, Value::Hash(fields.clone()));
    vec![
        make(
            "hash with absolute times",
            ObjectType::HashMetadataPreGa,
            &body(plain([1_900_000_000_000, 1_900_000_005_000, 0])),
        ),
        make(
            "hash with relative times",
            ObjectType::HashMetadata,
            &body(|writer| {
                writer.millis(earliest);
                plain([1, 5001, 0])(writer);
            }),
        ),
        make(
            "packed hash with times, release candidate",
            ObjectType::HashListpackExPreGa,
            &body(|writer| writer.string(&packed)),
        ),
        make(
            "packed hash with times",
            ObjectType::HashListpackEx,
            &body(|writer| {
                writer.millis(earliest);
                writer.string(&packed);
            }),
        ),
    ]
}
