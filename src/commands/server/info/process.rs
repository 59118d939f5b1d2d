//! Owns the sections of INFO about the process: Server, Memory, CPU.
//! Must not know: clients, keys. Tests: `tests/commands/server.rs`.

use super::{Fields, human, ratio};
use crate::commands::REDIS_VERSION;
use crate::config::Choice;
use crate::metrics::memory as process_memory;
use crate::session::Services;
use std::fs::read_to_string;
use std::sync::atomic::Ordering;

const DAY_S: u64 = 24 * 3600;

pub fn server(services: &Services, out: &mut Fields) {
    let now_ms = services.store.now_ms();
    let uptime_s = now_ms.saturating_sub(services.started_ms) / 1000;
    let config = &services.config;
    out.put("redis_version", REDIS_VERSION);
    out.put("redis_git_sha1", "00000000");
    out.put("redis_git_dirty", 0);
    out.put("redis_build_id", 0);
    out.put("redis_mode", "standalone");
    out.put("ferrock_version", env!("CARGO_PKG_VERSION"));
    out.put("os", kernel());
    out.put("arch_bits", usize::BITS);
    out.put("monotonic_clock", "POSIX clock_gettime");
    out.put("multiplexing_api", "epoll");
    out.put("process_id", std::process::id());
    out.put("process_supervised", "no");
    out.put("run_id", &services.run_id);
    out.put("tcp_port", services.port);
    out.put("server_time_usec", now_ms * 1000);
    out.put("uptime_in_seconds", uptime_s);
    out.put("uptime_in_days", uptime_s / DAY_S);
    out.put("hz", config.hz.get());
    out.put("configured_hz", config.hz.get());
    // Seconds modulo 2^24, the clock of OBJECT IDLETIME in Redis.
    out.put("lru_clock", (now_ms / 1000) & 0xff_ffff);
    out.put("executable", path(std::env::current_exe().ok().as_deref()));
    out.put("config_file", path(config.file()));
    out.put("io_threads_active", 1);
}

fn path(path: Option<&std::path::Path>) -> String {
    path.map_or_else(String::new, |path| path.display().to_string())
}

/// `Linux <release> <machine>`.
fn kernel() -> String {
    let read = |name: &str| read_to_string(format!("/proc/sys/kernel/{name}")).unwrap_or_default();
    let (system, release) = (read("ostype"), read("osrelease"));
    let machine = std::env::consts::ARCH;
    format!("{} {} {machine}", system.trim(), release.trim())
}

pub fn memory(services: &Services, out: &mut Fields) {
    let allocator = process_memory::allocator();
    let resident = process_memory::resident_bytes();
    let used = allocator.allocated;
    let peak = services
        .metrics
        .memory_peak
        .fetch_max(used, Ordering::Relaxed);
    let peak = peak.max(used);
    let store = &services.store;
    let (block_cache, memtables) = store.engine().memory_used();
    let hot = store.table().bytes() as u64;
    // What serves the data set; the rest of the memory serves the server.
    let data = hot + block_cache.max(memtables) as u64;
    let data = data.min(used);
    out.put_bytes("used_memory", used);
    out.put_bytes("used_memory_rss", resident);
    out.put_bytes("used_memory_peak", peak);
    out.put("used_memory_peak_perc", percent(used, peak));
    out.put("used_memory_overhead", used - data);
    out.put("used_memory_dataset", data);
    out.put("used_memory_dataset_perc", percent(data, used));
    out.put("allocator_allocated", used);
    out.put("allocator_active", allocator.active);
    out.put("allocator_resident", allocator.resident);
    out.put_bytes("total_system_memory", process_memory::machine_bytes());
    let config = &services.config;
    out.put("maxmemory", config.maxmemory.get());
    out.put("maxmemory_human", human(config.maxmemory.get()));
    out.put("maxmemory_policy", name_of(config.maxmemory_policy.get()));
    out.put("allocator_frag_ratio", ratio(allocator.active, used));
    out.put(
        "allocator_frag_bytes",
        allocator.active.saturating_sub(used),
    );
    out.put(
        "allocator_rss_ratio",
        ratio(allocator.resident, allocator.active),
    );
    out.put("mem_fragmentation_ratio", ratio(resident, used));
    out.put("mem_fragmentation_bytes", resident.saturating_sub(used));
    out.put("mem_clients_normal", client_buffers(services));
    out.put("mem_allocator", "jemalloc");
    out.put("hot_table_bytes", hot);
    out.put("block_cache_bytes", block_cache);
    out.put("memtable_bytes", memtables);
}

fn client_buffers(services: &Services) -> usize {
    let clients = services.clients.all();
    let buffers = clients
        .iter()
        .map(|client| client.buffer_bytes.load(Ordering::Relaxed));
    buffers.sum()
}

fn percent(part: u64, whole: u64) -> String {
    format!("{:.2}%", part as f64 * 100.0 / whole.max(1) as f64)
}

/// As the configuration spells it.
fn name_of<C: Choice>(choice: C) -> &'static str {
    let at = C::VARIANTS.iter().position(|variant| *variant == choice);
    let name = at.and_then(|at| C::NAMES.iter().find(|(_, code)| usize::from(*code) == at));
    name.map_or("", |(name, _)| name)
}

pub fn cpu(_: &Services, out: &mut Fields) {
    let (system, user) = cpu_seconds(libc::RUSAGE_SELF);
    let (children_system, children_user) = cpu_seconds(libc::RUSAGE_CHILDREN);
    out.put("used_cpu_sys", format_args!("{system:.6}"));
    out.put("used_cpu_user", format_args!("{user:.6}"));
    out.put(
        "used_cpu_sys_children",
        format_args!("{children_system:.6}"),
    );
    out.put("used_cpu_user_children", format_args!("{children_user:.6}"));
}

/// Seconds that the kernel and the program itself ran.
fn cpu_seconds(who: libc::c_int) -> (f64, f64) {
    // SAFETY: `rusage` is numbers only, for which all zeros are a value.
    let mut usage: libc::rusage = unsafe { std::mem::zeroed() };
    // SAFETY: the call gets a valid pointer to a `rusage` of this frame and keeps nothing.
    if unsafe { libc::getrusage(who, &mut usage) } != 0 {
        return (0.0, 0.0);
    }
    let seconds = |time: libc::timeval| time.tv_sec as f64 + time.tv_usec as f64 / 1e6;
    (seconds(usage.ru_stime), seconds(usage.ru_utime))
}
