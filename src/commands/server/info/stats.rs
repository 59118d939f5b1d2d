//! Owns the sections of INFO that count: Stats, Commandstats, Errorstats, Latencystats.
//! Must not know: who counts. Tests: `tests/commands/server.rs`.

use super::{Fields, ratio};
use crate::commands;
use crate::metrics::{CommandStats, Metrics};
use crate::session::Services;
use std::sync::atomic::Ordering;

pub fn stats(services: &Services, out: &mut Fields) {
    traffic(services, out);
    ends_of_keys(services, out);
    lookups_and_errors(&services.metrics, out);
}

/// Connections, requests and bytes.
fn traffic(services: &Services, out: &mut Fields) {
    let metrics = &services.metrics;
    let clients = &services.clients;
    let kilobytes = |per_second: u64| format!("{:.2}", per_second as f64 / 1024.0);
    out.put(
        "total_connections_received",
        clients.accepted.load(Ordering::Relaxed),
    );
    out.put("total_commands_processed", metrics.commands.get());
    out.put(
        "instantaneous_ops_per_sec",
        metrics.commands_rate.per_second(),
    );
    out.put("total_net_input_bytes", metrics.bytes_in.get());
    out.put("total_net_output_bytes", metrics.bytes_out.get());
    out.put("total_net_repl_input_bytes", 0);
    out.put("total_net_repl_output_bytes", 0);
    out.put(
        "instantaneous_input_kbps",
        kilobytes(metrics.bytes_in_rate.per_second()),
    );
    out.put(
        "instantaneous_output_kbps",
        kilobytes(metrics.bytes_out_rate.per_second()),
    );
    out.put("instantaneous_input_repl_kbps", "0.00");
    out.put("instantaneous_output_repl_kbps", "0.00");
    out.put(
        "rejected_connections",
        clients.rejected.load(Ordering::Relaxed),
    );
    for name in ["sync_full", "sync_partial_ok", "sync_partial_err"] {
        out.put(name, 0);
    }
}

/// Keys and fields whose time came, and what memory that does not suffice has led to.
fn ends_of_keys(services: &Services, out: &mut Fields) {
    out.put("expired_keys", services.changes.expired_keys.get());
    let swept = services.store.sweeps().counts();
    let expired_fields = swept.expired_fields;
    out.put("expired_keys_active", swept.expired_keys);
    out.put("expired_subkeys", expired_fields);
    out.put("expired_subkeys_active", expired_fields);
    // Valkey's name for the same.
    out.put("expired_fields", expired_fields);
    // Expired keys are found by their time: no cycle is cut short.
    out.put("expired_time_cap_reached_count", 0);
    for name in ["evicted_keys", "evicted_clients", "evicted_scripts"] {
        out.put(name, 0);
    }
    let now_ms = services.store.now_ms();
    let (total_ms, current_ms) = services.metrics.over_memory.total_and_current_ms(now_ms);
    out.put("total_eviction_exceeded_time", total_ms);
    out.put("current_eviction_exceeded_time", current_ms);
}

fn lookups_and_errors(metrics: &Metrics, out: &mut Fields) {
    out.put("keyspace_hits", metrics.keyspace_hits.get());
    out.put("keyspace_misses", metrics.keyspace_misses.get());
    for name in [
        "pubsub_channels",
        "pubsub_patterns",
        "pubsubshard_channels",
        "latest_fork_usec",
        "total_forks",
        "migrate_cached_sockets",
        "slave_expires_tracked_keys",
        "active_defrag_hits",
        "active_defrag_misses",
        "active_defrag_key_hits",
        "active_defrag_key_misses",
        "total_active_defrag_time",
        "current_active_defrag_time",
        "tracking_total_keys",
        "tracking_total_items",
        "tracking_total_prefixes",
        "unexpected_error_replies",
    ] {
        out.put(name, 0);
    }
    out.put("total_error_replies", metrics.error_replies.get());
    out.put(
        "client_query_buffer_limit_disconnections",
        metrics.query_limit_closed.get(),
    );
    out.put(
        "client_output_buffer_limit_disconnections",
        metrics.output_limit_closed.get(),
    );
    // There is one user, who may do everything.
    out.put("acl_access_denied_auth", metrics.auth_failures.get());
    for what in ["cmd", "key", "channel", "tls_cert"] {
        out.put(&format!("acl_access_denied_{what}"), 0);
    }
    out.put("cold_commands", metrics.cold_commands.get());
}

/// Commands that were called or refused.
pub fn commandstats(services: &Services, out: &mut Fields) {
    let rows = commands::numbered().iter();
    for (command, stats) in rows.zip(&services.metrics.per_command) {
        let CommandStats {
            calls,
            nanoseconds,
            rejected,
            failed,
            ..
        } = stats;
        let (calls, rejected, failed) = (calls.get(), rejected.get(), failed.get());
        if calls + rejected + failed == 0 {
            continue;
        }
        let usec = nanoseconds.get() / 1000;
        let usec_per_call = ratio(usec, calls);
        out.put(
            &format!("cmdstat_{}", command.full_name),
            format_args!(
                "calls={calls},usec={usec},usec_per_call={usec_per_call},\
                 rejected_calls={rejected},failed_calls={failed}"
            ),
        );
    }
}

pub fn errorstats(services: &Services, out: &mut Fields) {
    for (code, count) in services.metrics.errors.all() {
        out.put(&format!("errorstat_{code}"), format_args!("count={count}"));
    }
}

/// Percentiles of how long commands ran, microseconds.
pub fn latencystats(services: &Services, out: &mut Fields) {
    if !services.config.latency_tracking.get() {
        return;
    }
    let percentiles = services.config.latency_tracking_info_percentiles.get();
    let rows = commands::numbered().iter();
    for (command, stats) in rows.zip(&services.metrics.per_command) {
        let Some(latency) = stats.latency() else {
            continue;
        };
        let shown = percentiles.iter().map(|&percent| {
            let microseconds = latency.percentile(percent) as f64 / 1000.0;
            format!("p{percent}={microseconds:.3}")
        });
        let shown: Vec<String> = shown.collect();
        out.put(
            &format!("latency_percentiles_usec_{}", command.full_name),
            shown.join(","),
        );
    }
}
