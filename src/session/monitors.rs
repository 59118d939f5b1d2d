//! Owns the clients that are told of every command (MONITOR).
//! Invariants: who cannot keep up is closed, so lines never pile up; looking costs one load while
//! there is none. Must not know: commands, sockets. Tests: `tests/commands/monitor.rs`.

use super::registry::ClientInfo;
use parking_lot::Mutex;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use tokio::sync::mpsc;

/// Lines that a client may be behind.
const LINES_MAX: usize = 16 * 1024;

/// What a client is told: a line without its end.
pub type Feed = mpsc::Receiver<Arc<str>>;

/// A client that is told, and the way to it.
type Monitor = (Arc<ClientInfo>, mpsc::Sender<Arc<str>>);

/// All such clients.
#[derive(Debug, Default)]
pub struct Monitors {
    any: AtomicBool,
    all: Mutex<Vec<Monitor>>,
}

impl Monitors {
    /// Lets a client be told from now on, until it drops what it gets here.
    pub fn enter(&self, client: Arc<ClientInfo>) -> Feed {
        let (sender, receiver) = mpsc::channel(LINES_MAX);
        client.monitors.store(true, Ordering::Relaxed);
        self.all.lock().push((client, sender));
        self.any.store(true, Ordering::Release);
        receiver
    }

    /// Whether anybody may want to be told.
    #[inline]
    pub fn any(&self) -> bool {
        self.any.load(Ordering::Acquire)
    }

    /// Tells all.
    pub fn tell(&self, line: &str) {
        let line: Arc<str> = line.into();
        let mut all = self.all.lock();
        all.retain(
            |(client, sender)| match sender.try_send(Arc::clone(&line)) {
                Ok(()) => true,
                Err(mpsc::error::TrySendError::Closed(_)) => false,
                Err(mpsc::error::TrySendError::Full(_)) => {
                    tracing::warn!("Closing monitor that is too slow: id={}", client.id);
                    client.kill();
                    false
                }
            },
        );
        self.any.store(!all.is_empty(), Ordering::Release);
    }
}
