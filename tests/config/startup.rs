//! Where directives come from, which one wins, and what the start-up log says.
//! Invariants: later beats earlier, arguments beat files. Must not know: the parser.
//! Tests: this file.

use crate::harness::server::{free_port, skip_on_stand_in};
use crate::harness::{Raw, Server, ask, eventually, tool};
use std::collections::HashMap;
use std::os::unix::net::UnixDatagram;
use std::process::Command;
use std::time::Duration;

fn config(server: &Server, directive: &str) -> String {
    let values: HashMap<String, String> =
        ask(&mut server.client(), &format!("CONFIG GET {directive}"));
    values
        .get(directive)
        .unwrap_or_else(|| panic!("no directive {directive}"))
        .clone()
}

#[test]
fn file_directives_are_read_and_arguments_win() {
    let text = "# comment\n\n  timeout   11\nMAXCLIENTS 123\ntcp-keepalive 44\ntimeout 12\n";
    let server = Server::builder()
        .config_file(text)
        .set("tcp-keepalive", "55")
        .start();
    assert_eq!(config(&server, "timeout"), "12");
    assert_eq!(config(&server, "maxclients"), "123");
    assert_eq!(config(&server, "tcp-keepalive"), "55");
    let info = server.cli(&["INFO", "server"]);
    let path = server.config_path().display().to_string();
    assert!(info.contains(&format!("config_file:{path}")), "{info}");
}

#[test]
fn a_daemon_goes_on_when_the_command_has_ended() {
    let place = tempfile::tempdir().expect("a temporary directory");
    let file = |name: &str| place.path().join(name).display().to_string();
    let port = free_port().to_string();
    let started = Command::new(Server::binary())
        .args(["--daemonize", "yes", "--port", &port, "--dir", &file("")])
        .args(["--pidfile", &file("pid"), "--logfile", &file("log")])
        .output()
        .expect("the server");
    assert!(started.status.success(), "{started:?}");
    let read = |name: &str| std::fs::read_to_string(file(name)).unwrap_or_default();
    eventually("it is ready", || read("log").contains("Ready to accept"));
    let pid = read("pid").trim().to_owned();
    let mut c = Raw::connect(port.parse().expect("a port"));
    let info = String::from_utf8_lossy(&c.line("INFO server")).into_owned();
    assert!(info.contains(&format!("process_id:{pid}\r\n")), "{info}");
    c.send(b"SHUTDOWN\r\n");
    c.expect_closed();
    eventually("the pid file goes", || read("pid").is_empty());
}

#[test]
fn systemd_is_told_when_the_server_is_ready_and_when_it_stops() {
    let place = tempfile::tempdir().expect("a temporary directory");
    let file = |name: &str| place.path().join(name).display().to_string();
    let systemd = UnixDatagram::bind(file("notify")).expect("a socket");
    let patience = Duration::from_secs(60);
    systemd.set_read_timeout(Some(patience)).expect("a timeout");
    let mut heard = String::new();
    let mut hear_until = |line: &str| {
        while !heard.contains(line) {
            let mut message = [0; 256];
            let count = systemd.recv(&mut message).expect("a message");
            heard.push_str(&String::from_utf8_lossy(&message[..count]));
        }
    };
    let port = free_port().to_string();
    // A process that systemd watches stays in the foreground.
    let mut process = Command::new(Server::binary())
        .args(["--supervised", "auto", "--daemonize", "yes"])
        .args([
            "--port",
            &port,
            "--dir",
            &file(""),
            "--logfile",
            &file("log"),
        ])
        .env("NOTIFY_SOCKET", file("notify"))
        .spawn()
        .expect("the server");
    hear_until("READY=1\n");
    let mut c = Raw::connect(port.parse().expect("a port"));
    let info = String::from_utf8_lossy(&c.line("INFO server")).into_owned();
    let id = process.id();
    assert!(info.contains(&format!("process_id:{id}\r\n")), "{info}");
    assert!(info.contains("process_supervised:systemd\r\n"), "{info}");
    c.send(b"SHUTDOWN\r\n");
    hear_until("STOPPING=1\n");
    assert!(process.wait().expect("its end").success());
}

#[test]
fn a_pid_file_that_cannot_be_written_is_told_and_does_without() {
    let server = Server::builder()
        .set("pidfile", "/nonexistent/pid")
        .allow("Failed to write PID file", "the test provokes it")
        .start();
    server.expect_log("Failed to write PID file /nonexistent/pid");
    assert_eq!(server.cli(&["PING"]).trim(), "PONG");
}

#[test]
fn standard_input_is_read_for_a_dash() {
    let server = Server::builder()
        .config_input("timeout 77\nmaxmemory 64mb\n")
        .start();
    assert_eq!(config(&server, "timeout"), "77");
    assert_eq!(config(&server, "maxmemory"), (64 << 20).to_string());
}

#[test]
fn sizes_at_their_ends_start() {
    for (directive, value) in [
        ("maxmemory", "1"),
        ("maxmemory", "18446744073709551615"),
        ("compaction-rate-limit-bytes", "1mb"),
        ("compaction-rate-limit-bytes", "9223372036854775807"),
        ("memtable-bytes", "9223372036854775807"),
    ] {
        let server = Server::builder().set(directive, value).start();
        assert_eq!(
            server.raw().line("PING"),
            b"+PONG\r\n",
            "{directive} {value}"
        );
    }
}

#[test]
fn included_files_are_read_in_place() {
    let place = tempfile::tempdir().expect("a temporary directory");
    let included = place.path().join("included.conf");
    std::fs::write(&included, "timeout 5\nmaxclients 321\n").expect("write");
    let text = format!(
        "timeout 4\ninclude {}\nmaxclients 322\n",
        included.display()
    );
    let server = Server::builder().config_file(&text).start();
    assert_eq!(config(&server, "timeout"), "5");
    assert_eq!(config(&server, "maxclients"), "322");
}

#[test]
fn quoted_values_and_units_are_understood() {
    let text = "requirepass \"a \\x62\\\"c\"\nmaxmemory 1gb\nproto-max-bulk-len 2m\n";
    let server = Server::builder().config_file(text).start();
    let mut c = server.raw();
    assert_eq!(c.command(&["AUTH", "a b\"c"]), b"+OK\r\n");
    c.expect(
        "CONFIG GET maxmemory",
        "*2\r\n$9\r\nmaxmemory\r\n$10\r\n1073741824",
    );
    c.expect(
        "CONFIG GET proto-max-bulk-len",
        "*2\r\n$18\r\nproto-max-bulk-len\r\n$7\r\n2000000",
    );
}

#[test]
fn directives_of_redis_that_we_do_not_need_get_one_warning() {
    if skip_on_stand_in("needs them all") {
        return;
    }
    let server = Server::builder()
        .config_file("activerehashing yes\nrdbchecksum yes\n")
        .allow("activerehashing", "accepted for the sake of existing files")
        .allow("rdbchecksum", "accepted for the sake of existing files")
        .start();
    for directive in ["activerehashing", "rdbchecksum"] {
        server.expect_log(directive);
        assert_eq!(
            server.log().matches(directive).count(),
            1,
            "{}",
            server.log()
        );
    }
}

#[test]
fn startup_log_has_the_lines_tools_wait_for() {
    let server = Server::builder().set("always-show-logo", "yes").start();
    let log = server.log();
    let pid = log
        .find(&format!("PID: {}", server.pid()))
        .expect("a logo with the PID");
    let initialized = log.find("Server initialized").expect("Server initialized");
    let ready = log
        .find("Ready to accept connections")
        .expect("Ready to accept connections");
    assert!(pid < initialized && initialized < ready, "{log}");
    assert!(log.contains(&format!("{}:M ", server.pid())), "{log}");
}

#[test]
fn pidfile_and_logfile_are_written_where_told() {
    let place = tempfile::tempdir().expect("a temporary directory");
    let pidfile = place.path().join("pid");
    let text = pidfile.to_str().expect("a UTF-8 path");
    let mut server = Server::builder().set("pidfile", text).start();
    let written = std::fs::read_to_string(&pidfile).expect("a pid file");
    assert_eq!(written.trim(), server.pid().to_string());
    server.shut_down();
    assert!(!pidfile.exists(), "a clean shutdown removes the pid file");
}

#[test]
fn version_and_help_answer_without_starting() {
    for (flag, word) in [
        ("--version", "v="),
        ("-v", "v="),
        ("--help", "Usage:"),
        ("-h", "Usage:"),
    ] {
        let mut command = Command::new(Server::binary());
        command.arg(flag);
        let output = tool::run_with(command, b"");
        let text = [output.stdout, output.stderr].concat();
        let text = String::from_utf8_lossy(&text).into_owned();
        assert!(text.contains(word), "{flag}: {text}");
    }
}

#[test]
fn relative_paths_start_in_the_data_directory() {
    let server = Server::builder()
        .set("unixsocket", "own.sock")
        .set("pidfile", "own.pid")
        .start();
    let directory = server.directory();
    assert!(directory.join("own.sock").exists());
    let pid = std::fs::read_to_string(directory.join("own.pid")).expect("a pidfile");
    assert_eq!(pid.trim(), server.pid().to_string());
}

#[test]
fn ready_is_said_once_for_all_addresses() {
    let server = Server::builder().set("bind", "127.0.0.1 127.0.0.2").start();
    assert_eq!(
        server.log().matches("eady to accept connections").count(),
        1
    );
}

#[test]
fn a_closed_pipe_is_no_panic() {
    if skip_on_stand_in("is not Ferrock's") {
        return;
    }
    for argument in ["--version", "--dump-config-json"] {
        let (reader, writer) = std::io::pipe().expect("a pipe");
        drop(reader);
        let mut command = Command::new(Server::binary());
        let output = command.arg(argument).stdout(writer).output().expect("run");
        assert!(output.status.success(), "{argument}: {output:?}");
    }
}
