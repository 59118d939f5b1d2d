//! Owns a string as bytes that can be reached at any offset, whether it stands inside its meta row
//! or is spread over chunk rows.
//! Invariants: chunk `i` holds the bytes from `i * CHUNK_BYTES` on; what a chunk lacks up to the
//! string's length reads as zeros; a string never shrinks in place, so no chunk holds bytes beyond
//! its length. Must not know: commands, what the bytes mean. Tests: `storage/tests/strings`.
//!
//! ```text
//! chunk row   chunk_key(home slot, id, index) -> flags u8 (0) | at most CHUNK_BYTES bytes
//! ```

mod read;
mod write;

pub use read::{Content, Segment, for_each_segment, read_range, read_value};
pub(crate) use write::Fresh;
pub use write::{Expiry, replace, write_range};

use crate::encoding::key;
use crate::encoding::meta::Head;
use crate::encoding::record::Record;
use crate::error::{Result, StorageError};
use crate::limits::CHUNK_BYTES;
use crate::view::{KeyEntry, View};

/// The flags byte of a chunk row: no bit has a meaning yet.
const CHUNK_FLAGS: u8 = 0;

/// Length of the string in bytes; 0 if the key does not exist. The caller has checked the type.
#[inline]
pub fn len(entry: &KeyEntry<'_>) -> u64 {
    match entry.header().and_then(|header| header.head) {
        Some(head) => head.count,
        None => entry.payload().map_or(0, |payload| payload.len() as u64),
    }
}

/// Number of chunks that a string of `len` bytes has at most.
fn chunks_of(len: u64) -> u64 {
    len.div_ceil(CHUNK_BYTES as u64)
}

/// The row of a chunk, if there is one.
fn chunk_row(view: &View<'_>, head: Head, index: u64) -> Result<Option<Record>> {
    let row_key = key::chunk_key(head.home_slot, head.id, chunk_index(index)?);
    view.element(head.home_slot, &row_key)
}

/// The same in a read of so many chunks that the caches would keep nothing else.
fn chunk_row_in_passing(view: &View<'_>, head: Head, index: u64) -> Result<Option<Record>> {
    let row_key = key::chunk_key(head.home_slot, head.id, chunk_index(index)?);
    view.element_in_passing(head.home_slot, &row_key)
}

/// The bytes in a chunk row.
fn chunk_bytes(record: &Record) -> Result<&[u8]> {
    match record.value().split_first() {
        Some((&CHUNK_FLAGS, bytes)) if bytes.len() <= CHUNK_BYTES => Ok(bytes),
        _ => Err(StorageError::Corrupted(format!(
            "chunk row {:02x?}",
            record.key()
        ))),
    }
}

/// Chunk numbers have 32 bits on disk; a string that needs more is too long.
fn chunk_index(index: u64) -> Result<u32> {
    u32::try_from(index).map_err(|_| StorageError::StringTooLong)
}
