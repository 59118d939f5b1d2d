//! Owns the count of looks in vain, after many of which one looks only now and then.
//! Invariants: after [`VAIN`] looks in vain, one turn in [`UNASKED`] + 1 is a look; a look that is
//! worth it makes every turn one again. Must not know: what is looked for. Tests: below.

/// Looks in vain, in a row, after which turns go by without one.
const VAIN: u8 = 16;
/// Turns without a look until one looks again.
const UNASKED: u8 = 16;

/// Looks in vain, in a row.
#[derive(Debug, Default)]
pub struct Streak {
    /// Turns without a find, counted round between `VAIN` and `VAIN + UNASKED`.
    turns: u8,
}

impl Streak {
    /// Whether to look, this turn.
    #[inline]
    pub fn looks(&self) -> bool {
        self.turns < VAIN
    }

    /// A look was worth it.
    #[inline]
    pub fn end(&mut self) {
        self.turns = 0;
    }

    /// A turn has passed without a find, with a look or without.
    #[inline]
    pub fn grow(&mut self) {
        self.turns = match self.turns + 1 {
            turns if turns == VAIN + UNASKED => VAIN - 1,
            turns => turns,
        };
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Turns of which every look, or none, is worth it; gives how many looked.
    fn run(streak: &mut Streak, turns: usize, worth_it: bool) -> usize {
        let mut looked = 0;
        for _ in 0..turns {
            let looks = streak.looks();
            looked += usize::from(looks);
            match looks && worth_it {
                true => streak.end(),
                false => streak.grow(),
            }
        }
        looked
    }

    #[test]
    fn who_looks_in_vain_hardly_looks() {
        let mut streak = Streak::default();
        assert_eq!(run(&mut streak, usize::from(VAIN), false), 16);
        assert!(!streak.looks());
        let looked = run(&mut streak, 1700, false);
        assert_eq!(looked, 100, "once in {} turns", UNASKED + 1);
    }

    #[test]
    fn a_find_is_noticed_within_the_turns_unasked() {
        let mut streak = Streak::default();
        run(&mut streak, 1000, false);
        assert!(run(&mut streak, 1000, true) >= 1000 - usize::from(UNASKED));
        assert_eq!(run(&mut streak, 100, true), 100);
    }
}
