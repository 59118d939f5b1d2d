//! The directives, one row each.
//!
//! Owns: the list of all rows, lookup by name, and the names that only a file knows.
//! Invariants: names and aliases are unique and lower case; each row's default parses.
//! Must not know: values. Tests: `tests.rs`.

mod cluster;
mod encoding;
mod memory;
mod network;
mod observation;
mod persistence;
mod process;
mod replication;
mod security;
mod storage;
#[cfg(test)]
mod tests;
mod tls;
mod unused;

use std::collections::HashMap;
use std::sync::LazyLock;

use super::directive::Directive;

/// Rows that belong together; a chapter of the shipped configuration file.
pub struct Group {
    pub title: &'static str,
    pub rows: &'static [Directive],
}

/// All rows, in the order of the shipped file.
pub static GROUPS: [Group; 12] = [
    Group {
        title: "NETWORK AND CLIENTS",
        rows: network::ROWS,
    },
    Group {
        title: "PROCESS AND LOG",
        rows: process::ROWS,
    },
    Group {
        title: "SECURITY",
        rows: security::ROWS,
    },
    Group {
        title: "MEMORY",
        rows: memory::ROWS,
    },
    Group {
        title: "DATA ON DISK",
        rows: storage::ROWS,
    },
    Group {
        title: "SLOW LOG, LATENCY, EVENTS",
        rows: observation::ROWS,
    },
    Group {
        title: "ENCODINGS",
        rows: encoding::ROWS,
    },
    Group {
        title: "SNAPSHOTS AND APPEND-ONLY FILES",
        rows: persistence::ROWS,
    },
    Group {
        title: "REPLICATION",
        rows: replication::ROWS,
    },
    Group {
        title: "CLUSTER",
        rows: cluster::ROWS,
    },
    Group {
        title: "TLS",
        rows: tls::ROWS,
    },
    Group {
        title: "OTHER DIRECTIVES OF REDIS AND VALKEY",
        rows: unused::ROWS,
    },
];

/// What a line does whose directive is no setting: CONFIG GET and SET do not know it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FileDirective {
    Include,
    RenameCommand,
    /// Accepted without effect, for this reason.
    Ignored(&'static str),
    /// Refused, for this reason.
    Refused(&'static str),
}

const OBSOLETE: &str = "Redis has retired them";
const NO_MODULES: &str = "Ferrock loads no modules";

/// Name, fewest and most words of the line including the name, and what it does.
pub static FILE_DIRECTIVES: [(&str, usize, usize, FileDirective); 13] = [
    ("include", 2, 2, FileDirective::Include),
    ("rename-command", 3, 3, FileDirective::RenameCommand),
    (
        "user",
        2,
        usize::MAX,
        FileDirective::Refused(security::NO_ACL),
    ),
    (
        "sentinel",
        1,
        usize::MAX,
        FileDirective::Refused("Ferrock has no sentinel mode"),
    ),
    (
        "loadmodule",
        2,
        usize::MAX,
        FileDirective::Ignored(NO_MODULES),
    ),
    (
        "list-max-ziplist-entries",
        2,
        2,
        FileDirective::Ignored(OBSOLETE),
    ),
    (
        "list-max-ziplist-value",
        2,
        2,
        FileDirective::Ignored(OBSOLETE),
    ),
    (
        "lua-replicate-commands",
        2,
        2,
        FileDirective::Ignored(OBSOLETE),
    ),
    // Redis 8 bundles modules whose settings share these prefixes.
    ("bf-*", 2, usize::MAX, FileDirective::Ignored(NO_MODULES)),
    ("cf-*", 2, usize::MAX, FileDirective::Ignored(NO_MODULES)),
    (
        "search-*",
        2,
        usize::MAX,
        FileDirective::Ignored(NO_MODULES),
    ),
    ("ts-*", 2, usize::MAX, FileDirective::Ignored(NO_MODULES)),
    ("vset-*", 2, usize::MAX, FileDirective::Ignored(NO_MODULES)),
];

/// Every directive that CONFIG GET and SET know.
pub fn all() -> impl Iterator<Item = &'static Directive> {
    GROUPS.iter().flat_map(|group| group.rows)
}

static BY_NAME: LazyLock<HashMap<&'static str, &'static Directive>> = LazyLock::new(|| {
    all()
        .flat_map(|directive| directive.names().map(move |name| (name, directive)))
        .collect()
});

/// The directive that a name or alias means, in any case, and that name as the table spells it.
pub fn find(name: &[u8]) -> Option<(&'static str, &'static Directive)> {
    let name = name.to_ascii_lowercase();
    let name = std::str::from_utf8(&name).ok()?;
    BY_NAME
        .get_key_value(name)
        .map(|(name, directive)| (*name, *directive))
}

/// The directive of files alone that fits a line of `words` words.
pub fn find_file_directive(name: &[u8], words: usize) -> Option<FileDirective> {
    let fits = |pattern: &str| match pattern.strip_suffix('*') {
        Some(prefix) => name.starts_with(prefix.as_bytes()) && name.len() > prefix.len(),
        None => name == pattern.as_bytes(),
    };
    let row = FILE_DIRECTIVES.iter().find(|(pattern, ..)| fits(pattern))?;
    let (_, fewest, most, action) = *row;
    (fewest..=most).contains(&words).then_some(action)
}

/// Every name that a line may begin with.
pub fn names() -> impl Iterator<Item = &'static str> {
    let in_files = FILE_DIRECTIVES.iter().map(|(name, ..)| *name);
    all()
        .flat_map(Directive::names)
        .chain(in_files.filter(|name| !name.ends_with('*')))
}
