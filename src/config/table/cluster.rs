//! Directives of Redis Cluster.
//!
//! Owns: these rows. Invariants, and what rows must not know: `mod.rs`. Tests: `tests.rs`.

use crate::config::directive::Directive;
use crate::config::kind::Kind;
use crate::config::value::Value;

const STANDALONE: &str = "the server runs standalone";
const HOSTNAME_BYTES_MAX: usize = 255;
const PERCENT: Kind = Kind::Int { min: 0, max: 100 };
const ENDPOINT: Kind = Kind::Choice(&[("ip", 0), ("hostname", 1), ("unknown-endpoint", 2)]);

fn hostname(value: &Value) -> Result<(), &'static str> {
    let Value::Text(name) = value else {
        return Ok(());
    };
    if name.len() > HOSTNAME_BYTES_MAX {
        return Err("Hostnames must be less than 256 characters");
    }
    if !name
        .iter()
        .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.'))
    {
        return Err("Hostnames may only contain alphanumeric characters, hyphens or dots");
    }
    Ok(())
}

const fn text(name: &'static str) -> Directive {
    Directive::new(name, Kind::Text, "\"\"").ignored(STANDALONE)
}

const fn port(name: &'static str) -> Directive {
    Directive::new(name, Kind::PORT, "0").ignored(STANDALONE)
}

const fn switch(name: &'static str, default: &'static str) -> Directive {
    Directive::new(name, Kind::Bool, default).ignored(STANDALONE)
}

const fn number(name: &'static str, kind: Kind, default: &'static str) -> Directive {
    Directive::new(name, kind, default).ignored(STANDALONE)
}

pub(super) static ROWS: &[Directive] = &[
    switch("cluster-enabled", "no").immutable(),
    Directive::new("cluster-config-file", Kind::Text, "nodes.conf")
        .immutable()
        .ignored(STANDALONE),
    number("cluster-node-timeout", Kind::LONG, "15000"),
    number("cluster-ping-interval", Kind::LONG, "0").hidden(),
    port("cluster-port").immutable(),
    text("cluster-announce-ip"),
    port("cluster-announce-port"),
    port("cluster-announce-tls-port"),
    port("cluster-announce-bus-port"),
    text("cluster-announce-hostname").check(hostname),
    text("cluster-announce-human-nodename"),
    text("cluster-announce-client-ipv4"),
    text("cluster-announce-client-ipv6"),
    port("cluster-announce-client-port"),
    port("cluster-announce-client-tls-port"),
    number("cluster-preferred-endpoint-type", ENDPOINT, "ip"),
    number("cluster-replica-validity-factor", Kind::INT, "10")
        .aliases(&["cluster-slave-validity-factor"]),
    switch("cluster-replica-no-failover", "no").aliases(&["cluster-slave-no-failover"]),
    switch("cluster-require-full-coverage", "yes"),
    switch("cluster-allow-reads-when-down", "no"),
    switch("cluster-allow-pubsubshard-when-down", "yes"),
    switch("cluster-allow-replica-migration", "yes"),
    number("cluster-migration-barrier", Kind::INT, "1"),
    number(
        "cluster-link-sendbuf-limit",
        Kind::Memory {
            min: 0,
            max: u64::MAX,
        },
        "0",
    ),
    number(
        "cluster-databases",
        Kind::Int {
            min: 1,
            max: i32::MAX as i64,
        },
        "1",
    )
    .immutable(),
    number("cluster-blacklist-ttl", Kind::LONG, "60"),
    number("cluster-manual-failover-timeout", Kind::INT, "5000"),
    number("cluster-message-gossip-perc", PERCENT, "10"),
    number(
        "cluster-config-save-behavior",
        Kind::Choice(&[("sync", 0), ("best-effort", 1)]),
        "sync",
    ),
    number("cluster-compatibility-sample-ratio", PERCENT, "0"),
    switch("cluster-slot-stats-enabled", "no"),
    number("cluster-slot-migration-log-max-len", Kind::LONG, "1000"),
    number(
        "cluster-slot-migration-handoff-max-lag-bytes",
        Kind::BYTES,
        "1mb",
    ),
    number(
        "cluster-slot-migration-write-pause-timeout",
        Kind::LONG,
        "10000",
    ),
    number(
        "cluster-slot-migration-sync-buffer-drain-timeout",
        Kind::LONG,
        "60000",
    ),
    number(
        "cluster-slot-migration-max-archived-tasks",
        Kind::LONG,
        "32",
    )
    .hidden(),
    number(
        "slot-migration-max-failover-repl-bytes",
        Kind::Int {
            min: -1,
            max: i64::MAX,
        },
        "0",
    ),
];
