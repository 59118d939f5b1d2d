//! Owns the sections of INFO about the process: Server, Memory, CPU.
//! Must not know: clients, keys. Tests: below, `tests/commands/server.rs`.

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
    let supervisor = if services.supervised { "systemd" } else { "no" };
    out.put("process_supervised", supervisor);
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
    let now_s = services.store.now_ms() / 1000;
    let (peak, peak_s) = services.metrics.memory_peak.note(used, now_s);
    let store = &services.store;
    let (block_cache, memtables) = store.engine().memory_used();
    let hot = store.table().bytes() as u64;
    // What serves the data set; the rest of the memory serves the server.
    let data = hot + block_cache.max(memtables) as u64;
    let data = data.min(used);
    out.put_bytes("used_memory", used);
    out.put_bytes("used_memory_rss", resident);
    out.put_bytes("used_memory_peak", peak);
    out.put("used_memory_peak_time", peak_s);
    out.put("used_memory_peak_perc", percent(used, peak));
    out.put("used_memory_overhead", used - data);
    let startup = services.metrics.memory_startup;
    out.put("used_memory_startup", startup);
    out.put("used_memory_dataset", data);
    let since_start = used.saturating_sub(startup);
    let share = percent(data.min(since_start), since_start);
    out.put("used_memory_dataset_perc", share);
    out.put("allocator_allocated", used);
    out.put("allocator_active", allocator.active);
    out.put("allocator_resident", allocator.resident);
    out.put("allocator_muzzy", process_memory::muzzy_bytes());
    out.put_bytes("total_system_memory", process_memory::machine_bytes());
    no_scripts(out);
    let config = &services.config;
    out.put("maxmemory", config.maxmemory.get());
    out.put("maxmemory_human", human(config.maxmemory.get()));
    out.put("maxmemory_policy", name_of(config.maxmemory_policy.get()));
    put_gap(out, "allocator_frag", allocator.active, used);
    put_gap(out, "allocator_rss", allocator.resident, allocator.active);
    put_gap(out, "rss_overhead", resident, allocator.resident);
    put_gap(out, "mem_fragmentation", resident, used);
    put_zeros(out, REPLICA_MEMORY);
    out.put("mem_clients_normal", client_buffers(services));
    put_zeros(out, CLUSTER_AND_LOG_MEMORY);
    out.put("mem_allocator", process_memory::allocator_name());
    put_zeros(out, NO_DEFRAGMENTATION);
    out.put("hot_table_bytes", hot);
    out.put("block_cache_bytes", block_cache);
    out.put("memtable_bytes", memtables);
}

/// Memory for replicas, of which there are none.
const REPLICA_MEMORY: &[&str] = &[
    "mem_not_counted_for_evict",
    "mem_replication_backlog",
    "mem_total_replication_buffers",
    "mem_replica_full_sync_buffer",
    "mem_clients_slaves",
];
/// Memory for links of a cluster and for an append only file, which there are not.
const CLUSTER_AND_LOG_MEMORY: &[&str] = &[
    "mem_cluster_slot_migration_output_buffer",
    "mem_cluster_slot_migration_input_buffer",
    "mem_cluster_slot_migration_input_buffer_peak",
    "mem_cluster_links",
    "mem_aof_buffer",
];
/// No tables of keys are rehashed, and no memory is moved. What is deleted is no object in memory
/// that waits to be freed: its rows are destroyed on disk.
const NO_DEFRAGMENTATION: &[&str] = &[
    "mem_overhead_db_hashtable_rehashing",
    "active_defrag_running",
    "lazyfree_pending_objects",
    "lazyfreed_objects",
];

/// The memory of scripts and functions: none can be loaded.
fn no_scripts(out: &mut Fields) {
    out.put("used_memory_lua", 0);
    out.put("used_memory_vm_eval", 0);
    out.put("used_memory_lua_human", human(0));
    put_zeros(
        out,
        &[
            "used_memory_scripts_eval",
            "number_of_cached_scripts",
            "number_of_functions",
            "number_of_libraries",
            "used_memory_vm_functions",
        ],
    );
    out.put_bytes("used_memory_vm_total", 0);
    out.put("used_memory_functions", 0);
    out.put_bytes("used_memory_scripts", 0);
}

fn put_zeros(out: &mut Fields, names: &[&str]) {
    for name in names {
        out.put(name, 0);
    }
}

/// By how much one figure of memory is above another, as a ratio and in bytes. What the kernel and
/// the allocator tell at different moments may differ the other way.
fn put_gap(out: &mut Fields, name: &str, whole: u64, part: u64) {
    out.put(&format!("{name}_ratio"), ratio(whole, part));
    let bytes = whole.cast_signed().wrapping_sub(part.cast_signed());
    out.put(&format!("{name}_bytes"), bytes);
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
    if let Some((system, user)) = main_thread_seconds() {
        out.put("used_cpu_sys_main_thread", format_args!("{system:.6}"));
        out.put("used_cpu_user_main_thread", format_args!("{user:.6}"));
    }
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

/// The same of the first thread, as far as the kernel tells. It accepts clients and does periodic
/// work; others serve them.
fn main_thread_seconds() -> Option<(f64, f64)> {
    let id = std::process::id();
    let stat = read_to_string(format!("/proc/self/task/{id}/stat")).ok()?;
    // SAFETY: sysconf only reads.
    let per_second = unsafe { libc::sysconf(libc::_SC_CLK_TCK) };
    thread_ticks(&stat).map(|(system, user)| {
        let seconds = |ticks: u64| ticks as f64 / per_second.max(1) as f64;
        (seconds(system), seconds(user))
    })
}

/// Ticks of the kernel and of the program in a line as proc(5) describes it.
fn thread_ticks(stat: &str) -> Option<(u64, u64)> {
    // The name in front of it may hold anything.
    let (_, fields) = stat.rsplit_once(") ")?;
    let mut ticks = fields.split(' ').skip(11).map(|field| field.parse().ok());
    let user = ticks.next()??;
    Some((ticks.next()??, user))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ticks_are_found_behind_any_name() {
        let stat = "7 (a) 1 (b) S 1 7 7 0 -1 4194560 97 0 0 0 31 12 0 0 20 0 5 0 99 1 2";
        assert_eq!(thread_ticks(stat), Some((12, 31)));
        assert_eq!(thread_ticks("7 (a) S 1 7"), None);
        assert_eq!(thread_ticks(""), None);
        assert!(main_thread_seconds().is_some());
    }

    #[test]
    fn a_gap_may_be_negative() {
        let mut out = Fields::default();
        put_gap(&mut out, "a", 5, 10);
        assert_eq!(out.0, "a_ratio:0.50\r\na_bytes:-5\r\n");
    }
}
