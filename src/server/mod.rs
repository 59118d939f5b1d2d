//! Owns assembly and lifecycle: open the store, start threads, accept, stop in order.
//! Invariants: the process works in `dir`, where relative paths of directives start; listening
//! sockets are bound before the log says ready; a stop commits and fsyncs everything staged.
//! Tests: `tests/commands/server.rs`, `tests/crash`.

mod cron;
mod daemon;
mod observer;
mod supervisor;
mod threads;

use crate::commands;
use crate::config::{self, Config, Startup};
use crate::exec::{Executor, Lookup, ReadPool};
use crate::log::{self, Log};
use crate::metrics::{Metrics, memory};
use crate::net::{Acceptor, Bound};
use crate::session::{ClientRegistry, Monitors, Pause, Services, descriptors};
use crate::wait::Waiting;
use anyhow::{Context, anyhow};
use observer::ServerObserver;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use storage::background::{Background, MemoryWatch};
use storage::engine::{Compression, EngineTuning, LogDamage};
use storage::memory::MemoryController;
use storage::{Options, Store};
use supervisor::Supervisor;
use threads::IoThreads;

/// Serves until told to stop. Errors are those of starting.
pub fn run(startup: Startup, program: &Path) -> anyhow::Result<()> {
    let supervisor = Supervisor::find(startup.config.supervised.get());
    if startup.config.daemonize.get() && !supervisor.is_systemd() {
        daemon::detach().context("cannot go into the background")?;
    }
    let log = Log::install(&startup.config).context("cannot open the log file")?;
    log::startup::log_starting(program, &startup);
    let config = Arc::new(startup.config);
    log::startup::log_banner(&log, &config);
    supervisor.tell_starting();
    let started = start(&config, log, supervisor.is_systemd());
    if let Err(error) = &started {
        tracing::error!("{error:#}");
    }
    let served = started?.serve(&config, &supervisor);
    if let Err(error) = &served {
        tracing::error!("the end was not clean: {error:#}");
    }
    served
}

/// A server that has started.
struct Running {
    executor: Arc<Executor>,
    background: Background,
    bound: Vec<Bound>,
}

fn start(config: &Arc<Config>, log: Log, supervised: bool) -> anyhow::Result<Running> {
    let directory = config.dir.as_path();
    std::env::set_current_dir(&directory)
        .with_context(|| format!("Can't chdir to '{}'", directory.display()))?;
    raise_descriptor_limit(config);
    let lookup = match Lookup::new(&config.renamed_commands) {
        Ok(lookup) => lookup,
        Err(renaming) => {
            return Err(anyhow!(
                "{}",
                renaming.error("No such command in rename-command")
            ));
        }
    };
    let (bound, port) =
        Acceptor::bind(config).context("Failed listening on port: cannot bind, aborting")?;
    if bound.is_empty() {
        return Err(anyhow!("Configured to not listen anywhere, exiting."));
    }
    let metrics = Metrics {
        memory_startup: memory::used_bytes(),
        ..Metrics::new(commands::numbered().len())
    };
    let observer = ServerObserver::default();
    let changes = Arc::clone(&observer.changes);
    let store = Store::open(options(config, observer)).map_err(|error| anyhow!("{error}"))?;
    let started_ms = store.now_ms();
    let services = Arc::new(Services {
        config: Arc::clone(config),
        log,
        memory: Arc::new(controller(&store, config)),
        store: Arc::clone(&store),
        clients: ClientRegistry::default(),
        waiting: Waiting::default(),
        pause: Pause::default(),
        monitors: Monitors::default(),
        watches: Arc::default(),
        metrics,
        changes,
        run_id: run_id(),
        port,
        started_ms,
        supervised,
        shutdown: tokio::sync::Notify::new(),
        cron_paused: AtomicBool::new(false),
    });
    tune(&store, config);
    let watch = MemoryWatch {
        controller: Arc::clone(&services.memory),
        resident: Box::new(|| memory::resident_bytes() as usize),
        release: Box::new(memory::release_pages),
    };
    let background = Background::start_with(&store, Some(watch))?;
    memory::return_pages_in_background();
    let pool = ReadPool::start(config.read_pool_threads.as_usize()).context("read pool")?;
    let executor = Arc::new(Executor::new(services, lookup, pool));
    Ok(Running {
        executor,
        background,
        bound,
    })
}

impl Running {
    fn serve(self, config: &Arc<Config>, supervisor: &Supervisor) -> anyhow::Result<()> {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()?;
        let threads = IoThreads::start(config, &self.executor)?;
        let pid_file = PidFile::write(config);
        log::startup::log_initialized();
        let unix = self.bound.iter().filter_map(|bound| match bound {
            Bound::Unix(_, path) => Some(path.clone()),
            Bound::Tcp(_) => None,
        });
        let unix: Vec<_> = unix.collect();
        let until_stopped = threads.accept_until_stopped(self.bound, &self.executor, supervisor);
        runtime.block_on(until_stopped)?;
        supervisor.tell_stopping();
        threads.stop();
        self.background.stop();
        let services = self.executor.services();
        let closed = services.store.close();
        services.store.engine().stop();
        for path in unix {
            // Another start may have replaced it already.
            let _ = std::fs::remove_file(path);
        }
        drop(pid_file);
        closed.map_err(|error| anyhow!("{error}"))?;
        tracing::info!("Ferrock is now ready to exit, bye bye...");
        Ok(())
    }
}

/// Directives that the store follows while it runs.
fn tune(store: &Store, config: &Config) {
    store.set_verify_reads(config.verify_cache_reads.get());
    store.set_disk_reserve_bytes(config.disk_reserve_bytes.get());
    store
        .sweeps()
        .set_dead_rows_per_s(config.sweep_rows_per_second.as_usize());
}

fn controller(store: &Arc<Store>, config: &Config) -> MemoryController {
    let controller = MemoryController::new(Arc::clone(store), config.maxmemory.as_usize());
    controller.set_block_cache_percent(config.block_cache_share_percent.as_usize());
    controller.set_memtables_max(config.memtables_total_bytes.as_usize());
    controller
}

/// The file of `pidfile`; dropping it removes the file.
struct PidFile(std::path::PathBuf);

impl PidFile {
    /// Writes the process id, if a file is configured. Without one the server serves as well.
    fn write(config: &Config) -> Option<PidFile> {
        if config.pidfile.is_empty() {
            return None;
        }
        let path = config.pidfile.as_path();
        match std::fs::write(&path, format!("{}\n", std::process::id())) {
            Ok(()) => Some(PidFile(path)),
            Err(error) => {
                tracing::warn!("Failed to write PID file {}: {error}", path.display());
                None
            }
        }
    }
}

impl Drop for PidFile {
    fn drop(&mut self) {
        // Whoever removed it before has done no harm.
        let _ = std::fs::remove_file(&self.0);
    }
}

/// The storage options that the directives mean.
fn options(config: &Config, observer: ServerObserver) -> Options {
    let compression = |chosen| match chosen {
        config::Compression::None => Compression::None,
        config::Compression::Lz4 => Compression::Lz4,
        config::Compression::Zstd => Compression::Zstd,
    };
    let maxmemory = storage::memory::target_of(config.maxmemory.as_usize());
    let block_cache_percent = config.block_cache_share_percent.as_usize();
    Options {
        path: config.dir.as_path(),
        partitions: Some(config.partitions.get() as u16),
        tuning: EngineTuning {
            block_cache_bytes: storage::memory::block_cache_at_start(
                maxmemory,
                block_cache_percent,
            ),
            memtable_bytes: config.memtable_bytes.as_usize(),
            memtables_max: config.memtable_number_max.get() as u16,
            background_jobs: config.background_jobs.get() as u16,
            background_write_bytes_per_s: config.compaction_rate_limit_bytes.get(),
            wal_bytes_max: config.wal_total_bytes_max.get(),
            compression_upper: compression(config.compression_upper.get()),
            compression_bottom: compression(config.compression_bottom.get()),
            direct_reads: config.direct_reads.get(),
            statistics: config.engine_statistics.get(),
            log_damage: match config.wal_recovery.get() {
                config::WalRecovery::Strict => LogDamage::Refuse,
                config::WalRecovery::Truncate => LogDamage::Cut,
            },
            ..EngineTuning::default()
        },
        hot_table_bytes: maxmemory / 2,
        fsync: commands::server::config::fsync(config.appendfsync.get()),
        observer: Box::new(observer),
    }
}

/// Each client needs a descriptor, and so does each file of the store.
fn raise_descriptor_limit(config: &Config) {
    let clients = config.maxclients.get();
    if let Err(fits) = descriptors::raise_for(clients as u64) {
        tracing::warn!(
            "The limit of open files is below what maxclients {clients} asks for: {fits} clients \
             may connect."
        );
    }
}

fn run_id() -> String {
    let bytes: [u8; 20] = rand::random();
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
