//! Owns the bytes of an inner node: its children, how many entries each has, what separates them.
//! Invariants: the first separator is empty; the count of one child, the open one, is not written:
//! it is what the others leave of the node's total, so writes that go to the open child again and
//! again (appends) leave the node as it is. Must not know: rows. Tests: below,
//! `storage/tests/tree`.
//!
//! ```text
//! format u8 | children u16 | open u16 | (child u48, count u48) ... | table | separators
//! table:  for each separator its end, u16 or u32 (WIDE); neither in a tree of positions
//! ```

use super::form::{Form, format};
use crate::encoding::compare::order;
use smallvec::SmallVec;
use std::cmp::Ordering;

/// Bytes before the slots.
pub(super) const HEAD_LEN: usize = 5;
/// Bytes of a child's number and count.
const SLOT_LEN: usize = 12;
const NARROW_BYTES_MAX: usize = 0x7fff;
/// Numbers and counts have 48 bits.
pub(super) const U48_MAX: u64 = (1 << 48) - 1;

/// Bytes of a separator; most are short.
pub(super) type Separator = SmallVec<[u8; 24]>;

/// A child of an inner node.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Slot {
    pub child: u64,
    pub count: u64,
    /// No key of the child is below it, none of the child before at or above it.
    pub separator: Separator,
}

/// An inner node, read where it stands.
#[derive(Debug, Clone, Copy)]
pub(super) struct Inner<'a> {
    keyed: bool,
    wide: bool,
    open: usize,
    slots: &'a [u8],
    table: &'a [u8],
    separators: &'a [u8],
}

#[inline]
fn child_of(slot: &[u8]) -> Option<u64> {
    Some(u64::from_be_bytes(slot.get(..8)?.try_into().ok()?) >> 16)
}

#[inline]
fn count_of(slot: &[u8]) -> Option<u64> {
    Some(u64::from_be_bytes(slot.get(4..SLOT_LEN)?.try_into().ok()?) & U48_MAX)
}

/// The counts of some slots together.
#[inline]
fn sum(slots: &[u8]) -> Option<u64> {
    let mut sum = 0;
    for slot in slots.chunks_exact(SLOT_LEN) {
        sum += count_of(slot)?;
    }
    Some(sum)
}

/// A slot's bytes.
fn slot_bytes(child: u64, count: u64) -> [u8; SLOT_LEN] {
    let bytes = ((u128::from(child) << 48) | u128::from(count)).to_be_bytes();
    let mut slot = [0; SLOT_LEN];
    slot.copy_from_slice(bytes.last_chunk::<SLOT_LEN>().unwrap_or(&[0; SLOT_LEN]));
    slot
}

impl<'a> Inner<'a> {
    #[inline]
    pub fn parse(bytes: &'a [u8], form: Form) -> Option<Inner<'a>> {
        let (&[first, high, low, open_high, open_low], rest) =
            bytes.split_first_chunk::<HEAD_LEN>()?;
        let wide = first & format::WIDE != 0;
        if first & !format::WIDE != form.bits() | format::INNER {
            return None;
        }
        let count = usize::from(u16::from_be_bytes([high, low]));
        let open = usize::from(u16::from_be_bytes([open_high, open_low]));
        if open >= count {
            return None;
        }
        let (slots, rest) = rest.split_at_checked(count * SLOT_LEN)?;
        let keyed = form.keyed();
        let width = if wide { 4 } else { 2 };
        let (table, separators) = match keyed {
            true => rest.split_at_checked(count * width)?,
            false => (rest, rest),
        };
        Some(Inner {
            keyed,
            wide,
            open,
            slots,
            table,
            separators,
        })
    }

    /// Number of children.
    #[inline]
    pub fn count(&self) -> usize {
        self.slots.len() / SLOT_LEN
    }

    #[inline]
    pub fn open(&self) -> usize {
        self.open
    }

    #[inline]
    fn slot(&self, at: usize) -> Option<&'a [u8]> {
        self.slots.get(at * SLOT_LEN..(at + 1) * SLOT_LEN)
    }

    #[inline]
    pub fn child(&self, at: usize) -> Option<u64> {
        child_of(self.slot(at)?)
    }

    /// Entries of the open child.
    #[inline]
    pub fn open_count(&self, total: u64) -> Option<u64> {
        total.checked_sub(sum(self.slots)?)
    }

    /// Entries of a child of this node, which has `total`.
    #[inline]
    pub fn entries(&self, at: usize, total: u64) -> Option<u64> {
        if at == self.open {
            return self.open_count(total);
        }
        count_of(self.slot(at)?).filter(|count| *count <= total)
    }

    /// Entries of the children before `at`, and of `at` itself. Only the side on which the open
    /// child does not stand is looked at.
    #[inline]
    pub fn span(&self, at: usize, total: u64) -> Option<(u64, u64)> {
        let own = count_of(self.slot(at)?)?;
        let before = || sum(self.slots.get(..at * SLOT_LEN)?);
        let behind = || sum(self.slots.get((at + 1) * SLOT_LEN..)?);
        let (before, count) = match at.cmp(&self.open) {
            Ordering::Less => (before()?, own),
            Ordering::Greater => (total.checked_sub(behind()?)?.checked_sub(own)?, own),
            Ordering::Equal => {
                let before = before()?;
                (before, total.checked_sub(before)?.checked_sub(behind()?)?)
            }
        };
        (before + count <= total).then_some((before, count))
    }

    /// The child that holds the entry of this rank, the entries before that child, and its own. A
    /// rank at or beyond the end gives the last child.
    #[inline]
    pub fn locate(&self, rank: u64, total: u64) -> Option<(usize, u64, u64)> {
        let mut slots = self.slots.chunks_exact(SLOT_LEN).enumerate();
        let mut before = 0;
        while let Some((at, slot)) = slots.next() {
            let rest = total.checked_sub(before)?;
            let count = match at == self.open {
                true => rest.checked_sub(sum(self.slots.get((at + 1) * SLOT_LEN..)?)?)?,
                false => count_of(slot).filter(|count| *count <= rest)?,
            };
            if rank < before + count || slots.len() == 0 {
                return Some((at, before, count));
            }
            before += count;
        }
        None
    }

    /// Whether a key stands or would stand in child `at`.
    #[inline]
    pub fn holds(&self, at: usize, key: &[u8]) -> Option<bool> {
        let above = at == 0 || self.separator(at)? <= key;
        let last = self.count() - 1;
        Some(above && (at >= last || key < self.separator(at + 1)?))
    }

    #[inline]
    fn end(&self, at: usize) -> Option<usize> {
        if self.wide {
            let bytes = self.table.get(at * 4..at * 4 + 4)?;
            return Some(u32::from_be_bytes(bytes.try_into().ok()?) as usize);
        }
        let bytes = self.table.get(at * 2..at * 2 + 2)?;
        Some(usize::from(u16::from_be_bytes(bytes.try_into().ok()?)))
    }

    #[inline]
    pub fn separator(&self, at: usize) -> Option<&'a [u8]> {
        if at == 0 || !self.keyed {
            return Some(&[]);
        }
        self.separators.get(self.end(at - 1)?..self.end(at)?)
    }

    /// The child in which a key stands or would stand.
    #[inline]
    pub fn search(&self, key: &[u8]) -> Option<usize> {
        let (mut low, mut high) = (1, self.count());
        while low < high {
            let middle = (low + high) / 2;
            match order(self.separator(middle)?, key).is_le() {
                true => low = middle + 1,
                false => high = middle,
            }
        }
        Some(low - 1)
    }

    /// The children, taken apart.
    pub fn slots(&self, total: u64) -> Option<Vec<Slot>> {
        let open_count = self.open_count(total)?;
        let mut slots = Vec::with_capacity(self.count() + 2);
        for (at, slot) in self.slots.chunks_exact(SLOT_LEN).enumerate() {
            slots.push(Slot {
                child: child_of(slot)?,
                count: match at == self.open {
                    true => open_count,
                    false => count_of(slot)?,
                },
                separator: Separator::from_slice(self.separator(at)?),
            });
        }
        Some(slots)
    }

    /// The pieces of this node, whose bytes are `node`, with child `at` open, which it was not.
    pub fn reopen(&self, node: &'a [u8], at: usize, total: u64) -> Option<Recounted<'a>> {
        let old = self.open;
        let closed = slot_bytes(self.child(old)?, self.open_count(total)?);
        let opened = slot_bytes(self.child(at)?, 0);
        recounted(node, at, (old, closed), (at, opened))
    }

    /// The pieces of this node, whose bytes are `node`, with an entry of child `from` in another
    /// child, `to`.
    pub fn hand_over(&self, node: &'a [u8], from: usize, to: usize) -> Option<Recounted<'a>> {
        let slot = |at: usize, by: i64| {
            let count = match at == self.open {
                true => 0,
                false => count_of(self.slot(at)?)?.checked_add_signed(by)?,
            };
            Some(slot_bytes(self.child(at)?, count))
        };
        recounted(node, self.open, (from, slot(from, -1)?), (to, slot(to, 1)?))
    }
}

/// The pieces of a node in which child `open` is open and two slots are others than in `node`.
fn recounted(
    node: &[u8],
    open: usize,
    one: (usize, [u8; SLOT_LEN]),
    other: (usize, [u8; SLOT_LEN]),
) -> Option<Recounted<'_>> {
    let [open_high, open_low] = u16::try_from(open).ok()?.to_be_bytes();
    let (&[first, high, low], _) = node.split_first_chunk::<3>()?;
    let place = |at: usize| HEAD_LEN + at * SLOT_LEN;
    let (lower, upper) = match one.0 < other.0 {
        true => (one, other),
        false => (other, one),
    };
    Some(Recounted {
        head: [first, high, low, open_high, open_low],
        before: node.get(HEAD_LEN..place(lower.0))?,
        low_slot: lower.1,
        between: node.get(place(lower.0 + 1)..place(upper.0))?,
        high_slot: upper.1,
        after: node.get(place(upper.0 + 1)..)?,
    })
}

/// An inner node in which two slots have changed.
pub(super) struct Recounted<'a> {
    head: [u8; HEAD_LEN],
    before: &'a [u8],
    low_slot: [u8; SLOT_LEN],
    between: &'a [u8],
    high_slot: [u8; SLOT_LEN],
    after: &'a [u8],
}

impl Recounted<'_> {
    pub fn parts(&self) -> [&[u8]; 6] {
        [
            &self.head,
            self.before,
            &self.low_slot,
            self.between,
            &self.high_slot,
            self.after,
        ]
    }
}

/// Bytes that a child takes in an inner node of ordinary size.
pub(super) fn slot_len(form: Form, slot: &Slot) -> usize {
    SLOT_LEN
        + if form.keyed() {
            slot.separator.len() + 2
        } else {
            0
        }
}

/// Bytes of an inner node with these children.
pub(super) fn encoded_len(form: Form, slots: &[Slot]) -> usize {
    HEAD_LEN + slots.iter().map(|slot| slot_len(form, slot)).sum::<usize>()
}

/// An inner node of these children; the first separator is dropped.
pub(super) fn encode(form: Form, slots: &[Slot], open: usize) -> Option<Vec<u8>> {
    let separators = || slots.iter().skip(1).map(|slot| slot.separator.as_slice());
    let body: usize = match form.keyed() {
        true => separators().map(<[u8]>::len).sum(),
        false => 0,
    };
    let wide = body > NARROW_BYTES_MAX;
    let mut out = Vec::with_capacity(encoded_len(form, slots) + slots.len() * 2);
    out.push(form.bits() | format::INNER | if wide { format::WIDE } else { 0 });
    out.extend_from_slice(&u16::try_from(slots.len()).ok()?.to_be_bytes());
    out.extend_from_slice(&u16::try_from(open).ok()?.to_be_bytes());
    for (at, slot) in slots.iter().enumerate() {
        let count = if at == open { 0 } else { slot.count };
        out.extend_from_slice(&slot_bytes(slot.child, count));
    }
    if !form.keyed() {
        return Some(out);
    }
    let mut end = 0;
    let lengths = separators().map(<[u8]>::len);
    for len in std::iter::once(0).chain(lengths) {
        end += len;
        match wide {
            true => out.extend_from_slice(&(end as u32).to_be_bytes()),
            false => out.extend_from_slice(&(end as u16).to_be_bytes()),
        }
    }
    separators().for_each(|separator| out.extend_from_slice(separator));
    Some(out)
}

/// The shortest key that is above `below` and not above `first`, which is above `below`.
pub(super) fn separate(below: &[u8], first: &[u8]) -> Separator {
    let common = below.iter().zip(first).take_while(|(a, b)| a == b).count();
    Separator::from_slice(first.get(..common + 1).unwrap_or(first))
}

/// What contradicts itself in an inner node, if anything.
pub(super) fn problem(bytes: &[u8], form: Form, total: u64) -> Option<&'static str> {
    let Some(inner) = Inner::parse(bytes, form) else {
        return Some("not an inner node of its tree");
    };
    if inner.slot(inner.open).and_then(count_of) != Some(0) {
        return Some("the open child has a count");
    }
    if inner.open_count(total).is_none() {
        return Some("the children have more entries than the node");
    }
    if !form.keyed() {
        return (!inner.table.is_empty()).then_some("bytes behind the children");
    }
    let mut end = 0;
    for at in 0..inner.count() {
        match inner.end(at) {
            Some(next) if next < end || (at == 0 && next > 0) => {
                return Some("separators overlap");
            }
            Some(next) => end = next,
            None => return Some("the table is cut off"),
        }
    }
    if end != inner.separators.len() {
        return Some("the separators do not fill the node");
    }
    if inner.wide != (end > NARROW_BYTES_MAX) {
        return Some("offsets of the wrong width");
    }
    let ordered = (1..inner.count()).all(|at| inner.separator(at - 1) < inner.separator(at));
    (!ordered).then_some("separators out of order")
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn slots_of(parts: &[(u32, u32, Vec<u8>)], form: Form) -> Vec<Slot> {
        let mut separators: Vec<_> = parts.iter().map(|part| part.2.clone()).collect();
        separators.sort();
        let slots = parts.iter().zip(separators).enumerate();
        slots
            .map(|(at, ((child, count, _), separator))| Slot {
                child: u64::from(*child) << 16,
                count: u64::from(*count) << 16,
                separator: match form.keyed() && at > 0 {
                    true => Separator::from_vec(separator),
                    false => Separator::new(),
                },
            })
            .collect()
    }

    fn form() -> impl Strategy<Value = Form> {
        prop_oneof![Just(Form::Positions), Just(Form::Keys), Just(Form::Pairs)]
    }

    proptest! {
        #[test]
        fn children_round_trip_and_any_of_them_may_be_open(
            form in form(),
            parts in proptest::collection::vec(
                (any::<u32>(), any::<u32>(), proptest::collection::vec(any::<u8>(), 0..2000)),
                1..40,
            ),
            (open, other) in any::<(usize, usize)>(),
        ) {
            let slots = slots_of(&parts, form);
            let total = slots.iter().map(|slot| slot.count).sum::<u64>();
            let (open, other) = (open % slots.len(), other % slots.len());
            let node = encode(form, &slots, open).unwrap();
            let inner = Inner::parse(&node, form).unwrap();
            prop_assert_eq!(&inner.slots(total).unwrap(), &slots);
            let mut before = 0;
            for (at, slot) in slots.iter().enumerate() {
                prop_assert_eq!(inner.child(at), Some(slot.child));
                prop_assert_eq!(inner.entries(at, total), Some(slot.count));
                prop_assert_eq!(inner.span(at, total), Some((before, slot.count)));
                if slot.count > 0 {
                    let first = inner.locate(before, total);
                    prop_assert_eq!(first, Some((at, before, slot.count)));
                    let last = inner.locate(before + slot.count - 1, total);
                    prop_assert_eq!(last, first);
                }
                before += slot.count;
            }
            let (last, beyond) = (slots.len() - 1, inner.locate(total, total));
            prop_assert_eq!(beyond.map(|(at, ..)| at), Some(last));
            if form.keyed() {
                let key = &slots[other].separator;
                let at = inner.search(key).unwrap();
                prop_assert_eq!(inner.holds(at, key), Some(true));
                prop_assert_eq!(inner.holds(at.wrapping_sub(1), key).unwrap_or(false), false);
                prop_assert_eq!(at < last && inner.holds(at + 1, key).unwrap(), false);
            }
            if other != open {
                let parts = inner.reopen(&node, other, total).unwrap().parts().concat();
                prop_assert_eq!(parts, encode(form, &slots, other).unwrap());
                for (from, to) in [(open, other), (other, open)] {
                    let mut slots = slots.clone();
                    slots[from].count += 5;
                    let node = encode(form, &slots, open).unwrap();
                    let inner = Inner::parse(&node, form).unwrap();
                    let parts = inner.hand_over(&node, from, to).unwrap().parts().concat();
                    slots[from].count -= 1;
                    slots[to].count += 1;
                    prop_assert_eq!(parts, encode(form, &slots, open).unwrap());
                }
            }
        }

        #[test]
        fn any_bytes_are_read_or_refused(
            form in form(),
            children in 0u8..4,
            rest in proptest::collection::vec(any::<u8>(), 0..90),
            total in 0u64..1 << 48,
        ) {
            let first = form.bits() | format::INNER | (rest.len() as u8 & format::WIDE);
            let bytes = [&[first, 0, children, 0, 0][..], &rest].concat();
            let sound = problem(&bytes, form, total).is_none();
            let Some(inner) = Inner::parse(&bytes, form) else {
                return Ok(());
            };
            let slots = inner.slots(total);
            let (_, _) = (inner.search(b"key"), inner.locate(total / 2, total));
            for at in 0..inner.count() + 1 {
                let (_, _) = (inner.entries(at, total), inner.span(at, total));
                let (_, _) = (inner.reopen(&bytes, at, total), inner.holds(at, b"key"));
                let _ = inner.hand_over(&bytes, at, 0);
            }
            if sound {
                prop_assert_eq!(encode(form, &slots.unwrap(), inner.open()).unwrap(), bytes);
            }
        }
    }

    #[test]
    fn keys_go_to_the_child_whose_separator_is_at_or_below_them() {
        let parts = [(1, 1, vec![]), (2, 1, b"b".to_vec()), (3, 1, b"d".to_vec())];
        let slots = slots_of(&parts, Form::Keys);
        let node = encode(Form::Keys, &slots, 0).unwrap();
        let inner = Inner::parse(&node, Form::Keys).unwrap();
        let found = [&b""[..], b"a", b"b", b"c", b"d", b"e"].map(|key| inner.search(key));
        assert_eq!(found, [0, 0, 1, 1, 2, 2].map(Some));
    }

    #[test]
    fn separators_are_as_short_as_they_can_be() {
        assert_eq!(separate(b"apple", b"banana")[..], b"b"[..]);
        assert_eq!(separate(b"apple", b"apply")[..], b"apply"[..]);
        assert_eq!(separate(b"app", b"apple")[..], b"appl"[..]);
        assert_eq!(separate(b"", b"x")[..], b"x"[..]);
    }
}
