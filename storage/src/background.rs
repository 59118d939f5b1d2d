//! Owns the threads of a store: the committer, the once-a-second fsync, the ticker.
//! Invariants: none of them is needed for correctness of a commit under `EverySecond` and `No`
//! that RocksDB does not throttle; they end before the store is closed.
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
}

/// Running threads; [`Background::stop`] ends them.
pub struct Background {
    stop: Arc<AtomicBool>,
    threads: Vec<JoinHandle<()>>,
}

impl Background {
    /// Starts the threads of a store whose caches keep their size.
    pub fn start(store: &Arc<Store>) -> Result<Background> {
        Background::start_with(store, None)
    }

    /// Starts the threads of a store; with `memory` its caches follow what the process holds.
    pub fn start_with(store: &Arc<Store>, memory: Option<MemoryWatch>) -> Result<Background> {
        let stop = Arc::new(AtomicBool::new(false));
        let mut background = Background {
            stop,
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
        let (store, stop) = (Arc::clone(store), Arc::clone(&self.stop));
        let thread = std::thread::Builder::new()
            .name(name.to_owned())
            .spawn(move || body(&store, &stop))
            .map_err(|error| StorageError::Engine(format!("cannot start a thread: {error}")))?;
        self.threads.push(thread);
        Ok(())
    }

    /// Ends all threads and waits for them.
    pub fn stop(self) {
        self.stop.store(true, Ordering::Release);
        for thread in self.threads {
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
        if wanted && store.leader().sync().is_err() {
            return;
        }
    }
}

fn tick(store: &Arc<Store>, stop: &AtomicBool, memory: Option<MemoryWatch>) {
    let start = Instant::now();
    let mut looked_s = 0;
    while !stop.load(Ordering::Acquire) {
        std::thread::park_timeout(TICK);
        let seconds = start.elapsed().as_secs();
        store.table().tick(seconds);
        if let Some(memory) = &memory {
            memory.controller.tick((memory.resident)());
        }
        if seconds != looked_s {
            looked_s = seconds;
            store.look_at_disk();
        }
    }
}
