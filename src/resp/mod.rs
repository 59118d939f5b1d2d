//! RESP, the protocol between clients and the server: requests in, replies out.
//!
//! Owns the wire format of both directions and its limits.
//! Invariant: nothing here does I/O; bytes come from and go to the caller's buffers.
//! Must not know: sockets, sessions, commands. Of `storage` only `Value`, to be sent uncopied, and
//! the text form of integers.
//! Tests: beside each file; `tests/fuzz` feeds the parser arbitrary bytes in arbitrary pieces.

mod double;
mod encode;
mod inline;
mod limits;
mod lookahead;
mod parser;
mod reply;
mod request;
mod strings;

pub use double::{DoubleText, format_double};
pub use encode::{ReplySink, RespVersion, encode};
pub use inline::split_args;
pub use limits::{
    BULK_LEN_MAX_DEFAULT, FRAME_LEN_MAX, INLINE_LEN_MAX, MULTIBULK_LEN_MAX, ProtocolLimits,
    UNAUTHENTICATED_BULK_LEN_MAX, UNAUTHENTICATED_MULTIBULK_LEN_MAX,
};
pub use lookahead::{Glance, glances};
pub use parser::{Parsed, ProtocolError, RequestParser};
pub use reply::{ErrorText, Payload, Reply, VerbatimFormat};
pub use request::{ArgRange, OwnedRequest, Request};
pub use storage::encoding::number::parse_i64;
pub use strings::{Strings, StringsOf};
