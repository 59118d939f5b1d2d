//! What every black-box test stands on: servers as processes, clients, logs and deadlines.
//! Invariants: nothing here imports the server; no wait is without a deadline; a process that a
//! test started is gone when the test ends; every server's log is read before it is thrown away.
//! Must not know: what any command does. Tests: `wire.rs` and `log.rs` carry their own.

pub mod ask;
pub mod log;
pub mod mount;
pub mod raw;
pub mod seed;
pub mod server;
pub mod tool;
pub mod wait;
pub mod wire;

pub use ask::{ask, fails};
pub use raw::Raw;
pub use seed::Random;
pub use server::Server;
pub use wait::eventually;
pub use wire::pack;
