//! Owns latches: who may stage changes to a key, and who may read several of its rows.
//! Invariants: stripes are taken in ascending order, so no two callers wait for each other; waiters
//! of a stripe are served first come, first served; a latch is held while an edit reads and
//! stages, never while it waits for its commit. Must not know: why. Tests: below.
//!
//! Keys share stripes by hash, and databases share them too, so MOVE and COPY between databases
//! need one latch per key name.

use crate::encoding::key::KeyName;
use parking_lot::Mutex;
use smallvec::SmallVec;
use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use tokio::sync::oneshot;

/// Few enough that all of them stay in the processor's second-level cache.
const STRIPES: usize = 1 << 12;

/// How a key is latched.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Mode {
    /// Together with other readers.
    Shared,
    /// Alone.
    Exclusive,
}

/// A holder that is alone.
const ALONE: u32 = 1 << 30;
/// Somebody waits, or did a moment ago: only who has the lock on the waiters takes the stripe.
const WAITED_FOR: u32 = 1 << 31;

#[derive(Default)]
struct Stripe {
    /// [`ALONE`] or the number of shared holders, and [`WAITED_FOR`].
    state: AtomicU32,
    /// In a box of its own, since nearly all stripes never have a waiter.
    waiters: Mutex<Option<Box<Waiters>>>,
}

type Waiters = VecDeque<(Mode, oneshot::Sender<StripeGuard>)>;

/// The stripe of a key, from its hash.
#[inline]
pub(super) fn stripe_of(key_hash: u64) -> u32 {
    (key_hash >> 16) as u32 % STRIPES as u32
}

/// All latches of a store.
pub struct LatchTable {
    stripes: Box<[Stripe]>,
}

/// One held stripe; dropping it lets the next waiters in.
struct StripeGuard {
    table: Arc<LatchTable>,
    index: u32,
    mode: Mode,
}

/// Proof that latches on a command's keys are held; dropping it releases them.
#[derive(Default)]
pub struct KeyGuard {
    _stripes: SmallVec<[StripeGuard; 2]>,
}

/// One stripe held together with other readers; as [`KeyGuard`], within the table's life.
pub struct SharedLatch<'t> {
    table: &'t Arc<LatchTable>,
    index: u32,
}

/// The stripes a command needs, sorted, each once, in the stronger mode.
#[derive(Debug, Clone, Default)]
pub struct LatchSet {
    stripes: SmallVec<[(u32, Mode); 4]>,
}

impl LatchSet {
    /// Adds a key.
    #[inline]
    pub fn add(&mut self, key: &KeyName<'_>, mode: Mode) {
        self.add_hash(key.hash, mode);
    }

    /// Adds a key of which only the hash is known, [`KeyName::hash`].
    #[inline]
    pub fn add_hash(&mut self, key_hash: u64, mode: Mode) {
        self.stripes.push((stripe_of(key_hash), mode));
    }

    /// Takes out the stripe of a key whose latch the caller holds exclusively: other keys of that
    /// stripe are latched with it.
    pub fn remove_held(&mut self, key_hash: u64) {
        let held = stripe_of(key_hash);
        self.stripes.retain(|&mut (stripe, _)| stripe != held);
    }

    /// Adds shared latches of stripes, as [`Reach`](super::reach::Reach) counts them.
    #[inline]
    pub fn add_shared(&mut self, stripes: &[u32]) {
        if stripes.is_empty() {
            return;
        }
        let stripes = stripes.iter().map(|&stripe| (stripe, Mode::Shared));
        self.stripes.extend(stripes);
    }

    fn sorted(mut self) -> LatchSet {
        if self.stripes.len() > 1 {
            // Descending mode within a stripe, so that the exclusive entry is the one kept.
            self.stripes
                .sort_unstable_by(|a, b| a.0.cmp(&b.0).then(b.1.cmp(&a.1)));
            self.stripes.dedup_by_key(|entry| entry.0);
        }
        self
    }
}

impl Default for LatchTable {
    fn default() -> LatchTable {
        LatchTable {
            stripes: (0..STRIPES).map(|_| Stripe::default()).collect(),
        }
    }
}

impl LatchTable {
    /// Takes all latches if none of them has to be waited for.
    #[inline]
    pub fn try_lock(self: &Arc<Self>, set: &LatchSet) -> Option<KeyGuard> {
        let mut guards = SmallVec::new();
        let sorted;
        let stripes = if set.stripes.len() > 1 {
            sorted = set.clone().sorted();
            &sorted.stripes
        } else {
            &set.stripes
        };
        for &(index, mode) in stripes {
            guards.push(self.try_stripe(index, mode)?);
        }
        Some(KeyGuard { _stripes: guards })
    }

    /// Takes the latch of one key, of which the hash is given, if it has not to be waited for.
    #[inline]
    pub fn try_share(self: &Arc<Self>, key_hash: u64) -> Option<SharedLatch<'_>> {
        let index = stripe_of(key_hash);
        let taken = self.stripe(index).take(Mode::Shared);
        // Made only if taken: dropping it gives the stripe back.
        taken.then(|| SharedLatch { table: self, index })
    }

    /// Takes all latches, waiting in line where it must.
    pub async fn lock(self: &Arc<Self>, set: LatchSet) -> KeyGuard {
        let mut guards = SmallVec::new();
        for &(index, mode) in &set.sorted().stripes {
            let receiver = match self.try_stripe_or_queue(index, mode) {
                Ok(guard) => {
                    guards.push(guard);
                    continue;
                }
                Err(receiver) => receiver,
            };
            // The sender is dropped only with the table, which this call keeps alive.
            if let Ok(guard) = receiver.await {
                guards.push(guard);
            }
        }
        KeyGuard { _stripes: guards }
    }

    #[inline]
    fn try_stripe(self: &Arc<Self>, index: u32, mode: Mode) -> Option<StripeGuard> {
        self.stripe(index).take(mode).then(|| StripeGuard {
            table: Arc::clone(self),
            index,
            mode,
        })
    }

    fn try_stripe_or_queue(
        self: &Arc<Self>,
        index: u32,
        mode: Mode,
    ) -> Result<StripeGuard, oneshot::Receiver<StripeGuard>> {
        let stripe = self.stripe(index);
        let mut waiters = stripe.waiters.lock();
        if stripe.take_or_mark(mode) {
            return Ok(StripeGuard {
                table: Arc::clone(self),
                index,
                mode,
            });
        }
        let (sender, receiver) = oneshot::channel();
        waiters.get_or_insert_default().push_back((mode, sender));
        Err(receiver)
    }

    #[inline]
    #[expect(
        clippy::indexing_slicing,
        reason = "indexes are taken modulo the stripe count"
    )]
    fn stripe(&self, index: u32) -> &Stripe {
        &self.stripes[index as usize % STRIPES]
    }
}

/// The state with one more holder, if that may be.
#[inline]
fn taken(state: u32, mode: Mode) -> Option<u32> {
    match mode {
        Mode::Shared if state & ALONE == 0 => Some(state + 1),
        Mode::Exclusive if state & !WAITED_FOR == 0 => Some(state | ALONE),
        _ => None,
    }
}

/// The state with one holder less.
#[inline]
fn released(state: u32, mode: Mode) -> u32 {
    match mode {
        Mode::Shared => state - 1,
        Mode::Exclusive => state & !ALONE,
    }
}

#[inline]
fn unless_waited_for(state: u32, next: impl FnOnce(u32) -> Option<u32>) -> Option<u32> {
    match state & WAITED_FOR {
        0 => next(state),
        _ => None,
    }
}

impl Stripe {
    /// Takes the stripe if nobody stands in the way.
    #[inline]
    fn take(&self, mode: Mode) -> bool {
        let step = |state| unless_waited_for(state, |state| taken(state, mode));
        let result = self
            .state
            .fetch_update(Ordering::Acquire, Ordering::Relaxed, step);
        result.is_ok()
    }

    /// Takes the stripe, or marks it as waited for. Called with the lock on the waiters.
    fn take_or_mark(&self, mode: Mode) -> bool {
        let free = |state| unless_waited_for(state, |state| taken(state, mode));
        let step = |state| Some(free(state).unwrap_or(state | WAITED_FOR));
        let before = self
            .state
            .fetch_update(Ordering::Acquire, Ordering::Relaxed, step);
        before.is_ok_and(|state| free(state).is_some())
    }

    /// Gives the stripe back if nobody waits for it.
    #[inline]
    fn release(&self, mode: Mode) -> bool {
        let step = |state| unless_waited_for(state, |state| Some(released(state, mode)));
        let result = self
            .state
            .fetch_update(Ordering::Release, Ordering::Relaxed, step);
        result.is_ok()
    }

    /// Gives the stripe back, and lets in those who may go together now.
    fn pass_on(&self, mode: Mode) -> SmallVec<[(oneshot::Sender<StripeGuard>, Mode); 2]> {
        let mut granted = SmallVec::new();
        let mut queue = self.waiters.lock();
        let update = |step: &dyn Fn(u32) -> Option<u32>| {
            let result = self
                .state
                .fetch_update(Ordering::AcqRel, Ordering::Relaxed, step);
            result.is_ok()
        };
        update(&|state| Some(released(state, mode)));
        let Some(waiters) = queue.as_mut() else {
            return granted;
        };
        while let Some(mode) = next_waiter(waiters) {
            if !update(&|state| taken(state, mode)) {
                break;
            }
            granted.extend(waiters.pop_front().map(|(mode, sender)| (sender, mode)));
        }
        if waiters.is_empty() {
            *queue = None;
            self.state.fetch_and(!WAITED_FOR, Ordering::Release);
        }
        granted
    }
}

/// The mode of the first waiter that still waits. Those that gave up are taken out here: a guard
/// sent to one comes back through `drop`, as deep as there are of them.
fn next_waiter(waiters: &mut Waiters) -> Option<Mode> {
    while waiters
        .front()
        .is_some_and(|(_, sender)| sender.is_closed())
    {
        waiters.pop_front();
    }
    waiters.front().map(|(mode, _)| *mode)
}

impl Drop for StripeGuard {
    #[inline]
    fn drop(&mut self) {
        let stripe = self.table.stripe(self.index);
        if !stripe.release(self.mode) {
            pass_on(&self.table, self.index, self.mode);
        }
    }
}

impl Drop for SharedLatch<'_> {
    #[inline]
    fn drop(&mut self) {
        if !self.table.stripe(self.index).release(Mode::Shared) {
            pass_on(self.table, self.index, Mode::Shared);
        }
    }
}

/// Gives a stripe back for which others wait.
#[cold]
fn pass_on(table: &Arc<LatchTable>, index: u32, held: Mode) {
    for (sender, mode) in table.stripe(index).pass_on(held) {
        let guard = StripeGuard {
            table: Arc::clone(table),
            index,
            mode,
        };
        // A waiter that gave up drops the guard, here or in the channel, and so passes it on.
        drop(sender.send(guard));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::encoding::key::HashSeed;
    use std::future::Future;
    use std::pin::pin;
    use std::task::{Context, Poll, Waker};

    fn set(keys: &[(&str, Mode)]) -> LatchSet {
        let mut set = LatchSet::default();
        for (key, mode) in keys {
            set.add(&KeyName::new(key.as_bytes(), &HashSeed([1; 16])), *mode);
        }
        set
    }

    fn poll<F: Future>(future: std::pin::Pin<&mut F>) -> Poll<F::Output> {
        future.poll(&mut Context::from_waker(Waker::noop()))
    }

    #[test]
    fn a_key_of_a_stripe_that_is_held_needs_no_latch_of_its_own() {
        let table = Arc::new(LatchTable::default());
        let (held, other) = (5 << 16, (5 + STRIPES as u64) << 16);
        let set = |hash: u64| {
            let mut set = LatchSet::default();
            set.add_hash(hash, Mode::Exclusive);
            set
        };
        let _guard = table.try_lock(&set(held)).unwrap();
        let mut wanted = set(other);
        assert!(table.try_lock(&wanted).is_none(), "both are of one stripe");
        wanted.add_hash(6 << 16, Mode::Exclusive);
        wanted.remove_held(held);
        assert!(table.try_lock(&wanted).is_some());
        assert!(table.try_lock(&set(held)).is_none(), "it is still held");
    }

    #[test]
    fn readers_share_and_writers_exclude() {
        let table = Arc::new(LatchTable::default());
        let one = table.try_lock(&set(&[("a", Mode::Shared)])).unwrap();
        let two = table.try_lock(&set(&[("a", Mode::Shared)])).unwrap();
        assert!(table.try_lock(&set(&[("a", Mode::Exclusive)])).is_none());
        drop((one, two));
        let writer = table
            .try_lock(&set(&[("a", Mode::Exclusive), ("a", Mode::Shared)]))
            .unwrap();
        assert!(table.try_lock(&set(&[("a", Mode::Shared)])).is_none());
        drop(writer);
        assert!(table.try_lock(&set(&[("a", Mode::Shared)])).is_some());
    }

    #[test]
    fn one_reader_shares_like_many_and_lets_waiters_in() {
        let table = Arc::new(LatchTable::default());
        let hash = KeyName::new(b"a", &HashSeed([1; 16])).hash;
        let writer = table.try_lock(&set(&[("a", Mode::Exclusive)]));
        assert!(table.try_share(hash).is_none());
        drop(writer);
        let one = table.try_share(hash).unwrap();
        let two = table.try_lock(&set(&[("a", Mode::Shared)])).unwrap();
        let mut writer = pin!(table.lock(set(&[("a", Mode::Exclusive)])));
        assert!(poll(writer.as_mut()).is_pending());
        assert!(table.try_share(hash).is_none());
        drop(two);
        assert!(poll(writer.as_mut()).is_pending());
        drop(one);
        assert!(poll(writer.as_mut()).is_ready());
    }

    #[test]
    fn waiters_are_served_in_order_and_a_waiting_writer_is_not_overtaken() {
        let table = Arc::new(LatchTable::default());
        let reader = table.try_lock(&set(&[("a", Mode::Shared)])).unwrap();
        let mut writer = pin!(table.lock(set(&[("a", Mode::Exclusive)])));
        assert!(poll(writer.as_mut()).is_pending());
        assert!(table.try_lock(&set(&[("a", Mode::Shared)])).is_none());
        let mut late = pin!(table.lock(set(&[("a", Mode::Shared)])));
        assert!(poll(late.as_mut()).is_pending());
        drop(reader);
        let Poll::Ready(guard) = poll(writer.as_mut()) else {
            panic!("the writer is next")
        };
        assert!(poll(late.as_mut()).is_pending());
        drop(guard);
        assert!(poll(late.as_mut()).is_ready());
    }

    #[test]
    fn a_waiter_that_gives_up_passes_the_latch_on() {
        let table = Arc::new(LatchTable::default());
        let holder = table.try_lock(&set(&[("a", Mode::Exclusive)])).unwrap();
        {
            let mut given_up = Box::pin(table.lock(set(&[("a", Mode::Exclusive)])));
            assert!(poll(given_up.as_mut()).is_pending());
            drop(holder);
        }
        assert!(table.try_lock(&set(&[("a", Mode::Exclusive)])).is_some());
    }

    #[test]
    fn very_many_waiters_that_gave_up_do_not_exhaust_the_stack() {
        let table = Arc::new(LatchTable::default());
        let holder = table.try_lock(&set(&[("a", Mode::Exclusive)])).unwrap();
        let mut waiting: Vec<_> = (0..200_000)
            .map(|_| Box::pin(table.lock(set(&[("a", Mode::Exclusive)]))))
            .collect();
        for waiter in &mut waiting {
            assert!(poll(waiter.as_mut()).is_pending());
        }
        drop(waiting);
        drop(holder);
        assert!(table.try_lock(&set(&[("a", Mode::Exclusive)])).is_some());
    }

    #[test]
    fn crossing_sets_do_not_deadlock() {
        let table = Arc::new(LatchTable::default());
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(4)
            .build()
            .unwrap();
        runtime.block_on(async {
            let mut tasks = Vec::new();
            for n in 0..8 {
                let table = Arc::clone(&table);
                tasks.push(tokio::spawn(async move {
                    for _ in 0..2000 {
                        let names = if n % 2 == 0 { ["a", "b"] } else { ["b", "a"] };
                        let keys = names.map(|name| (name, Mode::Exclusive));
                        let guard = table.lock(set(&keys)).await;
                        tokio::task::yield_now().await;
                        drop(guard);
                    }
                }));
            }
            for task in tasks {
                task.await.unwrap();
            }
        });
        assert!(
            table
                .try_lock(&set(&[("a", Mode::Exclusive), ("b", Mode::Exclusive)]))
                .is_some()
        );
    }
}
