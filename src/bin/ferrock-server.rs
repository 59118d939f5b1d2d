//! The server: reads its command line as `redis-server` does, and serves.

use ferrock::config::{self, CommandLine, Config};
use std::io::Write;
use std::path::PathBuf;
use std::process::ExitCode;

/// One allocator for Rust and RocksDB, so that one set of statistics covers the process.
#[global_allocator]
static ALLOCATOR: tikv_jemallocator::Jemalloc = tikv_jemallocator::Jemalloc;

fn main() -> ExitCode {
    let program = std::env::args_os()
        .next()
        .map(PathBuf::from)
        .unwrap_or_default();
    match Config::from_command_line(std::env::args_os()) {
        Ok(CommandLine::Version) => print(&config::version()),
        Ok(CommandLine::Help) => {
            eprint!("{}", config::HELP);
            return ExitCode::FAILURE;
        }
        Ok(CommandLine::DumpConfigJson(startup)) => print(&startup.config.dump_json()),
        Ok(CommandLine::Run(startup)) => {
            // What went wrong is in the log, which may be the terminal.
            if ferrock::server::run(*startup, &program).is_err() {
                return ExitCode::FAILURE;
            }
        }
        Err(error) => {
            eprintln!("{error}");
            return ExitCode::FAILURE;
        }
    }
    ExitCode::SUCCESS
}

/// A line on the standard output; whoever closed it does not want to read it.
fn print(text: &str) {
    let _ = writeln!(std::io::stdout(), "{text}");
}
