//! SADD, SREM, SCARD, SISMEMBER, SMISMEMBER, SMEMBERS, SMOVE, SPOP, SRANDMEMBER, SSCAN, and OBJECT
//! ENCODING of sets. Invariants: a set without members does not exist. Must not know: how sets are
//! kept. Tests: this file.

use super::{NOT_INTEGER, WRONG, all, distinct, fill, samples, words};
use crate::harness::ask::all_fail;
use crate::harness::{Server, ask};
use std::collections::BTreeSet;

#[test]
fn sadd_and_srem_tell_how_many_changed_and_scard_how_many_there_are() {
    let server = Server::start();
    let mut c = server.client();
    assert_eq!(ask::<u64>(&mut c, "SADD k a b c a"), 3);
    assert_eq!(ask::<u64>(&mut c, "SADD k c d"), 1);
    assert_eq!(ask::<u64>(&mut c, "SCARD k"), 4);
    assert_eq!(ask::<String>(&mut c, "TYPE k"), "set");
    assert_eq!(ask::<u64>(&mut c, "SREM k a a none"), 1);
    assert_eq!(all(&mut c, "k"), words("b c d"));
    assert_eq!(ask::<u64>(&mut c, "SREM k b c d"), 3);
    assert_eq!(ask::<u64>(&mut c, "EXISTS k"), 0);
    assert_eq!(ask::<u64>(&mut c, "SREM none a"), 0);
    assert_eq!(ask::<u64>(&mut c, "SCARD none"), 0);
}

#[test]
fn sismember_and_smismember_know_every_member_of_every_size() {
    let server = Server::start();
    let mut c = server.client();
    for members in samples() {
        let () = ask(&mut c, "DEL k");
        fill(&mut c, "k", &members);
        assert_eq!(ask::<usize>(&mut c, "SCARD k"), members.len());
        assert!(all(&mut c, "k") == members);
        let some: Vec<&str> = members.iter().take(40).map(String::as_str).collect();
        for member in &some {
            assert!(ask::<bool>(&mut c, &format!("SISMEMBER k {member}")));
        }
        let line = format!("SMISMEMBER k none {} none", some.join(" "));
        let found: Vec<u64> = ask(&mut c, &line);
        assert_eq!(found.iter().sum::<u64>() as usize, some.len());
        assert_eq!((found[0], found[found.len() - 1]), (0, 0));
    }
    assert_eq!(ask::<u64>(&mut c, "SISMEMBER none a"), 0);
    assert_eq!(ask::<Vec<u64>>(&mut c, "SMISMEMBER none a b"), [0, 0]);
}

#[test]
fn smembers_of_integers_come_in_order_and_of_few_words_as_they_were_added() {
    let server = Server::start();
    let mut raw = server.raw();
    raw.expect("SADD ints 10 -5 7", ":3");
    raw.expect("SMEMBERS ints", "*3\r\n$2\r\n-5\r\n$1\r\n7\r\n$2\r\n10");
    raw.expect("SADD words b a", ":2");
    raw.expect("SMEMBERS words", "*2\r\n$1\r\nb\r\n$1\r\na");
    raw.expect("SMEMBERS none", "*0");
    raw.line("HELLO 3");
    raw.expect("SMEMBERS words", "~2\r\n$1\r\nb\r\n$1\r\na");
    raw.expect("SMEMBERS none", "~0");
    raw.expect("SPOP none 3", "~0");
    raw.expect("SPOP words 9", "~2\r\n$1\r\nb\r\n$1\r\na");
    raw.expect("SPOP words", "_");
    raw.expect("SRANDMEMBER words", "_");
    raw.expect("SRANDMEMBER words 3", "*0");
    raw.expect(
        "SRANDMEMBER ints 9",
        "*3\r\n$2\r\n-5\r\n$1\r\n7\r\n$2\r\n10",
    );
}

#[test]
fn smove_moves_a_member_that_is_there() {
    let server = Server::start();
    let mut c = server.client();
    let () = ask(&mut c, "SADD a 1 2");
    let () = ask(&mut c, "SADD b 2 3");
    let () = ask(&mut c, "SET text x");
    assert_eq!(ask::<u64>(&mut c, "SMOVE a b 1"), 1);
    assert_eq!(ask::<u64>(&mut c, "SMOVE a b none"), 0);
    assert_eq!(ask::<u64>(&mut c, "SMOVE none b 1"), 0);
    assert_eq!(ask::<u64>(&mut c, "SMOVE none text 1"), 0);
    assert_eq!(ask::<u64>(&mut c, "SMOVE b b 3"), 1);
    assert_eq!(ask::<u64>(&mut c, "SMOVE b b none"), 0);
    assert_eq!(ask::<u64>(&mut c, "SMOVE a b 2"), 1);
    assert_eq!(all(&mut c, "b"), words("1 2 3"));
    assert_eq!(ask::<u64>(&mut c, "EXISTS a"), 0);
    all_fail(
        &mut c,
        &[("SMOVE b text 1", WRONG), ("SMOVE text b 1", WRONG)],
    );
    assert_eq!(ask::<u64>(&mut c, "SCARD b"), 3);
}

#[test]
fn spop_takes_each_member_once() {
    let server = Server::start();
    let mut c = server.client();
    for members in samples() {
        fill(&mut c, "k", &members);
        let mut left = members.clone();
        let first: String = ask(&mut c, "SPOP k");
        assert!(left.remove(&first));
        while !left.is_empty() {
            let count = (left.len() / 3).max(1);
            let popped = distinct(ask(&mut c, &format!("SPOP k {count}")));
            assert_eq!(popped.len(), count);
            assert!(popped.iter().all(|member| left.remove(member)));
            assert_eq!(ask::<usize>(&mut c, "SCARD k"), left.len());
            assert!(ask::<Vec<String>>(&mut c, "SPOP k 0").is_empty());
        }
        assert_eq!(ask::<u64>(&mut c, "EXISTS k"), 0);
        fill(&mut c, "k", &members);
        assert!(distinct(ask(&mut c, "SPOP k 999999")) == members);
    }
    assert_eq!(ask::<Option<String>>(&mut c, "SPOP none"), None);
    let () = ask(&mut c, "SADD k a");
    let () = ask(&mut c, "SET text x");
    let positive = "ERR value is out of range, must be positive";
    all_fail(
        &mut c,
        &[
            ("SPOP k -1", positive),
            ("SPOP k x", positive),
            ("SPOP k 1 2", "ERR syntax error"),
            ("SPOP text", WRONG),
            ("SPOP text 1", WRONG),
        ],
    );
}

#[test]
fn srandmember_draws_distinct_members_or_repeats_them() {
    let server = Server::start();
    let mut c = server.client();
    for members in samples() {
        let () = ask(&mut c, "DEL k");
        fill(&mut c, "k", &members);
        let one: String = ask(&mut c, "SRANDMEMBER k");
        assert!(members.contains(&one));
        for count in [0, 1, 5, members.len() / 2, members.len(), 5000] {
            let drawn = distinct(ask(&mut c, &format!("SRANDMEMBER k {count}")));
            assert!(drawn.len() == count.min(members.len()) && drawn.is_subset(&members));
        }
        let drawn: Vec<String> = ask(&mut c, "SRANDMEMBER k -400");
        assert!(drawn.len() == 400 && drawn.iter().all(|member| members.contains(member)));
        assert_eq!(ask::<usize>(&mut c, "SCARD k"), members.len());
    }
    let range = "ERR value is out of range, value must between -9223372036854775807 and \
                 9223372036854775807";
    let () = ask(&mut c, "SET text x");
    all_fail(
        &mut c,
        &[
            ("SRANDMEMBER k x", NOT_INTEGER),
            ("SRANDMEMBER k -9223372036854775808", range),
            ("SRANDMEMBER k 1 2", "ERR syntax error"),
            ("SRANDMEMBER text", WRONG),
            ("SRANDMEMBER text -2", WRONG),
            ("SRANDMEMBER text -1048577", WRONG),
            ("SRANDMEMBER k -1048577", "ERR value is out of range"),
        ],
    );
    assert!(ask::<Vec<String>>(&mut c, "SRANDMEMBER none -1048577").is_empty());
}

#[test]
fn sscan_gives_every_member_and_takes_match_and_count() {
    let server = Server::start();
    let mut c = server.client();
    for members in samples() {
        let () = ask(&mut c, "DEL k");
        fill(&mut c, "k", &members);
        let (mut cursor, mut found) = ("0".to_string(), BTreeSet::new());
        loop {
            let line = format!("SSCAN k {cursor} COUNT 100");
            let (next, page): (String, Vec<String>) = ask(&mut c, &line);
            found.extend(page);
            cursor = next;
            if cursor == "0" {
                break;
            }
        }
        assert!(found == members);
        let (_, page): (String, Vec<String>) = ask(&mut c, "SSCAN k 0 MATCH *1* COUNT 99999");
        let matching = members.iter().filter(|member| member.contains('1'));
        assert!(distinct(page).iter().eq(matching));
    }
    let () = ask(&mut c, "SET text x");
    all_fail(
        &mut c,
        &[
            ("SSCAN k x", "ERR invalid cursor"),
            ("SSCAN k 0 COUNT 0", "ERR syntax error"),
            ("SSCAN k 0 COUNT x", NOT_INTEGER),
            (
                "SSCAN k 0 NOVALUES",
                "ERR NOVALUES option can only be used in HSCAN",
            ),
            ("SSCAN text 0", WRONG),
        ],
    );
}

#[test]
fn object_encoding_moves_one_way_through_the_thresholds() {
    let server = Server::start();
    let mut c = server.client();
    let () = ask(&mut c, "CONFIG SET set-max-intset-entries 4");
    let () = ask(&mut c, "CONFIG SET set-max-listpack-entries 3");
    let () = ask(&mut c, "CONFIG SET set-max-listpack-value 5");
    let cases = [
        ("SADD a 1 2 3 4", "intset"),
        ("SADD a 5", "hashtable"),
        ("SREM a 5 4 3 2", "hashtable"),
        ("SADD b 1 2", "intset"),
        ("SADD b x", "listpack"),
        ("SREM b x", "listpack"),
        ("SADD b x y", "hashtable"),
        ("SADD c abcde", "listpack"),
        ("SADD c abcdef", "hashtable"),
        ("SUNIONSTORE d b", "hashtable"),
        ("SINTERSTORE d a a", "intset"),
    ];
    for (line, encoding) in cases {
        let () = ask(&mut c, line);
        let key = line.split(' ').nth(1).expect("a key");
        let found: String = ask(&mut c, &format!("OBJECT ENCODING {key}"));
        assert_eq!(found, encoding, "{line}");
    }
}

#[test]
fn sets_refuse_other_types_and_survive_a_restart() {
    let mut server = Server::start();
    let mut c = server.client();
    let () = ask(&mut c, "SET text x");
    all_fail(
        &mut c,
        &[
            ("SADD text a", WRONG),
            ("SREM text a", WRONG),
            ("SCARD text", WRONG),
            ("SMEMBERS text", WRONG),
            ("SISMEMBER text a", WRONG),
            ("SMISMEMBER text a b", WRONG),
            ("SADD k", "ERR wrong number of arguments for 'sadd' command"),
        ],
    );
    for (at, members) in samples().iter().enumerate() {
        fill(&mut c, &format!("k{at}"), members);
    }
    server.restart();
    let mut c = server.client();
    for (at, members) in samples().iter().enumerate() {
        assert!(all(&mut c, &format!("k{at}")) == *members);
    }
}
