//! Owns the threads of a store: the committer, the once-a-second fsync, the ticker, the sweeper.
//! Invariants: none of them is needed for correctness of a commit under `EverySecond` and `No`
//! that RocksDB does not throttle; they end before the store is closed, the committer last, since
//! the others may wait for it.
//! Must not know: what is committed. Tests: `storage/tests`.

use crate::commit::Fsync;
use crate::error::{Result, StorageError};
use crate::memory::MemoryController;
use crate::store::Store;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

const TICK: Duration = Duration::from_millis(100);
const SYNC_INTERVAL: Duration = Duration::from_secs(1);

/// The memory controller and what tells it how much the process holds.
pub struct MemoryWatch {
    /// The controller.
    pub controller: Arc<MemoryController>,
    /// Resident bytes of the process now; the crate does not know its allocator.
    pub resident: Box<dyn Fn() -> usize + Send>,
    /// Gives pages that the allocator holds unused back to the kernel.
    pub release: Box<dyn Fn() + Send>,
}

/// Running threads; [`Background::stop`] ends them.
pub struct Background {
    /// In the order of their start, each with the flag that ends it.
    threads: Vec<(Arc<AtomicBool>, JoinHandle<()>)>,
}

impl Background {
    /// Starts the threads of a store whose caches keep their size.
    pub fn start(store: &Arc<Store>) -> Result<Background> {
        Background::start_with(store, None)
    }

    /// Starts the threads of a store; with `memory` its caches follow what the process holds.
    pub fn start_with(store: &Arc<Store>, memory: Option<MemoryWatch>) -> Result<Background> {
        let mut background = Background {
            threads: Vec::new(),
        };
        background.spawn("committer", store, |store, stop| {
            store.leader().run_committer(stop)
        })?;
        background.spawn("sync", store, sync_each_second)?;
        background.spawn("tick", store, |store, stop| tick(store, stop, memory))?;
        background.spawn("sweep", store, crate::sweep::run)?;
        Ok(background)
    }

    fn spawn(
        &mut self,
        name: &str,
        store: &Arc<Store>,
        body: impl FnOnce(&Arc<Store>, &AtomicBool) + Send + 'static,
    ) -> Result<()> {
        let stop = Arc::new(AtomicBool::new(false));
        let (store, stopped) = (Arc::clone(store), Arc::clone(&stop));
        let thread = std::thread::Builder::new()
            .name(name.to_owned())
            .spawn(move || body(&store, &stopped))
            .map_err(|error| StorageError::Engine(format!("cannot start a thread: {error}")))?;
        self.threads.push((stop, thread));
        Ok(())
    }

    /// Ends all threads and waits for them, the last started first: what the sweeper has staged
    /// still finds a committer.
    pub fn stop(self) {
        for (stop, thread) in self.threads.into_iter().rev() {
            stop.store(true, Ordering::Release);
            thread.thread().unpark();
            if thread.join().is_err() {
                tracing::error!("a background thread of the store panicked");
            }
        }
    }
}

fn sync_each_second(store: &Arc<Store>, stop: &AtomicBool) {
    let mut due = Instant::now() + SYNC_INTERVAL;
    while !stop.load(Ordering::Acquire) {
        std::thread::park_timeout(due.saturating_duration_since(Instant::now()));
        if Instant::now() < due {
            continue;
        }
        due = Instant::now() + SYNC_INTERVAL;
        // With `No` the dead ids would never become droppable; once in a while is enough for them.
        let wanted = match store.leader().fsync() {
            Fsync::EverySecond | Fsync::Always => true,
            Fsync::No => {
                store.garbage().ids_waiting() > 0 || store.garbage().namespaces_waiting() > 0
            }
        };
        if wanted && store.leader().sync().is_err() && store.queue().poison().is_some() {
            return;
        }
    }
}

fn tick(store: &Arc<Store>, stop: &AtomicBool, memory: Option<MemoryWatch>) {
    let start = Instant::now();
    while !stop.load(Ordering::Acquire) {
        std::thread::park_timeout(TICK);
        store.table().tick(start.elapsed().as_secs());
        if let Some(memory) = &memory {
            let caches_gave = memory.controller.tick((memory.resident)());
            if caches_gave {
                (memory.release)();
            }
        }
        // In a second a fast writer could fill the whole reserve.
        store.look_at_disk();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::Tier;
    use crate::ops::bytes::Expiry;
    use crate::ops::string::{self, Condition};
    use crate::{Options, ViewOptions};
    use std::sync::mpsc;

    #[test]
    fn stop_lets_a_thread_finish_a_commit_that_needs_the_committer() {
        let directory = tempfile::tempdir().unwrap();
        let store = Store::open(Options {
            fsync: Fsync::Always,
            ..Options::new(directory.path().join("data"))
        });
        let store = store.unwrap();
        let mut background = Background::start(&store).unwrap();
        let late = |store: &Arc<Store>, stop: &AtomicBool| {
            while !stop.load(Ordering::Acquire) {
                std::thread::park();
            }
            let options = ViewOptions {
                tier: Tier::Disk,
                latched: true,
                touch: false,
            };
            let mut edit = store.edit(0, options).unwrap();
            string::set(
                &mut edit,
                b"k",
                b"v",
                Condition::Always,
                Expiry::Clear,
                false,
            )
            .unwrap();
            let position = edit.stage().unwrap();
            store.leader().wait_blocking(position).unwrap();
        };
        background.spawn("late", &store, late).unwrap();
        let (stopped, answer) = mpsc::sync_channel(1);
        std::thread::spawn(move || {
            background.stop();
            stopped.send(()).unwrap();
        });
        let patience = Duration::from_secs(60);
        assert_eq!(answer.recv_timeout(patience), Ok(()), "stop never ends");
        assert!(store.queue().committed() > 0);
        store.close().unwrap();
    }
}
