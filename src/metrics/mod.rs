//! Owns the counters behind INFO, per server and per command, and what is kept of slow commands.
//! Invariants: bumping one is a relaxed store or add, never a lock. Must not know: INFO's layout.
//! Tests: black box.

mod errors;
pub mod latency;
pub mod memory;
pub mod peak;
mod rate;
pub mod slowlog;
pub mod spikes;

pub use errors::ErrorCounts;
pub use rate::Rate;

use latency::Histogram;
use peak::{Peak, Spell};
use slowlog::SlowLog;
use spikes::Spikes;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU64, Ordering};

/// A counter that one thread at a time bumps, many read.
#[derive(Debug, Default)]
pub struct Counter(AtomicU64);

impl Counter {
    /// Adds.
    #[inline]
    pub fn add(&self, amount: u64) {
        self.0.fetch_add(amount, Ordering::Relaxed);
    }

    /// Adds what is mostly nothing: a look is cheaper than an addition of zero.
    #[inline]
    pub fn add_some(&self, amount: u64) {
        if amount > 0 {
            self.add(amount);
        }
    }

    /// Reads.
    pub fn get(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }

    /// Back to zero (CONFIG RESETSTAT).
    pub fn reset(&self) {
        self.0.store(0, Ordering::Relaxed);
    }
}

/// How attempts at one thing came out.
#[derive(Debug, Default)]
pub struct Attempts {
    succeeded: Counter,
    /// Since the last success.
    failed: Counter,
}

impl Attempts {
    /// Counts one.
    pub fn count(&self, succeeded: bool) {
        if succeeded {
            self.succeeded.add(1);
            self.failed.reset();
        } else {
            self.failed.add(1);
        }
    }

    /// Those that succeeded, and those that failed since the last that did.
    pub fn successes_and_failures(&self) -> (u64, u64) {
        (self.succeeded.get(), self.failed.get())
    }
}

/// Counters of one command.
#[derive(Debug, Default)]
pub struct CommandStats {
    /// Times it ran.
    pub calls: Counter,
    /// Microseconds it ran, in nanoseconds to add up exactly.
    pub nanoseconds: Counter,
    /// Times it was refused before it ran (arity, authentication, memory, disk).
    pub rejected: Counter,
    /// Times it ran and answered with an error.
    pub failed: Counter,
    /// How long it ran; of most commands nothing is ever kept.
    latency: OnceLock<Box<Histogram>>,
}

impl CommandStats {
    /// Counts how long it ran.
    #[inline]
    pub fn track(&self, nanoseconds: u64) {
        self.latency.get_or_init(Box::default).record(nanoseconds);
    }

    /// How long it ran, if that was tracked.
    pub fn latency(&self) -> Option<&Histogram> {
        let histogram = self.latency.get().map(|histogram| &**histogram);
        histogram.filter(|histogram| histogram.total() > 0)
    }
}

/// Counters of the server.
#[derive(Debug, Default)]
pub struct Metrics {
    /// Requests executed.
    pub commands: Counter,
    pub bytes_in: Counter,
    pub bytes_out: Counter,
    pub keyspace_hits: Counter,
    pub keyspace_misses: Counter,
    pub error_replies: Counter,
    /// The same by code.
    pub errors: ErrorCounts,
    /// Commands that ran on the read pool since the rows they needed were on disk.
    pub cold_commands: Counter,
    /// Clients that were closed for what they sent without a request's end.
    pub query_limit_closed: Counter,
    /// Clients that were closed for the replies that they did not read.
    pub output_limit_closed: Counter,
    /// Wrong passwords.
    pub auth_failures: Counter,
    /// SAVE and BGSAVE.
    pub saves: Attempts,
    /// BGREWRITEAOF.
    pub rewrites: Attempts,
    /// Last SAVE or BGSAVE, seconds since the epoch.
    pub saved_s: AtomicU64,
    /// Commands, bytes in and bytes out per second, sampled by the server.
    pub commands_rate: Rate,
    pub bytes_in_rate: Rate,
    pub bytes_out_rate: Rate,
    /// Memory in use before the data was opened, bytes.
    pub memory_startup: u64,
    /// Most memory in use that was seen, bytes.
    pub memory_peak: Peak,
    /// While memory in use is above `maxmemory`.
    pub over_memory: Spell,
    /// SLOWLOG.
    pub slow_log: SlowLog,
    /// LATENCY's events.
    pub spikes: Spikes,
    /// By index in the command table.
    pub per_command: Vec<CommandStats>,
}

impl Metrics {
    /// Counters for a table of so many commands.
    pub fn new(commands: usize) -> Metrics {
        let per_command = (0..commands).map(|_| CommandStats::default()).collect();
        Metrics {
            per_command,
            ..Metrics::default()
        }
    }

    /// Counts keys that reads found and did not find.
    #[inline]
    pub fn count_lookups(&self, (hits, misses): (u64, u64)) {
        self.keyspace_hits.add_some(hits);
        self.keyspace_misses.add_some(misses);
    }

    /// Back to zero, as CONFIG RESETSTAT asks; what is no statistic stays.
    pub fn reset(&self) {
        let counters = [
            &self.commands,
            &self.bytes_in,
            &self.bytes_out,
            &self.keyspace_hits,
            &self.keyspace_misses,
            &self.error_replies,
            &self.cold_commands,
            &self.query_limit_closed,
            &self.output_limit_closed,
        ];
        counters.into_iter().for_each(Counter::reset);
        self.errors.reset();
        self.memory_peak.reset();
        self.over_memory.reset();
        for command in &self.per_command {
            command.calls.reset();
            command.nanoseconds.reset();
            command.rejected.reset();
            command.failed.reset();
            if let Some(histogram) = command.latency.get() {
                histogram.reset();
            }
        }
    }
}
