//! Every command of ours is compared with Redis, or says here why it cannot be.
//! Invariants: an excuse that is not needed fails. Must not know: replies. Tests: this file.

use super::known;
use super::templates::{GROUPS, LANDED};
use crate::harness::server::skip_on_stand_in;
use crate::harness::{Server, ask};
use std::collections::BTreeSet;

/// Commands that Redis 7.0 lacks, by group, and who has them.
const NEWER_THAN_REDIS_7: &[(&str, &[&str], &str)] = &[
    ("string", &["delifeq"], "Valkey 9"),
    ("string", &["msetex", "delex", "digest"], "Redis 8.4"),
    ("string", &["compact"], "Ferrock"),
    ("string", &["waitaof"], "Redis 7.2"),
    (
        "hash",
        &[
            "hexpire",
            "hpexpire",
            "hexpireat",
            "hpexpireat",
            "httl",
            "hpttl",
            "hexpiretime",
            "hpexpiretime",
            "hpersist",
        ],
        "Redis 7.4",
    ),
    ("hash", &["hgetex", "hsetex", "hgetdel"], "Redis 8.0"),
    ("stream", &["xackdel", "xdelex"], "Redis 8.2"),
];

/// Options of common commands that Redis 7.0 lacks, listed so that nobody adds them to the
/// templates: their tests stand in `tests/commands`.
const NEWER_OPTIONS: &[&str] = &[
    "SET IFEQ",
    "SET IFNE",
    "SET IFDEQ",
    "XREADGROUP CLAIM",
    "SET IFDNE",
    "BITOP DIFF",
    "BITOP DIFF1",
    "BITOP ANDOR",
    "BITOP ONE",
    "HSCAN NOVALUES",
    "ZRANK WITHSCORE",
    "ZREVRANK WITHSCORE",
    "XADD KEEPREF",
    "XTRIM KEEPREF",
    "XREADGROUP CLAIM",
];

/// Commands whose replies say something about the one server or its moment, by group.
const NOT_COMPARABLE: &[(&str, &[&str], &str)] = &[
    (
        "string",
        &["info", "latency", "slowlog"],
        "figures of the process",
    ),
    ("string", &["lolwut"], "draws another picture each time"),
    ("string", &["quit"], "ends the connection that compares"),
    ("string", &["bgrewriteaof"], "there is no append-only file"),
    (
        "string",
        &["migrate", "wait"],
        "need a second server: `tests/commands` has both sides",
    ),
    ("string", &["monitor"], "takes the connection over"),
    ("string", &["module"], "there are no modules"),
    (
        "hyperloglog",
        &["pfselftest"],
        "tests the implementation for seconds",
    ),
];

#[test]
fn every_command_is_compared_or_excused() {
    if skip_on_stand_in("has commands that are not ours") {
        return;
    }
    let server = Server::start();
    let commands: Vec<String> = ask(&mut server.client(), "COMMAND LIST");
    let lines = GROUPS.iter().flat_map(|group| {
        let templates = group.templates.iter().map(|(_, line, _)| *line);
        templates.chain(group.corners.iter().copied())
    });
    let compared: BTreeSet<String> = lines
        .filter_map(|line| known::strip_repeat(line).split(' ').next())
        .map(str::to_lowercase)
        .collect();
    let excused = |landed: fn(&str) -> bool| -> BTreeSet<&str> {
        let rows = NEWER_THAN_REDIS_7.iter().chain(NOT_COMPARABLE);
        let rows = rows.filter(|(group, ..)| landed(group));
        rows.flat_map(|(_, names, _)| names.iter().copied())
            .collect()
    };
    let any = excused(|_| true);
    let forgotten: Vec<&String> = commands
        .iter()
        .filter(|name| !name.contains('|'))
        .filter(|name| !compared.contains(*name) && !any.contains(name.as_str()))
        .collect();
    assert!(
        forgotten.is_empty(),
        "never compared with Redis: {forgotten:?}"
    );
    let listed: BTreeSet<&str> = commands.iter().map(String::as_str).collect();
    let landed = excused(|group| LANDED.contains(&group));
    let idle: Vec<&&str> = landed.difference(&listed).collect();
    assert!(idle.is_empty(), "excuses without a command: {idle:?}");
}

#[test]
fn templates_draw_no_option_that_redis_7_lacks() {
    for option in NEWER_OPTIONS {
        let (command, word) = option.split_once(' ').expect("a command and an option");
        let mut templates = GROUPS.iter().flat_map(|group| group.templates);
        let drawn = templates.any(|(_, template, _)| {
            template.starts_with(command) && template.split(' ').any(|token| token == word)
        });
        assert!(!drawn, "{option}");
    }
}
