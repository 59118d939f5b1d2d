//! Owns what a data handler may know beside its view or edit: configuration and protocol version.
//! Must not know: sockets; another way to the store. Tests: handlers' own.

use crate::config::Config;
use crate::resp::RespVersion;

/// Context of one call.
#[derive(Clone, Copy)]
pub struct Ctx<'a> {
    /// The live configuration.
    pub config: &'a Config,
    /// The protocol the client speaks: a few replies differ in more than encoding.
    pub resp: RespVersion,
    /// Canonical name of the command that runs, for errors that quote it (`expire`, `config|get`).
    pub command: &'static str,
}
