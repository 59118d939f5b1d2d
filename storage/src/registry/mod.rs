//! Owns the small state that every edit touches and that must be exact after a crash: counts of
//! keys and expiries, the map from databases to namespaces, the id counter.
//! Invariants: memory changes under the commit queue's lock, in the order of the rows on disk.
//! Must not know: who counts, who flushes. Tests: beside each file.

mod counts;
mod databases;
mod ids;
pub mod records;

pub use counts::{CountChange, Counts};
pub use databases::DatabaseMap;
pub use ids::Ids;
