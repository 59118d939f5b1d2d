//! Owns destroying what is dead: expired keys, element rows of dead ids, dead namespaces.
//! Invariants: expired keys are deleted through the ordinary commit path, so everyone sees it; rows
//! of a dead id go only below the safe position. Must not know: commands.
//! Tests: `storage/tests/garbage.rs`.

use crate::store::Store;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

/// Body of the sweeping thread.
pub(crate) fn run(_store: &Arc<Store>, stop: &AtomicBool) {
    while !stop.load(Ordering::Acquire) {
        std::thread::park_timeout(Duration::from_millis(100));
    }
}
