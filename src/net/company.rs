//! Owns a guess about one connection: whether others of its thread have requests at hand.
//! Invariants: a wrong guess costs time, never an answer; a connection that has been alone finds
//! out again every few replies. Must not know: sockets, commands. Tests: below.
//!
//! A send wakes its client. If every connection sends as soon as it has replies, a client of many
//! connections falls asleep between any two of them, and each send pays for waking it. So those
//! with requests at hand run first, and then all send, which finds the client awake.

use crate::session::Streak;
use std::cell::Cell;

thread_local! {
    /// Buffers of requests that this thread's connections have begun with.
    static BEGUN: Cell<u64> = const { Cell::new(0) };
}

/// Notes that a connection of this thread begins with a buffer of requests.
#[inline]
pub fn begin() {
    BEGUN.set(BEGUN.get().wrapping_add(1));
}

/// The guess.
#[derive(Debug, Default)]
pub struct Company {
    /// Sends in a row at which nobody else had requests.
    alone: Streak,
}

impl Company {
    /// Lets the thread's other connections run what they have at hand, unless there seem to be
    /// none.
    #[inline]
    pub async fn give_way(&mut self) {
        let before = BEGUN.get();
        if self.alone.looks() {
            tokio::task::yield_now().await;
        }
        match BEGUN.get() == before {
            true => self.alone.grow(),
            false => self.alone.end(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Lets another task begin with requests, and gives way; gives whether it ran meanwhile.
    async fn others_run(company: &mut Company) -> bool {
        let other = tokio::spawn(async { begin() });
        company.give_way().await;
        let ran = other.is_finished();
        other.await.unwrap();
        ran
    }

    #[tokio::test]
    async fn others_run_before_who_gives_way() {
        let mut company = Company::default();
        assert!(others_run(&mut company).await);
        for _ in 0..20 {
            company.give_way().await;
        }
        assert!(!others_run(&mut company).await, "who is alone goes on");
    }

    #[tokio::test]
    async fn company_is_noticed_by_who_was_alone() {
        let mut company = Company::default();
        for _ in 0..20 {
            company.give_way().await;
        }
        let mut turns = 0;
        while !others_run(&mut company).await {
            turns += 1;
        }
        assert!(turns <= 16, "{turns} sends before anybody was noticed");
        assert!(others_run(&mut company).await);
    }
}
