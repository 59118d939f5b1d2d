//! SETBIT, GETBIT, BITCOUNT, BITPOS, BITFIELD, BITFIELD_RO. BITOP has its own file.
//! Invariants: results equal those on a plain bit vector, also far beyond the end of the value.
//! Must not know: where values are cut. Tests: this file.

use crate::harness::ask::all_fail;
use crate::harness::{Server, ask, seed};
use rand::RngExt;
use redis::Commands;

const BAD_OFFSET: &str = "ERR bit offset is not an integer or out of range";
const NOT_INTEGER: &str = "ERR value is not an integer or out of range";

#[test]
fn setbit_and_getbit_address_from_the_high_bit() {
    let server = Server::start();
    let mut c = server.client();
    assert!(!c.setbit::<_, bool>("k", 1, true).expect("SETBIT"));
    assert_eq!(c.get::<_, Vec<u8>>("k").expect("GET"), [0x40]);
    assert!(c.setbit::<_, bool>("k", 1, false).expect("SETBIT"));
    assert_eq!(ask::<i32>(&mut c, "SETBIT k 23 1"), 0);
    assert_eq!(c.get::<_, Vec<u8>>("k").expect("GET"), [0, 0, 1]);
    assert!(c.getbit::<_, bool>("k", 23).expect("GETBIT"));
    assert_eq!(ask::<i32>(&mut c, "GETBIT k 24"), 0);
    assert_eq!(ask::<i32>(&mut c, "GETBIT k 4294967295"), 0);
    assert_eq!(ask::<i32>(&mut c, "GETBIT missing 100"), 0);
    assert_eq!(ask::<i32>(&mut c, "SETBIT zero 99 0"), 0);
    assert_eq!(ask::<usize>(&mut c, "STRLEN zero"), 13);
    all_fail(
        &mut c,
        &[
            ("SETBIT k -1 1", BAD_OFFSET),
            ("SETBIT k 4294967296 1", BAD_OFFSET),
            ("SETBIT k x 1", BAD_OFFSET),
            ("GETBIT k -1", BAD_OFFSET),
            ("GETBIT k 4294967296", BAD_OFFSET),
            ("SETBIT k 0 2", "ERR bit is not an integer or out of range"),
            ("SETBIT k 0 x", "ERR bit is not an integer or out of range"),
            (
                "SETBIT k 0",
                "ERR wrong number of arguments for 'setbit' command",
            ),
            (
                "GETBIT k",
                "ERR wrong number of arguments for 'getbit' command",
            ),
        ],
    );
}

#[test]
fn setbit_works_on_numbers_and_keeps_the_time() {
    let server = Server::start();
    let mut c = server.client();
    let () = ask(&mut c, "SET n 1 EX 100");
    assert_eq!(ask::<i32>(&mut c, "SETBIT n 6 1"), 0);
    assert_eq!(ask::<String>(&mut c, "GET n"), "3");
    assert!((99..=100).contains(&ask::<i64>(&mut c, "TTL n")));
}

#[test]
fn setbit_at_the_last_offset_makes_the_longest_string() {
    let server = Server::start();
    let mut c = server.client();
    assert_eq!(ask::<i32>(&mut c, "SETBIT k 4294967295 1"), 0);
    assert_eq!(ask::<u64>(&mut c, "STRLEN k"), 512 << 20);
    assert_eq!(ask::<i32>(&mut c, "GETBIT k 4294967295"), 1);
    assert_eq!(ask::<i32>(&mut c, "GETBIT k 4294967294"), 0);
    assert_eq!(ask::<i32>(&mut c, "DEL k"), 1);
}

#[test]
fn bitcount_counts_bytes_and_bits() {
    let server = Server::start();
    let mut c = server.client();
    let () = ask(&mut c, "SET k foobar");
    assert_eq!(c.bitcount::<_, u64>("k").expect("BITCOUNT"), 26);
    let cases = [
        ("0 0", 4),
        ("1 1", 6),
        ("1 1 BYTE", 6),
        ("5 30 BIT", 17),
        ("0 -5", 10),
        ("-2 -1", 7),
        ("-1 -2", 0),
        ("100 200", 0),
        ("-100 -90", 4),
        ("0 9223372036854775807 bit", 26),
    ];
    for (range, expected) in cases {
        assert_eq!(
            ask::<u64>(&mut c, &format!("BITCOUNT k {range}")),
            expected,
            "{range}"
        );
    }
    assert_eq!(ask::<u64>(&mut c, "BITCOUNT missing"), 0);
    assert_eq!(ask::<u64>(&mut c, "BITCOUNT missing 0 1000 BIT"), 0);
    all_fail(
        &mut c,
        &[
            ("BITCOUNT k 0", "ERR syntax error"),
            ("BITCOUNT k 0 1 HELLO", "ERR syntax error"),
            ("BITCOUNT k 0 1 BIT 2", "ERR syntax error"),
            ("BITCOUNT k a b", NOT_INTEGER),
        ],
    );
}

#[test]
fn bitpos_finds_the_first_bit() {
    let server = Server::start();
    let mut c = server.client();
    let () = c.set("k", &b"\xff\xf0\x00"[..]).expect("SET");
    let () = c.set("zeros", &b"\x00\x00\x00"[..]).expect("SET");
    let () = c.set("ones", &b"\xff\xff\xff"[..]).expect("SET");
    let cases = [
        ("k 0", 12),
        ("k 1 2", -1),
        ("k 1", 0),
        ("k 0 2", 16),
        ("k 1 1 1 BYTE", 8),
        ("k 1 7 15 BIT", 7),
        ("k 0 7 15 BIT", 12),
        ("k 1 -100 -1", 0),
        ("zeros 1", -1),
        ("zeros 1 0 -1", -1),
        ("ones 0", 24),
        ("ones 0 0", 24),
        ("ones 0 0 -1", -1),
        ("ones 0 5", -1),
        ("missing 0", 0),
        ("missing 1", -1),
        ("missing 0 7 15 BIT", 0),
    ];
    for (arguments, expected) in cases {
        let got: i64 = ask(&mut c, &format!("BITPOS {arguments}"));
        assert_eq!(got, expected, "BITPOS {arguments}");
    }
    all_fail(
        &mut c,
        &[
            ("BITPOS k 2", "ERR The bit argument must be 1 or 0."),
            ("BITPOS k x", NOT_INTEGER),
            ("BITPOS k 1 0 1 WORD", "ERR syntax error"),
            (
                "BITPOS k",
                "ERR wrong number of arguments for 'bitpos' command",
            ),
        ],
    );
}

#[test]
fn bitpos_and_bitcount_work_across_a_sparse_value() {
    let server = Server::start();
    let mut c = server.client();
    let bit = 30_000_000 * 8 + 3;
    let () = ask(&mut c, &format!("SETBIT k {bit} 1"));
    assert_eq!(ask::<i64>(&mut c, "BITPOS k 1"), bit);
    assert_eq!(ask::<i64>(&mut c, "BITCOUNT k"), 1);
    assert_eq!(
        ask::<i64>(&mut c, &format!("BITPOS k 1 {} -1 BIT", bit + 1)),
        -1
    );
    assert_eq!(
        ask::<i64>(&mut c, &format!("BITCOUNT k 0 {} BIT", bit - 1)),
        0
    );
}

#[test]
fn setbit_getbit_bitcount_and_bitpos_agree_with_a_plain_vector() {
    const BITS: usize = 400_000;
    let mut random = seed::random(seed::announce("bitmap"));
    let server = Server::start();
    let mut c = server.client();
    let mut model = vec![false; BITS];
    let () = ask(&mut c, &format!("SETBIT k {} 0", BITS - 1));
    for _ in 0..600 {
        let at = random.random_range(0..BITS);
        let bit = random.random_bool(0.6);
        assert_eq!(
            c.setbit::<_, bool>("k", at, bit).expect("SETBIT"),
            model[at]
        );
        model[at] = bit;
        let start = random.random_range(0..BITS);
        let end = random.random_range(start..BITS);
        let range = &model[start..=end];
        let count: usize = ask(&mut c, &format!("BITCOUNT k {start} {end} BIT"));
        assert_eq!(count, range.iter().filter(|bit| **bit).count());
        for wanted in [false, true] {
            let line = format!("BITPOS k {} {start} {end} BIT", u8::from(wanted));
            let expected = range.iter().position(|bit| *bit == wanted);
            let expected = expected.map_or(-1, |found| (start + found) as i64);
            assert_eq!(ask::<i64>(&mut c, &line), expected, "{line}");
        }
        let probe = random.random_range(0..BITS);
        assert_eq!(
            c.getbit::<_, bool>("k", probe).expect("GETBIT"),
            model[probe]
        );
    }
}

#[test]
fn bitfield_gets_sets_and_counts() {
    let server = Server::start();
    let mut c = server.client();
    assert_eq!(
        ask::<Vec<i64>>(&mut c, "BITFIELD k SET i8 0 -100 SET i8 8 101 GET i8 0"),
        [0, 0, -100]
    );
    assert_eq!(
        ask::<Vec<i64>>(&mut c, "BITFIELD k GET u8 0 GET u4 #1 GET i5 100"),
        [156, 12, 0]
    );
    assert_eq!(
        ask::<Vec<i64>>(&mut c, "BITFIELD n SET u8 #0 255 INCRBY u8 #0 10"),
        [0, 9]
    );
    assert_eq!(
        ask::<Vec<i64>>(&mut c, "BITFIELD n INCRBY i64 #3 -1 GET i64 #3"),
        [-1, -1]
    );
    assert_eq!(ask::<usize>(&mut c, "STRLEN n"), 32);
    assert_eq!(ask::<Vec<i64>>(&mut c, "BITFIELD missing GET u8 0"), [0]);
    assert_eq!(ask::<i32>(&mut c, "EXISTS missing"), 0);
    assert!(ask::<Vec<i64>>(&mut c, "BITFIELD missing").is_empty());
    assert_eq!(
        ask::<Vec<i64>>(&mut c, "BITFIELD n GET u63 1 GET i64 1").len(),
        2
    );
}

#[test]
fn bitfield_overflow_wraps_saturates_or_fails() {
    let server = Server::start();
    let mut c = server.client();
    let () = ask(&mut c, "BITFIELD k SET u8 0 200 SET i8 8 100");
    let line = "BITFIELD k OVERFLOW WRAP INCRBY u8 0 100 INCRBY i8 8 100";
    assert_eq!(ask::<Vec<i64>>(&mut c, line), [44, -56]);
    let line = "BITFIELD k OVERFLOW SAT INCRBY u8 0 -100 INCRBY i8 8 -100";
    assert_eq!(ask::<Vec<i64>>(&mut c, line), [0, -128]);
    let line = "BITFIELD k OVERFLOW FAIL INCRBY u8 0 -1 INCRBY i8 8 1 SET u8 0 256";
    assert_eq!(
        ask::<Vec<Option<i64>>>(&mut c, line),
        [None, Some(-127), None]
    );
    let line = "BITFIELD k OVERFLOW SAT SET u4 0 99 OVERFLOW WRAP SET u4 0 17 GET u4 0";
    assert_eq!(ask::<Vec<i64>>(&mut c, line), [0, 15, 1]);
}

#[test]
fn bitfield_refuses_bad_types_and_offsets() {
    let server = Server::start();
    let mut c = server.client();
    let bad_type = "ERR Invalid bitfield type. Use something like i16 u8. \
         Note that u64 is not supported but i64 is.";
    all_fail(
        &mut c,
        &[
            ("BITFIELD k GET u64 0", bad_type),
            ("BITFIELD k GET i65 0", bad_type),
            ("BITFIELD k GET x8 0", bad_type),
            ("BITFIELD k GET u0 0", bad_type),
            ("BITFIELD k GET u8 -1", BAD_OFFSET),
            ("BITFIELD k GET u8 #x", BAD_OFFSET),
            ("BITFIELD k SET u8 4294967296 1", BAD_OFFSET),
            ("BITFIELD k SET u8 0 x", NOT_INTEGER),
            (
                "BITFIELD k OVERFLOW MAYBE",
                "ERR Invalid OVERFLOW type specified",
            ),
            ("BITFIELD k GET u8", "ERR syntax error"),
            ("BITFIELD k FROB u8 0", "ERR syntax error"),
            (
                "BITFIELD",
                "ERR wrong number of arguments for 'bitfield' command",
            ),
        ],
    );
    assert_eq!(ask::<i32>(&mut c, "EXISTS k"), 0);
}

#[test]
fn bitfield_ro_only_reads() {
    let server = Server::start();
    let mut c = server.client();
    let () = ask(&mut c, "SET k a");
    assert_eq!(
        ask::<Vec<i64>>(&mut c, "BITFIELD_RO k GET u8 0 GET i4 4"),
        [97, 1]
    );
    let only_get = "ERR BITFIELD_RO only supports the GET subcommand";
    all_fail(
        &mut c,
        &[
            ("BITFIELD_RO k SET u8 0 1", only_get),
            ("BITFIELD_RO k GET u8 0 INCRBY u8 0 1", only_get),
        ],
    );
}

#[test]
fn bitcount_through_redis_cli_with_binary_input() {
    let server = Server::start();
    let input = [0xffu8, 0x00, 0x0f];
    let set = crate::harness::tool::redis_cli_with(server.port(), &["-x", "SET", "k"], &input);
    assert_eq!(set, "OK");
    assert_eq!(server.cli(&["BITCOUNT", "k"]), "12");
}
