//! Owns reading: a view is a database at a time, and decides what is expired and what is of the
//! wrong type.
//! Invariants: a row is looked for among the edit's own rows, in the hot table, in the engine, in
//! this order; what was read and is not committed yet raises `seen`, which the reply waits for; a
//! read of several rows of a key needs its latch. Must not know: replies.
//! Tests: `storage/tests`.
//!
//! On the request path: no allocation on a hit beyond a reference count, no lock but one shard's.

mod keys;

pub use keys::KeyIterator;

use crate::commit::Position;
use crate::edit::StagedRows;
use crate::encoding::key::{KeyName, RowKey};
use crate::encoding::meta::{DataType, Header};
use crate::encoding::record::Record;
use crate::engine::{Engine, Family, Tier};
use crate::error::{Result, StorageError};
use crate::hot::{Found, Stamp};
use crate::lease::Lease;
use crate::limits::{KEY_BYTES_MAX, PREFETCH_KEYS_MAX};
use crate::store::Store;
use crate::value::Value;
use std::cell::{Cell, RefCell};

/// How a view may read.
#[derive(Debug, Clone, Copy)]
pub struct ViewOptions {
    /// How far reads may go.
    pub tier: Tier,
    /// The caller holds latches on the keys it will open.
    pub latched: bool,
    /// Accesses count for eviction and OBJECT IDLETIME.
    pub touch: bool,
}

/// A database as one command sees it.
pub struct View<'s> {
    store: &'s Store,
    db: u32,
    ns: u32,
    map_version: u64,
    now_ms: u64,
    options: ViewOptions,
    /// The view belongs to an edit.
    edits: bool,
    /// The committed position when the view began.
    began: Position,
    seen: Cell<Position>,
    hits: Cell<u32>,
    misses: Cell<u32>,
    expected: ExpectedKey,
    /// The engine is not asked: what the hot table does not know is on disk.
    hot_rows_only: bool,
    /// The engine was asked for a row.
    asked_engine: Cell<bool>,
    /// Some key that was looked up is stored and expired.
    met_expired: Cell<bool>,
    /// Latches were needed, held or not.
    needed_latch: Cell<bool>,
    pub(crate) staged: RefCell<StagedRows>,
    _lease: Lease<'s>,
}

/// A key of which the hash is known, told by where its bytes stand: they are not looked at again.
#[derive(Default)]
struct ExpectedKey {
    start: usize,
    len: usize,
    hash: u64,
}

impl ExpectedKey {
    #[inline]
    fn is(&self, user_key: &[u8]) -> bool {
        // An empty key may stand where others do.
        self.start == user_key.as_ptr().addr() && self.len == user_key.len() && self.len > 0
    }
}

/// A key as a view found it.
#[derive(Debug, Clone)]
pub struct KeyEntry<'k> {
    /// The key and what is derived from it.
    pub name: KeyName<'k>,
    row: Option<(Record, Header, usize)>,
    live: bool,
}

impl<'k> KeyEntry<'k> {
    /// Whether the key exists: stored, and not expired.
    #[inline]
    pub fn exists(&self) -> bool {
        self.live
    }

    /// The header, if the key exists.
    #[inline]
    pub fn header(&self) -> Option<&Header> {
        self.row
            .as_ref()
            .filter(|_| self.live)
            .map(|(_, header, _)| header)
    }

    /// The bytes behind the header, if the key exists.
    #[inline]
    pub fn payload(&self) -> Option<&[u8]> {
        let (record, _, start) = self.row.as_ref().filter(|_| self.live)?;
        record.value().get(*start..)
    }

    /// The same, sharing the row's allocation.
    #[inline]
    pub fn payload_value(&self) -> Option<Value> {
        let (record, _, start) = self.row.as_ref().filter(|_| self.live)?;
        Some(record.value_from(*start))
    }

    /// A part of the payload, sharing the row's allocation.
    ///
    /// # Panics
    /// If the range is not inside the payload.
    #[inline]
    pub(crate) fn payload_part(&self, range: std::ops::Range<usize>) -> Option<Value> {
        let (record, _, start) = self.row.as_ref().filter(|_| self.live)?;
        Some(record.value_part(start + range.start..start + range.end))
    }

    /// A row of this key and these parts of a value: the stored one if it is the same.
    pub(crate) fn record_of(&self, row_key: &[u8], value: &[&[u8]]) -> Record {
        match &self.row {
            Some((stored, ..)) if stored.is_made_of(row_key, value) => stored.clone(),
            _ => Record::new(row_key, value),
        }
    }

    /// The stored row, expired or not.
    pub(crate) fn stored(&self) -> Option<&Header> {
        self.row.as_ref().map(|(_, header, _)| header)
    }
}

impl<'s> View<'s> {
    pub(crate) fn new(
        store: &'s Store,
        db: u32,
        options: ViewOptions,
        edits: bool,
        now_ms: u64,
    ) -> View<'s> {
        let began = store.queue().committed();
        let lease = store.begin_lease(began);
        let (ns, map_version) = store.queue().resolve(db);
        let view = View {
            store,
            db,
            ns,
            map_version,
            now_ms,
            options,
            edits,
            began,
            seen: Cell::new(0),
            hits: Cell::new(0),
            misses: Cell::new(0),
            expected: ExpectedKey::default(),
            hot_rows_only: false,
            asked_engine: Cell::new(false),
            met_expired: Cell::new(false),
            needed_latch: Cell::new(false),
            staged: RefCell::default(),
            _lease: lease,
        };
        // What is missing from a database that was emptied is as new as that.
        view.saw(store.queue().databases_changed());
        view
    }

    /// The store behind it. Not for handlers: one that reads must find no way to an edit.
    pub(crate) fn store(&self) -> &'s Store {
        self.store
    }

    /// From now on takes every row that the hot table does not know for one that needs the disk:
    /// for a caller who does not expect RocksDB to have it in memory.
    #[inline]
    pub fn keep_to_hot_rows(&mut self) {
        self.hot_rows_only = true;
    }

    /// Whether RocksDB was asked for a row.
    #[inline]
    pub fn asked_engine(&self) -> bool {
        self.asked_engine.get()
    }

    #[inline]
    fn ask_engine(&self) -> Result<&'s Engine> {
        if self.hot_rows_only {
            return Err(StorageError::NeedsDisk);
        }
        self.asked_engine.set(true);
        Ok(self.store.engine())
    }

    /// The database number.
    pub fn db(&self) -> u32 {
        self.db
    }

    /// The database's namespace.
    pub fn ns(&self) -> u32 {
        self.ns
    }

    pub(crate) fn enter_namespace(&mut self, ns: u32) {
        self.ns = ns;
    }

    pub(crate) fn enter_database(&mut self, db: u32, ns: u32) {
        self.db = db;
        self.ns = ns;
    }

    pub(crate) fn map_version(&self) -> u64 {
        self.map_version
    }

    pub(crate) fn set_map_version(&mut self, version: u64) {
        self.map_version = version;
    }

    /// The time that decides what is expired, ms since the epoch.
    pub fn now_ms(&self) -> u64 {
        self.now_ms
    }

    /// How far reads may go.
    pub fn tier(&self) -> Tier {
        self.options.tier
    }

    /// The newest uncommitted position among the rows read: a reply waits for it.
    pub fn seen(&self) -> Position {
        self.seen.get()
    }

    /// Fails unless the caller holds the latches of the keys it reads several rows of.
    #[inline]
    pub fn need_latch(&self) -> Result<()> {
        self.needed_latch.set(true);
        if self.options.latched {
            Ok(())
        } else {
            Err(StorageError::NeedsLatch)
        }
    }

    /// Whether [`View::need_latch`] was asked, whatever it said.
    #[inline]
    pub fn needed_latch(&self) -> bool {
        self.needed_latch.get()
    }

    /// Slot and hash of a key.
    #[inline]
    pub fn name<'k>(&self, user_key: &'k [u8]) -> KeyName<'k> {
        match self.expected.is(user_key) {
            true => KeyName::of_hash(user_key, self.expected.hash),
            false => KeyName::new(user_key, self.store.seed()),
        }
    }

    /// Says the hash of a key that is going to be opened, for a caller that had to compute it. The
    /// key's bytes stay where they are, as they are, as long as the view lives.
    #[inline]
    pub fn expect_key(&mut self, user_key: &[u8], hash: u64) {
        debug_assert_eq!(hash, self.store.seed().hash(user_key));
        self.expected = ExpectedKey {
            start: user_key.as_ptr().addr(),
            len: user_key.len(),
            hash,
        };
    }

    /// Looks a key up in this view's database.
    #[inline]
    pub fn open<'k>(&self, user_key: &'k [u8]) -> Result<KeyEntry<'k>> {
        let entry = self.open_in(self.ns, user_key)?;
        if !entry.exists() && entry.stored().is_some() {
            self.met_expired.set(true);
        }
        let counter = if entry.exists() {
            &self.hits
        } else {
            &self.misses
        };
        counter.set(counter.get() + 1);
        Ok(entry)
    }

    /// Whether [`View::open`] met a key whose time has come and that is still stored.
    #[inline]
    pub fn met_expired(&self) -> bool {
        self.met_expired.get()
    }

    /// Keys found and not found by [`View::open`].
    pub fn hits_and_misses(&self) -> (u64, u64) {
        (u64::from(self.hits.get()), u64::from(self.misses.get()))
    }

    /// Looks a key up in another namespace (MOVE, COPY).
    pub fn open_in<'k>(&self, ns: u32, user_key: &'k [u8]) -> Result<KeyEntry<'k>> {
        let name = self.name(user_key);
        if user_key.len() > KEY_BYTES_MAX {
            return Ok(KeyEntry {
                name,
                row: None,
                live: false,
            });
        }
        let family = self.store.family(name.slot);
        let row = self.row(meta_hash(name.hash, ns), family, &name.meta_key(ns))?;
        let Some(record) = row else {
            return Ok(KeyEntry {
                name,
                row: None,
                live: false,
            });
        };
        let (header, start) = Header::decode(record.value())?;
        let live = !header.expired(self.now_ms);
        Ok(KeyEntry {
            name,
            row: Some((record, header, start)),
            live,
        })
    }

    /// Looks a key up and fails if it exists with another type.
    #[inline]
    pub fn open_as<'k>(&self, user_key: &'k [u8], kind: DataType) -> Result<KeyEntry<'k>> {
        let entry = self.open(user_key)?;
        match entry.header() {
            Some(header) if header.kind != kind => Err(StorageError::WrongType),
            _ => Ok(entry),
        }
    }

    /// Reads an element row.
    pub fn element(&self, home_slot: u16, row_key: &RowKey) -> Result<Option<Record>> {
        self.row(element_hash(row_key), self.store.family(home_slot), row_key)
    }

    /// The same in a walk over more than the caches should give way to: what they have is used,
    /// and nothing is added to them.
    pub(crate) fn element_in_passing(
        &self,
        home_slot: u16,
        row_key: &RowKey,
    ) -> Result<Option<Record>> {
        let (hash, family) = (element_hash(row_key), self.store.family(home_slot));
        match self.row_in_memory(hash, family, row_key, false)? {
            Ok(row) => Ok(row),
            Err(_) => {
                let engine = self.ask_engine()?;
                let make = |value: &[u8]| Record::new(row_key, &[value]);
                engine.get_passing(family, row_key, self.options.tier, make)
            }
        }
    }

    /// Fetches element rows that are about to be read into the processor's caches, as far as they
    /// are in memory, up to [`PREFETCH_KEYS_MAX`] of them. Only a hint.
    pub(crate) fn prefetch_elements(&self, row_keys: impl Iterator<Item = RowKey>) {
        let mut hashes = [0; PREFETCH_KEYS_MAX];
        let mut count = 0;
        for (hash, row_key) in hashes.iter_mut().zip(row_keys) {
            *hash = element_hash(&row_key);
            count += 1;
        }
        let hashes = hashes.get(..count).unwrap_or_default();
        self.store.table().prefetch(hashes);
    }

    #[inline]
    fn row(&self, hash: u64, family: Family, row_key: &RowKey) -> Result<Option<Record>> {
        let stamp = match self.row_in_memory(hash, family, row_key, self.options.touch)? {
            Ok(row) => return Ok(row),
            Err(stamp) => stamp,
        };
        let engine = self.ask_engine()?;
        let record = engine.get(family, row_key, self.options.tier, |value| {
            Record::new(row_key, &[value])
        })?;
        let table = self.store.table();
        let committed = self.store.queue().committed();
        match &record {
            Some(record) => table.fill(hash, record.clone(), false, stamp, committed),
            // An edit that finds nothing is about to stage what the table will keep.
            None if self.edits => {}
            None => {
                let absence = Record::new(row_key, &[]);
                table.fill(hash, absence, true, stamp, committed);
            }
        }
        Ok(record)
    }

    /// The row or its absence as the edit and the table know it; otherwise the stamp to fill with.
    #[inline]
    fn row_in_memory(
        &self,
        hash: u64,
        family: Family,
        row_key: &RowKey,
        touch: bool,
    ) -> Result<std::result::Result<Option<Record>, Stamp>> {
        if self.edits
            && let Some(own) = self.staged.borrow().find(hash, row_key)
        {
            return Ok(Ok((!own.deleted).then(|| own.record.clone())));
        }
        let table = self.store.table();
        let found = if touch {
            table.get(hash, row_key)
        } else {
            table.peek(hash, row_key)
        };
        match found {
            Found::Row { record, version } => {
                self.saw(version);
                if self.store.verifies_reads() {
                    self.store.verify(family, hash, &record, version)?;
                }
                Ok(Ok(Some(record)))
            }
            Found::Absent { version } => {
                self.saw(version);
                Ok(Ok(None))
            }
            Found::Unknown(stamp) => Ok(Err(stamp)),
        }
    }

    #[inline]
    fn saw(&self, version: Position) {
        // What was committed when the view began was not withdrawn since.
        let seen = self.seen.get();
        if version <= seen.max(self.began) {
            return;
        }
        // In this order: a failure is noted before anything behind it is committed.
        let queue = self.store.queue();
        if version > queue.committed() || queue.failure(version).is_some() {
            self.seen.set(queue.later(seen, version));
        }
    }

    /// Seconds since the last access and the access counter, as OBJECT shows them.
    pub fn usage(&self, entry: &KeyEntry<'_>) -> Option<crate::hot::Usage> {
        let row_key = entry.name.meta_key(self.ns);
        self.store
            .table()
            .usage(meta_hash(entry.name.hash, self.ns), &row_key)
    }

    /// Number of keys of this database, exact; expired keys count until they are swept. It counts
    /// what is staged, so the reply waits for that.
    pub fn count_keys(&self) -> u64 {
        self.count_keys_in(self.ns)
    }

    /// The same of another namespace.
    pub(crate) fn count_keys_in(&self, ns: u32) -> u64 {
        let (count, position) = self.store.queue().count_keys(ns);
        self.saw(position);
        let staged = self.staged.borrow();
        let own = staged.staging.counts.iter();
        let own = own.filter(|change| change.ns == ns);
        let own: i64 = own.map(|change| i64::from(change.keys)).sum();
        count.saturating_add_signed(own)
    }
}

/// Hash of a meta row in the hot table, from that of its key's name.
#[inline]
pub(crate) fn meta_hash(name_hash: u64, ns: u32) -> u64 {
    name_hash ^ u64::from(ns).wrapping_mul(0x9e37_79b9_7f4a_7c15)
}

/// Hash of an element row in the hot table.
pub(crate) fn element_hash(row_key: &[u8]) -> u64 {
    use std::hash::BuildHasher;
    foldhash::fast::FixedState::with_seed(0x5eed).hash_one(row_key)
}
