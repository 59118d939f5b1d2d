//! Owns SORT: the elements of a list, set or sorted set in an order of choice.
//! Invariants: elements of equal weight go by their bytes, texts of equal weight keep the order in
//! which they stood; a weight that is missing counts as 0, or comes before every text.
//! Must not know: replies, options' spelling. Tests: `storage/tests/whole_values.rs`, the oracle.

mod pattern;
mod weight;

pub use pattern::Pattern;

use crate::commit::reach::Reach;
use crate::encoding::meta::DataType;
use crate::error::{Result, StorageError};
use crate::ops::bytes::Content;
use crate::ops::zset::{self, Limit, Range};
use crate::ops::{list, set};
use crate::value::Value;
use crate::view::View;
use std::cmp::Ordering;
use weight::parse_weight;

/// What by.
#[derive(Debug, Clone, Copy)]
pub enum By<'a> {
    /// The elements themselves.
    Element,
    /// What the pattern finds for each.
    Weight(Pattern<'a>),
    /// Nothing: they stay as they are.
    Nothing,
}

/// Which elements, in which order, and what of each.
#[derive(Debug, Clone)]
pub struct Request<'a> {
    /// The key of the list, set or sorted set.
    pub key: &'a [u8],
    pub by: By<'a>,
    /// How many elements to leave out; negative ones are none.
    pub offset: i64,
    /// How many elements to give; negative for all.
    pub count: i64,
    /// What to give for each element; the element itself if empty.
    pub gets: Vec<Pattern<'a>>,
    pub descending: bool,
    /// Weights are texts, not numbers.
    pub alpha: bool,
    /// The result is stored: texts are compared beyond a zero byte, and a set never comes in the
    /// order in which it stands.
    pub stored: bool,
}

/// What a request gives.
#[derive(Debug)]
pub enum Sorted {
    /// One or more for each element; `None` where a pattern finds nothing.
    Given(Vec<Option<Content>>),
    /// A weight is no number.
    NotNumbers,
}

/// Carries a request out. Values behind patterns that are spread over rows are read only where
/// `reach` covers their keys.
///
/// # Errors
/// `NeedsLatch` if `reach` was short.
pub fn sort(view: &View<'_>, request: &Request<'_>, reach: &Reach) -> Result<Sorted> {
    // Not counted as a lookup: what follows opens the key once more.
    let entry = view.open_in(view.ns(), request.key)?;
    let kind = entry.header().map(|header| header.kind);
    let (first, end) = request.cut(len(view, request.key, kind)?);
    let chosen = match (request.by, kind) {
        (By::Nothing, Some(DataType::List | DataType::ZSet)) => {
            stretch(view, request, kind, (first, end))?
        }
        (By::Nothing, Some(DataType::Set)) if !request.stored => {
            cut(set::members(view, request.key)?, first, end)
        }
        (by, _) => {
            let elements = all(view, request.key, kind)?;
            match order(view, request, by, elements, reach)? {
                Some(sorted) => cut(sorted, first, end),
                None if reach.is_short() => return Err(StorageError::NeedsLatch),
                None => return Ok(Sorted::NotNumbers),
            }
        }
    };
    let mut given = Vec::with_capacity(chosen.len() * request.gets.len().max(1));
    for element in chosen {
        if request.gets.is_empty() {
            given.push(Some(Content::Shared(element)));
            continue;
        }
        for get in &request.gets {
            given.push(get.find(view, &element, reach)?);
        }
    }
    match reach.is_short() {
        true => Err(StorageError::NeedsLatch),
        false => Ok(Sorted::Given(given)),
    }
}

impl Request<'_> {
    /// The first and one past the last of the elements asked for, of `len`.
    fn cut(&self, len: u64) -> (u64, u64) {
        let first = u64::try_from(self.offset).unwrap_or(0).min(len);
        let count = u64::try_from(self.count).unwrap_or(len);
        (first, first.saturating_add(count).min(len))
    }
}

impl Request<'_> {
    /// The part of a text that counts: where nothing is stored, Redis compares as C does.
    fn text<'t>(&self, text: &'t [u8]) -> &'t [u8] {
        match self.stored {
            true => text,
            false => text.split(|&byte| byte == 0).next().unwrap_or_default(),
        }
    }

    fn directed(&self, ordering: Ordering) -> Ordering {
        match self.descending {
            true => ordering.reverse(),
            false => ordering,
        }
    }
}

fn cut(mut elements: Vec<Value>, first: u64, end: u64) -> Vec<Value> {
    elements.truncate(end as usize);
    elements.drain(..(first as usize).min(elements.len()));
    elements
}

fn len(view: &View<'_>, key: &[u8], kind: Option<DataType>) -> Result<u64> {
    match kind {
        Some(DataType::List) => list::len(view, key),
        Some(DataType::Set) => set::len(view, key),
        Some(DataType::ZSet) => zset::len(view, key),
        Some(_) => Err(StorageError::WrongType),
        None => view.open(key).map(|_| 0),
    }
}

/// All elements, a list's in its order.
fn all(view: &View<'_>, key: &[u8], kind: Option<DataType>) -> Result<Vec<Value>> {
    match kind {
        Some(DataType::List) => list::range(view, key, 0, -1),
        Some(DataType::Set) => set::members(view, key),
        Some(DataType::ZSet) => zset_members(view, key, (0, -1), false),
        _ => Ok(Vec::new()),
    }
}

fn zset_members(
    view: &View<'_>,
    key: &[u8],
    (start, stop): (i64, i64),
    reverse: bool,
) -> Result<Vec<Value>> {
    let range = Range::Ranks(start, stop);
    let scored = zset::range(view, key, &range, reverse, Limit::NONE)?;
    Ok(scored.into_iter().map(|one| one.member).collect())
}

/// The elements of some ranks, counted from the end and backwards if descending.
fn stretch(
    view: &View<'_>,
    request: &Request<'_>,
    kind: Option<DataType>,
    (first, end): (u64, u64),
) -> Result<Vec<Value>> {
    if first >= end {
        return Ok(Vec::new());
    }
    let (start, stop) = (first as i64, end as i64 - 1);
    if kind == Some(DataType::ZSet) {
        return zset_members(view, request.key, (start, stop), request.descending);
    }
    let (start, stop) = match request.descending {
        true => (-(end as i64), -(first as i64) - 1),
        false => (start, stop),
    };
    let mut elements = list::range(view, request.key, start, stop)?;
    if request.descending {
        elements.reverse();
    }
    Ok(elements)
}

/// The elements in order; `None` if a weight is no number.
fn order(
    view: &View<'_>,
    request: &Request<'_>,
    by: By<'_>,
    elements: Vec<Value>,
    reach: &Reach,
) -> Result<Option<Vec<Value>>> {
    let pattern = match by {
        By::Weight(pattern) => Some(pattern),
        By::Element => None,
        // The order of a set that may not come as it stands.
        By::Nothing => return Ok(Some(by_text(request, elements))),
    };
    if request.alpha {
        let Some(pattern) = pattern else {
            return Ok(Some(by_text(request, elements)));
        };
        let mut weighed = Vec::with_capacity(elements.len());
        for element in elements {
            weighed.push((pattern.find(view, &element, reach)?, element));
        }
        weighed.sort_by(|(one, _), (other, _)| {
            let one = one.as_deref().map(|text| request.text(text));
            let other = other.as_deref().map(|text| request.text(text));
            request.directed(one.cmp(&other))
        });
        return Ok(Some(
            weighed.into_iter().map(|(_, element)| element).collect(),
        ));
    }
    let mut weighed = Vec::with_capacity(elements.len());
    for element in elements {
        let weight = match pattern {
            Some(pattern) => match pattern.find(view, &element, reach)? {
                Some(text) => parse_weight(&text),
                None => Some(0.0),
            },
            None => parse_weight(&element),
        };
        match weight {
            Some(weight) => weighed.push((weight, element)),
            None => return Ok(None),
        }
    }
    weighed.sort_unstable_by(|(one_weight, one), (other_weight, other)| {
        let weights = one_weight.partial_cmp(other_weight);
        request.directed(
            weights
                .unwrap_or(Ordering::Equal)
                .then_with(|| one.as_slice().cmp(other.as_slice())),
        )
    });
    Ok(Some(
        weighed.into_iter().map(|(_, element)| element).collect(),
    ))
}

fn by_text(request: &Request<'_>, mut elements: Vec<Value>) -> Vec<Value> {
    elements.sort_by(|one, other| {
        let ordering = request.text(one).cmp(request.text(other));
        request.directed(ordering)
    });
    elements
}
