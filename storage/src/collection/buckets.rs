//! Owns the rows of a hash or set too large for its meta record: buckets of entries, found by the
//! keyed hash of the field, their number growing and shrinking one at a time with the bytes held
//! (linear hashing: W. Litwin, "Linear Hashing: A New Tool for File and Table Addressing", 1980).
//! Invariants: buckets stand in the order of h, each for an interval of it, so a cursor that names
//! a place in h finds after any growth what it has not seen; a bucket without entries has no row.
//! Must not know: what fields and values mean, expiry. Tests: `storage/tests/collections`.
//!
//! ```text
//! state      = buckets u32 | bytes u64 | peak u16 | next blob u64             in the meta record
//! bucket row = bucket_key(home slot, id, level, index) -> flags u8 (0) | block of entries
//! blob row   = blob_key(home slot, id, number) -> flags u8 (0) | value
//! ```
//!
//! With `2^L <= buckets < 2^(L+1)`, the first `buckets - 2^L` intervals of level L are cut in two
//! and stand at level L+1.

use super::Place;
use crate::edit::Edit;
use crate::encoding::entries::{self, Entry, NewEntry, Spliced};
use crate::encoding::key::{RowKey, blob_key, bucket_key};
use crate::encoding::meta::{DataType, Header};
use crate::encoding::record::Record;
use crate::error::{Result, StorageError};
use crate::limits::{BLOB_BYTES_MIN, BUCKET_BYTES, PREFETCH_KEYS_MAX};
use crate::value::Value;
use crate::view::View;

/// Bytes of the state in the meta record.
pub const STATE_LEN: usize = 22;
/// Bits of h.
const H_BITS: u32 = 48;
/// One more than the largest h.
pub const H_END: u64 = 1 << H_BITS;
/// The flags byte of bucket and blob rows: no bit has a meaning yet.
const FLAGS: u8 = 0;
/// Bytes of a row before its block or value.
pub const FLAGS_LEN: usize = 1;
/// Fewest buckets.
pub const BUCKETS_MIN: u32 = 2;
/// Most buckets: their index has 32 bits.
const BUCKETS_MAX: u32 = 1 << 31;
/// Entries count as at most this many bytes, so that one long field does not make many buckets.
const ENTRY_BYTES_MAX: usize = 2 * BLOB_BYTES_MIN;

/// Where a bucket stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Address {
    /// The interval is one of 2^level.
    pub level: u8,
    /// Which one.
    pub index: u32,
}

impl Address {
    /// The first h of the interval after this one; 2^48 after the last.
    pub fn end(self) -> u64 {
        (u64::from(self.index) + 1) << (H_BITS - u32::from(self.level))
    }
}

/// How many buckets there are, and what they hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Buckets {
    /// Number of buckets.
    pub buckets: u32,
    /// Bytes of all entries, long ones counted as `ENTRY_BYTES_MAX`.
    pub bytes: u64,
    /// No bucket holds more entries than this.
    pub peak: u16,
    /// Number of the next blob row.
    pub next_blob: u64,
}

impl Buckets {
    /// Buckets for about `bytes` of entries.
    pub fn for_bytes(bytes: u64) -> Buckets {
        let wanted = bytes.div_ceil(BUCKET_BYTES as u64);
        Buckets {
            buckets: wanted.clamp(u64::from(BUCKETS_MIN), u64::from(BUCKETS_MAX)) as u32,
            bytes: 0,
            peak: 0,
            next_blob: 0,
        }
    }

    /// Reads the state.
    pub fn decode(bytes: &[u8]) -> Result<Buckets> {
        let read = || {
            let (buckets, rest) = bytes.split_first_chunk::<4>()?;
            let (bytes, rest) = rest.split_first_chunk::<8>()?;
            let (peak, rest) = rest.split_first_chunk::<2>()?;
            let (next_blob, _) = rest.split_first_chunk::<8>()?;
            Some(Buckets {
                buckets: u32::from_be_bytes(*buckets),
                bytes: u64::from_be_bytes(*bytes),
                peak: u16::from_be_bytes(*peak),
                next_blob: u64::from_be_bytes(*next_blob),
            })
        };
        read()
            .filter(|state| (BUCKETS_MIN..=BUCKETS_MAX).contains(&state.buckets))
            .ok_or_else(|| StorageError::Corrupted("state of buckets".into()))
    }

    /// The state's bytes.
    pub fn encode(&self) -> [u8; STATE_LEN] {
        let mut out = [0; STATE_LEN];
        let fields = self.buckets.to_be_bytes().into_iter();
        let fields = fields
            .chain(self.bytes.to_be_bytes())
            .chain(self.peak.to_be_bytes())
            .chain(self.next_blob.to_be_bytes());
        for (to, byte) in out.iter_mut().zip(fields) {
            *to = byte;
        }
        out
    }

    /// Level of the buckets not cut yet, and how many are cut.
    fn level(&self) -> (u32, u32) {
        let level = self.buckets.ilog2();
        (level, self.buckets - (1 << level))
    }

    /// The bucket of an h.
    #[inline]
    pub fn address(&self, h48: u64) -> Address {
        let (level, cut) = self.level();
        let index = (h48 >> (H_BITS - level)) as u32;
        if index < cut {
            Address {
                level: level as u8 + 1,
                index: (h48 >> (H_BITS - level - 1)) as u32,
            }
        } else {
            Address {
                level: level as u8,
                index,
            }
        }
    }

    /// The `number`-th bucket, in any order.
    pub fn nth(&self, number: u32) -> Address {
        let (level, cut) = self.level();
        if number < 2 * cut {
            Address {
                level: level as u8 + 1,
                index: number,
            }
        } else {
            Address {
                level: level as u8,
                index: number - cut,
            }
        }
    }

    /// Whether another bucket is due.
    fn wants_more(&self) -> bool {
        self.buckets < BUCKETS_MAX && self.bytes > u64::from(self.buckets) * BUCKET_BYTES as u64
    }

    /// Whether one bucket fewer would do. Far from [`Buckets::wants_more`], so that a size near
    /// the edge does not go back and forth.
    fn wants_less(&self) -> bool {
        self.buckets > BUCKETS_MIN && self.bytes < u64::from(self.buckets) * BUCKET_BYTES as u64 / 4
    }

    /// The block of a bucket.
    #[inline]
    pub fn block(&self, view: &View<'_>, place: Place, address: Address) -> Result<Block> {
        // Made where it stays: a copy of bytes that were written a moment ago is slow.
        let row_key = bucket_key(place.home_slot, id_of(place)?, address.level, address.index);
        match view.element(place.home_slot, &row_key)? {
            None => Ok(Block(None)),
            Some(record) if record.value().first() == Some(&FLAGS) => Ok(Block(Some(record))),
            Some(_) => Err(StorageError::Corrupted(format!(
                "bucket row {row_key:02x?}"
            ))),
        }
    }

    /// Fetches the buckets from the `first`-th on into the processor's caches, as far as they are
    /// in memory, up to [`PREFETCH_KEYS_MAX`] of them. Only a hint.
    pub fn prefetch(&self, view: &View<'_>, place: Place, first: u32) {
        let end = self.buckets.min(first + PREFETCH_KEYS_MAX as u32);
        let keys = (first..end).map_while(|number| row_key(place, self.nth(number)).ok());
        view.prefetch_elements(keys);
    }

    /// Puts an entry in its bucket, in the place of `old`, which stands in `block`.
    pub fn put(
        &mut self,
        edit: &mut Edit<'_>,
        place: Place,
        (address, block): (Address, &Block),
        old: Option<&Entry>,
        new: Option<NewEntry<'_>>,
    ) -> Result<()> {
        if let Some(old) = old.filter(|old| old.blob) {
            let row_key = blob_row_key(place, block.bytes(), old)?;
            edit.remove_element(place.home_slot, &row_key);
        }
        let number;
        let new = match new {
            Some(new) if new.value.is_some_and(|value| value.len() > BLOB_BYTES_MIN) => {
                number = self.put_blob(edit, place, new.value.unwrap_or_default())?;
                Some(NewEntry {
                    value: Some(&number),
                    blob: true,
                    ..new
                })
            }
            new => new,
        };
        self.splice(edit, place, (address, block), old, new.as_ref())
    }

    /// Writes an entry as it is in the place of `old`; blobs stay where they are.
    pub fn splice(
        &mut self,
        edit: &mut Edit<'_>,
        place: Place,
        (address, block): (Address, &Block),
        old: Option<&Entry>,
        new: Option<&NewEntry<'_>>,
    ) -> Result<()> {
        if let Some(old) = old {
            self.bytes = self.bytes.saturating_sub(accounted(old.len()));
        }
        let spliced = Spliced::new(block.bytes(), old, new);
        let pieces = spliced.pieces();
        if new.is_some() {
            let len = pieces.get(2..5).unwrap_or_default();
            self.bytes += accounted(len.iter().map(|piece| piece.len()).sum());
        }
        self.write(edit, place, address, spliced.count(), &pieces)
    }

    /// Writes a bucket that has no row yet, from entries without blobs.
    pub fn fill(
        &mut self,
        edit: &mut Edit<'_>,
        place: Place,
        address: Address,
        new: &[NewEntry<'_>],
    ) -> Result<()> {
        let mut block = vec![0; entries::COUNT_LEN];
        for entry in new {
            let start = block.len();
            entry.push(&mut block);
            self.bytes += accounted(block.len() - start);
        }
        if let Some(head) = block.first_chunk_mut() {
            *head = (new.len() as u16).to_be_bytes();
        }
        self.write(edit, place, address, new.len(), &[&block])
    }

    /// Takes the entries of a bucket out whose fields are not to be kept.
    pub fn retain(
        &mut self,
        edit: &mut Edit<'_>,
        place: Place,
        address: Address,
        mut keep: impl FnMut(&[u8]) -> bool,
    ) -> Result<()> {
        let block = self.block(edit, place, address)?;
        let mut kept = vec![0; entries::COUNT_LEN];
        let mut count = 0;
        for entry in entries::iter(block.bytes()) {
            let entry = entry?;
            let field = block.bytes().get(entry.field.clone()).unwrap_or_default();
            if keep(field) {
                let bytes = block.bytes().get(entry.start..entry.value.end);
                kept.extend_from_slice(bytes.unwrap_or_default());
                count += 1;
                continue;
            }
            self.bytes = self.bytes.saturating_sub(accounted(entry.len()));
            if entry.blob {
                let row_key = blob_row_key(place, block.bytes(), &entry)?;
                edit.remove_element(place.home_slot, &row_key);
            }
        }
        if count == block.count() {
            return Ok(());
        }
        if let Some(head) = kept.first_chunk_mut() {
            *head = (count as u16).to_be_bytes();
        }
        self.write(edit, place, address, count, &[&kept])
    }

    fn put_blob(&mut self, edit: &mut Edit<'_>, place: Place, value: &[u8]) -> Result<[u8; 8]> {
        let number = self.next_blob;
        self.next_blob += 1;
        let row_key = blob_key(place.home_slot, id_of(place)?, number);
        edit.put_element(place.home_slot, &row_key, &[&[FLAGS], value]);
        Ok(number.to_be_bytes())
    }

    fn write(
        &mut self,
        edit: &mut Edit<'_>,
        place: Place,
        address: Address,
        count: usize,
        pieces: &[&[u8]],
    ) -> Result<()> {
        let row_key = row_key(place, address)?;
        if count == 0 {
            edit.remove_element(place.home_slot, &row_key);
            return Ok(());
        }
        let peak = u16::try_from(count).map_err(|_| {
            StorageError::Corrupted(format!("bucket row {row_key:02x?}: {count} entries"))
        })?;
        self.peak = self.peak.max(peak);
        let mut value: smallvec::SmallVec<[&[u8]; 8]> = smallvec::SmallVec::new();
        value.push(&[FLAGS]);
        value.extend_from_slice(pieces);
        edit.put_element(place.home_slot, &row_key, &value);
        Ok(())
    }

    /// Brings the number of buckets to what the bytes ask for. Costs a bucket or two per call on
    /// average.
    pub fn balance(&mut self, edit: &mut Edit<'_>, place: Place) -> Result<()> {
        while self.wants_more() {
            self.split(edit, place)?;
        }
        while self.wants_less() {
            self.merge(edit, place)?;
        }
        Ok(())
    }

    fn split(&mut self, edit: &mut Edit<'_>, place: Place) -> Result<()> {
        let (level, cut) = self.level();
        let from = Address {
            level: level as u8,
            index: cut,
        };
        let block = self.block(edit, place, from)?;
        edit.remove_element(place.home_slot, &row_key(place, from)?);
        self.buckets += 1;
        let mut halves = [(), ()].map(|()| {
            let mut half = Vec::with_capacity(block.bytes().len());
            half.extend_from_slice(&[0; entries::COUNT_LEN]);
            half
        });
        let mut counts = [0u16; 2];
        for entry in entries::iter(block.bytes()) {
            let entry = entry?;
            let field = block.bytes().get(entry.field.clone()).unwrap_or_default();
            let side = (h48(edit, field) >> (H_BITS - level - 1)) as usize & 1;
            let bytes = block.bytes().get(entry.start..entry.value.end);
            if let (Some(half), Some(count)) = (halves.get_mut(side), counts.get_mut(side)) {
                half.extend_from_slice(bytes.unwrap_or_default());
                *count += 1;
            }
        }
        for ((half, count), side) in halves.iter_mut().zip(counts).zip(0..) {
            let to = Address {
                level: level as u8 + 1,
                index: 2 * cut + side,
            };
            if let Some(head) = half.first_chunk_mut() {
                *head = count.to_be_bytes();
            }
            if count > 0 {
                self.write(edit, place, to, usize::from(count), &[half])?;
            }
        }
        Ok(())
    }

    fn merge(&mut self, edit: &mut Edit<'_>, place: Place) -> Result<()> {
        self.buckets -= 1;
        let (level, cut) = self.level();
        let mut merged = vec![0; entries::COUNT_LEN];
        let mut count = 0;
        for side in 0..2 {
            let from = Address {
                level: level as u8 + 1,
                index: 2 * cut + side,
            };
            let block = self.block(edit, place, from)?;
            if block.count() > 0 {
                let bytes = block.bytes().get(entries::COUNT_LEN..);
                merged.extend_from_slice(bytes.unwrap_or_default());
                count += block.count();
                edit.remove_element(place.home_slot, &row_key(place, from)?);
            }
        }
        if let Some(head) = merged.first_chunk_mut() {
            *head = (count as u16).to_be_bytes();
        }
        if count == 0 {
            return Ok(());
        }
        let to = Address {
            level: level as u8,
            index: cut,
        };
        self.write(edit, place, to, count, &[&merged])
    }
}

/// What an entry counts for.
fn accounted(len: usize) -> u64 {
    len.min(ENTRY_BYTES_MAX) as u64
}

/// The place of a field in the order of buckets.
#[inline]
pub fn h48(view: &View<'_>, field: &[u8]) -> u64 {
    view.store().seed().hash(field) >> 16
}

/// The bucket row in which the collection of a meta row has a field with this hash, if the
/// collection is one with buckets. For hints: damage counts as no such collection.
pub(crate) fn row_of(meta: &Record, field_hash: u64) -> Option<RowKey> {
    let (header, payload_at) = Header::decode(meta.value()).ok()?;
    let head = header.head?;
    if !matches!(header.kind, DataType::Hash | DataType::Set | DataType::ZSet) {
        return None;
    }
    // The shape stands before the state.
    let state = Buckets::decode(meta.value().get(payload_at + 1..)?).ok()?;
    let address = state.address(field_hash >> 16);
    Some(bucket_key(
        head.home_slot,
        head.id,
        address.level,
        address.index,
    ))
}

/// The entries of one bucket.
pub struct Block(Option<Record>);

impl Block {
    /// The block, empty if the bucket has no row.
    #[inline]
    pub fn bytes(&self) -> &[u8] {
        let Block(record) = self;
        match record {
            Some(record) => record.value().get(FLAGS_LEN..).unwrap_or_default(),
            None => &[0; entries::COUNT_LEN],
        }
    }

    /// Number of entries.
    pub fn count(&self) -> usize {
        entries::count(self.bytes())
    }

    /// A part of the block, shared with the hot table.
    ///
    /// # Panics
    /// If the range is not inside the block.
    #[inline]
    pub fn part(&self, range: std::ops::Range<usize>) -> Value {
        let Block(record) = self;
        match record {
            Some(record) => record.value_part(FLAGS_LEN + range.start..FLAGS_LEN + range.end),
            None => Value::from(&[][..]),
        }
    }

    /// The same for who needs nothing else of it.
    ///
    /// # Panics
    /// If the range is not inside the block.
    #[inline]
    pub fn into_part(self, range: std::ops::Range<usize>) -> Value {
        let Block(record) = self;
        match record {
            Some(record) => record.into_value_part(FLAGS_LEN + range.start..FLAGS_LEN + range.end),
            None => Value::from(&[][..]),
        }
    }

    /// The block, shared with the hot table.
    pub fn value(&self) -> Value {
        Block(self.0.clone()).into_value()
    }

    /// The same for who needs nothing else of it.
    #[inline]
    pub fn into_value(self) -> Value {
        let Block(record) = self;
        match record {
            Some(record) => record.into_value_from(FLAGS_LEN),
            None => Value::from(&[0; entries::COUNT_LEN][..]),
        }
    }
}

/// The true value behind an entry whose value is a blob's number.
pub fn blob(view: &View<'_>, place: Place, block: &[u8], entry: &Entry) -> Result<Value> {
    let row_key = blob_row_key(place, block, entry)?;
    match view.element(place.home_slot, &row_key)? {
        Some(record) if record.value().first() == Some(&FLAGS) => Ok(record.value_from(FLAGS_LEN)),
        _ => Err(StorageError::Corrupted(format!("blob row {row_key:02x?}"))),
    }
}

fn blob_row_key(place: Place, block: &[u8], entry: &Entry) -> Result<RowKey> {
    let number = block.get(entry.value.clone()).unwrap_or_default();
    let number: [u8; 8] = number
        .try_into()
        .map_err(|_| StorageError::Corrupted("number of a blob".into()))?;
    let number = u64::from_be_bytes(number);
    Ok(blob_key(place.home_slot, id_of(place)?, number))
}

fn row_key(place: Place, address: Address) -> Result<RowKey> {
    let id = id_of(place)?;
    Ok(bucket_key(
        place.home_slot,
        id,
        address.level,
        address.index,
    ))
}

fn id_of(place: Place) -> Result<u64> {
    place
        .id
        .ok_or_else(|| StorageError::Corrupted("buckets without an id".into()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::encoding::meta::Head;

    #[test]
    fn every_h_has_one_bucket_and_buckets_follow_each_other() {
        for buckets in 2..200 {
            let state = Buckets {
                buckets,
                ..Buckets::for_bytes(0)
            };
            let mut h = 0;
            let mut seen = 0;
            while h < 1 << H_BITS {
                let address = state.address(h);
                let begin = address.end() - (1 << (H_BITS - u32::from(address.level)));
                assert_eq!(begin, h, "{buckets} buckets");
                assert_eq!(state.address(address.end() - 1), address);
                h = address.end();
                seen += 1;
            }
            assert_eq!(seen, buckets);
            let numbered: std::collections::HashSet<_> = (0..buckets)
                .map(|n| (state.nth(n).level, state.nth(n).index))
                .collect();
            assert_eq!(numbered.len(), buckets as usize);
        }
    }

    #[test]
    fn the_state_round_trips_and_damage_is_refused() {
        let state = Buckets {
            buckets: 77,
            bytes: 1 << 40,
            peak: 60,
            next_blob: 5,
        };
        assert_eq!(Buckets::decode(&state.encode()).unwrap(), state);
        assert!(Buckets::decode(&[0; STATE_LEN]).is_err());
        assert!(Buckets::decode(&state.encode()[1..]).is_err());
    }

    #[test]
    fn the_bucket_of_a_field_is_known_from_the_meta_row() {
        let state = Buckets::for_bytes(9000);
        let mut header = Header::new(DataType::Set);
        header.head = Some(Head {
            id: 7,
            home_slot: 3,
            count: 100,
        });
        let meta =
            |header: &Header, state: &[u8]| Record::new(b"key", &[&header.encode(), &[0], state]);
        let hash = 0x1234_5678_9abc_def0;
        let Address { level, index } = state.address(hash >> 16);
        let found = row_of(&meta(&header, &state.encode()), hash);
        assert_eq!(found, Some(bucket_key(3, 7, level, index)));
        assert_eq!(row_of(&meta(&header, &[0; 4]), hash), None);
        header.kind = DataType::List;
        assert_eq!(row_of(&meta(&header, &state.encode()), hash), None);
        (header.kind, header.head) = (DataType::Set, None);
        assert_eq!(row_of(&meta(&header, &state.encode()), hash), None);
    }
}
