//! Owns the refusal of HTTP: a page in a browser can make it send requests to servers that only
//! its own network reaches, whose bodies would be read as commands.
//! Invariants: no command of the table has such a name; the log tells of it once a minute at most.
//! Must not know: what follows in the request. Tests: `tests/protocol/inline.rs`.

use crate::resp::Request;
use std::sync::atomic::{AtomicU64, Ordering};

/// How HTTP requests with a body begin, and the header that follows in all of them.
const WORDS: [&[u8]; 2] = [b"post", b"host:"];
/// Milliseconds between two lines in the log.
const LOG_EVERY_MS: u64 = 60_000;

/// Whether this is a line of HTTP.
pub fn is_http(request: &Request<'_>) -> bool {
    let name = request.get(0).unwrap_or_default();
    WORDS.iter().any(|word| name.eq_ignore_ascii_case(word))
}

/// When the log was told last.
#[derive(Default)]
pub struct ForgedLog {
    told_ms: AtomicU64,
}

impl ForgedLog {
    /// Tells the log that a connection is closed for it, unless that was told a moment ago.
    pub fn tell(&self, now_ms: u64, addr: &str) {
        let told_ms = self.told_ms.load(Ordering::Relaxed);
        if told_ms != 0 && now_ms.saturating_sub(told_ms) < LOG_EVERY_MS {
            return;
        }
        self.told_ms.store(now_ms, Ordering::Relaxed);
        tracing::warn!(
            "Possible SECURITY ATTACK detected. A client sends POST or Host: commands, as a \
             browser does that a foreign page makes speak to this server. \
             Connection from {addr} aborted."
        );
    }
}
