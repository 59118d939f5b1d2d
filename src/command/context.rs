//! Owns what a data handler may know beside its view or edit: configuration and protocol version.
//! Must not know: sockets; another way to the store. Tests: handlers' own.

use super::Draws;
use crate::config::Config;
use crate::resp::RespVersion;
use rand::rngs::StdRng;
use storage::commit::reach::Reach;

/// Context of one call.
#[derive(Clone, Copy)]
pub struct Ctx<'a> {
    /// The live configuration.
    pub config: &'a Config,
    /// The protocol the client speaks: a few replies differ in more than encoding.
    pub resp: RespVersion,
    /// Canonical name of the command that runs, for errors that quote it (`expire`, `config|get`).
    pub command: &'static str,
    /// A parked command that is served looks at this key alone: it is the one that changed, and
    /// the only one that is latched.
    pub only_key: Option<&'a [u8]>,
    /// The keys beyond the command's own of which it may read several rows. A handler that lacks
    /// some fails with `NeedsLatch`, and runs again with them.
    pub reach: &'a Reach,
    /// Its random numbers.
    pub draws: &'a Draws,
}

impl Ctx<'_> {
    /// Whether this call may look at a key.
    pub fn looks_at(&self, key: &[u8]) -> bool {
        self.only_key.is_none_or(|only| only == key)
    }

    /// The command's random numbers, from the first on.
    pub fn random(&self) -> StdRng {
        self.draws.random()
    }
}
