//! The operator's tool: what is done to a data directory from outside the server.
//! `check` exits with 0 when the directory is in order, 1 when it is not, 2 when it cannot tell.

use clap::{Parser, Subcommand};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

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
    if json {
        println!("{}", serde_json::to_string_pretty(&report)?);
        return Ok(report.is_clean());
    }
    let rows = &report.rows;
    println!(
        "{}: {} keys ({} with expiry), {} element rows ({} more to be swept), {} partitions",
        dir.display(),
        rows.keys,
        rows.keys_with_expiry,
        rows.elements,
        rows.dead_elements,
        report.partitions
    );
    for problem in &report.problems {
        println!("problem: {problem}");
    }
    match report.problems_total {
        0 => println!("clean"),
        total => println!("{total} problems"),
    }
    Ok(report.is_clean())
}
