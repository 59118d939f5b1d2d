//! COMMAND INFO and COMMAND DOCS of each command that both servers know, field by field.
//! Invariants: arity, flags, key positions, ACL categories and key specifications are Redis's.
//! Must not know: the command table. Tests: this file.

use crate::harness::{Server, wire};
use std::collections::BTreeSet;

/// Fields of a COMMAND INFO reply, by position.
const FIELDS: &[&str] = &[
    "name",
    "arity",
    "flags",
    "first key",
    "last key",
    "step",
    "categories",
    "tips",
    "key specs",
];

/// Fields that differ on purpose.
const INTENDED: &[(&str, &str)] = &[
    // Redis 7.2 and later take a command without arguments, and tell what it lacks.
    ("command|getkeys", "arity"),
    ("command|getkeysandflags", "arity"),
    // It writes to no database: there are no libraries.
    ("function|flush", "flags"),
    ("function|flush", "categories"),
    // It changes the group, so its keys are latched as those of any write.
    ("xreadgroup", "key specs"),
    // Redis 8 says that it blocks.
    ("wait", "flags"),
    ("wait", "categories"),
    // Redis 8 lets scripts run them.
    ("blmove", "flags"),
    ("blpop", "flags"),
    ("brpop", "flags"),
    ("brpoplpush", "flags"),
    ("bzpopmax", "flags"),
    ("bzpopmin", "flags"),
    // As Redis 8 gives them.
    ("client|setname", "tips"),
    ("config|resetstat", "tips"),
    ("config|rewrite", "tips"),
    ("msetnx", "tips"),
];

#[test]
fn command_info_agrees_with_redis() {
    let ours = Server::start();
    let theirs = Server::redis().start();
    let (mut our_side, mut their_side) = (ours.raw(), theirs.raw());
    let mut differences = Vec::new();
    for name in &super::commands_of_both(&ours, &theirs) {
        let line = format!("COMMAND INFO {name}");
        let (our_reply, their_reply) = (our_side.line(&line), their_side.line(&line));
        compare_row(
            name,
            only_row(&our_reply),
            only_row(&their_reply),
            &mut differences,
        );
    }
    let shown = differences.join("\n");
    assert!(
        differences.is_empty(),
        "{} fields differ:\n{shown}",
        differences.len()
    );
}

fn only_row(reply: &[u8]) -> &[u8] {
    wire::elements(reply)[0]
}

fn compare_row(name: &str, ours: &[u8], theirs: &[u8], differences: &mut Vec<String>) {
    if ours.starts_with(b"*-1") || ours.starts_with(b"$-1") {
        differences.push(format!("{name}: no row"));
        return;
    }
    let (ours, theirs) = (wire::elements(ours), wire::elements(theirs));
    for (position, field) in FIELDS.iter().enumerate() {
        let (our_field, their_field) = (ours.get(position), theirs.get(position));
        let agreed = match (our_field, their_field) {
            (Some(a), Some(b)) => a == b || unordered(a) == unordered(b),
            (a, b) => a.is_none() && b.is_none(),
        };
        if !agreed && !INTENDED.contains(&(name, field)) {
            let show = |part: Option<&&[u8]>| part.map_or("-".into(), |bytes| wire::show(bytes));
            let (ours, redis) = (show(our_field), show(their_field));
            differences.push(format!(
                "{name}, {field}:\n   ours: {ours}\n  redis: {redis}"
            ));
        }
    }
}

/// Flags and categories are sets.
fn unordered(field: &[u8]) -> Option<BTreeSet<&[u8]>> {
    matches!(field.first(), Some(b'*' | b'~'))
        .then(|| wire::elements(field))
        .filter(|elements| elements.iter().all(|element| element.starts_with(b"+")))
        .map(|elements| elements.into_iter().collect())
}
