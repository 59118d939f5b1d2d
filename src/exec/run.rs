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
use super::blocking::{self, Entered};
use super::call::{Call, touches};
use super::clock::CommandClock;
use super::control;
use super::forged::{self, ForgedLog};
use super::lookup::Lookup;
use super::notes;
use super::pool::ReadPool;
use super::transaction;
use crate::command::{Args, Control, Flags, Handler, Look, Outcome};
use crate::commands::NumberedCommand;
use crate::error::{CommandError, CommandResult, Park};
use crate::metrics::CommandStats;
use crate::resp::{Glance, OwnedRequest, Reply, Request, glances};
use crate::session::{Services, Session};
use crate::wait::{Parked, Place, Served, Waiter, Wake};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};
use storage::StorageError;
use storage::commit::Position;
use storage::commit::latch::KeyGuard;
use storage::commit::reach::Reach;
use storage::engine::Tier;

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
    /// It is held back by CLIENT PAUSE, and not looked at further yet.
    held: bool,
    /// The seed of what it drew at random before it was put off.
    draws: Option<u64>,
}

impl Later {
    /// Whether the command may wait until another client does something.
    pub fn may_wait(&self) -> bool {
        self.held || self.command.spec.flags().has(Flags::BLOCKING)
    }
}

/// What one run of a data command on the pool came to.
enum Attempt {
    /// It ran; its result, and the commit that the reply waits for.
    Done(CommandResult<Outcome>, Position),
    /// It has to wait, and stands in line.
    Waits(Box<Park>, Entered),
    /// It needs latches that it did not hold, too; nothing was done.
    Lacks(Vec<u32>),
}

/// The error that CLIENT UNBLOCK asks for.
const UNBLOCKED: &str = "UNBLOCKED client unblocked via CLIENT UNBLOCK";

/// Runs requests for all connections.
pub struct Executor {
    services: Arc<Services>,
    lookup: Lookup,
    pool: ReadPool,
    forged: ForgedLog,
}

/// What may be a member or a field in a request: nothing else is told from the name than what most
/// commands of that letter have there.
#[inline]
fn member_of<'a>(glance: &Glance<'a>) -> Option<&'a [u8]> {
    let [name, _, second, third] = glance.words;
    let member = match name {
        // ZADD has a score before its member.
        [b'z' | b'Z', _, _, b'd' | b'D'] => third,
        // ZRANGE and its like have ranks or scores there.
        [
            b'z' | b'Z',
            b'r' | b'R',
            b'a' | b'A',
            b'n' | b'N',
            b'g' | b'G',
            ..,
        ] => &[],
        [b'h' | b'H' | b's' | b'S' | b'z' | b'Z', _, _, _, ..] => second,
        _ => &[],
    };
    (!member.is_empty()).then_some(member)
}

impl Executor {
    /// An executor over the table as `lookup` names it.
    pub fn new(services: Arc<Services>, lookup: Lookup, pool: ReadPool) -> Executor {
        Executor {
            services,
            lookup,
            pool,
            forged: ForgedLog::default(),
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
        let wanted = glances(input).map(|glance| (glance.words[1], member_of(&glance)));
        store.prefetch(session.db, wanted)
    }

    /// Runs a request now if nothing has to be waited for. `clock` stands where the last command
    /// ended; it is moved to the end of this one.
    #[inline]
    pub fn try_run(
        &self,
        session: &mut Session,
        request: &Request<'_>,
        clock: &mut CommandClock,
    ) -> Step {
        session.tally.request();
        self.try_again(session, request, clock)
    }

    /// The same for a request that is counted already.
    #[inline]
    fn try_again(
        &self,
        session: &mut Session,
        request: &Request<'_>,
        clock: &mut CommandClock,
    ) -> Step {
        let (index, command) = match self.lookup.find(request) {
            Ok(found) => found,
            Err(error) => {
                transaction::abort(session);
                session.client.last_command.store(-1, Ordering::Relaxed);
                return Step::Done(self.unknown(session, request, error));
            }
        };
        session
            .client
            .last_command
            .store(index as i64, Ordering::Relaxed);
        let stats = self.services.metrics.per_command.get(index);
        if let Err(error) = admit(session, command, request) {
            let error = transaction::refused(session, command, error);
            return Step::Done(self.refuse(stats, error));
        }
        let mut later = Later {
            index,
            command,
            held: false,
            draws: None,
        };
        if let Some(what) = self.services.pause.state() {
            later.held = what.holds(transaction::may_stage(session, command));
            if later.held {
                return Step::Later(later);
            }
        }
        if transaction::queues(session, command) {
            return Step::Done(match transaction::queue(session, index, command, request) {
                Ok(reply) => Answer {
                    outcome: Outcome::from(reply),
                    position: 0,
                },
                Err(error) => self.refuse(stats, error),
            });
        }
        let result = match command.spec.handler {
            Handler::Read(_) | Handler::Write(_) | Handler::Memo { .. } => {
                match self.try_call(session, request, &mut later) {
                    Some(result) => result,
                    None => return Step::Later(later),
                }
            }
            Handler::Server(run) => {
                session.settle();
                (run(session, &mut Args::new(*request, command.words)), 0)
            }
            Handler::Control(_) => return Step::Later(later),
            // A container without a subcommand fails its arity; one with an unknown subcommand is
            // not found.
            Handler::Container => (Err(CommandError::wrong_arity(command.full_name)), 0),
        };
        let spent = clock.lap(&self.services.store);
        notes::note(&self.services, &session.client, command, request, spent);
        session.tally.call(&self.services.metrics, index, spent);
        Step::Done(self.answer(stats, spent, result))
    }

    /// Runs a request that [`Executor::try_run`] put off. The connection must not run another one
    /// meanwhile.
    pub async fn run_later(
        &self,
        session: &mut Session,
        owned: OwnedRequest,
        later: Later,
    ) -> Answer {
        session.settle();
        let later = match self.released(session, &owned, later).await {
            Step::Later(later) => later,
            Step::Done(answer) => return answer,
        };
        let start = Instant::now();
        let mut waited = Duration::ZERO;
        let command = later.command;
        let kept = owned.clone();
        let result = match command.spec.handler {
            Handler::Control(Control::Exec) => transaction::exec(session, &self.pool).await,
            Handler::Control(kind) => (
                self.control(session, &owned, command, kind)
                    .await
                    .map(Outcome::from),
                0,
            ),
            _ => {
                let done = self.data_later(session, owned, later, &mut waited).await;
                self.saved(command, done.1).await;
                done
            }
        };
        let stats = self.services.metrics.per_command.get(later.index);
        let spent = start.elapsed().saturating_sub(waited).as_nanos() as u64;
        let (services, client) = (&self.services, &session.client);
        notes::note(services, client, command, &kept.as_request(), spent);
        session
            .tally
            .call(&self.services.metrics, later.index, spent);
        session.settle();
        self.answer(stats, spent, result)
    }

    /// Waits until a request is not held back any more, and tries it as if it came only now.
    async fn released(&self, session: &mut Session, owned: &OwnedRequest, later: Later) -> Step {
        let mut step = Step::Later(later);
        while let Step::Later(held) = step
            && held.held
        {
            session.client.blocked.store(true, Ordering::Relaxed);
            let writes = transaction::may_stage(session, held.command);
            self.services.pause.over(writes).await;
            session.client.blocked.store(false, Ordering::Relaxed);
            let mut clock = CommandClock::start(&self.services.store);
            step = self.try_again(session, &owned.as_request(), &mut clock);
        }
        step
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

    /// Runs a data command if all it needs is in memory and free; learns from it for the next one.
    #[inline]
    fn try_call(
        &self,
        session: &mut Session,
        request: &Request<'_>,
        later: &mut Later,
    ) -> Option<(CommandResult<Outcome>, Position)> {
        let index = later.index;
        let expects_rows = session.forecast.expects_rows(index);
        let (result, lookups, source, several) = {
            let call = Call::new(session, later.command, *request);
            let result = self.try_data(&call, expects_rows);
            later.draws = call.drawn();
            let lookups = call.take_lookups();
            (result, lookups, call.source(), call.needed_latch())
        };
        session.tally.lookups(lookups);
        session.forecast.note(source);
        session.forecast.note_rows(index, several);
        result
    }

    /// Runs a data command if all it needs is in memory and free. With `expects_rows` its latch is
    /// taken first, which saves a second run if it reads several rows of its key.
    fn try_data(
        &self,
        call: &Call<'_>,
        expects_rows: bool,
    ) -> Option<(CommandResult<Outcome>, Position)> {
        let flags = call.command.spec.flags();
        let store = &self.services.store;
        let unsettled = || store.queue().staged() > store.queue().committed();
        if flags.has(Flags::OFFLOAD)
            || flags.has(Flags::SAVES)
            || (flags.has(Flags::SETTLED) && unsettled())
        {
            return None;
        }
        let keys = call.keys();
        if keys.len() > 1 {
            call.prefetch(&keys);
        }
        let may_stage = call.command.spec.may_stage();
        if may_stage && store.queue().is_full() {
            return None;
        }
        let one_key = match keys.as_slice() {
            &[(at, _)] if !call.command.spec.is_write() => Some(at),
            _ => None,
        };
        if expects_rows
            && !may_stage
            && let Some(latch) = one_key.and_then(|at| call.try_share(at))
        {
            let (result, position) = call.run(Tier::Memory, true);
            drop(latch);
            return settled((result, call.with_expired_dropped(position)));
        }
        if one_key.is_some() && !flags.has(Flags::LATCHED) {
            match call.run(Tier::Memory, false) {
                (Err(CommandError::Storage(StorageError::NeedsLatch)), _) => {}
                (result, position) => {
                    return settled((result, call.with_expired_dropped(position)));
                }
            }
        }
        let guard = store.latches().try_lock(&call.latches(&keys))?;
        let (result, position) = call.run(Tier::Memory, true);
        blocking::wake(&self.services, call);
        drop(guard);
        settled((result, call.with_expired_dropped(position)))
    }

    /// Runs a data command on the pool, waiting for keys as often and as long as it asks to.
    async fn data_later(
        &self,
        session: &Session,
        owned: OwnedRequest,
        later: Later,
        waited: &mut Duration,
    ) -> (CommandResult<Outcome>, Position) {
        let mut parked = Arc::new(Parked {
            request: owned,
            command: later.index,
            client: session.client.id,
            db: session.db,
            resp: session.resp,
            touch: touches(session, later.command),
            draws: later.draws,
        });
        let ticket = self.services.waiting.ticket();
        let mut deadline = None;
        let mut stripes = Vec::new();
        // It keeps its place while it looks again.
        let mut looking: Option<Entered> = None;
        loop {
            let reach = Reach::of(stripes.clone());
            let again = looking.as_ref().map(|entered| Arc::clone(entered.waiter()));
            let attempt = self
                .attempt(&parked, later.command, (ticket, again), reach)
                .await;
            let (park, mut entered) = match attempt {
                Attempt::Done(result, position) => return (result, position),
                Attempt::Waits(park, entered) => (park, entered),
                Attempt::Lacks(needed) => {
                    stripes = needed;
                    continue;
                }
            };
            parked = Arc::clone(&entered.waiter().parked);
            let start = Instant::now();
            let time = park.timeout_ms.map(Duration::from_millis);
            // Who looks again has no more time than before.
            let deadline = *deadline.get_or_insert(time.and_then(|time| start.checked_add(time)));
            session.client.blocked.store(true, Ordering::Relaxed);
            let again = park
                .again_ms
                .and_then(|ms| start.checked_add(Duration::from_millis(ms)));
            let until = deadline.into_iter().chain(again).min();
            let wake = match entered.wait(until).await {
                None if until != deadline => Some(Wake::LookAgain),
                wake => wake,
            };
            session.client.blocked.store(false, Ordering::Relaxed);
            *waited += start.elapsed();
            return match wake {
                Some(Wake::LookAgain) => {
                    looking = Some(entered);
                    continue;
                }
                Some(Wake::Answered(served)) => (outcome_of(served.reply), served.position),
                Some(Wake::Unblocked(true)) => (Err(CommandError::Fixed(UNBLOCKED)), 0),
                Some(Wake::Unblocked(false)) | None => (Ok(Outcome::from(Reply::NilArray)), 0),
            };
        }
    }

    async fn attempt(
        &self,
        parked: &Arc<Parked>,
        command: &'static NumberedCommand,
        (ticket, again): (u64, Option<Arc<Waiter<Served>>>),
        reach: Reach,
    ) -> Attempt {
        let store = &self.services.store;
        let flags = command.spec.flags();
        if (flags.has(Flags::SETTLED) || store.queue().is_full())
            && let Err(error) = store.leader().wait(store.queue().staged()).await
            // What was staged is undone, and reads go on without it.
            && command.spec.is_write()
        {
            return Attempt::Done(Err(error.into()), 0);
        }
        self.services.metrics.cold_commands.add(1);
        let guard = {
            let set = {
                let call = Call::of_parked(&self.services, command, parked, Look::First);
                let mut set = call.latches(&call.keys());
                set.add_shared(reach.held());
                set
            };
            store.latches().lock(set).await
        };
        let services = Arc::clone(&self.services);
        let parked = Arc::clone(parked);
        let job = move || {
            let look = again.as_ref().map_or(Look::First, |_| Look::Again);
            let call = Call::of_parked(&services, command, &parked, look).reaching(reach);
            let seen = services.store.queue().resolve(parked.db).0;
            let (result, position) = call.run(Tier::Disk, true);
            services.metrics.count_lookups(call.take_lookups());
            let lacks = matches!(result, Err(CommandError::Storage(StorageError::NeedsLatch)));
            if lacks && call.reach().is_short() {
                return Attempt::Lacks(call.reach().needed());
            }
            let attempt = match result {
                Err(CommandError::Park(mut park)) => {
                    let entered = enter(&services, command, &parked, ticket, &mut park);
                    // Latches of keys keep no database from being emptied or exchanged; whoever
                    // does it from now on finds the waiter.
                    if services.store.queue().resolve(parked.db).0 != seen {
                        entered.look_again();
                    }
                    Attempt::Waits(park, entered)
                }
                result => Attempt::Done(result, position),
            };
            match &again {
                Some(waiter) => blocking::wake_after_look(&services, &call, waiter),
                None => blocking::wake(&services, &call),
            }
            drop::<KeyGuard>(guard);
            match attempt {
                Attempt::Done(result, position) => {
                    Attempt::Done(result, call.with_expired_dropped(position))
                }
                attempt => attempt,
            }
        };
        let done = match command.spec.may_stage() || flags.has(Flags::OFFLOAD) {
            true => self.pool.run(job).await,
            false => self.pool.read(job).await,
        };
        done.unwrap_or(Attempt::Done(Err(super::LOST), 0))
    }

    /// What a command emptied is saved where snapshots are asked for, as far as figures tell.
    async fn saved(&self, command: &NumberedCommand, position: Position) {
        if !command.spec.flags().has(Flags::SAVES) || self.services.config.save.get().is_empty() {
            return;
        }
        // Changes are counted when they are committed; a failure is told with the reply.
        self.services.store.leader().wait(position).await.ok();
        self.services.changes.since_save.reset();
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

    /// The answer to a request that names no command.
    fn unknown(&self, session: &Session, request: &Request<'_>, error: CommandError) -> Answer {
        if !forged::is_http(request) {
            return self.refuse(None, error);
        }
        let now_ms = self.services.store.now_ms();
        self.forged.tell(now_ms, &session.client.addr);
        Answer {
            outcome: Outcome::Close,
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
        if let Some(stats) = stats
            && self.services.config.latency_tracking.get()
        {
            stats.track(nanoseconds);
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

/// Lets a request stand in line that found nothing, under the latches of its keys.
fn enter(
    services: &Arc<Services>,
    command: &NumberedCommand,
    parked: &Arc<Parked>,
    ticket: u64,
    park: &mut Park,
) -> Entered {
    let place = Place {
        keys: std::mem::take(&mut park.keys),
        takes: park.takes,
        alone: command.spec.may_stage(),
    };
    let parked = match park.request.take() {
        Some(request) => Arc::new(parked.with_request(request)),
        None => Arc::clone(parked),
    };
    Entered::new(services, parked, ticket, place)
}

/// `None` where the command has to go to the pool.
#[inline]
fn settled(
    result: (CommandResult<Outcome>, Position),
) -> Option<(CommandResult<Outcome>, Position)> {
    match result {
        (
            Err(
                CommandError::Storage(StorageError::NeedsDisk | StorageError::NeedsLatch)
                | CommandError::Park(_),
            ),
            _,
        ) => None,
        result => Some(result),
    }
}

/// What serving came to, as a command's own run would have told it: errors are counted.
fn outcome_of(served: Reply) -> CommandResult<Outcome> {
    match served {
        Reply::Error(text) => Err(CommandError::Bytes(text.as_bytes().to_vec())),
        reply => Ok(Outcome::from(reply)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn members_stand_behind_the_key_and_of_zadd_behind_the_score() {
        let member = |words| member_of(&Glance { words });
        assert_eq!(member([b"SADD", b"k", b"m", b"n"]), Some(&b"m"[..]));
        assert_eq!(member([b"hget", b"k", b"f", b""]), Some(&b"f"[..]));
        assert_eq!(member([b"ZADD", b"k", b"1", b"m"]), Some(&b"m"[..]));
        assert_eq!(member([b"ZCARD", b"k", b"", b""]), None);
        assert_eq!(member([b"SET", b"k", b"v", b""]), None);
        assert_eq!(member([b"GETEX", b"k", b"EX", b"1"]), None);
    }
}
