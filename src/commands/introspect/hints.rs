//! Owns what no row can tell by its shape: tips for cluster proxies and clients, notes on keys, and
//! which commands have successors.
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

use crate::command::KeyFlags;
use crate::resp::Request;

/// Tips by full name.
pub const TIPS: &[(&str, &[&str])] = &[
    ("client|info", &[OUTPUT]),
    ("client|list", &[OUTPUT]),
    ("client|setname", &[ALL_NODES, ALL_SUCCEEDED]),
    ("client|setinfo", &[ALL_NODES, ALL_SUCCEEDED]),
    ("command", &[ORDER]),
    ("command|docs", &[ORDER]),
    ("command|info", &[ORDER]),
    ("command|list", &[ORDER]),
    ("config|resetstat", &[ALL_NODES, ALL_SUCCEEDED]),
    ("config|rewrite", &[ALL_NODES, ALL_SUCCEEDED]),
    ("config|set", &[ALL_NODES, ALL_SUCCEEDED]),
    ("dbsize", &[ALL_SHARDS, AGGREGATE]),
    ("del", &[MULTI_SHARD, AGGREGATE]),
    ("dump", &[OUTPUT]),
    ("exists", &[MULTI_SHARD, AGGREGATE]),
    ("flushall", &[ALL_SHARDS, ALL_SUCCEEDED]),
    ("flushdb", &[ALL_SHARDS, ALL_SUCCEEDED]),
    ("function|flush", &[ALL_SHARDS, ALL_SUCCEEDED]),
    ("function|list", &[ORDER]),
    ("hgetall", &[ORDER]),
    ("hkeys", &[ORDER]),
    ("hpttl", &[OUTPUT]),
    ("hrandfield", &[OUTPUT]),
    ("hscan", &[OUTPUT]),
    ("httl", &[OUTPUT]),
    ("hvals", &[ORDER]),
    ("latency|doctor", &[OUTPUT, ALL_NODES, SPECIAL]),
    ("latency|graph", &[OUTPUT, ALL_NODES, SPECIAL]),
    ("latency|histogram", &[OUTPUT, ALL_NODES, SPECIAL]),
    ("latency|history", &[OUTPUT, ALL_NODES, SPECIAL]),
    ("latency|latest", &[OUTPUT, ALL_NODES, SPECIAL]),
    ("latency|reset", &[ALL_NODES, AGGREGATE]),
    ("slowlog|get", &[ALL_NODES, OUTPUT]),
    ("slowlog|len", &[ALL_NODES, AGGREGATE, OUTPUT]),
    ("slowlog|reset", &[ALL_NODES, ALL_SUCCEEDED]),
    ("info", &[OUTPUT, ALL_SHARDS, SPECIAL]),
    ("keys", &[ALL_SHARDS, ORDER]),
    ("lastsave", &[OUTPUT]),
    ("memory|doctor", &[OUTPUT, ALL_SHARDS, SPECIAL]),
    ("memory|malloc-stats", &[OUTPUT, ALL_SHARDS, SPECIAL]),
    ("memory|purge", &[ALL_SHARDS, ALL_SUCCEEDED]),
    ("memory|stats", &[OUTPUT, ALL_SHARDS, SPECIAL]),
    ("mget", &[MULTI_SHARD]),
    ("migrate", &[OUTPUT]),
    ("module|list", &[ORDER]),
    ("mset", &[MULTI_SHARD, ALL_SUCCEEDED]),
    ("msetex", &[MULTI_SHARD, ALL_SUCCEEDED]),
    ("object|freq", &[OUTPUT]),
    ("object|idletime", &[OUTPUT]),
    ("object|refcount", &[OUTPUT]),
    ("object|encoding", &[OUTPUT]),
    ("ping", &[ALL_SHARDS, ALL_SUCCEEDED]),
    ("pttl", &[OUTPUT]),
    ("randomkey", &[ALL_SHARDS, SPECIAL, OUTPUT]),
    ("scan", &[OUTPUT, "request_policy:special", SPECIAL]),
    ("time", &[OUTPUT]),
    ("touch", &[MULTI_SHARD, AGGREGATE]),
    ("ttl", &[OUTPUT]),
    ("unlink", &[MULTI_SHARD, AGGREGATE]),
    ("wait", &[ALL_SHARDS, "response_policy:agg_min"]),
    ("waitaof", &[ALL_SHARDS, "response_policy:agg_min"]),
    ("xadd", &[OUTPUT]),
    ("xautoclaim", &[OUTPUT]),
    ("xclaim", &[OUTPUT]),
    ("xinfo|consumers", &[OUTPUT]),
    ("xpending", &[OUTPUT]),
    ("xtrim", &[OUTPUT]),
    ("zrandmember", &[OUTPUT]),
    ("zscan", &[OUTPUT]),
    ("sdiff", &[ORDER]),
    ("sinter", &[ORDER]),
    ("smembers", &[ORDER]),
    ("sunion", &[ORDER]),
    ("spop", &[OUTPUT]),
    ("srandmember", &[OUTPUT]),
    ("sscan", &[OUTPUT]),
];

/// Notes on the first key specification, by full name.
pub const NOTES: &[(&str, &str)] = &[
    (
        "bitfield",
        "This command allows both access and modification of the key",
    ),
    ("getex", "RW and UPDATE because it changes the TTL"),
    ("hgetex", "RW and UPDATE because it changes the TTL"),
    (
        "pfcount",
        "RW because it may change the internal representation of the key, and propagate to \
         replicas",
    ),
    ("set", "RW and ACCESS due to the optional `GET` argument"),
    (
        "xadd",
        "UPDATE instead of INSERT because of the optional trimming feature",
    ),
];

/// Commands that have a successor: since when, and which.
pub const DEPRECATED: &[(&str, &str, &str)] = &[
    ("brpoplpush", "6.2.0", "`BLMOVE ... RIGHT LEFT`"),
    ("georadius", "6.2.0", "`GEOSEARCH` and `GEOSEARCHSTORE`"),
    ("georadius_ro", "6.2.0", "`GEOSEARCH`"),
    (
        "georadiusbymember",
        "6.2.0",
        "`GEOSEARCH` and `GEOSEARCHSTORE`",
    ),
    ("georadiusbymember_ro", "6.2.0", "`GEOSEARCH`"),
    ("getset", "6.2.0", "`SET ... GET`"),
    ("hmset", "4.0.0", "`HSET`"),
    ("psetex", "2.6.12", "`SET ... PX`"),
    ("quit", "7.2.0", "closing the connection"),
    ("rpoplpush", "6.2.0", "`LMOVE ... RIGHT LEFT`"),
    ("setex", "2.6.12", "`SET ... EX`"),
    ("setnx", "2.6.12", "`SET ... NX`"),
    ("substr", "2.0.0", "`GETRANGE`"),
    ("zrangebylex", "6.2.0", "`ZRANGE ... BYLEX`"),
    ("zrangebyscore", "6.2.0", "`ZRANGE ... BYSCORE`"),
    ("zrevrange", "6.2.0", "`ZRANGE ... REV`"),
    ("zrevrangebylex", "6.2.0", "`ZRANGE ... BYLEX REV`"),
    ("zrevrangebyscore", "6.2.0", "`ZRANGE ... BYSCORE REV`"),
];

/// Since when a command has a successor, and which.
pub fn successor(full_name: &str) -> Option<(&'static str, &'static str)> {
    let row = DEPRECATED.iter().find(|(name, ..)| *name == full_name);
    row.map(|(_, since, successor)| (*since, *successor))
}

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

/// Whether the argument at a key's place is no key: MIGRATE's empty one before KEYS.
pub fn leaves_out(full_name: &str, at: usize, request: &Request<'_>) -> bool {
    full_name == "migrate" && at == 3 && request.get(at).is_some_and(<[u8]>::is_empty)
}

/// What a request does with its key, where the key's flags depend on the other arguments.
pub fn flags_of(full_name: &str, request: &Request<'_>, flags: KeyFlags) -> KeyFlags {
    let has = |from: usize, word: &[u8]| {
        let mut words = request.iter().skip(from);
        words.any(|arg| arg.eq_ignore_ascii_case(word))
    };
    let update = KeyFlags::ACCESS.with(KeyFlags::UPDATE);
    match full_name {
        "set" if has(3, b"get") => KeyFlags::RW.with(update),
        "set" => KeyFlags::OW.with(KeyFlags::UPDATE),
        "bitfield" if has(2, b"set") || has(2, b"incrby") => KeyFlags::RW.with(update),
        "bitfield" => KeyFlags::RO.with(KeyFlags::ACCESS),
        _ => flags,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::resp::OwnedRequest;

    #[test]
    fn flags_depend_on_the_arguments() {
        let flags = |words: &[&str]| {
            let owned = OwnedRequest::from_args(words);
            flags_of(words[0], &owned.as_request(), KeyFlags::RO).names()
        };
        assert_eq!(flags(&["set", "get", "v"]), ["OW", "update"]);
        assert_eq!(flags(&["set", "k", "v", "GET"]), ["RW", "access", "update"]);
        assert_eq!(
            flags(&["bitfield", "k", "GET", "u8", "0"]),
            ["RO", "access"]
        );
        let incremented = ["bitfield", "k", "INCRBY", "u8", "0", "1"];
        assert_eq!(flags(&incremented), ["RW", "access", "update"]);
        assert_eq!(flags(&["get", "k"]), ["RO"]);
    }
}
