//! Owns INFO: which sections there are, and which of them a request means.
//! Invariants: the fields that tools parse are Redis's in name and shape; a figure that Ferrock
//! does not have is left out or shown as Redis shows it at rest.
//! Must not know: how figures are gathered. Tests: below, `tests/commands/server.rs`.

mod process;
mod rocksdb;
mod state;
mod stats;

use super::{ANY_STATE, ROW};
use crate::command::{Args, Category, CommandSpec, Handler, Outcome};
use crate::error::CommandResult;
use crate::resp::Reply;
use crate::session::{Services, Session};

pub static INFO: CommandSpec = CommandSpec {
    name: "info",
    extra: ANY_STATE,
    acl: &[Category::Dangerous],
    handler: Handler::Server(info),
    syntax: "[section [section ...]]",
    summary: "Returns information and statistics about the server.",
    ..ROW
};

/// When a section is shown without being named.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Shown {
    /// Without arguments, with `default`, `all` and `everything`.
    Always,
    /// With `all` and `everything`.
    All,
}

/// A section: its title, when it is shown, and what writes its fields.
struct Section {
    title: &'static str,
    shown: Shown,
    write: fn(&Services, &mut Fields),
}

const fn section(title: &'static str, shown: Shown, write: fn(&Services, &mut Fields)) -> Section {
    Section {
        title,
        shown,
        write,
    }
}

/// All sections, in Redis's order.
const SECTIONS: &[Section] = &[
    section("Server", Shown::Always, process::server),
    section("Clients", Shown::Always, state::clients),
    section("Memory", Shown::Always, process::memory),
    section("Persistence", Shown::Always, state::persistence),
    section("Stats", Shown::Always, stats::stats),
    section("Replication", Shown::Always, state::replication),
    section("CPU", Shown::Always, process::cpu),
    section("Modules", Shown::Always, |_, _| ()),
    section("Commandstats", Shown::All, stats::commandstats),
    section("Errorstats", Shown::Always, stats::errorstats),
    section("Latencystats", Shown::All, stats::latencystats),
    section("Cluster", Shown::Always, state::cluster),
    section("Keyspace", Shown::Always, state::keyspace),
    // Reading the engine's gauges takes milliseconds, so it has to be asked for.
    section("RocksDB", Shown::All, rocksdb::rocksdb),
];

/// The text of a reply under construction.
#[derive(Default)]
struct Fields(String);

impl Fields {
    /// Appends `name:value`.
    fn put(&mut self, name: &str, value: impl std::fmt::Display) {
        use std::fmt::Write;
        // Writing to a String cannot fail.
        let _ = write!(self.0, "{name}:{value}\r\n");
    }

    /// Appends a number of bytes twice: exactly, and for people under `name_human`.
    fn put_bytes(&mut self, name: &str, bytes: u64) {
        self.put(name, bytes);
        self.put(&format!("{name}_human"), human(bytes));
    }

    fn title(&mut self, title: &str) {
        if !self.0.is_empty() {
            self.0.push_str("\r\n");
        }
        self.0.push_str("# ");
        self.0.push_str(title);
        self.0.push_str("\r\n");
    }
}

fn info(session: &mut Session, args: &mut Args<'_>) -> CommandResult<Outcome> {
    let names: Vec<&[u8]> = std::iter::from_fn(|| args.next_or_none()).collect();
    let mut fields = Fields::default();
    for section in SECTIONS.iter().filter(|section| is_meant(section, &names)) {
        fields.title(section.title);
        (section.write)(&session.services, &mut fields);
    }
    Ok(Reply::text(fields.0.into_bytes()).into())
}

fn is_meant(section: &Section, names: &[&[u8]]) -> bool {
    let names = match names {
        [] => &[&b"default"[..]],
        names => names,
    };
    names.iter().any(|name| {
        let is = |word: &str| name.eq_ignore_ascii_case(word.as_bytes());
        is(section.title)
            || is("all")
            || is("everything")
            || (is("default") && section.shown == Shown::Always)
    })
}

/// Bytes with a unit and two decimals, as Redis shows them to people.
fn human(bytes: u64) -> String {
    const UNITS: [&str; 6] = ["K", "M", "G", "T", "P", "E"];
    if bytes < 1024 {
        return format!("{bytes}B");
    }
    let mut number = bytes as f64;
    let mut shown = "";
    for unit in UNITS {
        if number < 1024.0 {
            break;
        }
        number /= 1024.0;
        shown = unit;
    }
    format!("{number:.2}{shown}")
}

/// A quotient with two decimals; 0 by nothing.
fn ratio(part: u64, whole: u64) -> String {
    match whole {
        0 => "0.00".to_owned(),
        whole => format!("{:.2}", part as f64 / whole as f64),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn titles(names: &[&[u8]]) -> Vec<&'static str> {
        let meant = SECTIONS.iter().filter(|section| is_meant(section, names));
        meant.map(|section| section.title).collect()
    }

    #[test]
    fn names_choose_sections_in_any_case() {
        assert_eq!(titles(&[b"KEYSPACE", b"server"]), ["Server", "Keyspace"]);
        assert_eq!(titles(&[b"everything"]).len(), SECTIONS.len());
        assert_eq!(titles(&[]), titles(&[b"default"]));
        assert!(!titles(&[]).contains(&"Commandstats"));
        assert!(titles(&[b"default", b"commandstats"]).contains(&"Commandstats"));
        assert!(titles(&[b"nosuch"]).is_empty());
    }

    #[test]
    fn bytes_are_shown_with_two_decimals_and_a_unit() {
        let shown = [
            (0, "0B"),
            (1023, "1023B"),
            (1024, "1.00K"),
            (916_280, "894.80K"),
            (25_276_510_208, "23.54G"),
            (u64::MAX, "16.00E"),
        ];
        for (bytes, text) in shown {
            assert_eq!(human(bytes), text);
        }
        assert_eq!(ratio(1, 3), "0.33");
        assert_eq!(ratio(1, 0), "0.00");
    }
}
