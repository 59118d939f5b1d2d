//! The same settings to a real `redis-server` and to this configuration.
//!
//! Method: every directive that both know gets every value of one pool by CONFIG SET; outcome and
//! the value shown afterwards must be equal. Not compared: directives whose change would cut the
//! test's own connection or act on the machine (`NOT_SET`). Needs `redis-server` in the PATH.

use std::collections::BTreeMap;
use std::net::TcpListener;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use super::args::CommandLine;
use super::choice::Origin;
use super::error::ConfigError;
use super::settings::Config;
use super::table;

const START_SECONDS_MAX: u64 = 20;

/// Directives that are not set on the real server, and why.
const NOT_SET: &[(&str, &str)] = &[
    ("bind", "cuts the connection"),
    ("port", "cuts the connection"),
    ("requirepass", "shuts the connection out"),
    ("maxclients", "limited by the machine"),
    (
        "client-output-buffer-limit",
        "cuts the connection; has its own values",
    ),
    (
        "maxmemory-clients",
        "cuts the connection; has its own values",
    ),
    ("dir", "cannot be changed here, since the data cannot move"),
    ("activedefrag", "depends on the allocator"),
    (
        "repl-backlog-size",
        "raised to a least size when it is applied",
    ),
    (
        "proc-title-template",
        "without effect here, so any text is taken",
    ),
    ("appendonly", "starts writing files"),
    ("oom-score-adj", "acts on the machine"),
    ("oom-score-adj-values", "acts on the machine"),
];

const VALUES: &[&str] = &[
    "",
    "0",
    "1",
    "-1",
    "-2",
    "01",
    "+5",
    "10",
    "11",
    "100",
    "500",
    "1000",
    "65536",
    "2147483647",
    "2147483648",
    "4294967296",
    "9223372036854775807",
    "9223372036854775808",
    "18446744073709551615",
    "1k",
    "1kb",
    "1M",
    "1mb",
    "2gB",
    "1tb",
    "gb",
    "1 gb",
    "5b",
    "yes",
    "YES",
    "no",
    "maybe",
    "50%",
    "900 1",
    "900 1 x",
    "900  1",
    "0 1",
    "+5 1",
    " 5 1",
    "3600 1 300 100",
    "default",
    "save nosave",
    "now force",
    "FORCE",
    "KEA",
    "g$lshzxetd",
    "mKt",
    "Q",
    "50 99.90",
    "1e1",
    "100.1",
    "a",
    "always",
    "everysec",
    "debug",
    "Warning",
    "allkeys-lru",
    "NOEVICTION",
    "ip",
    "hostname",
    "local",
    "swapdb",
    "panic",
    "clients",
    "resetchannels",
    "optional",
    "a/b",
    "a\\b",
    "a_b",
    "host.example-1",
    "a \"b\"",
    "\u{e9}",
];

/// Texts that name more values here than in the release that the test runs against.
const NEWER: &[(&str, &str)] = &[
    ("Use 'Ag$lshzxeKEtmdn'.", "Use 'Ag$lshzxeKEtmdnoc'."),
    (
        "debug, verbose, notice, warning",
        "debug, verbose, notice, warning, nothing",
    ),
    (
        "disabled, on-empty-db, swapdb",
        "disabled, on-empty-db, swapdb, flush-before-load",
    ),
];

struct RealServer {
    process: Child,
    connection: redis::Connection,
    _home: tempfile::TempDir,
}

impl Drop for RealServer {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

impl RealServer {
    fn start() -> Self {
        let home = tempfile::tempdir().unwrap();
        let port = TcpListener::bind("127.0.0.1:0")
            .unwrap()
            .local_addr()
            .unwrap()
            .port();
        let port = port.to_string();
        let process = Command::new("redis-server")
            .args(["--port", &port, "--bind", "127.0.0.1"])
            .args(["--enable-protected-configs", "yes", "--dir"])
            .arg(home.path())
            .stdout(Stdio::null())
            .spawn()
            .expect("redis-server must be installed to compare with it");
        let client = redis::Client::open(format!("redis://127.0.0.1:{port}/")).unwrap();
        let deadline = Instant::now() + Duration::from_secs(START_SECONDS_MAX);
        loop {
            match client.get_connection() {
                Ok(connection) => {
                    return Self {
                        process,
                        connection,
                        _home: home,
                    };
                }
                Err(error) => assert!(Instant::now() < deadline, "{error}"),
            }
            std::thread::yield_now();
        }
    }

    fn get(&mut self, pattern: &str) -> BTreeMap<String, Vec<u8>> {
        let mut get = redis::cmd("CONFIG");
        get.arg("GET")
            .arg(pattern)
            .query(&mut self.connection)
            .unwrap()
    }

    fn set(&mut self, pairs: &[(&str, &str)]) -> Result<(), String> {
        let mut set = redis::cmd("CONFIG");
        set.arg("SET");
        for (name, value) in pairs {
            set.arg(name).arg(value);
        }
        // Errors are compared as the text after their code.
        let outcome: Result<String, redis::RedisError> = set.query(&mut self.connection);
        match outcome {
            Ok(reply) => {
                assert_eq!(reply, "OK");
                Ok(())
            }
            Err(error) => {
                let text = error.detail().unwrap_or_default().to_owned();
                Err(NEWER
                    .iter()
                    .fold(text, |text, (old, new)| text.replace(old, new)))
            }
        }
    }
}

fn ours_set(config: &Config, pairs: &[(&str, &str)]) -> Result<(), String> {
    let pairs: Vec<(&[u8], &[u8])> = pairs
        .iter()
        .map(|(name, value)| (name.as_bytes(), value.as_bytes()))
        .collect();
    config
        .set(&pairs, Origin::Local)
        .map(drop)
        .map_err(|error| error.to_string())
}

fn ours_get(config: &Config, name: &str) -> Option<Vec<u8>> {
    config.get(&[name.as_bytes()]).pop().map(|(_, value)| value)
}

/// Started as the real server is.
fn unprotected() -> Config {
    let args = [
        "",
        "--enable-protected-configs",
        "yes",
        "--bind",
        "127.0.0.1",
    ]
    .map(Into::into);
    match Config::from_args(args.into_iter(), &mut std::io::empty(), Config::new()).unwrap() {
        CommandLine::Run(startup) => startup.config,
        other => panic!("{other:?}"),
    }
}

#[test]
fn every_directive_of_redis_is_known_with_its_default() {
    let mut real = RealServer::start();
    let config = unprotected();
    let here = ["port", "dir"];
    for (name, value) in real.get("*") {
        let ours = ours_get(&config, &name).unwrap_or_else(|| panic!("{name} is unknown"));
        if !here.contains(&name.as_str()) {
            let text = String::from_utf8_lossy(&value);
            assert_eq!(ours, value, "{name} is {text} there");
        }
        let (_, directive) = table::find(name.as_bytes()).unwrap();
        assert!(!directive.hidden, "{name} is shown there");
    }
    for name in [
        "rdb-key-save-delay",
        "key-load-delay",
        "watchdog-period",
        "use-exit-on-panic",
    ] {
        assert_eq!(
            real.get(name).remove(name),
            ours_get(&config, name),
            "{name}"
        );
        assert!(table::find(name.as_bytes()).unwrap().1.hidden, "{name}");
    }
}

#[test]
fn every_value_is_taken_or_refused_as_redis_does() {
    let mut real = RealServer::start();
    let config = unprotected();
    let mut compared = 0;
    for name in real.get("*").into_keys() {
        let mismatched_on_purpose = NOT_SET.iter().any(|(other, _)| *other == name);
        // Redis reads certificates when they are set.
        if mismatched_on_purpose || name.starts_with("tls-") {
            continue;
        }
        for value in VALUES {
            // Both letters name newer classes of events.
            if name == "notify-keyspace-events" && *value == "no" {
                continue;
            }
            let pairs = [(name.as_str(), *value)];
            let (theirs, ours) = (real.set(&pairs), ours_set(&config, &pairs));
            assert_eq!(ours, theirs, "CONFIG SET {name} {value:?}");
            assert_eq!(
                ours_get(&config, &name),
                real.get(&name).remove(&name),
                "CONFIG GET {name} after {value:?}"
            );
            compared += 1;
        }
    }
    assert!(compared > 100 * VALUES.len(), "{compared}");
}

#[test]
fn chosen_values_are_taken_or_refused_as_redis_does() {
    let mut real = RealServer::start();
    let config = unprotected();
    let cases: &[&[(&str, &str)]] = &[
        &[("client-output-buffer-limit", "normal 1 2")],
        &[("client-output-buffer-limit", "foo 1 2 3")],
        &[("client-output-buffer-limit", "master 1 2 3")],
        &[("client-output-buffer-limit", "slave 1mb 2 x")],
        &[("client-output-buffer-limit", "slave 1mb 2 -3")],
        &[("client-output-buffer-limit", "Slave 1mb 2 3 pubsub 0 0 +7")],
        &[("client-output-buffer-limit", "replica 2mb 2 3")],
        &[("client-output-buffer-limit", "")],
        &[("maxmemory-clients", "50%")],
        &[("maxmemory-clients", "101%")],
        &[("maxmemory-clients", "-5%")],
        &[("maxmemory-clients", "%")],
        &[("maxmemory-clients", "1gb")],
        &[("maxmemory-clients", "x")],
        &[("port", "65536")],
        &[("PORT", "abc")],
        &[("oom-score-adj-values", "1 2")],
        &[("oom-score-adj-values", "1 2 2001")],
        &[("bind", "1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17")],
        &[("nonesuch", "1")],
        &[("port", "x"), ("nonesuch", "1")],
        &[("Daemonize", "yes"), ("nonesuch", "1")],
        &[("hz", "11"), ("HZ", "12")],
        &[("hz", "11"), ("maxmemory", "1xb")],
        &[("hz", "11"), ("maxmemory", "100mb")],
        &[
            ("hash-max-listpack-entries", "20"),
            ("hash-max-ziplist-entries", "21"),
        ],
        &[("lua-time-limit", "x")],
        &[("include", "x")],
    ];
    for pairs in cases {
        assert_eq!(ours_set(&config, pairs), real.set(pairs), "{pairs:?}");
        // The two servers listen on different ports.
        for (name, _) in pairs
            .iter()
            .filter(|(name, _)| !name.eq_ignore_ascii_case("port"))
        {
            assert_eq!(
                ours_get(&config, name),
                real.get(name).remove(*name),
                "{pairs:?}"
            );
        }
    }
}

/// What a server that cannot start prints: the line, and the reason.
#[test]
fn wrong_command_lines_fail_as_they_do_in_redis() {
    let cases: &[&[&str]] = &[
        &["--port"],
        &["--port", "6380", "--loglevel"],
        &["--port", "6379", "6380"],
        &["--port", "--loglevel", "verbose"],
        &["--port", "--bla", "--loglevel", "verbose"],
        &["--port", "x y"],
        &["--logfile", "", "--loglevel", "--bla"],
        &["--shutdown-on-sigint"],
        &["--shutdown-on-sigint", "now force", "--shutdown-on-sigterm"],
        &["--replicaof", "127.0.0.1", "abc"],
        &["--replicaof", "--127.0.0.1", "abc"],
        &["--replicaof", "--127.0.0.1", "--abc"],
        &["--port=7000"],
        &["--save", "1"],
        &["--save", "1 x"],
        &["--dir", "/nonexistent"],
        &["--appendfilename", ""],
        &["--dbfilename", "a/b"],
        &["--maxmemory", "1zb"],
        &["--\"port", "1"],
        &["--nonesuch", "1"],
        &["--include"],
        &["--unixsocketperm", "9"],
        &["--client-output-buffer-limit", "normal", "1"],
        &["--cluster-announce-hostname", "a_b"],
        &["--databases", "0"],
    ];
    for args in cases {
        let output = Command::new("redis-server").args(*args).output().unwrap();
        let stderr = String::from_utf8(output.stderr).unwrap();
        let mut lines = stderr.lines().skip_while(|line| !line.starts_with(">>> "));
        let theirs = [
            lines.next().unwrap_or_default(),
            lines.next().unwrap_or_default(),
        ]
        .join("\n");
        let theirs = NEWER
            .iter()
            .fold(theirs, |text, (old, new)| text.replace(old, new));
        let words = std::iter::once("ferrock-server")
            .chain(args.iter().copied())
            .map(Into::into);
        let error = Config::from_args(words, &mut std::io::empty(), Config::new()).unwrap_err();
        let ConfigError::Line(error) = error else {
            panic!("{args:?} {error}")
        };
        assert_eq!(
            format!(">>> '{}'\n{}", error.line, error.reason),
            theirs,
            "{args:?}"
        );
    }
}
