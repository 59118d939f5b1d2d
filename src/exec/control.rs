//! Owns commands that wait, run on the pool as a whole, or end the process.
//! Must not know: clients' sockets. Tests: `tests/commands/server.rs`.

use super::LOST;
use super::digest;
use super::migrate;
use super::pool::ReadPool;
use super::populate;
use super::transaction;
use crate::command::{Args, Control};
use crate::error::{CommandError, CommandResult, text};
use crate::resp::Reply;
use crate::session::Session;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;
use storage::ops::hll;

/// Carries a control command out.
pub async fn carry_out(
    kind: Control,
    session: &mut Session,
    args: &mut Args<'_>,
    pool: &ReadPool,
) -> CommandResult {
    match kind {
        Control::Watch => transaction::watch(session, args, pool).await,
        // It gives more than a reply, so `run` carries it out.
        Control::Exec => Ok(Reply::None),
        Control::Save => save(session, args, pool).await.map(|()| Reply::ok()),
        Control::BackgroundSave => {
            if args.skip_word("CANCEL") {
                args.finish()?;
                let idle = "ERR Background saving is currently not in progress or scheduled";
                return Err(CommandError::Fixed(idle));
            }
            args.skip_word("SCHEDULE");
            save(session, args, pool).await?;
            Ok(Reply::Simple("Background saving started"))
        }
        Control::RewriteLog => {
            args.finish()?;
            let synced = sync(session, pool).await;
            session.services.metrics.rewrites.count(synced.is_ok());
            synced?;
            let started = "Background append only file rewriting started";
            Ok(Reply::Simple(started))
        }
        Control::Shutdown => shutdown(session, args),
        Control::Sleep => sleep(args).await,
        Control::Reload => reload(session, pool).await,
        Control::Digest => {
            let digest = digest::of_all(&session.services, pool).await?;
            Ok(Reply::Status(digest.hex()))
        }
        Control::Compact => compact(session, args, pool).await,
        Control::ConfigRewrite => config_rewrite(session, pool).await,
        Control::HyperLogLogSelfTest => hll_self_test(session, pool).await,
        Control::Migrate => migrate::migrate(session, args, pool).await,
        Control::Populate => populate::populate(session, args, pool).await,
        Control::WaitSynced => wait_synced(session, args, pool).await,
    }
}

/// SAVE and BGSAVE.
async fn save(session: &Session, args: &Args<'_>, pool: &ReadPool) -> CommandResult<()> {
    args.finish()?;
    let synced = sync(session, pool).await;
    session.services.metrics.saves.count(synced.is_ok());
    synced
}

/// What SAVE, BGSAVE and BGREWRITEAOF have to do: data is on disk anyway, so that is an fsync.
async fn sync(session: &Session, pool: &ReadPool) -> CommandResult<()> {
    let services = &session.services;
    let store = &services.store;
    store.leader().wait(store.queue().staged()).await?;
    let leader = Arc::clone(store.leader());
    pool.run(move || leader.sync()).await.map_err(|_| LOST)??;
    services.changes.since_save.reset();
    services
        .metrics
        .saved_s
        .store(store.now_ms() / 1000, Ordering::Relaxed);
    Ok(())
}

/// SHUTDOWN [NOSAVE|SAVE] [NOW] [FORCE] [ABORT]: everything is durable either way.
fn shutdown(session: &Session, args: &mut Args<'_>) -> CommandResult {
    let (mut save, mut nosave, mut abort, mut others) = (false, false, false, false);
    while args.left() > 0 {
        if args.skip_word("nosave") {
            nosave = true;
        } else if args.skip_word("save") {
            save = true;
        } else if args.skip_word("abort") {
            abort = true;
        } else if args.skip_word("now") || args.skip_word("force") {
            others = true;
        } else {
            return Err(CommandError::Fixed(text::SYNTAX));
        }
    }
    if (save && nosave) || (abort && (save || nosave || others)) {
        return Err(CommandError::Fixed(text::SYNTAX));
    }
    if abort {
        return Err(CommandError::Fixed("ERR No shutdown in progress."));
    }
    tracing::info!("User requested shutdown...");
    session.services.shutdown.notify_one();
    // The connection ends with the process; Redis answers nothing.
    Ok(Reply::None)
}

/// WAITAOF numlocal numreplicas timeout: what was written so far is fsynced at once.
async fn wait_synced(session: &Session, args: &mut Args<'_>, pool: &ReadPool) -> CommandResult {
    let local = args.next_in(
        0..=1,
        "ERR value is out of range, value must between 0 and 1",
    )?;
    args.next_in(0..=i64::MAX, text::NOT_POSITIVE)?;
    args.next_timeout_ms()?;
    let store = &session.services.store;
    let written = store.queue().staged();
    if local > 0 && store.queue().synced() < written {
        store.leader().wait(written).await?;
        let leader = Arc::clone(store.leader());
        pool.run(move || leader.sync()).await.map_err(|_| LOST)??;
    }
    let synced = store.queue().synced() >= written;
    Ok(Reply::array([Reply::Int(i64::from(synced)), Reply::Int(0)]))
}

/// DEBUG SLEEP seconds: this connection only; Redis would stop the world.
async fn sleep(args: &mut Args<'_>) -> CommandResult {
    let seconds = std::str::from_utf8(args.next()?)
        .ok()
        .and_then(|text| text.parse::<f64>().ok());
    let seconds = seconds.filter(|seconds| seconds.is_finite() && *seconds >= 0.0);
    let seconds = seconds.ok_or(CommandError::Fixed(text::NOT_FLOAT))?;
    tokio::time::sleep(Duration::from_secs_f64(seconds.min(1e9))).await;
    Ok(Reply::ok())
}

/// DEBUG RELOAD: what is staged goes to files, and memory forgets what it knows of them.
async fn reload(session: &Session, pool: &ReadPool) -> CommandResult {
    let store = Arc::clone(&session.services.store);
    store.leader().wait(store.queue().staged()).await?;
    let flushed = move || {
        store.flush()?;
        store.table().clear_committed(store.queue().committed());
        storage::Result::Ok(())
    };
    pool.run(flushed).await.map_err(|_| LOST)??;
    Ok(Reply::ok())
}

/// COMPACT [partition]: compacts one partition, or all, and answers when it is done.
async fn compact(session: &Session, args: &mut Args<'_>, pool: &ReadPool) -> CommandResult {
    let store = Arc::clone(&session.services.store);
    let count = store.partitions().count();
    let chosen = match args.left() {
        0 => None,
        _ => Some(args.next_i64()?),
    };
    args.finish()?;
    let range = match chosen {
        None => 0..count,
        Some(n) => {
            let n = u16::try_from(n).ok().filter(|&n| n < count);
            let n = n.ok_or(CommandError::Fixed("ERR partition is out of range"))?;
            n..n + 1
        }
    };
    let compact = move || {
        for partition in range {
            store.compact(partition)?;
        }
        storage::Result::Ok(())
    };
    pool.run(compact).await.map_err(|_| LOST)??;
    Ok(Reply::ok())
}

/// CONFIG REWRITE.
async fn config_rewrite(session: &Session, pool: &ReadPool) -> CommandResult {
    let services = Arc::clone(&session.services);
    let rewritten = pool.run(move || services.config.rewrite()).await;
    match rewritten.map_err(|_| LOST)? {
        Ok(()) => {
            tracing::info!("CONFIG REWRITE executed with success.");
            Ok(Reply::ok())
        }
        Err(error) => Err(CommandError::Text(format!("ERR {error}"))),
    }
}

/// PFSELFTEST: other elements each time.
async fn hll_self_test(session: &Session, pool: &ReadPool) -> CommandResult {
    let services = &session.services;
    let seed = services.store.now_ms();
    let sparse_bytes_max = services.config.hll_sparse_max_bytes.get();
    let test = move || hll::self_test::run(seed, sparse_bytes_max);
    match pool.run(test).await.map_err(|_| LOST)? {
        Ok(()) => Ok(Reply::ok()),
        Err(failure) => Err(CommandError::Text(format!("ERR TESTFAILED {failure}"))),
    }
}
