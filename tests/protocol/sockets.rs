//! Where the server listens: TCP, a unix socket, several addresses, a port in use.
//! Invariants: all doors serve the same data. Must not know: accept loops. Tests: this file.

use crate::harness::{Raw, Server, ask, eventually, tool};
use std::os::unix::fs::PermissionsExt;
use std::os::unix::net::UnixStream;
use std::path::Path;

/// The ready line of the TCP port may come before the unix socket is open.
fn connect_when_open(path: &Path) -> Raw {
    eventually("the unix socket opens", || {
        UnixStream::connect(path).is_ok()
    });
    Raw::connect_unix(path)
}

#[test]
fn unix_socket_serves_the_same_data() {
    let place = tempfile::tempdir().expect("a temporary directory");
    let path = place.path().join("ferrock.sock");
    let text = path.to_str().expect("a UTF-8 path");
    let mut server = Server::builder()
        .set("unixsocket", text)
        .set("unixsocketperm", "700")
        .start();
    let mut unix = connect_when_open(&path);
    unix.expect("SET k v", "+OK");
    server.raw().expect("GET k", "$1\r\nv");
    let mode = std::fs::metadata(&path)
        .expect("a socket")
        .permissions()
        .mode();
    assert_eq!(mode & 0o777, 0o700);
    let info = String::from_utf8_lossy(&unix.line("CLIENT INFO")).into_owned();
    assert!(info.contains("flags=U"), "{info}");
    assert!(info.contains(&format!("addr={text}:0")), "{info}");
    let client = redis::Client::open(format!("redis+unix://{text}?db=1")).expect("a URL");
    let mut client = client.get_connection().expect("connect");
    assert_eq!(ask::<i64>(&mut client, "DBSIZE"), 0);
    let mut command = std::process::Command::new("redis-cli");
    command.args(["-s", text, "GET", "k"]);
    assert_eq!(tool::run_with(command, b"").stdout, b"v\n");
    server.shut_down();
    assert!(!path.exists(), "a clean shutdown removes the socket file");
}

#[test]
fn unix_socket_is_replaced_after_a_kill() {
    let place = tempfile::tempdir().expect("a temporary directory");
    let path = place.path().join("ferrock.sock");
    let mut server = Server::builder()
        .set("unixsocket", path.to_str().expect("UTF-8"))
        .start();
    server.kill();
    assert!(path.exists());
    server.restart();
    connect_when_open(&path).expect("PING", "+PONG");
}

#[test]
fn port_in_use_is_a_clear_error() {
    let server = Server::start();
    let port = server.port().to_string();
    let (code, output) = Server::builder().set("port", &port).refuses();
    assert_eq!(code, Some(1), "{output}");
    assert!(output.contains("Address already in use"), "{output}");
    assert!(output.contains(&port), "{output}");
}

#[test]
fn port_zero_with_a_unix_socket_opens_no_tcp_port() {
    let place = tempfile::tempdir().expect("a temporary directory");
    let path = place.path().join("ferrock.sock");
    let server = Server::builder()
        .set("port", "0")
        .set("unixsocket", path.to_str().expect("UTF-8"))
        .start();
    connect_when_open(&path).expect("PING", "+PONG");
    assert!(std::net::TcpStream::connect(("127.0.0.1", server.port())).is_err());
}

#[test]
fn nowhere_to_listen_is_an_error() {
    let (code, output) = Server::builder().set("port", "0").refuses();
    assert_eq!(code, Some(1), "{output}");
    let text = "Configured to not listen anywhere, exiting.";
    assert!(output.contains(text), "{output}");
}

#[test]
fn a_file_in_the_place_of_the_unix_socket_is_left_alone() {
    let place = tempfile::tempdir().expect("a temporary directory");
    let path = place.path().join("precious");
    std::fs::write(&path, b"kept").expect("write a file");
    let text = path.to_str().expect("UTF-8");
    let (code, output) = Server::builder().set("unixsocket", text).refuses();
    assert_eq!(code, Some(1), "{output}");
    assert_eq!(std::fs::read(&path).expect("the file is there"), b"kept");
}

#[test]
fn bind_takes_several_addresses() {
    let server = Server::builder().set("bind", "127.0.0.1 127.0.0.2").start();
    for host in ["127.0.0.1", "127.0.0.2"] {
        let client = redis::Client::open(format!("redis://{host}:{}/", server.port()));
        let mut client = client.expect("a URL").get_connection().expect("connect");
        assert_eq!(ask::<String>(&mut client, "PING"), "PONG");
    }
}

#[test]
fn tcp_backlog_and_keepalive_are_taken_and_reported() {
    let server = Server::builder()
        .set("tcp-backlog", "64")
        .set("tcp-keepalive", "77")
        .start();
    let mut c = server.raw();
    c.expect(
        "CONFIG GET tcp-backlog",
        "*2\r\n$11\r\ntcp-backlog\r\n$2\r\n64",
    );
    c.expect(
        "CONFIG GET tcp-keepalive",
        "*2\r\n$13\r\ntcp-keepalive\r\n$2\r\n77",
    );
}
