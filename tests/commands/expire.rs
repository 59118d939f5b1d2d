//! EXPIRE and its relatives: setting, reading, removing times, and what happens at the time.
//! Invariants: times are compared with a tolerance where the clock is involved.
//! Must not know: how expiry is indexed. Tests: this file.

use crate::harness::ask::all_fail;
use crate::harness::{Server, ask, eventually};
use redis::Commands;

const NOT_INTEGER: &str = "ERR value is not an integer or out of range";

#[test]
fn expire_ttl_pttl_and_persist_work_together() {
    let server = Server::start();
    let mut c = server.client();
    assert_eq!(ask::<i64>(&mut c, "TTL k"), -2);
    assert_eq!(ask::<i32>(&mut c, "EXPIRE k 10"), 0);
    let () = ask(&mut c, "SET k v");
    assert_eq!(ask::<i64>(&mut c, "TTL k"), -1);
    assert!(c.expire::<_, bool>("k", 100).expect("EXPIRE"));
    assert!((99..=100).contains(&c.ttl::<_, i64>("k").expect("TTL")));
    assert!((99_000..=100_000).contains(&ask::<i64>(&mut c, "PTTL k")));
    assert_eq!(ask::<i32>(&mut c, "PERSIST k"), 1);
    assert_eq!(ask::<i32>(&mut c, "PERSIST k"), 0);
    assert_eq!(ask::<i32>(&mut c, "PERSIST missing"), 0);
    assert_eq!(ask::<i64>(&mut c, "PTTL k"), -1);
    assert_eq!(ask::<i64>(&mut c, "PTTL missing"), -2);
}

#[test]
fn expireat_and_pexpireat_are_told_exactly_by_expiretime_and_pexpiretime() {
    let server = Server::start();
    let mut c = server.client();
    let () = ask(&mut c, "MSET a 1 b 2");
    assert_eq!(ask::<i64>(&mut c, "EXPIRETIME a"), -1);
    assert_eq!(ask::<i64>(&mut c, "PEXPIRETIME missing"), -2);
    assert_eq!(ask::<i32>(&mut c, "EXPIREAT a 33177117420"), 1);
    assert_eq!(ask::<i64>(&mut c, "EXPIRETIME a"), 33_177_117_420);
    assert_eq!(ask::<i64>(&mut c, "PEXPIRETIME a"), 33_177_117_420_000);
    assert_eq!(ask::<i32>(&mut c, "PEXPIREAT b 33177117420501"), 1);
    assert_eq!(ask::<i64>(&mut c, "PEXPIRETIME b"), 33_177_117_420_501);
    assert_eq!(ask::<i64>(&mut c, "EXPIRETIME b"), 33_177_117_421);
}

#[test]
fn expire_options_compare_with_the_present_time() {
    let server = Server::start();
    let mut c = server.client();
    let () = ask(&mut c, "SET k v");
    // (arguments, reply, time to live afterwards)
    let steps = [
        ("100 XX", 0, -1),
        ("100 GT", 0, -1),
        ("300 LT", 1, 300),
        ("200 NX", 0, 300),
        ("200 GT", 0, 300),
        ("400 GT", 1, 400),
        ("500 LT", 0, 400),
        ("350 LT", 1, 350),
        ("250 XX", 1, 250),
        ("260 XX GT", 1, 260),
        ("240 xx lt", 1, 240),
    ];
    for (arguments, reply, left) in steps {
        assert_eq!(
            ask::<i32>(&mut c, &format!("EXPIRE k {arguments}")),
            reply,
            "{arguments}"
        );
        let ttl: i64 = ask(&mut c, "TTL k");
        assert!(
            ttl == left || (left > 0 && (left - 5..=left).contains(&ttl)),
            "{arguments}"
        );
    }
    let nx = "ERR NX and XX, GT or LT options at the same time are not compatible";
    all_fail(
        &mut c,
        &[
            ("EXPIRE k 10 NX XX", nx),
            ("EXPIRE k 10 NX GT", nx),
            (
                "EXPIRE k 10 GT LT",
                "ERR GT and LT options at the same time are not compatible",
            ),
            ("EXPIRE k 10 ZZ", "ERR Unsupported option ZZ"),
        ],
    );
}

#[test]
fn expire_family_refuses_times_that_overflow() {
    let server = Server::start();
    let mut c = server.client();
    let () = ask(&mut c, "SET k v");
    all_fail(
        &mut c,
        &[
            (
                "EXPIRE k 9223372036854775807",
                "ERR invalid expire time in 'expire' command",
            ),
            (
                "EXPIRE k -9223372036854775808",
                "ERR invalid expire time in 'expire' command",
            ),
            (
                "PEXPIRE k 9223372036854775807",
                "ERR invalid expire time in 'pexpire' command",
            ),
            (
                "EXPIREAT k 9223372036854775807",
                "ERR invalid expire time in 'expireat' command",
            ),
            ("EXPIRE k ten", NOT_INTEGER),
            ("PEXPIREAT k 1.5", NOT_INTEGER),
            (
                "EXPIRE k",
                "ERR wrong number of arguments for 'expire' command",
            ),
        ],
    );
    assert_eq!(ask::<i64>(&mut c, "TTL k"), -1);
    assert_eq!(ask::<i32>(&mut c, "PEXPIREAT k 9223372036854775807"), 1);
    assert_eq!(ask::<i64>(&mut c, "PEXPIRETIME k"), i64::MAX);
}

#[test]
fn expire_in_the_past_deletes_at_once() {
    let server = Server::start();
    let mut c = server.client();
    for line in [
        "EXPIRE k 0",
        "EXPIRE k -1",
        "PEXPIRE k -5",
        "EXPIREAT k 1",
        "PEXPIREAT k 0",
    ] {
        let () = ask(&mut c, "SET k v");
        assert_eq!(ask::<i32>(&mut c, line), 1, "{line}");
        assert_eq!(ask::<i64>(&mut c, "DBSIZE"), 0, "{line}");
    }
}

#[test]
fn pexpire_hides_the_key_from_every_command_on_time() {
    let server = Server::start();
    let mut c = server.client();
    let () = ask(&mut c, "MSET k v other v");
    let () = ask(&mut c, "PEXPIRE k 40");
    eventually("the key expires", || ask::<i32>(&mut c, "EXISTS k") == 0);
    assert_eq!(ask::<Option<String>>(&mut c, "GET k"), None);
    assert_eq!(ask::<String>(&mut c, "TYPE k"), "none");
    assert_eq!(ask::<i64>(&mut c, "PTTL k"), -2);
    assert_eq!(ask::<Vec<String>>(&mut c, "KEYS *"), ["other"]);
    assert_eq!(ask::<i32>(&mut c, "COPY k copy"), 0);
    assert_eq!(ask::<i32>(&mut c, "RENAMENX other k"), 1);
    assert_eq!(ask::<i64>(&mut c, "PTTL k"), -1);
}

#[test]
fn expired_keys_are_removed_without_being_read() {
    let server = Server::start();
    let mut c = server.client();
    for n in 0..2000 {
        let () = ask(&mut c, &format!("SET short:{n} v PX {}", 1 + n % 50));
    }
    let () = ask(&mut c, "SET kept v");
    eventually("the sweeper leaves one key", || {
        ask::<i64>(&mut c, "DBSIZE") == 1
    });
    let stats: String = ask(&mut c, "INFO stats");
    assert!(stats.contains("expired_keys:2000"), "{stats}");
}

#[test]
fn expire_times_survive_kill_and_pass_while_the_server_is_down() {
    let mut server = Server::start();
    let mut c = server.client();
    let () = ask(&mut c, "SET long v EX 1000");
    let () = ask(&mut c, "SET exact v PXAT 33177117420501");
    let () = ask(&mut c, "SET soon v PX 300");
    let () = ask(&mut c, "SET freed v EX 1000");
    let () = ask(&mut c, "PERSIST freed");
    let passed = std::time::Instant::now() + std::time::Duration::from_millis(300);
    server.kill();
    crate::harness::wait::clock_passes(passed);
    server.restart();
    let mut c = server.client();
    assert!((900..=1000).contains(&ask::<i64>(&mut c, "TTL long")));
    assert_eq!(ask::<i64>(&mut c, "PEXPIRETIME exact"), 33_177_117_420_501);
    assert_eq!(ask::<i32>(&mut c, "EXISTS soon"), 0);
    assert_eq!(ask::<i64>(&mut c, "TTL freed"), -1);
    eventually("the sweeper removes it", || {
        ask::<i64>(&mut c, "DBSIZE") == 3
    });
}

#[test]
fn set_after_expiry_begins_a_new_value() {
    let server = Server::start();
    let mut c = server.client();
    let () = ask(&mut c, "SET n 41 PX 20");
    eventually("the key expires", || {
        ask::<Option<i32>>(&mut c, "GET n").is_none()
    });
    assert_eq!(ask::<i32>(&mut c, "INCR n"), 1);
    assert_eq!(ask::<i64>(&mut c, "TTL n"), -1);
    let () = ask(&mut c, "SET s abc PX 20");
    eventually("the key expires", || ask::<i32>(&mut c, "EXISTS s") == 0);
    assert_eq!(ask::<i32>(&mut c, "APPEND s x"), 1);
}
