//! HELLO and the forms of replies in RESP2 and RESP3.
//! Invariants: the protocol belongs to the connection. Must not know: commands beyond the
//! simplest of each reply type. Tests: this file.

use crate::harness::{Server, ask, wire};

#[test]
fn hello_refuses_other_versions_and_changes_nothing() {
    let server = Server::start();
    let mut c = server.raw();
    c.expect("HELLO 4", "-NOPROTO unsupported protocol version");
    c.expect("HELLO 1", "-NOPROTO unsupported protocol version");
    c.expect(
        "HELLO x",
        "-ERR Protocol version is not an integer or out of range",
    );
    c.expect("HELLO 3 FROB", "-ERR Syntax error in HELLO option 'FROB'");
    c.expect(
        "HELLO 3 SETNAME",
        "-ERR Syntax error in HELLO option 'SETNAME'",
    );
    c.expect(
        "HELLO 3 AUTH default",
        "-ERR Syntax error in HELLO option 'AUTH'",
    );
    c.expect(
        "HELLO 3 SETNAME \"a b\"",
        "-ERR Client names cannot contain spaces, newlines or special characters.",
    );
    c.expect(
        "HELLO 3 AUTH nobody x",
        "-WRONGPASS invalid username-password pair or user is disabled.",
    );
    c.expect("GET missing", "$-1");
}

#[test]
fn hello_authenticates_and_names_in_one_step() {
    let server = Server::builder().set("requirepass", "secret").start();
    let mut c = server.raw();
    let refusal = c.line("HELLO 3");
    let expected = b"-NOAUTH HELLO must be called with the client already authenticated, otherwise";
    assert!(refusal.starts_with(expected), "{}", wire::show(&refusal));
    let reply = c.line("HELLO 3 AUTH default secret SETNAME me");
    assert_eq!(reply[0], b'%');
    c.expect("CLIENT GETNAME", "$2\r\nme");
}

#[test]
fn null_and_map_replies_follow_the_protocol() {
    let server = Server::start();
    let mut c = server.raw();
    c.expect("SET k v", "+OK");
    c.expect("MGET k missing", "*2\r\n$1\r\nv\r\n$-1");
    c.expect("CONFIG GET timeout", "*2\r\n$7\r\ntimeout\r\n$1\r\n0");
    c.expect("CONFIG GET nosuch", "*0");
    c.expect("RANDOMKEY", "$1\r\nk");
    c.expect("COMMAND INFO nosuch", "*1\r\n$-1");
    c.line("HELLO 3");
    c.expect("MGET k missing", "*2\r\n$1\r\nv\r\n_");
    c.expect("CONFIG GET timeout", "%1\r\n$7\r\ntimeout\r\n$1\r\n0");
    c.expect("CONFIG GET nosuch", "%0");
    c.expect("SET k v XX GET", "$1\r\nv");
    c.expect("BITFIELD k OVERFLOW FAIL SET u2 0 9", "*1\r\n_");
    c.expect("COMMAND INFO nosuch", "*1\r\n_");
    let info = c.line("INFO server");
    assert_eq!(&info[..1], b"=", "INFO is a verbatim string in RESP3");
    assert!(info.windows(4).any(|window| window == b"txt:"));
    assert_eq!(&c.line("CLIENT INFO")[..1], b"=");
    c.line("HELLO 2");
    assert_eq!(&c.line("INFO server")[..1], b"$");
}

#[test]
fn a_push_comes_in_front_of_the_reply() {
    let server = Server::builder()
        .set("enable-debug-command", "local")
        .start();
    let mut c = server.raw();
    let resp2 = "-ERR RESP2 is not supported by this command";
    c.expect("DEBUG PROTOCOL push", resp2);
    c.line("HELLO 3");
    c.expect(
        "DEBUG PROTOCOL PUSH",
        ">2\r\n$16\r\nserver-cpu-usage\r\n:42",
    );
    c.expect_reply("$40\r\nSome real reply following the push reply");
    c.expect("PING", "+PONG");
}

#[test]
fn resp3_client_library_works() {
    let server = Server::start();
    let mut c = server.client_to("/2?protocol=resp3");
    let () = ask(&mut c, "SET k v");
    assert_eq!(ask::<Option<String>>(&mut c, "GET k").as_deref(), Some("v"));
    assert_eq!(ask::<Option<String>>(&mut c, "GET missing"), None);
    assert!(ask::<String>(&mut c, "CLIENT INFO").contains("resp=3"));
    assert_eq!(server.cli(&["-3", "-n", "2", "GET", "k"]), "v");
}
