//! Directories of other builds: what is refused, and in which words; what must open for ever.

mod common;

use common::{Directory, Heard, options};
use std::path::Path;
use storage::check::check;
use storage::commit::Fsync;
use storage::encoding::key::count_key;
use storage::engine::{BatchBuilder, Engine, EngineTuning, Family, Throttle};
use storage::ops::hash::{FieldTime, Hash};
use storage::ops::stream::{self, Span, StreamId};
use storage::ops::{bytes, hll, list, set, zset};
use storage::registry::records;
use storage::{Options, StorageError, Store};

fn open(path: &Path, partitions: Option<u16>) -> Result<(), StorageError> {
    Store::open(Options {
        partitions,
        ..Options::new(path)
    })
    .map(|_| ())
}

/// Rewrites a server record of a closed directory.
fn rewrite(path: &Path, key: &[u8], value: Option<&[u8]>) {
    let engine = Engine::open(path, 1, &EngineTuning::default()).unwrap();
    let family = engine.family_id(Family::Records);
    let mut batch = BatchBuilder::default();
    batch.begin(b"");
    match value {
        Some(value) => batch.put(family, key, value),
        None => batch.delete(family, key),
    }
    engine.write(batch.finish(), true, Throttle::Wait).unwrap();
}

fn closed() -> (tempfile::TempDir, std::path::PathBuf) {
    let directory = Directory::new();
    directory.set("k", "v");
    let path = directory.path();
    (directory.close(), path)
}

#[test]
fn a_newer_format_is_refused_with_both_versions() {
    let (_dir, path) = closed();
    let version = records::FORMAT_VERSION + 1;
    let newer = [&version.to_be_bytes()[..], &[0; 26]].concat();
    rewrite(&path, records::IDENTITY, Some(&newer));
    for _ in 0..2 {
        let Err(StorageError::FormatTooNew { found, known, .. }) = open(&path, None) else {
            panic!("a newer format was opened")
        };
        assert!(found.starts_with(&version.to_string()), "{found}");
        assert_eq!(known, records::FORMAT_VERSION);
    }
}

#[test]
fn an_identity_that_is_gone_or_damaged_is_not_made_anew() {
    let (_dir, path) = closed();
    rewrite(&path, records::IDENTITY, Some(b"short"));
    assert!(matches!(open(&path, None), Err(StorageError::Corrupted(_))));
    rewrite(&path, records::IDENTITY, None);
    assert!(matches!(open(&path, None), Err(StorageError::Corrupted(_))));
}

#[test]
fn records_that_number_something_are_damage_if_they_are_no_numbers() {
    for key in [
        records::RESERVED_IDS,
        records::NEXT_NAMESPACE,
        records::CLOCK,
        records::DATABASE,
        b"G",
    ] {
        let (_dir, path) = closed();
        rewrite(&path, key, Some(b"short"));
        let opened = open(&path, None);
        assert!(matches!(opened, Err(StorageError::Corrupted(_))), "{key:?}");
        rewrite(&path, key, None);
        open(&path, None).unwrap();
    }
}

#[test]
fn the_partition_count_is_fixed_at_creation() {
    let (_dir, path) = closed();
    let Err(StorageError::Directory(text)) = open(&path, Some(4)) else {
        panic!("another partition count was accepted")
    };
    assert!(text.contains("created with 1 partitions, not 4"), "{text}");
    open(&path, Some(1)).unwrap();
    let other = tempfile::tempdir().unwrap();
    assert!(open(other.path(), Some(3)).is_err());
    // Nothing was created, so another number may still be chosen.
    open(other.path(), Some(4)).unwrap();
}

#[test]
fn a_term_opens_on_every_start_that_was_not_a_clean_close() {
    let (dir, path) = closed();
    let directory = Directory::open(dir, Fsync::No);
    let first = directory.store.leader().term();
    let directory = directory.reopen();
    assert_eq!(directory.store.leader().term(), first);
    directory.set("k", "w");
    let killed = directory.power_cut(&directory.wal_lengths());
    assert_eq!(killed.store.leader().term(), first + 1);
    assert_eq!(killed.get("k").as_deref(), Some("w"));
    // A mark of a clean close that something was written after is not believed.
    let _dir = directory.close();
    rewrite(&path, b"database", Some(b""));
    rewrite(&path, b"database", None);
    let store = Store::open(options(path, Fsync::No, &Heard::default())).unwrap();
    assert_eq!(store.leader().term(), first + 1);
}

#[test]
fn a_count_row_without_its_two_numbers_is_damage() {
    let (_dir, path) = closed();
    let engine = Engine::open(&path, 1, &EngineTuning::default()).unwrap();
    let family = engine.family_id(Family::Partition(0));
    let mut batch = BatchBuilder::default();
    batch.begin(b"");
    batch.put(family, &count_key(0, 5), &1u64.to_be_bytes());
    engine.write(batch.finish(), true, Throttle::Wait).unwrap();
    drop(engine);
    assert!(matches!(open(&path, None), Err(StorageError::Corrupted(_))));
}

/// Copies the fixture, since opening writes.
fn fixture(name: &str) -> tempfile::TempDir {
    let from = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures");
    let from = from.join(name);
    let dir = tempfile::tempdir().unwrap();
    let to = dir.path().join("data");
    std::fs::create_dir_all(to.join("rocksdb")).unwrap();
    for part in ["", "rocksdb"] {
        for file in std::fs::read_dir(from.join(part)).unwrap() {
            let file = file.unwrap();
            if file.file_type().unwrap().is_file() {
                std::fs::copy(file.path(), to.join(part).join(file.file_name())).unwrap();
            }
        }
    }
    dir
}

#[test]
fn a_directory_of_format_1_opens_and_reads() {
    let dir = fixture("v1");
    let path = dir.path().join("data");
    let report = check(&path, 10).unwrap();
    assert!(report.is_clean(), "{:?}", report.problems);
    let directory = Directory::open(dir, Fsync::No);
    assert_eq!(directory.store.leader().term(), 1, "it was closed cleanly");
    assert_eq!(directory.get("plain").as_deref(), Some("value"));
    assert_eq!(directory.get_in(1, "other").as_deref(), Some("database"));
    assert_eq!(directory.get_in(2, "flushed"), None);
    let view = directory.view(0);
    let expiring = view.open(b"expiring").unwrap();
    let header = expiring.header().unwrap();
    assert_eq!(header.expire_ms, Some(5_000_000_000_000));
    assert_eq!(header.hint_ms, Some(4_000_000_000_000));
    let head = view.open(b"chunked").unwrap();
    let head = head.header().and_then(|header| header.head).unwrap();
    assert_eq!(head.count, 8192);
    assert_eq!(directory.counted(0), (3, 1));
    assert_eq!(directory.counted(1), (1, 0));
    assert_eq!(directory.store.garbage().ids_waiting(), 1);
    assert_eq!(directory.store.garbage().namespaces_waiting(), 1);
}

#[test]
fn a_directory_of_format_2_opens_and_reads() {
    const LATER_MS: u64 = 5_000_000_000_000;
    let dir = fixture("v2");
    let path = dir.path().join("data");
    let report = check(&path, 10).unwrap();
    assert!(report.is_clean(), "{:?}", report.problems);
    let directory = Directory::open(dir, Fsync::No);
    assert_eq!(directory.get("plain").as_deref(), Some("value"));
    assert_eq!(directory.get_in(1, "other").as_deref(), Some("database"));
    assert_eq!(directory.counted(0), (13, 1));
    assert_eq!(directory.counted(1), (1, 0));
    let view = directory.view(0);
    let expiring = view.open(b"expiring").unwrap();
    assert_eq!(expiring.header().unwrap().expire_ms, Some(LATER_MS));
    let chunked = view.open(b"chunked").unwrap();
    let bytes = bytes::read_value(&view, &chunked).unwrap().unwrap();
    assert!(bytes.len() == 20_001 && bytes[20_000] == b'x');
    for (key, count) in [(&b"hash:packed"[..], 3), (b"hash:exploded", 300)] {
        let hash = Hash::open(&view, key).unwrap();
        assert_eq!(hash.len(), count);
        assert_eq!(*hash.get(&view, b"field:2").unwrap().unwrap(), *b"value:2");
        assert_eq!(hash.time(&view, b"field:1").unwrap(), FieldTime::Never);
        let time = hash.time(&view, b"field:2").unwrap();
        assert_eq!(time, FieldTime::At(LATER_MS));
    }
    for (key, count) in [
        (&b"set:integers"[..], 3),
        (b"set:packed", 3),
        (b"set:exploded", 300),
    ] {
        assert_eq!(set::len(&view, key).unwrap(), count);
        let member = if key == b"set:integers" {
            "2"
        } else {
            "member:2"
        };
        assert!(set::contains_one(&view, key, member.as_bytes()).unwrap());
        assert_eq!(set::members(&view, key).unwrap().len() as u64, count);
    }
    for (key, count) in [(&b"list:packed"[..], 3), (b"list:exploded", 300)] {
        let elements = list::range(&view, key, 0, -1).unwrap();
        let expected = (0..count).map(|n| format!("element:{n}"));
        assert!(
            elements
                .iter()
                .map(|e: &storage::Value| e.to_vec())
                .eq(expected.map(String::into_bytes))
        );
    }
    for (key, count) in [(&b"zset:packed"[..], 3), (b"zset:exploded", 300)] {
        assert_eq!(zset::len(&view, key).unwrap(), count);
        let rank = zset::rank(&view, key, b"member:2", false).unwrap();
        assert_eq!(rank, Some((2, 2.5)));
    }
    let keys = std::iter::once(&b"hyperloglog"[..]);
    assert_eq!(hll::count_union(&view, keys).unwrap(), 3);
}

#[test]
fn streams_of_format_2_open_and_read() {
    let dir = fixture("v2-streams");
    let path = dir.path().join("data");
    let report = check(&path, 10).unwrap();
    assert!(report.is_clean(), "{:?}", report.problems);
    let directory = Directory::open(dir, Fsync::No);
    assert_eq!(directory.counted(0), (3, 0));
    let view = directory.view(0);
    for (key, count, last, deleted) in [
        (&b"stream:packed"[..], 3, 3, StreamId::MIN),
        (b"stream:exploded", 300, 301, StreamId::new(7, 1)),
    ] {
        let about = stream::about(&view, key, None).unwrap().unwrap();
        assert_eq!((about.len, about.added, about.groups), (count, last, 2));
        assert_eq!(about.last, StreamId::new(last, 1));
        assert_eq!(about.max_deleted, deleted);
        let second = StreamId::new(2, 1);
        let span = Span {
            start: second,
            end: second,
            ..Span::all(None)
        };
        let found = stream::range(&view, key, &span).unwrap();
        let strings: Vec<&[u8]> = found[0].strings.iter().map(|one| &one[..]).collect();
        assert_eq!(strings, [&b"field"[..], b"value:2"]);
        let pending = stream::pending_summary(&view, key, b"readers").unwrap();
        let pending = pending.unwrap();
        assert_eq!((pending.count, pending.ends), (1, Some((second, second))));
        let consumers = stream::consumers(&view, key, b"readers").unwrap();
        let consumers = consumers.unwrap().unwrap();
        let known: Vec<_> = consumers
            .iter()
            .map(|one| (&*one.name, one.pending))
            .collect();
        assert_eq!(known, [(&b"ann"[..], 1), (b"ben", 0)]);
    }
    assert!(stream::has_group(&view, b"stream:empty", b"readers").unwrap());
}
