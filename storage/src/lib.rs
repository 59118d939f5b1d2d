//! Ferrock's storage: every Redis value as ordered rows in RocksDB, with the hot rows in memory.
//!
//! What it promises: an acknowledged commit survives `kill -9` in every fsync mode and a power cut
//! under [`commit::Fsync::Always`]; a batch is applied whole or not at all; reads see staged edits
//! at once, and a reply that saw one waits for its commit.
//!
//! What it does not know: RESP, sockets, clients. `storage/README.md` has every byte on disk.
//!
//! `src/README.md` has what each module is for, in the order in which they use each other.

pub mod background;
pub mod change;
pub mod check;
pub mod clock;
pub mod collection;
pub mod commit;
pub mod disk;
pub mod edit;
pub mod encoding;
pub mod engine;
pub mod error;
pub mod garbage;
mod history;
pub mod hot;
pub mod lease;
pub mod limits;
pub mod memory;
mod open;
pub mod ops;
pub mod partition;
mod prefetch;
pub mod registry;
pub mod store;
pub mod sweep;
pub mod value;
pub mod view;

pub use edit::Edit;
pub use error::{Result, StorageError};
pub use store::{Options, Store};
pub use value::Value;
pub use view::{KeyEntry, View, ViewOptions};
