//! Owns where a Redis of the same history would have begun a new node: trimming by `~` takes whole
//! nodes away, and users see it.
//! Invariants: nothing here depends on how entries stand on disk. Must not know: the trees.
//! Tests: below, `tests/commands/stream`.

use super::StreamId;
use crate::ops::list::{integer_listpack_len, listpack_len};

/// `stream-node-max-bytes` and `stream-node-max-entries`; 0 for no limit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NodeLimits {
    /// Bytes of the node's listpack.
    pub bytes_max: u64,
    /// Entries, deleted ones included.
    pub entries_max: u64,
}

/// No listpack grows beyond.
const LISTPACK_BYTES_MAX: u64 = 1 << 30;
/// Head and end of a listpack.
const LISTPACK_FRAME: u64 = 7;

/// The last node.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Tail {
    /// The id of its first entry.
    pub first: StreamId,
    /// Bytes of its listpack; 0 if there is no node.
    pub bytes: u32,
    /// Entries ever put into it.
    pub entries: u32,
    /// Digest of the fields of its first entry, which others need not repeat.
    pub fields: u32,
}

impl Tail {
    /// Notes an entry; gives whether a node begins with it.
    pub(super) fn add(&mut self, id: StreamId, strings: &[&[u8]], limits: NodeLimits) -> bool {
        let fields = digest(strings.iter().step_by(2).copied());
        let begins = self.is_full(strings, limits);
        if begins {
            let names = strings.iter().step_by(2).map(|name| listpack_len(name));
            let count = strings.len() as i64 / 2;
            // Entries, deleted entries, number of fields, the fields, and a zero.
            let master = 6 + integer_listpack_len(count) + names.sum::<u64>();
            *self = Tail {
                first: id,
                bytes: (LISTPACK_FRAME + master) as u32,
                entries: 0,
                fields,
            };
        }
        let same = fields == self.fields;
        let bytes = u64::from(self.bytes) + self.entry_len(id, strings, same);
        self.bytes = bytes.min(u64::from(u32::MAX)) as u32;
        self.entries = self.entries.saturating_add(1);
        begins
    }

    fn is_full(&self, strings: &[&[u8]], limits: NodeLimits) -> bool {
        let bytes_max = match limits.bytes_max {
            0 => LISTPACK_BYTES_MAX,
            bytes => bytes.min(LISTPACK_BYTES_MAX),
        };
        let raw: u64 = strings.iter().map(|string| string.len() as u64).sum();
        let (entries, entries_max) = (u64::from(self.entries), limits.entries_max);
        self.bytes == 0
            || u64::from(self.bytes) + raw >= bytes_max
            || (entries_max > 0 && entries >= entries_max)
    }

    fn entry_len(&self, id: StreamId, strings: &[&[u8]], same_fields: bool) -> u64 {
        let ms = integer_listpack_len(id.ms.wrapping_sub(self.first.ms) as i64);
        let seq = integer_listpack_len(id.seq.wrapping_sub(self.first.seq) as i64);
        let count = strings.len() as i64 / 2;
        let (first, step, pieces) = match same_fields {
            true => (1, 2, count + 3),
            false => (0, 1, 2 * count + 4),
        };
        let number = if same_fields {
            0
        } else {
            integer_listpack_len(count)
        };
        let packed = strings.iter().skip(first).step_by(step);
        let packed: u64 = packed.map(|string| listpack_len(string)).sum();
        2 + ms + seq + number + packed + integer_listpack_len(pieces)
    }
}

/// FNV-1a over the names, each closed by its length.
fn digest<'a>(names: impl Iterator<Item = &'a [u8]>) -> u32 {
    let mut hash = 0x811c_9dc5_u32;
    for name in names {
        let len = (name.len() as u32).to_le_bytes();
        for &byte in name.iter().chain(&len) {
            hash = (hash ^ u32::from(byte)).wrapping_mul(0x0100_0193);
        }
    }
    hash
}

#[cfg(test)]
mod tests {
    use super::*;

    fn begins(limits: NodeLimits, strings: &[&[u8]], count: u64) -> Vec<u64> {
        let mut tail = Tail::default();
        let ids = (1..=count).map(|ms| (ms, StreamId::new(ms, 0)));
        ids.filter(|(_, id)| tail.add(*id, strings, limits))
            .map(|(ms, _)| ms)
            .collect()
    }

    #[test]
    fn nodes_begin_after_so_many_entries() {
        let limits = NodeLimits {
            bytes_max: 4096,
            entries_max: 10,
        };
        assert_eq!(begins(limits, &[b"f", b"v"], 25), [1, 11, 21]);
    }

    #[test]
    fn nodes_begin_after_so_many_bytes() {
        let value = [b'v'; 1000];
        let limits = NodeLimits {
            bytes_max: 4096,
            entries_max: 0,
        };
        assert_eq!(begins(limits, &[b"f", &value], 9), [1, 5, 9]);
        let limits = NodeLimits {
            bytes_max: 0,
            ..limits
        };
        assert_eq!(begins(limits, &[b"f", &value], 9), [1]);
    }
}
