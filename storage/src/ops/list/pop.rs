//! Owns taking elements from the ends of lists, and moving them from list to list.
//! Must not know: replies, waiting. Tests: `storage/tests/lists.rs`, the oracle.

use super::{End, List, Threshold};
use crate::change::Event;
use crate::edit::Edit;
use crate::error::Result;
use crate::value::Value;

impl End {
    fn popped(self) -> Event {
        match self {
            End::Front => Event::LPop,
            End::Back => Event::RPop,
        }
    }
}

/// Takes the element at an end away.
pub fn pop(
    edit: &mut Edit<'_>,
    key: &[u8],
    end: End,
    threshold: Threshold,
) -> Result<Option<Value>> {
    let mut list = List::open(edit, key)?;
    let element = list.take(edit, end, threshold)?;
    if element.is_some() {
        list.write(edit, end.popped())?;
    }
    Ok(element)
}

/// Takes up to `count` elements from an end away; `None` if there is no such list.
pub fn pop_many(
    edit: &mut Edit<'_>,
    key: &[u8],
    end: End,
    count: u64,
    threshold: Threshold,
) -> Result<Option<Vec<Value>>> {
    let mut list = List::open(edit, key)?;
    if !list.entry.exists() {
        return Ok(None);
    }
    let count = count.min(list.len());
    if count == 0 {
        return Ok(Some(Vec::new()));
    }
    let (first, last) = match end {
        End::Front => (0, count),
        End::Back => (list.len() - count, list.len()),
    };
    let mut elements: Vec<Value> = list.elements(edit, first, last)?;
    if end == End::Back {
        elements.reverse();
    }
    if count == list.len() {
        edit.remove_emptied(&list.entry, end.popped())?;
        return Ok(Some(elements));
    }
    let kept = match end {
        End::Front => (last, list.len()),
        End::Back => (0, first),
    };
    list.keep(edit, kept.0, kept.1)?;
    list.shrink(edit, elements.iter().map(|one| &**one), threshold)?;
    list.write(edit, end.popped())?;
    Ok(Some(elements))
}

impl List<'_> {
    fn take(
        &mut self,
        edit: &mut Edit<'_>,
        end: End,
        threshold: Threshold,
    ) -> Result<Option<Value>> {
        let rank = match end {
            End::Front => 0,
            End::Back => self.len().saturating_sub(1),
        };
        let element = self.tree.remove_at(edit, &mut self.place, rank)?;
        if let Some(element) = &element {
            self.shrink(edit, std::iter::once(&**element), threshold)?;
        }
        Ok(element)
    }

    fn give(
        &mut self,
        edit: &mut Edit<'_>,
        element: &[u8],
        end: End,
        threshold: Threshold,
    ) -> Result<Event> {
        self.grow(std::iter::once(element), threshold);
        let elements = std::iter::once(element);
        match end {
            End::Front => {
                self.tree.push_front(edit, &mut self.place, elements)?;
                Ok(Event::LPush)
            }
            End::Back => {
                self.tree.push_back(edit, &mut self.place, elements)?;
                Ok(Event::RPush)
            }
        }
    }
}

/// Moves the element at an end of one list to an end of another, which may be the same; gives it.
pub fn move_element(
    edit: &mut Edit<'_>,
    (from, from_end): (&[u8], End),
    (to, to_end): (&[u8], End),
    threshold: Threshold,
) -> Result<Option<Value>> {
    let mut source = List::open(edit, from)?;
    if !source.entry.exists() {
        return Ok(None);
    }
    // Opened before anything is taken: it may be of another type.
    let target = match from == to {
        true => None,
        false => Some(List::open(edit, to)?),
    };
    let Some(element) = source.take(edit, from_end, threshold)? else {
        return Ok(None);
    };
    match target {
        None => {
            source.give(edit, &element, to_end, threshold)?;
            source.write(edit, from_end.popped())?;
        }
        Some(mut target) => {
            let pushed = target.give(edit, &element, to_end, threshold)?;
            source.write(edit, from_end.popped())?;
            target.write(edit, pushed)?;
        }
    }
    Ok(Some(element))
}
