//! Owns replies that are encoded and not sent: a buffer, and which part waits for which commit.
//! Invariants: bytes leave only when every position among them is committed; replies of failed
//! commits leave as errors. Must not know: sockets. Tests: below.

use crate::error::CommandError;
use crate::resp::{Reply, RespVersion, encode};
use bytes::BytesMut;
use storage::StorageError;
use storage::commit::Position;

/// Replies above this are sent before the pipeline goes on.
pub const SEND_BYTES: usize = 256 * 1024;
/// A buffer that grew beyond this for one reply is given back.
const KEEP_BYTES_MAX: usize = 64 * 1024;

/// A reply that waits: its bytes and its position.
#[derive(Debug, Clone, Copy)]
struct Waiting {
    start: usize,
    end: usize,
    position: Position,
    resp: RespVersion,
}

/// The buffer.
#[derive(Debug, Default)]
pub struct Output {
    bytes: BytesMut,
    waiting: Vec<Waiting>,
    position: Position,
}

impl Output {
    /// Appends a reply that may leave when `position` is committed.
    #[inline]
    pub fn push(&mut self, reply: &Reply, resp: RespVersion, position: Position) {
        let start = self.bytes.len();
        encode(reply, resp, &mut self.bytes);
        if position > 0 {
            self.position = self.position.max(position);
            self.waiting.push(Waiting {
                start,
                end: self.bytes.len(),
                position,
                resp,
            });
        }
    }

    /// The position that everything here waits for; 0 for none.
    pub fn position(&self) -> Position {
        self.position
    }

    /// Bytes held.
    pub fn len(&self) -> usize {
        self.bytes.len()
    }

    /// Whether nothing is held.
    pub fn is_empty(&self) -> bool {
        self.bytes.is_empty()
    }

    /// Memory held.
    pub fn capacity(&self) -> usize {
        self.bytes.capacity()
    }

    /// Replaces every reply whose position has failed by the error.
    pub fn fail(&mut self, failure: impl Fn(Position) -> Option<StorageError>) {
        let mut replaced = BytesMut::with_capacity(self.bytes.len());
        let mut at = 0;
        for waiting in &self.waiting {
            let Some(error) = failure(waiting.position) else {
                continue;
            };
            let text = Reply::Error(CommandError::from(error).text());
            replaced.extend_from_slice(self.bytes.get(at..waiting.start).unwrap_or_default());
            // A reply that was suppressed stays so.
            if waiting.end > waiting.start {
                encode(&text, waiting.resp, &mut replaced);
            }
            at = waiting.end;
        }
        replaced.extend_from_slice(self.bytes.get(at..).unwrap_or_default());
        self.bytes = replaced;
        self.settle();
    }

    /// Forgets positions: they are committed.
    pub fn settle(&mut self) {
        self.waiting.clear();
        self.position = 0;
    }

    /// The bytes to send; positions must be settled.
    pub fn ready(&self) -> &[u8] {
        debug_assert!(self.position == 0);
        &self.bytes
    }

    /// Empties the buffer after sending.
    pub fn sent(&mut self) {
        if self.bytes.capacity() > KEEP_BYTES_MAX {
            self.bytes = BytesMut::new();
        } else {
            self.bytes.clear();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn failed_replies_become_errors_in_place() {
        let mut output = Output::default();
        let resp = RespVersion::Resp2;
        output.push(&Reply::Int(1), resp, 0);
        output.push(&Reply::ok(), resp, 5);
        output.push(&Reply::Int(2), resp, 0);
        output.push(&Reply::ok(), resp, 9);
        output.push(&Reply::None, resp, 9);
        assert_eq!(output.position(), 9);
        // A position behind a failed one may be committed.
        output.push(&Reply::Int(3), resp, 12);
        output.fail(|position| (position == 9).then_some(StorageError::DiskFull));
        let text = String::from_utf8(output.ready().to_vec()).unwrap();
        assert!(text.starts_with(":1\r\n+OK\r\n:2\r\n-MISCONF "), "{text}");
        assert!(text.ends_with("\r\n:3\r\n"), "{text}");
        assert_eq!(text.matches("MISCONF").count(), 1);
        output.sent();
        assert!(output.is_empty());
    }
}
