//! Owns the one listener to commits: it counts changes and expired keys.
//! Must not know: clients. Tests: `tests/commands/server.rs`.

use crate::session::ChangeCounts;
use std::sync::Arc;
use storage::change::{Change, CommitObserver, Event};

/// The observer.
#[derive(Default)]
pub struct ServerObserver {
    /// Shared with INFO.
    pub changes: Arc<ChangeCounts>,
}

impl CommitObserver for ServerObserver {
    fn committed(&self, changes: &mut dyn Iterator<Item = Change<'_>>) {
        let (mut count, mut expired) = (0, 0);
        for change in changes {
            // `New` accompanies the event of the command that made the key.
            count += u64::from(change.event != Event::New);
            expired += u64::from(change.event == Event::Expired);
        }
        self.changes.since_save.add(count);
        self.changes.expired_keys.add(expired);
    }
}
