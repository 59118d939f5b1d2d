//! The sorted set commands, as clients see them; mirrors `src/commands/zset`.
//! Must not know: how members are kept. Tests: the files below.

mod combine;
mod member;
mod pop;
mod range;
