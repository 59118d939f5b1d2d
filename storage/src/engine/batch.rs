//! Owns RocksDB's write-batch byte format: built here, decoded here (the stock iterator gives no
//! log data and stops silently at a range delete).
//!
//! ```text
//! sequence u64 LE | row count u32 LE | records
//! record = 0x03 len bytes                        log data (not a row)
//!        | 0x05 family key value | 0x01 key value            put
//!        | 0x04 family key       | 0x00 key                  delete
//!        | 0x08 family key       | 0x07 key                  single delete
//!        | 0x0e family start end | 0x0f start end            range delete
//! family, lengths = varint32
//! ```
//! Source: RocksDB `db/write_batch.cc`, read for the format.
//! Invariants: the decoder is total; an unknown tag is an error, never an end.
//! Must not know: what rows mean. Tests: `engine/tests.rs`, fuzz target `feed_batch`.

/// A column family's number inside batches.
pub type FamilyId = u32;

const HEADER_LEN: usize = 12;

/// Builds a batch in a buffer that is reused from group to group.
#[derive(Debug, Default)]
pub struct BatchBuilder {
    bytes: Vec<u8>,
    rows: u32,
}

impl BatchBuilder {
    /// Empties the buffer and begins with log data.
    pub fn begin(&mut self, log_data: &[u8]) {
        self.bytes.clear();
        self.bytes.resize(HEADER_LEN, 0);
        self.rows = 0;
        self.bytes.push(0x03);
        self.push_slice(log_data);
    }

    /// Adds a row.
    #[inline]
    pub fn put(&mut self, family: FamilyId, key: &[u8], value: &[u8]) {
        self.bytes.push(0x05);
        self.push_varint(family);
        self.push_slice(key);
        self.push_slice(value);
        self.rows += 1;
    }

    /// Deletes a row.
    #[inline]
    pub fn delete(&mut self, family: FamilyId, key: &[u8]) {
        self.bytes.push(0x04);
        self.push_varint(family);
        self.push_slice(key);
        self.rows += 1;
    }

    /// Deletes the rows of `[start, end)`.
    pub fn delete_range(&mut self, family: FamilyId, start: &[u8], end: &[u8]) {
        self.bytes.push(0x0e);
        self.push_varint(family);
        self.push_slice(start);
        self.push_slice(end);
        self.rows += 1;
    }

    /// Rows so far.
    pub fn rows(&self) -> u32 {
        self.rows
    }

    /// The finished batch.
    pub fn finish(&mut self) -> &[u8] {
        if let Some(count) = self.bytes.get_mut(8..HEADER_LEN) {
            count.copy_from_slice(&self.rows.to_le_bytes());
        }
        &self.bytes
    }

    /// Gives memory above `bytes_max` back after an unusually large group.
    pub fn shrink(&mut self, bytes_max: usize) {
        if self.bytes.capacity() > bytes_max {
            self.bytes = Vec::new();
        }
    }

    #[inline]
    fn push_varint(&mut self, mut value: u32) {
        while value >= 0x80 {
            self.bytes.push(value as u8 | 0x80);
            value >>= 7;
        }
        self.bytes.push(value as u8);
    }

    #[inline]
    fn push_slice(&mut self, slice: &[u8]) {
        self.push_varint(slice.len() as u32);
        self.bytes.extend_from_slice(slice);
    }
}

/// One record of a batch.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BatchEntry<'a> {
    /// Bytes that travel with the batch and are no row.
    LogData(&'a [u8]),
    /// A row.
    Put {
        /// Column family.
        family: FamilyId,
        /// Row key.
        key: &'a [u8],
        /// Row value.
        value: &'a [u8],
    },
    /// A deletion.
    Delete {
        /// Column family.
        family: FamilyId,
        /// Row key.
        key: &'a [u8],
    },
    /// A deletion of `[start, end)`.
    DeleteRange {
        /// Column family.
        family: FamilyId,
        /// First key.
        start: &'a [u8],
        /// First key beyond.
        end: &'a [u8],
    },
}

/// Why bytes are not a batch.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BatchDecodeError {
    /// The bytes end inside a record or before the header's end.
    #[error("the batch is cut short")]
    Truncated,
    /// A tag this decoder does not know.
    #[error("unknown batch record tag {0:#04x}")]
    UnknownTag(u8),
    /// A varint of more than 32 bits.
    #[error("a length does not fit 32 bits")]
    BadVarint,
    /// The header's row count is not the number of rows.
    #[error("the batch holds {found} rows and announces {announced}")]
    RowCount {
        /// Rows found.
        found: u32,
        /// Rows the header announces.
        announced: u32,
    },
}

/// Decodes a batch record by record.
#[derive(Debug, Clone)]
pub struct BatchReader<'a> {
    rest: &'a [u8],
    sequence: u64,
    announced: u32,
    found: u32,
}

impl<'a> BatchReader<'a> {
    /// Reads the header.
    pub fn new(bytes: &'a [u8]) -> Result<BatchReader<'a>, BatchDecodeError> {
        let truncated = BatchDecodeError::Truncated;
        let (sequence, rest) = bytes.split_first_chunk::<8>().ok_or(truncated.clone())?;
        let (count, rest) = rest.split_first_chunk::<4>().ok_or(truncated)?;
        Ok(BatchReader {
            rest,
            sequence: u64::from_le_bytes(*sequence),
            announced: u32::from_le_bytes(*count),
            found: 0,
        })
    }

    /// Sequence number of the first row.
    pub fn sequence(&self) -> u64 {
        self.sequence
    }

    /// Rows the header announces.
    pub fn rows(&self) -> u32 {
        self.announced
    }

    /// The next record, or `None` at the end, where the row count is checked too.
    pub fn next_entry(&mut self) -> Result<Option<BatchEntry<'a>>, BatchDecodeError> {
        let Some((&tag, rest)) = self.rest.split_first() else {
            if self.found == self.announced {
                return Ok(None);
            }
            let (found, announced) = (self.found, self.announced);
            return Err(BatchDecodeError::RowCount { found, announced });
        };
        self.rest = rest;
        let entry = match tag {
            0x03 => return Ok(Some(BatchEntry::LogData(self.take_slice()?))),
            0x05 => self.take_put(true)?,
            0x01 => self.take_put(false)?,
            0x04 | 0x08 => self.take_delete(true)?,
            0x00 | 0x07 => self.take_delete(false)?,
            0x0e => self.take_range(true)?,
            0x0f => self.take_range(false)?,
            unknown => return Err(BatchDecodeError::UnknownTag(unknown)),
        };
        self.found = self.found.wrapping_add(1);
        Ok(Some(entry))
    }

    fn take_put(&mut self, named: bool) -> Result<BatchEntry<'a>, BatchDecodeError> {
        let family = if named { self.take_varint()? } else { 0 };
        let key = self.take_slice()?;
        let value = self.take_slice()?;
        Ok(BatchEntry::Put { family, key, value })
    }

    fn take_delete(&mut self, named: bool) -> Result<BatchEntry<'a>, BatchDecodeError> {
        let family = if named { self.take_varint()? } else { 0 };
        Ok(BatchEntry::Delete {
            family,
            key: self.take_slice()?,
        })
    }

    fn take_range(&mut self, named: bool) -> Result<BatchEntry<'a>, BatchDecodeError> {
        let family = if named { self.take_varint()? } else { 0 };
        let start = self.take_slice()?;
        let end = self.take_slice()?;
        Ok(BatchEntry::DeleteRange { family, start, end })
    }

    fn take_varint(&mut self) -> Result<u32, BatchDecodeError> {
        let mut value: u32 = 0;
        for shift in [0, 7, 14, 21, 28] {
            let (&byte, rest) = self.rest.split_first().ok_or(BatchDecodeError::Truncated)?;
            self.rest = rest;
            let bits = u32::from(byte & 0x7f);
            if shift == 28 && byte > 0x0f {
                return Err(BatchDecodeError::BadVarint);
            }
            value |= bits << shift;
            if byte & 0x80 == 0 {
                return Ok(value);
            }
        }
        Err(BatchDecodeError::BadVarint)
    }

    fn take_slice(&mut self) -> Result<&'a [u8], BatchDecodeError> {
        let len = self.take_varint()? as usize;
        let (slice, rest) = self
            .rest
            .split_at_checked(len)
            .ok_or(BatchDecodeError::Truncated)?;
        self.rest = rest;
        Ok(slice)
    }
}
