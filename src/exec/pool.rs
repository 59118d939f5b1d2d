//! Owns the threads on which commands may wait for the disk.
//! Invariants: bounded threads, unbounded line (each connection has at most one job in it); no job
//! is left in line beside a thread that sleeps; a job that panics costs its command an error, not
//! the thread. Must not know: what jobs do. Tests: below.
//!
//! To call a sleeping thread costs two system calls and a thread switch, as much as the reading of
//! a block. So a job is put in line first, and threads are called when the other tasks of the
//! caller's thread that are ready have run: by then a thread that came back from the disk has
//! mostly taken it, and the first of several callers calls for all.
//!
//! A read that comes alone goes to a thread that gives way to all others, so that a client of cold
//! data does not cost those of hot data their turns. Where more reads come, the usual threads take
//! them: one that gives way would be late for each of them.

use super::priority;
use parking_lot::{Condvar, Mutex};
use std::collections::VecDeque;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::task::Poll;
use tokio::sync::oneshot;

type Work = Box<dyn FnOnce() + Send>;

struct Job {
    work: Work,
    kind: Kind,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    /// Reads a few rows and changes nothing.
    Read,
    /// May take long, and may hold what others need.
    Other,
}

#[derive(Default)]
struct Line {
    jobs: VecDeque<Job>,
    /// Jobs that threads are at.
    running: usize,
    /// Usual threads that sleep, and those that are called and not awake yet.
    idle: usize,
    /// Of the idle ones, how many are called.
    called: usize,
    /// The thread that gives way sleeps and is not called.
    gentle_idle: bool,
    closed: bool,
}

/// Whom to call.
#[derive(Debug, PartialEq, Eq)]
enum Call {
    Gentle,
    Usual(usize),
}

impl Line {
    /// Decides who is called for what stands in line, and counts them as called.
    fn call(&mut self) -> Call {
        let alone = self.jobs.len() == 1 && self.running == 0 && self.called == 0;
        if alone && self.gentle_idle && self.jobs[0].kind == Kind::Read {
            self.gentle_idle = false;
            return Call::Gentle;
        }
        let wanted = self.jobs.len().min(self.idle);
        let more = wanted.saturating_sub(self.called);
        self.called += more;
        Call::Usual(more)
    }
}

#[derive(Default)]
struct Shared {
    line: Mutex<Line>,
    usual: Condvar,
    gentle: Condvar,
}

impl Shared {
    fn call_threads(&self) {
        let call = self.line.lock().call();
        let more = match call {
            Call::Gentle => {
                self.gentle.notify_one();
                return;
            }
            Call::Usual(more) => more,
        };
        for _ in 0..more {
            self.usual.notify_one();
        }
    }

    /// The next job, waited for; none when the pool has closed. `ended` jobs of the caller are
    /// over.
    fn next(&self, ended: usize, gentle: bool) -> Option<Work> {
        let mut line = self.line.lock();
        line.running -= ended;
        loop {
            if let Some(job) = line.jobs.pop_front() {
                line.running += 1;
                return Some(job.work);
            }
            if line.closed {
                return None;
            }
            if gentle {
                line.gentle_idle = true;
                self.gentle.wait(&mut line);
                line.gentle_idle = false;
            } else {
                line.idle += 1;
                self.usual.wait(&mut line);
                line.idle -= 1;
                line.called = line.called.saturating_sub(1);
            }
        }
    }

    fn work(&self, gentle: bool) {
        let mut ended = 0;
        while let Some(work) = self.next(ended, gentle) {
            if catch_unwind(AssertUnwindSafe(work)).is_err() {
                tracing::error!("a command panicked; its client gets an error");
            }
            ended = 1;
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
    /// Starts `threads` threads, and the one for reads that are alone.
    pub fn start(threads: usize) -> std::io::Result<ReadPool> {
        let shared = Arc::new(Shared::default());
        let start = |name: String, gentle: bool| {
            let shared = Arc::clone(&shared);
            let body = move || {
                if gentle && !priority::give_way() {
                    tracing::debug!("the kernel knows no thread that gives way");
                }
                shared.work(gentle);
            };
            std::thread::Builder::new().name(name).spawn(body).map(drop)
        };
        for n in 0..threads.max(1) {
            start(format!("read-{n}"), false)?;
        }
        start("read-alone".to_owned(), true)?;
        Ok(ReadPool { shared })
    }

    /// Runs a job on one of the threads.
    pub async fn run<T: Send + 'static>(
        &self,
        job: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T, JobLost> {
        self.run_as(Kind::Other, job).await
    }

    /// Runs a job that reads a few rows and changes nothing.
    pub async fn read<T: Send + 'static>(
        &self,
        job: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T, JobLost> {
        self.run_as(Kind::Read, job).await
    }

    async fn run_as<T: Send + 'static>(
        &self,
        kind: Kind,
        job: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T, JobLost> {
        let (sender, receiver) = oneshot::channel();
        let work: Work = Box::new(move || {
            // A receiver that is gone is a connection that is gone.
            drop(sender.send(job()));
        });
        self.shared.line.lock().jobs.push_back(Job { work, kind });
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
        self.shared.usual.notify_all();
        self.shared.gentle.notify_all();
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

#[cfg(test)]
mod tests {
    use super::*;
    use std::future::Future;
    use std::time::{Duration, Instant};

    fn jobs(kind: Kind) -> impl Iterator<Item = Job> {
        std::iter::repeat_with(move || Job {
            work: Box::new(|| ()),
            kind,
        })
    }

    #[test]
    fn threads_are_called_for_jobs_that_nobody_takes_and_once() {
        let mut line = Line {
            idle: 3,
            ..Line::default()
        };
        assert_eq!(line.call(), Call::Usual(0), "nothing to do");
        line.jobs.extend(jobs(Kind::Read).take(2));
        assert_eq!(line.call(), Call::Usual(2));
        assert_eq!(line.call(), Call::Usual(0), "both are on their way");
        line.jobs.extend(jobs(Kind::Read).take(8));
        assert_eq!(line.call(), Call::Usual(1), "the last one that sleeps");
    }

    #[test]
    fn only_a_read_that_is_alone_goes_to_the_thread_that_gives_way() {
        let with = |kind, count, running| {
            let mut line = Line {
                idle: 3,
                running,
                gentle_idle: true,
                ..Line::default()
            };
            line.jobs.extend(jobs(kind).take(count));
            line
        };
        let mut line = with(Kind::Read, 1, 0);
        assert_eq!(line.call(), Call::Gentle);
        // Another comes before the first is taken: usual threads are called for both, since the
        // one that is called may be late.
        line.jobs.extend(jobs(Kind::Read).take(1));
        assert_eq!(line.call(), Call::Usual(2));
        assert_eq!(with(Kind::Read, 2, 0).call(), Call::Usual(2));
        assert_eq!(with(Kind::Read, 1, 1).call(), Call::Usual(1));
        assert_eq!(with(Kind::Other, 1, 0).call(), Call::Usual(1));
    }

    #[test]
    fn reads_that_are_alone_and_others_all_run() {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .build()
            .unwrap();
        let pool = Arc::new(ReadPool::start(1).unwrap());
        let name = || std::thread::current().name().map(str::to_owned);
        runtime.block_on(async {
            let mut gentle = false;
            let deadline = Instant::now() + Duration::from_secs(60);
            let mut n = 0;
            // A thread that gives way may be long in starting on a busy machine.
            while n < 200 || (!gentle && Instant::now() < deadline) {
                assert_eq!(pool.read(move || n).await, Ok(n));
                let thread = pool.read(name).await.unwrap();
                gentle |= thread.as_deref() == Some("read-alone");
                assert_eq!(pool.run(move || n).await, Ok(n));
                n += 1;
            }
            assert!(gentle, "no read was given to the thread for it");
            let lost: Result<(), JobLost> = pool.read(|| panic!("on purpose")).await;
            assert_eq!(lost, Err(JobLost));
            assert_eq!(pool.read(|| 3).await, Ok(3));
        });
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
