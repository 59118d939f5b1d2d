//! Owns a guess about one connection: whether others of its thread have requests at hand.
//! Invariants: a wrong guess costs time, never an answer; a connection that has been alone finds
//! out again every few replies. Must not know: sockets, commands. Tests: below.
//!
//! A send wakes its client. If every connection sends as soon as it has replies, a client of many
//! connections falls asleep between any two of them, and each send pays for waking it. So those
//! with requests at hand run first, and then all send, which finds the client awake.

use std::cell::Cell;

/// Times in a row alone, after which a connection no longer looks.
const ALONE: u8 = 16;
/// Sends without a look until one looks again.
const UNASKED: u8 = 16;

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
    /// Times in a row alone, counted round between `ALONE` and `ALONE + UNASKED`.
    alone: u8,
}

impl Company {
    /// Lets the thread's other connections run what they have at hand, unless there seem to be
    /// none.
    #[inline]
    pub async fn give_way(&mut self) {
        if self.expects_others() {
            let before = BEGUN.get();
            tokio::task::yield_now().await;
            self.note(BEGUN.get() != before);
        }
    }

    #[inline]
    fn expects_others(&mut self) -> bool {
        if self.alone <= ALONE {
            return true;
        }
        self.alone += 1;
        if self.alone > ALONE + UNASKED {
            self.alone = ALONE;
        }
        false
    }

    #[inline]
    fn note(&mut self, others: bool) {
        self.alone = if others { 0 } else { self.alone + 1 };
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Sends, in all of which others had requests or none; gives how many of them looked.
    fn run(company: &mut Company, sends: usize, others: bool) -> usize {
        let mut looked = 0;
        for _ in 0..sends {
            if company.expects_others() {
                looked += 1;
                company.note(others);
            }
        }
        looked
    }

    #[test]
    fn who_is_alone_hardly_looks() {
        let mut company = Company::default();
        assert_eq!(run(&mut company, usize::from(ALONE) + 1, false), 17);
        let looked = run(&mut company, 1700, false);
        assert_eq!(looked, 100, "once in {} sends", UNASKED + 1);
    }

    #[test]
    fn company_is_noticed() {
        let mut company = Company::default();
        run(&mut company, 1000, false);
        assert!(run(&mut company, 1000, true) >= 1000 - usize::from(UNASKED));
        assert_eq!(run(&mut company, 100, true), 100);
    }

    #[tokio::test]
    async fn others_run_before_who_gives_way() {
        let other = tokio::spawn(async {
            begin();
            BEGUN.get()
        });
        let mut company = Company { alone: 5 };
        company.give_way().await;
        assert!(other.is_finished() && company.alone == 0);
        company.give_way().await;
        assert_eq!(company.alone, 1);
    }
}
