//! Owns the patterns of SORT: what stands under a key, or in a field of a hash, whose name is made
//! from an element. Must not know: sorting. Tests: below, `storage/tests/whole_values.rs`.

use crate::commit::reach::Reach;
use crate::encoding::meta::DataType;
use crate::error::Result;
use crate::ops::bytes::{self, Content};
use crate::ops::hash::Hash;
use crate::value::Value;
use crate::view::View;

/// A pattern; Redis reads it as text that a zero byte ends, but for what follows the star.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Pattern<'a> {
    /// `#`: the element itself.
    Itself,
    /// Without a star: there is nothing to find.
    Fixed,
    /// The element between two texts; with a field, in a hash of this name.
    Named {
        before: &'a [u8],
        after: &'a [u8],
        field: Option<&'a [u8]>,
    },
}

impl<'a> Pattern<'a> {
    /// Reads a pattern.
    pub fn parse(text: &'a [u8]) -> Pattern<'a> {
        let end = text.iter().position(|&byte| byte == 0);
        let shown = text.get(..end.unwrap_or(text.len())).unwrap_or(text);
        if shown == b"#" {
            return Pattern::Itself;
        }
        let Some(star) = shown.iter().position(|&byte| byte == b'*') else {
            return Pattern::Fixed;
        };
        let part = |from: usize, to: usize| text.get(from..to).unwrap_or_default();
        let behind = star + 1;
        let arrow = part(behind, shown.len())
            .windows(2)
            .position(|pair| pair == b"->")
            .map(|at| behind + at)
            .filter(|at| at + 2 < shown.len());
        Pattern::Named {
            before: part(0, star),
            after: part(behind, arrow.unwrap_or(text.len())),
            field: arrow.map(|at| part(at + 2, text.len())),
        }
    }

    /// What the pattern finds for an element; a value of another type is nothing.
    pub(super) fn find(
        &self,
        view: &View<'_>,
        element: &Value,
        reach: &Reach,
    ) -> Result<Option<Content>> {
        let (before, after, field) = match *self {
            Pattern::Itself => return Ok(Some(Content::Shared(element.clone()))),
            Pattern::Fixed => return Ok(None),
            Pattern::Named {
                before,
                after,
                field,
            } => (before, after, field),
        };
        let key = [before, element, after].concat();
        let entry = view.open(&key)?;
        let Some(header) = entry.header() else {
            return Ok(None);
        };
        let wanted = match field {
            Some(_) => DataType::Hash,
            None => DataType::String,
        };
        if header.kind != wanted {
            return Ok(None);
        }
        // One row is read as it is; several belong together only under the key's latch.
        if header.head.is_some() && !reach.covers(entry.name.hash) {
            return Ok(None);
        }
        match field {
            None => bytes::read_value(view, &entry),
            Some(field) => {
                let value = Hash::of(view, entry)?.get(view, field)?;
                Ok(value.map(Content::Shared))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn named<'a>(before: &'a str, after: &'a str, field: Option<&'a str>) -> Pattern<'a> {
        Pattern::Named {
            before: before.as_bytes(),
            after: after.as_bytes(),
            field: field.map(str::as_bytes),
        }
    }

    #[test]
    fn patterns_are_read_as_redis_does() {
        let parse = |text: &'static str| Pattern::parse(text.as_bytes());
        assert_eq!(parse("#"), Pattern::Itself);
        assert_eq!(parse("##"), Pattern::Fixed);
        assert_eq!(parse("nosort"), Pattern::Fixed);
        assert_eq!(parse("w_*"), named("w_", "", None));
        assert_eq!(parse("*w*"), named("", "w*", None));
        assert_eq!(parse("w_*_x->f"), named("w_", "_x", Some("f")));
        assert_eq!(parse("a->b*"), named("a->b", "", None));
        assert_eq!(parse("w_*->"), named("w_", "->", None));
        assert_eq!(parse("w_*->a->b"), named("w_", "", Some("a->b")));
        assert_eq!(parse("w\0*"), Pattern::Fixed);
        assert_eq!(parse("#\0"), Pattern::Itself);
    }
}
