//! Ferrock's storage: every Redis value as ordered rows in RocksDB, with the hot rows in memory.
pub mod change;
pub mod clock;
pub mod encoding;
pub mod engine;
pub mod error;
pub mod hot;
pub mod limits;
pub mod partition;
pub mod value;

pub use error::{Result, StorageError};
pub use value::Value;
