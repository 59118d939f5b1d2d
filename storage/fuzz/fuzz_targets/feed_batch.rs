//! Any bytes are a batch or an error: the decoder ends, and what it read is written the same again.
#![no_main]

#[expect(dead_code, reason = "only a part of the module is used")]
#[path = "../../src/engine/batch.rs"]
mod batch;

use batch::{BatchBuilder, BatchEntry, BatchReader};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let Ok(mut reader) = BatchReader::new(bytes) else {
        return;
    };
    let mut builder = BatchBuilder::default();
    builder.begin(b"");
    let mut entries = Vec::new();
    // Every record takes a byte at least.
    for _ in 0..=bytes.len() {
        match reader.next_entry() {
            Ok(Some(entry)) => entries.push(entry),
            Ok(None) => break,
            Err(_) => return,
        }
    }
    let rows: Vec<_> = entries
        .into_iter()
        .filter(|entry| !matches!(entry, BatchEntry::LogData(_)))
        .collect();
    for row in &rows {
        match *row {
            BatchEntry::Put { family, key, value } => builder.put(family, key, value),
            BatchEntry::Delete { family, key } => builder.delete(family, key),
            BatchEntry::DeleteRange { family, start, end } => {
                builder.delete_range(family, start, end)
            }
            BatchEntry::LogData(_) => unreachable!("filtered out above"),
        }
    }
    assert_eq!(builder.rows(), reader.rows());
    let written = builder.finish().to_vec();
    let mut again = BatchReader::new(&written).expect("a header");
    assert_eq!(again.next_entry(), Ok(Some(BatchEntry::LogData(b""))));
    for row in rows {
        assert_eq!(again.next_entry(), Ok(Some(row)));
    }
    assert_eq!(again.next_entry(), Ok(None));
});
