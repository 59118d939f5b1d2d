//! Owns ACL categories.
//! Tests: `commands/tests.rs`.

/// A category of commands, as ACL rules name it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Category {
    Keyspace,
    Read,
    Write,
    String,
    Bitmap,
    List,
    Set,
    SortedSet,
    Hash,
    Stream,
    Geo,
    HyperLogLog,
    Transaction,
    Admin,
    Fast,
    Slow,
    Blocking,
    Dangerous,
    Connection,
    Scripting,
}

impl Category {
    /// With its `@`.
    pub fn name(self) -> &'static str {
        match self {
            Category::Keyspace => "@keyspace",
            Category::Read => "@read",
            Category::Write => "@write",
            Category::String => "@string",
            Category::Bitmap => "@bitmap",
            Category::List => "@list",
            Category::Set => "@set",
            Category::SortedSet => "@sortedset",
            Category::Hash => "@hash",
            Category::Stream => "@stream",
            Category::Geo => "@geo",
            Category::HyperLogLog => "@hyperloglog",
            Category::Transaction => "@transaction",
            Category::Admin => "@admin",
            Category::Fast => "@fast",
            Category::Slow => "@slow",
            Category::Blocking => "@blocking",
            Category::Dangerous => "@dangerous",
            Category::Connection => "@connection",
            Category::Scripting => "@scripting",
        }
    }
}
