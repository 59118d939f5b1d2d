//! The lines that tools wait for while a server starts.
//!
//! Owns: their texts, which are Redis's: supervisors, client libraries' tests and the upstream
//! test suite search the log for ` PID: <pid>`, `Server initialized` and `Ready to accept
//! connections`. Invariant: these texts change only when Redis's do.
//! Must not know: how a server starts. Tests: below.

use std::io;
use std::path::Path;

use tracing::{info, warn};

use super::{Log, is_at_terminal};
use crate::config::{Config, Startup, strerror};

/// How the server takes part in a cluster; the banner names it.
const MODE: &str = "standalone";

/// The first lines: who starts, and with which configuration. `program` is the name that the
/// process was started by.
pub fn log_starting(program: &Path, startup: &Startup) {
    let version = env!("CARGO_PKG_VERSION");
    let pid = std::process::id();
    info!("oO0OoO0OoO0Oo Ferrock is starting oO0OoO0OoO0Oo");
    info!(
        "Ferrock version={version}, bits=64, commit=00000000, modified=0, pid={pid}, just started"
    );
    if startup.configured {
        info!("Configuration loaded");
    } else {
        let program = program.display();
        warn!(
            "Warning: no config file specified, using the default config. In order to specify a \
             config file use {program} /path/to/ferrock.conf"
        );
    }
    for warning in &startup.warnings {
        warn!("{warning}");
    }
}

/// The banner, at a terminal or if `always-show-logo` asks for it; otherwise a line in its place.
pub fn log_banner(log: &Log, config: &Config) {
    let port = config.port.get();
    if config.always_show_logo.get() || is_at_terminal(&config.logfile.as_path()) {
        log.raw(&banner(port, std::process::id()));
    } else {
        info!("Running mode={MODE}, port={port}.");
    }
}

fn banner(port: i64, pid: u32) -> String {
    let version = env!("CARGO_PKG_VERSION");
    format!(
        r"
       ____
      / __/___  ____ ____ ____  _____ __ __
     / /_ / _ \/ __// __// __ \/ ___// //_/     Ferrock {version}, 64 bit
    / __//  __/ /  / /  / /_/ / /__ / ,<        Running in {MODE} mode
   /_/   \___/_/  /_/   \____/\___//_/|_|       Port: {port}
                                                PID: {pid}

"
    )
}

/// Storage is open and commands could run; nobody can connect yet.
pub fn log_initialized() {
    info!("Server initialized");
}

/// The TCP port is listened on, at every address of `bind`.
pub fn log_ready_tcp() {
    info!("Ready to accept connections tcp");
}

/// The Unix socket is listened on.
pub fn log_ready_unix() {
    info!("Ready to accept connections unix");
}

/// An address of `bind` cannot be listened on.
pub fn log_bind_failed(address: &str, port: u16, error: &io::Error) {
    let error = strerror(error);
    warn!("Warning: Could not create server TCP listening socket {address}:{port}: bind: {error}");
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::CommandLine;
    use crate::config::words::quote;

    fn log_of_start(options: &str) -> Vec<String> {
        let home = tempfile::tempdir().unwrap();
        let path = home.path().join("log");
        let logfile = quote(path.as_os_str().as_encoded_bytes());
        let text = format!("logfile {logfile}\n{options}");
        let args = ["ferrock-server", "-"].map(Into::into).into_iter();
        let parsed = Config::from_args(args, &mut text.as_bytes(), Config::new()).unwrap();
        let CommandLine::Run(startup) = parsed else {
            panic!()
        };
        let (log, subscriber) = Log::new(&startup.config).unwrap();
        tracing::subscriber::with_default(subscriber, || {
            log_starting(Path::new("ferrock-server"), &startup);
            log_banner(&log, &startup.config);
            log_initialized();
            log_bind_failed(
                "127.0.0.1",
                7,
                &io::Error::from_raw_os_error(libc::EADDRINUSE),
            );
            log_ready_tcp();
            log_ready_unix();
        });
        let text = std::fs::read_to_string(&path).unwrap();
        text.lines().map(String::from).collect()
    }

    fn has(lines: &[String], end: &str) -> bool {
        lines.iter().any(|line| line.ends_with(end))
    }

    #[test]
    fn start_up_has_the_lines_that_tools_wait_for() {
        let lines = log_of_start("port 7001\nrdbchecksum yes\n");
        assert!(has(
            &lines,
            " * oO0OoO0OoO0Oo Ferrock is starting oO0OoO0OoO0Oo"
        ));
        assert!(has(
            &lines,
            &format!("pid={}, just started", std::process::id())
        ));
        assert!(has(&lines, " * Configuration loaded"));
        let warned = " # Directives accepted without effect: \
                      rdbchecksum (no snapshot files are written)";
        assert!(has(&lines, warned), "{lines:?}");
        assert!(has(&lines, " * Running mode=standalone, port=7001."));
        assert!(has(&lines, " * Server initialized"));
        assert!(has(&lines, " * Ready to accept connections tcp"));
        assert!(has(&lines, " * Ready to accept connections unix"));
        assert!(has(
            &lines,
            "TCP listening socket 127.0.0.1:7: bind: Address already in use"
        ));
    }

    /// The upstream suite waits for ` PID: <pid>` with `always-show-logo yes` in its files.
    #[test]
    fn the_banner_shows_the_pid() {
        let lines = log_of_start("always-show-logo yes\nloglevel verbose\n");
        assert!(
            has(&lines, &format!(" PID: {}", std::process::id())),
            "{lines:?}"
        );
        assert!(has(&lines, " Port: 6379"));
        assert!(!lines.iter().any(|line| line.contains("Running mode=")));
    }

    #[test]
    fn the_banner_is_a_notice() {
        let lines = log_of_start("always-show-logo yes\nloglevel warning\n");
        assert!(
            !lines.iter().any(|line| line.contains("PID: ")),
            "{lines:?}"
        );
    }
}
