//! Owns what distinguishes one tree from another: its tag, what its entries have, its sizes.
//! Invariants: tags and bits are on disk. Must not know: rows. Tests: those of its users.

use crate::limits::{BLOB_BYTES_MIN, INNER_BYTES_MAX, NODE_BYTES_MAX, PACKED_BYTES_MAX};

/// Bits of the first byte of a node.
pub(super) mod format {
    /// An inner node.
    pub const INNER: u8 = 1;
    /// Offsets of 32 bits.
    pub const WIDE: u8 = 2;
    /// Entries have keys.
    pub const KEYS: u8 = 4;
    /// Entries have values.
    pub const VALUES: u8 = 8;
}

/// What the entries of a tree have.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    /// Values, found by position.
    Positions,
    /// Keys in bytewise order, each once.
    Keys,
    /// Keys in bytewise order, each once, with values.
    Pairs,
}

impl Form {
    #[inline]
    pub(super) fn bits(self) -> u8 {
        match self {
            Form::Positions => format::VALUES,
            Form::Keys => format::KEYS,
            Form::Pairs => format::KEYS | format::VALUES,
        }
    }

    #[inline]
    pub(super) fn keyed(self) -> bool {
        self != Form::Positions
    }

    #[inline]
    pub(super) fn valued(self) -> bool {
        self != Form::Keys
    }

    /// Fields of an entry.
    #[inline]
    pub(super) fn fields(self) -> usize {
        match self {
            Form::Pairs => 2,
            Form::Positions | Form::Keys => 1,
        }
    }
}

/// Lengths in bytes at which nodes are split, and values moved out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Sizes {
    /// Longest root, which stands inside the meta record.
    pub root_max: usize,
    /// Longest leaf, unless one entry is longer.
    pub leaf_max: usize,
    /// Longest inner node, unless a few separators are longer.
    pub inner_max: usize,
    /// Longest value inside a leaf.
    pub value_max: usize,
}

/// What a type decides once about a tree of its collections.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TreeKind {
    /// Tells the trees of one collection apart; on disk, in the keys of their rows.
    pub tag: u8,
    /// What its entries have.
    pub form: Form,
    /// Its sizes; nothing on disk depends on them.
    pub sizes: Sizes,
}

impl TreeKind {
    /// A tree of the ordinary sizes.
    pub const fn new(tag: u8, form: Form) -> TreeKind {
        let sizes = Sizes {
            root_max: PACKED_BYTES_MAX,
            leaf_max: NODE_BYTES_MAX,
            inner_max: INNER_BYTES_MAX,
            value_max: BLOB_BYTES_MIN,
        };
        TreeKind { tag, form, sizes }
    }

    /// The same tree of other sizes.
    pub const fn with_sizes(self, sizes: Sizes) -> TreeKind {
        TreeKind { sizes, ..self }
    }
}
