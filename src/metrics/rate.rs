//! Owns per-second rates of growing counters, as INFO reports them.
//! Invariants: one thread samples, many read; a rate is the mean over the last samples.
//! Must not know: what is counted. Tests: below.

use parking_lot::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};

/// Samples that a rate is the mean of.
const SAMPLES: usize = 8;

/// The rate of one counter.
#[derive(Debug, Default)]
pub struct Rate {
    window: Mutex<Window>,
    per_second: AtomicU64,
}

#[derive(Debug, Default)]
struct Window {
    /// Of the last sample: time in ms, and the counter.
    last: Option<(u64, u64)>,
    rates: [u64; SAMPLES],
    at: usize,
}

impl Rate {
    /// Takes the counter's value at a time.
    pub fn sample(&self, now_ms: u64, counter: u64) {
        let mut window = self.window.lock();
        let last = window.last.replace((now_ms, counter));
        let Some((then_ms, before)) = last else {
            return;
        };
        let spent_ms = now_ms.saturating_sub(then_ms).max(1);
        // A counter that was set to zero meanwhile has grown by nothing.
        let rate = counter.saturating_sub(before) * 1000 / spent_ms;
        let at = window.at;
        if let Some(place) = window.rates.get_mut(at) {
            *place = rate;
        }
        window.at = (at + 1) % SAMPLES;
        let mean = window.rates.iter().sum::<u64>() / SAMPLES as u64;
        self.per_second.store(mean, Ordering::Relaxed);
    }

    /// The mean, per second.
    pub fn per_second(&self) -> u64 {
        self.per_second.load(Ordering::Relaxed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_steady_counter_has_its_rate_and_a_reset_is_no_growth() {
        let rate = Rate::default();
        for n in 0..=SAMPLES as u64 {
            rate.sample(1000 + n * 250, n * 100);
        }
        assert_eq!(rate.per_second(), 400);
        rate.sample(1000 + 9 * 250, 0);
        assert_eq!(rate.per_second(), 350);
    }
}
