//! Owns the value of a meta row: header, then an inline payload or a collection head.
//! Invariants: unknown flag bits and unknown types are `Corrupted` (a newer format is refused at
//! open, so such bits are damage); unknown extensions are kept byte for byte.
//! Must not know: what a payload means to a type. Tests: below, and a fuzz target.
//!
//! ```text
//! type u8 | flags u8 | [expire_ms u64] [hint_ms u64] [fields_ms u64] [ext_len u16 | ext]
//!         | inline payload                                  without EXPLODED
//!         | id u64 | home slot u16 | count u64 | fixed ...   with EXPLODED
//! ```

use crate::encoding::short::Short;
use crate::error::{Result, StorageError};
use smallvec::SmallVec;

/// Data types; the numbers are on disk.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[repr(u8)]
pub enum DataType {
    /// A string, also a bitmap or a HyperLogLog.
    String = 1,
    /// A list.
    List = 2,
    /// A set.
    Set = 3,
    /// A sorted set, also a geographic index.
    ZSet = 4,
    /// A hash.
    Hash = 5,
    /// A stream.
    Stream = 6,
}

impl DataType {
    pub(crate) fn from_u8(code: u8) -> Option<DataType> {
        match code {
            1 => Some(DataType::String),
            2 => Some(DataType::List),
            3 => Some(DataType::Set),
            4 => Some(DataType::ZSet),
            5 => Some(DataType::Hash),
            6 => Some(DataType::Stream),
            _ => None,
        }
    }

    /// The name that TYPE answers.
    pub fn name(self) -> &'static str {
        match self {
            DataType::String => "string",
            DataType::List => "list",
            DataType::Set => "set",
            DataType::ZSet => "zset",
            DataType::Hash => "hash",
            DataType::Stream => "stream",
        }
    }
}

mod flag {
    /// `expire_ms` follows.
    pub const EXPIRE: u8 = 1;
    /// `hint_ms` follows: an expiry row stands at this earlier time instead of at `expire_ms`.
    pub const HINT: u8 = 2;
    /// Extensions follow.
    pub const EXTENSIONS: u8 = 4;
    /// The value is spread over element rows under an id.
    pub const EXPLODED: u8 = 8;
    /// The string was changed in place once; OBJECT ENCODING calls it `raw` whatever its length.
    pub const RAW: u8 = 16;
    /// The string is the text of a sum of decimals; OBJECT ENCODING never calls it `int`.
    pub const TEXT: u8 = 32;
    /// `fields_ms` follows: the earliest expiry among the fields of a hash.
    pub const FIELDS: u8 = 64;
    pub const KNOWN: u8 = EXPIRE | HINT | EXTENSIONS | EXPLODED | RAW | TEXT | FIELDS;
}

/// Where the elements of an exploded value are, and how many.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Head {
    /// Unique id of the element rows.
    pub id: u64,
    /// Slot under which the element rows stand (the slot of the key at their creation).
    pub home_slot: u16,
    /// Elements, or bytes for a string.
    pub count: u64,
}

/// A decoded header. Extensions stay as bytes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Header {
    /// The value's type.
    pub kind: DataType,
    /// When the key expires, ms since the epoch.
    pub expire_ms: Option<u64>,
    /// Time of the earliest expiry row known to exist, if earlier than `due_ms`.
    pub hint_ms: Option<u64>,
    /// When the first field of a hash expires, ms since the epoch; no field expires before.
    pub fields_ms: Option<u64>,
    /// The string was changed in place once.
    pub raw: bool,
    /// The string is the text of a sum of decimals, which Redis never keeps as an integer.
    pub text: bool,
    /// Set for values spread over element rows.
    pub head: Option<Head>,
    /// Length-prefixed extensions of later versions, kept as they are.
    pub extensions: SmallVec<[u8; 8]>,
}

/// Header bytes ready to be written in front of a payload.
pub type HeaderBytes = SmallVec<[u8; 64]>;

impl Header {
    /// A header with neither expiry nor extensions.
    pub fn new(kind: DataType) -> Header {
        Header {
            kind,
            expire_ms: None,
            hint_ms: None,
            fields_ms: None,
            raw: false,
            text: false,
            head: None,
            extensions: SmallVec::new(),
        }
    }

    /// Whether the key's time has come at `now_ms`.
    #[inline]
    pub fn expired(&self, now_ms: u64) -> bool {
        self.expire_ms.is_some_and(|at| at <= now_ms)
    }

    /// When the sweeper has to look at the key: its own expiry, or the first of its fields.
    #[inline]
    pub fn due_ms(&self) -> Option<u64> {
        match (self.expire_ms, self.fields_ms) {
            (Some(key), Some(field)) => Some(key.min(field)),
            (key, field) => key.or(field),
        }
    }

    /// The time of the expiry row that is known to exist, if any.
    pub fn filed_ms(&self) -> Option<u64> {
        self.hint_ms.or(self.due_ms())
    }

    /// The header's bytes; a payload follows them as it is.
    pub fn encode(&self) -> HeaderBytes {
        let mut flags = 0;
        let mut out = Short::default();
        out.push(&[self.kind as u8, 0]);
        if let Some(at) = self.expire_ms {
            flags |= flag::EXPIRE;
            out.push(&at.to_be_bytes());
        }
        if let Some(at) = self.hint_ms {
            flags |= flag::HINT;
            out.push(&at.to_be_bytes());
        }
        if let Some(at) = self.fields_ms {
            flags |= flag::FIELDS;
            out.push(&at.to_be_bytes());
        }
        let mut behind = Short::<18>::default();
        if let Some(head) = self.head {
            flags |= flag::EXPLODED;
            behind.push(&head.id.to_be_bytes());
            behind.push(&head.home_slot.to_be_bytes());
            behind.push(&head.count.to_be_bytes());
        }
        if self.raw {
            flags |= flag::RAW;
        }
        if self.text {
            flags |= flag::TEXT;
        }
        if !self.extensions.is_empty() {
            flags |= flag::EXTENSIONS;
            out.push(&(self.extensions.len() as u16).to_be_bytes());
        }
        if let Some(slot) = out.as_mut_slice().get_mut(1) {
            *slot = flags;
        }
        if self.extensions.is_empty() {
            return out.and(behind.as_slice());
        }
        let mut out = out.and(&self.extensions);
        out.extend_from_slice(behind.as_slice());
        out
    }

    /// Decodes the header of a meta value; also gives where its payload begins.
    #[inline]
    pub fn decode(value: &[u8]) -> Result<(Header, usize)> {
        decode(value).ok_or_else(|| {
            let shown = value.get(..value.len().min(24)).unwrap_or_default();
            StorageError::Corrupted(format!("meta value {shown:02x?}"))
        })
    }
}

#[inline]
fn decode(value: &[u8]) -> Option<(Header, usize)> {
    let (&[kind, flags], mut rest) = value.split_first_chunk::<2>()?;
    let mut header = Header::new(DataType::from_u8(kind)?);
    if flags == 0 {
        return Some((header, 2));
    }
    if flags & !flag::KNOWN != 0 {
        return None;
    }
    header.raw = flags & flag::RAW != 0;
    header.text = flags & flag::TEXT != 0;
    if flags & flag::EXPIRE != 0 {
        header.expire_ms = Some(take_u64(&mut rest)?);
    }
    if flags & flag::HINT != 0 {
        header.hint_ms = Some(take_u64(&mut rest)?);
    }
    if flags & flag::FIELDS != 0 {
        header.fields_ms = Some(take_u64(&mut rest)?);
    }
    if flags & flag::EXTENSIONS != 0 {
        let (len, after) = rest.split_first_chunk::<2>()?;
        let (extensions, after) = after.split_at_checked(usize::from(u16::from_be_bytes(*len)))?;
        header.extensions = SmallVec::from_slice(extensions);
        rest = after;
    }
    if flags & flag::EXPLODED != 0 {
        let id = take_u64(&mut rest)?;
        let (home_slot, after) = rest.split_first_chunk::<2>()?;
        rest = after;
        let count = take_u64(&mut rest)?;
        header.head = Some(Head {
            id,
            home_slot: u16::from_be_bytes(*home_slot),
            count,
        });
    }
    Some((header, value.len() - rest.len()))
}

fn take_u64(rest: &mut &[u8]) -> Option<u64> {
    let (bytes, after) = rest.split_first_chunk::<8>()?;
    *rest = after;
    Some(u64::from_be_bytes(*bytes))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn headers_round_trip(
            expire in any::<Option<u64>>(), hint in any::<Option<u64>>(),
            fields in any::<Option<u64>>(),
            (raw, text) in any::<(bool, bool)>(),
            head in any::<Option<(u64, u16, u64)>>(),
            ext in proptest::collection::vec(any::<u8>(), 0..20),
            payload in proptest::collection::vec(any::<u8>(), 0..40),
        ) {
            let header = Header {
                kind: DataType::String,
                expire_ms: expire,
                hint_ms: hint,
                fields_ms: fields,
                raw,
                text,
                head: head.map(|(id, home_slot, count)| Head { id, home_slot, count }),
                extensions: SmallVec::from_vec(ext),
            };
            let mut bytes = header.encode().to_vec();
            let len = bytes.len();
            bytes.extend_from_slice(&payload);
            let (decoded, start) = Header::decode(&bytes).unwrap();
            prop_assert_eq!(decoded, header);
            prop_assert_eq!(start, len);
        }

        #[test]
        fn any_bytes_decode_or_are_refused(bytes in proptest::collection::vec(any::<u8>(), 0..64)) {
            if let Ok((header, start)) = Header::decode(&bytes) {
                prop_assert!(start <= bytes.len());
                let again = header.encode();
                prop_assert_eq!(Header::decode(&again).unwrap().0, header);
            }
        }
    }

    #[test]
    fn unknown_types_and_flags_are_damage() {
        assert!(Header::decode(&[0, 0]).is_err());
        assert!(Header::decode(&[1, 0x80]).is_err());
        assert!(Header::decode(&[1]).is_err());
        assert!(Header::decode(&[1, 1, 0]).is_err());
        assert_eq!(Header::decode(&[1, 0]).unwrap().1, 2);
    }
}
