//! XADD, XTRIM, XLEN, XRANGE, XREVRANGE, XDEL, XDELEX, XSETID, XREAD, XINFO STREAM.
//! Must not know: how entries are kept. Tests: this file, the oracle.

use super::one_waits;
use crate::harness::ask::all_fail;
use crate::harness::{Server, ask};

type Entries = Vec<(String, Vec<String>)>;

fn ids(entries: Entries) -> Vec<String> {
    entries.into_iter().map(|(id, _)| id).collect()
}

#[test]
fn xadd_gives_ids_that_ascend() {
    let server = Server::start();
    let mut c = server.client();
    assert_eq!(ask::<String>(&mut c, "XADD s 5-1 f v"), "5-1");
    assert_eq!(ask::<String>(&mut c, "XADD s 5-* f v"), "5-2");
    assert_eq!(ask::<String>(&mut c, "XADD s 7 f v g w"), "7-0");
    let auto: String = ask(&mut c, "XADD s * f v");
    assert!(auto.ends_with("-0") && auto.len() > 10, "{auto}");
    let small = "ERR The ID specified in XADD is equal or smaller than the target stream top item";
    let arity = "ERR wrong number of arguments for 'xadd' command";
    let invalid = "ERR Invalid stream ID specified as stream command argument";
    all_fail(
        &mut c,
        &[
            ("XADD s 5-2 f v", small),
            ("XADD s 5-* f v", small),
            (
                "XADD s 0-0 f v",
                "ERR The ID specified in XADD must be greater than 0-0",
            ),
            ("XADD s x f v", invalid),
            ("XADD s * f v g", arity),
            ("XADD s MAXLEN ~ 5 NOMKSTREAM", arity),
            (
                "XADD s MAXLEN 5 LIMIT 1 * f v",
                "ERR syntax error, LIMIT cannot be used without the special ~ option",
            ),
            (
                "XADD s MAXLEN 5 MINID 1 * f v",
                "ERR syntax error, MAXLEN and MINID options at the same time are not compatible",
            ),
        ],
    );
    assert_eq!(
        ask::<Option<String>>(&mut c, "XADD none NOMKSTREAM * f v"),
        None
    );
    let top = "18446744073709551615-18446744073709551615";
    assert_eq!(ask::<String>(&mut c, &format!("XADD t {top} f v")), top);
    all_fail(
        &mut c,
        &[(
            "XADD t * f v",
            "ERR The stream has exhausted the last possible ID, unable to add more items",
        )],
    );
}

#[test]
fn xtrim_takes_entries_or_whole_nodes_from_the_left() {
    let server = Server::start();
    let mut c = server.client();
    let _: String = ask(&mut c, "CONFIG SET stream-node-max-entries 10");
    for n in 1..=95 {
        let _: String = ask(&mut c, &format!("XADD s {n}-1 f v"));
    }
    assert_eq!(ask::<i64>(&mut c, "XTRIM s MAXLEN ~ 85"), 10);
    assert_eq!(ask::<i64>(&mut c, "XTRIM s MAXLEN ~ 0 LIMIT 15"), 10);
    assert_eq!(ask::<i64>(&mut c, "XTRIM s MINID ~ 35"), 10);
    assert_eq!(ask::<i64>(&mut c, "XTRIM s MINID = 35"), 4);
    assert_eq!(ask::<i64>(&mut c, "XTRIM s MAXLEN 50"), 11);
    let _: String = ask(&mut c, "XADD s MAXLEN = 5 99-0 f v");
    assert_eq!(ask::<i64>(&mut c, "XLEN s"), 5);
    assert_eq!(ask::<i64>(&mut c, "XTRIM s MAXLEN 0"), 5);
    assert_eq!(ask::<i64>(&mut c, "EXISTS s"), 1);
    all_fail(
        &mut c,
        &[
            ("XTRIM s MAXLEN -1", "ERR The MAXLEN argument must be >= 0."),
            ("XTRIM s LIMIT 0 1", "ERR syntax error"),
            (
                "XTRIM s MAXLEN ~ 1 LIMIT -1",
                "ERR The LIMIT argument must be >= 0.",
            ),
        ],
    );
}

#[test]
fn xtrim_keeps_what_groups_hold_as_it_is_told() {
    let server = Server::start();
    let mut c = server.client();
    for n in 1..=4 {
        let _: String = ask(&mut c, &format!("XADD s {n}-1 f v"));
    }
    let _: String = ask(&mut c, "XGROUP CREATE s g 0");
    let mut raw = server.raw();
    raw.line("XREADGROUP GROUP g c COUNT 2 STREAMS s >");
    assert_eq!(ask::<i64>(&mut c, "XACK s g 2-1"), 1);
    assert_eq!(ask::<i64>(&mut c, "XTRIM s MAXLEN 0 ACKED"), 1);
    assert_eq!(ids(ask(&mut c, "XRANGE s - +")), ["1-1", "3-1", "4-1"]);
    assert_eq!(ask::<i64>(&mut c, "XTRIM s MAXLEN 1 DELREF"), 2);
    raw.expect("XPENDING s g", "*4\r\n:0\r\n$-1\r\n$-1\r\n*-1");
}

#[test]
fn xrange_and_xrevrange_and_xlen_look_at_entries() {
    let server = Server::start();
    let mut c = server.client();
    assert_eq!(ask::<i64>(&mut c, "XLEN s"), 0);
    for n in 1..=300 {
        let _: String = ask(&mut c, &format!("XADD s {n}-1 n {n}"));
    }
    assert_eq!(ask::<i64>(&mut c, "XLEN s"), 300);
    assert_eq!(
        ids(ask(&mut c, "XRANGE s 7 (10 COUNT 9")),
        ["7-1", "8-1", "9-1", "10-1"]
    );
    assert_eq!(ids(ask(&mut c, "XRANGE s (7-1 10-0")), ["8-1", "9-1"]);
    assert_eq!(
        ids(ask(&mut c, "XREVRANGE s + - COUNT 2")),
        ["300-1", "299-1"]
    );
    assert_eq!(ids(ask(&mut c, "XREVRANGE s 5 4")), ["5-1", "4-1"]);
    let mut raw = server.raw();
    raw.expect(
        "XRANGE s 9 9",
        "*1\r\n*2\r\n$3\r\n9-1\r\n*2\r\n$1\r\nn\r\n$1\r\n9",
    );
    raw.expect("XRANGE s - + COUNT 0", "*-1");
    raw.expect("XRANGE none - + COUNT 0", "*0");
    let invalid = "ERR Invalid stream ID specified as stream command argument";
    all_fail(
        &mut c,
        &[
            ("XRANGE s x +", invalid),
            ("XRANGE s (- +", invalid),
            ("XRANGE s - (0-0", "ERR invalid end ID for the interval"),
            ("XRANGE s - + COUNT", "ERR syntax error"),
        ],
    );
}

#[test]
fn xdel_and_xdelex_take_entries_out() {
    let server = Server::start();
    let mut c = server.client();
    for n in 1..=5 {
        let _: String = ask(&mut c, &format!("XADD s {n}-1 f v"));
    }
    assert_eq!(ask::<i64>(&mut c, "XDEL s 1-1 2-1 2-1 9-9"), 2);
    let _: String = ask(&mut c, "XGROUP CREATE s g 0");
    let mut raw = server.raw();
    raw.line("XREADGROUP GROUP g c COUNT 2 STREAMS s >");
    raw.expect("XDELEX s ACKED IDS 3 3-1 5-1 8-1", "*3\r\n:2\r\n:2\r\n:-1");
    raw.expect("XDELEX s DELREF IDS 1 3-1", "*1\r\n:1");
    raw.expect("XDELEX s IDS 1 4-1", "*1\r\n:1");
    assert_eq!(ask::<i64>(&mut c, "XLEN s"), 1);
    raw.expect("XPENDING s g - + 9 other", "*0");
    raw.expect("XDELEX none IDS 2 1-1 2-1", "*2\r\n:-1\r\n:-1");
    all_fail(
        &mut c,
        &[
            (
                "XDELEX s IDS 0 1-1",
                "ERR Number of IDs must be a positive integer",
            ),
            (
                "XDELEX s IDS 2 1-1",
                "ERR The `numids` parameter must match the number of arguments",
            ),
            ("XDELEX s KEEPREF ACKED IDS 1 1-1", "ERR syntax error"),
        ],
    );
}

#[test]
fn xsetid_moves_the_last_id() {
    let server = Server::start();
    let mut c = server.client();
    let _: String = ask(&mut c, "XADD s 5-1 f v");
    assert_eq!(
        ask::<String>(&mut c, "XSETID s 9-1 ENTRIESADDED 7 MAXDELETEDID 3-1"),
        "OK"
    );
    let _: String = ask(&mut c, "XADD s 9-* f v");
    all_fail(
        &mut c,
        &[
            ("XSETID none 1-1", "ERR no such key"),
            (
                "XSETID s 4-1",
                "ERR The ID specified in XSETID is smaller than the target stream top item",
            ),
            (
                "XSETID s 50-1 ENTRIESADDED 1",
                "ERR The entries_added specified in XSETID is smaller than the target stream \
              length",
            ),
        ],
    );
    let _: i64 = ask(&mut c, "XTRIM s MAXLEN 0");
    all_fail(
        &mut c,
        &[(
            "XSETID s 2-1",
            "ERR The ID specified in XSETID is smaller than current max_deleted_entry_id",
        )],
    );
}

#[test]
fn xread_gives_what_is_behind_an_id_of_each_stream() {
    let server = Server::start();
    let mut c = server.client();
    for (key, id) in [("a", "1-1"), ("a", "2-1"), ("b", "1-1")] {
        let _: String = ask(&mut c, &format!("XADD {key} {id} f v"));
    }
    let mut raw = server.raw();
    let entry = "*2\r\n$3\r\n2-1\r\n*2\r\n$1\r\nf\r\n$1\r\nv";
    raw.expect(
        "XREAD STREAMS a b 1-1 1-1",
        &format!("*1\r\n*2\r\n$1\r\na\r\n*1\r\n{entry}"),
    );
    raw.expect(
        "XREAD STREAMS a +",
        &format!("*1\r\n*2\r\n$1\r\na\r\n*1\r\n{entry}"),
    );
    raw.expect("XREAD STREAMS a b $ $", "*-1");
    raw.line("HELLO 3");
    raw.expect(
        "XREAD COUNT 1 STREAMS a 1",
        &format!("%1\r\n$1\r\na\r\n*1\r\n{}", entry.replace("2-1", "1-1")),
    );
    raw.expect("XREAD STREAMS none 0", "_");
    all_fail(
        &mut c,
        &[
            (
                "XREAD STREAMS a b 0",
                "ERR Unbalanced 'xread' list of streams: for each stream key an ID, '+', or '$' \
              must be specified.",
            ),
            ("XREAD BLOCK -1 STREAMS a 0", "ERR timeout is negative"),
            (
                "XREAD NOACK STREAMS a 0",
                "ERR The NOACK option is only supported by XREADGROUP. You called XREAD instead.",
            ),
        ],
    );
}

#[test]
fn xread_waits_for_what_comes_after_it_began() {
    let server = Server::start();
    let mut c = server.client();
    let _: String = ask(&mut c, "XADD s 1-1 f old");
    let mut waiting = server.raw();
    waiting.send(b"XREAD BLOCK 0 STREAMS s other $ $\r\n");
    one_waits(&mut c);
    // Neither a deletion nor a key of another type ends the wait.
    let _: i64 = ask(&mut c, "DEL s");
    let _: String = ask(&mut c, "SET s text");
    let _: i64 = ask(&mut c, "DEL s");
    let _: String = ask(&mut c, "XADD s 1-1 f below");
    let _: String = ask(&mut c, "XADD s 2-1 f new");
    waiting
        .expect_reply("*1\r\n*2\r\n$1\r\ns\r\n*1\r\n*2\r\n$3\r\n2-1\r\n*2\r\n$1\r\nf\r\n$3\r\nnew");
    waiting.expect("XREAD BLOCK 1 STREAMS s $", "*-1");
}

#[test]
fn a_stream_that_is_not_there_is_told_before_ids_that_are_none() {
    let server = Server::start();
    let (mut c, mut raw) = (server.client(), server.raw());
    raw.expect("XDELEX none IDS 1 bad", "*1\r\n:-1");
    raw.expect("XACKDEL none g IDS 1 bad", "*1\r\n:-1");
    let () = ask(&mut c, "SET string v");
    let () = ask(&mut c, "XADD s 5-1 f v");
    raw.expect("XACKDEL s g IDS 1 bad", "*1\r\n:-1");
    let wrong = "WRONGTYPE Operation against a key holding the wrong kind of value";
    all_fail(
        &mut c,
        &[
            ("XDELEX string IDS 2 bad", wrong),
            ("XACKDEL string g IDS 2 bad", wrong),
            (
                "XDELEX none IDS 2 bad",
                "ERR The `numids` parameter must match the number of arguments",
            ),
            (
                "XDELEX s IDS 1 bad",
                "ERR Invalid stream ID specified as stream command argument",
            ),
        ],
    );
}

#[test]
fn xsetid_tells_of_deleted_entries_before_the_top_one() {
    let server = Server::start();
    let mut c = server.client();
    let () = ask(&mut c, "XADD s 5-1 f v");
    let () = ask(&mut c, "XADD s 7-1 f v");
    let () = ask(&mut c, "XDEL s 7-1");
    all_fail(
        &mut c,
        &[(
            "XSETID s 4-1",
            "ERR The ID specified in XSETID is smaller than current max_deleted_entry_id",
        )],
    );
}
