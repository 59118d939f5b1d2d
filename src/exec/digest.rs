//! Owns DEBUG DIGEST: one digest of all databases.
//! Invariants: a value is read under its key's latch, so it is whole; what other clients write
//! meanwhile may or may not count. Must not know: sockets. Tests: `tests/commands/server.rs`,
//! `tests/compat/dump.rs`.

use super::pool::ReadPool;
use crate::commands::dump::digest::Digest;
use crate::commands::dump::export;
use crate::error::{CommandError, CommandResult};
use crate::session::Services;
use std::sync::Arc;
use storage::commit::latch::{LatchSet, Mode};
use storage::engine::Tier;
use storage::ops::scan;
use storage::{Store, ViewOptions};

/// Keys read under one set of latches.
const KEYS_PER_STEP: usize = 64;

const LOST: CommandError =
    CommandError::Fixed("ERR the command failed inside the server; see its log");

const OPTIONS: ViewOptions = ViewOptions {
    tier: Tier::Disk,
    latched: true,
    touch: false,
};

/// The digest of everything, as Redis computes it.
pub async fn of_all(services: &Services, pool: &ReadPool) -> CommandResult<Digest> {
    let store = &services.store;
    store.leader().wait(store.queue().staged()).await?;
    let mut all = Digest::default();
    for db in 0..services.config.databases.as_usize() as u32 {
        let listed = Arc::clone(store);
        let list = move || scan::all(&listed.view(db, OPTIONS)?, |_, _| true);
        let keys = pool.run(list).await.map_err(|_| LOST)??;
        if keys.is_empty() {
            continue;
        }
        all.append(&db.to_be_bytes());
        for part in keys.chunks(KEYS_PER_STEP) {
            let part = part.to_vec();
            let mut latches = LatchSet::default();
            for key in &part {
                latches.add_hash(store.seed().hash(key), Mode::Shared);
            }
            let guard = store.latches().lock(latches).await;
            let store = Arc::clone(store);
            let read = move || {
                let digest = of_keys(&store, db, &part);
                drop(guard);
                digest
            };
            all.combine(pool.run(read).await.map_err(|_| LOST)??);
        }
    }
    Ok(all)
}

fn of_keys(store: &Store, db: u32, keys: &[Vec<u8>]) -> storage::Result<Digest> {
    let view = store.view(db, OPTIONS)?;
    let mut digests = Digest::default();
    for key in keys {
        let Some(value) = export::value(&view, key)? else {
            continue;
        };
        let mut digest = Digest::default();
        digest.append(key);
        digest.append_value(&value, export::expires(&view, key)?);
        digests.add_digest(digest);
    }
    Ok(digests)
}
