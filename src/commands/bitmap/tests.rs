//! Handlers against what redis-server answers to the same words.

use super::COMMANDS;
use crate::commands::tests::fixture::Fixture;
use crate::resp::Reply;

fn ints(fixture: &Fixture, line: &str) -> Vec<Option<i64>> {
    let Reply::Array(replies) = fixture.run(line) else {
        panic!("{line}");
    };
    let int = |reply| match reply {
        Reply::Int(number) => Some(number),
        Reply::Nil => None,
        other => panic!("{line}: {other:?}"),
    };
    replies.into_iter().map(int).collect()
}

#[test]
fn setbit_and_getbit_answer_the_bit() {
    let fixture = Fixture::new(COMMANDS);
    assert_eq!(fixture.int("SETBIT k 7 1"), 0);
    assert_eq!(fixture.int("SETBIT k 7 0"), 1);
    assert_eq!(fixture.int("GETBIT k 7"), 0);
    assert_eq!(fixture.int("SETBIT k 4294967295 1"), 0);
    assert_eq!(fixture.int("GETBIT k 4294967295"), 1);
    assert_eq!(fixture.int("GETBIT absent 100"), 0);
    let offset = "ERR bit offset is not an integer or out of range";
    for bad in ["-1", "4294967296", "x", "#1", "9223372036854775808", "01"] {
        assert_eq!(fixture.error(&format!("SETBIT k {bad} 1")), offset);
        assert_eq!(fixture.error(&format!("GETBIT k {bad}")), offset);
    }
    for bad in ["2", "-1", "x", ""] {
        let error = fixture.error(&format!("SETBIT k 1 {bad}"));
        assert_eq!(error, "ERR bit is not an integer or out of range");
    }
}

#[test]
fn bitcount_takes_no_start_without_an_end() {
    let fixture = Fixture::new(COMMANDS);
    fixture.set("k", b"foobar");
    assert_eq!(fixture.int("BITCOUNT k"), 26);
    assert_eq!(fixture.int("BITCOUNT k 0 0"), 4);
    assert_eq!(fixture.int("BITCOUNT k 1 1 byte"), 6);
    assert_eq!(fixture.int("BITCOUNT k 5 30 BIT"), 17);
    assert_eq!(fixture.int("BITCOUNT k -1 -5"), 0);
    assert_eq!(fixture.int("BITCOUNT absent 0 -1"), 0);
    for bad in [
        "BITCOUNT k 0",
        "BITCOUNT absent 0",
        "BITCOUNT k 0 1 NIBBLE",
        "BITCOUNT k 0 1 BIT x",
    ] {
        assert_eq!(fixture.error(bad), "ERR syntax error", "{bad}");
    }
    let number = "ERR value is not an integer or out of range";
    assert_eq!(fixture.error("BITCOUNT absent a b"), number);
    assert_eq!(fixture.error("BITCOUNT k 0 b NIBBLE"), number);
}

#[test]
fn bitpos_pads_with_zeros_unless_an_end_is_given() {
    let fixture = Fixture::new(COMMANDS);
    fixture.set("ones", [0xff; 3]);
    fixture.set("empty", b"");
    fixture.set("k", [0, 0xf0, 0]);
    for (line, at) in [
        ("BITPOS ones 0", 24),
        ("BITPOS ones 0 1", 24),
        ("BITPOS ones 0 3", -1),
        ("BITPOS ones 0 0 -1", -1),
        ("BITPOS ones 0 0 -1 BIT", -1),
        ("BITPOS ones 1 -1", 16),
        ("BITPOS empty 0", -1),
        ("BITPOS empty 1", -1),
        ("BITPOS absent 0", 0),
        ("BITPOS absent 1", -1),
        ("BITPOS absent 0 5 9", 0),
        ("BITPOS k 1", 8),
        ("BITPOS k 1 2", -1),
        ("BITPOS k 0 1", 12),
        ("BITPOS k 1 9 15 BIT", 9),
        ("BITPOS k 0 -12 -1 bit", 12),
        ("BITPOS k 0 -5 -9 BYTE", 0),
    ] {
        assert_eq!(fixture.int(line), at, "{line}");
    }
    assert_eq!(
        fixture.error("BITPOS k 2"),
        "ERR The bit argument must be 1 or 0."
    );
    let number = "ERR value is not an integer or out of range";
    for bad in [
        "BITPOS k x",
        "BITPOS k 0 x",
        "BITPOS absent 0 0 x",
        "BITPOS k 0 0 x BIT",
    ] {
        assert_eq!(fixture.error(bad), number, "{bad}");
    }
    for bad in ["BITPOS k 0 0 x NIBBLE", "BITPOS k 0 0 1 BIT 2"] {
        assert_eq!(fixture.error(bad), "ERR syntax error", "{bad}");
    }
}

#[test]
fn bitop_checks_the_number_of_sources() {
    let fixture = Fixture::new(COMMANDS);
    fixture.set("a", [0b1100]);
    fixture.set("b", [0b1010, 1]);
    for (line, ones) in [
        ("BITOP and d a b", 1),
        ("BITOP OR d a b", 4),
        ("BITOP xor d a b", 3),
        ("BITOP NOT d b", 13),
        ("BITOP DIFF d a b", 1),
        ("BITOP diff1 d a b", 2),
        ("BITOP ANDOR d a b", 1),
        ("BITOP one d a b a", 2),
        ("BITOP ONE d a absent", 2),
    ] {
        let len = if line.ends_with("absent") { 1 } else { 2 };
        assert_eq!(fixture.int(line), len, "{line}");
        assert_eq!(fixture.int("BITCOUNT d"), ones, "{line}");
    }
    assert_eq!(fixture.int("BITOP AND d absent"), 0);
    assert_eq!(fixture.error("BITOP NAND d a"), "ERR syntax error");
    let single = "ERR BITOP NOT must be called with a single source key.";
    assert_eq!(fixture.error("BITOP NOT d a b"), single);
    assert_eq!(
        fixture.error("BITOP andor d a"),
        "ERR BITOP ANDOR must be called with at least two source keys."
    );
}

#[test]
fn bitfield_reads_sets_and_adds() {
    let fixture = Fixture::new(COMMANDS);
    let all = "BITFIELD k SET u8 0 255 GET i8 0 INCRBY u2 #3 5 OVERFLOW SAT INCRBY u2 6 5 \
               overflow fail INCRBY u2 6 1 SET i4 #1 7";
    assert_eq!(
        ints(&fixture, all),
        [Some(0), Some(-1), Some(0), Some(3), None, Some(-1)]
    );
    assert_eq!(
        ints(&fixture, "BITFIELD_RO k GET u8 0 GET u8 #1 GET i64 0"),
        [Some(0b1111_0111), Some(0), Some(-9 << 56)]
    );
    assert_eq!(ints(&fixture, "BITFIELD k"), []);
    assert_eq!(ints(&fixture, "BITFIELD absent GET u63 #2"), [Some(0)]);
    assert_eq!(
        ints(&fixture, "BITFIELD absent GET i1 4294967295"),
        [Some(0)]
    );
}

#[test]
fn bitfield_refuses_what_redis_refuses() {
    let fixture = Fixture::new(COMMANDS);
    let kind = "ERR Invalid bitfield type. Use something like i16 u8. \
                Note that u64 is not supported but i64 is.";
    for bad in ["u64", "i65", "u0", "I8", "8", "u", "u08", "i-1", ""] {
        assert_eq!(fixture.error(&format!("BITFIELD k GET {bad} 0")), kind);
    }
    for bad in [
        "-1",
        "#-1",
        "#",
        "x",
        "4294967296",
        "#9223372036854775807",
        "#536870912",
    ] {
        assert_eq!(
            fixture.error(&format!("BITFIELD_RO k GET u8 {bad}")),
            "ERR bit offset is not an integer or out of range"
        );
    }
    for bad in [
        "GET u8",
        "SET u8 0",
        "INCRBY u8 0",
        "OVERFLOW",
        "PUT u8 0 1",
        "GET u8 0 GET",
    ] {
        assert_eq!(
            fixture.error(&format!("BITFIELD k {bad}")),
            "ERR syntax error"
        );
    }
    assert_eq!(
        fixture.error("BITFIELD k OVERFLOW CLAMP SET u8 0 1"),
        "ERR Invalid OVERFLOW type specified"
    );
    assert_eq!(
        fixture.error("BITFIELD k SET u8 0 1.5"),
        "ERR value is not an integer or out of range"
    );
    assert_eq!(
        fixture.error("BITFIELD_RO k GET u8 0 SET u8 0 1"),
        "ERR BITFIELD_RO only supports the GET subcommand"
    );
    assert_eq!(
        ints(&fixture, "BITFIELD_RO k OVERFLOW FAIL GET u8 0"),
        [Some(0)]
    );
}

#[test]
fn the_last_field_may_end_behind_the_longest_string() {
    let fixture = Fixture::new(COMMANDS);
    let last = 512_u64 * 1024 * 1024 * 8 - 1;
    assert_eq!(
        ints(&fixture, &format!("BITFIELD k SET u8 {last} 255")),
        [Some(0)]
    );
    assert_eq!(fixture.int("BITCOUNT k -2 -1"), 8);
}
