//! XGROUP, XREADGROUP, XACK, XACKDEL, XPENDING, XCLAIM, XAUTOCLAIM, XINFO.
//! Must not know: how pending entries are kept. Tests: this file, the oracle.

use super::one_waits;
use crate::harness::ask::all_fail;
use crate::harness::{Server, ask};
use redis::Connection;

/// A stream of `count` entries with a group `g` that has read none.
fn fill(c: &mut Connection, count: u32) {
    for n in 1..=count {
        let _: String = ask(c, &format!("XADD s {n}-1 f v"));
    }
    let _: String = ask(c, "XGROUP CREATE s g 0 MKSTREAM");
}

const NO_GROUP: &str = "NOGROUP No such key 's' or consumer group 'x'";

#[test]
fn xgroup_makes_moves_and_destroys_groups() {
    let server = Server::start();
    let mut c = server.client();
    fill(&mut c, 3);
    assert_eq!(ask::<i64>(&mut c, "XGROUP CREATECONSUMER s g c"), 1);
    assert_eq!(ask::<i64>(&mut c, "XGROUP CREATECONSUMER s g c"), 0);
    let mut raw = server.raw();
    raw.line("XREADGROUP GROUP g c STREAMS s >");
    assert_eq!(ask::<i64>(&mut c, "XGROUP DELCONSUMER s g c"), 3);
    raw.expect("XPENDING s g", "*4\r\n:0\r\n$-1\r\n$-1\r\n*-1");
    assert_eq!(ask::<String>(&mut c, "XGROUP SETID s g 2-1"), "OK");
    raw.expect(
        "XREADGROUP GROUP g c COUNT 9 NOACK STREAMS s >",
        "*1\r\n*2\r\n$1\r\ns\r\n*1\r\n*2\r\n$3\r\n3-1\r\n*2\r\n$1\r\nf\r\n$1\r\nv",
    );
    let no_key = "ERR The XGROUP subcommand requires the key to exist. Note that for CREATE you \
        may want to use the MKSTREAM option to create an empty stream automatically.";
    all_fail(
        &mut c,
        &[
            (
                "XGROUP CREATE s g $",
                "BUSYGROUP Consumer Group name already exists",
            ),
            ("XGROUP CREATE none g $", no_key),
            ("XGROUP DESTROY none g", no_key),
            (
                "XGROUP SETID s x 0",
                "NOGROUP No such consumer group 'x' for key name 's'",
            ),
            (
                "XGROUP CREATE s h 0 BOGUS",
                "ERR unknown subcommand or wrong number of arguments for 'CREATE'. Try XGROUP \
              HELP.",
            ),
            (
                "XGROUP CREATE s h 0 ENTRIESREAD -2",
                "ERR value for ENTRIESREAD must be positive or -1",
            ),
        ],
    );
    assert_eq!(ask::<i64>(&mut c, "XGROUP DESTROY s g"), 1);
    assert_eq!(ask::<i64>(&mut c, "XGROUP DESTROY s g"), 0);
}

#[test]
fn xreadgroup_and_xack_deliver_and_take_back() {
    let server = Server::start();
    let mut c = server.client();
    fill(&mut c, 120);
    let mut raw = server.raw();
    raw.line("XREADGROUP GROUP g one COUNT 100 STREAMS s >");
    raw.line("XREADGROUP GROUP g two STREAMS s >");
    raw.expect("XREADGROUP GROUP g two STREAMS s >", "*-1");
    raw.expect(
        "XPENDING s g",
        "*4\r\n:120\r\n$3\r\n1-1\r\n$5\r\n120-1\r\n*2\r\n\
        *2\r\n$3\r\none\r\n$3\r\n100\r\n*2\r\n$3\r\ntwo\r\n$2\r\n20",
    );
    assert_eq!(ask::<i64>(&mut c, "XACK s g 1-1 1-1 101-1 999-1"), 2);
    let _: i64 = ask(&mut c, "XDEL s 2-1");
    raw.expect(
        "XREADGROUP GROUP g one COUNT 1 STREAMS s 0",
        "*1\r\n*2\r\n$1\r\ns\r\n*1\r\n*2\r\n$3\r\n2-1\r\n*-1",
    );
    raw.expect(
        "XREADGROUP GROUP g none STREAMS s 0",
        "*1\r\n*2\r\n$1\r\ns\r\n*0",
    );
    let no_group = "NOGROUP No such key 's' or consumer group 'x' in XREADGROUP with GROUP option";
    all_fail(
        &mut c,
        &[
            ("XREADGROUP GROUP x c STREAMS s >", no_group),
            (
                "XREADGROUP GROUP g c STREAMS s a 0",
                "ERR Unbalanced 'xreadgroup' list of streams: for each stream key an ID or '>' \
              must be specified.",
            ),
            (
                "XREAD STREAMS s >",
                "ERR The > ID can be specified only when calling XREADGROUP using the GROUP \
              <group> <consumer> option.",
            ),
        ],
    );
}

#[test]
fn xreadgroup_waits_and_is_told_when_its_group_goes() {
    let server = Server::start();
    let mut c = server.client();
    fill(&mut c, 0);
    let mut waiting = server.raw();
    waiting.send(b"XREADGROUP GROUP g c BLOCK 0 STREAMS s >\r\n");
    one_waits(&mut c);
    let _: String = ask(&mut c, "XADD s 1-1 f v");
    waiting
        .expect_reply("*1\r\n*2\r\n$1\r\ns\r\n*1\r\n*2\r\n$3\r\n1-1\r\n*2\r\n$1\r\nf\r\n$1\r\nv");
    let gone = "-NOGROUP No such key 's' or consumer group 'g' in XREADGROUP with GROUP option";
    for (end, told) in [
        ("XGROUP DESTROY s g", gone),
        ("DEL s", gone),
        ("FLUSHALL", gone),
        (
            "SET s text",
            "-WRONGTYPE Operation against a key holding the wrong kind of value",
        ),
    ] {
        let _: redis::Value = ask(&mut c, "DEL s");
        fill(&mut c, 0);
        waiting.send(b"XREADGROUP GROUP g c BLOCK 0 STREAMS s >\r\n");
        one_waits(&mut c);
        let _: redis::Value = ask(&mut c, end);
        waiting.expect_reply(told);
    }
}

#[test]
fn xackdel_acknowledges_and_deletes() {
    let server = Server::start();
    let mut c = server.client();
    fill(&mut c, 4);
    let _: String = ask(&mut c, "XGROUP CREATE s h 0");
    let mut raw = server.raw();
    for group in ["g", "h"] {
        raw.line(&format!("XREADGROUP GROUP {group} c STREAMS s >"));
    }
    raw.expect("XACKDEL s g ACKED IDS 2 1-1 9-1", "*2\r\n:2\r\n:-1");
    raw.expect("XACKDEL s h ACKED IDS 1 1-1", "*1\r\n:1");
    raw.expect("XACKDEL s g DELREF IDS 1 2-1", "*1\r\n:1");
    raw.expect("XACKDEL s g IDS 1 3-1", "*1\r\n:1");
    assert_eq!(ask::<i64>(&mut c, "XLEN s"), 1);
    raw.expect(
        "XPENDING s h",
        "*4\r\n:2\r\n$3\r\n3-1\r\n$3\r\n4-1\r\n*1\r\n\
        *2\r\n$1\r\nc\r\n$1\r\n2",
    );
    raw.expect("XACKDEL s x IDS 1 4-1", "*1\r\n:-1");
}

#[test]
fn xpending_and_xclaim_show_and_move_what_is_pending() {
    let server = Server::start();
    let mut c = server.client();
    fill(&mut c, 5);
    let mut raw = server.raw();
    raw.line("XREADGROUP GROUP g one STREAMS s >");
    let _: i64 = ask(&mut c, "XDEL s 2-1");
    raw.expect(
        "XCLAIM s g two 0 1-1 2-1 3-1 IDLE 5000 JUSTID",
        "*2\r\n$3\r\n1-1\r\n$3\r\n3-1",
    );
    raw.expect("XCLAIM s g two 100000 4-1", "*0");
    type Shown = Vec<(String, String, i64, i64)>;
    let found: Shown = ask(&mut c, "XPENDING s g IDLE 4000 - + 10");
    assert_eq!(found.len(), 2);
    assert!(
        found
            .iter()
            .all(|one| one.1 == "two" && one.2 >= 5000 && one.3 == 1)
    );
    let found: Shown = ask(&mut c, "XPENDING s g (3-1 + 10 one");
    assert_eq!(
        found.iter().map(|one| &one.0[..]).collect::<Vec<_>>(),
        ["4-1", "5-1"]
    );
    raw.expect("XPENDING s g - + 10 nobody", "*0");
    all_fail(
        &mut c,
        &[
            ("XPENDING s x", NO_GROUP),
            ("XPENDING s g - +", "ERR syntax error"),
            ("XCLAIM s x c 0 1-1", NO_GROUP),
            (
                "XCLAIM s g c x 1-1",
                "ERR Invalid min-idle-time argument for XCLAIM",
            ),
            (
                "XCLAIM s g c 0 1-1 BOGUS",
                "ERR Unrecognized XCLAIM option 'BOGUS'",
            ),
        ],
    );
}

#[test]
fn xautoclaim_walks_over_what_is_pending() {
    let server = Server::start();
    let mut c = server.client();
    fill(&mut c, 5);
    let mut raw = server.raw();
    raw.line("XREADGROUP GROUP g one STREAMS s >");
    let _: i64 = ask(&mut c, "XDEL s 2-1");
    raw.expect(
        "XAUTOCLAIM s g two 0 - COUNT 3 JUSTID",
        "*3\r\n$3\r\n4-1\r\n*2\r\n$3\r\n1-1\r\n$3\r\n3-1\r\n*1\r\n$3\r\n2-1",
    );
    raw.expect(
        "XAUTOCLAIM s g two 0 4-1 JUSTID",
        "*3\r\n$3\r\n0-0\r\n*2\r\n$3\r\n4-1\r\n$3\r\n5-1\r\n*0",
    );
    all_fail(
        &mut c,
        &[
            ("XAUTOCLAIM s g c 0 0 COUNT 0", "ERR COUNT must be > 0"),
            ("XAUTOCLAIM s x c 0 0", NO_GROUP),
        ],
    );
}

#[test]
fn xinfo_tells_of_streams_groups_and_consumers() {
    let server = Server::start();
    let mut c = server.client();
    fill(&mut c, 3);
    let mut raw = server.raw();
    raw.line("XREADGROUP GROUP g one COUNT 2 STREAMS s >");
    raw.expect(
        "XINFO GROUPS s",
        "*1\r\n*12\r\n$4\r\nname\r\n$1\r\ng\r\n$9\r\nconsumers\r\n:1\r\n$7\r\npending\r\n:2\r\n\
         $17\r\nlast-delivered-id\r\n$3\r\n2-1\r\n$12\r\nentries-read\r\n:2\r\n$3\r\nlag\r\n:1",
    );
    let stream: String = String::from_utf8_lossy(&raw.line("XINFO STREAM s")).into_owned();
    for part in [
        "length\r\n:3",
        "last-generated-id\r\n$3\r\n3-1",
        "entries-added\r\n:3",
        "groups\r\n:1",
        "first-entry\r\n*2\r\n$3\r\n1-1",
    ] {
        assert!(stream.contains(part), "{part} in {stream}");
    }
    raw.line("HELLO 3");
    let full = String::from_utf8_lossy(&raw.line("XINFO STREAM s FULL COUNT 1")).into_owned();
    assert!(
        full.starts_with("%9") && full.contains("pel-count\r\n:2"),
        "{full}"
    );
    let consumers = String::from_utf8_lossy(&raw.line("XINFO CONSUMERS s g")).into_owned();
    assert!(
        consumers.starts_with("*1\r\n%4") && consumers.contains("inactive"),
        "{consumers}"
    );
    all_fail(
        &mut c,
        &[
            ("XINFO STREAM none", "ERR no such key"),
            (
                "XINFO STREAM s FULL COUNT",
                "ERR unknown subcommand or wrong number of arguments for 'STREAM'. Try XINFO HELP.",
            ),
            (
                "XINFO CONSUMERS s x",
                "NOGROUP No such consumer group 'x' for key name 's'",
            ),
        ],
    );
}
