//! The engine alone: batches against RocksDB's own encoder, tiers, families, iteration.

use super::*;
use proptest::prelude::*;

fn open(dir: &tempfile::TempDir, partitions: u16) -> Engine {
    Engine::open(dir.path(), partitions, &EngineTuning::default()).unwrap()
}

#[test]
fn our_batches_are_rocksdbs_own_bytes() {
    let dir = tempfile::tempdir().unwrap();
    let engine = open(&dir, 2);
    let long = vec![9u8; 300];
    let family = Family::Partition(1);
    let mut theirs = WriteBatch::default();
    theirs.put_log_data(b"log");
    theirs.put_cf(engine.family(family).unwrap(), b"key", &long);
    theirs.delete_cf(engine.family(family).unwrap(), b"gone");
    theirs.delete_range_cf(engine.family(family).unwrap(), b"a", b"b");
    let mut ours = BatchBuilder::default();
    ours.begin(b"log");
    ours.put(engine.family_id(family), b"key", &long);
    ours.delete(engine.family_id(family), b"gone");
    ours.delete_range(engine.family_id(family), b"a", b"b");
    assert_eq!(ours.finish(), theirs.data());
}

#[test]
fn a_written_batch_is_read_back_and_survives_reopening() {
    let dir = tempfile::tempdir().unwrap();
    for round in 0..2 {
        let engine = open(&dir, 4);
        assert_eq!(engine.partitions(), 4);
        if round == 0 {
            let mut batch = BatchBuilder::default();
            batch.begin(b"");
            batch.put(engine.family_id(Family::Partition(3)), b"k", b"v");
            batch.put(engine.family_id(Family::Records), b"r", b"w");
            assert_eq!(
                engine.write(batch.finish(), true, Throttle::Wait).unwrap(),
                Written::Done
            );
            assert_eq!(engine.last_sequence(), 2);
        }
        let get = |family, key: &[u8]| engine.get(family, key, Tier::Disk, <[u8]>::to_vec).unwrap();
        assert_eq!(get(Family::Partition(3), b"k"), Some(b"v".to_vec()));
        assert_eq!(get(Family::Records, b"r"), Some(b"w".to_vec()));
        assert_eq!(get(Family::Partition(2), b"k"), None);
    }
}

#[test]
fn the_memory_tier_never_answers_from_disk_and_never_lies() {
    let dir = tempfile::tempdir().unwrap();
    let family = Family::Partition(0);
    {
        let engine = open(&dir, 1);
        let mut batch = BatchBuilder::default();
        batch.begin(b"");
        for n in 0..1000u32 {
            batch.put(engine.family_id(family), &n.to_be_bytes(), &[7; 100]);
        }
        engine.write(batch.finish(), true, Throttle::Wait).unwrap();
        engine.flush().unwrap();
    }
    let engine = open(&dir, 1);
    let key = 500u32.to_be_bytes();
    let missed = engine.get(family, &key, Tier::Memory, <[u8]>::len);
    assert!(matches!(missed, Err(StorageError::NeedsDisk)), "{missed:?}");
    let mut rows = engine
        .iterate(family, Bounds::prefix(b"\0"), Tier::Memory)
        .unwrap();
    assert!(matches!(rows.seek_first(), Err(StorageError::NeedsDisk)));
    assert_eq!(
        engine.get(family, &key, Tier::Disk, <[u8]>::len).unwrap(),
        Some(100)
    );
    assert_eq!(
        engine.get(family, &key, Tier::Memory, <[u8]>::len).unwrap(),
        Some(100)
    );
    let mut rows = engine
        .iterate(family, Bounds::prefix(b"\0"), Tier::Disk)
        .unwrap();
    rows.seek_first().unwrap();
    let mut count = 0;
    while let Some((key, value)) = rows.row() {
        assert_eq!((key, value.len()), (&(count as u32).to_be_bytes()[..], 100));
        count += 1;
        rows.advance().unwrap();
    }
    assert_eq!(count, 1000);
    assert!(engine.stats().sst_files > 0);
}

#[test]
fn a_second_process_or_open_is_refused_in_one_line() {
    let dir = tempfile::tempdir().unwrap();
    let _engine = open(&dir, 1);
    let second = Engine::open(dir.path(), 1, &EngineTuning::default());
    assert!(
        matches!(second, Err(StorageError::DirectoryInUse(_))),
        "{:?}",
        second.err()
    );
}

proptest! {
    #[test]
    fn batches_round_trip(
        rows in proptest::collection::vec(
            (
                0u32..300,
                any::<bool>(),
                proptest::collection::vec(any::<u8>(), 0..200),
                proptest::collection::vec(any::<u8>(), 0..200),
            ),
            0..40,
        ),
    ) {
        let mut builder = BatchBuilder::default();
        builder.begin(b"header");
        for (family, put, key, value) in &rows {
            if *put { builder.put(*family, key, value) } else { builder.delete(*family, key) }
        }
        let bytes = builder.finish().to_vec();
        let mut reader = BatchReader::new(&bytes).unwrap();
        prop_assert_eq!(reader.next_entry().unwrap(), Some(BatchEntry::LogData(&b"header"[..])));
        for (family, put, key, value) in &rows {
            let expected = if *put {
                BatchEntry::Put { family: *family, key, value }
            } else {
                BatchEntry::Delete { family: *family, key }
            };
            prop_assert_eq!(reader.next_entry().unwrap(), Some(expected));
        }
        prop_assert_eq!(reader.next_entry().unwrap(), None);
        for cut in 0..bytes.len() {
            let Ok(mut reader) = BatchReader::new(&bytes[..cut]) else { continue };
            while let Ok(Some(_)) = reader.next_entry() {}
        }
    }

    #[test]
    fn any_bytes_are_a_batch_or_an_error(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
        if let Ok(mut reader) = BatchReader::new(&bytes) {
            for _ in 0..=bytes.len() {
                if !matches!(reader.next_entry(), Ok(Some(_))) { break }
            }
        }
    }
}

#[test]
fn rocksdb_recovers_from_want_of_space_but_not_in_an_fsync_of_the_log() {
    let error = |doing: &str, file: &str| {
        format!(
            "IO error: No space left on device: While {doing}: /d.log/rocksdb/{file}: \
             No space left on device"
        )
    };
    for file in ["000123.sst", "MANIFEST-000005", "000124.log"] {
        let appended = error("appending to file", file);
        assert!(super::is_want_of_space(&appended), "{file}");
        let stopped = format!("Result incomplete: {appended}");
        assert!(super::is_want_of_space(&stopped), "{file}");
    }
    for doing in ["fdatasync", "open a file for appending"] {
        assert!(super::is_want_of_space(&error(doing, "000123.sst")));
        assert!(!super::is_want_of_space(&error(doing, "000124.log")));
    }
    let other = "IO error: While appending to file: /d/rocksdb/000123.sst: Input/output error";
    assert!(!super::is_want_of_space(other));
    assert!(!super::is_want_of_space("No space left on device"));
}

#[test]
fn reads_are_counted_and_steps_when_the_iterator_ends() {
    let dir = tempfile::tempdir().unwrap();
    let engine = open(&dir, 1);
    let family = Family::Partition(0);
    let mut batch = BatchBuilder::default();
    batch.begin(b"");
    for key in [b"a", b"b", b"c"] {
        batch.put(engine.family_id(family), key, b"v");
    }
    let written = engine.write(batch.finish(), false, Throttle::Wait);
    assert_eq!(written.unwrap(), Written::Done);
    let before = engine.reads().gets();
    assert!(
        engine
            .get(family, b"a", Tier::Disk, |_| ())
            .unwrap()
            .is_some()
    );
    assert!(
        engine
            .get(family, b"x", Tier::Disk, |_| ())
            .unwrap()
            .is_none()
    );
    assert_eq!(engine.reads().gets() - before, 2);
    let (seeks, steps) = (engine.reads().seeks(), engine.reads().steps());
    let mut rows = engine.iterate(family, Bounds::all(), Tier::Disk).unwrap();
    rows.seek_first().unwrap();
    while rows.row().is_some() {
        rows.advance().unwrap();
    }
    assert_eq!(engine.reads().steps(), steps);
    drop(rows);
    assert_eq!(engine.reads().seeks() - seeks, 1);
    assert_eq!(engine.reads().steps() - steps, 3);
}

#[test]
fn deleted_rows_without_end_are_not_passed_in_memory() {
    let dir = tempfile::tempdir().unwrap();
    let engine = open(&dir, 1);
    let family = Family::Partition(0);
    let write = |rows: u64, deleted: bool| {
        let mut batch = BatchBuilder::default();
        batch.begin(b"");
        for n in 0..rows {
            match deleted {
                true => batch.delete(engine.family_id(family), &n.to_be_bytes()),
                false => batch.put(engine.family_id(family), &n.to_be_bytes(), b"v"),
            }
        }
        let written = engine.write(batch.finish(), false, Throttle::Wait);
        assert_eq!(written.unwrap(), Written::Done);
    };
    let first = |tier| {
        let mut rows = engine.iterate(family, Bounds::all(), tier).unwrap();
        rows.seek_first()?;
        crate::Result::Ok(rows.row().map(|(key, _)| key.to_vec()))
    };
    write(SKIPPED_ROWS_SERVING_MAX * 2 + 1, false);
    write(SKIPPED_ROWS_SERVING_MAX / 4, true);
    let left = SKIPPED_ROWS_SERVING_MAX / 4;
    assert_eq!(
        first(Tier::Memory).unwrap(),
        Some(left.to_be_bytes().to_vec())
    );
    write(SKIPPED_ROWS_SERVING_MAX * 2, true);
    assert!(matches!(first(Tier::Memory), Err(StorageError::NeedsDisk)));
    let left = SKIPPED_ROWS_SERVING_MAX * 2;
    assert_eq!(
        first(Tier::Disk).unwrap(),
        Some(left.to_be_bytes().to_vec())
    );
}

#[test]
fn blocks_read_from_files_are_counted_where_that_is_asked_for() {
    let dir = tempfile::tempdir().unwrap();
    let family = Family::Partition(0);
    let tuning = EngineTuning {
        statistics: true,
        ..EngineTuning::default()
    };
    {
        let engine = open(&dir, 1);
        assert_eq!(engine.blocks_read(), None);
        let mut batch = BatchBuilder::default();
        batch.begin(b"");
        batch.put(engine.family_id(family), b"k", b"v");
        engine.write(batch.finish(), true, Throttle::Wait).unwrap();
        engine.flush().unwrap();
    }
    let engine = Engine::open(dir.path(), 1, &tuning).unwrap();
    let before = engine.blocks_read().unwrap();
    let get = || {
        engine
            .get(family, b"k", Tier::Disk, <[u8]>::to_vec)
            .unwrap()
    };
    assert_eq!(get(), Some(b"v".to_vec()));
    let after = engine.blocks_read().unwrap();
    assert!(after > before);
    assert_eq!(get(), Some(b"v".to_vec()));
    assert_eq!(engine.blocks_read(), Some(after));
}
