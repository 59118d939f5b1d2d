//! Sockets: `listener` accepts, `connection` serves one client, `output` holds replies until their
//! commits are done, `company` lets the other connections of a thread run before one sends.

mod company;
mod connection;
mod listener;
mod output;

pub use connection::serve;
pub use listener::{Acceptor, Bound, NewClient};
