//! SCAN and KEYS: patterns, counts, types, and the guarantee over a changing key space.
//! Invariants: a key present during the whole scan is returned. Must not know: what a cursor
//! holds. Tests: this file.

use crate::harness::ask::all_fail;
use crate::harness::{Server, ask, eventually};
use redis::{Commands, Connection};
use std::collections::{BTreeSet, HashSet};

/// One whole iteration with the given options.
fn scan(c: &mut Connection, options: &str) -> HashSet<String> {
    let mut cursor = "0".to_string();
    let mut found = HashSet::new();
    loop {
        let (next, keys): (String, Vec<String>) = ask(c, &format!("SCAN {cursor} {options}"));
        found.extend(keys);
        if next == "0" {
            return found;
        }
        cursor = next;
    }
}

fn fill(c: &mut Connection, count: usize) {
    let pairs: Vec<(String, usize)> = (0..count).map(|n| (format!("key:{n}"), n)).collect();
    let () = c.mset(&pairs).expect("MSET");
}

#[test]
fn scan_returns_every_key_for_any_count() {
    let server = Server::start();
    let mut c = server.client();
    assert!(scan(&mut c, "").is_empty());
    fill(&mut c, 1000);
    for options in [
        "",
        "COUNT 1",
        "COUNT 7",
        "COUNT 1000",
        "COUNT 100000",
        "TYPE string",
    ] {
        assert_eq!(scan(&mut c, options).len(), 1000, "{options}");
    }
    assert_eq!(scan(&mut c, "MATCH key:99*").len(), 11);
    assert_eq!(
        scan(&mut c, "match *:5 count 50"),
        HashSet::from(["key:5".to_string()])
    );
    assert!(scan(&mut c, "TYPE list").is_empty());
    let cli = server.cli(&["--scan", "--pattern", "key:12?"]);
    assert_eq!(cli.lines().count(), 10);
}

#[test]
fn scan_page_is_near_its_count() {
    if crate::harness::server::skip_on_stand_in("returns whole buckets") {
        return;
    }
    let server = Server::start();
    let mut c = server.client();
    fill(&mut c, 5000);
    let (cursor, keys): (String, Vec<String>) = ask(&mut c, "SCAN 0 COUNT 100");
    assert_ne!(cursor, "0");
    assert!((90..=200).contains(&keys.len()), "{} keys", keys.len());
}

#[test]
fn scan_returns_what_stays_while_others_come_and_go() {
    let server = Server::start();
    let mut c = server.client();
    fill(&mut c, 2000);
    let mut cursor = "0".to_string();
    let mut found = HashSet::new();
    let mut round = 0;
    loop {
        let (next, keys): (String, Vec<String>) = ask(&mut c, &format!("SCAN {cursor} COUNT 20"));
        found.extend(keys);
        let () = ask(&mut c, &format!("MSET new:{round}:a 1 new:{round}:b 1"));
        let () = ask(&mut c, &format!("DEL key:{}", 1000 + round % 1000));
        round += 1;
        if next == "0" {
            break;
        }
        cursor = next;
    }
    let missing: Vec<usize> = (0..1000)
        .filter(|n| !found.contains(&format!("key:{n}")))
        .collect();
    assert!(missing.is_empty(), "never returned: {missing:?}");
}

#[test]
fn scan_cursor_survives_a_restart() {
    if crate::harness::server::skip_on_stand_in("hashes anew at each start") {
        return;
    }
    let mut server = Server::start();
    let mut c = server.client();
    fill(&mut c, 1000);
    let (cursor, first): (String, Vec<String>) = ask(&mut c, "SCAN 0 COUNT 300");
    server.kill();
    server.restart();
    let mut c = server.client();
    let mut found: HashSet<String> = first.into_iter().collect();
    let mut cursor = cursor;
    while cursor != "0" {
        let (next, keys): (String, Vec<String>) = ask(&mut c, &format!("SCAN {cursor} COUNT 300"));
        found.extend(keys);
        cursor = next;
    }
    assert_eq!(found.len(), 1000);
}

#[test]
fn scan_leaves_out_expired_keys() {
    let server = Server::start();
    let mut c = server.client();
    let () = ask(&mut c, "MSET a 1 b 2");
    let () = ask(&mut c, "SET gone 1 PX 1");
    eventually("the key expires", || ask::<i32>(&mut c, "EXISTS gone") == 0);
    assert_eq!(
        scan(&mut c, ""),
        HashSet::from(["a".to_string(), "b".to_string()])
    );
}

#[test]
fn scan_refuses_bad_cursors_and_options() {
    let server = Server::start();
    let mut c = server.client();
    let not_integer = "ERR value is not an integer or out of range";
    all_fail(
        &mut c,
        &[
            ("SCAN x", "ERR invalid cursor"),
            ("SCAN -1", "ERR invalid cursor"),
            ("SCAN \"\"", "ERR invalid cursor"),
            ("SCAN 99999999999999999999", "ERR invalid cursor"),
            ("SCAN 0 COUNT 0", "ERR syntax error"),
            ("SCAN 0 COUNT x", not_integer),
            ("SCAN 0 MATCH", "ERR syntax error"),
            ("SCAN 0 FROB 1", "ERR syntax error"),
            ("SCAN", "ERR wrong number of arguments for 'scan' command"),
        ],
    );
    let (cursor, keys): (String, Vec<String>) = ask(&mut c, "SCAN 12345678");
    assert_eq!((cursor.as_str(), keys.len()), ("0", 0));
}

#[test]
fn keys_matches_patterns_as_redis_does() {
    let server = Server::start();
    let mut c = server.client();
    let () = ask(
        &mut c,
        "MSET hello 1 hallo 1 hxllo 1 hllo 1 heeeello 1 h*llo 1 \"\" 1 a^b 1",
    );
    let cases: [(&str, &[&str]); 9] = [
        ("h?llo", &["hello", "hallo", "hxllo", "h*llo"]),
        (
            "h*llo",
            &["hello", "hallo", "hxllo", "hllo", "heeeello", "h*llo"],
        ),
        ("h[ae]llo", &["hello", "hallo"]),
        ("h[^e]llo", &["hallo", "hxllo", "h*llo"]),
        ("h[a-b]llo", &["hallo"]),
        ("h\\\\*llo", &["h*llo"]),
        ("a^b", &["a^b"]),
        ("\"\"", &[""]),
        ("nothing*", &[]),
    ];
    for (pattern, expected) in cases {
        let found: BTreeSet<String> = ask(
            &mut c,
            &format!("KEYS \"{pattern}\"").replace("\"\"\"\"", "\"\""),
        );
        let expected: BTreeSet<String> = expected.iter().map(|key| key.to_string()).collect();
        assert_eq!(found, expected, "{pattern}");
    }
    assert_eq!(ask::<Vec<String>>(&mut c, "KEYS *").len(), 8);
}

#[test]
fn keys_finds_one_hash_slot_and_hash_tags_alike() {
    let server = Server::start();
    let mut c = server.client();
    let () = ask(&mut c, "MSET {tag}:1 a {tag}:2 b {other}:1 c plain d");
    assert_eq!(ask::<Vec<String>>(&mut c, "KEYS {tag}*").len(), 2);
    assert_eq!(scan(&mut c, "MATCH {tag}*").len(), 2);
    assert_eq!(scan(&mut c, "MATCH *:1").len(), 2);
}
