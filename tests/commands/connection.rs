//! PING, ECHO, AUTH, HELLO, SELECT, QUIT, RESET and CLIENT with its subcommands.
//! Invariants: what one connection sets never shows on another. Must not know: the registry.
//! Tests: this file; protocol modes and limits stand in `tests/protocol`.

use crate::harness::ask::all_fail;
use crate::harness::{Server, ask, eventually, fails, wire};
use std::collections::HashMap;

#[test]
fn ping_and_echo_return_their_argument() {
    let server = Server::start();
    let mut c = server.client();
    assert_eq!(ask::<String>(&mut c, "PING"), "PONG");
    assert_eq!(ask::<String>(&mut c, "PING \"a b\""), "a b");
    assert_eq!(ask::<String>(&mut c, "ECHO \"\""), "");
    assert_eq!(ask::<String>(&mut c, "eChO hello"), "hello");
    all_fail(
        &mut c,
        &[
            (
                "PING a b",
                "ERR wrong number of arguments for 'ping' command",
            ),
            ("ECHO", "ERR wrong number of arguments for 'echo' command"),
        ],
    );
}

#[test]
fn auth_without_a_password_is_refused() {
    let server = Server::start();
    let mut c = server.client();
    let wrong = "WRONGPASS invalid username-password pair or user is disabled.";
    all_fail(
        &mut c,
        &[
            (
                "AUTH secret",
                "ERR AUTH <password> called without any password configured for the default \
                 user. Are you sure your configuration is correct?",
            ),
            ("AUTH nobody secret", wrong),
            ("AUTH a b c", "ERR syntax error"),
            ("AUTH", "ERR wrong number of arguments for 'auth' command"),
        ],
    );
    assert_eq!(ask::<String>(&mut c, "AUTH default anything"), "OK");
}

#[test]
fn auth_opens_a_protected_server() {
    let server = Server::builder().set("requirepass", "secret").start();
    let mut c = server.raw();
    c.expect("GET k", "-NOAUTH Authentication required.");
    c.expect("PING", "-NOAUTH Authentication required.");
    c.expect(
        "NOSUCH",
        "-ERR unknown command 'NOSUCH', with args beginning with: ",
    );
    c.expect(
        "AUTH wrong",
        "-WRONGPASS invalid username-password pair or user is disabled.",
    );
    c.expect(
        "AUTH nobody secret",
        "-WRONGPASS invalid username-password pair or user is disabled.",
    );
    c.expect("AUTH secret", "+OK");
    c.expect("PING", "+PONG");
    c.expect("RESET", "+RESET");
    c.expect("PING", "-NOAUTH Authentication required.");
    c.expect("AUTH default secret", "+OK");
    c.expect("CONFIG SET requirepass \"\"", "+OK");
    server.raw().expect("PING", "+PONG");
    let with_password =
        redis::Client::open(format!("redis://:secret@127.0.0.1:{}/", server.port()));
    c.expect("CONFIG SET requirepass secret", "+OK");
    let mut client = with_password
        .expect("a URL")
        .get_connection()
        .expect("connect");
    assert_eq!(ask::<String>(&mut client, "PING"), "PONG");
    assert_eq!(
        server.cli(&["-a", "secret", "--no-auth-warning", "PING"]),
        "PONG"
    );
}

#[test]
fn hello_reports_the_server_and_switches_the_protocol() {
    let server = Server::start();
    let mut c = server.raw();
    let map = c.line("HELLO 3");
    assert_eq!(map[0], b'%', "{}", wire::show(&map));
    let parts = wire::elements(&map);
    let fields: HashMap<&[u8], &[u8]> = parts
        .chunks(2)
        .map(|pair| (wire::payload(pair[0]).expect("a name"), pair[1]))
        .collect();
    assert_eq!(fields[&b"server"[..]], b"$5\r\nredis\r\n");
    assert_eq!(fields[&b"proto"[..]], b":3\r\n");
    assert_eq!(fields[&b"mode"[..]], b"$10\r\nstandalone\r\n");
    assert_eq!(fields[&b"role"[..]], b"$6\r\nmaster\r\n");
    assert_eq!(fields[&b"modules"[..]], b"*0\r\n");
    assert_eq!(fields[&b"id"[..]], c.line("CLIENT ID"));
    assert!(fields.contains_key(&b"version"[..]));
    c.expect("GET missing", "_");
    assert_eq!(c.line("HELLO 2")[0], b'*');
    c.expect("GET missing", "$-1");
    assert_eq!(c.line("HELLO")[0], b'*');
}

#[test]
fn client_id_rises_and_is_found_in_the_list() {
    let server = Server::start();
    let mut first = server.client();
    let mut second = server.client();
    let (one, two): (u64, u64) = (ask(&mut first, "CLIENT ID"), ask(&mut second, "CLIENT ID"));
    assert!(two > one);
    let list: String = ask(&mut first, &format!("CLIENT LIST ID {two} 999999"));
    assert_eq!(list.lines().count(), 1);
    assert!(list.starts_with(&format!("id={two} ")), "{list}");
    let all: String = ask(&mut first, "CLIENT LIST TYPE normal");
    assert!(all.lines().count() >= 2, "{all}");
    assert_eq!(
        ask::<String>(&mut first, "CLIENT LIST TYPE pubsub").trim(),
        ""
    );
    all_fail(
        &mut first,
        &[
            ("CLIENT LIST TYPE frob", "ERR Unknown client type 'frob'"),
            ("CLIENT LIST ID x", "ERR Invalid client ID"),
            ("CLIENT LIST FROB", "ERR syntax error"),
            (
                "CLIENT FROB",
                "ERR unknown subcommand 'FROB'. Try CLIENT HELP.",
            ),
            (
                "CLIENT",
                "ERR wrong number of arguments for 'client' command",
            ),
        ],
    );
}

#[test]
fn client_setname_and_getname_agree() {
    let server = Server::start();
    let mut c = server.client();
    assert_eq!(ask::<Option<String>>(&mut c, "CLIENT GETNAME"), None);
    assert_eq!(ask::<String>(&mut c, "CLIENT SETNAME worker-1"), "OK");
    assert_eq!(ask::<String>(&mut c, "CLIENT GETNAME"), "worker-1");
    assert_eq!(
        ask::<Option<String>>(&mut server.client(), "CLIENT GETNAME"),
        None
    );
    let special = "ERR Client names cannot contain spaces, newlines or special characters.";
    assert_eq!(fails(&mut c, "CLIENT SETNAME \"a b\""), special);
    assert_eq!(ask::<String>(&mut c, "CLIENT GETNAME"), "worker-1");
    assert_eq!(ask::<String>(&mut c, "CLIENT SETNAME \"\""), "OK");
    assert_eq!(ask::<Option<String>>(&mut c, "CLIENT GETNAME"), None);
}

#[test]
fn client_info_and_list_describe_the_connection() {
    let server = Server::start();
    let mut c = server.raw();
    c.expect("CLIENT SETNAME me", "+OK");
    c.expect("SELECT 3", "+OK");
    c.line("HELLO 3");
    let info = c.line("CLIENT INFO");
    let text = String::from_utf8_lossy(&info).into_owned();
    let names = [
        "id",
        "addr",
        "laddr",
        "fd",
        "name",
        "age",
        "idle",
        "flags",
        "db",
        "sub",
        "psub",
        "ssub",
        "multi",
        "qbuf",
        "qbuf-free",
        "argv-mem",
        "multi-mem",
        "rbs",
        "rbp",
        "obl",
        "oll",
        "omem",
        "tot-mem",
        "events",
        "cmd",
        "user",
        "redir",
        "resp",
    ];
    for name in names {
        assert!(text.contains(&format!("{name}=")), "no {name} in {text}");
    }
    let expected = [
        "name=me ",
        "db=3 ",
        "resp=3",
        "cmd=client|info",
        "user=default",
        "flags=N ",
    ];
    for field in expected {
        assert!(text.contains(field), "no {field} in {text}");
    }
    assert!(
        text.contains(&format!("laddr=127.0.0.1:{} ", server.port())),
        "{text}"
    );
}

#[test]
fn client_setinfo_names_the_library() {
    if crate::harness::server::skip_on_stand_in("lacks CLIENT SETINFO") {
        return;
    }
    let server = Server::start();
    let mut c = server.client();
    assert_eq!(
        ask::<String>(&mut c, "CLIENT SETINFO LIB-NAME my-lib"),
        "OK"
    );
    assert_eq!(ask::<String>(&mut c, "CLIENT SETINFO lib-ver 1.2.3"), "OK");
    let info: String = ask(&mut c, "CLIENT INFO");
    assert!(
        info.contains("lib-name=my-lib") && info.contains("lib-ver=1.2.3"),
        "{info}"
    );
    all_fail(
        &mut c,
        &[
            ("CLIENT SETINFO frob x", "ERR Unrecognized option 'frob'"),
            (
                "CLIENT SETINFO lib-name \"a b\"",
                "ERR lib-name cannot contain spaces, newlines or special characters.",
            ),
            (
                "CLIENT SETINFO LIB-VER \"a b\"",
                "ERR LIB-VER cannot contain spaces, newlines or special characters.",
            ),
        ],
    );
}

#[test]
fn client_kill_ends_other_connections() {
    let server = Server::start();
    let mut c = server.client();
    let mut victim = server.raw();
    let id = wire::integer(&victim.line("CLIENT ID")).expect("an id");
    assert_eq!(ask::<i32>(&mut c, &format!("CLIENT KILL ID {id}")), 1);
    victim.expect_closed();
    assert_eq!(ask::<i32>(&mut c, &format!("CLIENT KILL ID {id}")), 0);

    let mut victim = server.raw();
    let info = String::from_utf8_lossy(&victim.line("CLIENT INFO")).into_owned();
    let address = info
        .split(" addr=")
        .nth(1)
        .and_then(|rest| rest.split(' ').next());
    let address = address.expect("an address").to_string();
    assert_eq!(
        ask::<String>(&mut c, &format!("CLIENT KILL {address}")),
        "OK"
    );
    victim.expect_closed();

    let mut victims = [server.raw(), server.raw()];
    for victim in &mut victims {
        victim.expect("CLIENT SETNAME victim", "+OK");
    }
    let local = format!("127.0.0.1:{}", server.port());
    let line = format!("CLIENT KILL TYPE normal LADDR {local} SKIPME yes");
    assert!(ask::<i32>(&mut c, &line) >= 2);
    victims
        .iter_mut()
        .for_each(crate::harness::Raw::expect_closed);
    assert_eq!(ask::<i32>(&mut c, "CLIENT KILL USER default SKIPME yes"), 0);
    all_fail(
        &mut c,
        &[
            ("CLIENT KILL 127.0.0.1:1", "ERR No such client"),
            ("CLIENT KILL ID x", "ERR client-id should be greater than 0"),
            ("CLIENT KILL ID 1 SKIPME maybe", "ERR syntax error"),
            ("CLIENT KILL USER nobody", "ERR No such user 'nobody'"),
            ("CLIENT KILL TYPE frob", "ERR Unknown client type 'frob'"),
            ("CLIENT KILL FROB 1", "ERR syntax error"),
        ],
    );
}

#[test]
fn client_kill_of_oneself_answers_first() {
    let server = Server::start();
    let mut c = server.raw();
    let id = wire::integer(&c.line("CLIENT ID")).expect("an id");
    c.expect(&format!("CLIENT KILL ID {id} SKIPME no"), ":1");
    c.expect_closed();
}

#[test]
fn client_no_evict_no_touch_and_reply_take_on_and_off() {
    let server = Server::start();
    let mut c = server.client();
    assert_eq!(ask::<String>(&mut c, "CLIENT NO-EVICT ON"), "OK");
    assert_eq!(ask::<String>(&mut c, "CLIENT NO-EVICT off"), "OK");
    assert_eq!(fails(&mut c, "CLIENT NO-EVICT maybe"), "ERR syntax error");
    assert_eq!(ask::<String>(&mut c, "CLIENT REPLY ON"), "OK");
    assert_eq!(fails(&mut c, "CLIENT REPLY maybe"), "ERR syntax error");
    if crate::harness::server::stand_in() {
        return;
    }
    assert_eq!(ask::<String>(&mut c, "CLIENT NO-TOUCH ON"), "OK");
    let info: String = ask(&mut c, "CLIENT INFO");
    assert!(info.contains("flags=T "), "{info}");
    assert_eq!(ask::<String>(&mut c, "CLIENT NO-TOUCH OFF"), "OK");
    assert_eq!(fails(&mut c, "CLIENT NO-TOUCH maybe"), "ERR syntax error");
}

#[test]
fn client_no_touch_leaves_the_idle_time() {
    if crate::harness::server::skip_on_stand_in("lacks CLIENT NO-TOUCH") {
        return;
    }
    let server = Server::start();
    let mut c = server.client();
    let () = ask(&mut c, "CLIENT NO-TOUCH ON");
    let () = ask(&mut c, "SET k v");
    eventually("the key has been idle for a second", || {
        let _: String = ask(&mut c, "GET k");
        ask::<i64>(&mut c, "OBJECT IDLETIME k") >= 1
    });
    assert_eq!(ask::<i32>(&mut c, "TOUCH k"), 1);
    assert_eq!(ask::<i64>(&mut c, "OBJECT IDLETIME k"), 0);
}

#[test]
fn quit_answers_and_closes() {
    let server = Server::start();
    let mut c = server.raw();
    c.send(b"*1\r\n$4\r\nQUIT\r\n*3\r\n$3\r\nSET\r\n$1\r\nk\r\n$1\r\nv\r\n");
    c.expect_reply("+OK");
    c.expect_closed();
    server.raw().expect("EXISTS k", ":0");
}

#[test]
fn reset_returns_the_connection_to_its_first_state() {
    let server = Server::start();
    let mut c = server.raw();
    c.expect("SELECT 5", "+OK");
    c.line("HELLO 3");
    c.expect("CLIENT SETNAME me", "+OK");
    c.expect("RESET", "+RESET");
    c.expect("CLIENT GETNAME", "$-1");
    c.expect("SET k v", "+OK");
    c.expect("SELECT 0", "+OK");
    c.expect("EXISTS k", ":1");
    c.expect(
        "RESET now",
        "-ERR wrong number of arguments for 'reset' command",
    );
}

#[test]
fn select_belongs_to_the_connection() {
    let server = Server::start();
    let mut c = server.raw();
    c.expect("SELECT 2", "+OK");
    server.raw().expect("SET k v", "+OK");
    c.expect("EXISTS k", ":0");
}

#[test]
fn client_list_shows_what_was_queued_last_and_no_bytes_that_were_read() {
    let server = Server::start();
    let (mut c, mut raw) = (server.client(), server.raw());
    let mut shows = |line: &str, reply: &str, fields: [&str; 2]| {
        raw.expect(line, reply);
        let list: String = ask(&mut c, "CLIENT LIST");
        let found = list
            .lines()
            .any(|line| fields.iter().all(|field| line.contains(field)));
        assert!(found, "{line}: {fields:?} in {list}");
    };
    shows("PING", "+PONG", [" qbuf=0 ", " cmd=ping "]);
    shows("MULTI", "+OK", [" multi=0 ", " cmd=multi "]);
    shows("SET a b", "+QUEUED", [" multi=1 ", " cmd=set "]);
}
