//! A log torn in the middle of a record, while RocksDB was about to recover from that.

mod common;

use common::Directory;
use std::io::Write;
use storage::commit::Fsync;
use storage::engine::Family;

/// The first 20 bytes of a record of 1000: checksum, length, whole, and a little of it.
const TORN: [u8; 20] = [
    1, 2, 3, 4, 0xe8, 3, 1, 9, 9, 9, 9, 9, 9, 9, 9, 9, 9, 9, 9, 9,
];

/// When the log cannot grow RocksDB flushes one family after the other and begins a new log. A
/// process that is killed in between leaves a family whose file is newer than the torn log that
/// another family still needs.
#[test]
fn a_kill_between_two_flushes_after_a_torn_log_loses_nothing() {
    let directory = Directory::with(Fsync::No);
    directory.set("k", "v");
    let head = directory.set_chunked("big", 2);
    directory
        .store
        .engine()
        .compact(Family::Partition(0), None, None)
        .unwrap();
    let lengths = directory.wal_lengths();
    assert!(lengths.len() >= 2, "a new log was begun: {lengths:?}");
    let copy = tempfile::tempdir().unwrap();
    let path = copy.path().join("data");
    directory.copy_to(&path, &lengths).unwrap();
    let (torn, length) = lengths.iter().max_by_key(|(_, length)| **length).unwrap();
    let torn = path.join("rocksdb").join(torn);
    let mut file = std::fs::OpenOptions::new()
        .append(true)
        .open(&torn)
        .unwrap();
    file.write_all(&TORN).unwrap();
    drop(file);
    let again = Directory::open(copy, Fsync::No);
    assert_eq!(again.get("k").as_deref(), Some("v"));
    assert_eq!(again.counted(0), (2, 0));
    assert!(again.set_chunked("other", 2).id > head.id, "ids were kept");
    assert!(*length > 0);
}
