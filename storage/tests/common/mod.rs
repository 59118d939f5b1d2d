//! What the tests of the storage crate share: a directory that is opened, closed and opened again,
//! and an observer that writes down what it is told.

#![expect(dead_code, reason = "every test binary uses another part")]

use parking_lot::Mutex;
use std::collections::BTreeMap;
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use storage::background::Background;
use storage::change::{Change, CommitObserver, Event};
use storage::commit::{Fsync, Position};
use storage::encoding::key::chunk_key;
use storage::encoding::meta::{DataType, Head, Header};
use storage::engine::Tier;
use storage::limits::CHUNK_BYTES;
use storage::ops::bytes::Expiry;
use storage::ops::string::{self, Condition};
use storage::{Edit, Options, Result, Store, View, ViewOptions};

/// Reads and writes as a thread that may block and holds the latches.
pub const DISK: ViewOptions = ViewOptions {
    tier: Tier::Disk,
    latched: true,
    touch: true,
};

/// Events in the order of their commits: database, key, event.
pub type Heard = Arc<Mutex<Vec<(u32, Vec<u8>, Event)>>>;

struct Listener(Heard);

impl CommitObserver for Listener {
    fn committed(&self, changes: &mut dyn Iterator<Item = Change<'_>>) {
        let heard = changes.map(|change| (change.db, change.key.to_vec(), change.event));
        self.0.lock().extend(heard);
    }
}

/// SET key value [PXAT at].
pub fn set(edit: &mut Edit<'_>, key: &[u8], value: &[u8], at: Option<u64>) -> Result<()> {
    let expiry = at.map_or(Expiry::Clear, Expiry::At);
    string::set(edit, key, value, Condition::Always, expiry, false).map(|_| ())
}

/// GET key.
pub fn get(view: &View<'_>, key: &[u8]) -> Result<Option<Vec<u8>>> {
    let found = string::get(view, key)?;
    Ok(found.map(|content| content.to_vec()))
}

/// A data directory with its store.
pub struct Directory {
    pub store: Arc<Store>,
    pub heard: Heard,
    background: Option<Background>,
    pub fsync: Fsync,
    dir: tempfile::TempDir,
}

impl Directory {
    pub fn new() -> Directory {
        Directory::with(Fsync::No)
    }

    pub fn with(fsync: Fsync) -> Directory {
        let dir = tempfile::tempdir().unwrap();
        let heard = Heard::default();
        let store = Store::open(options(dir.path().join("data"), fsync, &heard)).unwrap();
        Directory {
            store,
            heard,
            background: None,
            fsync,
            dir,
        }
    }

    /// Starts the store's threads.
    pub fn with_threads(fsync: Fsync) -> Directory {
        let mut directory = Directory::with(fsync);
        directory.background = Some(Background::start(&directory.store).unwrap());
        directory
    }

    pub fn path(&self) -> PathBuf {
        self.dir.path().join("data")
    }

    /// Closes the store and drops it.
    pub fn close(mut self) -> tempfile::TempDir {
        if let Some(background) = self.background.take() {
            background.stop();
        }
        self.store.close().unwrap();
        self.dir
    }

    /// Closes cleanly and opens again, without threads.
    pub fn reopen(self) -> Directory {
        let fsync = self.fsync;
        Directory::open(self.close(), fsync)
    }

    /// Opens the directory `data` inside `dir`.
    pub fn open(dir: tempfile::TempDir, fsync: Fsync) -> Directory {
        let heard = Heard::default();
        let store = Store::open(options(dir.path().join("data"), fsync, &heard)).unwrap();
        Directory {
            store,
            heard,
            background: None,
            fsync,
            dir,
        }
    }

    /// Runs a change in database 0, commits it, gives the position.
    pub fn write<T>(&self, change: impl FnOnce(&mut Edit<'_>) -> Result<T>) -> T {
        self.write_in(0, change)
    }

    pub fn write_in<T>(&self, db: u32, change: impl FnOnce(&mut Edit<'_>) -> Result<T>) -> T {
        let mut edit = self.store.edit(db, DISK).unwrap();
        let result = change(&mut edit).unwrap();
        let position = edit.stage().unwrap();
        self.wait(position);
        result
    }

    pub fn wait(&self, position: Position) {
        self.store.leader().wait_blocking(position).unwrap();
    }

    pub fn view(&self, db: u32) -> View<'_> {
        self.store.view(db, DISK).unwrap()
    }

    pub fn set(&self, key: &str, value: &str) {
        self.write(|edit| set(edit, key.as_bytes(), value.as_bytes(), None));
    }

    pub fn set_until(&self, key: &str, value: &str, expire_ms: u64) {
        self.write(|edit| set(edit, key.as_bytes(), value.as_bytes(), Some(expire_ms)));
    }

    /// Writes a string of this many full chunks; gives where its elements are.
    pub fn set_chunked(&self, key: &str, chunks: u32) -> Head {
        self.write(|edit| {
            let entry = edit.open(key.as_bytes())?;
            let head = Head {
                id: edit.fresh_id(),
                home_slot: entry.name.slot,
                count: u64::from(chunks) * CHUNK_BYTES as u64,
            };
            for n in 0..chunks {
                let row_key = chunk_key(head.home_slot, head.id, n);
                edit.put_element(head.home_slot, &row_key, &[&[0], &[b'c'; CHUNK_BYTES]]);
            }
            let mut header = Header::new(DataType::String);
            header.head = Some(head);
            edit.put(&entry, header, &[], &[Event::Set])?;
            Ok(head)
        })
    }

    /// Lengths of the WAL files: what a power cut leaves if nothing is fsynced after this.
    pub fn wal_lengths(&self) -> BTreeMap<OsString, u64> {
        let files = std::fs::read_dir(self.path().join("rocksdb")).unwrap();
        files
            .map(|file| file.unwrap())
            .filter(|file| file.path().extension().is_some_and(|end| end == "log"))
            .map(|file| (file.file_name(), file.metadata().unwrap().len()))
            .collect()
    }

    fn file_lengths(&self) -> BTreeMap<OsString, u64> {
        let files = std::fs::read_dir(self.path().join("rocksdb")).unwrap();
        let lengths = files.map(|file| {
            let file = file.unwrap();
            let length = file.metadata().map_or(0, |metadata| metadata.len());
            (file.file_name(), length)
        });
        lengths.collect()
    }

    pub fn copy_to(&self, path: &Path, synced: &BTreeMap<OsString, u64>) -> std::io::Result<()> {
        std::fs::create_dir_all(path.join("rocksdb"))?;
        std::fs::copy(self.path().join("partitions"), path.join("partitions"))?;
        for file in std::fs::read_dir(self.path().join("rocksdb"))? {
            let file = file?;
            let to = path.join("rocksdb").join(file.file_name());
            std::fs::copy(file.path(), &to)?;
            if to.extension().is_some_and(|end| end == "log") {
                let length = synced.get(&file.file_name()).copied().unwrap_or(0);
                std::fs::OpenOptions::new()
                    .write(true)
                    .open(&to)?
                    .set_len(length)?;
            }
        }
        Ok(())
    }

    /// The directory as a power cut leaves it now: WAL files end where they were last fsynced.
    pub fn power_cut(&self, synced: &BTreeMap<OsString, u64>) -> Directory {
        // Flushes and compactions go on: a copy counts if no file came or went meanwhile.
        let dir = loop {
            let before = self.file_lengths();
            let dir = tempfile::tempdir().unwrap();
            let copied = self.copy_to(&dir.path().join("data"), synced);
            if copied.is_ok() && before == self.file_lengths() {
                break dir;
            }
        };
        let path = dir.path().join("data");
        let heard = Heard::default();
        let store = Store::open(options(path, self.fsync, &heard)).unwrap();
        Directory {
            store,
            heard,
            background: None,
            fsync: self.fsync,
            dir,
        }
    }

    pub fn delete(&self, key: &str) {
        self.write(|edit| {
            let entry = edit.open(key.as_bytes())?;
            edit.remove(&entry, Event::Del)
        });
    }

    pub fn get(&self, key: &str) -> Option<String> {
        self.get_in(0, key)
    }

    pub fn get_in(&self, db: u32, key: &str) -> Option<String> {
        let value = get(&self.view(db), key.as_bytes()).unwrap()?;
        Some(String::from_utf8(value).unwrap())
    }

    /// Stored keys of a database, and those with an expiry, counted one by one.
    pub fn recount(&self, db: u32) -> (u64, u64) {
        let ns = self.view(db).ns();
        let (mut keys, mut expires) = (0, 0);
        for (_, value) in self.rows(&[&b"m"[..], &ns.to_be_bytes()].concat()) {
            let (header, _) = Header::decode(&value).unwrap();
            keys += 1;
            expires += u64::from(header.expire_ms.is_some());
        }
        (keys, expires)
    }

    /// The same as the store has them without looking.
    pub fn counted(&self, db: u32) -> (u64, u64) {
        (
            self.store.database_size(db),
            self.store.database_expires(db),
        )
    }

    /// Rows of a partition whose keys begin with these bytes, as the engine has them.
    pub fn rows(&self, prefix: &[u8]) -> Vec<(Vec<u8>, Vec<u8>)> {
        rows_of(&self.store, prefix)
    }
}

/// Rows of partition 0 whose keys begin with these bytes.
pub fn rows_of(store: &Store, prefix: &[u8]) -> Vec<(Vec<u8>, Vec<u8>)> {
    use storage::engine::{Bounds, Family};
    let bounds = Bounds::prefix(prefix);
    let engine = store.engine();
    let mut rows = engine
        .iterate(Family::Partition(0), bounds, Tier::Disk)
        .unwrap();
    rows.seek_first().unwrap();
    let mut found = Vec::new();
    while let Some((key, value)) = rows.row() {
        found.push((key.to_vec(), value.to_vec()));
        rows.advance().unwrap();
    }
    found
}

/// How the tests open a directory.
pub fn options(path: PathBuf, fsync: Fsync, heard: &Heard) -> Options {
    Options {
        hot_table_bytes: 4 << 20,
        fsync,
        observer: Box::new(Listener(Arc::clone(heard))),
        ..Options::new(path)
    }
}
