//! Directives of Redis's replication.
//!
//! Owns: these rows. Invariants, and what rows must not know: `mod.rs`. Tests: `tests.rs`.

use crate::config::directive::Directive;
use crate::config::kind::Kind;

const NO_REPLICATION: &str = "there is no replication";
const POSITIVE: Kind = Kind::Int {
    min: 1,
    max: i32::MAX as i64,
};
const DISKLESS_LOAD: Kind = Kind::Choice(&[
    ("disabled", 0),
    ("on-empty-db", 1),
    ("swapdb", 2),
    ("flush-before-load", 3),
]);
const PROPAGATION: Kind = Kind::Choice(&[("ignore", 0), ("panic", 1), ("panic-on-replicas", 2)]);

pub(super) static ROWS: &[Directive] = &[
    // A server that takes writes where a replica was asked for would lose them.
    Directive::new("replicaof", Kind::ReplicaOf, "no one")
        .aliases(&["slaveof"])
        .immutable()
        .refused(NO_REPLICATION),
    Directive::new("masterauth", Kind::Bytes, "\"\"")
        .aliases(&["primaryauth"])
        .secret()
        .ignored(NO_REPLICATION),
    Directive::new("masteruser", Kind::Text, "\"\"")
        .aliases(&["primaryuser"])
        .secret()
        .ignored(NO_REPLICATION),
    Directive::new("replica-serve-stale-data", Kind::Bool, "yes")
        .aliases(&["slave-serve-stale-data"])
        .ignored(NO_REPLICATION),
    Directive::new("replica-read-only", Kind::Bool, "yes")
        .aliases(&["slave-read-only"])
        .ignored(NO_REPLICATION),
    Directive::new("replica-lazy-flush", Kind::Bool, "no")
        .aliases(&["slave-lazy-flush"])
        .ignored(NO_REPLICATION),
    Directive::new("replica-ignore-maxmemory", Kind::Bool, "yes")
        .aliases(&["slave-ignore-maxmemory"])
        .ignored(NO_REPLICATION),
    Directive::new("replica-ignore-disk-write-errors", Kind::Bool, "no").ignored(NO_REPLICATION),
    Directive::new("replica-announced", Kind::Bool, "yes").ignored(NO_REPLICATION),
    Directive::new("replica-announce-ip", Kind::Text, "\"\"")
        .aliases(&["slave-announce-ip"])
        .ignored(NO_REPLICATION),
    Directive::new("replica-announce-port", Kind::PORT, "0")
        .aliases(&["slave-announce-port"])
        .ignored(NO_REPLICATION),
    Directive::new("replica-priority", Kind::INT, "100")
        .aliases(&["slave-priority"])
        .ignored(NO_REPLICATION),
    Directive::new("replica-full-sync-buffer-limit", Kind::BYTES, "0").ignored(NO_REPLICATION),
    Directive::new("min-replicas-to-write", Kind::INT, "0")
        .aliases(&["min-slaves-to-write"])
        .ignored(NO_REPLICATION),
    Directive::new("min-replicas-max-lag", Kind::INT, "10")
        .aliases(&["min-slaves-max-lag"])
        .ignored(NO_REPLICATION),
    Directive::new("repl-diskless-sync", Kind::Bool, "yes").ignored(NO_REPLICATION),
    Directive::new("repl-diskless-sync-delay", Kind::INT, "5").ignored(NO_REPLICATION),
    Directive::new("repl-diskless-sync-max-replicas", Kind::INT, "0").ignored(NO_REPLICATION),
    Directive::new("repl-diskless-load", DISKLESS_LOAD, "disabled").ignored(NO_REPLICATION),
    Directive::new("repl-rdb-channel", Kind::Bool, "no").ignored(NO_REPLICATION),
    Directive::new("dual-channel-replication-enabled", Kind::Bool, "no").ignored(NO_REPLICATION),
    Directive::new("repl-mptcp", Kind::Bool, "no").ignored(NO_REPLICATION),
    Directive::new("repl-disable-tcp-nodelay", Kind::Bool, "no").ignored(NO_REPLICATION),
    Directive::new("repl-timeout", POSITIVE, "60").ignored(NO_REPLICATION),
    Directive::new("repl-ping-replica-period", POSITIVE, "10")
        .aliases(&["repl-ping-slave-period"])
        .ignored(NO_REPLICATION),
    Directive::new(
        "repl-backlog-size",
        Kind::Memory {
            min: 1,
            max: i64::MAX as u64,
        },
        "1mb",
    )
    .ignored(NO_REPLICATION),
    Directive::new("repl-backlog-ttl", Kind::LONG, "3600").ignored(NO_REPLICATION),
    Directive::new("repl-compression", Kind::Bool, "no").ignored(NO_REPLICATION),
    Directive::new("propagation-error-behavior", PROPAGATION, "ignore").ignored(NO_REPLICATION),
    Directive::new("shutdown-timeout", Kind::INT, "10").ignored(NO_REPLICATION),
    Directive::new("import-mode", Kind::Bool, "no").ignored(NO_REPLICATION),
    Directive::new("availability-zone", Kind::Text, "\"\"").ignored(NO_REPLICATION),
];
