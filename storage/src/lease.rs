//! Owns who is reading now: every view holds a lease with the position at which it began.
//! Invariants: garbage that became so at position p may be destroyed only when no lease is older
//! than p. Must not know: what is read. Tests: below.

use std::cell::Cell;
use std::sync::atomic::{AtomicU64, Ordering};

/// Leases at once, each a cache line. More than a thousand threads need that each hold a few: a
/// reader without a slot spins, and one that holds a lease and waits for another might do so for
/// ever.
const SLOTS: usize = 4096;
const FREE: u64 = 0;

#[repr(align(64))]
struct Slot(AtomicU64);

/// All leases of a store.
pub struct Leases {
    slots: Box<[Slot]>,
}

/// One reader's lease, given back on drop.
pub struct Lease<'l> {
    slot: &'l AtomicU64,
}

thread_local! {
    /// Where this thread found a free slot last time; threads settle on slots of their own.
    static HINT: Cell<usize> = const { Cell::new(usize::MAX) };
}

impl Default for Leases {
    fn default() -> Leases {
        Leases {
            slots: (0..SLOTS).map(|_| Slot(AtomicU64::new(FREE))).collect(),
        }
    }
}

impl Leases {
    /// Begins a lease at `position`. More readers than slots wait for one to end.
    #[inline]
    pub fn begin(&self, position: u64) -> Lease<'_> {
        let hint = HINT.with(Cell::get);
        let first = if hint == usize::MAX {
            thread_hint()
        } else {
            hint
        };
        for step in 0.. {
            let index = (first + step) % SLOTS;
            if let Some(Slot(slot)) = self.slots.get(index)
                && slot
                    .compare_exchange(FREE, position + 1, Ordering::SeqCst, Ordering::Relaxed)
                    .is_ok()
            {
                if index != hint {
                    HINT.with(|cell| cell.set(index));
                }
                return Lease { slot };
            }
            if step % SLOTS == SLOTS - 1 {
                std::thread::yield_now();
            }
        }
        unreachable!("the search for a slot does not end without one")
    }

    /// The position at which the oldest reader began, or `u64::MAX` without readers.
    pub fn oldest(&self) -> u64 {
        let held = self
            .slots
            .iter()
            .map(|Slot(slot)| slot.load(Ordering::SeqCst));
        held.filter(|&value| value != FREE)
            .map(|value| value - 1)
            .min()
            .unwrap_or(u64::MAX)
    }
}

fn thread_hint() -> usize {
    static NEXT: AtomicU64 = AtomicU64::new(0);
    NEXT.fetch_add(7, Ordering::Relaxed) as usize % SLOTS
}

impl Drop for Lease<'_> {
    #[inline]
    fn drop(&mut self) {
        self.slot.store(FREE, Ordering::Release);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_oldest_lease_counts() {
        let leases = Leases::default();
        assert_eq!(leases.oldest(), u64::MAX);
        let old = leases.begin(5);
        let young = leases.begin(9);
        assert_eq!(leases.oldest(), 5);
        drop(old);
        assert_eq!(leases.oldest(), 9);
        drop(young);
        assert_eq!(leases.oldest(), u64::MAX);
    }

    #[test]
    fn position_zero_is_held_too() {
        let leases = Leases::default();
        let _lease = leases.begin(0);
        assert_eq!(leases.oldest(), 0);
    }
    #[test]
    fn a_thousand_threads_hold_three_leases_each() {
        let leases = Leases::default();
        let held: Vec<_> = (1..=3 * 1200).map(|n| leases.begin(n)).collect();
        assert_eq!(leases.oldest(), 1);
        drop(held);
        assert_eq!(leases.oldest(), u64::MAX);
    }
}
