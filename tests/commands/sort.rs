//! SORT and SORT_RO.
//! Invariants: what is stored is what would have been given. Must not know: how lists and hashes
//! stand in rows. Tests: this file; `tests/compat/oracle` compares random requests with Redis.

use crate::harness::ask::{all_fail, fails};
use crate::harness::{Server, ask};
use redis::Connection;

const SYNTAX: &str = "ERR syntax error";
const NOT_NUMBERS: &str = "ERR One or more scores can't be converted into double";

fn sorted(c: &mut Connection, line: &str) -> String {
    let given: Vec<Option<String>> = ask(c, line);
    let given = given.into_iter().map(|one| one.unwrap_or("nil".into()));
    given.collect::<Vec<String>>().join(" ")
}

#[test]
fn sort_orders_numbers_and_texts() {
    let server = Server::start();
    let mut c = server.client();
    let _: i32 = ask(&mut c, "RPUSH l 10 9 -1.5 1e2 0x10 inf");
    let _: i32 = ask(&mut c, "SADD s 10 9 1");
    let cases = [
        ("SORT l", "-1.5 9 10 0x10 1e2 inf"),
        ("SORT l DESC", "inf 1e2 0x10 10 9 -1.5"),
        ("SORT l ALPHA", "-1.5 0x10 10 1e2 9 inf"),
        ("SORT l LIMIT 1 2", "9 10"),
        ("SORT l LIMIT -5 1", "-1.5"),
        ("SORT l LIMIT 9 2", ""),
        ("SORT l LIMIT 4 -1", "1e2 inf"),
        ("SORT l DESC ASC LIMIT 0 1 LIMIT 0 2", "-1.5 9"),
        ("SORT s", "1 9 10"),
        ("SORT missing", ""),
        ("SORT l BY nosort", "10 9 -1.5 1e2 0x10 inf"),
        ("SORT l BY nosort DESC LIMIT 0 2", "inf 0x10"),
    ];
    for (line, expected) in cases {
        assert_eq!(sorted(&mut c, line), expected, "{line}");
    }
}

#[test]
fn sort_by_and_get_follow_patterns() {
    let server = Server::start();
    let mut c = server.client();
    let _: i32 = ask(&mut c, "RPUSH l 1 2 3 4");
    let () = ask(&mut c, "MSET w_1 30 w_2 20 w_3 10 d_1 one d_2 two");
    let _: i32 = ask(&mut c, "HSET h_1 f 5 g x");
    let _: i32 = ask(&mut c, "HSET h_2 f 4");
    let cases = [
        ("SORT l BY w_*", "4 3 2 1"),
        ("SORT l BY w_* GET d_* GET #", "nil 4 nil 3 two 2 one 1"),
        ("SORT l BY h_*->f GET h_*->g", "nil nil nil x"),
        ("SORT l BY d_* ALPHA", "3 4 1 2"),
        ("SORT l BY d_* ALPHA DESC", "2 1 3 4"),
        ("SORT l GET nostar", "nil nil nil nil"),
        ("SORT l BY w_* BY nosort", "1 2 3 4"),
        ("SORT l BY nosort BY w_*", "1 2 3 4"),
        ("SORT l BY h_* GET h_*", "nil nil nil nil"),
    ];
    for (line, expected) in cases {
        assert_eq!(sorted(&mut c, line), expected, "{line}");
    }
}

#[test]
fn sort_store_makes_a_list() {
    let server = Server::start();
    let mut c = server.client();
    let _: i32 = ask(&mut c, "SADD s 3 1 2");
    let () = ask(&mut c, "SET dst v EX 100");
    assert_eq!(ask::<i32>(&mut c, "SORT s DESC STORE dst"), 3);
    assert_eq!(sorted(&mut c, "LRANGE dst 0 -1"), "3 2 1");
    assert_eq!(ask::<i32>(&mut c, "TTL dst"), -1);
    assert_eq!(ask::<String>(&mut c, "OBJECT ENCODING dst"), "listpack");
    assert_eq!(ask::<i32>(&mut c, "SORT s BY nosort GET x_* STORE s"), 3);
    assert_eq!(ask::<Vec<String>>(&mut c, "LRANGE s 0 -1"), ["", "", ""]);
    assert_eq!(ask::<i32>(&mut c, "SORT missing STORE dst"), 0);
    assert_eq!(ask::<i32>(&mut c, "EXISTS dst"), 0);
    let keys: Vec<String> = ask(&mut c, "COMMAND GETKEYS SORT a BY store GET b STORE d");
    assert_eq!(keys, ["a", "d"]);
}

#[test]
fn sort_refuses_what_redis_refuses() {
    let server = Server::start();
    let mut c = server.client();
    let _: i32 = ask(&mut c, "RPUSH l 1 x");
    let _: i32 = ask(&mut c, "RPUSH nan nan");
    let _: i32 = ask(&mut c, "HSET h a b");
    let wrong_type = "WRONGTYPE Operation against a key holding the wrong kind of value";
    let not_integer = "ERR value is not an integer or out of range";
    all_fail(
        &mut c,
        &[
            ("SORT l", NOT_NUMBERS),
            ("SORT l STORE dst", NOT_NUMBERS),
            ("SORT nan", NOT_NUMBERS),
            ("SORT h", wrong_type),
            ("SORT h FROB", SYNTAX),
            ("SORT l LIMIT 0", SYNTAX),
            ("SORT l LIMIT x y", not_integer),
            ("SORT l BY", SYNTAX),
            ("SORT l GET", SYNTAX),
            ("SORT l STORE", SYNTAX),
        ],
    );
    assert_eq!(ask::<i32>(&mut c, "EXISTS dst"), 0);
}

#[test]
fn sort_ro_stores_nothing() {
    let server = Server::start();
    let mut c = server.client();
    let _: i32 = ask(&mut c, "RPUSH l 2 1");
    assert_eq!(sorted(&mut c, "SORT_RO l"), "1 2");
    assert_eq!(fails(&mut c, "SORT_RO l STORE dst"), SYNTAX);
}

/// Values behind patterns that are spread over rows are read under latches of their own.
#[test]
fn sort_reads_large_values_behind_patterns() {
    const ELEMENTS: usize = 60;
    let server = Server::start();
    let mut c = server.client();
    let mut expected = Vec::new();
    for n in 0..ELEMENTS {
        let _: i32 = ask(&mut c, &format!("RPUSH l {n}"));
        let mut fields = redis::cmd("HSET");
        fields.arg(format!("h{n}")).arg("w").arg(ELEMENTS - n);
        for field in 0..100 {
            fields.arg(format!("field {field}")).arg("x".repeat(40));
        }
        let _: i32 = fields.query(&mut c).expect("HSET");
        let text = format!("{n}").repeat(9000);
        let () = redis::cmd("SET")
            .arg(format!("t{n}"))
            .arg(&text)
            .query(&mut c)
            .expect("SET");
        expected.push(text);
    }
    expected.reverse();
    for _ in 0..3 {
        let given: Vec<String> = ask(&mut c, "SORT l BY h*->w GET t*");
        assert!(given == expected);
    }
    assert_eq!(
        ask::<usize>(&mut c, "SORT l BY h*->w GET t* STORE t1"),
        ELEMENTS
    );
    let stored: Vec<String> = ask(&mut c, "LRANGE t1 0 -1");
    assert!(stored == expected);
}
