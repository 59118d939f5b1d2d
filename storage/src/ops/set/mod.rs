//! Owns operations on sets: members, random ones, and sets made from other sets (`algebra`).
//! Invariants: OBJECT ENCODING's shape only moves from intset to listpack to hashtable; members of
//! a set of integers are given in order, those of another small one in order of insertion.
//! Must not know: replies, options' spelling. Tests: `storage/tests/sets.rs`, the oracle.

mod algebra;

pub use algebra::{Algebra, combine, intersection_len, replace, store};

use crate::change::Event;
use crate::collection::map::{self, Map};
use crate::edit::Edit;
use crate::encoding::meta::DataType;
use crate::encoding::number::parse_i64;
use crate::encoding::shape::Shape;
use crate::error::Result;
use crate::ops::draw::Draw;
use crate::value::Value;
use crate::view::View;
use rand::Rng;
use std::collections::HashSet;

/// Up to where a set counts as small: Redis's directives of the same names.
#[derive(Debug, Clone, Copy)]
pub struct Thresholds {
    /// `set-max-intset-entries`
    pub intset_entries: u64,
    /// `set-max-listpack-entries`
    pub listpack_entries: u64,
    /// `set-max-listpack-value`
    pub listpack_value: usize,
}

impl Thresholds {
    /// The shape of a set that had `shape` and got `member` as its `len`-th.
    fn shape_with(&self, shape: Shape, member: &[u8], len: u64) -> Shape {
        let fits_listpack = len <= self.listpack_entries && member.len() <= self.listpack_value;
        match shape {
            Shape::Intset if parse_i64(member).is_some() => {
                if len <= self.intset_entries {
                    Shape::Intset
                } else if fits_listpack {
                    Shape::Listpack
                } else {
                    Shape::Hashtable
                }
            }
            Shape::Intset | Shape::Listpack if fits_listpack => Shape::Listpack,
            _ => Shape::Hashtable,
        }
    }
}

/// A draw of this part of the set or more looks at every member instead of drawing one by one.
const DRAW_ALL_PART: u64 = 3;

fn open<'k>(view: &View<'_>, key: &'k [u8]) -> Result<Map<'k>> {
    Map::open(view, key, DataType::Set, Shape::Intset)
}

/// Adds members; gives how many are new.
pub fn add<'a>(
    edit: &mut Edit<'_>,
    key: &[u8],
    members: impl Iterator<Item = &'a [u8]>,
    thresholds: &Thresholds,
) -> Result<u64> {
    let mut set = open(edit, key)?;
    let mut added = 0;
    for member in members {
        added += u64::from(insert(edit, &mut set, member, thresholds)?);
    }
    if added > 0 {
        set.write(edit, &[Event::SAdd])?;
    }
    Ok(added)
}

fn insert(
    edit: &mut Edit<'_>,
    set: &mut Map<'_>,
    member: &[u8],
    thresholds: &Thresholds,
) -> Result<bool> {
    let added = set.add(edit, member)?;
    if added {
        set.shape = thresholds.shape_with(set.shape, member, set.len());
    }
    Ok(added)
}

/// Takes members away; gives how many there were.
pub fn remove<'a>(
    edit: &mut Edit<'_>,
    key: &[u8],
    members: impl Iterator<Item = &'a [u8]>,
) -> Result<u64> {
    let mut set = open(edit, key)?;
    let mut removed = 0;
    for member in members {
        removed += u64::from(set.remove(edit, member)?.is_some());
    }
    if removed > 0 {
        set.write(edit, &[Event::SRem])?;
    }
    Ok(removed)
}

/// Whether there is such a set.
pub fn exists(view: &View<'_>, key: &[u8]) -> Result<bool> {
    Ok(open(view, key)?.exists())
}

/// Number of members.
pub fn len(view: &View<'_>, key: &[u8]) -> Result<u64> {
    Ok(open(view, key)?.len())
}

/// Whether each of `members` is one.
pub fn contains<'a>(
    view: &View<'_>,
    key: &[u8],
    members: impl Iterator<Item = &'a [u8]>,
) -> Result<Vec<bool>> {
    let set = open(view, key)?;
    members
        .map(|member| Ok(set.find(view, member)?.is_some()))
        .collect()
}

/// Whether `member` is one.
#[inline]
pub fn contains_one(view: &View<'_>, key: &[u8], member: &[u8]) -> Result<bool> {
    map::holds_member(view, key, member)
}

/// All members.
pub fn members(view: &View<'_>, key: &[u8]) -> Result<Vec<Value>> {
    members_of(view, &open(view, key)?)
}

/// Calls `each` with every member, in the order of [`members`].
pub fn for_each(view: &View<'_>, key: &[u8], mut each: impl FnMut(&[u8])) -> Result<()> {
    let set = open(view, key)?;
    if set.shape == Shape::Intset {
        let members = members_of(view, &set)?;
        members.iter().for_each(|member| each(member));
        return Ok(());
    }
    set.visit(view, false, |member, _, _| each(member))
}

fn members_of(view: &View<'_>, set: &Map<'_>) -> Result<Vec<Value>> {
    let mut members = Vec::with_capacity(set.len() as usize);
    set.for_each(view, |item| {
        members.push(item.field);
        Ok(())
    })?;
    if set.shape == Shape::Intset {
        members.sort_by_cached_key(|member| parse_i64(member));
    }
    Ok(members)
}

/// About `count` members from `cursor` on, and the next cursor.
pub fn page(view: &View<'_>, key: &[u8], cursor: u64, count: u64) -> Result<(u64, Vec<Value>)> {
    let set = open(view, key)?;
    if set.is_packed() {
        return Ok((0, members_of(view, &set)?));
    }
    let mut members = Vec::new();
    let next = set.page(view, cursor, count, |item| {
        members.push(item.field);
        Ok(())
    })?;
    Ok((next, members))
}

/// Any member, each as likely as the others.
pub fn random(view: &View<'_>, key: &[u8], random: &mut impl Rng) -> Result<Option<Value>> {
    let item = open(view, key)?.random(view, random)?;
    Ok(item.map(|item| item.field))
}

/// Several members at random; `None` if there is no such set.
pub fn random_many(
    view: &View<'_>,
    key: &[u8],
    draw: Draw,
    random: &mut impl Rng,
) -> Result<Option<Vec<Value>>> {
    let set = open(view, key)?;
    if !set.exists() {
        return Ok(None);
    }
    match draw {
        Draw::Distinct(count) => draw_distinct(view, &set, count, random).map(Some),
        Draw::Repeating(count) => {
            let mut drawn = Vec::new();
            for _ in 0..count {
                drawn.extend(set.random(view, random)?.map(|item| item.field));
            }
            Ok(Some(drawn))
        }
    }
}

fn draw_distinct(
    view: &View<'_>,
    set: &Map<'_>,
    count: u64,
    random: &mut impl Rng,
) -> Result<Vec<Value>> {
    if count >= set.len() {
        return members_of(view, set);
    }
    if count >= set.len() / DRAW_ALL_PART || set.is_packed() {
        use rand::seq::SliceRandom;
        let mut members = members_of(view, set)?;
        let (chosen, _) = members.partial_shuffle(random, count as usize);
        return Ok(chosen.to_vec());
    }
    let (mut drawn, mut seen) = (Vec::new(), HashSet::new());
    while (drawn.len() as u64) < count {
        let Some(item) = set.random(view, random)? else {
            break;
        };
        if seen.insert(item.field.to_vec()) {
            drawn.push(item.field);
        }
    }
    Ok(drawn)
}

/// Takes a random member away and gives it.
pub fn pop(edit: &mut Edit<'_>, key: &[u8], random: &mut impl Rng) -> Result<Option<Value>> {
    let mut set = open(edit, key)?;
    let member = set.take_random(edit, random)?;
    if member.is_some() {
        set.write(edit, &[Event::SPop])?;
    }
    Ok(member)
}

/// Takes `count` random members away, or all, and gives them.
pub fn pop_many(
    edit: &mut Edit<'_>,
    key: &[u8],
    count: u64,
    random: &mut impl Rng,
) -> Result<Vec<Value>> {
    let mut set = open(edit, key)?;
    if !set.exists() || count == 0 {
        return Ok(Vec::new());
    }
    if count >= set.len() {
        let members = members_of(edit, &set)?;
        edit.remove_emptied(set.entry(), Event::SPop)?;
        return Ok(members);
    }
    let drawn = draw_distinct(edit, &set, count, random)?;
    for member in &drawn {
        set.remove(edit, member)?;
    }
    set.write(edit, &[Event::SPop])?;
    Ok(drawn)
}

/// Moves a member from one set to another; gives whether it was there.
pub fn move_member(
    edit: &mut Edit<'_>,
    from: &[u8],
    to: &[u8],
    member: &[u8],
    thresholds: &Thresholds,
) -> Result<bool> {
    let mut source = open(edit, from)?;
    if !source.exists() {
        return Ok(false);
    }
    let mut target = open(edit, to)?;
    if from == to {
        return Ok(source.find(edit, member)?.is_some());
    }
    if source.remove(edit, member)?.is_none() {
        return Ok(false);
    }
    source.write(edit, &[Event::SRem])?;
    if insert(edit, &mut target, member, thresholds)? {
        target.write(edit, &[Event::SAdd])?;
    }
    Ok(true)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shapes_move_one_way() {
        let thresholds = Thresholds {
            intset_entries: 4,
            listpack_entries: 3,
            listpack_value: 5,
        };
        let with = |shape, member: &[u8], len| thresholds.shape_with(shape, member, len);
        assert_eq!(with(Shape::Intset, b"12", 4), Shape::Intset);
        assert_eq!(with(Shape::Intset, b"12", 5), Shape::Hashtable);
        assert_eq!(with(Shape::Intset, b"ab", 3), Shape::Listpack);
        assert_eq!(with(Shape::Intset, b"ab", 4), Shape::Hashtable);
        assert_eq!(with(Shape::Listpack, b"1", 3), Shape::Listpack);
        assert_eq!(with(Shape::Listpack, b"abcdef", 2), Shape::Hashtable);
        assert_eq!(with(Shape::Hashtable, b"1", 1), Shape::Hashtable);
    }
}
