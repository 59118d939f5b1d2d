//! Directives of the process: start, stop, log, periodic work.
//!
//! Owns: these rows. Invariants, and what rows must not know: `mod.rs`. Tests: `tests.rs`.

use crate::config::cell::Cell;
use crate::config::choice::{Choice, LogLevel, Supervised};
use crate::config::directive::Directive;
use crate::config::kind::Kind;
use crate::config::value::Value;
use storage::limits::DATABASES_MAX;

const NO_SYSLOG: &str = "the log goes to the standard output or a file";
const NO_TITLE: &str = "the process keeps its command line as its title";
const THREADS_FLOAT: &str = "threads are not pinned; use taskset or a cgroup";
const NOT_A_CHILD: &str = "the server forks no children";
const HZ_MIN: i64 = 1;
const HZ_MAX: i64 = 500;

/// INFO looks at each of them, and storage numbers no more.
fn as_many_as_can_be_stored(value: &Value) -> Result<(), &'static str> {
    const _: () = assert!(DATABASES_MAX == 65_536);
    match value {
        Value::Int(count) if *count > i64::from(DATABASES_MAX) => {
            Err("argument must be at most 65536")
        }
        _ => Ok(()),
    }
}

pub(super) const SHUTDOWN_SAVE: u32 = 1;
pub(super) const SHUTDOWN_NOSAVE: u32 = 2;
const SHUTDOWN: Kind = Kind::Flags(&[
    ("default", 0),
    ("save", SHUTDOWN_SAVE),
    ("nosave", SHUTDOWN_NOSAVE),
    ("now", 4),
    ("force", 8),
]);
const FACILITY: Kind = Kind::Choice(&[
    ("user", 8),
    ("local0", 0),
    ("local1", 1),
    ("local2", 2),
    ("local3", 3),
    ("local4", 4),
    ("local5", 5),
    ("local6", 6),
    ("local7", 7),
]);
const OOM: Kind = Kind::Choice(&[("no", 0), ("yes", 1), ("relative", 1), ("absolute", 2)]);

fn not_both(value: &Value) -> Result<(), &'static str> {
    let both = SHUTDOWN_SAVE | SHUTDOWN_NOSAVE;
    match value {
        Value::Flags(bits) if bits & both == both => {
            Err("shutdown options SAVE and NOSAVE can't be used simultaneously")
        }
        _ => Ok(()),
    }
}

pub(super) static ROWS: &[Directive] = &[
    Directive::new("daemonize", Kind::Bool, "no")
        .immutable()
        .slot(|c| Cell::Switch(&c.daemonize))
        .doc("Run in the background. A supervisor such as systemd wants `no`."),
    Directive::new("pidfile", Kind::Text, "\"\"")
        .immutable()
        .slot(|c| Cell::Text(&c.pidfile))
        .doc("File that holds the process id while the server runs; none by default."),
    Directive::new("loglevel", Kind::Choice(LogLevel::NAMES), "notice")
        .slot(|c| Cell::from(&c.loglevel))
        .doc("How much is logged: debug, verbose, notice, warning or nothing."),
    Directive::new("logfile", Kind::Text, "\"\"")
        .immutable()
        .slot(|c| Cell::Text(&c.logfile))
        .doc(
            "File to append the log to; empty is the standard output. A file that was renamed \
             or removed is opened anew within a second, so log rotation needs no signal.",
        ),
    Directive::new("always-show-logo", Kind::Bool, "no")
        .immutable()
        .slot(|c| Cell::Switch(&c.always_show_logo))
        .doc("Show the start-up banner even if the log is no terminal."),
    Directive::new(
        "databases",
        Kind::Int {
            min: 1,
            max: i32::MAX as i64,
        },
        "16",
    )
    .immutable()
    .check(as_many_as_can_be_stored)
    .slot(|c| Cell::Number(&c.databases))
    .doc("Databases that SELECT can choose from, numbered from 0; 65536 at most."),
    Directive::new("hz", Kind::INT, "10")
        .clamp(HZ_MIN, HZ_MAX)
        .slot(|c| Cell::Number(&c.hz))
        .doc("Rounds of periodic work a second, 1 to 500."),
    Directive::new("dynamic-hz", Kind::Bool, "yes")
        .ignored("clients do not make periodic work more frequent"),
    Directive::new("active-expire-effort", Kind::Int { min: 1, max: 10 }, "1")
        .ignored("expired keys are found by their time, not by sampling"),
    Directive::new("shutdown-on-sigint", SHUTDOWN, "default")
        .check(not_both)
        .slot(|c| Cell::Flags(&c.shutdown_on_sigint))
        .doc(
            "How SIGINT ends the server: default, or any of save, nosave, now and force. All \
             acknowledged writes are on disk in every case.",
        ),
    Directive::new("shutdown-on-sigterm", SHUTDOWN, "default")
        .check(not_both)
        .slot(|c| Cell::Flags(&c.shutdown_on_sigterm))
        .doc("The same for SIGTERM."),
    Directive::new("supervised", Kind::Choice(Supervised::NAMES), "no")
        .immutable()
        .slot(|c| Cell::from(&c.supervised))
        .doc(
            "Tell systemd when the server is ready and when it stops: systemd, or auto where it \
             asks for that (Type=notify), which leaves daemonize without effect. upstart is \
             the same as no.",
        ),
    Directive::new("syslog-enabled", Kind::Bool, "no")
        .immutable()
        .ignored(NO_SYSLOG),
    Directive::new("syslog-ident", Kind::Text, "redis")
        .immutable()
        .ignored(NO_SYSLOG),
    Directive::new("syslog-facility", FACILITY, "local0")
        .immutable()
        .ignored(NO_SYSLOG),
    Directive::new(
        "log-format",
        Kind::Choice(&[("legacy", 0), ("logfmt", 1), ("json", 2)]),
        "legacy",
    )
    .ignored("the log has one format"),
    Directive::new(
        "log-timestamp-format",
        Kind::Choice(&[("legacy", 0), ("iso8601", 1), ("milliseconds", 2)]),
        "legacy",
    )
    .ignored("the log has one format"),
    Directive::new("hide-user-data-from-log", Kind::Bool, "no")
        .ignored("the log never holds keys or values"),
    Directive::new("set-proc-title", Kind::Bool, "yes")
        .immutable()
        .ignored(NO_TITLE),
    Directive::new(
        "proc-title-template",
        Kind::Text,
        "\"{title} {listen-addr} {server-mode}\"",
    )
    .ignored(NO_TITLE),
    Directive::new("crash-log-enabled", Kind::Bool, "yes")
        .ignored("a crash leaves a core file to the system"),
    Directive::new("crash-memcheck-enabled", Kind::Bool, "yes")
        .ignored("a crash leaves a core file to the system"),
    Directive::new("use-exit-on-panic", Kind::Bool, "no")
        .hidden()
        .ignored("a crash leaves a core file to the system"),
    Directive::new("watchdog-period", Kind::INT, "0")
        .hidden()
        .ignored("there is no software watchdog"),
    Directive::new("disable-thp", Kind::Bool, "yes")
        .immutable()
        .ignored(NOT_A_CHILD),
    Directive::new("oom-score-adj", OOM, "no")
        .ignored("set the score in the unit file of the service"),
    Directive::new("oom-score-adj-values", Kind::OomScores, "0 200 800")
        .ignored("set the score in the unit file of the service"),
    Directive::new("server-cpulist", Kind::Text, "\"\"")
        .aliases(&["server_cpulist"])
        .immutable()
        .ignored(THREADS_FLOAT),
    Directive::new("bio-cpulist", Kind::Text, "\"\"")
        .aliases(&["bio_cpulist"])
        .immutable()
        .ignored(THREADS_FLOAT),
    Directive::new("aof-rewrite-cpulist", Kind::Text, "\"\"")
        .aliases(&["aof_rewrite_cpulist"])
        .immutable()
        .ignored(NOT_A_CHILD),
    Directive::new("bgsave-cpulist", Kind::Text, "\"\"")
        .aliases(&["bgsave_cpulist"])
        .immutable()
        .ignored(NOT_A_CHILD),
    Directive::new("ignore-warnings", Kind::Text, "\"\"")
        .ignored("there are no start-up warnings to silence"),
    Directive::new("locale-collate", Kind::Text, "\"\"").ignored("strings compare as bytes"),
];
