//! Owns the question whether a row read from disk may push another out of a full shard.
//! Invariants: a row is admitted on its second request among the last few thousand; a scan over
//! cold data passes through without leaving a trace in the table.
//! Tests: `hot/tests.rs`.

/// Remembered requests per shard.
const SEEN: usize = 4096;

/// Fingerprints of rows that were asked for and not here.
pub struct Doorkeeper {
    seen: Box<[u16]>,
}

impl Doorkeeper {
    pub fn new() -> Doorkeeper {
        Doorkeeper {
            seen: vec![0; SEEN].into_boxed_slice(),
        }
    }

    /// Whether this hash was asked about recently; remembers it.
    pub fn admits(&mut self, hash: u64) -> bool {
        let fingerprint = (hash >> 24) as u16 | 1;
        let Some(slot) = self.seen.get_mut(hash as usize % SEEN) else {
            return true;
        };
        let known = *slot == fingerprint;
        *slot = fingerprint;
        known
    }
}
