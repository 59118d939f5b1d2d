//! The configuration of the server.
//!
//! Owns: every directive (`table/`, one row each), the syntax of `redis.conf` and of the command
//! line, CONFIG GET, SET and REWRITE, and the live values.
//! Invariants: a directive exists once, as a row; whatever a configuration holds was parsed by
//! its row; parsing is total over any bytes.
//! Must not know: sockets, storage, the command table; of RESP only the texts of integers and the
//! quoting of words.
//! Tests: beside each file; against a real `redis-server` in `tests.rs`.
//!
//! To add a directive: a row in `table/`, a field in `settings.rs` if the server reads it.

mod args;
mod cell;
mod choice;
mod directive;
mod dump;
mod error;
pub mod events;
mod kind;
mod load;
mod nearest;
mod render;
mod rewrite;
mod set;
mod settings;
mod table;
pub mod units;
mod value;
pub mod words;

#[cfg(test)]
mod tests;

pub use args::{CommandLine, HELP, Startup, version};
pub use cell::{Bytes, Chosen, Flags, Number, OutputLimits, Shared, Switch};
pub use choice::{
    Allow, Choice, Compression, Fsync, LogLevel, MaxmemoryPolicy, Origin, Supervised, WalRecovery,
};
pub use directive::{Directive, Mutability, Status};
pub use error::{ConfigError, ConfigSetError, LineError, RewriteError, Source, strerror};
pub use kind::Reason;
pub use render::render_conf;
pub use set::Changes;
pub use settings::{Config, RenamedCommand, Settings};
pub use value::{ClientClass, OutputLimit, SavePoint};

/// Whether the values of the directive of this name must not be written to logs.
pub fn is_secret(name: &[u8]) -> bool {
    table::find(name).is_some_and(|(_, directive)| directive.secret)
}
