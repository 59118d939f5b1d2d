//! Owns the bytes of a leaf: entries one after the other behind a table of where they end.
//! Invariants: read in place, never decoded as a whole; bytes that contradict themselves give
//! `None`, never a panic; offsets are 15 bits wide as long as the entries fit, 31 otherwise.
//! Must not know: rows, other nodes. Tests: below, `storage/tests/tree`.
//!
//! ```text
//! format u8 | entries u16 | table | entries
//! table:  for each entry the end of its key (KEYS) and of its value (VALUES), u16 or u32 (WIDE);
//!         the upper bit of a value's end says that the value stands in a blob row
//! entry:  key | value                      value of a blob: number u48 | length u32
//! ```

use super::form::{Form, format};
use crate::encoding::compare::order;
use smallvec::SmallVec;

/// Bytes before the table.
pub(super) const HEAD_LEN: usize = 3;
/// Longest body whose offsets are 15 bits wide.
const NARROW_BYTES_MAX: usize = 0x7fff;
const NARROW_FLAG: u16 = 0x8000;
const WIDE_FLAG: u32 = 0x8000_0000;

/// An entry as it stands in a leaf.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Entry<'a> {
    /// Empty in a tree of positions.
    pub key: &'a [u8],
    /// The value, or a reference to the blob row that holds it.
    pub value: &'a [u8],
    /// `value` is a reference.
    pub blob: bool,
}

/// A leaf, read where it stands.
#[derive(Debug, Clone, Copy)]
pub(super) struct Leaf<'a> {
    form: Form,
    wide: bool,
    count: usize,
    table: &'a [u8],
    body: &'a [u8],
}

impl<'a> Leaf<'a> {
    #[inline]
    pub fn parse(bytes: &'a [u8], form: Form) -> Option<Leaf<'a>> {
        let (&[first, high, low], rest) = bytes.split_first_chunk::<HEAD_LEN>()?;
        let wide = first & format::WIDE != 0;
        if first & !format::WIDE != form.bits() {
            return None;
        }
        let count = usize::from(u16::from_be_bytes([high, low]));
        let width = if wide { 4 } else { 2 };
        let (table, body) = rest.split_at_checked(count * form.fields() * width)?;
        Some(Leaf {
            form,
            wide,
            count,
            table,
            body,
        })
    }

    #[inline]
    pub fn count(&self) -> usize {
        self.count
    }

    /// Where a field ends, and whether it refers to a blob.
    #[inline]
    fn end(&self, field: usize) -> Option<(usize, bool)> {
        if self.wide {
            let bytes = self.table.get(field * 4..field * 4 + 4)?;
            let end = u32::from_be_bytes(bytes.try_into().ok()?);
            return Some(((end & !WIDE_FLAG) as usize, end & WIDE_FLAG != 0));
        }
        let bytes = self.table.get(field * 2..field * 2 + 2)?;
        let end = u16::from_be_bytes(bytes.try_into().ok()?);
        Some((usize::from(end & !NARROW_FLAG), end & NARROW_FLAG != 0))
    }

    #[inline]
    fn start(&self, field: usize) -> Option<usize> {
        match field {
            0 => Some(0),
            field => Some(self.end(field - 1)?.0),
        }
    }

    #[inline]
    pub fn key(&self, at: usize) -> Option<&'a [u8]> {
        if !self.form.keyed() {
            return Some(&[]);
        }
        let field = at * self.form.fields();
        self.body.get(self.start(field)?..self.end(field)?.0)
    }

    #[inline]
    pub fn entry(&self, at: usize) -> Option<Entry<'a>> {
        let key = self.key(at)?;
        if !self.form.valued() {
            return Some(Entry {
                key,
                value: &[],
                blob: false,
            });
        }
        let field = at * self.form.fields() + usize::from(self.form.keyed());
        let (end, blob) = self.end(field)?;
        let value = self.body.get(self.start(field)?..end)?;
        Some(Entry { key, value, blob })
    }

    /// The entries from `at` on; `None` for one that contradicts itself.
    #[inline]
    pub fn entries(&self, at: usize) -> Entries<'a> {
        Entries {
            field: at * self.form.fields(),
            start: self.body_start(at),
            leaf: *self,
        }
    }

    /// The entry with this key, or where it would stand.
    #[inline]
    pub fn search(&self, key: &[u8]) -> Option<Result<usize, usize>> {
        let (mut low, mut high) = (0, self.count);
        while low < high {
            let middle = (low + high) / 2;
            match order(self.key(middle)?, key) {
                std::cmp::Ordering::Less => low = middle + 1,
                std::cmp::Ordering::Equal => return Some(Ok(middle)),
                std::cmp::Ordering::Greater => high = middle,
            }
        }
        Some(Err(low))
    }

    /// Where the body of entry `at` begins; `at` may be one past the last.
    #[inline]
    fn body_start(&self, at: usize) -> Option<usize> {
        self.start(at * self.form.fields())
    }

    /// This leaf with entries `at..at + removed` replaced, ready to be written.
    pub fn splice(&self, at: usize, removed: usize, new: &[Entry<'a>]) -> Option<Draft<'a>> {
        let (cut, resume) = (self.body_start(at)?, self.body_start(at + removed)?);
        let before = self.body.get(..cut)?;
        let after = self.body.get(resume..)?;
        let mut middle = SmallVec::new();
        for entry in new {
            middle.extend_from_slice(entry.key);
            middle.extend_from_slice(entry.value);
        }
        let len = before.len() + middle.len() + after.len();
        let wide = len > NARROW_BYTES_MAX;
        let count = self.count.checked_sub(removed)? + new.len();
        let fields = self.form.fields();
        let mut head = Head::with_capacity(HEAD_LEN + count * fields * 4);
        head.extend_from_slice(&head_bytes(self.form, wide, count)?);
        let shift = (before.len() + middle.len()) as i64 - resume as i64;
        self.copy_ends(&mut head, wide, 0..at, 0)?;
        push_ends(&mut head, self.form, wide, cut, new);
        self.copy_ends(&mut head, wide, at + removed..self.count, shift)?;
        Some(Draft {
            head,
            before,
            moved: (&[], &[]),
            middle,
            after,
        })
    }

    /// This leaf with entry `from` taken out and `new` put in before entry `to`, which may be one
    /// past the last.
    pub fn shift(&self, from: usize, to: usize, new: &Entry<'a>) -> Option<Draft<'a>> {
        let (start, end) = (self.body_start(from)?, self.body_start(from + 1)?);
        let place = self.body_start(to)?;
        let new_len = new.key.len() + new.value.len();
        let wide = self.body.len() - (end - start) + new_len > NARROW_BYTES_MAX;
        let mut head = Head::with_capacity(HEAD_LEN + self.count * self.form.fields() * 4);
        head.extend_from_slice(&head_bytes(self.form, wide, self.count)?);
        let (gone, come) = ((end - start) as i64, new_len as i64);
        let new = std::slice::from_ref(new);
        let (before, moved, after);
        if from < to {
            self.copy_ends(&mut head, wide, 0..from, 0)?;
            self.copy_ends(&mut head, wide, from + 1..to, -gone)?;
            push_ends(&mut head, self.form, wide, place - (end - start), new);
            self.copy_ends(&mut head, wide, to..self.count, come - gone)?;
            (before, after) = (self.body.get(..start)?, self.body.get(place..)?);
            moved = (self.body.get(end..place)?, &[][..]);
        } else {
            self.copy_ends(&mut head, wide, 0..to, 0)?;
            push_ends(&mut head, self.form, wide, place, new);
            self.copy_ends(&mut head, wide, to..from, come)?;
            self.copy_ends(&mut head, wide, from + 1..self.count, come - gone)?;
            (before, after) = (self.body.get(..place)?, self.body.get(end..)?);
            moved = (&[][..], self.body.get(place..start)?);
        }
        let mut middle = SmallVec::new();
        for entry in new {
            middle.extend_from_slice(entry.key);
            middle.extend_from_slice(entry.value);
        }
        Some(Draft {
            head,
            before,
            moved,
            middle,
            after,
        })
    }

    /// Appends where the fields of `entries` end to a table, moved by `shift`.
    fn copy_ends(
        &self,
        head: &mut Head,
        wide: bool,
        entries: std::ops::Range<usize>,
        shift: i64,
    ) -> Option<()> {
        let fields = self.form.fields();
        let fields = entries.start * fields..entries.end * fields;
        if !wide && !self.wide {
            // No end reaches the flag's bit, so the flag survives the addition.
            let shift = shift as u16;
            let copied = head.len();
            head.extend_from_slice(self.table.get(fields.start * 2..fields.end * 2)?);
            for end in head.get_mut(copied..)?.as_chunks_mut::<2>().0 {
                *end = u16::from_be_bytes(*end).wrapping_add(shift).to_be_bytes();
            }
            return Some(());
        }
        for field in fields {
            let (end, blob) = self.end(field)?;
            let end = usize::try_from(end as i64 + shift).ok()?;
            push_end(head, wide, end, blob);
        }
        Some(())
    }

    /// All entries, with `at..at + removed` replaced.
    pub fn spliced_entries(
        &self,
        at: usize,
        removed: usize,
        new: &[Entry<'a>],
    ) -> Option<Vec<Entry<'a>>> {
        let mut entries = Vec::with_capacity(self.count + new.len());
        for before in 0..at {
            entries.push(self.entry(before)?);
        }
        entries.extend_from_slice(new);
        for after in at + removed..self.count {
            entries.push(self.entry(after)?);
        }
        Some(entries)
    }
}

/// Entries in order, each found from the end of the one before.
pub(super) struct Entries<'a> {
    leaf: Leaf<'a>,
    field: usize,
    start: Option<usize>,
}

impl<'a> Entries<'a> {
    /// The next field, and whether it refers to a blob.
    #[inline]
    fn field(&mut self) -> Option<(&'a [u8], bool)> {
        let (end, blob) = self.leaf.end(self.field)?;
        let bytes = self.leaf.body.get(self.start?..end)?;
        self.field += 1;
        self.start = Some(end);
        Some((bytes, blob))
    }

    #[inline]
    fn entry(&mut self) -> Option<Entry<'a>> {
        let form = self.leaf.form;
        let (key, _) = if form.keyed() {
            self.field()?
        } else {
            (&[][..], false)
        };
        let (value, blob) = if form.valued() {
            self.field()?
        } else {
            (&[][..], false)
        };
        Some(Entry { key, value, blob })
    }
}

impl<'a> Iterator for Entries<'a> {
    type Item = Option<Entry<'a>>;

    #[inline]
    fn next(&mut self) -> Option<Option<Entry<'a>>> {
        if self.field >= self.leaf.count * self.leaf.form.fields() {
            return None;
        }
        let entry = self.entry();
        if entry.is_none() {
            // Nothing behind it can be found.
            self.field = usize::MAX;
        }
        Some(entry)
    }
}

type Head = SmallVec<[u8; 512]>;

/// The pieces of a leaf to be written.
pub(super) struct Draft<'a> {
    head: Head,
    before: &'a [u8],
    /// Entries that moved over: before and behind the new ones.
    moved: (&'a [u8], &'a [u8]),
    middle: SmallVec<[u8; 128]>,
    after: &'a [u8],
}

impl Draft<'_> {
    pub fn len(&self) -> usize {
        self.parts().iter().map(|part| part.len()).sum()
    }

    pub fn parts(&self) -> [&[u8]; 6] {
        let (one, other) = self.moved;
        [
            &self.head,
            self.before,
            one,
            &self.middle,
            other,
            self.after,
        ]
    }
}

fn head_bytes(form: Form, wide: bool, count: usize) -> Option<[u8; HEAD_LEN]> {
    let [high, low] = u16::try_from(count).ok()?.to_be_bytes();
    let first = form.bits() | if wide { format::WIDE } else { 0 };
    Some([first, high, low])
}

fn push_end(head: &mut Head, wide: bool, end: usize, blob: bool) {
    if wide {
        let end = end as u32 | if blob { WIDE_FLAG } else { 0 };
        head.extend_from_slice(&end.to_be_bytes());
    } else {
        let end = end as u16 | if blob { NARROW_FLAG } else { 0 };
        head.extend_from_slice(&end.to_be_bytes());
    }
}

#[inline]
fn push_ends(head: &mut Head, form: Form, wide: bool, start: usize, entries: &[Entry<'_>]) {
    let mut end = start;
    for entry in entries {
        end += entry.key.len();
        if form.keyed() {
            push_end(head, wide, end, false);
        }
        end += entry.value.len();
        if form.valued() {
            push_end(head, wide, end, entry.blob);
        }
    }
}

/// Bytes that an entry takes in a leaf of ordinary size.
pub(super) fn entry_len(form: Form, entry: &Entry<'_>) -> usize {
    entry.key.len() + entry.value.len() + form.fields() * 2
}

/// A leaf of these entries, or `None` if there are too many.
pub(super) fn encode(form: Form, entries: &[Entry<'_>]) -> Option<Vec<u8>> {
    let body: usize = entries
        .iter()
        .map(|entry| entry.key.len() + entry.value.len())
        .sum();
    let wide = body > NARROW_BYTES_MAX;
    let mut head = Head::new();
    head.extend_from_slice(&head_bytes(form, wide, entries.len())?);
    push_ends(&mut head, form, wide, 0, entries);
    let mut out = Vec::with_capacity(head.len() + body);
    out.extend_from_slice(&head);
    for entry in entries {
        out.extend_from_slice(entry.key);
        out.extend_from_slice(entry.value);
    }
    Some(out)
}

/// What contradicts itself in a leaf, if anything.
pub(super) fn problem(bytes: &[u8], form: Form) -> Option<&'static str> {
    let Some(leaf) = Leaf::parse(bytes, form) else {
        return Some("not a leaf of its tree");
    };
    let mut end = 0;
    for field in 0..leaf.count * form.fields() {
        match leaf.end(field) {
            Some((next, _)) if next < end => return Some("entries overlap"),
            Some((next, _)) => end = next,
            None => return Some("the table is cut off"),
        }
        if form == Form::Pairs && field % 2 == 0 && leaf.end(field).is_some_and(|(_, blob)| blob) {
            return Some("a key is marked as a blob");
        }
        if form == Form::Keys && leaf.end(field).is_some_and(|(_, blob)| blob) {
            return Some("a key is marked as a blob");
        }
    }
    if end != leaf.body.len() {
        return Some("the entries do not fill the leaf");
    }
    if leaf.wide != (end > NARROW_BYTES_MAX) {
        return Some("offsets of the wrong width");
    }
    let keys = |at: usize| Some((leaf.key(at)?, leaf.key(at + 1)?));
    let ordered = (1..leaf.count).all(|at| keys(at - 1).is_some_and(|(one, next)| one < next));
    (form.keyed() && !ordered).then_some("keys out of order")
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    type Pair = (Vec<u8>, Vec<u8>, bool);

    fn pairs() -> impl Strategy<Value = Vec<Pair>> {
        let bytes = || {
            prop_oneof![
                20 => proptest::collection::vec(any::<u8>(), 0..12),
                1 => Just(vec![7; NARROW_BYTES_MAX - 20]),
            ]
        };
        proptest::collection::vec((bytes(), bytes(), any::<bool>()), 0..20)
    }

    fn entries_of(pairs: &[Pair], form: Form) -> Vec<Entry<'_>> {
        let mut entries = Vec::new();
        for (key, value, blob) in pairs {
            entries.push(Entry {
                key: if form.keyed() { key } else { &[] },
                value: if form.valued() { value } else { &[] },
                blob: form.valued() && *blob,
            });
        }
        entries
    }

    fn form() -> impl Strategy<Value = Form> {
        prop_oneof![Just(Form::Positions), Just(Form::Keys), Just(Form::Pairs)]
    }

    proptest! {
        #[test]
        fn a_splice_writes_what_encoding_anew_would(
            form in form(), old in pairs(), new in pairs(), at in any::<usize>(),
            removed in any::<usize>(),
        ) {
            let (old, new) = (entries_of(&old, form), entries_of(&new, form));
            let at = at % (old.len() + 1);
            let removed = removed % (old.len() - at + 1);
            let node = encode(form, &old).unwrap();
            let leaf = Leaf::parse(&node, form).unwrap();
            prop_assert_eq!(&leaf.spliced_entries(0, 0, &[]).unwrap(), &old);
            let spliced = leaf.spliced_entries(at, removed, &new).unwrap();
            let draft = leaf.splice(at, removed, &new).unwrap();
            let written = draft.parts().concat();
            prop_assert_eq!(draft.len(), written.len());
            prop_assert_eq!(written, encode(form, &spliced).unwrap());
        }

        #[test]
        fn a_shift_writes_what_encoding_anew_would(
            form in form(), old in pairs(), new in pairs(), from in any::<usize>(),
            to in any::<usize>(),
        ) {
            let (mut entries, new) = (entries_of(&old, form), entries_of(&new, form));
            prop_assume!(!entries.is_empty() && !new.is_empty());
            let node = encode(form, &entries).unwrap();
            let leaf = Leaf::parse(&node, form).unwrap();
            let (from, to) = (from % entries.len(), to % (entries.len() + 1));
            let draft = leaf.shift(from, to, &new[0]).unwrap();
            entries.insert(to, new[0]);
            entries.remove(if to <= from { from + 1 } else { from });
            let written = draft.parts().concat();
            prop_assert_eq!(draft.len(), written.len());
            prop_assert_eq!(written, encode(form, &entries).unwrap());
        }

        #[test]
        fn any_bytes_are_read_or_refused(
            form in form(), count in 0u8..6,
            rest in proptest::collection::vec(any::<u8>(), 0..60),
        ) {
            let first = form.bits() | (rest.len() as u8 & format::WIDE);
            let bytes = [&[first, 0, count][..], &rest].concat();
            let sound = problem(&bytes, form).is_none();
            let Some(leaf) = Leaf::parse(&bytes, form) else {
                return Ok(());
            };
            let _ = leaf.search(b"key");
            for at in 0..leaf.count() + 2 {
                let one_by_one = (at..leaf.count()).map(|at| leaf.entry(at));
                let in_order: Vec<_> = leaf.entries(at).collect();
                let whole = one_by_one.clone().all(|entry| entry.is_some());
                prop_assert!(!whole || in_order.into_iter().eq(one_by_one));
                let _ = leaf.splice(at, 1, &[]);
                let _ = leaf.entry(0).and_then(|entry| leaf.shift(at, at / 2, &entry));
            }
            if sound {
                let entries = leaf.spliced_entries(0, 0, &[]).unwrap();
                prop_assert_eq!(encode(form, &entries).unwrap(), bytes);
            }
        }
    }

    #[test]
    fn keys_are_found_or_their_place_is() {
        let entry = |key| Entry {
            key,
            value: &[],
            blob: false,
        };
        let node = encode(Form::Keys, &[entry(b"b"), entry(b"d")]).unwrap();
        let leaf = Leaf::parse(&node, Form::Keys).unwrap();
        let found = [&b"a"[..], b"b", b"c", b"d", b"e"].map(|key| leaf.search(key));
        assert_eq!(found, [Err(0), Ok(0), Err(1), Ok(1), Err(2)].map(Some));
    }

    #[test]
    fn a_leaf_of_another_form_is_refused() {
        let node = encode(Form::Keys, &[]).unwrap();
        assert!(Leaf::parse(&node, Form::Pairs).is_none());
        assert!(Leaf::parse(&node[..2], Form::Keys).is_none());
        assert!(problem(&[format::VALUES, 0, 1, 0, 9], Form::Positions).is_some());
    }
}
