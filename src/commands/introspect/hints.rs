//! Owns what no row can tell by its shape: tips for cluster proxies and clients, and notes on keys.
//! Invariants: each name is a command of the table (`commands/tests.rs`).
//! Must not know: who reads them. Tests: `tests/compat/command_info.rs`.

const ALL_SHARDS: &str = "request_policy:all_shards";
const ALL_NODES: &str = "request_policy:all_nodes";
const MULTI_SHARD: &str = "request_policy:multi_shard";
const ALL_SUCCEEDED: &str = "response_policy:all_succeeded";
const AGGREGATE: &str = "response_policy:agg_sum";
const SPECIAL: &str = "response_policy:special";
const OUTPUT: &str = "nondeterministic_output";
const ORDER: &str = "nondeterministic_output_order";

/// Tips by full name.
pub const TIPS: &[(&str, &[&str])] = &[
    ("client|info", &[OUTPUT]),
    ("client|list", &[OUTPUT]),
    ("client|setinfo", &[ALL_NODES, ALL_SUCCEEDED]),
    ("command", &[ORDER]),
    ("command|docs", &[ORDER]),
    ("command|info", &[ORDER]),
    ("command|list", &[ORDER]),
    ("config|set", &[ALL_NODES, ALL_SUCCEEDED]),
    ("dbsize", &[ALL_SHARDS, AGGREGATE]),
    ("del", &[MULTI_SHARD, AGGREGATE]),
    ("exists", &[MULTI_SHARD, AGGREGATE]),
    ("flushall", &[ALL_SHARDS, ALL_SUCCEEDED]),
    ("flushdb", &[ALL_SHARDS, ALL_SUCCEEDED]),
    ("info", &[OUTPUT, ALL_SHARDS, SPECIAL]),
    ("keys", &[ALL_SHARDS, ORDER]),
    ("lastsave", &[OUTPUT]),
    ("mget", &[MULTI_SHARD]),
    ("mset", &[MULTI_SHARD, ALL_SUCCEEDED]),
    ("object|freq", &[OUTPUT]),
    ("object|idletime", &[OUTPUT]),
    ("object|refcount", &[OUTPUT]),
    ("object|encoding", &[OUTPUT]),
    ("ping", &[ALL_SHARDS, ALL_SUCCEEDED]),
    ("pttl", &[OUTPUT]),
    ("randomkey", &[ALL_SHARDS, OUTPUT]),
    ("scan", &[OUTPUT, ALL_SHARDS]),
    ("time", &[OUTPUT]),
    ("touch", &[MULTI_SHARD, AGGREGATE]),
    ("ttl", &[OUTPUT]),
    ("unlink", &[MULTI_SHARD, AGGREGATE]),
];

/// Notes on the first key specification, by full name.
pub const NOTES: &[(&str, &str)] = &[
    (
        "bitfield",
        "This command allows both access and modification of the key",
    ),
    ("set", "RW and ACCESS due to the optional `GET` argument"),
];

/// The tips of a command.
pub fn tips(full_name: &str) -> &'static [&'static str] {
    let row = TIPS.iter().find(|(name, _)| *name == full_name);
    row.map_or(&[], |(_, tips)| tips)
}

/// The note on a command's first key specification.
pub fn note(full_name: &str) -> Option<&'static str> {
    let row = NOTES.iter().find(|(name, _)| *name == full_name);
    row.map(|(_, note)| *note)
}
