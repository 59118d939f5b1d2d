//! The live configuration.
//!
//! Owns: one typed cell per directive that the server reads, and the kept values of the others.
//! Read as `config.maxmemory.get()`; shared as `Arc<Config>`. What a directive means, its unit
//! and its range stand in its row of the table. Why cells and which kinds: `cell.rs`.
//! Invariant: every value was parsed by its directive. Must not know: who reads it.
//! Tests: `table/tests.rs`, `set/tests.rs`, `load/tests.rs`.

use std::collections::BTreeMap;
use std::ops::Deref;
use std::path::{Path, PathBuf};

use parking_lot::{Mutex, RwLock};

use super::cell::{Bytes, Chosen, Flags, Number, OutputLimits, Shared, Switch};
use super::choice::{
    Allow, Compression, Fsync, LogLevel, MaxmemoryPolicy, Supervised, WalRecovery,
};
use super::directive::Directive;
use super::error::Source;
use super::table;
use super::value::{SavePoint, Value};

/// One `rename-command` line. Whether the command exists is known only to the command table, so
/// the server checks it at start and reports the line with [`RenamedCommand::error`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RenamedCommand {
    pub from: Vec<u8>,
    /// Empty: the command is removed.
    pub to: Vec<u8>,
    pub source: Source,
    pub line_number: usize,
    pub line: String,
}

/// One cell per directive that the server reads, under the directive's name.
#[derive(Debug, Default)]
pub struct Settings {
    // Network.
    pub bind: Shared<[String]>,
    pub port: Number,
    pub protected_mode: Switch,
    pub tcp_backlog: Number,
    pub unixsocket: Shared<[u8]>,
    pub unixsocketperm: Number,
    pub timeout: Number,
    pub tcp_keepalive: Number,
    pub io_threads: Number,
    pub maxclients: Number,
    pub proto_max_bulk_len: Bytes,
    pub client_query_buffer_limit: Bytes,
    pub client_output_buffer_limit: OutputLimits,

    // Process.
    pub daemonize: Switch,
    pub supervised: Chosen<Supervised>,
    pub pidfile: Shared<[u8]>,
    pub loglevel: Chosen<LogLevel>,
    pub logfile: Shared<[u8]>,
    pub always_show_logo: Switch,
    pub databases: Number,
    pub hz: Number,
    pub shutdown_on_sigint: Flags,
    pub shutdown_on_sigterm: Flags,

    // Security.
    pub requirepass: Shared<[u8]>,
    pub enable_protected_configs: Chosen<Allow>,
    pub enable_debug_command: Chosen<Allow>,

    // Memory.
    pub maxmemory: Bytes,
    pub maxmemory_policy: Chosen<MaxmemoryPolicy>,
    pub block_cache_share_percent: Number,
    pub memtable_bytes: Bytes,
    pub memtable_number_max: Number,
    pub memtables_total_bytes: Bytes,

    // Data on disk.
    pub dir: Shared<[u8]>,
    pub dbfilename: Shared<[u8]>,
    pub appendfsync: Chosen<Fsync>,
    pub save: Shared<[SavePoint]>,
    pub partitions: Number,
    pub read_pool_threads: Number,
    pub direct_reads: Switch,
    pub engine_statistics: Switch,
    pub background_jobs: Number,
    pub compaction_rate_limit_bytes: Bytes,
    pub wal_total_bytes_max: Bytes,
    pub wal_recovery: Chosen<WalRecovery>,
    pub compression_upper: Chosen<Compression>,
    pub compression_bottom: Chosen<Compression>,
    pub disk_reserve_bytes: Bytes,
    pub sweep_rows_per_second: Number,
    pub verify_cache_reads: Switch,

    // Observation.
    pub slowlog_log_slower_than: Number,
    pub slowlog_max_len: Number,
    pub latency_monitor_threshold: Number,
    pub latency_tracking: Switch,
    pub latency_tracking_info_percentiles: Shared<[f64]>,
    pub notify_keyspace_events: Flags,

    // Thresholds of the encodings that OBJECT ENCODING names.
    pub hash_max_listpack_entries: Number,
    pub hash_max_listpack_value: Bytes,
    pub list_max_listpack_size: Number,
    pub set_max_intset_entries: Number,
    pub set_max_listpack_entries: Number,
    pub set_max_listpack_value: Bytes,
    pub zset_max_listpack_entries: Number,
    pub zset_max_listpack_value: Bytes,
    pub hll_sparse_max_bytes: Bytes,
    pub stream_node_max_bytes: Bytes,
    pub stream_node_max_entries: Number,
}

/// The configuration of a running server. It reads as its [`Settings`]; those are apart so that
/// only a configuration whose directives were all parsed can be had, and no blank one.
#[derive(Debug)]
pub struct Config {
    settings: Settings,
    /// In the order of the lines; known only at start, so they need no cell.
    pub renamed_commands: Vec<RenamedCommand>,
    /// Values of the directives that nothing reads, by name; one that is absent is at its default.
    kept: RwLock<BTreeMap<&'static str, Value>>,
    /// The file that CONFIG REWRITE rewrites, as an absolute path.
    pub(super) file: Option<PathBuf>,
    /// The working directory at start, which relative paths of the files are relative to.
    pub(super) cwd: PathBuf,
    /// Held while several directives change together, and while all are read for the file. Taken
    /// after `rewriting`.
    pub(super) changing: Mutex<()>,
    /// Held while the file is rewritten.
    pub(super) rewriting: Mutex<()>,
}

impl Deref for Config {
    type Target = Settings;

    fn deref(&self) -> &Settings {
        &self.settings
    }
}

impl Default for Config {
    fn default() -> Self {
        Self::new()
    }
}

impl Config {
    /// Every directive at its default, in the working directory of the process.
    pub fn new() -> Self {
        Self::in_directory(&std::env::current_dir().unwrap_or_else(|_| PathBuf::from("/")))
    }

    /// Every directive at its default, as if the process had been started in `cwd`.
    pub fn in_directory(cwd: &Path) -> Self {
        let config = Self {
            settings: Settings::default(),
            renamed_commands: Vec::new(),
            kept: RwLock::default(),
            file: None,
            cwd: cwd.to_owned(),
            changing: Mutex::default(),
            rewriting: Mutex::default(),
        };
        for directive in table::all() {
            config.store(directive, directive.default_value(cwd));
        }
        config
    }

    /// The configuration file that the server was started with.
    pub fn file(&self) -> Option<&Path> {
        self.file.as_deref()
    }

    pub(super) fn value(&self, directive: &Directive) -> Value {
        if let Some(value) = directive.cell(self).load() {
            return value;
        }
        let kept = self.kept.read().get(directive.name).cloned();
        kept.unwrap_or_else(|| directive.default_value(&self.cwd))
    }

    pub(super) fn store(&self, directive: &'static Directive, value: Value) {
        if let Err(value) = directive.cell(self).store(value) {
            self.kept.write().insert(directive.name, value);
        }
    }
}
