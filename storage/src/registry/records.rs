//! Owns the keys of server records in the `default` family, and the directory's identity.
//! Invariants: identity is written once, at creation; feature bits this build does not know refuse
//! the directory. Tests: `storage/tests/formats.rs`.

use crate::encoding::key::HashSeed;
use crate::error::{Result, StorageError};
use std::path::Path;

/// Identity:
/// `version u32 | feature bits u64 | partitions u16 | hash seed 16B | family ids u32 ...`.
pub const IDENTITY: &[u8] = b"identity";
/// Terms: `term-history | index u64` -> `term u64 | first sequence u64 | stamp_ms u64`.
pub const TERM_HISTORY: &[u8] = b"term-history";
/// Ids below this mark may be in use: `u64`.
pub const RESERVED_IDS: &[u8] = b"reserved-ids";
/// The next fresh namespace: `u32`.
pub const NEXT_NAMESPACE: &[u8] = b"next-namespace";
/// Prefix of `database | db u32` -> `ns u32`.
pub const DATABASE: &[u8] = b"database";
/// A time, ms, below which the clock must not fall, where the log does not hold it: `u64`.
pub const CLOCK: &[u8] = b"clock";
/// Present while the directory is closed after a clean stop: `last sequence u64 | stamp_ms u64`.
pub const CLEAN_CLOSE: &[u8] = b"clean-close";

/// The format this build writes and the newest it reads.
pub const FORMAT_VERSION: u32 = 2;
/// Feature bits this build knows.
pub const FEATURES_KNOWN: u64 = 0;

/// Key of a database's row.
pub fn database_key(db: u32) -> Vec<u8> {
    [DATABASE, &db.to_be_bytes()].concat()
}

/// Key of the n-th term's row.
pub fn term_key(index: u64) -> Vec<u8> {
    [TERM_HISTORY, &index.to_be_bytes()].concat()
}

/// What makes a directory this directory.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Identity {
    /// Number of partitions.
    pub partitions: u16,
    /// Orders keys within slots.
    pub seed: HashSeed,
    /// Family ids as RocksDB numbered them: records, then partitions.
    pub family_ids: Vec<u32>,
}

impl Identity {
    /// Its bytes.
    pub fn encode(&self) -> Vec<u8> {
        let mut bytes = Vec::new();
        bytes.extend_from_slice(&FORMAT_VERSION.to_be_bytes());
        bytes.extend_from_slice(&0u64.to_be_bytes());
        bytes.extend_from_slice(&self.partitions.to_be_bytes());
        bytes.extend_from_slice(&self.seed.0);
        for id in &self.family_ids {
            bytes.extend_from_slice(&id.to_be_bytes());
        }
        bytes
    }

    /// Reads it, refusing formats and features of later builds.
    pub fn decode(bytes: &[u8], path: &Path) -> Result<Identity> {
        let damaged = || StorageError::Corrupted("identity record".into());
        let (version, rest) = bytes.split_first_chunk::<4>().ok_or_else(damaged)?;
        let (features, rest) = rest.split_first_chunk::<8>().ok_or_else(damaged)?;
        let (version, features) = (u32::from_be_bytes(*version), u64::from_be_bytes(*features));
        if version > FORMAT_VERSION || features & !FEATURES_KNOWN != 0 {
            let found = format!("{version} (features {features:#x})");
            let path = path.to_owned();
            return Err(StorageError::FormatTooNew {
                path,
                found,
                known: FORMAT_VERSION,
            });
        }
        let (partitions, rest) = rest.split_first_chunk::<2>().ok_or_else(damaged)?;
        let (seed, ids) = rest.split_first_chunk::<16>().ok_or_else(damaged)?;
        let (ids, remainder) = ids.as_chunks::<4>();
        if !remainder.is_empty() {
            return Err(damaged());
        }
        Ok(Identity {
            partitions: u16::from_be_bytes(*partitions),
            seed: HashSeed(*seed),
            family_ids: ids.iter().map(|id| u32::from_be_bytes(*id)).collect(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn identity_round_trips_and_newer_formats_are_refused() {
        let identity = Identity {
            partitions: 4,
            seed: HashSeed([9; 16]),
            family_ids: vec![0, 1, 2, 3, 4],
        };
        let bytes = identity.encode();
        assert_eq!(Identity::decode(&bytes, Path::new("/d")).unwrap(), identity);
        let mut newer = bytes.clone();
        newer[3] = FORMAT_VERSION as u8 + 1;
        assert!(matches!(
            Identity::decode(&newer, Path::new("/d")),
            Err(StorageError::FormatTooNew { .. })
        ));
        let mut featured = bytes.clone();
        featured[11] = 1;
        let refused = Identity::decode(&featured, Path::new("/d"))
            .unwrap_err()
            .to_string();
        assert!(
            refused.contains("/d") && refused.contains("features 0x1"),
            "{refused}"
        );
        for cut in 0..30 {
            assert!(Identity::decode(&bytes[..cut], Path::new("/d")).is_err());
        }
    }
}
