//! What is refused, and with which error.

use bytes::Bytes;

use super::handmade::{body, listpack, ziplist, zipmap};
use super::{payload, read, sealed, text, write};
use crate::rdb::packed::intset;
use crate::rdb::{
    DecodeError, EncodeError, EncodeOptions, FIELD_EXPIRE_MS_MAX, HashField, ObjectType,
    PayloadError, Stream, Value, Version, Writer, dump,
};

fn refusal(kind: ObjectType, write: impl FnOnce(&mut Writer)) -> DecodeError {
    match read(&payload(kind, &body(write))) {
        Err(PayloadError::Data(error)) => error,
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_wrong_footer_is_refused_before_anything_is_read() {
    let good = write(&Value::String(text("x")), Version::V10);
    for len in 0..good.len() {
        assert_eq!(read(&good.slice(..len)), Err(PayloadError::Footer));
    }
    for at in 0..good.len() {
        let mut bad = good.to_vec();
        bad[at] ^= 1;
        assert_eq!(read(&Bytes::from(bad)), Err(PayloadError::Footer), "{at}");
    }
    let body = &good[..good.len() - 10];
    for version in [0, 1, 9, 10, 11, 12, 13] {
        assert!(read(&sealed(body.to_vec(), version)).is_ok(), "{version}");
    }
    for version in [14, 80, u16::MAX] {
        let newer = read(&sealed(body.to_vec(), version));
        assert_eq!(newer, Err(PayloadError::Footer), "{version}");
    }
    let unchecked = [body, &10_u16.to_le_bytes(), &[0; 8]].concat();
    assert_eq!(read(&Bytes::from(unchecked)), Err(PayloadError::Footer));
}

#[test]
fn bytes_behind_the_value_are_passed_over() {
    let trailing = sealed(b"\x00\x01xjunk".to_vec(), 10);
    assert_eq!(read(&trailing), Ok(Value::String(text("x"))));
}

#[test]
fn types_that_nobody_can_read_are_refused() {
    for kind in [8, 27, 28, 0xff] {
        let found = read(&sealed(vec![kind, 0], 10));
        assert_eq!(found, Err(DecodeError::UnknownType(kind).into()));
    }
    assert_eq!(
        read(&sealed(Vec::new(), 10)),
        Err(DecodeError::Truncated.into())
    );
    for kind in [ObjectType::ModulePreGa, ObjectType::Module2] {
        assert_eq!(
            refusal(kind, |writer| writer.length(1)),
            DecodeError::Module
        );
    }
}

#[test]
fn collections_without_elements_are_refused() {
    for kind in [
        ObjectType::List,
        ObjectType::Set,
        ObjectType::ZSet,
        ObjectType::ZSet2,
    ] {
        assert_eq!(refusal(kind, |writer| writer.count(0)), DecodeError::Empty);
    }
    let nothing = |bytes: Vec<u8>| move |writer: &mut Writer| writer.string(&bytes);
    for (kind, bytes) in [
        (ObjectType::ListZiplist, ziplist(&[])),
        (ObjectType::HashZiplist, ziplist(&[])),
        (ObjectType::ZSetZiplist, ziplist(&[])),
        (ObjectType::HashZipmap, zipmap(&[], 0)),
        (ObjectType::HashListpack, listpack(&[])),
        (ObjectType::ZSetListpack, listpack(&[])),
        (ObjectType::SetListpack, listpack(&[])),
        (
            ObjectType::SetIntset,
            [2_u32, 0].map(u32::to_le_bytes).concat(),
        ),
    ] {
        assert_eq!(
            refusal(kind, nothing(bytes)),
            DecodeError::Empty,
            "{kind:?}"
        );
    }
    let node = refusal(ObjectType::ListQuicklist2, |writer| {
        writer.count(1);
        writer.length(2);
        writer.string(&listpack(&[]));
    });
    assert_eq!(node, DecodeError::Empty);
    let empty = write(&Value::Stream(Stream::default()), Version::V10);
    assert_eq!(read(&empty), Ok(Value::Stream(Stream::default())));
}

#[test]
fn elements_that_occur_twice_are_refused() {
    let strings = |all: &'static [&'static [u8]], count: usize| {
        move |writer: &mut Writer| {
            writer.count(count);
            all.iter().for_each(|one| writer.string(one));
        }
    };
    let packed = |bytes: Vec<u8>| move |writer: &mut Writer| writer.string(&bytes);
    let pairs: [&[u8]; 4] = [b"a", b"1", b"a", b"2"];
    let mut twice = Vec::new();
    intset::write(&mut [1, 1], &mut twice);
    let duplicates = [
        refusal(ObjectType::Set, strings(&[b"a", b"b", b"a"], 3)),
        refusal(ObjectType::Hash, strings(&[b"a", b"1", b"a", b"2"], 2)),
        refusal(ObjectType::SetListpack, packed(listpack(&[b"7", b"7"]))),
        refusal(ObjectType::HashListpack, packed(listpack(&pairs))),
        refusal(ObjectType::ZSetListpack, packed(listpack(&pairs))),
        refusal(ObjectType::HashZiplist, packed(ziplist(&pairs))),
        refusal(ObjectType::ZSetZiplist, packed(ziplist(&pairs))),
        refusal(
            ObjectType::HashZipmap,
            packed(zipmap(&[(b"a", b""), (b"a", b"")], 0)),
        ),
    ];
    assert_eq!(duplicates, [DecodeError::Duplicate; 8]);
    assert_eq!(
        refusal(ObjectType::SetIntset, packed(twice)),
        DecodeError::Intset
    );
}

#[test]
fn containers_of_pairs_have_both_halves() {
    let packed = |bytes: Vec<u8>| move |writer: &mut Writer| writer.string(&bytes);
    for (kind, bytes) in [
        (ObjectType::HashListpack, listpack(&[b"a"])),
        (ObjectType::HashZiplist, ziplist(&[b"a", b"1", b"b"])),
        (ObjectType::ZSetListpack, listpack(&[b"a", b"1", b"b"])),
        (ObjectType::HashListpackExPreGa, listpack(&[b"a", b"1"])),
    ] {
        assert_eq!(
            refusal(kind, packed(bytes)),
            DecodeError::Truncated,
            "{kind:?}"
        );
    }
}

#[test]
fn damaged_containers_are_refused_by_name() {
    let packed = |bytes: &'static [u8]| move |writer: &mut Writer| writer.string(bytes);
    assert_eq!(
        refusal(ObjectType::HashListpack, packed(b"x")),
        DecodeError::Listpack
    );
    assert_eq!(
        refusal(ObjectType::HashZiplist, packed(b"x")),
        DecodeError::Ziplist
    );
    assert_eq!(
        refusal(ObjectType::HashZipmap, packed(b"x")),
        DecodeError::Zipmap
    );
    assert_eq!(
        refusal(ObjectType::SetIntset, packed(b"x")),
        DecodeError::Intset
    );
    for (container, node) in [(0, &b"x"[..]), (3, b"x"), (1, b""), (2, b"")] {
        let error = refusal(ObjectType::ListQuicklist2, |writer| {
            writer.count(1);
            writer.length(container);
            writer.string(node);
        });
        assert_eq!(error, DecodeError::ListNode, "{container}");
    }
}

#[test]
fn scores_are_numbers_in_every_encoding() {
    for bad in ["nan", "", "x", "1.5x", " 1", "0x10"] {
        let pair = [&b"a"[..], bad.as_bytes()];
        let packed = |bytes: Vec<u8>| move |writer: &mut Writer| writer.string(&bytes);
        let found = refusal(ObjectType::ZSetListpack, packed(listpack(&pair)));
        assert_eq!(found, DecodeError::Score, "{bad:?}");
        let found = refusal(ObjectType::ZSetZiplist, packed(ziplist(&pair)));
        assert_eq!(found, DecodeError::Score, "{bad:?}");
    }
    for (kind, score) in [
        (ObjectType::ZSet2, f64::NAN.to_le_bytes()),
        (ObjectType::ZSet, *b"\xfd0000000"),
    ] {
        let error = refusal(kind, |writer| {
            writer.count(1);
            writer.string(b"a");
            writer.raw(&score);
        });
        assert_eq!(error, DecodeError::Score, "{kind:?}");
    }
}

#[test]
fn times_of_expiry_stay_in_their_range() {
    let time = |earliest: i64, distance: u64| {
        body(|writer| {
            writer.millis(earliest);
            writer.count(1);
            writer.length(distance);
            writer.string(b"f");
            writer.string(b"v");
        })
    };
    let most = FIELD_EXPIRE_MS_MAX as i64;
    let latest = read(&payload(ObjectType::HashMetadata, &time(most, 1)));
    let field = |expire_ms| HashField {
        name: text("f"),
        value: text("v"),
        expire_ms,
    };
    assert_eq!(
        latest,
        Ok(Value::Hash(vec![field(Some(FIELD_EXPIRE_MS_MAX))]))
    );
    for (earliest, distance) in [(most, 2), (-1, 1), (-1, 2), (5, u64::MAX)] {
        let found = read(&payload(
            ObjectType::HashMetadata,
            &time(earliest, distance),
        ));
        assert_eq!(
            found,
            Err(DecodeError::FieldExpiry.into()),
            "{earliest} {distance}"
        );
    }
    for bad in [&b"-1"[..], b"x", b"281474976710656", b"1.5"] {
        let bytes = listpack(&[b"f", b"v", bad]);
        let error = refusal(ObjectType::HashListpackExPreGa, |writer| {
            writer.string(&bytes)
        });
        assert_eq!(error, DecodeError::FieldExpiry);
    }
}

/// A stream of a node with one entry, 5-0, whose elements may be changed, and a group.
fn stream(
    elements: [&[u8]; 10],
    last_ms: u64,
    pending: &[u64],
    owned: &[&[u64]],
) -> Result<Value, PayloadError> {
    let id = |ms: u64| (u128::from(ms) << 64).to_be_bytes();
    let bytes = body(|writer| {
        writer.count(1);
        writer.string(&id(5));
        writer.string(&listpack(&elements));
        for number in [1, last_ms, 0] {
            writer.length(number);
        }
        writer.count(1);
        writer.string(b"group");
        writer.raw(&[0, 0]);
        writer.count(pending.len());
        for ms in pending {
            writer.raw(&id(*ms));
            writer.millis(1);
            writer.length(1);
        }
        writer.count(owned.len());
        for (name, ids) in owned.iter().enumerate() {
            writer.string(name.to_string().as_bytes());
            writer.millis(1);
            writer.count(ids.len());
            ids.iter().for_each(|ms| writer.raw(&id(*ms)));
        }
    });
    read(&payload(ObjectType::StreamListpacks, &bytes))
}

#[test]
fn streams_that_contradict_themselves_are_refused() {
    // One live entry, none deleted, one field f; the entry 5-0 with f, 1; four elements.
    let good: [&[u8]; 10] = [b"1", b"0", b"1", b"f", b"0", b"2", b"0", b"0", b"1", b"4"];
    assert!(stream(good, 5, &[], &[]).is_ok());
    let refused = Err(PayloadError::Data(DecodeError::Stream));
    for (at, bad) in [
        (0, b"2" as &[u8]),
        (0, b"0"),
        (0, b"-1"),
        (0, b"x"),
        (0, b"9223372036854775807"),
        (1, b"1"),
        (1, b"-1"),
        (2, b"0"),
        (2, b"-1"),
        (2, b"1000000"),
        (4, b"1"),
        (5, b"x"),
        (5, b"3"),
        (6, b"1"),
        (7, b"x"),
        (9, b"5"),
    ] {
        let mut elements = good;
        elements[at] = bad;
        assert_eq!(stream(elements, 5, &[], &[]), refused, "{at}: {bad:?}");
    }
    assert_eq!(
        stream(good, 4, &[], &[]),
        refused,
        "the last id is before an entry"
    );
}

#[test]
fn pending_entries_have_one_consumer_each() {
    let good: [&[u8]; 10] = [b"1", b"0", b"1", b"f", b"0", b"2", b"0", b"0", b"1", b"4"];
    let refused = Err(PayloadError::Data(DecodeError::Stream));
    assert!(stream(good, 5, &[1, 2], &[&[2], &[1]]).is_ok());
    assert_eq!(stream(good, 5, &[1, 2], &[&[1]]), refused, "no consumer");
    assert_eq!(stream(good, 5, &[1, 2], &[&[1, 2], &[1]]), refused, "two");
    assert_eq!(
        stream(good, 5, &[1, 2], &[&[1, 1]]),
        refused,
        "the same twice"
    );
    assert_eq!(stream(good, 5, &[1], &[&[3]]), refused, "unknown");
    let twice = stream(good, 5, &[1, 1], &[&[1, 1]]);
    assert_eq!(twice, Err(DecodeError::Duplicate.into()));
}

#[test]
fn what_has_no_serialised_form_is_not_written() {
    let refuse = |value| dump(&value, &EncodeOptions::default()).expect_err("unsound");
    assert_eq!(refuse(Value::List(Vec::new())), EncodeError::Empty);
    assert_eq!(
        refuse(Value::ZSet(vec![(text("a"), f64::NAN)])),
        EncodeError::Score
    );
    for time in [0, FIELD_EXPIRE_MS_MAX + 1] {
        let field = HashField {
            name: text("f"),
            value: text("v"),
            expire_ms: Some(time),
        };
        assert_eq!(refuse(Value::Hash(vec![field])), EncodeError::FieldExpiry);
    }
}
