//! Keys as names: where values go, when they expire, how a database is walked. One binary, since
//! each one links RocksDB.

mod databases;
mod expire;
mod random_key;
mod relocate;
mod scan;

use parking_lot::Mutex;
use std::sync::Arc;
use storage::change::{Change, CommitObserver, Event};
use storage::encoding::key::{KeyName, chunk_key, garbage_key, kind, stranger_key};
use storage::encoding::meta::{DataType, Head, Header};
use storage::engine::{Bounds, Family, Tier};
use storage::limits::CHUNK_BYTES;
use storage::ops::bytes::{self, Expiry};
use storage::{Edit, Options, Result, Store, View, ViewOptions};

/// The time at which every test begins, ms since the epoch.
const START_MS: u64 = 1_900_000_000_000;

const OPTIONS: ViewOptions = ViewOptions {
    tier: Tier::Disk,
    latched: true,
    touch: true,
};

/// Sets a string that expires at `expire_ms`, if given.
fn set_string(edit: &mut Edit<'_>, key: &[u8], value: &[u8], expire_ms: Option<u64>) -> Result<()> {
    let entry = edit.open(key)?;
    let expiry = expire_ms.map_or(Expiry::Clear, Expiry::At);
    bytes::replace(edit, &entry, value, expiry, &[Event::Set])
}

type Events = Arc<Mutex<Vec<(u32, Vec<u8>, Event)>>>;

struct Recorder(Events);

impl CommitObserver for Recorder {
    fn committed(&self, changes: &mut dyn Iterator<Item = Change<'_>>) {
        let events = changes.map(|change| (change.db, change.key.to_vec(), change.event));
        self.0.lock().extend(events);
    }
}

/// A directory that can be closed and opened again.
struct Directory {
    store: Option<Arc<Store>>,
    dir: tempfile::TempDir,
    partitions: u16,
    events: Events,
}

impl Directory {
    fn new(partitions: u16) -> Directory {
        let mut directory = Directory {
            store: None,
            dir: tempfile::tempdir().unwrap(),
            partitions,
            events: Events::default(),
        };
        directory.reopen();
        directory
    }

    fn reopen(&mut self) {
        if let Some(store) = self.store.take() {
            store.close().unwrap();
        }
        let options = Options {
            partitions: Some(self.partitions),
            hot_table_bytes: 4 << 20,
            observer: Box::new(Recorder(Arc::clone(&self.events))),
            ..Options::new(self.dir.path().join("data"))
        };
        let store = Store::open(options).unwrap();
        store.clock().set_manual(START_MS);
        self.store = Some(store);
    }

    fn store(&self) -> &Store {
        self.store.as_ref().unwrap()
    }

    fn set_time(&self, after_start_ms: u64) {
        self.store().clock().set_manual(START_MS + after_start_ms);
    }

    fn view(&self, db: u32) -> View<'_> {
        self.store().view(db, OPTIONS).unwrap()
    }

    /// Runs a change and commits it.
    fn write<T>(&self, db: u32, change: impl FnOnce(&mut Edit<'_>) -> Result<T>) -> T {
        let mut edit = self.store().edit(db, OPTIONS).unwrap();
        let result = change(&mut edit).unwrap();
        let position = edit.stage().unwrap();
        self.store().leader().wait_blocking(position).unwrap();
        result
    }

    fn set(&self, db: u32, key: &str, value: &str) {
        self.write(db, |edit| {
            set_string(edit, key.as_bytes(), value.as_bytes(), None)
        });
    }

    fn get(&self, db: u32, key: &str) -> Option<Vec<u8>> {
        let view = self.view(db);
        let entry = view.open(key.as_bytes()).unwrap();
        let content = bytes::read_value(&view, &entry).unwrap();
        content.map(|content| content.to_vec())
    }

    fn header(&self, db: u32, key: &str) -> Option<Header> {
        let view = self.view(db);
        view.open(key.as_bytes()).unwrap().header().cloned()
    }

    fn head(&self, db: u32, key: &str) -> Head {
        self.header(db, key).unwrap().head.unwrap()
    }

    /// Writes a string whose chunks stand under an id; chunk `i` holds only bytes `i`.
    fn set_chunked(&self, key: &str, chunks: u8) -> Head {
        self.write(0, |edit| {
            let entry = edit.open(key.as_bytes())?;
            let head = Head {
                id: edit.fresh_id(),
                home_slot: entry.name.slot,
                count: u64::from(chunks) * CHUNK_BYTES as u64,
            };
            for index in 0..chunks {
                let row_key = chunk_key(head.home_slot, head.id, u32::from(index));
                edit.put_element(head.home_slot, &row_key, &[&[0], &[index; CHUNK_BYTES]]);
            }
            let mut header = Header::new(DataType::String);
            header.head = Some(head);
            header.raw = true;
            header.extensions.extend_from_slice(b"later version");
            edit.put(&entry, header, &[], &[Event::Set])?;
            Ok(head)
        })
    }

    fn row(&self, slot: u16, row_key: &[u8]) -> Option<Vec<u8>> {
        let store = self.store();
        let engine = store.engine();
        engine
            .get(store.family(slot), row_key, Tier::Disk, <[u8]>::to_vec)
            .unwrap()
    }

    /// The meta row key that the stranger row of `head` names.
    fn stranger(&self, head: Head) -> Option<Vec<u8>> {
        self.row(head.home_slot, &stranger_key(head.home_slot, head.id))
    }

    fn is_garbage(&self, head: Head) -> bool {
        self.row(head.home_slot, &garbage_key(head.home_slot, head.id))
            .is_some()
    }

    fn meta_key(&self, db: u32, key: &str) -> Vec<u8> {
        let view = self.view(db);
        view.name(key.as_bytes()).meta_key(view.ns()).to_vec()
    }

    /// Times of all expiry rows of a key, ms after the start.
    fn expiry_rows(&self, key: &str) -> Vec<u64> {
        let name = KeyName::new(key.as_bytes(), self.store().seed());
        let mut times = Vec::new();
        for partition in 0..self.partitions {
            let bounds = Bounds::prefix(&[kind::EXPIRY]);
            let family = Family::Partition(partition);
            let engine = self.store().engine();
            let mut rows = engine.iterate(family, bounds, Tier::Disk).unwrap();
            rows.seek_first().unwrap();
            while let Some((row_key, _)) = rows.row() {
                let (at_ms, parts) = storage::encoding::key::parse_expiry(row_key).unwrap();
                if parts.user_key == name.user_key {
                    times.push(at_ms - START_MS);
                }
                rows.advance().unwrap();
            }
        }
        times
    }

    fn size(&self, db: u32) -> u64 {
        storage::ops::keyspace::count(&self.view(db))
    }

    /// Events since the last call.
    fn take_events(&self) -> Vec<(u32, String, Event)> {
        let events = std::mem::take(&mut *self.events.lock());
        let text = |key: Vec<u8>| String::from_utf8(key).unwrap();
        events
            .into_iter()
            .map(|(db, key, event)| (db, text(key), event))
            .collect()
    }
}
