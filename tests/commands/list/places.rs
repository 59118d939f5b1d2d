//! LINDEX, LRANGE, LPOS, LSET, LINSERT, LREM, LTRIM, and OBJECT ENCODING of lists.
//! Invariants: negative indexes count from the end. Must not know: how lists are kept.
//! Tests: this file.

use super::{NOT_INTEGER, WRONG, all, fill, samples};
use crate::harness::ask::all_fail;
use crate::harness::{Server, ask};

#[test]
fn lindex_and_lrange_count_from_both_ends() {
    let server = Server::start();
    let mut c = server.client();
    for elements in samples() {
        let () = ask(&mut c, "DEL k");
        fill(&mut c, "k", &elements);
        let len = elements.len() as i64;
        let at = |index: i64| {
            let index = if index < 0 { index + len } else { index };
            usize::try_from(index)
                .ok()
                .and_then(|index| elements.get(index).cloned())
        };
        for index in [
            0,
            1,
            len / 2,
            len - 1,
            len,
            -1,
            -2,
            -len,
            -len - 1,
            i64::MAX,
        ] {
            let found: Option<String> = ask(&mut c, &format!("LINDEX k {index}"));
            assert_eq!(found, at(index), "{index} of {len}");
        }
        let ranges = [
            (0, -1),
            (0, 0),
            (-1, -1),
            (1, len - 2),
            (len / 3, len / 2),
            (-3, 1000),
            (5, 3),
            (len, len + 5),
            (-len - 5, 1),
            (-1, 0),
            (0, -len - 1),
        ];
        for (start, stop) in ranges {
            let found: Vec<String> = ask(&mut c, &format!("LRANGE k {start} {stop}"));
            let from = if start < 0 {
                (start + len).max(0)
            } else {
                start
            };
            let to = if stop < 0 {
                stop + len
            } else {
                stop.min(len - 1)
            };
            let expected: Vec<String> = (from..=to).filter_map(at).collect();
            assert!(found == expected, "{start} to {stop} of {len}");
        }
    }
    assert_eq!(ask::<Option<String>>(&mut c, "LINDEX none 0"), None);
    assert!(ask::<Vec<String>>(&mut c, "LRANGE none 0 -1").is_empty());
}

#[test]
fn lpos_finds_by_rank_count_and_length() {
    let server = Server::start();
    let mut c = server.client();
    let () = ask(&mut c, "RPUSH k a b c 1 2 3 c c");
    let one = |c: &mut redis::Connection, line: &str| ask::<Option<u64>>(c, line);
    assert_eq!(one(&mut c, "LPOS k a"), Some(0));
    assert_eq!(one(&mut c, "LPOS k c"), Some(2));
    assert_eq!(one(&mut c, "LPOS k c RANK 2"), Some(6));
    assert_eq!(one(&mut c, "LPOS k c RANK 4"), None);
    assert_eq!(one(&mut c, "LPOS k c RANK -1"), Some(7));
    assert_eq!(one(&mut c, "LPOS k c RANK -1 MAXLEN 1"), Some(7));
    assert_eq!(one(&mut c, "LPOS k a RANK -1 MAXLEN 7"), None);
    assert_eq!(one(&mut c, "LPOS k none"), None);
    assert_eq!(one(&mut c, "LPOS none a"), None);
    let many = |c: &mut redis::Connection, line: &str| ask::<Vec<u64>>(c, line);
    assert_eq!(many(&mut c, "LPOS k c COUNT 0"), [2, 6, 7]);
    assert_eq!(many(&mut c, "LPOS k c COUNT 2"), [2, 6]);
    assert_eq!(many(&mut c, "LPOS k c COUNT 2 RANK -1"), [7, 6]);
    assert_eq!(many(&mut c, "LPOS k c RANK 2 COUNT 0 MAXLEN 7"), [6]);
    assert!(many(&mut c, "LPOS none c COUNT 0").is_empty());
    let zero = "ERR RANK can't be zero: use 1 to start from the first match, 2 from the second \
                ... or use negative to start from the end of the list";
    let () = ask(&mut c, "SET text x");
    all_fail(
        &mut c,
        &[
            ("LPOS k c RANK 0", zero),
            ("LPOS k c RANK x", NOT_INTEGER),
            (
                "LPOS k c RANK -9223372036854775808",
                "ERR value is out of range, value must between -9223372036854775807 and \
                 9223372036854775807",
            ),
            ("LPOS k c COUNT -1", "ERR COUNT can't be negative"),
            ("LPOS k c MAXLEN -1", "ERR MAXLEN can't be negative"),
            ("LPOS k c COUNT", "ERR syntax error"),
            ("LPOS k c FIRST 1", "ERR syntax error"),
            ("LPOS text c", WRONG),
        ],
    );
}

#[test]
fn lset_replaces_one_element_of_any_list() {
    let server = Server::start();
    let mut c = server.client();
    for elements in samples() {
        let () = ask(&mut c, "DEL k");
        fill(&mut c, "k", &elements);
        let (mut model, last) = (elements, "y".repeat(2000));
        let len = model.len();
        for (index, at) in [(0, 0), (len as i64 / 2, len / 2), (-1, len - 1)] {
            let element = if at == 0 { "" } else { last.as_str() };
            let mut set = redis::cmd("LSET");
            let () = set
                .arg("k")
                .arg(index)
                .arg(element)
                .query(&mut c)
                .expect("LSET");
            model[at] = element.to_string();
        }
        assert!(all(&mut c, "k") == model);
    }
    let () = ask(&mut c, "SET text x");
    all_fail(
        &mut c,
        &[
            ("LSET none 0 x", "ERR no such key"),
            ("LSET none x x", "ERR no such key"),
            ("LSET k 99999 x", "ERR index out of range"),
            ("LSET k -99999 x", "ERR index out of range"),
            ("LSET k x x", NOT_INTEGER),
            ("LSET text 0 x", WRONG),
        ],
    );
}

#[test]
fn linsert_puts_an_element_beside_the_first_equal_one() {
    let server = Server::start();
    let mut c = server.client();
    for elements in samples() {
        let () = ask(&mut c, "DEL k");
        fill(&mut c, "k", &elements);
        let mut model = elements;
        let pivot = model[model.len() / 2].clone();
        let len = model.len() as i64;
        let before = format!("LINSERT k BEFORE {pivot} before");
        assert_eq!(ask::<i64>(&mut c, &before), len + 1);
        let after = format!("LINSERT k after {pivot} after");
        assert_eq!(ask::<i64>(&mut c, &after), len + 2);
        let at = len as usize / 2;
        model.insert(at, "before".into());
        model.insert(at + 2, "after".into());
        assert!(all(&mut c, "k") == model);
    }
    assert_eq!(ask::<i64>(&mut c, "LINSERT k BEFORE none x"), -1);
    assert_eq!(ask::<i64>(&mut c, "LINSERT none BEFORE a x"), 0);
    let () = ask(&mut c, "SET text x");
    all_fail(
        &mut c,
        &[
            ("LINSERT k BESIDE a x", "ERR syntax error"),
            ("LINSERT text AFTER a x", WRONG),
        ],
    );
}

#[test]
fn lrem_removes_from_either_end_or_all() {
    let server = Server::start();
    let mut c = server.client();
    let cases = [
        ("LREM k 2 a", 2, "b c a d a a"),
        ("LREM k -2 a", 2, "a b a c a d"),
        ("LREM k 0 a", 5, "b c d"),
        ("LREM k 99 a", 5, "b c d"),
        ("LREM k 0 none", 0, "a b a c a d a a"),
    ];
    for (line, removed, left) in cases {
        let () = ask(&mut c, "DEL k");
        let () = ask(&mut c, "RPUSH k a b a c a d a a");
        // `c a d` are between the first two and the last two.
        assert_eq!(ask::<u64>(&mut c, line), removed, "{line}");
        assert_eq!(all(&mut c, "k").join(" "), left, "{line}");
    }
    let () = ask(&mut c, "DEL k");
    let many: Vec<String> = (0..4000).map(|n| format!("e{}", n % 4)).collect();
    fill(&mut c, "k", &many);
    assert_eq!(ask::<u64>(&mut c, "LREM k 0 e1"), 1000);
    assert_eq!(ask::<u64>(&mut c, "LREM k -10 e2"), 10);
    assert_eq!(ask::<u64>(&mut c, "LLEN k"), 2990);
    assert_eq!(ask::<u64>(&mut c, "LREM none 0 e1"), 0);
    for line in ["LREM k 0 e0", "LREM k 0 e2", "LREM k 0 e3"] {
        let () = ask(&mut c, line);
    }
    assert_eq!(ask::<u64>(&mut c, "EXISTS k"), 0);
    let () = ask(&mut c, "SET text x");
    all_fail(
        &mut c,
        &[("LREM text 0 a", WRONG), ("LREM none x a", NOT_INTEGER)],
    );
}

#[test]
fn ltrim_keeps_a_range() {
    let server = Server::start();
    let mut c = server.client();
    for elements in samples() {
        let len = elements.len();
        for (start, stop, kept) in [
            (0, -1, 0..len),
            (1, -2, 1..len - 1),
            (-2, -1, len - 2..len),
            (0, 0, 0..1),
        ] {
            let () = ask(&mut c, "DEL k");
            fill(&mut c, "k", &elements);
            assert_eq!(
                ask::<String>(&mut c, &format!("LTRIM k {start} {stop}")),
                "OK"
            );
            assert!(
                all(&mut c, "k") == elements[kept],
                "{start} {stop} of {len}"
            );
        }
        let () = ask(&mut c, "LTRIM k 5 3");
        assert_eq!(ask::<u64>(&mut c, "EXISTS k"), 0);
    }
    assert_eq!(ask::<String>(&mut c, "LTRIM none 0 1"), "OK");
    let () = ask(&mut c, "SET text x");
    all_fail(
        &mut c,
        &[("LTRIM text 0 1", WRONG), ("LTRIM none x 1", NOT_INTEGER)],
    );
}

#[test]
fn object_encoding_follows_the_thresholds_of_the_configuration() {
    let server = Server::start();
    let mut c = server.client();
    let encoding = |c: &mut redis::Connection| ask::<String>(c, "OBJECT ENCODING k");
    let () = ask(&mut c, "CONFIG SET list-max-listpack-size 4");
    let () = ask(&mut c, "RPUSH k a b c d");
    assert_eq!(encoding(&mut c), "listpack");
    let () = ask(&mut c, "RPUSH k e");
    assert_eq!(encoding(&mut c), "quicklist");
    let () = ask(&mut c, "LPOP k 2");
    assert_eq!(encoding(&mut c), "quicklist");
    let () = ask(&mut c, "LPOP k");
    assert_eq!(encoding(&mut c), "listpack");
    let () = ask(&mut c, "CONFIG SET list-max-listpack-size -2");
    let () = ask(&mut c, &format!("RPUSH k {}", "x".repeat(8170)));
    assert_eq!(encoding(&mut c), "listpack");
    let () = ask(&mut c, &format!("RPUSH k {}", "x".repeat(30)));
    assert_eq!(encoding(&mut c), "quicklist");
}
