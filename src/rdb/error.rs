//! Why bytes are not a value, or a value cannot become bytes.
//!
//! Owns the error types of this module.
//! Invariant: an error says which rule was broken, never what the bytes were.
//! Must not know: what the commands answer.
//! Tests: `rdb/tests/refusals.rs` provokes each.

use thiserror::Error;

/// Why bytes are not a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum DecodeError {
    /// The bytes end before the value does, or a length points behind their end.
    #[error("the bytes end inside the value")]
    Truncated,
    /// No type has this number.
    #[error("unknown type {0}")]
    UnknownType(u8),
    /// A module's value: only the module can read it.
    #[error("a value of a module")]
    Module,
    /// A length in a form that does not exist, or a special string where a length is due.
    #[error("unknown form of a length")]
    Length,
    /// A string in a special form that does not exist.
    #[error("unknown form {0} of a string")]
    StringForm(u8),
    /// A compressed string that does not unpack to its announced length.
    #[error("damaged compressed string")]
    Lzf,
    #[error("damaged listpack")]
    Listpack,
    #[error("damaged ziplist")]
    Ziplist,
    #[error("damaged zipmap")]
    Zipmap,
    #[error("damaged intset")]
    Intset,
    /// A node of a list in a container that does not exist, or an empty one.
    #[error("damaged node of a list")]
    ListNode,
    /// A collection without elements: RESTORE refuses it, a file loader passes over it.
    #[error("empty collection")]
    Empty,
    /// A member, field, group, consumer or pending entry occurs twice.
    #[error("duplicate element")]
    Duplicate,
    /// A score that is NaN or no number.
    #[error("bad score")]
    Score,
    /// A hash field's time of expiry is out of range.
    #[error("bad time of expiry")]
    FieldExpiry,
    /// Entries of a stream out of order, or its parts contradict each other.
    #[error("damaged stream")]
    Stream,
    /// The value would take more memory than its reader allows.
    #[error("more memory is needed than allowed")]
    Memory,
}

/// Why a payload with version and checksum is not a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum PayloadError {
    /// Too short for a footer, of a newer version, or with a wrong checksum.
    #[error("DUMP payload version or checksum are wrong")]
    Footer,
    /// What is before the footer is not a value.
    #[error("Bad data format")]
    Data(#[from] DecodeError),
}

/// Why a value cannot be written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum EncodeError {
    /// An entry of a stream is longer than its container can say.
    #[error("an entry of the stream is too large")]
    TooLarge,
    /// A collection without elements has no serialised form.
    #[error("empty collection")]
    Empty,
    /// A score is NaN.
    #[error("bad score")]
    Score,
    /// A hash field's time of expiry is out of range.
    #[error("bad time of expiry")]
    FieldExpiry,
}
