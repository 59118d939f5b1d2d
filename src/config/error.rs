//! What can be wrong with a configuration, in Redis's words.
//!
//! Owns: the errors of loading, setting and rewriting, and their texts.
//! Invariant: a load error names the source, the line and, for an unknown directive, the nearest
//! known one. Must not know: how errors reach the user. Tests: below,
//! `load/tests.rs`, `set/tests.rs`.

use std::borrow::Cow;
use std::fmt;
use std::io;
use std::path::PathBuf;

use super::kind::Reason;
use super::words::c_string;

/// Where configuration lines come from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Source {
    File(PathBuf),
    Stdin,
    CommandLine,
}

impl fmt::Display for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::File(path) => write!(f, "'{}'", path.display()),
            Self::Stdin => f.write_str("the standard input"),
            Self::CommandLine => f.write_str("the command line"),
        }
    }
}

/// A line that cannot be obeyed.
#[derive(Debug)]
pub struct LineError {
    pub source: Source,
    /// Counted from 1 in its own source.
    pub line_number: usize,
    /// The line without surrounding blanks.
    pub line: String,
    pub reason: Reason,
    /// The known directive that the unknown one resembles.
    pub nearest: Option<&'static str>,
}

/// The server cannot start with this configuration. `Display` is the whole message for stderr.
#[derive(Debug)]
#[non_exhaustive]
pub enum ConfigError {
    Line(Box<LineError>),
    /// A configuration file cannot be read, or is larger than a configuration can be.
    Open {
        path: PathBuf,
        error: io::Error,
    },
    /// The same of the standard input.
    Stdin(io::Error),
    /// `logfile` cannot be opened for appending.
    LogFile(io::Error),
    /// `--sentinel`, or started under the name of `redis-sentinel`.
    Sentinel,
}

impl std::error::Error for ConfigError {}

impl fmt::Display for ConfigError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Line(error) => {
                writeln!(f, "{}", Banner)?;
                writeln!(
                    f,
                    "Reading the configuration file, at line {}",
                    error.line_number
                )?;
                writeln!(f, ">>> '{}'", error.line)?;
                writeln!(f, "{}", error.reason)?;
                write!(f, "The line stands in {}.", error.source)?;
                match error.nearest {
                    Some(name) => write!(f, " Did you mean '{name}'?"),
                    None => Ok(()),
                }
            }
            Self::LogFile(error) => {
                write!(
                    f,
                    "{}\nCan't open the log file: {}",
                    Banner,
                    strerror(error)
                )
            }
            Self::Open { path, error } => {
                let error = strerror(error);
                write!(
                    f,
                    "Fatal error, can't open config file '{}': {error}",
                    path.display()
                )
            }
            Self::Stdin(error) => {
                write!(
                    f,
                    "Fatal error, can't read the standard input: {}",
                    strerror(error)
                )
            }
            Self::Sentinel => f.write_str(
                "Ferrock has no sentinel mode: run redis-sentinel beside it, which monitors \
                 Ferrock as it does Redis.",
            ),
        }
    }
}

struct Banner;

impl fmt::Display for Banner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let version = env!("CARGO_PKG_VERSION");
        write!(f, "\n*** FATAL CONFIG FILE ERROR (Ferrock {version}) ***")
    }
}

/// `CONFIG SET` changed nothing.
#[derive(Debug, PartialEq, Eq)]
pub enum ConfigSetError {
    /// No directive has this name.
    Unknown(Vec<u8>),
    /// The directive or its value was refused; all other pairs were left alone, too.
    Refused { argument: Vec<u8>, reason: Reason },
}

impl std::error::Error for ConfigSetError {}

impl ConfigSetError {
    /// The error reply without its code; names that the client sent stay as they are up to their
    /// first zero byte.
    pub fn text(&self) -> Vec<u8> {
        let (before, quoted, after): (&str, &[u8], Cow<'_, str>) = match self {
            Self::Unknown(name) => (
                "Unknown option or number of arguments for CONFIG SET - '",
                name,
                "'".into(),
            ),
            Self::Refused { argument, reason } => (
                "CONFIG SET failed (possibly related to argument '",
                argument,
                format!("') - {reason}").into(),
            ),
        };
        let quoted = c_string(quoted);
        [before.as_bytes(), quoted, after.as_bytes()].concat()
    }
}

impl fmt::Display for ConfigSetError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&String::from_utf8_lossy(&self.text()))
    }
}

/// `CONFIG REWRITE` left the file as it was. `Display` is the error reply without its code.
#[derive(Debug)]
pub enum RewriteError {
    NoFile,
    Io(io::Error),
    /// The file on disk no longer parses, so that it cannot be kept in shape.
    Unreadable(ConfigError),
}

impl std::error::Error for RewriteError {}

impl fmt::Display for RewriteError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoFile => f.write_str("The server is running without a config file"),
            Self::Io(error) => write!(f, "Rewriting config file: {}", strerror(error)),
            Self::Unreadable(ConfigError::Line(error)) => {
                let LineError {
                    source,
                    line_number,
                    reason,
                    ..
                } = &**error;
                write!(
                    f,
                    "Rewriting config file: {reason} at line {line_number} of {source}"
                )
            }
            Self::Unreadable(error) => write!(f, "Rewriting config file: {error}"),
        }
    }
}

/// The system's text for an error, as C's `strerror` has it.
pub fn strerror(error: &io::Error) -> String {
    let text = error.to_string();
    match text.find(" (os error ") {
        Some(end) => String::from(text.get(..end).unwrap_or(&text)),
        None => text,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn line_error_has_redis_shape_and_names_file_and_nearest() {
        let error = ConfigError::Line(Box::new(LineError {
            source: Source::File("/etc/ferrock.conf".into()),
            line_number: 3,
            line: "prot 6379".into(),
            reason: "Bad directive or wrong number of arguments".into(),
            nearest: Some("port"),
        }));
        let expected = format!(
            "\n*** FATAL CONFIG FILE ERROR (Ferrock {}) ***\n\
             Reading the configuration file, at line 3\n\
             >>> 'prot 6379'\n\
             Bad directive or wrong number of arguments\n\
             The line stands in '/etc/ferrock.conf'. Did you mean 'port'?",
            env!("CARGO_PKG_VERSION")
        );
        assert_eq!(error.to_string(), expected);
    }

    #[test]
    fn strerror_has_no_number() {
        assert_eq!(
            strerror(&io::Error::from_raw_os_error(2)),
            "No such file or directory"
        );
        assert_eq!(strerror(&io::Error::other("plain")), "plain");
    }
}
