//! Owns how long commands took, as a histogram of fixed size.
//! Invariants: recording is one relaxed addition; a time is known to a sixteenth of itself.
//! Must not know: commands, replies. Tests: below.

use std::array;
use std::sync::atomic::{AtomicU64, Ordering};

/// Times above this many nanoseconds count as this, as in Redis.
const NANOSECONDS_MAX: u64 = 1_000_000_000;
/// Each doubling of the time is cut into 2^SUB_BITS buckets.
const SUB_BITS: u32 = 4;
const BUCKETS: usize = bucket_of(NANOSECONDS_MAX) + 1;
/// The first of the times, each twice the one before, that LATENCY HISTOGRAM counts up to.
const FIRST_DOUBLING: u64 = 1024;

/// Counts of times by their length.
#[derive(Debug)]
pub struct Histogram {
    counts: [AtomicU64; BUCKETS],
}

impl Default for Histogram {
    fn default() -> Histogram {
        Histogram {
            counts: array::from_fn(|_| AtomicU64::new(0)),
        }
    }
}

const fn bucket_of(nanoseconds: u64) -> usize {
    if nanoseconds < 1 << SUB_BITS {
        return nanoseconds as usize;
    }
    let shift = nanoseconds.ilog2() - SUB_BITS;
    let sub = (nanoseconds >> shift) & ((1 << SUB_BITS) - 1);
    ((shift as usize + 1) << SUB_BITS) + sub as usize
}

/// The longest time of a bucket, nanoseconds.
fn longest(bucket: usize) -> u64 {
    let sub = bucket as u64 & ((1 << SUB_BITS) - 1);
    match (bucket >> SUB_BITS).checked_sub(1) {
        None => sub,
        Some(shift) => ((sub + (1 << SUB_BITS) + 1) << shift) - 1,
    }
}

impl Histogram {
    /// Counts a time.
    #[inline]
    pub fn record(&self, nanoseconds: u64) {
        let bucket = bucket_of(nanoseconds.min(NANOSECONDS_MAX));
        if let Some(count) = self.counts.get(bucket) {
            count.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// Times counted.
    pub fn total(&self) -> u64 {
        self.counts().sum()
    }

    fn counts(&self) -> impl Iterator<Item = u64> {
        self.counts
            .iter()
            .map(|count| count.load(Ordering::Relaxed))
    }

    /// The time, in nanoseconds, that `percent` of 100 of all did not exceed; 0 of none.
    pub fn percentile(&self, percent: f64) -> u64 {
        let total = self.total();
        let rank = ((percent / 100.0 * total as f64).ceil() as u64).clamp(1, total.max(1));
        let mut seen = 0;
        for (bucket, count) in self.counts().enumerate() {
            seen += count;
            if seen >= rank {
                return longest(bucket);
            }
        }
        0
    }

    /// Microseconds, and how many times were not longer, for each doubling that adds some. The
    /// microseconds are those that Redis's own histogram names.
    pub fn doublings(&self) -> Vec<(u64, u64)> {
        let counts: Vec<u64> = self.counts().collect();
        let total: u64 = counts.iter().sum();
        let (mut rows, mut before, mut limit) = (Vec::new(), 0, FIRST_DOUBLING);
        while before < total {
            let within = counts.get(..bucket_of(limit)).unwrap_or(&counts);
            let count = within.iter().sum();
            if count > before {
                rows.push(((limit + limit / 128 - 1) / 1000, count));
            }
            before = count;
            limit *= 2;
        }
        rows
    }

    /// Forgets all.
    pub fn reset(&self) {
        for count in &self.counts {
            count.store(0, Ordering::Relaxed);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn buckets_follow_each_other_without_gaps() {
        for bucket in 0..BUCKETS - 1 {
            assert_eq!(bucket_of(longest(bucket)), bucket);
            assert_eq!(bucket_of(longest(bucket) + 1), bucket + 1);
        }
    }

    #[test]
    fn percentiles_are_within_a_sixteenth() {
        let histogram = Histogram::default();
        (1..=1000).for_each(|n| histogram.record(n * 1000));
        for (percent, expected) in [(0.0, 1000), (50.0, 500_000), (99.0, 990_000)] {
            let found = histogram.percentile(percent);
            assert!(
                (expected..=expected + expected / 16).contains(&found),
                "{found}"
            );
        }
        assert_eq!(histogram.total(), 1000);
        histogram.record(u64::MAX);
        assert!(histogram.percentile(100.0) >= NANOSECONDS_MAX);
        histogram.reset();
        assert_eq!(histogram.percentile(50.0), 0);
    }

    #[test]
    fn doublings_add_up_and_are_named_as_in_redis() {
        let histogram = Histogram::default();
        for nanoseconds in [500, 1500, 1600, 30_000, 1_000_000_000] {
            histogram.record(nanoseconds);
        }
        assert_eq!(
            histogram.doublings(),
            [(1, 1), (2, 3), (33, 4), (1_082_130, 5)]
        );
    }
}
