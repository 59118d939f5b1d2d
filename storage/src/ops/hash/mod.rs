//! Owns hashes as commands mean them: fields with values, some of which expire.
//! Invariants: a field whose time has come is hidden from every reader at once and taken away by
//! the sweeper; `fields_ms` is when the first field expires; the shape follows Redis's thresholds.
//! Must not know: replies, options' spelling, where entries stand (`collection::map` does).
//! Tests: `storage/tests/hashes`.

mod expiry;
pub mod index;
mod random;
mod read;
mod write;

pub use expiry::{Changed, FieldCondition, Lifetime, TIME_MS_MAX, expire_due};
pub use read::get;
pub use write::{delete, increment, increment_float, replace, set, set_absent};

use crate::collection::map::Map;
use crate::encoding::meta::DataType;
use crate::encoding::shape::Shape;
use crate::error::Result;
use crate::view::{KeyEntry, View};

/// Up to where Redis keeps a hash as a listpack.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ListpackLimits {
    /// Most fields.
    pub fields: u64,
    /// Longest field or value, in bytes.
    pub bytes: u64,
}

/// When a field expires.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FieldTime {
    /// There is no such field.
    Missing,
    /// The field never expires.
    Never,
    /// The field expires then, ms since the epoch.
    At(u64),
}

/// A hash, opened.
pub struct Hash<'k> {
    map: Map<'k>,
    now_ms: u64,
    /// It stood inside its meta record when it was opened.
    was_packed: bool,
    /// Times that fields had or got since then; they bring the index of times up to date.
    retimed: Vec<index::Retimed>,
}

impl<'k> Hash<'k> {
    /// Opens a key; one that does not exist is an empty hash.
    #[inline]
    pub fn open(view: &View<'_>, key: &'k [u8]) -> Result<Hash<'k>> {
        let map = Map::open(view, key, DataType::Hash, Shape::Listpack)?;
        Ok(Hash::with(view, map))
    }

    /// The hash that an entry, whose type is checked, holds.
    pub fn of(view: &View<'_>, entry: KeyEntry<'k>) -> Result<Hash<'k>> {
        let map = Map::of(entry, DataType::Hash, Shape::Listpack)?;
        Ok(Hash::with(view, map))
    }

    #[inline]
    fn with(view: &View<'_>, map: Map<'k>) -> Hash<'k> {
        Hash {
            now_ms: view.now_ms(),
            was_packed: map.is_packed(),
            map,
            retimed: Vec::new(),
        }
    }

    /// Whether the key exists.
    #[inline]
    pub fn exists(&self) -> bool {
        self.map.exists()
    }

    /// Number of fields; as in Redis, those that have expired count until they are swept.
    #[inline]
    pub fn len(&self) -> u64 {
        self.map.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.map.is_empty()
    }

    /// Whether a field with this time is there for a reader.
    #[inline]
    fn is_live(&self, expire_ms: Option<u64>) -> bool {
        expire_ms.is_none_or(|at| at > self.now_ms)
    }

    /// Whether some field has expired and is stored still.
    fn holds_expired(&self) -> bool {
        !self.is_live(self.map.fields_ms)
    }
}
