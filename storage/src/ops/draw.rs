//! Owns how many elements of a hash, set or sorted set are drawn at once, and whether with repeats.
//! Must not know: how they are drawn. Tests: those of the types.

/// Elements drawn at once.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Draw {
    /// So many different ones, or all.
    Distinct(u64),
    /// So many, each drawn from the whole collection.
    Repeating(u64),
}
