//! Compatibility with a real Redis: the same commands to ours and to Debian's `redis-server`.
//! Invariants: replies are compared as bytes; each difference that is meant stands, with its
//! reason, in `deviations.md`. Must not know: how either server works. Tests: the files below.

mod command_docs;
mod command_info;
mod dump;
mod hyperloglog;
mod long_double;
mod oracle;
