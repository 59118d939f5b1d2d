//! Sockets: `listener` accepts, `connection` serves one client, `output` holds replies until their
//! commits are done.

mod connection;
mod listener;
mod output;

pub use connection::serve;
pub use listener::{Acceptor, Bound, NewClient};
