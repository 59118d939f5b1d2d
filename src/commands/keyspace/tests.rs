//! Handlers called as `exec` calls them: what they read from their arguments and what they answer.
//! What the operations do is tested in `storage/tests/keyspace`, and everything again from outside.

use super::COMMANDS;
use crate::command::Flags;
use crate::commands::tests::fixture::Fixture;
use crate::config::Origin;
use crate::resp::Reply;

#[test]
fn walks_wait_for_commits_and_looks_do_not_count_as_uses() {
    let fixture = Fixture::new(COMMANDS);
    let has = |name: &str, flag| {
        let words: Vec<&str> = name.split(' ').collect();
        fixture.row(&words).0.flags().has(flag)
    };
    for walk in ["scan", "keys", "randomkey"] {
        assert!(has(walk, Flags::SETTLED), "{walk}");
    }
    assert!(has("keys", Flags::OFFLOAD));
    for look in ["exists", "type", "ttl", "pexpiretime", "object idletime"] {
        assert!(has(look, Flags::NO_TOUCH), "{look}");
    }
    assert!(!has("touch", Flags::NO_TOUCH));
}

#[test]
fn expire_reads_its_options_before_its_number() {
    let fixture = Fixture::new(COMMANDS);
    fixture.set("k", "v");
    let cases = [
        ("expire k x FOO", "ERR Unsupported option FOO"),
        ("expire k x", "ERR value is not an integer or out of range"),
        (
            "expire k 9223372036854775",
            "ERR invalid expire time in 'expire' command",
        ),
        (
            "pexpire k 9223372036854775807",
            "ERR invalid expire time in 'pexpire' command",
        ),
        (
            "expireat k -9223372036854775808",
            "ERR invalid expire time in 'expireat' command",
        ),
        (
            "expire k 1 NX LT",
            "ERR NX and XX, GT or LT options at the same time are not compatible",
        ),
        (
            "expire k 1 gt lt",
            "ERR GT and LT options at the same time are not compatible",
        ),
    ];
    for (line, text) in cases {
        assert_eq!(fixture.error(line), text, "{line}");
    }
    assert_eq!(fixture.run("ttl k"), Reply::Int(-1));
    assert_eq!(
        fixture.run("pexpireat k 9223372036854775807"),
        Reply::Int(1)
    );
    assert_eq!(fixture.run("expire k 100 XX LT"), Reply::Int(1));
    assert_eq!(fixture.run("ttl k"), Reply::Int(100));
    assert_eq!(fixture.run("ttl missing"), Reply::Int(-2));
}

#[test]
fn database_numbers_are_bounded_by_the_directive() {
    let fixture = Fixture::new(COMMANDS);
    fixture.set("k", "v");
    let out_of_range = "ERR DB index is out of range";
    let not_integer = "ERR value is not an integer or out of range";
    let int = "ERR value is out of range, value must between -2147483648 and 2147483647";
    for (line, text) in [
        ("move k 16", out_of_range),
        ("move k -1", out_of_range),
        ("move k x", not_integer),
        ("move k 2147483648", int),
        (
            "move k 0",
            "ERR source and destination objects are the same",
        ),
        ("copy k l DB 16", out_of_range),
        ("copy k l DB", "ERR syntax error"),
        (
            "copy k k DB 0",
            "ERR source and destination objects are the same",
        ),
        ("swapdb x y", "ERR invalid first DB index"),
        ("swapdb 99 2147483648", "ERR invalid second DB index"),
        ("swapdb 99 1", out_of_range),
        ("flushall NOW", "ERR syntax error"),
        ("flushdb ASYNC SYNC", "ERR syntax error"),
    ] {
        assert_eq!(fixture.error(line), text, "{line}");
    }
    assert_eq!(fixture.run("copy k k DB 15"), Reply::Int(1));
    assert_eq!(fixture.run("flushall async"), Reply::ok());
    assert_eq!(fixture.store.database_size(15), 0);
}

#[test]
fn scan_answers_a_cursor_and_the_keys() {
    let fixture = Fixture::new(COMMANDS);
    for key in ["a1", "a2", "b1"] {
        fixture.set(key, "v");
    }
    let keys = |line: &str| match fixture.run(line) {
        Reply::Array(parts) => match (&parts[..], parts.len()) {
            ([cursor, Reply::Array(keys)], 2) => {
                assert_eq!(cursor, &Reply::bulk("0"), "{line}");
                keys.len()
            }
            _ => panic!("{line}: {parts:?}"),
        },
        other => panic!("{line}: {other:?}"),
    };
    assert_eq!(keys("scan 0"), 3);
    assert_eq!(keys("scan 0 MATCH a* TYPE STRING COUNT 9"), 2);
    assert_eq!(keys("scan 0 TYPE nonsense"), 0);
    assert_eq!(fixture.error("scan 1x"), "ERR invalid cursor");
    assert_eq!(fixture.error("scan -1"), "ERR invalid cursor");
    assert_eq!(fixture.error("scan 0 COUNT 0"), "ERR syntax error");
    assert_eq!(fixture.error("scan 0 COUNT"), "ERR syntax error");
}

#[test]
fn object_answers_by_the_policy() {
    let fixture = Fixture::new(COMMANDS);
    fixture.set("k", "12");
    assert_eq!(fixture.run("object encoding k"), Reply::bulk("int"));
    assert_eq!(fixture.run("object freq missing"), Reply::Nil);
    assert_eq!(fixture.run("object idletime k"), Reply::Int(0));
    assert!(fixture.error("object freq k").contains("is not selected"));
    let policy: (&[u8], &[u8]) = (b"maxmemory-policy", b"allkeys-lfu");
    fixture.config.set(&[policy], Origin::Local).unwrap();
    assert!(fixture.error("object idletime k").contains("is selected"));
    assert!(matches!(fixture.run("object freq k"), Reply::Int(0..=255)));
}
