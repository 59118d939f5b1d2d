//! String commands. One file per family; mirrors `src/commands/string`.
//! Invariants: each command has a test that bears its name. Must not know: how values are kept.
//! Tests: the files below.

mod lcs;
mod many;
mod number;
mod range;
mod set;
mod swap;
