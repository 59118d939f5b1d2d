//! Owns room in the log: zeros written ahead of the place where RocksDB appends.
//!
//! An fsync of a file that has grown also commits the new length, and the blocks taken, to the file
//! system's journal, which takes longer than the data. Inside bytes that are written already there
//! is nothing to journal. RocksDB's own preallocation does not help: blocks that were never written
//! and a length that stays behind are journalled all the same.
//!
//! Invariants: zeros are only put behind the end of the file, never over bytes of it, so that no
//! error in `room` can harm a record; both readers of logs take zeros for the end of a block. While
//! there may be room, every group is to be fsynced before the next is written: of two unsynced
//! groups in it a power cut might leave the second behind zeros, where RocksDB would replay it.
//! The caller is the only writer of the log. Must not know: records. Tests: below.

use super::wal::log_files;
use parking_lot::Mutex;
use std::fs::{File, OpenOptions};
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};

/// Room made at a time: a few dozen small groups, and one write that takes no longer than a few of
/// the fsyncs that it makes faster.
const ROOM_BYTES: usize = 256 << 10;
/// What is left when more is made: the heads of records are not counted, so there is less than
/// `room` says.
const ROOM_BYTES_MIN: usize = ROOM_BYTES / 16;
/// Groups larger than this go on as they are: writing them twice costs more than the journal.
const GROUP_BYTES_MAX: usize = ROOM_BYTES / 8;

static ZEROS: [u8; ROOM_BYTES] = [0; ROOM_BYTES];

/// Room in the newest log of a directory.
pub struct LogSpace {
    data_dir: PathBuf,
    /// The newest log when room was last made.
    file: Mutex<Option<(PathBuf, File)>>,
    /// At least the bytes that are left in front of the end of the file, 0 if there are none. Too
    /// many where RocksDB has gone on in another file, which costs some fsyncs.
    room: AtomicUsize,
}

impl LogSpace {
    /// Without room.
    pub fn new(data_dir: &Path) -> LogSpace {
        LogSpace {
            data_dir: data_dir.to_owned(),
            file: Mutex::default(),
            room: AtomicUsize::new(0),
        }
    }

    /// Whether the next group may come to stand in room, so that it has to be fsynced.
    #[inline]
    pub fn any(&self) -> bool {
        self.room.load(Ordering::Relaxed) > 0
    }

    /// Called before a batch of so many bytes is written. With `more`, room is made if little is
    /// left and the batch is small. A failure leaves the log as it is: fsyncs take longer then.
    pub fn before_write(&self, bytes: usize, more: bool) {
        let mut room = self.room.load(Ordering::Relaxed);
        if more && bytes <= GROUP_BYTES_MAX && room <= bytes + ROOM_BYTES_MIN {
            room += self.make();
        }
        // A record takes more than its batch, so this is never less than what is left.
        let left = room.saturating_sub(bytes);
        self.room.store(left, Ordering::Relaxed);
    }

    /// Gives the bytes of room made, at most.
    fn make(&self) -> usize {
        let newest = log_files(&self.data_dir).ok();
        let Some(newest) = newest.and_then(|mut logs| logs.pop()) else {
            return 0;
        };
        let mut open = self.file.lock();
        if open.as_ref().is_none_or(|(path, _)| *path != newest) {
            let file = OpenOptions::new().write(true).open(&newest).ok();
            *open = file.map(|file| (newest, file));
        }
        let Some((_, file)) = &*open else { return 0 };
        let Ok(metadata) = file.metadata() else {
            return 0;
        };
        // On a full disk a part may be written; then there is some room.
        file.write_all_at(&ZEROS, metadata.len()).ok();
        ROOM_BYTES
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::{
        BatchBuilder, Engine, EngineTuning, Family, LogEntry, LogReader, Throttle, Tier, Written,
    };
    use proptest::prelude::*;

    const PAGE: usize = 4096;

    fn open(data_dir: &Path) -> Engine {
        Engine::open(data_dir, 1, &EngineTuning::default()).unwrap()
    }

    fn write(engine: &Engine, key: u32, value: usize, make: bool) {
        let mut batch = BatchBuilder::default();
        batch.begin(b"");
        let family = engine.family_id(Family::Partition(0));
        batch.put(family, &key.to_be_bytes(), &vec![b'v'; value]);
        let bytes = batch.finish();
        engine.prepare_log(bytes.len(), make);
        let written = engine.write(bytes, true, Throttle::Wait).unwrap();
        assert_eq!(written, Written::Done);
    }

    fn length_of(engine: &Engine, key: u32) -> Option<usize> {
        let family = Family::Partition(0);
        let length = |value: &[u8]| value.len();
        engine
            .get(family, &key.to_be_bytes(), Tier::Disk, length)
            .unwrap()
    }

    fn newest_log(data_dir: &Path) -> PathBuf {
        log_files(data_dir).unwrap().pop().unwrap()
    }

    /// The directory as it is now, as a kill or a power cut leaves it, with another newest log.
    fn copy(from: &Path, log: &[u8]) -> tempfile::TempDir {
        let copy = tempfile::tempdir().unwrap();
        let folder = copy.path().join("rocksdb");
        std::fs::create_dir(&folder).unwrap();
        for file in std::fs::read_dir(from.join("rocksdb")).unwrap() {
            let file = file.unwrap();
            std::fs::copy(file.path(), folder.join(file.file_name())).unwrap();
        }
        std::fs::write(newest_log(copy.path()), log).unwrap();
        copy
    }

    /// Where the records of a log end.
    fn end_of_records(path: &Path) -> usize {
        let mut reader = LogReader::open(path).unwrap();
        while let Some(entry) = reader.next_entry().unwrap() {
            if let LogEntry::Damage(at) = entry {
                return at as usize;
            }
        }
        std::fs::metadata(path).unwrap().len() as usize
    }

    #[test]
    fn groups_go_into_the_room_and_are_found_there_after_a_kill() {
        let dir = tempfile::tempdir().unwrap();
        let engine = open(dir.path());
        write(&engine, 0, 100, false);
        assert!(!engine.must_sync());
        let log = newest_log(dir.path());
        let length = || std::fs::metadata(&log).unwrap().len();
        let before = length();
        write(&engine, 1, 100, true);
        assert_eq!(length(), before + ROOM_BYTES as u64);
        for key in 2..500 {
            write(&engine, key, 400, true);
        }
        assert_eq!(length(), before + ROOM_BYTES as u64);
        assert!(engine.must_sync());
        let killed = copy(dir.path(), &std::fs::read(&log).unwrap());
        let killed = open(killed.path());
        assert!((2..500).all(|key| length_of(&killed, key) == Some(400)));
        // More is made before it is used up.
        for key in 500..1000 {
            write(&engine, key, 400, true);
        }
        assert_eq!(length(), before + 2 * ROOM_BYTES as u64);
        assert!(end_of_records(&log) as u64 > before + ROOM_BYTES as u64);
        drop(engine);
        let engine = open(dir.path());
        assert!((2..1000).all(|key| length_of(&engine, key) == Some(400)));
    }

    #[test]
    fn room_that_is_not_wanted_any_more_is_used_up_by_fsynced_groups() {
        let dir = tempfile::tempdir().unwrap();
        let engine = open(dir.path());
        write(&engine, 0, 100, true);
        let log = newest_log(dir.path());
        let length = std::fs::metadata(&log).unwrap().len();
        let mut key = 1;
        while engine.must_sync() {
            write(&engine, key, 300, false);
            key += 1;
        }
        assert!(std::fs::metadata(&log).unwrap().len() > length);
        assert_eq!(
            end_of_records(&log),
            std::fs::metadata(&log).unwrap().len() as usize
        );
    }

    #[test]
    fn large_groups_get_no_room() {
        let dir = tempfile::tempdir().unwrap();
        let engine = open(dir.path());
        write(&engine, 0, GROUP_BYTES_MAX, true);
        assert!(!engine.must_sync());
        write(&engine, 1, 10, true);
        write(&engine, 2, ROOM_BYTES, true);
        assert!(!engine.must_sync());
        assert_eq!(length_of(&engine, 2), Some(ROOM_BYTES));
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(24))]
        /// A power cut while a group is fsynced leaves some of its pages in the room, and zeros for
        /// the others: the groups before are whole, and of this one all or nothing is there.
        #[test]
        fn a_torn_group_in_the_room_is_dropped_whole(
            before in 1u32..40,
            length in 1usize..30_000,
            lost in proptest::collection::vec(any::<bool>(), 9),
        ) {
            let dir = tempfile::tempdir().unwrap();
            let engine = open(dir.path());
            for key in 0..before {
                write(&engine, key, 1000, true);
            }
            let log = newest_log(dir.path());
            let start = end_of_records(&log);
            write(&engine, before, length, true);
            let end = end_of_records(&log);
            let mut bytes = std::fs::read(&log).unwrap();
            let mut whole = true;
            for (page, _) in lost.iter().enumerate().filter(|(_, lost)| **lost) {
                // The bytes of the group that stand in this page.
                let from = (start / PAGE + page) * PAGE;
                let (from, to) = (from.max(start), (from + PAGE).min(end));
                if let Some(gone) = bytes.get_mut(from..to) {
                    whole &= gone.is_empty();
                    gone.fill(0);
                }
            }
            let survivor = copy(dir.path(), &bytes);
            crate::history::examine(
                survivor.path(),
                crate::commit::Fsync::Always,
                crate::engine::LogDamage::Refuse,
            ).unwrap();
            let survivor = open(survivor.path());
            prop_assert!((0..before).all(|key| length_of(&survivor, key) == Some(1000)));
            prop_assert_eq!(length_of(&survivor, before), whole.then_some(length));
        }
    }
}
