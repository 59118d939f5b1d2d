//! Directives of Redis's snapshots and append-only files, which Ferrock does not need.
//!
//! Owns: these rows. Invariants, and what rows must not know: `mod.rs`. Tests: `tests.rs`.

use crate::config::directive::Directive;
use crate::config::kind::Kind;
use crate::config::value::Value;

const DURABLE: &str = "every write is logged and kept; see appendfsync";
const NO_SNAPSHOTS: &str = "no snapshot files are written";

/// Whether a text is a file name without a directory. Redis takes the backslash of Windows for a
/// separator, too.
fn is_base_name(value: &Value) -> bool {
    match value {
        Value::Text(name) => memchr::memchr2(b'/', b'\\', name).is_none(),
        _ => true,
    }
}

fn is_empty(value: &Value) -> bool {
    matches!(value, Value::Text(name) if name.is_empty())
}

pub(super) fn base_name_db(value: &Value) -> Result<(), &'static str> {
    if is_base_name(value) {
        Ok(())
    } else {
        Err("dbfilename can't be a path, just a filename")
    }
}

fn base_name_aof(value: &Value) -> Result<(), &'static str> {
    match value {
        empty if is_empty(empty) => Err("appendfilename can't be empty"),
        path if !is_base_name(path) => Err("appendfilename can't be a path, just a filename"),
        _ => Ok(()),
    }
}

fn base_name_aof_dir(value: &Value) -> Result<(), &'static str> {
    match value {
        empty if is_empty(empty) => Err("appenddirname can't be empty"),
        path if !is_base_name(path) => Err("appenddirname can't be a path, just a dirname"),
        _ => Ok(()),
    }
}

pub(super) static ROWS: &[Directive] = &[
    Directive::new("appendonly", Kind::Bool, "no").ignored(DURABLE),
    Directive::new("appendfilename", Kind::Text, "appendonly.aof")
        .immutable()
        .check(base_name_aof)
        .ignored(DURABLE),
    Directive::new("appenddirname", Kind::Text, "appendonlydir")
        .immutable()
        .check(base_name_aof_dir)
        .ignored(DURABLE),
    Directive::new("no-appendfsync-on-rewrite", Kind::Bool, "no").ignored(DURABLE),
    Directive::new("auto-aof-rewrite-percentage", Kind::INT, "100").ignored(DURABLE),
    Directive::new("auto-aof-rewrite-min-size", Kind::BYTES, "64mb").ignored(DURABLE),
    Directive::new("aof-load-truncated", Kind::Bool, "yes").ignored(DURABLE),
    Directive::new("aof-load-corrupt-tail-max-size", Kind::BYTES, "0").ignored(DURABLE),
    Directive::new("aof-use-rdb-preamble", Kind::Bool, "yes").ignored(DURABLE),
    Directive::new("aof-timestamp-enabled", Kind::Bool, "no").ignored(DURABLE),
    Directive::new("aof-disable-auto-gc", Kind::Bool, "no").ignored(DURABLE),
    Directive::new("aof-rewrite-incremental-fsync", Kind::Bool, "yes").ignored(DURABLE),
    Directive::new("stop-writes-on-bgsave-error", Kind::Bool, "yes").ignored(NO_SNAPSHOTS),
    Directive::new("rdbcompression", Kind::Bool, "yes").ignored(NO_SNAPSHOTS),
    Directive::new("rdbchecksum", Kind::Bool, "yes")
        .immutable()
        .ignored(NO_SNAPSHOTS),
    Directive::new("rdb-del-sync-files", Kind::Bool, "no").ignored(NO_SNAPSHOTS),
    Directive::new("rdb-save-incremental-fsync", Kind::Bool, "yes").ignored(NO_SNAPSHOTS),
    Directive::new("rdb-key-save-delay", SIGNED, "0")
        .hidden()
        .ignored(NO_SNAPSHOTS),
    Directive::new(
        "rdb-version-check",
        Kind::Choice(&[("strict", 0), ("relaxed", 1)]),
        "strict",
    )
    .ignored(NO_SNAPSHOTS),
    Directive::new("key-load-delay", SIGNED, "0")
        .hidden()
        .ignored(NO_SNAPSHOTS),
    Directive::new(
        "loading-process-events-interval-bytes",
        Kind::Int {
            min: 1024,
            max: i32::MAX as i64,
        },
        "2097152",
    )
    .hidden()
    .ignored(NO_SNAPSHOTS),
];

const SIGNED: Kind = Kind::Int {
    min: i32::MIN as i64,
    max: i32::MAX as i64,
};
