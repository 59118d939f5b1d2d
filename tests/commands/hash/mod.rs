//! The hash commands: `fields` reads and writes them, `random` draws and walks, `expiry` sets
//! times. Must not know: how hashes are kept. Tests: the files below.

mod expiry;
mod fields;
mod random;
