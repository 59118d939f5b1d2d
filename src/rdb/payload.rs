//! A single value with its footer, as DUMP gives and RESTORE takes it.
//!
//! Owns [`dump`] and [`restore`]. Layout: type (u8), value, version (u16), CRC-64 of everything
//! before it (u64); both little-endian.
//! Invariants: nothing is decoded before version and checksum are right; the version is the
//! oldest whose readers know the value's type, if the options ask for none newer.
//! Must not know: keys, times to live, replies.
//! Tests: `rdb/tests/round_trip.rs`, `rdb/tests/refusals.rs`, `rdb/tests/redis/`.

use bytes::Bytes;
use crc::{CRC_64_REDIS, Crc, Table};

use super::decode::decode;
use super::encode::encode;
use super::error::{EncodeError, PayloadError};
use super::kind::Version;
use super::options::EncodeOptions;
use super::reader::Reader;
use super::value::Value;
use super::writer::Writer;

const VERSION_LEN: usize = 2;
const CHECKSUM_LEN: usize = 8;

/// Sixteen tables: a large value is checked at some bytes a cycle instead of a byte in several.
static CHECKSUM: Crc<u64, Table<16>> = Crc::<u64, Table<16>>::new(&CRC_64_REDIS);

/// The checksum of payloads and files.
#[must_use]
pub fn checksum(bytes: &[u8]) -> u64 {
    CHECKSUM.checksum(bytes)
}

/// The payload of a value.
pub fn dump(value: &Value, options: &EncodeOptions) -> Result<Vec<u8>, EncodeError> {
    // The type is known only when the value is written.
    let mut writer = Writer::new(vec![0], options.compress);
    let kind = encode(value, options, &mut writer)?;
    let mut bytes = writer.into_bytes();
    if let Some(first) = bytes.first_mut() {
        *first = kind.byte();
    }
    bytes.extend(kind.version().number().to_le_bytes());
    bytes.extend(checksum(&bytes).to_le_bytes());
    Ok(bytes)
}

/// The value of a payload, which may take `memory_max` bytes beside the payload. Its longer parts
/// are slices of the payload and keep it alive.
///
/// Like Redis, bytes between the value and the footer are passed over.
pub fn restore(payload: &Bytes, memory_max: usize) -> Result<Value, PayloadError> {
    let body = verify(payload).ok_or(PayloadError::Footer)?;
    let mut reader = Reader::new(payload.slice(..body.len()), memory_max);
    let kind = reader.byte()?;
    Ok(decode(kind, &mut reader)?)
}

/// What is before the footer, if the footer is right.
fn verify(payload: &[u8]) -> Option<&[u8]> {
    let (checked, stored) = payload.split_last_chunk::<CHECKSUM_LEN>()?;
    let (body, version) = checked.split_last_chunk::<VERSION_LEN>()?;
    let known = u16::from_le_bytes(*version) <= Version::NEWEST.number();
    (known && u64::from_le_bytes(*stored) == checksum(checked)).then_some(body)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_checksum_is_that_of_redis() {
        assert_eq!(checksum(b"123456789"), 0xe9c6_d914_c4b8_d9ca);
        assert_eq!(checksum(b""), 0);
    }

    #[test]
    fn a_payload_is_as_redis_writes_it() {
        let value = Value::String(Bytes::from_static(b"10"));
        let payload = dump(&value, &EncodeOptions::default()).expect("a string");
        let known = [0, 0xc0, b'\n', b'\n', 0];
        assert_eq!(payload.get(..known.len()), Some(&known[..]));
        assert_eq!(restore(&Bytes::from(payload), 1000), Ok(value));
    }
}
