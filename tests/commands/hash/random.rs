//! HRANDFIELD and HSCAN.
//! Invariants: every field may come, none that is not there; a walk gives every field that is
//! there all the time. Must not know: how hashes are kept. Tests: this file.

use crate::harness::ask::all_fail;
use crate::harness::{Server, ask, wire};
use std::collections::{BTreeMap, BTreeSet};

#[test]
fn hrandfield_draws_distinct_fields_or_repeats_them() {
    let server = Server::start();
    let mut c = server.client();
    let fields: BTreeSet<String> = (0..300).map(|n| format!("field:{n}")).collect();
    for (key, wanted) in [("small", 10), ("large", 300)] {
        for field in fields.iter().take(wanted) {
            let () = ask(&mut c, &format!("HSET {key} {field} v"));
        }
        let one: String = ask(&mut c, &format!("HRANDFIELD {key}"));
        assert!(fields.contains(&one));
        for count in [0, 1, 3, 9, 150, 299, 300, 5000] {
            let drawn: Vec<String> = ask(&mut c, &format!("HRANDFIELD {key} {count}"));
            assert_eq!(drawn.len(), count.min(wanted), "{key} {count}");
            let distinct: BTreeSet<String> = drawn.iter().cloned().collect();
            assert!(distinct.len() == drawn.len() && distinct.is_subset(&fields));
        }
        let drawn: Vec<String> = ask(&mut c, &format!("HRANDFIELD {key} -2000"));
        assert_eq!(drawn.len(), 2000);
        let distinct: BTreeSet<String> = drawn.into_iter().collect();
        assert!(distinct.len() > wanted / 2 && distinct.is_subset(&fields));
    }
    assert_eq!(ask::<Option<String>>(&mut c, "HRANDFIELD nothing"), None);
    assert!(ask::<Vec<String>>(&mut c, "HRANDFIELD nothing 5").is_empty());
}

#[test]
fn hrandfield_with_values_is_flat_or_in_pairs() {
    let server = Server::start();
    let mut raw = server.raw();
    raw.expect("HSET h a 1", ":1");
    raw.expect("HRANDFIELD h 5 WITHVALUES", "*2\r\n$1\r\na\r\n$1\r\n1");
    raw.expect("HRANDFIELD h -1 withvalues", "*2\r\n$1\r\na\r\n$1\r\n1");
    raw.line("HELLO 3");
    raw.expect(
        "HRANDFIELD h 5 WITHVALUES",
        "*1\r\n*2\r\n$1\r\na\r\n$1\r\n1",
    );
    let pair = "*2\r\n$1\r\na\r\n$1\r\n1";
    raw.expect(
        "HRANDFIELD h -2 WITHVALUES",
        &format!("*2\r\n{pair}\r\n{pair}"),
    );
}

#[test]
fn hrandfield_refuses_senseless_counts() {
    let server = Server::start();
    let mut c = server.client();
    let () = ask(&mut c, "HSET h a 1");
    let range = "ERR value is out of range, value must between -9223372036854775807 and \
                 9223372036854775807";
    all_fail(
        &mut c,
        &[
            (
                "HRANDFIELD h x",
                "ERR value is not an integer or out of range",
            ),
            ("HRANDFIELD h -9223372036854775808", range),
            (
                "HRANDFIELD h -9223372036854770000 WITHVALUES",
                "ERR value is out of range",
            ),
            ("HRANDFIELD h -1048577", "ERR value is out of range"),
            ("HRANDFIELD h 1 VALUES", "ERR syntax error"),
            ("HRANDFIELD h 1 WITHVALUES x", "ERR syntax error"),
        ],
    );
}

#[test]
fn hscan_walks_over_every_field_with_match_count_and_novalues() {
    let server = Server::start();
    let mut c = server.client();
    let mut model = BTreeMap::new();
    for n in 0..1000 {
        let () = ask(&mut c, &format!("HSET h field:{n} {n}"));
        model.insert(format!("field:{n}"), n.to_string());
    }
    assert_eq!(ask::<String>(&mut c, "OBJECT ENCODING h"), "hashtable");
    let (mut cursor, mut found, mut pages) = ("0".to_string(), BTreeMap::new(), 0);
    loop {
        let page: (String, BTreeMap<String, String>) =
            ask(&mut c, &format!("HSCAN h {cursor} COUNT 50"));
        found.extend(page.1);
        cursor = page.0;
        pages += 1;
        if cursor == "0" {
            break;
        }
    }
    assert_eq!(found, model);
    assert!((5..=20).contains(&pages), "{pages} pages");
    let page: (String, Vec<String>) = ask(&mut c, "HSCAN h 0 NOVALUES COUNT 9999 MATCH *:77*");
    let matching = model.keys().filter(|field| field.starts_with("field:77"));
    let fields: BTreeSet<&String> = page.1.iter().collect();
    assert_eq!(fields, matching.collect());
    assert_eq!(page.0, "0");
}

#[test]
fn hscan_gives_a_small_hash_at_once_and_refuses_bad_options() {
    let server = Server::start();
    let mut c = server.client();
    let fields: Vec<String> = (0..100).map(|n| format!("f{n} {n}")).collect();
    let () = ask(&mut c, &format!("HSET h {}", fields.join(" ")));
    let mut raw = server.raw();
    let reply = raw.line("HSCAN h 0 COUNT 5");
    assert_eq!(wire::elements(wire::elements(&reply)[1]).len(), 200);
    raw.expect("HSCAN nothing 0 BAD OPTION", "*2\r\n$1\r\n0\r\n*0");
    all_fail(
        &mut c,
        &[
            ("HSCAN h x", "ERR invalid cursor"),
            ("HSCAN nothing x", "ERR invalid cursor"),
            ("HSCAN h 0 COUNT 0", "ERR syntax error"),
            ("HSCAN h 0 TYPE hash", "ERR syntax error"),
            (
                "HSCAN h 0 COUNT x",
                "ERR value is not an integer or out of range",
            ),
        ],
    );
}
