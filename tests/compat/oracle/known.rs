//! What both servers know: commands, subcommands and directives, asked when a run begins.
//! Invariants: of a group that has landed, ours must know everything that Redis knows.
//! Must not know: replies of data commands. Tests: below.

use super::templates::{self, GROUPS, Group, LANDED};
use crate::harness::{Server, ask};
use std::collections::BTreeSet;

/// Commands whose second word is a subcommand.
const CONTAINERS: &[&str] = &[
    "object", "xgroup", "xinfo", "memory", "client", "function", "command", "debug",
];

pub struct Known {
    /// Known to both.
    names: BTreeSet<String>,
    /// Known to Redis and not to ours.
    missing: BTreeSet<String>,
}

impl Known {
    /// Asks both servers.
    pub fn ask(ours: &Server, theirs: &Server) -> Known {
        let (ours, theirs) = (vocabulary(ours), vocabulary(theirs));
        Known {
            names: &ours & &theirs,
            missing: &theirs - &ours,
        }
    }

    /// Whether both know a command that is this group's own.
    pub fn knows_some_of(&self, group: &Group) -> bool {
        let shared = ["string", "keys"].map(|name| commands(templates::group(name)));
        let of_others = |name: &String| {
            group.name != "string" && shared.iter().any(|names| names.contains(name))
        };
        let own = commands(group).into_iter().filter(|name| !of_others(name));
        own.filter(|name| name != "config")
            .any(|name| self.names.contains(&name))
    }

    /// Whether a command line is about something that Redis knows and ours does not.
    pub fn misses(&self, line: &str) -> bool {
        self.missing.contains(&subject(line))
    }

    /// Whether a command line's command, subcommand or directive is known to both.
    pub fn knows(&self, line: &str) -> bool {
        self.names.contains(&subject(line))
    }
}

/// What one server knows: `hset`, `xinfo|stream`, `config set hash-max-listpack-value`.
fn vocabulary(server: &Server) -> BTreeSet<String> {
    let mut client = server.client();
    let mut names: BTreeSet<String> = ask::<Vec<String>>(&mut client, "COMMAND LIST")
        .into_iter()
        .collect();
    let settings: Vec<String> = ask(&mut client, "CONFIG GET *");
    let directives = settings.into_iter().step_by(2);
    names.extend(directives.map(|name| format!("config set {name}")));
    // Redis lists the subcommands of OBJECT and DEBUG only in part.
    names.extend(["debug|jmap", "config"].map(str::to_string));
    names
}

/// What a line is about, in the words of `vocabulary`.
pub fn subject(line: &str) -> String {
    let line = strip_repeat(line).to_lowercase();
    let words: Vec<&str> = line.split(' ').collect();
    match words.as_slice() {
        ["config", "set", name, ..] => format!("config set {name}"),
        [container, word, ..] if CONTAINERS.contains(container) && is_word(word) => {
            format!("{container}|{word}")
        }
        [name, ..] => (*name).to_string(),
        [] => String::new(),
    }
}

fn is_word(token: &str) -> bool {
    token.starts_with(|first: char| first.is_ascii_alphabetic())
}

/// A template without the mark that repeats it.
pub fn strip_repeat(template: &str) -> &str {
    match template.strip_prefix('@') {
        Some(rest) => rest.split_once(' ').map_or("", |(_, line)| line),
        None => template,
    }
}

/// The subjects of a group's templates.
pub fn subjects(group: &Group) -> BTreeSet<String> {
    let lines = group.templates.iter().map(|(_, line, _)| *line);
    lines.map(subject).collect()
}

/// The commands of a group, without subcommands and directives.
pub fn commands(group: &Group) -> BTreeSet<String> {
    let names = subjects(group)
        .into_iter()
        .filter(|name| !name.contains(' '));
    names
        .map(|name| name.split('|').next().unwrap_or(&name).to_string())
        .collect()
}

/// Fails if something of a landed group is unknown to ours.
#[track_caller]
pub fn assert_landed_groups_are_whole(known: &Known) {
    let landed = GROUPS.iter().filter(|group| LANDED.contains(&group.name));
    let missing: Vec<String> = landed
        .flat_map(subjects)
        .filter(|subject| !known.names.contains(subject))
        .collect();
    assert!(missing.is_empty(), "landed, and not known: {missing:?}");
}

#[test]
fn subject_finds_subcommands_and_directives() {
    assert_eq!(subject("HSET $hkey $pairs"), "hset");
    assert_eq!(subject("@200 XADD x1 $xaddid f v"), "xadd");
    assert_eq!(subject("XGROUP CREATE $xkey $xgroup $"), "xgroup|create");
    assert_eq!(subject("OBJECT $junk"), "object");
    assert_eq!(subject("CONFIG SET a-b ( 1 | 2 )"), "config set a-b");
}
