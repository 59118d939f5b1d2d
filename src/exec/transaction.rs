//! Owns transactions: queueing commands after MULTI, and running them as one edit at EXEC.
//!
//! Journey of EXEC: the latches of all commands and of the watched keys together; then WATCH is
//! judged; then the handlers run one after the other on one edit, each behind a savepoint, so that
//! one that fails leaves nothing; then the edit is staged: one batch, all or nothing.
//! Invariants: nothing of another client is seen or comes in between; a transaction that meets the
//! disk starts anew on the pool. Must not know: sockets.
//! Tests: below, `tests/commands/transaction.rs`.

use super::blocking;
use super::call::ChangedKey;
use super::notes;
use super::pool::ReadPool;
use crate::command::key_spec::KeyPositions;
use crate::command::{Args, Control, Ctx, Draws, Flags, Handler, Look, Outcome};
use crate::commands::{self, NumberedCommand};
use crate::error::{CommandError, CommandResult, text};
use crate::resp::{OwnedRequest, Reply, Request};
use crate::session::{Multi, Services, Session};
use crate::watch::Watched;
use rand::RngExt;
use std::sync::Arc;
use storage::commit::Position;
use storage::commit::latch::{KeyGuard, LatchSet, Mode};
use storage::commit::reach::Reach;
use storage::engine::Tier;
use storage::{Edit, StorageError, ViewOptions};

/// Bytes that queued requests take above which a transaction is refused.
const QUEUED_BYTES_MAX: usize = 512 * 1024 * 1024;
const ABORTED: &str = "EXECABORT Transaction discarded because of previous errors.";

type Queue = Vec<(usize, OwnedRequest)>;

/// Memory of a queued request, beyond the bytes of its arguments, and of each of them.
const REQUEST_BYTES: usize = size_of::<(usize, OwnedRequest)>();
const ARGUMENT_BYTES: usize = size_of::<u64>();

/// Whether a command is queued now instead of being run.
#[inline]
pub fn queues(session: &Session, command: &NumberedCommand) -> bool {
    session.multi.is_some() && !command.spec.flags().has(Flags::NEVER_QUEUED)
}

/// Whether a command may change data: itself, or as EXEC one of those that are queued.
pub fn may_stage(session: &Session, command: &NumberedCommand) -> bool {
    let runs = matches!(command.spec.handler, Handler::Control(Control::Exec));
    let queued = session.multi.iter().filter(|_| runs);
    let queued = queued.flat_map(|multi| &multi.queue).any(|(index, _)| {
        let command = commands::numbered().get(*index);
        command.is_some_and(|command| command.spec.may_stage())
    });
    queued || command.spec.may_stage()
}

/// Notes that a command was refused between MULTI and EXEC.
pub fn abort(session: &mut Session) {
    if let Some(multi) = &mut session.multi {
        multi.aborted = true;
    }
}

/// The error of a command that was not admitted: a transaction that it belongs to will not run,
/// and one that it should have run is over.
pub fn refused(
    session: &mut Session,
    command: &NumberedCommand,
    error: CommandError,
) -> CommandError {
    if !matches!(command.spec.handler, Handler::Control(Control::Exec)) {
        abort(session);
        return error;
    }
    session.multi = None;
    session.end_transaction();
    discarded(error)
}

/// Queues a command.
pub fn queue(
    session: &mut Session,
    index: usize,
    command: &NumberedCommand,
    request: &Request<'_>,
) -> CommandResult {
    let Some(multi) = &mut session.multi else {
        return Ok(Reply::None);
    };
    let flags = command.spec.flags();
    if flags.has(Flags::NO_MULTI) || matches!(command.spec.handler, Handler::Control(_)) {
        multi.aborted = true;
        let error = "ERR Command not allowed inside a transaction";
        return Err(CommandError::Fixed(error));
    }
    let args: Vec<&[u8]> = request.iter().collect();
    multi.bytes += bytes_queued(&args);
    if multi.bytes > QUEUED_BYTES_MAX {
        multi.aborted = true;
        multi.queue.clear();
        return Err(CommandError::Fixed(text::OOM));
    }
    multi.queue.push((index, OwnedRequest::from_args(&args)));
    session.show_transaction();
    Ok(Reply::Simple("QUEUED"))
}

/// What a request takes in the queue.
fn bytes_queued(args: &[&[u8]]) -> usize {
    let bytes = args.iter().map(|arg| arg.len() + ARGUMENT_BYTES);
    REQUEST_BYTES + bytes.sum::<usize>()
}

/// WATCH.
pub async fn watch(session: &mut Session, args: &mut Args<'_>, pool: &ReadPool) -> CommandResult {
    if session.multi.is_some() {
        let error = "ERR WATCH inside MULTI is not allowed";
        return Err(CommandError::Fixed(error));
    }
    let services = Arc::clone(&session.services);
    let store = &services.store;
    let mut keys: Vec<Vec<u8>> = Vec::new();
    while let Some(key) = args.next_or_none() {
        keys.push(key.to_vec());
    }
    let mut latches = LatchSet::default();
    for key in &keys {
        latches.add_hash(store.seed().hash(key), Mode::Shared);
    }
    let _guard = store.latches().lock(latches).await;
    let db = session.db;
    let look = |tier| look_at(&services, db, &keys, tier);
    let watched = match look(Tier::Memory) {
        Err(StorageError::NeedsDisk) => {
            let (services, keys) = (Arc::clone(&services), keys.clone());
            let job = move || look_at(&services, db, &keys, Tier::Disk);
            pool.run(job).await.map_err(|_| super::LOST)??
        }
        watched => watched?,
    };
    for watched in watched {
        session.watched.add(watched);
    }
    session.show_transaction();
    Ok(Reply::ok())
}

fn look_at(
    services: &Services,
    db: u32,
    keys: &[Vec<u8>],
    tier: Tier,
) -> Result<Vec<Watched>, StorageError> {
    let view = services.store.view(db, options(tier))?;
    let mut watched = Vec::with_capacity(keys.len());
    for key in keys {
        let entry = view.open(key)?;
        let fields_ms = entry.header().and_then(|header| header.fields_ms);
        watched.push(Watched {
            db,
            ns: view.ns(),
            key: key.clone(),
            existed: entry.exists(),
            fields_ms,
            fields_lived: fields_ms.is_some_and(|at| at > view.now_ms()),
        });
    }
    Ok(watched)
}

fn options(tier: Tier) -> ViewOptions {
    ViewOptions {
        tier,
        latched: true,
        touch: false,
    }
}

/// EXEC. Gives what comes of it and the commit that the reply waits for.
pub async fn exec(session: &mut Session, pool: &ReadPool) -> (CommandResult<Outcome>, Position) {
    let Some(multi) = session.multi.take() else {
        return (Err(CommandError::Fixed("ERR EXEC without MULTI")), 0);
    };
    let Multi { queue, aborted, .. } = *multi;
    if aborted {
        session.end_transaction();
        return (Err(CommandError::Fixed(ABORTED)), 0);
    }
    let services = Arc::clone(&session.services);
    let store = &services.store;
    let settles = |(index, _): &(usize, OwnedRequest)| {
        let command = commands::numbered().get(*index);
        command.is_some_and(|command| command.spec.flags().has(Flags::SETTLED))
    };
    let settles = queue.iter().any(settles);
    let queue = Arc::new(queue);
    let mut stripes = Vec::new();
    // Each command has a seed of its own, counted from here.
    let seed = u64::from(rand::rng().random::<u32>()) << 32;
    let (outcome, position) = loop {
        let mut set = latches(session, &queue);
        set.add_shared(&stripes);
        let guard = store.latches().lock(set).await;
        if (settles || store.queue().is_full())
            && let Err(error) = store.leader().wait(store.queue().staged()).await
        {
            break (Err(discarded(error.into())), 0);
        }
        let result = match run(session, &queue, seed, stripes.clone(), Tier::Memory) {
            Err(Trouble::Storage(StorageError::NeedsDisk)) => {
                run_on_pool(session, &queue, seed, stripes.clone(), guard, pool).await
            }
            result => told(session, &queue, result, guard),
        };
        match result {
            Err(Trouble::Lacks(needed)) => stripes = needed,
            Err(Trouble::Storage(error)) => break (Err(discarded(error.into())), 0),
            Ok((outcome, position)) => break (Ok(outcome), position),
        }
    };
    session.end_transaction();
    (outcome, position)
}

/// Lets monitors and waiters know what a run has done, and then its latches go.
fn told(
    session: &Session,
    queue: &Queue,
    result: Result<Done, Trouble>,
    guard: KeyGuard,
) -> Result<(Outcome, Position), Trouble> {
    let done = result?;
    let services = &session.services;
    if services.monitors.any() && !matches!(done.reply, Reply::NilArray) {
        tell_monitors(session, queue);
    }
    blocking::wake_changed(services, done.changed, done.changed_databases);
    drop(guard);
    let outcome = match done.closes {
        true => Outcome::ReplyAndClose(done.reply),
        false => Outcome::Reply(done.reply),
    };
    Ok((outcome, done.position))
}

/// Lets monitors see what was queued, as it ran.
#[cold]
fn tell_monitors(session: &Session, queue: &Queue) {
    for (index, owned) in queue {
        if let Some(command) = commands::numbered().get(*index) {
            let (services, client) = (&session.services, &session.client);
            notes::tell_monitors(services, client, command, &owned.as_request());
        }
    }
}

fn discarded(error: CommandError) -> CommandError {
    let text = error.text();
    let text = text.as_bytes();
    let text = text.strip_prefix(b"ERR ").unwrap_or(text);
    CommandError::Bytes([b"EXECABORT Transaction discarded because of: ", text].concat())
}

/// The session goes along, since commands of all kinds are queued. So do the latches: the client
/// may be killed meanwhile, which does not end the run.
async fn run_on_pool(
    session: &mut Session,
    queue: &Arc<Queue>,
    seed: u64,
    stripes: Vec<u32>,
    guard: KeyGuard,
    pool: &ReadPool,
) -> Result<(Outcome, Position), Trouble> {
    let client = Arc::clone(&session.client);
    let services = Arc::clone(&session.services);
    let queue = Arc::clone(queue);
    let mut own = std::mem::replace(session, Session::new(client, services));
    let job = move || {
        let result = run(&mut own, &queue, seed, stripes, Tier::Disk);
        let result = told(&own, &queue, result, guard);
        (own, result)
    };
    match pool.run(job).await {
        Ok((own, result)) => {
            *session = own;
            result
        }
        Err(_) => {
            // What the session knew is lost with the job: the client must not go on as another.
            session.client.kill();
            let error = StorageError::Engine("the transaction failed".into());
            Err(Trouble::Storage(error))
        }
    }
}

fn latches(session: &Session, queue: &Queue) -> LatchSet {
    let store = &session.services.store;
    let mut set = LatchSet::default();
    for (index, owned) in queue {
        let Some(command) = commands::numbered().get(*index) else {
            continue;
        };
        let (request, mut keys) = (owned.as_request(), KeyPositions::new());
        for spec in command.spec.keys {
            spec.find(&request, &mut keys);
        }
        for (at, flags) in keys {
            let key = request.get(at as usize).unwrap_or_default();
            let exclusive = command.spec.may_stage() && !flags.read_only();
            let mode = if exclusive {
                Mode::Exclusive
            } else {
                Mode::Shared
            };
            set.add_hash(store.seed().hash(key), mode);
        }
    }
    for watched in session.watched.keys() {
        set.add_hash(store.seed().hash(&watched.key), Mode::Shared);
    }
    set
}

/// What a transaction came to.
struct Done {
    reply: Reply,
    /// A command asked for the end of the connection, which comes after the reply to all.
    closes: bool,
    position: Position,
    changed: Vec<ChangedKey>,
    changed_databases: bool,
}

/// Why a transaction did not run.
enum Trouble {
    Storage(StorageError),
    /// It needs these latches besides those of its commands.
    Lacks(Vec<u32>),
}

/// Runs a transaction whose latches are held, again if databases are exchanged under it. What its
/// commands draw at random follows from `seed`; see [`Draws`].
fn run(
    session: &mut Session,
    queue: &Queue,
    seed: u64,
    stripes: Vec<u32>,
    tier: Tier,
) -> Result<Done, Trouble> {
    let db = session.db;
    let reach = Reach::of(stripes);
    loop {
        let result = attempt(session, queue, seed, &reach, tier);
        if result.is_err() {
            // What was attempted has not happened, and a queued SELECT is part of it.
            session.select(db);
        }
        match result {
            Err(StorageError::NamespaceChanged) => {}
            Err(StorageError::NeedsLatch) if reach.is_short() => {
                return Err(Trouble::Lacks(reach.needed()));
            }
            result => return result.map_err(Trouble::Storage),
        }
    }
}

fn attempt(
    session: &mut Session,
    queue: &Queue,
    seed: u64,
    reach: &Reach,
    tier: Tier,
) -> Result<Done, StorageError> {
    let services = Arc::clone(&session.services);
    let mut edit = services.store.edit(session.db, options(tier))?;
    if session.watched.is_changed() || !watched_as_before(session, &mut edit)? {
        return Ok(Done {
            reply: Reply::NilArray,
            closes: false,
            position: 0,
            changed: Vec::new(),
            changed_databases: false,
        });
    }
    let mut replies = Vec::with_capacity(queue.len());
    let mut closes = false;
    for ((index, owned), seed) in queue.iter().zip(seed..) {
        let draws = Draws::again(Some(seed));
        let lent = (reach, &draws);
        let result = match commands::numbered().get(*index) {
            Some(command) => one(session, &mut edit, lent, command, owned.as_request()),
            None => Err(CommandError::Fixed(text::SYNTAX)),
        };
        let result = result.map(|outcome| {
            closes |= !matches!(outcome, Outcome::Reply(_));
            outcome.into_reply()
        });
        replies.push(match result {
            Err(CommandError::Storage(
                error @ (StorageError::NeedsDisk
                | StorageError::NeedsLatch
                | StorageError::NamespaceChanged),
            )) => return Err(error),
            result => answer(&services, *index, result),
        });
    }
    let seen = edit.seen();
    let noted = services.waiting.any() || services.watches.any();
    let changed = if noted {
        edit.changed_keys()
    } else {
        Vec::new()
    };
    let written = if services.watches.any() {
        edit.written_keys()
    } else {
        Vec::new()
    };
    let changed_databases = edit.changes_databases();
    let position = edit.stage()?;
    for (db, key) in &written {
        services.watches.touch(*db, key);
    }
    Ok(Done {
        reply: Reply::Array(replies),
        closes,
        position: position.max(seen),
        changed,
        changed_databases,
    })
}

/// Whether watched keys that nobody wrote to are there as they were: their time or that of their
/// fields may have come, and their databases may have been emptied or exchanged.
fn watched_as_before(session: &Session, edit: &mut Edit<'_>) -> Result<bool, StorageError> {
    let db = edit.db();
    for watched in session.watched.keys() {
        edit.select(watched.db);
        let entry = edit.open(&watched.key)?;
        let exists = entry.exists();
        let moved = edit.ns() != watched.ns;
        if exists != watched.existed || (moved && exists) {
            return Ok(false);
        }
        // The sweeper has taken fields away, or will: they are hidden from their time on.
        let fields_ms = entry.header().and_then(|header| header.fields_ms);
        let due = watched.fields_lived && fields_ms.is_some_and(|at| at <= edit.now_ms());
        if fields_ms != watched.fields_ms || due {
            return Ok(false);
        }
    }
    edit.select(db);
    Ok(true)
}

fn one(
    session: &mut Session,
    edit: &mut Edit<'_>,
    (reach, draws): (&Reach, &Draws),
    command: &'static NumberedCommand,
    request: Request<'_>,
) -> CommandResult<Outcome> {
    let services = Arc::clone(&session.services);
    let mut args = Args::new(request, command.words);
    let ctx = Ctx {
        config: &services.config,
        resp: session.resp,
        command: command.full_name,
        look: Look::First,
        reach,
        draws,
    };
    let result = match command.spec.handler {
        Handler::Read(run) => run(edit, &mut args, &ctx),
        Handler::Write(run) | Handler::Memo { compute: run, .. } => {
            edit.savepoint();
            let result = run(edit, &mut args, &ctx);
            if result.is_err() {
                edit.roll_back();
            }
            result
        }
        Handler::Server(_) if command.spec.flags().has(Flags::UNORDERED) => {
            Err(unordered(command.full_name))
        }
        Handler::Server(run) => {
            let outcome = run(session, &mut args)?;
            edit.select(session.db);
            return Ok(outcome);
        }
        Handler::Control(_) | Handler::Container => {
            Err(CommandError::wrong_arity(command.full_name))
        }
    };
    result.map(Outcome::from)
}

/// The refusal of a command whose replies would come between those of the transaction.
fn unordered(name: &str) -> CommandError {
    let name = name.to_ascii_uppercase();
    let text = format!("ERR {name} isn't allowed for DENY BLOCKING client");
    CommandError::Bytes(text.into_bytes())
}

/// A queued command's reply, counted.
fn answer(services: &Services, index: usize, result: CommandResult) -> Reply {
    let stats = services.metrics.per_command.get(index);
    if let Some(stats) = stats {
        stats.calls.add(1);
    }
    match result {
        Ok(reply) => reply,
        Err(CommandError::Park(park)) => park.nil,
        Err(error) => {
            if let Some(stats) = stats {
                stats.failed.add(1);
            }
            let text = error.text();
            services.metrics.error_replies.add(1);
            services.metrics.errors.count(text.as_bytes());
            Reply::Error(text)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_queued_request_counts_for_more_than_its_arguments_bytes() {
        // As many of the shortest requests as fit must not take much more than they count for.
        let taken = size_of::<(usize, OwnedRequest)>() + b"PING".len();
        let counted = bytes_queued(&[b"PING"]);
        assert!((taken..2 * taken).contains(&counted), "{counted}");
        let many = vec![&b""[..]; 1000];
        assert!(bytes_queued(&many) >= 1000 * size_of::<u64>());
    }
}
