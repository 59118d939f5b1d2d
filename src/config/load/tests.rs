//! Loading of files and lines.

use std::path::Path;

use proptest::prelude::*;

use crate::config::choice::Fsync;
use crate::config::error::{ConfigError, Source};
use crate::config::load::{FILE_BYTES_MAX, INCLUDE_DEPTH_MAX, Loader, read_file, trim};
use crate::config::settings::Config;

fn load_in(directory: &Path, text: &[u8]) -> Result<(Config, Vec<String>), ConfigError> {
    let mut config = Config::in_directory(directory);
    let mut loader = Loader::new(&mut config);
    loader.text(text, &Source::Stdin)?;
    let warnings = loader.finish()?;
    Ok((config, warnings))
}

fn load(text: &str) -> Result<(Config, Vec<String>), ConfigError> {
    load_in(Path::new("/"), text.as_bytes())
}

/// Line number, reason and suggestion of the line that fails.
fn fault(text: &str) -> (usize, String, Option<&'static str>) {
    match load(text) {
        Err(ConfigError::Line(error)) => {
            (error.line_number, error.reason.to_string(), error.nearest)
        }
        other => panic!("{other:?}"),
    }
}

#[test]
fn later_lines_win_and_comments_do_not_count() {
    let text = "# port 1\n\n \tPORT 7000\r\nport 7001\nappendfsync \"always\"\n  # port 9\n";
    let (config, warnings) = load(text).unwrap();
    assert_eq!(config.port.get(), 7001);
    assert_eq!(config.appendfsync.get(), Fsync::Always);
    assert_eq!(warnings, Vec::<String>::new());
}

#[test]
fn first_save_line_replaces_the_defaults_and_the_next_adds() {
    let saves = |text: &str| {
        let points = load(text).unwrap().0.save.get();
        points
            .iter()
            .map(|point| (point.seconds, point.changes))
            .collect::<Vec<_>>()
    };
    assert_eq!(saves(""), [(3600, 1), (300, 100), (60, 10000)]);
    assert_eq!(saves("save 900 1"), [(900, 1)]);
    assert_eq!(saves("save 900 1\nsave 100 100"), [(900, 1), (100, 100)]);
    assert_eq!(saves("save 900 1 100 100"), [(900, 1), (100, 100)]);
    assert_eq!(saves("save \"900 1 100 100\""), [(900, 1), (100, 100)]);
    assert_eq!(saves("save 900 1\nsave \"\""), []);
    assert_eq!(saves("save \"\"\nsave 5 5"), [(5, 5)]);
}

#[test]
fn an_unknown_directive_names_its_line_and_the_nearest_known_one() {
    let bad = String::from("Bad directive or wrong number of arguments");
    assert_eq!(fault("port 1\n\nprot 6379"), (3, bad.clone(), Some("port")));
    assert_eq!(
        fault("maxmemory-polcy noeviction"),
        (1, bad.clone(), Some("maxmemory-policy"))
    );
    assert_eq!(
        fault("renam-command a b"),
        (1, bad.clone(), Some("rename-command"))
    );
    assert_eq!(fault("quite-something-else 1"), (1, bad.clone(), None));
    assert_eq!(fault("include"), (1, bad.clone(), None));
    assert_eq!(fault("rename-command a"), (1, bad.clone(), None));
    assert_eq!(fault("mymodule.option 1"), (1, bad, None));
}

#[test]
fn wrong_arguments_have_redis_texts() {
    let wrong = String::from("wrong number of arguments");
    assert_eq!(fault("port"), (1, wrong.clone(), None));
    assert_eq!(fault("port 1 2"), (1, wrong, None));
    assert_eq!(
        fault("port \"1").1,
        "Unbalanced quotes in configuration line"
    );
    assert_eq!(
        fault("save \"900 '1\"").1,
        "Unbalanced quotes in configuration line"
    );
    assert_eq!(
        fault("port abc").1,
        "argument couldn't be parsed into an integer"
    );
    assert_eq!(fault("partitions 3").1, "argument must be a power of two");
    let many = fault("databases 65537").1;
    assert_eq!(many, "argument must be at most 65536");
    let slow = fault("compaction-rate-limit-bytes 1").1;
    assert_eq!(slow, "argument must be 0 or at least 1mb");
    assert_eq!(
        fault("partitions 0").1,
        "argument must be between 1 and 256 inclusive"
    );
}

#[test]
fn directives_without_effect_give_one_warning() {
    let text =
        "rdbcompression yes\nactivedefrag no\nloadmodule x.so a\nrdbchecksum no\nrdbchecksum yes";
    let (config, warnings) = load(text).unwrap();
    let [warning] = &warnings[..] else {
        panic!("{warnings:?}")
    };
    assert!(
        warning.starts_with("Directives accepted without effect: "),
        "{warning}"
    );
    assert!(
        warning.contains("rdbcompression, rdbchecksum (no snapshot files"),
        "{warning}"
    );
    assert!(
        warning.contains("loadmodule (Ferrock loads no modules)"),
        "{warning}"
    );
    assert_eq!(
        config.get(&[b"activedefrag"]),
        [(b"activedefrag".into(), b"no".into())]
    );
}

#[test]
fn what_would_be_dangerous_to_ignore_is_refused() {
    assert_eq!(
        fault("replicaof 127.0.0.1 6379").1,
        "there is no replication"
    );
    assert!(
        fault("user default off")
            .1
            .starts_with("ACL users are not supported")
    );
    assert!(
        fault("aclfile users.acl")
            .1
            .starts_with("ACL users are not supported")
    );
    assert_eq!(
        fault("sentinel monitor m 127.0.0.1 1 1").1,
        "Ferrock has no sentinel mode"
    );
    assert!(load("replicaof no one\naclfile \"\"").is_ok());
}

#[test]
fn renamed_commands_keep_their_lines() {
    let (config, _) =
        load("port 1\nrename-command FLUSHALL \"\"\nrename-command get fetch").unwrap();
    let [removed, renamed] = &config.renamed_commands[..] else {
        panic!()
    };
    assert_eq!(
        (&removed.from[..], &removed.to[..]),
        (&b"FLUSHALL"[..], &b""[..])
    );
    assert_eq!(
        (&renamed.from[..], &renamed.to[..]),
        (&b"get"[..], &b"fetch"[..])
    );
    let error = removed
        .error("No such command in rename-command")
        .to_string();
    assert!(
        error.contains("at line 2\n>>> 'rename-command FLUSHALL \"\"'\nNo such"),
        "{error}"
    );
}

#[test]
fn includes_are_read_in_place() {
    let home = tempfile::tempdir().unwrap();
    let home = home.path();
    std::fs::write(home.join("a.conf"), "port 2\nmaxclients 7").unwrap();
    let (config, _) = load_in(home, b"port 1\ninclude a.conf\n").unwrap();
    assert_eq!((config.port.get(), config.maxclients.get()), (2, 7));
    let (config, _) = load_in(home, b"include ./a.conf\nport 1\n").unwrap();
    assert_eq!(config.port.get(), 1);
}

#[test]
fn include_patterns_may_match_none_or_many_in_order() {
    let home = tempfile::tempdir().unwrap();
    let home = home.path();
    assert!(load_in(home, b"include conf.d/*.conf").is_ok());
    std::fs::create_dir(home.join("conf.d")).unwrap();
    std::fs::write(home.join("conf.d/2.conf"), "port 2").unwrap();
    std::fs::write(home.join("conf.d/1.conf"), "port 1\nmaxclients 11").unwrap();
    let (config, _) = load_in(home, b"include conf.d/*.conf").unwrap();
    assert_eq!((config.port.get(), config.maxclients.get()), (2, 11));
}

#[test]
fn a_missing_include_is_fatal_and_an_endless_one_ends() {
    let home = tempfile::tempdir().unwrap();
    let home = home.path();
    let missing = load_in(home, b"include none.conf").unwrap_err().to_string();
    let path = home.join("none.conf");
    let expected = format!(
        "Fatal error, can't open config file '{}': No such file or directory",
        path.display()
    );
    assert_eq!(missing, expected);
    std::fs::write(home.join("self.conf"), "port 1\ninclude self.conf").unwrap();
    let chain = |depth: usize| {
        let text = format!("include {}.conf", depth + 1);
        std::fs::write(home.join(format!("{depth}.conf")), text).unwrap();
    };
    (1..INCLUDE_DEPTH_MAX).for_each(chain);
    std::fs::write(home.join(format!("{INCLUDE_DEPTH_MAX}.conf")), "port 9").unwrap();
    let (config, _) = load_in(home, b"include 1.conf").unwrap();
    assert_eq!(config.port.get(), 9);
    let Err(ConfigError::Line(error)) = load_in(home, b"include self.conf") else {
        panic!()
    };
    assert_eq!(error.reason, "Too many levels of included files");
    assert_eq!(error.line_number, 2);
}

#[test]
fn a_fault_in_an_included_file_names_that_file() {
    let home = tempfile::tempdir().unwrap();
    let home = home.path();
    std::fs::write(home.join("a.conf"), "\nport x").unwrap();
    let Err(ConfigError::Line(error)) = load_in(home, b"include a.conf") else {
        panic!()
    };
    assert_eq!(
        (error.line_number, &error.source),
        (2, &Source::File(home.join("a.conf")))
    );
}

#[test]
fn dir_is_where_relative_paths_start() {
    let home = tempfile::tempdir().unwrap();
    let home = home.path().canonicalize().unwrap();
    std::fs::create_dir_all(home.join("data/deeper")).unwrap();
    std::fs::write(home.join("data/b.conf"), "port 5\nlogfile x.log").unwrap();
    let (config, _) = load_in(&home, b"dir data\ninclude b.conf\ndir deeper").unwrap();
    assert_eq!(config.dir.as_path(), home.join("data/deeper"));
    assert_eq!(config.port.get(), 5);
    assert!(home.join("data/deeper/x.log").exists());
    let (config, _) = load_in(&home, b"").unwrap();
    assert_eq!(config.dir.as_path(), home);
    assert!(load_in(&home, b"dir nowhere").is_err());
}

#[test]
fn a_log_file_that_cannot_be_opened_is_fatal() {
    let error = load("logfile /nonexistent/ferrock.log")
        .unwrap_err()
        .to_string();
    assert!(
        error.ends_with("\nCan't open the log file: No such file or directory"),
        "{error}"
    );
}

#[test]
fn a_file_has_a_largest_size() {
    let home = tempfile::tempdir().unwrap();
    let path = home.path().join("huge.conf");
    let file = std::fs::File::create(&path).unwrap();
    file.set_len(FILE_BYTES_MAX).unwrap();
    assert_eq!(read_file(&path).unwrap().len() as u64, FILE_BYTES_MAX);
    file.set_len(FILE_BYTES_MAX + 1).unwrap();
    let error = read_file(&path).unwrap_err().to_string();
    assert!(error.ends_with("huge.conf': file too large"), "{error}");
}

#[test]
fn lines_are_trimmed_on_both_sides() {
    assert_eq!(trim(b" \t a b \r\n"), b"a b");
    assert_eq!(trim(b" \t"), b"");
}

proptest! {
    #[test]
    fn loading_is_total(
        text in proptest::collection::vec(
            prop_oneof![
                proptest::collection::vec(any::<u8>(), 0..20),
                (0usize..400).prop_map(|row| {
                    let names: Vec<_> = crate::config::table::names().collect();
                    let name = names[row % names.len()];
                    // These would read and create files.
                    let name = if matches!(name, "include" | "logfile") { "port" } else { name };
                    name.as_bytes().to_vec()
                }),
                Just(b"\n".to_vec()),
                Just(b" ".to_vec()),
                Just(b"\"".to_vec()),
            ],
            0..30,
        )
    ) {
        let text = text.concat();
        if memchr::memmem::find(&text.to_ascii_lowercase(), b"include").is_none() {
            let _ = load_in(Path::new("/"), &text);
        }
    }
}
