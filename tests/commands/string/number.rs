//! INCR, DECR, INCRBY, DECRBY, INCRBYFLOAT.
//! Invariants: exact results at the edges of 64 bits; a failed command changes nothing.
//! Must not know: how numbers are kept. Tests: this file.

use crate::harness::ask::all_fail;
use crate::harness::{Server, ask, fails};
use redis::Commands;

const NOT_INTEGER: &str = "ERR value is not an integer or out of range";
const OVERFLOW: &str = "ERR increment or decrement would overflow";

#[test]
fn incr_and_decr_count_from_nothing() {
    let server = Server::start();
    let mut c = server.client();
    assert_eq!(c.incr::<_, _, i64>("n", 1).expect("INCRBY"), 1);
    assert_eq!(ask::<i64>(&mut c, "INCR n"), 2);
    assert_eq!(ask::<i64>(&mut c, "DECR n"), 1);
    assert_eq!(ask::<i64>(&mut c, "DECR m"), -1);
    assert_eq!(ask::<i64>(&mut c, "INCRBY n 40"), 41);
    assert_eq!(ask::<i64>(&mut c, "DECRBY n 42"), -1);
    assert_eq!(ask::<String>(&mut c, "GET n"), "-1");
    assert_eq!(ask::<String>(&mut c, "OBJECT ENCODING n"), "int");
}

#[test]
fn incrby_stops_at_the_edges_of_64_bits() {
    let server = Server::start();
    let mut c = server.client();
    let () = ask(&mut c, "SET max 9223372036854775806");
    assert_eq!(ask::<i64>(&mut c, "INCR max"), i64::MAX);
    let () = ask(&mut c, "SET min -9223372036854775807");
    assert_eq!(ask::<i64>(&mut c, "DECR min"), i64::MIN);
    all_fail(
        &mut c,
        &[
            ("INCR max", OVERFLOW),
            ("INCRBY max 9223372036854775807", OVERFLOW),
            ("DECR min", OVERFLOW),
            ("INCRBY min -1", OVERFLOW),
            (
                "DECRBY min -9223372036854775808",
                "ERR decrement would overflow",
            ),
            ("INCRBY max 9223372036854775808", NOT_INTEGER),
            ("INCRBY max 1.0", NOT_INTEGER),
            ("DECRBY max x", NOT_INTEGER),
        ],
    );
    assert_eq!(ask::<i64>(&mut c, "GET max"), i64::MAX);
    assert_eq!(ask::<i64>(&mut c, "GET min"), i64::MIN);
}

#[test]
fn incr_refuses_values_that_are_no_integers() {
    let server = Server::start();
    let mut c = server.client();
    for value in [
        "abc", "\" 1\"", "\"1 \"", "01", "+1", "1.0", "-0", "\"\"", "0x10",
    ] {
        let () = ask(&mut c, &format!("SET k {value}"));
        assert_eq!(fails(&mut c, "INCR k"), NOT_INTEGER, "{value}");
    }
}

#[test]
fn incr_keeps_the_time_to_live() {
    let server = Server::start();
    let mut c = server.client();
    let () = ask(&mut c, "SET n 1 EX 100");
    let () = ask(&mut c, "INCR n");
    assert!((99..=100).contains(&ask::<i64>(&mut c, "TTL n")));
    let () = ask(&mut c, "INCRBYFLOAT n 1.5");
    assert!((99..=100).contains(&ask::<i64>(&mut c, "TTL n")));
}

#[test]
fn decrby_and_decr_through_redis_cli() {
    let server = Server::start();
    assert_eq!(
        server.cli(&["--no-raw", "DECRBY", "n", "7"]),
        "(integer) -7"
    );
    assert_eq!(server.cli(&["--no-raw", "DECR", "n"]), "(integer) -8");
}

#[test]
fn incrbyfloat_prints_as_redis_does() {
    let server = Server::start();
    let mut c = server.client();
    let cases = [
        ("3.0e3", "200", "3200"),
        ("10.5", "0.1", "10.6"),
        ("1", "1.5", "2.5"),
        ("3", "-1.1", "1.9"),
        ("0.1", "0.2", "0.3"),
        ("5.0e3", "2.0e2", "5200"),
        ("1e17", "1", "100000000000000001"),
        ("0", "0.00000000000000001", "0.00000000000000001"),
        ("17", "0.0000000000000000000001", "17"),
        ("-1.5", "1.5", "0"),
    ];
    for (start, step, result) in cases {
        let () = ask(&mut c, &format!("SET f {start}"));
        assert_eq!(
            ask::<String>(&mut c, &format!("INCRBYFLOAT f {step}")),
            result
        );
        assert_eq!(ask::<String>(&mut c, "GET f"), result);
    }
}

#[test]
fn incrbyfloat_refuses_what_is_no_finite_number() {
    let server = Server::start();
    let mut c = server.client();
    let not_float = "ERR value is not a valid float";
    let () = ask(&mut c, "SET text abc");
    let () = ask(&mut c, "SET n 1");
    all_fail(
        &mut c,
        &[
            ("INCRBYFLOAT text 1", not_float),
            ("INCRBYFLOAT n abc", not_float),
            ("INCRBYFLOAT n \" 1\"", not_float),
            ("INCRBYFLOAT n \"1 \"", not_float),
            ("INCRBYFLOAT n nan", not_float),
            (
                "INCRBYFLOAT n +inf",
                "ERR increment would produce NaN or Infinity",
            ),
            (
                "INCRBYFLOAT n",
                "ERR wrong number of arguments for 'incrbyfloat' command",
            ),
        ],
    );
    assert_eq!(ask::<String>(&mut c, "GET n"), "1");
}
