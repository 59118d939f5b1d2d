//! Owns the threads on which commands may wait for the disk.
//! Invariants: bounded threads, unbounded line (each connection has at most one job in it); no job
//! is left in line beside a thread that sleeps; a job that panics costs its command an error, not
//! the thread. Must not know: what jobs do. Tests: below.
//!
//! To call a sleeping thread costs two system calls and a thread switch, as much as the reading of
//! a block. So a job is put in line first, and threads are called when the other tasks of the
//! caller's thread that are ready have run: by then a thread that came back from the disk has
//! mostly taken it, and the first of several callers calls for all.

use parking_lot::{Condvar, Mutex};
use std::collections::VecDeque;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::task::Poll;
use tokio::sync::oneshot;

type Job = Box<dyn FnOnce() + Send>;

#[derive(Default)]
struct Line {
    jobs: VecDeque<Job>,
    /// Threads that sleep, and those that are called and not awake yet.
    idle: usize,
    /// Of the idle ones, how many are called.
    called: usize,
    closed: bool,
}

impl Line {
    /// How many more threads to call, counted as called.
    fn call(&mut self) -> usize {
        let wanted = self.jobs.len().min(self.idle);
        let more = wanted.saturating_sub(self.called);
        self.called += more;
        more
    }
}

#[derive(Default)]
struct Shared {
    line: Mutex<Line>,
    wake: Condvar,
}

impl Shared {
    fn call_threads(&self) {
        let more = self.line.lock().call();
        for _ in 0..more {
            self.wake.notify_one();
        }
    }
}

/// The pool; dropping it ends the threads once the line is empty.
pub struct ReadPool {
    shared: Arc<Shared>,
}

/// The job did not come to an end: it panicked, or the pool is closing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct JobLost;

/// Calls threads when it is dropped, so also for a caller that is given up while it steps aside.
struct CallThreads<'p>(&'p Shared);

impl Drop for CallThreads<'_> {
    fn drop(&mut self) {
        self.0.call_threads();
    }
}

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
        self.shared.line.lock().jobs.push_back(job);
        let call = CallThreads(&self.shared);
        step_aside().await;
        drop(call);
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

/// Lets the tasks that are ready now run first. Unlike tokio's `yield_now` it does not wait for
/// the sockets to be asked.
async fn step_aside() {
    let mut aside = false;
    std::future::poll_fn(|context| {
        if aside {
            return Poll::Ready(());
        }
        aside = true;
        context.waker().wake_by_ref();
        Poll::Pending
    })
    .await
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
                line.idle += 1;
                shared.wake.wait(&mut line);
                line.idle -= 1;
                line.called = line.called.saturating_sub(1);
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
    use std::future::Future;

    #[test]
    fn threads_are_called_for_jobs_that_nobody_takes_and_once() {
        let mut line = Line {
            idle: 3,
            ..Line::default()
        };
        assert_eq!(line.call(), 0, "nothing to do");
        line.jobs.push_back(Box::new(|| ()));
        line.jobs.push_back(Box::new(|| ()));
        assert_eq!(line.call(), 2);
        assert_eq!(line.call(), 0, "both are on their way");
        line.jobs.extend((0..8).map(|_| Box::new(|| ()) as Job));
        assert_eq!(line.call(), 1, "the last one that sleeps");
    }

    #[test]
    fn many_callers_all_get_their_answers() {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .build()
            .unwrap();
        let pool = Arc::new(ReadPool::start(3).unwrap());
        runtime.block_on(async {
            for _ in 0..50 {
                let callers: Vec<_> = (0..20)
                    .map(|n| {
                        let pool = Arc::clone(&pool);
                        tokio::spawn(async move { pool.run(move || n).await })
                    })
                    .collect();
                for (n, caller) in callers.into_iter().enumerate() {
                    assert_eq!(caller.await.unwrap(), Ok(n));
                }
            }
        });
    }

    #[test]
    fn the_job_of_a_caller_that_is_given_up_runs() {
        let pool = ReadPool::start(1).unwrap();
        let (sender, receiver) = std::sync::mpsc::sync_channel(1);
        let mut run = Box::pin(pool.run(move || sender.send(7)));
        let mut context = std::task::Context::from_waker(std::task::Waker::noop());
        assert!(run.as_mut().poll(&mut context).is_pending());
        drop(run);
        assert_eq!(receiver.recv(), Ok(7));
    }

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
