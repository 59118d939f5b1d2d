//! Owns waiting for keys: entering the line, and serving who stands in it.
//!
//! Journey: BLPOP finds nothing and is entered under its latches; an LPUSH stages its edit and,
//! still under its own latches, runs the handlers of those who wait for the keys it changed, first
//! come first served. So a reader that comes after the LPUSH finds what they left.
//! Invariants: a served command sees only the key that changed; one that needs another key as well
//! takes its latch if it is free, and otherwise looks again by itself; those behind it are served
//! when it has looked.
//! Must not know: sockets. Tests: `tests/commands/blocking`, the oracle.

use super::call::{Call, ChangedKey};
use crate::command::{Look, Outcome};
use crate::commands;
use crate::error::CommandError;
use crate::resp::Reply;
use crate::session::Services;
use crate::wait::{Parked, Place, Served, Waiter, Wake};
use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Instant;
use storage::StorageError;
use storage::commit::latch::KeyGuard;
use storage::engine::Tier;
use tokio::sync::oneshot;

/// A place in the line; dropping it leaves.
pub struct Entered {
    services: Arc<Services>,
    waiter: Arc<Waiter<Served>>,
    receiver: oneshot::Receiver<Wake<Served>>,
}

impl Entered {
    /// Enters the line for keys whose latches the caller holds.
    pub fn new(
        services: &Arc<Services>,
        parked: Arc<Parked>,
        ticket: u64,
        place: Place,
    ) -> Entered {
        let (waiter, receiver) = services.waiting.enter(parked, ticket, place);
        Entered {
            services: Arc::clone(services),
            waiter,
            receiver,
        }
    }

    /// Who waits.
    pub fn waiter(&self) -> &Arc<Waiter<Served>> {
        &self.waiter
    }

    /// Ends the wait before it begins.
    pub fn look_again(&self) {
        self.waiter.look_again(&mut self.waiter.claim());
    }

    /// Waits; `None` when the time is over.
    pub async fn wait(&mut self, deadline: Option<Instant>) -> Option<Wake<Served>> {
        let time_is_over = async {
            match deadline {
                Some(deadline) => tokio::time::sleep_until(deadline.into()).await,
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            biased;
            wake = &mut self.receiver => return wake.ok(),
            () = time_is_over => {}
        }
        let ended_here = self.waiter.claim().take().is_some();
        if ended_here {
            return None;
        }
        // Somebody was faster than the clock.
        (&mut self.receiver).await.ok()
    }
}

impl Drop for Entered {
    fn drop(&mut self) {
        // Whoever has found the waiter in the line already must not serve a client that is gone.
        drop(self.waiter.claim().take());
        let (waiting, waiter) = (&self.services.waiting, &self.waiter);
        waiting.leave(waiter);
        // One that has looked again has served those behind it itself.
        if waiter.lets_pass() {
            for key in &waiter.place.keys {
                waiting.look_again_at((waiter.parked.db, key), waiter.ticket());
            }
        }
    }
}

/// Serves who waits for what a call has changed. The call's latches are still held.
#[inline]
pub fn wake(services: &Services, call: &Call<'_>) {
    let (keys, databases) = call.take_changes();
    wake_changed(services, keys, databases);
}

/// The same for keys that were changed by several commands at once.
#[inline]
pub fn wake_changed(services: &Services, keys: Vec<ChangedKey>, databases: bool) {
    if databases {
        services.waiting.look_again();
    }
    if !keys.is_empty() {
        serve_all(services, keys.into_iter().map(in_whole).collect());
    }
}

/// Serves who waits for what a call has changed that was made because its waiter had to look again
/// by itself, and those whom the waiter kept back. The call's latches are still held; if the waiter
/// goes on waiting, it stands in line anew.
pub fn wake_after_look(services: &Services, call: &Call<'_>, waiter: &Waiter<Served>) {
    services.waiting.leave(waiter);
    let mut lines: VecDeque<Line> = VecDeque::new();
    if waiter.lets_pass() {
        let behind = waiter.ticket() + 1;
        let keys = waiter.place.keys.iter();
        lines.extend(keys.map(|key| ((waiter.parked.db, key.clone()), behind)));
    }
    lines.extend(call.take_changes().0.into_iter().map(in_whole));
    serve_all(services, lines);
}

/// The waiters for a key, from a ticket on.
type Line = (ChangedKey, u64);

fn in_whole(key: ChangedKey) -> Line {
    (key, 0)
}

#[cold]
fn serve_all(services: &Services, mut lines: VecDeque<Line>) {
    let mut held = Held {
        keys: lines.iter().map(|((_, key), _)| key.clone()).collect(),
        guards: Vec::new(),
    };
    while let Some(((db, key), mut from)) = lines.pop_front() {
        let mut stuck: Vec<usize> = Vec::new();
        while let Some(waiter) = services.waiting.next((db, &key), from, &stuck) {
            from = waiter.ticket() + 1;
            let mut sender = waiter.claim();
            if sender.is_some() {
                match serve(services, &waiter.parked, &key, &mut held, &mut lines) {
                    Service::Given(served) => {
                        if let Some(sender) = sender.take() {
                            // A receiver that is gone is a client that left while it was served.
                            drop(sender.send(Wake::Answered(served)));
                        }
                        drop(sender);
                        services.waiting.leave(&waiter);
                        continue;
                    }
                    Service::LookAgain => waiter.look_again(&mut sender),
                    Service::Nothing => {
                        let takes = waiter.place.takes;
                        stuck.extend(takes.then_some(waiter.parked.command));
                    }
                }
            }
            if waiter.keeps_back() {
                break;
            }
        }
    }
}

/// Keys that are latched here: those that were changed, and those that served commands changed
/// beyond, whose latches are held to the end since they are looked at as well.
struct Held {
    keys: Vec<Vec<u8>>,
    guards: Vec<KeyGuard>,
}

/// What serving came to.
enum Service {
    Given(Served),
    /// It needs what is not at hand here.
    LookAgain,
    /// There is nothing for it.
    Nothing,
}

fn serve(
    services: &Services,
    parked: &Parked,
    key: &[u8],
    held: &mut Held,
    lines: &mut VecDeque<Line>,
) -> Service {
    let Some(command) = commands::numbered().get(parked.command) else {
        return Service::LookAgain;
    };
    let call = Call::of_parked(services, command, parked, Look::At(key));
    // A command with keys of two kinds moves from one to the other.
    if command.spec.keys.len() > 1 {
        let mut others = call.keys();
        others.retain(|(at, _)| !held.keys.iter().any(|held| held == call.key(*at)));
        if !others.is_empty() {
            let mut wanted = call.latches(&others);
            for key in &held.keys {
                wanted.remove_held(services.store.seed().hash(key));
            }
            match services.store.latches().try_lock(&wanted) {
                Some(guard) => held.guards.push(guard),
                None => return Service::LookAgain,
            }
            held.keys
                .extend(others.iter().map(|(at, _)| call.key(*at).to_vec()));
        }
    }
    let (result, position) = call.run(Tier::Memory, true);
    services.metrics.count_lookups(call.take_lookups());
    let (keys, _) = call.take_changes();
    lines.extend(keys.into_iter().map(in_whole));
    let reply = match result {
        Ok(Outcome::Reply(reply)) => reply,
        Err(CommandError::Storage(StorageError::NeedsDisk)) => return Service::LookAgain,
        Err(CommandError::Park(_)) | Ok(_) => return Service::Nothing,
        Err(error) => Reply::Error(error.text()),
    };
    Service::Given(Served { reply, position })
}
