//! Owns the fsck of a closed data directory: every row is decoded and held against the others.
//! Invariants: nothing is changed beyond what any start does (RocksDB replays its log, whose time
//! is kept); a directory in use is refused; the list of problems is bounded, their number is exact.
//! Must not know: how rows came about. Tests: `storage/tests/check.rs`.

mod buckets;
mod rows;
mod trees;

use crate::collection::buckets::Buckets;
use crate::commit::Fsync;
use crate::encoding::count::KeyCounts;
use crate::encoding::key::{HashSeed, kind};
use crate::encoding::meta::Head;
use crate::engine::{Bounds, Engine, EngineTuning, Family, Tier};
use crate::error::{Result, StorageError};
use crate::history;
use crate::open;
use crate::partition::PartitionMap;
use crate::registry::DatabaseMap;
use crate::registry::records::{self, Identity};
use serde::Serialize;
use std::collections::{HashMap, HashSet};
use std::path::Path;

/// What was found in a directory.
#[derive(Debug, Clone, Default, Serialize)]
pub struct CheckReport {
    /// Partitions of the directory.
    pub partitions: u16,
    /// Rows by what they are.
    pub rows: RowCounts,
    /// Contradictions found.
    pub problems_total: u64,
    /// The first of them, in words.
    pub problems: Vec<String>,
}

impl CheckReport {
    /// Whether nothing contradicts anything.
    pub fn is_clean(&self) -> bool {
        self.problems_total == 0
    }
}

/// Numbers of rows.
#[derive(Debug, Clone, Default, Serialize)]
pub struct RowCounts {
    /// Keys, expired ones and those of flushed databases included.
    pub keys: u64,
    /// Keys with an expiry.
    pub keys_with_expiry: u64,
    /// Element rows of live values.
    pub elements: u64,
    /// Element rows that wait to be swept.
    pub dead_elements: u64,
    /// Expiry rows.
    pub expiry: u64,
    /// Dead ids.
    pub garbage: u64,
    /// Values whose elements stand in another slot than their key.
    pub strangers: u64,
    /// Count rows.
    pub counts: u64,
    /// Dead namespaces.
    pub dead_namespaces: u64,
    /// Server records.
    pub records: u64,
}

/// A live exploded value.
struct LiveHead {
    head: Head,
    /// Entries in its buckets.
    entries: u64,
    /// Buckets as the meta record counts them, for hashes and sets.
    buckets: Option<Buckets>,
    /// For sorted sets: the marks of what the tree and the buckets hold, joined by exclusive or, so
    /// that what both hold leaves nothing.
    unmatched: Option<u64>,
    /// Blob rows met, less the blob rows that buckets and trees name.
    blobs: i64,
    /// Node rows met, less the node rows that trees name.
    nodes: i64,
    /// Entries with a time in its buckets, less those that its trees hold.
    timed: i64,
    /// Slot of its key.
    slot: u16,
    meta_key: Vec<u8>,
    found_stranger: bool,
}

/// What the passes over a directory share.
struct Checker {
    engine: Engine,
    partitions: PartitionMap,
    seed: HashSeed,
    map: DatabaseMap,
    dead_namespaces: HashSet<u32>,
    reserved_ids: u64,
    counted: HashMap<(u32, u16), KeyCounts>,
    live: HashMap<u64, LiveHead>,
    dead_ids: HashSet<u64>,
    problems_max: usize,
    report: CheckReport,
}

/// Checks a closed directory; at most `problems_max` problems are put into words. Reads every row
/// once, and holds a few words in memory per value that is spread over rows.
pub fn check(path: &Path, problems_max: usize) -> Result<CheckReport> {
    if !Engine::exists(path) {
        let text = format!("{}: not a data directory", path.display());
        return Err(StorageError::Directory(text));
    }
    let count = open::partition_count(path, None)?;
    let partitions = PartitionMap::new(count).ok_or_else(|| {
        StorageError::Corrupted(format!("{}: {count} partitions", path.display()))
    })?;
    let tuning = EngineTuning::default();
    let logged = history::examine(path, Fsync::EverySecond, tuning.log_damage)?;
    let engine = open::open_engine(path, count, &tuning, &logged)?;
    let identity = open::record(&engine, records::IDENTITY)?.ok_or_else(|| {
        StorageError::Corrupted(format!("{}: no identity record", path.display()))
    })?;
    let identity = Identity::decode(&identity, path)?;
    open::check_identity(&engine, &identity, count, path)?;
    open::keep_time(&engine, logged.newest_ms)?;
    let (map, _) = open::load_namespaces(&engine)?;
    let reserved_ids = open::number(&engine, records::RESERVED_IDS)?.max(1);
    let mut checker = Checker {
        engine,
        partitions,
        seed: identity.seed,
        map,
        dead_namespaces: HashSet::new(),
        reserved_ids,
        counted: HashMap::new(),
        live: HashMap::new(),
        dead_ids: HashSet::new(),
        problems_max,
        report: CheckReport {
            partitions: count,
            ..CheckReport::default()
        },
    };
    checker.run()?;
    Ok(checker.report)
}

impl Checker {
    fn run(&mut self) -> Result<()> {
        self.each_row(Family::Records, &[], Checker::record_row)?;
        // Keys and dead ids of all partitions first: elements may belong to a key elsewhere.
        let passes: [(u8, RowCheck); 7] = [
            (kind::GARBAGE, Checker::garbage_row),
            (kind::META, Checker::meta_row),
            (kind::ELEMENT, Checker::element_row),
            (kind::EXPIRY, Checker::expiry_row),
            (kind::STRANGER, Checker::stranger_row),
            (kind::COUNT, Checker::count_row),
            (kind::DEAD_NAMESPACE, Checker::misplaced_row),
        ];
        for (kind, check) in passes {
            for partition in 0..self.partitions.count() {
                self.each_row(Family::Partition(partition), &[kind], check)?;
            }
        }
        for partition in 0..self.partitions.count() {
            let known = passes.map(|(kind, _)| kind);
            self.unknown_kinds(partition, &known)?;
        }
        self.left_over();
        Ok(())
    }

    fn each_row(&mut self, family: Family, prefix: &[u8], check: RowCheck) -> Result<()> {
        // The engine is lent out for the walk, so that rows can be judged meanwhile.
        let bounds = match prefix {
            [] => Bounds::all(),
            prefix => Bounds::prefix(prefix),
        };
        let mut row = self.first_row(family, bounds.clone())?;
        while let Some(rows) = row.take() {
            let last = rows.last().map(|(row_key, _)| row_key.clone());
            for (row_key, value) in &rows {
                check(self, family, row_key, value)?;
            }
            if let Some(last) = last {
                row = self.rows_after(family, bounds.clone(), &last)?;
            }
        }
        Ok(())
    }

    fn first_row(&self, family: Family, bounds: Bounds) -> Result<Option<Vec<Row>>> {
        let mut rows = self.engine.scan(family, bounds)?;
        rows.seek_first()?;
        take_rows(&mut rows)
    }

    fn rows_after(&self, family: Family, bounds: Bounds, last: &[u8]) -> Result<Option<Vec<Row>>> {
        let mut rows = self.engine.scan(family, bounds)?;
        rows.seek(&[last, &[0]].concat())?;
        take_rows(&mut rows)
    }

    fn unknown_kinds(&mut self, partition: u16, known: &[u8]) -> Result<()> {
        let family = Family::Partition(partition);
        for kind in (0..=u8::MAX).filter(|kind| !known.contains(kind)) {
            self.each_row(family, &[kind], Checker::misplaced_row)?;
        }
        Ok(())
    }

    /// What should have been met on the way and was not.
    fn left_over(&mut self) {
        let counted = std::mem::take(&mut self.counted);
        for ((ns, slot), KeyCounts { keys, .. }) in counted {
            if !self.dead_namespaces.contains(&ns) {
                self.problem(format!(
                    "{keys} keys of ns {ns}, slot {slot} have no count row"
                ));
            }
        }
        let live = std::mem::take(&mut self.live);
        for (id, live) in live {
            if live.buckets.is_some() && (live.entries, live.blobs) != (live.head.count, 0) {
                let (key, count) = (live.meta_key.escape_ascii(), live.head.count);
                let found = (live.entries, live.blobs);
                self.problem(format!(
                    "{key}: {count} fields counted, {} found; {} blobs too many",
                    found.0, found.1
                ));
            }
            if live.buckets.is_some() && (live.timed, live.nodes) != (0, 0) {
                let key = live.meta_key.escape_ascii();
                self.problem(format!(
                    "{key}: {} times of fields that are not filed, {} nodes that nothing refers to",
                    live.timed, live.nodes
                ));
            }
            let loose = (live.nodes, live.blobs);
            if live.unmatched.is_some_and(|marks| marks != 0) {
                let key = live.meta_key.escape_ascii();
                self.problem(format!("{key}: the tree and the buckets disagree"));
            }
            if live.buckets.is_none() && loose != (0, 0) {
                let key = live.meta_key.escape_ascii();
                self.problem(format!(
                    "{key}: {} nodes and {} blobs that nothing refers to",
                    loose.0, loose.1
                ));
            }
            if live.head.home_slot != live.slot && !live.found_stranger {
                let key = live.meta_key.escape_ascii();
                self.problem(format!("id {id} of {key} has no row that leads to its key"));
            }
        }
    }

    fn problem(&mut self, text: String) {
        self.report.problems_total += 1;
        if self.report.problems.len() < self.problems_max {
            self.report.problems.push(text);
        }
    }

    fn exists(&self, family: Family, row_key: &[u8]) -> Result<bool> {
        let found = self.engine.get(family, row_key, Tier::Disk, |_| ())?;
        Ok(found.is_some())
    }
}

type Row = (Vec<u8>, Vec<u8>);
type RowCheck = fn(&mut Checker, Family, &[u8], &[u8]) -> Result<()>;

/// Rows held in memory at once, and their bytes.
const ROWS_MAX: usize = 1024;
const BYTES_MAX: usize = 4 << 20;

fn take_rows(rows: &mut crate::engine::RowIterator<'_>) -> Result<Option<Vec<Row>>> {
    let (mut taken, mut bytes) = (Vec::new(), 0);
    while let Some((row_key, value)) = rows.row() {
        bytes += row_key.len() + value.len();
        taken.push((row_key.to_vec(), value.to_vec()));
        if taken.len() >= ROWS_MAX || bytes >= BYTES_MAX {
            break;
        }
        rows.advance()?;
    }
    Ok((!taken.is_empty()).then_some(taken))
}
