//! CONFIG REWRITE.

use std::ffi::OsString;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use proptest::prelude::*;
use tempfile::TempDir;

use crate::config::args::CommandLine;
use crate::config::choice::Origin;
use crate::config::error::RewriteError;
use crate::config::kind::Context;
use crate::config::rewrite::SIGNATURE;
use crate::config::settings::Config;
use crate::config::{table, words};

struct Server {
    home: TempDir,
    config: Config,
}

impl Server {
    /// Starts with a configuration file of this content and these options.
    fn start(text: &str, options: &[&str]) -> Self {
        let home = tempfile::tempdir().unwrap();
        fs::write(home.path().join("ferrock.conf"), text).unwrap();
        let config = load(home.path(), options);
        Self { home, config }
    }

    fn path(&self) -> PathBuf {
        self.home.path().join("ferrock.conf")
    }

    fn set(&self, name: &str, value: &str) {
        self.config
            .set(&[(name.as_bytes(), value.as_bytes())], Origin::Local)
            .unwrap();
    }

    /// Rewrites, asserts that the file gives the same configuration, and returns its lines but
    /// for that of `dir`.
    fn rewrite(&self) -> Vec<String> {
        self.config.rewrite().unwrap();
        let again = load(self.home.path(), &[]);
        assert_same(&self.config, &again);
        let text = fs::read_to_string(self.path()).unwrap();
        assert!(
            text.contains("\ndir \"/") || text.starts_with("dir \"/"),
            "{text}"
        );
        text.lines()
            .filter(|line| !line.starts_with("dir "))
            .map(String::from)
            .collect()
    }
}

fn load(home: &Path, options: &[&str]) -> Config {
    let args = ["ferrock-server", "ferrock.conf"]
        .iter()
        .chain(options)
        .map(OsString::from);
    let config = Config::in_directory(home);
    match Config::from_args(args, &mut std::io::empty(), config).unwrap() {
        CommandLine::Run(startup) => startup.config,
        other => panic!("{other:?}"),
    }
}

fn assert_same(one: &Config, other: &Config) {
    for directive in table::all() {
        assert_eq!(
            one.value(directive),
            other.value(directive),
            "{directive:?}"
        );
    }
}

#[test]
fn comments_order_and_true_lines_stay() {
    let text = "# head\n\n\tmaxmemory 1gb  \n# about the port\nport 6379\n\n\nhz 10\n# end";
    let server = Server::start(text, &[]);
    server.set("port", "7000");
    let expected = [
        "# head",
        "",
        "\tmaxmemory 1gb  ",
        "# about the port",
        "port 7000",
        "",
        "",
        "hz 10",
    ];
    let lines = server.rewrite();
    assert_eq!(lines[..8], expected);
    assert_eq!(lines[8..], ["# end", SIGNATURE]);
}

#[test]
fn new_values_go_under_one_signature() {
    let server = Server::start("port 1\n", &["--maxclients", "77"]);
    assert_eq!(server.rewrite(), ["port 1", SIGNATURE, "maxclients 77"]);
    server.set("hz", "20");
    assert_eq!(
        server.rewrite(),
        ["port 1", SIGNATURE, "maxclients 77", "hz 20"]
    );
    server.set("hz", "10");
    assert_eq!(
        server.rewrite(),
        ["port 1", SIGNATURE, "maxclients 77", "hz 10"]
    );
}

#[test]
fn lists_take_as_many_lines_as_they_need() {
    let server = Server::start("save 900 1\nport 1\nsave 300 10\nhz 9\n", &[]);
    server.set("save", "1 1 2 2 3 3");
    assert_eq!(
        server.rewrite()[..5],
        ["save 1 1", "port 1", "save 2 2", "save 3 3", "hz 9"]
    );
    server.set("save", "7 7");
    assert_eq!(server.rewrite()[..3], ["save 7 7", "port 1", "hz 9"]);
    server.set("save", "");
    assert_eq!(server.rewrite()[..2], ["save \"\"", "port 1"]);
}

#[test]
fn an_emptied_text_loses_its_line() {
    let server = Server::start("requirepass secret\nport 1\n", &[]);
    server.set("requirepass", "");
    assert_eq!(server.rewrite()[..1], ["port 1"]);
    server.set("requirepass", "a \"b\"\n\\c\0");
    assert_eq!(
        server.rewrite()[2..],
        ["requirepass \"a \\\"b\\\"\\n\\\\c\\x00\""]
    );
}

#[test]
fn repeated_lines_and_aliases_become_one() {
    let text = "hash-max-listpack-entries 20\nhash-max-ziplist-entries 21\nport 1\n";
    let server = Server::start(text, &[]);
    assert_eq!(
        server.rewrite()[..2],
        text.lines().take(2).collect::<Vec<&str>>()
    );
    server.set("hash-max-listpack-entries", "100");
    assert_eq!(
        server.rewrite()[..2],
        ["hash-max-listpack-entries 100", "port 1"]
    );
}

#[test]
fn what_an_included_file_overrides_is_said_at_the_end() {
    let server = Server::start("port 1\n", &[]);
    let included = server.home.path().join("more.conf");
    fs::write(&included, "port 2\nsave 5 5\nrequirepass x\n").unwrap();
    fs::write(server.path(), "port 1\ninclude more.conf\nhz 9\n").unwrap();
    let config = load(server.home.path(), &[]);
    let server = Server {
        home: server.home,
        config,
    };
    server.set("port", "3");
    server.set("save", "6 6");
    server.set("requirepass", "");
    let lines = server.rewrite();
    assert_eq!(lines[..3], ["port 3", "include more.conf", "hz 9"]);
    assert_eq!(lines.last().unwrap(), "save 6 6");
    assert!(lines.contains(&String::from("requirepass \"\"")));
    assert_eq!(
        fs::read_to_string(&included).unwrap(),
        "port 2\nsave 5 5\nrequirepass x\n"
    );
}

#[test]
fn file_only_lines_stay() {
    let text = "rename-command FLUSHALL \"\"\nloadmodule x.so\nport 1\n";
    let server = Server::start(text, &[]);
    server.set("port", "2");
    let lines = server.rewrite();
    assert_eq!(
        lines[..3],
        ["rename-command FLUSHALL \"\"", "loadmodule x.so", "port 2"]
    );
}

#[test]
fn the_file_keeps_its_mode_and_its_link() {
    let server = Server::start("port 1\n", &[]);
    let real = server.home.path().join("real.conf");
    fs::rename(server.path(), &real).unwrap();
    fs::set_permissions(&real, fs::Permissions::from_mode(0o600)).unwrap();
    std::os::unix::fs::symlink(&real, server.path()).unwrap();
    server.set("port", "2");
    server.rewrite();
    assert_eq!(
        fs::metadata(&real).unwrap().permissions().mode() & 0o777,
        0o600
    );
    assert!(
        fs::symlink_metadata(server.path())
            .unwrap()
            .file_type()
            .is_symlink()
    );
    let left: Vec<_> = fs::read_dir(server.home.path()).unwrap().collect();
    assert_eq!(left.len(), 2, "{left:?}");
}

#[test]
fn a_removed_file_is_made_anew() {
    let server = Server::start("port 1\n", &[]);
    fs::remove_file(server.path()).unwrap();
    assert_eq!(server.rewrite(), [SIGNATURE, "port 1"]);
}

#[test]
fn lines_broken_since_the_start_are_mended_or_set_aside() {
    let server = Server::start("port 1\n", &[]);
    fs::write(server.path(), "port x\nprot 6379\nhz \"9\n# c\n").unwrap();
    assert_eq!(
        server.rewrite()[..4],
        ["port 1", "# ??? prot 6379", "# ??? hz \"9", "# c"]
    );
}

#[test]
fn failures_leave_the_file_alone() {
    let none = Config::new().rewrite().unwrap_err();
    assert_eq!(
        none.to_string(),
        "The server is running without a config file"
    );
    let server = Server::start("port 1\n", &[]);
    let text = "port 1\ninclude none.conf\n";
    fs::write(server.path(), text).unwrap();
    let error = server.config.rewrite().unwrap_err();
    assert!(matches!(error, RewriteError::Unreadable(_)), "{error}");
    assert_eq!(fs::read_to_string(server.path()).unwrap(), text);
    fs::remove_file(server.path()).unwrap();
    fs::create_dir(server.path()).unwrap();
    let error = server.config.rewrite().unwrap_err().to_string();
    assert_eq!(error, "Rewriting config file: Is a directory");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// Any lines in the file, any values set afterwards: the rewritten file gives them all.
    #[test]
    fn loading_a_rewritten_file_is_the_identity(
        lines in proptest::collection::vec((0usize..1000, "[a-z0-9 %\"']{0,9}"), 0..20),
        sets in proptest::collection::vec((0usize..1000, any_value()), 0..20),
        included in proptest::collection::vec((0usize..1000, any_value()), 0..4),
    ) {
        let server = Server::start("", &[]);
        let text = |lines: Vec<(usize, String)>| {
            let line = |(row, value): (usize, String)| valid_line(row, &value);
            lines.into_iter().filter_map(line).collect::<String>()
        };
        fs::write(server.home.path().join("more.conf"), text(included)).unwrap();
        let lines = text(lines);
        let (before, after) = lines.split_at(lines.find('\n').map_or(0, |end| end + 1));
        fs::write(server.path(), format!("{before}include more.conf\n{after}")).unwrap();
        let server = Server { config: load(server.home.path(), &[]), home: server.home };
        for (row, value) in sets {
            let name = name_of(row);
            // Most values fit few directives; what is refused changes nothing.
            let _ = server.config.set(&[(name.as_bytes(), value.as_bytes())], Origin::Local);
        }
        server.rewrite();
        server.rewrite();
    }
}

fn any_value() -> impl Strategy<Value = String> {
    prop_oneof![
        "[0-9]{1,4}",
        "[0-9]{1,3}(kb|mb|g)",
        "[0-9]{1,2}%",
        "[1-9] [0-9]( [1-9] [0-9])?",
        "(normal|replica|pubsub) [0-9] 1mb [0-9]",
        "[a-zA-Z:. \\\\\"]{0,6}",
        Just(String::from("yes")),
        Just(String::from("no")),
        Just(String::from("always")),
        Just(String::from("KEA")),
        Just(String::from("")),
    ]
}

fn name_of(row: usize) -> &'static str {
    // A log file would be created, and a directory must exist.
    let names: Vec<_> = table::all()
        .filter(|d| !matches!(d.name, "logfile" | "dir"))
        .collect();
    names[row % names.len()].names().last().unwrap()
}

fn valid_line(row: usize, value: &str) -> Option<String> {
    let name = name_of(row);
    let (_, directive) = table::find(name.as_bytes())?;
    if matches!(directive.status, crate::config::Status::Refused(_)) {
        return None;
    }
    let words = words::split(value.as_bytes())?;
    let words: Vec<&[u8]> = words.iter().map(Vec::as_slice).collect();
    let base = directive.empty_base();
    let context = Context {
        base: &base,
        cwd: Path::new("/"),
    };
    // A single word of several is split once more.
    let single = words.len() == 1 && directive.kind.is_multi();
    (!single && directive.parse(&words, &context).is_ok()).then(|| format!("{name} {value}\n"))
}
