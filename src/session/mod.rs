//! Clients: what a connection is (`state`), who is connected (`registry`), how many
//! the process may hold (`descriptors`).

pub mod descriptors;
mod registry;
mod state;

pub use registry::{ClientInfo, ClientRegistry};
pub use state::{ChangeCounts, Multi, ReplyMode, Services, Session};
