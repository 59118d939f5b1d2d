//! Owns the sections of INFO about what the server holds: Clients, Persistence, Replication,
//! Cluster, Keyspace.
//! Must not know: counters. Tests: `tests/commands/server.rs`.

use super::Fields;
use crate::session::{Paused, Services};
use std::sync::atomic::Ordering;

pub fn clients(services: &Services, out: &mut Fields) {
    let clients = services.clients.all();
    let largest = |bytes: &dyn Fn(&crate::session::ClientInfo) -> usize| {
        clients
            .iter()
            .map(|client| bytes(client))
            .max()
            .unwrap_or(0)
    };
    out.put("connected_clients", clients.len());
    out.put("cluster_connections", 0);
    out.put("maxclients", services.config.maxclients.get());
    out.put(
        "client_recent_max_input_buffer",
        largest(&|client| client.query_bytes.load(Ordering::Relaxed)),
    );
    out.put(
        "client_recent_max_output_buffer",
        largest(&|client| client.output_bytes.load(Ordering::Relaxed)),
    );
    let held = services.pause.waiting();
    out.put("blocked_clients", services.waiting.len() + held);
    out.put("tracking_clients", 0);
    out.put("pubsub_clients", 0);
    let watched = clients
        .iter()
        .map(|client| client.watched.load(Ordering::Relaxed));
    let watched: Vec<usize> = watched.filter(|keys| *keys > 0).collect();
    out.put("watching_clients", watched.len());
    out.put("clients_in_timeout_table", 0);
    out.put("total_watched_keys", watched.iter().sum::<usize>());
    out.put("total_blocking_keys", services.waiting.keys());
    out.put("total_blocking_keys_on_nokey", 0);
    let (reason, actions) = match services.pause.state() {
        None => ("none", "none"),
        Some(Paused::Writes) => ("client_pause", "write"),
        Some(Paused::All) => ("client_pause", "all"),
    };
    out.put("paused_reason", reason);
    out.put("paused_actions", actions);
    out.put(
        "paused_timeout_milliseconds",
        services.pause.left().as_millis(),
    );
}

/// Every write is in a log on disk, and snapshots are made of that; so nothing is ever in progress,
/// no memory is copied for a child, and none is loaded from a file at the start.
pub fn persistence(services: &Services, out: &mut Fields) {
    let saved_s = match services.metrics.saved_s.load(Ordering::Relaxed) {
        0 => services.started_ms / 1000,
        saved_s => saved_s,
    };
    let refused = services.store.queue().refusal().is_some();
    let status = if refused { "err" } else { "ok" };
    out.put("loading", 0);
    out.put("async_loading", 0);
    out.put("current_cow_peak", 0);
    out.put("current_cow_size", 0);
    out.put("current_cow_size_age", 0);
    out.put("current_fork_perc", "0.00");
    out.put("current_save_keys_processed", 0);
    out.put("current_save_keys_total", 0);
    out.put(
        "rdb_changes_since_last_save",
        services.changes.since_save.get(),
    );
    out.put("rdb_bgsave_in_progress", 0);
    out.put("rdb_last_save_time", saved_s);
    out.put("rdb_last_bgsave_status", status);
    out.put("rdb_last_bgsave_time_sec", -1);
    out.put("rdb_current_bgsave_time_sec", -1);
    let (saves, failures) = services.metrics.saves.successes_and_failures();
    out.put("rdb_saves", saves);
    out.put("rdb_saves_consecutive_failures", failures);
    out.put("rdb_last_cow_size", 0);
    out.put("rdb_last_load_keys_expired", 0);
    out.put("rdb_last_load_keys_loaded", 0);
    out.put("aof_enabled", 0);
    out.put("aof_rewrite_in_progress", 0);
    out.put("aof_rewrite_scheduled", 0);
    out.put("aof_last_rewrite_time_sec", -1);
    out.put("aof_current_rewrite_time_sec", -1);
    out.put("aof_last_bgrewrite_status", "ok");
    let (rewrites, failures) = services.metrics.rewrites.successes_and_failures();
    out.put("aof_rewrites", rewrites);
    out.put("aof_rewrites_consecutive_failures", failures);
    out.put("aof_last_write_status", status);
    out.put("aof_last_cow_size", 0);
    out.put("module_fork_in_progress", 0);
    out.put("module_fork_last_cow_size", 0);
}

pub fn replication(services: &Services, out: &mut Fields) {
    out.put("role", "master");
    out.put("connected_slaves", 0);
    out.put("master_failover_state", "no-failover");
    out.put("master_replid", &services.run_id);
    out.put("master_replid2", "0".repeat(40));
    out.put("master_repl_offset", 0);
    out.put("second_repl_offset", -1);
    out.put("repl_backlog_active", 0);
    out.put("repl_backlog_size", 0);
    out.put("repl_backlog_first_byte_offset", 0);
    out.put("repl_backlog_histlen", 0);
}

pub fn cluster(_: &Services, out: &mut Fields) {
    out.put("cluster_enabled", 0);
}

/// Databases that hold keys. A mean time to live would need a walk, so none is kept: 0.
pub fn keyspace(services: &Services, out: &mut Fields) {
    let databases = u32::try_from(services.config.databases.get()).unwrap_or(0);
    for db in 0..databases {
        let keys = services.store.database_size(db);
        if keys > 0 {
            let expires = services.store.database_expires(db);
            out.put(
                &format!("db{db}"),
                format_args!("keys={keys},expires={expires},avg_ttl=0,subexpiry=0"),
            );
        }
    }
}
