//! Owns the latches of keys that a command finds only while it runs (SORT's patterns).
//! Invariants: a command that needs more than it holds gives up, and runs again from the start with
//! all it was found to need, taken at once and in order; so nobody waits while holding.
//! Must not know: commands. Tests: below, and `tests/commands/sort.rs`.

use super::latch::stripe_of;
use std::cell::RefCell;

/// Shared latches beyond those of the command's own keys: held ones, and missing ones.
#[derive(Debug, Default)]
pub struct Reach {
    /// Ascending.
    held: Vec<u32>,
    missing: RefCell<Vec<u32>>,
}

impl Reach {
    /// A reach of these stripes.
    pub fn of(mut stripes: Vec<u32>) -> Reach {
        stripes.sort_unstable();
        stripes.dedup();
        Reach {
            held: stripes,
            missing: RefCell::default(),
        }
    }

    /// Whether several rows of a key may be read; if not, it is noted as missing.
    pub fn covers(&self, key_hash: u64) -> bool {
        let stripe = stripe_of(key_hash);
        if self.held.binary_search(&stripe).is_ok() {
            return true;
        }
        let mut missing = self.missing.borrow_mut();
        if !missing.contains(&stripe) {
            missing.push(stripe);
        }
        false
    }

    /// Whether something was missing.
    pub fn is_short(&self) -> bool {
        !self.missing.borrow().is_empty()
    }

    /// The stripes held.
    pub fn held(&self) -> &[u32] {
        &self.held
    }

    /// What is needed in all: held and missing stripes.
    pub fn needed(&self) -> Vec<u32> {
        let mut needed = self.held.clone();
        needed.extend_from_slice(&self.missing.borrow());
        needed
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_missing_is_held_the_next_time() {
        let reach = Reach::default();
        let (one, other) = (7 << 16, 9 << 16);
        assert!(!reach.is_short());
        assert!(!reach.covers(one) && !reach.covers(other) && !reach.covers(one));
        assert!(reach.is_short());
        let wider = Reach::of(reach.needed());
        assert_eq!(wider.held(), [7, 9]);
        assert!(wider.covers(one) && wider.covers(other));
        assert!(!wider.is_short());
    }
}
