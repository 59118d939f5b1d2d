//! Owns the random numbers of one command.
//! Invariants: a command that runs again, because it needs the disk or more latches, gets the same
//! numbers as before. Must not know: what is drawn. Tests: below.
//!
//! With new numbers at each run what is in memory would be drawn too often: a draw that it does
//! not hold would be given up, and the next one might hit what it does hold.

use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use std::cell::Cell;

/// The seed, which is chosen when the first number is asked for.
#[derive(Debug, Default)]
pub struct Draws(Cell<Option<u64>>);

impl Draws {
    /// Those of a command that ran before, or of a new one.
    pub fn again(seed: Option<u64>) -> Draws {
        Draws(Cell::new(seed))
    }

    /// What [`Draws::again`] needs; `None` if nothing was drawn.
    pub fn seed(&self) -> Option<u64> {
        self.0.get()
    }

    /// The numbers, from the first on.
    pub fn random(&self) -> StdRng {
        let seed = self.0.get().unwrap_or_else(|| rand::rng().random());
        self.0.set(Some(seed));
        StdRng::seed_from_u64(seed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_second_run_draws_the_same_and_another_command_something_else() {
        let numbers = |draws: &Draws| -> [u64; 4] { draws.random().random() };
        let first = Draws::default();
        assert_eq!(first.seed(), None);
        let drawn = numbers(&first);
        assert_eq!(numbers(&Draws::again(first.seed())), drawn);
        assert_ne!(numbers(&Draws::default()), drawn);
    }
}
