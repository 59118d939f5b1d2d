//! Owns the estimate of a cardinality from how often each register value occurs, by the improved
//! raw estimator of O. Ertl, "New cardinality estimation algorithms for HyperLogLog sketches"
//! (arXiv:1702.01284), section 4.
//! Invariants: sums are made in the order that Redis makes them in, so the numbers are equal.
//! Must not know: encodings. Tests: `tests.rs` beside this file, `tests/compat/hyperloglog.rs`.

use super::hash::RANK_BITS;
use super::{REGISTERS, Registers};

/// Values that six bits can have.
const VALUES: usize = 64;
/// 1 / (2 ln 2), the bias correction for infinitely many registers.
const ALPHA_INFINITE: f64 = 0.721_347_520_444_481_7;

/// How many registers have each value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Histogram([u32; VALUES]);

impl Default for Histogram {
    fn default() -> Histogram {
        Histogram([0; VALUES])
    }
}

impl Histogram {
    /// Of registers in bytes of their own.
    pub fn of(registers: &Registers) -> Histogram {
        let mut histogram = Histogram::default();
        for value in registers {
            histogram.add(*value, 1);
        }
        histogram
    }

    /// Counts `count` registers of a value, of which six bits matter.
    #[inline]
    pub fn add(&mut self, value: u8, count: usize) {
        self.0[usize::from(value) % VALUES] += count as u32;
    }

    /// Both together.
    pub(super) fn sum(mut self, other: Histogram) -> Histogram {
        for (count, more) in self.0.iter_mut().zip(other.0) {
            *count += more;
        }
        self
    }

    fn count(&self, value: u32) -> f64 {
        f64::from(self.0[value as usize % VALUES])
    }
}

/// The estimate of how many different elements were added.
pub fn cardinality(histogram: &Histogram) -> u64 {
    let registers = REGISTERS as f64;
    let saturated = histogram.count(RANK_BITS + 1);
    let mut sum = registers * tau((registers - saturated) / registers);
    for value in (1..=RANK_BITS).rev() {
        sum = 0.5 * (sum + histogram.count(value));
    }
    sum += registers * sigma(histogram.count(0) / registers);
    let estimate = (ALPHA_INFINITE * registers * registers / sum).round();
    // Only a forged sketch counts so many. Redis answers with the smallest integer then, as the
    // conversion of a number that is out of range, or infinite, gives it.
    match estimate < i64::MAX as f64 {
        true => estimate as u64,
        false => i64::MIN as u64,
    }
}

/// The part of the sum that zero registers stand for: x + sum of x^(2^k) * 2^(k-1).
fn sigma(mut x: f64) -> f64 {
    if x == 1.0 {
        return f64::INFINITY;
    }
    let (mut weight, mut sum) = (1.0, x);
    loop {
        x *= x;
        let before = sum;
        sum += x * weight;
        weight += weight;
        if sum == before {
            return sum;
        }
    }
}

/// The part of the sum that saturated registers stand for:
/// (1 - x - sum of (1 - x^(2^-k))^2 * 2^-k) / 3.
fn tau(mut x: f64) -> f64 {
    if x == 0.0 || x == 1.0 {
        return 0.0;
    }
    let (mut weight, mut sum) = (1.0, 1.0 - x);
    loop {
        x = x.sqrt();
        let before = sum;
        weight *= 0.5;
        sum -= (1.0 - x) * (1.0 - x) * weight;
        if sum == before {
            return sum / 3.0;
        }
    }
}
