//! Owns reading fields: one by one, all, or page by page.
//! Must not know: replies. Tests: `storage/tests/hashes`.

use super::{FieldTime, Hash};
use crate::collection::map;
use crate::encoding::meta::DataType;
use crate::encoding::shape::Shape;
use crate::error::Result;
use crate::value::Value;
use crate::view::View;

/// The value of a field of the hash that a key holds.
#[inline]
pub fn get(view: &View<'_>, key: &[u8], field: &[u8]) -> Result<Option<Value>> {
    let found = map::look_up(view, key, DataType::Hash, field)?;
    let live = |expire_ms: Option<u64>| expire_ms.is_none_or(|at| at > view.now_ms());
    Ok(found.and_then(|(value, expire_ms)| live(expire_ms).then_some(value)))
}

impl Hash<'_> {
    /// The value of a field.
    #[inline]
    pub fn get(&self, view: &View<'_>, field: &[u8]) -> Result<Option<Value>> {
        let found = self.map.value(view, field)?;
        Ok(found
            .filter(|(_, expire_ms)| self.is_live(*expire_ms))
            .map(|(value, _)| value))
    }

    /// Whether there is a field.
    pub fn contains(&self, view: &View<'_>, field: &[u8]) -> Result<bool> {
        let found = self.map.find(view, field)?;
        Ok(found.is_some_and(|expire_ms| self.is_live(expire_ms)))
    }

    /// When a field expires.
    pub fn time(&self, view: &View<'_>, field: &[u8]) -> Result<FieldTime> {
        Ok(match self.map.find(view, field)? {
            Some(expire_ms) if !self.is_live(expire_ms) => FieldTime::Missing,
            Some(Some(at_ms)) => FieldTime::At(at_ms),
            Some(None) => FieldTime::Never,
            None => FieldTime::Missing,
        })
    }

    /// Calls `each` with every field and its value: in order of insertion while the hash is small.
    pub fn for_each(&self, view: &View<'_>, mut each: impl FnMut(Value, Value)) -> Result<()> {
        self.map.for_each(view, |item| {
            if self.is_live(item.expire_ms) {
                each(item.field, item.value);
            }
            Ok(())
        })
    }

    /// The same with the bytes where they stand; values are empty unless `values` are wanted.
    pub fn visit(
        &self,
        view: &View<'_>,
        values: bool,
        mut each: impl FnMut(&[u8], &[u8]),
    ) -> Result<()> {
        self.map.visit(view, values, |field, value, expire_ms| {
            if self.is_live(expire_ms) {
                each(field, value);
            }
        })
    }

    /// The same, with the time at which each field expires, ms since the epoch.
    pub fn for_each_timed(
        &self,
        view: &View<'_>,
        mut each: impl FnMut(Value, Value, Option<u64>),
    ) -> Result<()> {
        self.map.for_each(view, |item| {
            if self.is_live(item.expire_ms) {
                each(item.field, item.value, item.expire_ms);
            }
            Ok(())
        })
    }

    /// Calls `each` with every field.
    pub fn for_each_field(&self, view: &View<'_>, mut each: impl FnMut(Value)) -> Result<()> {
        self.map.for_each_field(view, |field, expire_ms| {
            if self.is_live(expire_ms) {
                each(field);
            }
        })
    }

    /// Calls `each` with about `count` fields and their values from `cursor` on; gives the next
    /// cursor, 0 at the end. A hash that Redis would keep as a listpack comes as a whole.
    pub fn page(
        &self,
        view: &View<'_>,
        cursor: u64,
        count: u64,
        mut each: impl FnMut(Value, Value),
    ) -> Result<u64> {
        if self.map.shape != Shape::Hashtable {
            self.for_each(view, each)?;
            return Ok(0);
        }
        self.map.page(view, cursor, count, |item| {
            if self.is_live(item.expire_ms) {
                each(item.field, item.value);
            }
            Ok(())
        })
    }
}
