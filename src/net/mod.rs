//! Sockets: `listener` accepts, `connection` serves one client, `output` holds replies until their
//! commits are done, `mix` knows how much of what is sent had to wait for one, `company` lets the
//! other connections of a thread run before one sends.

mod company;
mod connection;
mod listener;
mod mix;
mod output;

pub use connection::serve;
pub use listener::{Acceptor, Bound, NewClient};
