//! The command line.

use std::ffi::OsString;
use std::path::Path;

use crate::config::args::{CommandLine, Startup};
use crate::config::error::{ConfigError, Source};
use crate::config::settings::Config;

fn parse_in(directory: &Path, args: &[&str], stdin: &str) -> Result<CommandLine, ConfigError> {
    let args = std::iter::once("ferrock-server")
        .chain(args.iter().copied())
        .map(OsString::from);
    Config::from_args(args, &mut stdin.as_bytes(), Config::in_directory(directory))
}

fn start_with(args: &[&str], stdin: &str) -> Result<Startup, ConfigError> {
    match parse_in(Path::new("/"), args, stdin)? {
        CommandLine::Run(startup) => Ok(*startup),
        other => panic!("{other:?}"),
    }
}

fn start(args: &[&str]) -> Startup {
    start_with(args, "").unwrap()
}

fn value(startup: &Startup, name: &str) -> String {
    let replies = startup.config.get(&[name.as_bytes()]);
    String::from_utf8(replies.into_iter().next().unwrap().1).unwrap()
}

/// The line and the reason of the error, as Redis prints them.
fn error_lines(args: &[&str]) -> String {
    let error = start_with(args, "").unwrap_err();
    let ConfigError::Line(line) = error else {
        panic!("{error:?}")
    };
    assert_eq!(line.source, Source::CommandLine);
    format!("'{}' {}", line.line, line.reason)
}

#[test]
fn options_are_directives() {
    let startup = start(&[
        "--port",
        "7000",
        "--save",
        "900",
        "1",
        "--appendfsync",
        "always",
    ]);
    assert_eq!(value(&startup, "port"), "7000");
    assert_eq!(value(&startup, "save"), "900 1");
    assert_eq!(value(&startup, "appendfsync"), "always");
    assert!(startup.configured);
    assert!(!start(&[]).configured);
}

#[test]
fn name_and_value_may_share_an_argument() {
    let startup = start(&["--maxmemory 700mb", "--maxmemory-policy 'volatile-lru'"]);
    assert_eq!(value(&startup, "maxmemory"), "734003200");
    assert_eq!(value(&startup, "maxmemory-policy"), "volatile-lru");
}

#[test]
fn a_value_may_begin_with_dashes_if_it_is_the_only_one() {
    let startup = start(&[
        "--proc-title-template",
        "--my--title",
        "--loglevel",
        "verbose",
    ]);
    assert_eq!(value(&startup, "proc-title-template"), "--my--title");
    assert_eq!(value(&startup, "loglevel"), "verbose");
    let startup = start(&["--proc-title-template --my--title", "--loglevel verbose"]);
    assert_eq!(value(&startup, "proc-title-template"), "--my--title");
    let startup = start(&[
        "--proc-title-template",
        "--save",
        "--save",
        "",
        "--port",
        "1",
    ]);
    assert_eq!(value(&startup, "proc-title-template"), "--save");
    assert_eq!(value(&startup, "save"), "");
}

#[test]
fn save_alone_means_none() {
    for args in [
        &["--save", "--loglevel", "verbose"][..],
        &["--loglevel", "verbose", "--save"],
        &["--save", "", "--loglevel", "verbose"],
        &["--loglevel", "verbose", "--save", ""],
    ] {
        let startup = start(args);
        assert_eq!(value(&startup, "save"), "", "{args:?}");
        assert_eq!(value(&startup, "loglevel"), "verbose", "{args:?}");
    }
}

#[test]
fn several_values_may_be_one_argument() {
    let startup = start(&[
        "--shutdown-on-sigint",
        "nosave",
        "force",
        "--shutdown-on-sigterm",
        "nosave now",
    ]);
    assert_eq!(value(&startup, "shutdown-on-sigint"), "nosave force");
    assert_eq!(value(&startup, "shutdown-on-sigterm"), "nosave now");
}

#[test]
fn wrong_options_show_the_line_they_became() {
    let wrong = "wrong number of arguments";
    assert_eq!(error_lines(&["--port"]), format!("'port' {wrong}"));
    assert_eq!(
        error_lines(&["--port", "1", "2"]),
        format!("'port \"1\" \"2\"' {wrong}")
    );
    assert_eq!(
        error_lines(&["--port", "--loglevel", "verbose"]),
        format!("'port \"--loglevel\" \"verbose\"' {wrong}")
    );
    assert_eq!(
        error_lines(&["--port", "--bla", "--loglevel", "verbose"]),
        "'port \"--bla\"' argument couldn't be parsed into an integer"
    );
    assert_eq!(
        error_lines(&["--port=7000"]),
        "'port=7000' Bad directive or wrong number of arguments"
    );
    assert_eq!(
        error_lines(&["--replicaof", "--127.0.0.1", "--abc"]),
        "'replicaof \"--127.0.0.1\"' wrong number of arguments"
    );
}

#[test]
fn file_then_stdin_then_options() {
    let home = tempfile::tempdir().unwrap();
    let path = home.path().join("f.conf");
    std::fs::write(&path, "port 1\nmaxclients 1\ndatabases 1").unwrap();
    let args = ["f.conf", "--port", "3", "-"];
    let stdin = "port 2\nmaxclients 2";
    let Ok(CommandLine::Run(startup)) = parse_in(home.path(), &args, stdin) else {
        panic!()
    };
    assert_eq!(value(&startup, "port"), "3");
    assert_eq!(value(&startup, "maxclients"), "2");
    assert_eq!(value(&startup, "databases"), "1");
    assert_eq!(startup.config.file(), Some(path.as_path()));
}

#[test]
fn dash_reads_stdin_as_first_or_last_argument() {
    assert_eq!(value(&start_with(&["-"], "port 5").unwrap(), "port"), "5");
    assert_eq!(
        value(&start_with(&["-", "--hz", "9"], "port 5").unwrap(), "hz"),
        "9"
    );
    assert_eq!(
        value(&start_with(&["--hz", "9", "-"], "port 5").unwrap(), "port"),
        "5"
    );
    let error = start_with(&["-"], "hz 1\nport x").unwrap_err();
    let ConfigError::Line(error) = error else {
        panic!("{error:?}")
    };
    assert_eq!((error.source, error.line_number), (Source::Stdin, 2));
}

#[test]
fn a_missing_file_is_fatal() {
    let error = parse_in(Path::new("/"), &["nonexistent.conf"], "")
        .unwrap_err()
        .to_string();
    assert_eq!(
        error,
        "Fatal error, can't open config file '/nonexistent.conf': No such file or directory"
    );
}

#[test]
fn words_that_need_no_configuration() {
    for arg in ["-v", "--version"] {
        assert!(matches!(
            parse_in(Path::new("/"), &[arg], ""),
            Ok(CommandLine::Version)
        ));
    }
    for arg in ["-h", "--help"] {
        assert!(matches!(
            parse_in(Path::new("/"), &[arg], ""),
            Ok(CommandLine::Help)
        ));
    }
    let dump = parse_in(Path::new("/"), &["--dump-config-json", "--port", "9"], "");
    let Ok(CommandLine::DumpConfigJson(startup)) = dump else {
        panic!("{dump:?}")
    };
    assert_eq!(value(&startup, "port"), "9");
    assert!(crate::config::version().starts_with("Ferrock server v="));
}

#[test]
fn sentinel_is_refused() {
    for args in [&["--sentinel"][..], &["x.conf", "--sentinel"]] {
        assert!(matches!(
            parse_in(Path::new("/"), args, ""),
            Err(ConfigError::Sentinel)
        ));
    }
    let args = [OsString::from("/usr/bin/redis-sentinel")].into_iter();
    let refused = Config::from_args(args, &mut std::io::empty(), Config::new());
    assert!(
        refused
            .unwrap_err()
            .to_string()
            .contains("run redis-sentinel")
    );
}
