//! Owns what happens before a store serves: identity, term, time, counts, garbage.
//! Invariants: recovery writes only the identity (once a format) and a new term; a directory that
//! cannot be understood is refused before anything is written. Tests: `storage/tests/formats.rs`.

use crate::clock::system_ms;
use crate::commit::log::{self, LogHeader};
use crate::encoding::count::KeyCounts;
use crate::encoding::key::{HashSeed, kind, parse_count, parse_slot_and_id};
use crate::engine::{BatchBuilder, Bounds, Engine, EngineTuning, Family, Throttle, Tier, Written};
use crate::error::{Result, StorageError};
use crate::garbage::Garbage;
use crate::history::{self, Logged};
use crate::partition::PartitionMap;
use crate::registry::records::{self, Identity};
use crate::registry::{Counts, DatabaseMap, Ids};
use crate::store::Options;
use std::collections::BTreeMap;
use std::io::Write;
use std::path::Path;

/// The file that names the partition count, since RocksDB must be told all families to open.
const PARTITIONS_FILE: &str = "partitions";

/// A recovered directory.
pub(crate) struct Opened {
    pub engine: Engine,
    pub identity: Identity,
    pub counts: Counts,
    pub ids: Ids,
    pub map: DatabaseMap,
    pub garbage: Garbage,
    pub term: u64,
    pub floor_ms: u64,
    pub partitions: PartitionMap,
}

impl Opened {
    pub(crate) fn recover(options: &Options) -> Result<Opened> {
        let path = &options.path;
        std::fs::create_dir_all(path).map_err(|error| {
            StorageError::Directory(format!("{}: cannot create: {error}", path.display()))
        })?;
        let wanted = partition_count(path, options.partitions)?;
        let partitions = PartitionMap::new(wanted).ok_or_else(|| {
            StorageError::Directory(format!("{wanted} partitions: not a power of two up to 256"))
        })?;
        let logged = history::examine(path, options.fsync, options.tuning.log_damage)?;
        let engine = open_engine(path, wanted, &options.tuning, &logged)?;
        let identity = match record(&engine, records::IDENTITY)? {
            Some(bytes) => Identity::decode(&bytes, path)?,
            None if engine.last_sequence() == 0 => create_identity(&engine, wanted)?,
            None => {
                return Err(StorageError::Corrupted(format!(
                    "{}: there is data, and no identity record",
                    path.display()
                )));
            }
        };
        check_identity(&engine, &identity, wanted, path)?;
        let (map, garbage) = load_namespaces(&engine)?;
        let counts = Counts::new(partitions);
        load_partitions(&engine, &counts, &garbage)?;
        let ids = Ids::new(number(&engine, records::RESERVED_IDS)?);
        let (term, floor_ms) = begin_term(&engine, &identity, logged.newest_ms)?;
        Ok(Opened {
            engine,
            identity,
            counts,
            ids,
            map,
            garbage,
            term,
            floor_ms,
            partitions,
        })
    }
}

/// Opens the database behind the log.
///
/// A log that meets the end of the disk is left with a torn record, and RocksDB then flushes one
/// family after the other. A process that ends in between leaves a family whose files are newer
/// than the torn log, which RocksDB refuses: it cannot know that nothing was lost with the record.
/// We do, since no record stands behind it in any log.
pub(crate) fn open_engine(
    path: &Path,
    partitions: u16,
    tuning: &EngineTuning,
    logged: &Logged,
) -> Result<Engine> {
    match Engine::open(path, partitions, tuning) {
        Err(error) if Engine::is_ahead_of_log(&error) && logged.cut_torn_end()? => {
            Engine::open(path, partitions, tuning)
        }
        opened => opened,
    }
}

/// The partition count to open with: RocksDB must be told all families of an existing directory.
pub(crate) fn partition_count(path: &Path, asked: Option<u16>) -> Result<u16> {
    let marker = path.join(PARTITIONS_FILE);
    match std::fs::read_to_string(&marker) {
        Ok(text) => {
            let found = text.trim().parse::<u16>().map_err(|_| {
                StorageError::Corrupted(format!("{}: not a number", marker.display()))
            })?;
            match asked {
                Some(asked) if asked != found && Engine::exists(path) => {
                    Err(StorageError::Directory(format!(
                        "{}: created with {found} partitions, not {asked}; the number is fixed at \
                         creation",
                        path.display()
                    )))
                }
                Some(asked) if asked != found => write_partition_count(path, asked),
                _ => Ok(found),
            }
        }
        Err(_) if Engine::exists(path) => Err(StorageError::Corrupted(format!(
            "{}: the file that names the partition count is missing",
            path.display()
        ))),
        Err(_) => write_partition_count(path, asked.unwrap_or(1)),
    }
}

/// Whole or not at all, also after a power cut: without the number nothing can be opened.
fn write_partition_count(path: &Path, count: u16) -> Result<u16> {
    let written = || -> std::io::Result<()> {
        let unfinished = path.join("partitions.new");
        let mut file = std::fs::File::create(&unfinished)?;
        file.write_all(format!("{count}\n").as_bytes())?;
        file.sync_all()?;
        std::fs::rename(&unfinished, path.join(PARTITIONS_FILE))?;
        std::fs::File::open(path)?.sync_all()
    };
    written().map_err(|error| {
        StorageError::Directory(format!("{}: not writable: {error}", path.display()))
    })?;
    Ok(count)
}

fn create_identity(engine: &Engine, partitions: u16) -> Result<Identity> {
    let family_ids = std::iter::once(Family::Records)
        .chain((0..partitions).map(Family::Partition))
        .map(|family| engine.family_id(family))
        .collect();
    let identity = Identity {
        partitions,
        seed: HashSeed(rand::random()),
        family_ids,
    };
    write_records(
        engine,
        0,
        system_ms(),
        &[(records::IDENTITY.to_vec(), Some(identity.encode()))],
    )?;
    Ok(identity)
}

pub(crate) fn check_identity(
    engine: &Engine,
    identity: &Identity,
    opened: u16,
    path: &Path,
) -> Result<()> {
    let same_families = identity.family_ids.iter().enumerate().all(|(index, &id)| {
        let family = match index.checked_sub(1) {
            None => Family::Records,
            Some(partition) => Family::Partition(partition as u16),
        };
        engine.family_id(family) == id
    });
    if identity.partitions != opened || !same_families {
        return Err(StorageError::Corrupted(format!(
            "{}: column families do not match the identity record",
            path.display()
        )));
    }
    Ok(())
}

pub(crate) fn load_namespaces(engine: &Engine) -> Result<(DatabaseMap, Garbage)> {
    let mut moved = BTreeMap::new();
    let garbage = Garbage::default();
    let mut rows = engine.iterate(
        Family::Records,
        Bounds::prefix(records::DATABASE),
        Tier::Disk,
    )?;
    rows.seek_first()?;
    while let Some((row_key, value)) = rows.row() {
        let db = row_key
            .get(records::DATABASE.len()..)
            .and_then(|rest| rest.try_into().ok());
        let (Some(db), Ok(ns)) = (db, value.try_into()) else {
            return Err(unreadable(row_key));
        };
        moved.insert(u32::from_be_bytes(db), u32::from_be_bytes(ns));
        rows.advance()?;
    }
    let dead = Bounds::prefix(&[kind::DEAD_NAMESPACE]);
    let mut rows = engine.iterate(Family::Records, dead, Tier::Disk)?;
    rows.seek_first()?;
    while let Some((row_key, _)) = rows.row() {
        let ns = row_key.get(1..).and_then(|rest| rest.try_into().ok());
        let ns = ns.ok_or_else(|| unreadable(row_key))?;
        garbage.add_namespace(u32::from_be_bytes(ns), 0);
        rows.advance()?;
    }
    let next_ns = fixed(engine, records::NEXT_NAMESPACE)?.map_or(0, u32::from_be_bytes);
    Ok((DatabaseMap::from_rows(moved, next_ns), garbage))
}

fn load_partitions(engine: &Engine, counts: &Counts, garbage: &Garbage) -> Result<()> {
    for partition in 0..engine.partitions() {
        let family = Family::Partition(partition);
        let mut rows = engine.iterate(family, Bounds::prefix(&[kind::COUNT]), Tier::Disk)?;
        rows.seek_first()?;
        while let Some((row_key, value)) = rows.row() {
            let (Some((ns, slot)), Some(stored)) = (parse_count(row_key), KeyCounts::decode(value))
            else {
                let row_key = row_key.escape_ascii();
                return Err(StorageError::Corrupted(format!(
                    "count row {row_key}: cannot be read"
                )));
            };
            counts.load(ns, slot, stored);
            rows.advance()?;
        }
        let mut rows = engine.iterate(family, Bounds::prefix(&[kind::GARBAGE]), Tier::Disk)?;
        rows.seek_first()?;
        while let Some((row_key, _)) = rows.row() {
            if let Some((slot, id, _)) = parse_slot_and_id(row_key, kind::GARBAGE) {
                garbage.add(std::iter::once((slot, id)), 0);
            }
            rows.advance()?;
        }
    }
    Ok(())
}

/// What the records say of how the last process ended.
struct Lineage {
    /// Rows of the term history.
    terms: u64,
    /// The newest term.
    term: u64,
    /// The newest time in the records, ms.
    floor_ms: u64,
    /// The last process closed the directory, and nothing was written since.
    clean: bool,
    /// A mark of a clean close is there, believed or not.
    marked: bool,
}

fn lineage(engine: &Engine) -> Result<Lineage> {
    let (mut terms, mut term) = (0u64, 0u64);
    let mut floor_ms = number(engine, records::CLOCK)?;
    let bounds = Bounds::prefix(records::TERM_HISTORY);
    let mut rows = engine.iterate(Family::Records, bounds, Tier::Disk)?;
    rows.seek_first()?;
    while let Some((_, value)) = rows.row() {
        let (fields, _) = value.as_chunks::<8>();
        if let [newest, _, stamp] = fields {
            term = u64::from_be_bytes(*newest);
            floor_ms = floor_ms.max(u64::from_be_bytes(*stamp));
        }
        terms += 1;
        rows.advance()?;
    }
    drop(rows);
    let mark = record(engine, records::CLEAN_CLOSE)?;
    let marked = mark.is_some();
    let mut clean = false;
    if let Some(mark) = mark {
        let (fields, _) = mark.as_chunks::<8>();
        let mut fields = fields.iter().map(|field| u64::from_be_bytes(*field));
        // The mark is the row after the sequence it names; anything else came from elsewhere.
        clean = fields.next().map(|last| last + 1) == Some(engine.last_sequence());
        floor_ms = floor_ms.max(fields.next().unwrap_or(0));
    }
    Ok(Lineage {
        terms,
        term,
        floor_ms,
        clean,
        marked,
    })
}

/// Opens a new term unless the last process closed cleanly, and makes an older directory one of
/// this format, which only adds to the older ones: from now on an older build must not open it.
/// `logged_ms` is the newest stamp of the log. Gives the term and the time below which the clock
/// must not fall.
fn begin_term(engine: &Engine, identity: &Identity, logged_ms: u64) -> Result<(u64, u64)> {
    let found = lineage(engine)?;
    let floor_ms = found.floor_ms.max(logged_ms);
    let stamp_ms = system_ms().max(floor_ms);
    let mut term = found.term;
    let mut changes = Vec::new();
    if !found.clean {
        term += 1;
        let first_sequence = engine.last_sequence() + 1;
        // The term's row goes first: it stands at the sequence it names.
        let fields = [term, first_sequence, stamp_ms].map(u64::to_be_bytes);
        changes.push((records::term_key(found.terms), Some(fields.concat())));
    }
    if found.marked {
        changes.push((records::CLEAN_CLOSE.to_vec(), None));
    }
    let current = identity.encode();
    if record(engine, records::IDENTITY)?.as_ref() != Some(&current) {
        changes.push((records::IDENTITY.to_vec(), Some(current)));
    }
    // The batch is fsynced, and with it everything recovered from the WAL before it.
    write_records(engine, term, stamp_ms, &changes)?;
    Ok((term, floor_ms))
}

/// Keeps the newest stamp of a log that RocksDB has replayed, and will have deleted when the next
/// process looks for it.
pub(crate) fn keep_time(engine: &Engine, logged_ms: u64) -> Result<()> {
    let found = lineage(engine)?;
    if found.clean || logged_ms <= found.floor_ms {
        return Ok(());
    }
    let stamp = logged_ms.to_be_bytes().to_vec();
    let changes = [(records::CLOCK.to_vec(), Some(stamp))];
    write_records(engine, found.term, logged_ms, &changes)
}

/// Writes the mark that lets the next start continue the term.
pub(crate) fn mark_clean_close(engine: &Engine, term: u64, now_ms: u64) -> Result<()> {
    let fields = [engine.last_sequence(), now_ms]
        .map(u64::to_be_bytes)
        .concat();
    write_records(
        engine,
        term,
        now_ms,
        &[(records::CLEAN_CLOSE.to_vec(), Some(fields))],
    )
}

/// A batch of server records outside the commit queue: only before serving and after it.
fn write_records(
    engine: &Engine,
    term: u64,
    stamp_ms: u64,
    changes: &[(Vec<u8>, Option<Vec<u8>>)],
) -> Result<()> {
    let mut log_data = Vec::new();
    log::encode(
        LogHeader {
            term,
            epoch: 0,
            stamp_ms,
        },
        &[],
        &mut log_data,
    );
    let mut batch = BatchBuilder::default();
    batch.begin(&log_data);
    let family = engine.family_id(Family::Records);
    for (row_key, value) in changes {
        match value {
            Some(value) => batch.put(family, row_key, value),
            None => batch.delete(family, row_key),
        }
    }
    match engine.write(batch.finish(), true, Throttle::Wait)? {
        Written::Done => Ok(()),
        Written::WouldStall | Written::NoSpace(_) => Err(StorageError::DiskFull),
    }
}

pub(crate) fn record(engine: &Engine, row_key: &[u8]) -> Result<Option<Vec<u8>>> {
    engine.get(Family::Records, row_key, Tier::Disk, <[u8]>::to_vec)
}

/// A record that is a number; 0 if there is none.
pub(crate) fn number(engine: &Engine, row_key: &[u8]) -> Result<u64> {
    Ok(fixed(engine, row_key)?.map_or(0, u64::from_be_bytes))
}

/// A record of so many bytes. With other bytes it is damage: what is numbered by it would be
/// numbered twice.
fn fixed<const N: usize>(engine: &Engine, row_key: &[u8]) -> Result<Option<[u8; N]>> {
    let bytes = record(engine, row_key)?.map(<[u8; N]>::try_from);
    bytes.transpose().map_err(|_| unreadable(row_key))
}

fn unreadable(row_key: &[u8]) -> StorageError {
    let row_key = row_key.escape_ascii();
    StorageError::Corrupted(format!("record {row_key}: cannot be read"))
}
