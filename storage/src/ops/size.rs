//! Owns estimating how many bytes a key and its value take in the database.
//! Invariants: what the meta record says is exact, as are strings; of the elements behind it only
//! some are looked at. Must not know: caches, compression. Tests: `tests/commands/server.rs`.

use crate::collection::map::Map;
use crate::encoding::meta::DataType;
use crate::encoding::shape::Shape;
use crate::error::Result;
use crate::limits::{CHUNK_BYTES, NODE_BYTES_MAX};
use crate::ops::zset::{self, Limit, Range};
use crate::ops::{list, stream};
use crate::value::Value;
use crate::view::View;

/// Bytes of a meta record beside the user's: namespace, slot, hash and header.
const RECORD_OVERHEAD_BYTES: u64 = 48;
/// Bytes of an element row beside its value: home slot, id and number.
const ROW_OVERHEAD_BYTES: u64 = 24;
/// Bytes of an element beside its own.
const ENTRY_OVERHEAD_BYTES: u64 = 3;

const SCORE_BYTES: u64 = 8;
const ID_BYTES: u64 = 16;

/// Bytes of a key and its value, judged by up to `samples` elements; `None` if there is no key.
pub fn stored_bytes(view: &View<'_>, key: &[u8], samples: u64) -> Result<Option<u64>> {
    let entry = view.open(key)?;
    let Some(header) = entry.header() else {
        return Ok(None);
    };
    let payload = entry.payload().map_or(0, <[u8]>::len);
    let record = RECORD_OVERHEAD_BYTES + (key.len() + payload) as u64;
    let Some(head) = header.head else {
        return Ok(Some(record));
    };
    let behind = match header.kind {
        DataType::String => in_rows(head.count, CHUNK_BYTES),
        DataType::Hash => Map::of(entry, DataType::Hash, Shape::Hashtable)?.row_bytes(),
        DataType::Set => Map::of(entry, DataType::Set, Shape::Hashtable)?.row_bytes(),
        DataType::List => {
            let last = i64::try_from(samples).unwrap_or(i64::MAX) - 1;
            let elements: Vec<Value> = list::range(view, key, 0, last)?;
            let lens = elements.iter().map(|one| one.len() as u64);
            in_nodes(lens.sum(), elements.len() as u64, head.count)
        }
        DataType::ZSet => {
            let range = Range::Ranks(0, i64::try_from(samples).unwrap_or(i64::MAX) - 1);
            let members = zset::range(view, key, &range, false, Limit::NONE)?;
            let lens = members.iter().map(|one| one.member.len() as u64);
            // Each stands in the tree and in a bucket, with its score.
            let bytes = 2 * lens.map(|len| len + SCORE_BYTES).sum::<u64>();
            in_nodes(bytes, members.len() as u64, head.count)
        }
        DataType::Stream => {
            let count = if samples == u64::MAX { 0 } else { samples };
            let about = stream::about(view, key, Some(count))?;
            let entries = about.map_or(Vec::new(), |about| about.entries);
            let strings = entries.iter().flat_map(|entry| &entry.strings);
            let bytes = strings.map(|one| one.len() as u64 + 1).sum::<u64>();
            let seen = entries.len() as u64;
            in_nodes(bytes + seen * ID_BYTES, seen, head.count)
        }
    };
    Ok(Some(record + behind))
}

/// Bytes of a tree of `count` elements, of which `seen` take `bytes`.
fn in_nodes(bytes: u64, seen: u64, count: u64) -> u64 {
    let mean = bytes.div_ceil(seen.max(1)) + ENTRY_OVERHEAD_BYTES;
    in_rows(mean.saturating_mul(count), NODE_BYTES_MAX)
}

fn in_rows(bytes: u64, row_bytes: usize) -> u64 {
    bytes.saturating_add(bytes.div_ceil(row_bytes as u64) * ROW_OVERHEAD_BYTES)
}

impl Map<'_> {
    /// Bytes of the rows behind the meta record, long values counted as short ones.
    fn row_bytes(&self) -> u64 {
        self.buckets()
            .map_or(0, |(rows, bytes)| bytes + rows * ROW_OVERHEAD_BYTES)
    }
}

/// The hash table behind a key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Table {
    pub elements: u64,
    /// Rows over which the elements are spread; 0 while they stand in the meta record.
    pub buckets: u64,
}

/// The hash table of a key whose value OBJECT ENCODING calls one; `None` for other values.
pub fn table(view: &View<'_>, key: &[u8]) -> Result<Option<Table>> {
    let entry = view.open(key)?;
    let Some(header) = entry.header() else {
        return Ok(None);
    };
    let shape = match header.kind {
        DataType::String => return Ok(None),
        _ => Shape::decode(entry.payload().unwrap_or_default())?,
    };
    let kind = header.kind;
    Ok(match (shape, kind) {
        (Shape::Hashtable, DataType::Hash | DataType::Set) => {
            let map = Map::of(entry, kind, Shape::Hashtable)?;
            Some(Table {
                elements: map.len(),
                buckets: map.buckets().map_or(0, |(rows, _)| rows),
            })
        }
        _ => None,
    })
}
