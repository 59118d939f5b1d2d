//! Owns the threads on which commands may wait for the disk.
//! Invariants: bounded threads, unbounded line (each connection has at most one job in it); a job
//! that panics costs its command an error, not the thread. Must not know: what jobs do.
//! Tests: below.

use parking_lot::{Condvar, Mutex};
use std::collections::VecDeque;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use tokio::sync::oneshot;

type Job = Box<dyn FnOnce() + Send>;

#[derive(Default)]
struct Line {
    jobs: VecDeque<Job>,
    closed: bool,
}

#[derive(Default)]
struct Shared {
    line: Mutex<Line>,
    wake: Condvar,
}

/// The pool; dropping it ends the threads once the line is empty.
pub struct ReadPool {
    shared: Arc<Shared>,
}

/// The job did not come to an end: it panicked, or the pool is closing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct JobLost;

impl ReadPool {
    /// Starts `threads` threads.
    pub fn start(threads: usize) -> std::io::Result<ReadPool> {
        let shared = Arc::new(Shared::default());
        for n in 0..threads.max(1) {
            let shared = Arc::clone(&shared);
            std::thread::Builder::new()
                .name(format!("read-{n}"))
                .spawn(move || work(&shared))?;
        }
        Ok(ReadPool { shared })
    }

    /// Runs a job on one of the threads.
    pub async fn run<T: Send + 'static>(
        &self,
        job: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T, JobLost> {
        let (sender, receiver) = oneshot::channel();
        let job: Job = Box::new(move || {
            // A receiver that is gone is a connection that is gone.
            drop(sender.send(job()));
        });
        {
            let mut line = self.shared.line.lock();
            line.jobs.push_back(job);
        }
        self.shared.wake.notify_one();
        receiver.await.map_err(|_| JobLost)
    }

    /// Jobs waiting for a thread.
    pub fn waiting(&self) -> usize {
        self.shared.line.lock().jobs.len()
    }
}

impl Drop for ReadPool {
    fn drop(&mut self) {
        self.shared.line.lock().closed = true;
        self.shared.wake.notify_all();
    }
}

fn work(shared: &Shared) {
    loop {
        let job = {
            let mut line = shared.line.lock();
            loop {
                if let Some(job) = line.jobs.pop_front() {
                    break job;
                }
                if line.closed {
                    return;
                }
                shared.wake.wait(&mut line);
            }
        };
        if catch_unwind(AssertUnwindSafe(job)).is_err() {
            tracing::error!("a command panicked; its client gets an error");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn jobs_run_and_a_panic_costs_only_its_own() {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .build()
            .unwrap();
        let pool = ReadPool::start(1).unwrap();
        runtime.block_on(async {
            assert_eq!(pool.run(|| 1 + 1).await, Ok(2));
            let lost: Result<(), JobLost> = pool.run(|| panic!("on purpose")).await;
            assert_eq!(lost, Err(JobLost));
            assert_eq!(pool.run(|| 3).await, Ok(3));
        });
        assert_eq!(pool.waiting(), 0);
    }
}
