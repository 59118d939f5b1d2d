//! Owns what the commands of one connection have counted and the server's counters do not have yet.
//! Invariants: it is settled before a reply leaves and before a command looks at counters, so
//! nobody sees that it was late; it holds figures of one command at a time.
//! Must not know: what is counted for. Tests: below.
//!
//! A counter that all threads add to costs a locked instruction each time. The commands of a
//! pipeline, which are mostly the same, cost as many together as one alone.

use crate::metrics::Metrics;

/// The figures.
#[derive(Debug, Default)]
pub struct Tally {
    /// Requests, of whatever command.
    requests: u64,
    /// The number of the command that ran last.
    command: usize,
    calls: u64,
    nanoseconds: u64,
    hits: u64,
    misses: u64,
}

impl Tally {
    /// Counts a request.
    #[inline]
    pub fn request(&mut self) {
        self.requests += 1;
    }

    /// Counts keys that were found and that were not.
    #[inline]
    pub fn lookups(&mut self, (hits, misses): (u64, u64)) {
        self.hits += hits;
        self.misses += misses;
    }

    /// Counts a call of a command.
    #[inline]
    pub fn call(&mut self, metrics: &Metrics, command: usize, nanoseconds: u64) {
        if self.command != command {
            self.settle(metrics);
            self.command = command;
        }
        self.calls += 1;
        self.nanoseconds += nanoseconds;
    }

    /// Adds all figures to the server's.
    pub fn settle(&mut self, metrics: &Metrics) {
        metrics.commands.add_some(self.requests);
        metrics.count_lookups((self.hits, self.misses));
        if let Some(stats) = metrics.per_command.get(self.command) {
            stats.calls.add_some(self.calls);
            stats.nanoseconds.add_some(self.nanoseconds);
        }
        *self = Tally::default();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_command_gets_its_own_figures() {
        let metrics = Metrics::new(3);
        let mut tally = Tally::default();
        for (command, nanoseconds) in [(0, 5), (2, 10), (2, 20), (1, 1)] {
            tally.request();
            tally.call(&metrics, command, nanoseconds);
            tally.lookups((2, 1));
        }
        tally.request();
        tally.settle(&metrics);
        tally.settle(&metrics);
        let figures = metrics.per_command.iter();
        let figures: Vec<_> = figures
            .map(|stats| (stats.calls.get(), stats.nanoseconds.get()))
            .collect();
        assert_eq!(figures, [(1, 5), (1, 1), (2, 30)]);
        assert_eq!(metrics.commands.get(), 5);
        let lookups = (metrics.keyspace_hits.get(), metrics.keyspace_misses.get());
        assert_eq!(lookups, (8, 4));
    }
}
