pub mod value;

pub use value::Value;
