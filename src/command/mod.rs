//! The vocabulary of the command table: rows (`spec`), flags, where keys stand (`key_spec`), how
//! handlers read arguments (`args`), what they may use (`context`) and
//! draw at random (`draws`), what they give (`outcome`).

pub mod args;
pub mod category;
pub mod context;
pub mod draws;
pub mod flags;
pub mod float;
pub mod key_spec;
pub mod outcome;
pub mod spec;

pub use args::Args;
pub use category::Category;
pub use context::{Ctx, Look};
pub use draws::Draws;
pub use flags::Flags;
pub use key_spec::{KeyFlags, KeySpec};
pub use outcome::Outcome;
pub use spec::{Arity, CommandSpec, Control, Group, Handler, Row};
