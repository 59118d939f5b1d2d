//! Owns waiting for a position: by futures on threads that serve others, by blocking elsewhere.
//! Invariants: a waiter registers before it tries to lead, and a leader wakes after it has let go,
//! so one of the two always goes on; a waiter of an undone position learns the error.
//! Tests: `storage/tests/commit.rs`.

use super::group::{Fsyncs, Leader, Led};
use super::queue::{CommitQueue, Position};
use crate::error::{Result, StorageError};
use std::sync::Arc;
use std::task::{Context, Poll, Wake, Waker};

impl CommitQueue {
    /// `Some` once the fate of `position` is known.
    #[inline]
    fn settled(&self, position: Position) -> Option<Result<()>> {
        // In this order: a failure is noted before anything behind it is committed.
        let committed = self.committed();
        if let Some(error) = self.failed.error(position) {
            return Some(Err(error));
        }
        if committed >= position {
            return Some(Ok(()));
        }
        self.poison().map(Err)
    }

    /// Whether anything that was staged since start has failed.
    #[inline]
    pub fn any_failed(&self) -> bool {
        self.failed.any()
    }

    /// Why what was staged at `position` will not be committed, if that is so.
    #[inline]
    pub fn failure(&self, position: Position) -> Option<StorageError> {
        self.failed.error(position)
    }

    /// The position that stands for two things one reply depends on, one of which was there before
    /// the other: the later one, unless the earlier has failed.
    #[inline]
    pub fn later(&self, earlier: Position, later: Position) -> Position {
        if later <= earlier || self.failed.error(earlier).is_some() {
            earlier
        } else {
            later
        }
    }

    /// The body of a task that makes waking the waiters of its thread cheap; it never ends. For
    /// runtimes of one thread.
    pub async fn relay_wakes(&self) {
        self.waiters.relay().await
    }
}

impl Leader {
    /// Commits everything staged on this thread if nobody else is at it, without waiting for
    /// throttled writes or for the disk. Callers then wait with [`Leader::wait`].
    pub fn commit_now(&self) {
        self.commit(self.queue().staged(), Fsyncs::Committer);
    }

    /// Leads groups until `position` is committed. What others stage meanwhile is left to them: a
    /// background thread would else go on leading under load, at the price of moving every row to
    /// its processor.
    fn commit(&self, position: Position, fsyncs: Fsyncs) {
        while self.queue().committed() < position {
            match self.try_lead(fsyncs) {
                Led::Group => {}
                Led::Busy | Led::Nothing => return,
            }
        }
    }

    /// Waits until `position` is committed, leading groups where nobody else does. The thread
    /// itself never waits for the disk.
    pub async fn wait(&self, position: Position) -> Result<()> {
        let wait = |context: &mut Context<'_>| self.poll_wait(position, context, Fsyncs::Committer);
        std::future::poll_fn(wait).await
    }

    /// The same, except that under `Fsync::Always` this thread writes and fsyncs small groups
    /// itself. That saves two hand-overs between threads, and holds up whatever else the thread
    /// would serve for as long as an fsync takes.
    pub async fn wait_fsyncing(&self, position: Position) -> Result<()> {
        let wait = |context: &mut Context<'_>| self.poll_wait(position, context, Fsyncs::Here);
        std::future::poll_fn(wait).await
    }

    /// The same for threads that may block.
    pub fn wait_blocking(&self, position: Position) -> Result<()> {
        let waker = Waker::from(Arc::new(ThreadWaker(std::thread::current())));
        let mut context = Context::from_waker(&waker);
        loop {
            match self.poll_wait(position, &mut context, Fsyncs::Committer) {
                Poll::Ready(result) => return result,
                Poll::Pending => std::thread::park(),
            }
        }
    }

    fn poll_wait(
        &self,
        position: Position,
        context: &mut Context<'_>,
        fsyncs: Fsyncs,
    ) -> Poll<Result<()>> {
        if let Some(result) = self.queue().settled(position) {
            return Poll::Ready(result);
        }
        self.queue().waiters.register(context.waker());
        self.commit(position, fsyncs);
        match self.queue().settled(position) {
            Some(result) => Poll::Ready(result),
            None => Poll::Pending,
        }
    }
}

struct ThreadWaker(std::thread::Thread);

impl Wake for ThreadWaker {
    fn wake(self: Arc<Self>) {
        self.0.unpark();
    }
}
