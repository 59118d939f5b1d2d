//! Owns MIGRATE: values are read here, made there, and deleted here, in this order.
//!
//! Journey: exclusive latches on all keys, so that nobody changes or reads them half-way; on the
//! pool the requests are made; the connection's task sends them and reads the replies; what was
//! acknowledged is deleted in one edit; the latches go.
//! Invariants: a key is deleted only when the other server has said that it has it; each step on
//! the network ends with its time. Must not know: how values are serialised.
//! Tests: `tests/commands/migrate.rs`.

use super::LOST;
use super::blocking;
use super::call::ChangedKey;
use super::pool::ReadPool;
use crate::command::Args;
use crate::commands::dump::migrate::Migration;
use crate::error::{CommandError, CommandResult};
use crate::resp::{OwnedRequest, Reply};
use crate::session::{Services, Session};
use std::io;
use std::sync::Arc;
use std::time::Duration;
use storage::commit::Position;
use storage::commit::latch::{LatchSet, Mode};
use storage::engine::Tier;
use storage::ops::keyspace;
use storage::{StorageError, ViewOptions};
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader, BufWriter};
use tokio::net::TcpStream;
use tokio::time::timeout;

/// Bytes that are sent within one time-out.
const STEP_BYTES: usize = 64 * 1024;
/// Longest line that is read as a reply.
const LINE_BYTES_MAX: u64 = 1024;

const OPTIONS: ViewOptions = ViewOptions {
    tier: Tier::Disk,
    latched: true,
    touch: false,
};

const NO_CONNECTION: &str = "IOERR error or timeout connecting to the client";
const NOT_WRITTEN: &str = "IOERR error or timeout writing to target instance";
const NOT_READ: &str = "IOERR error or timeout reading to target instance";

/// A key, and the request that makes it there.
type Made = (Vec<u8>, Vec<u8>);

/// Carries it out.
pub async fn migrate(session: &Session, args: &Args<'_>, pool: &ReadPool) -> CommandResult {
    let words: Vec<&[u8]> = args.request().iter().collect();
    let owned = OwnedRequest::from_args(&words);
    let migration = Migration::parse(&mut Args::new(args.request(), 1))?;
    let services = Arc::clone(&session.services);
    let (store, db) = (&services.store, session.db);
    let mode = match migration.copy {
        true => Mode::Shared,
        false => Mode::Exclusive,
    };
    let mut latches = LatchSet::default();
    for key in &migration.keys {
        latches.add_hash(store.seed().hash(key), mode);
    }
    let guard = store.latches().lock(latches).await;
    let own = Arc::clone(&services);
    let read = pool.run(move || read(&own, db, &owned)).await;
    let (ns, seen, made) = read.map_err(|_| LOST)??;
    if made.is_empty() {
        return Ok(Reply::Simple("NOKEY"));
    }
    // The other server must not have what is lost here if a commit fails.
    store.leader().wait(seen).await?;
    let mut arrived = Vec::with_capacity(made.len());
    let result = send(&migration, &made, &mut arrived).await;
    let there = made.into_iter().zip(arrived);
    let there: Vec<Vec<u8>> = there
        .filter_map(|((key, _), arrived)| arrived.then_some(key))
        .collect();
    if !migration.copy && !there.is_empty() {
        let own = Arc::clone(&services);
        // The latches go along: the client may be killed, which does not end the deletion.
        let delete = move || {
            let (position, changed) = delete(&own, (db, ns), &there)?;
            blocking::wake_changed(&own, changed, false);
            drop(guard);
            storage::Result::Ok(position)
        };
        let position = pool.run(delete).await.map_err(|_| LOST)??;
        store.leader().wait(position).await?;
    }
    result.map(|()| Reply::ok())
}

/// The namespace, the position that was read up to, and the keys that there are.
fn read(
    services: &Services,
    db: u32,
    owned: &OwnedRequest,
) -> CommandResult<(u32, Position, Vec<Made>)> {
    let migration = Migration::parse(&mut Args::new(owned.as_request(), 1))?;
    let view = services.store.view(db, OPTIONS)?;
    let mut made = Vec::with_capacity(migration.keys.len());
    for key in &migration.keys {
        if let Some(request) = migration.restore(&view, key, &services.config)? {
            made.push((key.to_vec(), request));
        }
    }
    Ok((view.ns(), view.seen(), made))
}

/// Deletes keys that are there, if their database is still the one that was read.
fn delete(
    services: &Services,
    (db, ns): (u32, u32),
    keys: &[Vec<u8>],
) -> storage::Result<(Position, Vec<ChangedKey>)> {
    loop {
        let mut edit = services.store.edit(db, OPTIONS)?;
        if edit.ns() != ns {
            return Ok((0, Vec::new()));
        }
        for key in keys {
            keyspace::delete(&mut edit, key)?;
        }
        let changed = edit.changed_keys();
        match edit.stage() {
            Err(StorageError::NamespaceChanged) => {}
            Err(error) => return Err(error),
            Ok(position) => {
                for (db, key) in &changed {
                    services.watches.touch(*db, key);
                }
                return Ok((position, changed));
            }
        }
    }
}

/// Sends all requests and reads their replies; notes of each key whether it is there.
async fn send(
    migration: &Migration<'_>,
    made: &[Made],
    arrived: &mut Vec<bool>,
) -> CommandResult<()> {
    let limit = migration.timeout;
    let host = String::from_utf8_lossy(migration.host);
    let port = std::str::from_utf8(migration.port).ok();
    let port = port.and_then(|port| port.parse::<u16>().ok());
    let port = port.ok_or(NO_CONNECTION)?;
    let connected = within(limit, TcpStream::connect((&*host, port))).await;
    let stream = connected.map_err(|_| NO_CONNECTION)?;
    // Only a matter of speed.
    stream.set_nodelay(true).ok();
    let (reader, writer) = stream.into_split();
    let mut writer = BufWriter::with_capacity(STEP_BYTES, writer);
    let opening = migration.opening();
    let requests = made.iter().map(|(_, request)| request);
    for request in opening.iter().chain(requests) {
        for part in request.chunks(STEP_BYTES) {
            let written = within(limit, writer.write_all(part)).await;
            written.map_err(|_| NOT_WRITTEN)?;
        }
    }
    let written = within(limit, writer.flush()).await;
    written.map_err(|_| NOT_WRITTEN)?;
    let mut reader = BufReader::new(reader);
    let mut refusal = None;
    for _ in &opening {
        let line = within(limit, read_line(&mut reader)).await;
        note(line.map_err(|_| NOT_READ)?, &mut refusal);
    }
    let opened = refusal.is_none();
    for _ in made {
        match within(limit, read_line(&mut reader)).await {
            Ok(line) => arrived.push(note(line, &mut refusal) && opened),
            Err(_) if refusal.is_some() => break,
            Err(_) => return Err(NOT_READ.into()),
        }
    }
    match refusal {
        None => Ok(()),
        Some(refusal) => {
            let before = "ERR Target instance replied with error: ";
            Err(CommandError::quoting(before, &refusal, ""))
        }
    }
}

/// Keeps the first error; gives whether the line is none.
fn note(line: Vec<u8>, refusal: &mut Option<Vec<u8>>) -> bool {
    match line.strip_prefix(b"-") {
        None => true,
        Some(error) => {
            refusal.get_or_insert_with(|| error.to_vec());
            false
        }
    }
}

/// A reply of one line, without its end.
async fn read_line(reader: &mut (impl AsyncBufReadExt + Unpin)) -> io::Result<Vec<u8>> {
    let mut line = Vec::new();
    reader
        .take(LINE_BYTES_MAX)
        .read_until(b'\n', &mut line)
        .await?;
    match line.strip_suffix(b"\r\n") {
        Some(line) => Ok(line.to_vec()),
        None => Err(io::ErrorKind::UnexpectedEof.into()),
    }
}

async fn within<T>(limit: Duration, step: impl Future<Output = io::Result<T>>) -> io::Result<T> {
    match timeout(limit, step).await {
        Ok(done) => done,
        Err(_) => Err(io::ErrorKind::TimedOut.into()),
    }
}
