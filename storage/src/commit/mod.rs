//! Owns the one write path: latches, the queue of staged edits, groups, fsync, waiting.
//! `latch` keeps writers of a key apart; `queue` orders staged edits; `group` writes them;
//! `log` is the header of every batch; `wait` lets callers wait for a position, `waiters`
//! wakes them; `failed` knows which positions were refused; `databases` is the map that is in
//! force.
//!
//! Invariants:
//! - Only `group` calls `Engine::write`, one group at a time, in staging order.
//! - A group holds whole edits; of the rows of one key in a group only the last is written.
//! - Positions count staged rows; a position is committed when its group is in the WAL (fsynced
//!   under `Fsync::Always`). Where the engine refused a group, positions go on behind it, and those
//!   that failed stay failed.
//! - Lock order: queue state, then a hot-table shard. The leader's scratch is never waited for
//!   while the queue state is held.
//!
//! Must not know: commands, replies. Tests: `storage/tests/commit.rs`, `tests/crash`.

mod databases;
mod failed;
mod group;
pub mod latch;
pub mod log;
mod queue;
pub mod reach;
#[cfg(test)]
mod tests;
mod wait;
mod waiters;

pub use group::Leader;
pub use queue::{CommitQueue, Position, QueuedRow, StagedChange, Staging};

/// When a committed group is fsynced: the meanings of Redis's `appendfsync`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub enum Fsync {
    /// Before anybody is told.
    Always = 0,
    /// Once a second, in the background.
    EverySecond = 1,
    /// When the operating system likes.
    No = 2,
}

impl Fsync {
    pub(crate) fn from_u8(code: u8) -> Fsync {
        match code {
            0 => Fsync::Always,
            2 => Fsync::No,
            _ => Fsync::EverySecond,
        }
    }
}
