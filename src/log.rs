//! The server's log, in Redis's shape: `PID:ROLE DD Mon YYYY HH:MM:SS.mmm LEVEL message`.
//!
//! Owns: the tracing layer that writes lines, the level and role at run time, the start-up lines.
//! Events map to Redis's levels: ERROR and WARN to warning `#`, INFO to notice `*`, DEBUG to
//! verbose `-`, TRACE to debug `.`.
//! Invariants: an event is one line, whatever its message holds; the log never fails or blocks
//! the server for an error of its own. Must not know: who logs.
//! Tests: below, and beside each part.

mod sink;
mod stamp;
pub mod startup;

use std::cell::RefCell;
use std::fmt::{self, Write};
use std::io;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering::Relaxed};
use std::time::SystemTime;

use tracing::field::{Field, Visit};
use tracing::level_filters::LevelFilter;
use tracing::{Event, Level, Subscriber};
use tracing_subscriber::layer::{Context, Layer, SubscriberExt};
use tracing_subscriber::registry::Registry;
use tracing_subscriber::reload;

use crate::config::{Config, LogLevel};
use sink::Sink;
use stamp::write_stamp;

/// Crates whose events are the server's own; of others only warnings are shown.
const OWN_TARGETS: [&str; 2] = ["ferrock", "storage"];

/// What the process is, as the letter in each line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Role {
    Master = b'M',
    Replica = b'S',
}

/// A handle on the log; clones share it.
#[derive(Clone)]
pub struct Log {
    shared: Arc<Shared>,
    level: reload::Handle<LevelFilter, Registry>,
}

struct Shared {
    sink: Sink,
    /// A [`Role`].
    role: AtomicU8,
}

impl fmt::Debug for Log {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Log")
    }
}

impl Log {
    /// Sends the events of the whole process to the log that the configuration describes.
    /// Fails if the log file cannot be opened, or if another subscriber was installed before.
    pub fn install(config: &Config) -> io::Result<Self> {
        let (log, subscriber) = Self::new(config)?;
        tracing::subscriber::set_global_default(subscriber).map_err(io::Error::other)?;
        Ok(log)
    }

    /// The log and the subscriber that feeds it.
    pub fn new(config: &Config) -> io::Result<(Self, impl Subscriber + Send + Sync + 'static)> {
        let logfile = config.logfile.as_path();
        let sink = match logfile.as_os_str().is_empty() {
            true => Sink::stdout(),
            false => Sink::file(&config.dir.as_path().join(logfile))?,
        };
        let role = AtomicU8::new(Role::Master as u8);
        let shared = Arc::new(Shared { sink, role });
        let (filter, level) = reload::Layer::new(level_filter(config.loglevel.get()));
        let lines = Lines {
            shared: Arc::clone(&shared),
        };
        let subscriber = Registry::default().with(filter).with(lines);
        Ok((Self { shared, level }, subscriber))
    }

    /// Shows this level and the more important ones from now on.
    pub fn set_level(&self, level: LogLevel) {
        // Fails only when the subscriber is gone, and the log with it.
        let _ = self.level.reload(level_filter(level));
    }

    pub fn set_role(&self, role: Role) {
        self.shared.role.store(role as u8, Relaxed);
    }

    /// Opens the log file anew; for a signal after log rotation. The file is also found again by
    /// itself, within a second, when it was renamed or removed.
    pub fn reopen(&self) -> io::Result<()> {
        self.shared.sink.reopen()
    }

    /// Writes a text as it is, for the banner, if notices are shown.
    fn raw(&self, text: &str) {
        let shown = self
            .level
            .with_current(|level| *level >= LevelFilter::INFO)
            .unwrap_or(false);
        if shown {
            self.shared.sink.write(text.as_bytes(), SystemTime::now());
        }
    }
}

fn level_filter(level: LogLevel) -> LevelFilter {
    match level {
        LogLevel::Debug => LevelFilter::TRACE,
        LogLevel::Verbose => LevelFilter::DEBUG,
        LogLevel::Notice => LevelFilter::INFO,
        LogLevel::Warning => LevelFilter::WARN,
        LogLevel::Nothing => LevelFilter::OFF,
    }
}

fn level_mark(level: Level) -> char {
    match level {
        Level::ERROR | Level::WARN => '#',
        Level::INFO => '*',
        Level::DEBUG => '-',
        Level::TRACE => '.',
    }
}

/// The layer that turns events into lines.
struct Lines {
    shared: Arc<Shared>,
}

thread_local! {
    /// The line being built. Kept, so that a line costs no allocation.
    static LINE: RefCell<String> = const { RefCell::new(String::new()) };
}

impl<S: Subscriber> Layer<S> for Lines {
    fn on_event(&self, event: &Event<'_>, _: Context<'_, S>) {
        let metadata = event.metadata();
        let crate_name = metadata.target().split("::").next().unwrap_or_default();
        let foreign = !OWN_TARGETS.iter().any(|own| crate_name.starts_with(own));
        if foreign && *metadata.level() > Level::WARN {
            return;
        }
        LINE.with_borrow_mut(|line| {
            line.clear();
            let now = SystemTime::now();
            let role = char::from(self.shared.role.load(Relaxed));
            // Writing to a String cannot fail.
            let _ = write!(line, "{}:{role} ", std::process::id());
            write_stamp(line, now);
            let _ = write!(line, " {} ", level_mark(*metadata.level()));
            event.record(&mut Fields {
                line,
                is_first: true,
            });
            line.push('\n');
            self.shared.sink.write(line.as_bytes(), now);
        });
    }
}

/// Writes the message as it is and every other field as ` name=value`.
struct Fields<'a> {
    line: &'a mut String,
    is_first: bool,
}

impl Visit for Fields<'_> {
    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        if !std::mem::take(&mut self.is_first) {
            self.line.push(' ');
        }
        let mut line = OneLine(self.line);
        let _ = match field.name() {
            "message" => write!(line, "{value:?}"),
            name => write!(line, "{name}={value:?}"),
        };
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        self.record_debug(field, &format_args!("{value}"));
    }
}

/// Escapes what would end the line or move the cursor of a terminal, so that no client can forge
/// lines by what it sends.
struct OneLine<'a>(&'a mut String);

impl Write for OneLine<'_> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        for part in text.split_inclusive(char::is_control) {
            match part.char_indices().next_back() {
                Some((end, control)) if control.is_control() => {
                    self.0.push_str(part.get(..end).unwrap_or_default());
                    self.0.extend(control.escape_default());
                }
                _ => self.0.push_str(part),
            }
        }
        Ok(())
    }
}

/// Whether a log of this configuration is shown to somebody at a terminal.
fn is_at_terminal(logfile: &Path) -> bool {
    use std::io::IsTerminal;
    logfile.as_os_str().is_empty() && io::stdout().is_terminal()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Origin;
    use crate::config::words::quote;

    /// Runs with a log in a file and returns its lines.
    fn logged(level: &str, run: impl FnOnce(&Log)) -> Vec<String> {
        let home = tempfile::tempdir().unwrap();
        let path = home.path().join("log");
        let quoted = quote(path.as_os_str().as_encoded_bytes());
        let config = configured(&format!("logfile {quoted}\nloglevel {level}\n"));
        let (log, subscriber) = Log::new(&config).unwrap();
        tracing::subscriber::with_default(subscriber, || run(&log));
        let text = std::fs::read_to_string(&path).unwrap();
        text.lines().map(String::from).collect()
    }

    pub(super) fn configured(text: &str) -> Config {
        let args = ["ferrock-server", "-"].map(Into::into).into_iter();
        match Config::from_args(args, &mut text.as_bytes(), Config::new()).unwrap() {
            crate::config::CommandLine::Run(startup) => startup.config,
            other => panic!("{other:?}"),
        }
    }

    /// Level and message of a line, after checking all that stands before them.
    fn parts(line: &str) -> (&str, &str) {
        let (pid, rest) = line.split_once(':').unwrap();
        assert_eq!(pid, std::process::id().to_string());
        let (head, message) = rest.split_at(rest.match_indices(' ').nth(5).unwrap().0);
        let words: Vec<&str> = head.split(' ').collect();
        let [role, day, month, year, time, level] = words[..] else {
            panic!("{line}")
        };
        assert!(matches!(role, "M" | "S"), "{line}");
        assert_eq!(
            (day.len(), month.len(), year.len(), time.len()),
            (2, 3, 4, 12),
            "{line}"
        );
        (level, message.trim_start())
    }

    #[test]
    fn levels_have_redis_marks() {
        let lines = logged("debug", |_| {
            tracing::error!("e");
            tracing::warn!("w");
            tracing::info!("i {}", 1);
            tracing::debug!("d");
            tracing::trace!("t");
        });
        let lines: Vec<(&str, &str)> = lines.iter().map(|line| parts(line)).collect();
        assert_eq!(
            lines,
            [("#", "e"), ("#", "w"), ("*", "i 1"), ("-", "d"), (".", "t")]
        );
    }

    #[test]
    fn level_changes_at_run_time() {
        let lines = logged("warning", |log| {
            tracing::info!("hidden");
            log.set_level(LogLevel::Notice);
            tracing::info!("shown");
            tracing::debug!("hidden");
            log.set_level(LogLevel::Nothing);
            tracing::error!("hidden");
        });
        assert_eq!(
            lines.iter().map(|line| parts(line).1).collect::<Vec<_>>(),
            ["shown"]
        );
    }

    #[test]
    fn role_is_the_letter_before_the_date() {
        let lines = logged("notice", |log| {
            tracing::info!("a");
            log.set_role(Role::Replica);
            tracing::info!("b");
        });
        assert!(
            lines[0].contains(":M ") && lines[1].contains(":S "),
            "{lines:?}"
        );
    }

    #[test]
    fn fields_follow_the_message() {
        let lines = logged("notice", |_| {
            tracing::info!(slot = 7, name = "x", "moved");
            tracing::info!(slot = 8);
        });
        let messages: Vec<&str> = lines.iter().map(|line| parts(line).1).collect();
        assert_eq!(messages, ["moved slot=7 name=x", "slot=8"]);
    }

    #[test]
    fn a_message_cannot_forge_a_line() {
        let lines = logged("notice", |_| tracing::info!("a\n1:M b\r\x1b[2J{}", "c\n"));
        assert_eq!(lines.len(), 1);
        assert_eq!(parts(&lines[0]).1, "a\\n1:M b\\r\\u{1b}[2Jc\\n");
    }

    #[test]
    fn other_crates_show_only_warnings() {
        let lines = logged("debug", |_| {
            tracing::info!(target: "mio::poll", "noise");
            tracing::warn!(target: "mio::poll", "trouble");
            tracing::info!(target: "ferrock_storage::engine", "ours");
        });
        let messages: Vec<&str> = lines.iter().map(|line| parts(line).1).collect();
        assert_eq!(messages, ["trouble", "ours"]);
    }

    #[test]
    fn a_relative_log_file_lies_in_the_data_directory() {
        let home = tempfile::tempdir().unwrap();
        let quoted = quote(home.path().as_os_str().as_encoded_bytes());
        let config = configured(&format!("dir {quoted}\nlogfile x.log"));
        let (log, subscriber) = Log::new(&config).unwrap();
        tracing::subscriber::with_default(subscriber, || tracing::warn!("here"));
        assert!(
            std::fs::read_to_string(home.path().join("x.log"))
                .unwrap()
                .contains("# here")
        );
        assert!(log.reopen().is_ok());
    }

    #[test]
    fn loglevel_set_at_run_time_reaches_the_log() {
        let lines = logged("notice", |log| {
            let config = Config::new();
            let changes = config
                .set(&[(b"loglevel", b"verbose")], Origin::Local)
                .unwrap();
            assert!(changes.contains("loglevel"));
            log.set_level(config.loglevel.get());
            tracing::debug!("fine");
        });
        assert_eq!(lines.len(), 1);
    }
}
