//! Clients: what a connection is (`state`), who is connected (`registry`), who is told
//! of commands (`monitors`), whether they are held back (`pause`), where reads will find their
//! rows (`forecast`), when looking is worth it (`streak`), what was counted of it last (`tally`),
//! how many the process may hold (`descriptors`).

pub mod descriptors;
mod forecast;
mod monitors;
mod pause;
mod registry;
mod state;
mod streak;
mod tally;

pub use forecast::{Forecast, Source};
pub use monitors::{Feed, Monitors};
pub use pause::{Pause, Paused};
pub use registry::{ClientInfo, ClientRegistry};
pub use state::{ChangeCounts, Multi, ReplyMode, Services, Session};
pub use streak::Streak;
pub use tally::Tally;
