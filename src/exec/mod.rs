//! Owns the choke point: the only caller of handlers. `lookup` finds rows, `admit` says who may
//! run what and when, `run` carries data commands out, `clock` times them, `pool` is where they go
//! when the disk is needed, `control` carries out what waits or ends the process, `migrate` moves
//! keys to another server, `notes` keeps what took long and tells monitors, `forged` refuses HTTP.
//!
//! Invariants: commands of a connection run in order; a thread that serves sockets never blocks
//! here; a reply that wrote or read an uncommitted row carries the position it waits for.
//! Must not know: clients' sockets. Tests: black box, oracle.

use crate::error::CommandError;

mod admit;
mod blocking;
mod call;
mod clock;
mod control;
mod digest;
mod forged;
mod lookup;
mod migrate;
mod notes;
mod pool;
mod populate;
mod priority;
mod run;
mod transaction;

pub use clock::CommandClock;
pub use lookup::Lookup;
pub use pool::ReadPool;
pub use run::{Answer, Executor, Later, Step};

/// The answer for a job that did not come to its end.
const LOST: CommandError =
    CommandError::Fixed("ERR the command failed inside the server; see its log");
