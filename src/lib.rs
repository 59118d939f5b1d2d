//! The Ferrock server: protocol, command table, execution and assembly over the `storage` crate.

pub mod config;
pub mod log;
