//! Owns the counters behind INFO: per server and per command.
//! Invariants: bumping one is a relaxed store or add, never a lock. Must not know: INFO's layout.
//! Tests: black box.

mod errors;
pub mod memory;
mod rate;

pub use errors::ErrorCounts;
pub use rate::Rate;

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
    /// Last SAVE or BGSAVE, seconds since the epoch.
    pub saved_s: AtomicU64,
    /// Commands, bytes in and bytes out per second, sampled by the server.
    pub commands_rate: Rate,
    pub bytes_in_rate: Rate,
    pub bytes_out_rate: Rate,
    /// Most memory in use that was seen, bytes.
    pub memory_peak: AtomicU64,
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
        ];
        counters.into_iter().for_each(Counter::reset);
        self.errors.reset();
        self.memory_peak.store(0, Ordering::Relaxed);
        for command in &self.per_command {
            command.calls.reset();
            command.nanoseconds.reset();
            command.rejected.reset();
            command.failed.reset();
        }
    }
}
