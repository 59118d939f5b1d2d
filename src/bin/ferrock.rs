//! The operator's tool: what is done to a data directory from outside the server.
//! `check` exits with 0 when the directory is in order, 1 when it is not, 2 when it cannot tell.

use clap::{Parser, Subcommand};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use storage::check::CheckReport;

#[derive(Parser)]
#[command(
    name = "ferrock",
    version,
    about = "Looks after Ferrock's data directories"
)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Checks every row of a data directory that no server has open
    Check {
        /// The data directory
        dir: PathBuf,
        /// Report as JSON
        #[arg(long)]
        json: bool,
        /// Problems put into words
        #[arg(long, default_value_t = 100)]
        problems_max: usize,
    },
}

const UNCLEAN: u8 = 1;
const CANNOT_TELL: u8 = 2;

fn main() -> ExitCode {
    let Command::Check {
        dir,
        json,
        problems_max,
    } = Arguments::parse().command;
    match check(&dir, json, problems_max) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::from(UNCLEAN),
        Err(error) => {
            eprintln!("ferrock check: {error}");
            ExitCode::from(CANNOT_TELL)
        }
    }
}

/// Prints the report; gives whether the directory is in order.
fn check(dir: &Path, json: bool, problems_max: usize) -> anyhow::Result<bool> {
    let report = storage::check::check(dir, problems_max)?;
    let text = match json {
        true => serde_json::to_string_pretty(&report)?,
        false => in_words(dir, &report),
    };
    // Whoever closed the pipe does not want to read it; the exit code tells all the same.
    let _ = writeln!(std::io::stdout(), "{text}");
    Ok(report.is_clean())
}

fn in_words(dir: &Path, report: &CheckReport) -> String {
    let rows = &report.rows;
    let mut lines = vec![format!(
        "{}: {} keys ({} with expiry), {} element rows ({} more to be swept), {} partitions",
        dir.display(),
        rows.keys,
        rows.keys_with_expiry,
        rows.elements,
        rows.dead_elements,
        report.partitions
    )];
    let problems = report.problems.iter();
    lines.extend(problems.map(|problem| format!("problem: {problem}")));
    lines.push(match report.problems_total {
        0 => "clean".to_owned(),
        total => format!("{total} problems"),
    });
    lines.join("\n")
}
