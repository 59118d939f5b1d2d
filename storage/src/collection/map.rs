//! Owns a hash or a set as one thing, whether it stands inside its meta record or is spread over
//! buckets: opened once, changed field by field, written back once.
//! Invariants: small ones keep the order of insertion; a map that grows beyond
//! `PACKED_BYTES_MAX` is spread over buckets, and comes back when half of that would do; the meta
//! record is written with every change, since it carries count and changes.
//! Must not know: what fields and values mean, whether a field has expired, thresholds of shapes.
//! Tests: `storage/tests/collections`.
//!
//! ```text
//! payload = shape u8 | block of entries                         inside the meta record
//!         | shape u8 | state of buckets | tail                  spread over buckets
//! ```
//! The tail belongs to the type.

use super::Place;
use super::buckets::{self, Address, Block, Buckets, H_END, STATE_LEN};
use crate::change::Event;
use crate::edit::Edit;
use crate::encoding::entries::{self, Entry, NewEntry, Spliced};
use crate::encoding::meta::{DataType, Header};
use crate::encoding::shape::Shape;
use crate::error::{Result, StorageError};
use crate::limits::{BLOB_BYTES_MIN, ELEMENT_BYTES_MAX, PACKED_BYTES_MAX, PREFETCH_KEYS_MAX};
use crate::value::Value;
use crate::view::{KeyEntry, View};
use rand::{Rng, RngExt};

/// Bytes of the payload before the block or the state of buckets.
const SHAPE_LEN: usize = 1;

/// A field with what stands behind it.
#[derive(Debug, Clone)]
pub struct Item {
    /// The field, or the member of a set.
    pub field: Value,
    /// The value; empty for a member.
    pub value: Value,
    /// When the field expires, ms since the epoch.
    pub expire_ms: Option<u64>,
}

/// A hash or a set.
pub struct Map<'k> {
    entry: KeyEntry<'k>,
    kind: DataType,
    /// What OBJECT ENCODING answers; the type moves it.
    pub shape: Shape,
    /// When the first field expires; the type keeps it.
    pub fields_ms: Option<u64>,
    /// What the type keeps behind the state of buckets; goes when the map is packed.
    pub tail: Option<Value>,
    place: Place,
    len: u64,
    form: Form,
    /// What the key held before has nothing to do with the map: its expiry goes.
    replaces: bool,
    /// Rows were written ahead, in commits of their own.
    spilled: bool,
}

/// An entry that was drawn, the block that it stands in, and of a spread map the bucket.
type Pick = (Entry, Value, Option<(Address, Block)>);

/// The value of a field of a key, empty for a member, and when it expires. As [`Map::value`] on a
/// map that is opened for nothing else, and cheaper.
#[inline]
pub fn look_up(
    view: &View<'_>,
    key: &[u8],
    kind: DataType,
    field: &[u8],
) -> Result<Option<(Value, Option<u64>)>> {
    let found = find_in_key(view, key, kind, field, |entry, block, found| {
        let value = match block {
            None => {
                let inside = SHAPE_LEN + found.value.start..SHAPE_LEN + found.value.end;
                entry.payload_part(inside)
            }
            Some(block) if found.blob => {
                let value = buckets::blob(view, Place::of(entry), block.bytes(), &found)?;
                Some(value)
            }
            Some(block) => Some(block.into_part(found.value)),
        };
        Ok(value.map(|value| (value, found.expire_ms)))
    })?;
    Ok(found.flatten())
}

/// Whether a set holds a member: [`look_up`] for what has no value to share.
#[inline]
pub fn holds_member(view: &View<'_>, key: &[u8], member: &[u8]) -> Result<bool> {
    let found = find_in_key(view, key, DataType::Set, member, |_, _, _| Ok(()))?;
    Ok(found.is_some())
}

/// What `answer` makes of a field of a key: of the key, of the block where the field's entry stands
/// if that is not inside the payload behind the shape, and of the entry.
#[inline]
fn find_in_key<T>(
    view: &View<'_>,
    key: &[u8],
    kind: DataType,
    field: &[u8],
    answer: impl FnOnce(&KeyEntry<'_>, Option<Block>, Entry) -> Result<T>,
) -> Result<Option<T>> {
    let entry = view.open_as(key, kind)?;
    let (Some(header), Some(payload)) = (entry.header(), entry.payload()) else {
        return Ok(None);
    };
    Shape::decode(payload)?;
    let inside = payload.get(SHAPE_LEN..).unwrap_or_default();
    let found = match header.head {
        None => entries::find(inside, field)?.map(|found| (None, found)),
        Some(_) => {
            let found = look_into_buckets(view, &entry, inside, field)?;
            found.map(|(block, found)| (Some(block), found))
        }
    };
    match found {
        Some((block, found)) => answer(&entry, block, found).map(Some),
        None => Ok(None),
    }
}

/// The entry of a field, and the block it stands in, of a key whose rows are buckets; `state` is
/// what its payload says of them.
#[inline]
pub(crate) fn look_into_buckets(
    view: &View<'_>,
    entry: &KeyEntry<'_>,
    state: &[u8],
    field: &[u8],
) -> Result<Option<(Block, Entry)>> {
    view.need_latch()?;
    let state = Buckets::decode(state)?;
    let address = state.address(buckets::h48(view, field));
    let block = state.block(view, Place::of(entry), address)?;
    let found = entries::find(block.bytes(), field)?;
    Ok(found.map(|found| (block, found)))
}

enum Form {
    /// A block of entries inside the meta record.
    Packed(Value),
    Spread(Buckets),
}

impl<'k> Map<'k> {
    /// Opens a key; one that does not exist is an empty map of the shape `fresh`.
    #[inline]
    pub fn open(view: &View<'_>, key: &'k [u8], kind: DataType, fresh: Shape) -> Result<Map<'k>> {
        let entry = view.open_as(key, kind)?;
        Map::of(entry, kind, fresh)
    }

    /// The map that an entry, whose type is checked, holds.
    pub fn of(entry: KeyEntry<'k>, kind: DataType, fresh: Shape) -> Result<Map<'k>> {
        let (Some(header), Some(payload)) = (entry.header(), entry.payload_value()) else {
            let mut map = Map::replacing(entry, kind, fresh);
            map.replaces = false;
            return Ok(map);
        };
        let shape = Shape::decode(&payload)?;
        let (len, form, tail) = match header.head {
            None => {
                let block = payload.part(1..payload.len());
                (entries::count(&block) as u64, Form::Packed(block), None)
            }
            Some(head) => {
                let state = payload.get(1..).unwrap_or_default();
                let form = Form::Spread(Buckets::decode(state)?);
                let tail = 1 + STATE_LEN..payload.len();
                (
                    head.count,
                    form,
                    (!tail.is_empty()).then(|| payload.part(tail)),
                )
            }
        };
        Ok(Map {
            place: Place::of(&entry),
            kind,
            shape,
            fields_ms: header.fields_ms,
            tail,
            len,
            form,
            replaces: false,
            spilled: false,
            entry,
        })
    }

    /// An empty map that takes the place of whatever the key holds, expiry included.
    pub fn replacing(entry: KeyEntry<'k>, kind: DataType, fresh: Shape) -> Map<'k> {
        Map {
            place: Place {
                home_slot: entry.name.slot,
                id: None,
            },
            kind,
            shape: fresh,
            fields_ms: None,
            tail: None,
            len: 0,
            form: Form::Packed(Value::from(&[0; entries::COUNT_LEN][..])),
            replaces: true,
            spilled: false,
            entry,
        }
    }

    /// The key as it was found.
    pub fn entry(&self) -> &KeyEntry<'k> {
        &self.entry
    }

    /// Whether the key exists.
    pub fn exists(&self) -> bool {
        self.entry.exists()
    }

    /// Number of fields, expired ones included.
    pub fn len(&self) -> u64 {
        self.len
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// Whether it stands inside its meta record.
    pub fn is_packed(&self) -> bool {
        matches!(self.form, Form::Packed(_))
    }

    /// Number and bytes of its buckets, long entries counted short; `None` while packed.
    pub fn buckets(&self) -> Option<(u64, u64)> {
        match &self.form {
            Form::Packed(_) => None,
            Form::Spread(state) => Some((u64::from(state.buckets), state.bytes)),
        }
    }

    /// Where its rows stand. A type that keeps rows of its own takes the id here.
    pub fn place_mut(&mut self) -> &mut Place {
        &mut self.place
    }

    /// What a field holds.
    #[inline]
    pub fn get(&self, view: &View<'_>, field: &[u8]) -> Result<Option<Item>> {
        match &self.form {
            Form::Packed(block) => match entries::find(block, field)? {
                Some(entry) => self.item(view, block, &entry).map(Some),
                None => Ok(None),
            },
            Form::Spread(state) => {
                view.need_latch()?;
                let address = state.address(buckets::h48(view, field));
                let block = state.block(view, self.place, address)?;
                match entries::find(block.bytes(), field)? {
                    Some(entry) => self.item(view, &block.value(), &entry).map(Some),
                    None => Ok(None),
                }
            }
        }
    }

    /// The value of a field, and when it expires: [`Map::get`] for those that know the field.
    #[inline]
    pub fn value(&self, view: &View<'_>, field: &[u8]) -> Result<Option<(Value, Option<u64>)>> {
        let bucket;
        let block = match &self.form {
            Form::Packed(block) => block,
            Form::Spread(state) => {
                view.need_latch()?;
                let address = state.address(buckets::h48(view, field));
                bucket = state.block(view, self.place, address)?.into_value();
                &bucket
            }
        };
        let Some(entry) = entries::find(block, field)? else {
            return Ok(None);
        };
        let value = self.value_of(view, block, &entry)?;
        Ok(Some((value, entry.expire_ms)))
    }

    /// Whether there is a field; gives when it expires.
    #[inline]
    pub fn find(&self, view: &View<'_>, field: &[u8]) -> Result<Option<Option<u64>>> {
        let found = match &self.form {
            Form::Packed(block) => entries::find(block, field)?,
            Form::Spread(state) => {
                view.need_latch()?;
                let address = state.address(buckets::h48(view, field));
                let block = state.block(view, self.place, address)?;
                entries::find(block.bytes(), field)?
            }
        };
        Ok(found.map(|entry| entry.expire_ms))
    }

    #[inline]
    fn value_of(&self, view: &View<'_>, block: &Value, entry: &Entry) -> Result<Value> {
        match entry.blob {
            true => buckets::blob(view, self.place, block, entry),
            false => Ok(block.part(entry.value.clone())),
        }
    }

    fn item(&self, view: &View<'_>, block: &Value, entry: &Entry) -> Result<Item> {
        Ok(Item {
            field: block.part(entry.field.clone()),
            value: self.value_of(view, block, entry)?,
            expire_ms: entry.expire_ms,
        })
    }

    /// Calls `each` for every field: in order of insertion while small, in no order otherwise.
    pub fn for_each(
        &self,
        view: &View<'_>,
        mut each: impl FnMut(Item) -> Result<()>,
    ) -> Result<()> {
        self.for_each_block(view, |block| self.items_of(view, block, &mut each))
    }

    /// The same without the values, of which long ones would be rows to read.
    pub fn for_each_field(
        &self,
        view: &View<'_>,
        mut each: impl FnMut(Value, Option<u64>),
    ) -> Result<()> {
        self.for_each_block(view, |block| {
            for entry in entries::iter(block) {
                let entry = entry?;
                each(block.part(entry.field.clone()), entry.expire_ms);
            }
            Ok(())
        })
    }

    /// Calls `each` with every field, its value and its time where they stand, without sharing
    /// them; the value is empty unless `values` are wanted.
    pub fn visit(
        &self,
        view: &View<'_>,
        values: bool,
        mut each: impl FnMut(&[u8], &[u8], Option<u64>),
    ) -> Result<()> {
        self.for_each_block(view, |block| {
            let bytes = &**block;
            for entry in entries::iter(bytes) {
                let entry = entry?;
                let field = bytes.get(entry.field.clone()).unwrap_or_default();
                if values && entry.blob {
                    let value = buckets::blob(view, self.place, block, &entry)?;
                    each(field, &value, entry.expire_ms);
                    continue;
                }
                let value = bytes.get(entry.value.clone()).filter(|_| values);
                each(field, value.unwrap_or_default(), entry.expire_ms);
            }
            Ok(())
        })
    }

    fn for_each_block(
        &self,
        view: &View<'_>,
        mut each: impl FnMut(&Value) -> Result<()>,
    ) -> Result<()> {
        match &self.form {
            Form::Packed(block) => each(block),
            Form::Spread(state) => {
                view.need_latch()?;
                for number in 0..state.buckets {
                    if (number as usize).is_multiple_of(PREFETCH_KEYS_MAX) {
                        state.prefetch(view, self.place, number);
                    }
                    let block = state.block(view, self.place, state.nth(number))?;
                    each(&block.into_value())?;
                }
                Ok(())
            }
        }
    }

    fn items_of(
        &self,
        view: &View<'_>,
        block: &Value,
        each: &mut impl FnMut(Item) -> Result<()>,
    ) -> Result<()> {
        for entry in entries::iter(block) {
            each(self.item(view, block, &entry?)?)?;
        }
        Ok(())
    }

    /// Calls `each` for about `count` fields from `cursor` on; gives the next cursor, 0 at the end.
    /// A field that is there all the time is given by a whole walk, whatever happens in between.
    pub fn page(
        &self,
        view: &View<'_>,
        cursor: u64,
        count: u64,
        mut each: impl FnMut(Item) -> Result<()>,
    ) -> Result<u64> {
        let Form::Spread(state) = &self.form else {
            self.for_each(view, each)?;
            return Ok(0);
        };
        view.need_latch()?;
        let (mut h, mut given) = (cursor, 0);
        while h < H_END {
            let address = state.address(h);
            let block = state.block(view, self.place, address)?;
            given += block.count() as u64;
            self.items_of(view, &block.value(), &mut each)?;
            h = address.end();
            if given >= count {
                break;
            }
        }
        Ok(if h < H_END { h } else { 0 })
    }

    /// Any field, each as likely as the others. `None` if there are none.
    pub fn random(&self, view: &View<'_>, random: &mut impl Rng) -> Result<Option<Item>> {
        match self.pick(view, random)? {
            Some((entry, block, _)) => self.item(view, &block, &entry).map(Some),
            None => Ok(None),
        }
    }

    /// Takes any member away, each as likely as the others, and gives it.
    pub fn take_random(
        &mut self,
        edit: &mut Edit<'_>,
        random: &mut impl Rng,
    ) -> Result<Option<Value>> {
        let Some((entry, block, bucket)) = self.pick(edit, random)? else {
            return Ok(None);
        };
        match (&mut self.form, bucket) {
            (Form::Spread(state), Some((address, bucket))) => {
                state.put(edit, self.place, (address, &bucket), Some(&entry), None)?;
                state.balance(edit, self.place)?;
            }
            (form, _) => *form = Form::Packed(Spliced::new(&block, Some(&entry), None).block()),
        }
        self.len -= 1;
        Ok(Some(block.part(entry.field)))
    }

    /// An entry at random.
    ///
    /// A bucket at random is accepted with probability (its entries) / (the most that any bucket
    /// ever had), which makes up for buckets of different size.
    fn pick(&self, view: &View<'_>, random: &mut impl Rng) -> Result<Option<Pick>> {
        if self.len == 0 {
            return Ok(None);
        }
        let (bucket, block, place) = match &self.form {
            Form::Packed(block) => {
                let place = random.random_range(0..self.len) as usize;
                (None, block.clone(), place)
            }
            Form::Spread(state) => {
                view.need_latch()?;
                loop {
                    let address = state.nth(random.random_range(0..state.buckets));
                    let place = usize::from(random.random_range(0..state.peak.max(1)));
                    let bucket = state.block(view, self.place, address)?;
                    if place < bucket.count() {
                        let block = bucket.value();
                        break (Some((address, bucket)), block, place);
                    }
                }
            }
        };
        match entries::iter(&block).nth(place) {
            Some(entry) => Ok(Some((entry?, block, bucket))),
            None => Err(StorageError::Corrupted("a block ends early".into())),
        }
    }

    /// Sets a field; gives what it held before. A set's member has no value.
    ///
    /// # Errors
    /// `ElementTooLong` for a field or value above [`ELEMENT_BYTES_MAX`].
    pub fn set(
        &mut self,
        edit: &mut Edit<'_>,
        field: &[u8],
        value: Option<&[u8]>,
        expire_ms: Option<u64>,
    ) -> Result<Option<Option<u64>>> {
        let len = field.len() + value.map_or(0, <[u8]>::len);
        if len > ELEMENT_BYTES_MAX {
            return Err(StorageError::ElementTooLong);
        }
        let new = NewEntry {
            field,
            value,
            expire_ms,
            blob: false,
        };
        let old = self.replace(edit, field, Some(new), false)?;
        self.len += u64::from(old.is_none());
        self.spread_if_large(edit)?;
        self.spill(edit)?;
        Ok(old)
    }

    /// Adds a member; gives whether it is new.
    ///
    /// # Errors
    /// `ElementTooLong` for a member above [`ELEMENT_BYTES_MAX`].
    pub fn add(&mut self, edit: &mut Edit<'_>, member: &[u8]) -> Result<bool> {
        if member.len() > ELEMENT_BYTES_MAX {
            return Err(StorageError::ElementTooLong);
        }
        let new = NewEntry {
            field: member,
            value: None,
            expire_ms: None,
            blob: false,
        };
        if self.replace(edit, member, Some(new), true)?.is_some() {
            return Ok(false);
        }
        self.len += 1;
        self.spread_if_large(edit)?;
        self.spill(edit)?;
        Ok(true)
    }

    /// Lets rows under an id that no meta record names yet go ahead of it when they are many. A
    /// type that keeps rows of its own calls it as it writes them.
    pub fn spill(&mut self, edit: &mut Edit<'_>) -> Result<()> {
        match self.place.head(self.len) {
            Some(head) if self.has_fresh_id() => edit.spill(head, &mut self.spilled),
            _ => Ok(()),
        }
    }

    fn has_fresh_id(&self) -> bool {
        let stored = self.entry.header().and_then(|header| header.head);
        stored.map(|head| head.id) != self.place.id
    }

    /// Changes when a field expires; gives whether there is one, and its time before.
    pub fn set_time(
        &mut self,
        edit: &mut Edit<'_>,
        field: &[u8],
        expire_ms: Option<u64>,
    ) -> Result<Option<Option<u64>>> {
        let old = match &mut self.form {
            Form::Packed(block) => {
                let old = entries::find(block, field)?;
                if let Some(old) = &old {
                    let new = old.with_time(block, expire_ms);
                    *block = Spliced::new(block, Some(old), Some(&new)).block();
                }
                old
            }
            Form::Spread(state) => {
                edit.need_latch()?;
                let address = state.address(buckets::h48(edit, field));
                let block = state.block(edit, self.place, address)?;
                let old = entries::find(block.bytes(), field)?;
                if let Some(old) = &old {
                    let new = old.with_time(block.bytes(), expire_ms);
                    state.splice(edit, self.place, (address, &block), Some(old), Some(&new))?;
                    state.balance(edit, self.place)?;
                }
                old
            }
        };
        self.spread_if_large(edit)?;
        Ok(old.map(|old| old.expire_ms))
    }

    /// Takes a field away; gives whether there was one, and when it would have expired.
    pub fn remove(&mut self, edit: &mut Edit<'_>, field: &[u8]) -> Result<Option<Option<u64>>> {
        let old = self.replace(edit, field, None, false)?;
        self.len -= u64::from(old.is_some());
        Ok(old)
    }

    /// Puts an entry in the place of the one of its field, unless that is kept, or takes it away;
    /// gives when the old one expires.
    fn replace(
        &mut self,
        edit: &mut Edit<'_>,
        field: &[u8],
        new: Option<NewEntry<'_>>,
        keep: bool,
    ) -> Result<Option<Option<u64>>> {
        match &mut self.form {
            Form::Packed(block) => {
                let old = entries::find(block, field)?;
                if (old.is_some() && !keep) || (old.is_none() && new.is_some()) {
                    *block = Spliced::new(block, old.as_ref(), new.as_ref()).block();
                }
                Ok(old.map(|old| old.expire_ms))
            }
            Form::Spread(state) => {
                edit.need_latch()?;
                let address = state.address(buckets::h48(edit, field));
                let block = state.block(edit, self.place, address)?;
                let old = entries::find(block.bytes(), field)?;
                if (old.is_some() && !keep) || (old.is_none() && new.is_some()) {
                    state.put(edit, self.place, (address, &block), old.as_ref(), new)?;
                    state.balance(edit, self.place)?;
                }
                Ok(old.map(|old| old.expire_ms))
            }
        }
    }

    /// Writes the meta record, telling `event`, or deletes the key if nothing is left in it.
    pub fn write(mut self, edit: &mut Edit<'_>, events: &[Event]) -> Result<()> {
        if self.len == 0 {
            let event = events.first().copied().unwrap_or(Event::Del);
            return edit.remove_emptied(&self.entry, event);
        }
        self.pack_if_small(edit)?;
        let mut header = Header::new(self.kind);
        if let Some(old) = self.entry.header().filter(|_| !self.replaces) {
            header.expire_ms = old.expire_ms;
            header.extensions.clone_from(&old.extensions);
        }
        header.fields_ms = self.fields_ms;
        let shape = [self.shape as u8];
        match &self.form {
            Form::Packed(block) => edit.put(&self.entry, header, &[&shape, block], events),
            Form::Spread(state) => {
                header.head = self.place.head(self.len);
                let tail = self.tail.as_deref().unwrap_or_default();
                let payload = [&shape, &state.encode()[..], tail];
                edit.put(&self.entry, header, &payload, events)?;
                if let Some(head) = self.place.head(self.len) {
                    edit.publish(head, self.spilled);
                }
                Ok(())
            }
        }
    }

    fn spread_if_large(&mut self, edit: &mut Edit<'_>) -> Result<()> {
        let Form::Packed(block) = &self.form else {
            return Ok(());
        };
        if block.len() <= PACKED_BYTES_MAX {
            return Ok(());
        }
        let block = block.clone();
        self.place.id(edit);
        let mut state = Buckets::for_bytes(block.len().min(2 * PACKED_BYTES_MAX) as u64);
        for entry in entries::iter(&block) {
            let entry = entry?;
            let field = block.get(entry.field.clone()).unwrap_or_default();
            let value = block.get(entry.value.clone()).unwrap_or_default();
            let new = NewEntry {
                field,
                value: (self.kind == DataType::Hash).then_some(value),
                expire_ms: entry.expire_ms,
                blob: false,
            };
            let address = state.address(buckets::h48(edit, field));
            let bucket = state.block(edit, self.place, address)?;
            state.put(edit, self.place, (address, &bucket), None, Some(new))?;
        }
        state.balance(edit, self.place)?;
        self.form = Form::Spread(state);
        Ok(())
    }

    fn pack_if_small(&mut self, edit: &mut Edit<'_>) -> Result<()> {
        let Form::Spread(state) = &self.form else {
            return Ok(());
        };
        // Rows under an id of this edit's own have no meta record that would declare them dead.
        if self.has_fresh_id() {
            return Ok(());
        }
        // A long value counts for little in the state, so it is looked for before anything moves.
        if state.buckets > buckets::BUCKETS_MIN || state.bytes > PACKED_BYTES_MAX as u64 / 2 {
            return Ok(());
        }
        let mut block = vec![0; entries::COUNT_LEN];
        let mut blocks: Vec<(Address, Block)> = Vec::new();
        for number in 0..state.buckets {
            let address = state.nth(number);
            blocks.push((address, state.block(edit, self.place, address)?));
        }
        for (_, bucket) in &blocks {
            for entry in entries::iter(bucket.bytes()) {
                let entry = entry?;
                if entry.blob || entry.len() > BLOB_BYTES_MIN {
                    return Ok(());
                }
                let bytes = bucket.bytes().get(entry.start..entry.value.end);
                block.extend_from_slice(bytes.unwrap_or_default());
            }
        }
        if let Some(count) = block.first_chunk_mut() {
            *count = (self.len as u16).to_be_bytes();
        }
        // Its rows go with the id, which the meta record no longer names.
        self.form = Form::Packed(Value::from(block));
        self.place.id = None;
        self.tail = None;
        Ok(())
    }
}
