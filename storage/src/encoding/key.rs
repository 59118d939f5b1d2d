//! Owns the bytes of every row key.
//! Invariants: the first byte is the kind; the rest is ordered as `storage/README.md` says.
//! Must not know: values. Tests: below (order, round trip).

use crate::encoding::short::Short;
use crate::encoding::sip::sip_1_3;
use crate::partition::slot_of;
use smallvec::SmallVec;

/// First byte of every row key of a partition.
pub mod kind {
    /// Meta row: `m | ns u32 | slot u16 | h u48 | user key`.
    pub const META: u8 = b'm';
    /// Element row: `d | slot u16 | id u64 | sub-kind u8 | sub-key`.
    pub const ELEMENT: u8 = b'd';
    /// Expiry hint: `e | at_ms u64 | ns u32 | slot u16 | h u48 | user key`.
    pub const EXPIRY: u8 = b'e';
    /// Dead id: `g | slot u16 | id u64`.
    pub const GARBAGE: u8 = b'g';
    /// Dead namespace: `G | ns u32`.
    pub const DEAD_NAMESPACE: u8 = b'G';
    /// Elements whose meta row lives in another slot: `f | home slot u16 | id u64`.
    pub const STRANGER: u8 = b'f';
    /// Counts of keys: `n | ns u32 | slot u16`.
    pub const COUNT: u8 = b'n';
}

/// Sub-kinds of element rows.
pub mod sub_kind {
    /// A chunk of a string; sub-key = chunk index u32.
    pub const CHUNK: u8 = 1;
    /// A bucket of a hash or set; sub-key = level u8 | index u32.
    pub const BUCKET: u8 = 2;
    /// A node of a counted tree; sub-key = tree u8 | node u64.
    pub const NODE: u8 = 3;
    /// An element too long for its node or bucket; sub-key = number u64.
    pub const BLOB: u8 = 5;
}

/// Bytes of a meta row key before the user key.
pub const META_PREFIX_LEN: usize = 1 + 4 + 2 + 6;

/// A row key under construction; most fit without allocation.
pub type RowKey = SmallVec<[u8; 64]>;
/// The same while it is short for sure.
type RowStart = Short<64>;

/// The directory's secret that orders keys within a slot (SipHash-1-3, 128 bits).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct HashSeed(pub [u8; 16]);

impl HashSeed {
    /// 64 bits of SipHash-1-3 over `bytes`; the upper 48 are `h`.
    #[inline]
    pub fn hash(&self, bytes: &[u8]) -> u64 {
        sip_1_3(&self.0, bytes)
    }
}

/// A user key with everything that is derived from it.
#[derive(Debug, Clone, Copy)]
pub struct KeyName<'k> {
    /// The user's bytes.
    pub user_key: &'k [u8],
    /// Hash slot.
    pub slot: u16,
    /// Keyed hash; `hash >> 16` is the `h` of row keys.
    pub hash: u64,
}

impl<'k> KeyName<'k> {
    /// Computes slot and hash.
    #[inline]
    pub fn new(user_key: &'k [u8], seed: &HashSeed) -> KeyName<'k> {
        KeyName::of_hash(user_key, seed.hash(user_key))
    }

    /// The same of a key whose hash is known.
    #[inline]
    pub fn of_hash(user_key: &'k [u8], hash: u64) -> KeyName<'k> {
        KeyName {
            user_key,
            slot: slot_of(user_key),
            hash,
        }
    }

    /// The 48 bits that order keys within a slot.
    #[inline]
    pub fn h48(&self) -> u64 {
        self.hash >> 16
    }

    /// The meta row key in namespace `ns`.
    #[inline]
    pub fn meta_key(&self, ns: u32) -> RowKey {
        let mut row = RowStart::default();
        row.push(&[kind::META]);
        row.push(&ns.to_be_bytes());
        self.push_position(&mut row);
        row.and(self.user_key)
    }

    /// The expiry row key for time `at_ms` in namespace `ns`.
    pub fn expiry_key(&self, ns: u32, at_ms: u64) -> RowKey {
        let mut row = RowStart::default();
        row.push(&[kind::EXPIRY]);
        row.push(&at_ms.to_be_bytes());
        row.push(&ns.to_be_bytes());
        self.push_position(&mut row);
        row.and(self.user_key)
    }

    #[inline]
    fn push_position(&self, row: &mut RowStart) {
        row.push(&self.slot.to_be_bytes());
        row.push(self.h48().to_be_bytes().get(2..).unwrap_or_default());
    }
}

/// The namespace of a meta row; `None` for rows of other kinds.
#[inline]
pub fn namespace_of_meta(row_key: &[u8]) -> Option<u32> {
    match row_key.first_chunk::<5>() {
        Some(&[kind::META, a, b, c, d]) => Some(u32::from_be_bytes([a, b, c, d])),
        _ => None,
    }
}

/// The first expiry row key at or after `at_ms`.
pub fn expiry_start(at_ms: u64) -> RowKey {
    let mut row = RowKey::new();
    row.push(kind::EXPIRY);
    row.extend_from_slice(&at_ms.to_be_bytes());
    row
}

/// Key of chunk `index` of the string with this id.
pub fn chunk_key(home_slot: u16, id: u64, index: u32) -> RowKey {
    let mut row = slot_and_id(kind::ELEMENT, home_slot, id);
    row.push(&[sub_kind::CHUNK]);
    row.push(&index.to_be_bytes());
    row.into()
}

/// Key of a bucket of the hash or set with this id.
#[inline]
pub fn bucket_key(home_slot: u16, id: u64, level: u8, index: u32) -> RowKey {
    let mut row = slot_and_id(kind::ELEMENT, home_slot, id);
    row.push(&[sub_kind::BUCKET, level]);
    row.push(&index.to_be_bytes());
    row.into()
}

/// Key of a node of tree `tree` of the collection with this id.
#[inline]
pub fn node_key(home_slot: u16, id: u64, tree: u8, node: u64) -> RowKey {
    let mut row = slot_and_id(kind::ELEMENT, home_slot, id);
    row.push(&[sub_kind::NODE, tree]);
    row.push(&node.to_be_bytes());
    row.into()
}

/// Key of the row that holds one long element of the collection with this id.
pub fn blob_key(home_slot: u16, id: u64, number: u64) -> RowKey {
    let mut row = slot_and_id(kind::ELEMENT, home_slot, id);
    row.push(&[sub_kind::BLOB]);
    row.push(&number.to_be_bytes());
    row.into()
}

/// Prefix of every element row of an id.
pub fn element_prefix(home_slot: u16, id: u64) -> RowKey {
    slot_and_id(kind::ELEMENT, home_slot, id).into()
}

/// Key of the row that declares an id dead.
pub fn garbage_key(home_slot: u16, id: u64) -> RowKey {
    slot_and_id(kind::GARBAGE, home_slot, id).into()
}

/// Key of the row that finds the meta row of elements left in another slot.
pub fn stranger_key(home_slot: u16, id: u64) -> RowKey {
    slot_and_id(kind::STRANGER, home_slot, id).into()
}

#[inline]
fn slot_and_id(first: u8, slot: u16, id: u64) -> RowStart {
    let mut row = RowStart::default();
    row.push(&[first]);
    row.push(&slot.to_be_bytes());
    row.push(&id.to_be_bytes());
    row
}

/// Key of the count row of a slot in a namespace.
pub fn count_key(ns: u32, slot: u16) -> RowKey {
    let mut row = RowKey::new();
    row.push(kind::COUNT);
    row.extend_from_slice(&ns.to_be_bytes());
    row.extend_from_slice(&slot.to_be_bytes());
    row
}

/// Key of the row that declares a namespace dead.
pub fn dead_namespace_key(ns: u32) -> RowKey {
    let mut row = RowKey::new();
    row.push(kind::DEAD_NAMESPACE);
    row.extend_from_slice(&ns.to_be_bytes());
    row
}

/// Where SCAN stands: the first meta row key of namespace `ns` at or after (slot, h).
pub fn meta_position(ns: u32, slot: u16, h48: u64) -> RowKey {
    let mut row = RowKey::new();
    row.push(kind::META);
    row.extend_from_slice(&ns.to_be_bytes());
    row.extend_from_slice(&slot.to_be_bytes());
    row.extend_from_slice(h48.to_be_bytes().get(2..).unwrap_or_default());
    row
}

/// The fields of a meta row key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MetaKeyParts<'a> {
    /// Namespace.
    pub ns: u32,
    /// Slot.
    pub slot: u16,
    /// Order within the slot.
    pub h48: u64,
    /// The user's key.
    pub user_key: &'a [u8],
}

/// Splits a meta row key, or `None` if the bytes are not one.
#[inline]
pub fn parse_meta(row: &[u8]) -> Option<MetaKeyParts<'_>> {
    let (&first, rest) = row.split_first()?;
    if first != kind::META {
        return None;
    }
    parse_position(rest)
}

/// Splits an expiry row key into its time and the position of its meta row.
pub fn parse_expiry(row: &[u8]) -> Option<(u64, MetaKeyParts<'_>)> {
    let (&first, rest) = row.split_first()?;
    if first != kind::EXPIRY {
        return None;
    }
    let (at_ms, rest) = rest.split_first_chunk::<8>()?;
    Some((u64::from_be_bytes(*at_ms), parse_position(rest)?))
}

#[inline]
fn parse_position(bytes: &[u8]) -> Option<MetaKeyParts<'_>> {
    let (ns, rest) = bytes.split_first_chunk::<4>()?;
    let (slot, rest) = rest.split_first_chunk::<2>()?;
    let (h, user_key) = rest.split_first_chunk::<6>()?;
    let mut wide = [0u8; 8];
    wide.get_mut(2..)?.copy_from_slice(h);
    Some(MetaKeyParts {
        ns: u32::from_be_bytes(*ns),
        slot: u16::from_be_bytes(*slot),
        h48: u64::from_be_bytes(wide),
        user_key,
    })
}

/// Splits a row key of shape `kind | slot | id | rest`.
pub fn parse_slot_and_id(row: &[u8], expected_kind: u8) -> Option<(u16, u64, &[u8])> {
    let (&first, rest) = row.split_first()?;
    if first != expected_kind {
        return None;
    }
    let (slot, rest) = rest.split_first_chunk::<2>()?;
    let (id, rest) = rest.split_first_chunk::<8>()?;
    Some((u16::from_be_bytes(*slot), u64::from_be_bytes(*id), rest))
}

/// Splits a count row key into namespace and slot.
pub fn parse_count(row: &[u8]) -> Option<(u32, u16)> {
    let (&first, rest) = row.split_first()?;
    let (ns, rest) = rest.split_first_chunk::<4>()?;
    let slot: [u8; 2] = rest.try_into().ok()?;
    (first == kind::COUNT).then(|| (u32::from_be_bytes(*ns), u16::from_be_bytes(slot)))
}

/// The smallest byte string above every string that begins with `prefix` (`None` if there is none).
pub fn prefix_end(prefix: &[u8]) -> Option<RowKey> {
    let mut end = RowKey::from_slice(prefix);
    while let Some(last) = end.pop() {
        if last < u8::MAX {
            end.push(last + 1);
            return Some(end);
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    const SEED: HashSeed = HashSeed([7; 16]);

    #[test]
    fn meta_keys_round_trip_and_order_by_slot_then_hash() {
        let mut rows: Vec<(u16, u64, RowKey)> = Vec::new();
        for n in 0..500u32 {
            let text = format!("key:{n}");
            let name = KeyName::new(text.as_bytes(), &SEED);
            let row = name.meta_key(9);
            let parts = parse_meta(&row).unwrap();
            assert_eq!(parts.ns, 9);
            assert_eq!((parts.slot, parts.h48), (name.slot, name.h48()));
            assert_eq!(parts.user_key, text.as_bytes());
            assert_eq!(
                &row[..META_PREFIX_LEN],
                &meta_position(9, name.slot, name.h48())[..]
            );
            rows.push((name.slot, name.h48(), row));
        }
        let mut by_bytes = rows.clone();
        by_bytes.sort_by(|a, b| a.2.cmp(&b.2));
        rows.sort_by_key(|row| (row.0, row.1));
        assert_eq!(rows, by_bytes);
    }

    #[test]
    fn expiry_keys_order_by_time() {
        let name = KeyName::new(b"a key", &SEED);
        let early = name.expiry_key(3, 999);
        let late = name.expiry_key(1, 1000);
        assert!(early < late);
        let (at_ms, parts) = parse_expiry(&early).unwrap();
        assert_eq!((at_ms, parts.ns, parts.user_key), (999, 3, &b"a key"[..]));
    }

    #[test]
    fn chunk_keys_order_by_index_under_their_prefix() {
        let prefix = element_prefix(77, 5);
        let rows: Vec<_> = [0u32, 1, 255, 256, 70_000]
            .map(|n| chunk_key(77, 5, n))
            .into();
        assert!(rows.windows(2).all(|pair| pair[0] < pair[1]));
        for row in &rows {
            assert!(row.starts_with(&prefix));
            let (slot, id, rest) = parse_slot_and_id(row, kind::ELEMENT).unwrap();
            assert_eq!((slot, id, rest.len()), (77, 5, 5));
        }
        assert!(
            rows.iter()
                .all(|row| row[..] < prefix_end(&prefix).unwrap()[..])
        );
    }

    #[test]
    fn foreign_bytes_are_refused_not_trusted() {
        for len in 0..META_PREFIX_LEN {
            assert_eq!(parse_meta(&vec![kind::META; len]), None);
            assert_eq!(parse_count(&vec![kind::COUNT; len.min(6)]), None);
        }
        assert_eq!(parse_slot_and_id(b"d123", kind::ELEMENT), None);
        assert_eq!(prefix_end(&[0xff, 0xff]), None);
        assert_eq!(prefix_end(&[1, 0xff]).unwrap()[..], [2]);
    }
}
