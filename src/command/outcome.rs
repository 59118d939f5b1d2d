//! Owns what a server handler gives: a reply, or an instruction to the connection.
//! Must not know: sockets. Tests: `exec` and the black-box tests.

use crate::resp::Reply;

/// What happens after a command.
#[derive(Debug)]
pub enum Outcome {
    /// The reply goes out, the connection goes on.
    Reply(Reply),
    /// The reply goes out, then the connection ends (QUIT).
    ReplyAndClose(Reply),
    /// The connection ends at once (CLIENT KILL of itself without SKIPME).
    Close,
}

impl Outcome {
    /// The reply, for those who give one in any case.
    pub fn into_reply(self) -> Reply {
        match self {
            Outcome::Reply(reply) | Outcome::ReplyAndClose(reply) => reply,
            Outcome::Close => Reply::ok(),
        }
    }
}

impl From<Reply> for Outcome {
    fn from(reply: Reply) -> Outcome {
        Outcome::Reply(reply)
    }
}
