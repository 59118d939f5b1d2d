//! The shipped configuration file, `conf/ferrock.conf`.
//!
//! Owns: its text, made from the directive table. Invariant: loading it gives the defaults, save
//! where a row ships something else. Must not know: values at run time. Tests: below; one of them
//! writes the file and fails if it was stale.

use std::collections::BTreeMap;
use std::fmt::Write;

use super::directive::{Directive, Status};
use super::table::{self, FileDirective, Group};

const COLUMNS: usize = 80;

const HEADER: &str = "\
# Ferrock configuration.
#
# This file is generated from src/config/table; `cargo test` rewrites it. Copy it and change the
# copy:  ferrock-server /path/to/ferrock.conf
#
# The syntax is that of redis.conf: one directive and its arguments on a line, `#` begins a
# comment line, arguments with blanks stand in quotes, of two lines the later one wins. A
# redis.conf can be used as it is: directives that Ferrock does not need are accepted, and one
# warning at the start lists them.
#
# Sizes take units, in any case: 1k is 1000 bytes, 1kb is 1024 bytes, then 1m and 1mb, 1g and 1gb.
#
# Directives that are marked (at start only) cannot be changed by CONFIG SET.
#
# Other files can be read at this place; a pattern such as conf.d/*.conf may match none:
#
# include /path/to/local.conf
#
# Commands can be renamed, or removed by an empty name:
#
# rename-command FLUSHALL \"\"
";

/// The text of `conf/ferrock.conf`.
pub fn render_conf() -> String {
    let mut conf = String::from(HEADER);
    for group in &table::GROUPS {
        render_group(group, &mut conf);
    }
    render_without_effect(&mut conf);
    conf
}

fn render_group(group: &Group, conf: &mut String) {
    let mut effective = group
        .rows
        .iter()
        .filter(|row| row.status == Status::Effective)
        .peekable();
    if effective.peek().is_none() {
        return;
    }
    render_title(group.title, conf);
    for directive in effective {
        render_directive(directive, conf);
    }
}

fn render_title(title: &str, conf: &mut String) {
    let bar = "#".repeat(COLUMNS - title.len() - 2);
    let (left, right) = bar.split_at(bar.len() / 2);
    let _ = writeln!(conf, "\n{left} {title} {right}");
}

fn render_directive(directive: &Directive, conf: &mut String) {
    conf.push('\n');
    let mutable = directive.is_mutable();
    let doc = match mutable {
        true => String::from(directive.doc),
        false => format!("{} (at start only)", directive.doc),
    };
    render_comment(&doc, conf);
    let value = directive.shipped.unwrap_or(directive.default);
    // An empty value says nothing; the line only shows how to write one.
    let mark = if value == "\"\"" { "# " } else { "" };
    for line in shipped_lines(directive, value) {
        let _ = writeln!(conf, "{mark}{line}");
    }
}

/// Directives that may stand on several lines are easier to read so.
fn shipped_lines(directive: &Directive, value: &str) -> Vec<String> {
    let per_line = match directive.name {
        "save" => 2,
        "client-output-buffer-limit" => 4,
        _ => usize::MAX,
    };
    let words: Vec<&str> = value.split(' ').collect();
    let lines = words.chunks(per_line);
    lines
        .map(|words| format!("{} {}", directive.name, words.join(" ")))
        .collect()
}

fn render_comment(text: &str, conf: &mut String) {
    let mut line = String::from("#");
    for word in text.split_whitespace() {
        if line.len() + 1 + word.len() > COLUMNS {
            let _ = writeln!(conf, "{line}");
            line.truncate(1);
        }
        line.push(' ');
        line.push_str(word);
    }
    let _ = writeln!(conf, "{line}");
}

fn render_without_effect(conf: &mut String) {
    let mut reasons: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for directive in table::all() {
        if let Status::Ignored(reason) = directive.status {
            reasons.entry(reason).or_default().push(directive.name);
        }
    }
    for (name, _, _, action) in &table::FILE_DIRECTIVES {
        if let FileDirective::Ignored(reason) = action {
            reasons.entry(reason).or_default().push(name);
        }
    }
    render_title("ACCEPTED WITHOUT EFFECT", conf);
    conf.push_str("#\n# Directives of Redis and Valkey that Ferrock does not need, and why.\n");
    for (reason, mut names) in reasons {
        names.sort_unstable();
        conf.push_str("#\n");
        render_comment(&format!("{}: {reason}.", names.join(", ")), conf);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::error::Source;
    use crate::config::load::Loader;
    use crate::config::settings::Config;
    use std::path::Path;

    /// Rewrites the file, so that the next run passes.
    #[test]
    fn conf_file_is_fresh() {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("conf/ferrock.conf");
        let old = std::fs::read_to_string(&path).unwrap_or_default();
        let new = render_conf();
        if old != new {
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(&path, new).unwrap();
            panic!(
                "{} was stale and has been rewritten: commit it",
                path.display()
            );
        }
    }

    #[test]
    fn conf_file_sets_what_it_ships_and_warns_of_nothing() {
        let mut config = Config::new();
        let cwd = config.cwd.clone();
        let mut loader = Loader::new(&mut config);
        loader
            .text(render_conf().as_bytes(), &Source::Stdin)
            .unwrap();
        assert_eq!(loader.finish().unwrap(), Vec::<String>::new());
        for directive in table::all() {
            assert_eq!(
                config.value(directive),
                directive.shipped_value(&cwd),
                "{directive:?}"
            );
        }
    }

    #[test]
    fn conf_file_fits_the_page_and_names_every_directive() {
        let conf = render_conf();
        let longest = conf.lines().map(str::len).max().unwrap();
        assert!(longest <= 100, "{longest}");
        for directive in table::all() {
            let refused = matches!(directive.status, Status::Refused(_));
            assert!(refused || conf.contains(directive.name), "{directive:?}");
        }
    }
}
