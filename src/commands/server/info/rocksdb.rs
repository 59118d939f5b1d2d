//! Owns the section of INFO about the engine, the hot table and commits.
//! Must not know: RocksDB. Tests: `tests/commands/server.rs`.

use super::Fields;
use crate::session::Services;

pub fn rocksdb(services: &Services, out: &mut Fields) {
    let store = &services.store;
    let stats = store.engine().stats();
    out.put("partitions", store.partitions().count());
    out.put("block_cache_used_bytes", stats.block_cache_used);
    out.put("block_cache_pinned_bytes", stats.block_cache_pinned);
    out.put("memtables_bytes", stats.memtables);
    out.put("sst_files_bytes", stats.sst_files);
    out.put("rows_estimate", stats.rows_estimate);
    out.put("compaction_pending_bytes", stats.compaction_pending);
    out.put("compactions_running", stats.compactions_running);
    out.put("flushes_running", stats.flushes_running);
    out.put("write_stopped", u8::from(stats.write_stopped));
    out.put("write_rate_delayed_bytes", stats.write_rate_delayed);
    out.put("background_errors", stats.background_errors);
    for (level, files) in stats.files_per_level.iter().enumerate() {
        out.put(&format!("files_at_level{level}"), files);
    }
    let reads = store.engine().reads();
    out.put("engine_gets", reads.gets());
    out.put("engine_seeks", reads.seeks());
    out.put("engine_steps", reads.steps());
    if let Some(blocks) = store.engine().blocks_read() {
        out.put("engine_blocks_read", blocks);
    }
    let table = store.table();
    let (hits, misses) = table.hits_and_misses();
    out.put("hot_table_bytes", table.bytes());
    out.put("hot_table_budget_bytes", table.budget());
    out.put("hot_table_rows", table.rows());
    out.put("hot_table_hits", hits);
    out.put("hot_table_misses", misses);
    let (groups, stalls) = store.leader().groups_and_stalls();
    let queue = store.queue();
    out.put("commit_groups", groups);
    out.put("commit_stalls", stalls);
    out.put("commit_pending_bytes", queue.pending_bytes());
    out.put("staged_rows", queue.staged());
    out.put("committed_rows", queue.committed());
    out.put("synced_rows", queue.synced());
}
