//! A server as a process: start, wait until it is ready, kill, shut down, start again.
//! Invariants: each server has its own directory and port; the process dies with the thread
//! that started it; the log is scanned when the server is dropped, and an unlisted warning fails
//! the test. Must not know: commands. Tests: exercised by every other test.

use super::log::{self, Allowed};
use super::raw::Raw;
use super::tool;
use super::wait::{self, PATIENCE};
use std::fs::{self, File};
use std::net::TcpListener;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::atomic::{AtomicU16, Ordering};

/// The words that Redis's own tools wait for; a server with a unix socket alone writes `ready`.
const READY: &str = "eady to accept connections";

/// Ports below the range from which the kernel serves outgoing connections, so that no client
/// of a neighbouring test can sit on a server's port.
const PORT_FIRST: u16 = 20_000;
const PORT_COUNT: u16 = 12_000;

/// Whether another server stands in for Ferrock, named by `FERROCK_SERVER_BIN`.
pub fn stand_in() -> bool {
    std::env::var_os("FERROCK_SERVER_BIN").is_some()
}

/// Skips a test (returns true, printing the reason) where a stand-in cannot pass it.
pub fn skip_on_stand_in(reason: &str) -> bool {
    if stand_in() {
        println!("skipped: the stand-in {reason}");
    }
    stand_in()
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Program {
    /// The server under test, or its stand-in.
    Ferrock,
    /// Debian's `redis-server`, the other side of comparisons.
    Redis,
}

/// How to start a server.
#[derive(Clone)]
pub struct Builder {
    program: Program,
    arguments: Vec<String>,
    directory: Option<PathBuf>,
    config_file: Option<String>,
    config_input: Option<String>,
    allowed: Vec<Allowed>,
}

impl Builder {
    fn new(program: Program) -> Builder {
        Builder {
            program,
            arguments: Vec::new(),
            directory: None,
            config_file: None,
            config_input: None,
            allowed: Vec::new(),
        }
    }

    /// Adds `--directive value`; a value of several words is passed as several arguments.
    pub fn set(mut self, directive: &str, value: &str) -> Builder {
        self.arguments.push(format!("--{directive}"));
        if value.is_empty() {
            self.arguments.push(String::new());
        }
        self.arguments
            .extend(value.split_whitespace().map(str::to_string));
        self
    }

    /// Uses this data directory instead of a fresh one.
    pub fn directory(mut self, path: &Path) -> Builder {
        self.directory = Some(path.to_path_buf());
        self
    }

    /// Passes a configuration file with this text.
    pub fn config_file(mut self, text: &str) -> Builder {
        self.config_file = Some(text.to_string());
        self
    }

    /// Passes a configuration with this text on standard input.
    pub fn config_input(mut self, text: &str) -> Builder {
        self.config_input = Some(text.to_string());
        self
    }

    /// Permits warnings that contain `text`.
    pub fn allow(mut self, text: &'static str, reason: &'static str) -> Builder {
        assert!(!reason.is_empty(), "an allowance needs a reason");
        self.allowed.push(Allowed { text, reason });
        self
    }

    /// Starts the server and waits until it accepts connections.
    #[track_caller]
    pub fn start(self) -> Server {
        let mut server = Server::prepare(self);
        server.launch();
        server
    }

    /// Starts a server that must refuse to run; returns its exit code and everything it wrote.
    #[track_caller]
    pub fn refuses(self) -> (Option<i32>, String) {
        let mut server = Server::prepare(self);
        server.spawn();
        let status = server.wait_for_exit();
        server.scanned = true;
        (status.code(), server.log())
    }
}

/// A running (or killed, and soon restarted) server.
pub struct Server {
    options: Builder,
    home: tempfile::TempDir,
    port: u16,
    child: Option<Child>,
    /// Where the log of the latest start begins.
    log_start: u64,
    /// Set once the log has been judged, or when its warnings are the test's own subject.
    scanned: bool,
}

impl Server {
    /// A server with default directives.
    #[track_caller]
    pub fn start() -> Server {
        Server::builder().start()
    }

    pub fn builder() -> Builder {
        Builder::new(Program::Ferrock)
    }

    /// Debian's `redis-server`, in memory only, for comparisons.
    pub fn redis() -> Builder {
        Builder::new(Program::Redis)
            .set("save", "")
            .set("appendonly", "no")
    }

    fn prepare(options: Builder) -> Server {
        let home = tempfile::Builder::new().prefix("ferrock-test-").tempdir();
        let home = home.expect("a temporary directory");
        fs::create_dir(home.path().join("data")).expect("a data directory");
        let port = free_port();
        Server {
            options,
            home,
            port,
            child: None,
            log_start: 0,
            scanned: false,
        }
    }

    /// The data directory.
    pub fn directory(&self) -> PathBuf {
        match &self.options.directory {
            Some(path) => path.clone(),
            None => self.home.path().join("data"),
        }
    }

    pub fn port(&self) -> u16 {
        self.port
    }

    pub fn pid(&self) -> u32 {
        self.child.as_ref().expect("a running server").id()
    }

    /// The server under test, or its stand-in.
    pub fn binary() -> PathBuf {
        match std::env::var_os("FERROCK_SERVER_BIN") {
            Some(path) => path.into(),
            None => env!("CARGO_BIN_EXE_ferrock-server").into(),
        }
    }

    fn program(&self) -> PathBuf {
        match self.options.program {
            Program::Redis => "redis-server".into(),
            Program::Ferrock => Server::binary(),
        }
    }

    /// What a stand-in needs to keep its data as Ferrock does unasked.
    fn stand_in_arguments(&self) -> &'static [&'static str] {
        match self.options.program == Program::Ferrock && stand_in() {
            // Without fsync, since Redis acknowledges before it writes while one is under way.
            true => &[
                "--appendonly",
                "yes",
                "--appendfsync",
                "no",
                "--save",
                "",
                "--auto-aof-rewrite-percentage",
                "0",
            ],
            false => &[],
        }
    }

    fn spawn(&mut self) {
        assert!(self.child.is_none(), "the server already runs");
        let log = File::options()
            .create(true)
            .append(true)
            .open(self.log_path());
        let log = log.expect("a log file");
        self.log_start = log.metadata().expect("a log file").len();
        let mut command = Command::new(self.program());
        if let Some(text) = self.options.config_file.take() {
            fs::write(self.config_path(), text).expect("write the configuration file");
        }
        if self.config_path().exists() {
            command.arg(self.config_path());
        }
        if self.options.config_input.is_some() {
            command.arg("-");
        }
        command
            .args(["--port", &self.port.to_string(), "--bind", "127.0.0.1"])
            .arg("--dir")
            .arg(self.directory())
            .args(self.stand_in_arguments())
            .args(&self.options.arguments)
            .current_dir(self.home.path())
            .stdin(self.standard_input())
            .stdout(log.try_clone().expect("a log file"))
            .stderr(log);
        // SAFETY: prctl is async-signal-safe and touches nothing of the parent's memory.
        unsafe {
            command.pre_exec(|| {
                libc::prctl(libc::PR_SET_PDEATHSIG, libc::SIGKILL);
                Ok(())
            });
        }
        let child = command.spawn();
        self.child = Some(child.unwrap_or_else(|e| panic!("cannot start {command:?}: {e}")));
    }

    #[track_caller]
    fn launch(&mut self) {
        self.spawn();
        let ready = wait::within(PATIENCE, || {
            self.log_since_start().contains(READY) || self.has_exited()
        });
        if !ready || self.has_exited() {
            self.scanned = true;
            panic!("the server did not start:\n{}", self.log_since_start());
        }
    }

    fn has_exited(&mut self) -> bool {
        let child = self.child.as_mut().expect("a started server");
        child.try_wait().expect("wait for the server").is_some()
    }

    #[track_caller]
    fn wait_for_exit(&mut self) -> ExitStatus {
        wait::eventually("the server exits", || self.has_exited());
        self.child
            .take()
            .expect("a started server")
            .wait()
            .expect("wait for the server")
    }

    /// Starts again on the same directory and port.
    #[track_caller]
    pub fn restart(&mut self) {
        if self.child.is_some() {
            self.shut_down();
        }
        self.launch();
    }

    /// kill -9.
    pub fn kill(&mut self) {
        let mut child = self.child.take().expect("a running server");
        child.kill().expect("kill the server");
        child.wait().expect("wait for the server");
    }

    /// SIGTERM; waits for the exit, which must be clean.
    #[track_caller]
    pub fn shut_down(&mut self) {
        self.signal(libc::SIGTERM);
        let status = self.wait_for_exit();
        assert!(
            status.success(),
            "shutdown: {status}\n{}",
            self.log_since_start()
        );
    }

    /// Waits for an exit that a command such as SHUTDOWN has asked for.
    #[track_caller]
    pub fn exits(&mut self) -> ExitStatus {
        self.wait_for_exit()
    }

    pub fn signal(&self, signal: i32) {
        let pid = libc::pid_t::try_from(self.pid()).expect("a process id");
        // SAFETY: kill takes two integers; the process is our own child and not yet reaped.
        let done = unsafe { libc::kill(pid, signal) };
        assert_eq!(
            done,
            0,
            "signal {signal}: {}",
            std::io::Error::last_os_error()
        );
    }

    /// A raw connection.
    pub fn raw(&self) -> Raw {
        Raw::connect(self.port)
    }

    /// A redis-rs connection.
    #[track_caller]
    pub fn client(&self) -> redis::Connection {
        self.client_to("")
    }

    /// A redis-rs connection with a URL tail such as `/3` or `/?protocol=resp3`.
    #[track_caller]
    pub fn client_to(&self, tail: &str) -> redis::Connection {
        let client = redis::Client::open(format!("redis://127.0.0.1:{}{tail}", self.port));
        let connection = client.expect("a URL").get_connection().expect("connect");
        connection
            .set_read_timeout(Some(PATIENCE))
            .expect("read timeout");
        connection
    }

    /// Runs `redis-cli` against this server.
    #[track_caller]
    pub fn cli(&self, arguments: &[&str]) -> String {
        tool::redis_cli(self.port, arguments)
    }

    /// The configuration that `-` reads, or nothing.
    fn standard_input(&self) -> Stdio {
        let Some(text) = &self.options.config_input else {
            return Stdio::null();
        };
        let path = self.home.path().join("input.conf");
        fs::write(&path, text).expect("write the standard input");
        File::open(path).expect("open the standard input").into()
    }

    pub fn config_path(&self) -> PathBuf {
        self.home.path().join("server.conf")
    }

    /// The configuration file as it stands now.
    pub fn config_text(&self) -> String {
        fs::read_to_string(self.config_path()).expect("a configuration file")
    }

    fn log_path(&self) -> PathBuf {
        self.home.path().join("log")
    }

    /// The whole log, over all starts.
    pub fn log(&self) -> String {
        let bytes = fs::read(self.log_path()).unwrap_or_default();
        String::from_utf8_lossy(&bytes).into_owned()
    }

    /// The log of the latest start.
    pub fn log_since_start(&self) -> String {
        let bytes = fs::read(self.log_path()).unwrap_or_default();
        let start = usize::try_from(self.log_start).expect("a log that fits in memory");
        String::from_utf8_lossy(bytes.get(start..).unwrap_or_default()).into_owned()
    }

    /// Waits until the log of the latest start contains `text`.
    #[track_caller]
    pub fn expect_log(&self, text: &str) {
        let found = wait::within(PATIENCE, || self.log_since_start().contains(text));
        assert!(
            found,
            "{text:?} never appeared in the log:\n{}",
            self.log_since_start()
        );
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let failing = std::thread::panicking();
        if let Some(mut child) = self.child.take() {
            if failing {
                let _ = child.kill();
                let _ = child.wait();
            } else {
                self.child = Some(child);
                self.shut_down();
            }
        }
        if failing {
            eprintln!(
                "log of the server on port {}:\n{}",
                self.port,
                tail(&self.log())
            );
            return;
        }
        if !self.scanned {
            let allowed = &self.options.allowed;
            let found = log::unexpected(&self.log(), allowed).join("\n");
            let list = log::describe(allowed);
            assert!(
                found.is_empty(),
                "unlisted warnings in the log:\n{found}\n{list}"
            );
        }
    }
}

/// The last lines of a log, enough to see why a test failed.
fn tail(log: &str) -> String {
    const LINES_MAX: usize = 60;
    let lines: Vec<&str> = log.lines().collect();
    lines[lines.len().saturating_sub(LINES_MAX)..].join("\n")
}

/// A port on which nothing listens; each is handed out once in this process.
pub fn free_port() -> u16 {
    static NEXT: AtomicU16 = AtomicU16::new(0);
    // Test processes side by side start at different places.
    let start = u16::try_from(std::process::id() % 120).expect("small") * 100;
    for _ in 0..PORT_COUNT {
        let step = NEXT.fetch_add(1, Ordering::Relaxed);
        let port = PORT_FIRST + (start.wrapping_add(step)) % PORT_COUNT;
        if TcpListener::bind(("127.0.0.1", port)).is_ok() {
            return port;
        }
    }
    panic!("no free port")
}
