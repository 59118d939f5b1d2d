//! Quantifies over all rows of the table. Method: each test looks at every command and subcommand
//! and names the one that breaks its rule.

pub mod fixture;

use super::introspect::{hints, syntax};
use super::*;
use crate::command::key_spec::{Begin, Find};
use crate::command::{Category, Flags, Handler};
use std::collections::HashSet;
use std::fmt::Write;
use std::path::Path;

/// Rows whose arity admits more than their syntax tells.
const LOOSE_ARITY: &[&str] = &[
    // Redis takes and ignores any arguments.
    "quit", // Its rows are all commands; filters belong to its subcommands.
    "command",
];

#[test]
fn names_are_unique_and_lower_case() {
    let mut seen = HashSet::new();
    for command in numbered() {
        assert!(
            seen.insert(command.full_name),
            "{} twice",
            command.full_name
        );
        let name = command.spec.name;
        let fits =
            |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b"-_".contains(&byte);
        assert!(!name.is_empty() && name.bytes().all(fits), "{name}");
    }
}

#[test]
fn rows_are_told_about() {
    for command in numbered() {
        let spec = command.spec;
        let name = command.full_name;
        assert!(spec.summary.ends_with('.'), "{name}: summary");
        assert!(!spec.complexity.is_empty(), "{name}: complexity");
        assert_eq!(spec.since.split('.').count(), 3, "{name}: since");
    }
}

#[test]
fn arity_agrees_with_the_shortest_form_of_the_syntax() {
    for command in numbered() {
        let (spec, name) = (command.spec, command.full_name);
        let arguments = syntax::parse(spec.syntax);
        let arguments = arguments.unwrap_or_else(|error| panic!("{name}: {error:?}"));
        if LOOSE_ARITY.contains(&name) {
            continue;
        }
        let (words, open) = syntax::shortest(&arguments);
        let least = (command.words + words) as i64;
        let expected = match (!spec.subcommands.is_empty(), open) {
            (true, _) => -2,
            (false, true) => -least,
            (false, false) => least,
        };
        assert_eq!(spec.arity.number(), expected, "{name}: `{}`", spec.syntax);
    }
}

#[test]
fn key_positions_lie_behind_the_name_and_inside_the_arity() {
    for command in numbered() {
        let name = command.full_name;
        let least = command.spec.arity.number().unsigned_abs();
        for spec in command.spec.keys {
            let Begin::Index(index) = spec.begin else {
                continue;
            };
            assert!(usize::from(index) >= command.words, "{name}");
            if let Find::Range { last, step, .. } = spec.find {
                // Keys up to the end may be none.
                let keys_min = u64::from(last >= 0);
                assert!(u64::from(index) + keys_min <= least && step > 0, "{name}");
                assert!(
                    last < 0 || u64::from(index) + last as u64 <= least,
                    "{name}"
                );
            }
        }
    }
}

#[test]
fn flags_agree_with_the_handler() {
    for command in numbered() {
        let (spec, name) = (command.spec, command.full_name);
        let implied = Flags::READONLY.with(Flags::WRITE);
        assert!(
            !spec.extra.has(Flags::READONLY) && !spec.extra.has(Flags::WRITE),
            "{name}"
        );
        assert!(!spec.flags().has(implied), "{name}");
        if spec.flags().has(Flags::DENYOOM) {
            assert!(spec.is_write(), "{name}: DENYOOM is for writes");
        }
        let is_container = matches!(spec.handler, Handler::Container);
        assert!(!is_container || !spec.subcommands.is_empty(), "{name}");
        let reads =
            spec.may_stage() || matches!(spec.handler, Handler::Read(_) | Handler::Control(_));
        assert!(reads || spec.keys.is_empty(), "{name}: keys without a view");
    }
}

#[test]
fn implied_categories_are_not_typed_by_hand() {
    let implied = [
        Category::Read,
        Category::Write,
        Category::Fast,
        Category::Slow,
        Category::Blocking,
    ];
    for command in numbered() {
        for category in implied {
            assert!(
                !command.spec.acl.contains(&category),
                "{}",
                command.full_name
            );
        }
    }
}

#[test]
fn containers_have_a_help() {
    for spec in all().filter(|spec| !spec.subcommands.is_empty()) {
        assert!(spec.subcommand(b"HELP").is_some(), "{}", spec.name);
    }
}

#[test]
fn the_numbering_is_the_order_that_lookup_counts_on() {
    for (at, command) in numbered().iter().enumerate() {
        for (n, subcommand) in command.spec.subcommands.iter().enumerate() {
            let numbered = &numbered()[at + 1 + n];
            assert_eq!(numbered.spec.name, subcommand.name);
            assert_eq!(numbered.words, 2);
        }
    }
}

#[test]
fn hints_name_commands_once() {
    let names = hints::TIPS.iter().map(|row| row.0);
    let names: Vec<&str> = names.collect();
    assert!(names.iter().collect::<HashSet<_>>().len() == names.len());
    let successors = hints::DEPRECATED.iter().map(|row| row.0);
    let notes = hints::NOTES.iter().map(|row| row.0).chain(successors);
    for name in names.into_iter().chain(notes) {
        let known = numbered().iter().any(|command| command.full_name == name);
        assert!(known, "{name} is no command");
    }
}

/// The table of all commands, as it stands in `README.md`.
fn readme() -> String {
    let mut text = String::from(
        "# Commands\n\n\
         GENERATED from the command table by a test of `commands/tests.rs`; change the rows, not \
         this file.\n\n\
         | command | arguments | since | what it does |\n|---|---|---|---|\n",
    );
    for command in numbered() {
        let spec = command.spec;
        let name = command.full_name.replace('|', " ").to_ascii_uppercase();
        let arguments = match spec.syntax {
            "" => String::new(),
            syntax => format!("`{}`", syntax.replace('|', "\\|")),
        };
        // Writing to a String cannot fail.
        let _ = writeln!(
            text,
            "| {name} | {arguments} | {} | {} |",
            spec.since, spec.summary
        );
    }
    text
}

#[test]
fn the_readme_is_fresh() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/commands/README.md");
    let fresh = readme();
    let found = std::fs::read_to_string(&path).unwrap_or_default();
    if found != fresh {
        std::fs::write(&path, &fresh).unwrap();
        panic!(
            "{} was stale and is written anew: commit it",
            path.display()
        );
    }
}
