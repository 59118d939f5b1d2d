//! Real clients with real input, as users run them.
//! Invariants: what went in comes out byte for byte, also after a kill. Must not know: protocol
//! details, which are the clients' own business. Tests: the files below.

mod archive;
mod redis_rs;
mod redis_tools;
