//! Owns RocksDB's log file format, for reading a log before RocksDB replays it.
//!
//! ```text
//! file     = blocks of 32 KiB; the rest of a block too small for a header is filled with zeros
//! fragment = checksum u32 LE | length u16 LE | type u8 | bytes
//! type     = 1 whole record | 2 first | 3 middle | 4 last fragment of one | 0 nothing was written
//! checksum = crc32c of type and bytes, rotated and offset as RocksDB stores them
//! ```
//! Source: RocksDB `db/log_format.h` and `db/log_reader.cc`, read for the format.
//! Invariants: the reader is total; damage is told once where it begins, and records behind it are
//! still found. Must not know: what records mean. Tests: below.

use crate::error::{Result, StorageError};
use crate::limits::LOG_RECORD_BYTES_MAX;
use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};

const BLOCK_BYTES: usize = 32 << 10;
const HEADER_BYTES: usize = 7;

/// What stands next in a log.
#[derive(Debug, PartialEq, Eq)]
pub enum LogEntry<'r> {
    /// A record: a write batch.
    Record(&'r [u8]),
    /// Bytes that are no record begin at this offset of the file. The end of a log often looks so.
    Damage(u64),
}

/// The log files of a data directory, oldest first.
pub fn log_files(data_dir: &Path) -> Result<Vec<PathBuf>> {
    let folder = data_dir.join(super::DATABASE_DIR);
    let entries = match std::fs::read_dir(&folder) {
        Ok(entries) => entries,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(unreadable(&folder, &error)),
    };
    let mut files = Vec::new();
    for entry in entries {
        let path = entry.map_err(|error| unreadable(&folder, &error))?.path();
        let number = path
            .file_stem()
            .and_then(|stem| stem.to_str()?.parse::<u64>().ok());
        if let Some(number) = number.filter(|_| path.extension().is_some_and(|end| end == "log")) {
            files.push((number, path));
        }
    }
    files.sort_unstable();
    Ok(files.into_iter().map(|(_, path)| path).collect())
}

fn unreadable(path: &Path, error: &std::io::Error) -> StorageError {
    StorageError::Directory(format!("{}: cannot read: {error}", path.display()))
}

/// Reads one log file.
pub struct LogReader {
    file: File,
    path: PathBuf,
    block: Vec<u8>,
    /// Offset of the block in the file.
    block_start: u64,
    /// Where the next fragment begins in the block.
    at: usize,
    /// The fragments of a record so far.
    record: Vec<u8>,
    /// Where the record began, if it is not complete.
    record_start: Option<u64>,
    /// Damage was told and no whole record found since.
    damaged: bool,
}

/// What a fragment turned out to be.
enum Fragment {
    Whole(std::ops::Range<usize>),
    Continued,
    Complete,
    Bad,
    BlockEnd,
}

impl LogReader {
    /// Opens a log file.
    pub fn open(path: &Path) -> Result<LogReader> {
        Ok(LogReader {
            file: File::open(path).map_err(|error| unreadable(path, &error))?,
            path: path.to_owned(),
            block: Vec::with_capacity(BLOCK_BYTES),
            block_start: 0,
            at: 0,
            record: Vec::new(),
            record_start: None,
            damaged: false,
        })
    }

    /// The next record, or where damage begins; `None` at the end of the file.
    pub fn next_entry(&mut self) -> Result<Option<LogEntry<'_>>> {
        loop {
            let start = self.block_start + self.at as u64;
            match self.fragment() {
                Fragment::Whole(range) => {
                    self.damaged = false;
                    let record = self.block.get(range).unwrap_or_default();
                    return Ok(Some(LogEntry::Record(record)));
                }
                Fragment::Complete => {
                    self.damaged = false;
                    return Ok(Some(LogEntry::Record(&self.record)));
                }
                Fragment::Continued => {}
                Fragment::Bad => {
                    if let Some(damage) = self.damage(start) {
                        return Ok(Some(damage));
                    }
                }
                Fragment::BlockEnd => {
                    if !self.read_block()? {
                        // A record whose last fragment is missing.
                        let cut = self.record_start.is_some();
                        return Ok(cut.then(|| self.damage(start)).flatten());
                    }
                }
            }
        }
    }

    /// Gives up the record that was being put together; tells of damage once.
    fn damage(&mut self, at: u64) -> Option<LogEntry<'static>> {
        let start = self.record_start.take().unwrap_or(at);
        let first = !self.damaged;
        self.damaged = true;
        first.then_some(LogEntry::Damage(start))
    }

    fn read_block(&mut self) -> Result<bool> {
        self.block_start += self.block.len() as u64;
        self.block.clear();
        self.at = 0;
        let mut block = (&mut self.file).take(BLOCK_BYTES as u64);
        let read = block.read_to_end(&mut self.block);
        Ok(read.map_err(|error| unreadable(&self.path, &error))? > 0)
    }

    /// Reads the fragment at `at` and goes behind it.
    fn fragment(&mut self) -> Fragment {
        let start = self.block_start + self.at as u64;
        let rest = self.block.get(self.at..).unwrap_or_default();
        let Some((header, after)) = rest.split_first_chunk::<HEADER_BYTES>() else {
            // Only a whole block ends in filling; a file that ends here was cut inside a header.
            let cut = !rest.is_empty() && self.block.len() < BLOCK_BYTES;
            self.at = self.block.len();
            return if cut {
                Fragment::Bad
            } else {
                Fragment::BlockEnd
            };
        };
        let &[c0, c1, c2, c3, l0, l1, kind] = header;
        let stored = u32::from_le_bytes([c0, c1, c2, c3]);
        let length = usize::from(u16::from_le_bytes([l0, l1]));
        if length > after.len() || (kind == 0 && length == 0) {
            self.at = self.block.len();
            return Fragment::Bad;
        }
        let begin = self.at + HEADER_BYTES;
        let range = begin..begin + length;
        self.at = range.end;
        let covered = self.block.get(begin - 1..range.end).unwrap_or_default();
        if masked(crc32c(covered)) != stored {
            return Fragment::Bad;
        }
        match kind {
            1 if self.record_start.is_none() => Fragment::Whole(range),
            2 if self.record_start.is_none() => {
                self.record_start = Some(start);
                self.record.clear();
                self.gather(range)
            }
            3 | 4 if self.record_start.is_some() => {
                if self.record.len() + length > LOG_RECORD_BYTES_MAX {
                    return Fragment::Bad;
                }
                let gathered = self.gather(range);
                if kind == 3 {
                    return gathered;
                }
                self.record_start = None;
                Fragment::Complete
            }
            // RocksDB skips kinds with the highest bit set that it does not know.
            128.. => Fragment::Continued,
            1 | 2 => {
                // The record before has no end. This one is looked at again.
                self.at = begin - HEADER_BYTES;
                Fragment::Bad
            }
            _ => Fragment::Bad,
        }
    }

    fn gather(&mut self, range: std::ops::Range<usize>) -> Fragment {
        let fragment = self.block.get(range).unwrap_or_default();
        self.record.extend_from_slice(fragment);
        Fragment::Continued
    }
}

/// RocksDB stores checksums so that the checksum of bytes with checksums in them is no weak one.
fn masked(crc: u32) -> u32 {
    crc.rotate_right(15).wrapping_add(0xa282_ead8)
}

/// Tables for eight bytes at a time: `TABLES[n][b]` is the checksum of `b` and `n` zeros.
static TABLES: [[u32; 256]; 8] = tables();

#[expect(
    clippy::indexing_slicing,
    reason = "computed by the compiler, which would refuse an index out of range"
)]
const fn tables() -> [[u32; 256]; 8] {
    let mut tables = [[0; 256]; 8];
    let mut byte = 0;
    while byte < 256 {
        let mut crc = byte as u32;
        let mut bit = 0;
        while bit < 8 {
            let carry = crc & 1;
            crc = (crc >> 1) ^ (carry * 0x82f6_3b78);
            bit += 1;
        }
        tables[0][byte] = crc;
        byte += 1;
    }
    let mut table = 1;
    while table < 8 {
        let mut byte = 0;
        while byte < 256 {
            let before: u32 = tables[table - 1][byte];
            tables[table][byte] = (before >> 8) ^ tables[0][(before & 0xff) as usize];
            byte += 1;
        }
        table += 1;
    }
    tables
}

#[expect(
    clippy::indexing_slicing,
    reason = "a byte is an index within 256 entries"
)]
fn crc32c(bytes: &[u8]) -> u32 {
    let (eights, rest) = bytes.as_chunks::<8>();
    let mut crc = !0u32;
    for eight in eights {
        let word = u64::from_le_bytes(*eight) ^ u64::from(crc);
        crc = 0;
        for (byte, table) in word.to_le_bytes().into_iter().zip(TABLES.iter().rev()) {
            crc ^= table[usize::from(byte)];
        }
    }
    for &byte in rest {
        crc = (crc >> 8) ^ TABLES[0][usize::from(crc as u8 ^ byte)];
    }
    !crc
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// A log file as RocksDB writes it.
    fn log(records: &[Vec<u8>]) -> Vec<u8> {
        let mut file = Vec::new();
        for record in records {
            let (mut rest, mut first) = (&record[..], true);
            loop {
                let left = BLOCK_BYTES - file.len() % BLOCK_BYTES;
                if left < HEADER_BYTES {
                    file.resize(file.len() + left, 0);
                    continue;
                }
                let (part, after) = rest.split_at(rest.len().min(left - HEADER_BYTES));
                let kind = match (first, after.is_empty()) {
                    (true, true) => 1,
                    (true, false) => 2,
                    (false, false) => 3,
                    (false, true) => 4,
                };
                let covered = [&[kind], part].concat();
                file.extend_from_slice(&masked(crc32c(&covered)).to_le_bytes());
                file.extend_from_slice(&(part.len() as u16).to_le_bytes());
                file.extend_from_slice(&covered);
                (rest, first) = (after, false);
                if rest.is_empty() {
                    break;
                }
            }
        }
        file
    }

    /// The records found and the offsets of damage.
    fn read(bytes: &[u8]) -> (Vec<Vec<u8>>, Vec<u64>) {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("000007.log");
        std::fs::write(&path, bytes).unwrap();
        let (mut records, mut damage) = (Vec::new(), Vec::new());
        let mut reader = LogReader::open(&path).unwrap();
        while let Some(entry) = reader.next_entry().unwrap() {
            match entry {
                LogEntry::Record(record) => records.push(record.to_vec()),
                LogEntry::Damage(at) => damage.push(at),
            }
        }
        (records, damage)
    }

    fn records() -> Vec<Vec<u8>> {
        let lengths = [10, 40_000, 0, 100_000, 32_747, 5, 200];
        let number = |(n, &length): (usize, &usize)| vec![n as u8 + 1; length];
        lengths.iter().enumerate().map(number).collect()
    }

    #[test]
    fn the_checksum_is_crc32c() {
        assert_eq!(crc32c(b"123456789"), 0xe306_9283);
        assert_eq!(crc32c(&[0; 32]), 0x8a91_36aa);
    }

    #[test]
    fn records_are_found_whole_and_a_torn_end_is_damage() {
        let file = log(&records());
        assert_eq!(read(&file), (records(), vec![]));
        let mut all = records();
        let last = all.pop().unwrap();
        let start = (file.len() - last.len() - HEADER_BYTES) as u64;
        for cut in [1, 100, last.len() + 3] {
            let torn = &file[..file.len() - cut];
            assert_eq!(read(torn), (all.clone(), vec![start]), "{cut}");
        }
        let preallocated = [&file[..], &[0; 5000]].concat();
        assert_eq!(read(&preallocated), (records(), vec![file.len() as u64]));
    }

    #[test]
    fn records_behind_damage_are_found() {
        let mut file = log(&records());
        // Inside the second record, which goes over two blocks.
        file[5000] ^= 1;
        let (found, damage) = read(&file);
        assert_eq!(damage, [17]);
        assert_eq!(found[0], records()[0]);
        assert_eq!(found.last(), records().last());
    }

    #[test]
    fn logs_are_listed_by_number() {
        let directory = tempfile::tempdir().unwrap();
        assert_eq!(log_files(directory.path()).unwrap().len(), 0);
        let folder = directory.path().join(super::super::DATABASE_DIR);
        std::fs::create_dir(&folder).unwrap();
        for name in [
            "000010.log",
            "1000002.log",
            "000009.log",
            "000011.sst",
            "LOG",
            "x.log",
        ] {
            std::fs::write(folder.join(name), b"").unwrap();
        }
        let files = log_files(directory.path()).unwrap();
        let names: Vec<_> = files.iter().map(|path| path.file_name().unwrap()).collect();
        assert_eq!(names, ["000009.log", "000010.log", "1000002.log"]);
    }

    proptest! {
        #[test]
        fn any_bytes_can_be_read(bytes in proptest::collection::vec(any::<u8>(), 0..70_000)) {
            read(&bytes);
        }

        #[test]
        fn one_flipped_byte_never_makes_a_record(at in 0usize..173_000) {
            let mut file = log(&records());
            let at = at % file.len();
            file[at] ^= 0x40;
            let all = records();
            for record in read(&file).0 {
                prop_assert!(all.contains(&record));
            }
        }
    }
}
