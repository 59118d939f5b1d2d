//! The commands the oracle sends, as templates by group, and how their replies compare.
//! Invariants: every command of ours that Redis 7.0 knows is here, or excused in `coverage.rs`;
//! a group in `LANDED` is known to ours as a whole. Must not know: servers.
//! Tests: below, and `grammar.rs` parses every row when a run begins.

mod geo;
mod hash;
mod hyperloglog;
mod keys;
mod list;
mod multi;
mod set;
mod sort;
mod stream;
mod string;
mod zset;

use super::compare::Compare;

/// One row: how often it is drawn, the template, how its replies compare. `@n` before a template
/// sends it n times in a row.
pub type Template = (u32, &'static str, Compare);

/// The commands of one type or subject.
pub struct Group {
    pub name: &'static str,
    pub templates: &'static [Template],
    /// Fixed lines at the corners of the grammar, run once before the random ones.
    pub corners: &'static [&'static str],
}

pub const GROUPS: &[Group] = &[
    string::GROUP,
    keys::GROUP,
    keys::PAYLOADS,
    keys::DATABASES,
    list::GROUP,
    hash::GROUP,
    set::GROUP,
    zset::GROUP,
    stream::GROUP,
    geo::GROUP,
    hyperloglog::GROUP,
    sort::GROUP,
    multi::GROUP,
];

/// The groups that must be covered: whatever of them is unknown to ours fails the run. The
/// others are drawn as far as ours knows them; a type that lands is added here.
pub const LANDED: &[&str] = &[
    "string",
    "keys",
    "databases",
    "list",
    "set",
    "hash",
    "hyperloglog",
    "zset",
    "stream",
    "geo",
    "sort",
    "payloads",
    "multi",
];

/// The group of this name.
#[track_caller]
pub fn group(name: &str) -> &'static Group {
    let found = GROUPS.iter().find(|group| group.name == name);
    found.unwrap_or_else(|| panic!("no group of templates is named {name}"))
}

#[test]
fn groups_have_names_of_their_own() {
    let names: std::collections::BTreeSet<&str> = GROUPS.iter().map(|group| group.name).collect();
    assert_eq!(names.len(), GROUPS.len());
    assert!(LANDED.iter().all(|name| names.contains(name)));
}
