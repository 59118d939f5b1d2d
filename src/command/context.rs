//! Owns what a data handler may know beside its view or edit: configuration and protocol version.
//! Must not know: sockets; another way to the store. Tests: handlers' own.

use super::Draws;
use crate::config::Config;
use crate::resp::RespVersion;
use rand::rngs::StdRng;
use storage::StorageError;
use storage::commit::reach::Reach;

/// Why a command looks at its keys. Only commands that wait for them need to know.
#[derive(Debug, Clone, Copy)]
pub enum Look<'a> {
    /// Its client has just asked.
    First,
    /// It has waited, and something may be there now.
    Again,
    /// It has waited, and is served by whoever changed this key: the only one that it looks at.
    At(&'a [u8]),
}

/// Context of one call.
#[derive(Clone, Copy)]
pub struct Ctx<'a> {
    /// The live configuration.
    pub config: &'a Config,
    /// The protocol the client speaks: a few replies differ in more than encoding.
    pub resp: RespVersion,
    /// Canonical name of the command that runs, for errors that quote it (`expire`, `config|get`).
    pub command: &'static str,
    /// Why it looks at its keys.
    pub look: Look<'a>,
    /// The keys beyond the command's own of which it may read several rows. A handler that lacks
    /// some fails with `NeedsLatch`, and runs again with them.
    pub reach: &'a Reach,
    /// Its random numbers.
    pub draws: &'a Draws,
}

impl Ctx<'_> {
    /// Whether this call may look at a key.
    pub fn looks_at(&self, key: &[u8]) -> bool {
        match self.look {
            Look::First | Look::Again => true,
            Look::At(changed) => changed == key,
        }
    }

    /// Whether the command has waited for its keys.
    pub fn has_waited(&self) -> bool {
        !matches!(self.look, Look::First)
    }

    /// What an operation found at a key. Who has waited does not mind that the key is something
    /// else for now: that is as good as nothing.
    pub fn found<T: Default>(&self, found: Result<T, StorageError>) -> Result<T, StorageError> {
        match found {
            Err(StorageError::WrongType) if self.has_waited() => Ok(T::default()),
            found => found,
        }
    }

    /// The command's random numbers, from the first on.
    pub fn random(&self) -> StdRng {
        self.draws.random()
    }
}
