//! Owns the execution of one request: at once on the connection's thread where everything it needs
//! is in memory, later on the pool where it is not.
//!
//! Journey: lookup, admission, latches from the row's keys, handler on a view or an edit, staging.
//! Invariants: a handler may run more than once (memory first, then disk; again after a FLUSHALL),
//! nothing of an attempt remains; latches are held from before the first read until staging.
//! Must not know: sockets. Tests: black box, oracle.
//!
//! On the request path: no allocation, no lock but latches and one table shard, no log line.

use super::admit::admit;
use super::control;
use super::lookup::Lookup;
use super::pool::ReadPool;
use crate::command::key_spec::KeyPositions;
use crate::command::spec::{ReadFn, WriteFn};
use crate::command::{Args, Control, Ctx, Flags, Handler, Outcome};
use crate::commands::NumberedCommand;
use crate::error::{CommandError, CommandResult};
use crate::metrics::CommandStats;
use crate::resp::{OwnedRequest, Reply, Request, RespVersion, first_arguments};
use crate::session::{Services, Session};
use std::cell::Cell;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Instant;
use storage::commit::Position;
use storage::commit::latch::{KeyGuard, LatchSet, Mode};
use storage::engine::Tier;
use storage::limits::PREFETCH_KEYS_MAX;
use storage::{StorageError, View, ViewOptions};

/// What a command came to.
#[derive(Debug)]
pub struct Answer {
    /// What the connection does.
    pub outcome: Outcome,
    /// The commit that the reply waits for; 0 for none.
    pub position: Position,
}

/// Result of trying to run a request at once.
pub enum Step {
    /// It ran (or was refused).
    Done(Answer),
    /// It has to wait for something; give it to [`Executor::run_later`].
    Later(Later),
}

/// A request that could not run at once.
#[derive(Debug, Clone, Copy)]
pub struct Later {
    index: usize,
    command: &'static NumberedCommand,
}

/// Runs requests for all connections.
pub struct Executor {
    services: Arc<Services>,
    lookup: Lookup,
    pool: ReadPool,
}

/// What a handler needs to run, whatever the thread.
struct Call<'a> {
    services: &'a Services,
    command: &'static NumberedCommand,
    request: Request<'a>,
    db: u32,
    resp: RespVersion,
    touch: bool,
    /// A key of the command was found expired and still stored.
    met_expired: Cell<bool>,
}

impl Executor {
    /// An executor over the table as `lookup` names it.
    pub fn new(services: Arc<Services>, lookup: Lookup, pool: ReadPool) -> Executor {
        Executor {
            services,
            lookup,
            pool,
        }
    }

    /// What commands may use.
    pub fn services(&self) -> &Arc<Services> {
        &self.services
    }

    /// Prepares the processor's caches for the requests at the front of a buffer, as far as they
    /// are there and simple. Gives how many that is.
    #[inline]
    pub fn look_ahead(&self, session: &Session, input: &[u8]) -> usize {
        let store = &self.services.store;
        store.prefetch(session.db, first_arguments(input))
    }

    /// Runs a request now if nothing has to be waited for. `clock` is when the last command ended;
    /// it is moved to the end of this one.
    #[inline]
    pub fn try_run(
        &self,
        session: &mut Session,
        request: &Request<'_>,
        clock: &mut Instant,
    ) -> Step {
        self.services.metrics.commands.add(1);
        let (index, command) = match self.lookup.find(request) {
            Ok(found) => found,
            Err(error) => return Step::Done(self.refuse(None, error)),
        };
        let stats = self.services.metrics.per_command.get(index);
        if let Err(error) = admit(session, command, request) {
            return Step::Done(self.refuse(stats, error));
        }
        session
            .client
            .last_command
            .store(index as i64, Ordering::Relaxed);
        let later = Later { index, command };
        let result = match command.spec.handler {
            Handler::Read(_) | Handler::Write(_) | Handler::Memo { .. } => {
                match self.try_data(&call(session, command, *request)) {
                    Some(result) => result,
                    None => return Step::Later(later),
                }
            }
            Handler::Server(run) => (run(session, &mut Args::new(*request, command.words)), 0),
            Handler::Control(_) => return Step::Later(later),
            // A container without a subcommand fails its arity; one with an unknown subcommand is
            // not found.
            Handler::Container => (Err(CommandError::wrong_arity(command.full_name)), 0),
        };
        let now = Instant::now();
        let spent = now.duration_since(*clock);
        *clock = now;
        Step::Done(self.answer(stats, spent.as_nanos() as u64, result))
    }

    /// Runs a request that [`Executor::try_run`] put off. The connection must not run another one
    /// meanwhile.
    pub async fn run_later(
        &self,
        session: &mut Session,
        owned: OwnedRequest,
        later: Later,
    ) -> Answer {
        let start = Instant::now();
        let command = later.command;
        let result = match command.spec.handler {
            Handler::Control(kind) => (
                self.control(session, &owned, command, kind)
                    .await
                    .map(Outcome::from),
                0,
            ),
            _ => self.data_later(session, owned, command).await,
        };
        let stats = self.services.metrics.per_command.get(later.index);
        self.answer(stats, start.elapsed().as_nanos() as u64, result)
    }

    async fn control(
        &self,
        session: &mut Session,
        owned: &OwnedRequest,
        command: &'static NumberedCommand,
        kind: Control,
    ) -> CommandResult {
        let request = owned.as_request();
        let mut args = Args::new(request, command.words);
        control::carry_out(kind, session, &mut args, &self.pool).await
    }

    fn try_data(&self, call: &Call<'_>) -> Option<(CommandResult<Outcome>, Position)> {
        let flags = call.command.spec.flags();
        let store = &self.services.store;
        let unsettled = || store.queue().staged() > store.queue().committed();
        if flags.has(Flags::OFFLOAD) || (flags.has(Flags::SETTLED) && unsettled()) {
            return None;
        }
        let keys = call.keys();
        if keys.len() > 1 {
            call.prefetch(&keys);
        }
        if call.command.spec.may_stage() && store.queue().is_full() {
            return None;
        }
        if !call.command.spec.is_write() && keys.len() == 1 && !flags.has(Flags::LATCHED) {
            match call.run(Tier::Memory, false) {
                (Err(CommandError::Storage(StorageError::NeedsLatch)), _) => {}
                (result, position) => {
                    return settled((result, call.with_expired_dropped(position)));
                }
            }
        }
        let guard = store.latches().try_lock(&call.latches(&keys))?;
        let (result, position) = call.run(Tier::Memory, true);
        drop(guard);
        settled((result, call.with_expired_dropped(position)))
    }

    async fn data_later(
        &self,
        session: &Session,
        owned: OwnedRequest,
        command: &'static NumberedCommand,
    ) -> (CommandResult<Outcome>, Position) {
        let store = &self.services.store;
        let flags = command.spec.flags();
        if (flags.has(Flags::SETTLED) || store.queue().is_full())
            && let Err(error) = store.leader().wait(store.queue().staged()).await
            // What was staged is undone, and reads go on without it.
            && command.spec.is_write()
        {
            return (Err(error.into()), 0);
        }
        self.services.metrics.cold_commands.add(1);
        let guard = {
            let set = {
                let call = call(session, command, owned.as_request());
                call.latches(&call.keys())
            };
            store.latches().lock(set).await
        };
        let services = Arc::clone(&self.services);
        let (db, resp, touch) = (session.db, session.resp, touches(session, command));
        let job = move || {
            let request = owned.as_request();
            let call = Call {
                services: &services,
                command,
                request,
                db,
                resp,
                touch,
                met_expired: Cell::new(false),
            };
            let (result, position) = call.run(Tier::Disk, true);
            drop::<KeyGuard>(guard);
            (result, call.with_expired_dropped(position))
        };
        let lost = "ERR the command failed inside the server; see its log";
        self.pool
            .run(job)
            .await
            .unwrap_or((Err(CommandError::Fixed(lost)), 0))
    }

    fn refuse(&self, stats: Option<&CommandStats>, error: CommandError) -> Answer {
        if let Some(stats) = stats {
            stats.rejected.add(1);
        }
        Answer {
            outcome: self.error(&error),
            position: 0,
        }
    }

    /// The reply of an error, counted.
    fn error(&self, error: &CommandError) -> Outcome {
        let text = error.text();
        let metrics = &self.services.metrics;
        metrics.error_replies.add(1);
        metrics.errors.count(text.as_bytes());
        Outcome::Reply(Reply::Error(text))
    }

    #[inline]
    fn answer(
        &self,
        stats: Option<&CommandStats>,
        nanoseconds: u64,
        (result, position): (CommandResult<Outcome>, Position),
    ) -> Answer {
        if let Some(stats) = stats {
            stats.calls.add(1);
            stats.nanoseconds.add(nanoseconds);
        }
        match result {
            Ok(outcome) => Answer { outcome, position },
            Err(error) => {
                if let Some(stats) = stats {
                    stats.failed.add(1);
                }
                Answer {
                    outcome: self.error(&error),
                    position,
                }
            }
        }
    }
}

#[inline]
fn call<'a>(
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
        met_expired: Cell::new(false),
    }
}

/// Whether the command counts as a use of its keys. TOUCH does even under CLIENT NO-TOUCH.
#[inline]
fn touches(session: &Session, command: &NumberedCommand) -> bool {
    !command.spec.flags().has(Flags::NO_TOUCH)
        && (!session.no_touch || command.full_name == "touch")
}

/// `None` where the command has to go to the pool.
#[inline]
fn settled(
    result: (CommandResult<Outcome>, Position),
) -> Option<(CommandResult<Outcome>, Position)> {
    match result {
        (Err(CommandError::Storage(StorageError::NeedsDisk)), _) => None,
        result => Some(result),
    }
}

impl Call<'_> {
    #[inline]
    fn keys(&self) -> KeyPositions {
        let mut keys = KeyPositions::new();
        for spec in self.command.spec.keys {
            spec.find(&self.request, &mut keys);
        }
        keys
    }

    /// The keys of one command are known before the first is opened; see
    /// [`Executor::look_ahead`].
    fn prefetch(&self, keys: &KeyPositions) {
        for part in keys.chunks(PREFETCH_KEYS_MAX) {
            let names = part.iter().map(|&(at, _)| {
                let key = self.request.get(usize::from(at));
                key.unwrap_or_default()
            });
            self.services.store.prefetch(self.db, names);
        }
    }

    #[inline]
    fn latches(&self, keys: &KeyPositions) -> LatchSet {
        let mut set = LatchSet::default();
        let may_stage = self.command.spec.may_stage();
        for &(at, flags) in keys {
            let key = self.request.get(usize::from(at)).unwrap_or_default();
            let mode = if may_stage && !flags.read_only() {
                Mode::Exclusive
            } else {
                Mode::Shared
            };
            set.add_hash(self.services.store.seed().hash(key), mode);
        }
        set
    }

    /// Runs the handler, again as long as databases are flushed or swapped under it.
    #[inline]
    fn run(&self, tier: Tier, latched: bool) -> (CommandResult<Outcome>, Position) {
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
        let view = match self.services.store.view(self.db, options) {
            Ok(view) => view,
            Err(error) => return (Err(error.into()), 0),
        };
        let result = run(
            &view,
            &mut Args::new(self.request, self.command.words),
            &self.ctx(),
        );
        self.note_lookups(&view, result.is_ok());
        (result, view.seen())
    }

    /// Counts the keys that a read found and did not find.
    #[inline]
    fn note_lookups(&self, view: &View<'_>, answered: bool) {
        let (hits, misses) = view.hits_and_misses();
        self.services.metrics.keyspace_hits.add_some(hits);
        self.services.metrics.keyspace_misses.add_some(misses);
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
    fn with_expired_dropped(&self, position: Position) -> Position {
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
            let key = self.request.get(usize::from(at)).unwrap_or_default();
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
            Ok(reply) => match edit.stage() {
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
    fn ctx(&self) -> Ctx<'_> {
        Ctx {
            config: &self.services.config,
            resp: self.resp,
            command: self.command.full_name,
        }
    }
}
