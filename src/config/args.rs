//! The command line of `ferrock-server`, as `redis-server` takes it.
//!
//! Owns: `[file|-] [--directive value ...] [-]` and the words that need no configuration.
//! Invariant: options become configuration lines and go through the same parser as a file's, after
//! it and after the standard input, so that they win.
//! Must not know: what directives mean. Tests: `args/tests.rs`.

use std::ffi::OsString;
use std::io::Read;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

use super::error::{ConfigError, Source};
use super::load::{Loader, read_limited};
use super::settings::Config;
use super::words;

/// What the command line asks for.
#[derive(Debug)]
pub enum CommandLine {
    /// Serve.
    Run(Box<Startup>),
    /// Print [`version`] and end.
    Version,
    /// Print [`HELP`] to stderr and end with status 1, as Redis does.
    Help,
    /// Print [`Config::dump_json`] and end.
    DumpConfigJson(Box<Startup>),
}

/// What a server starts with.
#[derive(Debug)]
pub struct Startup {
    pub config: Config,
    /// Lines to log as warnings once there is a log.
    pub warnings: Vec<String>,
    /// Whether anything but the defaults was asked for.
    pub configured: bool,
}

/// The text of `--help`.
pub const HELP: &str = "\
Usage: ferrock-server [/path/to/ferrock.conf] [options] [-]
       ferrock-server - (read config from stdin)
       ferrock-server -v or --version
       ferrock-server -h or --help
       ferrock-server --dump-config-json [/path/to/ferrock.conf] [options] [-]

Examples:
       ferrock-server (run the server with default conf)
       echo 'maxmemory 128mb' | ferrock-server -
       ferrock-server /etc/ferrock/6379.conf
       ferrock-server --port 7777
       ferrock-server --port 7777 --save 900 1 --appendfsync always
       ferrock-server /etc/myferrock.conf --loglevel verbose -
       ferrock-server /etc/myferrock.conf --loglevel verbose

The configuration file has the syntax and the directives of redis.conf.
";

/// The text of `--version`, in the shape that tools parse.
pub fn version() -> String {
    let version = env!("CARGO_PKG_VERSION");
    format!("Ferrock server v={version} sha=00000000:0 malloc=jemalloc bits=64 build=0")
}

impl Config {
    /// Reads the arguments of the process, the program's own name first.
    pub fn from_command_line(
        args: impl Iterator<Item = OsString>,
    ) -> Result<CommandLine, ConfigError> {
        Self::from_args(args, &mut std::io::stdin().lock(), Config::new())
    }

    /// The same with another standard input and another configuration to start from.
    pub fn from_args(
        args: impl Iterator<Item = OsString>,
        stdin: &mut dyn Read,
        config: Config,
    ) -> Result<CommandLine, ConfigError> {
        let mut args = args;
        let program = args.next().unwrap_or_default();
        let program = Path::new(&program)
            .file_name()
            .unwrap_or_default()
            .as_bytes()
            .to_vec();
        let args: Vec<Vec<u8>> = args.map(|arg| arg.as_bytes().to_vec()).collect();
        let sentinel = args.iter().any(|arg| arg == b"--sentinel");
        if sentinel || memchr::memmem::find(&program, b"redis-sentinel").is_some() {
            return Err(ConfigError::Sentinel);
        }
        match args
            .split_first()
            .map(|(first, rest)| (first.as_slice(), rest))
        {
            Some((b"-v" | b"--version", _)) => Ok(CommandLine::Version),
            Some((b"-h" | b"--help", _)) => Ok(CommandLine::Help),
            Some((b"--dump-config-json", rest)) => {
                load(rest, stdin, config).map(|startup| CommandLine::DumpConfigJson(startup.into()))
            }
            _ => load(&args, stdin, config).map(|startup| CommandLine::Run(startup.into())),
        }
    }
}

fn load(
    args: &[Vec<u8>],
    stdin: &mut dyn Read,
    mut config: Config,
) -> Result<Startup, ConfigError> {
    let mut options = args;
    if let [first, rest @ ..] = args
        && !first.starts_with(b"-")
        && !first.is_empty()
    {
        config.file = Some(config.cwd.join(std::ffi::OsStr::from_bytes(first)));
        options = rest;
    }
    let (lines, reads_stdin) = option_lines(options, options.len() == args.len());
    let file = config.file.clone();
    let mut loader = Loader::new(&mut config);
    if let Some(path) = &file {
        loader.file(path)?;
    }
    if reads_stdin {
        let text = read_limited(stdin).map_err(ConfigError::Stdin)?;
        loader.text(&text, &Source::Stdin)?;
    }
    loader.text(&lines, &Source::CommandLine)?;
    let warnings = loader.finish()?;
    Ok(Startup {
        config,
        warnings,
        configured: !args.is_empty(),
    })
}

/// Turns options into configuration lines, and tells whether a `-` asks for the standard input:
/// as the very first argument or as the last one.
///
/// `--name` begins a line, everything else is one word of the line begun, in quotes. A word that
/// begins with `--` is the value of the name before it if that has none yet, so that
/// `--logfile --odd-name` works; only `--save` takes no such value. `--name value` in a single
/// argument is a line of its own.
fn option_lines(options: &[Vec<u8>], no_file: bool) -> (Vec<u8>, bool) {
    let mut lines = Vec::new();
    let mut reads_stdin = false;
    let mut name_has_value = true;
    for (index, option) in options.iter().enumerate() {
        let next = options.get(index + 1);
        if option == b"-" && ((no_file && index == 0) || next.is_none()) {
            reads_stdin = true;
            continue;
        }
        let name = option.strip_prefix(b"--").filter(|_| name_has_value);
        let Some(name) = name else {
            lines.extend_from_slice(words::quote(option).as_bytes());
            lines.push(b' ');
            name_has_value = true;
            continue;
        };
        if !lines.is_empty() {
            lines.push(b'\n');
        }
        lines.extend_from_slice(name);
        lines.push(b' ');
        name_has_value = words::split(option).is_none_or(|words| words.len() != 1);
        let next_is_option = next.is_none_or(|next| next.starts_with(b"--"));
        if !name_has_value && next_is_option && option.eq_ignore_ascii_case(b"--save") {
            lines.extend_from_slice(b"\"\"");
            name_has_value = true;
        }
    }
    (lines, reads_stdin)
}

#[cfg(test)]
mod tests;
