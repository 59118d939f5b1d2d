//! Counted trees beside a map and a vector: random operations, commits and reopening between, and
//! every row of the tree accounted for.

#[path = "../common/mod.rs"]
mod common;
mod damage;
mod edges;
mod fsck;
mod harness;
mod model;
