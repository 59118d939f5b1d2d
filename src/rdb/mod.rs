//! Values in Redis's own serialised form: what DUMP gives, RESTORE takes, and RDB files consist of.
//!
//! Owns the model of a value ([`Value`]), decoding of every encoding that Redis has written
//! ([`decode`]), encoding that Redis 7.0 and later load ([`encode`]), and the frame with version
//! and checksum around a single value ([`dump`], [`restore`]).
//! Invariants: decoding is total, any bytes give a sound value or a typed error, and reserves no
//! more memory than its caller allows; nothing here does I/O.
//! Must not know: the store, keys, RESP's frames, commands.
//! Tests: `tests/`, where Debian's redis-server judges both directions; `tests/fuzz` feeds
//! arbitrary payloads.

mod decode;
mod encode;
mod error;
mod kind;
mod lzf;
mod options;
mod packed;
mod payload;
mod reader;
#[cfg(test)]
mod tests;
mod value;
mod writer;

pub use decode::decode;
pub use encode::encode;
pub use error::{DecodeError, EncodeError, PayloadError};
pub use kind::{ObjectType, Version};
pub use options::{EncodeOptions, NodeSize};
pub use payload::{dump, restore};
pub use reader::Reader;
pub use value::{
    Consumer, FIELD_EXPIRE_MS_MAX, Group, HashField, PendingEntry, Stream, StreamEntry, StreamId,
    Value,
};
pub use writer::Writer;
