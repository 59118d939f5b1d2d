//! Owns changing: an edit is a view plus the rows it stages; nothing happens until it is staged.
//! Invariants: a meta row changes only through `put` and `remove`, which keep the counts, the
//! expiry rows, the dead ids and the change list, so no type can forget them; an edit that fails
//! leaves no trace. Must not know: who waits for it. Tests: `storage/tests`.

mod rows;

pub use rows::StagedRows;

use crate::change::Event;
use crate::commit::{Position, QueuedRow, StagedChange};
use crate::encoding::key::{self, KeyName, RowKey};
use crate::encoding::meta::{Head, Header};
use crate::encoding::record::Record;
use crate::engine::Tier;
use crate::error::{Result, StorageError};
use crate::hot::{FREQUENCY_NEW, Usage};
use crate::limits::{COMMIT_BYTES_MAX, KEY_BYTES_MAX, REMOVED_SURELY_MAX};
use crate::registry::{CountChange, DatabaseMap};
use crate::store::Store;
use crate::view::{KeyEntry, View, ViewOptions, element_hash, meta_hash};
use std::ops::Deref;

/// A command's changes.
pub struct Edit<'s> {
    view: View<'s>,
    /// Ids of rows committed ahead, under garbage rows, for a meta row that is not staged yet.
    spilled: Vec<(u16, u64)>,
    /// Those of them whose garbage row is taken back when the edit is staged.
    published: Vec<(u16, u64)>,
    /// The earliest expiry row among the edit's, ms.
    expiry_min_ms: u64,
    /// A key whose row counts as used otherwise than now: its hash, its row key, its usage.
    used: Option<Box<(u64, RowKey, Usage)>>,
}

impl Drop for Edit<'_> {
    /// What was written ahead and is not published after all is garbage, as its row on disk says.
    fn drop(&mut self) {
        if !self.spilled.is_empty() {
            let store = self.view.store();
            let position = store.queue().staged();
            store.garbage().add(self.spilled.drain(..), position);
        }
    }
}

impl<'s> Deref for Edit<'s> {
    type Target = View<'s>;

    fn deref(&self) -> &View<'s> {
        &self.view
    }
}

impl<'s> Edit<'s> {
    pub(crate) fn new(store: &'s Store, db: u32, options: ViewOptions) -> Edit<'s> {
        Edit {
            view: View::new(store, db, options, true, store.now_ms()),
            spilled: Vec::new(),
            published: Vec::new(),
            expiry_min_ms: u64::MAX,
            used: None,
        }
    }

    /// See [`View::expect_key`].
    #[inline]
    pub fn expect_key(&mut self, user_key: &[u8], hash: u64) {
        self.view.expect_key(user_key, hash);
    }

    /// Whether anything would be staged.
    pub fn is_empty(&self) -> bool {
        let staged = self.view.staged.borrow();
        staged.staging.rows.is_empty() && staged.staging.new_map.is_none()
    }

    /// Writes a key's meta row: header and the parts of its inline payload. The expiry row, the
    /// counts and the id left behind follow from what `entry` found.
    pub fn put(
        &mut self,
        entry: &KeyEntry<'_>,
        header: Header,
        payload: &[&[u8]],
        events: &[Event],
    ) -> Result<()> {
        self.put_in(self.ns(), self.db(), entry, header, payload, events)
    }

    /// The same in another database (MOVE, COPY).
    pub fn put_in(
        &mut self,
        ns: u32,
        db: u32,
        entry: &KeyEntry<'_>,
        mut header: Header,
        payload: &[&[u8]],
        events: &[Event],
    ) -> Result<()> {
        let name = &entry.name;
        if name.user_key.len() > KEY_BYTES_MAX {
            return Err(StorageError::KeyTooLong);
        }
        self.file_expiry(ns, entry, &mut header);
        let kept = header.head.map(|head| head.id);
        self.leave_behind(entry, kept)?;
        self.count(CountChange {
            ns,
            slot: name.slot,
            keys: i8::from(entry.stored().is_none()),
            expires: i8::from(header.expire_ms.is_some()) - stored_expires(entry),
        });
        let bytes = header.encode();
        let mut parts: smallvec::SmallVec<[&[u8]; 4]> = smallvec::SmallVec::new();
        parts.push(&bytes);
        parts.extend_from_slice(payload);
        // A change of elements alone often leaves the meta row as it is.
        let record = entry.record_of(&name.meta_key(ns), &parts);
        let row = self.push_meta(ns, name, record, false);
        if let Some(expired) = entry.stored().filter(|_| !entry.exists()) {
            self.change(row, db, expired.kind, Event::Expired);
        }
        for &event in events {
            self.change(row, db, header.kind, event);
        }
        if !entry.exists() {
            self.change(row, db, header.kind, Event::New);
        }
        Ok(())
    }

    /// Deletes a stored key, expired or not. Does nothing if nothing is stored.
    pub fn remove(&mut self, entry: &KeyEntry<'_>, event: Event) -> Result<()> {
        self.take_away(entry, event, None)
    }

    /// Deletes a key whose last element was taken away, which `event` tells.
    pub fn remove_emptied(&mut self, entry: &KeyEntry<'_>, event: Event) -> Result<()> {
        let Some(kind) = entry.header().map(|header| header.kind) else {
            return Ok(());
        };
        self.remove(entry, event)?;
        let ns = self.ns();
        let record = Record::new(&entry.name.meta_key(ns), &[]);
        let row = self.push_meta(ns, &entry.name, record, true);
        self.change(row, self.db(), kind, Event::Del);
        Ok(())
    }

    /// Deletes a stored key if its time has come; otherwise does nothing.
    pub fn remove_expired(&mut self, entry: &KeyEntry<'_>) -> Result<()> {
        if entry.exists() {
            return Ok(());
        }
        self.frees_space();
        self.remove(entry, Event::Expired)
    }

    /// Deletes a key's meta row whose elements live on under `kept` in another meta row.
    pub fn take_away(
        &mut self,
        entry: &KeyEntry<'_>,
        event: Event,
        kept: Option<u64>,
    ) -> Result<()> {
        let Some(stored) = entry.stored() else {
            return Ok(());
        };
        let kind = stored.kind;
        self.leave_behind(entry, kept)?;
        let ns = self.ns();
        self.count(CountChange {
            ns,
            slot: entry.name.slot,
            keys: -1,
            expires: -stored_expires(entry),
        });
        let record = Record::new(&entry.name.meta_key(ns), &[]);
        let row = self.push_meta(ns, &entry.name, record, true);
        let event = if entry.exists() {
            event
        } else {
            Event::Expired
        };
        self.change(row, self.db(), kind, event);
        Ok(())
    }

    /// Lets a key that this edit writes count as used so long ago and so often. The last call
    /// counts.
    pub fn set_usage(&mut self, name: &KeyName<'_>, idle_s: Option<u64>, frequency: Option<u8>) {
        let table = self.store().table();
        let idle_s = u32::try_from(idle_s.unwrap_or(0)).unwrap_or(u32::MAX);
        let usage = Usage {
            accessed_s: table.now_s().saturating_sub(idle_s),
            frequency: frequency.unwrap_or(FREQUENCY_NEW),
        };
        let hash = meta_hash(name.hash, self.ns());
        let row_key = name.meta_key(self.ns());
        self.used = Some(Box::new((hash, row_key, usage)));
    }

    /// An id nobody has used, for element rows.
    pub fn fresh_id(&mut self) -> u64 {
        let id = self.store().ids().take();
        self.note_id(id);
        id
    }

    fn note_id(&mut self, id: u64) {
        let staging = &mut self.view.staged.get_mut().staging;
        staging.id_max = staging.id_max.max(id);
    }

    /// Writes an element row.
    pub fn put_element(&mut self, home_slot: u16, row_key: &RowKey, value: &[&[u8]]) {
        self.push_element(home_slot, Record::new(row_key, value), false);
    }

    /// Deletes an element row.
    pub fn remove_element(&mut self, home_slot: u16, row_key: &RowKey) {
        self.push_element(home_slot, Record::new(row_key, &[]), true);
    }

    /// Declares that elements of `head` are found through a key of another slot, or, with `owner`
    /// empty, no longer are.
    pub fn file_stranger(&mut self, head: Head, owner: Option<&RowKey>) {
        let row_key = key::stranger_key(head.home_slot, head.id);
        let family = self.store().family(head.home_slot);
        let record = match owner {
            Some(owner) => Record::new(&row_key, &[owner]),
            None => Record::new(&row_key, &[]),
        };
        self.push(QueuedRow::new(
            record,
            family,
            owner.is_none(),
            Some(element_hash(&row_key)),
        ));
    }

    /// Gives the database a fresh namespace; what was in it is swept later.
    pub fn flush_database(&mut self, dbs: &[u32]) -> Result<()> {
        let mut map = self.newest_map();
        let mut freed = Vec::new();
        for &db in dbs {
            freed.push(map.renew(db)?);
        }
        for &ns in &freed {
            let record = Record::new(&key::dead_namespace_key(ns), &[]);
            self.push(QueuedRow::new(
                record,
                crate::engine::Family::Records,
                false,
                None,
            ));
        }
        for row in map.rows(dbs) {
            self.push(row);
        }
        let staging = &mut self.view.staged.get_mut().staging;
        staging.freed_namespaces.append(&mut freed);
        self.replace_map(map);
        Ok(())
    }

    /// The database map with this edit's own changes.
    fn newest_map(&mut self) -> DatabaseMap {
        let own = self.view.staged.get_mut().staging.new_map.clone();
        own.unwrap_or_else(|| self.view.store().queue().database_map())
    }

    /// Later commands of the same edit (MULTI) work on the databases as this one leaves them.
    fn replace_map(&mut self, map: DatabaseMap) {
        self.view.enter_namespace(map.namespace(self.view.db()));
        self.view.staged.get_mut().staging.new_map = Some(map);
    }

    /// Exchanges two databases.
    pub fn swap_databases(&mut self, one: u32, other: u32) {
        let mut map = self.newest_map();
        map.swap(one, other);
        for row in map.rows(&[one, other]) {
            self.push(row);
        }
        self.replace_map(map);
    }

    /// Begins a command of several that share this edit: what it does can be taken back alone.
    /// From here on nothing is written ahead, so all of it must fit in one commit.
    pub fn savepoint(&mut self) {
        self.view.staged.get_mut().savepoint();
    }

    /// Removes up to `count` elements by `remove`, if one commit can hold what that stages. False
    /// if it cannot: then nothing is staged. Within a transaction all must fit anyway.
    pub(crate) fn removes_in_one_commit(
        &mut self,
        count: u64,
        remove: impl FnOnce(&mut Edit<'s>) -> Result<()>,
    ) -> Result<bool> {
        if count <= REMOVED_SURELY_MAX || self.view.staged.get_mut().has_savepoint() {
            return remove(self).map(|()| true);
        }
        self.savepoint();
        remove(self)?;
        // What else the command stages, its meta row above all, has the rest.
        let fits = self.staged_bytes() <= COMMIT_BYTES_MAX / 4 * 3;
        if !fits {
            self.roll_back();
        }
        self.view.staged.get_mut().drop_savepoint();
        Ok(fits)
    }

    /// Takes back what the command since the savepoint did.
    pub fn roll_back(&mut self) {
        self.view.staged.get_mut().roll_back();
        let db = self.db();
        self.select(db);
    }

    /// Goes on in another database, as this edit leaves them.
    pub fn select(&mut self, db: u32) {
        let ns = self.namespace_of(db);
        self.view.enter_database(db, ns);
    }

    /// For an edit of rows that belong to no database: whatever has become of the databases since
    /// it began, it is good.
    pub(crate) fn disown_databases(&mut self) {
        let (_, version) = self.store().queue().resolve(0);
        self.view.set_map_version(version);
    }

    /// Number of keys of a database, as this edit leaves it.
    pub fn count_keys_of(&self, db: u32) -> u64 {
        self.view.count_keys_in(self.namespace_of(db))
    }

    /// The namespace of a database, as this edit leaves them.
    pub fn namespace_of(&self, db: u32) -> u32 {
        match &self.view.staged.borrow().staging.new_map {
            Some(map) => map.namespace(db),
            None => self.view.store().queue().resolve(db).0,
        }
    }

    /// The keys that staging will tell of as changed, each once, with their databases.
    pub fn changed_keys(&self) -> Vec<(u32, Vec<u8>)> {
        self.keys_told_of(|_| true)
    }

    /// The same without keys that the edit only found expired: they had gone before.
    pub fn written_keys(&self) -> Vec<(u32, Vec<u8>)> {
        self.keys_told_of(|event| event != Event::Expired)
    }

    fn keys_told_of(&self, counts: impl Fn(Event) -> bool) -> Vec<(u32, Vec<u8>)> {
        let staged = self.view.staged.borrow();
        let rows = &staged.staging.rows;
        // Whatever is told of a key, its meta row stands in an edit once.
        let mut told: smallvec::SmallVec<[bool; 32]> = smallvec::smallvec![false; rows.len()];
        let mut keys = Vec::new();
        let changes = staged.staging.changes.iter();
        for change in changes.filter(|change| counts(change.event)) {
            let at = change.row as usize;
            let (Some(row), Some(told)) = (rows.get(at), told.get_mut(at)) else {
                continue;
            };
            if !std::mem::replace(told, true)
                && let Some(parts) = key::parse_meta(row.record.key())
            {
                keys.push((change.db, parts.user_key.to_vec()));
            }
        }
        keys
    }

    /// Whether databases are emptied or exchanged.
    pub fn changes_databases(&self) -> bool {
        self.view.staged.borrow().staging.new_map.is_some()
    }

    /// Waits until everything staged is committed, so that an iterator sees all rows of the keys
    /// that the caller has latched, but for this edit's own. May block.
    pub fn settle(&self) -> Result<()> {
        if self.tier() == Tier::Memory {
            return Err(StorageError::NeedsDisk);
        }
        let store = self.store();
        store.leader().wait_blocking(store.queue().staged())
    }

    /// Writes any other row: expiry and garbage rows.
    pub(crate) fn push(&mut self, row: QueuedRow) -> u32 {
        self.view.staged.get_mut().push(row)
    }

    /// Bytes of the rows that would be staged.
    pub(crate) fn staged_bytes(&self) -> usize {
        self.view.staged.borrow().staging.bytes
    }

    /// The edit only deletes what is dead or expired: the free-disk reserve does not stop it.
    pub(crate) fn frees_space(&mut self) {
        self.view.staged.get_mut().staging.frees_space = true;
    }

    /// Stages the edit: it is visible from now on. Gives the position that its reply waits for (0
    /// if there was nothing to stage).
    pub fn stage(mut self) -> Result<Position> {
        let map_version = self.view.map_version();
        let store = self.view.store();
        if self.is_empty() {
            // What was read of several databases has to be of one state of them.
            return match store.queue().resolve(0).1 == map_version {
                true => Ok(0),
                false => Err(StorageError::NamespaceChanged),
            };
        }
        let staging = &mut self.view.staged.get_mut().staging;
        staging.map_version = map_version;
        let position = store.queue().stage(staging)?;
        let published = std::mem::take(&mut self.published);
        self.spilled.retain(|id| !published.contains(id));
        if let Some((hash, row_key, usage)) = self.used.take().map(|used| *used) {
            store.table().set_usage(hash, &row_key, usage);
        }
        // Only now: the sweeper looks for rows that were staged before it took the watermark.
        if self.expiry_min_ms != u64::MAX {
            store.expiry_inserted(self.expiry_min_ms);
        }
        Ok(position)
    }

    /// Writes the element rows staged so far ahead of the rest, in commits of their own, when they
    /// would not fit in one. For rows under a fresh id only: nobody finds them until their meta row
    /// is staged. `head` gets a garbage row first, so that a crash leaves nothing behind;
    /// [`Edit::publish`] takes it back.
    pub fn spill(&mut self, head: Head, spilled: &mut bool) -> Result<()> {
        let staged = self.view.staged.get_mut();
        if staged.has_savepoint() || staged.staging.bytes < COMMIT_BYTES_MAX / 2 {
            return Ok(());
        }
        if self.tier() == Tier::Memory {
            return Err(StorageError::NeedsDisk);
        }
        let store = self.store();
        let disk = ViewOptions {
            tier: Tier::Disk,
            latched: true,
            touch: false,
        };
        let mut ahead = Edit::new(store, self.db(), disk);
        ahead.note_id(head.id);
        if !*spilled {
            ahead.push(garbage_row(store, head, false));
        }
        let prefix = key::element_prefix(head.home_slot, head.id);
        for row in self.view.staged.get_mut().split_off(&prefix) {
            // This edit may have found the row absent, and the table may have noted it.
            if let Some(hash) = row.hot_hash {
                store.table().forget(hash, row.record.key());
            }
            ahead.push(row.unpublished());
        }
        let position = ahead.stage()?;
        if !*spilled {
            *spilled = true;
            self.spilled.push((head.home_slot, head.id));
        }
        store.leader().wait_blocking(position)
    }

    /// Takes the garbage row of a spilled head back, in the edit that publishes its meta row.
    pub fn publish(&mut self, head: Head, spilled: bool) {
        if spilled {
            self.push(garbage_row(self.view.store(), head, true));
            self.published.push((head.home_slot, head.id));
        }
    }

    fn push_meta(&mut self, ns: u32, name: &KeyName<'_>, record: Record, deleted: bool) -> u32 {
        let family = self.store().family(name.slot);
        self.push(QueuedRow::new(
            record,
            family,
            deleted,
            Some(meta_hash(name.hash, ns)),
        ))
    }

    fn push_element(&mut self, home_slot: u16, record: Record, deleted: bool) {
        let hash = element_hash(record.key());
        let family = self.store().family(home_slot);
        self.push(QueuedRow::new(record, family, deleted, Some(hash)));
    }

    fn change(&mut self, row: u32, db: u32, kind: crate::encoding::meta::DataType, event: Event) {
        let change = StagedChange {
            row,
            db,
            kind,
            event,
        };
        self.view.staged.get_mut().staging.changes.push(change);
    }

    /// Most writes replace a value, and change no number.
    fn count(&mut self, change: CountChange) {
        if (change.keys, change.expires) != (0, 0) {
            self.view.staged.get_mut().staging.counts.push(change);
        }
    }

    /// Frees the element rows of what `entry` found, unless they are `kept`.
    fn leave_behind(&mut self, entry: &KeyEntry<'_>, kept: Option<u64>) -> Result<()> {
        let Some(head) = entry.stored().and_then(|header| header.head) else {
            return Ok(());
        };
        if kept == Some(head.id) {
            return Ok(());
        }
        self.file_garbage(head, entry.name.slot);
        Ok(())
    }

    /// Declares the elements of `head` dead, which a key of `slot` referred to.
    pub(crate) fn file_garbage(&mut self, head: Head, slot: u16) {
        let row = garbage_row(self.view.store(), head, false);
        self.push(row);
        if head.home_slot != slot {
            self.file_stranger(head, None);
        }
        let staging = &mut self.view.staged.get_mut().staging;
        staging.freed.push((head.home_slot, head.id));
    }

    /// Moves a key's expiry row to the key's own time: the row it was filed under is due and goes.
    pub(crate) fn refile_expiry(&mut self, entry: &KeyEntry<'_>) {
        let (Some(stored), Some(payload)) = (entry.stored(), entry.payload()) else {
            return;
        };
        let Some(at) = stored.due_ms() else { return };
        let mut header = stored.clone();
        header.hint_ms = None;
        let ns = self.ns();
        self.push_expiry(ns, &entry.name, at);
        let record = Record::new(&entry.name.meta_key(ns), &[&header.encode(), payload]);
        self.push_meta(ns, &entry.name, record, false);
    }

    fn push_expiry(&mut self, ns: u32, name: &KeyName<'_>, at: u64) {
        let record = Record::new(&name.expiry_key(ns, at), &[]);
        let family = self.store().family(name.slot);
        self.push(QueuedRow::new(record, family, false, None));
        self.expiry_min_ms = self.expiry_min_ms.min(at);
    }

    /// Makes sure that an expiry row stands at or before the key's time: the one known to exist, or
    /// a new one.
    fn file_expiry(&mut self, ns: u32, entry: &KeyEntry<'_>, header: &mut Header) {
        header.hint_ms = None;
        let Some(at) = header.due_ms() else { return };
        let filed = entry.stored().and_then(Header::filed_ms);
        match filed {
            Some(filed) if filed == at => {}
            Some(filed) if filed < at => header.hint_ms = Some(filed),
            _ => self.push_expiry(ns, &entry.name, at),
        }
    }
}

/// 1 if the stored row, expired or not, has an expiry, 0 otherwise.
fn stored_expires(entry: &KeyEntry<'_>) -> i8 {
    i8::from(
        entry
            .stored()
            .is_some_and(|header| header.expire_ms.is_some()),
    )
}

fn garbage_row(store: &Store, head: Head, deleted: bool) -> QueuedRow {
    let record = Record::new(&key::garbage_key(head.home_slot, head.id), &[]);
    QueuedRow::new(record, store.family(head.home_slot), deleted, None)
}
