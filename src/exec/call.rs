//! Owns one attempt at a data command: its keys and latches, its handler on a view or an edit, and
//! what its edit wakes.
//! Invariants: nothing of an attempt that does not stage remains; who waits for a key that changed
//! is served before the latches that the change was made under are released.
//! Must not know: who asks, on which thread. Tests: black box, oracle.
//!
//! On the request path: no allocation, no lock but latches and one table shard, no log line.

use crate::command::key_spec::{ArgIndex, KeyPositions};
use crate::command::spec::{ReadFn, WriteFn};
use crate::command::{Args, Ctx, Draws, Flags, Handler, Look, Outcome};
use crate::commands::NumberedCommand;
use crate::error::{CommandError, CommandResult};
use crate::resp::{Reply, Request, RespVersion};
use crate::session::{Services, Session, Source};
use crate::wait::Parked;
use std::cell::{Cell, RefCell};
use storage::commit::Position;
use storage::commit::latch::{LatchSet, Mode, SharedLatch};
use storage::commit::reach::Reach;
use storage::engine::Tier;
use storage::limits::PREFETCH_KEYS_MAX;
use storage::{Edit, StorageError, View, ViewOptions};

/// A key with its database.
pub type ChangedKey = (u32, Vec<u8>);

/// What a handler needs to run, whatever the thread.
pub struct Call<'a> {
    services: &'a Services,
    /// The row.
    pub command: &'static NumberedCommand,
    request: Request<'a>,
    db: u32,
    resp: RespVersion,
    touch: bool,
    look: Look<'a>,
    /// RocksDB is not asked for what it has in memory.
    expects_disk: bool,
    /// The store was asked for the time a moment ago.
    told_time: bool,
    /// Where the last read found its rows.
    source: Cell<Source>,
    /// The last read needed latches, held or not.
    needed_latch: Cell<bool>,
    /// Keys that reads found and did not find, until they are counted.
    lookups: Cell<(u64, u64)>,
    /// The argument whose key was hashed last, and its hash.
    hash: Cell<Option<(ArgIndex, u64)>>,
    /// A key of the command was found expired and still stored.
    met_expired: Cell<bool>,
    /// What the staged edit changed, noted while somebody waits for keys.
    changed: RefCell<Vec<ChangedKey>>,
    /// The staged edit emptied or exchanged databases.
    changed_databases: Cell<bool>,
    /// Latches beyond those of its keys.
    reach: Reach,
    draws: Draws,
}

/// Whether the command counts as a use of its keys. TOUCH does even under CLIENT NO-TOUCH.
#[inline]
pub fn touches(session: &Session, command: &NumberedCommand) -> bool {
    !command.spec.flags().has(Flags::NO_TOUCH)
        && (!session.no_touch || command.full_name == "touch")
}

impl<'a> Call<'a> {
    /// A request of a session, on its thread, which reads its [`CommandClock`] between commands.
    ///
    /// [`CommandClock`]: super::CommandClock
    #[inline]
    pub fn new(
        session: &'a Session,
        command: &'static NumberedCommand,
        request: Request<'a>,
    ) -> Call<'a> {
        Call {
            services: &session.services,
            command,
            request,
            db: session.db,
            resp: session.resp,
            touch: touches(session, command),
            look: Look::First,
            expects_disk: session.forecast.expects_disk(),
            told_time: true,
            source: Cell::default(),
            needed_latch: Cell::new(false),
            lookups: Cell::default(),
            hash: Cell::default(),
            met_expired: Cell::new(false),
            changed: RefCell::default(),
            changed_databases: Cell::new(false),
            reach: Reach::default(),
            draws: Draws::default(),
        }
    }

    /// A request that runs away from its session.
    pub fn of_parked(
        services: &'a Services,
        command: &'static NumberedCommand,
        parked: &'a Parked,
        look: Look<'a>,
    ) -> Call<'a> {
        Call {
            services,
            command,
            request: parked.request.as_request(),
            db: parked.db,
            resp: parked.resp,
            touch: parked.touch,
            look,
            expects_disk: false,
            told_time: false,
            source: Cell::default(),
            needed_latch: Cell::new(false),
            lookups: Cell::default(),
            hash: Cell::default(),
            met_expired: Cell::new(false),
            changed: RefCell::default(),
            changed_databases: Cell::new(false),
            reach: Reach::default(),
            draws: Draws::again(parked.draws),
        }
    }

    /// Keys that reads found and did not find. Gives them once.
    #[inline]
    pub fn take_lookups(&self) -> (u64, u64) {
        self.lookups.take()
    }

    /// The hash of the key at an argument. The last one is kept, for who opens that key.
    #[inline]
    fn hash(&self, at: ArgIndex) -> u64 {
        if let Some((kept, hash)) = self.hash.get()
            && kept == at
        {
            return hash;
        }
        let hash = self.services.store.seed().hash(self.key(at));
        self.hash.set(Some((at, hash)));
        hash
    }

    /// The same with latches on these stripes too.
    pub fn reaching(self, reach: Reach) -> Call<'a> {
        Call { reach, ..self }
    }

    /// The latches beyond those of its keys that it holds and that it was found to lack.
    pub fn reach(&self) -> &Reach {
        &self.reach
    }

    /// Where the last read found its rows.
    #[inline]
    pub fn source(&self) -> Source {
        self.source.get()
    }

    /// The seed of what it drew at random, if it did.
    pub fn drawn(&self) -> Option<u64> {
        self.draws.seed()
    }

    /// Whether the last read needed latches, held or not.
    #[inline]
    pub fn needed_latch(&self) -> bool {
        self.needed_latch.get()
    }

    /// The bytes of the key at an argument.
    pub fn key(&self, at: ArgIndex) -> &'a [u8] {
        self.request.get(at as usize).unwrap_or_default()
    }

    /// What the staged edit changed, if somebody waits for keys: the keys, and whether databases
    /// were emptied or exchanged. Gives it once.
    #[inline]
    pub fn take_changes(&self) -> (Vec<ChangedKey>, bool) {
        (self.changed.take(), self.changed_databases.take())
    }

    #[inline]
    pub fn keys(&self) -> KeyPositions {
        let mut keys = KeyPositions::new();
        for spec in self.command.spec.keys {
            spec.find(&self.request, &mut keys);
        }
        keys
    }

    /// The keys of one command are known before the first is opened; see
    /// [`Executor::look_ahead`].
    pub fn prefetch(&self, keys: &KeyPositions) {
        for part in keys.chunks(PREFETCH_KEYS_MAX) {
            let names = part.iter().map(|&(at, _)| (self.key(at), None));
            self.services.store.prefetch(self.db, names);
        }
    }

    #[inline]
    pub fn latches(&self, keys: &KeyPositions) -> LatchSet {
        let mut set = LatchSet::default();
        let may_stage = self.command.spec.may_stage();
        for &(at, flags) in keys {
            let mode = if may_stage && !flags.read_only() {
                Mode::Exclusive
            } else {
                Mode::Shared
            };
            set.add_hash(self.hash(at), mode);
        }
        set.add_shared(self.reach.held());
        set
    }

    /// Shared latches of the one key that a command reads, if nothing has to be waited for.
    #[inline]
    pub fn try_share(&self, at: ArgIndex) -> Option<SharedLatch<'_>> {
        let store = &self.services.store;
        store.latches().try_share(self.hash(at))
    }

    /// Runs the handler, again as long as databases are flushed or swapped under it.
    #[inline]
    pub fn run(&self, tier: Tier, latched: bool) -> (CommandResult<Outcome>, Position) {
        loop {
            let result = match self.command.spec.handler {
                Handler::Read(run) => self.read(run, tier, latched),
                Handler::Memo { recall, .. } if !latched => self.read(recall, tier, latched),
                Handler::Write(run) | Handler::Memo { compute: run, .. } => {
                    self.write(run, tier, latched)
                }
                _ => (Ok(Reply::None), 0),
            };
            match result {
                (Err(CommandError::Storage(StorageError::NamespaceChanged)), _) => {}
                (result, position) => return (result.map(Outcome::from), position),
            }
        }
    }

    #[inline]
    fn read(&self, run: ReadFn, tier: Tier, latched: bool) -> (CommandResult, Position) {
        let options = ViewOptions {
            tier,
            latched,
            touch: self.touch,
        };
        let store = &self.services.store;
        let view = match self.told_time {
            true => store.recent_view(self.db, options),
            false => store.view(self.db, options),
        };
        let mut view = match view {
            Ok(view) => view,
            Err(error) => return (Err(error.into()), 0),
        };
        if self.expects_disk && tier == Tier::Memory {
            view.keep_to_hot_rows();
        }
        if let Some((at, hash)) = self.hash.get() {
            view.expect_key(self.key(at), hash);
        }
        let result = run(
            &view,
            &mut Args::new(self.request, self.command.words),
            &self.ctx(),
        );
        self.source.set(match &result {
            Err(CommandError::Storage(StorageError::NeedsDisk)) => Source::Disk,
            _ if view.asked_engine() => Source::Memory,
            _ => Source::HotTable,
        });
        self.needed_latch.set(view.needed_latch());
        self.note_lookups(&view, result.is_ok());
        (result, view.seen())
    }

    /// Counts the keys that a read found and did not find.
    #[inline]
    fn note_lookups(&self, view: &View<'_>, answered: bool) {
        let (before, now) = (self.lookups.get(), view.hits_and_misses());
        self.lookups.set((before.0 + now.0, before.1 + now.1));
        if answered && view.met_expired() {
            self.met_expired.set(true);
        }
    }

    /// Deletes the command's keys whose time has come, as Redis does on access: DBSIZE and
    /// keyspace events then agree with what the client was told. Keys that somebody else works on,
    /// or that would need the disk, are left to the sweeper.
    ///
    /// Called without latches held. `position` is what the reply waits for without it; gives what
    /// it waits for now.
    #[inline]
    pub fn with_expired_dropped(&self, position: Position) -> Position {
        if self.met_expired.get() {
            let dropped = self.remove_expired_keys();
            self.services.store.queue().later(position, dropped)
        } else {
            position
        }
    }

    #[cold]
    fn remove_expired_keys(&self) -> Position {
        let options = ViewOptions {
            tier: Tier::Memory,
            latched: true,
            touch: false,
        };
        let store = &self.services.store;
        let mut last = 0;
        for &(at, _) in &self.keys() {
            let key = self.key(at);
            let mut set = LatchSet::default();
            set.add_hash(store.seed().hash(key), Mode::Exclusive);
            let Some(_guard) = store.latches().try_lock(&set) else {
                continue;
            };
            let Ok(mut edit) = store.edit(self.db, options) else {
                continue;
            };
            let entry = edit.open(key);
            let removed = entry
                .and_then(|entry| edit.remove_expired(&entry))
                .and_then(|()| edit.stage());
            // What cannot be removed now stays hidden, and the sweeper comes by.
            last = removed.unwrap_or(0).max(last);
        }
        last
    }

    #[inline]
    fn write(&self, run: WriteFn, tier: Tier, latched: bool) -> (CommandResult, Position) {
        let options = ViewOptions {
            tier,
            latched,
            touch: self.touch,
        };
        let mut edit = match self.services.store.edit(self.db, options) {
            Ok(edit) => edit,
            Err(error) => return (Err(error.into()), 0),
        };
        if let Some((at, hash)) = self.hash.get() {
            edit.expect_key(self.key(at), hash);
        }
        let result = run(
            &mut edit,
            &mut Args::new(self.request, self.command.words),
            &self.ctx(),
        );
        let seen = edit.seen();
        let reads = !self.command.spec.is_write();
        if reads {
            self.note_lookups(&edit, result.is_ok());
        }
        match result {
            Ok(reply) => match self.stage(edit) {
                Ok(position) => (Ok(reply), position.max(seen)),
                Err(
                    StorageError::Poisoned(_) | StorageError::DiskReserve | StorageError::DiskFull,
                ) if reads => (Ok(reply), seen),
                Err(error) => (Err(error.into()), seen),
            },
            Err(error) => (Err(error), seen),
        }
    }

    #[inline]
    fn stage(&self, edit: Edit<'_>) -> Result<Position, StorageError> {
        let (waiting, watches) = (&self.services.waiting, &self.services.watches);
        if !waiting.any() && !watches.any() {
            // Whoever began to wait meanwhile holds no latch that keeps databases as they are.
            self.changed_databases.set(edit.changes_databases());
            return edit.stage();
        }
        let (keys, databases) = (edit.changed_keys(), edit.changes_databases());
        let written = if watches.any() {
            edit.written_keys()
        } else {
            Vec::new()
        };
        let position = edit.stage()?;
        for (db, key) in &written {
            watches.touch(*db, key);
        }
        self.changed.replace(keys);
        self.changed_databases.set(databases);
        Ok(position)
    }

    #[inline]
    fn ctx(&self) -> Ctx<'_> {
        Ctx {
            config: &self.services.config,
            resp: self.resp,
            command: self.command.full_name,
            look: self.look,
            reach: &self.reach,
            draws: &self.draws,
        }
    }
}
