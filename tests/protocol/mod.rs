//! The protocol and its limits: what bytes the server takes, refuses, and sends back.
//! Invariants: a malformed frame closes the connection after one error line; a command's error
//! never does. Must not know: what commands do beyond the simplest. Tests: the files below.

mod buffers;
mod frames;
mod inline;
mod limits;
mod pipeline;
mod reply_mode;
mod resp3;
mod sockets;
