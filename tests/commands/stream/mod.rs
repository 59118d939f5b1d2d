//! The stream commands, as clients see them; mirrors `src/commands/stream`.
//! Must not know: how entries are kept. Tests: the files below.

mod claim;
mod entry;
mod group;

use crate::harness::ask;
use crate::harness::eventually;
use redis::Connection;

/// Returns once one client waits for keys.
fn one_waits(c: &mut Connection) {
    eventually("a client waits", || {
        ask::<String>(c, "INFO clients").contains("blocked_clients:1\r\n")
    });
}
