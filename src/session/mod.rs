//! Clients: what a connection is (`state`), who is connected (`registry`), whether
//! commands are held back (`pause`), how many
//! the process may hold (`descriptors`).

pub mod descriptors;
mod pause;
mod registry;
mod state;

pub use pause::{Pause, Paused};
pub use registry::{ClientInfo, ClientRegistry};
pub use state::{ChangeCounts, Multi, ReplyMode, Services, Session};
