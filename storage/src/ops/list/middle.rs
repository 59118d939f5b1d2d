//! Owns what happens between the ends of a list: replacing, inserting beside an element, removing
//! equal ones, trimming, searching.
//! Must not know: replies. Tests: `storage/tests/lists.rs`, the oracle.

use super::{List, Threshold};
use crate::change::Event;
use crate::edit::Edit;
use crate::error::Result;
use crate::view::View;

/// On which side of a pivot an element goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Beside {
    /// In front of it.
    Before,
    /// Behind it.
    After,
}

/// What [`set`] came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Replaced {
    /// The element is replaced.
    Done,
    /// There is no such list.
    NoSuchKey,
    /// The list has no such index.
    NoSuchIndex,
}

/// Replaces the element at an index.
pub fn set(
    edit: &mut Edit<'_>,
    key: &[u8],
    index: i64,
    element: &[u8],
    threshold: Threshold,
) -> Result<Replaced> {
    let mut list = List::open(edit, key)?;
    if !list.entry.exists() {
        return Ok(Replaced::NoSuchKey);
    }
    let Some(rank) = list.rank(index) else {
        return Ok(Replaced::NoSuchIndex);
    };
    let old = list.tree.at(edit, &list.place, rank)?;
    list.grow(std::iter::once(element), threshold);
    list.tree.replace_at(edit, &mut list.place, rank, element)?;
    let old = old.iter().map(|item| &*item.value);
    list.shrink(edit, old, threshold)?;
    list.write(edit, Event::LSet)?;
    Ok(Replaced::Done)
}

/// Inserts an element beside the first one equal to `pivot`. Gives the new length, -1 without such
/// an element, 0 without such a list.
pub fn insert(
    edit: &mut Edit<'_>,
    key: &[u8],
    side: Beside,
    pivot: &[u8],
    element: &[u8],
    threshold: Threshold,
) -> Result<i64> {
    let mut list = List::open(edit, key)?;
    if !list.entry.exists() {
        return Ok(0);
    }
    let search = Search {
        element: pivot,
        backwards: false,
        skip: 0,
        count: 1,
        compare_max: 0,
    };
    let Some(&at) = list.positions(edit, &search)?.first() else {
        return Ok(-1);
    };
    list.grow(std::iter::once(element), threshold);
    let rank = at + u64::from(side == Beside::After);
    let elements = std::iter::once(element);
    list.tree.insert_at(edit, &mut list.place, rank, elements)?;
    let len = list.len();
    list.write(edit, Event::LInsert)?;
    Ok(len as i64)
}

/// Removes the first `count` elements equal to `element`, the last ones for a negative count, all
/// for 0; gives how many there were.
pub fn remove_equal(
    edit: &mut Edit<'_>,
    key: &[u8],
    count: i64,
    element: &[u8],
    threshold: Threshold,
) -> Result<u64> {
    let mut list = List::open(edit, key)?;
    let search = Search {
        element,
        backwards: count < 0,
        skip: 0,
        count: count.unsigned_abs(),
        compare_max: 0,
    };
    let mut ranks = list.positions(edit, &search)?;
    if ranks.is_empty() {
        return Ok(0);
    }
    ranks.sort_unstable();
    // From the end on, so that the ranks in front stay what they are; neighbours go together.
    let mut runs: Vec<(u64, u64)> = Vec::new();
    for &rank in ranks.iter().rev() {
        match runs.last_mut() {
            Some((first, _)) if *first == rank + 1 => *first = rank,
            _ => runs.push((rank, rank + 1)),
        }
    }
    for (first, end) in runs {
        list.tree.remove_range(edit, &mut list.place, first, end)?;
    }
    let gone = std::iter::repeat_n(element, ranks.len());
    if !list.tree.is_empty() {
        list.shrink(edit, gone, threshold)?;
    }
    list.write(edit, Event::LRem)?;
    Ok(ranks.len() as u64)
}

/// Keeps the elements from `start` to `stop`, both included, and removes the others.
pub fn trim(
    edit: &mut Edit<'_>,
    key: &[u8],
    start: i64,
    stop: i64,
    threshold: Threshold,
) -> Result<()> {
    let mut list = List::open(edit, key)?;
    if !list.entry.exists() {
        return Ok(());
    }
    let (first, end) = list.ranks(start, stop);
    if first >= end {
        return edit.remove_emptied(&list.entry, Event::LTrim);
    }
    let len = list.len();
    if end - first < len {
        list.keep(edit, first, end)?;
        list.measure_if_small(edit, threshold)?;
    }
    list.write(edit, Event::LTrim)
}

/// What [`positions`] looks for.
#[derive(Debug, Clone, Copy)]
pub struct Search<'a> {
    /// Equal elements count.
    pub element: &'a [u8],
    /// From the last element on.
    pub backwards: bool,
    /// Matches passed over.
    pub skip: u64,
    /// Matches given; 0 for all.
    pub count: u64,
    /// Elements compared; 0 for all.
    pub compare_max: u64,
}

/// Indexes of matching elements, in the order in which they are met.
pub fn positions(view: &View<'_>, key: &[u8], search: &Search<'_>) -> Result<Vec<u64>> {
    List::open(view, key)?.positions(view, search)
}

impl List<'_> {
    fn positions(&self, view: &View<'_>, search: &Search<'_>) -> Result<Vec<u64>> {
        let mut found = Vec::new();
        let (mut skip, mut compared) = (search.skip, 0);
        if self.tree.is_empty() {
            return Ok(found);
        }
        let first = if search.backwards { self.len() - 1 } else { 0 };
        let mut cursor = self.tree.cursor_at_rank(view, &self.place, first)?;
        loop {
            let equal = match cursor.inline_value() {
                Some(element) => element == search.element,
                None => cursor.value()?.is_some_and(|one| *one == *search.element),
            };
            if equal && skip > 0 {
                skip -= 1;
            } else if equal {
                found.push(cursor.rank());
                if found.len() as u64 == search.count {
                    break;
                }
            }
            compared += 1;
            let more = match search.backwards {
                true => cursor.retreat()?,
                false => cursor.advance()?,
            };
            if compared == search.compare_max || !more {
                break;
            }
        }
        Ok(found)
    }
}
