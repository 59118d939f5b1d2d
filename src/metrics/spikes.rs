//! Owns the latency monitor: what took at least `latency-monitor-threshold`, by kind of event.
//! Invariants: a second has one sample of an event, the longest; the oldest sample goes first.
//! Must not know: what the events are. Tests: below.

use parking_lot::Mutex;
use std::collections::{BTreeMap, VecDeque};

/// Samples kept of an event, as in Redis.
const SAMPLES_MAX: usize = 160;

/// A moment in which an event took long.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Sample {
    /// Seconds since the epoch.
    pub at_s: u64,
    pub milliseconds: u64,
}

#[derive(Debug, Default)]
struct Series {
    samples: VecDeque<Sample>,
    /// The longest since the event's first sample, also of those that are gone.
    milliseconds_max: u64,
}

/// The samples of all events.
#[derive(Debug, Default)]
pub struct Spikes(Mutex<BTreeMap<&'static str, Series>>);

impl Spikes {
    /// Notes that an event took long.
    pub fn add(&self, event: &'static str, sample: Sample) {
        let mut all = self.0.lock();
        let series = all.entry(event).or_default();
        series.milliseconds_max = series.milliseconds_max.max(sample.milliseconds);
        match series.samples.back_mut() {
            Some(last) if last.at_s == sample.at_s => {
                last.milliseconds = last.milliseconds.max(sample.milliseconds);
            }
            _ => series.samples.push_back(sample),
        }
        if series.samples.len() > SAMPLES_MAX {
            series.samples.pop_front();
        }
    }

    /// Each event with its last sample and the longest time.
    pub fn latest(&self) -> Vec<(&'static str, Sample, u64)> {
        let all = self.0.lock();
        let series = all.iter().filter_map(|(event, series)| {
            let last = series.samples.back()?;
            Some((*event, *last, series.milliseconds_max))
        });
        series.collect()
    }

    /// The samples of an event, oldest first.
    pub fn history(&self, event: &[u8]) -> Vec<Sample> {
        let all = self.0.lock();
        let series = std::str::from_utf8(event)
            .ok()
            .and_then(|event| all.get(event));
        series.map_or(Vec::new(), |series| {
            series.samples.iter().copied().collect()
        })
    }

    /// Forgets these events, or all if none is named; gives how many were known.
    pub fn reset(&self, events: &[&[u8]]) -> usize {
        let mut all = self.0.lock();
        let before = all.len();
        all.retain(|event, _| !(events.is_empty() || events.contains(&event.as_bytes())));
        before - all.len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_second_keeps_its_longest_and_old_samples_go() {
        let spikes = Spikes::default();
        let sample = |at_s, milliseconds| Sample { at_s, milliseconds };
        spikes.add("command", sample(1, 900));
        (2..=200).for_each(|at_s| spikes.add("command", sample(at_s, at_s)));
        spikes.add("command", sample(200, 7));
        let history = spikes.history(b"command");
        assert_eq!(history.len(), SAMPLES_MAX);
        assert_eq!(history[0], sample(41, 41));
        assert_eq!(spikes.latest(), [("command", sample(200, 200), 900)]);
        assert_eq!(spikes.history(b"other"), []);
        assert_eq!(spikes.reset(&[b"other"]), 0);
        assert_eq!(spikes.reset(&[]), 1);
        assert_eq!(spikes.latest(), []);
    }
}
