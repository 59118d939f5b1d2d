//! Owns who is woken when something is committed.
//! Invariants: whoever registers is woken by the next `wake_all`, perhaps by way of its thread's
//! relay; nothing is woken with the lock held; a relay that ends wakes whom it would have.
//! Must not know: positions. Tests: below.
//!
//! To wake a task of a thread that sleeps in the kernel costs a system call each. So a thread that
//! serves many tasks has a relay: one task, woken from outside, that wakes the others from within.

use parking_lot::Mutex;
use std::task::{Context, Poll, Waker};
use std::thread::ThreadId;

/// All who wait.
#[derive(Default)]
pub struct Waiters {
    lists: Mutex<Lists>,
}

#[derive(Default)]
struct Lists {
    /// A few: one per thread that serves connections.
    relays: Vec<Relay>,
    /// Waiters on threads without a relay.
    others: Vec<Waker>,
}

struct Relay {
    thread: ThreadId,
    /// The relay's own task.
    task: Waker,
    /// Waiters of its thread.
    waiting: Vec<Waker>,
}

impl Waiters {
    /// Notes a waiter of this thread, for one wake.
    pub fn register(&self, waker: &Waker) {
        let thread = std::thread::current().id();
        let mut lists = self.lists.lock();
        let relay = lists.relays.iter_mut().find(|relay| relay.thread == thread);
        match relay {
            Some(relay) => relay.waiting.push(waker.clone()),
            None => lists.others.push(waker.clone()),
        }
    }

    /// Wakes everybody.
    pub fn wake_all(&self) {
        let thread = std::thread::current().id();
        let mut lists = self.lists.lock();
        let mut woken = std::mem::take(&mut lists.others);
        for relay in &mut lists.relays {
            if relay.thread == thread {
                woken.append(&mut relay.waiting);
            } else if !relay.waiting.is_empty() {
                woken.push(relay.task.clone());
            }
        }
        drop(lists);
        woken.into_iter().for_each(Waker::wake);
    }

    /// The body of a task that relays wakes to the others of its thread; it never ends. For
    /// runtimes of one thread.
    pub async fn relay(&self) {
        let end = RelayEnd {
            waiters: self,
            thread: std::thread::current().id(),
        };
        std::future::poll_fn(|context| end.pass_on(context)).await
    }

    fn end_relay(&self, thread: ThreadId) {
        let mut lists = self.lists.lock();
        let at = lists.relays.iter().position(|relay| relay.thread == thread);
        let ended = at.map(|at| lists.relays.swap_remove(at));
        drop(lists);
        if let Some(relay) = ended {
            relay.waiting.into_iter().for_each(Waker::wake);
        }
    }
}

/// Takes the relay out when its task is dropped.
struct RelayEnd<'w> {
    waiters: &'w Waiters,
    thread: ThreadId,
}

impl RelayEnd<'_> {
    fn pass_on(&self, context: &Context<'_>) -> Poll<()> {
        let task = context.waker().clone();
        let mut lists = self.waiters.lists.lock();
        let mut relays = lists.relays.iter_mut();
        let waiting = match relays.find(|relay| relay.thread == self.thread) {
            Some(relay) => {
                relay.task = task;
                std::mem::take(&mut relay.waiting)
            }
            None => {
                lists.relays.push(Relay {
                    thread: self.thread,
                    task,
                    waiting: Vec::new(),
                });
                Vec::new()
            }
        };
        drop(lists);
        waiting.into_iter().for_each(Waker::wake);
        Poll::Pending
    }
}

impl Drop for RelayEnd<'_> {
    fn drop(&mut self) {
        self.waiters.end_relay(self.thread);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::pin::pin;
    use std::sync::Arc;
    use std::sync::atomic::{AtomicUsize, Ordering};
    use std::task::Wake;

    #[derive(Default)]
    struct Count(AtomicUsize);

    impl Wake for Count {
        fn wake(self: Arc<Self>) {
            self.0.fetch_add(1, Ordering::Relaxed);
        }
    }

    impl Count {
        fn take(&self) -> usize {
            self.0.swap(0, Ordering::Relaxed)
        }
    }

    fn wake_from_elsewhere(waiters: &Waiters) {
        std::thread::scope(|scope| scope.spawn(|| waiters.wake_all()).join()).unwrap();
    }

    #[test]
    fn a_relay_is_woken_once_for_its_thread_and_passes_it_on() {
        let waiters = Waiters::default();
        let (task, waiting) = (Arc::new(Count::default()), Arc::new(Count::default()));
        let (task_waker, waker) = (Waker::from(task.clone()), Waker::from(waiting.clone()));
        let mut context = Context::from_waker(&task_waker);
        // Without a relay everybody is woken in person.
        waiters.register(&waker);
        wake_from_elsewhere(&waiters);
        assert_eq!(waiting.take(), 1);
        {
            let mut relay = pin!(waiters.relay());
            assert!(relay.as_mut().poll(&mut context).is_pending());
            wake_from_elsewhere(&waiters);
            assert_eq!(task.take(), 0, "nobody waits");
            (0..3).for_each(|_| waiters.register(&waker));
            wake_from_elsewhere(&waiters);
            assert_eq!((task.take(), waiting.take()), (1, 0));
            assert!(relay.as_mut().poll(&mut context).is_pending());
            assert_eq!(waiting.take(), 3);
            // From the thread itself there is no detour.
            waiters.register(&waker);
            waiters.wake_all();
            assert_eq!((task.take(), waiting.take()), (0, 1));
            waiters.register(&waker);
        }
        assert_eq!(waiting.take(), 1, "the relay ended with a waiter");
        waiters.register(&waker);
        wake_from_elsewhere(&waiters);
        assert_eq!((task.take(), waiting.take()), (0, 1));
    }
}
