//! Owns where in memory the rows of a shard stand, as it can be asked without the shard's lock.
//! Invariants: it is noted after all that may have moved them; an answer that came too early or too
//! late is a wrong hint, nothing more. Must not know: rows. Tests: below.

use super::rows::Row;
use super::shard::Shard;
use crate::prefetch::prefetch;
use std::sync::atomic::{AtomicPtr, AtomicUsize, Ordering};

/// The place of the array, and the mask that makes a place in it of a hash.
#[derive(Default)]
pub struct Homes {
    array: AtomicPtr<Option<Row>>,
    mask: AtomicUsize,
}

impl Homes {
    /// Learns where the rows are. The caller holds the shard's lock.
    #[inline]
    pub fn note(&self, shard: &Shard) {
        let (array, len) = shard.array();
        if self.array.load(Ordering::Relaxed).cast_const() != array {
            self.array.store(array.cast_mut(), Ordering::Relaxed);
            self.mask.store(len.wrapping_sub(1), Ordering::Relaxed);
        }
    }

    /// Asks for the memory where the row of a hash should be.
    #[inline]
    pub fn prefetch(&self, hash: u64) {
        let array = self.array.load(Ordering::Relaxed);
        let place = hash as usize & self.mask.load(Ordering::Relaxed);
        prefetch(array.wrapping_add(place).cast(), size_of::<Option<Row>>());
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::encoding::record::Record;

    #[test]
    fn rows_that_move_are_followed() {
        const ROWS: u64 = 1000;
        let (homes, mut shard) = (Homes::default(), Shard::new());
        homes.prefetch(7);
        let knows = |homes: &Homes, shard: &Shard| {
            let (array, len) = shard.array();
            homes.array.load(Ordering::Relaxed).cast_const() == array
                && homes.mask.load(Ordering::Relaxed) == len.wrapping_sub(1)
        };
        for hash in 1..=ROWS {
            let record = Record::new(&hash.to_be_bytes(), &[b"v"]);
            shard.stage(hash, &record, false, hash, 0);
            homes.note(&shard);
            assert!(knows(&homes, &shard));
            homes.prefetch(hash);
        }
        for _ in 0..ROWS {
            shard.evict(ROWS, 0);
        }
        shard.shrink();
        assert!(!knows(&homes, &shard));
        homes.note(&shard);
        assert!(knows(&homes, &shard));
    }
}
