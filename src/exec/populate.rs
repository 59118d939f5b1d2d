//! Owns DEBUG POPULATE: many strings at once.
//! Invariants: keys that exist stay as they are; a step writes its keys under their latches.
//! Must not know: sockets. Tests: `tests/commands/server.rs`.

use super::LOST;
use super::pool::ReadPool;
use crate::command::Args;
use crate::error::{CommandError, CommandResult, text};
use crate::resp::Reply;
use crate::session::{Services, Session};
use std::ops::Range;
use std::sync::Arc;
use storage::commit::Position;
use storage::commit::latch::{LatchSet, Mode};
use storage::engine::Tier;
use storage::ops::bytes::Expiry;
use storage::ops::string::{self, Condition};
use storage::{StorageError, ViewOptions};

/// Keys of one commit.
const KEYS_PER_STEP: u64 = 256;
/// Longest value, bytes: a step must fit in a commit.
const VALUE_BYTES_MAX: i64 = 32 * 1024;

const OPTIONS: ViewOptions = ViewOptions {
    tier: Tier::Disk,
    latched: true,
    touch: false,
};

/// What is written: `prefix:n` holds `value:n`, filled up with zero bytes or cut to a size.
struct Pattern {
    prefix: Vec<u8>,
    /// Bytes of each value, if said.
    size: Option<usize>,
}

impl Pattern {
    fn key(&self, n: u64) -> Vec<u8> {
        [&self.prefix, &b":"[..], n.to_string().as_bytes()].concat()
    }

    fn value(&self, n: u64) -> Vec<u8> {
        let mut value = format!("value:{n}").into_bytes();
        if let Some(size) = self.size {
            value.resize(size, 0);
        }
        value
    }
}

/// Carries it out.
pub async fn populate(session: &Session, args: &mut Args<'_>, pool: &ReadPool) -> CommandResult {
    let count = u64::try_from(args.next_i64()?).map_err(|_| text::NOT_POSITIVE)?;
    let prefix = args.next_or_none().unwrap_or(b"key").to_vec();
    let size = match args.left() {
        0 => None,
        _ => {
            let error = "ERR size is out of range";
            Some(args.next_in(0..=VALUE_BYTES_MAX, error)? as usize)
        }
    };
    args.finish()?;
    let pattern = Arc::new(Pattern { prefix, size });
    let store = &session.services.store;
    let mut last = 0;
    for start in (0..count).step_by(KEYS_PER_STEP as usize) {
        let range = start..count.min(start + KEYS_PER_STEP);
        let mut latches = LatchSet::default();
        for n in range.clone() {
            latches.add_hash(store.seed().hash(&pattern.key(n)), Mode::Exclusive);
        }
        let guard = store.latches().lock(latches).await;
        let (services, pattern) = (Arc::clone(&session.services), Arc::clone(&pattern));
        let db = session.db;
        let write = move || {
            let written = write(&services, db, &pattern, range);
            drop(guard);
            written
        };
        last = pool.run(write).await.map_err(|_| LOST)??;
        if store.queue().is_full() {
            store.leader().wait(last).await?;
        }
    }
    store.leader().wait(last).await?;
    Ok(Reply::ok())
}

fn write(
    services: &Services,
    db: u32,
    pattern: &Pattern,
    range: Range<u64>,
) -> CommandResult<Position> {
    loop {
        let mut edit = services.store.edit(db, OPTIONS)?;
        for n in range.clone() {
            let (key, value) = (pattern.key(n), pattern.value(n));
            string::set(
                &mut edit,
                &key,
                &value,
                Condition::Absent,
                Expiry::Clear,
                false,
            )?;
        }
        let changed = edit.changed_keys();
        match edit.stage() {
            Err(StorageError::NamespaceChanged) => {}
            Err(error) => return Err(CommandError::Storage(error)),
            Ok(position) => {
                for (db, key) in &changed {
                    services.watches.touch(*db, key);
                }
                return Ok(position);
            }
        }
    }
}
