//! What holds for every row of the table.

use std::collections::HashSet;

use super::*;
use crate::config::cell::Cell;
use crate::config::directive::{Mutability, Status};
use crate::config::kind::{Context, Kind};
use crate::config::settings::Config;
use crate::config::words;

#[test]
fn names_are_unique_and_lower_case() {
    let mut seen = HashSet::new();
    for name in all()
        .flat_map(Directive::names)
        .chain(FILE_DIRECTIVES.iter().map(|row| row.0))
    {
        assert!(seen.insert(name), "{name} stands twice");
        let plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
        assert!(
            name.bytes()
                .all(|b| plain(b) || matches!(b, b'-' | b'_' | b'*')),
            "{name}"
        );
    }
    assert!(seen.len() > 300, "{}", seen.len());
}

#[test]
fn every_default_parses_and_is_written_as_it_is_read() {
    let cwd = std::env::current_dir().unwrap();
    for directive in all() {
        let base = directive.empty_base();
        let context = Context {
            base: &base,
            cwd: &cwd,
        };
        for text in std::iter::once(directive.default).chain(directive.shipped) {
            let words = words::split(text.as_bytes()).unwrap();
            let words: Vec<&[u8]> = words.iter().map(Vec::as_slice).collect();
            let value = directive.parse(&words, &context);
            assert!(value.is_ok(), "{directive:?} {text} {value:?}");
        }
        // Lines of several words hold those of the default, in the same order.
        let lines = directive
            .default_value(&cwd)
            .lines(directive.name, &directive.kind)
            .join(" ");
        let plain = !matches!(
            directive.kind,
            Kind::Text | Kind::Bytes | Kind::Directory | Kind::ReplicaOf
        );
        if plain && !matches!(directive.kind, Kind::Save | Kind::OutputLimits) {
            assert_eq!(lines, format!("{} {}", directive.name, directive.default));
        }
    }
}

#[test]
fn every_cell_has_the_type_of_its_directive() {
    let config = Config::new();
    for directive in all() {
        let value = directive.default_value(&config.cwd);
        let stored = directive.cell(&config).store(value.clone());
        match directive.cell(&config) {
            Cell::Kept => assert!(stored.is_err(), "{directive:?}"),
            _ => assert_eq!(stored, Ok(()), "{directive:?}"),
        }
        assert_eq!(config.value(directive), value, "{directive:?}");
    }
}

#[test]
fn no_two_directives_share_a_cell() {
    let config = Config::new();
    for directive in all() {
        let other_value = match (directive.cell(&config), directive.kind) {
            (Cell::Kept, _) => continue,
            (Cell::Switch(cell), _) => String::from(if cell.get() { "no" } else { "yes" }),
            (_, Kind::Choice(names)) => {
                let other = names.iter().find(|(name, _)| *name != directive.default);
                String::from(other.unwrap().0)
            }
            (_, Kind::Directory) => String::from("/"),
            (_, Kind::Events) => String::from("K"),
            (_, Kind::Flags(_)) => String::from("now"),
            (_, Kind::Memory { .. }) => String::from("77mb"),
            (_, Kind::Save | Kind::Percentiles) => String::from("7 7"),
            (_, Kind::OutputLimits) => String::from("normal 7 7 7"),
            (_, Kind::Octal { .. }) => String::from("7"),
            (_, Kind::Int { min, .. }) if directive.default == min.to_string() => {
                (min + 1).to_string()
            }
            (_, Kind::Int { min, .. }) => min.to_string(),
            (_, _) => String::from("something"),
        };
        let words: Vec<&[u8]> = other_value.split(' ').map(str::as_bytes).collect();
        let base = config.value(directive);
        let value = directive
            .parse(
                &words,
                &Context {
                    base: &base,
                    cwd: &config.cwd,
                },
            )
            .unwrap();
        config.store(directive, value.clone());
        assert_eq!(config.value(directive), value);
        for untouched in all().filter(|other| *other != directive) {
            let default = untouched.default_value(&config.cwd);
            assert_eq!(
                config.value(untouched),
                default,
                "{directive:?} and {untouched:?}"
            );
        }
        config.store(directive, directive.default_value(&config.cwd));
    }
}

#[test]
fn effective_directives_are_read_and_documented() {
    let config = Config::new();
    for directive in all() {
        let kept = matches!(directive.cell(&config), Cell::Kept);
        match directive.status {
            Status::Effective => {
                assert!(
                    !kept,
                    "{directive:?} claims an effect but nothing can read it"
                );
                assert!(directive.doc.ends_with('.'), "{directive:?}");
                assert!(!directive.hidden, "{directive:?}");
            }
            Status::Ignored(reason) | Status::Refused(reason) => {
                assert!(
                    !reason.is_empty() && !reason.ends_with('.'),
                    "{directive:?}"
                );
                assert_eq!(directive.doc, "", "{directive:?}");
            }
        }
    }
}

#[test]
fn refused_directives_are_fixed_at_start() {
    for directive in all().filter(|d| matches!(d.status, Status::Refused(_))) {
        assert_eq!(directive.mutability, Mutability::Immutable, "{directive:?}");
    }
}

#[test]
fn find_takes_any_case_and_aliases() {
    let (name, directive) = find(b"MaxMemory").unwrap();
    assert_eq!((name, directive.name), ("maxmemory", "maxmemory"));
    let (name, directive) = find(b"slaveof").unwrap();
    assert_eq!((name, directive.name), ("slaveof", "replicaof"));
    assert_eq!(find(b"include"), None);
    assert_eq!(find(b"\xff"), None);
}

#[test]
fn file_directives_need_their_words() {
    assert_eq!(
        find_file_directive(b"include", 2),
        Some(FileDirective::Include)
    );
    assert_eq!(find_file_directive(b"include", 3), None);
    assert_eq!(
        find_file_directive(b"search-workers", 2),
        Some(FileDirective::Ignored(NO_MODULES))
    );
    assert_eq!(find_file_directive(b"search-", 2), None);
    assert_eq!(find_file_directive(b"port", 2), None);
}
