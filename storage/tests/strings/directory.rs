//! What the tests of strings share: a directory that is written, read and opened again.

use std::sync::{Arc, Mutex};
use storage::background::Background;
use storage::change::{Change, CommitObserver, Event};
use storage::encoding::meta::DataType;
use storage::engine::Tier;
use storage::limits::STRING_BYTES_MAX;
use storage::ops::bytes::{self, Expiry};
use storage::{Edit, Options, StorageError, Store, View, ViewOptions};

/// The key of most tests.
pub const KEY: &[u8] = b"a string";
/// As a thread that may block and holds the latches.
pub const LATCHED: ViewOptions = ViewOptions {
    tier: Tier::Disk,
    latched: true,
    touch: true,
};

/// A data directory, its store, and what the store told its observer.
pub struct Directory {
    store: Option<Arc<Store>>,
    /// Writes that the engine throttles need its committer.
    background: Option<Background>,
    heard: Arc<Mutex<Vec<Event>>>,
    dir: tempfile::TempDir,
}

struct Listener(Arc<Mutex<Vec<Event>>>);

impl CommitObserver for Listener {
    fn committed(&self, changes: &mut dyn Iterator<Item = Change<'_>>) {
        let heard = changes.map(|change| change.event);
        self.0.lock().unwrap().extend(heard);
    }
}

impl Directory {
    pub fn new() -> Directory {
        let dir = tempfile::tempdir().unwrap();
        let mut directory = Directory {
            store: None,
            background: None,
            heard: Arc::default(),
            dir,
        };
        directory.reopen();
        directory
    }

    pub fn reopen(&mut self) {
        self.close();
        let options = Options {
            hot_table_bytes: 4 << 20,
            observer: Box::new(Listener(Arc::clone(&self.heard))),
            ..Options::new(self.dir.path().join("data"))
        };
        let store = Store::open(options).unwrap();
        self.background = Some(Background::start(&store).unwrap());
        self.store = Some(store);
    }

    fn close(&mut self) {
        if let Some(background) = self.background.take() {
            background.stop();
        }
        if let Some(store) = self.store.take() {
            store.close().unwrap();
        }
    }

    pub fn store(&self) -> &Store {
        self.store.as_ref().unwrap()
    }

    /// Runs a change and commits it; gives whether anything was staged.
    pub fn write<T>(
        &self,
        change: impl FnOnce(&mut Edit<'_>) -> Result<T, StorageError>,
    ) -> (T, bool) {
        let mut edit = self.store().edit(0, LATCHED).unwrap();
        let result = change(&mut edit).unwrap();
        let position = edit.stage().unwrap();
        self.store().leader().wait_blocking(position).unwrap();
        (result, position > 0)
    }

    pub fn write_range(&self, offset: u64, data: &[u8]) -> u64 {
        self.write(|edit| {
            let entry = edit.open_as(KEY, DataType::String)?;
            let events = [Event::SetRange];
            bytes::write_range(edit, &entry, offset, data, STRING_BYTES_MAX, &events)
        })
        .0
    }

    pub fn replace(&self, data: &[u8], expiry: Expiry) {
        self.write(|edit| {
            let entry = edit.open(KEY)?;
            bytes::replace(edit, &entry, data, expiry, &[Event::Set])
        });
    }

    pub fn view(&self) -> View<'_> {
        self.store().view(0, LATCHED).unwrap()
    }

    pub fn value(&self) -> Vec<u8> {
        let view = self.view();
        let entry = view.open_as(KEY, DataType::String).unwrap();
        let value = bytes::read_value(&view, &entry).unwrap().unwrap();
        assert_eq!(bytes::len(&entry), value.len() as u64);
        value.to_vec()
    }

    pub fn range(&self, start: u64, end: u64) -> Vec<u8> {
        let view = self.view();
        let entry = view.open(KEY).unwrap();
        bytes::read_range(&view, &entry, start, end).unwrap()
    }

    pub fn expire_ms(&self) -> Option<u64> {
        self.view().open(KEY).unwrap().header().unwrap().expire_ms
    }

    /// The events since the last call.
    pub fn heard(&self) -> Vec<Event> {
        std::mem::take(&mut *self.heard.lock().unwrap())
    }
}

impl Drop for Directory {
    fn drop(&mut self) {
        self.close();
    }
}
