//! Waiting on conditions. Owns the one polling loop of the tests.
//! Invariants: a wait names what it waits for and ends at a deadline; a test never sleeps in the
//! hope that something has happened meanwhile. Must not know: servers, sockets.
//! Tests: exercised by every server start.

use std::time::{Duration, Instant};

/// How long a condition may take on a loaded machine before the test fails.
pub const PATIENCE: Duration = Duration::from_secs(60);

const POLL_FIRST: Duration = Duration::from_micros(500);
const POLL_MAX: Duration = Duration::from_millis(25);

/// Polls `condition` until it holds; panics with `what` when `PATIENCE` has passed.
#[track_caller]
pub fn eventually(what: &str, condition: impl FnMut() -> bool) {
    assert!(
        within(PATIENCE, condition),
        "waited {PATIENCE:?} in vain: {what}"
    );
}

#[expect(
    clippy::disallowed_methods,
    reason = "the one loop that polls a condition"
)]
/// Polls `condition` until it holds or `limit` has passed; tells whether it held.
pub fn within(limit: Duration, mut condition: impl FnMut() -> bool) -> bool {
    let started = Instant::now();
    let mut pause = POLL_FIRST;
    loop {
        if condition() {
            return true;
        }
        if started.elapsed() >= limit {
            return false;
        }
        std::thread::sleep(pause);
        pause = (pause * 2).min(POLL_MAX);
    }
}

#[expect(
    clippy::disallowed_methods,
    reason = "the condition is the clock itself"
)]
/// Blocks until the wall clock has certainly passed `moment` (a server's deadline, for example).
pub fn clock_passes(moment: Instant) {
    while let Some(left) = moment.checked_duration_since(Instant::now()) {
        std::thread::sleep(left + POLL_FIRST);
    }
}
