//! Configuration and start-up as an operator meets them: files, arguments, errors, the log.
//! Invariants: a wrong configuration never starts a server; the message names place and reason.
//! Must not know: the directive table. Tests: the files below.

mod errors;
mod startup;
