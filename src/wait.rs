//! Owns the clients that wait for keys: who waits for which, in what order, and how a wait ends.
//! Invariants: a waiter is entered while the latches of its keys are held, by whoever found
//! nothing for it, so no change slips in between; on each key waiters stand in the order in which
//! they came; a wait ends once, by whoever takes its sender first; nobody is served before one
//! that stands further in front and looks again by itself.
//! Must not know: commands, how a waiter is served (`exec`).
//! Tests: below, `tests/commands/blocking`.

use crate::resp::{OwnedRequest, Reply, RespVersion};
use parking_lot::{Mutex, MutexGuard};
use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use tokio::sync::oneshot;

/// What ends a wait, apart from its time.
#[derive(Debug)]
pub enum Wake<A> {
    /// Somebody served the waiter.
    Answered(A),
    /// There may be something; the waiter has to look itself.
    LookAgain,
    /// CLIENT UNBLOCK; `true` asks for an error instead of the reply of a time-out.
    Unblocked(bool),
}

/// What a parked request is, for whoever serves it.
#[derive(Debug)]
pub struct Parked {
    /// The request.
    pub request: OwnedRequest,
    /// Its command's number in the table.
    pub command: usize,
    /// Its client.
    pub client: u64,
    /// Its database.
    pub db: u32,
    /// The protocol that its client speaks.
    pub resp: RespVersion,
    /// It counts as a use of its keys.
    pub touch: bool,
    /// The seed of what it drew at random before.
    pub draws: Option<u64>,
}

impl Parked {
    /// The same client with another request to run.
    pub fn with_request(&self, request: OwnedRequest) -> Parked {
        Parked { request, ..*self }
    }
}

/// Where a request stands, and what that means for those behind it.
#[derive(Debug)]
pub struct Place {
    /// A change of any of them may be what it waits for.
    pub keys: Vec<Vec<u8>>,
    /// What it takes, others do not get: while it waits, so do others of the same command.
    pub takes: bool,
    /// It runs alone with its keys. So when it has looked again by itself, it can serve those
    /// behind it; until then they stay where they are.
    pub alone: bool,
}

/// One parked request and the way to its client.
pub struct Waiter<A> {
    /// What waits.
    pub parked: Arc<Parked>,
    /// Where it stands.
    pub place: Place,
    ticket: u64,
    /// One that looks again keeps its ticket, but is another waiter when it comes back.
    serial: u64,
    /// It looks again by itself, and those behind it are kept back. Set by who has its sender.
    looking: AtomicBool,
    sender: Mutex<Option<oneshot::Sender<Wake<A>>>>,
}

impl<A> Waiter<A> {
    /// The right to end the wait; `None` inside once somebody has.
    pub fn claim(&self) -> MutexGuard<'_, Option<oneshot::Sender<Wake<A>>>> {
        self.sender.lock()
    }

    /// Its number in the line.
    pub fn ticket(&self) -> u64 {
        self.ticket
    }

    /// Lets it look again by itself. The caller has claimed its end.
    pub fn look_again(&self, sender: &mut Option<oneshot::Sender<Wake<A>>>) {
        if let Some(sender) = sender.take() {
            self.looking.store(self.place.alone, Ordering::Release);
            // A receiver that is gone is a client that left; what keeps others back is told of it.
            drop(sender.send(Wake::LookAgain));
        }
    }

    /// Whether those behind it are kept back.
    pub fn keeps_back(&self) -> bool {
        self.looking.load(Ordering::Acquire)
    }

    /// Keeps nobody back any more; gives whether it did. Then the caller sees to those behind.
    pub fn lets_pass(&self) -> bool {
        self.looking.swap(false, Ordering::AcqRel)
    }

    fn queue(&self) -> Queue {
        self.place.takes.then_some(self.parked.command)
    }
}

/// Those who wait for one key. Takers of one command stand in a queue of their own: where the first
/// finds nothing, the others need not be looked at.
struct Line<A>(Vec<(Queue, Waiters<A>)>);

/// Waiters by their tickets.
type Waiters<A> = BTreeMap<u64, Arc<Waiter<A>>>;

/// Takers of a command, or all that only look.
type Queue = Option<usize>;

impl<A> Line<A> {
    fn insert(&mut self, waiter: &Arc<Waiter<A>>) {
        let Line(queues) = self;
        let entry = (waiter.ticket, Arc::clone(waiter));
        match queues
            .iter_mut()
            .find(|(queue, _)| *queue == waiter.queue())
        {
            Some((_, waiters)) => drop(waiters.insert(entry.0, entry.1)),
            None => queues.push((waiter.queue(), BTreeMap::from([entry]))),
        }
    }

    /// Gives whether nobody is left.
    fn remove(&mut self, waiter: &Waiter<A>) -> bool {
        let Line(queues) = self;
        for (queue, waiters) in queues.iter_mut() {
            let found = waiters.get(&waiter.ticket);
            if *queue == waiter.queue() && found.is_some_and(|one| one.serial == waiter.serial) {
                waiters.remove(&waiter.ticket);
            }
        }
        queues.retain(|(_, waiters)| !waiters.is_empty());
        queues.is_empty()
    }

    fn next(&self, from: u64, passed_over: &[usize]) -> Option<&Arc<Waiter<A>>> {
        let Line(queues) = self;
        let queues = queues
            .iter()
            .filter(|(queue, _)| queue.is_none_or(|command| !passed_over.contains(&command)));
        let first = queues.filter_map(|(_, waiters)| waiters.range(from..).next());
        let first = first.min_by_key(|(ticket, _)| **ticket);
        first.map(|(_, waiter)| waiter)
    }
}

struct Lines<A> {
    by_key: HashMap<(u32, Vec<u8>), Line<A>>,
    by_client: HashMap<u64, Arc<Waiter<A>>>,
}

/// All waiters. `A` is what a served one is given.
pub struct Waiting<A> {
    lines: Mutex<Lines<A>>,
    /// Waiters, so that writers need not look while there are none.
    count: AtomicUsize,
    next_ticket: AtomicU64,
    next_serial: AtomicU64,
}

impl<A> Default for Waiting<A> {
    fn default() -> Waiting<A> {
        Waiting {
            lines: Mutex::new(Lines {
                by_key: HashMap::new(),
                by_client: HashMap::new(),
            }),
            count: AtomicUsize::new(0),
            next_ticket: AtomicU64::new(0),
            next_serial: AtomicU64::new(0),
        }
    }
}

impl<A> Waiting<A> {
    /// Whether anybody waits.
    #[inline]
    pub fn any(&self) -> bool {
        self.count.load(Ordering::Acquire) > 0
    }

    /// Number of waiting clients.
    pub fn len(&self) -> usize {
        self.count.load(Ordering::Acquire)
    }

    /// Number of keys that somebody waits for.
    pub fn keys(&self) -> usize {
        self.lines.lock().by_key.len()
    }

    /// Whether nobody waits.
    pub fn is_empty(&self) -> bool {
        !self.any()
    }

    /// A place in the line; one that looks again keeps it.
    pub fn ticket(&self) -> u64 {
        self.next_ticket.fetch_add(1, Ordering::Relaxed)
    }

    /// Enters a waiter. The caller holds the latches of its keys. One that has looked again takes
    /// the place of what it was before.
    pub fn enter(
        &self,
        parked: Arc<Parked>,
        ticket: u64,
        place: Place,
    ) -> (Arc<Waiter<A>>, oneshot::Receiver<Wake<A>>) {
        let (sender, receiver) = oneshot::channel();
        let waiter = Arc::new(Waiter {
            parked,
            place,
            ticket,
            serial: self.next_serial.fetch_add(1, Ordering::Relaxed),
            looking: AtomicBool::new(false),
            sender: Mutex::new(Some(sender)),
        });
        let mut lines = self.lines.lock();
        let db = waiter.parked.db;
        for key in &waiter.place.keys {
            let line = lines.by_key.entry((db, key.clone()));
            line.or_insert_with(|| Line(Vec::new())).insert(&waiter);
        }
        let client = waiter.parked.client;
        if lines
            .by_client
            .insert(client, Arc::clone(&waiter))
            .is_none()
        {
            self.count.fetch_add(1, Ordering::AcqRel);
        }
        (waiter, receiver)
    }

    /// Removes a waiter whose wait is over; from here on nobody ends it.
    pub fn leave(&self, waiter: &Waiter<A>) {
        let mut lines = self.lines.lock();
        for key in &waiter.place.keys {
            let key = (waiter.parked.db, key.clone());
            let line = lines.by_key.get_mut(&key);
            if line.is_some_and(|line| line.remove(waiter)) {
                lines.by_key.remove(&key);
            }
        }
        let client = waiter.parked.client;
        let same = |found: &Arc<Waiter<A>>| found.serial == waiter.serial;
        if lines.by_client.get(&client).is_some_and(same) {
            lines.by_client.remove(&client);
            self.count.fetch_sub(1, Ordering::AcqRel);
        }
    }

    /// The first waiter for a key at or behind a place in the line; takers of the commands
    /// `passed_over` do not count.
    pub fn next(
        &self,
        (db, key): (u32, &[u8]),
        from: u64,
        passed_over: &[usize],
    ) -> Option<Arc<Waiter<A>>> {
        let lines = self.lines.lock();
        let line = lines.by_key.get(&(db, key.to_vec()))?;
        line.next(from, passed_over).map(Arc::clone)
    }

    /// Lets all lines look again: databases were exchanged or emptied.
    pub fn look_again(&self) {
        let keys: Vec<_> = self.lines.lock().by_key.keys().cloned().collect();
        for (db, key) in keys {
            self.look_again_at((db, &key), 0);
        }
    }

    /// Lets those who wait for a key look again, from a place in the line on and as far as the
    /// first that keeps the others back.
    pub fn look_again_at(&self, key: (u32, &[u8]), mut from: u64) {
        while let Some(waiter) = self.next(key, from, &[]) {
            from = waiter.ticket + 1;
            let mut sender = waiter.claim();
            waiter.look_again(&mut sender);
            if waiter.keeps_back() {
                return;
            }
        }
    }

    /// Ends the wait of a client; gives whether it waited.
    pub fn unblock(&self, client: u64, error: bool) -> bool {
        let waiter = self.lines.lock().by_client.get(&client).cloned();
        let Some(sender) = waiter.and_then(|waiter| waiter.claim().take()) else {
            return false;
        };
        sender.send(Wake::Unblocked(error)).is_ok()
    }
}

/// What a served request is given: its reply, and the commit that the reply waits for.
#[derive(Debug)]
pub struct Served {
    /// The reply, or the error.
    pub reply: Reply,
    /// The commit; 0 for none.
    pub position: u64,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parked(client: u64) -> Arc<Parked> {
        Arc::new(Parked {
            request: OwnedRequest::from_args(&["blpop", "k", "0"]),
            command: 0,
            client,
            db: 0,
            resp: RespVersion::Resp2,
            touch: true,
            draws: None,
        })
    }

    fn at(names: &[&str], takes: bool) -> Place {
        Place {
            keys: names.iter().map(|name| name.as_bytes().to_vec()).collect(),
            takes,
            alone: takes,
        }
    }

    #[test]
    fn a_line_is_first_come_first_served_on_every_key() {
        let waiting: Waiting<Served> = Waiting::default();
        let late = waiting.ticket();
        let early = waiting.ticket();
        let (one, _one) = waiting.enter(parked(1), early, at(&["a", "b"], true));
        let (two, _two) = waiting.enter(parked(2), late, at(&["b"], true));
        assert_eq!(waiting.len(), 2);
        let first = |key: &[u8], from| {
            let next = waiting.next((0, key), from, &[]);
            next.map(|one| one.parked.client)
        };
        assert_eq!(first(b"a", 0), Some(1));
        assert_eq!(first(b"b", 0), Some(2));
        assert_eq!(first(b"b", late + 1), Some(1));
        assert_eq!(first(b"c", 0), None);
        waiting.leave(&two);
        waiting.leave(&two);
        assert_eq!(first(b"b", 0), Some(1));
        waiting.leave(&one);
        assert!(waiting.is_empty() && waiting.lines.lock().by_key.is_empty());
    }

    #[test]
    fn one_that_looks_again_is_not_removed_with_what_it_was_before() {
        let waiting: Waiting<Served> = Waiting::default();
        let ticket = waiting.ticket();
        let (before, _before) = waiting.enter(parked(1), ticket, at(&["a"], true));
        let (again, _again) = waiting.enter(parked(1), ticket, at(&["a"], true));
        waiting.leave(&before);
        assert!(waiting.next((0, b"a"), 0, &[]).is_some() && waiting.len() == 1);
        waiting.leave(&again);
        assert!(waiting.is_empty() && waiting.next((0, b"a"), 0, &[]).is_none());
    }

    #[test]
    fn takers_of_a_command_are_passed_over_and_those_who_look_are_not() {
        let waiting: Waiting<Served> = Waiting::default();
        for (client, takes) in [(1, true), (2, true), (3, false)] {
            let ticket = waiting.ticket();
            waiting.enter(parked(client), ticket, at(&["a"], takes));
        }
        let next = |from, passed_over: &[usize]| {
            let next = waiting.next((0, b"a"), from, passed_over);
            next.map(|one| one.parked.client)
        };
        assert_eq!(next(0, &[]), Some(1));
        assert_eq!(next(1, &[]), Some(2));
        assert_eq!(next(1, &[0]), Some(3));
        assert_eq!(next(3, &[]), None);
    }

    #[test]
    fn a_wait_ends_once() {
        let waiting: Waiting<Served> = Waiting::default();
        let (waiter, mut receiver) = waiting.enter(parked(7), 0, at(&["a"], true));
        assert!(!waiting.unblock(8, false));
        assert!(waiting.unblock(7, true));
        assert!(!waiting.unblock(7, true));
        assert!(waiter.claim().is_none());
        assert!(matches!(receiver.try_recv(), Ok(Wake::Unblocked(true))));
        waiting.look_again();
    }
    #[test]
    fn who_looks_again_keeps_back_those_behind_it() {
        let waiting: Waiting<Served> = Waiting::default();
        let enter = |client, place| waiting.enter(parked(client), waiting.ticket(), place);
        let (_reader, mut reader) = enter(1, at(&["a"], false));
        let (first, mut of_first) = enter(2, at(&["a", "b"], true));
        let (second, mut of_second) = enter(3, at(&["a"], true));
        waiting.look_again();
        assert!(matches!(reader.try_recv(), Ok(Wake::LookAgain)));
        assert!(matches!(of_first.try_recv(), Ok(Wake::LookAgain)));
        assert!(of_second.try_recv().is_err() && first.keeps_back());
        assert!(first.lets_pass() && !first.lets_pass());
        waiting.leave(&first);
        waiting.look_again_at((0, b"a"), first.ticket());
        assert!(matches!(of_second.try_recv(), Ok(Wake::LookAgain)));
        assert!(second.keeps_back());
    }
}
