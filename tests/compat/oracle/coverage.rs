//! Every command of ours is compared with Redis, or says here why it cannot be.
//! Invariants: an excuse that is not needed fails. Must not know: replies. Tests: this file.

use super::corners::CORNERS;
use super::templates::TEMPLATES;
use crate::harness::server::skip_on_stand_in;
use crate::harness::{Server, ask};
use std::collections::BTreeSet;

/// Commands, options and subcommands that Redis 7.0 lacks; the options are never drawn.
const NEWER_THAN_REDIS_7: &[(&str, &str)] = &[
    ("delifeq", "Valkey 9"),
    ("msetex", "Redis 8.4"),
    ("compact", "Ferrock"),
];

/// Options of common commands that Redis 7.0 lacks, listed so that nobody adds them to the
/// templates: their tests stand in `tests/commands`.
const NEWER_OPTIONS: &[&str] = &[
    "SET IFEQ",
    "BITOP DIFF",
    "BITOP DIFF1",
    "BITOP ANDOR",
    "BITOP ONE",
];

/// Commands whose replies say something about the one server or its moment.
const NOT_COMPARABLE: &[(&str, &str)] = &[
    ("info", "figures of the process"),
    ("quit", "ends the connection that compares"),
];

#[test]
fn every_command_is_compared_or_excused() {
    if skip_on_stand_in("has commands that are not ours") {
        return;
    }
    let server = Server::start();
    let commands: Vec<String> = ask(&mut server.client(), "COMMAND LIST");
    let lines = TEMPLATES.iter().map(|(_, line, _)| line).chain(CORNERS);
    let compared: BTreeSet<String> = lines
        .filter_map(|line| line.split(' ').next())
        .map(str::to_lowercase)
        .collect();
    let excused: BTreeSet<String> = NEWER_THAN_REDIS_7
        .iter()
        .chain(NOT_COMPARABLE)
        .map(|(name, _)| name.to_string())
        .collect();
    let forgotten: Vec<&String> = commands
        .iter()
        .filter(|name| !name.contains('|'))
        .filter(|name| !compared.contains(*name) && !excused.contains(*name))
        .collect();
    assert!(
        forgotten.is_empty(),
        "never compared with Redis: {forgotten:?}"
    );
    let idle: Vec<&String> = excused
        .iter()
        .filter(|name| !commands.contains(name))
        .collect();
    assert!(idle.is_empty(), "excuses without a command: {idle:?}");
}

#[test]
fn templates_draw_no_option_that_redis_7_lacks() {
    for option in NEWER_OPTIONS {
        let (command, word) = option.split_once(' ').expect("a command and an option");
        let drawn = TEMPLATES.iter().any(|(_, template, _)| {
            template.starts_with(command) && template.split(' ').any(|token| token == word)
        });
        assert!(!drawn, "{option}");
    }
}
