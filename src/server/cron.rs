//! Owns periodic work of the server: idle clients, samples of rates and memory.
//! Must not know: sockets. Tests: `tests/protocol`.

use crate::config::Config;
use crate::metrics::memory;
use crate::session::Services;
use std::sync::atomic::Ordering;
use std::time::Duration;

/// Time from one round to the next, as `hz` says now.
pub fn interval(config: &Config) -> Duration {
    Duration::from_secs(1) / u32::try_from(config.hz.get().max(1)).unwrap_or(1)
}

/// One round.
pub fn run(services: &Services) {
    if services.cron_paused.load(Ordering::Relaxed) {
        return;
    }
    close_idle_clients(services);
    sample(services);
}

/// Samples what INFO reports as rates and peaks.
fn sample(services: &Services) {
    let metrics = &services.metrics;
    let now_ms = services.store.now_ms();
    metrics.commands_rate.sample(now_ms, metrics.commands.get());
    metrics.bytes_in_rate.sample(now_ms, metrics.bytes_in.get());
    metrics
        .bytes_out_rate
        .sample(now_ms, metrics.bytes_out.get());
    metrics
        .memory_peak
        .note(memory::used_bytes(), now_ms / 1000);
    metrics
        .over_memory
        .note(services.store.is_over_memory(), now_ms);
}

/// Ends connections on which nothing was sent for `timeout` seconds, but for those that wait.
fn close_idle_clients(services: &Services) {
    let timeout_s = services.config.timeout.get();
    if timeout_s <= 0 {
        return;
    }
    let now_ms = services.store.now_ms();
    for client in services.clients.all() {
        if client.is_idle(now_ms, (timeout_s as u64).saturating_mul(1000)) {
            tracing::debug!("Closing idle client id={} addr={}", client.id, client.addr);
            client.kill();
        }
    }
}
