//! Configuration lines into a configuration.
//!
//! Owns: reading files and lines in `redis.conf` syntax. Later lines win.
//! Invariants: total over any bytes; includes end; every error names its line.
//! Must not know: the command line's own syntax (`args.rs`). Tests: `load/tests.rs`.

use std::collections::BTreeMap;
use std::fs::{File, OpenOptions};
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use super::directive::{Directive, Status};
use super::error::{ConfigError, LineError, Source};
use super::kind::{Context, Kind, Reason, WRONG_ARGUMENTS};
use super::nearest::nearest;
use super::settings::{Config, RenamedCommand};
use super::table::{self, FileDirective};
use super::value::Value;
use super::words;

/// Largest configuration file; the standard input counts as one.
pub const FILE_BYTES_MAX: u64 = 64 << 20;
/// Files that may include one another, deep down. A file that includes itself ends here.
pub const INCLUDE_DEPTH_MAX: usize = 16;

const BAD_DIRECTIVE: &str = "Bad directive or wrong number of arguments";
const UNBALANCED: &str = "Unbalanced quotes in configuration line";

/// Reads lines into a configuration that starts at the defaults.
pub(super) struct Loader<'c> {
    config: &'c mut Config,
    /// What relative paths mean at this line: the last `dir`, or the working directory.
    cwd: PathBuf,
    /// The first `save` line replaces the default save points, the following add to it.
    save_seen: bool,
    depth: usize,
    /// Reason and names of the directives accepted without effect, in the order of the reasons.
    ignored: BTreeMap<&'static str, Vec<String>>,
}

impl<'c> Loader<'c> {
    pub(super) fn new(config: &'c mut Config) -> Self {
        let cwd = config.cwd.clone();
        Self {
            config,
            cwd,
            save_seen: false,
            depth: 0,
            ignored: BTreeMap::new(),
        }
    }

    pub(super) fn file(&mut self, path: &Path) -> Result<(), ConfigError> {
        let text = read_file(path)?;
        self.text(&text, &Source::File(path.to_owned()))
    }

    pub(super) fn text(&mut self, text: &[u8], source: &Source) -> Result<(), ConfigError> {
        for (index, line) in text.split(|byte| *byte == b'\n').enumerate() {
            let line = trim(line);
            if line.is_empty() || line.starts_with(b"#") {
                continue;
            }
            self.line(line, source, index + 1)
                .map_err(|fault| match fault {
                    Fault::Line { reason, nearest } => ConfigError::Line(Box::new(LineError {
                        source: source.clone(),
                        line_number: index + 1,
                        line: String::from_utf8_lossy(line).into_owned(),
                        reason,
                        nearest,
                    })),
                    Fault::Included(error) => error,
                })?;
        }
        Ok(())
    }

    fn line(&mut self, line: &[u8], source: &Source, line_number: usize) -> Result<(), Fault> {
        let words = words::split(line).ok_or(Fault::from(UNBALANCED))?;
        let Some((name, arguments)) = words.split_first() else {
            return Ok(());
        };
        let name = name.to_ascii_lowercase();
        if let Some((_, directive)) = table::find(&name) {
            return Ok(self.directive(directive, arguments)?);
        }
        match (table::find_file_directive(&name, words.len()), arguments) {
            (Some(FileDirective::Include), [path]) => self.include(path),
            (Some(FileDirective::RenameCommand), [from, to]) => {
                self.config.renamed_commands.push(RenamedCommand {
                    from: from.clone(),
                    to: to.clone(),
                    source: source.clone(),
                    line_number,
                    line: String::from_utf8_lossy(line).into_owned(),
                });
                Ok(())
            }
            (Some(FileDirective::Ignored(reason)), _) => {
                self.ignore(&String::from_utf8_lossy(&name), reason);
                Ok(())
            }
            (Some(FileDirective::Refused(reason)), _) => Err(Fault::from(reason)),
            _ => {
                let nearest = nearest(&name, table::names());
                // A known name with too few words needs no suggestion of itself.
                let nearest = nearest.filter(|nearest| nearest.as_bytes() != name);
                Err(Fault::Line {
                    reason: BAD_DIRECTIVE.into(),
                    nearest,
                })
            }
        }
    }

    fn directive(
        &mut self,
        directive: &'static Directive,
        arguments: &[Vec<u8>],
    ) -> Result<(), Reason> {
        // One argument of a directive of several words may hold them all: `--save "900 1"`.
        let split = match arguments {
            [all] if directive.kind.is_multi() && !all.is_empty() => {
                Some(words::split(all).ok_or(UNBALANCED)?)
            }
            _ => None,
        };
        let arguments: Vec<&[u8]> = split
            .as_deref()
            .unwrap_or(arguments)
            .iter()
            .map(Vec::as_slice)
            .collect();
        if !directive.kind.is_multi() && arguments.len() != 1 {
            return Err(WRONG_ARGUMENTS.into());
        }
        let base = match directive.kind {
            Kind::Save if !self.save_seen => directive.empty_base(),
            _ => self.config.value(directive),
        };
        let value = directive.parse(
            &arguments,
            &Context {
                base: &base,
                cwd: &self.cwd,
            },
        )?;
        match directive.status {
            Status::Effective => {}
            Status::Ignored(reason) => self.ignore(directive.name, reason),
            Status::Refused(reason) => {
                if value != directive.default_value(&self.config.cwd) {
                    return Err(reason.into());
                }
            }
        }
        match (directive.kind, &value) {
            (Kind::Save, _) => self.save_seen = true,
            (Kind::Directory, Value::Text(path)) => self.cwd = path_of(path),
            _ => {}
        }
        self.config.store(directive, value);
        Ok(())
    }

    fn ignore(&mut self, name: &str, reason: &'static str) {
        let names = self.ignored.entry(reason).or_default();
        if !names.iter().any(|known| known == name) {
            names.push(String::from(name));
        }
    }

    /// A pattern includes every file that it matches, in the order of their names, and may match
    /// none; a path without wildcards must exist.
    fn include(&mut self, path: &[u8]) -> Result<(), Fault> {
        if self.depth == INCLUDE_DEPTH_MAX {
            return Err(Fault::from("Too many levels of included files"));
        }
        let path = self.cwd.join(path_of(path));
        let paths = match path.to_str() {
            Some(pattern) if pattern.contains(['*', '?', '[']) => glob::glob(pattern)
                .map_err(|error| Fault::from(Reason::from(error.to_string())))?
                .filter_map(Result::ok)
                .filter(|path| path.is_file())
                .collect(),
            _ => vec![path],
        };
        self.depth += 1;
        for path in paths {
            self.file(&path).map_err(Fault::Included)?;
        }
        self.depth -= 1;
        Ok(())
    }

    /// Checks what only the whole configuration shows, and returns the warnings.
    pub(super) fn finish(self) -> Result<Vec<String>, ConfigError> {
        let logfile = self.config.logfile.as_path();
        if !logfile.as_os_str().is_empty() {
            let logfile = self.cwd.join(logfile);
            let opened = OpenOptions::new().append(true).create(true).open(logfile);
            opened.map_err(ConfigError::LogFile)?;
        }
        if self.ignored.is_empty() {
            return Ok(Vec::new());
        }
        let reasons = self.ignored.iter();
        let reasons: Vec<String> = reasons
            .map(|(reason, names)| format!("{} ({reason})", names.join(", ")))
            .collect();
        Ok(vec![format!(
            "Directives accepted without effect: {}",
            reasons.join("; ")
        )])
    }
}

/// Why a line fails: by itself, or by the file that it includes.
enum Fault {
    Line {
        reason: Reason,
        nearest: Option<&'static str>,
    },
    Included(ConfigError),
}

impl From<Reason> for Fault {
    fn from(reason: Reason) -> Self {
        Self::Line {
            reason,
            nearest: None,
        }
    }
}

impl From<&'static str> for Fault {
    fn from(reason: &'static str) -> Self {
        Self::from(Reason::from(reason))
    }
}

fn path_of(bytes: &[u8]) -> PathBuf {
    use std::os::unix::ffi::OsStrExt;
    PathBuf::from(std::ffi::OsStr::from_bytes(bytes))
}

/// Drops the blanks that Redis trims from both ends of a line.
pub(super) fn trim(line: &[u8]) -> &[u8] {
    let blank = |byte: &u8| matches!(byte, b' ' | b'\t' | b'\r' | b'\n');
    let start = line.iter().take_while(|byte| blank(byte)).count();
    let line = line.get(start..).unwrap_or_default();
    let end = line.len() - line.iter().rev().take_while(|byte| blank(byte)).count();
    line.get(..end).unwrap_or_default()
}

/// Reads a configuration file whole.
pub(super) fn read_file(path: &Path) -> Result<Vec<u8>, ConfigError> {
    let text = File::open(path).and_then(|mut file| read_limited(&mut file));
    text.map_err(|error| ConfigError::Open {
        path: path.to_owned(),
        error,
    })
}

/// Reads to the end, which must come within [`FILE_BYTES_MAX`].
pub(super) fn read_limited(from: &mut dyn Read) -> io::Result<Vec<u8>> {
    let mut text = Vec::new();
    from.take(FILE_BYTES_MAX + 1).read_to_end(&mut text)?;
    if text.len() as u64 > FILE_BYTES_MAX {
        return Err(io::ErrorKind::FileTooLarge.into());
    }
    Ok(text)
}

impl RenamedCommand {
    /// The start-up error for this line; the command table knows the reason.
    pub fn error(&self, reason: &'static str) -> ConfigError {
        ConfigError::Line(Box::new(LineError {
            source: self.source.clone(),
            line_number: self.line_number,
            line: self.line.clone(),
            reason: reason.into(),
            nearest: None,
        }))
    }
}

#[cfg(test)]
mod tests;
